"""How the answers of `relu_network` are judged, and what students typically get wrong. Order as in the notebook."""

import numpy as np
import torch

from grader.author import (
    accuracy,
    architecture,
    check,
    close,
    exact,
    figure,
    layers,
    losses,
    mistake,
    success_rate,
    trained,
    weights,
)
from reference import relu_network as ref

DRAW = torch.Generator().manual_seed(43052)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=DRAW)


X = torch.linspace(-1, 1, 1001).reshape(-1, 1)  # whether x[500] is 0 or -4.7e-8 depends on the machine: no check looks at it
LINE = torch.linspace(-1, 1, 41).reshape(-1, 1)
FEW = torch.linspace(-1, 1, 20).reshape(-1, 1)  # neither 0 nor -0.5 is among these, so nothing hangs on the last bit
MIXED = torch.tensor([[0.75], [-2.0], [-0.5], [3.0], [-0.125], [0.25], [-1.5]])
TRUTH = torch.sigmoid(5 - 15 * torch.relu(-LINE) - 5 * torch.relu(LINE))


def net_of(p: int, h: int, q: int) -> dict[str, torch.Tensor]:
    """Weights of Linear(p, h), ReLU, Linear(h, q), drawn once."""
    return {"0.weight": draw(h, p), "0.bias": draw(h), "2.weight": draw(q, h), "2.bias": draw(q)}


SMALL, WIDE = net_of(1, 2, 1), net_of(3, 4, 2)
BENDS = {  # switches at -0.4 (on to the right), 0.3 (on to the left), 1.7 (on to the left)
    "0.weight": torch.tensor([[2.0], [-0.5], [-1.0]]),
    "0.bias": torch.tensor([0.8, 0.15, 1.7]),
    "2.weight": torch.tensor([[3.0, 1.0, -2.0]]),
    "2.bias": torch.tensor([0.6]),
}
DOUBLE = {  # two nodes switch at 0.5, one at -0.75, one at 0, one never
    "0.weight": torch.tensor([[-1.0], [2.0], [4.0], [0.0], [-1.0]]),
    "0.bias": torch.tensor([0.5, -1.0, 3.0, 1.0, 0.0]),
    "2.weight": torch.tensor([[1.0, -3.0, 0.5, 2.0, 4.0]]),
    "2.bias": torch.tensor([-2.0]),
}

NUMBERS = np.random.default_rng(43052)
X_DATA, PROB, _ = ref.dnnex(400, 0)
Y_DATA = torch.tensor(NUMBERS.random((400, 1)) < PROB.numpy()).float()
Y_FALLING = torch.tensor(NUMBERS.random((400, 1)) < torch.sigmoid(-1 - 4 * X_DATA).numpy()).float()
X_HELD_OUT, PROB_HELD_OUT, _ = ref.dnnex(4000, 0)
Y_HELD_OUT = torch.tensor(NUMBERS.random((4000, 1)) < PROB_HELD_OUT.numpy()).long()
AS_GOOD_AS_THE_TRUTH = float(((PROB_HELD_OUT > 0.5) == (Y_HELD_OUT > 0.5)).float().mean()) - 0.01
POINTS, HEIGHTS, CLASSES = draw(30, 2), draw(30, 1), (draw(30, 1) > 0).float()

# =============================================================================================== 1  by cases: 003-T01, 003-T02


@check("bent_by_cases", points=1, given={"x": X}, compare=close(atol=1e-4))
def cases_of_the_lecture(nb):
    """For the 1001 numbers of the lecture, y is right (at 0, anything is)."""
    y = nb.bent_by_cases(nb.given.x)
    return {"shape": list(y.shape), "y": y[[*range(0, 500, 25), *range(501, 1001, 25)]]}


@check("bent_by_cases", points=1, private=True, given={"x": MIXED}, compare=close(atol=1e-4))
def cases_in_any_order(nb):
    """It works for numbers in any order, and leaves x as it was."""
    x = nb.given.x.clone()
    return {"y": nb.bent_by_cases(x), "x": x}


mistake(
    "bent_by_cases",
    replace={"torch.zeros_like(x)": "x"},
    says="y = x makes no new tensor, only a second name for x: what you write into y changes x, and the second mask is then made from "
    "the changed x. Begin with a tensor of its own, such as x * 0 or torch.zeros_like(x).",
)
mistake(
    "bent_by_cases",
    replace={
        "y[x < 0] = ": "y[x > 0] = ",
        "y[x > 0] = (-4.5 * x + 4.5)[x > 0]": "y[x < 0] = (-4.5 * x + 4.5)[x < 0]",
        "[x < 0]\n": "[x > 0]\n",
    },
    says="The two cases have changed places: 9x + 4.5 is the left branch, where x is negative.",
)
mistake(
    "bent_by_cases",
    replace={"(9 * x + 4.5)": "(-9 * x + 4.5)"},
    says="The left branch falls. It must rise towards 0: 9x + 4.5, which is −4.5 at −1.",
)
mistake(
    "bent_by_cases",
    replace={"(-4.5 * x + 4.5)": "(-4.5 * x)"},
    says="The right branch begins at 0, so the line jumps there: + 4.5 is missing.",
)
mistake(
    "bent_by_cases",
    replace={"    y[x > 0] = (-4.5 * x + 4.5)[x > 0]\n": ""},
    says="Only the left branch is there; the right one is still what y began with.",
)


@check("aliases", points=1, compare=exact())
def aliases_of_a_column(nb):
    """Copies and other names of a column are told apart, and x and y stay as they were."""
    x = torch.linspace(-1, 1, 7).reshape(-1, 1)
    made = {"x": x, "x + 0": x + 0, "x.clone()": x.clone(), "x.data": x.data, "x.detach()": x.detach(), "x[x > 0]": x[x > 0]}
    made["x.T"], made["x * 1"] = x.T, x * 1
    found = {name: bool(nb.aliases(y, x)) for name, y in made.items()}
    found["x is as it was"] = torch.equal(x, torch.linspace(-1, 1, 7).reshape(-1, 1))
    return found


@check("aliases", points=2, private=True, given={"t": draw(3, 4)}, compare=exact())
def aliases_of_parts(nb):
    """It also sees a part, or another shape, of a tensor with any number of columns."""
    t = nb.given.t.clone()
    made = {"[1:]": t[1:], "[:, 2:]": t[:, 2:], "[-1]": t[-1], "[[1, 2]]": t[[1, 2]], "reshape": t.reshape(2, 6), "T": t.T}
    made["T.reshape"], made["T.clone"], made["[1:] + 0"] = t.T.reshape(12), t.T.clone(), t[1:] + 0
    found = {name: bool(nb.aliases(y, t)) for name, y in made.items()}
    found["as it was"] = torch.equal(t, nb.given.t)
    return found


