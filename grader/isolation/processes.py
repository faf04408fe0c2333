"""Small things that a process does for itself: end with its parent, be no target of a debugger, let go of files."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable

from grader.isolation.errors import step
from grader.isolation.system import call, syscall

__all__ = ["close_others", "die_with_parent", "undumpable"]

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4  # <linux/prctl.h>
_SIGKILL = 9


def die_with_parent(parent: int) -> None:
    """SIGKILL for this process as soon as the thread that forked it ends: PR_SET_PDEATHSIG of prctl(2).

    `parent` is a descriptor that the parent got from `os.pidfd_open(os.getpid())` before the fork: if it has ended meanwhile,
    this process ends at once. (`os.getppid()` could not tell: it is 0 for PID 1 of a namespace.) A change of user would forget
    the wish; `lock` keeps it.
    """
    with step("asking to end with the parent"):
        call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
        poll = select.poll()
        poll.register(parent, select.POLLIN)  # pidfd_open(2): readable when the process has ended
        if poll.poll(0):
            os._exit(1)


def undumpable() -> None:
    """No debugger, no core file, and /proc/<pid> belongs to root: PR_SET_DUMPABLE of prctl(2). Forked children inherit it."""
    with step("becoming undumpable"):
        call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def close_others(keep: Iterable[int]) -> None:
    """Close every file descriptor except `keep`: close_range(2)."""
    with step("closing inherited files"):
        first = 0
        for descriptor in sorted(set(keep)):
            if descriptor > first:
                syscall("close_range", first, descriptor - 1, 0)
            first = descriptor + 1
        syscall("close_range", first, 2**32 - 1, 0)
