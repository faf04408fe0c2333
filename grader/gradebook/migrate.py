"""Version 1 -> 2, in the caller's transaction: a kill leaves a whole file of one of them. The old file is kept beside it first.

Version 1 held a run as one blob, under a key for its cells and probes together, and a grade as another.
"""

from __future__ import annotations

import filecmp
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from grader.gradebook.contents import Contents
from grader.gradebook.grades import add_evidence, write_grade
from grader.gradebook.runs import find_run, write_run
from grader.gradebook.schema import grades, metadata, runs, submissions
from grader.gradebook.states import SubmissionState, enter, move
from grader.result import Grade, Run
from grader.values import NotAValue

__all__ = ["from_version_1"]


def from_version_1(connection: sa.Connection, path: Path) -> list[str]:
    """Take all of version 1 over. Returns what a person should know of it."""
    copy = _keep_copy(path)
    for name in ("runs", "grades"):
        connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO version_1_{name}")
    metadata.create_all(connection)  # facts and outcomes are as they were
    lost = _each(connection, "runs", "key", _take_run) + _each(connection, "grades", "student", _take_grade)
    for name in ("runs", "grades"):
        connection.exec_driver_sql(f"DROP TABLE version_1_{name}")
    notes = [f"The gradebook was of version 1 and is now of version 2; the old file is kept as {copy.name}."]
    if lost:
        listed = ", ".join(f"`{name}`" for name in lost[:5]) + (", …" if len(lost) > 5 else "")
        notes.append(f"{len(lost)} could not be read and are only in the old file: {listed}.")
    return notes


def _keep_copy(path: Path) -> Path:
    """A copy beside the file, whole or not at all, that takes no earlier one's place."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as there, closing(sqlite3.connect(part)) as here:
        there.backup(here)  # with what is in the write-ahead log, https://www.sqlite.org/backup.html
        here.execute("PRAGMA journal_mode=DELETE")
    for number in count(1):
        copy = path.with_name(f"{path.stem}.v1{'' if number == 1 else f'-{number}'}{path.suffix}")
        if not copy.exists():
            part.replace(copy)
            return copy
        if filecmp.cmp(part, copy, shallow=False):  # of a migration that was killed
            part.unlink()
            return copy
    raise AssertionError("unreachable")


def _each(connection: sa.Connection, table: str, key: str, take: Callable[[sa.Connection, Any], None]) -> list[str]:
    """Take each row, one in memory at a time. Returns the keys of those that cannot be read."""
    old = sa.Table(f"version_1_{table}", sa.MetaData(), autoload_with=connection)
    lost = []
    for name in list(connection.execute(sa.select(old.c[key]).order_by(old.c[key])).scalars()):
        try:
            take(connection, connection.execute(sa.select(old).where(old.c[key] == name)).one())
        except (NotAValue, KeyError, TypeError, ValueError):
            lost.append(str(name))
    return lost


def _take_run(connection: sa.Connection, row: Any) -> None:
    run = Run.from_bytes(row.run)
    number, _ = write_run(connection, Contents(), row.key, dict.fromkeys(run.captures, ""), run)
    connection.execute(sa.update(runs).where(runs.c.id == number).values(made=row.made))


def _take_grade(connection: sa.Connection, row: Any) -> None:
    enter(connection, [(row.student, row.submission, row.digest)])
    grade = Grade.from_bytes(row.grade)
    number = move(connection, row.student, SubmissionState(grade.state), seconds=grade.seconds)
    run = find_run(connection, row.run_key) if row.run_key else None
    store = Contents()
    write_grade(connection, store, number, grade, add_evidence(store, grade), digest=row.digest, basis="", run=run)
    made = {"made": row.made}
    connection.execute(sa.update(grades).where(grades.c.submission_id == number).values(made))
    connection.execute(sa.update(submissions).where(submissions.c.id == number).values(changed=row.made))