mistake(
    "aliases",
    source="def aliases(y, x):\n    return y is x",
    says="`is` asks whether y and x are the same Python object. x.data is another object, and it holds the same memory.",
)
mistake(
    "aliases",
    source="def aliases(y, x):\n    return torch.equal(y, x)",
    says="You compare the numbers. A copy has the same numbers, and memory of its own.",
)
mistake(
    "aliases",
    source="def aliases(y, x):\n    return y.data_ptr() == x.data_ptr()",
    says="This is the address of the first number. A part such as x[3:] begins later in the same memory: ask for the address of the "
    "storage, untyped_storage().data_ptr().",
)
mistake(
    "aliases",
    source="def aliases(y, x):\n    before = x.clone()\n    y += 1\n    return not torch.equal(before, x)",
    says="To try it out is a good idea, but tidy up afterwards: your test has changed the numbers for good.",
)
mistake(
    "aliases",
    replace={"==": "!="},
    says="The other way round: True where they share their memory.",
)


@check("spoiled", points=2, given={"x": FEW}, compare=close(atol=1e-4))
def spoiled_values(nb):
    """y is what the three lines leave in it."""
    return nb.spoiled(nb.given.x.clone())


@check("spoiled", points=1, given={"x": FEW}, compare=close(atol=1e-6))
def spoiled_does_no_harm(nb):
    """The x that was handed in stays as it was."""
    x = nb.given.x.clone()
    nb.spoiled(x)
    return x


@check("spoiled", points=1, private=True, given={"x": 2 * draw(40, 1)}, compare=close(atol=1e-4))
def spoiled_in_any_order(nb):
    """It holds for numbers in any order, and of any size."""
    return nb.spoiled(nb.given.x.clone())


mistake(
    "spoiled",
    replace={"    x = x.clone()\n": ""},
    says="The numbers are right, but your function destroys the x that it is handed, just as the lecture's lines do. Let the lines work on a "
    "copy: x = x.clone() first.",
)
mistake(
    "spoiled",
    replace={"y = x\n": "y = x.clone()\n"},
    says="This is the bent line itself: in your function y is a copy. In the lecture's lines it is x, so the second mask is made from "
    "numbers that have been overwritten.",
)
mistake(
    "spoiled",
    source="def spoiled(x):\n    return x.clone()",
    says="You say that y stays x. It does not: the figure is straight because x has become the same as y, not because y has stayed the same.",
)
mistake(
    "spoiled",
    source="""
def spoiled(x):
    x = x.clone()
    y = x
    y[x > 0] = (-4.5 * x + 4.5)[x > 0]
    y[x < 0] = (9 * x + 4.5)[x < 0]
    return y
""",
    says="The lines stand in another order here. In the lecture the left branch is written first, and then it is the turn of what has become "
    "positive.",
)

# ============================================================================================= 2  two ReLUs: 003-T03, 003-T04


@check("bent_by_relus", points=1, given={"x": LINE}, compare=close(atol=1e-4))
def relus_of_the_lecture(nb):
    """From −1 to 1, y is the bent line."""
    return nb.bent_by_relus(nb.given.x)


@check(
    "bent_by_relus",
    points=1,
    private=True,
    given={"x": torch.cat([3 * draw(20, 1), torch.zeros(1, 1)])},
    compare=close(atol=1e-4),
)
def relus_anywhere(nb):
    """It holds for any numbers, and at exactly 0 it is 4.5."""
    return nb.bent_by_relus(nb.given.x)


mistake(
    "bent_by_relus",
    replace={"- 9 * relu(-x)": "+ 9 * relu(-x)"},
    says="The left branch goes up to 13.5 at −1. relu(−x) grows to the left, and the line must fall there: its number is −9.",
)
mistake(
    "bent_by_relus",
    replace={"relu(-x)": "-relu(x)"},
    says="You took −relu(x) for relu(−x). The first is nothing but the right ray upside down; the second looks to the left.",
)
mistake(
    "bent_by_relus",
    replace={"-4.5 * relu(x)": "-9 * relu(x)", "- 9 * relu(-x)": "- 4.5 * relu(-x)"},
    says="The two numbers have changed places: the line is steeper on the left, where relu(−x) is.",
)
mistake(
    "bent_by_relus",
    replace={"-4.5 * relu(x)": "(-4.5 * relu(x) + 4.5)"},
    says="4.5 is added twice, once to each ray, so the top lies at 9. It belongs to the sum.",
)
mistake(
    "bent_by_relus",
    replace={" + 4.5": ""},
    says="The top lies at 0: + 4.5 is missing.",
)


@check("slip_step", points=0, required=True, compare=exact())
def slip_step_is_a_choice(nb):
    """Your answer is 1, 2, 3 or 4. Which of them is right, your grade will tell."""
    return int(nb.slip_step) in (1, 2, 3, 4)


@check("slip_step", points=1, private=True, compare=exact())
def which_step_slips(nb):
    """You found the step with the slip."""
    return int(nb.slip_step)


mistake(
    "slip_step", replace={"4": "1"}, says="Step 1 only says what is needed. Put a number into step 4: at x = −1 it gives 13.5."
)
mistake(
    "slip_step",
    replace={"4": "2"},
    says="Step 2 is right: u holds x and −x. Put a number into step 4: at x = −1 it gives 13.5, and the bent line is −4.5 there.",
)
mistake(
    "slip_step",
    replace={"4": "3"},
    says="Step 3 is right: v holds both ReLUs. Put a number into step 4: it gives 13.5 at x = −1, where −4.5 is meant.",
)


@check("six_axes", points=2, given={"x": LINE}, compare=figure(texts=("title",)))
def six_curves(nb):
    """Six axes in the given order show the six curves over x, with their titles."""
    return nb.six_axes(nb.given.x)


@check("six_axes", points=1, given={"x": LINE}, compare=exact())
def nothing_is_hidden(nb):
    """No axis cuts off a part of its curve."""
    seen = []
    for axes in nb.six_axes(nb.given.x).axes:
        low, high = sorted(axes.get_ylim())
        for line in axes.lines:
            heights = np.asarray(line.get_ydata(), dtype=float)
            seen.append(bool(low <= heights.min() and heights.max() <= high))
    return all(seen)


@check("six_axes", points=1, private=True, given={"x": torch.linspace(-2, 0.5, 30).reshape(-1, 1)}, compare=figure())
def six_curves_elsewhere(nb):
    """The curves are right for another x."""
    return nb.six_axes(nb.given.x)


