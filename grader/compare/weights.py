"""`weights`: what a network holds, tensor by tensor, up to what the task leaves open."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from grader.compare.hints import about_kind
from grader.compare.measure import Measured, Tolerance, measure
from grader.compare.symmetry import Alignment, Network, Slot, State, align, function, read, telling
from grader.compare.symmetry.rows import about_rows
from grader.compare.tell import picture
from grader.compare.words import expected_got, listed, number, numbers, plural, where, word
from grader.judging import Evidence, Weights, freedoms
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["distance", "judge"]

_UNITS = ("permutation", "sign", "scale")
_SMALL = 20_000  # numbers in a network whose scales are looked at in every way
_BIASES: tuple[tuple[str, ...], ...] = ((), ("shift",), ("bias",), ("bias", "shift"))


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
    """The same names, shapes and values; with `upto`, the same in one of the frames that it leaves open."""
    value, expected = read(evidence.value), read(evidence.expected)
    if value is None or expected is None:
        hint = about_kind(evidence.value, evidence.expected)
        return Verdict.failed(expected_got(evidence.expected, evidence.value) + (f" {hint}" if hint else ""))
    free = freedoms(options.upto)
    if "function" in free:
        return function.judge(options, value, expected)
    found = align(value, expected, free, _allow(options), options.activation) if free else None
    return _as_it_stands(options, value, expected) if found is None else _matched_units(options, value, expected, found)


def distance(options: Weights, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed; None where any tensor is missing or off."""
    mine, theirs = read(value), read(other)
    if mine is None or theirs is None:
        return None
    free = freedoms(options.upto)
    if "function" in free:
        return function.distance(options, mine, theirs)
    if free:
        found = align(mine, theirs, free, _allow(options), options.activation, equal_nan=True)
        return None if found is None or found.off else found.ratio
    tensors = _matched(options, mine.tensors, theirs.tensors, equal_nan=True)
    if not len(tensors) == len(mine.tensors) == len(theirs.tensors) or not all(tensor.agrees for tensor in tensors):
        return None
    return max((tensor.measured.ratio for tensor in tensors if tensor.measured), default=0.0)


def _as_it_stands(options: Weights, network: Network, wanted: Network) -> Verdict:
    """No unit has changed its place: by name, or by order and shape."""
    value, expected = network.tensors, wanted.tensors
    by_name = options.names if not options.upto else value.keys() == expected.keys()
    tensors = _matched(options, value, expected)
    wrong = [tensor for tensor in tensors if not tensor.agrees]
    unmatched = _names(value, expected) if by_name else _shapes(value, expected)
    if not unmatched and not wrong:
        return Verdict.passed()
    share = (len(tensors) - len(wrong)) / max(len(expected), len(value))
    worst = max(wrong, key=_how_far, default=None)
    hint = "" if unmatched or any(tensor.measured is None for tensor in wrong) else _hint(options, network, wanted, wrong)
    return Verdict.partly(
        share if options.partial else 0.0,
        _joined(unmatched or _message(wrong, len(tensors)), hint),
        _detail(worst) if worst else "",
        **(picture(worst.value, worst.expected) if worst else {}),
    )


def _matched_units(options: Weights, value: Network, expected: Network, found: Alignment) -> Verdict:
    """Tensors of the shapes that are expected, under the best matching of their hidden units."""
    says = telling.matching(found)
    wrong = found.wrong
    if not wrong:
        return Verdict.passed(says)
    worst = max(wrong, key=_how_far)
    share = (len(found.slots) - len(wrong)) / len(found.slots)
    message = f"{'With hidden units matched as well as may be, ' if says else ''}{_message(wrong, len(found.slots))}"
    return Verdict.partly(
        share if options.partial else 0.0,
        _joined(message, says, _hint(options, value, expected, wrong)),
        _detail_of_units(worst) if says else _detail(worst),
        **picture(worst.value, worst.expected),
    )


def _allow(options: Weights) -> Tolerance:
    return Tolerance(options.rtol, options.atol)


