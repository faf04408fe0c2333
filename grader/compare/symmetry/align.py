"""Two networks, number for number, when the order, sign and scale of hidden units, and some biases, are left open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Measured, Numbers, Tolerance, measure
from grader.compare.symmetry.activations import with_activations
from grader.compare.symmetry.layers import Layer, layers_of, otherwise
from grader.compare.symmetry.matching import Problem, matches
from grader.compare.symmetry.moving import Arrays, Match, identity, moved
from grader.compare.symmetry.network import Network, State
from grader.compare.symmetry.scaling import balanced, scales
from grader.compare.symmetry.slots import assigned, summed
from grader.compare.symmetry.structure import Group, structure_of
from grader.values import Array

__all__ = ["Alignment", "Slot", "align"]

_ROUNDINGS = 4  # units in the last place by which a product of two rounded factors may be off
_EPS = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
_TWICE = 1.95  # less than 2: more than twice the tolerance is never allowed
_HUGE = 1e100  # squares of it, and their sums, are finite


@dataclass(frozen=True)
class Slot:
    """A tensor of the student's in the frame of the one that is expected in its place. name: what the student calls it.

    place: for each number its flat index in the student's own tensor.
    """

    name: str
    value: Array
    expected: Array
    measured: Measured
    place: Numbers


@dataclass(frozen=True)
class Alignment:
    """All tensors side by side, under the matching that was found for each group of hidden units."""

    slots: tuple[Slot, ...]
    groups: tuple[Group, ...] = ()
    matches: tuple[Match, ...] = ()
    shift: float = 0.0

    @property
    def wrong(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.measured.wrong]

    @property
    def off(self) -> int:
        """How many numbers are wrong."""
        return sum(slot.measured.wrong for slot in self.slots)

    @property
    def ratio(self) -> float:
        """The largest difference as a share of what is allowed."""
        return max((slot.measured.ratio for slot in self.slots), default=0.0)


@np.errstate(all="ignore")
def align(
    value: Network,
    expected: Network,
    free: Collection[str],
    allow: Tolerance,
    activation: str = "",
    equal_nan: bool = False,
    thorough: bool = True,
) -> Alignment | None:
    """`value` in the frame of `expected` that differs least, under the freedoms of `judging.Weights` named in `free`.

    thorough: every way of finding a matching is tried; else the first. None when their tensors have not the same shapes, whatever
    their names and order are.
    """
    mine, theirs = (with_activations(layers_of(network), network) for network in (value, expected))
    pairing = assigned(value.tensors, expected.tensors, mine, theirs)
    plain = None if pairing is None else _Pair(value.tensors, expected.tensors, pairing, allow, equal_nan).compared([], [])
    if not free or (plain is not None and not plain.off):
        return plain
    tensors, theirs, sums = summed(expected.tensors, theirs) if "bias" in free else (expected.tensors, theirs, set())
    own, mine, _ = summed(value.tensors, mine) if "bias" in free else (value.tensors, mine, set())
    pairing = assigned(own, tensors, mine, theirs)
    if pairing is None:
        return None
    pair = _Pair(own, tensors, pairing, allow, equal_nan, frozenset(sums))
    shifted = _last_bias(theirs) if "shift" in free else ""
    found = plain
    for layers in (theirs, otherwise(theirs)):
        if layers is not None and (found is None or found.off):
            groups = structure_of(expected, layers, activation).groups
            other = _aligned(pair, groups, free, shifted, thorough)
            found = other if found is None or other.off < found.off else found  # no better than as it stands: that is told
    return found


@dataclass(frozen=True)
class _Pair:
    """Tensors of both, by the expected names. sums: names of those that are a sum of two, each of which may be off."""

    value: State
    expected: State
    names: dict[str, str]  # expected name -> the student's
    allow: Tolerance
    equal_nan: bool
    sums: frozenset[str] = frozenset()

    def compared(self, groups: Sequence[Group], found: Sequence[Match], shifted: str = "") -> Alignment:
        """Every tensor measured under a matching, each number in the frame, the student's or the expected, where it is larger."""
        raw = {name: self.value[own].data for name, own in self.names.items()}
        ones = {name: np.ones(array.shape) for name, array in raw.items()} if _rescales(found) else {}
        arrays = moved(raw, groups, found)
        factors = moved(ones, groups, [Match(np.arange(len(m.order)), np.abs(m.factor)) for m in found]) if ones else {}
        counts = {name: np.arange(array.size).reshape(array.shape) for name, array in raw.items()}
        orders = [Match(match.order, np.ones(len(match.order))) for match in found]
        places = moved(counts, groups, orders) if groups else counts
        shift = _shift(arrays[shifted], self.expected[shifted].data) if shifted in arrays else 0.0
        if shift:
            arrays[shifted] = arrays[shifted] + shift
        slots = [self._slot(name, arrays[name], factors.get(name), places[name], name == shifted) for name in self.expected]
        return Alignment(tuple(slots), tuple(groups), tuple(found), shift)

    def _slot(self, name: str, data: Numbers, factor: Numbers | None, place: Numbers, shifted: bool) -> Slot:
        mine, theirs = self.value[self.names[name]], self.expected[name]
        rescaled = factor is not None and bool((factor != 1).any())
        share = _TWICE if name in self.sums or rescaled else 1.0  # of a sum both parts may be off, and so may a scale
        rtol, atol = self.allow.rtol * (_TWICE if rescaled else 1.0), share * self.allow.atol
        e, eps = theirs.data, _ROUNDINGS * max(_EPS.get(array.dtype, 2.0**-52) for array in (mine, theirs))
        if factor is not None and rescaled:
            larger = np.maximum(1.0, 1 / factor)
            e, data, rtol = e * larger, data * larger, rtol + eps
        if shifted and data.size and np.isfinite(largest := float(np.abs(data).max())):
            atol += eps * largest
        measured = measure(data, e, Tolerance(rtol, atol), self.equal_nan)
        return Slot(self.names[name], Array(data, mine.dtype, mine.kind), Array(e, theirs.dtype, theirs.kind), measured, place)