mistake(
    "six_axes",
    replace={"        ax.set_title(title)\n": "        ax.set_title(title)\n        ax.set_ylim(-1, 1)\n"},
    says="With set_ylim(−1, 1) everywhere, the greater part of the sum is cut off: it goes from −4.5 to 4.5.",
)
mistake(
    "six_axes",
    replace={"sig(y)": "-4.5 * sig(relu(x)) - 9 * sig(relu(-x)) + 4.5"},
    says="You took the sigmoid of each ReLU, before the sum. It comes last: the sigmoid of the bent line.",
)
mistake(
    "six_axes",
    replace={"sig(y)": "sig(x)"},
    says="The last curve is the sigmoid of x. It should be that of the sum, which goes up and down again.",
)
mistake(
    "six_axes",
    replace={"ax.plot(x, values": "ax.plot(values"},
    says="The curves are drawn over 0, 1, 2, …: hand plot the x as well.",
)
mistake(
    "six_axes",
    replace={"bent_by_relus(x)": "-4.5 * relu(x) + 9 * relu(-x) + 4.5"},
    says="Here is the slip of the printed steps: + 9. The sum must fall to −4.5 on the left.",
)

# ================================================================================= 3  matrices and layers: 003-T05 to 003-T10


@check("u_and_v", points=1, given={"x": LINE}, compare=layers(atol=1e-6))
def columns_of_the_lecture(nb):
    """u holds x and −x side by side, v their ReLUs."""
    u, v = nb.u_and_v(nb.given.x)
    return {"u": u, "v": v}


@check("u_and_v", points=1, private=True, given={"x": draw(9, 1)}, compare=layers(atol=1e-6))
def columns_of_other_numbers(nb):
    """It holds for any numbers."""
    u, v = nb.u_and_v(nb.given.x)
    return {"u": u, "v": v}


mistake(
    "u_and_v",
    replace={"dim=1": "dim=0"},
    says="x and −x lie below each other, in one long column. Side by side is dim=1 (or axis=1).",
)
mistake(
    "u_and_v",
    replace={"[x, -x]": "[-x, x]"},
    says="The columns have changed places: first x, then −x.",
)
mistake(
    "u_and_v",
    replace={"relu(u)": "relu(-u)"},
    says="v is the ReLU of −u, so its columns have changed places. Take the ReLU of u.",
)
mistake(
    "u_and_v",
    replace={"relu(u)": "u"},
    says="v is the same as u: the ReLU is missing.",
)


@check("by_matrix", points=1, given={"v": torch.relu(torch.cat([LINE, -LINE], dim=1))}, compare=close(atol=1e-4))
def product_of_the_lecture(nb):
    """From the lecture's v comes the bent line, in one column."""
    return nb.by_matrix(nb.given.v)


@check("by_matrix", points=1, private=True, given={"v": draw(8, 2)}, compare=close(atol=1e-4))
def product_of_any_columns(nb):
    """It takes the right amount of each column."""
    return nb.by_matrix(nb.given.v)


mistake(
    "by_matrix",
    replace={"[[-4.5], [-9.0]]": "[[-9.0], [-4.5]]"},
    says="The line is mirrored: the two numbers have changed places. The first column of v is relu(x), which takes −4.5.",
)
mistake(
    "by_matrix",
    replace={"v @ What + 4.5": "(v + 4.5) @ What"},
    says="4.5 is added before the product, so the weights multiply it as well. Add it to the product.",
)
mistake(
    "by_matrix",
    replace={"[-9.0]": "[9.0]"},
    says="The left branch goes up to 13.5: the weight of relu(−x) is −9, not 9.",
)
mistake(
    "by_matrix",
    replace={"v @ What + 4.5": "-4.5 * v[:, 0] - 9.0 * v[:, [1]] + 4.5"},
    says="v[:, 0] has the shape (n,), and a row and a column add up to an n × n table. Keep columns columns, v[:, [0]]; or use the matrix "
    "product.",
)
mistake(
    "by_matrix",
    replace={" + 4.5": ""},
    says="The top lies at 0: + 4.5 is missing.",
)


@check("second_layer", points=1, compare=exact())
def second_layer_is_linear(nb):
    """It is a Linear with 2 inputs and 1 output."""
    l2 = nb.second_layer()
    if not isinstance(l2, torch.nn.Linear):
        raise TypeError("what second_layer() returns is no torch.nn.Linear")
    return [l2.in_features, l2.out_features]


@check("second_layer", points=1, given={"v": torch.relu(torch.cat([LINE, -LINE], dim=1))}, compare=close(atol=1e-4))
def second_layer_makes_the_line(nb):
    """From the lecture's v it makes the bent line."""
    torch.manual_seed(43052)
    return nb.second_layer()(nb.given.v)


@check("second_layer", points=1, private=True, given={"v": draw(8, 2)}, compare=close(atol=1e-4))
def second_layer_of_any_columns(nb):
    """It takes the right amount of each column."""
    torch.manual_seed(43052)
    return nb.second_layer()(nb.given.v)


mistake(
    "second_layer",
    replace={"[[-4.5, -9.0]]": "[[-9.0, -4.5]]"},
    says="The line is mirrored: the two weights have changed places. The first column of v is relu(x), which takes −4.5.",
)
mistake(
    "second_layer",
    replace={"    l2.bias.data = torch.tensor([4.5])\n": ""},
    says="The bias is still the random one. Set it, too: l2.bias.data.",
)
mistake(
    "second_layer",
    replace={"[4.5]": "[0.0]"},
    says="The top lies at 0: the bias of this layer is what is added to the sum, 4.5.",
)
mistake(
    "second_layer",
    replace={"[[-4.5, -9.0]]": "[[-4.5], [-9.0]]"},
    says="The weight has the shape (2, 1), as in the formula. torch keeps it transposed, (outputs, inputs): one row with two numbers, (1, 2).",
)


@check("first_layer", points=1, compare=architecture())
def first_layer_is_linear(nb):
    """It is a Linear with 1 input and 2 outputs."""
    return nb.first_layer()


@check("first_layer", points=1, given={"x": LINE}, compare=close(atol=1e-4))
def first_layer_makes_u(nb):
    """From the lecture's x it makes u."""
    torch.manual_seed(43052)
    return nb.first_layer()(nb.given.x)


@check("first_layer", points=1, private=True, given={"x": 5 * draw(8, 1)}, compare=close(atol=1e-4))
def first_layer_of_other_numbers(nb):
    """It holds for any numbers, and each call makes a layer of its own."""
    torch.manual_seed(43052)
    one, other = nb.first_layer(), nb.first_layer()
    with torch.no_grad():
        one.weight.add_(1.0)
    return other(nb.given.x)