def _matched(options: Weights, value: State, expected: State, equal_nan: bool = False) -> list[Tensor]:
    """Each expected tensor that has a counterpart, with it."""
    if options.names and (not options.upto or value.keys() == expected.keys()):
        both = [(name, value[name], array) for name, array in expected.items() if name in value]
    else:
        both = list(_by_shape(value, expected))
    allow = _allow(options)
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


def _hint(options: Weights, value: Network, expected: Network, wrong: Sequence[Tensor | Slot]) -> str:
    """That they would agree with more left open, or that only rows stand in another order; or "". Holds no weight."""
    free = freedoms(options.upto)
    if options.names and not free and value.tensors.keys() != expected.tensors.keys():
        return ""
    more = _freedoms_used(options, value, expected, free)
    if more:
        are = "which matters" if len(more) == 1 else "which matter"
        return f"They agree up to {telling.open_to(more)}, {are} here."
    allow = _allow(options)
    return about_rows([(tensor.name, tensor.value.data, tensor.expected.data) for tensor in wrong], allow)


def _freedoms_used(options: Weights, value: Network, expected: Network, free: Sequence[str]) -> Collection[str]:
    """The freedoms beyond those of the task under which the weights would agree; empty when there are none."""
    small = sum(array.data.size for array in expected.tensors.values()) <= _SMALL

    def agree(*more: str) -> Alignment | None:
        thorough = small or "scale" not in {*free, *more}
        found = align(value, expected, {*free, *more}, _allow(options), options.activation, thorough=thorough)
        return found if found is not None and not found.off else None

    found = agree("permutation", "sign", "bias", "shift")
    if found is None and "scale" not in free:
        found = agree(*_UNITS, "bias", "shift")
    if found is None:
        return []
    factors = [np.abs(np.log(np.abs(match.factor))).max(initial=0.0) for match in found.matches]
    used = {
        "permutation": any((match.order != np.arange(len(match.order))).any() for match in found.matches),
        "sign": any((match.factor < 0).any() for match in found.matches),
        "scale": any(factor > telling.SCALED for factor in factors),
    }
    units = [name for name, is_used in used.items() if is_used]
    biases = next((biases for biases in _BIASES if agree(*units, *biases)), None)
    return [] if biases is None else [name for name in (*units, *biases) if name not in free]


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _message(wrong: Sequence[Tensor | Slot], total: int) -> str:
    """What is wrong with which tensors, shapes first. Holds no weight."""
    misshapen = [tensor for tensor in wrong if tensor.measured is None]
    if misshapen:
        return " ".join(f"{_the(t)} has shape {t.value.shape}, expected {t.expected.shape}." for t in misshapen[:3])
    nans = [tensor for tensor in wrong if tensor.measured and tensor.measured.nans]
    says = f"{len(wrong)} of {plural(total, 'tensor')} {word(len(wrong), 'is', 'are')} off: {listed(t.name for t in wrong)}."
    says = says if total > 1 else f"{_the(wrong[0])} has the right shape, but its values are off."
    return says + (f" There is NaN in {listed(map(_the, nans))}." if nans else "")


def _detail_of_units(worst: Slot) -> str:
    """The same under a matching that is not the identity: where in the student's own tensor the number stands, too."""
    m = worst.measured
    index = m.worst or m.first
    if not index:
        return _detail(worst)
    own = tuple(int(i) for i in np.unravel_index(int(worst.place[index]), worst.place.shape))
    yours, expected = numbers(worst.value.data[index], worst.expected.data[index])
    off = f"; the difference is {number(m.largest, 3)} (allowed {number(m.allowed, 2)})" if m.worst is not None else ""
    return (
        f"{_the(worst)} is the furthest off: {m.wrong:,} of {plural(m.total, 'number')}, most at yours {where((), own)},"
        f" which goes with {where((), index)} of the expected: yours {yours}, expected {expected}{off}."
    )


def _detail(worst: Tensor | Slot) -> str:
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


def _the(tensor: Tensor | Slot) -> str:
    return f"`{tensor.name}`" if tensor.name else "The tensor"


def _how_far(tensor: Tensor | Slot) -> float:
    """Misshapen tensors and those without a finite difference are the furthest off."""
    return math.inf if tensor.measured is None or tensor.measured.worst is None else tensor.measured.largest
