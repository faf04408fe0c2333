"""Being written."""

from __future__ import annotations

from grader.judging import Evidence, SuccessRate
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance", "judge"]


def judge(options: SuccessRate, evidence: Evidence) -> Verdict:
    """Being written."""
    raise NotImplementedError


def distance(options: SuccessRate, value: Value, other: Value) -> float | None:
    """Being written."""
    raise NotImplementedError
