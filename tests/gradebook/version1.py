"""The gradebook as version 1 wrote it, for what is to be migrated: its schema and its statements, as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from grader.result import Grade, Run

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


class Gradebook1:
    """Version 1's gradebook, as far as it wrote."""

    def __init__(self, path: Path, assignment: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _settle)
        _metadata.create_all(self._engine)
        with self._engine.begin() as connection:
            for name, value in {"version": "1", "assignment": assignment}.items():
                connection.execute(insert(_facts).values(name=name, value=value).on_conflict_do_nothing())

    def __enter__(self) -> Gradebook1:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def keep_run(self, key: str, run: Run) -> None:
        row = {"key": key, "run": run.to_bytes(), "seconds": run.seconds}
        with self._engine.begin() as connection:
            connection.execute(insert(_runs).values(row).on_conflict_do_nothing())

    def keep_outcomes(self, key: str, outcomes: dict[str, list[Any]]) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert(_outcomes).values(key=key, outcomes=outcomes).on_conflict_do_nothing())

    def keep_grade(self, grade: Grade, digest: str, run_key: str | None) -> None:
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


def _settle(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()