mistake(
    "first_layer",
    replace={"    l1.bias.data = torch.tensor([0.0, 0.0])\n": ""},
    says="The biases are still the random ones, and move both columns. u has nothing added: set l1.bias.data to zeros, or make the layer "
    "with zeros.",
)
mistake(
    "first_layer",
    replace={"[[1.0], [-1.0]]": "[[1.0], [1.0]]"},
    says="Both columns are x. The second one should be −x: its weight is −1.",
)
mistake(
    "first_layer",
    replace={"[[1.0], [-1.0]]": "[[-1.0], [1.0]]"},
    says="The columns have changed places: first x, then −x.",
)
mistake(
    "first_layer",
    replace={"[[1.0], [-1.0]]": "[[1.0, -1.0]]"},
    says="The weight has the shape (1, 2), as in the formula. torch keeps it transposed, (outputs, inputs): two rows with one number, (2, 1).",
)


@check("merged", points=2, given={"net": net_of(1, 2, 1)}, compare=weights(atol=1e-4))
def merged_narrow(nb):
    """Two layers of the widths 1, 2, 1 become the right one."""
    l1, l2 = torch.nn.Linear(1, 2), torch.nn.Linear(2, 1)
    torch.nn.Sequential(l1, torch.nn.ReLU(), l2).load_state_dict(nb.given.net)
    return nb.merged(l1, l2).state_dict()


@check("merged", points=1, private=True, given={"net": WIDE, "x": draw(6, 3)}, compare=close(atol=1e-4))
def merged_wide(nb):
    """Layers of other widths do as well, and both stay as they were."""
    l1, l2 = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)
    torch.nn.Sequential(l1, torch.nn.ReLU(), l2).load_state_dict(nb.given.net)
    one = nb.merged(l1, l2)
    return {"one": one(nb.given.x), "inputs": one.in_features, "both": l2(l1(nb.given.x))}


mistake(
    "merged",
    replace={"l2.weight.data @ l1.bias.data + l2.bias.data": "l2.bias.data"},
    says="The bias of the first layer is lost. It goes through the second layer as well: l2.weight @ l1.bias + l2.bias.",
)
mistake(
    "merged",
    replace={"l2.weight.data @ l1.bias.data + l2.bias.data": "l2.weight.data @ l1.bias.data"},
    says="The bias of the second layer is missing: it is added at the end.",
)
mistake(
    "merged",
    replace={"l2.weight.data @ l1.bias.data + l2.bias.data": "l1.bias.data.sum() + l2.bias.data"},
    says="You add the biases up as they are. That of the first layer goes through the weights of the second first.",
)
mistake(
    "merged",
    replace={"l2.weight.data @ l1.weight.data\n": "l2.weight.data @ l1.weight.data.abs()\n"},
    says="A weight has lost its sign on the way: the product is of the weights as they are.",
)
mistake(
    "merged",
    replace={"one = torch.nn.Linear(l1.in_features, l2.out_features)": "one = l2"},
    says="You write into l2 itself: `one = l2` is a second name, and the old layer is lost. Make a new Linear.",
)


@check("bent_net", points=1, required=True, compare=architecture())
def bent_net_is_made_of(nb):
    """It is a Sequential of Linear(1, 2), ReLU and Linear(2, 1)."""
    return nb.bent_net()


@check("bent_net", points=2, given={"x": LINE}, compare=weights(upto="function", atol=1e-4))
def bent_net_is_the_line(nb):
    """From −1 to 1, net(x) is the bent line, whatever its weights are."""
    torch.manual_seed(43052)
    net = nb.bent_net()
    return nb.network(net, nb.given.x)


@check("bent_net", points=1, private=True, given={"x": 2 * torch.rand(50, 1, generator=DRAW) - 1}, compare=close(atol=1e-4))
def bent_net_is_new(nb):
    """So it is for other x between −1 and 1, and each call makes a new network."""
    torch.manual_seed(43052)
    one, other = nb.bent_net(), nb.bent_net()
    with torch.no_grad():
        for weight in one.parameters():
            weight.add_(1.0)
    return other(nb.given.x)


mistake(
    "bent_net",
    replace={
        "    return net": "    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))\n    return net"
    },
    says="After the weights were set, a new network is made, and it has random weights again. Set the weights of the network that you return.",
)
mistake(
    "bent_net",
    replace={"torch.nn.ReLU(), torch.nn.Linear(2, 1))": "torch.nn.Linear(2, 1), torch.nn.ReLU())", "l1, _, l2": "l1, l2, _"},
    says="The ReLU stands at the end. There it only cuts off what is negative; the line must be bent between the layers.",
)
mistake(
    "bent_net",
    replace={"torch.nn.Linear(2, 1))": "torch.nn.Linear(2, 1), torch.nn.Sigmoid())", "l1, _, l2": "l1, _, l2, _"},
    says="There is a sigmoid at the end, so net(x) lies between 0 and 1. The bent line is asked for, before the sigmoid.",
)
mistake(
    "bent_net",
    replace={"    l1.bias.data = torch.tensor([0.0, 0.0])\n": ""},
    says="The biases of the first layer are still random, so the nodes switch at places other than 0.",
)
mistake(
    "bent_net",
    replace={"[[-4.5, -9.0]]": "[[-4.5, 9.0]]"},
    says="The left branch goes up to 13.5: the weight of relu(−x) is −9.",
)

# ========================================================================================= 4  formula and freedom: 003-T11


@check("as_formula", points=2, given={"net": WIDE}, compare=layers(atol=1e-5))
def formula_of_a_wide_net(nb):
    """The four tensors of a network with 3 inputs, 4 hidden nodes and 2 outputs are right."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    net.load_state_dict(nb.given.net)
    W1, b1, W2, b2 = nb.as_formula(net)
    return {"W1": W1.detach(), "b1": b1.detach().reshape(-1), "W2": W2.detach(), "b2": b2.detach().reshape(-1)}


@check("as_formula", points=1, private=True, given={"net": net_of(2, 2, 2), "X": draw(7, 2)}, compare=close(atol=1e-4))
def formula_computes(nb):
    """In the formula, they give what the network gives, and they carry no gradients."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2))
    net.load_state_dict(nb.given.net)
    W1, b1, W2, b2 = nb.as_formula(net)
    return {
        "outputs": torch.relu(nb.given.X @ W1 + b1) @ W2 + b2,
        "gradients": any(tensor.requires_grad for tensor in (W1, b1, W2, b2)),
    }


