"""What a generic transform is: a step that turns the right value into a typical wrong one, and what would show that it was taken.

A transform names pairs of arrays that are the same if it explains the value: the student's with what the step makes of the
expected one (`forward`), or what mends the student's with the expected one (`inverse`). It decides nothing: `search` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from grader.compare.measure import Numbers
from grader.values import Array

__all__ = [
    "ENOUGH_FOR_ONE",
    "FITTED",
    "Candidate",
    "Leaf",
    "Transform",
    "differs",
    "forward",
    "inverse",
    "log2_factorial",
    "row_sums_to_one",
    "shares",
]

FITTED = 10.0  # bits that a number costs which is read off the student's value
ENOUGH_FOR_ONE = 10.0  # bits needed of a step so common that one number, if it is no simple fraction, may show it


@dataclass(frozen=True)
class Leaf:
    """An array of the student's, any shape, with the one expected in its place.

    v, e: both as float64, or as whole numbers that stand for texts (`symbols`). counts: lengths and sizes of 3 and more of all
    arrays around. given: what the probe was given, as float64. initial: the value before training, where it is known.
    """

    value: Array
    expected: Array
    v: Numbers
    e: Numbers
    counts: frozenset[int] = frozenset()
    given: tuple[Numbers, ...] = ()
    initial: Numbers | None = None
    symbols: bool = False


@dataclass(frozen=True)
class Candidate:
    """Two arrays of one shape that are the same if the transform explains the leaf.

    cost: bits spent on choosing this among its alternatives (log2 of how many there are, FITTED for a fitted number).
    parameter: what must be the same in all leaves of a check; None where that does not matter.
    evidence: the numbers of `right` that could have been otherwise; None for all. judged: whether both are values of the
    check's kind, so that its comparator can be asked, too.
    """

    mine: Numbers
    right: Numbers
    cost: float = 0.0
    parameter: Hashable = None
    evidence: Numbers | None = None
    judged: bool = True


Pairs = Callable[[Leaf], Iterable[Candidate]]


@dataclass(frozen=True)
class Transform:
    """A row of the table.

    says: what a student reads, without a number; "" for a hint only. agrees: ends the sentence "your value agrees with".
    topic: transforms of one topic tell the student the same thing, and the first in the table is named. includes: special
    cases, which are named in its place. needs: bits of evidence above its cost, 0 where the correction speaks for itself.
    hint: the sentence of `hints`, in which {size} and {side} are the fitted number's. places: it only moves things, so it is
    tried on texts as well. retypes: the dtype changes with it. nonfinite: it is about NaN and infinity.
    """

    name: str
    says: str
    agrees: str
    pairs: Pairs
    topic: str = ""
    includes: frozenset[str] = field(default_factory=frozenset)
    needs: float = 16.0
    hint: str = ""
    places: bool = False
    retypes: bool = False
    nonfinite: bool = False


def forward(made: Callable[[Numbers], Numbers | None]) -> Pairs:
    """The student's value is what the step makes of the expected one."""

    def pairs(leaf: Leaf) -> Iterator[Candidate]:
        right = made(leaf.e)
        if right is not None and right.shape == leaf.v.shape:
            yield Candidate(leaf.v, right, cost=-8.0 if leaf.v.shape != leaf.e.shape else 0.0)

    return pairs


def inverse(mended: Callable[[Numbers, Numbers], Numbers | None]) -> Pairs:
    """The step that mends the student's value makes the expected one of it. Rows of shares have one number less to match."""

    def pairs(leaf: Leaf) -> Iterator[Candidate]:
        mine = mended(leaf.v, leaf.e) if leaf.v.shape == leaf.e.shape else None
        if mine is not None:
            free = np.s_[..., :-1] if row_sums_to_one(leaf.e) else np.s_[...]
            changed = np.abs(leaf.v - leaf.e) > 1e-6 * np.abs(leaf.e).max()
            yield Candidate(mine, leaf.e, evidence=leaf.e[free][changed[free]])

    return pairs


def row_sums_to_one(e: Numbers) -> bool:
    """Whether the last axis of `e`, (..., C) with C of 2 and more, holds shares: none negative, 1 in all."""
    if not e.ndim or e.shape[-1] < 2 or not e.size or not np.isfinite(e).all():
        return False
    return bool(e.min() >= 0 and np.abs(e.sum(-1) - 1).max() <= 1e-4)


def shares(e: Numbers) -> bool:
    """Whether all numbers, any shape, lie in [0, 1]."""
    return bool(e.size and e.min() >= 0 and e.max() <= 1)


def differs(one: Numbers, two: Numbers) -> bool:
    """Whether two arrays of one shape are apart by more than rounding."""
    return bool(np.abs(one - two).max(initial=0.0) > 1e-6 * max(np.abs(two).max(initial=0.0), 1e-30))


def log2_factorial(n: int) -> float:
    """log2 of n!, the bits that it takes to name an order of n things."""
    return math.lgamma(n + 1) / math.log(2)
