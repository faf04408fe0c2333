"""`report.html`: a class at a glance, for the instructor and the TAs."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from grader.report import looks
from grader.report.looks import OUTCOMES, STATES, Look, total
from grader.report.render import render
from grader.report.text import number
from grader.result import CheckResult, Grade, Outcome, State

__all__ = ["CheckRow", "Summary", "check_rows", "class_report", "counted", "summary"]

BINS = 10


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
class CheckRow:
    """What became of one check in the class. `judged` leaves out what is not graded yet; `mistake` is the commonest one."""

    name: str
    blank: str
    title: str
    points: float
    private: bool
    judged: int
    counts: dict[Outcome, int]
    mean: float | None
    mistake: str
    mistaken: int

    @property
    def share(self) -> float:
        """Passed among the judged."""
        return self.counts[Outcome.PASSED] / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class Mistake:
    """A sentence that students read, and who read it."""

    says: str
    blank: str
    grades: list[Grade]


@dataclass(frozen=True)
class Waiting:
    """A submission that a person must look at first, and why."""

    grade: Grade
    look: Look
    reasons: list[str]


def class_report(grades: Sequence[Grade], title: str, link: Callable[[Grade], str] | None = None) -> str:
    """The page: who needs a person, the numbers, the checks, the mistakes, the students.

    A score counts in the numbers when the submission could be graded and none of its checks is still `ungraded`.
    """
    grades = sorted(grades, key=lambda grade: grade.student)
    rows = check_rows(grades)
    maximum = max((grade.max_score or total(grade.checks) for grade in grades), default=0.0)
    return render(
        "class.html.j2",
        title=title,
        grades=grades,
        link=link or _link,
        waiting=_waiting(grades),
        summary=summary(grades),
        maximum=maximum,
        histogram=_histogram(grades, maximum),
        blanks=[(blank, [row for row in rows if row.blank == blank]) for blank in dict.fromkeys(row.blank for row in rows)],
        mistakes=_mistakes(grades),
        outcomes=OUTCOMES,
        states=STATES,
    )


def counted(grades: Sequence[Grade]) -> list[float]:
    """The scores that stand: a submission that failed, or waits for a person, is not a low score."""
    return [
        grade.score
        for grade in grades
        if grade.score is not None and not any(check.outcome is Outcome.UNGRADED for check in grade.checks)
    ]


def summary(grades: Sequence[Grade]) -> Summary:
    """Count, mean, median and quartiles (inclusive method) of the scores that count."""
    scores = counted(grades)
    if not scores:
        return Summary(0)
    low, _, high = statistics.quantiles(scores, n=4, method="inclusive") if len(scores) > 1 else (scores[0],) * 3
    return Summary(len(scores), statistics.fmean(scores), statistics.median(scores), (low, high), min(scores), max(scores))


def check_rows(grades: Sequence[Grade]) -> list[CheckRow]:
    """A row a check, in the order of the checks."""
    results: dict[str, list[CheckResult]] = {}
    for grade in sorted(grades, key=lambda grade: -len(grade.checks)):
        for check in grade.checks:
            results.setdefault(check.name, []).append(check)
    return [_check_row(found) for found in results.values()]


def _check_row(found: list[CheckResult]) -> CheckRow:
    first = found[0]
    judged = [check for check in found if check.outcome is not Outcome.UNGRADED]
    mistakes = Counter(check.diagnosis for check in judged if check.diagnosis)
    (mistake, mistaken), *_ = mistakes.most_common(1) or [("", 0)]
    return CheckRow(
        name=first.name,
        blank=first.blank,
        title=looks.title(first),
        points=first.points,
        private=first.private,
        judged=len(judged),
        counts={outcome: sum(check.outcome is outcome for check in found) for outcome in Outcome},
        mean=statistics.fmean(check.score for check in judged) if judged else None,
        mistake=mistake,
        mistaken=mistaken,
    )


def _link(grade: Grade) -> str:
    return f"feedback/{quote(grade.student, safe='', errors='replace')}.html"


def _waiting(grades: Sequence[Grade]) -> list[Waiting]:
    """What could not be graded first, then what needs a review, then checks that are our fault."""
    waiting = []
    for grade in grades:
        open_checks = [check for check in grade.checks if check.outcome is Outcome.UNGRADED]
        if grade.state is State.GRADED and not open_checks:
            continue
        reasons = list(grade.notes)
        reasons += [
            f"`{check.name}` is not graded yet" + (f": {check.message}" if check.message else ".") for check in open_checks
        ]
        look = STATES[grade.state] if grade.state is not State.GRADED else OUTCOMES[Outcome.UNGRADED]
        waiting.append(Waiting(grade, look, reasons or ["No reason was given."]))
    order = [State.FAILED, State.NEEDS_REVIEW, State.GRADED]
    return sorted(waiting, key=lambda item: order.index(item.grade.state))


def _mistakes(grades: Sequence[Grade]) -> list[Mistake]:
    """Every diagnosis, the commonest first; a student counts once, whatever number of checks showed it."""
    who: dict[tuple[str, str], list[Grade]] = {}
    for grade in grades:
        for key in dict.fromkeys((check.blank, check.diagnosis) for check in grade.checks if check.diagnosis):
            who.setdefault(key, []).append(grade)
    mistakes = [Mistake(says, blank, found) for (blank, says), found in who.items()]
    return sorted(mistakes, key=lambda mistake: -len(mistake.grades))


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


def _histogram(grades: Sequence[Grade], maximum: float) -> list[Bar]:
    """Scores in tenths of the maximum; full marks are in the last bar."""
    scores = counted(grades)
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