mistake(
    "as_formula",
    replace={"l1.weight.data.T": "l1.weight.data", "l2.weight.data.T": "l2.weight.data"},
    says="These are torch's matrices, (outputs, inputs). In the formula they stand to the right of the data: transpose both, .T.",
)
mistake(
    "as_formula",
    replace={"l2.weight.data.T": "l2.weight.data"},
    says="Only W1 is transposed. W2 is kept the other way round by torch as well: .T.",
)
mistake(
    "as_formula",
    replace={"l1, l2 = net[0], net[2]": "l2, l1 = net[0], net[2]"},
    says="The layers have changed places: W1 and b1 belong to the first one.",
)
mistake(
    "as_formula",
    replace={".data": ""},
    says="The four are right, but they still belong to the network and carry gradients: .data or .detach().",
)


@check("rescaled", points=1, given={"net": SMALL}, compare=weights(atol=1e-4, names=False))
def rescaled_weights(nb):
    """What goes into the nodes has become larger by the factors, what goes out smaller."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    net.load_state_dict(nb.given.net)
    return nb.rescaled(net, torch.tensor([4.0, 0.5])).state_dict()


@check("rescaled", points=1, given={"net": SMALL, "x": LINE}, compare=close(atol=1e-4))
def rescaled_leaves_the_old_one(nb):
    """The old network keeps its weights."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    net.load_state_dict(nb.given.net)
    new = nb.rescaled(net, torch.tensor([4.0, 0.5]))
    with torch.no_grad():
        new[2].bias.add_(1.0)
    return dict(net.state_dict())


@check("rescaled", points=2, private=True, given={"net": WIDE, "x": draw(9, 3)}, compare=weights(upto="function", atol=1e-3))
def rescaled_wide(nb):
    """A wider network gives the same outputs as before, with other weights."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    net.load_state_dict(nb.given.net)
    new = nb.rescaled(net, torch.tensor([3.0, 0.25, 1.5, 10.0]))
    if torch.equal(new[0].weight, nb.given.net["0.weight"]):
        raise ValueError("no weight is another than before")
    return nb.network(new, nb.given.x)


mistake(
    "rescaled",
    replace={"    new[0].bias.data = factors * net[0].bias.data\n": ""},
    says="The biases of the hidden nodes stayed behind. They go into the node as the weights do: times factors as well.",
)
mistake(
    "rescaled",
    replace={"net[2].weight.data / factors": "net[2].weight.data * factors"},
    says="What goes out of a node must become smaller by the same factor: divide there.",
)
mistake(
    "rescaled",
    replace={"    new[2].weight.data = net[2].weight.data / factors\n": ""},
    says="Only what goes into the nodes has changed, so the outputs are other ones. Divide what goes out of each node by its factor.",
)
mistake(
    "rescaled",
    replace={
        "factors.reshape(-1, 1) * net[0].weight.data": "net[0].weight.data / factors.reshape(-1, 1)",
        "factors * net[0].bias.data": "net[0].bias.data / factors",
        "net[2].weight.data / factors": "net[2].weight.data * factors",
    },
    says="The outputs are the same, but the factors are upside down: what goes INTO node k should be factors[k] times as much.",
)
mistake(
    "rescaled",
    replace={"copy.deepcopy(net)": "net"},
    says="new = net is a second name for the old network, so it is changed as well. Make a copy of it with all its weights first.",
)
mistake(
    "rescaled",
    replace={"copy.deepcopy(net)": "copy.copy(net)"},
    name="rescaled_shallow",
    same_as="rescaled-5",
    says="copy.copy is a shallow copy: the new network has the very layers of the old one. copy.deepcopy goes all the way down.",
)

# ====================================================================== 5  beyond logistic regression: 003-T12 to 003-T15


@check("dnnex", points=2, compare=close(atol=1e-5))
def law_of_the_data(nb):
    """x and prob of the lecture's 2000 points are right."""
    x, prob, _ = nb.dnnex(2000, 43052)
    rows = [*range(0, 2000, 80), -2, -1]
    return {"shapes": [list(x.shape), list(prob.shape)], "x": x[rows], "prob": prob[rows]}


@check("dnnex", points=1, given={"n": 4000}, expect=ref.dnnex(4000, 0)[1].reshape(10, 400).mean(dim=1), compare=close(atol=0.12))
def draws_follow_the_law(nb):
    """y holds zeros and ones, as many ones as prob says in each tenth of the points."""
    y = nb.dnnex(nb.given.n, 1)[2]
    if y.shape != (nb.given.n, 1) or not ((y == 0) | (y == 1)).all():
        raise ValueError("y should be a column, (n, 1), of zeros and ones")
    return y.float().reshape(10, -1).mean(dim=1)


@check("dnnex", points=1, private=True, compare=exact())
def draws_hang_on_the_seed(nb):
    """The same seed gives the same y, another one another."""
    first, again, other = (nb.dnnex(300, seed)[2] for seed in (5, 5, 6))
    return {"same seed, same y": torch.equal(first, again), "another seed, another y": not torch.equal(first, other)}


mistake(
    "dnnex",
    replace={"5 - 15 * relu(-x) - 5 * relu(x)": "4.5 - 9 * relu(-x) - 4.5 * relu(x)"},
    says="This is the bent line of the first half. The one of the data goes from −10 up to 5, and down to 0.",
)
mistake(
    "dnnex",
    replace={"5 - 15 * relu(-x) - 5 * relu(x)": "5 - 5 * relu(-x) - 15 * relu(x)"},
    says="The slopes have changed places: from −1 to 0 the logit rises by 15, from 0 to 1 it falls by 5.",
)
mistake(
    "dnnex",
    replace={"5 - 15 * relu(-x) - 5 * relu(x)": "-15 * relu(-x) - 5 * relu(x)"},
    says="The logit is 0 at the top, so no probability is above one half. The top lies at 5.",
)
mistake(
    "dnnex",
    replace={"torch.bernoulli(prob)": "(prob > 0.5).float()"},
    says="Here chance is missing: you made every y the likelier one. It is drawn, 1 with the probability prob.",
)
mistake(
    "dnnex",
    replace={"torch.bernoulli(prob)": "(torch.rand(n, 1) > prob).float()"},
    says="Zeros and ones have changed places: rand lies below prob with the probability prob.",
)
mistake(
    "dnnex",
    replace={"torch.manual_seed(seed)": "torch.manual_seed(43052)"},
    says="The seed is the same whatever was handed in, so everybody's y is the same. Use `seed`.",
)
mistake(
    "dnnex",
    replace={"    torch.manual_seed(seed)\n": ""},
    says="The seed is not set, so y is another one each time. torch.manual_seed(seed) belongs right before the draw.",
)


@check("best_constant", points=1, given={"y": torch.tensor([[1.0], [0.0], [1.0], [1.0]])}, compare=close(atol=1e-4))
def constant_for_three_of_four(nb):
    """Where three of four are ones, probability and loss are right."""
    p, loss = nb.best_constant(nb.given.y)
    return [float(p), float(loss)]


