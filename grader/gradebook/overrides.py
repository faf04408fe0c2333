"""A person's word over ours: who, when and why, kept beside the grade and put in when it is read.

The grade stays as it was judged, so that a new run or a new verdict changes nothing of what a person has said.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook.grades import KeptVerdict, verdicts_of_all
from grader.gradebook.schema import grades, insert, now, overrides, submissions
from grader.result import CheckResult, Grade, Outcome, State

__all__ = ["Override", "Settled", "SettledGrade", "apply", "override_of", "read_overrides", "settle", "write_revocation"]


@dataclass(frozen=True)
class Override:
    """Points that a person gave: to one check, or to the whole submission (`check` is ""). `when` is in UTC."""

    id: int
    student: str
    check: str
    points: float
    who: str
    why: str
    when: datetime


@dataclass(frozen=True)
class Settled:
    """What a grade comes to with its overrides.

    scores: check -> points. applied: overrides that count. gone: those of a check that is no longer there.
    """

    state: str
    score: float | None
    scores: dict[str, float]
    applied: tuple[Override, ...] = ()
    gone: tuple[Override, ...] = ()


@dataclass(frozen=True)
class SettledGrade(Grade):
    """A grade with overrides in it: for reading, never to be kept. `total`: the score, in points."""

    total: float | None = None

    @property
    def score(self) -> float | None:
        return self.total


# ------------------------------------------------------------------------------------------------------------- reading


def settle(state: str, verdicts: Sequence[KeptVerdict], found: Sequence[Override]) -> Settled:
    """The scores and the state with overrides. What nobody could judge is settled when a person has said what it earns."""
    by_check = {one.check: one for one in found}
    scores = {v.check: by_check[v.check].points if v.check in by_check else v.score for v in verdicts}
    applied = tuple(one for one in found if one.check == "" or one.check in scores)
    gone = tuple(one for one in found if one not in applied)
    whole = by_check.get("")
    if whole is not None:
        return Settled(State.GRADED, whole.points, scores, applied, gone)
    if state == State.FAILED:
        return Settled(state, None, scores, applied, gone)
    open_checks = [v.check for v in verdicts if v.outcome == Outcome.UNGRADED]
    settled = state == State.NEEDS_REVIEW and bool(open_checks) and by_check.keys() >= set(open_checks)
    return Settled(State.GRADED if settled else state, round(sum(scores.values()), 6), scores, applied, gone)


def apply(grade: Grade, found: Sequence[Override]) -> Grade:
    """The grade with a person's points in it, and a note on each override."""
    if not found:
        return grade
    light = [KeptVerdict(c.name, c.points, c.score, str(c.outcome), c.carried_forward) for c in grade.checks]
    settled = settle(grade.state, light, found)
    by_check = {one.check: one for one in settled.applied}
    checks = [_checked(c, by_check[c.name]) if c.name in by_check else c for c in grade.checks]
    notes = [_note(one, grade) for one in settled.applied]
    notes += [
        f"An override by {one.who} is of `{one.check}`, a check that is no longer there: it changes nothing."
        for one in settled.gone
    ]
    plain = {f.name: getattr(grade, f.name) for f in dataclasses.fields(Grade)}
    plain |= {"state": State(settled.state), "checks": checks, "notes": [*grade.notes, *notes]}
    return SettledGrade(**plain, total=settled.score)


def _checked(check: CheckResult, override: Override) -> CheckResult:
    """A check with a person's points. What it looked like is not said where it counts in full."""
    full = override.points >= check.points
    outcome = Outcome.PASSED if full else Outcome.PARTIAL if override.points > 0 else Outcome.FAILED
    message = " ".join(filter(None, [_changed(override, _was(check)), "" if full else check.message]))
    diagnosis = "" if full else check.diagnosis
    return dataclasses.replace(check, score=override.points, outcome=outcome, message=message, diagnosis=diagnosis)


def _note(override: Override, grade: Grade) -> str:
    if override.check == "":
        was = "was not graded" if grade.score is None else f"was {grade.score:g} of {grade.max_score:g}"
        return _changed(override, was)
    check = next(c for c in grade.checks if c.name == override.check)
    return _changed(override, f"`{check.name}` {_was(check)}")


