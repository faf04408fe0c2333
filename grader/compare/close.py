"""`close`, `exact` and `agree`: values of any kind, compared part by part."""

from __future__ import annotations

from dataclasses import replace

from grader.compare.parts import EXACT, Rule, compare
from grader.compare.tell import verdict
from grader.judging import Agree, Close, Evidence, Exact
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance_agree", "distance_close", "distance_exact", "judge_agree", "judge_close", "judge_exact"]


def judge_close(options: Close, evidence: Evidence) -> Verdict:
    """Numbers near the expected ones; everything else the same."""
    return verdict(compare(evidence.value, evidence.expected, _rule(options)), evidence.value)


def judge_exact(_options: Exact, evidence: Evidence) -> Verdict:
    """The same value of the same type. NaN is the same as NaN."""
    return verdict(compare(evidence.value, evidence.expected, EXACT), evidence.value)


def judge_agree(options: Agree, evidence: Evidence) -> Verdict:
    """Close to what the student's own notebook gave an earlier check."""
    earlier = evidence.earlier.get(options.with_check)
    name = f"`{options.with_check}`"
    if earlier is None:
        return Verdict.failed(f"This is compared with your own result of {name}, and there is none.")
    if not earlier.passed:
        return Verdict.failed(f"This is compared with your own result of {name}, which must pass first.")
    found = verdict(compare(evidence.value, earlier.value, Rule(options.rtol, options.atol)), evidence.value)
    if found.score == 1:
        return found
    return replace(found, message=f"It does not agree with your own result of {name}. {found.message}")


def distance_close(options: Close, value: Value, other: Value) -> float | None:
    """0 for the same, up to 1 for a difference that is just allowed. NaN is as good as NaN: both went wrong in one way."""
    return compare(value, other, replace(_rule(options), equal_nan=True, alike=True)).distance


def distance_exact(_options: object, value: Value, other: Value) -> float | None:
    """0 for the same."""
    return compare(value, other, replace(EXACT, alike=True)).distance


def distance_agree(options: Agree, value: Value, other: Value) -> float | None:
    """As for `close`."""
    return distance_close(Close(options.rtol, options.atol), value, other)


def _rule(options: Close) -> Rule:
    return Rule(options.rtol, options.atol, options.equal_nan, options.dtype)
