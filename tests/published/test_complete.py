"""No printed number is forgotten: each is recomputed by some module of this folder, or it is said why a CPU cannot."""

import importlib
import json
from collections import Counter
from pathlib import Path

import pytest

from .book import BOOKS, NUMBERS

HERE = Path(__file__).parent
LECTURES = HERE.parents[2] / "shared" / "lectures" / "published.json"
RECOMPUTED, EVERYTHING = 676, 897

for module in HERE.glob("test_*.py"):
    if module.stem != "test_complete":
        importlib.import_module(f"{__package__}.{module.stem}")

ENTRIES = [entry for book in BOOKS for entry in book.entries.values()]


def count(value) -> int:
    """Numbers, truth values and texts, one by one."""
    if isinstance(value, dict):
        return sum(count(item) for item in value.values())
    return sum(count(item) for item in value) if isinstance(value, list) else 1


def test_every_printed_number_has_its_place():
    recomputed = [entry.number for entry in ENTRIES]
    reasons = {number: reason for book in BOOKS for number, reason in book.reasons.items()}
    assert sorted([*recomputed, *reasons]) == sorted(NUMBERS), "each id once"
    assert all(reason.strip() for reason in reasons.values())


def test_how_many_values_are_recomputed():
    """Those that follow from what is printed ("implied") among them."""
    done = sum(count(v) for e in ENTRIES for k, v in NUMBERS[e.number]["expected"].items() if k not in e.without)
    everything = sum(count(entry["expected"]) for entry in NUMBERS.values())
    assert (done, everything) == (RECOMPUTED, EVERYTHING)


# ------------------------------------------------------------------------------------------ with the lectures at hand


@pytest.fixture(scope="module")
def published() -> dict[str, dict]:
    if not LECTURES.exists():
        pytest.skip("the lectures are not beside this clone")
    return {entry["id"]: entry for entry in json.loads(LECTURES.read_text(encoding="utf-8"))}


def test_the_numbers_are_those_of_the_lectures(published):
    assert {number: entry["expected"] for number, entry in NUMBERS.items()} == {n: e["expected"] for n, e in published.items()}


def test_every_value_that_a_cpu_gives_is_recomputed(published):
    """It was tried for each value: 580 printed ones could be, 536 came out digit for digit, 37 within the tolerance, 7 did not."""
    here = {(entry.number, name) for entry in ENTRIES for name in NUMBERS[entry.number]["expected"] if name not in entry.without}
    found = Counter()
    for number, entry in published.items():
        for name, tried in (entry["recomputed"] or {}).items():
            if tried["match"] in ("same", "close"):
                assert (number, name) in here
            if not name.startswith("implied"):
                found[tried["match"]] += count(entry["expected"][name])
    assert (found["same"], found["close"], found["DIFF"]) == (536, 37, 7)
