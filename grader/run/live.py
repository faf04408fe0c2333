"""How kernels are had, and a run that can be taken up again.

kernels = Kernels(isolated=True)                   # picklable: it goes to workers
run = kernels.execute(request)
with kernels.opened(request) as live:              # the kernel's copies live as long as this block
    live.run                                       # what `execute` gives
    live.again(other)                              # a notebook that begins the same: what is the same is not repeated
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from grader import run as running
from grader.result import Run
from grader.run.request import Request

__all__ = ["Kernels", "Live"]


@dataclass(frozen=True)
class Kernels:
    """How kernels are started. isolated: shut off from the machine. warm: forked from a process that has imported torch."""

    isolated: bool = False
    warm: bool = True

    def execute(self, request: Request) -> Run:
        """One execution."""
        with self.opened(request) as live:
            return live.run

    @contextlib.contextmanager
    def opened(self, request: Request) -> Iterator[Live]:
        """One execution, whose copies are kept until the block ends."""
        yield Live(running.execute(request))


@dataclass(frozen=True)
class Live:
    """A run, and its kernel's copies."""

    run: Run

    def again(self, request: Request) -> Run:
        """Run another notebook. What it has in common with the first, up to the first cell that differs, is not repeated."""
        return running.execute(request)
