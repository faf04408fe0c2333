"""Wrong answers that are no declared mistakes, or look right where one looks first: they lose what they should, and are told why."""

from __future__ import annotations

import json

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import Outcome
from tests.homework.sheet import Marked, Sheet, grade_all, names_of

pytestmark = pytest.mark.slow

# Blank -> an answer that is wrong in a way of its own, and the checks of the blank that it may pass all the same.
WRONG: dict[str, tuple[str, set[str]]] = {
    # no backward of its own: torch's product in the clothes of a class
    "Multiply": (
        "class Multiply:\n    apply = staticmethod(torch.mul)",
        {"multiply_gradients", "multiply_in_a_network", "multiply_is_watched"},
    ),
    "Sigmoid": (
        "class Sigmoid:\n    apply = staticmethod(torch.sigmoid)",
        {"sigmoid_gradient", "sigmoid_of_a_sigmoid", "sigmoid_far_out"},
    ),
    # for two inputs only
    "Add": (
        """
class Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a + b

    @staticmethod
    def backward(ctx, upstream):
        return upstream, upstream
""",
        {"add_is_your_own"},
    ),
    # a smooth ReLU: its gradient fits its forward pass, but that is another function
    "ReLU": (
        """
class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.softplus(x)

    @staticmethod
    def backward(ctx, upstream):
        return upstream * torch.sigmoid(ctx.saved_tensors[0])
""",
        {"relu_is_your_own"},
    ),
    # the largest in size, whatever its sign
    "Max": (
        """
class Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x[x.abs().argmax()].clone()

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * (x.abs() == x.abs().max())
""",
        {"max_is_your_own", "max_gradient"},
    ),
    # the names of the one graph that is drawn
    "nodes_of": (
        """
def nodes_of(tensor):
    if tensor.grad_fn is None:
        return []
    return ["MeanBackward0", "PowBackward0", "AddBackward0", "AccumulateGrad"]
""",
        {"nodes_of_the_picture"},
    ),
    # the printed numbers, whatever is asked
    "all_gradients": (
        """
def all_gradients(numbers):
    return torch.full_like(numbers, 6.75), torch.full_like(numbers, 6.75), torch.full_like(numbers, 0.25)
""",
        {"gradients_of_the_lecture"},
    ),
    # what one would think: after the error everything is as before
    "second_backward": (
        """
def second_backward(numbers):
    x, y, z, out = graph(numbers)
    y.retain_grad()
    z.retain_grad()
    out.backward()
    kept = x.grad.clone(), y.grad.clone(), z.grad.clone()
    message = "no error"
    try:
        out.backward()
    except RuntimeError as error:
        message = str(error)
    return message, *kept
""",
        {"message_of_the_second_backward"},
    ),
    # always twice
    "after_passes": (
        """
def after_passes(numbers, passes):
    x, y, z, out = graph(numbers)
    y.retain_grad()
    out.backward(retain_graph=True)
    out.backward()
    return x.grad, y.grad, None
""",
        {"two_passes"},
    ),
    "copies": ('copies = {"x.detach()": (True, True)}', set()),
    "vjp": ("def vjp(f, x, v):\n    return 2 * v", {"vjp_of_the_lecture"}),
    # the blind spot: at 3 the second derivative is 108, too
    "fourth_power": (
        """
def fourth_power(number):
    x = torch.tensor(number, requires_grad=True)
    first = torch.autograd.grad(x**4, x, create_graph=True)[0]
    second = torch.autograd.grad(first, x)[0]
    return second, 2 * x.detach()
""",
        {"fourth_power_of_the_lecture"},
    ),
    # by small differences
    "derivatives": (
        """
def derivatives(f, number, n):
    def slope(g):
        return lambda x: (g(x + 1e-2) - g(x - 1e-2)) / 2e-2
    found = []
    for _ in range(n):
        f = slope(f)
        found.append(float(f(torch.tensor(number))))
    return found
""",
        {"derivatives_as_many_as_asked"},
    ),
}


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    wrong = {blank: source for blank, (source, _) in WRONG.items()}
    slips = {
        blank: assignment.checks.mistakes_of(blank)[0].apply(right[blank]) for blank in ("Multiply", "after_passes", "descend")
    }
    sheets = {
        "untouched": handed_out.copy(),
        "wrong": handed_out.copy().answer(right | wrong),
        "slips": handed_out.copy().answer(right | slips),
    }
    return grade_all(assignment, key, sheets)


def test_untouched_is_not_attempted(marked: dict[str, Marked]):
    found = marked["untouched"].grade
    assert found.score == 0
    assert {check.outcome for check in found.checks} == {Outcome.NOT_ATTEMPTED}


@pytest.mark.parametrize("blank", WRONG)
def test_wrong_answers_lose_what_they_should(marked: dict[str, Marked], key: Key, blank: str):
    assert marked["wrong"].passed & names_of(key, blank) <= WRONG[blank][1]
    assert names_of(key, blank) & set(marked["wrong"].lost)


@pytest.mark.parametrize("blank", ["Multiply", "Sigmoid"])
def test_what_is_not_made_by_hand_earns_nothing(marked: dict[str, Marked], key: Key, blank: str):
    assert names_of(key, blank) & set(marked["wrong"].scores) == set()


def test_wrong_answers_are_not_taken_for_what_they_are_not(marked: dict[str, Marked], key: Key):
    """A wrong diagnosis is worse than none. The two blind spots are declared mistakes in other words, and are told as such."""
    sentences = {mistake.says for mistake in key.mistakes}
    found = {blank: marked["wrong"].diagnoses(blank) & sentences for blank in WRONG}
    (twice,), (before,) = found.pop("fourth_power"), found.pop("second_backward")
    assert "You differentiated twice" in twice
    assert "before the second pass" in before
    assert found == {blank: set() for blank in found}


@pytest.mark.parametrize("blank", ["Multiply", "after_passes", "descend"])
def test_a_slip_is_charged_once_and_told(marked: dict[str, Marked], assignment: Assignment, blank: str):
    mistake = assignment.checks.mistakes_of(blank)[0]
    assert marked["slips"].diagnoses(blank) == {mistake.says}
    lost = {check.blank for check in marked["slips"].grade.checks if check.name in marked["slips"].lost}
    assert lost == {"Multiply", "after_passes", "descend"}


def test_no_message_tells_a_private_checks_numbers(marked: dict[str, Marked], key: Key):
    private = {check.name for check in key.checks if check.private}
    for found in marked.values():
        for check in found.grade.checks:
            if check.name in private:
                assert check.evidence == {}


def test_handed_out_notebook_holds_no_private_check_and_no_solution(handed_out: Sheet, key: Key):
    text = json.dumps(handed_out.content, ensure_ascii=False)
    assert not any(f"def {check.name}(nb)" in text for check in key.checks if check.private)
    code = "".join(cell["source"] for cell in handed_out.cells if cell["cell_type"] == "code")
    assert "save_for_backward" not in code
    assert "retain_grad" not in code
    assert "create_graph" not in code
