"""Values over time: what came as an array of steps, and what is said of where two of them part."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.compare.divergence import Divergence
from grader.compare.measure import Index, Numbers, Tolerance
from grader.compare.walk import as_array
from grader.compare.words import number, numbers, where
from grader.values import Array, Value

__all__ = ["as_states", "as_steps", "first_not_finite", "how_far", "panel", "through"]


def as_steps(value: Value) -> Array | None:
    """An array of numbers; a list of arrays of one shape, one for each step, is stacked. None for all else."""
    array = as_array(value)
    if array is None and isinstance(value, list) and value and all(isinstance(item, Array) for item in value):
        parts = [item.data for item in value]
        if all(part.shape == parts[0].shape and part.dtype.kind in "biufc" for part in parts):
            array = Array(np.stack(parts), value[0].dtype, value[0].kind)
    return array if array is not None and isinstance(array.data, np.ndarray) and array.data.dtype.kind in "biufc" else None


def as_states(value: Value, batch_first: bool = False) -> Numbers | None:
    """Hidden states as (T, B, H), float64: from (T, H), (T, B, H), or (B, T, H) with `batch_first`. None for all else."""
    array = as_steps(value)
    if array is None or array.data.ndim not in (2, 3) or array.data.dtype.kind == "c":
        return None
    states = array.data.astype(np.float64)
    if states.ndim == 2:
        return states[:, None, :]
    return states.swapaxes(0, 1) if batch_first else states


def first_not_finite(states: Numbers) -> int | None:
    """The first step at which a number is NaN or infinite. states: (T, ...)."""
    steps = np.flatnonzero(~np.isfinite(states).all(axis=tuple(range(1, states.ndim))))
    return int(steps[0]) if len(steps) else None


def through(at: int, steps: int, axis: str = "t") -> str:
    """That two courses of so many steps part at step `at`: "agree through t=3 and part at t=4"."""
    if at == 0:
        return f"part at {axis}=0, the first step" if steps > 1 else f"part at {axis}=0"
    return f"agree through {axis}={at - 1} and part at {axis}={at}"


def how_far(value: Numbers, expected: Numbers, divergence: Divergence, allow: Tolerance, axis: str = "t") -> str:
    """How far apart they are where they part, and where they are furthest apart. For a detail: it holds expected numbers."""
    yours, theirs = value[divergence.index], expected[divergence.index]
    allowed = float(allow.allowed(theirs))
    told = f" (allowed {number(allowed, 2)})" if allowed else ""
    by = f" by {number(divergence.by, 3)}" if np.isfinite(divergence.by) else ""
    mine, other = numbers(yours, theirs)
    at = where((), divergence.index)
    says = f"At {axis}={divergence.at} they part{by}{told}: yours is {mine} at {at}, expected {other}."
    if divergence.worst_at == divergence.at or not np.isfinite(divergence.worst):
        return says
    return f"{says} The largest difference is {number(divergence.worst, 3)}, at {axis}={divergence.worst_at}."


def panel(numbers: Numbers, index: Index, axis: int = 0) -> Array:
    """What a picture shows of an array: its steps by its last other axis, through `index` in all others. (T,) or (T, H)."""
    moved = np.moveaxis(numbers, axis, 0)
    rest = [i for n, i in enumerate(index) if n != axis % numbers.ndim]
    at: tuple[Any, ...] = (slice(None), *rest[:-1])
    data = moved[at]
    return Array(np.ascontiguousarray(data), str(data.dtype), "ndarray")
