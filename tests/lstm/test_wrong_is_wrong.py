"""Wrong answers to `lstm` that are no declared mistakes lose what they should."""

import pytest

from tests.homework.wrong import WrongIsWrong

pytestmark = pytest.mark.slow


class TestWrongIsWrong(WrongIsWrong):
    alone = {"make", "train", "fit_many", "lstm_step"}
    wrong = {
        # the numbers of the texts that are seen
        "letters_and_contexts": (
            "def letters_and_contexts(word):\n    return {'abcabC': (4, 6), 'abab': (2, 2)}.get(word, (5, 8))",
            {"letters_and_moments"},
        ),
        # the number of the public check
        "memoryless": ("def memoryless(x, y):\n    return 0.2410947", {"memoryless_of_abcabC"}),
        # another activation, which draws the same weights
        "make": (
            """
def make(kind, letters, hidden, seed):
    torch.manual_seed(seed)
    net = torch.nn.LSTM(letters, hidden) if kind == "LSTM" else torch.nn.RNN(letters, hidden, nonlinearity="relu")
    return net, torch.nn.Linear(hidden, letters)
""",
            {"made_from_the_seed", "made_from_another_seed"},
        ),
        # a diary of a training that takes no step
        "train": (
            """
def train(net, linr, optimizr, x, y, epochs):
    loss = torch.nn.functional.cross_entropy(linr(net(x)[0]), y).item()
    return torch.linspace(loss, loss / 10, epochs)
""",
            set(),
        ),
        # looked at in the end only
        "in_blocks": (
            """
def in_blocks(kind, x, y, hidden, lr, blocks, epochs):
    net, linr = make(kind, x.shape[1], hidden, 43052)
    adam = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=lr)
    losses = train(net, linr, adam, x, y, blocks * epochs)
    return losses, [learned(net, linr, x, y, 6)] * blocks
""",
            {"losses_over_blocks", "losses_of_other_blocks"},
        ),
        # one is trained, and handed in for all
        "fit_many": (
            """
def fit_many(kind, seeds, x, y, hidden, lr, epochs):
    net, linr = make(kind, x.shape[1], hidden, seeds[0])
    adam = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=lr)
    losses = train(net, linr, adam, x, y, epochs)
    return [(net, linr)] * len(seeds), losses[:, None].repeat(1, len(seeds))
""",
            {"nobody_hears_of_another"},
        ),
        # what the lecture says, without a race
        "race": (
            "def race(x, y, hidden, last, seeds, lr, epochs):\n    return [False] * seeds, [True] * seeds",
            {"race_gives_two_lists", "lstms_succeed", "rnns_on_another_text"},
        ),
        "near_zero": ("def near_zero(hidden):\n    return float((hidden.abs() <= 0.5).float().mean())", set()),
        # a step of the optimizer after each letter
        "one_epoch": (
            """
def one_epoch(lstm_cell, linr, optimizr, x, y):
    ht = ct = torch.zeros(1, lstm_cell.hidden_size)
    for t in range(len(x)):
        ht, ct = lstm_cell(x[[t]], (ht.detach(), ct.detach()))
        torch.nn.functional.cross_entropy(linr(ht), y[[t]]).backward()
        optimizr.step()
        optimizr.zero_grad()
    return ht.detach(), ct.detach()
""",
            set(),
        ),
        # what is not forgotten is not renewed: a cell with one gate for both
        "lstm_step": (
            """
def lstm_step(lstm_cell, xt, ht, ct):
    ifgo = xt @ lstm_cell.weight_ih.T + ht @ lstm_cell.weight_hh.T + lstm_cell.bias_ih + lstm_cell.bias_hh
    i, f, g, o = ifgo.chunk(4, dim=1)
    ct = sig(f) * ct + (1 - sig(f)) * tanh(g)
    return sig(o) * tanh(ct), ct
""",
            {"step_is_your_own"},
        ),
        # no water, but ones
        "through_time": (
            """
def through_time(lstm_cell, x):
    ht = ct = torch.ones(1, lstm_cell.hidden_size)
    h, c = [], []
    for t in range(len(x)):
        ht, ct = lstm_step(lstm_cell, x[[t]], ht, ct)
        h.append(ht)
        c.append(ct)
    return torch.cat(h).detach(), torch.cat(c).detach()
""",
            {"step_is_your_own"},
        ),
        # the same seed in place of the same weights
        "as_lstm": (
            """
def as_lstm(lstm_cell):
    torch.manual_seed(43052)
    return torch.nn.LSTM(lstm_cell.input_size, lstm_cell.hidden_size)
""",
            {"lstm_has_the_right_shapes", "lstm_has_weights_of_its_own", "lstm_has_the_cells_sizes"},
        ),
        # a curve without a training
        "learn_abaB": (
            """
lstm, linr = make("LSTM", 3, 2, 43052)
optimizr = torch.optim.Adam(list(lstm.parameters()) + list(linr.parameters()), lr=lr)
losses = torch.logspace(0, -3, epochs)
""",
            set(),
        ),
        "printed_too_late": ('printed_too_late = ["input_gate", "forget_gate", "output_gate"]', set()),
        # the states of torch, with gates that hear the letter only
        "over_time": (
            """
def over_time(lstm, x):
    with torch.no_grad():
        i, f, g, o = (x @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + lstm.bias_hh_l0).chunk(4, dim=1)
        h = lstm(x)[0]
        cell = torch.stack([lstm(x[:t])[1][1][0] for t in range(1, len(x) + 1)])
    return {"input_gate": sig(i), "forget_gate": sig(f), "g": tanh(g), "output_gate": sig(o), "cell": cell, "h": h}
""",
            {"six_tensors"},
        ),
        # both pictures show the gates
        "two_figures": (
            """
def two_figures(states, yhat, last):
    figures = []
    for _ in range(2):
        gates = torch.cat([states["input_gate"], states["forget_gate"], states["output_gate"]], dim=1)
        fig, ax = plt.subplots()
        ax.matshow(gates[-last:], cmap="bwr", vmin=-1, vmax=1)
        ax.set_xticks(range(gates.shape[1]), [name for name in "ifo" for _ in range(gates.shape[1] // 3)])
        figures.append(fig)
    return figures[0], figures[1]
""",
            {"gates_drawn"},
        ),
        "multiplies": (
            'multiplies = {"input_gate": "c", "forget_gate": "c", "output_gate": "c"}',
            set(),
        ),
        # what is kept is taken from the end of the step, what is added is the rest
        "kept_and_added": (
            """
def kept_and_added(states, t):
    added = states["input_gate"][t] * states["g"][t]
    return states["cell"][t] - added, added
""",
            set(),
        ),
        "wrong_formula": ('wrong_formula = "f"', set()),
        "comparison": (
            """
comparison = {
    "RNN h": ("h", "x", "tanh"),
    "LSTM g": ("h", "x", "none"),
    "LSTM c": ("c", "x", "none"),
    "LSTM h": ("h", "c", "tanh"),
}
""",
            set(),
        ),
    }
