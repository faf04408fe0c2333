"""Right answers, each written in another way, earn every point. A test class of an assignment gives its answers to it.

    class TestRightIsRight(RightIsRight):
        answers, imports = ANSWERS, IMPORTS

Notebook k takes the k-th answer to each blank, cyclically. The first `whole` notebooks hold every answer; the next `more`, which are
slow, hold other combinations. A check that refuses one asks for what its task does not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import State
from grader.sourcecode import same_code

from .sheet import Marked, Sheet, Sources, grade_all

__all__ = ["RightIsRight", "assert_full_marks"]


def assert_full_marks(marked: Marked, key: Key) -> None:
    assert marked.lost == {}, marked.lost
    assert marked.grade.score == key.max_score
    assert marked.grade.state is State.GRADED
    assert {c.diagnosis for c in marked.grade.checks} == {""}


class RightIsRight:
    """`answers`: blank -> whole answers in the order of the notebook; an answer of several cells is a tuple. `imports`: their cell."""

    answers: ClassVar[Mapping[str, list[Sources]]]
    imports: ClassVar[str] = ""
    more: ClassVar[int] = 3

    @property
    def whole(self) -> int:
        return max(len(found) for found in self.answers.values())

    def handed_in(self, handed_out: Sheet, k: int) -> Sheet:
        """The k-th notebook; after the first ones, the answers are combined otherwise."""
        step = k // self.whole
        answers = {blank: found[(k + step * place) % len(found)] for place, (blank, found) in enumerate(self.answers.items())}
        sheet = handed_out.copy()
        if self.imports:
            sheet.put("given-1", self.imports.strip())
        return sheet.answer(answers, marked=k % 2 == 0)

    def assert_all_right(self, assignment: Assignment, key: Key, handed_out: Sheet, numbers: range) -> None:
        sheets = {f"notebook-{k}": self.handed_in(handed_out, k) for k in numbers}
        for marked in grade_all(assignment, key, sheets).values():
            assert_full_marks(marked, key)

    def test_every_point_is_earned(self, assignment: Assignment, key: Key, handed_out: Sheet) -> None:
        self.assert_all_right(assignment, key, handed_out, range(self.whole))

    @pytest.mark.slow
    def test_every_point_is_earned_by_other_combinations(self, assignment: Assignment, key: Key, handed_out: Sheet) -> None:
        self.assert_all_right(assignment, key, handed_out, range(self.whole, self.whole + self.more))

    def test_each_blank_is_answered_in_two_ways_or_more(self, assignment: Assignment) -> None:
        assert list(self.answers) == assignment.template.blanks
        for blank, found in self.answers.items():
            assert len(found) >= 2, blank
            texts = ["\n".join(answer) if isinstance(answer, tuple) else answer for answer in found]
            texts.append(assignment.template.solutions[blank])
            for i, text in enumerate(texts):
                assert not any(same_code(text, other) for other in texts[:i]), f"{blank}: the answer {i} is there twice"
