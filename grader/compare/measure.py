"""How far numbers are apart: the arithmetic below every comparator that allows a tolerance.

A number is near the expected one when ``|value - expected| <= atol + rtol * |expected|``. Infinity is near infinity of the same
sign, NaN is near nothing unless asked. All differences are taken in double precision; whole numbers are first compared as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Index", "Measured", "Numbers", "Tolerance", "measure", "measure_numbers", "tolerance"]

Numbers: TypeAlias = np.ndarray[Any, Any]
Index: TypeAlias = tuple[int, ...]

# dtype -> (rtol, atol), as in torch.testing. "float" is Python's: mostly a float32 tensor's `.item()`, so no finer than that.
_DEFAULTS = {
    "float64": (1e-7, 1e-7),
    "complex128": (1e-7, 1e-7),
    "float32": (1.3e-6, 1e-5),
    "complex64": (1.3e-6, 1e-5),
    "float": (1.3e-6, 1e-5),
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
}


@dataclass(frozen=True)
class Tolerance:
    """What is allowed: atol + rtol * |expected|."""

    rtol: float = 0.0
    atol: float = 0.0

    def allowed(self, expected: Any) -> Any:
        """The largest difference that is near, for each expected number."""
        return self.atol + self.rtol * np.abs(expected)


@dataclass(frozen=True)
class Measured:
    """How far apart two arrays of one shape are.

    ratio: the largest difference as a share of what was allowed there, 0 for the same numbers, inf when any is wrong.
    first: where the first wrong number is. worst: where the largest finite difference among the wrong ones is, of `largest`,
    where `allowed` was allowed. nans: how many values are NaN where a number was expected.
    """

    total: int
    wrong: int
    ratio: float
    first: Index | None = None
    worst: Index | None = None
    largest: float = 0.0
    allowed: float = 0.0
    nans: int = 0


def tolerance(dtypes: Iterable[str], rtol: float | None = None, atol: float | None = None) -> Tolerance:
    """The tolerance of the coarsest of these dtypes; what is given takes the place of its default."""
    defaults = [_DEFAULTS.get(dtype, (0.0, 0.0)) for dtype in dtypes]
    return Tolerance(
        max(r for r, _ in defaults) if rtol is None else rtol,
        max(a for _, a in defaults) if atol is None else atol,
    )


def measure(value: Numbers, expected: Numbers, allow: Tolerance, equal_nan: bool = False) -> Measured:
    """Measure two arrays of the same shape, any shape, any numeric dtypes."""
    same = np.asarray(value == expected)
    nan, nan_expected = np.isnan(value), np.isnan(expected)
    if equal_nan:
        same = same | (nan & nan_expected)
    with np.errstate(all="ignore"):
        difference = np.abs(_wide(value) - _wide(expected))
        allowed = allow.allowed(_wide(expected))
        near = same | (np.isfinite(difference) & (difference <= allowed) & (allowed > 0))
        ratio = float(np.max(np.divide(difference, allowed), where=near & ~same, initial=0.0))
    wrong = np.flatnonzero(~near)
    if not len(wrong):
        return Measured(value.size, 0, ratio)
    finite = np.where(np.isfinite(difference), difference, -1.0).ravel()[wrong]
    at = int(wrong[np.argmax(finite)])
    known = bool(finite.max() >= 0)
    return Measured(
        total=value.size,
        wrong=len(wrong),
        ratio=float("inf"),
        first=_index(int(wrong[0]), value.shape),
        worst=_index(at, value.shape) if known else None,
        largest=float(difference.ravel()[at]) if known else 0.0,
        allowed=float(np.ravel(allowed)[at]) if known else 0.0,
        nans=int(np.count_nonzero(nan & ~nan_expected)),
    )


def measure_numbers(value: float, expected: float, allow: Tolerance, equal_nan: bool = False) -> Measured:
    """Measure two Python numbers, whole ones of any size."""
    nan, nan_expected = value != value, expected != expected
    if value == expected or (equal_nan and nan and nan_expected):
        return Measured(1, 0, 0.0)
    try:
        difference, allowed = float(abs(value - expected)), float(allow.allowed(expected))
    except OverflowError:
        difference, allowed = float("inf"), 0.0
    finite = bool(np.isfinite(difference))
    if finite and allowed > 0 and difference <= allowed:
        return Measured(1, 0, difference / allowed)
    return Measured(
        1, 1, float("inf"), (), () if finite else None, difference if finite else 0.0, allowed, int(nan and not nan_expected)
    )


def _wide(numbers: Numbers) -> Numbers:
    """In double precision, in which a difference of any two numbers can be taken."""
    return numbers.astype(np.complex128 if numbers.dtype.kind == "c" else np.float64)


def _index(flat: int, shape: tuple[int, ...]) -> Index:
    """The index of the `flat`-th number of an array of this shape; () for an array of no axes."""
    return tuple(int(i) for i in np.unravel_index(flat, shape))
