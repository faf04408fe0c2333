"""One kernel's way through a notebook: cells, copies, probes. What it finds is written into `Known`."""

from __future__ import annotations

import contextlib
import dataclasses
import time

from grader.judging import Probe
from grader.notebook import Cell, Role
from grader.result import Capture, CellRun, Fault
from grader.run.base import Base, Kept, Step
from grader.run.branches import attempt as attempt_branch
from grader.run.branches import part_of_blank
from grader.run.client import Kernel
from grader.run.ends import CellEnd, KernelDied, KernelHangs, was_killed
from grader.run.hidden import without_source
from grader.run.isolate import NO_COPY
from grader.run.known import KernelLost, Known
from grader.run.request import Branch
from grader.run.session import Continued, Copy, NoCopy

__all__ = ["Attempt"]

_WORTH_IT = 0.2  # seconds of cells to repeat; a copy costs some 0.01
_WORTH_IT_LAST = 2.0  # before the last blank, where only a notebook that kills its kernel goes on from there


class Attempt:
    """speaker: the kernel, or one of its copies that goes on.

    Methods raise KernelLost, TimeOver, or KernelDied for one that vanished.
    """

    def __init__(self, known: Known, base: Base, speaker: Kernel | Continued) -> None:
        self.known, self.base, self.speaker = known, base, speaker
        self.asked = known.asked
        self._latest: Copy | None = None  # of the kernel as it is now, as long as no cell ran since
        self._repeated = 0.0  # seconds that cells took since the last copy was kept
        self._own: list[int] = []  # the student's cells that this very process has run: what they left running is in it
        self._crowded = False  # whether they left anything, as far as the last copy told

    async def take(self, step: Step, *, copied: bool) -> None:
        """One step. copied: there is a copy of the kernel as it is now."""
        on_trial = self.known.trial
        if step.begins_blank and not copied and on_trial is None and self._is_worth_it(step):
            await self._copy(step)
        if step.cell is not None:
            if step.index in self.known.alone and self._own and on_trial is None:
                await self._leave_behind(step.index, step.cell)
            await self._execute(step.index, step.cell)
        if on_trial is not None and step.index < on_trial.index:
            return  # all this is known, from a kernel that lacked nothing
        await self._check([probe for probe in step.probes if probe.name not in self.known.captures])
        self.known.tell(step.index)

    async def _check(self, probes: list[Probe]) -> None:
        """Probes ask a copy of the kernel: public ones now, private ones when no cell is left that could show them."""
        waiting = self.base.waiting(there=True) if probes else set()  # from a kernel before this one: it lacks nothing
        probes = [probe for probe in probes if probe.name not in waiting]
        if not probes:
            return
        copy = await self._copied("before a check", probes[0].name)
        if isinstance(copy, NoCopy) and copy.able:
            self.base.kernel.tidy()
            copy = await self._copied("before a check", probes[0].name)
            if isinstance(copy, NoCopy):
                self._blame(copy.why)
        private = tuple(probe for probe in probes if probe.private and not self.asked.carried)
        if private and isinstance(copy, Copy):
            names = {probe.name for probe in private}
            self.base.asked_later = [(one, asked) for one, asked in self.base.asked_later if asked[0].name not in names]
            self.base.asked_later.append((copy, private))
        now = [probe for probe in probes if not (isinstance(copy, Copy) and probe in private)]
        for probe in now:
            last = isinstance(copy, Copy) and not private and not self.base.keeps(copy) and probe is now[-1]
            if last:
                self._latest = None
            await self.ask(probe, copy if isinstance(copy, Copy) else self.speaker, last=last)

    async def look_at_device(self) -> None:
        """A note when the notebook asked for an accelerator that is not there."""
        with contextlib.suppress(KernelDied, KernelHangs):
            if device := await self.speaker.device():
                self.known.notes.append(f"The notebook asks for {device}. There is no GPU here: it ran on the CPU.")

    # ------------------------------------------------------------------------------------------------------------ copies

    def _is_worth_it(self, step: Step) -> bool:
        """Whether a copy is to be kept before a blank: other sources are tried there, or without it much would be repeated."""
        assert step.cell is not None
        name = step.cell.name
        if self.asked.branches.get(name) or not self.base.copies:
            return True
        later = any(cell.role is Role.BLANK and cell.name != name for cell in self.asked.notebook.cells[step.index + 1 :])
        return self._repeated >= (_WORTH_IT if later else _WORTH_IT_LAST)

    async def _copy(self, step: Step) -> None:
        """Keep the kernel as it is before a blank's first cell, and try the blank's other sources from there."""
        assert step.cell is not None
        known, cell = self.known, step.cell
        if (copy := await self._kept(step.index, cell)) is None:
            return
        self._repeated = 0.0
        begun = time.monotonic()
        for branch in self.asked.branches.get(cell.name, ()):
            if branch.name not in known.branches and all(ran.state == "ok" for ran in known.cells.values()):
                found = await self._tried(branch, step, copy)
                if not found or any(map(was_killed, found.values())):  # the copy, or what went on from it: once more
                    if not copy.is_there():
                        copy.close()
                        self._latest = None
                        copy = await self._kept(step.index, cell) or copy
                    found = await self._tried(branch, step, copy)
                known.branches[branch.name] = found
                await copy.restore()
        known.aside += time.monotonic() - begun
        known.ours += time.monotonic() - begun

    async def _tried(self, branch: Branch, step: Step, copy: Copy) -> dict[str, Capture]:
        """What another source gives. Raises TimeOver."""
        limits = dataclasses.replace(self.asked.limits, cell=min(self.asked.limits.cell, self.known.left()))
        return await attempt_branch(copy, branch, part_of_blank(self.asked, step), limits)

    async def _kept(self, index: int, cell: Cell) -> Copy | None:
        """A copy of the kernel as it is before a cell, kept for the rest of the run; None where no cell may go on from it."""
        copy = await self._copied(f"before cell `{cell.id}`", cell.id)
        if not isinstance(copy, Copy) or not copy.files:
            return None
        self.base.copies[index] = Kept(copy, self.known.elapsed())
        return copy

    def forget(self) -> None:
        """The kernel is not as it was any more. A copy that nobody keeps ends."""
        if self._latest is not None and not self.base.keeps(self._latest):
            self._latest.close()
        self._latest = None

    async def _leave_behind(self, index: int, cell: Cell) -> None:
        """The cell will begin in a process of its own, which has none of the threads, processes and timers that others left.

        Raises KernelLost; nothing where no copy can be had.
        """
        self.forget()
        copy = await self._copied(f"before cell `{cell.id}`", f"alone {cell.id}", anyway=True)
        if isinstance(copy, Copy):
            self.base.copies[index] = Kept(copy, self.known.elapsed())
            raise KernelLost

    async def _copied(self, where: str, again: str, *, anyway: bool = False) -> Copy | NoCopy:
        """Raises KernelLost, or KernelDied for one that vanished. again: names this moment, of which there may be a second.

        anyway: cells go on from it though it lacks what earlier ones left running.
        """
        if self._latest is not None:
            return self._latest
        try:
            copy = await self.speaker.copy(anyway=anyway)
            self._latest = copy if isinstance(copy, Copy) else None
            self._crowded = isinstance(copy, Copy) and not copy.files
            return copy
        except (KernelDied, KernelHangs) as error:
            how = str(error) or "hung"
            if isinstance(error, KernelDied) and error.lost:
                raise
            if isinstance(error, KernelDied) and error.unexplained and self._first_time(f"copy {again}"):
                raise KernelLost from None
            if self._own and not self._first_time(f"lost {again}"):
                raise self._culprit(where, how) from None
            raise KernelLost(f"The kernel was lost {where}: it {how}", without=False) from None

    def _culprit(self, where: str, how: str) -> KernelLost:
        """What a cell left running ends the kernel again and again: the cell is not run again, if only one can be it.

        Else each has a process of its own from now on, so that it will be known.
        """
        first, *others = self._own
        if others:
            self.known.alone |= {index: self.known.alone.get(index, "") for index in others}
            return KernelLost()
        self.known.deadly.add(first)
        return KernelLost(f"What cell `{self.asked.notebook.cells[first].id}` left running ended the kernel {where}: it {how}")

    def _blame(self, why: str) -> None:
        """The last own cell left so much behind that nothing can be asked any more: it is not run again."""
        cells = self.asked.notebook.cells
        own = [index for index in self.known.cells if cells[index].is_students]
        if left := [index for index in own if index not in self.known.deadly]:
            self.known.deadly.add(max(left))
            said = f"Cell `{cells[max(left)].id}` left so many processes or threads behind that nothing could be checked ({why})"
            self.base.kernel.stop()
            raise KernelLost(said)

    # ------------------------------------------------------------------------------------------------- cells and probes

    async def _execute(self, index: int, cell: Cell) -> None:
        known = self.known
        seconds = min(self.asked.limits.cell, known.left())
        start, lost = time.monotonic(), ""
        self.forget()
        try:
            end = await self.speaker.run_cell(index, cell, seconds)
        except KernelDied as error:
            if error.lost:
                raise
            if error.unexplained and self._first_time(index):
                raise KernelLost from None
            end, lost = CellEnd("died", f"the kernel {error}"), f"The kernel died in cell `{cell.id}`: it {error}"
        except KernelHangs:
            end = CellEnd("timeout", f"did not stop after {seconds:.3g} seconds, and was killed")
            lost = f"Cell `{cell.id}` did not stop after {seconds:.3g} seconds and was killed with its kernel"
        if end.state == "died" or (end.state == "timeout" and self._crowded):
            self._once_more_alone(index, lost or f"Cell `{cell.id}` did not end in {seconds:.3g} seconds")
        if end.cut and self._first_time(index):
            raise KernelLost
        self._repeated += end.seconds
        used = 0 if lost else self.base.kernel.over_memory() // 2**20
        took = end.seconds or time.monotonic() - start
        facts = (cell.id, str(cell.role), cell.name, cell.source, end.state, took, end.error, end.line)
        ran = CellRun(*facts, self.speaker.outputs(index))
        self._try(index, ran, lost)
        if index not in known.cells:
            known.cells[index] = ran
            if used:
                which = f"In cell `{cell.id}`, the largest of the notebook's processes was ended"
                known.notes.append(f"{which}: together they used {used} MiB, and may use {self.asked.limits.memory}.")
        if end.state == "timeout":
            known.left()
        if lost:
            known.deadly.add(index)
            raise KernelLost(lost)
        if cell.is_students:
            self._own.append(index)
        if (how := known.alone.get(index)) and end.state == "ok":
            known.note(f"{how}. By itself, without what other cells left running, it ran.")

    def _try(self, index: int, ran: CellRun, lost: str) -> None:
        """Is this cell to blame for how it ended, or the student's last one before it? See `Trial`. Raises KernelLost."""
        known, trial = self.known, self.known.trial
        if trial is not None and (lost or index == trial.index):
            to_blame = bool(lost) or ran.state != "ok"
            known.end_trial(to_blame=to_blame)
            if to_blame:
                raise KernelLost(trial.said)
            self.base.drop_copies(after=trial.suspect)
        elif (lost or (ran.state == "error" and not ran.line)) and known.may_try(index):
            cells = self.asked.notebook.cells
            before = [one for one in known.cells if one < index and cells[one].is_students and one not in known.deadly]
            if before and any(at <= max(before) for at in self.base.copies):
                known.begin_trial(max(before), index, ran, lost)
                raise KernelLost

    def _once_more_alone(self, index: int, how: str) -> None:
        """Raises KernelLost where it may come of what another cell left running in this process: once for each cell."""
        if self._own and self.base.copies and index not in self.known.alone and self.known.trial is None:
            self.known.alone[index] = how
            raise KernelLost

    async def ask(self, probe: Probe, asked: Kernel | Continued | Copy, *, last: bool = False) -> None:
        """Keep what one probe brings out. What may be the machine's doing is asked once more. last: of a copy, see `Copy.ask`."""
        found = await self._answer(probe, asked, last)
        fault = found.fault
        no_copy = fault is not None and fault.kind == "ours" and fault.message.startswith(NO_COPY)
        if last:
            if no_copy or was_killed(found):
                self._lost_copy(probe)
        elif no_copy:
            self.base.kernel.tidy()
            found = await self._answer(probe, asked)
            if isinstance(asked, Copy) and not asked.is_there():
                self._lost_copy(probe)
            elif found.fault is not None and found.fault.kind == "ours":
                self._blame(found.fault.message)
        elif was_killed(found):
            found = await self._answer(probe, asked)
        self.known.captures[probe.name] = without_source(probe, found)

    def _lost_copy(self, probe: Probe) -> None:
        """The one that waits is gone: somebody ended it. Once more, in another run, or it stays unanswered."""
        if self._first_time(probe.name):
            raise KernelLost

    def _first_time(self, what: int | str) -> bool:
        """Whether a cell, a probe or a copy may be had a second time: whoever killed it may have been the machine."""
        if what in self.known.again:
            return False
        self.known.again.add(what)
        return True

    async def _answer(self, probe: Probe, asked: Kernel | Continued | Copy, last: bool = False) -> Capture:
        known = self.known
        seconds = self.asked.limits.probe if known.over else min(self.asked.limits.probe, known.left())
        try:
            return await (asked.ask(probe, seconds, last=True) if last and isinstance(asked, Copy) else asked.ask(probe, seconds))
        except KernelDied as error:
            if error.killed and not error.lost and self._first_time(probe.name):
                raise KernelLost from None
            known.captures[probe.name] = Capture(fault=Fault("died", message=f"the kernel {error}"))
            if error.lost:
                raise
            raise KernelLost(f"The kernel died in a check: it {error}") from None
        except KernelHangs:
            known.captures[probe.name] = Capture(fault=Fault("timeout"))
            raise KernelLost("A check did not stop and was killed with its kernel") from None
