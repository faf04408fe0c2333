"""How the answers of `rnn_abacad` are judged, and what students typically get wrong. Order as in the notebook."""

import torch

from grader.author import (
    accuracy,
    architecture,
    check,
    close,
    exact,
    figure,
    hidden_states,
    layers,
    linear_probe,
    losses,
    mistake,
    sequence,
    success_rate,
    text,
    trained,
    weights,
)
from reference import rnn_abacad as ref

CODE = {"A": 0, "b": 1, "c": 2, "d": 3}
X, Y = ref.one_hot_pairs("AbAcAd" * 4, CODE)  # (23, 4)
X_LONG, Y_LONG = ref.one_hot_pairs("AbAcAd" * 12, CODE)  # (71, 4)
X_NEW, Y_NEW = ref.one_hot_pairs("cAdAbA" * 6, CODE)  # the same, begun at another place, (35, 4)
SETTLED = 6  # so many letters of it may be wrong: nobody has seen what came before them
NEXT = Y_LONG[SETTLED:].argmax(dim=1)
UPPER = X_LONG[:, 0] == 1
STEPS = {"x": X[:12], "y": Y[:12]}

DRAW = torch.Generator().manual_seed(43052)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=DRAW)


def cell_of(width: int) -> dict[str, torch.Tensor]:
    """Weights of an RNNCell, drawn once."""
    return {
        "weight_ih": draw(width, 4),
        "weight_hh": draw(width, width),
        "bias_ih": draw(width),
        "bias_hh": draw(width),
    }


