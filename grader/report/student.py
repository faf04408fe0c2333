"""`feedback/<student>.html`: one page for one student. It needs nothing from outside and runs no code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from markupsafe import Markup

from grader.notebook import Role
from grader.report import looks
from grader.report.code import highlighted
from grader.report.drawn import Drawn
from grader.report.looks import CELL_STATES, OUTCOMES, STATES, Look, overall, told, total
from grader.report.outputs import Budget, OutputView, views
from grader.report.render import render
from grader.report.text import first_paragraph
from grader.result import CellRun, CheckResult, Grade, Outcome, State

__all__ = ["feedback"]

BY_HAND = "graded by hand"


@dataclass(frozen=True)
class CellView:
    """One cell as it is shown. `heading` is "" for an answer; `folded` cells open on a click."""

    heading: str
    code: Markup
    problem: str
    line: int
    error: str
    outputs: list[OutputView]
    folded: bool


@dataclass(frozen=True)
class CheckView:
    """One line of a section."""

    result: CheckResult
    look: Look
    title: str
    more: str
    message: str
    diagnosis: str
    picture: str
    src: str


@dataclass
class Section:
    """One blank, or ("") what stands before the first one."""

    blank: str
    cells: list[CellRun] = field(default_factory=list)
    results: list[CheckResult] = field(default_factory=list)

    @property
    def pending(self) -> float:
        """Points that nobody has judged yet."""
        return total(result for result in self.results if result.outcome is Outcome.UNGRADED)

    @property
    def earned(self) -> float:
        return sum((result.score for result in self.results), 0.0)

    @property
    def points(self) -> float:
        return total(self.results)

    @property
    def look(self) -> Look:
        return OUTCOMES[overall(self.results)]


def feedback(grade: Grade, title: str, before: str = "") -> str:
    """The page: score, notes, and for each blank the answer, what it put out, and every check with its reason.

    before: the page as it was, whose pictures are not drawn again. Everything that comes from the student is escaped or
    sanitised. Evidence of a private check is never drawn.
    """
    budget, drawn = Budget(), Drawn(before)
    sections = _sections(grade)
    by_hand = [note for note in grade.notes if BY_HAND in note.lower()]
    return render(
        "feedback.html.j2",
        title=title,
        grade=grade,
        state=STATES[grade.state],
        failed=grade.state is State.FAILED,
        maximum=grade.max_score or total(grade.checks),
        pending=sum(section.pending for section in sections),
        tally=tally(grade.checks),
        notes=[note for note in grade.notes if note not in by_hand],
        by_hand=by_hand,
        sections=[(section, _cells(section, budget), _checks(section, drawn)) for section in sections if section.blank],
        others=[cell for section in sections if not section.blank for cell in _cells(section, budget)],
    )


def tally(checks: list[CheckResult]) -> list[tuple[Look, int]]:
    """How many checks ended how, best first, leaving out what did not occur."""
    counts = [(look, sum(check.outcome is outcome for check in checks)) for outcome, look in OUTCOMES.items()]
    return [(look, count) for look, count in counts if count]


def _sections(grade: Grade) -> list[Section]:
    """Blanks in the order of their checks; a cell belongs to the blank that it answers or that it follows."""
    sections = {name: Section(name) for name in dict.fromkeys(check.blank for check in grade.checks)}
    for check in grade.checks:
        sections[check.blank].results.append(check)
    current = ""
    for cell in grade.cells:
        if cell.role in (Role.BLANK, Role.CHECK) and cell.name:
            current = cell.name
        sections.setdefault(current, Section(current)).cells.append(cell)
    return list(sections.values())


# ---------------------------------------------------------------------------------------------------------------- cells


def _cells(section: Section, budget: Budget) -> list[CellView]:
    """What is worth showing: answers always, the student's own cells, and given cells that failed or put something out."""
    return [_cell(cell, answers, budget) for cell, answers in _with_place(section.cells) if _is_shown(cell, answers)]


def _with_place(cells: list[CellRun]) -> Iterator[tuple[CellRun, bool]]:
    """Each cell, and whether it belongs to the answer: a blank's cell, or an own one between that and the check."""
    answering = False
    for cell in cells:
        answering = answering or cell.role == Role.BLANK
        answering = answering and cell.role != Role.CHECK
        yield cell, cell.role == Role.BLANK or (answering and cell.role == Role.EXTRA)


def _is_shown(cell: CellRun, answers: bool) -> bool:
    stopped = cell.state in ("error", "timeout", "died")
    if cell.role in (Role.CHECK, Role.SETUP):
        return stopped
    return answers or stopped or (bool(cell.outputs) if cell.role == Role.GIVEN else bool(cell.source.strip()))


def _cell(cell: CellRun, answers: bool, budget: Budget) -> CellView:
    shown = views(cell.outputs, budget)
    headings = {Role.GIVEN: "Given cell", Role.CHECK: "Check cell", Role.SETUP: "Set-up cell"}
    problem = CELL_STATES.get(cell.state, f"This cell ended as “{cell.state}”.")
    return CellView(
        heading="" if answers else headings.get(cell.role, "Your own cell"),  # type: ignore[call-overload]  # a StrEnum is a str
        code=highlighted(cell.source, cell.line),
        problem=problem,
        line=cell.line,
        error=cell.error or next((view.title for view in shown if view.kind == "error"), ""),
        outputs=shown,
        folded=not answers and cell.state in ("ok", "skipped", "not_run"),
    )


# --------------------------------------------------------------------------------------------------------------- checks


def _checks(section: Section, drawn: Drawn) -> list[CheckView]:
    return [_check(result, diagnosis, drawn) for result, diagnosis in told(section.results)]


def _check(result: CheckResult, diagnosis: str, drawn: Drawn) -> CheckView:
    more = first_paragraph(result.title)[1]
    name, src = "", ""
    if not result.private and result.outcome in (Outcome.FAILED, Outcome.PARTIAL) and result.evidence:
        name, src = drawn.src(result.evidence)
    message = "" if result.outcome is Outcome.NOT_ATTEMPTED else result.message.strip()  # the word says it
    return CheckView(result, OUTCOMES[result.outcome], looks.title(result), more, message, diagnosis, name, src)