@check("best_constant", points=1, private=True, given={"y": (draw(40, 1) > 1).float()}, compare=close(atol=1e-4))
def constant_for_others(nb):
    """So they are where ones are rare."""
    p, loss = nb.best_constant(nb.given.y)
    return [float(p), float(loss)]


mistake(
    "best_constant",
    replace={"y.mean()": "torch.tensor(0.5)"},
    says="One half is the best guess only where both are as frequent. Take the share of the ones.",
)
mistake(
    "best_constant",
    replace={"p * p.log() + (1 - p) * (1 - p).log()": "p * p.log2() + (1 - p) * (1 - p).log2()"},
    says="Your logarithm is to the base 2. Cross entropy takes the natural one.",
)
mistake(
    "best_constant",
    replace={" + (1 - p) * (1 - p).log()": ""},
    says="Only the ones cost something here. The zeros do, too: ln(1 − p) each.",
)
mistake(
    "best_constant",
    replace={"-(p * p.log() + (1 - p) * (1 - p).log())": "-(p * p.log() + (1 - p) * (1 - p).log()) * len(y)"},
    says="This is the sum over all; the mean is asked for.",
)


@check("train", points=1, given={"x": POINTS, "y": CLASSES}, compare=weights(atol=1e-4))
def train_moves_the_weights(nb):
    """train brings weights where the four steps bring them."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())
    optimizr = torch.optim.Adam(net.parameters(), lr=0.05)
    nb.train(net, torch.nn.BCELoss(), optimizr, nb.given.x, nb.given.y, 30)
    return net.state_dict()


@check("train", points=1, given={"x": POINTS, "y": CLASSES}, compare=losses(atol=1e-4))
def train_notes_the_losses(nb):
    """train returns the loss of each epoch."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())
    optimizr = torch.optim.SGD(net.parameters(), lr=0.5)
    found = nb.train(net, torch.nn.BCELoss(), optimizr, nb.given.x, nb.given.y, 12)
    return [float(loss) for loss in found]


@check("train", points=1, private=True, given={"x": POINTS, "y": HEIGHTS}, compare=trained(steps=7))
def train_takes_its_steps(nb):
    """An optimizer takes one step an epoch, whatever network and loss it is."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    optimizr = torch.optim.SGD(net.parameters(), lr=0.1)
    nb.train(net, torch.nn.MSELoss(), optimizr, nb.given.x, nb.given.y, 7)
    return nb.training(net)


mistake(
    "train",
    replace={"optimizr.zero_grad()": "pass"},
    says="Gradients add up from epoch to epoch: clear them with optimizr.zero_grad().",
)
mistake(
    "train",
    name="no_step",
    replace={"optimizr.step()": "pass"},
    says="The weights have not moved: optimizr.step() is missing, or the gradients are cleared before it can use them. "
    "The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    name="zero_grad_too_early",
    replace={"optimizr.step()\n        optimizr.zero_grad()": "optimizr.zero_grad()\n        optimizr.step()"},
    same_as="no_step",
    says="You clear the gradients between backward() and step(), so the step has nothing to go by. "
    "The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    replace={"loss_fn(yhat, y)": "loss_fn(y, yhat)"},
    says="Prediction and truth have changed places: loss_fn(yhat, y). Binary cross entropy takes the logarithm of the first.",
)
mistake(
    "train",
    replace={"        optimizr.step()\n": "        optimizr.step()\n        optimizr.step()\n"},
    says="step() is called twice in an epoch, the second time with the same gradients. One step for each backward().",
)


@check("logistic", points=1, compare=architecture(), given={"x": X_DATA, "y": Y_DATA})
def logistic_is_made_of(nb):
    """It is a Sequential of Linear(1, 1) and Sigmoid."""
    return nb.logistic(nb.given.x, nb.given.y)


@check("logistic", points=2, given={"x": X_DATA, "y": Y_DATA}, compare=close(atol=1e-3))
def logistic_reaches_the_floor(nb):
    """On data of the same kind, its loss is the lowest that there is, to 0.001."""
    torch.manual_seed(1)
    net = nb.logistic(nb.given.x, nb.given.y)
    return torch.nn.functional.binary_cross_entropy(net(nb.given.x), nb.given.y)


@check("logistic", points=1, private=True, given={"x": X_DATA, "y": Y_FALLING}, compare=close(atol=1e-3))
def logistic_falls_where_the_data_do(nb):
    """On data whose probability falls, too."""
    torch.manual_seed(1)
    net = nb.logistic(nb.given.x, nb.given.y)
    return torch.nn.functional.binary_cross_entropy(net(nb.given.x), nb.given.y)


mistake(
    "logistic",
    replace={", lr=0.1": "", "300": "1000"},
    says="The training was stopped on its way: at Adam's default learning rate, 1000 epochs are too few. Take a larger one, or go on until the loss "
    "does not fall any more.",
)
mistake(
    "logistic",
    replace={"torch.nn.BCELoss()": "torch.nn.MSELoss()", "lr=0.1": "lr=0.2"},
    says="You trained with the squared error. It has its minimum elsewhere: take binary cross entropy.",
)
mistake(
    "logistic",
    replace={"torch.nn.Linear(1, 1)": "torch.nn.Linear(1, 1, bias=False)"},
    says="Without a bias the probability at 0 is always one half. Leave the bias in.",
)
mistake(
    "logistic",
    replace={"torch.nn.BCELoss()": "torch.nn.BCEWithLogitsLoss()"},
    says="BCEWithLogitsLoss takes the sigmoid once more, and your network has one. Use BCELoss for probabilities.",
)


@check("arrows", points=0, required=True, compare=exact())
def arrows_are_four_names(nb):
    """Your answer is a list of four names out of l1, l2, a1, a2. Which are right, your grade will tell."""
    names = [str(name).strip().lower() for name in nb.arrows]
    return len(names) == 4 and all(name in ("l1", "l2", "a1", "a2") for name in names)


@check("arrows", points=1, private=True, compare=exact())
def what_the_arrows_stand_for(nb):
    """The four arrows have their right names."""
    return [str(name).strip().lower() for name in nb.arrows]


mistake(
    "arrows",
    replace={'"l2"': '"l1"'},
    says="This is the diagram as it is printed. l1 goes from 1 column to 2 and cannot also go from 2 to 1: the third arrow is another layer, l2.",
)
mistake(
    "arrows",
    replace={'["l1", "a1", "l2", "a2"]': '["l1", "a1", "l2", "a1"]'},
    says="The first three are right. The last arrow is a sigmoid, another activation than a1, the ReLU: a2.",
)
mistake(
    "arrows",
    replace={'["l1", "a1", "l2", "a2"]': '["l1", "l2", "a1", "a2"]'},
    says="Layers and activations take turns: without an activation in between, two layers are only one.",
)


@check("dnnex_net", points=1, compare=architecture())
def dnnex_net_is_made_of(nb):
    """It is made of the right layers, of the right widths."""
    return nb.dnnex_net(43052)


@check("dnnex_net", points=1, compare=weights(atol=1e-5, names=False))
def dnnex_net_start(nb):
    """With the seed 43052, it begins with the weights of the lecture."""
    torch.manual_seed(1)
    return nb.dnnex_net(43052).state_dict()


@check("dnnex_net", points=1, private=True, given={"x": LINE}, compare=weights(upto="function", atol=1e-4))
def dnnex_net_of_another_seed(nb):
    """With another seed it begins with that one's weights."""
    torch.manual_seed(1)
    return nb.network(nb.dnnex_net(7), nb.given.x)


