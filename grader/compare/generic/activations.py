"""Activations of single numbers: one too few, one too much, another one. Any shape."""

from __future__ import annotations

import numpy as np

from grader.compare.generic.base import Transform, forward, inverse, shares
from grader.compare.measure import Numbers

__all__ = ["ROWS"]


def sigmoid(u: Numbers) -> Numbers:
    """1 / (1 + exp(-u)), any shape."""
    return np.asarray(np.exp(-np.logaddexp(0, -u)))


def no_sigmoid(v: Numbers, e: Numbers) -> Numbers | None:
    """sig(v) of logits where probabilities are expected, any shape."""
    return sigmoid(v) if shares(e) else None


def no_tanh(v: Numbers, e: Numbers) -> Numbers | None:
    """tanh(v), where all expected numbers are in [-1, 1]."""
    return np.tanh(v) if e.size and np.abs(e).max() <= 1 else None


def sigmoid_twice(e: Numbers) -> Numbers | None:
    """The sigmoid of what is a probability already."""
    return sigmoid(e) if shares(e) else None


def sigmoid_of_logits(e: Numbers) -> Numbers | None:
    """Probabilities where logits are expected."""
    return None if shares(e) else sigmoid(e)


def tanh_extra(e: Numbers) -> Numbers:
    """tanh(e), any shape."""
    return np.tanh(e)


def logarithm(e: Numbers) -> Numbers | None:
    """ln(e) of positive numbers that are no probabilities."""
    return np.log(e) if e.size and e.min() > 0 and e.max() > 1 else None


def exponential(e: Numbers) -> Numbers:
    """exp(e): the logarithm is missing."""
    return np.exp(np.minimum(e, 700))


def sigmoid_for_tanh(e: Numbers) -> Numbers | None:
    """sig(u) where tanh(u) is expected."""
    return sigmoid(np.arctanh(e)) if e.size and e.min() < 0 and np.abs(e).max() < 1 else None


def tanh_for_sigmoid(e: Numbers) -> Numbers | None:
    """tanh(u) where sig(u) is expected."""
    return np.tanh(np.log(e) - np.log1p(-e)) if e.size and e.min() > 0 and e.max() < 1 else None


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "no_sigmoid",
        "These are logits: the sigmoid is missing, which turns each into a probability.",
        "the expected one, once the sigmoid is applied",
        inverse(no_sigmoid),
    ),
    Transform(
        "no_tanh",
        "tanh is missing at the end.",
        "the expected one, once tanh is applied",
        inverse(no_tanh),
    ),
    Transform(
        "sigmoid_twice",
        "The sigmoid was taken twice.",
        "the sigmoid of the expected one",
        forward(sigmoid_twice),
    ),
    Transform(
        "sigmoids",
        "These are probabilities; logits are expected, before the sigmoid.",
        "the sigmoid of the expected one",
        forward(sigmoid_of_logits),
    ),
    Transform(
        "tanh_extra",
        "There is a tanh too much at the end.",
        "tanh of the expected one",
        forward(tanh_extra),
    ),
    Transform(
        "logarithm",
        "A logarithm was taken that should not be.",
        "the logarithm of the expected one",
        forward(logarithm),
    ),
    Transform(
        "exponential",
        "A logarithm is missing: yours is e to the power of what is expected.",
        "e to the power of the expected one",
        forward(exponential),
    ),
    Transform(
        "sigmoid_for_tanh",
        "This is the sigmoid, with values in (0, 1), where tanh is expected.",
        "the sigmoid where the expected one is tanh",
        forward(sigmoid_for_tanh),
    ),
    Transform(
        "tanh_for_sigmoid",
        "This is tanh, with values in (-1, 1), where the sigmoid is expected.",
        "tanh where the expected one is the sigmoid",
        forward(tanh_for_sigmoid),
    ),
)
