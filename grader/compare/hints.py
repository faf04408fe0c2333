"""A word of help where two values are alike but for one step: a missing axis, a transpose, a sign, a factor.

The steps are those of the table in `generic`; a hint is given when one of them explains the whole difference of two arrays. A
wrong hint is worse than none.
"""

from __future__ import annotations

import numpy as np

from grader.compare.generic import Candidate, Leaf, Transform, one_step
from grader.compare.measure import Numbers
from grader.compare.walk import as_array, is_number
from grader.compare.words import number
from grader.values import Architecture, Array, Other, Raised, Value

__all__ = ["about_kind", "about_numbers"]


_AXIS = {1: "An axis of length 1 is missing.", -1: "An axis of length 1 is too much.", 0: ""}


def about_kind(value: Value, expected: Value) -> str:
    """What turns a value into one of the expected kind, or "". Names no number that was expected."""
    if isinstance(expected, Raised) and not isinstance(value, Raised):
        return "No exception was raised."
    if value is None:
        return "Is a `return` missing?"
    if isinstance(value, Other) and value.type in ("function", "method", "builtin_function_or_method"):
        return "Is it called, with `()`?"
    if isinstance(value, Architecture) and isinstance(expected, dict):
        return "`.state_dict()` gives its weights."
    if not isinstance(value, Array):
        return _about_list(value, expected)
    if is_number(expected) and value.data.size == 1:
        return "`.item()` gives its number."
    return _about_array(value, expected) if isinstance(expected, Array) else ""


def _about_list(value: Value, expected: Value) -> str:
    if not isinstance(value, list) or not isinstance(expected, Array):
        return ""
    tensor = expected.kind == "tensor"
    if value and all(isinstance(item, Array) for item in value):
        return f"`{'torch' if tensor else 'np'}.stack` puts them into one."
    return f"`{'torch.tensor' if tensor else 'np.array'}` makes one of it." if as_array(value) else ""


def _about_array(value: Array, expected: Array) -> str:
    """About two arrays that differ in shape or dtype."""
    mine, theirs = value.shape, expected.shape
    if mine == theirs:
        floats = value.data.dtype.kind in "biu" and expected.data.dtype.kind == "f"
        return "Its numbers should be floats." if floats and value.dtype != "bool" else ""
    if tuple(n for n in mine if n != 1) == tuple(n for n in theirs if n != 1):
        return _AXIS[np.sign(len(theirs) - len(mine))]
    if len(mine) > 1 and mine[::-1] == theirs:
        return "Is it transposed?"
    if not mine:
        return "Is it a sum or mean over everything?"
    return ""


def about_numbers(value: Numbers, expected: Numbers) -> str:
    """The one step between two arrays of the same shape, any shape, or "". For a detail: it may tell an expected number."""
    if value.size < 3 or value.dtype.kind not in "iuf" or expected.dtype.kind not in "iuf":
        return ""
    v, e = value.astype(np.float64), expected.astype(np.float64)
    if not (np.isfinite(v).all() and np.isfinite(e).all()) or np.ptp(e) == 0 or np.ptp(v) == 0:
        return ""
    mine, theirs = (Array(data, str(data.dtype), "ndarray") for data in (value, expected))
    step = one_step(Leaf(mine, theirs, v, e))
    return _told(*step) if step else ""


def _told(transform: Transform, candidate: Candidate) -> str:
    """The transform's hint, with the number that was read off the values."""
    fitted = candidate.parameter if isinstance(candidate.parameter, float) else 0.0
    size = number(fitted if transform.name == "factor" else abs(fitted))
    return transform.hint.format(side="large" if fitted > 0 else "small", size=size)
