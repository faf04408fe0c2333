"""How each outcome, state and cell state looks: an icon, a word and a colour, always together. One home for all pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.report.text import clean, first_paragraph
from grader.result import CheckResult, Outcome, State

__all__ = ["BADGES", "CELL_STATES", "OUTCOMES", "STATES", "Look", "overall", "title", "told", "total"]


@dataclass(frozen=True)
class Look:
    """`icon` is one narrow character, `tone` a class of the style sheet, `style` a colour name of rich."""

    icon: str
    word: str
    tone: str
    style: str


# Filled badges in a notebook's output: white on these has a contrast above 4.5 on any theme.
BADGES = {"good": "#1a7f37", "some": "#9a6700", "bad": "#cf222e", "rest": "#59636e", "ours": "#8250df"}

OUTCOMES = {
    Outcome.PASSED: Look("✓", "passed", "good", "green"),
    Outcome.PARTIAL: Look("◐", "partly", "some", "yellow"),
    Outcome.FAILED: Look("✗", "failed", "bad", "red"),
    Outcome.ERROR: Look("!", "with an error", "bad", "red"),
    Outcome.NOT_ATTEMPTED: Look("–", "not attempted", "rest", "bright_black"),
    Outcome.UNGRADED: Look("?", "not graded yet", "ours", "magenta"),
}

STATES = {
    State.GRADED: Look("✓", "graded", "good", "green"),
    State.NEEDS_REVIEW: Look("?", "a person will look at this", "ours", "magenta"),
    State.FAILED: Look("!", "could not be graded", "bad", "red"),
}

CELL_STATES = {
    "ok": "",
    "error": "This cell stopped with an error.",
    "timeout": "This cell ran longer than it may, and was stopped.",
    "died": "Python itself ended in this cell (out of memory, an exit, or a crash).",
    "skipped": "This cell was left out in a second run, because the first run ended here.",
    "not_run": "This cell was not run.",
}


def total(checks: Iterable[CheckResult]) -> float:
    """Sum of the points that the checks are worth."""
    return sum((check.points for check in checks), 0.0)


def title(result: CheckResult) -> str:
    """The line that a student reads: the docstring's first paragraph, or else the check's name."""
    return first_paragraph(result.title)[0] or clean(result.name)


def told(results: Iterable[CheckResult]) -> Iterator[tuple[CheckResult, str]]:
    """Each check with its diagnosis, or with "" when a check of the same blank has just said it, or when it passed."""
    said = set()
    for result in results:
        news = result.outcome is not Outcome.PASSED and (result.blank, result.diagnosis) not in said
        yield result, result.diagnosis if news else ""
        if news:
            said.add((result.blank, result.diagnosis))


def overall(results: list[CheckResult]) -> Outcome:
    """One outcome for several checks: what they have in common, else "partly"; an ungraded one outweighs all."""
    outcomes = {result.outcome for result in results}
    if Outcome.UNGRADED in outcomes:
        return Outcome.UNGRADED
    if len(outcomes) == 1:
        return outcomes.pop()
    if not outcomes:
        return Outcome.NOT_ATTEMPTED
    if Outcome.PASSED in outcomes or any(result.score for result in results):
        return Outcome.PARTIAL
    return Outcome.ERROR if Outcome.ERROR in outcomes else Outcome.FAILED
