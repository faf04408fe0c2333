"""What is not in the numbers: dtype, container, gradients; NaN and infinity; values that were never changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.compare.generic.base import ENOUGH_FOR_ONE, Candidate, Leaf, Transform, differs
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def _alike(leaf: Leaf) -> bool:
    return leaf.v.shape == leaf.e.shape and not differs(leaf.v, leaf.e)


def dtype(leaf: Leaf) -> Iterator[Candidate]:
    """The same numbers, any shape, of another dtype."""
    if _alike(leaf) and leaf.value.dtype != leaf.expected.dtype and leaf.value.kind == leaf.expected.kind:
        yield Candidate(leaf.v, leaf.e)


def container(leaf: Leaf) -> Iterator[Candidate]:
    """The same numbers, any shape, in a list, tensor or numpy array where another of these is expected."""
    if _alike(leaf) and leaf.value.kind != leaf.expected.kind:
        yield Candidate(leaf.v, leaf.e)


def attached(leaf: Leaf) -> Iterator[Candidate]:
    """The same tensor, any shape, but one of the two requires gradients."""
    same = leaf.value.dtype == leaf.expected.dtype and leaf.value.kind == leaf.expected.kind
    if same and _alike(leaf) and leaf.value.requires_grad != leaf.expected.requires_grad:
        yield Candidate(leaf.v, leaf.e)


def all_nan(leaf: Leaf) -> Iterator[Candidate]:
    """Every number, of 2 and more, is NaN where numbers are expected."""
    if leaf.v.shape == leaf.e.shape and leaf.v.size > 1 and np.isnan(leaf.v).all() and np.isfinite(leaf.e).all():
        yield Candidate(np.zeros(1), np.zeros(1), judged=False)


def _mended(leaf: Leaf, limit: Numbers) -> Candidate | None:
    """The student's array with the expected numbers where it is not finite, if that is only at a limit; some of it is finite."""
    odd = ~np.isfinite(leaf.v)
    if odd.all() or not odd.any() or not np.isfinite(leaf.e).all() or (odd & ~limit).any():
        return None
    return Candidate(np.where(odd, leaf.e, leaf.v), leaf.e, evidence=odd.astype(float))


def nan_at_zero(leaf: Leaf) -> Iterator[Candidate]:
    """NaN or infinite, any shape, exactly where 0 is expected: 0 · log 0."""
    if leaf.v.shape == leaf.e.shape:
        found = _mended(leaf, leaf.e == 0)
        if found and np.array_equal(~np.isfinite(leaf.v), leaf.e == 0):
            yield found


def nan_at_one(leaf: Leaf) -> Iterator[Candidate]:
    """NaN or infinite, any shape, only where an activation has reached its limit, 1 or -1: inf / inf."""
    if leaf.v.shape == leaf.e.shape and np.abs(leaf.e).max(initial=0.0) <= 1:
        found = _mended(leaf, np.abs(leaf.e) == 1)
        if found:
            yield found


def initial(leaf: Leaf) -> Iterator[Candidate]:
    """What stood there before training, any shape."""
    if leaf.initial is not None and leaf.initial.shape == leaf.v.shape == leaf.e.shape and differs(leaf.initial, leaf.e):
        yield Candidate(leaf.v, leaf.initial)


def same_as_given(leaf: Leaf) -> Iterator[Candidate]:
    """One of the arrays that the function was given, any shape."""
    for given in leaf.given:
        if given.shape == leaf.v.shape and not (given.shape == leaf.e.shape and not differs(given, leaf.e)):
            yield Candidate(leaf.v, given, judged=False)


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "dtype",
        "The numbers are right, but they are of another dtype.",
        "the expected one but for its dtype",
        dtype,
        topic="kind",
        needs=0,
        retypes=True,
    ),
    Transform(
        "container",
        "The numbers are right, but they come in another container: a list, a tensor and a numpy array are three things.",
        "the expected one but for what holds the numbers",
        container,
        topic="kind",
        needs=0,
        retypes=True,
        places=True,
    ),
    Transform(
        "attached",
        "The tensor is right, but one of the two carries gradients and the other does not: see .detach() and requires_grad.",
        "the expected one but for requires_grad",
        attached,
        topic="kind",
        needs=0,
        retypes=True,
    ),
    Transform(
        "all_nan",
        "Every number of yours is NaN: something grew too large on the way (inf - inf, inf / inf), or log or a division "
        "met a 0. A smaller learning rate, or a mean in place of a sum, keeps numbers small.",
        "NaN everywhere",
        all_nan,
        needs=0,
        nonfinite=True,
    ),
    Transform(
        "nan_at_zero",
        "Yours is NaN or infinite just where 0 is expected: 0 · log 0 is NaN, though its limit is 0.",
        "the expected one wherever that is not 0, and is not finite there",
        nan_at_zero,
        topic="nan",
        needs=4,
        nonfinite=True,
    ),
    Transform(
        "nan_at_one",
        "Yours is NaN or infinite only where the right value has reached its limit: there exp grows too large, and inf / "
        "inf is NaN.",
        "the expected one wherever it is finite",
        nan_at_one,
        topic="nan",
        needs=4,
        nonfinite=True,
    ),
    Transform(
        "untrained",
        "This is still the value from before training.",
        "the value from before training",
        initial,
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "unchanged",
        "Your function gives back what it was given, unchanged.",
        "what it was given",
        same_as_given,
        retypes=True,
    ),
)
