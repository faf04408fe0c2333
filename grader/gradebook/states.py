"""The states of a submission, and the one place where it goes from one to another.

    found ──► running ──► graded, needs_review or failed
      ▲ ╲                   │ ▲
      │  ╲──────────────────┼─╯    judged without a run: it cannot be read, or its run is kept
      ╰─────────────────────╯      another file was handed in (or the run was interrupted)

What is graded may be run again (a new probe) and judged again (new points). Nothing gets into the gradebook but as found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from grader.errors import MachineError
from grader.gradebook.schema import insert, submissions

__all__ = ["ALLOWED", "SubmissionState", "arrive", "enter", "find", "move"]


class SubmissionState(StrEnum):
    """Where a submission is. The last three are a grade's own (`result.State`)."""

    FOUND = "found"
    RUNNING = "running"
    GRADED = "graded"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"


_JUDGED = frozenset({SubmissionState.GRADED, SubmissionState.NEEDS_REVIEW, SubmissionState.FAILED})

ALLOWED: Mapping[SubmissionState | None, frozenset[SubmissionState]] = {
    None: frozenset({SubmissionState.FOUND}),
    SubmissionState.FOUND: frozenset({SubmissionState.FOUND, SubmissionState.RUNNING}) | _JUDGED,
    SubmissionState.RUNNING: frozenset({SubmissionState.FOUND, SubmissionState.RUNNING}) | _JUDGED,
    **dict.fromkeys(_JUDGED, frozenset({SubmissionState.FOUND, SubmissionState.RUNNING}) | _JUDGED),
}
"""State -> the states that may follow; None: not in the gradebook."""


def find(connection: sa.Connection, student: str) -> Any:
    """The row of a student's submission, or None."""
    return connection.execute(sa.select(submissions).where(submissions.c.student == student)).first()


def move(connection: sa.Connection, student: str, to: SubmissionState, **values: Any) -> int:
    """Bring a submission into a state and write these columns with it. Returns its number.

    Raises MachineError for a step that is not allowed: whoever asks for it is wrong about where the submission is.
    """
    return _move(connection, find(connection, student), student, to, values)


def arrive(connection: sa.Connection, student: str, to: SubmissionState, **values: Any) -> int:
    """`move` for a grade, whose submission may not have been found before it was judged. Returns its number."""
    row = find(connection, student)
    if row is None:
        move(connection, student, SubmissionState.FOUND)
        row = find(connection, student)
    return _move(connection, row, student, to, values)


def _move(connection: sa.Connection, row: Any, student: str, to: SubmissionState, values: dict[str, Any]) -> int:
    state = None if row is None else SubmissionState(row.state)
    same_file = row is not None and state in _JUDGED and values.get("digest", row.digest) == row.digest
    if to not in ALLOWED[state] or (to is SubmissionState.FOUND and same_file):
        raise MachineError(f"the submission of `{student}` cannot go from {state or 'nowhere'} to {to}")
    if row is None:
        fields = {"submission": "", "digest": "", "seconds": 0.0} | values
        statement = insert(connection, submissions).values(student=student, state=str(to), **fields)
        added: Any = connection.execute(statement).inserted_primary_key
        return int(added[0])
    connection.execute(sa.update(submissions).where(submissions.c.id == row.id).values(state=str(to), **values))
    return int(row.id)


def enter(connection: sa.Connection, found: Iterable[tuple[str, str, str]]) -> None:
    """Bring (student, submission, digest) into the state "found"; what is judged already stays so while its file is the same."""
    there = {row.student: row for row in connection.execute(sa.select(submissions))}
    fresh, again, moved = [], [], []
    for student, submission, digest in found:
        row = there.get(student)
        if row is None:
            fresh.append({"student": student, "submission": submission, "digest": digest, "state": "found", "seconds": 0.0})
        elif row.digest != digest or row.state == SubmissionState.RUNNING:
            again.append({"row": row.id, "submission": submission, "digest": digest, "state": "found"})
        elif row.submission != submission:
            moved.append({"row": row.id, "submission": submission})
    if fresh:
        connection.execute(insert(connection, submissions), fresh)
    for changed in filter(None, (again, moved)):
        connection.execute(sa.update(submissions).where(submissions.c.id == sa.bindparam("row")), changed)
