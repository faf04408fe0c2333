"""Any `Runner` behind the interface of `Kernels`: where no kernel's copies can be had, each run is a whole one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from grader.result import Run
from grader.run.request import Request, Runner

__all__ = ["Opened", "Opener", "WholeRuns"]


class Opened(Protocol):
    """A run that can be taken up again (`Live`)."""

    @property
    def run(self) -> Run: ...

    def again(self, request: Request, /) -> Run: ...


class Opener(Protocol):
    """What opens runs (`Kernels`). It goes to workers, so it must be picklable."""

    def opened(self, request: Request, /) -> AbstractContextManager[Opened]: ...


@dataclass(frozen=True)
class WholeRuns:
    """Runs of a `Runner`."""

    runner: Runner

    @contextlib.contextmanager
    def opened(self, request: Request) -> Iterator[Opened]:
        """One execution; others that begin the same repeat it."""
        yield _Whole(self.runner(request), self.runner)


@dataclass(frozen=True)
class _Whole:
    run: Run
    runner: Runner

    def again(self, request: Request) -> Run:
        return self.runner(request)
