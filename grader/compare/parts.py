"""The core of comparing: two values, walked part by part, and a report of every place where they part.

`Rule` says how strict it is; each leaf is either of another kind (a gap) or measured. `tell` puts a report into words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grader.compare.measure import Measured, measure, measure_numbers, tolerance
from grader.compare.walk import Pair, as_array, pairs
from grader.values import Array, Other, Raised, Value

__all__ = ["EXACT", "Part", "Report", "Rule", "compare"]


@dataclass(frozen=True)
class Rule:
    """How strict `compare` is.

    rtol, atol, equal_nan, dtype: as `judging.Close`. types: a number is no 0-d array, a tensor no numpy array, 1 is not 1.0.
    text: what is compared of a text. alike: two things that cannot be compared are the same when their types' names are,
    and exceptions only with the same message; for telling mistakes apart, never for points.
    """

    rtol: float | None = None
    atol: float | None = None
    equal_nan: bool = False
    dtype: str = "kind"
    types: bool = False
    text: Callable[[str], str] = str
    alike: bool = False


EXACT = Rule(rtol=0.0, atol=0.0, equal_nan=True, dtype="exact", types=True)


@dataclass(frozen=True)
class Part:
    """One leaf that is of the expected kind, and how far it is off. `noun`: what it is made of ("number")."""

    pair: Pair
    noun: str
    measured: Measured


@dataclass(frozen=True)
class Report:
    """What `compare` found: places where the values are not of one kind (`gaps`), and all leaves that are (`parts`)."""

    gaps: list[Pair] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def wrong(self) -> list[Part]:
        return [part for part in self.parts if part.measured.wrong]

    @property
    def distance(self) -> float | None:
        """The largest difference as a share of what is allowed, 0 for the same values; None where they do not match."""
        if self.gaps or self.wrong:
            return None
        return max((part.measured.ratio for part in self.parts), default=0.0)


def compare(value: Value, expected: Value, rule: Rule) -> Report:
    """Walk both values and measure each leaf."""
    report = Report()
    for pair in pairs(value, expected):
        part = _leaf(pair, rule)
        if part is None:
            report.gaps.append(pair)
        else:
            report.parts.append(part)
    return report


def _leaf(pair: Pair, rule: Rule) -> Part | None:
    """The measure of one pair of leaves; None when they are not of one kind."""
    value, expected = pair.value, pair.expected
    mine, theirs = as_array(value), as_array(expected)
    if mine is not None and theirs is not None:
        return _arrays(pair, mine, theirs, rule)
    if isinstance(value, (bool, int, float, Array)) and isinstance(expected, (bool, int, float, Array)):
        return _scalars(pair, rule)
    if isinstance(value, str) and isinstance(expected, str):
        return Part(pair, "text", _one(rule.text(value) == rule.text(expected)))
    if isinstance(value, Raised) and isinstance(expected, Raised):
        same = value.type == expected.type or (expected.type in value.bases and not rule.alike)
        return Part(pair, "exception", _one(not rule.alike or value.message == expected.message)) if same else None
    if isinstance(value, Other) or isinstance(expected, Other):
        return Part(pair, "value", _one(True)) if rule.alike and value == expected else None
    return Part(pair, "value", _one(True)) if value is None and expected is None else None


def _one(same: bool) -> Measured:
    """The measure of something that is either right or wrong."""
    return Measured(1, 0, 0.0) if same else Measured(1, 1, float("inf"))


def _scalars(pair: Pair, rule: Rule) -> Part | None:
    """Two numbers or truth values. A number is a number, be it Python's or that of an array of no axes."""
    value, expected = _bare(pair.value), _bare(pair.expected)
    if value is None or expected is None:
        return None
    truths = (type(value) is bool) + (type(expected) is bool)
    if truths == 1 and rule.dtype != "any":
        return None
    if (rule.types or rule.dtype == "exact") and type(pair.value) is not type(pair.expected):
        return None
    if truths == 2:
        return Part(pair, "truth value", _one(value == expected))
    allow = tolerance([_dtype(pair.value), _dtype(pair.expected)], rule.rtol, rule.atol)
    return Part(pair, "number", measure_numbers(value, expected, allow, rule.equal_nan))


def _bare(value: Value) -> bool | int | float | None:
    """The Python number that a value is or that an array of no axes holds; None for all else."""
    if isinstance(value, Array) and value.shape == () and value.data.dtype.kind in "biuf":
        value = value.data.item()
    return value if isinstance(value, (bool, int, float)) else None


def _dtype(value: Value) -> str:
    return value.dtype if isinstance(value, Array) else type(value).__name__


def _arrays(pair: Pair, value: Array, expected: Array, rule: Rule) -> Part | None:
    """Two arrays, or two lists of numbers. Shape and dtype are looked at before the values."""
    lists = (value.kind == "list") + (expected.kind == "list")
    if lists == 1 or value.shape != expected.shape or not _dtypes_agree(value, expected, rule):
        return None
    if rule.types and value.kind != expected.kind:
        return None
    truth = value.data.dtype.kind == expected.data.dtype.kind == "b"
    allow = tolerance([value.dtype, expected.dtype], rule.rtol, rule.atol)
    measured = measure(value.data, expected.data, allow, rule.equal_nan)
    return Part(pair, "truth value" if truth else "number", measured)


def _dtypes_agree(value: Array, expected: Array, rule: Rule) -> bool:
    if rule.dtype == "any":
        return True
    if rule.dtype == "exact":
        return value.dtype == expected.dtype
    kinds = [array.data.dtype.kind.replace("u", "i") for array in (value, expected)]
    if value.kind == "list":  # Python's numbers: whole or not is no matter, truth values are no numbers
        kinds = [kind.replace("i", "f") for kind in kinds]
    return bool(kinds[0] == kinds[1])
