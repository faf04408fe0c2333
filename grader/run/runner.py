"""One notebook, executed: attempts with a fresh kernel each until all is known, or three kernels were lost.

What was captured before a kernel died stays. The next kernel runs the cells again without the one that killed it, and goes on
from there; so what one cell does costs at most the checks that depend on it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import run as running
from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.result import Capture, CellRun, Fault, Run
from grader.run.client import CellEnd, Kernel, KernelDied, KernelHangs, NoKernel
from grader.run.private import Private
from grader.run.request import Branch
from grader.settings import Limits

__all__ = ["run"]

KERNELS = 3


def run(
    notebook: Notebook,
    probes: Mapping[str, Sequence[Probe]],
    limits: Limits,
    *,
    data: Path | None,
    seed: int,
    on_cell: Callable[[int, int], None] | None,
    branches: Mapping[str, Sequence[Branch]] | None = None,
    threads: int = 1,
    device: str = "cpu",
    shift: int = 0,
) -> Run:
    """See `grader.run.run`."""
    tell, how = on_cell or (lambda _done, _all: None), (threads, device, shift)
    work = _Work(notebook, probes, limits, data, seed, tell, others=branches or {}, how=how)
    _complete(work.do())
    return work.result()


def _complete(work: Coroutine[Any, Any, None]) -> None:
    """Run it in an event loop of its own; in a thread of its own, where a loop is running already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    raised: list[BaseException] = []

    def complete() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=complete)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


class _TimeOver(Exception):
    """The notebook's limit is reached."""


class _KernelLost(Exception):
    """The kernel died or had to be killed. The message says in what."""


@dataclass(frozen=True)
class _Step:
    """One thing to do: execute a cell, or run the probes of one blank (where its check cell stands, or at the end)."""

    index: int
    cell: Cell | None = None
    probes: tuple[Probe, ...] = ()
    branches: tuple[Branch, ...] = ()


