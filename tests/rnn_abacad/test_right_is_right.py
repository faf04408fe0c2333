"""Whole notebooks with every blank answered right, each written in another way: all of them earn every point.

Notebook k takes the k-th answer to each blank, cyclically. The first three hold every answer; the others, which are slow, hold other
combinations.
"""

from __future__ import annotations

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import State
from grader.sourcecode import same_code
from tests.rnn_ab.homework import Marked, Sheet, grade_all

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept

FIRST, ALL = 3, 7
QUICK = [f"notebook-{k}" for k in range(FIRST)]
SLOW = [f"notebook-{k}" for k in range(FIRST, ALL)]


def handed_in(handed_out: Sheet, k: int) -> Sheet:
    """The k-th notebook; after the first ones, the answers are combined otherwise."""
    step = k // FIRST
    answers = {blank: found[(k + step * place) % len(found)] for place, (blank, found) in enumerate(ANSWERS.items())}
    return handed_out.copy().put("given-1", IMPORTS.strip()).answer(answers, marked=k % 2 == 0)


@pytest.fixture(scope="module")
def marked(rnn_abacad: Assignment, key: Key, handed_out: Sheet) -> dict[str, Marked]:
    return grade_all(rnn_abacad, key, {name: handed_in(handed_out, k) for k, name in enumerate(QUICK)})


@pytest.fixture(scope="module")
def also_marked(rnn_abacad: Assignment, key: Key, handed_out: Sheet) -> dict[str, Marked]:
    return grade_all(rnn_abacad, key, {name: handed_in(handed_out, k) for k, name in enumerate(SLOW, FIRST)})


def assert_full_marks(marked: Marked, key: Key) -> None:
    assert marked.lost == {}
    assert marked.grade.score == key.max_score
    assert marked.grade.state is State.GRADED
    assert {c.diagnosis for c in marked.grade.checks} == {""}


@pytest.mark.parametrize("name", QUICK)
def test_every_point_is_earned(marked: dict[str, Marked], key: Key, name: str):
    assert_full_marks(marked[name], key)


@pytest.mark.parametrize("name", SLOW)
def test_every_point_is_earned_by_other_combinations(also_marked: dict[str, Marked], key: Key, name: str):
    assert_full_marks(also_marked[name], key)


def test_each_blank_is_answered_in_two_ways_or_more(rnn_abacad: Assignment):
    assert list(ANSWERS) == rnn_abacad.template.blanks
    for blank, found in ANSWERS.items():
        assert 2 <= len(found) <= FIRST, blank
        texts = ["\n".join(answer) if isinstance(answer, tuple) else answer for answer in found]
        for i, text in enumerate(texts):
            assert not any(same_code(text, other) for other in texts[:i]), f"{blank}: the answer {i} is there twice"


# ------------------------------------------------------------------------------------------- answers that are refused


def test_a_colour_bar_is_no_part_of_the_picture(rnn_abacad: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    drawn = {
        "look": f"{right['look']}\nplt.colorbar()",
        "combined_figure": right["combined_figure"]
        .replace("ax.matshow", "image = ax.matshow")
        .replace("    return fig", "    fig.colorbar(image)\n    return fig"),
    }
    found = grade_all(rnn_abacad, key, {"bars": handed_out.copy().answer(right | drawn)})["bars"]
    assert set(found.lost) & {"look_figure", "combined_of_two_nodes", "combined_of_three_nodes"} == set()
