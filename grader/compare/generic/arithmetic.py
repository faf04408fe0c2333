"""Numbers that were computed one step wrong: a sign, an offset, a power, rounding. Elementwise, any shape."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.compare.generic.base import ENOUGH_FOR_ONE, FITTED, Candidate, Leaf, Pairs, Transform, differs, forward, inverse
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def negated(e: Numbers) -> Numbers:
    """-e."""
    return -e


def absolute(e: Numbers) -> Numbers | None:
    """|e|, where some of it is negative."""
    return np.abs(e) if e.size and e.min() < 0 else None


def no_absolute(v: Numbers, e: Numbers) -> Numbers | None:
    """|v|, where no expected number is negative."""
    return np.abs(v) if v.size and e.size and v.min() < 0 <= e.min() else None


def relu(leaf: Leaf) -> Iterator[Candidate]:
    """max(e, 0), any shape, where some of it is negative. What counts is which numbers are 0."""
    if leaf.e.min() < 0:
        yield Candidate(leaf.v, np.maximum(leaf.e, 0), evidence=(leaf.e < 0).astype(float))


def no_relu(leaf: Leaf) -> Iterator[Candidate]:
    """max(v, 0), any shape, where no expected number is negative. What counts is which numbers should be 0."""
    if leaf.v.min() < 0 <= leaf.e.min():
        yield Candidate(np.maximum(leaf.v, 0), leaf.e, evidence=(leaf.v < 0).astype(float))


def complement(e: Numbers) -> Numbers | None:
    """1 - e, for shares and probabilities."""
    return 1 - e if e.size and e.min() >= 0 and e.max() <= 1 else None


def squared(e: Numbers) -> Numbers:
    """e², elementwise."""
    return e * e


def root(e: Numbers) -> Numbers | None:
    """The square root of what is not negative."""
    return np.sqrt(e) if e.size and e.min() >= 0 else None


def reciprocal(e: Numbers) -> Numbers | None:
    """1 / e, where e is 0 nowhere."""
    return 1 / e if np.all(e != 0) else None


def stepped(by: int) -> Pairs:
    """e + by on whole numbers: labels that count from 1 where they should count from 0, and the reverse."""

    def pairs(leaf: Leaf) -> Iterator[Candidate]:
        whole = leaf.e.size and np.all(leaf.e == np.round(leaf.e)) and leaf.value.data.dtype.kind in "iu"
        if whole and leaf.v.shape == leaf.e.shape and leaf.e.min() >= 0:
            yield Candidate(leaf.v, leaf.e + by)

    return pairs


def offset(leaf: Leaf) -> Iterator[Candidate]:
    """e + c with one c everywhere. Of 3 numbers and more."""
    v, e = leaf.v, leaf.e
    if v.shape == e.shape and v.size > 2:
        shift = float(np.mean(v - e))
        yield Candidate(v - shift, e, cost=FITTED, parameter=shift)


def bias(leaf: Leaf) -> Iterator[Candidate]:
    """(N, C), e + c with a c for each column: a bias is missing. N of 3 and more, C of 2 and more."""
    v, e = leaf.v, leaf.e
    if v.shape == e.shape and v.ndim == 2 and v.shape[0] > 2 and v.shape[1] > 1:
        shift = np.mean(v - e, axis=0)
        yield Candidate(v - shift, e, cost=FITTED * v.shape[1])


def rounded(leaf: Leaf) -> Iterator[Candidate]:
    """Rounded to 0 to 4 decimals, or cut to whole numbers. Not where the expected numbers are so already."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape:
        return
    for decimals in range(5):
        right = np.round(e, decimals)
        if differs(right, e) and not differs(np.round(v, decimals), v):
            yield Candidate(v, right, cost=2.0, parameter=decimals)
    if not differs(np.trunc(v), v) and differs(np.trunc(e), e):
        yield Candidate(v, np.trunc(e), cost=2.0, parameter=-1)


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "negated",
        "Yours has the opposite sign.",
        "the expected one with the opposite sign",
        forward(negated),
        topic="sign",
        needs=ENOUGH_FOR_ONE,
        hint="Yours has the opposite sign.",
    ),
    Transform(
        "absolute",
        "The signs are lost: yours is the absolute value of what is expected.",
        "the absolute value of the expected one",
        forward(absolute),
        topic="sign",
    ),
    Transform(
        "no_absolute",
        "The absolute value is missing: some of yours are negative, and only their signs are wrong.",
        "the expected one, once its absolute value is taken",
        inverse(no_absolute),
        topic="sign",
    ),
    Transform(
        "no_relu",
        "ReLU is missing: yours is right where it is positive, and should be 0 where it is negative.",
        "the expected one, once ReLU is applied",
        no_relu,
        needs=10,
    ),
    Transform(
        "relu",
        "There is a ReLU (or clamp) too much: yours is right where it is positive, but what should be negative is 0.",
        "ReLU of the expected one",
        relu,
        needs=10,
    ),
    Transform(
        "complement",
        "Yours is 1 minus what is expected: the probability of the other class, or right and wrong exchanged.",
        "1 minus the expected one",
        forward(complement),
        topic="classes",
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "one_based",
        "Your numbers count from 1; they should count from 0.",
        "the expected one plus 1",
        stepped(1),
    ),
    Transform(
        "zero_based",
        "Your numbers count from 0; they should count from 1.",
        "the expected one minus 1",
        stepped(-1),
    ),
    Transform(
        "offset",
        "Yours is off by the same number everywhere: something is added that should not be, or a bias is missing.",
        "the expected one but for one number added everywhere",
        offset,
        topic="offset",
        includes=frozenset({"one_based", "zero_based", "log_softmax"}),
        hint="Yours is too {side} by {size} everywhere.",
    ),
    Transform(
        "bias",
        "Each column is off by a number of its own: a bias is missing, or there is one too much.",
        "the expected one but for a number added to each column",
        bias,
        topic="offset",
        includes=frozenset({"offset"}),
    ),
    Transform(
        "squared",
        "Yours is the square of what is expected.",
        "the square of the expected one",
        forward(squared),
    ),
    Transform(
        "root",
        "The square is missing: yours is the square root of what is expected.",
        "the square root of the expected one",
        forward(root),
    ),
    Transform(
        "reciprocal",
        "Numerator and denominator have changed places: yours is 1 over what is expected.",
        "1 over the expected one",
        forward(reciprocal),
    ),
    Transform(
        "rounded",
        "Yours is rounded, or cut to whole numbers. Leave the numbers as they are.",
        "the expected one rounded",
        rounded,
        retypes=True,
    ),
)