mistake(
    "dnnex_net",
    replace={"torch.nn.Linear(1, 2)": "torch.nn.Linear(1, 1)", "torch.nn.Linear(2, 1)": "torch.nn.Linear(1, 1)"},
    says="There is one hidden node only, and one ray: the line can rise or fall, but not both. It takes two.",
)
mistake(
    "dnnex_net",
    replace={", torch.nn.Sigmoid()": ""},
    says="The sigmoid at the end is missing, so the outputs are logits. They should be probabilities.",
)
mistake(
    "dnnex_net",
    replace={", torch.nn.ReLU()": ""},
    says="The ReLU is missing, and without it the two layers are one: a logistic regression.",
)
mistake(
    "dnnex_net",
    replace={"    torch.manual_seed(seed)\n": ""},
    says="The seed is not set, so the network begins with other weights each time. Set it right before the network is made.",
)
mistake(
    "dnnex_net",
    replace={"torch.manual_seed(seed)": "torch.manual_seed(43052)"},
    says="The seed is always 43052, whatever is handed in.",
)


@check("shapes", points=1, compare=exact())
def shapes_of_the_network(nb):
    """For a network with two hidden nodes, the five shapes are right."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Sigmoid())
    return [[int(size) for size in shape] for shape in nb.shapes(net, torch.ones(6, 1))]


@check("shapes", points=1, private=True, compare=exact())
def shapes_of_another_network(nb):
    """So they are for another one."""
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Linear(4, 5))
    return [[int(size) for size in shape] for shape in nb.shapes(net, torch.ones(7, 2, 3))]


mistake(
    "shapes",
    replace={"[tuple(x.shape)]": "[]"},
    says="The shape of x itself is missing. It comes first.",
)
mistake(
    "shapes",
    source="def shapes(net, x):\n    return [tuple(p.shape) for p in net.parameters()]",
    says="These are the shapes of the weights. What comes out of the layers is asked for.",
)
mistake(
    "shapes",
    replace={
        "        found.append(tuple(x.shape))": "        if isinstance(layer, torch.nn.Linear):\n            found.append(tuple(x.shape))"
    },
    says="You skip the activations. They are layers of the Sequential, too, though they leave the shape as it is.",
)
mistake(
    "shapes",
    replace={"tuple(x.shape)": "tuple(x.shape[1:])"},
    says="The number of points n is missing from your shapes: (n, width).",
)


@check("snapshot", points=1, given={"net": SMALL, "x": LINE}, compare=close(atol=1e-5))
def snapshot_keeps(nb):
    """When the network is trained on, the copy still computes what the network did."""
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    net.load_state_dict(nb.given.net)
    kept = nb.snapshot(net)
    optimizr = torch.optim.SGD(net.parameters(), lr=0.5)
    net(nb.given.x).mean().backward()
    optimizr.step()
    return kept(nb.given.x)


@check("snapshot", points=1, private=True, given={"net": WIDE, "x": draw(5, 3)}, compare=close(atol=1e-5))
def snapshot_of_another_network(nb):
    """So it is with another network, which is not changed by changes of its copy."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    net.load_state_dict(nb.given.net)
    kept = nb.snapshot(net)
    found = {"copy": kept(nb.given.x).detach().clone()}
    with torch.no_grad():
        for weight in kept.parameters():
            weight.add_(1.0)
    return {**found, "network": net(nb.given.x)}


mistake(
    "snapshot",
    replace={"copy.deepcopy(net)": "net"},
    says="This is the same network under another name. What it learns, your copy learns as well.",
)
mistake(
    "snapshot",
    name="shallow",
    replace={"copy.deepcopy(net)": "copy.copy(net)"},
    same_as="snapshot-1",
    says="copy.copy makes a new network with the old weights inside, the very same tensors. copy.deepcopy copies these, too.",
)
mistake(
    "snapshot",
    name="shared",
    source="""
def snapshot(net):
    new = copy.deepcopy(net)
    for mine, theirs in zip(new.parameters(), net.parameters()):
        mine.data = theirs.data
    return new
""",
    same_as="snapshot-1",
    says="mine.data = theirs.data gives the same memory a second name, and the steps of an optimizer write into it.",
)
mistake(
    "snapshot",
    source="""
def snapshot(net):
    new = copy.deepcopy(net)
    for layer in new:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return new
""",
    says="Your copy is made of the same layers, but has random weights of its own. It must have those of the network.",
)


@check("fit", points=2, given={"x": LINE}, expect=TRUTH, compare=close(atol=0.15))
def fit_is_near_the_truth(nb):
    """At the end, net is within 0.15 of the true probability everywhere."""
    return nb.net(nb.given.x)


@check("fit", points=1, given={"x": LINE}, compare=close(atol=0.1))
def fit_half_way(nb):
    """half_way is the network as it was half way, and has not learned any more since."""
    return nb.half_way(nb.given.x)


@check("fit", points=1, compare=losses(band=0.1, final_within=0.01))
def fit_losses(nb):
    """`losses` holds the loss of each epoch, from the first to the last."""
    return [float(loss) for loss in nb.losses]


@check("fit", points=1, private=True, compare=trained())
def fit_was_trained(nb):
    """It was the steps of your optimizer that brought the network there."""
    return nb.training(nb.net)


@check("fit", points=1, private=True, expect=[15.0, -5.0], compare=close(atol=3))
def fit_slopes(nb):
    """Its logit rises and falls about as steeply as the truth."""
    left, right = (
        torch.logit(nb.net(torch.tensor(ends).reshape(-1, 1)).double()).flatten() for ends in ([-0.5, -0.1], [0.2, 0.7])
    )
    return [float(left[1] - left[0]) / 0.4, float(right[1] - right[0]) / 0.5]


