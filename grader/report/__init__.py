"""Everything that people look at: feedback pages, the class report, pictures, the self-check's result, terminal tables.

    feedback(grade, title)                 feedback/<student>.html
    class_report(grades, title)            report.html
    picture(evidence)                      a PNG of yours and the expected
    selfcheck_html, selfcheck_text         what `grader.check("train")` shows
    score_table, check_table               what `grader grade` and `grader show` print

Pages hold everything they need: they ask nothing of the network and run no code. What a student wrote is escaped or sanitised.
jinja2, nh3, pygments, matplotlib and rich are imported where they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.result import CheckResult, Grade
from grader.values import Value

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "check_table",
    "class_report",
    "class_report_parts",
    "feedback",
    "picture",
    "score_table",
    "selfcheck_html",
    "selfcheck_text",
]


def feedback(grade: Grade, title: str, before: str = "") -> str:
    """One student's page, `feedback/<student>.html`: score, notes, and each blank's answer, output and checks with reasons.

    before: the page as it was, from which pictures are taken that would be drawn the same.
    """
    from grader.report import student

    return student.feedback(grade, title, before)


def class_report(grades: Iterable[Grade], title: str, link: Callable[[Grade], str] | None = None) -> str:
    """`report.html`: who needs a person, the distribution of scores, every check with its commonest mistake, every student.

    `link` gives the address of a student's page; by default `feedback/<student>.html`, percent-encoded.
    """
    return "".join(class_report_parts(grades, title, link))


def class_report_parts(
    grades: Iterable[Grade], title: str, link: Callable[[Grade], str] | None = None, basis: str = ""
) -> Iterator[str]:
    """The same in parts, for a large class: each grade is looked at once, and only what the page shows of it is held.

    basis: a word that the page says in its head, for whoever wants to know from what it was made.
    """
    from grader.report import overview

    yield from overview.class_report(grades, title, link, basis)


def picture(evidence: Mapping[str, Value], title: str = "") -> bytes | None:
    """A small PNG of `evidence["yours"]` and `["expected"]` (arrays or figures), or None when there is nothing to draw."""
    from grader.report import pictures

    return pictures.picture(evidence, title)


def selfcheck_html(
    blank: str, results: Sequence[CheckResult], pictures: Mapping[str, bytes] | None = None, note: str = ""
) -> str:
    """The result of one blank's checks for a notebook's output, inline styles only. `pictures`: check name -> PNG.

    note: a sentence of the blank as a whole.
    """
    from grader.report import compact

    return compact.selfcheck_html(blank, results, pictures or {}, note)


def selfcheck_text(blank: str, results: Sequence[CheckResult], note: str = "", *, colour: bool = False, width: int = 80) -> str:
    """The same for a terminal, ending in a line end. `colour` adds ANSI codes."""
    from grader.report import compact

    return compact.selfcheck_text(blank, results, note, colour=colour, width=width)


def score_table(grades: Iterable[Grade]) -> Table:
    """A rich table with a row a student: state, score, how the checks ended. Fits into 80 columns."""
    from grader.report import terminal

    return terminal.score_table(grades)


def check_table(grade: Grade) -> Table:
    """A rich table with a row a check of one student: outcome, title, points, and why points are missing."""
    from grader.report import terminal

    return terminal.check_table(grade)
