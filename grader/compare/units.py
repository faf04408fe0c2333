"""Which hidden unit of one network is which of another, when their activations are known: within a tolerance, or the nearest.

match_units      a matching that leaves every number within its tolerance: found wherever there is one
nearest_units    the matching of least squares, for telling how far the nearest is
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.compare.assignment import assign
from grader.compare.measure import Numbers, Tolerance

__all__ = ["Freedom", "Matching", "agreeing_steps", "match_units", "nearest_units"]


@dataclass(frozen=True)
class Freedom:
    """What is left open: the order of the units, the sign of each, a positive factor for each."""

    permutation: bool = False
    sign: bool = False
    scale: bool = False

    def __bool__(self) -> bool:
        return self.permutation or self.sign or self.scale


@dataclass(frozen=True)
class Matching:
    """For each expected unit the student's (`order`) and the factor that makes it the expected one. order, factor: (H,)."""

    order: Numbers
    factor: Numbers

    def applied(self, states: Numbers) -> Numbers:
        """States (..., H) in the order and with the factors of the expected units."""
        return np.asarray(states[..., self.order] * self.factor)

    @property
    def moved(self) -> bool:
        return bool(np.any(self.order != np.arange(len(self.order))) or np.any(self.factor != 1))


def match_units(value: Numbers, expected: Numbers, allow: Tolerance, freedom: Freedom) -> Matching | None:
    """A matching of the units with every number near the expected one; None where there is none, or any number is not finite.

    value, expected: (n, H). Units that stand in their place stay there, and keep their sign and size.
    """
    if not (np.isfinite(value).all() and np.isfinite(expected).all()):
        return None
    units = expected.shape[1]
    factors = np.full((units, units), np.nan)  # of the expected unit in the row and the student's in the column
    for i in range(units):
        candidates = np.arange(units) if freedom.permutation else np.array([i])
        factors[i, candidates] = _factors(value[:, candidates], expected[:, i], allow, freedom)
    cost = np.where(np.isnan(factors), 1.0, 0.5 / max(units, 1))
    np.fill_diagonal(cost, np.where(np.isnan(np.diagonal(factors)), 1.0, 0.0))
    order = assign(cost) if freedom.permutation else np.arange(units)
    factor = factors[np.arange(units), order]
    return None if np.isnan(factor).any() else Matching(order, factor)


def _factors(value: Numbers, expected: Numbers, allow: Tolerance, freedom: Freedom) -> Numbers:
    """For each of the units (n, K) the factor that brings it near one expected unit (n,), nan where none does. (K,)"""
    found = np.full(value.shape[1], np.nan)
    few = np.unique(np.linspace(0, max(len(expected) - 1, 0), 16).astype(int)) if len(expected) else np.array([], dtype=int)
    likely = ~np.isnan(_every_factor(value[few], expected[few], allow, freedom))  # most fail on a few numbers already
    found[likely] = _every_factor(value[:, likely], expected, allow, freedom)
    return found


def _every_factor(value: Numbers, expected: Numbers, allow: Tolerance, freedom: Freedom) -> Numbers:
    found = np.full(value.shape[1], np.nan)
    for factor in (-1.0, 1.0) if freedom.sign else (1.0,):  # the plain one last: it counts where both do
        if freedom.scale:
            scales = _scales(factor * value, expected, allow)
            found = np.where(np.isnan(scales), found, factor * scales)
        near = np.all(np.abs(factor * value - expected[:, None]) <= allow.allowed(expected)[:, None], axis=0)
        found = np.where(near, factor, found)
    return found


def _scales(value: Numbers, expected: Numbers, allow: Tolerance) -> Numbers:
    """A positive c for each unit with |c value - expected| allowed at every number, nan where there is none. (n, K), (n,) -> (K,)

    Each number leaves an interval of c, and all of them must share some. Where a unit is 0, so must the expected one be, and a
    unit that is expected to be 0 throughout has no scale.
    """
    if np.all(np.abs(expected) <= 2 * allow.atol):
        return np.full(value.shape[1], np.nan)
    allowed, zero = allow.allowed(expected), value == 0
    with np.errstate(all="ignore"):
        ends = np.sort([(expected - allowed)[:, None] / value, (expected + allowed)[:, None] / value], axis=0)  # (2, n, K)
        least = np.sum(value * expected[:, None], axis=0) / np.sum(value**2, axis=0)  # the c of least squares
    low = np.max(ends[0], axis=0, where=~zero, initial=0.0)
    high = np.min(ends[1], axis=0, where=~zero, initial=np.inf)
    possible = np.all(~zero | (np.abs(expected) <= allowed)[:, None], axis=0) & (low <= high) & (high > 0) & np.isfinite(least)
    scale = np.clip(least, low, high)
    return np.where(possible & (scale > 0), scale, np.nan)


def nearest_units(value: Numbers, expected: Numbers, freedom: Freedom) -> Matching:
    """The matching with the least sum of squared differences. value, expected: (n, H); units in their place where not finite."""
    units = expected.shape[1]
    if not (np.isfinite(value).all() and np.isfinite(expected).all()):
        return Matching(np.arange(units), np.ones(units))
    largest = max(np.max(np.abs(value), initial=0.0), np.max(np.abs(expected), initial=0.0)) or 1.0
    value, expected = value / largest, expected / largest  # no square overflows
    norms = np.sum(value**2, axis=0)
    factors = np.ones((units, units))
    if freedom.sign or freedom.scale:
        products = expected.T @ value  # (H, H)
        factors = np.where(products < 0, -1.0 if freedom.sign else 1.0, 1.0)
        if freedom.scale:
            size = np.abs(products) if freedom.sign else np.maximum(products, 0.0)
            factors = factors * np.where(size > 0, size / np.where(norms > 0, norms, 1.0), 1.0)
    order = np.arange(units)
    if freedom.permutation:
        squares = np.sum(expected**2, axis=0)[:, None] + factors**2 * norms - 2 * factors * (expected.T @ value)
        order = assign(np.maximum(squares, 0.0))
    return Matching(order, factors[np.arange(units), order])


def agreeing_steps(value: Numbers, expected: Numbers, allow: Tolerance, freedom: Freedom) -> tuple[int, Matching]:
    """The longest beginning that one matching brings near, in steps, and that matching; the nearest of all where there is none.

    value, expected: (T, B, H). What is near over more steps is near over fewer, so the end is found by halving.
    """
    _, batch, units = expected.shape
    mine, theirs = (states.reshape(len(states) * batch, units) for states in (value, expected))
    found: Matching | None = None
    low, high = 0, len(value)
    while low < high:
        middle = (low + high + 1) // 2
        matching = match_units(mine[: middle * batch], theirs[: middle * batch], allow, freedom)
        low, high = (low, middle - 1) if matching is None else (middle, high)
        found = matching or found
    return low, found or nearest_units(mine, theirs, freedom)
