"""How the comparators say things: what a value is in kind, where in it, and numbers with no more digits than they need.

A `Verdict.message` may be read by a student whose check is private. So `kind` names types, shapes and texts that are keys, never
a number that was expected; numbers appear in a `Verdict.detail` only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from grader.values import Array, FigureData, Other, Raised, Value, describe

__all__ = ["Path", "expected_got", "kind", "listed", "number", "numbers", "own_kind", "plural", "quoted", "where", "word"]

Path = tuple[Any, ...]  # the keys and indices that lead from the root of a value to a part of it

_ITEMS = {bool: "truth value", int: "whole number", float: "number", str: "text", Array: "tensor", dict: "dict", list: "list"}


def kind(value: Value) -> str:
    """What a value is in kind: "a float32 tensor of shape (199, 1)", "a list of 3 texts". Silent about keys that are numbers."""
    if isinstance(value, list) and value:
        types = {type(item) for item in value}
        return f"a list of {plural(len(value), _ITEMS.get(types.pop(), 'item') if len(types) == 1 else 'item')}"
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        return f"a dict of {plural(len(value), 'item')}"
    if isinstance(value, dict):
        return describe({quoted(key, 40)[1:-1]: None for key in list(value)[:7]})
    if isinstance(value, FigureData):
        return f"a figure with {word(len(value.axes), 'one', str(len(value.axes)))} axes"
    return describe(value)


def own_kind(value: Value) -> str:
    """`kind` with "your" for its article: "your float32 tensor of shape (199, 1)"."""
    article, _, rest = kind(value).partition(" ")
    return f"your {rest}" if article in ("a", "an", "the") else f"your {kind(value)}"


def expected_got(expected: Value, value: Value, path: Path = ()) -> str:
    """The sentence for two values that are not of one kind: "Expected a number, got a text."."""
    got = kind(value)
    if isinstance(value, Raised):
        got = f"the exception {value.type}"
    elif isinstance(value, Other):
        got = f"{kind(value)}, which cannot be compared"
    elif got == kind(expected):
        got = f"another {got.split(' ', 1)[-1]}"
    return f"{'At ' + where(path) + ': expected' if path else 'Expected'} {kind(expected)}, got {got}."


def where(path: Path, index: Sequence[int] = ()) -> str:
    """Where in a value: ``["weight"][3, 0]``. The empty path and index are ""."""
    keys = "".join(f"[{quoted(key, 40)}]" if isinstance(key, str) else f"[{key!r}]" for key in path)
    return keys + (f"[{', '.join(str(int(i)) for i in index)}]" if len(index) else "")


def plural(count: int, noun: str) -> str:
    """ "1 number", "12 numbers"."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def word(count: int, one: str, many: str) -> str:
    """`one` for a count of one, else `many`: verbs and pronouns that follow a number."""
    return one if count == 1 else many


def listed(names: Iterable[str], most: int = 6) -> str:
    """ "weight, bias" and, where there are more than `most`, "… (9 in all)"."""
    all_names = list(names)
    return ", ".join(all_names[:most]) + (f", … ({len(all_names)} in all)" if len(all_names) > most else "")


def quoted(text: str, most: int = 60) -> str:
    """A text in double quotes on one line, shortened in its middle."""
    flat = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    half = (most - 1) // 2
    return f'"{flat}"' if len(flat) <= most else f'"{flat[:half]}…{flat[-half:]}"'


def number(value: Any, digits: int = 6) -> str:
    """A number as a person writes it: 6 digits, and ".0" for a float that is whole."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, (bool, complex)):
        return str(value) if isinstance(value, bool) else f"{value:.{digits}g}"
    if isinstance(value, int):
        return _whole(value)
    text = f"{value:.{digits}g}"
    return f"{text}.0" if math.isfinite(value) and text.lstrip("-").isdigit() else text


def _whole(value: int) -> str:
    """A whole number; Python refuses to write one of thousands of digits, and nobody would read it."""
    return str(value) if value.bit_length() < 200 else f"a whole number of {value.bit_length():,} bits"


def numbers(yours: Any, expected: Any) -> tuple[str, str]:
    """Two numbers that differ, with as many digits as it takes to see it."""
    for digits in (6, 9, 12, 17):
        pair = number(yours, digits), number(expected, digits)
        if pair[0] != pair[1]:
            break
    return pair
