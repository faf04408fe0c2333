"""Which transform of the table explains a wrong value: the decision.

A transform explains a check when, in each piece that is wrong, one step with one parameter gives what was seen: within the
check's own tolerance, and within a thousandth of the difference that is to be explained, so a loose tolerance proves nothing.
The numbers must also say enough. Each that is no simple fraction counts up to 14 bits (how finely it is known), the order of
different ones its own; what the transform left open is taken off. (Rissanen, "Modeling by shortest data description", 1978.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.compare.generic.base import Candidate, Leaf, Transform, log2_factorial
from grader.compare.generic.pieces import Around, leaves, whole
from grader.compare.generic.table import EXCHANGED, TABLE, by_name
from grader.compare.measure import Numbers, Tolerance, tolerance
from grader.values import Array, Value

__all__ = ["Case", "Found", "agreement", "decide", "found_in", "information", "one_step"]

STRICT = 1e-3  # of the difference that is to be explained
ROUNDING = 1e-6  # of the largest number: what a float32 sum may be off in another order
MOST_BITS = 14.0
ANYTHING = 2.0  # bits above its cost that make an explanation a rival of others, though they prove nothing
RIVAL = 30.0  # an explanation that is so many times less exact than the best one is none


@dataclass(frozen=True)
class Case:
    """A failing check. near: the distance of two values for its comparator, None when they differ; atol, rtol: as it has them."""

    check: str
    value: Value
    expected: Value
    near: Callable[[Value, Value], float | None]
    atol: float | None = None
    rtol: float | None = None
    around: Around = Around()  # noqa: RUF009 - frozen, so it can be shared


@dataclass(frozen=True)
class Found:
    """That a transform fits: bits of evidence above its cost, and the largest difference as a share of the largest number."""

    bits: float
    nearness: float

    def __add__(self, other: Found) -> Found:
        return Found(self.bits + other.bits, max(self.nearness, other.nearness))


def decide(found: Sequence[Mapping[str, Found]]) -> tuple[Transform, Found] | None:
    """The one transform that explains every check, or None. found: name -> how well, for each check.

    None, too, where several that tell a student different things fit equally well, be it on numbers that prove none of them.
    """
    names = set.intersection(*map(set, found)) if found else set()
    fits = {t.name: (t, _sum(check[t.name] for check in found)) for t in by_name(names) if t.says}
    fits = {name: (t, fit) for name, (t, fit) in fits.items() if fit.bits >= min(t.needs, ANYTHING)}
    fits = {name: (t, fit) for name, (t, fit) in fits.items() if not t.includes & fits.keys()}
    best = min((fit.nearness for _, fit in fits.values()), default=0.0)
    likely = [(t, fit) for t, fit in fits.values() if fit.nearness <= RIVAL * max(best, ROUNDING)]
    topics = {t.topic or t.name for t, _ in likely}
    proven = [(t, fit) for t, fit in likely if fit.bits >= t.needs]
    return proven[0] if len(topics) == 1 and proven else None


def _sum(found: Iterable[Found]) -> Found:
    total = Found(0.0, 0.0)
    for one in found:
        total += one
    return total


def found_in(case: Case) -> dict[str, Found] | None:
    """Every transform that fits one failing check; None where none can be tried: nothing in it is a wrong number."""
    pieces = leaves(case.value, case.expected, case.around)
    if pieces is None:
        return _explained(case, lists, asks=False) if (lists := whole(case.value, case.expected, case.around)) else {}
    wrong = [leaf for leaf in pieces if not _right(case, leaf)]
    if not wrong:
        return None
    found = _explained(case, wrong, asks=True)
    if len(pieces) > 1:
        found |= {EXCHANGED.name: fit} if (fit := _exchanged(wrong)) else {}
        if not any(t.says and found[t.name].bits >= t.needs for t in by_name(found)):
            found = _explained(case, whole(case.value, case.expected, case.around), asks=False) | found
    return found


def _explained(case: Case, wrong: Sequence[Leaf], asks: bool) -> dict[str, Found]:
    found: dict[str, Found] = {}
    if not wrong:
        return found
    with np.errstate(all="ignore"):
        for transform in TABLE:
            fit = _fit(case, transform, wrong, asks)
            if fit is not None:
                found[transform.name] = fit
    return found


def _fit(case: Case, transform: Transform, wrong: Sequence[Leaf], asks: bool) -> Found | None:
    """How well one transform, with one parameter, fits all wrong pieces of a check; None where it does not."""
    options: list[dict[object, Found]] = []
    for leaf in wrong:
        fits: dict[object, Found] = {}
        for candidate in _candidates(transform, leaf):
            fit = agreement(leaf, candidate)
            if fit is not None and (not candidate.judged or _near(case, transform, leaf, candidate, asks)):
                fits.setdefault(candidate.parameter, fit)
        if not fits:
            return None
        options.append(fits)
    shared = [p for p in options[0] if all(p in fits or None in fits for fits in options)]
    if not shared:
        return None
    return max((_sum(fits.get(p) or fits[None] for fits in options) for p in shared), key=lambda fit: fit.bits)


def _candidates(transform: Transform, leaf: Leaf) -> Iterable[Candidate]:
    """What would show the transform in this piece. Texts have places only; NaN has reasons of its own."""
    if leaf.symbols and not transform.places:
        return []
    if not leaf.v.size or not leaf.e.size or transform.nonfinite != (not _finite_alike(leaf)):
        return []
    return transform.pairs(leaf)


def _finite_alike(leaf: Leaf) -> bool:
    """Whether NaN and infinity come only where expected, as far as the shapes tell."""
    if np.isfinite(leaf.v).all():
        return True
    return leaf.v.shape == leaf.e.shape and bool((np.isfinite(leaf.v) | ~np.isfinite(leaf.e)).all())


# ---------------------------------------------------------------------------------------------------- agreement


def agreement(leaf: Leaf, candidate: Candidate) -> Found | None:
    """How well two arrays of one shape agree, under the strict tolerance; None when they do not."""
    mine, right = candidate.mine, candidate.right
    if mine.shape != right.shape:
        return None
    odd = ~np.isfinite(right)
    if (odd != ~np.isfinite(mine)).any() or not np.array_equal(mine[odd], right[odd], equal_nan=True):
        return None
    numbers = right[~odd]
    apart = float(np.abs(mine[~odd] - numbers).max(initial=0.0))
    size = float(np.abs(numbers).max(initial=0.0))
    if apart > _allowed(leaf, numbers, size):
        return None
    exact = max(apart, ROUNDING * size)
    bits = information(_evidence(leaf, candidate), exact, leaf.symbols) - candidate.cost
    return Found(bits, apart / size if size else 0.0)


def _allowed(leaf: Leaf, numbers: Numbers, size: float) -> float:
    """The largest difference that still counts as explained."""
    same = leaf.v.shape == leaf.e.shape
    apart = np.abs(leaf.v - leaf.e) if same and _finite_alike(leaf) else np.full(1, math.inf)
    change = float(np.nanmax(apart, initial=0.0))
    spread = float(np.ptp(numbers)) if numbers.size else 0.0
    strict = STRICT * min(change, size, spread if spread > 1e-5 * size else math.inf)
    return max(strict, min(ROUNDING * size, 0.02 * change if change else math.inf))


def _evidence(leaf: Leaf, candidate: Candidate) -> Numbers:
    """The numbers that count: those that the step changes, unless the candidate names others."""
    if candidate.evidence is not None:
        return candidate.evidence
    if not leaf.v.shape == leaf.e.shape == candidate.right.shape:
        return candidate.right
    return np.asarray(candidate.right[np.abs(leaf.v - leaf.e) > ROUNDING * np.abs(leaf.e).max(initial=0.0)])


def information(numbers: Numbers, exact: float, symbols: bool = False) -> float:
    """How many bits these numbers, any shape, known to `exact`, say: which ones they are, and in which order they come.

    Simple fractions (of 60) and texts count 2 bits each, since a wrong value may well hold them, too.
    """
    flat = np.sort(numbers[np.isfinite(numbers)], axis=None)[:: max(1, numbers.size // 1000)]
    if not flat.size:
        return 0.0
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat) > 10 * exact) + 1])
    counts = np.diff([*starts, flat.size])
    order = log2_factorial(flat.size) - sum(log2_factorial(int(count)) for count in counts)
    different = flat[starts]
    simple = symbols | (np.abs(different * 60 - np.round(different * 60)) <= max(120 * exact, 1e-9)) & (np.abs(different) < 1000)
    size = float(np.abs(flat).max())
    fine = min(MOST_BITS, math.log2(size / (10 * exact))) if exact and size > 20 * exact else MOST_BITS if not exact else 2.0
    return order + float(np.where(simple, 2.0, fine).sum())


# ---------------------------------------------------------------------------------------------------- the check's comparator


def _right(case: Case, leaf: Leaf) -> bool:
    """Whether a piece is right for the comparator; where it cannot tell of a piece alone, for its tolerance."""
    if not leaf.symbols and case.near(leaf.expected, leaf.expected) is not None:
        return case.near(leaf.value, leaf.expected) is not None
    alike = leaf.value.kind == leaf.expected.kind and leaf.value.data.dtype.kind == leaf.expected.data.dtype.kind
    return alike and leaf.v.shape == leaf.e.shape and _within(case, leaf, leaf.v, leaf.e)


def _near(case: Case, transform: Transform, leaf: Leaf, candidate: Candidate, asks: bool) -> bool:
    """Whether the comparator takes the two for the same."""
    if asks and not leaf.symbols and case.near(leaf.expected, leaf.expected) is not None:
        own = leaf.expected if transform.retypes else leaf.value
        return case.near(_as(own, candidate.mine), _as(leaf.expected, candidate.right)) is not None
    return _within(case, leaf, candidate.mine, candidate.right)


def _as(like: Array, numbers: Numbers) -> Array:
    """Numbers as an array like another; as floats where its dtype would cut them."""
    whole_dtype = like.data.dtype.kind in "biu"
    if whole_dtype and not (np.isfinite(numbers).all() and np.array_equal(numbers, np.round(numbers))):
        return Array(numbers.astype(np.float32), "float32", like.kind)
    return Array(numbers.astype(like.data.dtype), like.dtype, like.kind)


def _within(case: Case, leaf: Leaf, mine: Numbers, right: Numbers) -> bool:
    allow: Tolerance = tolerance([leaf.value.dtype, leaf.expected.dtype], case.rtol, case.atol)
    same = (mine == right) | (np.isnan(mine) & np.isnan(right))
    return bool((same | (np.abs(mine - right) <= allow.allowed(right))).all())


def _exchanged(wrong: Sequence[Leaf]) -> Found | None:
    """That exactly two pieces are wrong, and each is what is expected in the other's place."""
    if len(wrong) != 2:
        return None
    one, two = wrong
    fits = [agreement(leaf, Candidate(leaf.v, other.e, evidence=other.e)) for leaf, other in ((one, two), (two, one))]
    both = [fit for fit in fits if fit is not None]
    return _sum(both) if len(both) == 2 else None


def one_step(leaf: Leaf) -> tuple[Transform, Candidate] | None:
    """The first transform with a hint that turns one array into another of the same shape."""
    with np.errstate(all="ignore"):
        for transform in TABLE:
            for candidate in _candidates(transform, leaf) if transform.hint else ():
                if agreement(leaf, candidate) is not None:
                    return transform, candidate
    return None
