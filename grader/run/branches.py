"""Other sources for a blank, each tried in a copy of the kernel that was taken just before the blank's first cell runs.

Nothing that came before is repeated, and nothing of it is left behind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from grader.notebook import Cell, Role
from grader.result import Capture, Fault
from grader.run.base import Asked, Step, steps
from grader.run.ends import KernelDied, KernelHangs
from grader.run.request import Branch
from grader.run.session import Copy
from grader.settings import Limits

__all__ = ["attempt", "part_of_blank"]


def part_of_blank(asked: Asked, first: Step) -> list[tuple[int, Cell]]:
    """The cells that are executed from a blank's first one on, as far as its check cell, with their numbers."""
    assert first.cell is not None
    found: list[tuple[int, Cell]] = []
    for step in steps(asked):
        if step.index >= first.index and step.cell is not None:
            found.append((step.index, step.cell))
            following = next((cell for cell in asked.notebook.cells[step.index + 1 :] if cell.is_code), None)
            if following is None or (following.role is Role.CHECK and following.name == first.cell.name):
                break
    return found


async def attempt(copy: Copy, branch: Branch, cells: Sequence[tuple[int, Cell]], limits: Limits) -> dict[str, Capture]:
    """Check -> what it captures when the branch's source stands in the first of the cells. Empty when the copy is lost."""
    continued = await copy.open()
    if continued is None:
        return {}
    found: dict[str, Capture] = {}
    try:
        for number, (index, cell) in enumerate(cells):
            await continued.run_cell(index, dataclasses.replace(cell, source=branch.source) if number == 0 else cell, limits.cell)
        for probe in branch.probes:
            found[probe.name] = await continued.ask(probe, limits.probe)
    except (KernelDied, KernelHangs) as error:
        gone = Capture(fault=Fault("died", message=f"the kernel {error or 'hung'}"))
        found |= {probe.name: gone for probe in branch.probes if probe.name not in found}
    finally:
        await continued.end()
    return found
