"""No printed number is forgotten: each is recomputed by some module of this folder, or it is said why a CPU cannot."""

import importlib
import json
from pathlib import Path

import pytest

from .book import BOOKS, NUMBERS

HERE = Path(__file__).parent
LECTURES = HERE.parents[2] / "shared" / "lectures" / "published.json"

for module in HERE.glob("test_*.py"):
    if module.stem != "test_complete":
        importlib.import_module(f"{__package__}.{module.stem}")


def test_every_printed_number_has_its_place():
    recomputed = [number for book in BOOKS for number in book.entries]
    reasons = {number: reason for book in BOOKS for number, reason in book.reasons.items()}
    assert sorted([*recomputed, *reasons]) == sorted(NUMBERS), "each id once"
    assert all(reason.strip() for reason in reasons.values())


def test_how_many_numbers_are_recomputed():
    """Numbers, truth values and texts, counted one by one."""
    entries = [entry for book in BOOKS for entry in book.entries.values()]
    done = sum(count(v) for e in entries for k, v in NUMBERS[e.number]["expected"].items() if k not in e.without)
    everything = sum(count(entry["expected"]) for entry in NUMBERS.values())
    assert done / everything > 0.75


def count(value) -> int:
    if isinstance(value, dict):
        return sum(count(item) for item in value.values())
    return sum(count(item) for item in value) if isinstance(value, list) else 1


@pytest.mark.skipif(not LECTURES.exists(), reason="the lectures are not beside this clone")
def test_the_numbers_are_those_of_the_lectures():
    printed = {entry["id"]: entry for entry in json.loads(LECTURES.read_text(encoding="utf-8"))}
    assert {number: entry["expected"] for number, entry in NUMBERS.items()} == {n: e["expected"] for n, e in printed.items()}
