"""The numbers that the lectures print, and the tests that recompute them with the references.

`numbers.json` has them all: id -> the task, the tolerance with which they are printed, and the values by name ("implied" ones follow
from what is printed). A module of tests says how to get them, or why a CPU cannot:

    book = Book("perceptron")

    @book.recomputes("001-P04")
    def xor():
        return {"XOR": [...]}

    book.cannot("001-P12", "drawn without a seed")
    test_printed = book.tests()
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

__all__ = ["NUMBERS", "Book"]

NUMBERS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "numbers.json").read_text(encoding="utf-8"))
BOOKS: list[Book] = []


@dataclass(frozen=True)
class Recomputed:
    """How to get the numbers of one id. `without`: name -> why a CPU cannot give it, or why what is printed is not so."""

    number: str
    compute: Callable[[], Mapping[str, Any]]
    without: Mapping[str, str]
    slow: bool


@dataclass
class Book:
    """What the reference `name` recomputes."""

    name: str
    entries: dict[str, Recomputed] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        BOOKS.append(self)

    def recomputes(self, number: str, *, without: Mapping[str, str] | None = None, slow: bool = False) -> Any:
        """The decorated function returns the values of `number` by name, all but those named in `without`."""

        def note(compute: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
            assert number in NUMBERS, f"the lectures have no {number}"
            assert number not in self.entries, f"{number} is there twice"
            self.entries[number] = Recomputed(number, compute, without or {}, slow)
            return compute

        return note

    def cannot(self, number: str, reason: str) -> None:
        """No CPU gives any of the numbers of `number`, and why."""
        assert number in NUMBERS, f"the lectures have no {number}"
        assert number not in self.reasons, f"{number} is there twice"
        self.reasons[number] = reason

    def tests(self) -> Any:
        """One test for each id."""
        parameters = [
            pytest.param(entry, id=number, marks=pytest.mark.slow if entry.slow else ()) for number, entry in self.entries.items()
        ]

        @pytest.mark.parametrize("entry", parameters)
        def test_printed(entry: Recomputed) -> None:
            assert_as_printed(entry)

        return test_printed


def assert_as_printed(entry: Recomputed) -> None:
    """Every value of the id is recomputed, within the tolerance of its printing."""
    printed = NUMBERS[entry.number]
    found = dict(entry.compute())
    assert found.keys() | entry.without.keys() == printed["expected"].keys(), "each printed value is recomputed, or said why not"
    assert not found.keys() & entry.without.keys()
    assert all(reason.strip() for reason in entry.without.values())
    for name, value in found.items():
        assert_close(plain(value), printed["expected"][name], printed["tolerance"], f"{entry.number} {name}")


def plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor | np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def assert_close(value: Any, expected: Any, tolerance: Mapping[str, float], where: str) -> None:
    if isinstance(expected, list):
        assert isinstance(value, list), where
        assert len(value) == len(expected), where
        for place, pair in enumerate(zip(value, expected, strict=True)):
            assert_close(*pair, tolerance, f"{where}[{place}]")
    elif isinstance(expected, dict):
        assert value.keys() == expected.keys(), where
        for key in expected:
            assert_close(value[key], expected[key], tolerance, f"{where}.{key}")
    elif isinstance(expected, bool | str) or expected is None:
        assert value == expected, where
    else:
        # Two numbers that are printed alike may differ by one unit of the last digit; 1e-7 is what float32 adds to that.
        assert value == pytest.approx(expected, abs=tolerance["atol"] + 1e-7, rel=tolerance["rtol"] or None), where
