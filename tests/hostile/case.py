"""What a hostile notebook is: the answer that does harm, and the state it must end in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POINTS = {
    "first_doubles": 1.0,
    "first_hidden": 1.0,
    "middle_adds": 2.0,
    "middle_hidden": 1.0,
    "last_means": 1.0,
    "last_hidden": 1.0,
}
BOTH = frozenset({"middle_adds", "middle_hidden"})

# The right answers, in words that stand nowhere in the reference: what is searched for there must not be found here.
FIRST = "def first(x):\n    return [number + number for number in x]"
MIDDLE = "def middle(x):\n    return [3 + number for number in x]"
LAST = "def last(x):\n    total = count = 0\n    for number in x:\n        total, count = total + number, count + 1\n    return total / count"

# In a check that must not be known, in the reference, in a neighbour's file, in the environment, in a file of the TA's.
# What is written into a source stands there in two halves.
PROBE_SECRET = "TheProbeThatNobodySees"
SECRETS = {
    "probe": PROBE_SECRET,
    "reference": "TheReferenceThatNobodySees",
    "neighbour": "TheNeighbourThatNobodySees",
    "environment": "TheTokenThatNobodySees",
    "canary": "TheLetterThatNobodySees",
}
BOAST = "LEAKED"
SEGMENT = 0x6EAD  # key of a piece of shared memory
MARK = "hostile-left-behind"  # in the command line of what is left behind on purpose


@dataclass(frozen=True)
class Case:
    """A notebook whose blank `middle` (or another) is answered with harm. Every check but those in `lost` earns its points.

    middle: the source; @name@ is one of `World.places`. answers: other blanks' sources. after: own cells that follow. lost: checks
    that must earn nothing. maybe: checks that may go either way. state: one, or several with | between them. says: words that
    notes, errors or messages must hold. shows: words on the page. isolated: harm is only kept off by isolation. quick: cheap
    enough for every run of the suite.
    """

    name: str
    middle: str = MIDDLE
    lost: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    state: str = "graded"
    says: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    isolated: bool = False
    quick: bool = False
    answers: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileCase:
    """A file, or several, in the folder of what was handed in. rows: student -> (state, score); None for a file that is no row.

    make: (folder, the bytes of a right notebook) -> writes there. says: words in the row's reason, or in the notes of the whole.
    """

    name: str
    make: Callable[[Path, bytes], None]
    rows: dict[str, tuple[str, float | None]]
    says: tuple[str, ...] = ()
    slow: bool = False


@dataclass(frozen=True)
class Row:
    """What became of one submission: `results/<student>.json` and its page."""

    result: dict[str, Any]
    page: str

    @property
    def said(self) -> str:
        """Everything that is told in words."""
        parts = [*self.result["notes"]]
        parts += [str(cell["error"]) for cell in self.result["cells"]]
        parts += [f"{check['message']} {check['diagnosis']}" for check in self.result["checks"]]
        return "\n".join(parts)

    def scores(self) -> dict[str, float]:
        return {check["name"]: check["score"] for check in self.result["checks"]}
