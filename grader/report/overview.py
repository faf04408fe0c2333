"""`report.html`: a class at a glance, for the instructor and the TAs."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from grader.report import looks
from grader.report.looks import OUTCOMES, STATES, Look, total
from grader.report.render import rendered
from grader.report.text import number
from grader.result import CheckResult, Grade, Outcome, State

__all__ = ["CheckRow", "ClassView", "Summary", "class_report", "summary"]

BINS = 10
NAMED = 12  # students that a mistake is shown with
REASONS = 20  # checks that a submission waits for, as they are told


@dataclass(frozen=True)
class Summary:
    """Scores of the submissions whose every check is judged; None where there are too few."""

    count: int
    mean: float | None = None
    median: float | None = None
    quartiles: tuple[float, float] | None = None
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True)
class Student:
    """A line of the class: all that the page shows of a grade. checks: their names, shared by all; outcomes: in that order."""

    student: str
    href: str
    state: State
    score: float | None
    max_score: float
    checks: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def strip(self) -> Iterator[tuple[str, Look]]:
        """Each check's name and look."""
        return zip(self.checks, map(OUTCOMES.__getitem__, self.outcomes), strict=True)


@dataclass
class CheckRow:
    """What became of one check in the class. `judged` leaves out what is not graded yet; `mistake` is the commonest one."""

    name: str
    blank: str
    title: str
    points: float
    private: bool
    counts: Counter[Outcome] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)
    scores: float = 0.0

    @classmethod
    def of(cls, check: CheckResult) -> CheckRow:
        return cls(check.name, check.blank, looks.title(check), check.points, check.private)

    def add(self, check: CheckResult) -> None:
        self.counts[check.outcome] += 1
        if check.outcome is not Outcome.UNGRADED:
            self.scores += check.score
            if check.diagnosis:
                self.mistakes[check.diagnosis] += 1

    @property
    def judged(self) -> int:
        return self.counts.total() - self.counts[Outcome.UNGRADED]

    @property
    def share(self) -> float:
        """Passed among the judged."""
        return self.counts[Outcome.PASSED] / self.judged if self.judged else 0.0

    @property
    def mean(self) -> float | None:
        return self.scores / self.judged if self.judged else None

    @property
    def mistake(self) -> str:
        return self.mistakes.most_common(1)[0][0] if self.mistakes else ""

    @property
    def mistaken(self) -> int:
        return self.mistakes[self.mistake]


@dataclass
class Mistake:
    """A sentence that students read, how many read it, and the first of them."""

    says: str
    blank: str
    count: int = 0
    students: list[Student] = field(default_factory=list)


@dataclass(frozen=True)
class Waiting:
    """A submission that a person must look at first, and why."""

    student: Student
    look: Look
    reasons: list[str]


