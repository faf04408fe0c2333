"""What is asked of one run, and the kernel that it begins with: its private folder, its process, the copies taken of it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.run.client import Kernel
from grader.run.plan import Kernels
from grader.run.private import Private
from grader.run.request import Branch
from grader.run.session import Copy
from grader.settings import Limits

__all__ = ["Asked", "Base", "Kept", "Step", "is_executed", "steps"]


@dataclass(frozen=True)
class Asked:
    """See `grader.run.run`."""

    notebook: Notebook
    probes: Mapping[str, Sequence[Probe]]
    limits: Limits
    data: Path | None = None
    seed: int = 0
    branches: Mapping[str, Sequence[Branch]] = field(default_factory=dict)
    threads: int = 1
    device: str = "cpu"
    shift: int = 0
    kernels: Kernels = field(default_factory=Kernels)
    carried: bool = False
    on_cell: Callable[[int, int], None] = lambda _done, _all: None


@dataclass(frozen=True)
class Step:
    """One thing to do: execute a cell, or run the probes of one blank (where its check cell stands, or at the end)."""

    index: int
    cell: Cell | None = None
    probes: tuple[Probe, ...] = ()

    @property
    def begins_blank(self) -> bool:
        """The first cell of a blank: what else could stand there is tried from here on."""
        return self.cell is not None and self.cell.role is Role.BLANK and self.cell.id == f"blank-{self.cell.name}"


def steps(asked: Asked) -> list[Step]:
    """All that a fresh kernel has to do, in order."""
    found: list[Step] = []
    checked: set[str] = set()
    for index, cell in enumerate(asked.notebook):
        if cell.role is Role.CHECK and cell.name not in checked:
            checked.add(cell.name)
            found.append(Step(index, probes=tuple(asked.probes.get(cell.name, ()))))
        elif is_executed(cell):
            found.append(Step(index, cell))
    end = len(asked.notebook.cells)
    return found + [Step(end, probes=tuple(probes)) for blank, probes in asked.probes.items() if blank not in checked]


def is_executed(cell: Cell) -> bool:
    """Set-up cells install grader, check cells are where probes run: neither is executed."""
    return cell.is_code and cell.role not in (Role.CHECK, Role.SETUP)


@dataclass(frozen=True)
class Kept:
    """A copy, and how many seconds of the notebook's limit were gone when it was taken."""

    copy: Copy
    elapsed: float


class Base:
    """A kernel of one run.

    copies: the number of a blank's first cell -> the kernel as it was before that cell. asked_later: copies taken where private
    probes stand, which wait until no cell is left that could show what they ask.
    """

    def __init__(self, asked: Asked) -> None:
        how = (asked.threads, asked.device, asked.shift)
        self.private = Private(asked.data, *how)
        try:
            self.kernel = Kernel(asked.notebook, self.private, seed=asked.seed, limits=asked.limits, kernels=asked.kernels)
        except BaseException:  # no notebook that nbformat takes
            self.private.remove()
            raise
        self.copies: dict[int, Kept] = {}
        self.asked_later: list[tuple[Copy, tuple[Probe, ...]]] = []
        self.startup = 0.0  # seconds, which the notebook's limit does not count

    async def start(self) -> None:
        """Raises NoKernel, or KernelDied with `lost`."""
        began = time.monotonic()
        await self.kernel.start()
        self.startup = time.monotonic() - began

    def upto(self, index: int) -> Base:
        """The same kernel for another notebook: with the copies up to cell number `index`, and those that it will take itself."""
        other = copy.copy(self)
        other.copies = {at: kept for at, kept in self.copies.items() if at <= index}
        other.asked_later = []
        return other

    def keeps(self, copy: Copy) -> bool:
        """Whether it is needed later."""
        return any(kept.copy is copy for kept in self.copies.values()) or any(kept is copy for kept, _ in self.asked_later)

    def waiting(self, *, there: bool = False) -> set[str]:
        """The names of private probes for which a copy waits. there: only where it still does."""
        return {probe.name for copy, asked in self.asked_later if not there or copy.is_there() for probe in asked}

    def drop_copies(self, after: int) -> None:
        """Forget the kernel as it was before the blanks after cell number `after`."""
        for at in [at for at in self.copies if at > after]:
            dropped = self.copies.pop(at).copy
            if not self.keeps(dropped):
                dropped.close()

    def close_copies(self, but: Base | None = None) -> None:
        """They end, all but those of another base."""
        kept = [each.copy for each in but.copies.values()] if but else []
        for found in (*(each.copy for each in self.copies.values()), *(found for found, _ in self.asked_later)):
            if found not in kept:
                found.close()

    async def end(self) -> None:
        """Nothing of it is left."""
        nothing_left = False
        try:
            self.close_copies()
            nothing_left = await self.kernel.end()
        finally:
            if not nothing_left:
                self.private.end_all()
            self.private.remove()
