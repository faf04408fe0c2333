"""One walk over two values side by side, carrying the path: structure first, then what stands at the leaves.

Lists line up when they are equally long, dicts when they have the same keys. A figure and a module are walked as what they
hold. A list of numbers of one type is one leaf, so that 200 000 losses are compared as one array.

Nothing here recurses: a value may be nested as deep as it likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.compare.words import Path
from grader.values import Architecture, Array, AxesData, FigureData, LineData, Value

__all__ = ["Pair", "as_array", "by_key", "is_number", "modules", "pairs"]

_KINDS: dict[type, str] = {bool: "b", int: "i", float: "f"}  # Python's numbers and numpy's letter for their kind


@dataclass(frozen=True)
class Pair:
    """What stands at one path in both values: leaves, or lists and dicts that do not line up."""

    path: Path
    value: Value
    expected: Value


def pairs(value: Value, expected: Value) -> Iterator[Pair]:
    """The leaves of two values, in order; of a list or dict that does not line up, itself and nothing below it."""
    todo = [Pair((), value, expected)]
    while todo:
        pair = todo.pop()
        alike = type(pair.value) is type(pair.expected)
        mine, theirs = (_opened(pair.value), _opened(pair.expected)) if alike else (pair.value, pair.expected)
        if _lined_up(mine, theirs):
            todo += reversed(_below(pair.path, mine, theirs))
        else:
            yield pair


def _lined_up(value: Value, expected: Value) -> bool:
    """Whether the walk goes on below these two."""
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and (as_array(value) is None or as_array(expected) is None)
    if isinstance(value, dict) and isinstance(expected, dict):
        return by_key(value).keys() == by_key(expected).keys()
    return False


def _below(path: Path, value: Value, expected: Value) -> list[Pair]:
    if isinstance(value, list):
        return [Pair((*path, i), *both) for i, both in enumerate(zip(value, expected, strict=True))]
    mine = by_key(value)
    return [Pair((*path, key), mine[key], item) for key, item in by_key(expected).items()]


def by_key(items: dict[Any, Value]) -> dict[Any, Value]:
    """A dict whose keys can be looked up: a NaN, which is not even itself, becomes the text "nan"."""
    return {("nan" if key != key else key): item for key, item in items.items()}


def _opened(value: Value) -> Value:
    """A figure or module as the plain dict of what it holds; numpy arrays in it as an Array; others as they are.

    Sizes, line styles and markers are left out: they are not what is drawn.
    """
    match value:
        case FigureData():
            return {"title": value.title, "axes": value.axes}
        case AxesData():
            texts = {"title": value.title, "xlabel": value.xlabel, "ylabel": value.ylabel}
            return {**texts, "lines": value.lines, "images": value.images}
        case LineData():
            return {"label": value.label, "x": value.x, "y": value.y}
        case Architecture():
            parts = {"type": value.type, "options": value.options}
            return {**parts, "parameters": value.parameters, "children": value.children}
    return value


def is_number(value: Value) -> bool:
    """A Python number. A truth value is none."""
    return type(value) in (int, float)


def as_array(value: Value) -> Array | None:
    """An Array for what is an array by itself: an Array, a numpy array, or a list of numbers of one type.

    The dtype of a list is its numbers' Python type ("int", "float", "bool") and its kind is "list".
    """
    if isinstance(value, Array):
        return value
    if isinstance(value, np.ndarray):
        return Array(value, str(value.dtype), "ndarray")
    if not isinstance(value, list) or not value:
        return None
    types = {type(item) for item in value}
    of = types.pop()
    if types or of not in _KINDS:
        return None
    data = np.array(value)
    return Array(data, of.__name__, "list") if data.dtype.kind == _KINDS[of] else None  # whole numbers may not fit


def modules(value: Value) -> Iterator[tuple[Path, Architecture]]:
    """Every module in a value (itself, or in lists and dicts of modules) and below it, parents first, with attribute paths."""
    todo: list[tuple[Path, Value]] = [((), value)]
    while todo:
        path, item = todo.pop()
        if isinstance(item, Architecture):
            yield path, item
        below = item.children if isinstance(item, Architecture) else item
        if isinstance(below, dict):
            todo += [((*path, key), child) for key, child in reversed(below.items())]
        elif isinstance(below, list):
            todo += [((*path, i), child) for i, child in reversed(list(enumerate(below)))]
