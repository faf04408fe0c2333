"""Whole notebooks with every blank answered right, each written in another way: all of them earn every point.

Notebook k takes the k-th answer to each blank, cyclically, and has habits of its own. A check that refuses one of these asks for
something that its task does not ask for.
"""

from __future__ import annotations

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import State
from grader.sourcecode import same_code

from .answers import ANSWERS, IMPORTS
from .habits import HABITS, NOTES
from .homework import Marked, Sheet, grade_all

NOTEBOOKS = 18
ALL = [f"notebook-{k:02}" for k in range(NOTEBOOKS)]


def handed_in(handed_out: Sheet, k: int) -> Sheet:
    """The k-th notebook. Where the imports stand, and whether the marker comments are left, also changes from one to the next."""
    sheet = handed_out.copy()
    answers = {blank: found[k % len(found)] for blank, found in ANSWERS.items()}
    if k % 3 == 2:
        first = answers["tanh"]
        answers["tanh"] = IMPORTS.strip() + "\n\n" + (first if isinstance(first, str) else first[0])
    else:
        sheet.put("" if k % 3 == 0 else "given-1", IMPORTS.strip())
    sheet.answer(answers, marked=k % 2 == 0)
    for after, source in reversed(HABITS[k % len(HABITS)]):
        sheet.put(after, source)
    return sheet.put("check-train", NOTES, kind="markdown")


@pytest.fixture(scope="module")
def marked(rnn_ab: Assignment, key: Key, handed_out: Sheet) -> dict[str, Marked]:
    return grade_all(rnn_ab, key, {name: handed_in(handed_out, k) for k, name in enumerate(ALL)})


@pytest.mark.parametrize("name", ALL)
def test_every_point_is_earned(marked: dict[str, Marked], key: Key, name: str):
    assert marked[name].lost == {}
    assert marked[name].grade.score == key.max_score
    assert marked[name].grade.state is State.GRADED
    assert {c.diagnosis for c in marked[name].grade.checks} == {""}


def test_each_blank_is_answered_in_three_ways_or_more(rnn_ab: Assignment):
    assert list(ANSWERS) == rnn_ab.template.blanks
    for blank, found in ANSWERS.items():
        assert 3 <= len(found) <= NOTEBOOKS, blank
        texts = ["\n".join(answer) if isinstance(answer, tuple) else answer for answer in found]
        for i, text in enumerate(texts):
            assert not any(same_code(text, other) for other in texts[:i]), f"{blank}: the answer {i} is there twice"
    assert len(HABITS) <= NOTEBOOKS
