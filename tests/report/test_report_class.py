"""The class report, its numbers against the statistics module."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report import class_report
from grader.report.overview import ClassView, summary
from grader.result import Outcome, State


def view(grades) -> ClassView:
    found = ClassView()
    for one in grades:
        found.add(one)
    return found


scores = st.lists(st.integers(0, 40).map(lambda n: n / 4), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(found=scores)
def test_numbers_are_those_of_the_statistics_module(grade, check, found):
    grades = [grade([check(points=10.0, score=score, outcome=Outcome.PARTIAL)]) for score in found]
    numbers = summary(view(grades).counted)
    assert numbers.count == len(found)
    assert numbers.mean == pytest.approx(statistics.mean(found))
    assert numbers.median == pytest.approx(statistics.median(found))
    assert (numbers.lowest, numbers.highest) == (min(found), max(found))
    if len(found) > 1:
        low, _, high = statistics.quantiles(found, n=4, method="inclusive")
        assert numbers.quartiles == pytest.approx((low, high))


@settings(max_examples=30, deadline=None)
@given(found=scores)
def test_the_histogram_shows_every_student(safe, grade, check, found):
    page = safe(class_report([grade([check(points=10.0, score=score)]) for score in found], "t"))
    assert len(page.named("svg")) == 1
    titles = [text for text in page.texts if " points: " in text]
    assert sum(int(text.rpartition(" ")[2]) for text in titles) == len(found)
    if 10.0 in found:
        assert any(text.startswith("9 to 10 points") for text in titles)


def test_what_nobody_has_judged_is_not_in_the_numbers(grade, check):
    ours = grade([check(outcome=Outcome.UNGRADED)], state=State.NEEDS_REVIEW)
    review = grade([check(points=3.0)], state=State.NEEDS_REVIEW)
    failed = grade(state=State.FAILED, max_score=3.0)
    assert view([ours, review, failed]).counted == [3.0]
    assert summary(view([ours, failed]).counted).count == 0


def test_what_needs_a_person_comes_first_with_its_reason(safe, grade, check):
    grades = [
        grade([check("a")], student="fine"),
        grade([check("a", outcome=Outcome.UNGRADED, message="no memory")], student="ours", state=State.NEEDS_REVIEW),
        grade(student="broken", state=State.FAILED, notes=["The file is empty."], max_score=1.0),
    ]
    page = safe(class_report(grades, "t"))
    first = page.text[page.text.index("Needs a person") : page.text.index("Scores")]
    assert "The file is empty." in first
    assert "no memory" in first
    assert "fine" not in first
    assert first.index("broken") < first.index("ours")
    assert {"href": "feedback/broken.html"} in page.named("a")


def test_a_class_without_trouble_has_no_such_list(safe, grade, check):
    assert "Needs a person" not in safe(class_report([grade([check()])], "t")).text


def test_a_check_has_its_share_counts_and_commonest_mistake(grade, check):
    outcomes = [Outcome.PASSED, Outcome.FAILED, Outcome.FAILED, Outcome.ERROR, Outcome.NOT_ATTEMPTED, Outcome.UNGRADED]
    says = ["", "rare", "common", "common", "", ""]
    grades = [grade([check("a", outcome=o, points=2.0, diagnosis=d)]) for o, d in zip(outcomes, says, strict=True)]
    (row,) = view(grades).rows
    assert row.judged == 5
    assert row.share == 0.2
    assert row.mean == pytest.approx(2.0 / 5)
    assert (row.counts[Outcome.ERROR], row.counts[Outcome.NOT_ATTEMPTED], row.counts[Outcome.UNGRADED]) == (1, 1, 1)
    assert (row.mistake, row.mistaken) == ("common", 2)


def test_checks_keep_their_order_though_a_grade_lacks_some(grade, check):
    whole = grade([check("z", "one"), check("a", "two"), check("m", "two")])
    assert [row.name for row in view([grade([check("m", "two")]), whole]).rows] == ["z", "a", "m"]


def test_a_student_counts_once_for_a_mistake(safe, grade, check):
    wrong = [check(name, outcome=Outcome.FAILED, diagnosis="Clear the gradients.") for name in "ab"]
    page = safe(class_report([grade(wrong, student="kim"), grade(wrong, student="lee")], "t"))
    part = page.text[page.text.index("Commonest mistakes") :]
    assert "2Clear the gradients." in part


def test_students_are_in_order_and_linked(safe, grade, check):
    grades = [grade([check(points=2.0)], student=name) for name in ("정예준", "bob", "alice")]
    page = safe(class_report(grades, "t"))
    part = page.text[page.text.rindex("Students") :]
    assert part.index("alice") < part.index("bob") < part.index("정예준")
    page = class_report(grades, "t", link=lambda grade: f"#{grade.student}")
    assert 'href="#bob"' in page


def test_an_empty_class_has_a_page_too(safe):
    assert "No submission yet." in safe(class_report([], "t")).text


def test_hidden_checks_are_marked(safe, grade, check):
    assert safe(class_report([grade([check(private=True)])], "t")).of_class("tag") == 1
