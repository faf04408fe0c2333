"""A report in words: what was expected in kind and what came (message), where they part and how far (detail)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader.compare.hints import about_kind, about_numbers
from grader.compare.parts import Part, Report
from grader.compare.walk import Pair, as_array, by_key
from grader.compare.words import expected_got, listed, number, numbers, own_kind, plural, quoted, where, word
from grader.result import Verdict
from grader.values import Array, Raised, Value

__all__ = ["picture", "verdict"]


def verdict(report: Report, value: Value) -> Verdict:
    """Structure first: where the kinds differ, nothing is said of numbers. `value` is the whole value."""
    if report.gaps:
        gap, *more = report.gaps
        message = _gap(gap) + (f" And so at {plural(len(more), 'more place')}." if more else "")
        return Verdict.failed(message, **picture(gap.value, gap.expected))
    wrong = report.wrong
    if not wrong:
        return Verdict.passed()
    pair = wrong[0].pair
    return Verdict.failed(_message(report, wrong, value), _detail(wrong), **picture(pair.value, pair.expected))


def picture(value: Value, expected: Value) -> dict[str, Value]:
    """The evidence for a picture of two arrays or lists of numbers; nothing for what has none."""
    mine, theirs = as_array(value), as_array(expected)
    if mine is None or theirs is None:
        return {}
    return {"yours": _drawable(mine), "expected": _drawable(theirs)}


def _drawable(array: Array) -> Array:
    return Array(array.data, str(array.data.dtype), "ndarray") if array.kind == "list" else array


# ---------------------------------------------------------------------------------------------------- of another kind


def _gap(pair: Pair) -> str:
    """What differs in kind: for dicts what is missing or too much, else the two kinds and what would help."""
    value, expected = pair.value, pair.expected
    if isinstance(value, dict) and isinstance(expected, dict):
        return f"{f'At {where(pair.path)}: your' if pair.path else 'Your'} dict {_keys(by_key(value), by_key(expected))}."
    hint = "" if value is None and pair.path else about_kind(value, expected)  # what is missing inside is no missing `return`
    return expected_got(expected, value, pair.path) + (f" {hint}" if hint else "")


def _keys(value: dict[Any, Value], expected: dict[Any, Value]) -> str:
    """Which keys are missing and which are too much. A missing key that is a number is counted, not named."""
    missing = [key for key in expected if key not in value]
    named = [quoted(key, 40) for key in missing if isinstance(key, str)]
    extra = [quoted(key, 40) if isinstance(key, str) else number(key) for key in value if key not in expected]
    says = []
    if missing:
        says.append(f"lacks {listed(named) if len(named) == len(missing) else plural(len(missing), 'key')}")
    if extra:
        says.append(f"has {listed(extra)}, which {word(len(extra), 'is', 'are')} not expected")
    return " and ".join(says)


# ---------------------------------------------------------------------------------------------------- of the same kind


def _message(report: Report, wrong: Sequence[Part], value: Value) -> str:
    """How many of the numbers are wrong. None of them is named, so it may be said of a private check."""
    nouns = {part.noun for part in wrong}
    noun = next(iter(nouns)) if len(nouns) == 1 else "value"
    total = sum(part.measured.total for part in report.parts if len(nouns) > 1 or part.noun == noun)
    count = sum(part.measured.wrong for part in wrong)
    nans = sum(part.measured.nans for part in wrong)
    path = wrong[0].pair.path
    if total == 1:
        return f"The {noun}{f' at {where(path)}' if path else ''} is {'NaN' if nans else 'not the expected one'}."
    share = f"None of the {total:,}" if count == total else f"{count:,} of the {total:,}"
    is_not = word(count, "is not the expected one", "are not the expected ones") if count < total else "is the expected one"
    place = f"{', first' if count > 1 else ','} at {where(path)}" if path else ""
    says = f"{share} {noun}s in {own_kind(value)} {is_not}{place}."
    return says + (f" {nans:,} of yours {word(nans, 'is', 'are')} NaN." if nans else "")


def _detail(wrong: Sequence[Part]) -> str:
    """Where they part, and where they are furthest apart."""
    first = wrong[0]
    value, expected, index = first.pair.value, first.pair.expected, first.measured.first or ()
    at = where(first.pair.path, index)
    if first.noun in ("number", "truth value"):
        yours, theirs = numbers(_number_at(value, index), _number_at(expected, index))
    else:
        yours, theirs = _apart(_text(value), _text(expected))
    more = sum(part.measured.wrong for part in wrong) > 1
    head = f"{'First at' if more else 'At'} {at}: yours is" if at else "Yours is"
    hint = _hint(first) if len(wrong) == 1 else ""
    return f"{head} {yours}, expected {theirs}{_largest(wrong)}.{f' {hint}' if hint else ''}"


def _number_at(value: Value, index: tuple[int, ...]) -> Any:
    array = as_array(value)
    return value if array is None else array.data[index]


def _text(value: Value) -> str:
    return f"{value.type}: {value.message}" if isinstance(value, Raised) else str(value)


def _apart(yours: str, expected: str, around: int = 24) -> tuple[str, str]:
    """Two texts in quotes, cut to where they part when they are long."""
    if max(len(yours), len(expected)) <= 2 * around + 12:
        return quoted(yours), quoted(expected)
    at = next((i for i, (a, b) in enumerate(zip(yours, expected, strict=False)) if a != b), min(len(yours), len(expected)))
    return quoted(_around(yours, at, around)), quoted(_around(expected, at, around))


def _around(text: str, at: int, around: int) -> str:
    start, end = max(0, at - around), at + around
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _largest(wrong: Sequence[Part]) -> str:
    """The largest difference, where it is, and what was allowed there."""
    known = [part for part in wrong if part.noun == "number" and part.measured.worst is not None]
    if not known:
        return ""
    worst = max(known, key=lambda part: part.measured.largest)
    difference = number(worst.measured.largest, 3)
    allowed = f" (allowed {number(worst.measured.allowed, 2)})" if worst.measured.allowed else ""
    if sum(part.measured.wrong for part in wrong) == 1:
        return f"; the difference is {difference}{allowed}"
    return f"; the largest difference is {difference} at {where(worst.pair.path, worst.measured.worst or ())}{allowed}"


def _hint(part: Part) -> str:
    mine, theirs = as_array(part.pair.value), as_array(part.pair.expected)
    return about_numbers(mine.data, theirs.data) if mine is not None and theirs is not None else ""
