"""The right numbers in another shape, or only some of them, or more. On numbers and on texts alike."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.compare.generic.base import Candidate, Leaf, Transform, forward
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def transposed(e: Numbers) -> Numbers | None:
    """(R, C) -> (C, R)."""
    return e.T if e.ndim == 2 else None


def swapped_axes(leaf: Leaf) -> Iterator[Candidate]:
    """(T, B, H) -> (B, T, H), and any other two axes: of three axes or more."""
    for one in range(leaf.e.ndim if leaf.e.ndim > 2 else 0):
        for two in range(one):
            right = np.swapaxes(leaf.e, one, two)
            if right.shape == leaf.v.shape:
                cost = math.log2(leaf.e.ndim) - 8.0 * (right.shape != leaf.e.shape)
                yield Candidate(leaf.v, right, cost, parameter=(one, two))


def reshaped(e: Numbers) -> Numbers | None:
    """(R, C) -> (R, C): the numbers of the transpose, poured into the shape row by row. R and C of 2 and more, not the same."""
    return e.T.reshape(e.shape) if e.ndim == 2 and min(e.shape) > 1 and e.shape[0] != e.shape[1] else None


def same_but_for_an_axis(leaf: Leaf) -> Iterator[Candidate]:
    """The same numbers with an axis of length 1 more or less, or in another place: (N, 1), (N,) and (1, N)."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape and tuple(n for n in v.shape if n != 1) == tuple(n for n in e.shape if n != 1):
        yield Candidate(v.reshape(e.shape), e)


def same_in_another_shape(leaf: Leaf) -> Iterator[Candidate]:
    """The same numbers in the same order, in another shape: (12,) or (4, 3) for (3, 4)."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape and v.size == e.size and tuple(n for n in v.shape if n != 1) != tuple(n for n in e.shape if n != 1):
        yield Candidate(v.reshape(e.shape), e)


def _part(longer: Numbers, shorter: Numbers, axis: int) -> Iterator[tuple[int, Numbers]]:
    """(how many are missing, the head or tail of `longer` in the shape of `shorter`) along one axis."""
    if longer.ndim != shorter.ndim or axis >= longer.ndim:
        return
    missing = longer.shape[axis] - shorter.shape[axis]
    if missing <= 0 or not shorter.size or np.moveaxis(longer, axis, 0).shape[1:] != np.moveaxis(shorter, axis, 0).shape[1:]:
        return
    for start in (0, missing):
        yield missing, np.take(longer, range(start, start + shorter.shape[axis]), axis)


def _few(leaf: Leaf) -> Iterator[tuple[int, int, Candidate]]:
    """(how many are missing, how many are there, candidate) for a student's array that is a part of the expected one."""
    for axis in range(min(leaf.e.ndim, 2)):
        for missing, right in _part(leaf.e, leaf.v, axis):
            yield missing, leaf.v.shape[axis], Candidate(leaf.v, right)


def one_short(leaf: Leaf) -> Iterator[Candidate]:
    """(N - 1, ...) for (N, ...): the first or the last is missing, of rows or columns."""
    return (candidate for missing, there, candidate in _few(leaf) if missing == 1 and there > 1)


def too_few(leaf: Leaf) -> Iterator[Candidate]:
    """(K, ...) for (N, ...): the first K or the last K, of rows or columns; K of 2 and more, two and more are missing."""
    return (candidate for missing, there, candidate in _few(leaf) if missing > 1 and there > 1)


def _many(leaf: Leaf) -> Iterator[tuple[int, Candidate]]:
    for axis in range(min(leaf.v.ndim, 2)):
        for surplus, mine in _part(leaf.v, leaf.e, axis):
            if leaf.e.shape[axis] > 1:
                yield surplus, Candidate(mine, leaf.e)


def one_long(leaf: Leaf) -> Iterator[Candidate]:
    """(N + 1, ...) for (N, ...): one more at the start or at the end, of rows or columns."""
    return (candidate for surplus, candidate in _many(leaf) if surplus == 1)


