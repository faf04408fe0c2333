"""Being written."""

from __future__ import annotations

from grader.judging import Evidence, HiddenStates
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance", "judge"]


def judge(options: HiddenStates, evidence: Evidence) -> Verdict:
    """Being written."""
    raise NotImplementedError


def distance(options: HiddenStates, value: Value, other: Value) -> float | None:
    """Being written."""
    raise NotImplementedError
