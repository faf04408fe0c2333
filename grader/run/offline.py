"""Cells that asked for the network, which a kernel that is shut off from the machine does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.result import CellRun

__all__ = ["ENVIRONMENT", "note"]

# pip would try five times, and wait longer each time: 8 s a cell. https://pip.pypa.io/en/stable/topics/configuration/
ENVIRONMENT = {"PIP_RETRIES": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

# What getaddrinfo(3), urllib, requests, curl, git and pip say of it.
_SIGNS = re.compile(
    r"failure in name resolution|name or service not known|could not resolve host|failed to resolve '|network is unreachable",
    re.IGNORECASE,
)


def note(cells: Sequence[CellRun]) -> str:
    """What is to be said of the cells that asked; "" when none did."""
    asked = [f"`{cell.id}`" for cell in cells if _asked(cell)]
    if not asked:
        return ""
    who = f"Cell {asked[0]}" if len(asked) == 1 else f"Cells {', '.join(asked[:-1])} and {asked[-1]}"
    return f"{who} asked for the network. There is none while a notebook is graded: what it needs must come along with it."


def _asked(cell: CellRun) -> bool:
    shown = (output.get("text") for output in cell.outputs if output.get("output_type") == "stream")
    return any(isinstance(text, str) and _SIGNS.search(text) for text in (cell.error, *shown))
