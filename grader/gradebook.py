"""The gradebook: runs (facts, kept by what was run) and grades (opinions, one a student), in one SQLite file.

Each write is a transaction of its own, made as soon as a submission is done: a kill at any moment loses at most the notebooks in
flight, and the next `grade` goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from grader.errors import UsageError
from grader.result import Grade, Run
from grader.values import NotAValue

__all__ = ["Gradebook", "Row"]

SCHEMA_VERSION = 1

_metadata = sa.MetaData()

_facts = sa.Table(
    "facts",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

_runs = sa.Table(
    "runs",
    _metadata,
    sa.Column("key", sa.String, primary_key=True, comment="hash of all that was run"),
    sa.Column("run", sa.LargeBinary, nullable=False, comment="Run.to_bytes: JSON + safetensors"),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("made", sa.DateTime, nullable=False, server_default=sa.func.now()),
)

_grades = sa.Table(
    "grades",
    _metadata,
    sa.Column("student", sa.String, primary_key=True),
    sa.Column("submission", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False, comment="sha256 of the submitted file"),
    sa.Column("run_key", sa.String, nullable=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("score", sa.Float, nullable=True),
    sa.Column("max_score", sa.Float, nullable=False),
    sa.Column("grade", sa.LargeBinary, nullable=False, comment="Grade.to_bytes"),
    sa.Column("made", sa.DateTime, nullable=False, server_default=sa.func.now()),
)


_outcomes = sa.Table(
    "outcomes",
    _metadata,
    sa.Column("key", sa.String, primary_key=True, comment="of a carried-forward run, and of the key that judged it"),
    sa.Column("outcomes", sa.JSON, nullable=False, comment="check -> [points, outcome, diagnosis]: all that is kept of it"),
    sa.Column("made", sa.DateTime, nullable=False, server_default=sa.func.now()),
)


@dataclass(frozen=True)
class Row:
    """One student's line without the details. `score` is None where the submission could not be graded."""

    student: str
    submission: str
    digest: str
    state: str
    score: float | None
    max_score: float


class Gradebook:
    """Runs and grades of one assignment. Open it with a path; close it, or use it in a `with`."""

    def __init__(self, path: Path, assignment: str) -> None:
        """Raises UsageError when the file is no gradebook, or one of another assignment or version."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _settle)
        try:
            _metadata.create_all(self._engine)
            self._check_facts({"version": str(SCHEMA_VERSION), "assignment": assignment})
        except sa.exc.DatabaseError as error:
            self.close()
            raise UsageError(f"{path} is not a gradebook: {error.orig}. Move it away, or choose another --out.") from error
        except UsageError:
            self.close()
            raise

    @classmethod
    def existing(cls, folder: Path, assignment: str) -> Gradebook:
        """The gradebook in a folder that `grade` made. Raises UsageError when there is none, or it is another assignment's."""
        path = folder / "gradebook.db"
        if not path.is_file():
            raise UsageError(f"there is no gradebook in {folder}; `grader grade SLUG FOLDER --out {folder}` makes one")
        return cls(path, assignment)

    def _check_facts(self, mine: dict[str, str]) -> None:
        with self._engine.begin() as connection:
            for name, value in mine.items():
                connection.execute(insert(_facts).values(name=name, value=value).on_conflict_do_nothing())
            there = {row.name: row.value for row in connection.execute(sa.select(_facts.c.name, _facts.c.value))}
        self.assignment = there["assignment"]
        for name, value in mine.items():
            if there[name] != value:
                raise UsageError(f"{self.path} is a gradebook of {name} {there[name]}, not {value}; choose another --out")

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    # ------------------------------------------------------------------------------------------------- runs

    def run(self, key: str) -> Run | None:
        """The kept run of exactly this, or None."""
        with self._engine.connect() as connection:
            data = connection.execute(sa.select(_runs.c.run).where(_runs.c.key == key)).scalar()
        if data is None:
            return None
        try:
            return Run.from_bytes(data)
        except NotAValue:
            return None

    def keep_run(self, key: str, run: Run) -> None:
        """Keep a run. A run that is kept already is kept as it was."""
        row = {"key": key, "run": run.to_bytes(), "seconds": run.seconds}
        with self._engine.begin() as connection:
            connection.execute(insert(_runs).values(row).on_conflict_do_nothing())

    def run_keys(self) -> set[str]:
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(_runs.c.key)).scalars())

    def outcomes(self, key: str) -> dict[str, list[Any]] | None:
        """What was kept of a carried-forward run, or None."""
        with self._engine.connect() as connection:
            found: dict[str, list[Any]] | None = connection.execute(
                sa.select(_outcomes.c.outcomes).where(_outcomes.c.key == key)
            ).scalar()
        return found

    def keep_outcomes(self, key: str, outcomes: dict[str, list[Any]]) -> None:
        """Keep what a carried-forward run earned: no value and no output of it."""
        with self._engine.begin() as connection:
            connection.execute(insert(_outcomes).values(key=key, outcomes=outcomes).on_conflict_do_nothing())

    # ------------------------------------------------------------------------------------------------- grades

    def keep_grade(self, grade: Grade, digest: str, run_key: str | None) -> None:
        """Write a student's grade, in place of an earlier one."""
        row: dict[str, Any] = {
            "student": grade.student,
            "submission": grade.submission,
            "digest": digest,
            "run_key": run_key,
            "state": str(grade.state),
            "score": grade.score,
            "max_score": grade.max_score,
            "grade": grade.to_bytes(),
        }
        with self._engine.begin() as connection:
            statement = insert(_grades).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["student"], set_=row))

    def rows(self) -> list[Row]:
        """All students, by name."""
        columns = [_grades.c[name] for name in ("student", "submission", "digest", "state", "score", "max_score")]
        with self._engine.connect() as connection:
            return [Row(*row) for row in connection.execute(sa.select(*columns).order_by(_grades.c.student))]

    def grade(self, student: str) -> Grade | None:
        """One student's grade with all details, or None."""
        with self._engine.connect() as connection:
            data = connection.execute(sa.select(_grades.c.grade).where(_grades.c.student == student)).scalar()
        return None if data is None else Grade.from_bytes(data)

    def grades(self) -> Iterator[Grade]:
        """All grades by student, one at a time."""
        for row in self.rows():
            grade = self.grade(row.student)
            if grade is not None:
                yield grade


def _settle(connection: Any, _: Any) -> None:
    """Write-ahead log: readers do not wait for the writer, and a killed writer leaves a whole file."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
