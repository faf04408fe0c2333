"""The types that plain data is made of, and how much of it there may be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from grader.errors import GraderError

MAX_BYTES = 64 * 2**20
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_TEXT = 2**20


class ValueTooLarge(GraderError):
    """A value is larger, deeper or has more parts than may leave a kernel."""


class NotAValue(GraderError):
    """Bytes that `loads` was given do not hold a value."""


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor or array. `data` has the value; `dtype` is the original's name ("bfloat16" is held as float32)."""

    data: np.ndarray[Any, Any]
    dtype: str
    kind: str = "tensor"  # or "ndarray"
    requires_grad: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)


@dataclass(frozen=True)
class Architecture:
    """What a `torch.nn.Module` is made of.

    `type` is the public dotted name ("torch.nn.Linear"; a class of the notebook's is "__main__.Mynet1"); `options` is
    torch's `extra_repr` ("in_features=1, out_features=1, bias=True"); `parameters` are its own parameters' shapes.
    """

    type: str
    options: str = ""
    parameters: dict[str, list[int]] = field(default_factory=dict)
    children: dict[str, Architecture] = field(default_factory=dict)

    def walk(self, path: str = "") -> Iterator[tuple[str, Architecture]]:
        """This module and all below it, as (dotted path, module), parents first."""
        yield path, self
        for name, child in self.children.items():
            yield from child.walk(f"{path}.{name}" if path else name)

    def leaves(self) -> list[Architecture]:
        """The modules that hold no others, in order."""
        return [module for _, module in self.walk() if not module.children]

    def count(self) -> int:
        """Number of scalar parameters, here and below."""
        return sum(math.prod(shape) for _, module in self.walk() for shape in module.parameters.values())


@dataclass(frozen=True, eq=False)
class LineData:
    """One drawn line or set of points. `x`, `y`: (n,) float arrays."""

    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    label: str = ""
    style: str = "-"  # matplotlib's line style; "None" for points only
    marker: str = "None"


@dataclass(frozen=True, eq=False)
class AxesData:
    """One axes of a figure: its texts and what is drawn in it. `images`: (h, w) or (h, w, c) arrays."""

    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    lines: list[LineData] = field(default_factory=list)
    images: list[np.ndarray[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FigureData:
    """A figure as data, not as pixels. `size` is in inches."""

    title: str = ""
    size: tuple[float, float] = (6.4, 4.8)
    axes: list[AxesData] = field(default_factory=list)


@dataclass(frozen=True)
class Raised:
    """An exception: `type` is its class name, `bases` the names of its classes up to `Exception`."""

    type: str
    message: str
    bases: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Other:
    """Something that may not leave a kernel. Only the name of its type does."""

    type: str


Value: TypeAlias = Any  # None | bool | int | float | str | list | dict | one of the classes above; mypy cannot recurse
