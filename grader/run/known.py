"""What is known of one execution so far, whatever kernel it came from, and the time that is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from grader.result import Capture, CellRun
from grader.run.base import Asked, Step, steps

__all__ = ["KernelLost", "Known", "TimeOver", "Trial"]

_TRIALS = 3  # in one run


class TimeOver(Exception):
    """The notebook's limit is reached."""


class KernelLost(Exception):
    """The kernel died or had to be killed. The message says in what; without one nothing is to be said.

    without: whether what it died in is not run again.
    """

    def __init__(self, said: str = "", *, without: bool = True) -> None:
        super().__init__(said)
        self.without = without


@dataclass(frozen=True)
class Trial:
    """A cell failed as if it were not its own doing: the kernel was lost in it, or none of its lines was reached.

    It is run once more without what the student's last cell before it (suspect) did. ran: how it ended with that. said: how the
    kernel was lost, "" where it was not.
    """

    index: int
    suspect: int
    ran: CellRun
    said: str
    began: float


@dataclass
class Known:
    """deadly: cells that are not run again. again: cells, probes and moments before a copy that were given a second time.

    alone: cells that are run in a process in which nothing of earlier ones is left running -> what happened before, or "".

    trial: the one that goes on. tried: cells that had theirs.

    over: no cell will run any more, whatever is left of the time. ours: seconds of kernels' starts and of other sources, which
    the notebook's limit does not count. aside: of these, the seconds of other sources.
    """

    asked: Asked
    start: float = field(default_factory=time.monotonic)
    cells: dict[int, CellRun] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)
    branches: dict[str, dict[str, Capture]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    deadly: set[int] = field(default_factory=set)
    again: set[int | str] = field(default_factory=set)
    alone: dict[int, str] = field(default_factory=dict)
    trial: Trial | None = None
    tried: set[int] = field(default_factory=set)
    over: bool = False
    ours: float = 0.0
    aside: float = 0.0
    _told: int = 0

    def note(self, said: str) -> None:
        """Say it once."""
        if said not in self.notes:
            self.notes.append(said)

    def begin_trial(self, suspect: int, index: int, ran: CellRun, said: str) -> None:
        self.trial = Trial(index, suspect, ran, said, time.monotonic())
        self.tried.add(index)
        self.deadly.add(suspect)

    def may_try(self, index: int) -> bool:
        """Whether there may be a trial of this cell."""
        return self.trial is None and index not in self.tried and len(self.tried) < _TRIALS and not self.asked.carried

    def end_trial(self, *, to_blame: bool) -> None:
        """to_blame: the cell that failed. Else its suspect: that one is not run again. The notebook's limit does not count it."""
        assert self.trial is not None
        trial, self.trial = self.trial, None
        took = time.monotonic() - trial.began
        self.ours, self.aside = self.ours + took, self.aside + took
        if to_blame:
            self.deadly.discard(trial.suspect)
            self.deadly |= {trial.index} if trial.said else set()
            self.cells[trial.index] = trial.ran
        else:
            self.alone.pop(trial.index, None)  # that was tried before, in vain
            cells = self.asked.notebook.cells
            how = trial.said or f"Cell `{trial.ran.id}` could not be run: {trial.ran.error}"
            self.note(f"{how}. Without what cell `{cells[trial.suspect].id}` had done before, it ran.")

    def left(self) -> float:
        """Seconds until the notebook's limit. Raises TimeOver when there are none."""
        now = self.trial.began if self.trial is not None else time.monotonic()
        left = self.start + self.ours + self.asked.limits.notebook - now
        if left <= 0:
            raise TimeOver
        return left

    def elapsed(self) -> float:
        """Seconds of the notebook's limit that are gone."""
        return time.monotonic() - self.start - self.ours

    def first_open(self, waiting: set[str]) -> int | None:
        """The number of the first step that is not done; None when all are. waiting: probes that will still be asked."""
        return next((step.index for step in steps(self.asked) if self._is_open(step, waiting)), None)

    def _is_open(self, step: Step, waiting: set[str]) -> bool:
        if step.cell is not None and step.index not in self.cells:
            return True
        return any(probe.name not in self.captures and probe.name not in waiting for probe in step.probes)

    def tell(self, index: int) -> None:
        """Report progress, once for each cell: a second kernel goes over the same ones again."""
        code = [i for i, cell in enumerate(self.asked.notebook) if cell.is_code]
        done = sum(i <= index for i in code)
        if done > self._told:
            self._told = done
            self.asked.on_cell(done, len(code))