@dataclass
class _Work:
    """One execution, and what is known of it so far."""

    notebook: Notebook
    probes: Mapping[str, Sequence[Probe]]
    limits: Limits
    data: Path | None
    seed: int
    on_cell: Callable[[int, int], None]
    start: float = field(default_factory=time.monotonic)
    state: str = "complete"
    cells: dict[int, CellRun] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)
    deadly: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    others: Mapping[str, Sequence[Branch]] = field(default_factory=dict)
    branches: dict[str, dict[str, Capture]] = field(default_factory=dict)
    how: tuple[int, str, int] = (1, "cpu", 0)  # threads, device, and by how much seeds are shifted
    told: int = 0
    ours: float = 0.0  # seconds that kernels took to start: the notebook's limit does not count them

    async def do(self) -> None:
        """All of it. Fills `cells`, `captures`, `notes` and `state`."""
        try:
            for kernel in range(1, KERNELS + 1):
                try:
                    await self._attempt()
                    return
                except _KernelLost as error:
                    again = kernel < KERNELS and self._is_left()
                    self.notes.append(f"{error}" + ("; the rest was run again without it." if again else "."))
                    if not self._is_left():
                        return
            self.state = "died"
        except _TimeOver:
            self.state = "timeout"
            self.notes.append(f"The notebook did not finish in {self.limits.notebook:g} seconds; the rest was not run.")
        except NoKernel as error:
            self.state = "ours"
            self.notes.append(str(error))
        except Exception as error:
            logging.getLogger(__name__).debug("The runner failed", exc_info=True)
            self.state = "ours"
            self.notes.append(f"The notebook could not be run: {type(error).__name__}: {error}")

    async def _attempt(self) -> None:
        """One kernel's work. Raises _KernelLost, _TimeOver or NoKernel."""
        with Private(self.data, *self.how) as private:
            kernel = Kernel(self.notebook, private, seed=self.seed, output=self.limits.output)
            try:
                began = time.monotonic()
                await kernel.start()
                self.ours += time.monotonic() - began
                for step in self._steps():
                    for branch in step.branches:
                        await self._branch(kernel, step, branch)
                    if step.cell is not None:
                        await self._execute(kernel, step.index, step.cell)
                    for probe in step.probes:
                        await self._ask(kernel, probe)
                    self._tell(step.index)
            finally:
                await kernel.end()

    # ------------------------------------------------------------------------------------------------------------ steps

    def _steps(self) -> list[_Step]:
        """What a fresh kernel has to do: all cells but those that killed one, and the probes that are not answered yet."""
        steps: list[_Step] = []
        asked: set[str] = set()
        for index, cell in enumerate(self.notebook):
            if cell.role is Role.CHECK and cell.name not in asked:
                asked.add(cell.name)
                steps.append(_Step(index, probes=self._open(cell.name)))
            elif _is_executed(cell) and index not in self.deadly:
                steps.append(_Step(index, cell, branches=self._untried(cell)))
        end = len(self.notebook.cells)
        return steps + [_Step(end, probes=self._open(blank)) for blank in self.probes if blank not in asked]

    def _open(self, blank: str) -> tuple[Probe, ...]:
        return tuple(probe for probe in self.probes.get(blank, ()) if probe.name not in self.captures)

    def _untried(self, cell: Cell) -> tuple[Branch, ...]:
        """The other sources that are to be tried before a blank's first cell runs."""
        if cell.role is not Role.BLANK or cell.id != f"blank-{cell.name}":
            return ()
        return tuple(branch for branch in self.others.get(cell.name, ()) if branch.name not in self.branches)

    async def _branch(self, kernel: Kernel, step: _Step, branch: Branch) -> None:
        """Keep what another source gives. A branch that costs the kernel, or cannot be had, is left out."""
        assert step.cell is not None
        try:
            found = await kernel.branch(step.cell, branch, (min(self.limits.cell, self._left()), self.limits.probe))
        except (KernelDied, KernelHangs) as error:
            self.branches[branch.name] = {}
            raise _KernelLost(f"The kernel was lost when `{branch.name}` was tried: {error}") from None
        self.branches[branch.name] = found or {}

    def _is_left(self) -> bool:
        cells = (index for index, cell in enumerate(self.notebook) if _is_executed(cell))
        return any(index not in self.cells for index in cells) or any(map(self._open, self.probes))

    async def _execute(self, kernel: Kernel, index: int, cell: Cell) -> None:
        seconds = min(self.limits.cell, self._left())
        start, lost = time.monotonic(), ""
        try:
            end = await kernel.run_cell(index, cell, seconds)
        except KernelDied as error:
            end, lost = CellEnd("died", f"the kernel {error}"), f"The kernel died in cell `{cell.id}`: it {error}"
        except KernelHangs:
            end = CellEnd("timeout", f"did not stop after {seconds:.3g} seconds, and was killed")
            lost = f"Cell `{cell.id}` did not stop after {seconds:.3g} seconds and was killed with its kernel"
        if index not in self.cells:
            took = end.seconds or time.monotonic() - start
            facts = (cell.id, str(cell.role), cell.name, cell.source, end.state, took, end.error, end.line)
            self.cells[index] = CellRun(*facts, kernel.outputs(index))
        if end.state == "timeout":
            self._left()
        if lost:
            self.deadly.add(index)
            raise _KernelLost(lost)

    async def _ask(self, kernel: Kernel, probe: Probe) -> None:
        seconds = min(self.limits.probe, self._left())
        try:
            self.captures[probe.name] = await kernel.ask(probe, seconds)
        except KernelDied as error:
            self.captures[probe.name] = Capture(fault=Fault("died", message=f"the kernel {error}"))
            raise _KernelLost(f"The kernel died in a check: it {error}") from None
        except KernelHangs:
            self.captures[probe.name] = Capture(fault=Fault("timeout"))
            raise _KernelLost("A check did not stop and was killed with its kernel") from None

    def _left(self) -> float:
        """Seconds until the notebook's limit. Raises _TimeOver when there are none."""
        left = self.start + self.ours + self.limits.notebook - time.monotonic()
        if left <= 0:
            raise _TimeOver
        return left

    def _tell(self, index: int) -> None:
        code = [i for i, cell in enumerate(self.notebook) if cell.is_code]
        done = sum(i <= index for i in code)
        if done > self.told:  # a second kernel goes over the same cells again
            self.told = done
            self.on_cell(done, len(code))

    # ----------------------------------------------------------------------------------------------------------- result

    def result(self) -> Run:
        """What is known, and a reason for what is not."""
        asked = [probe.name for blank in self.probes.values() for probe in blank]
        kind = "ours" if self.state == "complete" else self.state
        missing = Capture(fault=Fault(kind, message=self.notes[-1] if self.notes else ""))
        return Run(
            state=self.state,
            cells=[self._cell(index, cell) for index, cell in enumerate(self.notebook) if cell.is_code],
            captures={name: self.captures.get(name, missing) for name in asked},
            seconds=time.monotonic() - self.start,
            notes=self.notes,
            versions=running.versions(),
            branches={name: captures for name, captures in self.branches.items() if captures},
        )

    def _cell(self, index: int, cell: Cell) -> CellRun:
        if index in self.cells:
            return self.cells[index]
        reached = self.state == "complete" or cell.role is Role.SETUP or (bool(self.cells) and index < max(self.cells))
        state = "skipped" if reached and not _is_executed(cell) else "not_run"
        return CellRun(cell.id, str(cell.role), cell.name, cell.source, state)


def _is_executed(cell: Cell) -> bool:
    return cell.is_code and cell.role not in (Role.CHECK, Role.SETUP)
