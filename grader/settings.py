"""The facts of an assignment (`assignment.toml`)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What one run may take. Seconds of wall time; bytes of output kept for a cell."""

    cell: float = 120.0
    notebook: float = 900.0
    probe: float = 30.0
    output: int = 200_000
