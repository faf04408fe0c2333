"""One notebook, executed: until all is known, or too many kernels were lost.

What was captured before a kernel died stays. It is taken up again from its last copy, or run once more from the start, without
the cell that killed it; so what one cell does costs at most the checks that depend on it. A kernel that was killed from nobody
knows where gets its cell a second time: the machine may have been at fault, and then the run is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import logging
import time

from grader.judging import Probe
from grader.result import Capture, Fault, Run
from grader.run.attempt import Attempt
from grader.run.base import Asked, Base, steps
from grader.run.ends import KernelDied, NoKernel
from grader.run.known import KernelLost, Known, TimeOver
from grader.run.results import common, result
from grader.run.session import Continued, Copy

__all__ = ["Work"]

KERNELS = 3  # started for one run
RESUMED = 60  # times that one is taken up again from a copy: up to three for each cell that kills
LOST = 3  # kernels that vanished with whoever watched over them: the machine's fault


class Work:
    """One execution. base: the kernel that it began with. state: as `Run.state`."""

    def __init__(self, asked: Asked) -> None:
        self.known = Known(asked)
        self.base: Base | None = None
        self.state = "complete"
        self._origin: tuple[int, Copy] | None = None  # the cell from which to go on, and the copy that does

    async def do(self) -> None:
        """All of it."""
        notes, limits = self.known.notes, self.known.asked.limits
        try:
            try:
                await self._until_known()
            except TimeOver:
                if self.known.trial is not None:
                    self.known.end_trial(to_blame=True)
                self.state = "timeout"
                notes.append(f"The notebook did not finish in {limits.notebook:g} seconds; the rest was not run.")
            if self.state != "complete":
                await self._ask_what_is_left()
        except NoKernel as error:
            self.state = "ours"
            notes.append(str(error))
        except Exception as error:
            logging.getLogger(__name__).debug("The runner failed", exc_info=True)
            self.state = "ours"
            notes.append(f"The notebook could not be run: {type(error).__name__}: {error}")

    async def _until_known(self) -> None:
        """Raises TimeOver or NoKernel."""
        started = resumed = vanished = 0
        while True:
            started, resumed = (started, resumed + 1) if self._origin else (started + 1, resumed)
            try:
                await self._attempt()
                return
            except KernelLost as error:
                self._find_origin()
                possible = resumed < RESUMED if self._origin else started < KERNELS
                done = self.known.first_open(self._waiting()) is None and not self._waiting()
                if str(error):
                    what_then = f"; the rest was run again{' without it' * error.without}" if possible and not done else ""
                    self.known.note(f"{error}{what_then}.")
                if done:
                    return
                if not possible:
                    self.state = "died"
                    return
            except KernelDied:  # and whoever watched over it
                vanished, started = vanished + 1, started - 1
                await self.close()
                if vanished == LOST:
                    raise NoKernel("A kernel did not start: the process that starts kernels was gone, again and again.") from None

    def _waiting(self) -> set[str]:
        """The private probes for which a copy of the kernel is kept."""
        return (self.base.waiting() if self.base is not None else set()) - self.known.captures.keys()

    def _find_origin(self) -> None:
        """The last copy of the kernel from which all that is open can be done, once what else it left behind is gone."""
        self._origin = None
        if self.base is None or not self.base.kernel.stop():
            return
        first = self.known.first_open(self._waiting())
        last = len(self.known.asked.notebook.cells) if first is None else first
        if self.known.trial is not None:
            last = self.known.trial.suspect
        if usable := [index for index in self.base.copies if index <= last]:
            self._origin = max(usable), self.base.copies[max(usable)].copy

    async def _attempt(self) -> None:
        """One kernel's work. Raises KernelLost, TimeOver, NoKernel, or KernelDied for one that vanished."""
        continued = await self._continued()
        begin = self._origin[0] if self._origin is not None else 0
        speaker = continued
        if continued is None:
            await self.close()
            self.base = Base(self.known.asked)
            await self.base.start()
            self.known.ours += self.base.startup
        assert self.base is not None
        attempt = Attempt(self.known, self.base, speaker or self.base.kernel)
        try:
            for step in steps(self.known.asked):
                if step.index >= begin and step.index not in self.known.deadly:
                    await attempt.take(step, copied=continued is not None and step.index == begin)
            await attempt.look_at_device()
        finally:
            attempt.forget()
            if continued is not None:
                await continued.end()
        await self._ask_later()

    async def _continued(self) -> Continued | None:
        """One that goes on from the origin; where that copy is lost, from the one before it; None for a new kernel."""
        while self._origin is not None and self.base is not None:
            if (continued := await self._origin[1].open()) is not None:
                return continued
            del self.base.copies[self._origin[0]]
            self._find_origin()
        self._origin = None
        return None

    # ----------------------------------------------------------------------------------------------- private probes

    async def _ask_later(self) -> None:
        """The private probes, each group in its copy, once the kernel is stopped."""
        if self.base is None or not self.base.asked_later:
            return
        if not self.base.kernel.stop():
            raise KernelLost
        attempt = Attempt(self.known, self.base, self.base.kernel)
        lost = False
        while self.base.asked_later:
            copy, probes = self.base.asked_later.pop(0)
            asked = [probe for probe in probes if probe.name not in self.known.captures]
            for probe in asked if copy.is_there() else ():
                await attempt.ask(probe, copy, last=probe is asked[-1] and not self.base.keeps(copy))
            lost |= not copy.is_there() and self._is_first_time(asked)
        if lost:
            raise KernelLost

    def _is_first_time(self, probes: list[Probe]) -> bool:
        """Whether a lost copy's probes may be asked in another run. A notebook that ends its copies each time gets no third."""
        names = [probe.name for probe in probes if probe.name not in self.known.captures]
        gone = Capture(fault=Fault("died", message="the copy of the kernel that waited for it was gone"))
        self.known.captures |= {name: gone for name in names if name in self.known.again}
        fresh = [name for name in names if name not in self.known.again]
        self.known.again |= set(fresh)
        return bool(fresh)

    async def _ask_what_is_left(self) -> None:
        """No cell will run any more: private probes are asked all the same where copies wait for them, in a time of their own."""
        self.known.over = True
        with contextlib.suppress(KernelLost, KernelDied):
            await self._ask_later()

    # --------------------------------------------------------------------------------------------------- afterwards

    def another(self, asked: Asked) -> Work:
        """The work for another notebook, which goes on from the last copy before the first cell or question that differs."""
        known, other = self.known, Work(asked)
        base = self.base.upto(common(known.asked, asked)) if self.base is not None else None
        if base is None or not base.copies or not base.kernel.stop():
            return other
        index = max(base.copies)
        before = [step for step in steps(asked) if step.index < index]
        other.base, other._origin = base, (index, base.copies[index].copy)
        other.known.start = time.monotonic() - base.copies[index].elapsed
        other.known.deadly = {one for one in known.deadly if one < index}
        other.known.cells = {step.index: known.cells[step.index] for step in before if step.index in known.cells}
        names = [probe.name for step in before for probe in step.probes]
        other.known.captures = {name: known.captures[name] for name in names if name in known.captures}
        return other

    async def close(self) -> None:
        """End the kernel and all of its copies."""
        base, self.base, self._origin = self.base, None, None
        if base is not None:
            await base.end()

    def result(self) -> Run:
        """What is known, and a reason for what is not."""
        known = self.known
        seconds = time.monotonic() - known.start - known.aside
        branches = {name: captures for name, captures in known.branches.items() if captures}
        return result(known.asked, self.state, known.cells, known.captures, seconds, known.notes, branches)
