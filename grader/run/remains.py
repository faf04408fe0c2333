"""What cells left running in this process: threads, tasks, other processes. A fork takes none of them along."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["something_runs"]

_LIBRARIES = ("zmq", "ipykernel", "tornado", "IPython", "tqdm")  # whose threads start late: pyzmq's with the first large message


def something_runs(threads: set[threading.Thread], pids: set[int]) -> bool:
    """Whether cells left anything running. threads: the kernel's own. pids: of children that are ours."""
    return _has_threads(threads) or _has_tasks() or bool(_children() - pids)


def _has_threads(own: set[threading.Thread]) -> bool:
    """Whether cells started any. Those of the kernel's own libraries do not matter."""
    return any(type(one).__module__.split(".")[0] not in _LIBRARIES for one in set(threading.enumerate()) - own)


def _has_tasks() -> bool:
    """Whether cells began tasks that are still to go on in the kernel's own loop, which a copy does not have."""
    loop = asyncio._get_running_loop()
    return loop is not None and not all(_is_the_kernels(task.get_coro()) for task in asyncio.all_tasks(loop))


def _is_the_kernels(coroutine: Any) -> bool:
    code = getattr(coroutine, "cr_code", None)
    return code is not None and any(f"{os.sep}{name}{os.sep}" in code.co_filename for name in ("ipykernel", "tornado", "zmq"))


def _children() -> set[int]:
    """The processes that this one started and that are not waited for yet. proc(5): /proc/PID/task/TID/children"""
    found: set[int] = set()
    for thread in os.listdir("/proc/self/task"):
        with suppress(OSError):
            found |= set(map(int, Path(f"/proc/self/task/{thread}/children").read_text().split()))
    return found
