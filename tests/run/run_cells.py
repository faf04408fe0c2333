"""Short ways to write a notebook and its probes, to run them with a kernel or without, and to look at what came of it."""

import os
import re
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.result import Capture, CellRun, Fault, Run
from grader.run import run
from grader.run.inside import Session
from grader.settings import Limits
from grader.values import Value

QUICK = Limits(cell=20, notebook=60, probe=10)


def given(source: str) -> Cell:
    return Cell("", Role.GIVEN, _text(source))


def blank(name: str, source: str) -> Cell:
    return Cell(f"blank-{name}", Role.BLANK, _text(source), name)


def extra(source: str, name: str = "") -> Cell:
    return Cell("", Role.EXTRA, _text(source), name)


def setup(source: str) -> Cell:
    return Cell("setup", Role.SETUP, _text(source))


def check(name: str) -> Cell:
    return Cell(f"check-{name}", Role.CHECK, f'grader.check("{name}")', name)


def book(*cells: Cell) -> Notebook:
    """With ids for the cells that have none: given-0, extra-1, ..."""
    named = (Cell(c.id or f"{c.role}-{i}", c.role, c.source, c.name) for i, c in enumerate(cells))
    return Notebook(tuple(named))


def probe(source: str, given: Mapping[str, Value] | None = None) -> Probe:
    """`def name(nb): ...`, or the expression that a probe called `it` returns."""
    text = _text(source)
    if not text.lstrip().startswith("def "):
        text = f"def it(nb):\n    return {text}"
    found = re.match(r"def (\w+)", text)
    assert found
    return Probe(found[1], text, dict(given or {}))


def probes(**expressions: str) -> list[Probe]:
    """A probe for each keyword: its name and the expression that it returns."""
    return [Probe(name, f"def {name}(nb):\n    return {text}") for name, text in expressions.items()]


def printed(run: Run, cell: str) -> str:
    """What a cell wrote to stdout."""
    found = next(c for c in run.cells if c.id == cell)
    return "".join(o["text"] for o in found.outputs if o.get("name") == "stdout")


def states(run: Run) -> dict[str, str]:
    return {cell.id: cell.state for cell in run.cells}


def cell(ran: Run, name: str) -> CellRun:
    return next(c for c in ran.cells if c.id == name)


def kinds(ran: Run) -> dict[str, str]:
    """Check -> the kind of its fault, or "value"."""
    return {name: c.fault.kind if c.fault else "value" for name, c in ran.captures.items()}


def run_book(*cells: Cell, asks: Mapping[str, list[Probe]] | None = None, limits: Limits = QUICK) -> Run:
    return run(book(*cells), asks or {}, limits)


def _text(source: str) -> str:
    return textwrap.dedent(source).strip("\n")


def left_behind() -> set[str]:
    """Private folders, and processes that have one as their TMPDIR."""
    folders = {str(path) for path in Path(tempfile.gettempdir()).glob("grader-*")}
    processes = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if b"TMPDIR=" + os.fsencode(tempfile.gettempdir()) + b"/grader-" in environ.read_bytes():
                processes.add(environ.parent.name)
        except OSError:
            continue
    return folders | processes


class Book:
    """Cells executed right here, without a kernel, and a session that looks at them."""

    def __init__(self, fork: bool) -> None:
        self.user_ns: dict[str, Any] = {"__name__": "__main__", "torch": torch, "np": np}
        self.session = Session(self.user_ns)
        self.session.training.watch()
        self.fork = fork
        self.count = 0

    def cell(self, source: str, own: bool = True) -> None:
        self.count += 1
        file = f"<cell {self.count}>"
        self.session.locate(f"cell-{self.count}", file, own)
        exec(compile(textwrap.dedent(source).strip("\n"), file, "exec"), self.user_ns)

    def take(self, source: str, given: dict[str, Value] | None = None, seconds: float = 20) -> Capture:
        asked = probe(source, given)
        return self.session.take(asked.source, asked.name, asked.given, seconds, fork=self.fork)

    def value(self, source: str, given: dict[str, Value] | None = None) -> Any:
        taken = self.take(source, given)
        assert taken.fault is None, taken.fault
        return taken.value

    def fault(self, source: str, seconds: float = 20) -> Fault:
        fault = self.take(source, None, seconds).fault
        assert fault is not None
        return fault
