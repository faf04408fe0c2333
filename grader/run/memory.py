"""How many kernels fit into this machine's memory."""

from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

__all__ = ["available", "jobs_that_fit", "needed"]

BASE, COPY = 500 * 2**20, 40 * 2**20
"""Bytes of a notebook in flight, and of each copy of its kernel that waits at a blank.

Measured as proportional set size (proc_pid_smaps(5)) with isolated warm kernels: a worker takes 260 MB, and `rnn_ab`, whose 28
blanks have a copy each, 1,400 MB in all."""


def needed(copies: int) -> int:
    """Bytes that one notebook in flight is expected to take. copies: of its kernel."""
    return BASE + COPY * copies


_CGROUP = Path("/sys/fs/cgroup")


def available(group: Path = _CGROUP) -> int:
    """Bytes that can be had without swapping: of the machine, or of this process's control group where that has less left.

    The machine's as psutil says it ("MemAvailable", proc_meminfo(5)); the group's from `memory.max`, `memory.current` and the
    page cache in it (kernel documentation, cgroup-v2), where there is one.
    """
    found: int = psutil.virtual_memory().available
    try:
        most = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        cache = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        left = found if most == "max" else int(most) - used + int(cache.get("inactive_file", 0))
    except (OSError, ValueError):
        return found
    return max(0, min(found, left))


def jobs_that_fit(jobs: int, each: int, left: int | None = None) -> tuple[int, str]:
    """As many of the jobs as fit, at least one, and a sentence where these are fewer.

    each: bytes of one. left: bytes that there are; by default all available.
    """
    left = available() if left is None else left
    fitting = max(1, min(jobs, left // each))
    if fitting == jobs:
        return jobs, ""
    at_once = "one notebook" if fitting == 1 else f"{fitting} notebooks"
    return (
        fitting,
        f"{at_once} at once, not {jobs}: {left / 2**30:.1f} GB of memory are free, each may take {each / 2**30:.1f} GB",
    )
