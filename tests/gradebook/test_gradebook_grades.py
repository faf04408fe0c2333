"""Grades come back as they were kept, and the light columns agree with the details."""

import dataclasses
import uuid
from collections import Counter

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import MachineError
from grader.gradebook import Gradebook
from grader.gradebook.schema import contents, grades, submissions, verdicts
from grader.result import CellRun, CheckResult, Grade, Outcome, State
from grader.values import Array

from .made import PROBES, failed_grade, key_of, make_grade, make_run, same, student_of

_texts = st.text(st.characters(codec="utf-8"), max_size=12)  # no half of a surrogate pair: `values.dumps` writes UTF-8
_names = st.text("abcdefgh_", min_size=1, max_size=8)
_points = st.floats(0, 50).map(lambda x: round(x, 6))
_values = st.one_of(
    st.none(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    _texts,
    st.lists(st.integers(0, 9), max_size=3),
    st.integers(0, 400).map(lambda n: Array(np.arange(n, dtype="f4"), "float32")),
)


@st.composite
def _checks(draw) -> list[CheckResult]:
    made = []
    for name in draw(st.lists(_names, max_size=5, unique=True)):
        points = draw(_points)
        made.append(
            CheckResult(
                name,
                draw(_names),
                draw(_texts),
                points,
                round(points * draw(st.floats(0, 1)), 6),
                draw(st.sampled_from(Outcome)),
                draw(_texts),
                draw(_texts),
                draw(st.booleans()),
                draw(st.booleans()),
                draw(st.dictionaries(_names, _values, max_size=3)),
            )
        )
    return made


_cells = st.builds(
    CellRun,
    id=_names,
    role=st.sampled_from(["given", "blank"]),
    name=_names,
    source=_texts,
    state=st.sampled_from(["ok", "error"]),
    seconds=st.floats(0, 100),
    error=_texts,
    line=st.integers(0, 99),
    outputs=st.lists(st.dictionaries(_names, _texts, max_size=2), max_size=2),
)

_grades = st.builds(
    Grade,
    assignment=st.just("hw"),
    student=_texts.filter(bool),
    submission=_texts,
    state=st.sampled_from(State),
    checks=_checks(),
    cells=st.lists(_cells, max_size=3),
    notes=st.lists(_texts, max_size=2),
    seconds=st.floats(0, 100),
    max_score=_points,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.lists(_grades, max_size=4), own=st.booleans())
def test_the_light_columns_agree_with_the_details(book, kept, own):
    """Random grades, some in place of others, with and without a run of theirs."""
    for grade in kept:
        run = dataclasses.replace(make_run(0), cells=grade.cells)
        key = uuid.uuid4().hex
        if own:
            book.keep_grade(grade, "digest", None)
        else:
            book.keep_all(grade, "digest", "", run_key=key, probes={}, run=run, outcomes={})
    rows = {row.student: row for row in book.rows()}
    for student, grade in {grade.student: grade for grade in kept}.items():
        found, row = book.grade(student), rows[student]
        assert same(found, grade)
        assert (row.student, row.submission, row.state) == (grade.student, grade.submission, grade.state)
        assert (row.score, row.max_score) == (grade.score, grade.max_score)
        assert row.scores == {check.name: check.score for check in grade.checks}
        assert row.carried == sum(check.carried_forward for check in grade.checks)
        assert row.seconds == next((g.seconds for g in reversed(kept) if g.student == student and g.seconds), row.seconds)
        assert _verdicts(book, student) == [
            (c.name, c.points, c.score, str(c.outcome), c.diagnosis, c.carried_forward) for c in grade.checks
        ]


def _verdicts(book, student):
    columns = (verdicts.c.check_name, verdicts.c.points, verdicts.c.score, verdicts.c.outcome, verdicts.c.diagnosis)
    with book._engine.connect() as connection:
        found = sa.select(*columns, verdicts.c.carried).join_from(verdicts, submissions)
        return [
            tuple(row) for row in connection.execute(found.where(submissions.c.student == student).order_by(verdicts.c.position))
        ]


def test_a_grade_with_its_run(book):
    book.keep_all(
        make_grade(1), "d", "b", run_key="k", probes=PROBES, run=make_run(1), outcomes={"c": {"x": [1.0, "passed", ""]}}
    )
    assert same(book.grade(student_of(1)), make_grade(1))
    assert same(book.run("k", PROBES).run, make_run(1))
    assert book.outcomes("c") == {"x": [1.0, "passed", ""]}
    [row] = book.rows()
    assert (row.score, row.max_score, row.basis, row.carried, row.overridden, row.digest) == (5.0, 10.0, "b", 1, 0, "d")
    assert row.seconds == book.seconds()[student_of(1)] == make_run(1).seconds


def test_cells_that_are_those_of_the_run_are_not_kept_twice(book):
    def own_cells():
        with book._engine.connect() as connection:
            return connection.execute(sa.select(grades.c.own_cells)).scalar()

    book.keep_all(make_grade(1), "d", "b1", run_key="k", probes=PROBES, run=make_run(1), outcomes={})
    assert own_cells() is False
    book.keep_grade(make_grade(1), "d", "k", "b2")
    assert own_cells() is False
    book.keep_all(make_grade(1), "d", "b3", run_key="k", probes=PROBES, run=make_run(1), outcomes={})
    assert own_cells() is False
    other = make_grade(1, cells=make_run(2).cells)
    book.keep_grade(other, "d", "k", "b4")
    assert own_cells() is True
    assert same(book.grade(student_of(1)), other)


def test_evidence_that_is_a_value_of_the_run_is_not_kept_twice(book):
    book.keep_run("k", PROBES, make_run(1))
    with book._engine.connect() as connection:
        before = connection.execute(sa.select(sa.func.count()).select_from(contents)).scalar()
    book.keep_grade(make_grade(1), "d", "k", "b")
    with book._engine.connect() as connection:
        after = connection.execute(sa.select(sa.func.count()).select_from(contents)).scalar()
    assert after - before == 6  # what was expected, in the six checks that are not private


def test_the_same_basis_is_nothing_to_do(book):
    book.keep_grade(make_grade(1), "d", None, "b")
    changed = make_grade(1, notes=["never written"])
    book.keep_grade(changed, "d", None, "b")
    assert book.grade(student_of(1)).notes == ["Well done."]
    book.keep_grade(changed, "d", None, "another")
    assert book.grade(student_of(1)).notes == ["never written"]
    book.keep_grade(make_grade(1), "d", None, "")
    book.keep_grade(changed, "d", None, "")  # no basis is none
    assert book.grade(student_of(1)).notes == ["never written"]


def test_the_same_basis_ends_a_submission_that_was_found_again(book):
    book.found([(student_of(1), "in/1.ipynb", "d")])
    book.keep_grade(make_grade(1), "d", None, "b")
    book.begin(student_of(1))
    book.keep_grade(make_grade(1), "d", None, "b")
    assert book.rows()[0].state == "graded"


def test_a_file_that_was_renamed_has_its_new_name(book):
    book.keep_grade(make_grade(1), "d", None, "b")
    book.keep_grade(make_grade(1, submission="in/renamed.ipynb"), "d", None, "b")
    assert book.grade(student_of(1)).submission == book.rows()[0].submission == "in/renamed.ipynb"


def test_the_class_by_name(book):
    for number in (3, 1, 2):
        book.keep_grade(make_grade(number) if number != 2 else failed_grade(2), "d", None)
    assert (
        [row.student for row in book.rows()] == [grade.student for grade in book.grades()] == [student_of(n) for n in (1, 2, 3)]
    )
    assert Counter(row.state for row in book.rows()) == {"graded": 2, "failed": 1}
    assert book.rows()[1].score is None
    assert book.grade("nobody") is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.lists(_grades, max_size=5), by_hand=st.lists(st.floats(0, 1), max_size=4), at_once=st.integers(1, 3))
