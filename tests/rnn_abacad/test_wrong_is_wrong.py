"""Wrong answers that are no declared mistakes, or look right where one looks first: they lose what they should, and are told why."""

from __future__ import annotations

import json

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import Outcome
from tests.homework.sheet import Marked, Sheet, grade_all, names_of

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept

# Blank -> an answer that is wrong in a way of its own, and the checks of the blank that it may pass all the same.
WRONG: dict[str, tuple[str, set[str]]] = {
    # takes the state after the letter, but does not hand the letter on
    "states": (
        """
def states(cell, x, _water):
    rows, ht = [], _water
    for t in range(len(x)):
        rows.append(ht)
        ht = cell(x[[t]], ht)
    return torch.cat(rows).detach()
""",
        set(),
    ),
    # right weights in a network that is never trained
    "new_start": (
        """
torch.manual_seed(43052)
rnn = torch.nn.RNN(4, 2)
torch.manual_seed(43052)
cook = torch.nn.Linear(2, 4)
optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr=lr)
losses = [float(torch.nn.functional.cross_entropy(cook(rnn(x)[0]), y))] * epochs
""",
        set(),
    ),
    # the outputs are right, but the network is the old one
    "rearranged": (
        "def rearranged(rnn, cook, order):\n    return rnn, cook",
        set(),
    ),
    # forgets half way, by a reset in the middle of the text
    "train_rnn": (
        """
def train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs):
    losses = []
    for _ in range(epochs):
        half = len(x) // 2
        hidden = torch.cat([rnn(x[:half])[0], rnn(x[half:])[0]])
        loss = loss_fn(cook(hidden), y)
        loss.backward(); optimizr.step(); optimizr.zero_grad()
        losses.append(loss.item())
    return losses
""",
        {"at_once_takes_a_step_an_epoch"},
    ),
    # the largest value, not the widest gap
    "case_node": ("def case_node(hidden, upper):\n    return int(hidden[upper].abs().mean(0).argmax())", set()),
    # made up
    "seconds_of": ("def seconds_of(length, width, backward, device, epochs):\n    return 0.7 * epochs / 3", set()),
    "experiment": ("right2 = [True] * seeds\nright3 = [True] * seeds", {"three_nodes_succeed", "two_nodes_succeed_less_often"}),
    "speedups": ("def speedups(table, device):\n    return [28.48, 14.61, 8.67, 8.83, 12.40, 5.73]", set()),
    "which_cell": ('which_cell = "both cells"', set()),
}


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    wrong = {blank: source for blank, (source, _) in WRONG.items()}
    sheets = {"untouched": handed_out.copy(), "wrong": handed_out.copy().answer(right | wrong)}
    return grade_all(assignment, key, sheets)


@pytest.fixture(scope="module")
def slips(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> Marked:
    """Three declared mistakes in one notebook, the first of each blank."""
    found = {blank: assignment.checks.mistakes_of(blank)[0].apply(right[blank]) for blank in ("states", "case_node", "speedups")}
    return grade_all(assignment, key, {"slips": handed_out.copy().answer(right | found)})["slips"]


def test_untouched_is_not_attempted(marked: dict[str, Marked]):
    found = marked["untouched"].grade
    assert found.score == 0
    assert {check.outcome for check in found.checks} == {Outcome.NOT_ATTEMPTED}


@pytest.mark.parametrize("blank", WRONG)
def test_wrong_answers_lose_what_they_should(marked: dict[str, Marked], key: Key, blank: str):
    assert marked["wrong"].passed & names_of(key, blank) <= WRONG[blank][1]
    assert names_of(key, blank) & set(marked["wrong"].lost)


def test_wrong_answers_are_not_taken_for_what_they_are_not(marked: dict[str, Marked], key: Key):
    """A wrong diagnosis is worse than none: of these, no declared mistake gives the same."""
    sentences = {mistake.says for mistake in key.mistakes}
    assert {blank: marked["wrong"].diagnoses(blank) & sentences for blank in WRONG} == {blank: set() for blank in WRONG}


def test_states_part_at_the_step_where_they_do(slips: Marked):
    (says,) = [c.message for c in slips.grade.checks if c.name == "states_of_ten_letters"]
    assert "t=0" in says
    assert "t=1" in says


@pytest.mark.parametrize("blank", ["states", "case_node", "speedups"])
def test_a_slip_is_charged_once_and_told(slips: Marked, assignment: Assignment, blank: str):
    """Each loses points, reads the sentence of its mistake, and no other blank loses any but those that stand on it."""
    mistake = assignment.checks.mistakes_of(blank)[0]
    assert slips.diagnoses(blank) == {mistake.says}
    lost = {check.blank for check in slips.grade.checks if check.name in slips.lost}
    assert lost == {"states", "look", "case_node", "speedups"}


def test_no_message_tells_a_private_checks_numbers(marked: dict[str, Marked], key: Key):
    private = {check.name for check in key.checks if check.private}
    for found in marked.values():
        for check in found.grade.checks:
            if check.name in private:
                assert check.evidence == {}
                assert "expected -0." not in check.message


def test_handed_out_notebook_holds_no_private_check_and_no_solution(handed_out: Sheet, key: Key, right: dict[str, str]):
    text = json.dumps(handed_out.content, ensure_ascii=False)
    assert not any(f"def {check.name}(nb)" in text for check in key.checks if check.private)
    assert "hidden[[t - 1]]" not in "".join(cell["source"] for cell in handed_out.cells if cell["cell_type"] == "code")
