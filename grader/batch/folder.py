"""A folder of submissions -> a gradebook, feedback pages and a class report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.crew import Crew, Watch, longest_first
from grader.batch.desk import digest_of
from grader.batch.pages import are_there, write_report
from grader.batch.task import Done, Task, Terms
from grader.errors import UsageError
from grader.gradebook import Gradebook, Row
from grader.keying import Workshop, make_key
from grader.result import State
from grader.submission import find, safe_names

__all__ = ["JUDGED", "Summary", "grade_folder"]

JUDGED = frozenset(str(state) for state in State)


@dataclass
class Summary:
    """What `grade_folder` did, and the states of the rows.

    ran: notebooks that were executed. reused: those whose run was kept from before; `unchanged` of them had nothing new at all.
    carried: runs with a reference's answer put in, so that an error is charged once. lacks: libraries that are not installed here
    -> notebooks that import them.
    """

    out: Path
    ran: int = 0
    reused: int = 0
    unchanged: int = 0
    carried: int = 0
    states: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    lacks: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def needs_person(self) -> int:
        """How many rows a person must look at."""
        return self.states.get(State.NEEDS_REVIEW, 0) + self.states.get(State.FAILED, 0)


def grade_folder(
    assignment: Assignment,
    folder: Path,
    out: Path,
    workshop: Workshop,
    watch: Watch = lambda _: None,
    where: Path | str | None = None,
) -> Summary:
    """Grade everything found below `folder` into `out`. Raises AuthoringError, or UsageError for a folder that is not there.

    watch: is told how far it is. where: the gradebook, by default `gradebook.db` in `out`.
    """
    begin = time.monotonic()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    found = find(folder)
    if not found.submissions:
        raise UsageError(f"there is no notebook (*.ipynb) in {folder} or below it")
    summary = Summary(out, notes=list(found.notes))
    terms = Terms(assignment, make_key(assignment, workshop), out)
    with Gradebook(where or out / "gradebook.db", assignment.slug) as book:
        pages = safe_names(submission.student for submission in found.submissions)
        tasks = [
            Task(s.student, s.path.relative_to(folder).as_posix(), pages[s.student], digest_of(s.path), s.path)
            for s in found.submissions
        ]
        del found
        rows = {row.student: row for row in book.rows()}
        todo = [task for task in tasks if not is_done(rows.get(task.student), task, terms)]
        summary.unchanged = len(tasks) - len(todo)
        news = {task.student for task in todo}
        summary.reused = sum(rows[t.student].state != State.FAILED for t in tasks if t.student not in news)
        book.found((task.student, task.submission, task.digest) for task in todo)
        summary.notes += book.notes
        crew = Crew(terms, book, workshop.opener, workshop.jobs, watch=watch)
        fresh = sum(task.student not in rows or rows[task.student].digest != task.digest for task in todo)
        asked = count(crew.do(longest_first(todo, book.seconds()), fresh, assignment.slug) if todo else (), summary)
        summary.notes += crew.notes + again_notes(asked) + _lacks_notes(summary.lacks)
        rows_now = book.rows()
        write_report(book, assignment, out, rows_now)
        summary.notes += _not_here(rows_now, {task.student for task in tasks})
        summary.states = dict(Counter(row.state for row in rows_now))
    summary.seconds = time.monotonic() - begin
    return summary


def is_done(row: Row | None, task: Task, terms: Terms) -> bool:
    """Whether a row, and with it the rest, stands as it would be made now."""
    if row is None or row.state not in JUDGED or row.basis != terms.basis(task, task.digest):
        return False
    return are_there(terms.out, task.page)


def count(done: Iterable[Done], summary: Summary) -> Counter[str]:
    """Take each into the summary. Returns how many notebooks ran again for which check, because of a probe never asked."""
    asked: Counter[str] = Counter()
    for one in done:
        summary.ran += one.ran
        summary.reused += not one.ran and one.run_key is not None
        summary.carried += one.carried
        asked.update(one.asked)
        summary.lacks.update(one.lacks)
    return asked


def again_notes(asked: Counter[str]) -> list[str]:
    """A sentence on the checks whose probe is new or has changed, for which notebooks ran again."""
    if not asked:
        return []
    names = ", ".join(f"`{name}`" for name, _ in asked.most_common(4)) + (f" and {len(asked) - 4} more" if len(asked) > 4 else "")
    what = "The probe of" if len(asked) == 1 else "The probes of"
    number = max(asked.values())
    ran = "1 notebook had to run" if number == 1 else f"{number} notebooks had to run"
    return [f"{what} {names} {'is' if len(asked) == 1 else 'are'} new or changed: {ran} again"]


def _lacks_notes(lacks: Counter[str]) -> list[str]:
    """A sentence on what notebooks import and cannot be had here."""
    if not lacks:
        return []
    names = ", ".join(f"`{name}` ({number})" for name, number in lacks.most_common(6)) + (", …" if len(lacks) > 6 else "")
    return [f"Notebooks import what is not installed here: {names}. Once it is, `grade` runs them again"]


def _not_here(rows: list[Row], here: set[str]) -> Iterator[str]:
    """A note on rows of an earlier call whose files are not in this folder; they are kept as they were."""
    gone = [row.student for row in rows if row.student not in here]
    if gone:
        names = ", ".join(gone[:5]) + (", …" if len(gone) > 5 else "")
        yield f"{len(gone)} in the gradebook have no file in this folder and keep their grade: {names}"