def _aligned(pair: _Pair, groups: Sequence[Group], free: Collection[str], shifted: str, thorough: bool) -> Alignment:
    """The alignment of least error. Where a scale can be told in two ways the worse counts, so that no change hides in it."""
    sign = [group.odd and "sign" in free for group in groups]
    scale = [group.scalable and "scale" in free for group in groups]
    expected = {name: _finite(array.data) for name, array in pair.expected.items()}
    value = {name: _finite(pair.value[own].data) for name, own in pair.names.items()}

    def under(found: list[Match]) -> Alignment:
        return _worst(pair, groups, shifted, _scaled(pair, expected, value, groups, scale, found))

    if not any(sign) and "permutation" not in free:
        found = [identity(group.size) for group in groups]
    else:
        both = [balanced(arrays, groups, scale) if any(scale) else arrays for arrays in (expected, value)]
        problem = Problem(both[0], both[1], groups, "permutation" in free, sign, None if any(scale) else pair.allow)
        found = matches(problem, lambda some: under(some).off, thorough and (any(scale) or _may_agree(pair, groups)))
    return under(found)


def _scaled(
    pair: _Pair, expected: Arrays, value: Arrays, groups: Sequence[Group], scale: Sequence[bool], found: Sequence[Match]
) -> Iterator[list[Match]]:
    """The matching with every scale that the numbers tell."""
    if not any(scale):
        yield list(found)
        return
    for factors in scales(expected, moved(value, groups, found), groups, scale, pair.allow):
        yield [Match(match.order, match.factor * factor) for match, factor in zip(found, factors, strict=True)]


def _worst(pair: _Pair, groups: Sequence[Group], shifted: str, ways: Iterator[list[Match]]) -> Alignment:
    """The first way under which a number is off, else the one in which they differ most."""
    worst: Alignment | None = None
    for found in ways:
        alignment = pair.compared(groups, found, shifted)
        if alignment.off:
            return alignment
        worst = alignment if worst is None or alignment.ratio > worst.ratio else worst
    return worst if worst is not None else pair.compared(groups, [identity(group.size) for group in groups], shifted)


def _may_agree(pair: _Pair, groups: Sequence[Group]) -> bool:
    """Whether the sizes of the numbers of each tensor, in order, are near: else no order and no sign makes them agree."""
    for name in {member.tensor for group in groups for member in group.members}:
        e, v = (np.sort(np.abs(_finite(a.data)), axis=None) for a in (pair.expected[name], pair.value[pair.names[name]]))
        most = (_TWICE if name in pair.sums else 1.0) * (pair.allow.atol + pair.allow.rtol * float(e.max(initial=0.0)))
        if float(np.abs(e - v).max(initial=0.0)) > most * (1 + 1e-9):
            return False
    return True


def _rescales(found: Sequence[Match]) -> bool:
    return any((np.abs(match.factor) != 1).any() for match in found)


def _last_bias(layers: Sequence[Layer]) -> str:
    """The bias of the last layer; "" where it has none, or gives one number only, which a shift would leave free."""
    last = layers[-1] if layers else None
    return last.roles.get("bias", "") if last is not None and last.kind == "linear" and last.outputs > 1 else ""


def _shift(value: Numbers, expected: Numbers) -> float:
    """The number that is missing everywhere: the median of the differences."""
    shift = float(np.median(_finite(expected) - _finite(value))) if value.size else 0.0
    return shift if np.isfinite(shift) else 0.0


def _finite(array: Numbers) -> Numbers:
    """Real numbers in double precision, NaN and infinity replaced."""
    real = array.real if array.dtype.kind == "c" else array
    return np.clip(np.nan_to_num(real.astype(np.float64), nan=0.0, posinf=_HUGE, neginf=-_HUGE), -_HUGE, _HUGE)
