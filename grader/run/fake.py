"""Runners for the tests of other layers: no kernel, milliseconds.

FakeRunner   says what it was told to say, and remembers what it was asked
run_here     executes the cells in this very process: plain Python only, no limits, no protection, never for students' code
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grader import run as running
from grader.notebook import Cell, Role
from grader.result import Capture, CellRun, Fault, Run
from grader.run.inside import Session
from grader.run.outputs import one_line
from grader.run.request import Request
from grader.values import Value

__all__ = ["FakeRunner", "run_here"]

Answer = Value | Fault


@dataclass
class FakeRunner:
    """A `Runner`. `answers`: check -> value or Fault, or a function of the request that gives them. Others fail as "ours"."""

    answers: Mapping[str, Answer] | Callable[[Request], Mapping[str, Answer]]
    state: str = "complete"
    notes: tuple[str, ...] = ()
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Run:
        self.requests.append(request)
        answers = self.answers(request) if callable(self.answers) else self.answers
        nothing = Fault("ours", message="the fake runner has no answer")
        asked = [probe.name for probes in request.probes.values() for probe in probes]
        captures = {}
        for name in asked:
            answer = answers.get(name, nothing)
            captures[name] = Capture(fault=answer) if isinstance(answer, Fault) else Capture(answer)
        cells = [_cell_run(cell, "skipped" if _is_skipped(cell) else "ok") for cell in request.notebook if cell.is_code]
        return Run(self.state, cells, captures, 0.0, list(self.notes), running.versions())


def run_here(request: Request) -> Run:
    """A `Runner` that executes the request in this process, with the sessions's own figures and probes."""
    start = time.monotonic()
    session = Session({"__name__": "__main__"})
    session.figures.watch()
    session.training.watch()
    captures: dict[str, Capture] = {}
    cells: list[CellRun] = []
    for cell in request.notebook:
        if cell.role is Role.CHECK:
            captures |= _ask(session, request, cell.name, captures)
        if cell.is_code:
            cells.append(_cell_run(cell, "skipped") if _is_skipped(cell) else _execute(session, cell))
    for blank in request.probes:
        captures |= _ask(session, request, blank, captures)
    return Run("complete", cells, captures, time.monotonic() - start, [], running.versions())


def _is_skipped(cell: Cell) -> bool:
    return cell.role in (Role.CHECK, Role.SETUP)


def _ask(session: Session, request: Request, blank: str, known: Mapping[str, Capture]) -> dict[str, Capture]:
    probes = [probe for probe in request.probes.get(blank, ()) if probe.name not in known]
    return {p.name: session.take(p.source, p.name, p.given, request.limits.probe, fork=False) for p in probes}


def _execute(session: Session, cell: Cell) -> CellRun:
    own = cell.is_students
    file, printed = f"<{cell.id}>", io.StringIO()
    session.locate(cell.id, file, own)
    session.figures.start(cell.name if own else "", cell.id)
    start, state, error, line = time.monotonic(), "ok", "", 0
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(cell.source, file, "exec"), session.user_ns)  # noqa: S102 - the fake runner of tests, plain Python only
        except Exception as raised:
            state, line = "error", session.place(raised, cell.id)[1]
            error = one_line(type(raised).__name__, str(raised))
    session.figures.finish()
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed.getvalue()}] if printed.getvalue() else []
    facts = (cell.id, str(cell.role), cell.name, cell.source, state, time.monotonic() - start, error, line)
    return CellRun(*facts, outputs)


def _cell_run(cell: Cell, state: str) -> CellRun:
    return CellRun(cell.id, str(cell.role), cell.name, cell.source, state)
