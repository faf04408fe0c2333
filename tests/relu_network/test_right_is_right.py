"""Every right answer to `relu_network` earns every point."""

from __future__ import annotations

import pytest

from grader.assignment import Assignment
from grader.key import Key
from tests.homework.right import RightIsRight, assert_full_marks
from tests.homework.sheet import Sheet, grade_all

from .answers import ANSWERS, IMPORTS, WEIGHTS

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept


class TestRightIsRight(RightIsRight):
    answers, imports, more = ANSWERS, IMPORTS, 3


# --------------------------------------------------------------------------------------------- what the task leaves open


def test_any_weights_that_make_the_line_are_right(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    """Nodes in another order, with other scales, or with a bend at the end of the interval."""
    sheets = {}
    for name, weights in WEIGHTS.items():
        answer = "def bent_net():\n    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))\n"
        for weight, value in zip(("0.weight", "0.bias", "2.weight", "2.bias"), weights, strict=True):
            place, kind = weight.split(".")
            answer += f"    net[{place}].{kind}.data = torch.tensor({value})\n"
        sheets[name] = handed_out.copy().answer(right | {"bent_net": f"{answer}    return net"})
    for marked in grade_all(assignment, key, sheets).values():
        assert_full_marks(marked, key)


def test_at_zero_either_answer_is_right(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    """linspace(-1, 1, 1001)[500] is 0 on some machines and -4.7e-8 on others; so y is 0 or 4.5 there, and anything is right."""
    sheets = {
        f"{value}": handed_out.copy().answer(
            right
            | {"bent_by_cases": right["bent_by_cases"].replace("    return y", f"    y[x.abs() < 1e-6] = {value}\n    return y")}
        )
        for value in ("0.0", "4.5", "-15.75")
    }
    for marked in grade_all(assignment, key, sheets).values():
        assert_full_marks(marked, key)