def _was(check: CheckResult) -> str:
    return "was not graded" if check.outcome is Outcome.UNGRADED else f"was {check.score:g} of {check.points:g}"


def _changed(override: Override, was: str) -> str:
    return f"Changed by {override.who} on {override.when:%Y-%m-%d}: {override.why} ({was})."


def read_overrides(connection: sa.Connection, student: str = "") -> list[Override]:
    """The overrides in force, of one student or of all, in the order in which they were made."""
    columns = (overrides.c.check_name, overrides.c.points, overrides.c.who, overrides.c.why, overrides.c.made)
    query = sa.select(overrides.c.id, submissions.c.student, *columns).join_from(overrides, submissions)
    query = query.where(overrides.c.revoked_made.is_(None)).order_by(overrides.c.id)
    if student:
        query = query.where(submissions.c.student == student)
    return [Override(*row) for row in connection.execute(query)]


# ------------------------------------------------------------------------------------------------------------- writing


def override_of(connection: sa.Connection, student: str, check: str, points: float, who: str, why: str, *, bonus: bool) -> int:
    """Keep an override of a student's grade. Returns its number. Raises UsageError when there is no such grade or check."""
    query = sa.select(submissions.c.id, grades.c.max_score).select_from(submissions.outerjoin(grades))
    row = connection.execute(query.where(submissions.c.student == student)).first()
    if row is None or row.max_score is None:
        raise UsageError(f"there is no grade of `{student}` that could be overridden")
    points_of = {v.check: v.points for v in verdicts_of_all(connection, row.id).get(row.id, [])}
    if check and check not in points_of:
        there = ", ".join(points_of) or "none, as it was not judged: override the whole score"
        raise UsageError(f"there is no check `{check}` in the grade of `{student}`; there is: {there}")
    most = None if bonus else points_of[check] if check else row.max_score
    return _write_override(connection, row.id, check, points, who, why, most)


def _write_override(
    connection: sa.Connection, number: int, check: str, points: float, who: str, why: str, most: float | None
) -> int:
    """An earlier one of the same check is revoked by it. `most`: points that may be given, None for any."""
    _need(who=who, why=why)
    if not math.isfinite(points) or points < 0:
        raise UsageError(f"{points:g} are no points that can be given: 0 or more")
    if most is not None and points > most:
        raise UsageError(f"{points:g} is more than the {most:g} that can be had; --allow-bonus gives it all the same")
    same = (overrides.c.submission_id == number) & (overrides.c.check_name == check) & overrides.c.revoked_made.is_(None)
    moment = now()
    row = {"submission_id": number, "check_name": check, "points": points, "who": who, "why": why, "made": moment}
    earlier = list(connection.execute(sa.select(overrides.c.id).where(same)).scalars())
    added: Any = connection.execute(insert(connection, overrides).values(row)).inserted_primary_key
    identity = int(added[0])
    _revoke(connection, earlier, who, f"replaced by override {identity}", moment)
    return identity


def write_revocation(connection: sa.Connection, identity: int, who: str, why: str) -> None:
    """Put an override out of force; it stays on record. Raises UsageError when there is none in force with this number."""
    _need(who=who, why=why)
    row = connection.execute(sa.select(overrides).where(overrides.c.id == identity)).first()
    if row is None:
        raise UsageError(f"there is no override {identity}")
    if row.revoked_made is not None:
        raise UsageError(f"override {identity} was revoked by {row.revoked_who} already: {row.revoked_why}")
    _revoke(connection, [identity], who, why, now())


def _revoke(connection: sa.Connection, identities: Iterable[int], who: str, why: str, moment: datetime) -> None:
    values: dict[str, Any] = {"revoked_who": who, "revoked_why": why, "revoked_made": moment}
    connection.execute(sa.update(overrides).where(overrides.c.id.in_(list(identities))).values(values))


def _need(**said: str) -> None:
    for name, text in said.items():
        if not text.strip():
            raise UsageError(f"an override says {name}: --{name} is empty")
