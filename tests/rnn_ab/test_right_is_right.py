"""Whole notebooks with every blank answered right, each written in another way: all of them earn every point.

Notebook k takes the k-th answer to each blank, cyclically, and has habits of its own. The first eight hold every answer and every
habit, the others other combinations. A check that refuses one asks for what its task does not ask for.
"""

from __future__ import annotations

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.sourcecode import same_code
from tests.homework.right import RightIsRight
from tests.homework.sheet import Marked, Sheet, Sources, grade_all

from .answers import ANSWERS, IMPORTS
from .habits import HABITS, NOTES

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept

FIRST, ALL = 8, 18


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
    for habit in HABITS[k::FIRST] if k < FIRST else [HABITS[(5 * k) % len(HABITS)]]:
        for after, source in reversed(habit):
            sheet.put(after if after != "given-1" or k % 3 != 1 else "given-2", source)
    return sheet.put("check-train", NOTES, kind="markdown")


class TestRightIsRight(RightIsRight):
    answers, imports, more = ANSWERS, IMPORTS, ALL - FIRST

    def handed_in(self, handed_out: Sheet, k: int) -> Sheet:
        return handed_in(handed_out, k)

    def test_each_blank_is_answered_in_two_ways_or_more(self, assignment: Assignment) -> None:
        """In three or more; some are the reference's own, as somebody types it."""
        assert list(self.answers) == assignment.template.blanks
        for blank, found in self.answers.items():
            assert len(found) >= 3, blank
            texts = ["\n".join(answer) if isinstance(answer, tuple) else answer for answer in found]
            for i, text in enumerate(texts):
                assert not any(same_code(text, other) for other in texts[:i]), f"{blank}: the answer {i} is there twice"
        assert (self.whole, len(HABITS)) == (FIRST, ALL)


# ------------------------------------------------------------------------------------------- answers that were refused

BOTH_WAYS = """
class Mynet3(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = torch.nn.Linear(1, 1)
        self.a1 = torch.nn.Tanh()
        self.l2 = torch.nn.Linear(1, 1, bias=False)
        self.layers = torch.nn.Sequential(self.l1, self.a1, self.l2)

    def forward(self, x):
        return self.layers(x)
"""

# Blank -> a right answer, and why somebody writes it.
ONCE_REFUSED: dict[str, dict[str, Sources]] = {
    "one": {
        # looks whether it is right, in a cell below
        "tanh": ("def tanh(x):\n    return 2 * sig(2 * x) - 1", "t = torch.linspace(-3, 3, 7)\nprint(tanh(t) - torch.tanh(t))"),
        # "give the figure the title": a figure's title is its suptitle
        "tanh_figure": "grid = torch.linspace(-5, 5, 100)\nplt.plot(grid, tanh(grid))\nplt.suptitle('tanh(x)')",
        # each layer by its name, and all of them in a row: still three parameters
        "Mynet3": BOTH_WAYS,
        "fit_many": ANSWERS["fit_many"][1],
        # compares with the embedding, outside the function
        "embed_by_matrix": """
def embed_by_matrix(x, weight):
    return torch.eye(len(weight))[x] @ weight
assert torch.equal(embed_by_matrix(x_abc, ebdd.weight), torch.nn.functional.embedding(x_abc, ebdd.weight))
""",
    },
    "two": {
        "tanh": "tanh = lambda x: 2 * sig(2 * x) - 1\nassert torch.allclose(tanh(torch.ones(1)), torch.tanh(torch.ones(1)))",
        # over the axes all the same, but at their left end
        "tanh_figure": "grid = torch.linspace(-5, 5, 100)\nplt.plot(grid, tanh(grid))\nplt.title('tanh(x)', loc='left')",
    },
}


@pytest.fixture(scope="module")
def once_refused(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    sheets = {name: handed_out.copy().answer(right | found) for name, found in ONCE_REFUSED.items()}
    return grade_all(assignment, key, sheets)


@pytest.mark.parametrize(("name", "blank"), [(name, blank) for name, found in ONCE_REFUSED.items() for blank in found])
def test_what_the_task_allows_is_not_refused(once_refused: dict[str, Marked], name: str, blank: str):
    of_blank = {c.name for c in once_refused[name].grade.checks if c.blank == blank}
    assert {check: why for check, why in once_refused[name].lost.items() if check in of_blank} == {}
