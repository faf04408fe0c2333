"""`weights`: what a network holds, tensor by tensor."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.compare.hints import about_kind
from grader.compare.measure import Measured, Tolerance, measure
from grader.compare.tell import picture
from grader.compare.walk import as_array, is_number
from grader.compare.words import expected_got, listed, number, numbers, plural, where, word
from grader.judging import Evidence, Weights
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["distance", "judge"]

State = dict[str, Array]  # name -> tensor, in order


@dataclass(frozen=True)
class Tensor:
    """A tensor and the one expected in its place. measured: None when their shapes differ."""

    name: str
    value: Array
    expected: Array
    measured: Measured | None

    @property
    def agrees(self) -> bool:
        return self.measured is not None and not self.measured.wrong


def judge(options: Weights, evidence: Evidence) -> Verdict:
    """The same names, shapes and values."""
    value, expected = _state(evidence.value), _state(evidence.expected)
    if value is None or expected is None:
        hint = about_kind(evidence.value, evidence.expected)
        return Verdict.failed(expected_got(evidence.expected, evidence.value) + (f" {hint}" if hint else ""))
    tensors = _matched(options, value, expected)
    wrong = [tensor for tensor in tensors if not tensor.agrees]
    unmatched = _names(value, expected) if options.names else _shapes(value, expected)
    if not unmatched and not wrong:
        return Verdict.passed()
    share = (len(tensors) - len(wrong)) / max(len(expected), len(value))
    worst = max(wrong, key=_how_far, default=None)
    return Verdict.partly(
        share if options.partial else 0.0,
        unmatched or _message(wrong, len(tensors)),
        _detail(worst) if worst else "",
        **(picture(worst.value, worst.expected) if worst else {}),
    )


def distance(options: Weights, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed; None where any tensor is missing or off."""
    mine, theirs = _state(value), _state(other)
    if mine is None or theirs is None:
        return None
    tensors = _matched(options, mine, theirs, equal_nan=True)
    if not len(tensors) == len(mine) == len(theirs) or not all(tensor.agrees for tensor in tensors):
        return None
    return max((tensor.measured.ratio for tensor in tensors if tensor.measured), default=0.0)


def _state(value: Value) -> State | None:
    """A state dict. The names of a list of tensors are "0", "1", …; that of a single tensor is ""."""
    if isinstance(value, Array):
        return {"": value}
    if not isinstance(value, (dict, list)) or (isinstance(value, dict) and not all(isinstance(name, str) for name in value)):
        return None
    items = value.items() if isinstance(value, dict) else enumerate(value)
    arrays = {str(name): as_array([item] if is_number(item) else item) for name, item in items}
    found = {name: array for name, array in arrays.items() if array is not None}
    return found if len(found) == len(value) else None


def _matched(options: Weights, value: State, expected: State, equal_nan: bool = False) -> list[Tensor]:
    """Each expected tensor that has a counterpart, with it."""
    if options.names:
        both = [(name, value[name], array) for name, array in expected.items() if name in value]
    else:
        both = list(_by_shape(value, expected))
    allow = Tolerance(options.rtol, options.atol)
    return [Tensor(name, v, e, measure(v.data, e.data, allow, equal_nan) if v.shape == e.shape else None) for name, v, e in both]


def _by_shape(value: State, expected: State) -> Iterable[tuple[str, Array, Array]]:
    """The n-th tensor of a shape goes with the n-th expected of that shape, whatever they are called."""
    waiting: dict[tuple[int, ...], list[tuple[str, Array]]] = defaultdict(list)
    for name, array in value.items():
        waiting[array.shape].append((name, array))
    for array in expected.values():
        if waiting[array.shape]:
            yield (*waiting[array.shape].pop(0), array)


# ---------------------------------------------------------------------------------------------------- telling


def _names(value: State, expected: State) -> str:
    """Which names are missing and which are too much, or ""."""
    missing, extra = [n for n in expected if n not in value], [n for n in value if n not in expected]
    says = [f"lack {listed(missing)}"] if missing else []
    says += [f"hold {listed(extra)}, which {word(len(extra), 'is', 'are')} not expected"] if extra else []
    return f"The weights {' and '.join(says)}." if says else ""


def _shapes(value: State, expected: State) -> str:
    """That the shapes, in any order, are not those expected, or ""."""
    mine, theirs = ([array.shape for array in state.values()] for state in (value, expected))
    if sorted(mine) == sorted(theirs):
        return ""
    got = listed(map(str, mine)) or "none"
    return f"Expected {plural(len(theirs), 'tensor')} of shape {listed(map(str, theirs))}; got {got}."


def _message(wrong: list[Tensor], total: int) -> str:
    """What is wrong with which tensors, shapes first. Holds no weight."""
    misshapen = [tensor for tensor in wrong if tensor.measured is None]
    if misshapen:
        return " ".join(f"{_the(t)} has shape {t.value.shape}, expected {t.expected.shape}." for t in misshapen[:3])
    nans = [tensor for tensor in wrong if tensor.measured and tensor.measured.nans]
    says = f"{len(wrong)} of {plural(total, 'tensor')} {word(len(wrong), 'is', 'are')} off: {listed(t.name for t in wrong)}."
    says = says if total > 1 else f"{_the(wrong[0])} has the right shape, but its values are off."
    return says + (f" There is NaN in {listed(map(_the, nans))}." if nans else "")


def _detail(worst: Tensor) -> str:
    """About the tensor that is furthest off."""
    m = worst.measured
    if m is None:
        return ""
    yours, expected = numbers(worst.value.data[m.first], worst.expected.data[m.first])
    at = f", first at {where((), m.first)}" if m.first else ""
    says = (
        f"{_the(worst)} is the furthest off: {m.wrong:,} of {plural(m.total, 'number')}{at}: yours {yours}, expected {expected}"
    )
    if m.worst is None:
        return f"{says}."
    allowed = f" (allowed {number(m.allowed, 2)})" if m.allowed else ""
    at = f" at {where((), m.worst)}" if m.worst else ""
    return f"{says}; the largest difference is {number(m.largest, 3)}{at}{allowed}."


def _the(tensor: Tensor) -> str:
    return f"`{tensor.name}`" if tensor.name else "The tensor"


def _how_far(tensor: Tensor) -> float:
    """Misshapen tensors and those without a finite difference are the furthest off."""
    return math.inf if tensor.measured is None or tensor.measured.worst is None else tensor.measured.largest