def test_light_grades_are_grades_without_cells_and_evidence(book, kept, by_hand, at_once):
    """Whatever is read together, and with what a person changed."""
    from grader.gradebook import store

    for grade in kept:
        book.keep_grade(grade, "digest", None)
    for grade, share in zip({grade.student: grade for grade in kept}.values(), by_hand, strict=False):
        book.override(grade.student, "", share * grade.max_score, "ada", "looked at it")
        if grade.checks:
            book.override(grade.student, grade.checks[-1].name, share * grade.checks[-1].points, "ada", "looked at it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_AT_ONCE", at_once)
        light = list(book.light_grades())
    whole = list(book.grades())
    assert [grade.student for grade in light] == [grade.student for grade in whole]
    for one, other in zip(light, whole, strict=True):
        checks = [dataclasses.replace(check, evidence={}) for check in other.checks]
        assert type(one) is type(other)
        assert one.score == other.score
        assert same(one, dataclasses.replace(other, checks=checks, cells=[]))


def test_a_grade_with_a_persons_points_in_it_is_not_kept(book):
    book.keep_grade(make_grade(1), "d", None)
    book.override(student_of(1), "", 3, "ada", "late")
    with pytest.raises(MachineError, match="overrides"):
        book.keep_grade(book.grade(student_of(1)), "d", None)


def test_one_transaction(book, monkeypatch):
    """When the last statement fails, nothing of it is there."""
    from grader.gradebook import store

    def fail(*_, **__):
        raise RuntimeError("as if killed")

    monkeypatch.setattr(store, "write_grade", fail)
    with pytest.raises(RuntimeError):
        book.keep_all(make_grade(1), "d", "b", run_key="k", probes=PROBES, run=make_run(1), outcomes={"c": {}})
    assert book.run("k", PROBES) is None
    assert book.outcomes("c") is None
    assert book.rows() == []


def test_reading_rows_reads_no_details(where, slug):
    with Gradebook(where, slug) as book:
        for number in range(3):
            book.keep_all(make_grade(number), "d", "b", run_key=key_of(number), probes=PROBES, run=make_run(number), outcomes={})
        said = []
        sa.event.listen(book._engine, "before_cursor_execute", lambda *args: said.append(args[2]))
        book.rows()
    assert said
    assert not [line for line in said if "details" in line or "contents" in line]
