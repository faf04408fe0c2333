"""From what `throughput.py` measured to its tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from classes.watching import Used

FLOORS = {"light": 12.0, "middle": 8.0, "heavy": 4.0}  # times nbgrader's throughput, on two cores
MOST_OVERHEAD = 0.5  # seconds a notebook
LEAST_SPEED_UP = 1.8  # two workers against one, on the light set
MOST_SPEED_UP = 2.1  # what is above was other work on the machine
LEAST_OF_CELLS = 0.9  # no notebook costs less than its cells, which in our kernels may cost less than bare ones


@dataclass
class Measured:
    """One set's measurements, by contestant. used: contestant -> number of submissions -> a command's use, each round."""

    name: str
    epochs: int
    submissions: int
    bare: list[float] = field(default_factory=list)
    used: dict[str, dict[int, list[Used]]] = field(default_factory=dict)
    runs: list[float] = field(default_factory=list)  # seconds of each of our runs, one worker
    cells: list[float] = field(default_factory=list)  # of which in cells
    others: list[float] = field(default_factory=list)  # busy share of each core while nothing of ours ran

    def add(self, who: str, students: int, used: Used) -> None:
        self.used.setdefault(who, {}).setdefault(students, []).append(used)

    def seconds(self, who: str, students: int) -> float:
        return statistics.median(used.seconds for used in self.used[who][students])

    def each(self, who: str) -> float:
        """Seconds a submission, in the class of all."""
        return self.seconds(who, self.submissions) / self.submissions

    def more(self, who: str) -> float:
        """Seconds that each submission more costs."""
        few = min(self.used[who])
        return (self.seconds(who, self.submissions) - self.seconds(who, few)) / (self.submissions - few)

    def start(self, who: str) -> float:
        """Seconds that a command takes whatever there is to grade."""
        few = min(self.used[who])
        return self.seconds(who, few) - few * self.more(who)

    @property
    def bare_median(self) -> float:
        return statistics.median(self.bare)


@dataclass(frozen=True)
class Figure:
    """One line of the result: what, how much, and what is asked for."""

    set: str
    what: str
    value: float
    unit: str
    floor: str = ""
    met: bool | None = None


def figures(found: Measured) -> Iterator[Figure]:
    """What is asked for, and what helps to understand it."""
    overhead, least = found.more("1 worker") - found.bare_median, LEAST_OF_CELLS * statistics.median(found.cells)
    asked = (f"at most {MOST_OVERHEAD}", overhead <= MOST_OVERHEAD)
    yield _judged(found.name, "overhead above bare, 1 worker", overhead, "s", asked, sound=found.more("1 worker") >= least)
    yield Figure(found.name, "… of which in cells, median run", statistics.median(found.cells) - found.bare_median, "s")
    outside = [run - cells for run, cells in zip(found.runs, found.cells, strict=True)]
    yield Figure(found.name, "… of which outside cells, in the run", statistics.median(outside), "s")
    for name in (name for name in found.used if name.startswith("nbgrader") and "feedback" not in name):
        floor = FLOORS[found.name]
        for what, cost in (("class", found.each), ("more", found.more)):
            ratio = cost(name) / cost("2 workers")
            sound = cost(name) >= found.bare_median and min(cost("1 worker"), 2 * cost("2 workers")) >= least
            asked = (f"at least {floor:g}", ratio >= floor)
            yield _judged(found.name, f"times {name}'s throughput, {what}", ratio, "x", asked, sound=sound)
            yield Figure(found.name, f"… the same, 1 worker, {what}", cost(name) / cost("1 worker"), "x")
    for what, cost in (("class", found.each), ("more", found.more)):
        speed_up = cost("1 worker") / cost("2 workers")
        asked = (f"at least {LEAST_SPEED_UP}", speed_up >= LEAST_SPEED_UP) if found.name == "light" else ("", None)
        yield _judged(found.name, f"2 workers against 1, {what}", speed_up, "x", asked, sound=0 < speed_up <= MOST_SPEED_UP)


def _judged(where: str, what: str, value: float, unit: str, asked: tuple[str, bool | None], *, sound: bool) -> Figure:
    """A figure against its floor. One that cannot be, because of other work on the machine, is neither met nor missed."""
    return Figure(where, what, value, unit, asked[0], asked[1]) if sound else Figure(where, what, value, unit, "noise: cannot be")


def show(console: Console, every: list[Measured]) -> None:
    """Two tables, and a line a set on the cores."""
    table = Table(title="Seconds a notebook", title_justify="left")
    for column in ("set", "who", "class", "more", "start of a command", "least and most, class"):
        table.add_column(column, justify="left" if column in ("set", "who") else "right")
    for found in every:
        label = f"{found.name}: {found.submissions} submissions, {found.epochs:,} epochs"
        table.add_row(label, "bare", "", f"{found.bare_median:.2f}", "", f"{min(found.bare):.2f} to {max(found.bare):.2f}")
        for name, by_count in found.used.items():
            times = [used.seconds / found.submissions for used in by_count[found.submissions]]
            parts = ["", ""] if len(by_count) == 1 else [f"{found.more(name):.2f}", f"{found.start(name):.1f}"]
            table.add_row("", name, f"{found.each(name):.2f}", *parts, f"{min(times):.2f} to {max(times):.2f}")
    console.print(table)
    table = Table(title="What is asked for", title_justify="left")
    for column in ("set", "figure", "value", "floor", ""):
        table.add_column(column, justify="right" if column == "value" else "left")
    for found in every:
        for one in figures(found):
            met = {True: "met", False: "missed", None: ""}[one.met]
            table.add_row(one.set, one.what, f"{one.value:.2f} {one.unit}", one.floor, met)
    console.print(table)
    for found in every:
        for name, by_count in found.used.items():
            shares = [used.cores for used in by_count[found.submissions]]
            cores = ", ".join(f"{statistics.median(share):.0%}" for share in zip(*shares, strict=True))
            console.print(f"{found.name}, {name}: cores busy {cores}", highlight=False)
        before = ", ".join(f"{share:.0f}%" for share in found.others)
        console.print(f"{found.name}: before it, with nothing of ours running: {before}", highlight=False)


def to_json(found: Measured) -> dict[str, Any]:
    contestants = {
        name: {str(count): [vars(used) | {"output": ""} for used in many] for count, many in by_count.items()}
        for name, by_count in found.used.items()
    }
    return vars(found) | {"used": contestants, "figures": [vars(one) for one in figures(found)]}
