"""A grade as rows, and back: light columns for lists, and the details, without what lies elsewhere in the gradebook already."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from grader.gradebook.contents import Contents, value_of
from grader.gradebook.runs import read_cells, same_cells
from grader.gradebook.schema import contents, evidence, grades, insert, submissions, verdicts
from grader.result import CheckResult, Grade, Run
from grader.values import dumps

__all__ = ["KeptVerdict", "add_evidence", "is_kept", "read_grade", "read_light", "verdicts_of_all", "write_grade"]

_SMALL = 512  # bytes of evidence that may stay in the details


@dataclass(frozen=True)
class KeptVerdict:
    """The light columns of one check: points that it can earn, points earned, outcome."""

    check: str
    points: float
    score: float
    outcome: str
    carried: bool


def write_grade(
    connection: sa.Connection,
    store: Contents,
    submission: int,
    grade: Grade,
    away: Mapping[int, list[tuple[str, bytes]]],
    *,
    digest: str,
    basis: str,
    run: int | None,
    fresh: Run | None = None,
) -> None:
    """Write a grade with its verdicts, in place of an earlier one.

    away: what `add_evidence` gave. run: number of the run that it rests on. fresh: that run, where it was written just now.
    """
    own = run is None or not (fresh.cells == grade.cells if fresh else same_cells(connection, run, grade.cells))
    store.keep(connection)
    rows = [
        {"submission_id": submission, "position": i, "place": place, "name": name, "content_id": store[content]}
        for i, items in away.items()
        for place, (name, content) in enumerate(items)
    ]
    values = {
        "submission_id": submission,
        "run_id": run,
        "submission": grade.submission,
        "digest": digest,
        "basis": basis,
        "state": str(grade.state),
        "score": grade.score,
        "max_score": grade.max_score,
        "own_cells": own,
        "details": zlib.compress(_details(grade, own, away)),
    }
    for table in (verdicts, evidence):
        connection.execute(sa.delete(table).where(table.c.submission_id == submission))
    statement = insert(connection, grades).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["submission_id"], set_=values))
    if grade.checks:
        connection.execute(insert(connection, verdicts), [_verdict_row(submission, i, c) for i, c in enumerate(grade.checks)])
    if rows:
        connection.execute(insert(connection, evidence), rows)


def is_kept(connection: sa.Connection, grade: Grade, basis: str) -> bool:
    """Whether a grade of this file on the same basis is there already; "" is no basis."""
    query = sa.select(grades.c.submission, grades.c.basis).join_from(grades, submissions)
    row = connection.execute(query.where(submissions.c.student == grade.student)).first()
    return basis != "" and row is not None and tuple(row) == (grade.submission, basis)


def add_evidence(store: Contents, grade: Grade) -> dict[int, list[tuple[str, bytes]]]:
    """Position of a check -> its evidence by content, where it is too large to stay in the details."""
    found = {}
    for i, check in enumerate(grade.checks):
        items = [(name, dumps(value)) for name, value in check.evidence.items()]
        if sum(len(data) for _, data in items) > _SMALL:
            found[i] = [(name, store.add_packed(data)) for name, data in items]
    return found


def _details(grade: Grade, own: bool, away: Container[int]) -> bytes:
    checks = [dataclasses.replace(c, evidence={}) if i in away else c for i, c in enumerate(grade.checks)]
    return dataclasses.replace(grade, checks=checks, cells=grade.cells if own else []).to_bytes()


def _verdict_row(submission: int, position: int, check: CheckResult) -> dict[str, Any]:
    return {
        "submission_id": submission,
        "position": position,
        "check_name": check.name,
        "points": check.points,
        "score": check.score,
        "outcome": str(check.outcome),
        "diagnosis": check.diagnosis,
        "carried": check.carried_forward,
    }


def read_grade(connection: sa.Connection, student: str) -> Grade | None:
    """A student's grade as it was judged, with all details, or None. Raises `values.NotAValue`."""
    query = sa.select(grades).join_from(grades, submissions).where(submissions.c.student == student)
    row = connection.execute(query).first()
    if row is None:
        return None
    grade = Grade.from_bytes(zlib.decompress(row.details))
    away = _evidence_of(connection, row.submission_id)
    checks = [dataclasses.replace(c, evidence=away[i]) if i in away else c for i, c in enumerate(grade.checks)]
    cells = grade.cells if row.own_cells else read_cells(connection, row.run_id)
    return dataclasses.replace(grade, checks=checks, cells=cells)


def read_light(connection: sa.Connection, students: Sequence[str]) -> list[Grade]:
    """The grades of these students as they were judged, by name, without cells and evidence. Raises `values.NotAValue`."""
    query = sa.select(grades.c.details).join_from(grades, submissions).where(submissions.c.student.in_(students))
    found = connection.execute(query.order_by(submissions.c.student)).scalars()
    return [_light(Grade.from_bytes(zlib.decompress(details))) for details in found]


def _light(grade: Grade) -> Grade:
    return dataclasses.replace(grade, checks=[dataclasses.replace(c, evidence={}) for c in grade.checks], cells=[])


def _evidence_of(connection: sa.Connection, submission: int) -> dict[int, dict[str, Any]]:
    query = (
        sa.select(evidence.c.position, evidence.c.name, contents.c.packed, contents.c.bytes)
        .join_from(evidence, contents)
        .where(evidence.c.submission_id == submission)
        .order_by(evidence.c.position, evidence.c.place)
    )
    found: dict[int, dict[str, Any]] = {}
    for position, name, packed, data in connection.execute(query):
        found.setdefault(position, {})[name] = value_of(packed, data)
    return found


def verdicts_of_all(connection: sa.Connection, submission: int | None = None) -> dict[int, list[KeptVerdict]]:
    """Submission -> the light columns of its checks, in order; of one submission only, if it is named."""
    columns = (verdicts.c.check_name, verdicts.c.points, verdicts.c.score, verdicts.c.outcome, verdicts.c.carried)
    query = sa.select(verdicts.c.submission_id, *columns).order_by(verdicts.c.submission_id, verdicts.c.position)
    if submission is not None:
        query = query.where(verdicts.c.submission_id == submission)
    found: dict[int, list[KeptVerdict]] = {}
    for number, *light in connection.execute(query):
        found.setdefault(number, []).append(KeptVerdict(*light))
    return found
