"""Judging a class again from what is kept: new points, tolerances, comparators; no cell is executed for what did not change.

Neither the submissions nor their folder are needed: the answers are read off the kept cells.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import run as running
from grader.assignment import Assignment
from grader.batch.crew import Crew, Watch, longest_first
from grader.batch.desk import kept_of
from grader.batch.folder import JUDGED, again_notes, is_done
from grader.batch.pages import write_report
from grader.batch.task import Done, Task, Terms
from grader.errors import UsageError
from grader.gradebook import Gradebook, Row
from grader.keying import Workshop, make_key
from grader.result import State
from grader.submission import safe_names

__all__ = ["Change", "Regraded", "regrade"]

LOOKED_AT = 5  # rows, before all is refused


@dataclass(frozen=True)
class Change:
    """A student's score before and after, and the checks whose points are others: name -> (before, after)."""

    student: str
    before: float | None
    after: float | None
    checks: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass
class Regraded:
    """What `regrade` did.

    rows: how many there are. judged: how many were judged again. ran: notebooks that were executed, because a check's probe was
    never asked in the kept run. carried: carried-forward runs that were done. pending: student -> blanks for which one is called
    for. refused: student -> why the kept run cannot be judged any more; such a grade stays.
    """

    out: Path
    rows: int = 0
    judged: int = 0
    ran: int = 0
    carried: int = 0
    changes: list[Change] = field(default_factory=list)
    pending: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def up(self) -> int:
        """How many scores are higher now."""
        return sum((c.after or 0) > (c.before or 0) for c in self.changes)

    @property
    def down(self) -> int:
        """How many scores are lower now."""
        return sum((c.after or 0) < (c.before or 0) for c in self.changes)

    @property
    def needs_person(self) -> int:
        """How many rows a person must look at."""
        return self.states.get(State.NEEDS_REVIEW, 0) + self.states.get(State.FAILED, 0)

    def checks(self) -> dict[str, tuple[int, int]]:
        """Check -> how many earn more, and how many less, of those that changed."""
        up: Counter[str] = Counter()
        down: Counter[str] = Counter()
        for change in self.changes:
            for name, (before, after) in change.checks.items():
                (up if after > before else down)[name] += 1
        return {name: (up[name], down[name]) for name in sorted({*up, *down})}

    def to_json(self) -> dict[str, Any]:
        names = ("rows", "judged", "ran", "carried", "up", "down", "pending", "refused", "states", "notes")
        changes = [
            {"student": c.student, "before": c.before, "after": c.after, "checks": {n: list(v) for n, v in c.checks.items()}}
            for c in self.changes
        ]
        plain = {name: getattr(self, name) for name in names}
        return {"out": str(self.out), **plain, "seconds": round(self.seconds, 2), "changes": changes}


def regrade(
    assignment: Assignment,
    out: Path,
    workshop: Workshop,
    watch: Watch = lambda _: None,
    *,
    execute: bool = False,
    refusal: str = "",
    where: Path | str | None = None,
) -> Regraded:
    """Judge every row again under today's `checks.py`. Raises UsageError where there is no gradebook, or the template is another.

    execute: do the carried-forward runs that the new verdicts call for, instead of listing them.
    refusal: why nothing may be executed ("" when it may): UsageError, should something have to be.
    """
    begin = time.monotonic()
    regraded = Regraded(out)
    with Gradebook.existing(where or out, assignment.slug) as book:
        before = {row.student: row for row in book.rows()}
        regraded.rows = len(before)
        _refuse_another_template(book, assignment, list(before.values()))
        pages = safe_names(before)
        terms = Terms(assignment, make_key(assignment, workshop), out)
        todo = []
        for row in before.values():
            task = Task(row.student, row.submission, pages[row.student], row.digest)
            if row.state not in JUDGED or (row.state == State.FAILED and not row.basis):
                regraded.refused[row.student] = "it waits to be run"
            elif not is_done(row, task, terms):
                todo.append(task)
        opener = None if refusal else workshop.opener
        crew = Crew(terms, book, opener, workshop.jobs, execute=execute, refusal=refusal, runs=False, watch=watch)
        asked: Counter[str] = Counter()
        for done in crew.do(longest_first(todo, book.seconds()), 0, assignment.slug) if todo else ():
            _take(regraded, done)
            asked.update(done.asked)
        regraded.notes = [*book.notes, *crew.notes, *again_notes(asked)]
        after = book.rows()
        write_report(book, assignment, out, after)
        regraded.changes = [change for row in after if (change := _change(before.get(row.student), row))]
        regraded.states = dict(Counter(row.state for row in after))
    regraded.seconds = time.monotonic() - begin
    return regraded


def _refuse_another_template(book: Gradebook, assignment: Assignment, rows: Sequence[Row]) -> None:
    """Raises UsageError when none of the first few rows can be judged again: then no other can. Before a key is made."""
    some = [row.student for row in rows if row.state in JUDGED and row.state != State.FAILED][:LOOKED_AT]
    found = [kept_of(student, book, assignment, running.versions()) for student in some]
    if found and all(isinstance(reason, str) for reason in found):
        raise UsageError(
            f"nothing can be judged again under the profile `{assignment.profile}`: {found[0]}. "
            "Name the --profile that it was graded with, or have it run again: grader grade SLUG FOLDER --out DIR"
        )


def _take(regraded: Regraded, done: Done) -> None:
    student = done.task.student
    if done.refused:
        regraded.refused[student] = done.refused
        return
    regraded.judged += 1
    regraded.ran += done.ran
    regraded.carried += done.carried
    if done.pending:
        regraded.pending[student] = done.pending


def _change(before: Row | None, after: Row) -> Change | None:
    if before is None or (before.score, before.scores) == (after.score, after.scores):
        return None
    names = [name for name in after.scores if before.scores.get(name, 0.0) != after.scores[name]]
    names += [name for name in before.scores if name not in after.scores]
    checks = {name: (before.scores.get(name, 0.0), after.scores.get(name, 0.0)) for name in names}
    return Change(after.student, before.score, after.score, checks)
