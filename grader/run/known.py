"""What is known of one execution so far, whatever kernel it came from, and the time that is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from grader.result import Capture, CellRun
from grader.run.base import Asked, Step, steps

__all__ = ["KernelLost", "Known", "TimeOver"]


class TimeOver(Exception):
    """The notebook's limit is reached."""


class KernelLost(Exception):
    """The kernel died or had to be killed. The message says in what; without one nothing is to be said.

    without: whether what it died in is not run again.
    """

    def __init__(self, said: str = "", *, without: bool = True) -> None:
        super().__init__(said)
        self.without = without


@dataclass
class Known:
    """deadly: cells that are not run again. again: cells, probes and moments before a copy that were given a second time.

    alone: cells that are run in a process in which nothing of earlier ones is left running -> what happened before, or "".

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
    over: bool = False
    ours: float = 0.0
    aside: float = 0.0
    _told: int = 0

    def note(self, said: str) -> None:
        """Say it once."""
        if said not in self.notes:
            self.notes.append(said)

    def left(self) -> float:
        """Seconds until the notebook's limit. Raises TimeOver when there are none."""
        left = self.start + self.ours + self.asked.limits.notebook - time.monotonic()
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
