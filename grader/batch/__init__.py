"""A folder of submissions -> a gradebook, feedback pages and a class report.

Each submission ends in a row, whatever it is. What has been run is kept under a name for exactly what was run, so grading the
folder again runs only what is new or changed, and may be stopped at any time.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from grader import run as running
from grader.assignment import Assignment
from grader.carry import Carried
from grader.errors import UnreadableSubmission, UsageError
from grader.grade import request, unreadable
from grader.gradebook import Gradebook
from grader.key import Key
from grader.keying import Workshop, make_key
from grader.notebook import MAX_BYTES, Answers, read
from grader.report import class_report, feedback
from grader.result import Grade, Outcome, Run, State
from grader.run import Request, run_queue
from grader.submission import Submission, extract, find, safe_names

__all__ = ["Summary", "grade_folder", "write_pages", "write_report"]


@dataclass
class Summary:
    """What `grade_folder` did: how many runs it made and how many it found kept, and the states of the rows.

    carried: runs with a reference's answer put in, so that an error is charged once.
    """

    out: Path
    ran: int = 0
    reused: int = 0
    carried: int = 0
    states: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def needs_person(self) -> int:
        """How many rows a person must look at."""
        return self.states.get(State.NEEDS_REVIEW, 0) + self.states.get(State.FAILED, 0)


@dataclass(frozen=True)
class _Waiting:
    """A submission that can be read: what is in it, and the name of its run."""

    submission: Submission
    digest: str
    answers: Answers
    run_key: str


def grade_folder(
    assignment: Assignment,
    folder: Path,
    out: Path,
    workshop: Workshop,
    on_grade: Callable[[Grade], None] = lambda _: None,
) -> Summary:
    """Grade everything found below `folder` into `out`. Raises AuthoringError, or UsageError for a folder that is not there."""
    begin = time.monotonic()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    found = find(folder)
    if not found.submissions:
        raise UsageError(f"there is no notebook (*.ipynb) in {folder} or below it")
    summary = Summary(out, notes=list(found.notes))
    key = make_key(assignment, workshop)
    names = safe_names(submission.student for submission in found.submissions)
    with Gradebook(out / "gradebook.db", assignment.slug) as book:
        desk = _Desk(assignment, key, folder, out, book, names, on_grade, summary)
        desk.sort(found.submissions)
        todo = desk.todo
        count = len(found.submissions)
        workshop.progress("Submissions", desk.done, count)
        for name, run in run_queue(todo, workshop.jobs, workshop.runner):
            desk.take(name, run)
            workshop.progress("Submissions", desk.done, count)
        write_report(book, assignment, out)
        summary.notes += _not_here(book, found.submissions)
        for row in book.rows():
            summary.states[row.state] = summary.states.get(row.state, 0) + 1
    summary.seconds = time.monotonic() - begin
    return summary


def _not_here(book: Gradebook, submissions: list[Submission]) -> list[str]:
    """A note on rows of an earlier call whose files are not in this folder; they are kept as they were."""
    here = {submission.student for submission in submissions}
    gone = [row.student for row in book.rows() if row.student not in here]
    if not gone:
        return []
    names = ", ".join(gone[:5]) + (", …" if len(gone) > 5 else "")
    return [f"{len(gone)} in the gradebook have no file in this folder and keep their grade: {names}"]


@dataclass
class _Desk:
    """Where submissions are read and grades are written. `todo`: what is still to be run, by student."""

    assignment: Assignment
    key: Key
    folder: Path
    out: Path
    book: Gradebook
    names: dict[str, str]
    on_grade: Callable[[Grade], None]
    summary: Summary
    todo: dict[str, Request] = field(default_factory=dict)
    done: int = 0
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _carried: dict[str, Carried] = field(default_factory=dict)
    _versions: dict[str, str] = field(default_factory=running.versions)
    _digest: str = ""

    def sort(self, submissions: list[Submission]) -> None:
        """Grade what cannot be read and what has a kept run; the rest is to be run."""
        self._digest = self.key.digest()
        for submission in submissions:
            try:
                data = _bytes_of(submission.path)
                answers = extract(read(data), self.assignment.template)
            except UnreadableSubmission as error:
                self.write(unreadable(self.key, submission.student, self._name(submission), str(error)), "", None)
                continue
            asked = request(self.assignment, answers)
            waiting = _Waiting(submission, hashlib.sha256(data).hexdigest(), answers, asked.key(self._versions))
            self._waiting[submission.student] = waiting
            run = self.book.run(waiting.run_key)
            if run is None:
                self.todo[submission.student] = asked
            else:
                self.summary.reused += 1
                self._judge(submission.student, run)

    def take(self, student: str, run: Run) -> None:
        """A run is a fact and is kept, unless the machine was at fault: then it is done again next time.

        One with a reference's answer in it is judged, and only what it earns is kept.
        """
        carried = self._carried.pop(student, None)
        if carried is None:
            self.summary.ran += 1
            if run.state != "ours":
                self.book.keep_run(self._waiting[student].run_key, run)
            self._judge(student, run)
            return
        self.summary.carried += 1
        outcomes = carried.outcomes(run)
        asked = carried.request()
        if outcomes is not None and asked is not None:
            self.book.keep_outcomes(self._name_of(asked), {check: list(found) for check, found in outcomes.items()})
        carried.take(outcomes)
        self._go_on(student, carried)

    def _judge(self, student: str, run: Run) -> None:
        waiting = self._waiting[student]
        name = self._name(waiting.submission)
        self._go_on(student, Carried.of(self.assignment, self.key, run, waiting.answers, student, name))

    def _go_on(self, student: str, carried: Carried) -> None:
        """Carry forward as far as what is kept allows; then there is more to run, or the grade is written."""
        while (asked := carried.request()) is not None:
            kept = self.book.outcomes(self._name_of(asked))
            if kept is None:
                self._carried[student], self.todo[student] = carried, asked
                return
            carried.take({check: (score, Outcome(outcome), says) for check, (score, outcome, says) in kept.items()})
        waiting = self._waiting[student]
        self.write(carried.grade(), waiting.digest, waiting.run_key)

    def _name_of(self, asked: Request) -> str:
        """Outcomes are opinions: they hold for exactly this run and this key."""
        return f"{asked.key(self._versions)}-{self._digest}"

    def write(self, grade: Grade, digest: str, run_key: str | None) -> None:
        """The result, the page, and then the row: a row means that the rest is there."""
        _write_student(self.out, self.names[grade.student], grade, self.assignment.settings.title)
        self.book.keep_grade(grade, digest, run_key)
        self.done += 1
        self.on_grade(grade)

    def _name(self, submission: Submission) -> str:
        return submission.path.relative_to(self.folder).as_posix()


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte too many is enough for `read` to refuse it
    except OSError as error:
        raise UnreadableSubmission(f"The file cannot be read: {error.strerror}.") from None


def write_report(book: Gradebook, assignment: Assignment, out: Path) -> None:
    """`grades.csv` and `report.html` from what the gradebook holds."""
    grades = list(book.grades())
    columns = [check.name for check in assignment.checks.checks]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["student", "state", "score", "max_score", *columns])
    for one in grades:
        scores = {check.name: check.score for check in one.checks}
        score = "" if one.score is None else f"{one.score:g}"
        cells = [f"{scores[name]:g}" if name in scores else "" for name in columns]
        writer.writerow([_plain_cell(one.student), str(one.state), score, f"{one.max_score:g}", *cells])
    _write(out / "grades.csv", text.getvalue())
    names = safe_names(one.student for one in grades)
    page = class_report(grades, assignment.settings.title, lambda one: f"feedback/{quote(names[one.student], safe='')}.html")
    _write(out / "report.html", page)


def write_pages(book: Gradebook, assignment: Assignment, out: Path) -> int:
    """Every page again from what the gradebook holds. Returns the number of feedback pages."""
    names = safe_names(row.student for row in book.rows())
    for one in book.grades():
        _write_student(out, names[one.student], one, assignment.settings.title)
    write_report(book, assignment, out)
    return len(names)


def _write_student(out: Path, name: str, grade: Grade, title: str) -> None:
    _write(out / "results" / f"{name}.json", json.dumps(grade.to_json(), ensure_ascii=False, indent=1) + "\n")
    _write(out / "feedback" / f"{name}.html", feedback(grade, title))


def _plain_cell(text: str) -> str:
    """A file name that begins like a formula must not become one in a spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _write(path: Path, text: str) -> None:
    """Whole or not at all: readers never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)
