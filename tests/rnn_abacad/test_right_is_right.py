"""Every right answer to `rnn_abacad` earns every point."""

from __future__ import annotations

import pytest

from grader.assignment import Assignment
from grader.key import Key
from tests.homework.right import RightIsRight
from tests.homework.sheet import Sheet, grade_all

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept


class TestRightIsRight(RightIsRight):
    answers, imports, more = ANSWERS, IMPORTS, 4


# ------------------------------------------------------------------------------------------- answers that are refused


def test_a_colour_bar_is_no_part_of_the_picture(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    drawn = {
        "look": f"{right['look']}\nplt.colorbar()",
        "combined_figure": right["combined_figure"]
        .replace("ax.matshow", "image = ax.matshow")
        .replace("    return fig", "    fig.colorbar(image)\n    return fig"),
    }
    found = grade_all(assignment, key, {"bars": handed_out.copy().answer(right | drawn)})["bars"]
    assert set(found.lost) & {"look_figure", "combined_of_two_nodes", "combined_of_three_nodes"} == set()
