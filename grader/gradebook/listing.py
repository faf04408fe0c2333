"""The class at a glance: a row a student, without evidence and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from grader.gradebook.grades import KeptVerdict, verdicts_of_all
from grader.gradebook.overrides import Override, read_overrides, settle
from grader.gradebook.schema import grades, submissions
from grader.gradebook.states import SubmissionState

__all__ = ["Row", "read_rows"]


@dataclass(frozen=True)
class Row:
    """One student's line without the details, overrides applied. `score` is None where there is none.

    state: found, running, graded, needs_review, failed. scores: check -> points. basis: what the grade rests on, "" where it
    is unknown. carried: checks carried forward. overridden: overrides that count. seconds: of the last run.
    """

    student: str
    submission: str
    digest: str
    state: str
    score: float | None
    max_score: float
    scores: dict[str, float]
    basis: str
    carried: int
    overridden: int
    seconds: float


def read_rows(connection: sa.Connection) -> list[Row]:
    """All students, by name. Reads no blob."""
    columns = (grades.c.state.label("judged"), grades.c.max_score, grades.c.basis)
    query = sa.select(submissions, *columns).select_from(submissions.outerjoin(grades))
    verdicts = verdicts_of_all(connection)
    changed: dict[str, list[Override]] = {}
    for override in read_overrides(connection):
        changed.setdefault(override.student, []).append(override)
    rows = [_row(row, verdicts.get(row.id, []), changed.get(row.student, [])) for row in connection.execute(query)]
    return sorted(rows, key=lambda row: row.student)  # databases do not agree on what comes first


def _row(row: Any, verdicts: Sequence[KeptVerdict], changed: Sequence[Override]) -> Row:
    if row.judged is None:
        return Row(row.student, row.submission, row.digest, row.state, None, 0.0, {}, "", 0, 0, row.seconds)
    settled = settle(row.judged, verdicts, changed)
    return Row(
        student=row.student,
        submission=row.submission,
        digest=row.digest,
        state=row.state if row.state in (SubmissionState.FOUND, SubmissionState.RUNNING) else settled.state,
        score=settled.score,
        max_score=row.max_score,
        scores=settled.scores,
        basis=row.basis,
        carried=sum(verdict.carried for verdict in verdicts),
        overridden=len(settled.applied),
        seconds=row.seconds,
    )
