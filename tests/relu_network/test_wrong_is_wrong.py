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
    # right for the lecture's 1001 numbers only
    "bent_by_cases": (
        """
def bent_by_cases(x):
    return torch.cat([torch.linspace(-4.5, 4.5, 501), torch.linspace(4.5, 0, 501)[1:]]).reshape(-1, 1)
""",
        {"cases_of_the_lecture"},
    ),
    # sees views, but not what data and detach give
    "aliases": ("def aliases(y, x):\n    return y is x or y._base is x", {"aliases_of_parts"}),
    # what the middle becomes, everywhere
    "spoiled": ("def spoiled(x):\n    return -4.5 * (9 * x + 4.5) + 4.5", {"spoiled_does_no_harm"}),
    # has no 4.5 at exactly 0
    "bent_by_relus": ("def bent_by_relus(x):\n    return bent_by_cases(x)", {"relus_of_the_lecture"}),
    "slip_step": ("slip_step = 5", set()),
    # all six curves, in another order
    "six_axes": (
        """
def six_axes(x):
    fig, axes = plt.subplots(2, 3)
    curves = {"x": x, "relu(x)": relu(x), "the sum": bent_by_relus(x), "-x": -x, "relu(-x)": relu(-x)}
    curves["its sigmoid"] = sig(curves["the sum"])
    for ax, (title, curve) in zip(axes.flat, curves.items()):
        ax.plot(x, curve)
        ax.set_title(title)
    return fig
""",
        {"nothing_is_hidden"},
    ),
    # takes for granted that one of the two columns is 0
    "by_matrix": (
        """
def by_matrix(v):
    x = v[:, [0]] - v[:, [1]]
    return torch.where(x < 0, 9 * x, -4.5 * x) + 4.5
""",
        {"product_of_the_lecture"},
    ),
    # computes the same, but is no layer
    "second_layer": (
        "def second_layer():\n    return lambda v: v @ torch.tensor([[-4.5], [-9.0]]) + 4.5",
        {"second_layer_makes_the_line", "second_layer_of_any_columns"},
    ),
    # the same layer every time
    "first_layer": (
        """
the_layer = torch.nn.Linear(1, 2)
the_layer.weight.data = torch.tensor([[1.0], [-1.0]])
the_layer.bias.data = torch.zeros(2)
def first_layer():
    return the_layer
""",
        {"first_layer_is_linear", "first_layer_makes_u"},
    ),
    # right for the lecture's layers only
    "merged": (
        """
def merged(l1, l2):
    one = torch.nn.Linear(1, 1)
    one.weight.data = torch.tensor([[4.5]])
    one.bias.data = torch.tensor([4.5])
    return one
""",
        set(),
    ),
    # the bent line, from another network than was asked for
    "bent_net": (
        """
def bent_net():
    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    net[0].weight.data = torch.tensor([[1.0], [-1.0], [0.0]])
    net[0].bias.data = torch.zeros(3)
    net[2].weight.data = torch.tensor([[-4.5, -9.0, 1.0]])
    net[2].bias.data = torch.tensor([4.5])
    return net
""",
        {"bent_net_is_the_line", "bent_net_is_new"},
    ),
    # forgets what is added at the end
    "as_formula": (
        """
def as_formula(net):
    l1, _, l2 = net
    return l1.weight.data.T, l1.bias.data, l2.weight.data.T, torch.zeros(l2.out_features)
""",
        set(),
    ),
    # a copy, nothing more
    "rescaled": ("def rescaled(net, factors):\n    return copy.deepcopy(net)", {"rescaled_leaves_the_old_one"}),
    # stops one step before 1
    "dnnex": (
        """
def dnnex(n, seed):
    x = torch.linspace(-1, 1, n + 1)[:-1].reshape(-1, 1)
    prob = torch.sigmoid(torch.minimum(5 + 15 * x, 5 - 5 * x))
    return x, prob, torch.bernoulli(prob, generator=torch.Generator().manual_seed(seed))
""",
        {"draws_follow_the_law", "draws_hang_on_the_seed"},
    ),
    # right for three of four only
    "best_constant": ("def best_constant(y):\n    return 0.75, 0.5623", {"constant_for_three_of_four"}),
    # a step in every second epoch
    "train": (
        """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = []
    for epoc in range(epochs):
        loss = loss_fn(net(x), y)
        if epoc % 2:
            loss.backward(); optimizr.step(); optimizr.zero_grad()
        losses.append(loss.item())
    return losses
""",
        set(),
    ),
    # never trained
    "logistic": (
        "def logistic(x, y):\n    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())",
        {"logistic_is_made_of"},
    ),
    "arrows": ('arrows = ["l1", "a1", "l3", "a2"]', set()),
    # draws something else first
    "dnnex_net": (
        """
def dnnex_net(seed):
    torch.manual_seed(seed)
    l2 = torch.nn.Linear(2, 1)
    l1 = torch.nn.Linear(1, 2)
    return torch.nn.Sequential(l1, torch.nn.ReLU(), l2, torch.nn.Sigmoid())
""",
        {"dnnex_net_is_made_of"},
    ),
    # right for one network only
    "shapes": (
        "def shapes(net, x):\n    n = len(x)\n    return [(n, 1), (n, 2), (n, 2), (n, 1), (n, 1)]",
        {"shapes_of_the_network"},
    ),
    # keeps the weights of a network of this kind only
    "snapshot": (
        """
def snapshot(net):
    new = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), *list(net)[3:])
    new.load_state_dict(net.state_dict())
    return new
""",
        {"snapshot_keeps"},
    ),
    # set by hand, and never trained
    "fit": (
        """
net = dnnex_net(43052)
optimizr = torch.optim.Adam(net.parameters(), lr=lr)
loss_fn = torch.nn.BCELoss()
half_way = copy.deepcopy(net)
net[0].weight.data, net[0].bias.data = torch.tensor([[1.0], [-1.0]]), torch.zeros(2)
net[2].weight.data, net[2].bias.data = torch.tensor([[-5.0, -15.0]]), torch.tensor([5.0])
losses = [0.664 - 0.384 * epoc / (2 * epochs) for epoc in range(2 * epochs)]
""",
        {"fit_is_near_the_truth", "fit_slopes", "fit_bend", "fit_on_new_data"},
    ),
    # of the probability, not of its logit
    "pieces": (
        """
def pieces(net):
    ends = [-1.0, 0.0, 1.0]
    p = net(torch.tensor(ends).reshape(-1, 1)).flatten().tolist()
    return [0.0], [p[1] - p[0], p[2] - p[1]]
""",
        set(),
    ),
    # made up
    "experiment": (
        "right = [True] + [False] * (seeds - 1)\nfinals = [0.28] + [0.674] * (seeds - 1)",
        {"experiment_successes", "experiment_fits_together"},
    ),
}
SLIPS = ["spoiled", "best_constant", "pieces"]


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    wrong = {blank: source for blank, (source, _) in WRONG.items()}
    sheets = {"untouched": handed_out.copy(), "wrong": handed_out.copy().answer(right | wrong)}
    return grade_all(assignment, key, sheets)


@pytest.fixture(scope="module")
def slips(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> Marked:
    """Three declared mistakes in one notebook, the first of each blank."""
    found = {blank: assignment.checks.mistakes_of(blank)[0].apply(right[blank]) for blank in SLIPS}
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


@pytest.mark.parametrize("blank", SLIPS)
def test_a_slip_is_charged_once_and_told(slips: Marked, assignment: Assignment, blank: str):
    """Each loses points and reads the sentence of its mistake, and no other blank loses any."""
    assert slips.diagnoses(blank) == {assignment.checks.mistakes_of(blank)[0].says}
    assert {check.blank for check in slips.grade.checks if check.name in slips.lost} == set(SLIPS)


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
    assert "torch.tensor([[-4.5" not in code
    assert "15 * relu" not in code
