"""One submission, from the file to its pages: what a worker does, and all that it does.

The worker reads what is kept in the gradebook; what is new it hands back, and the parent, the only writer, keeps it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.assignment import Assignment
from grader.batch.pages import write_student
from grader.batch.task import Done, Task, Terms
from grader.batch.unfill import Changed, unfill
from grader.carry import Carried, opinion
from grader.errors import GraderError, UnreadableSubmission, UsageError
from grader.grade import request, unreadable
from grader.gradebook import Gradebook, KeptRun
from grader.judging import Agree
from grader.notebook import MAX_BYTES, Answers, read
from grader.result import Grade, Outcome, Run
from grader.run import Request, libraries
from grader.run.device import on_gpu
from grader.run.whole import Opened, Opener
from grader.submission import extract

__all__ = ["Desk", "digest_of", "kept_of"]

PENDING = "Not all is judged yet: "  # begins the note on a run that is called for and was not done
CUT = ("An error is charged once: ", "Graded by hand, and ", "The key was made with ", PENDING)  # notes that judging adds


class Desk:
    """Where submissions are graded, one at a time.

    opener: what opens runs; None where nothing can be run, for the reason `refusal`. execute: whether carried-forward runs are
    done, or only listed.
    """

    def __init__(self, terms: Terms, opener: Opener | None, book: Gradebook, *, execute: bool = True, refusal: str = "") -> None:
        self.terms = terms
        self.book = book
        self._opener = opener
        self._execute = execute
        self._refusal = refusal
        self._opinions: dict[str, str] = {}

    def grade(self, task: Task) -> Done:
        """Grade it, write its pages. What goes wrong with it on our side ends in its row, and stops no other."""
        try:
            return self._from_file(task, task.path) if task.path else self._from_kept(task)
        except GraderError:
            raise
        except Exception as error:
            return self.ours(task, f"This is our fault: {type(error).__name__}: {error}", traceback.format_exc())

    def ours(self, task: Task, reason: str, details: str = "") -> Done:
        """The row of a submission that we could not grade: never a zero, and tried again next time."""
        if details:
            log = self.terms.out / "faults" / f"{task.page}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(details, encoding="utf-8")
            reason = f"{reason}. Details are in faults/{log.name}."
        grade = unreadable(self.terms.key, task.student, task.submission, reason)
        return self._done(task, _Work(), grade, task.digest, again=True)

    # ------------------------------------------------------------------------------------------------- two ways in

    def _from_file(self, task: Task, path: Path) -> Done:
        digest = ""
        try:
            data = bytes_of(path)
            digest = hashlib.sha256(data).hexdigest()
            answers = extract(read(data), self.terms.assignment.template)
        except UnreadableSubmission as error:
            grade = unreadable(self.terms.key, task.student, task.submission, str(error))
            return self._done(task, _Work(), grade, digest, again=not digest)
        asked = on_gpu(request(self.terms.assignment, answers), self._opener)
        kept = self.book.run(asked.cells_key(self.terms.versions), asked.probe_keys())
        if kept is not None and libraries.came_since(kept.run):
            kept = None
        return self._judge(task, digest, answers, asked, kept)

    def _from_kept(self, task: Task) -> Done:
        """The answers are read off the kept run's cells, so the file may be gone."""
        found = kept_of(task.student, self.book, self.terms.assignment, self.terms.versions)
        if isinstance(found, str):
            return Done(task, refused=found)
        old, kept = found
        if kept is None:
            grade = unreadable(self.terms.key, task.student, task.submission, old.notes[0])
            return self._done(task, _Work(), grade, task.digest)
        answers, asked, run = kept
        notes = _notes_of_answers(old.notes, run.run.notes)
        return self._judge(task, task.digest, dataclasses.replace(answers, notes=notes), asked, run)

    # ------------------------------------------------------------------------------------------------- run and judge

    def _judge(self, task: Task, digest: str, answers: Answers, asked: Request, kept: KeptRun | None) -> Done:
        missing = self._unasked(kept, answers)
        with contextlib.ExitStack() as stack:
            kernel = _Kernel(self._opener, stack, self._refusal)
            work = _Work(asked.cells_key(self.terms.versions), asked.probe_keys(), missing=missing)
            if kept is None or missing:
                run = kernel.run(asked)
                work.new = run
            else:
                run = kept.run
            work.lacks = tuple(libraries.lacking(run.cells))
            carried = Carried.of(self.terms.assignment, self.terms.key, run, answers, task.student, task.submission)
            ended_well = self._carry_forward(carried, kernel, work)
        grade = carried.grade()
        if work.pending:
            grade = dataclasses.replace(grade, notes=[*grade.notes, _pending_note(work.pending)])
        again = run.state == "ours" or not ended_well or bool(work.pending or work.lacks)
        return self._done(task, work, grade, digest, again=again)

    def _unasked(self, kept: KeptRun | None, answers: Answers) -> tuple[str, ...]:
        """The checks that a kept run cannot judge: their probe was never asked, and what it gives would count."""
        if kept is None:
            return ()
        agreed = {c.comparator.with_check for c in self.terms.key.checks if isinstance(c.comparator, Agree)}
        counts = [c for c in self.terms.key.checks if c.name in agreed or not (c.waived or c.blank in answers.untouched)]
        return tuple(check.name for check in counts if check.name in kept.missing)

    def _carry_forward(self, carried: Carried, kernel: _Kernel, work: _Work) -> bool:
        """As far as what is kept allows, and then with runs, where they are wanted. False when the machine was at fault."""
        while (asked := carried.request()) is not None:
            later = carried.later()
            cells = asked.cells_key(self.terms.versions)
            names = {blank: f"{cells}-{self._opinion(blank)}" for blank in later}
            kept = {blank: self.book.outcomes(name) for blank, name in names.items()}
            if all(found is not None for found in kept.values()):
                found = {check: entry for entries in kept.values() for check, entry in (entries or {}).items()}
                carried.take({check: (share, Outcome(how), says) for check, (share, how, says) in found.items()})
                continue
            if not self._execute:
                work.pending = tuple(later)
                return True
            outcomes = carried.outcomes(kernel.run(asked))
            carried.take(outcomes)
            if outcomes is None:
                return False
            work.carried += 1
            for blank, name in names.items():
                work.outcomes[name] = {c.name: list(outcomes[c.name]) for c in self.terms.key.of(blank)}
        return True

    def _opinion(self, blank: str) -> str:
        if blank not in self._opinions:
            self._opinions[blank] = opinion(self.terms.key, blank)
        return self._opinions[blank]

    def _done(self, task: Task, work: _Work, grade: Grade, digest: str, *, again: bool = False) -> Done:
        """Write the result and the page; the row is the parent's to write, last: a row means that the rest is there."""
        shown = self.book.overridden(grade)
        write_student(self.terms.out, task.page, shown, self.terms.assignment.settings.title)
        kept = work.new is not None and work.new.state != "ours"  # a run that failed through our fault is no fact
        return Done(
            task,
            digest,
            "" if again else self.terms.basis(task, digest),
            grade.to_bytes(),
            str(shown.state),
            run_key=work.run_key,
            probes=work.probes,
            run=work.new.to_bytes() if work.new is not None and kept else None,
            outcomes=work.outcomes,
            ran=work.new is not None,
            carried=work.carried,
            asked=work.missing,
            pending=work.pending,
            lacks=work.lacks,
        )