@check("fit", points=1, private=True, expect=0.0, compare=close(atol=0.1))
def fit_bend(nb):
    """Its highest probability lies near 0."""
    x = torch.linspace(-1, 1, 2001).reshape(-1, 1)
    return float(x[nb.net(x).argmax()])


@check(
    "fit",
    points=1,
    private=True,
    given={"x": X_HELD_OUT},
    compare=accuracy(labels=Y_HELD_OUT, at_least=AS_GOOD_AS_THE_TRUTH, threshold=0.5),
)
def fit_on_new_data(nb):
    """On data that nobody has seen, it is right about as often as the truth itself."""
    return nb.net(nb.given.x)


mistake(
    "fit",
    replace={"second = train(net, loss_fn, optimizr, x, y, epochs)": "second = first"},
    says="The network was trained once only. After the copy is made it goes on, for as many epochs again.",
)
mistake(
    "fit",
    replace={"half_way = snapshot(net)": "half_way = net"},
    says="half_way is another name for net, so it has learned everything that net has. Keep a copy that stays as it is.",
)
mistake(
    "fit",
    replace={"dnnex_net(43052)": "dnnex_net(0)"},
    says="From this seed the network comes to rest at a flat line. The task asks for the seed 43052; about the others there is a task below.",
)
mistake(
    "fit",
    replace={"loss_fn = torch.nn.BCELoss()": "loss_fn = torch.nn.MSELoss()"},
    says="You trained with the squared error. The losses are others, and far from the data the slopes are, too: take BCELoss.",
)
mistake(
    "fit",
    replace={"torch.concat([first, second])": "second"},
    says="`losses` holds the second training only. Put the first one in front of it.",
)
mistake(
    "fit",
    replace={"half_way = snapshot(net)": "half_way = snapshot(net)\nnet = dnnex_net(43052)"},
    says="After the copy a new network is made, and the optimizer does not know it: it still moves the old one. Train the same net on.",
)


@check("pieces", points=2, given={"net": BENDS}, compare=close(atol=1e-2))
def pieces_of_three_nodes(nb):
    """A network with three hidden nodes has its knots and slopes where they belong."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1), torch.nn.Sigmoid())
    net.load_state_dict(nb.given.net)
    knots, slopes = nb.pieces(net)
    return {"knots": [float(knot) for knot in knots], "slopes": [float(slope) for slope in slopes]}


@check(
    "pieces",
    points=1,
    given={"net": {**SMALL, "0.weight": torch.ones(2, 1), "0.bias": torch.tensor([2.0, 3.0])}},
    compare=close(atol=1e-2),
)
def pieces_of_a_straight_line(nb):
    """Where nothing bends between −1 and 1, there is one slope and no knot."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    net.load_state_dict(nb.given.net)
    knots, slopes = nb.pieces(net)
    return {"knots": [float(knot) for knot in knots], "slopes": [float(slope) for slope in slopes]}


@check("pieces", points=1, private=True, given={"net": DOUBLE}, compare=close(atol=1e-2))
def pieces_of_five_nodes(nb):
    """A place where two nodes switch is named once, and a node that never switches does no harm."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
    net.load_state_dict(nb.given.net)
    knots, slopes = nb.pieces(net)
    return {"knots": [float(knot) for knot in knots], "slopes": [float(slope) for slope in slopes]}


mistake(
    "pieces",
    replace={"(-b / w)": "(b / w)"},
    says="The knots have the wrong sign: w x + b is 0 at x = −b / w.",
)
mistake(
    "pieces",
    replace={" if -1 < place < 1": ""},
    says="You also name places outside −1 to 1, where there are no data.",
)
mistake(
    "pieces",
    replace={
        "sorted(place for place in places if -1 < place < 1)": "[(-b / w).item() for w, b in zip(into, bias) if w != 0 and -1 < -b / w < 1]"
    },
    says="Where several nodes switch at the same place, it is one knot. Name it once, and the knots from left to right.",
)
mistake(
    "pieces",
    replace={"(out * into)[active].sum().item()": "(out * into).sum().item()"},
    says="All pieces have the same slope: you add up all nodes. On each piece only those count that are on there.",
)
mistake(
    "pieces",
    replace={"(out * into)[active].sum().item()": "out[active].sum().item()"},
    says="What goes into the nodes is missing from the slopes: each node that is on adds w · out.",
)


@check("experiment", points=1, compare=success_rate())
def experiment_successes(nb):
    """About as many of your networks are right as should be."""
    return [bool(value) for value in nb.right]


@check("experiment", points=1, compare=exact())
def experiment_fits_together(nb):
    """There is a loss and a truth value for each seed, and those that are right have the low losses."""
    finals, right = [float(loss) for loss in nb.finals], [bool(value) for value in nb.right]
    return {
        "as many as seeds": [len(finals) == nb.seeds, len(right) == nb.seeds],
        "right ones have low losses": all(loss < 0.3 for loss, fine in zip(finals, right, strict=False) if fine),
        "the lowest losses are right": all(fine for loss, fine in zip(finals, right, strict=False) if loss < 0.2805),
        "losses above logistic regression's are not right": not any(
            fine for loss, fine in zip(finals, right, strict=False) if loss > 0.45
        ),
        "some low, some high": [min(finals) < 0.3, max(finals) > 0.6],
    }


@check("experiment", points=2, private=True, compare=close(atol=0.06))
def experiment_losses(nb):
    """The losses lie where they should, on the whole."""
    finals = sorted(float(loss) for loss in nb.finals)
    return [sum(finals) / len(finals), finals[0], finals[-1]]


mistake(
    "experiment",
    replace={"dnnex_net(seed)": "dnnex_net(43052)"},
    says="Each network has the seed 43052, so they are all the same network. Hand the seed of the loop to dnnex_net.",
)
mistake(
    "experiment",
    replace={"(net(x) - prob).abs()": "(net(x) - y).abs()"},
    says="You compare the probabilities with y, the zeros and ones. No probability is near all of those: compare with prob, the truth.",
)
mistake(
    "experiment",
    replace={"losses[-1].item()": "losses[0].item()"},
    says="You note the first loss of each training. The last one is asked for.",
)
mistake(
    "experiment",
    replace={"(net(x) - prob).abs().max() < 0.15": "(net(x) - prob).abs().max() >= 0.15"},
    says="You note who failed. A network is right where it is within 0.15 of prob everywhere.",
)
mistake(
    "experiment",
    replace={"x, y, epochs_seeds)": "x, y, 1)"},
    says="The networks have hardly been trained: one epoch each. Take all of them.",
)
