"""A word of help where two values are alike but for one step: a missing axis, a transpose, a sign, a factor.

A wrong hint is worse than none: each is given only when that one step explains the whole difference.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.compare.measure import Numbers
from grader.compare.walk import as_array, is_number
from grader.compare.words import number
from grader.values import Architecture, Array, Other, Value

__all__ = ["about_kind", "about_numbers"]


_AXIS = {1: "An axis of length 1 is missing.", -1: "An axis of length 1 is too much.", 0: ""}


def about_kind(value: Value, expected: Value) -> str:
    """What turns a value into one of the expected kind, or "". Names no number that was expected."""
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
    with np.errstate(all="ignore"):
        return next((says for says, stepped in _steps(v, e) if _same(stepped, e)), "")


def _steps(v: Numbers, e: Numbers) -> Iterator[tuple[str, Numbers]]:
    """What each step would make of `v`, the likeliest first."""
    yield "Yours has the opposite sign.", -v
    if v.ndim == 2 and v.shape[0] == v.shape[1]:
        yield "Yours is the transpose.", v.T
    shift = float(np.mean(e - v))
    yield f"Yours is too {'small' if shift > 0 else 'large'} by {number(abs(shift))} everywhere.", v + shift
    at = np.unravel_index(int(np.argmax(np.abs(e))), e.shape)
    factor = float(v[at] / e[at])
    yield f"Yours is {number(factor)} times what is expected.", v / factor
    if v.ndim:
        yield "Yours is in reverse order.", v[::-1]
    yield "Yours holds the same numbers in another order.", _in_order_of(v, e)


def _in_order_of(v: Numbers, e: Numbers) -> Numbers:
    """The numbers of `v`, placed as those of `e` are by rank."""
    placed = np.empty_like(v)
    placed.ravel()[np.argsort(e, axis=None)] = np.sort(v, axis=None)
    return placed


def _same(stepped: Numbers, e: Numbers) -> bool:
    scale = float(np.max(np.abs(e)))
    return bool(np.all(np.abs(stepped - e) <= 1e-5 * scale))
