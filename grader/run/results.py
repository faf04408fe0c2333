"""What is known of a run as a `Run`, and what two runs have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader import run as running
from grader.judging import Probe
from grader.notebook import Cell, Role
from grader.result import Capture, CellRun, Fault, Run
from grader.run import libraries, offline
from grader.run.base import Asked, is_executed, steps
from grader.values import dumps

__all__ = ["common", "result"]


def result(
    asked: Asked,
    state: str,
    cells: Mapping[int, CellRun],
    captures: Mapping[str, Capture],
    seconds: float,
    notes: Sequence[str],
    branches: dict[str, dict[str, Capture]],
) -> Run:
    """What is known, and a reason for what is not."""
    names = [probe.name for blank in asked.probes.values() for probe in blank]
    kind = "ours" if state == "complete" else state
    missing = Capture(fault=Fault(kind, message=notes[-1] if notes else ""))
    ran = [_cell(index, cell, cells, state) for index, cell in enumerate(asked.notebook) if cell.is_code]
    said = [offline.note(ran) if asked.kernels.isolated else "", libraries.note(ran)]
    return Run(
        state=state,
        cells=ran,
        captures={name: captures.get(name, missing) for name in names},
        seconds=seconds,
        notes=[*notes, *filter(None, said)],
        versions=running.versions(),
        branches=branches,
    )


def _cell(index: int, cell: Cell, known: Mapping[int, CellRun], run: str) -> CellRun:
    if index in known:
        return known[index]
    reached = run == "complete" or cell.role is Role.SETUP or (bool(known) and index < max(known))
    state = "skipped" if reached and not is_executed(cell) else "not_run"
    return CellRun(cell.id, str(cell.role), cell.name, cell.source, state)


def common(one: Asked, other: Asked) -> int:
    """The number of the first cell in which two notebooks differ, of those that are executed or checked, or of the first check
    that is asked something else. -1 where nothing is the same: other limits, data or random numbers.
    """
    if _surroundings(one) != _surroundings(other):
        return -1
    facts = [[(cell.id, cell.role, cell.name, cell.source) for cell in asked.notebook] for asked in (one, other)]
    pairs = enumerate(zip(*facts, strict=False))
    same = next((index for index, (mine, theirs) in pairs if mine != theirs), min(map(len, facts)))
    known = {step.index: set(map(_fact, step.probes)) for step in steps(one)}
    new = (step.index for step in steps(other) if not known.get(step.index, set()).issuperset(map(_fact, step.probes)))
    return min(same, next(new, same))


def _surroundings(asked: Asked) -> tuple[Any, ...]:
    return asked.limits, asked.data, asked.seed, asked.threads, asked.device, asked.shift, asked.kernels


def _fact(probe: Probe) -> tuple[str, str, bytes]:
    return probe.name, probe.source, dumps(probe.given)
