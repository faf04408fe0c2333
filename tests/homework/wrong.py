"""Wrong answers that are no declared mistakes, or look right where one looks first. A test class of an assignment gives them to it.

    class TestWrongIsWrong(WrongIsWrong):
        wrong = {"relu": ("def relu(x):\\n    return x", {"relu_of_positives"})}

`wrong`: blank -> the answer, and the checks of the blank that it may pass all the same (None: all but one). `alone`: blanks on which others stand; each
has a notebook of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import Outcome

from .sheet import Marked, Sheet, grade_all, names_of

__all__ = ["WrongIsWrong"]


class WrongIsWrong:
    wrong: ClassVar[Mapping[str, tuple[str, set[str] | None]]]
    alone: ClassVar[set[str]] = set()

    @pytest.fixture(scope="module")
    @classmethod
    def marked(cls, assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
        """The notebook as handed out; one for each of `alone`; and one for all others. By blank."""
        sheets = {"untouched": handed_out.copy(), "others": handed_out.copy()}
        sheets |= {blank: handed_out.copy().answer(right | {blank: cls.wrong[blank][0]}) for blank in cls.alone}
        sheets["others"].answer(right | {blank: source for blank, (source, _) in cls.wrong.items() if blank not in cls.alone})
        found = grade_all(assignment, key, sheets)
        return {"untouched": found["untouched"]} | {blank: found.get(blank, found["others"]) for blank in cls.wrong}

    def test_untouched_is_not_attempted(self, marked: dict[str, Marked]) -> None:
        found = marked["untouched"].grade
        assert found.score == 0
        assert {check.outcome for check in found.checks} == {Outcome.NOT_ATTEMPTED}

    def test_wrong_answers_lose_what_they_should(self, marked: dict[str, Marked], key: Key) -> None:
        passed = {b: marked[b].passed & names_of(key, b) - may for b, (_, may) in self.wrong.items() if may is not None}
        assert not any(passed.values()), passed
        lost = {blank: names_of(key, blank) & set(marked[blank].lost) for blank in self.wrong}
        assert all(lost.values()), lost

    def test_none_is_taken_for_a_declared_mistake(self, marked: dict[str, Marked], key: Key) -> None:
        """A wrong diagnosis is worse than none."""
        sentences = {mistake.says for mistake in key.mistakes if not mistake.generic}
        told = {blank: marked[blank].diagnoses(blank) & sentences for blank in self.wrong}
        assert told == {blank: set() for blank in self.wrong}, told

    def test_no_message_tells_a_private_checks_numbers(self, marked: dict[str, Marked], key: Key) -> None:
        private = {check.name for check in key.checks if check.private}
        assert all(check.evidence == {} for found in marked.values() for check in found.grade.checks if check.name in private)
