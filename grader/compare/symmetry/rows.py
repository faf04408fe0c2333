"""Tensors that hold the expected rows (or columns) in another order, which is no symmetry of the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.compare.assignment import assign, squared_distances
from grader.compare.measure import Numbers, Tolerance, measure

__all__ = ["about_rows"]

_MOST = 512
_MOST_TOLD = 8


def about_rows(tensors: Sequence[tuple[str, Numbers, Numbers]], allow: Tolerance) -> str:
    """ "Rows 2, 1 of your `weight` are rows 1, 2 of the expected." when that is all that is wrong in every one of them, else "".

    tensors: name, the student's, the expected, of one shape each. Rows are counted from 1.
    """
    found = [(name, _reordered(v, e, allow)) for name, v, e in tensors]
    orders = [order for _, order in found if order is not None]
    if not found or len(orders) < len(found):
        return ""
    axis, order = orders[0]
    if not all(other == axis and np.array_equal(places, order) for other, places in orders):
        return "Each holds the expected rows or columns, in another order."
    noun = "Numbers" if all(v.ndim == 1 for _, v, _ in tensors) else ("Rows", "Columns")[axis]
    at = np.flatnonzero(order != np.arange(len(order)))[:_MOST_TOLD]
    yours, theirs = (", ".join(str(int(i) + 1) for i in some) for some in (order[at], at))
    more = ", …" if (order != np.arange(len(order))).sum() > _MOST_TOLD else ""
    names = " and ".join(f"`{name}`" if name else "tensor" for name, _ in found[:4])
    return f"{noun} {yours}{more} of your {names} are {noun.lower()} {theirs}{more} of the expected."


def _reordered(value: Numbers, expected: Numbers, allow: Tolerance) -> tuple[int, Numbers] | None:
    """The axis and the order of rows, else of columns, that makes a tensor the expected one."""
    if value.dtype.kind not in "iuf" or not (np.isfinite(value).all() and np.isfinite(expected).all()):
        return None
    for axis in range(min(value.ndim, 2)):
        v, e = np.moveaxis(value, axis, 0), np.moveaxis(expected, axis, 0)
        if not 1 < len(v) <= _MOST:
            continue
        scale = max(float(np.abs(v).max(initial=0.0)), float(np.abs(e).max(initial=0.0))) or 1.0
        rows = [a.reshape(len(a), -1).astype(np.float64) / scale for a in (e, v)]
        order = assign(squared_distances(*rows))
        if not measure(v[order], e, allow).wrong:
            return axis, order
    return None