def rnn_of(cell: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{name}_l0": weight for name, weight in cell.items()}


CELL, WIDE = cell_of(2), cell_of(3)
COOK = {"weight": draw(4, 3), "bias": draw(4)}
WATER, WARM = torch.zeros(1, 2), draw(1, 2).tanh()
SCORES = draw(30, 4)
TRUTH = torch.eye(4)[SCORES.argmax(dim=1)]
TRUTH[[3, 4, 17, 29]] = TRUTH[[3, 4, 17, 29]].roll(1, dims=1)

CASES = torch.tensor([True, False, True, False, False, True])
PARTED = torch.tensor([0.2, 0.1, 0.4, -0.3, 0.0, 0.3])  # upper above lower, by 0.1
FLIPPED = torch.tensor([-0.6, 0.2, -0.5, 0.3, 0.1, -0.4])  # upper below lower, by 0.5
MIXED = torch.tensor([0.9, -0.9, 0.9, -0.9, 0.91, 0.9])  # far apart on average, but one is on the wrong side
BEST_FLIPPED = torch.stack([MIXED, PARTED, FLIPPED], dim=1)
BEST_PARTED = torch.stack([-FLIPPED, MIXED, -PARTED, MIXED], dim=1)
NONE_PARTED = torch.stack([MIXED, -MIXED, MIXED.roll(1)], dim=1)

TABLE = [
    (300, 5, True, "cpu", 8.0),
    (300, 5, False, "cpu", 2.0),
    (300, 5, True, "mps", 4.0),
    (300, 5, False, "mps", 3.0),
    (100, 50, True, "cpu", 5.0),
    (100, 50, False, "cpu", 4.5),
    (100, 50, True, "mps", 0.5),
    (100, 50, False, "mps", 0.4),
]

# ====================================================================================================== 1  the text: 004-T01


@check("one_hot_pairs", points=1, compare=close(dtype="exact"))
def pairs_of_the_text(nb):
    """x holds A b A c A in one-hot rows, y the letters that follow, both float32."""
    x, y = nb.one_hot_pairs(list("AbAcAd"), {"A": 0, "b": 1, "c": 2, "d": 3})
    return {"x": x, "y": y}


@check("one_hot_pairs", points=1, private=True, compare=close(dtype="exact"))
def pairs_of_another_text(nb):
    """Another text has as many columns as its mapping has letters, whether they occur or not."""
    x, y = nb.one_hot_pairs(list("hello"), {"e": 2, "h": 0, "l": 1, "o": 3, "x": 4})
    return {"x": x, "y": y}


mistake(
    "one_hot_pairs",
    replace={"rows[:-1], rows[1:]": "rows[:-1], rows[:-1]"},
    says="y is the same as x: the network would learn to repeat its input, which takes no memory. The successor of row t is row t + 1: rows[1:].",
)
mistake(
    "one_hot_pairs",
    replace={"rows[:-1], rows[1:]": "rows[1:], rows[:-1]"},
    says="You shifted the wrong way: y holds the letter before. The known letter x comes first, its successor y after it.",
)
mistake(
    "one_hot_pairs",
    replace={"rows[:-1], rows[1:]": "rows, rows.roll(-1, dims=0)"},
    says="You closed the text to a ring: the last letter got the first one as its successor. Nothing is known about what comes after "
    "the last letter, so it has no row in x.",
)
mistake(
    "one_hot_pairs",
    replace={".float()": ""},
    says="one_hot gives whole numbers (int64), and a layer computes with floats: add .float().",
)
mistake(
    "one_hot_pairs",
    replace={", num_classes=len(mapping)": ""},
    says="Without num_classes there are only as many columns as the largest code that occurs. A text without the last letter of the "
    "mapping gets too few: num_classes=len(mapping).",
)

# ================================================================================================== 2  a cell: 004-T02, T03


@check("rNNCell", points=1, compare=weights(atol=1e-5, names=False))
def cell_start_weights(nb):
    """Right after the seed 43052, your cell starts with the weights of the lecture."""
    torch.manual_seed(43052)
    return nb.rNNCell().state_dict()


@check("rNNCell", points=2, given={"x": X[:1], "hidden": WARM, "cell": CELL}, compare=layers(atol=1e-5))
def cell_layer_by_layer(nb):
    """With given weights, i2h, h2h and the new state come out right."""
    cell = nb.rNNCell()
    given = {tuple(weight.shape): weight for weight in nb.given.cell.values()}
    for parameter in cell.parameters():
        parameter.data = given[tuple(parameter.shape)].clone()
    ht = cell(nb.given.x, nb.given.hidden)
    return {**nb.layers(cell, nb.given.x, nb.given.hidden, names=("i2h", "h2h")), "ht": ht}


@check("rNNCell", points=1, private=True, given={"x": 2 * draw(9, 4), "hidden": WARM, "cell": CELL}, compare=sequence(atol=1e-5))
def cell_over_time(nb):
    """Letter after letter, each state comes from the one before."""
    cell = nb.rNNCell()
    given = {tuple(weight.shape): weight for weight in nb.given.cell.values()}
    for parameter in cell.parameters():
        parameter.data = given[tuple(parameter.shape)].clone()
    found, ht = [], nb.given.hidden
    for t in range(len(nb.given.x)):
        ht = cell(nb.given.x[[t]], ht)
        found.append(ht)
    return torch.cat(found)


mistake(
    "rNNCell",
    source="""
class rNNCell(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.h2h = torch.nn.Linear(2, 2)
        self.i2h = torch.nn.Linear(4, 2)
        self.tanh = torch.nn.Tanh()

    def forward(self, x, hidden):
        return self.tanh(self.i2h(x) + self.h2h(hidden))
""",
    says="Your cell is right, but h2h is made before i2h, so it draws the random numbers that were meant for i2h, and everybody else's "
    "network starts elsewhere. Make i2h first.",
)
mistake(
    "rNNCell",
    replace={"torch.nn.Tanh()": "torch.nn.Sigmoid()"},
    says="The states lie between 0 and 1: that is the sigmoid. A hidden state takes both signs, between −1 and 1: torch.nn.Tanh().",
)
mistake(
    "rNNCell",
    replace={"self.tanh(self.i2h(x) + self.h2h(hidden))": "self.i2h(x) + self.tanh(self.h2h(hidden))"},
    says="tanh stands around h2h only, so the letter itself can push the state beyond 1. It belongs around the sum: tanh(i2h(x) + h2h(hidden)).",
)
mistake(
    "rNNCell",
    replace={"self.tanh(self.i2h(x) + self.h2h(hidden))": "self.i2h(x) + self.h2h(hidden)"},
    says="tanh is missing: the state is only a sum, and grows from step to step. It belongs around the sum.",
)
mistake(
    "rNNCell",
    replace={"self.tanh(self.i2h(x) + self.h2h(hidden))": "self.tanh(self.i2h(x))"},
    says="The old state is not used, so the cell has no memory: add self.h2h(hidden) inside the tanh.",
)
mistake(
    "rNNCell",
    replace={"torch.nn.Linear(2, 2)": "torch.nn.Linear(2, 2, bias=False)"},
    says="h2h has no bias. One would be enough, but torch's cells have two, and yours is to be compared with them: leave bias as it is.",
)


@check("start", points=1, compare=weights(atol=1e-5, names=False))
def start_weights(nb):
    """Cell and cook start with the weights of the lecture."""
    return {f"{name} {key}": value for name in ("rnncell", "cook") for key, value in nb[name].state_dict().items()}


@check("start", points=1, given=STEPS, compare=close(atol=1e-4))
def start_loss_of_a_dozen_letters(nb):
    """The first twelve letters cost what they should before any training."""
    loss, ht = 0.0, torch.zeros(1, 2)
    for t in range(12):
        ht = nb.rnncell(nb.given.x[[t]], ht)
        loss += float(nb.loss_fn(nb.cook(ht), nb.given.y[[t]]))
    return loss / 12


@check("start", points=2, given=STEPS, compare=trained(steps=1))
def start_trains_both(nb):
    """A step of your optimizer moves every weight of the cell and of the cook."""
    ht = torch.zeros(1, 2)
    for t in range(4):
        ht = nb.rnncell(nb.given.x[[t]], ht)
    nb.loss_fn(nb.cook(ht), nb.given.y[[3]]).backward()
    nb.optimizr.step()
    return nb.training(torch.nn.ModuleDict({"rnncell": nb.rnncell, "cook": nb.cook}))


@check("start", points=1, private=True, compare=exact())
def start_has_adam(nb):
    """The optimizer is an Adam with the learning rate of the notebook."""
    rates = {float(group["lr"]) for group in nb.optimizr.param_groups}
    return {"type": type(nb.optimizr).__name__, "lr is lr": rates == {float(nb.lr)}}


mistake(
    "start",
    replace={"torch.manual_seed(43052)\ncook": "cook"},
    says="The seed was set once, so cook drew the numbers that come after those of the cell. Set it again before you make cook.",
)
mistake(
    "start",
    replace={" + list(cook.parameters())": ""},
    says="The optimizer holds the cell's parameters only, so the cook never learns: add list(cook.parameters()).",
)
mistake(
    "start",
    replace={"list(rnncell.parameters()) + ": ""},
    says="The optimizer holds the cook's parameters only, so the memory stays as it was drawn: add list(rnncell.parameters()).",
)
mistake(
    "start",
    replace={"cook = torch.nn.Linear(2, 4)": "cook = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Softmax(dim=1))"},
    says="Your cook ends in a softmax, and cross entropy takes another one of it: the loss can never fall below 0.74. Let the cook give logits.",
)
mistake(
    "start",
    replace={"torch.optim.Adam(": "torch.optim.SGD("},
    says="This is SGD, which needs very many more epochs here: at this learning rate it does not get beyond guessing. Take Adam.",
)
mistake(
    "start",
    replace={", lr=lr": ""},
    says="The learning rate is Adam's own, 0.001, and not that of the notebook: say lr=lr.",
)

# ================================================================================== 3  through time by hand: 004-T04, T05


@check("train_by_hand", points=2, given=STEPS, compare=losses(atol=1e-3))
def by_hand_losses(nb):
    """Over six epochs the losses are right, each the sum over the letters."""
    torch.manual_seed(43052)
    cell, cook = torch.nn.RNNCell(4, 2), torch.nn.Linear(2, 4)
    adam = torch.optim.Adam([*cell.parameters(), *cook.parameters()], lr=0.05)
    return nb.train_by_hand(cell, cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 6)


@check("train_by_hand", points=1, given=STEPS, compare=weights(atol=1e-4))
def by_hand_one_epoch(nb):
    """After one epoch, the weights of cell and cook are where one step takes them."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"cell": torch.nn.RNNCell(4, 2), "cook": torch.nn.Linear(2, 4)})
    sgd = torch.optim.SGD(nets.parameters(), lr=0.1)
    nb.train_by_hand(nets.cell, nets.cook, torch.nn.CrossEntropyLoss(), sgd, nb.given.x, nb.given.y, 1)
    return nets.state_dict()


@check("train_by_hand", points=1, private=True, given=STEPS, compare=trained(steps=4))
def by_hand_takes_a_step_an_epoch(nb):
    """Letter by letter, each epoch is one step, which moves every weight."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"cell": torch.nn.RNNCell(4, 2), "cook": torch.nn.Linear(2, 4)})
    adam = torch.optim.Adam(nets.parameters())
    nb.train_by_hand(nets.cell, nets.cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 4)
    return nb.training(nets)


@check("train_by_hand", points=2, private=True, given={"x": X_NEW[:17], "y": Y_NEW[:17]}, compare=weights(atol=1e-4))
def by_hand_other_letters(nb):
    """Trained on other letters, the weights are right, too."""
    torch.manual_seed(7)
    nets = torch.nn.ModuleDict({"cell": torch.nn.RNNCell(4, 2), "cook": torch.nn.Linear(2, 4)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.02)
    nb.train_by_hand(nets.cell, nets.cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 8)
    return nets.state_dict()


mistake(
    "train_by_hand",
    source="""
def train_by_hand(cell, cook, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    ht = torch.zeros(1, 2)
    for epoc in range(epochs):
        loss = 0
        for t in range(len(x)):
            xt, yt = x[[t]], y[[t]]
            ht = cell(xt, ht)
            ot = cook(ht)
            loss = loss + loss_fn(ot, yt)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses[epoc] = loss.item()
    return losses
""",
    says="The second epoch goes on from the state of the first, so backward() wants to run through the first epoch again, whose graph "
    "is gone. Each epoch begins with water: ht = torch.zeros(1, 2) belongs inside the loop over the epochs.",
)
mistake(
    "train_by_hand",
    replace={"loss = loss + loss_fn(ot, yt)": "loss = loss_fn(ot, yt)"},
    says="The loss is overwritten at each letter, so only the last one is learned. Add it up: loss = loss + loss_fn(ot, yt).",
)
mistake(
    "train_by_hand",
    replace={"ht = cell(xt, ht)": "ht = cell(xt, torch.zeros(1, 2))"},
    says="Every letter begins with water again, so nothing is ever remembered, and the loss cannot fall below ½ ln 3 = 0.549 a letter. "
    "Hand on the state: ht = cell(xt, ht).",
)
mistake(
    "train_by_hand",
    replace={"optimizr.zero_grad()": "pass"},
    says="Gradients add up from epoch to epoch: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "train_by_hand",
    replace={"optimizr.step()": "pass"},
    says="The weights have not moved: optimizr.step() is missing. The order is backward(), step(), zero_grad().",
)
mistake(
    "train_by_hand",
    replace={"ht = cell(xt, ht)": "ht = cell(xt, ht.detach())"},
    says="The state is cut off from the letter before (detach), so the gradient cannot flow back in time, and what to remember is never "
    "learned. Hand on ht as it is.",
)
mistake(
    "train_by_hand",
    replace={"loss.backward()\n": "loss = loss / len(x)\n        loss.backward()\n"},
    says="You divide the loss by the number of letters. That is a good habit, and the next section does it, but here the sum is asked for.",
)
mistake(
    "train_by_hand",
    replace={"x[[t]], y[[t]]": "x[t], y[t]"},
    says="x[t] is one row without its second axis, (4,): a state that was (1, 2) does not fit to it. x[[t]] keeps the shape (1, 4).",
)
mistake(
    "train_by_hand",
    replace={
        "            loss = loss + loss_fn(ot, yt)\n": "            loss = loss + loss_fn(ot, yt)\n            loss.backward()\n",
        "        loss.backward()\n        optimizr": "        optimizr",
    },
    says="backward() stands inside the loop over the letters, and at the second letter the graph of the first is gone. Add up first, "
    "and call it once after the last letter.",
)


@check("states", points=2, given={"x": X[:10], "cell": CELL, "water": WARM}, compare=hidden_states(atol=1e-5))
def states_of_ten_letters(nb):
    """The states after each of ten letters are those of the cell."""
    cell = torch.nn.RNNCell(4, 2)
    cell.load_state_dict(nb.given.cell)
    hidden = nb.states(cell, nb.given.x, nb.given.water)
    if getattr(hidden, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return hidden


@check(
    "states",
    points=1,
    private=True,
    given={"x": X_NEW[:20], "cell": WIDE, "water": torch.zeros(1, 3)},
    compare=sequence(atol=1e-5),
)
def states_of_a_wider_cell(nb):
    """A cell with three hidden nodes, begun with water, works as well."""
    cell = torch.nn.RNNCell(4, 3)
    cell.load_state_dict(nb.given.cell)
    return nb.states(cell, nb.given.x, nb.given.water)


mistake(
    "states",
    replace={"hidden[[t - 1]])": "_water)"},
    says="Each letter begins with water again, so the state knows that one letter only. The state before letter t is hidden[[t - 1]].",
)
mistake(
    "states",
    replace={"hidden[[t - 1]])": "hidden[[t]])"},
    says="hidden[[t]] is what you are about to compute, and still zero. The state before letter t is that of t − 1: hidden[[t - 1]].",
)
mistake(
    "states",
    replace={"    hidden[[0]] = cell(x[[0]], _water)\n": "", "range(1, len(x))": "range(len(x))"},
    says="At t = 0, hidden[[t - 1]] is the last row, which is still zero: your states begin with zeros, whatever _water is. Begin with "
    "cell(x[[0]], _water).",
)
mistake(
    "states",
    replace={"    hidden[[0]] = cell(x[[0]], _water)\n": ""},
    says="The first row is still zero: the first letter never went in. hidden[[0]] = cell(x[[0]], _water).",
)
mistake(
    "states",
    replace={"hidden.detach()": "hidden[-1:].detach()"},
    says="Only the last state comes out. All of them are wanted, a row for each letter.",
)
mistake(
    "states",
    replace={"hidden.detach()": "hidden"},
    says="The states still carry their gradients, and cannot be drawn: .detach() or .data leaves them behind.",
)


@check("look", points=1, compare=hidden_states(atol=0.02))
def look_hidden(nb):
    """`hidden` holds the states of your trained cell, begun with water."""
    return nb.hidden[:18]


@check("look", points=1, compare=close(atol=0.02))
def look_probabilities(nb):
    """`yhat` holds the probabilities of the next letter after each letter."""
    yhat = nb.yhat[-18:]
    if getattr(yhat, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return yhat


@check("look", points=1, compare=figure(atol=0.02))
def look_figure(nb):
    """The figure shows the last 15 rows of yhat."""
    return nb.figures("look")


@check("look", points=1, private=True, compare=accuracy(labels=Y.argmax(dim=1)[-18:], at_least=0.9))
def look_predicts(nb):
    """The likeliest letter is the one that follows."""
    return nb.yhat[-18:]


mistake(
    "look",
    replace={"soft(cook(hidden))": "torch.softmax(cook(hidden), dim=0)"},
    says="This softmax runs down the columns, over time: the rows do not add up to 1. The four letters stand along dim=1, as in soft.",
)
mistake(
    "look",
    replace={"soft(cook(hidden))": "cook(hidden)"},
    says="These are logits: soft is missing, which turns each row into probabilities.",
)
mistake(
    "look",
    replace={"yhat[-15:]": "yhat[:15]"},
    says="You drew the first 15 rows. The last ones are yhat[-15:].",
)
mistake(
    "look",
    replace={"yhat[-15:]": "yhat[-15:].T"},
    says="The picture lies on its side: the letters are its rows, and time runs to the right. Draw yhat[-15:] as it is.",
)
mistake(
    "look",
    replace={"yhat[-15:]": "hidden[-15:]"},
    says="You drew the hidden states. The picture is to show the probabilities, yhat.",
)

# ===================================================================================== 4  torch's cell: 004-T06, T07


@check("as_rnncell", points=1, required=True, given={"cell": CELL}, compare=architecture())
def rnncell_is_torchs(nb):
    """What you return is a torch.nn.RNNCell with 4 inputs and 2 hidden nodes."""
    cell = torch.nn.Module()
    cell.i2h, cell.h2h, cell.tanh = torch.nn.Linear(4, 2), torch.nn.Linear(2, 2), torch.nn.Tanh()
    return nb.as_rnncell(cell)


@check("as_rnncell", points=1, given={"cell": CELL}, compare=weights(upto="bias", atol=1e-6))
def rnncell_weights(nb):
    """It holds the weights and biases of the hand-made cell."""
    cell = torch.nn.Module()
    cell.i2h, cell.h2h, cell.tanh = torch.nn.Linear(4, 2), torch.nn.Linear(2, 2), torch.nn.Tanh()
    cell.i2h.load_state_dict({"weight": nb.given.cell["weight_ih"], "bias": nb.given.cell["bias_ih"]})
    cell.h2h.load_state_dict({"weight": nb.given.cell["weight_hh"], "bias": nb.given.cell["bias_hh"]})
    return nb.as_rnncell(cell).state_dict()


@check("as_rnncell", points=1, compare=exact())
def rnncell_has_weights_of_its_own(nb):
    """When one of the two changes, the other does not."""
    cell = torch.nn.Module()
    cell.i2h, cell.h2h, cell.tanh = torch.nn.Linear(4, 2), torch.nn.Linear(2, 2), torch.nn.Tanh()
    before = [parameter.detach().clone() for parameter in cell.parameters()]
    for parameter in nb.as_rnncell(cell).parameters():
        parameter.data.add_(1)
    return all(torch.equal(was, now) for was, now in zip(before, cell.parameters(), strict=True))


@check(
    "as_rnncell",
    points=1,
    private=True,
    given={"x": X_NEW[3:12].flip(0), "cell": CELL, "water": WARM},
    compare=sequence(atol=1e-5),
)
def rnncell_over_time(nb):
    """Letter after letter, it gives the states of the hand-made cell."""
    cell = torch.nn.Module()
    cell.i2h, cell.h2h, cell.tanh = torch.nn.Linear(4, 2), torch.nn.Linear(2, 2), torch.nn.Tanh()
    cell.i2h.load_state_dict({"weight": nb.given.cell["weight_ih"], "bias": nb.given.cell["bias_ih"]})
    cell.h2h.load_state_dict({"weight": nb.given.cell["weight_hh"], "bias": nb.given.cell["bias_hh"]})
    same, ht, found = nb.as_rnncell(cell), nb.given.water, []
    for t in range(len(nb.given.x)):
        ht = same(nb.given.x[[t]], ht)
        found.append(ht)
    return torch.cat(found)


mistake(
    "as_rnncell",
    replace={".clone()": ""},
    says="Without .clone() both cells hold the same memory: train one, and the other moves along. The comparison below would find no "
    "difference, whatever you did.",
)
mistake(
    "as_rnncell",
    source="""
def as_rnncell(cell):
    same = torch.nn.RNNCell(4, 2)
    same.weight_ih.data = cell.i2h.weight.data.clone()
    same.weight_hh.data = cell.h2h.weight.data.clone()
    same.bias_ih.data = torch.zeros(2)
    same.bias_hh.data = torch.zeros(2)
    return same
""",
    says="The biases are missing: copy bias_ih from i2h and bias_hh from h2h, too.",
)
mistake(
    "as_rnncell",
    replace={"cell.h2h.weight.data.clone()": "cell.h2h.weight.data.T.clone()"},
    says="weight_hh is transposed. It is square, so nothing complains, but the states are others: copy h2h.weight as it stands.",
)
mistake(
    "as_rnncell",
    replace={"same.bias_hh.data = cell.h2h.bias.data.clone()": "same.bias_hh.data = cell.i2h.bias.data.clone()"},
    says="Both biases come from i2h. bias_hh belongs to h2h.",
)
mistake(
    "as_rnncell",
    replace={
        "cell.i2h.weight.data.clone()": "cell.h2h.weight.data.clone()",
        "cell.h2h.weight.data.clone()": "cell.i2h.weight.data.clone()",
    },
    says="Both weights come from i2h, or the two have changed places: ih, input to hidden, is i2h, of shape (2, 4), and hh is h2h, of shape (2, 2).",
)
mistake(
    "as_rnncell",
    source="""
def as_rnncell(cell):
    import copy
    return copy.deepcopy(cell)
""",
    says="This is a copy of the hand-made cell. Make a torch.nn.RNNCell(4, 2), and put the weights into it.",
)

# =================================================================================== 5  all letters at once: 004-T09, T10


@check("as_rnn", points=1, required=True, compare=architecture())
def rnn_is_torchs(nb):
    """What you return is a torch.nn.RNN, as wide as the cell."""
    return torch.nn.ModuleList([nb.as_rnn(torch.nn.RNNCell(4, 2)), nb.as_rnn(torch.nn.RNNCell(3, 5))])


@check("as_rnn", points=2, given={"x": X[:12], "cell": CELL, "water": WARM}, compare=hidden_states(atol=1e-5))
def rnn_gives_all_states_at_once(nb):
    """All hidden states at once are those of the loop over the cell."""
    cell = torch.nn.RNNCell(4, 2)
    cell.load_state_dict(nb.given.cell)
    return nb.as_rnn(cell)(nb.given.x, nb.given.water)[0]


@check("as_rnn", points=1, compare=exact())
def rnn_has_weights_of_its_own(nb):
    """When one of the two changes, the other does not."""
    cell = torch.nn.RNNCell(4, 2)
    before = [parameter.detach().clone() for parameter in cell.parameters()]
    for parameter in nb.as_rnn(cell).parameters():
        parameter.data.add_(1)
    return all(torch.equal(was, now) for was, now in zip(before, cell.parameters(), strict=True))


@check("as_rnn", points=1, private=True, given={"cell": WIDE}, compare=weights(upto="bias", atol=1e-6))
def rnn_of_a_wider_cell(nb):
    """A cell with three hidden nodes is taken over with all its weights."""
    cell = torch.nn.RNNCell(4, 3)
    cell.load_state_dict(nb.given.cell)
    return nb.as_rnn(cell).state_dict()


mistake(
    "as_rnn",
    replace={".clone()": ""},
    says="Without .clone() the cell and the RNN hold the same memory: train one, and the other moves along.",
)
mistake(
    "as_rnn",
    replace={"    rnn.bias_hh_l0.data = cell.bias_hh.data.clone()\n": "    rnn.bias_hh_l0.data.zero_()\n"},
    says="bias_hh is missing. There are two biases, one with the input and one with the hidden state; copy both.",
)
mistake(
    "as_rnn",
    replace={"cell.weight_hh.data.clone()": "cell.weight_hh.data.T.clone()"},
    says="weight_hh is transposed. It is square, so nothing complains, but the states are others: copy it as it stands.",
)
mistake(
    "as_rnn",
    replace={"cell.input_size, cell.hidden_size": "4, 2"},
    says="Your RNN is always RNN(4, 2). Its sizes are those of the cell: cell.input_size, cell.hidden_size.",
)
mistake(
    "as_rnn",
    replace={"cell.hidden_size)": 'cell.hidden_size, nonlinearity="relu")'},
    says="Your RNN has a ReLU inside. The cell has tanh, which is the default.",
)


@check("train_rnn", points=2, given=STEPS, compare=losses(atol=1e-4))
def at_once_losses(nb):
    """Over six epochs the losses are right, each the mean over the letters."""
    torch.manual_seed(43052)
    rnn, cook = torch.nn.RNN(4, 2), torch.nn.Linear(2, 4)
    adam = torch.optim.Adam([*rnn.parameters(), *cook.parameters()], lr=0.05)
    return nb.train_rnn(rnn, cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 6)


@check("train_rnn", points=1, given=STEPS, compare=trained(steps=4))
def at_once_takes_a_step_an_epoch(nb):
    """Each epoch is one step, and every weight moves."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"rnn": torch.nn.RNN(4, 2), "cook": torch.nn.Linear(2, 4)})
    adam = torch.optim.Adam(nets.parameters())
    nb.train_rnn(nets.rnn, nets.cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 4)
    return nb.training(nets)


@check("train_rnn", points=2, private=True, given={"x": X_NEW[:17], "y": Y_NEW[:17]}, compare=weights(atol=1e-4))
def at_once_with_three_nodes(nb):
    """With three hidden nodes and other letters, the weights are right, too."""
    torch.manual_seed(7)
    nets = torch.nn.ModuleDict({"rnn": torch.nn.RNN(4, 3), "cook": torch.nn.Linear(3, 4)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.02)
    nb.train_rnn(nets.rnn, nets.cook, torch.nn.CrossEntropyLoss(), adam, nb.given.x, nb.given.y, 8)
    return nets.state_dict()


mistake(
    "train_rnn",
    replace={
        "hidden, _ = rnn(x, _water)": "hidden, _ = rnn(x[None], _water.expand(1, len(x), -1))",
        "cook(hidden)": "cook(hidden[0])",
    },
    says="x[None] is a batch of texts with one letter each: no letter comes after another, and nothing is remembered. An RNN takes one "
    "text as it is, (T, 4).",
)
mistake(
    "train_rnn",
    replace={"hidden, _ = rnn(x, _water)": "_, hidden = rnn(x, _water)"},
    says="The second of the two results is hT, the last state only. All hidden states are the first one: hidden, hT = rnn(x, _water).",
)
mistake(
    "train_rnn",
    replace={"hidden, _ = rnn(x, _water)": "hidden, hT = rnn(x, _water)\n        _water = hT"},
    says="The second epoch goes on from the state hT of the first, whose graph is gone after backward(). Begin each epoch with water.",
)
mistake(
    "train_rnn",
    replace={"hidden, _ = rnn(x, _water)": "hidden, hT = rnn(x, _water)\n        _water = hT.detach()"},
    says="The second epoch goes on from the state hT of the first. Here, each epoch begins with water.",
)
mistake(
    "train_rnn",
    replace={"loss = loss_fn(output, y)": "loss = loss_fn(output, y) * len(x)"},
    says="This is the sum over the letters, as in the loop by hand. Cross entropy of all letters at once is their mean: leave it so.",
)
mistake(
    "train_rnn",
    replace={"optimizr.zero_grad()": "pass"},
    says="Gradients add up from epoch to epoch: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "train_rnn",
    replace={"loss_fn(output, y)": "loss_fn(soft(output), y)"},
    says="You take the softmax before the cross entropy, which takes it again: the loss can never fall below 0.74. Give it the logits.",
)

# ===================================================================================== 6  a new start: 004-T08 to 004-T13


@check("which_cell", points=0, required=True, compare=exact())
def a_choice_of_cell(nb):
    """Your answer is one of the three. Whether it is the right one, your grade will tell."""
    letters = "".join(c for c in str(nb.which_cell).lower() if c.isalpha())
    return letters in ("thenewcell", "thetrainedcell", "nocell")


@check("which_cell", points=1, private=True, compare=text())
def which_cell_learns(nb):
    """You say which cell learns when the printed lines are run."""
    return nb.which_cell


mistake(
    "which_cell",
    replace={'"the trained cell"': '"the new cell"'},
    says="The new cell is made, shown and thrown away: nothing has its name. rnncell is still what it was before; to replace it, the line "
    "must begin with rnncell =.",
)
mistake(
    "which_cell",
    replace={'"the trained cell"': '"no cell"'},
    says="The optimizer does hold the parameters of a cell: those of whatever is called rnncell at that moment.",
)


@check("new_start", points=1, compare=losses(atol=2e-3, epochs=False))
def new_start_first_losses(nb):
    """The losses of the first ten epochs are those of the new start."""
    return [float(loss) for loss in nb.losses[:10]]


@check("new_start", points=2, compare=losses(band=0.15, decrease=0.35))
def new_start_losses(nb):
    """The losses fall as they should, over all epochs."""
    return [float(loss) for loss in nb.losses]


@check("new_start", points=1, required=True, compare=trained())
def new_start_trains_both(nb):
    """Your optimizer has moved every weight of rnn and cook."""
    return nb.training(torch.nn.ModuleDict({"rnn": nb.rnn, "cook": nb.cook}))


@check("new_start", points=1, private=True, given={"x": X_LONG}, compare=linear_probe(labels=NEXT, at_least=0.95))
def new_start_remembers(nb):
    """The hidden states tell which letter comes next."""
    return nb.rnn(nb.given.x, torch.zeros(1, 2))[0][6:]


@check("new_start", points=1, private=True, given={"x": X_LONG}, compare=accuracy(labels=NEXT, at_least=0.95))
def new_start_predicts(nb):
    """The cook makes the right predictions of them."""
    return nb.cook(nb.rnn(nb.given.x, torch.zeros(1, 2))[0])[6:]


mistake(
    "new_start",
    name="slip",
    source="""
torch.manual_seed(43052)
torch.nn.RNNCell(4, 2)
rnn = as_rnn(as_rnncell(rnncell))
torch.manual_seed(43052)
cook = torch.nn.Linear(2, 4)
loss_fn = torch.nn.CrossEntropyLoss()
optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr=lr)
losses = train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs)
""",
    says="This is the slip of the lecture: the new cell has no name, and the trained one goes on. Begin the line with rnncell =.",
)
mistake(
    "new_start",
    replace={"torch.manual_seed(43052)\nrnncell": "torch.manual_seed(0)\nrnncell"},
    says="The cell does not start where the lecture's does: set the seed 43052 right before you make it.",
)
mistake(
    "new_start",
    replace={"torch.manual_seed(43052)\ncook": "cook"},
    says="The seed was not set again before cook was made, so it drew other numbers.",
)
mistake(
    "new_start",
    replace={"cook = torch.nn.Linear(2, 4)\n": ""},
    says="cook was not made anew: it is still the one that was trained with the hand-made cell.",
)
mistake(
    "new_start",
    replace={"rnncell = torch.nn.RNNCell(4, 2)": "rnncell = as_rnncell(rNNCell())"},
    says="This is the start of the hand-made cell. The new start is the one that torch.nn.RNNCell(4, 2) draws for itself.",
)
mistake(
    "new_start",
    replace={"list(rnn.parameters())": "list(rnncell.parameters())"},
    says="The optimizer holds the parameters of rnncell, but what you train is rnn, which has copies of its own. Only the cook learns. "
    "Take rnn.parameters().",
)
mistake(
    "new_start",
    replace={"torch.optim.Adam(": "torch.optim.SGD("},
    says="This is SGD, which does not get beyond guessing here. Take Adam.",
)


@check("wrong_positions", points=1, given={"output": SCORES, "y": TRUTH}, compare=exact())
def wrong_positions_of_logits(nb):
    """The list holds the positions of the wrong letters, in order."""
    return list(nb.wrong_positions(nb.given.output, nb.given.y))


@check("wrong_positions", points=1, private=True, given={"output": torch.softmax(draw(9, 4), dim=1)}, compare=exact())
def wrong_positions_of_probabilities(nb):
    """It works for probabilities, and when all letters are right."""
    sure = torch.eye(4)[nb.given.output.argmax(dim=1)]
    return [list(nb.wrong_positions(nb.given.output, sure)), list(nb.wrong_positions(nb.given.output, sure.roll(1, dims=1)))]


mistake(
    "wrong_positions",
    replace={"!= y.argmax": "== y.argmax"},
    says="These are the positions of the right letters. Ask where the two are not equal: !=.",
)
mistake(
    "wrong_positions",
    replace={"output.argmax(dim=1) != y.argmax(dim=1)": "output.argmax(dim=0) != y.argmax(dim=0)"},
    says="argmax(dim=0) asks, for each letter, at which moment it is likeliest. For each moment, ask which letter is: dim=1.",
)
mistake(
    "wrong_positions",
    replace={"wrong.nonzero().flatten().tolist()": "int(wrong.sum())"},
    says="This is how many are wrong. Where they are is asked for: wrong.nonzero() has the positions.",
)
mistake(
    "wrong_positions",
    replace={"output.argmax(dim=1) != y.argmax(dim=1)": "(output != y).any(dim=1)"},
    says="You compare the numbers themselves, and a probability is never exactly 1. Compare the likeliest letter, argmax(dim=1), of both.",
)
mistake(
    "wrong_positions",
    replace={"wrong.nonzero().flatten().tolist()": "wrong.tolist()"},
    says="This is a truth value for each position. The positions at which it is true are wrong.nonzero().",
)


@check("cold_and_warm", points=1, given={"x": X, "rnn": rnn_of(CELL)}, compare=sequence(atol=1e-5))
def cold_states(nb):
    """Begun with water, the six states are right."""
    rnn = torch.nn.RNN(4, 2)
    rnn.load_state_dict(nb.given.rnn)
    cold, _ = nb.cold_and_warm(rnn, nb.given.x)
    return cold


@check("cold_and_warm", points=1, given={"x": X, "rnn": rnn_of(CELL)}, compare=sequence(atol=1e-5))
def warm_states(nb):
    """Begun with hT, the six states are right."""
    rnn = torch.nn.RNN(4, 2)
    rnn.load_state_dict(nb.given.rnn)
    _, warm = nb.cold_and_warm(rnn, nb.given.x)
    if getattr(warm, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return warm


@check("cold_and_warm", points=1, private=True, given={"x": X_NEW[:31], "rnn": rnn_of(WIDE)}, compare=sequence(atol=1e-5))
def cold_and_warm_with_three_nodes(nb):
    """With three hidden nodes and another text, both are right, too."""
    rnn = torch.nn.RNN(4, 3)
    rnn.load_state_dict(nb.given.rnn)
    cold, warm = nb.cold_and_warm(rnn, nb.given.x)
    return {"cold": cold, "warm": warm}


mistake(
    "cold_and_warm",
    replace={"_, hT = rnn(x, _water)": "_, hT = rnn(x[:6], _water)"},
    says="Your hT is the state after six letters only. Take the one after all of x.",
)
mistake(
    "cold_and_warm",
    replace={"warm, _ = rnn(x[:6], hT)": "warm, _ = rnn(x[:6], _water)"},
    says="Both begin with water, so they are the same. The warm one begins with hT.",
)
mistake(
    "cold_and_warm",
    replace={
        "cold, _ = rnn(x[:6], _water)": "_, cold = rnn(x[:6], _water)",
        "warm, _ = rnn(x[:6], hT)": "_, warm = rnn(x[:6], hT)",
    },
    says="These are the last states, hT. The states of all six letters are the first result of rnn(…).",
)
mistake(
    "cold_and_warm",
    replace={"cold.detach(), warm.detach()": "warm.detach(), cold.detach()"},
    says="The two have changed places: first cold, from water, then warm, from hT.",
)
mistake(
    "cold_and_warm",
    replace={"cold.detach(), warm.detach()": "cold, warm"},
    says="The states still carry their gradients: .detach() or .data leaves them behind.",
)


@check(
    "combined_figure", points=1, given={"hidden": draw(20, 2).tanh(), "yhat": torch.softmax(draw(20, 4), dim=1)}, compare=figure()
)
def combined_of_two_nodes(nb):
    """The figure shows the last 15 rows, two hidden states and four probabilities side by side."""
    return nb.combined_figure(nb.given.hidden, nb.given.yhat, 15)


@check(
    "combined_figure",
    points=1,
    private=True,
    given={"hidden": draw(20, 3).tanh(), "yhat": torch.softmax(draw(20, 4), dim=1)},
    compare=figure(),
)
def combined_of_three_nodes(nb):
    """It works for three hidden states and another number of rows."""
    return nb.combined_figure(nb.given.hidden, nb.given.yhat, 9)


mistake(
    "combined_figure",
    replace={"dim=1": "dim=0"},
    says="You put one below the other, and they have different numbers of columns. Side by side is dim=1.",
)
mistake(
    "combined_figure",
    replace={"[hidden, yhat]": "[yhat, hidden]"},
    says="The two have changed places: the hidden states stand to the left.",
)
mistake(
    "combined_figure",
    replace={"combined[-last:]": "combined[:last]"},
    says="You drew the first rows. The last ones are combined[-last:].",
)
mistake(
    "combined_figure",
    replace={"combined[-last:]": "combined"},
    says="You drew all rows: with 599 of them nothing can be seen. Take combined[-last:].",
)
mistake(
    "combined_figure",
    replace={"combined[-last:]": "combined[-last:].T"},
    says="The picture lies on its side. Leave time on the vertical axis: combined[-last:] as it is.",
)

# ================================================================================= 7  what does each node know: 004-T14


@check("from_seed", points=1, given=STEPS, compare=losses(atol=1e-3))
def from_seed_losses(nb):
    """From the seed 2, the losses of the first twenty epochs are right."""
    return nb.from_seed(3, 2, nb.given.x, nb.given.y, 0.02, 20)[2]


@check("from_seed", points=1, given=STEPS, compare=architecture())
def from_seed_networks(nb):
    """The network is an RNN and a Linear layer that is as wide."""
    return torch.nn.ModuleList(nb.from_seed(5, 1, nb.given.x, nb.given.y, 0.02, 1)[:2])


@check(
    "from_seed",
    points=2,
    given={"x": X_LONG[:29], "y": Y_LONG[:29], "x_new": X_LONG},
    compare=linear_probe(labels=UPPER[SETTLED:], at_least=0.95, single_unit=True),
)
def from_seed_knows_the_case(nb):
    """After 250 epochs from the seed 2, one hidden node alone tells upper from lower case."""
    rnn, _, _ = nb.from_seed(3, 2, nb.given.x, nb.given.y, 0.02, 250)
    return rnn(nb.given.x_new)[0][6:]


@check(
    "from_seed",
    points=1,
    private=True,
    given={"x": X_LONG[:29], "y": Y_LONG[:29], "x_new": X_LONG},
    compare=hidden_states(upto="affine", at_least=0.9),
)
def from_seed_remembers(nb):
    """From another seed, its hidden states hold what they should."""
    rnn, _, _ = nb.from_seed(3, 0, nb.given.x, nb.given.y, 0.02, 250)
    return rnn(nb.given.x_new)[0][6:]


@check(
    "from_seed",
    points=1,
    private=True,
    given={"x": X_LONG[:29], "y": Y_LONG[:29], "x_new": X_LONG},
    compare=accuracy(labels=NEXT, at_least=0.95),
)
def from_seed_predicts(nb):
    """From another seed, it predicts the next letter."""
    rnn, cook, _ = nb.from_seed(3, 0, nb.given.x, nb.given.y, 0.02, 250)
    return cook(rnn(nb.given.x_new)[0])[6:]


mistake(
    "from_seed",
    replace={"    cook = torch.nn.Linear(width, 4)\n": "    torch.manual_seed(seed)\n    cook = torch.nn.Linear(width, 4)\n"},
    says="You set the seed a second time, before the cook. Here it is set once, and the cook draws the numbers that come next.",
)
mistake(
    "from_seed",
    source="""
def from_seed(width, seed, x, y, lr, epochs):
    torch.manual_seed(seed)
    cook = torch.nn.Linear(width, 4)
    rnn = torch.nn.RNN(4, width)
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr=lr)
    losses = train_rnn(rnn, cook, torch.nn.CrossEntropyLoss(), optimizr, x, y, epochs)
    return rnn, cook, losses
""",
    says="The cook is made first, so it draws the numbers that were meant for the RNN. Make the RNN first.",
)
mistake(
    "from_seed",
    replace={"torch.manual_seed(seed)": "torch.manual_seed(43052)"},
    says="The seed is always 43052, so all networks are the same one. Set the seed that the function is given.",
)
mistake(
    "from_seed",
    replace={" + list(cook.parameters())": ""},
    says="The optimizer does not hold the cook's parameters, so the cook never learns.",
)
mistake(
    "from_seed",
    replace={"torch.nn.RNN(4, width)": "torch.nn.RNN(4, 2)", "torch.nn.Linear(width, 4)": "torch.nn.Linear(2, 4)"},
    says="Your network always has 2 hidden nodes. Their number is width.",
)


@check("case_node", points=1, given={"hidden": BEST_FLIPPED, "upper": CASES}, compare=exact())
def case_node_below(nb):
    """It is found when its values at capital letters lie below."""
    return nb.case_node(nb.given.hidden, nb.given.upper)


@check("case_node", points=1, given={"hidden": BEST_PARTED, "upper": CASES}, compare=exact())
def case_node_above(nb):
    """It is found when they lie above, among others with a smaller gap."""
    return nb.case_node(nb.given.hidden, nb.given.upper)


@check("case_node", points=1, private=True, given={"hidden": NONE_PARTED, "upper": CASES}, compare=exact())
def case_node_of_none(nb):
    """When no node tells them apart, there is none."""
    return nb.case_node(nb.given.hidden, nb.given.upper)


@check("case_node", points=1, private=True, given={"hidden": BEST_FLIPPED, "upper": CASES}, compare=exact())
def case_node_any_order(nb):
    """In whatever order and with whatever sign the nodes come, it is the same node that is found."""
    orders = [[0, 1, 2], [0, 2, 1], [2, 0, 1], [2, 1, 0]]
    signs = [1.0, -1.0, -1.0, 1.0]
    found = [nb.case_node(s * nb.given.hidden[:, order], nb.given.upper) for s, order in zip(signs, orders, strict=True)]
    return [order[int(k)] for order, k in zip(orders, found, strict=True)]


mistake(
    "case_node",
    replace={"torch.maximum(above, below)": "above"},
    says="You look for nodes whose values at capital letters are the higher ones. The sign of a node means nothing: lower ones are as good.",
)
mistake(
    "case_node",
    replace={"torch.maximum(above, below)": "(high.mean(dim=0) - low.mean(dim=0)).abs()"},
    says="The means may lie far apart while single letters stand on the wrong side. All of them must be parted: compare the smallest of "
    "one group with the largest of the other.",
)
mistake(
    "case_node",
    replace={" if gap[best] > 0 else None": ""},
    says="You always name a node. Where the two groups overlap in every node, there is none: return None.",
)
mistake(
    "case_node",
    replace={"best if gap[best] > 0 else None": "2 if gap[best] > 0 else None"},
    says="It is the third node for the lecture's seed only. Find it from the numbers.",
)
mistake(
    "case_node",
    replace={"return best if": "return best + 1 if"},
    says="You count the nodes from 1. Count from 0, as Python does.",
)


@check("rearranged", points=1, given={"rnn": rnn_of(WIDE), "cook": COOK, "x": X}, compare=close(atol=1e-4))
def rearranged_outputs(nb):
    """The outputs are those of the old network."""
    rnn, cook = torch.nn.RNN(4, 3), torch.nn.Linear(3, 4)
    rnn.load_state_dict(nb.given.rnn)
    cook.load_state_dict(nb.given.cook)
    new_rnn, new_cook = nb.rearranged(rnn, cook, [2, 0, 1])
    if torch.equal(new_rnn.weight_hh_l0, rnn.weight_hh_l0):
        raise ValueError("no hidden node has another place than before")
    return new_cook(new_rnn(nb.given.x)[0])


@check(
    "rearranged",
    points=1,
    given={"rnn": rnn_of(WIDE), "cook": COOK},
    compare=weights(upto=("permutation", "sign", "bias"), atol=1e-5),
)
def rearranged_weights(nb):
    """The weights are those of the old network, for some order of its hidden nodes."""
    nets = torch.nn.ModuleDict({"rnn": torch.nn.RNN(4, 3), "cook": torch.nn.Linear(3, 4)})
    nets.rnn.load_state_dict(nb.given.rnn)
    nets.cook.load_state_dict(nb.given.cook)
    new_rnn, new_cook = nb.rearranged(nets.rnn, nets.cook, [2, 0, 1])
    if torch.equal(new_rnn.weight_hh_l0, nets.rnn.weight_hh_l0):
        raise ValueError("no hidden node has another place than before")
    return nb.network(torch.nn.ModuleDict({"rnn": new_rnn, "cook": new_cook}))


@check("rearranged", points=1, given={"rnn": rnn_of(WIDE), "cook": COOK, "x": X[:9]}, compare=hidden_states(atol=1e-5))
def rearranged_states(nb):
    """Node k is the old node order[k]."""
    rnn, cook = torch.nn.RNN(4, 3), torch.nn.Linear(3, 4)
    rnn.load_state_dict(nb.given.rnn)
    cook.load_state_dict(nb.given.cook)
    new_rnn, _ = nb.rearranged(rnn, cook, [2, 0, 1])
    return new_rnn(nb.given.x)[0]


@check("rearranged", points=1, private=True, given={"rnn": rnn_of(cell_of(4)), "x": X}, compare=close(atol=1e-4))
def rearranged_four_nodes(nb):
    """A network with four nodes keeps its outputs, and the old one is left as it was."""
    torch.manual_seed(0)
    rnn, cook = torch.nn.RNN(4, 4), torch.nn.Linear(4, 4)
    rnn.load_state_dict(nb.given.rnn)
    new_rnn, new_cook = nb.rearranged(rnn, cook, [1, 3, 0, 2])
    if torch.equal(new_rnn.weight_hh_l0, rnn.weight_hh_l0):
        raise ValueError("no hidden node has another place than before")
    return {"new": new_cook(new_rnn(nb.given.x)[0]), "old": cook(rnn(nb.given.x)[0])}


mistake(
    "rearranged",
    replace={"rnn.weight_hh_l0.data[order][:, order]": "rnn.weight_hh_l0.data[order]"},
    says="Only the rows of weight_hh were put in order. It leads from hidden nodes to hidden nodes: its columns must follow, too.",
)
mistake(
    "rearranged",
    replace={"cook.weight.data[:, order]": "cook.weight.data.clone()"},
    says="The cook still expects the old order, so it mixes up the nodes: put the columns of its weight in order.",
)
mistake(
    "rearranged",
    replace={
        "rnn.bias_ih_l0.data[order]": "rnn.bias_ih_l0.data.clone()",
        "rnn.bias_hh_l0.data[order]": "rnn.bias_hh_l0.data.clone()",
    },
    says="The biases kept their places. Each belongs to a node, and moves with it.",
)
mistake(
    "rearranged",
    replace={"    new_rnn.weight_ih_l0": "    order = [order.index(k) for k in range(len(order))]\n    new_rnn.weight_ih_l0"},
    says="The order is the other way round: your node order[k] is the old node k. The outputs are the same, but node k should be the old "
    "node order[k].",
)
mistake(
    "rearranged",
    replace={"rnn.weight_ih_l0.data[order]": "rnn.weight_ih_l0.data.clone()"},
    says="weight_ih kept its places: its rows lead into the hidden nodes, and must follow them.",
)


@check("experiment", points=1, compare=exact())
def experiment_lists(nb):
    """right2 and right3 hold a truth value for each seed."""
    return [[bool(value) for value in nb.right2], [bool(value) for value in nb.right3]]


@check("experiment", points=1, compare=success_rate(at_least=0.8))
def three_nodes_succeed(nb):
    """With three hidden nodes, most of your networks learn the text."""
    return [bool(value) for value in nb.right3]


@check("experiment", points=1, private=True, compare=success_rate())
def two_nodes_succeed_less_often(nb):
    """With two, about as many do as should."""
    return [bool(value) for value in nb.right2]


mistake(
    "experiment",
    replace={"output[6:], y_few[6:]) == []": "output, y_few[1:].roll(1, dims=0)) == []"},
    says="Your truth does not belong to your predictions: outputs and y_few must begin at the same letter.",
)
mistake(
    "experiment",
    replace={"wrong_positions(output[6:], y_few[6:]) == []": "wrong_positions(output[6:], y_few[6:]) != []"},
    says="You note who failed. A network is right when its list of wrong positions is empty.",
)
mistake(
    "experiment",
    replace={"from_seed(width, seed, ": "from_seed(width, 2, "},
    says="Each network has the same seed, so they are all the same network. Hand the seed of the loop to from_seed.",
)
mistake(
    "experiment",
    replace={"from_seed(width, seed, x_few, y_few, lr, epochs)": "from_seed(width, seed, x_few, y_few, lr, 1)"},
    says="The networks have hardly been trained: give from_seed all the epochs.",
)
mistake(
    "experiment",
    replace={"(2, right2), (3, right3)": "(3, right2), (2, right3)"},
    says="The two have changed places: right2 belongs to two hidden nodes, right3 to three.",
)

# ============================================================================== 8  where the time goes: 004-T15 to 004-T21

# A fake clock, and a fake accelerator: an RNN's work is only ordered, and is done when `wait` is called; the first takes longer.


@check("seconds_of", points=3, compare=close(atol=1e-4))
def stop_watch(nb):
    """An epoch goes by that does not count, and the watch is read when the device is done, before and after the others."""
    import time
    import timeit

    cells, work = nb.wait.__globals__, {"ordered": 0.0, "done": 0.0}
    forward, wait = torch.nn.RNN.forward, cells["wait"]

    def order(self, *args, **options):
        work["ordered"] += 0.7 if work["ordered"] or work["done"] else 9.7  # the first one takes longer
        return forward(self, *args, **options)

    def finish(*args, **options):
        work["done"] += work["ordered"]
        work["ordered"] = 0.0

    names = ("perf_counter", "time", "monotonic", "process_time")
    real = {name: getattr(time, name) for name in (*names, *(f"{name}_ns" for name in names))}
    fake = {name: (lambda: int(1e9 * work["done"])) if name.endswith("_ns") else (lambda: work["done"]) for name in real}
    by_id = {id(function): name for name, function in real.items()}
    bound = {key: value for key, value in cells.items() if id(value) in by_id}  # from time import perf_counter
    found, timer = [], timeit.default_timer
    try:
        torch.nn.RNN.forward = order
        vars(time).update(fake)
        cells.update({key: fake[by_id[id(value)]] for key, value in bound.items()}, wait=finish)
        timeit.default_timer = fake["perf_counter"]
        for epochs in (5, 3):
            work.update(ordered=0.0, done=0.0)
            found.append(float(nb.seconds_of(6, 3, True, "cpu", epochs)))
    finally:
        torch.nn.RNN.forward, timeit.default_timer = forward, timer
        vars(time).update(real)
        cells.update(bound, wait=wait)
    return found


@check("seconds_of", points=1, compare=exact())
def backward_only_when_asked(nb):
    """backward() is called in every epoch, or in none."""
    backward, calls = torch.autograd.backward, []

    def count(*args, **options):
        calls.append(1)
        return backward(*args, **options)

    found = {}
    try:
        torch.autograd.backward = count
        for asked in (True, False):
            calls.clear()
            nb.seconds_of(6, 3, asked, "cpu", 4)
            found["asked" if asked else "not asked"] = len(calls)
    finally:
        torch.autograd.backward = backward
    return {"in every epoch": found["asked"] >= 5, "in none": found["not asked"] == 0}


@check("seconds_of", points=1, private=True, compare=exact())
def steps_are_taken(nb):
    """Each epoch takes a step of the optimizer, and the time is a positive number of seconds."""
    step, calls = torch.optim.Adam.step, []

    def count(self, *args, **options):
        calls.append(1)
        return step(self, *args, **options)

    try:
        torch.optim.Adam.step = count
        seconds = float(nb.seconds_of(40, 3, True, "cpu", 4))
    finally:
        torch.optim.Adam.step = step
    return {"steps": len(calls) >= 5, "seconds": 0 < seconds < 30}


mistake(
    "seconds_of",
    replace={"    epoch()\n    wait(device)\n    begin": "    begin"},
    says="The first epoch is measured as well, and it takes longer than all others. Let one go by before you look at the watch.",
)
mistake(
    "seconds_of",
    replace={"        epoch()\n    wait(device)\n    seconds": "        epoch()\n    seconds"},
    says="You read the watch when the work has been ordered, not when it is done: wait(device) before you look for the second time. On a GPU "
    "you would measure almost nothing.",
)
mistake(
    "seconds_of",
    replace={"    epoch()\n    wait(device)\n    begin": "    epoch()\n    begin"},
    says="The first epoch may still be running when you look at the watch, so it counts after all: wait(device) before you begin.",
)
mistake(
    "seconds_of",
    replace={"    wait(device)\n    begin = time.perf_counter()\n": "    begin = time.perf_counter()\n    wait(device)\n"},
    same_as="seconds_of-3",
    says="You look at the watch before the first epoch is done, so it counts after all: first wait(device), then begin.",
)
mistake(
    "seconds_of",
    replace={"time.perf_counter() - begin": "(time.perf_counter() - begin) / epochs"},
    says="This is the time of one epoch. What all of them take together is asked for.",
)
mistake(
    "seconds_of",
    replace={"        if backward:\n            loss.backward()\n": "        loss.backward()\n"},
    says="backward() is always called, so the measurements without it are not without it. Look at `backward` first.",
)
mistake(
    "seconds_of",
    replace={
        "            loss.backward()\n": "            loss.backward()\n",
        "        optimizr.step()\n        optimizr.zero_grad()\n": "",
    },
    says="The step and zero_grad() are missing: they belong to an epoch, also to one without backward().",
)


@check("timing_figure", points=1, given={"table": TABLE}, compare=figure(texts=("label", "ylabel")))
def timing_lines(nb):
    """A line for each device runs over the settings, with its name, and the axis says seconds."""
    return nb.timing_figure([tuple(row) for row in nb.given.table])


@check("timing_figure", points=1, private=True, compare=figure(texts=("label",)))
def timing_of_the_lecture(nb):
    """The lecture's table is drawn rightly."""
    return nb.timing_figure(nb.lecture_table)


@check("timing_figure", points=1, given={"table": TABLE}, compare=text())
def timing_axis(nb):
    """The seconds stand on a logarithmic axis."""
    fig = nb.timing_figure([tuple(row) for row in nb.given.table])
    return [axes.get_yscale() for axes in fig.axes if axes.lines]


mistake(
    "timing_figure",
    replace={", label=device)": ")"},
    says="Nobody can tell which line is which device: give each its label, and call legend().",
)
mistake(
    "timing_figure",
    replace={'    ax.set_yscale("log")\n': ""},
    says='The axis is linear: next to 93 seconds, 0.1 seconds lie on the floor. ax.set_yscale("log").',
)
mistake(
    "timing_figure",
    replace={'"seconds"': '""'},
    says='The axis does not say what it shows: ax.set_ylabel("seconds").',
)
mistake(
    "timing_figure",
    replace={"for row in table if row[3] == device]": "for row in table]"},
    says="Each line runs through the rows of all devices. Take only the rows of the one that is drawn.",
)
mistake(
    "timing_figure",
    replace={"[row[4] for row in rows]": "sorted(row[4] for row in rows)"},
    says="You sorted the seconds, so they no longer stand above their settings. Leave them in the order of the table.",
)


@check("speedups", points=1, compare=close(atol=1e-3))
def speedups_of_the_lecture(nb):
    """For the lecture's table, the six ratios are right."""
    return [float(ratio) for ratio in nb.speedups(nb.lecture_table, "cuda")]


@check("speedups", points=1, private=True, given={"table": TABLE}, compare=close(atol=1e-4))
def speedups_of_another_table(nb):
    """They are right for another table and another device."""
    return [float(ratio) for ratio in nb.speedups([tuple(row) for row in nb.given.table], "mps")]


mistake(
    "speedups",
    replace={'seconds[*setting, "cpu"] / seconds[*setting, device]': 'seconds[*setting, device] / seconds[*setting, "cpu"]'},
    says="Upside down: these are the seconds of the device for each second of the CPU. As fast many times as: CPU seconds divided by the device's.",
)
mistake(
    "speedups",
    replace={"seconds[*setting, device]": 'seconds[*setting, "cuda"]'},
    says="You always divide by the seconds of cuda, whatever the device is called.",
)
mistake(
    "speedups",
    replace={"{row[:4]: row[4] for row in table}": "{row[:4]: int(100 * row[4]) / 100 for row in table}"},
    says="You cut the seconds off after two decimals before you divide, as the lecture's list does. Divide the seconds as they were measured.",
)
mistake(
    "speedups",
    replace={'seconds[*setting, "cpu"] / seconds': 'seconds[*setting, "cpu"] - seconds'},
    says="This is how many seconds are saved. How many times as fast is a quotient.",
)


@check("backward_share", points=1, compare=close(atol=1e-4))
def share_on_the_lectures_cpu(nb):
    """For the lecture's CPU, the three shares are right."""
    return [float(share) for share in nb.backward_share(nb.lecture_table, "cpu")]


@check("backward_share", points=1, private=True, given={"table": TABLE}, compare=close(atol=1e-4))
def share_of_another_table(nb):
    """They are right for another table and another device."""
    return [float(share) for share in nb.backward_share([tuple(row) for row in nb.given.table], "mps")]


mistake(
    "backward_share",
    replace={"1 - seconds[*size, False": "seconds[*size, False"},
    says="This is the share of everything else. What backward takes is the rest: 1 minus it.",
)
mistake(
    "backward_share",
    replace={
        "1 - seconds[*size, False, device] / seconds[*size, True, device]": "seconds[*size, True, device] / seconds[*size, False, device]"
    },
    says="This is how many times as long an epoch takes with backward. The share is a part of the whole, between 0 and 1.",
)
mistake(
    "backward_share",
    replace={
        "1 - seconds[*size, False, device] / seconds[*size, True, device]": "seconds[*size, True, device] / seconds[*size, False, device] - 1"
    },
    says="You divide what backward takes by the time without it. The whole is the time with it.",
)
mistake(
    "backward_share",
    replace={
        "1 - seconds[*size, False, device] / seconds[*size, True, device]": "seconds[*size, True, device] - seconds[*size, False, device]"
    },
    says="These are seconds. The share is these seconds divided by those of the whole epoch.",
)


@check("learns_without_backward", points=0, required=True, compare=exact())
def a_truth_value(nb):
    """Your answer is True or False. Which of them is right, your grade will tell."""
    return nb.learns_without_backward in (True, False)


@check("learns_without_backward", points=1, private=True, compare=exact())
def learns_without_backward_is(nb):
    """You say whether a network without backward() learns."""
    return bool(nb.learns_without_backward)


mistake(
    "learns_without_backward",
    replace={"False": "True"},
    says="step() goes by the gradients, and backward() is what computes them. Without it there are none, step() does nothing, and the loss "
    "stays what it was: such a run is only good for measuring the time.",
)
