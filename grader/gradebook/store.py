"""The gradebook itself: each of its methods is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import sqlalchemy as sa

from grader.errors import MachineError, UsageError
from grader.gradebook import states
from grader.gradebook.contents import Contents, sweep
from grader.gradebook.grades import add_evidence, is_kept, read_grade, read_light, write_grade
from grader.gradebook.listing import Row, read_rows
from grader.gradebook.opening import is_url, open_gradebook
from grader.gradebook.overrides import (
    Override,
    SettledGrade,
    apply,
    override_of,
    read_overrides,
    write_revocation,
)
from grader.gradebook.runs import KeptRun, asked, find_run, read_outcomes, read_run, write_outcomes, write_run
from grader.gradebook.schema import grades, runs, submissions
from grader.gradebook.states import SubmissionState
from grader.result import Grade, Run
from grader.values import NotAValue

__all__ = ["Gradebook"]

_AT_ONCE = 100  # grades


class Gradebook:
    """Runs and grades of one assignment. Open it with a path or a URL; close it, or use it in a `with`.

    One process writes at a time, and others wait for it (10 s); readers never wait. Every method may raise MachineError when the
    database fails.

    where: what was given; it opens the gradebook again in another process. notes: what a person should know about its opening:
    that it was migrated, and where the old file is.
    """

    def __init__(self, where: Path | str, assignment: str) -> None:
        """Raises UsageError when it cannot be opened, is no gradebook, or is one of another assignment or a newer version."""
        self._open(where, assignment, make=True)

    @classmethod
    def existing(cls, where: Path | str, assignment: str) -> Gradebook:
        """The gradebook in a folder that `grade` made, or at a URL. Raises UsageError when there is none, or it is another's."""
        book = cls.__new__(cls)
        if is_url(where):
            book._open(where, assignment, make=False)
            return book
        path = Path(where) / "gradebook.db"
        if not path.is_file():
            raise UsageError(f"there is no gradebook in {where}; `grader grade SLUG FOLDER --out {where}` makes one")
        book._open(path, assignment, make=False)
        return book

    def _open(self, where: Path | str, assignment: str, *, make: bool) -> None:
        opened = open_gradebook(where, assignment, make=make)
        self.where, self.assignment = where, assignment
        self.place, self.notes = opened.place, opened.notes
        self._engine, self._writer = opened.engine, opened.writer

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        """One snapshot."""
        with self._plainly(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        """One transaction, whole or not at all."""
        with self._plainly(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise MachineError(f"the gradebook {self.place} failed: {error.orig}") from error

    # ------------------------------------------------------------------------------------------------- runs

    @overload
    def run(self, key: str) -> Run | None: ...
    @overload
    def run(self, key: str, probes: Mapping[str, str]) -> KeptRun | None: ...
    def run(self, key: str, probes: Mapping[str, str] | None = None) -> Run | KeptRun | None:
        """The kept run of exactly these cells as far as it answers these probes (check -> key of its probe), or None.

        Without probes: a run whose key names the probes, too.
        """
        with self._read() as connection:
            number = find_run(connection, key)
            if number is None:
                return None
            try:
                kept = read_run(connection, number, probes)
            except (NotAValue, TypeError, ValueError):
                return None
        return kept.run if probes is None else kept

    @overload
    def keep_run(self, key: str, probes: Run) -> None: ...
    @overload
    def keep_run(self, key: str, probes: Mapping[str, str], run: Run) -> None: ...
    def keep_run(self, key: str, probes: Mapping[str, str] | Run, run: Run | None = None) -> None:
        """Keep a run, or the captures of new probes in one that is kept already: that is kept as it was.

        One that the machine broke (state "ours") is no fact, and is not kept.
        """
        if isinstance(probes, Run):
            run, probes = probes, dict.fromkeys(probes.captures, "")
        if run is None or run.state == "ours":
            return
        with self._write() as connection:
            write_run(connection, Contents(), key, probes, run)

    def has_run(self, key: str, probes: Mapping[str, str]) -> bool:
        """Whether there is a run of these cells in which all these probes were asked."""
        with self._read() as connection:
            number = find_run(connection, key)
            return number is not None and asked(connection, number) >= set(probes.items())

    def run_keys(self) -> set[str]:
        with self._read() as connection:
            return set(connection.execute(sa.select(runs.c.key)).scalars())

    def seconds(self) -> dict[str, float]:
        """Student -> seconds of their last run; 0.0 for those of whom there was none."""
        with self._read() as connection:
            query = sa.select(submissions.c.student, submissions.c.seconds).order_by(submissions.c.student)
            return {row.student: row.seconds for row in connection.execute(query)}

    def outcomes(self, key: str) -> dict[str, list[Any]] | None:
        """What was kept of a carried-forward run, or None."""
        with self._read() as connection:
            return read_outcomes(connection, key)

    def keep_outcomes(self, key: str, outcomes: Mapping[str, list[Any]]) -> None:
        """Keep what a carried-forward run earned: no value and no output of it."""
        with self._write() as connection:
            write_outcomes(connection, {key: outcomes})

    # ------------------------------------------------------------------------------------------------- submissions, grades

    def found(self, found: Iterable[tuple[str, str, str]]) -> None:
        """(student, submission, digest): each is in the state "found", unless its file is the same and it is judged already."""
        with self._write() as connection:
            states.enter(connection, found)

    def begin(self, student: str) -> None:
        """The submission is running. Raises MachineError when it was never found."""
        with self._write() as connection:
            states.move(connection, student, SubmissionState.RUNNING)

    def keep_grade(self, grade: Grade, digest: str, run_key: str | None, basis: str = "") -> None:
        """Write a student's grade with its verdicts, in place of an earlier one. With the same basis there is nothing to do."""
        self.keep_all(grade, digest, basis, run_key=run_key, probes={}, run=None, outcomes={})

    def keep_all(
        self,
        grade: Grade,
        digest: str,
        basis: str,
        *,
        run_key: str | None,
        probes: Mapping[str, str],
        run: Run | None,
        outcomes: Mapping[str, Mapping[str, list[Any]]],
    ) -> None:
        """All that came of a submission, in one transaction: its run, if it is new, what carried-forward runs earned, its grade.

        run_key: None where it was not run. outcomes: name of a carried-forward run -> what it earned.
        """
        if isinstance(grade, SettledGrade):
            raise MachineError("a grade with overrides in it must not be kept as if it were judged")
        store = Contents()
        kept, fresh = None, None
        with self._write() as connection:
            away = None if is_kept(connection, grade, basis) else add_evidence(store, grade)  # written with the run's values
            if run is not None and run_key is not None and run.state != "ours":
                kept, is_new = write_run(connection, store, run_key, probes, run)
                fresh = run if is_new else None
            elif run_key is not None:
                kept = find_run(connection, run_key)
            write_outcomes(connection, outcomes)
            state, seconds = SubmissionState(grade.state), {"seconds": grade.seconds} if grade.seconds else {}
            number = states.arrive(connection, grade.student, state, submission=grade.submission, digest=digest, **seconds)
            if away is not None:
                write_grade(connection, store, number, grade, away, digest=digest, basis=basis, run=kept, fresh=fresh)

    def rows(self) -> list[Row]:
        """All students, by name. Reads no blob."""
        with self._read() as connection:
            return read_rows(connection)

    def grade(self, student: str) -> Grade | None:
        """One student's grade with all details and overrides, or None."""
        with self._read() as connection:
            grade = read_grade(connection, student)
            return None if grade is None else apply(grade, read_overrides(connection, student))

    def grades(self) -> Iterator[Grade]:
        """All grades by student, one at a time."""
        for student in self._graded():
            grade = self.grade(student)
            if grade is not None:
                yield grade

    def light_grades(self) -> Iterator[Grade]:
        """The same without cells and evidence, which lists do not show, `_AT_ONCE` at a time."""
        students = self._graded()
        for start in range(0, len(students), _AT_ONCE):
            with self._read() as connection:
                found = read_light(connection, students[start : start + _AT_ONCE])
                changed = read_overrides(connection)
            for grade in found:
                yield apply(grade, [one for one in changed if one.student == grade.student])

    def _graded(self) -> list[str]:
        with self._read() as connection:
            query = sa.select(submissions.c.student).join_from(submissions, grades).order_by(submissions.c.student)
            return list(connection.execute(query).scalars())

    # ------------------------------------------------------------------------------------------------- overrides

    def override(self, student: str, check: str, points: float, who: str, why: str, *, bonus: bool = False) -> Override:
        """Give points to a check, or to the whole submission (check ""); an earlier override of the same is replaced.

        bonus: more points than the check is worth may be given. Raises UsageError when there is no such grade or check, and
        for points out of range.
        """
        with self._write() as connection:
            number = override_of(connection, student, check, points, who, why, bonus=bonus)
            return next(one for one in read_overrides(connection, student) if one.id == number)

    def revoke(self, id: int, who: str, why: str) -> None:
        """Put an override out of force: the grade is as judged again. Raises UsageError when there is none with this number."""
        with self._write() as connection:
            write_revocation(connection, id, who, why)

    def overridden(self, grade: Grade) -> Grade:
        """A grade that is not kept yet as it will be read: with the overrides of its student."""
        return apply(grade, self.overrides(grade.student))

    def overrides(self, student: str = "") -> list[Override]:
        """The overrides in force, of one student or of all."""
        with self._read() as connection:
            return read_overrides(connection, student)

    def sweep(self) -> int:
        """Drop contents that no run and no grade has any more, as after new verdicts. Returns how many."""
        with self._write() as connection:
            return sweep(connection)
