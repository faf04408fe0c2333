"""What `nb.gradients(...)` brings out of a kernel, read as numbers: inputs, their gradients, and calls around them.

It was made beside student code, so nothing in it is believed to have the shape that it should have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.compare.differences import Slopes, slopes
from grader.compare.measure import Numbers
from grader.compare.walk import as_array
from grader.values import Array, Value

__all__ = ["Calls", "Input", "read"]

_LISTS = ("inputs", "gradients", "plus", "minus", "entries")


@dataclass(frozen=True)
class Input:
    """One input that is a float.

    place: from 1. name: the function's own for it, or "". shape: its own. gradient: of any shape; None where there is none.
    at: (K,) the entries, flat, at which the slopes are known.
    """

    place: int
    name: str
    shape: tuple[int, ...]
    gradient: Numbers | None
    at: Numbers
    slopes: Slopes

    def __str__(self) -> str:
        return f"input {self.place}{f' (`{self.name}`)' if self.name else ''}"

    @property
    def misshapen(self) -> bool:
        """Whether the gradient has another shape than the input. One number is one number."""
        if self.gradient is None or self.gradient.shape == self.shape:
            return False
        return not self.gradient.size == 1 == int(np.prod(self.shape))

    @property
    def known(self) -> Numbers:
        """The gradient where the slopes are known: (K,). For one that has the input's shape."""
        assert self.gradient is not None
        return np.asarray(self.gradient.reshape(-1)[self.at])


@dataclass(frozen=True)
class Calls:
    """inputs: those that are floats. upstream, output: (M,). count: of the gradients that came. all: of the inputs."""

    inputs: list[Input]
    upstream: Numbers
    output: Numbers
    count: int
    all: int


def read(value: Value) -> Calls | None:
    """The value of `nb.gradients`; None for anything else, however much it looks like one."""
    if not isinstance(value, dict) or not value.keys() >= {*_LISTS, "upstream", "output", "eps"}:
        return None
    upstream, output, eps = _numbers(value["upstream"]), _numbers(value["output"]), value["eps"]
    if upstream is None or output is None or upstream.size != output.size or type(eps) is not float or not eps > 0:
        return None
    if not all(isinstance(value[name], list) for name in _LISTS) or not _lined_up(value):
        return None
    found = []
    gradients = _aligned(value["gradients"], value["entries"])
    for i, entries in enumerate(value["entries"]):
        if entries is not None:
            one = _input(i, value, output.ravel(), upstream.ravel(), gradients[i])
            if one is None:
                return None
            found.append(one)
    return Calls(found, upstream.ravel(), output.ravel(), len(value["gradients"]), len(value["inputs"]))


def _lined_up(value: dict[Any, Value]) -> bool:
    return len({len(value[name]) for name in ("inputs", "plus", "minus", "entries")}) == 1


def _numbers(value: Value) -> Numbers | None:
    """Numbers of any shape in double precision; a Python number has the shape ()."""
    if type(value) is float or (type(value) is int and abs(value) < 2**53):
        return np.array(float(value))
    array = as_array(value)
    return array.data.astype(np.float64) if array is not None and array.data.dtype.kind in "biuf" else None


def _aligned(gradients: Sequence[Value], entries: Sequence[Value]) -> list[Numbers | None]:
    """The gradient of each input. One for each input may have come, or one for each that is a float."""
    places = range(len(entries)) if len(gradients) == len(entries) else [i for i, e in enumerate(entries) if e is not None]
    found: list[Numbers | None] = [None] * len(entries)
    for place, gradient in zip(places, gradients, strict=False):
        found[place] = _numbers(gradient)
    return found


def _input(i: int, value: dict[Any, Value], output: Numbers, upstream: Numbers, gradient: Numbers | None) -> Input | None:
    """One input with its slopes, (K,); None where the calls around it are not what they should be."""
    x, at, plus, minus = (_numbers(value[name][i]) for name in ("inputs", "entries", "plus", "minus"))
    if x is None or at is None or plus is None or minus is None or at.ndim != 1:
        return None
    if not np.all((at >= 0) & (at < x.size) & (at == np.floor(at))) or not plus.shape == minus.shape == (len(at), output.size):
        return None
    at = at.astype(np.int64)
    here = x.reshape(-1)[at]
    step = value["eps"] * np.maximum(1.0, np.abs(here))
    above, below = (_rounded(here + by, value["inputs"][i]) for by in (step, -step))  # where the function was called
    found = slopes(plus, minus, output, upstream, above - here, here - below, _grain(value["output"]))
    names = value.get("names")
    name = names[i] if isinstance(names, list) and len(names) == len(value["inputs"]) and isinstance(names[i], str) else ""
    return Input(i + 1, name[:40], x.shape, gradient, at, found)


def _rounded(numbers: Numbers, like: Value) -> Numbers:
    """To the precision of the array that they stood in."""
    single = isinstance(like, Array) and like.dtype == "float32"
    return numbers.astype(np.float32).astype(np.float64) if single else numbers


def _grain(output: Value) -> float:
    """The relative precision of an output."""
    coarse = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
    return coarse.get(output.dtype, 2.0**-52) if isinstance(output, Array) else 2.0**-52