def too_many(leaf: Leaf) -> Iterator[Candidate]:
    """(M, ...) for (N, ...): what is expected, and two more or more, before or after it."""
    return (candidate for surplus, candidate in _many(leaf) if surplus > 1)


def _only(leaf: Leaf, index: int) -> Iterator[Candidate]:
    v, e = leaf.v, leaf.e
    if e.ndim and len(e) > 1 and v.size and v.shape in (e.shape[1:], (1, *e.shape[1:])):
        yield Candidate(v.reshape(e.shape[1:]), e[index], cost=-8.0)


def last_only(leaf: Leaf) -> Iterator[Candidate]:
    """(...) or (1, ...) for (T, ...): the last step only."""
    return _only(leaf, -1)


def first_only(leaf: Leaf) -> Iterator[Candidate]:
    """(...) or (1, ...) for (T, ...): the first step only."""
    return _only(leaf, 0)


def all_for_last(leaf: Leaf) -> Iterator[Candidate]:
    """(T, ...) for (...) or (1, ...): all steps where the last is expected."""
    v, e = leaf.v, leaf.e
    if v.ndim and len(v) > 1 and e.size and e.shape in (v.shape[1:], (1, *v.shape[1:])):
        yield Candidate(v[-1].reshape(e.shape), e, cost=-8.0)


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "axis",
        "The numbers are right, their shape is not: an axis of length 1 is missing, too much, or in the wrong place. "
        ".reshape, .unsqueeze or .squeeze sets it right.",
        "the expected one but for an axis of length 1",
        same_but_for_an_axis,
        topic="shape",
        needs=0,
        places=True,
    ),
    Transform(
        "transposed",
        "Rows and columns have changed places: yours is the transpose of what is expected.",
        "the expected one transposed",
        forward(transposed),
        topic="shape",
        hint="Yours is the transpose.",
        places=True,
    ),
    Transform(
        "axes_swapped",
        "Two axes have changed places, as time and batch do with the wrong batch_first.",
        "the expected one with two axes exchanged",
        swapped_axes,
        places=True,
    ),
    Transform(
        "reshaped",
        "reshape (or view) stands where a transpose is meant: it pours the numbers into the new shape row by row and so "
        "mixes rows and columns.",
        "the transpose of the expected one, poured into its shape",
        forward(reshaped),
    ),
    Transform(
        "shape",
        "The numbers are right and in the right order, but they stand in another shape.",
        "the expected one in another shape",
        same_in_another_shape,
        needs=4,
        places=True,
    ),
    Transform(
        "one_short",
        "Yours is one too short: the first or the last row (or column, or number) is missing.",
        "the expected one without its first or last",
        one_short,
        needs=4,
        places=True,
    ),
    Transform(
        "one_long",
        "Yours is one too long: what is expected is all there, with one more before or after it.",
        "the expected one, with one more at an end",
        one_long,
        needs=4,
        places=True,
    ),
    Transform(
        "last_only",
        "Yours is the last step only (hT in place of all hidden states); all steps are expected.",
        "the last step of the expected one",
        last_only,
        topic="only",
        places=True,
    ),
    Transform(
        "first_only",
        "Yours is the first step only; all steps are expected.",
        "the first step of the expected one",
        first_only,
        topic="only",
        places=True,
    ),
    Transform(
        "all_for_last",
        "Yours holds all steps; only the last is expected (hT, not all hidden states).",
        "the expected one in its last step",
        all_for_last,
        places=True,
    ),
    Transform(
        "too_few",
        "Yours is a part of what is expected, right as far as it goes: it begins too late or stops too early.",
        "a first or last part of the expected one",
        too_few,
        places=True,
    ),
    Transform(
        "too_many",
        "Yours holds what is expected, and more before or after it: only a part is wanted.",
        "the expected one in its first or last part",
        too_many,
        places=True,
    ),
)
