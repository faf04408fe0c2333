"""How much tolerance one value needs: the smallest factor on all of a comparator's tolerances with which the value passes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from grader import compare
from grader.compare.measure import tolerance
from grader.compare.walk import as_array, pairs
from grader.judging import Agree, Close, Comparator, Evidence, Figure, HiddenStates, Losses, freedoms
from grader.result import Outcome
from grader.values import Value

__all__ = ["default_tolerance", "explicit", "largest_difference", "needed", "scaled", "tolerances"]

TOLERANCES = ("atol", "rtol", "band", "final_within")  # options that say how far from the expected value one may be
SMALLEST, LARGEST, PRECISION = 1e-9, 1e9, 1.01


def tolerances(comparator: Comparator) -> dict[str, float]:
    """The options that allow a distance, by name; empty where nothing but the same is allowed, or a threshold decides."""
    if isinstance(comparator, HiddenStates) and "affine" in freedoms(comparator.upto):
        return {}
    if isinstance(comparator, Figure) and not (comparator.lines or comparator.images):
        return {}
    found = {name: getattr(comparator, name, None) for name in TOLERANCES}
    return {name: float(value) for name, value in found.items() if value}


def explicit(comparator: Comparator, expected: Value) -> Comparator:
    """The same with the tolerances that it leaves to the dtype written out: those of the coarsest dtype in `expected`."""
    unset = isinstance(comparator, Losses) and not comparator.as_options().keys() - {"epochs"}
    if not (isinstance(comparator, (Close, Agree)) or unset):
        return comparator
    default = default_tolerance(expected)
    missing = {name: value for name, value in default.items() if getattr(comparator, name) is None}
    return dataclasses.replace(comparator, **missing)


def default_tolerance(expected: Value) -> dict[str, float]:
    """The rtol and atol that `close()` has for such a value; 0 where it holds no floats."""
    dtypes = [array.dtype if (array := as_array(p.value)) else type(p.value).__name__ for p in pairs(expected, expected)]
    allow = tolerance(dtypes or ["str"])
    return {"rtol": allow.rtol, "atol": allow.atol}


def scaled(comparator: Comparator, factor: float) -> Comparator:
    """The same, with every tolerance multiplied."""
    options: dict[str, Any] = {name: value * factor for name, value in tolerances(comparator).items()}
    return dataclasses.replace(comparator, **options)


def needed(comparator: Comparator, evidence: Evidence) -> float:
    """The smallest factor on the tolerances with which the value passes, to one percent.

    0: it passes with next to no tolerance. inf: with none, its shape, kind or number is another. Where there is no tolerance to
    scale: 0 when it passes, inf when not.
    """
    if _passes(comparator, evidence, SMALLEST):
        return 0.0
    if not tolerances(comparator) or not _passes(comparator, evidence, LARGEST):
        return math.inf
    low, high = SMALLEST, LARGEST
    while high / low > PRECISION:
        middle = math.sqrt(low * high)
        if _passes(comparator, evidence, middle):
            high = middle
        else:
            low = middle
    return high


def _passes(comparator: Comparator, evidence: Evidence, factor: float) -> bool:
    return compare.judge(scaled(comparator, factor), evidence).outcome is Outcome.PASSED


def largest_difference(value: Value, expected: Value) -> float | None:
    """The largest difference between numbers that stand in the same place.

    None: there are none, shapes differ, or one is NaN or infinite and the other is not.
    """
    found: list[float] = []
    for pair in pairs(value, expected):
        mine, theirs = _numbers(pair.value), _numbers(pair.expected)
        if theirs is None and mine is None:
            continue
        if mine is None or theirs is None or mine.shape != theirs.shape:
            return None
        with np.errstate(all="ignore"):
            difference = np.abs(mine - theirs)[~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))]
        found.append(float(difference.max(initial=0.0)))
        if not math.isfinite(found[-1]):
            return None
    return max(found, default=None)


def _numbers(value: Value) -> np.ndarray[Any, Any] | None:
    """As an array in double precision; None for what is no number or array of them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return np.array([float(value)]) if abs(value) < 2**1000 else None
    array = as_array(value)
    return array.data.astype(np.complex128 if array.data.dtype.kind == "c" else np.float64) if array else None
