"""The right numbers in another place: reversed, shifted, exchanged, repeated. On numbers and on texts alike."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from grader.compare.generic.base import Candidate, Leaf, Transform, forward, log2_factorial
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def backwards(e: Numbers) -> Numbers | None:
    """(T, ...) -> (T, ...), the last first. T of 2 and more."""
    return e[::-1] if e.ndim and len(e) > 1 else None


def sorted_rows(e: Numbers) -> Numbers | None:
    """(N,) -> (N,), in order of size. N of 3 and more."""
    return np.sort(e) if e.ndim == 1 and len(e) > 2 else None


def late(leaf: Leaf) -> Iterator[Candidate]:
    """(T, ...): what is expected at t stands at t + 1; what stands at the start may be anything. T of 4 and more."""
    v, e = leaf.v, leaf.e
    if v.shape == e.shape and v.ndim and len(v) > 3:
        yield Candidate(v, np.concatenate([v[:1], e[:-1]]), evidence=e[:-1][v[1:] != e[1:]])


def early(leaf: Leaf) -> Iterator[Candidate]:
    """(T, ...): what is expected at t + 1 stands at t; what stands at the end may be anything. T of 4 and more."""
    v, e = leaf.v, leaf.e
    if v.shape == e.shape and v.ndim and len(v) > 3:
        yield Candidate(v, np.concatenate([e[1:], v[-1:]]), evidence=e[1:][v[:-1] != e[:-1]])


def two_rows(leaf: Leaf) -> Iterator[Candidate]:
    """(N, ...): two rows, or two numbers, have changed places, and all others stand where they should."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape or not v.ndim or len(v) < 2:
        return
    off = np.abs(v - e).reshape(len(v), -1).max(1, initial=0.0)
    if np.count_nonzero(off) < 2:
        return
    one, two = np.sort(np.argsort(off, kind="stable")[-2:])
    right = e.copy()
    right[[one, two]] = e[[two, one]]
    yield Candidate(v, right, cost=math.log2(math.comb(len(v), 2)))


def another_order(leaf: Leaf) -> Iterator[Candidate]:
    """(N, ...): the same rows, or numbers, in another order. Rows are ordered by a projection on a fixed direction."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape or not v.ndim or not 3 <= len(v) <= 10_000 or not v.size:
        return
    rows, expected = v.reshape(len(v), -1), e.reshape(len(e), -1)
    direction = np.random.default_rng(0).standard_normal(rows.shape[1])
    right = np.empty_like(expected)
    right[np.argsort(rows @ direction, kind="stable")] = expected[np.argsort(expected @ direction, kind="stable")]
    yield Candidate(v, right.reshape(e.shape), cost=log2_factorial(len(v)))


def columns(leaf: Leaf) -> Iterator[Candidate]:
    """(..., C): the last axis in another order. C from 2 to 64, C rows and more unless C is 2."""
    v, e = leaf.v, leaf.e
    if v.shape != e.shape or v.ndim < 2 or not 2 <= v.shape[-1] <= 64 or not v.size:
        return
    mine, expected = v.reshape(-1, v.shape[-1]), e.reshape(-1, v.shape[-1])
    if mine.size * mine.shape[1] > 10**7:
        return
    apart = np.abs(mine[:, :, None] - expected[:, None, :]).max(0)  # (C, C): my column with each expected one
    order = apart.argmin(1)
    if len(set(order.tolist())) == len(order) and (order != np.arange(len(order))).any():
        yield Candidate(v, e[..., order], cost=log2_factorial(len(order)), parameter=tuple(order.tolist()))


def repeated(leaf: Leaf) -> Iterator[Candidate]:
    """(N, ...): every row is the first, or the last, of those expected. N of 2 and more."""
    v, e = leaf.v, leaf.e
    if v.shape == e.shape and v.ndim and len(v) > 1 and v.size:
        for index in (0, -1):
            yield Candidate(v, np.broadcast_to(e[index], e.shape), cost=1.0, evidence=e[index])


def accumulated(e: Numbers) -> Numbers | None:
    """(T, ...) -> (T, ...): the running sum over the first axis. T of 3 and more."""
    return np.cumsum(e, axis=0) if e.ndim and len(e) > 2 else None


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "reversed",
        "Yours runs backwards: the last comes first.",
        "the expected one in reverse order",
        forward(backwards),
        topic="order",
        hint="Yours is in reverse order.",
        places=True,
    ),
    Transform(
        "sorted",
        "Yours is sorted by size; the order is that of the data.",
        "the expected one sorted",
        forward(sorted_rows),
        topic="order",
    ),
    Transform(
        "late",
        "Yours is one step late: what belongs to a step stands at the one after it.",
        "the expected one, one step late",
        late,
        places=True,
    ),
    Transform(
        "early",
        "Yours is one step early: what belongs to a step stands at the one before it.",
        "the expected one, one step early",
        early,
        places=True,
    ),
    Transform(
        "rows_swapped",
        "Two of the rows (or numbers) have changed places; the others are right.",
        "the expected one with two rows exchanged",
        two_rows,
        topic="order",
        places=True,
    ),
    Transform(
        "columns_swapped",
        "The columns stand in another order, as when classes or letters are numbered otherwise.",
        "the expected one with its columns in another order",
        columns,
        topic="classes",
        places=True,
        hint="Yours holds the same numbers in another order.",
    ),
    Transform(
        "another_order",
        "Yours holds the right numbers, but in another order.",
        "the expected one in another order",
        another_order,
        topic="order",
        places=True,
        includes=frozenset({"reversed", "sorted", "late", "early", "rows_swapped"}),
        hint="Yours holds the same numbers in another order.",
    ),
    Transform(
        "repeated",
        "All your rows are the same one, the first or the last of those expected. Was it made once, outside the loop, or "
        "is one object stored many times?",
        "one row of the expected one, many times",
        repeated,
    ),
    Transform(
        "accumulated",
        "Yours adds up: each number is the sum of all expected ones so far. Something is not set back at each step.",
        "the running sum of the expected one",
        forward(accumulated),
    ),
)
