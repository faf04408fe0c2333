"""`success_rate`: how often many fits succeed, judged as a count of chance and not by one number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grader.compare.intervals import fisher, in_words, percent, wilson
from grader.compare.measure import Numbers
from grader.compare.walk import as_array
from grader.compare.words import kind, number, plural, word
from grader.judging import Evidence, SuccessRate
from grader.result import Verdict
from grader.values import Value

__all__ = ["Count", "count", "judge"]

MOST = 1_000_000  # fits that are counted


class Count(NamedTuple):
    """How many fits succeeded, of how many."""

    right: int
    of: int


def judge(options: SuccessRate, evidence: Evidence) -> Verdict:
    """Passed unless chance does not explain the difference to what is asked for, or to the expected rate."""
    mine, expected = count(evidence.value), count(evidence.expected)
    if mine is None:
        return Verdict.failed(f"Expected one truth value for each fit: did it succeed? Got {kind(evidence.value)}.")
    if expected is not None and mine.of < expected.of:
        return Verdict.failed(f"Expected {plural(expected.of, 'fit')}; got {mine.of:,}.")
    if options.at_least is None and options.at_most is None:
        return _against(options, mine, expected)
    low, high = wilson(mine.right, mine.of, options.confidence)
    if options.at_least is not None and high < options.at_least - 1e-12:
        says = f"Expected are {percent(options.at_least)} or more, and chance does not explain the difference."
        return Verdict.failed(f"{_said(mine, options.confidence)} {says}")
    if options.at_most is not None and low > options.at_most + 1e-12:
        says = f"Expected are {percent(options.at_most)} or fewer, and chance does not explain the difference."
        return Verdict.failed(f"{_said(mine, options.confidence)} {says}")
    return Verdict.passed(_said(mine, options.confidence))


def count(value: Value) -> Count | None:
    """The count in truth values (or zeros and ones) of any shape or in {"right": k, "of": K}; None for anything else."""
    if isinstance(value, dict):
        right, of = _whole(value.get("right")), _whole(value.get("of"))
        if right is None or of is None or value.keys() != {"right", "of"}:
            return None
        return Count(right, of) if 0 <= right <= of <= MOST and of else None
    array = as_array(value)
    if type(value) in (bool, int, float) or (array is not None and array.data.ndim == 0):
        return None  # one fit is not many
    truths = _truths(value)
    return Count(int(np.count_nonzero(truths)), truths.size) if truths is not None and 0 < truths.size <= MOST else None


def _truths(value: Value, depth: int = 3) -> Numbers | None:
    """Truth values (K,), from an array, or from a list, or lists in it, of numbers that are 0 or 1, or of arrays of such."""
    array = as_array([value]) if type(value) in (bool, int, float) else as_array(value)
    if array is not None:
        known = array.data.dtype.kind in "biuf" and bool(np.isin(array.data, (0, 1)).all())
        return array.data.reshape(-1) if known else None
    if not isinstance(value, list) or not value or not depth:
        return None
    parts = [_truths(item, depth - 1) for item in value]
    found = [part for part in parts if part is not None]
    return np.concatenate(found) if len(found) == len(parts) else None


def _whole(value: Value) -> int | None:
    """A whole number, be it Python's or a tensor's of one."""
    array = as_array(value)
    if array is not None and array.data.size == 1 and array.data.dtype.kind in "iu":
        return int(array.data.reshape(()))
    return value if type(value) is int else None


def _against(options: SuccessRate, mine: Count, expected: Count | None) -> Verdict:
    """Against the expected rate, which is itself a count of chance."""
    if expected is None:
        return Verdict.failed("There is no expected rate to compare yours with.")
    chance = fisher(mine.right, mine.of, expected.right, expected.of)
    if chance >= 1 - options.confidence:
        return Verdict.passed(_said(mine, options.confidence))
    more = "more" if mine.right * expected.of > expected.right * mine.of else "fewer"
    likely = f"a difference like this has the probability {number(chance, 2)}"
    return Verdict.failed(
        f"{_said(mine, options.confidence)} These are {more} than expected, and chance does not explain it.",
        f"Expected are about {expected.right:,} of {expected.of:,}; {likely}.",
    )


def _said(mine: Count, confidence: float) -> str:
    what = f"{mine.right:,} of {plural(mine.of, 'fit')} {word(mine.right, 'succeeds', 'succeed')}"
    return f"{what} ({percent(mine.right / mine.of)}), {in_words(*mine, confidence)}."
