"""Libraries that a notebook imports and that are not installed here: no fault of the answer's, and to be mended by who grades."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence

from grader.result import CellRun, Run

__all__ = ["came_since", "lacking", "note"]

_SAID = re.compile(r"^ModuleNotFoundError: No module named '(\w+)")
_LACKS = "It imports what is not installed where it was run: "


def lacking(cells: Sequence[CellRun]) -> dict[str, str]:
    """What is not installed here -> the first cell that ended for want of it."""
    found: dict[str, str] = {}
    for cell in cells:
        if (name := _wanted(cell)) and not _is_here(name):
            found.setdefault(name, cell.id)
    return found


def note(cells: Sequence[CellRun]) -> str:
    """What is to be said of them; "" for nothing."""
    said = [f"`{name}` (cell `{cell}`)" for name, cell in lacking(cells).items()]
    return f"{_LACKS}{', '.join(said)}." if said else ""


def came_since(run: Run) -> bool:
    """Whether a kept run lacked something that is installed now: then it is to be run again."""
    lacked = any(said.startswith(_LACKS) for said in run.notes)
    return lacked and any((name := _wanted(cell)) and _is_here(name) for cell in run.cells)


def _wanted(cell: CellRun) -> str:
    found = _SAID.match(cell.error) if cell.state == "error" else None
    return found[1] if found else ""


def _is_here(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