def kept_of(
    student: str, book: Gradebook, assignment: Assignment, versions: Mapping[str, str]
) -> str | tuple[Grade, tuple[Answers, Request, KeptRun] | None]:
    """A student's grade with the kept run (None where the file was no notebook), or why that cannot be judged again."""
    old = book.grade(student)
    if old is None:
        return "it was never graded"
    if not old.cells:
        return (old, None) if old.notes else "it was never run"
    try:
        answers = unfill(assignment.template, old.cells)
    except Changed as changed:
        return str(changed)
    on_cpu = request(assignment, answers)
    for asked in (on_cpu, dataclasses.replace(on_cpu, device="cuda")):
        kept = book.run(asked.cells_key(versions), asked.probe_keys())
        if kept is not None:
            break
    else:
        return "the limits, the data files, or the versions of Python and the libraries are not those of its run"
    return old, (answers, asked, kept)


@dataclass
class _Work:
    """What was done for one submission."""

    run_key: str | None = None
    probes: dict[str, str] = field(default_factory=dict)
    new: Run | None = None
    missing: tuple[str, ...] = ()
    carried: int = 0
    outcomes: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass
class _Kernel:
    """A submission's kernel, opened for its first run; what later runs have in common with that is not repeated."""

    opener: Opener | None
    stack: contextlib.ExitStack
    refusal: str
    _live: Opened | None = None

    def run(self, request: Request) -> Run:
        """Raises UsageError where nothing may be run."""
        if self.opener is None:
            raise UsageError(self.refusal)
        if self._live is not None:
            return self._live.again(request)
        self._live = self.stack.enter_context(self.opener.opened(request))
        return self._live.run


def _notes_of_answers(old: list[str], of_run: list[str]) -> tuple[str, ...]:
    """The notes on how the answers were found: in a grade, they stand between those of the run and those of judging."""
    rest = old[len(of_run) :] if old[: len(of_run)] == of_run else old
    end = next((i for i, note in enumerate(rest) if note.startswith(CUT)), len(rest))
    return tuple(rest[:end])


def _pending_note(blanks: tuple[str, ...]) -> str:
    names = ", ".join(f"`{blank}`" for blank in blanks)
    return f"{PENDING}{names} would be judged again with right answers to earlier blanks (`grader regrade … --execute`)."


def bytes_of(path: Path) -> bytes:
    """A submitted file, as far as it may be long. Raises UnreadableSubmission."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte too many is enough for `read` to refuse it
    except OSError as error:
        raise UnreadableSubmission(f"The file cannot be read: {error.strerror}.") from None


def digest_of(path: Path) -> str:
    """The sha256 of what is read of a submitted file; "" when it cannot be read."""
    try:
        return hashlib.sha256(bytes_of(path)).hexdigest()
    except UnreadableSubmission:
        return ""
