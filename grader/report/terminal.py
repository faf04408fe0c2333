"""Tables for a terminal of 80 columns. Text of students never becomes markup or a terminal code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from grader.report.looks import OUTCOMES, STATES, title, told, total
from grader.report.text import clean, clip, joined, number
from grader.result import CheckResult, Grade, Outcome, State

__all__ = ["check_table", "score_table"]

MAX_WHY = 300
MAX_ICONS = 24


def score_table(grades: Iterable[Grade]) -> Table:
    """A row a student: score, how the checks ended, state with its reason."""
    table = _table()
    table.add_column("student", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True, style="bright_black")
    table.add_column("checks", overflow="fold", min_width=6, max_width=30)
    table.add_column("state", overflow="fold", ratio=1)
    for grade in grades:
        maximum = grade.max_score or total(grade.checks)
        table.add_row(
            _plain(grade.student),
            number(grade.score),
            number(maximum) if maximum else "",
            _strip(grade.checks),
            _state(grade),
        )
    return table


def check_table(grade: Grade) -> Table:
    """A row a check: its blank, icon, title with the reason under it, points. The footer has the sum."""
    table = _table(show_footer=True)
    table.add_column("blank", overflow="ellipsis", no_wrap=True, max_width=20)
    table.add_column("", width=1)
    table.add_column("check", ratio=1, overflow="fold", footer=_state(grade))
    table.add_column("points", justify="right", no_wrap=True, footer=_sum(grade))
    last = None
    for check, diagnosis in told(grade.checks):
        look = OUTCOMES[check.outcome]
        blank = _plain(check.blank) if check.blank != last else Text()
        table.add_row(blank, Text(look.icon, style=f"bold {look.style}"), _what(check, diagnosis), _points(check))
        last = check.blank
    return table


def _table(*, show_footer: bool = False) -> Table:
    return Table(box=box.SIMPLE_HEAD, show_footer=show_footer, pad_edge=False, padding=(0, 1, 0, 0), expand=True)


def _plain(text: str, style: str = "") -> Text:
    return Text(" ".join(clean(text).split()), style=style)


def _strip(checks: Sequence[CheckResult]) -> Text:
    """One icon a check where they fit; else how many of each, each in a column of its own."""
    if len(checks) <= MAX_ICONS:
        return Text.assemble(*((OUTCOMES[check.outcome].icon, OUTCOMES[check.outcome].style) for check in checks))
    counts = Counter(check.outcome for check in checks)
    parts = [
        (f"{counts[o]:>3} {look.icon} ", look.style) if counts[o] else " " * 6
        for o, look in OUTCOMES.items()
        if _shown(o, counts)
    ]
    return Text.assemble(*parts)


def _shown(outcome: Outcome, counts: Counter[Outcome]) -> bool:
    """The rare outcomes take no column where there are none."""
    return bool(counts[outcome]) or outcome not in (Outcome.PARTIAL, Outcome.UNGRADED)


def _state(grade: Grade) -> Text:
    look = STATES[grade.state]
    text = Text(look.word, style=look.style)
    if reason := _reason(grade):
        text.append(": " + " ".join(clean(clip(reason, MAX_WHY)).split()), style="default")
    return text


def _reason(grade: Grade) -> str:
    open_checks = [check.name for check in grade.checks if check.outcome is Outcome.UNGRADED]
    if grade.state is State.NEEDS_REVIEW and open_checks:
        return f"{joined(open_checks[:3])} not graded yet" + (f" ({len(open_checks)} in all)" if len(open_checks) > 3 else "")
    return grade.notes[0] if grade.notes and grade.state is not State.GRADED else ""


def _sum(grade: Grade) -> str:
    return f"{number(grade.score)}/{number(grade.max_score or total(grade.checks))}"


def _points(check: CheckResult) -> str:
    earned = "–" if check.outcome is Outcome.UNGRADED else number(check.score)
    return f"{earned}/{number(check.points)}"


def _what(check: CheckResult, diagnosis: str) -> Group:
    """The title, and below it why points are missing."""
    look = OUTCOMES[check.outcome]
    line = _plain(title(check))
    if check.outcome not in (Outcome.PASSED, Outcome.FAILED):
        line.append(f" ({look.word})", style=look.style)
    if check.private:
        line.append(" (hidden check)", style="bright_black")
    lines = [line]
    if check.outcome is not Outcome.PASSED:
        if check.message and check.outcome is not Outcome.NOT_ATTEMPTED:
            lines.append(_plain(clip(check.message, MAX_WHY), "bright_black"))
        if diagnosis:
            lines.append(Text.assemble(("It looks like: ", "yellow"), _plain(clip(diagnosis, MAX_WHY))))
    return Group(*lines)
