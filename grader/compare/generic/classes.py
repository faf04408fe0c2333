"""Rows of probabilities, scores and classes: a softmax too few, too much, over the wrong axis; classes for scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.compare.generic.base import Candidate, Leaf, Transform, forward, inverse, row_sums_to_one, shares
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def softmax(u: Numbers) -> Numbers:
    """(..., C) -> (..., C), over the last axis."""
    return np.asarray(np.exp(log_softmax(u)))


def log_softmax(u: Numbers) -> Numbers:
    """(..., C) -> (..., C), over the last axis."""
    top = u.max(-1, keepdims=True)
    return np.asarray(u - top - np.log(np.exp(u - top).sum(-1, keepdims=True)))


def no_softmax(v: Numbers, e: Numbers) -> Numbers | None:
    """softmax(v) of logits (..., C) where rows of probabilities are expected."""
    logits = row_sums_to_one(e) and not row_sums_to_one(v) and not row_sums_to_one(np.exp(v))
    return softmax(v) if logits else None


def no_exp(v: Numbers, e: Numbers) -> Numbers | None:
    """exp(v) of log-probabilities where probabilities are expected."""
    return np.exp(v) if shares(e) and v.size and v.max() <= 1e-6 else None


def not_divided(v: Numbers, e: Numbers) -> Numbers | None:
    """(..., C): v divided by the sum of its row, where rows of shares are expected: exp(u) without its sum."""
    sums = v.sum(-1, keepdims=True)
    if not row_sums_to_one(e) or v.min() < 0 or sums.min() <= 0 or np.ptp(sums) <= 1e-4 * sums.max():
        return None  # with one sum for all rows, it is a factor
    return np.asarray(v / sums)


def softmax_twice(e: Numbers) -> Numbers | None:
    """(..., C): softmax of what is a row of probabilities already."""
    return softmax(e) if row_sums_to_one(e) else None


def softmax_of_logits(e: Numbers) -> Numbers | None:
    """(..., C): probabilities where logits are expected. C of 2 and more."""
    return softmax(e) if e.ndim and e.shape[-1] > 1 and not row_sums_to_one(e) else None


def log_softmax_of_logits(e: Numbers) -> Numbers | None:
    """(..., C): log-probabilities where logits are expected."""
    return log_softmax(e) if e.ndim and e.shape[-1] > 1 and not row_sums_to_one(e) else None


def sigmoid_for_softmax(v: Numbers, e: Numbers) -> Numbers | None:
    """(..., C): sig(u) where softmax(u) is expected: the softmax of the logit of v is e."""
    if not row_sums_to_one(e) or row_sums_to_one(v) or v.min() <= 0 or v.max() >= 1:
        return None
    return softmax(np.log(v) - np.log1p(-v))


def wrong_axis(leaf: Leaf) -> Iterator[Candidate]:
    """(N, C), softmax over the first axis for one over the last: the columns add up to 1, and ln v - ln e = a_i + b_j.

    N and C of 2 and more. The logits u are known up to a constant in each row, so a_i is free, and b_j is the columns' sum.
    """
    v, e = leaf.v, leaf.e
    if v.shape != e.shape or v.ndim != 2 or min(v.shape) < 2 or v.min() <= 0 or e.min() <= 0:
        return
    if not row_sums_to_one(e) or not row_sums_to_one(v.T) or row_sums_to_one(v):
        return
    mine, right = np.log(v), np.log(e)
    apart = mine - right
    additive = apart.mean(1, keepdims=True) + apart.mean(0, keepdims=True) - apart.mean()
    yield Candidate(mine - additive, right, evidence=right[1:, 1:], judged=False)


def classes(leaf: Leaf) -> Iterator[Candidate]:
    """(N,) or (N, 1) for (N, C): the number of the largest, where one-hot rows, scores or probabilities are expected."""
    v, e = leaf.v, leaf.e
    if e.ndim == 2 and e.shape[1] > 1 and e.shape[0] > 1 and v.shape in ((len(e),), (len(e), 1)):
        yield Candidate(v.reshape(-1), e.argmax(1).astype(float), cost=-4.0, judged=False)


def scores(leaf: Leaf) -> Iterator[Candidate]:
    """(N, C) for (N,) or (N, 1): one-hot rows or scores, where the number of the largest is expected."""
    v, e = leaf.v, leaf.e
    if v.ndim == 2 and v.shape[1] > 1 and len(v) > 1 and e.shape in ((len(v),), (len(v), 1)):
        yield Candidate(v.argmax(1).astype(float).reshape(e.shape), e, cost=-4.0)


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "no_softmax",
        "These are logits: softmax over the last axis is missing, which turns each row into probabilities.",
        "the expected one, once softmax is applied",
        inverse(no_softmax),
    ),
    Transform(
        "log_probabilities",
        "These are logarithms of probabilities. Take softmax in place of log_softmax, or exp of them.",
        "the logarithm of the expected one",
        inverse(no_exp),
    ),
    Transform(
        "not_divided",
        "The rows do not add up to 1: divide each by the sum of its own row.",
        "the expected one, once each row is divided by its sum",
        inverse(not_divided),
    ),
    Transform(
        "wrong_axis",
        "The softmax runs down the columns, over the observations, so the rows do not add up to 1. The classes of one "
        "observation stand along dim=1.",
        "softmax over the other axis of the expected one's logits",
        wrong_axis,
    ),
    Transform(
        "softmax_twice",
        "These are probabilities of probabilities: softmax was taken twice.",
        "softmax of the expected one",
        forward(softmax_twice),
        topic="softmax",
    ),
    Transform(
        "probabilities",
        "These are probabilities; logits are expected, before the softmax.",
        "softmax of the expected one",
        forward(softmax_of_logits),
        topic="softmax",
    ),
    Transform(
        "log_softmax",
        "These are log-probabilities; logits are expected, before the softmax.",
        "log_softmax of the expected one",
        forward(log_softmax_of_logits),
    ),
    Transform(
        "sigmoid_for_softmax",
        "The sigmoid treats each logit by itself, so a row does not add up to 1. Softmax divides by the sum of the row.",
        "the sigmoid where the expected one is softmax",
        inverse(sigmoid_for_softmax),
    ),
    Transform(
        "classes",
        "These are the numbers of the classes; one-hot rows or scores, a column for each class, are expected.",
        "the numbers of the largest in the rows of the expected one",
        classes,
        retypes=True,
    ),
    Transform(
        "scores",
        "These are rows of scores or one-hot rows; the number of the class is expected: argmax(dim=1).",
        "the expected one, once argmax is taken",
        scores,
        retypes=True,
    ),
)
