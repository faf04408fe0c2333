"""Being written."""

from __future__ import annotations

from grader.judging import Evidence, Sequence
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance", "judge"]


def judge(options: Sequence, evidence: Evidence) -> Verdict:
    """Being written."""
    raise NotImplementedError


def distance(options: Sequence, value: Value, other: Value) -> float | None:
    """Being written."""
    raise NotImplementedError
