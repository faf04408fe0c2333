"""A core for each worker, where there are as many workers as cores.

A notebook is a chain of processes that wake each other: the worker asks, the kernel answers, a copy is forked, asked, and ends.
Where another core is idle for a moment, the system wakes the next one there, and to wake a core takes longer than to switch to a
process on this one: with a worker for each core, each core was idle for a sixteenth of the time. sched(7), sched_setaffinity(2)
"""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["cores_for", "stay_on", "usable"]


def usable() -> list[int]:
    """The cores that this process may use; none where the system does not tell (macOS, Windows)."""
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:
        return []


def cores_for(jobs: int) -> list[int]:
    """A core for each of so many workers, or none where these are not as many as the cores that this process may use."""
    cores = usable()
    return cores if 1 < len(cores) == jobs else []


def stay_on(core: int | None) -> None:
    """This process, and all that it starts from now on, stay on this core; None for any. Nothing where the system refuses."""
    if core is not None:
        with suppress(AttributeError, OSError):
            os.sched_setaffinity(0, {core})
