"""One notebook, executed: until all is known, or too many kernels were lost.

What was captured before a kernel died stays. It is taken up again from its last copy, or run once more from the start, without
the cell that killed it; so what one cell does costs at most the checks that depend on it. A kernel that was killed from nobody
knows where gets its cell a second time: the machine may have been at fault, and then the run is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
from dataclasses import dataclass, field

from grader.judging import Probe
from grader.notebook import Cell
from grader.result import Capture, CellRun, Fault, Run
from grader.run.base import Asked, Base, Kept, Step, steps
from grader.run.branches import attempt, part_of_blank
from grader.run.client import Kernel
from grader.run.ends import CellEnd, KernelDied, KernelHangs, NoKernel
from grader.run.hidden import without_source
from grader.run.results import common, result
from grader.run.session import Continued, Copy

__all__ = ["Work"]

KERNELS = 3  # started for one run
RESUMED = 20  # times that one is taken up again from a copy
LOST = 3  # kernels that vanished with whoever watched over them: the machine's fault


class _TimeOver(Exception):
    """The notebook's limit is reached."""


class _KernelLost(Exception):
    """The kernel died or had to be killed. The message says in what; without one nothing is to be said."""


@dataclass
class Work:
    """One execution, and what is known of it so far.

    base: the kernel that it began with. origin: the number of the cell from which to go on, and the copy that does.
    """

    asked: Asked
    base: Base | None = None
    origin: tuple[int, Copy] | None = None
    start: float = field(default_factory=time.monotonic)
    state: str = "complete"
    cells: dict[int, CellRun] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)
    branches: dict[str, dict[str, Capture]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    deadly: set[int] = field(default_factory=set)
    again: set[int | str] = field(default_factory=set)  # cells and probes that were given a second time
    over: bool = False  # no more cells, whatever is left of the time
    told: int = 0
    ours: float = 0.0  # seconds that kernels took to start: the notebook's limit does not count them

    async def do(self) -> None:
        """All of it. Fills `cells`, `captures`, `notes` and `state`."""
        try:
            try:
                await self._until_known()
            except _TimeOver:
                self.state = "timeout"
                self.notes.append(f"The notebook did not finish in {self.asked.limits.notebook:g} seconds; the rest was not run.")
            if self.state != "complete":
                await self._ask_what_is_left()
        except NoKernel as error:
            self.state = "ours"
            self.notes.append(str(error))
        except Exception as error:
            logging.getLogger(__name__).debug("The runner failed", exc_info=True)
            self.state = "ours"
            self.notes.append(f"The notebook could not be run: {type(error).__name__}: {error}")

    async def _until_known(self) -> None:
        """Raises _TimeOver or NoKernel."""
        started = resumed = vanished = 0
        while True:
            started, resumed = (started, resumed + 1) if self.origin else (started + 1, resumed)
            try:
                await self._attempt()
                return
            except _KernelLost as error:
                self._find_origin()
                possible = resumed < RESUMED if self.origin else started < KERNELS
                if not self._is_left():
                    self._note(error, "")
                    return
                self._note(error, "; the rest was run again without it" if possible else "")
                if not possible:
                    self.state = "died"
                    return
            except KernelDied:  # and whoever watched over it
                vanished, started = vanished + 1, started - 1
                await self.close()
                if vanished == LOST:
                    raise NoKernel("A kernel did not start: the process that starts kernels was gone, again and again.") from None

    def _note(self, error: _KernelLost, what_then: str) -> None:
        if str(error):
            self.notes.append(f"{error}{what_then}.")

    def _find_origin(self) -> None:
        """The last copy of the kernel that was lost, once all else that it left behind is gone."""
        self.origin = None
        if self.base is not None and self.base.copies and self.base.kernel.stop():
            index = max(self.base.copies)
            self.origin = index, self.base.copies[index].copy

    async def _attempt(self) -> None:
        """One kernel's work. Raises _KernelLost, _TimeOver, NoKernel, or KernelDied for one that vanished."""
        begin, continued = 0, None
        if self.origin is not None:
            begin = self.origin[0]
            continued = await self.origin[1].open()
            if continued is None and self.base is not None:  # that copy is lost: the one before it, or a new kernel
                self.base.copies.pop(begin, None)
                raise _KernelLost
        speaker = continued or await self._fresh()
        try:
            for step in steps(self.asked):
                if step.index >= begin and step.index not in self.deadly:
                    await self._take(speaker, step, begin)
            await self._look_at_device(speaker)
        finally:
            if continued is not None:
                await continued.end()
        await self._ask_later()

    async def _fresh(self) -> Kernel:
        await self.close()
        self.base = Base(self.asked)
        await self.base.start()
        self.ours += self.base.startup
        return self.base.kernel

    # ------------------------------------------------------------------------------------------------------------ steps

    async def _take(self, speaker: Kernel | Continued, step: Step, begin: int) -> None:
        if step.begins_blank and (step.index != begin or self.origin is None):
            await self._copy(speaker, step)
        if step.cell is not None:
            await self._execute(speaker, step.index, step.cell)
        probes = [probe for probe in step.probes if probe.name not in self.captures]
        private = tuple(probe for probe in probes if probe.private and not self.asked.carried)
        later = bool(private) and await self._put_off(speaker, private)
        for probe in probes:
            if not (later and probe in private):
                await self._ask(speaker, probe)
        self._tell(step.index)

    async def _look_at_device(self, speaker: Kernel | Continued) -> None:
        with contextlib.suppress(KernelDied, KernelHangs):
            if device := await speaker.device():
                self.notes.append(f"The notebook asks for {device}. There is no GPU here: it ran on the CPU.")

    async def _put_off(self, speaker: Kernel | Continued, probes: tuple[Probe, ...]) -> bool:
        """Keep the kernel as it is now for private probes, which are asked when no cell can show them any more."""
        assert self.base is not None
        names = {probe.name for probe in probes}
        self.base.asked_later = [(copy, asked) for copy, asked in self.base.asked_later if asked[0].name not in names]
        try:
            copy = await speaker.copy()
        except (KernelDied, KernelHangs) as error:
            raise self._lost(error, f"The kernel died before a check: it {error or 'hung'}") from None
        if copy is not None:
            self.base.asked_later.append((copy, probes))
        return copy is not None

    async def _ask_what_is_left(self) -> None:
        """No cell will run any more: private probes are asked all the same where copies wait for them, in a time of their own."""
        self.over = True
        with contextlib.suppress(_KernelLost, KernelDied):
            await self._ask_later()

    async def _ask_later(self) -> None:
        """The private probes, each group in its copy, once the kernel is stopped."""
        if self.base is None or not self.base.asked_later:
            return
        if not self.base.kernel.stop():
            raise _KernelLost
        while self.base.asked_later:
            copy, probes = self.base.asked_later[0]
            continued = await copy.open()
            if continued is None:
                self.base.asked_later.pop(0)
                raise _KernelLost
            try:
                for probe in probes:
                    if probe.name not in self.captures:
                        await self._ask(continued, probe)
            finally:
                await continued.end()
            self.base.asked_later.pop(0)

    async def _copy(self, speaker: Kernel | Continued, step: Step) -> None:
        """Keep the kernel as it is before a blank's first cell, and try the blank's other sources from there."""
        assert self.base is not None
        assert step.cell is not None
        try:
            copy = await speaker.copy()
        except (KernelDied, KernelHangs) as error:
            raise self._lost(error, f"The kernel was lost before cell `{step.cell.id}`: {error or 'it hung'}") from None
        if copy is None:
            return
        self.base.copies[step.index] = Kept(copy, time.monotonic() - self.start - self.ours)
        for branch in self.asked.branches.get(step.cell.name, ()):
            if branch.name not in self.branches:
                limits = dataclasses.replace(self.asked.limits, cell=min(self.asked.limits.cell, self._left()))
                self.branches[branch.name] = await attempt(copy, branch, part_of_blank(self.asked, step), limits)
                await copy.restore()

    def _is_left(self) -> bool:
        return any(
            (step.cell is not None and step.index not in self.cells) or any(p.name not in self.captures for p in step.probes)
            for step in steps(self.asked)
        )

    async def _execute(self, speaker: Kernel | Continued, index: int, cell: Cell) -> None:
        seconds = min(self.asked.limits.cell, self._left())
        start, lost = time.monotonic(), ""
        try:
            end = await speaker.run_cell(index, cell, seconds)
        except KernelDied as error:
            if error.lost:
                raise
            if error.killed and not error.memory and index not in self.again:
                self.again.add(index)
                raise _KernelLost from None
            end, lost = CellEnd("died", f"the kernel {error}"), f"The kernel died in cell `{cell.id}`: it {error}"
        except KernelHangs:
            end = CellEnd("timeout", f"did not stop after {seconds:.3g} seconds, and was killed")
            lost = f"Cell `{cell.id}` did not stop after {seconds:.3g} seconds and was killed with its kernel"
        if index not in self.cells:
            took = end.seconds or time.monotonic() - start
            facts = (cell.id, str(cell.role), cell.name, cell.source, end.state, took, end.error, end.line)
            self.cells[index] = CellRun(*facts, speaker.outputs(index))
        if end.state == "timeout":
            self._left()
        if lost:
            self.deadly.add(index)
            raise _KernelLost(lost)

    async def _ask(self, speaker: Kernel | Continued, probe: Probe) -> None:
        """Keep what one probe brings out. One whose copy was killed from outside is asked once more."""
        for _ in (1, 2):
            seconds = self.asked.limits.probe if self.over else min(self.asked.limits.probe, self._left())
            try:
                found = await speaker.ask(probe, seconds)
            except KernelDied as error:
                if error.killed and not error.lost and probe.name not in self.again:
                    self.again.add(probe.name)
                    raise _KernelLost from None
                self.captures[probe.name] = Capture(fault=Fault("died", message=f"the kernel {error}"))
                raise self._lost(error, f"The kernel died in a check: it {error}") from None
            except KernelHangs:
                self.captures[probe.name] = Capture(fault=Fault("timeout"))
                raise _KernelLost("A check did not stop and was killed with its kernel") from None
            if found.fault is None or found.fault.kind != "died" or "SIGKILL" not in found.fault.message:
                break
        self.captures[probe.name] = without_source(probe, found)

    def _lost(self, error: KernelDied | KernelHangs, said: str) -> Exception:
        return error if isinstance(error, KernelDied) and error.lost else _KernelLost(said)

    def _left(self) -> float:
        """Seconds until the notebook's limit. Raises _TimeOver when there are none."""
        left = self.start + self.ours + self.asked.limits.notebook - time.monotonic()
        if left <= 0:
            raise _TimeOver
        return left

    def _tell(self, index: int) -> None:
        code = [i for i, cell in enumerate(self.asked.notebook) if cell.is_code]
        done = sum(i <= index for i in code)
        if done > self.told:  # a second kernel goes over the same cells again
            self.told = done
            self.asked.on_cell(done, len(code))

    # --------------------------------------------------------------------------------------------------- afterwards

    def another(self, asked: Asked) -> Work:
        """The work for another notebook, which goes on from the last copy taken before the first cell that differs."""
        same = common(self.asked, asked)
        usable = {index: kept for index, kept in (self.base.copies if self.base else {}).items() if index <= same}
        if not usable or self.base is None or not self.base.kernel.stop():
            return Work(asked)
        index = max(usable)
        before = [step for step in steps(asked) if step.index < index]
        known = {p.name: self.captures[p.name] for step in before for p in step.probes if p.name in self.captures}
        cells = {step.index: self.cells[step.index] for step in before if step.index in self.cells}
        begun = time.monotonic() - usable[index].elapsed
        return Work(asked, self.base, (index, usable[index].copy), begun, cells=cells, captures=known, deadly=set(self.deadly))

    async def close(self) -> None:
        """End the kernel and all of its copies."""
        base, self.base, self.origin = self.base, None, None
        if base is not None:
            await base.end()

    def result(self) -> Run:
        """What is known, and a reason for what is not."""
        seconds = time.monotonic() - self.start
        known = {name: captures for name, captures in self.branches.items() if captures}
        return result(self.asked, self.state, self.cells, self.captures, seconds, self.notes, known)