class ClassView:
    """A class, as its grades go by: what the page shows of each, and sums. Code, outputs and evidence are not held.

    A score counts in the numbers when the submission could be graded and none of its checks is still `ungraded`.
    """

    def __init__(self, link: Callable[[Grade], str] | None = None) -> None:
        self._link = link or _link
        self._rows: dict[str, CheckRow] = {}
        self._order: tuple[str, ...] = ()
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._mistakes: dict[tuple[str, str], Mistake] = {}
        self._waiting: list[Waiting] = []
        self.students: list[Student] = []
        self.counted: list[float] = []
        self.maximum = 0.0

    def add(self, grade: Grade) -> None:
        """Take one grade in."""
        names = tuple(check.name for check in grade.checks)
        names = self._names.setdefault(names, names)
        outcomes = tuple(check.outcome for check in grade.checks)
        student = Student(grade.student, self._link(grade), grade.state, grade.score, grade.max_score, names, outcomes)
        self.students.append(student)
        self.maximum = max(self.maximum, grade.max_score or total(grade.checks))
        if grade.score is not None and Outcome.UNGRADED not in outcomes:
            self.counted.append(grade.score)
        if len(names) > len(self._order):
            self._order = names
        for check in grade.checks:
            self._rows.setdefault(check.name, CheckRow.of(check)).add(check)
        for blank, says in dict.fromkeys((check.blank, check.diagnosis) for check in grade.checks if check.diagnosis):
            mistake = self._mistakes.setdefault((blank, says), Mistake(says, blank))
            mistake.count += 1
            mistake.students += [student] if len(mistake.students) < NAMED else []
        if reasons := _reasons(grade):
            look = OUTCOMES[Outcome.UNGRADED] if grade.state is State.GRADED else STATES[grade.state]
            self._waiting.append(Waiting(student, look, reasons))

    @property
    def rows(self) -> list[CheckRow]:
        """A row a check, in the order of the checks."""
        place = {name: i for i, name in enumerate(self._order)}
        return sorted(self._rows.values(), key=lambda row: place.get(row.name, math.inf))

    @property
    def waiting(self) -> list[Waiting]:
        """What could not be graded first, then what needs a review, then checks that are our fault."""
        order = [State.FAILED, State.NEEDS_REVIEW, State.GRADED]
        return sorted(self._waiting, key=lambda item: (order.index(item.student.state), item.student.student))

    @property
    def mistakes(self) -> list[Mistake]:
        """Every diagnosis, the commonest first; a student counts once, whatever number of checks showed it."""
        return sorted(self._mistakes.values(), key=lambda mistake: -mistake.count)


def class_report(
    grades: Iterable[Grade], title: str, link: Callable[[Grade], str] | None = None, basis: str = ""
) -> Iterator[str]:
    """The page in parts: who needs a person, the numbers, the checks, the mistakes, the students by name."""
    found = ClassView(link)
    for grade in grades:
        found.add(grade)
    found.students.sort(key=lambda student: student.student)
    rows = found.rows
    return rendered(
        "class.html.j2",
        title=title,
        basis=basis,
        students=found.students,
        waiting=found.waiting,
        summary=summary(found.counted),
        maximum=found.maximum,
        histogram=_histogram(found.counted, found.maximum),
        blanks=[(blank, [row for row in rows if row.blank == blank]) for blank in dict.fromkeys(row.blank for row in rows)],
        mistakes=found.mistakes,
        outcomes=OUTCOMES,
        states=STATES,
    )


def summary(scores: Sequence[float]) -> Summary:
    """Count, mean, median and quartiles (inclusive method) of the scores that count."""
    if not scores:
        return Summary(0)
    low, _, high = statistics.quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else (scores[0],) * 3
    return Summary(len(scores), statistics.fmean(scores), statistics.median(scores), (low, high), min(scores), max(scores))


def _link(grade: Grade) -> str:
    return f"feedback/{quote(grade.student, safe='', errors='replace')}.html"


def _reasons(grade: Grade) -> list[str]:
    """Why a person must look at it; none where nobody must."""
    waits = [check for check in grade.checks if check.outcome is Outcome.UNGRADED]
    if grade.state is State.GRADED and not waits:
        return []
    reasons = list(grade.notes)
    reasons += [f"`{check.name}` is not graded yet" + (f": {check.message}" if check.message else ".") for check in waits]
    more = [f"{len(reasons) - REASONS} more reasons of this kind."] if len(reasons) > REASONS else []
    return reasons[:REASONS] + more or ["No reason was given."]


# ------------------------------------------------------------------------------------------------------------ histogram


@dataclass(frozen=True)
class Bar:
    """A bar in the drawing's own units (the drawing is 700 by 180)."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str


def _histogram(scores: Sequence[float], maximum: float) -> list[Bar]:
    """Scores in tenths of the maximum; full marks are in the last bar."""
    if not scores or maximum <= 0:
        return []
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, max(0, int(BINS * score / maximum + 1e-9)))] += 1
    width = 680 / BINS
    bars = []
    for i, count in enumerate(counts):
        height = 125 * count / max(counts)
        label = f"{number(maximum * i / BINS)} to {number(maximum * (i + 1) / BINS)} points: {count}"
        bars.append(Bar(10 + i * width + 3, 150 - height, width - 6, height, count, label))
    return bars
