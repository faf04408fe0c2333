"""A person's word: applied when a grade is read, kept with who, when and why, never deleted."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebook.schema import grades, overrides
from grader.result import Grade, Outcome, State

from .made import CHECKS, failed_grade, make_grade, same, student_of

ADA = student_of(1)  # 0.5 of 1 in each of ten checks
FIRST = CHECKS[0]


@pytest.fixture
def graded(book):
    book.keep_grade(make_grade(1), "d", None, "b")
    return book


def row_of(book, student=ADA):
    return next(row for row in book.rows() if row.student == student)


def check_of(grade: Grade, name: str):
    return next(check for check in grade.checks if check.name == name)


def test_a_check(graded):
    made = graded.override(ADA, FIRST, 1, "bob", "The seed was ours")
    assert (made.student, made.check, made.points, made.who, made.why) == (ADA, FIRST, 1.0, "bob", "The seed was ours")
    assert abs(made.when - datetime.now(UTC)) < timedelta(minutes=1)
    found = graded.grade(ADA)
    assert found.score == row_of(graded).score == 5.5
    check = check_of(found, FIRST)
    assert (check.score, check.outcome, check.diagnosis) == (1.0, Outcome.PASSED, "")
    note = f"Changed by bob on {made.when:%Y-%m-%d}: The seed was ours"
    assert check.message == f"{note} (was 0.5 of 1)."
    assert found.notes == ["Well done.", f"{note} (`{FIRST}` was 0.5 of 1)."]
    assert row_of(graded).scores[FIRST] == 1.0
    assert (row_of(graded).overridden, row_of(graded).state) == (1, "graded")
    assert found.to_json()["score"] == 5.5


def test_less_than_it_was(graded):
    graded.override(ADA, FIRST, 0, "bob", "copied")
    check = check_of(graded.grade(ADA), FIRST)
    assert (check.score, check.outcome) == (0.0, Outcome.FAILED)
    assert check.diagnosis == "The gradients add up."
    assert "What came" in check.message
    assert row_of(graded).score == 4.5


def test_the_whole_score(graded):
    made = graded.override(ADA, "", 8, "bob", "oral exam")
    found = graded.grade(ADA)
    assert found.score == row_of(graded).score == 8.0
    assert found.notes[-1] == f"Changed by bob on {made.when:%Y-%m-%d}: oral exam (was 5 of 10)."
    assert [check.score for check in found.checks] == [0.5] * 10


def test_the_stored_opinion_stays_as_judged(graded):
    graded.override(ADA, FIRST, 1, "bob", "why")
    graded.override(ADA, "", 8, "bob", "why")
    with graded._engine.connect() as connection:
        assert connection.execute(sa.select(grades.c.score)).scalar() == 5.0
    for one in graded.overrides():
        graded.revoke(one.id, "eve", "mistaken")
    assert same(graded.grade(ADA), make_grade(1))
    assert row_of(graded).overridden == 0


def test_it_survives_another_grade(graded):
    graded.override(ADA, FIRST, 1, "bob", "why")
    graded.found([(ADA, "in/1.ipynb", "another file")])
    graded.begin(ADA)
    graded.keep_grade(make_grade(1, checks=[dataclasses.replace(c, score=0.0) for c in make_grade(1).checks]), "d2", None, "b2")
    assert graded.grade(ADA).score == row_of(graded).score == 1.0
    assert "(`check_0_holds` was 0 of 1)" in graded.grade(ADA).notes[-1]


def test_a_check_that_is_no_longer_there(graded):
    graded.override(ADA, FIRST, 1, "bob", "why")
    graded.keep_grade(make_grade(1, checks=make_grade(1).checks[1:]), "d", None, "b2")
    found = graded.grade(ADA)
    assert found.score == row_of(graded).score == 4.5
    assert found.notes[-1] == f"An override by bob is of `{FIRST}`, a check that is no longer there: it changes nothing."
    assert row_of(graded).overridden == 0
    assert len(graded.overrides(ADA)) == 1


def test_a_check_that_is_worth_less_now_keeps_what_was_said(graded):
    graded.override(ADA, FIRST, 1, "bob", "why")
    cheaper = [dataclasses.replace(c, points=0.25, score=0.25) if c.name == FIRST else c for c in make_grade(1).checks]
    graded.keep_grade(make_grade(1, checks=cheaper), "d", None, "b2")
    assert row_of(graded).scores[FIRST] == 1.0


def ungraded(*names: str) -> Grade:
    checks = [dataclasses.replace(c, outcome=Outcome.UNGRADED, score=0.0) if c.name in names else c for c in make_grade(1).checks]
    return make_grade(1, checks=checks, state=State.NEEDS_REVIEW)


def test_what_could_not_be_judged_is_settled_by_an_override_of_each(book):
    book.keep_grade(ungraded(*CHECKS[:2]), "d", None)
    book.override(ADA, CHECKS[0], 1, "bob", "read it")
    assert book.grade(ADA).state == row_of(book).state == "needs_review"
    last = book.override(ADA, CHECKS[1], 0, "bob", "read it")
    assert book.grade(ADA).state == row_of(book).state == "graded"
    assert check_of(book.grade(ADA), CHECKS[0]).message.endswith("(was not graded).")
    book.revoke(last.id, "bob", "mistaken")
    assert book.grade(ADA).state == row_of(book).state == "needs_review"


def test_the_whole_score_settles_a_submission(book):
    book.keep_grade(ungraded(CHECKS[0]), "d", None)
    book.override(ADA, "", 7, "bob", "read it")
    assert (row_of(book).state, row_of(book).score) == ("graded", 7.0)


def test_another_check_does_not_settle_it(book):
    book.keep_grade(make_grade(1, state=State.NEEDS_REVIEW), "d", None)  # its run did not come to its end
    book.override(ADA, CHECKS[0], 1, "bob", "read it")
    assert book.grade(ADA).state == row_of(book).state == "needs_review"


def test_a_file_that_is_no_notebook_can_get_points(book):
    book.keep_grade(failed_grade(2), "d", None)
    with pytest.raises(UsageError, match="not judged: override the whole score"):
        book.override(student_of(2), FIRST, 1, "bob", "why")
    book.override(student_of(2), "", 4, "bob", "on paper")
    found = book.grade(student_of(2))
    assert (found.score, found.state, row_of(book, student_of(2)).score) == (4.0, "graded", 4.0)
    assert found.notes[-1].endswith("on paper (was not graded).")


def test_a_later_one_replaces_an_earlier_one_and_both_stay_on_record(graded):
    first = graded.override(ADA, FIRST, 0, "bob", "copied")
    second = graded.override(ADA, FIRST, 1, "eve", "it was not")
    assert graded.overrides() == [second]
    graded.revoke(second.id, "eve", "leave it to the machine")
    assert graded.overrides() == []
    assert row_of(graded).score == 5.0
    with graded._engine.connect() as connection:
        kept = {row.id: row for row in connection.execute(sa.select(overrides))}
    assert kept[first.id].revoked_who == "eve"
    assert kept[first.id].revoked_why == f"replaced by override {second.id}"
    assert kept[second.id].revoked_why == "leave it to the machine"
    assert abs(kept[second.id].revoked_made - datetime.now(UTC)) < timedelta(minutes=1)


def test_what_is_refused(graded):
    for words, says in (
        (("nobody", "", 1, "bob", "why"), "there is no grade of `nobody`"),
        ((ADA, "no_such", 1, "bob", "why"), "there is no check `no_such`.*check_0_holds"),
        ((ADA, FIRST, 2, "bob", "why"), "2 is more than the 1"),
        ((ADA, "", 11, "bob", "why"), "11 is more than the 10"),
        ((ADA, FIRST, -1, "bob", "why"), "-1 are no points"),
        ((ADA, FIRST, float("nan"), "bob", "why"), "nan are no points"),
        ((ADA, FIRST, float("inf"), "bob", "why"), "inf are no points"),
        ((ADA, FIRST, 1, " ", "why"), "--who is empty"),
        ((ADA, FIRST, 1, "bob", ""), "--why is empty"),
    ):
        with pytest.raises(UsageError, match=says):
            graded.override(*words)
    assert graded.overrides() == []
    with pytest.raises(UsageError, match="there is no override 77"):
        graded.revoke(77, "bob", "why")
    made = graded.override(ADA, FIRST, 1, "bob", "why")
    with pytest.raises(UsageError, match="--why is empty"):
        graded.revoke(made.id, "bob", "")
    graded.revoke(made.id, "bob", "why")
    with pytest.raises(UsageError, match=f"override {made.id} was revoked by bob"):
        graded.revoke(made.id, "bob", "why")


def test_a_bonus_is_given_on_purpose(graded):
    graded.override(ADA, FIRST, 2.5, "bob", "more than asked for", bonus=True)
    assert row_of(graded).score == graded.grade(ADA).score == 7.0
    assert check_of(graded.grade(ADA), FIRST).outcome is Outcome.PASSED


def test_before_there_is_a_grade(book):
    book.found([(ADA, "x", "d")])
    with pytest.raises(UsageError, match="there is no grade"):
        book.override(ADA, "", 1, "bob", "why")


def test_a_grade_that_is_not_kept_yet_is_shown_with_them(graded):
    graded.override(ADA, FIRST, 1, "bob", "why")
    assert graded.overridden(make_grade(1)).score == 5.5
    assert graded.overridden(make_grade(2)).score == 10.0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["", *CHECKS[:3]]), st.floats(0, 1).map(lambda x: round(x, 3)), st.booleans()), max_size=6)
)
def test_rows_and_details_agree(book, steps):
    """Against a model: the last word on each check that was not taken back."""
    book.keep_grade(ungraded(CHECKS[0]), "d", None, "")
    for one in book.overrides():
        book.revoke(one.id, "x", "x")
    model: dict[str, float] = {}
    for check, points, taken_back in steps:
        made = book.override(ADA, check, points, "bob", "why")
        model[check] = points
        if taken_back:
            book.revoke(made.id, "bob", "why")
            del model[check]
    scores = {c.name: model.get(c.name, c.score) for c in ungraded(CHECKS[0]).checks}
    total = model.get("", round(sum(scores.values()), 6))
    found, row = book.grade(ADA), row_of(book)
    assert {c.name: c.score for c in found.checks} == row.scores == scores
    assert found.score == row.score == total
    assert row.overridden == len(model)
    assert found.state == row.state == ("graded" if "" in model or CHECKS[0] in model else "needs_review")
