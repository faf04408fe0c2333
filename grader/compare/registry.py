"""Which functions judge which comparator: `judge`, `matches` and `distance` look them up by the comparator's name.

Nothing here raises, whatever a student's notebook gave: what we cannot judge is ungraded, which is never a zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from grader.compare import (
    accuracy,
    architecture,
    close,
    figure,
    gradient,
    hidden,
    layers,
    losses,
    probing,
    rates,
    sequence,
    text,
    trained,
    uses,
    weights,
)
from grader.judging import Close, Comparator, Evidence
from grader.result import Outcome, Verdict
from grader.values import Value, capture

__all__ = ["JUDGES", "Judge", "distance", "judge", "matches", "verdict"]


def _distance_by_value(_comparator: Comparator, value: Value, other: Value) -> float | None:
    """For comparators that do not look at an expected value: how close the two values are."""
    return close.distance_close(Close(), value, other)


class Judge(NamedTuple):
    """What is done for one comparator. Each function takes the comparator's own options."""

    judge: Callable[[Any, Evidence], Verdict]
    distance: Callable[[Any, Value, Value], float | None]


JUDGES: Mapping[str, Judge] = {
    "close": Judge(close.judge_close, close.distance_close),
    "exact": Judge(close.judge_exact, close.distance_exact),
    "text": Judge(text.judge, text.distance),
    "weights": Judge(weights.judge, weights.distance),
    "accuracy": Judge(accuracy.judge, _distance_by_value),
    "architecture": Judge(architecture.judge, architecture.distance),
    "figure": Judge(figure.judge, figure.distance),
    "uses": Judge(uses.judge_uses, _distance_by_value),
    "avoids": Judge(uses.judge_avoids, _distance_by_value),
    "agree": Judge(close.judge_agree, close.distance_agree),
    "hidden_states": Judge(hidden.judge, hidden.distance),
    "linear_probe": Judge(probing.judge, _distance_by_value),
    "layers": Judge(layers.judge, layers.distance),
    "sequence": Judge(sequence.judge, sequence.distance),
    "losses": Judge(losses.judge, losses.distance),
    "trained": Judge(trained.judge, trained.distance),
    "success_rate": Judge(rates.judge, _distance_by_value),
    "gradient": Judge(gradient.judge, gradient.distance),
}


def judge(comparator: Comparator, evidence: Evidence) -> Verdict:
    """The verdict on one check. Never raises: a fault of ours gives the outcome `ungraded`."""
    try:
        with np.errstate(all="ignore"):
            return JUDGES[comparator.name].judge(comparator, evidence)
    except Exception as error:
        says = f"This could not be judged: {type(error).__name__}: {error}. A person will look at it."
        return Verdict(0.0, Outcome.UNGRADED, says)


def verdict(comparator: Comparator, value: Any, expected: Any = None, source: str = "") -> Verdict:
    """The verdict on live objects: tensors, state dicts, modules, figures, lists. Raises ValueTooLarge for huge ones.

    >>> verdict(Close(atol=0.1), [1.0, 2.0], [1.0, 2.5]).message
    '1 of the 2 numbers in your list of 2 numbers is not the expected one.'
    """
    return judge(comparator, Evidence(capture(value), capture(expected), source))


def distance(comparator: Comparator, value: Value, other: Value) -> float | None:
    """How far two values are apart for this comparator: 0 for the same, 1 for just near enough, None for different ones.

    Accuracy, uses and avoids compare with no value of another: for them it is that of `close`.
    """
    try:
        with np.errstate(all="ignore"):
            return JUDGES[comparator.name].distance(comparator, value, other)
    except Exception:
        return None  # a wrong diagnosis is worse than none


def matches(comparator: Comparator, value: Value, other: Value) -> bool:
    """Whether two values are the same for this comparator."""
    return distance(comparator, value, other) is not None
