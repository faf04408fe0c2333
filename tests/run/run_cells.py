"""Short ways to write a notebook and its probes."""

import re
import textwrap
from collections.abc import Mapping

from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.result import Run
from grader.run import run
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


def run_book(*cells: Cell, asks: Mapping[str, list[Probe]] | None = None, limits: Limits = QUICK) -> Run:
    return run(book(*cells), asks or {}, limits)


def _text(source: str) -> str:
    return textwrap.dedent(source).strip("\n")
