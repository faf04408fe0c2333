"""Where two courses part: the first step along time, epochs or layers at which numbers leave their tolerance.

first_divergence(value, expected, allow, axis)     one array over time
first_to_part(values, expected, allow, axis)       several, in the order in which a step computes them (the gates of an LSTM)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Index, Numbers, Tolerance

__all__ = ["Divergence", "first_divergence", "first_to_part"]


@dataclass(frozen=True)
class Divergence:
    """Where two arrays part along an axis of `steps` steps.

    at: the first step that holds a wrong number; the steps before it, `at` of them, agree. by: the largest difference in that
    step, `index` where it is (in the whole array). worst_at, worst: the step with the largest difference of all, and it.
    A difference from or to NaN or infinity is no number: it counts as inf.
    """

    at: int
    by: float
    index: Index
    worst_at: int
    worst: float
    steps: int


def first_divergence(value: Numbers, expected: Numbers, allow: Tolerance, axis: int = 0) -> Divergence | None:
    """Where two arrays of one shape first part by more than is allowed; None when they agree all the way.

    value, expected: (..., T, ...) with the T steps on `axis`. NaN agrees with nothing, infinity with infinity of its sign.
    Raises ValueError where the shapes differ or there is no such axis.
    """
    if value.shape != expected.shape:
        raise ValueError(f"shapes differ: {value.shape} and {expected.shape}")
    if not -value.ndim <= axis < value.ndim:
        raise ValueError(f"no axis {axis} in shape {value.shape}")
    difference, near = _differences(value, expected, allow)
    others = tuple(i for i in range(value.ndim) if i != axis % value.ndim)
    wrong = np.flatnonzero(np.any(~near, axis=others))
    if not len(wrong):
        return None
    far = np.max(np.where(near, -1.0, difference), axis=others)  # (T,) the largest wrong difference of each step
    at, worst_at = int(wrong[0]), int(np.argmax(far))
    here = np.where(near, -1.0, difference).swapaxes(0, axis)[at]
    inside = np.unravel_index(int(np.argmax(here)), here.shape)
    index = _index(at, tuple(int(i) for i in inside), axis % value.ndim)
    return Divergence(at, float(far[at]), index, worst_at, float(far[worst_at]), value.shape[axis])


def first_to_part(
    values: Mapping[str, Numbers], expected: Mapping[str, Numbers], allow: Tolerance, axis: int = 0
) -> tuple[str, Divergence] | None:
    """Which of several quantities parts first, and where; None when all agree.

    values, expected: name -> (..., T, ...), in the order in which one step computes them: of those that part at the same step
    the first is named, since the others may follow from it. Names of `expected` count, `values` must hold them all.
    """
    parted = [(name, first_divergence(values[name], expected[name], allow, axis)) for name in expected]
    found = [(name, divergence) for name, divergence in parted if divergence is not None]
    return min(found, key=lambda pair: pair[1].at, default=None)


def _differences(value: Numbers, expected: Numbers, allow: Tolerance) -> tuple[Numbers, Numbers]:
    """The differences, inf where they are no number; and which are near. Both of the arrays' own shape."""
    wide = np.complex128 if "c" in (value.dtype.kind, expected.dtype.kind) else np.float64
    mine, theirs = value.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        same = np.asarray(value == expected)
        raw = np.abs(mine - theirs)
        allowed = allow.allowed(theirs)
        near = same | (np.isfinite(raw) & (raw <= allowed) & (allowed > 0))
    return np.where(same, 0.0, np.where(np.isfinite(raw), raw, np.inf)), near


def _index(at: int, rest: Index, axis: int) -> Index:
    """The index in the whole array of `rest` in step `at`, whose axes are those of `swapaxes(0, axis)[at]`."""
    index = [at, *rest]
    index[0], index[axis] = index[axis], index[0]
    return tuple(index)
