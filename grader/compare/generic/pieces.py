"""A value and the expected one, taken apart into arrays that stand in each other's place.

Numbers, arrays, lists of numbers and lists of texts are pieces; dicts, lists, figures and modules are taken apart. A list of
arrays of one shape, or of lists, is also tried as one array, since whole rows may stand in each other's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from grader.compare.generic.base import Leaf
from grader.compare.measure import Numbers
from grader.compare.walk import Pair, as_array, pairs
from grader.compare.words import Path
from grader.values import Array, Other, Raised, Value

__all__ = ["Around", "leaves", "number_array", "whole"]

DEEP = 4  # lists in lists that still count as one array
LARGE = 10**6


@dataclass(frozen=True)
class Around:
    """What else is known: what the probe was given, the value before training, and whether names in a dict matter."""

    given: Mapping[str, Value] = field(default_factory=dict)
    initial: Value = None
    names: bool = True


def number_array(value: Value, deep: int = DEEP) -> Array | None:
    """A number, an array, or lists of these that fill a rectangle, as one Array of any shape; None for all else.

    Its kind is "number", the array's, or "list".
    """
    if isinstance(value, (bool, int, float)):
        data = np.array(value)
        return Array(data, type(value).__name__, "number") if data.dtype.kind in "bif" else None
    array = as_array(value)
    if array is not None:
        return array if array.data.dtype.kind in "biuf" and array.data.size <= LARGE else None
    if not isinstance(value, list) or not 0 < len(value) <= LARGE or not deep:
        return None
    items = [number_array(item, deep - 1) for item in value]
    first = items[0]
    if first is None or any(item is None or item.shape != first.shape or item.dtype != first.dtype for item in items):
        return None
    return Array(np.stack([item.data for item in items if item is not None]), first.dtype, "list")


def leaves(value: Value, expected: Value, around: Around) -> list[Leaf] | None:
    """The pieces of two values, in order; None where something stands in the place of another kind of thing."""
    if not around.names and isinstance(value, dict) and isinstance(expected, dict) and value.keys() != expected.keys():
        if len(value) != len(expected):
            return None
        value, expected = list(value.values()), list(expected.values())
    found: list[Leaf | None] = []
    texts: dict[Path, tuple[list[str], list[str]]] = {}
    for pair in pairs(value, expected):
        if isinstance(pair.value, str) and isinstance(pair.expected, str) and pair.path and isinstance(pair.path[-1], int):
            mine, theirs = texts.setdefault(pair.path[:-1], ([], []))
            mine.append(pair.value)
            theirs.append(pair.expected)
        elif not _nothing(pair):
            found.append(_leaf(pair.value, pair.expected))
    found += [_texts(mine, theirs) for mine, theirs in texts.values()]
    pieces = [leaf for leaf in found if leaf is not None]
    return _known(pieces, around) if len(pieces) == len(found) else None


def whole(value: Value, expected: Value, around: Around) -> list[Leaf]:
    """Two lists of arrays or of lists as one piece; none where they are a single piece anyway."""
    if not isinstance(value, list) or not isinstance(expected, list):
        return []
    if as_array(value) is not None and as_array(expected) is not None:
        return []
    leaf = _leaf(value, expected)
    return _known([leaf], around) if leaf is not None else []


def _nothing(pair: Pair) -> bool:
    """Whether both are the same thing that holds no number."""
    plain = (str, type(None), Raised, Other)
    return isinstance(pair.value, plain) and isinstance(pair.expected, plain) and pair.value == pair.expected


def _leaf(value: Value, expected: Value) -> Leaf | None:
    mine, theirs = number_array(value), number_array(expected)
    if mine is not None and theirs is not None:
        return Leaf(mine, theirs, mine.data.astype(np.float64), theirs.data.astype(np.float64))
    return _texts(value, expected)


def _texts(value: Value, expected: Value) -> Leaf | None:
    """Two lists of texts, (N,) and (M,), as numbers that stand for the texts."""
    if not isinstance(value, list) or not isinstance(expected, list) or not value or not expected:
        return None
    if not all(isinstance(item, str) for item in (*value, *expected)):
        return None
    code = {text: i for i, text in enumerate(sorted({*value, *expected}))}
    mine, theirs = (np.array([code[text] for text in texts], dtype=np.float64) for texts in (value, expected))
    return Leaf(Array(mine, "str", "list"), Array(theirs, "str", "list"), mine, theirs, symbols=True)


def _known(pieces: list[Leaf], around: Around) -> list[Leaf]:
    """The pieces, each with the counts of them all, with what was given, and with its own value before training."""
    given = [array for value in around.given.values() if (array := number_array(value)) is not None]
    arrays = [*given, *(leaf.value for leaf in pieces), *(leaf.expected for leaf in pieces)]
    counts = frozenset(n for array in arrays for n in (*array.shape, array.data.size) if n > 2)
    before = _initial(around.initial, len(pieces))
    wide = tuple(array.data.astype(np.float64) for array in given)
    return [
        Leaf(leaf.value, leaf.expected, leaf.v, leaf.e, counts, wide, start, leaf.symbols)
        for leaf, start in zip(pieces, before, strict=True)
    ]


def _initial(value: Value, count: int) -> Iterable[Numbers | None]:
    """The value before training, taken apart as the pieces are; Nones where it is unknown or of another form."""
    items = leaves(value, value, Around()) if value is not None else None
    return [leaf.v for leaf in items] if items is not None and len(items) == count else [None] * count
