"""A run whose kernel can be taken up again, and the event loop that all of it happens in."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from grader.result import Run
from grader.run.base import Asked
from grader.run.plan import Kernels
from grader.run.request import Request
from grader.run.runner import Work

__all__ = ["Live", "run_once"]

T = TypeVar("T")


class Live:
    """A run, and its kernel's copies. `close()` always."""

    def __init__(self, kernels: Kernels, request: Request) -> None:
        self._kernels = kernels
        self._loop = asyncio.Runner()
        self._work = Work(asked_by(request, kernels))
        try:
            self.run = self._finish(self._work, request)
        except BaseException:
            self.close()
            raise

    def again(self, request: Request) -> Run:
        """Run another notebook. What it has in common with the first, up to the first cell that differs, is not repeated.

        Where a copy of the kernel can be had, it goes on from there; else all of it is run.
        """
        other = self._work.another(asked_by(request, self._kernels))
        try:
            return self._finish(other, request)
        finally:
            mine = self._work.base
            if other.base is not None and mine is not None and other.base.kernel is mine.kernel:
                other.base.close_copies(but=mine)
            else:  # it began anew
                _anywhere(self._loop.run, other.close())

    def _finish(self, work: Work, request: Request) -> Run:
        _anywhere(self._loop.run, work.do())
        run = work.result()
        return dataclasses.replace(run, cells=[], notes=[]) if request.carried else run

    def close(self) -> None:
        """End the kernel and its copies."""
        _anywhere(self._loop.run, self._work.close())
        self._loop.close()


def asked_by(request: Request, kernels: Kernels) -> Asked:
    """What a request asks of a runner. Its seed is the state of random numbers, and shifts the seeds that cells set."""
    facts: dict[str, Any] = {"seed": request.seed, "shift": request.seed, "threads": request.threads, "device": request.device}
    facts |= {"branches": request.branches, "kernels": kernels, "carried": request.carried}
    return Asked(request.notebook, request.probes, request.limits, request.data, **facts)


def run_once(asked: Asked) -> Run:
    """One execution, of which nothing stays."""
    work = Work(asked)

    async def complete() -> None:
        try:
            await work.do()
        finally:
            await work.close()

    _anywhere(asyncio.run, complete())
    return work.result()


def _anywhere(run: Callable[[Coroutine[Any, Any, None]], None], work: Coroutine[Any, Any, None]) -> None:
    """Run it here; in a thread of its own, where a loop is running already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        run(work)
        return
    raised: list[BaseException] = []

    def complete() -> None:
        try:
            run(work)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=complete)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
