"""Wrong answers that are no declared mistakes, or look right where one looks first: they lose what they should, and are told why."""

from __future__ import annotations

import json

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import Outcome
from tests.homework.sheet import Marked, Sheet, grade_all, names_of

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept

HEAD = """
def show_lrpr2(history, loss_fn, x, v, y, w0s, w1s, suptitle=""):
    yhat_history, loss_history, what_history = history
    fig = plt.figure(figsize=(7, 2.5))
    ax1 = fig.add_subplot(1, 2, 1)
    ax2 = fig.add_subplot(1, 2, 2, projection="3d")
    ax1.plot(x, y, "o", alpha=0.05)
    ax1.plot(x, v, "--r")
    plot_loss(loss_fn, ax2, w0s, w1s, x, y)
"""

# Blank -> an answer that is wrong in a way of its own, and the checks of the blank that it may pass all the same.
WRONG: dict[str, tuple[str, set[str]]] = {
    # clamped, so neither nan nor a sigmoid
    "f": ("def f(x):\n    return (0.5 + x / 4).clamp(0, 1)", {"sigmoid_of_large_numbers"}),
    # rounds the probabilities to answers first
    "neg_log_likelihood": (
        """
def neg_log_likelihood(w0hat, w1hat, x, y):
    yhat = (f(w0hat + w1hat * x) > 0.5).float()
    return (y != yhat).sum()
""",
        set(),
    ),
    # the law of the lecture, whatever it is given
    "toy": (
        """
def toy(n, w0, w1):
    x = torch.linspace(-1, 1, n).reshape(n, 1)
    v = f(-1 + 5 * x)
    torch.manual_seed(43052)
    return x, v, torch.bernoulli(v)
""",
        {"toy_data"},
    ),
    # the curves, but no data
    "fit_figure": (
        """
def fit_figure(x, y, v, yhat=None):
    fig, ax = plt.subplots()
    ax.plot(x, v)
    if yhat is not None:
        ax.plot(x, yhat.data)
    return fig
""",
        set(),
    ),
    # a copy: the numbers are right today
    "in_series": ("import copy\nnet = torch.nn.Sequential(copy.deepcopy(l1), a1)", {"net_is_made_of_both", "net_layer_by_layer"}),
    # trains on half of the points
    "train": (
        """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        loss = loss_fn(y[::2], net(x[::2]))
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses[epoc] = loss.item()
    return losses
""",
        {"train_takes_a_step_an_epoch"},
    ),
    # the number of the public check
    "lowest": ("def lowest(heights, w0s, w1s):\n    return -1.0, 7.0", {"lowest_of_a_grid"}),
    # the star only, and it hangs in the air
    "plot_loss": ("def plot_loss(loss_fn, ax, w0s, w1s, x, y):\n    ax.scatter([-1], [5], [1.0])", set()),
    # MSE's own formula, for any loss
    "curvatures": (
        """
def curvatures(loss_fn, w0hat, w1hat, x, y):
    def loss(w):
        return torch.mean((y - torch.sigmoid(w[0] + w[1] * x)) ** 2)
    return torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, torch.tensor([w0hat, w1hat]).double()))
""",
        {"curvatures_of_mse"},
    ),
    # never trains, and keeps a diary of it
    "learn_and_record": (
        """
def learn_and_record(net, loss_fn, optimizr, x, y, epochs):
    record = net(x).flatten().tolist(), loss_fn(y, net(x)).item(), [net[0].bias.item(), net[0].weight.item()]
    k = (epochs + 19) // 20
    return [record[0]] * k, [record[1]] * k, [record[2]] * k
""",
        {"diary_of_plain_numbers"},
    ),
    "grey_points": ('grey_points = "over"', set()),
    # a slide show of the last record
    "show_lrpr2": (
        HEAD
        + """
    ax1.plot(x, yhat_history[-1])
    ax2.scatter(*zip(*what_history), loss_history)
    return animation.FuncAnimation(fig, lambda k: None, frames=len(loss_history))
""",
        set(),
    ),
    "adam_runs": ('adam = sgd\nrescued = ["MSE bad"]', {"adam_rescues"}),
}

# What stands on these fails with them, and is charged to them.
ALONE = {"f", "toy", "train", "in_series", "learn_and_record"}


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    sheets = {"untouched": handed_out.copy()}
    sheets |= {blank: handed_out.copy().answer(right | {blank: WRONG[blank][0]}) for blank in ALONE}
    sheets["others"] = handed_out.copy().answer(
        right | {blank: source for blank, (source, _) in WRONG.items() if blank not in ALONE}
    )
    return grade_all(assignment, key, sheets)


def sheet_of(marked: dict[str, Marked], blank: str) -> Marked:
    return marked[blank if blank in ALONE else "others"]


def test_untouched_is_not_attempted(marked: dict[str, Marked]):
    found = marked["untouched"].grade
    assert found.score == 0
    assert {check.outcome for check in found.checks} == {Outcome.NOT_ATTEMPTED}


@pytest.mark.parametrize("blank", WRONG)
def test_wrong_answers_lose_what_they_should(marked: dict[str, Marked], key: Key, blank: str):
    found = sheet_of(marked, blank)
    assert found.passed & names_of(key, blank) <= WRONG[blank][1]
    assert names_of(key, blank) & set(found.lost)


def test_wrong_answers_are_not_taken_for_what_they_are_not(marked: dict[str, Marked], key: Key):
    """A wrong diagnosis is worse than none: of these, no declared mistake gives the same."""
    sentences = {mistake.says for mistake in key.mistakes if not mistake.generic}
    assert {blank: sheet_of(marked, blank).diagnoses(blank) & sentences for blank in WRONG} == {blank: set() for blank in WRONG}


def test_other_seeds_and_sizes_are_no_fault(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    """What the student tries in cells of their own, and figures drawn besides, cost nothing."""
    sheet = handed_out.copy().answer(right)
    sheet.put("check-toy", "torch.manual_seed(1)\ntoy(10, 2.0, 2.0)\ntorch.randn(5)")
    sheet.put("check-in_series", "print(net(torch.zeros(3, 1)))\nplt.plot([1, 2, 3])")
    sheet.put("check-four_runs", "other = four_runs(torch.optim.RMSprop, 0.01, x, y, 40)")
    found = grade_all(assignment, key, {"tried": sheet})["tried"]
    assert found.lost == {}


def test_a_network_that_learned_twice_is_told(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    """The training run twice: the losses begin where the first ones ended. Only what stands on it is lost."""
    twice = right["first_fit"] + "\nlosses = train(net, loss_fn1, optimizr, x, y, epochs)"
    found = grade_all(assignment, key, {"twice": handed_out.copy().answer(right | {"first_fit": twice})})["twice"]
    assert (
        {"first_losses", "first_fit_weights"}
        <= set(found.lost)
        <= {"first_losses", "first_fit_weights"} | names_of(key, "more_epochs")
    )


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
    assert "epoc % 20" not in code
    assert "torch.bernoulli" not in code
