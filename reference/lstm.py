"""Lecture 004, second part, "LSTM": texts that take a longer memory, RNN against LSTM over many fits, and an LSTM taken apart.

First the texts abcabC and abcdabcD, on which 25 networks of either kind are trained, all at once. Then the text abaB, on which an
LSTM is computed by hand, step by step, and looked into. T is the number of letter pairs, V the number of different letters, H the
number of hidden nodes, n the number of networks. Where a function makes a network, it sets the seed first.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

# ------------------------------------------------------------------------------------------------------------ 1  the texts

sig = torch.nn.Sigmoid()
tanh = torch.nn.Tanh()
soft = torch.nn.Softmax(dim=1)


def f(txt: Sequence[str], mapping: Mapping[str, int]) -> list[int]:
    """The code of each letter of txt, in order; a letter that has no code is a KeyError."""
    return [mapping[letter] for letter in txt]


def text_data(word: str, periods: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The pairs of letter and next letter of a word written `periods` times. Returns x, y: (T, V), one-hot, float32.

    The letters are coded 0, 1, 2, ... in the order in which they first occur in the word; a capital is a letter of its own.
    """
    mapping = {letter: code for code, letter in enumerate(dict.fromkeys(word))}
    codes = torch.tensor(f(list(word) * periods, mapping))
    rows = torch.nn.functional.one_hot(codes, num_classes=len(mapping)).float()
    return rows[:-1], rows[1:]


def letters_and_contexts(word: str) -> tuple[int, int]:
    """How many different letters the text word, word, ... has, and how many different moments: its shortest period."""
    periods = [p for p in range(1, len(word) + 1) if len(word) % p == 0 and word[:p] * (len(word) // p) == word]
    return len(set(word)), periods[0]


def memoryless(x: torch.Tensor, y: torch.Tensor) -> float:
    """The smallest mean cross entropy that guesses can have which know the present letter only.  x, y: (T, V), one-hot."""
    counts = x.T @ y  # (V, V): how often does the letter of the column follow the one of the row?
    share = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    of_the_true_one = ((x @ share) * y).sum(dim=1)
    return -float(of_the_true_one.log().mean())


# ------------------------------------------------------------------------------------------------- 2  an RNN and an LSTM


def make(kind: str, letters: int, hidden: int, seed: int) -> tuple[torch.nn.RNNBase, torch.nn.Linear]:
    """Set the seed once, then make torch's RNN or LSTM (kind: "RNN", "LSTM") and its linr.  letters: V, hidden: H."""
    torch.manual_seed(seed)
    net = torch.nn.RNN(letters, hidden) if kind == "RNN" else torch.nn.LSTM(letters, hidden)
    linr = torch.nn.Linear(hidden, letters)
    return net, linr


def train(
    net: torch.nn.RNNBase, linr: torch.nn.Linear, optimizr: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, epochs: int
) -> torch.Tensor:
    """Train an RNN or an LSTM and its linr, all letters at once, from water.  x, y: (T, V). Returns the losses, (epochs,)."""
    loss_fn = torch.nn.CrossEntropyLoss()
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: the four steps; water for an RNN is one tensor (1, H), for an LSTM a pair
        _water = torch.zeros(1, net.hidden_size)
        hidden, _ = net(x, (_water, _water) if isinstance(net, torch.nn.LSTM) else _water)
        loss = loss_fn(linr(hidden), y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


def learned(net: torch.nn.RNNBase, linr: torch.nn.Linear, x: torch.Tensor, y: torch.Tensor, last: int) -> bool:
    """Are the likeliest letters the true ones in all of the last rows?  x, y: (T, V), last: how many rows. From water."""
    output = linr(net(x)[0])[-last:]
    return bool((output.argmax(dim=1) == y[-last:].argmax(dim=1)).all())


def in_blocks(
    kind: str, x: torch.Tensor, y: torch.Tensor, hidden: int, lr: float, blocks: int, epochs: int
) -> tuple[torch.Tensor, list[bool]]:
    """Train one network from the seed 43052 in several blocks, and look after each whether it has learned its last 6 letters.

    One network and one Adam from the first block to the last.  epochs: of each block. Returns the losses, (blocks * epochs,), and
    a truth value for each block.
    """
    net, linr = make(kind, x.shape[1], hidden, 43052)
    optimizr = torch.optim.Adam(list(net.parameters()) + list(linr.parameters()), lr=lr)
    losses = []
    right = []
    for _ in range(blocks):
        losses.append(train(net, linr, optimizr, x, y, epochs))
        right.append(learned(net, linr, x, y, 6))
    return torch.cat(losses), right


# -------------------------------------------------------------------------------------------------- 3  many fits at once


def join(kind: str, seeds: Sequence[int], letters: int, hidden: int) -> tuple[torch.nn.RNNBase, torch.Tensor, torch.Tensor]:
    """Networks drawn seed by seed as `make` does, side by side in one wide network, which has no connection between them.

    Returns the wide RNN or LSTM, (V, n * H), and the weights, (n, V, H), and biases, (n, V, 1), of all linr.
    """
    singles = [make(kind, letters, hidden, seed) for seed in seeds]
    wide, _ = make(kind, letters, len(seeds) * hidden, 0)
    for name, parameter in wide.named_parameters():
        parts = [net.get_parameter(name).data.unflatten(0, (-1, hidden)) for net, _ in singles]  # gates first: (1 or 4, H, ...)
        if name == "weight_hh_l0":
            parameter.data = torch.cat([torch.block_diag(*gate) for gate in zip(*parts, strict=True)])
        else:
            parameter.data = torch.cat(parts, dim=1).flatten(0, 1)
    weight = torch.stack([linr.weight.data for _, linr in singles]).requires_grad_()
    bias = torch.stack([linr.bias.data[:, None] for _, linr in singles]).requires_grad_()
    return wide, weight, bias


def take_apart(
    wide: torch.nn.RNNBase, weight: torch.Tensor, bias: torch.Tensor
) -> list[tuple[torch.nn.RNNBase, torch.nn.Linear]]:
    """The single networks of a wide one: the opposite of `join`."""
    n, letters, hidden = weight.shape
    found = []
    for k in range(n):
        net, linr = make("LSTM" if isinstance(wide, torch.nn.LSTM) else "RNN", letters, hidden, 0)
        mine = slice(k * hidden, (k + 1) * hidden)
        state = {name: value.unflatten(0, (-1, n * hidden))[:, mine].flatten(0, 1) for name, value in wide.state_dict().items()}
        net.load_state_dict(state | {"weight_hh_l0": state["weight_hh_l0"][:, mine]})
        linr.load_state_dict({"weight": weight[k].detach(), "bias": bias[k, :, 0].detach()})
        found.append((net, linr))
    return found


def block_mask(kind: str, n: int, hidden: int) -> torch.Tensor:
    """1 where weight_hh of the wide network connects two nodes of the same single network, else 0.

    Of an RNN: (n * H, n * H). Of an LSTM: (4 * n * H, n * H), the four gates one below the other.
    """
    mask = torch.block_diag(*[torch.ones(hidden, hidden)] * n)
    return mask if kind == "RNN" else torch.cat([mask] * 4)


def fit_many(
    kind: str, seeds: Sequence[int], x: torch.Tensor, y: torch.Tensor, hidden: int, lr: float, epochs: int
) -> tuple[list[tuple[torch.nn.RNNBase, torch.nn.Linear]], torch.Tensor]:
    """Train a network from each of the seeds, all at once: what `make` and `train` give one by one.  x, y: (T, V).

    Returns the single networks, each with its linr, and the losses, (epochs, n).
    """
    n = len(seeds)
    wide, weight, bias = join(kind, seeds, x.shape[1], hidden)  # weight: (n, V, H), bias: (n, V, 1)
    mask = block_mask(kind, n, hidden)
    optimizr = torch.optim.Adam([*wide.parameters(), weight, bias], lr=lr, fused=True)
    codes = y.argmax(dim=1).expand(n, -1)  # (n, T): the true letters, for each network
    losses = torch.zeros(epochs, n)
    for epoc in range(epochs):
        # blank: loss, (n,): of each network the mean over the letters; the four steps; no gradient outside of the mask
        states, _ = wide(x)
        states = states.unflatten(1, (n, hidden)).permute(1, 2, 0)  # (n, H, T)
        output = torch.baddbmm(bias, weight, states)  # (n, V, T)
        loss = torch.nn.functional.cross_entropy(output, codes, reduction="none").mean(dim=1)
        loss.sum().backward()
        wide.weight_hh_l0.grad *= mask
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.detach()
    return take_apart(wide, weight, bias), losses


def race(
    x: torch.Tensor, y: torch.Tensor, hidden: int, last: int, seeds: int, lr: float, epochs: int
) -> tuple[list[bool], list[bool]]:
    """Which RNNs and LSTMs learn the last rows, from the seeds 0, 1, ...? rnn_right, lstm_right: a truth value for each seed."""
    rnns, _ = fit_many("RNN", range(seeds), x, y, hidden, lr, epochs)
    lstms, _ = fit_many("LSTM", range(seeds), x, y, hidden, lr, epochs)
    rnn_right = [learned(net, linr, x, y, last) for net, linr in rnns]
    lstm_right = [learned(net, linr, x, y, last) for net, linr in lstms]
    return rnn_right, lstm_right


def panels(nets: list[tuple[torch.nn.RNNBase, torch.nn.Linear]], x: torch.Tensor, last: int, title: str) -> Figure:
    """For each network a picture of the last rows: its hidden states to the left, its probabilities to the right.  x: (T, V)."""
    fig, axes = plt.subplots(-(-len(nets) // 5), 5, figsize=(9, 1.9 * -(-len(nets) // 5)), squeeze=False)
    for ax in axes.flat[len(nets) :]:
        ax.axis("off")
    for ax, (net, linr) in zip(axes.flat, nets, strict=False):
        hidden = net(x)[0].detach()[-last:]
        ax.matshow(torch.concat([hidden, soft(linr(hidden)).detach()], dim=1), cmap="bwr", vmin=-1, vmax=1)
        ax.axvline(hidden.shape[1] - 0.5, color="0.4", linewidth=1)
        ax.set(xticks=[], yticks=[])
    fig.suptitle(title)
    fig.tight_layout()
    return fig


def near_zero(hidden: torch.Tensor) -> float:
    """The share of the hidden states, all nodes at all moments, that lie nearer to 0 than 0.1.  hidden: any shape."""
    return float((hidden.abs() < 0.1).float().mean())


# ----------------------------------------------------------------------------------------------------- 4  a step by hand


def one_epoch(
    lstm_cell: torch.nn.LSTMCell, linr: torch.nn.Linear, optimizr: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Train for one epoch, letter by letter, by the mean of the letters' losses.  x, y: (T, V).

    Returns ht, ct, (1, H): the states after the last letter, before the step of the optimizer.
    """
    loss_fn = torch.nn.CrossEntropyLoss()
    ht = ct = torch.zeros(1, lstm_cell.hidden_size)
    loss = torch.tensor(0.0)
    for t in range(len(x)):
        ht, ct = lstm_cell(x[[t]], (ht, ct))
        loss = loss + loss_fn(linr(ht), y[[t]])
    loss = loss / len(x)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    return ht.detach(), ct.detach()


def lstm_step(
    lstm_cell: torch.nn.LSTMCell, xt: torch.Tensor, ht: torch.Tensor, ct: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What lstm_cell(xt, (ht, ct)) gives, computed from its weights.  xt: (1, V), ht, ct: (1, H). Returns the new ht, ct."""
    ifgo = xt @ lstm_cell.weight_ih.T + ht @ lstm_cell.weight_hh.T + lstm_cell.bias_ih + lstm_cell.bias_hh  # (1, 4 * H)
    i, f, g, o = ifgo.chunk(4, dim=1)
    ct = sig(f) * ct + sig(i) * tanh(g)
    ht = sig(o) * tanh(ct)
    return ht, ct


def through_time(lstm_cell: torch.nn.LSTMCell, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states after each letter, by lstm_step, from water, without gradients.  x: (T, V). Returns h, c: (T, H)."""
    ht = ct = torch.zeros(1, lstm_cell.hidden_size)
    h, c = [], []
    for t in range(len(x)):
        ht, ct = lstm_step(lstm_cell, x[[t]], ht, ct)
        h.append(ht)
        c.append(ct)
    return torch.cat(h).detach(), torch.cat(c).detach()


def as_lstm(lstm_cell: torch.nn.LSTMCell) -> torch.nn.LSTM:
    """A torch.nn.LSTM that takes all letters at once and computes what the LSTMCell computes, with weights of its own."""
    lstm = torch.nn.LSTM(lstm_cell.input_size, lstm_cell.hidden_size)
    lstm.weight_ih_l0.data = lstm_cell.weight_ih.data.clone()
    lstm.weight_hh_l0.data = lstm_cell.weight_hh.data.clone()
    lstm.bias_ih_l0.data = lstm_cell.bias_ih.data.clone()
    lstm.bias_hh_l0.data = lstm_cell.bias_hh.data.clone()
    return lstm


def shapes_fit(lstm: torch.nn.LSTM) -> bool:
    """Has each weight of the LSTM the shape that it should have? To be asked before it computes: torch does not ask."""
    like_it = torch.nn.LSTM(lstm.input_size, lstm.hidden_size)
    return all(weight.shape == like_it.get_parameter(name).shape for name, weight in lstm.named_parameters())


# ------------------------------------------------------------------------------------------------------ 5  inside an LSTM


def learn_abaB(
    x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.nn.RNNBase, torch.nn.Linear, torch.optim.Optimizer, torch.Tensor]:
    """LSTM(3, 2) and linr from the seed 43052, trained with Adam.  x, y: (T, 3). losses: (epochs,)."""
    lstm, linr = make("LSTM", 3, 2, 43052)
    optimizr = torch.optim.Adam(list(lstm.parameters()) + list(linr.parameters()), lr=lr)
    losses = train(lstm, linr, optimizr, x, y, epochs)
    return lstm, linr, optimizr, losses


printed_too_late = ["cell", "h"]


def over_time(lstm: torch.nn.RNNBase, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What goes on inside an LSTM at each letter, from water, without gradients.  x: (T, V).

    Returns, in this order, "input_gate", "forget_gate", "g", "output_gate", "cell" and "h", each (T, H).
    """
    T, H = len(x), lstm.hidden_size
    input_gate, forget_gate, g, output_gate, cell, h = (torch.zeros(T, H) for _ in range(6))
    ht = ct = torch.zeros(1, H)
    with torch.no_grad():
        for t in range(T):
            ifgo = x[[t]] @ lstm.weight_ih_l0.T + ht @ lstm.weight_hh_l0.T + lstm.bias_ih_l0 + lstm.bias_hh_l0
            input_gate[[t]] = sig(ifgo[:, :H])
            forget_gate[[t]] = sig(ifgo[:, H : 2 * H])
            g[[t]] = tanh(ifgo[:, 2 * H : 3 * H])
            output_gate[[t]] = sig(ifgo[:, 3 * H :])
            cell[[t]] = ct = forget_gate[[t]] * ct + input_gate[[t]] * g[[t]]
            h[[t]] = ht = output_gate[[t]] * tanh(ct)
    return {"input_gate": input_gate, "forget_gate": forget_gate, "g": g, "output_gate": output_gate, "cell": cell, "h": h}


def as_printed(lstm: torch.nn.RNNBase, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What the lecture's loop gives, with its slip: each letter meets an LSTM that has never seen another. As `over_time`."""
    alone = [over_time(lstm, x[[t]]) for t in range(len(x))]
    return {name: torch.cat([states[name] for states in alone]) for name in alone[0]}


def two_figures(states: dict[str, torch.Tensor], yhat: torch.Tensor, last: int) -> tuple[Figure, Figure]:
    """The last rows, once of the three gates i, f, o and once of g, c, h, yhat, side by side.  states: (T, H) each, yhat: (T, V).

    The ticks of the columns are their names: i, i, f, f, ...
    """
    figures = []
    for columns in (
        {"i": states["input_gate"], "f": states["forget_gate"], "o": states["output_gate"]},
        {"g": states["g"], "c": states["cell"], "h": states["h"], "yhat": yhat},
    ):
        combined = torch.concat(list(columns.values()), dim=1)
        fig, ax = plt.subplots()
        ax.matshow(combined[-last:], cmap="bwr", vmin=-1, vmax=1)
        ax.set_xticks(range(combined.shape[1]), [name for name, part in columns.items() for _ in range(part.shape[1])])
        figures.append(fig)
    return figures[0], figures[1]


multiplies = {"input_gate": "g", "forget_gate": "old c", "output_gate": "tanh(c)"}

always_within_one = ["i", "f", "g", "o", "h"]


def kept_and_added(states: dict[str, torch.Tensor], t: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The two parts of the cell state at time t: what is kept of the one before, and what is added.  Two (H,).

    states: as `over_time` gives them. Before t = 0 there was water.
    """
    before = states["cell"][t - 1] if t > 0 else torch.zeros_like(states["cell"][0])
    kept = states["forget_gate"][t] * before
    added = states["input_gate"][t] * states["g"][t]
    return kept, added


# --------------------------------------------------------------------------------------------------------- 6  in review

wrong_formula = "h"

comparison = {
    "RNN h": ("h", "x", "tanh"),
    "LSTM g": ("h", "x", "tanh"),
    "LSTM c": ("c", "g", "none"),
    "LSTM h": ("none", "c", "tanh"),
}


# ---------------------------------------------------------------------------------------------------------- the pictures

BLUE, GREY = "#2f6db5", "#dcdfe4"


def trained_on_abaB() -> tuple[torch.nn.RNNBase, torch.nn.Linear, torch.Tensor]:
    """The lecture's LSTM(3, 2) after 1000 epochs, and x: (399, 3)."""
    x, y = text_data("abaB", 100)
    lstm, linr, _, _ = learn_abaB(x, y, 0.1, 1000)
    return lstm, linr, x


def tiles(ax: Axes, right: list[bool], title: str) -> None:
    """A tile for each network: blue where it has learned the text."""
    for k, well in enumerate(right):
        ax.add_patch(FancyBboxPatch((k % 5, -(k // 5)), 0.72, 0.72, boxstyle="round,pad=0.06", color=BLUE if well else GREY))
    ax.set(xlim=(-0.3, 5.1), ylim=(-4.4, 1.1), aspect="equal")
    ax.axis("off")
    ax.set_title(f"{title}: {sum(right)} of {len(right)}", fontsize=12)


def picture_cover() -> Figure:
    """25 RNNs and 25 LSTMs that were to learn abcabC, and the memory cells of one LSTM."""
    x, y = text_data("abcabC", 5)
    rnn_right, lstm_right = race(x, y, 3, 6, 25, 0.1, 600)
    lstm, _, x_abaB = trained_on_abaB()
    cell = over_time(lstm, x_abaB)["cell"]
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.4), width_ratios=[1, 1, 1.5])
    tiles(left, rnn_right, "RNN")
    tiles(middle, lstm_right, "LSTM")
    right.plot(cell[:24, 0], "o-", color=BLUE, markersize=4, label="cell 1 counts")
    right.plot(cell[:24, 1], "s-", color="tab:orange", markersize=4, label="cell 2 alternates")
    right.axhline(0, color="0.85", zorder=0)
    right.set_xticks(range(24), list("abaB" * 6), fontsize=8)
    right.set_title("two memory cells of an LSTM", fontsize=12)
    right.legend(frameon=False, loc="upper left")
    right.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    return fig


def picture_step() -> Figure:
    """One step of an LSTM: from the letter and the old states to the new ones."""
    fig, ax = plt.subplots(figsize=(9.4, 4.3))
    ax.set(xlim=(-0.8, 11.2), ylim=(-0.1, 5.1), aspect="equal")
    ax.axis("off")
    past, gate, new, product = "#e8f1fb", "#fdf0d9", "#e6f4e6", "white"
    half = 0.32  # the height of a box

    def box(x: float, y: float, text: str, colour: str, width: float) -> None:
        corner, size = (x - width / 2 + 0.1, y - half + 0.1), (width - 0.2, 2 * half - 0.2)
        ax.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=0.1", facecolor=colour, edgecolor="0.35"))
        ax.text(x, y, text, ha="center", va="center", fontsize=11)

    def arrow(x0: float, y0: float, x1: float, y1: float) -> None:
        style = {"arrowstyle": "-|>", "color": "0.4", "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (x1, y1), (x0, y0), arrowprops=style)

    box(0, 4.6, "old $c$", past, 1.2)
    box(0, 2.2, "old $h$", past, 1.2)
    box(0, 1.0, "letter $x$", "#f5f5f5", 1.3)
    for x, text in [(2.5, "σ: $f$"), (4.3, "σ: $i$"), (6.1, "tanh: $g$"), (8.2, "σ: $o$")]:
        box(x, 1.3, text, gate, 1.3)
        arrow(x, 0.2, x, 1.3 - half)
    ax.plot([0.6, 1.2, 1.2, 8.2], [2.2, 2.2, 0.2, 0.2], color="0.4", linewidth=1)
    ax.plot([0.65, 1.2], [1.0, 1.0], color="0.4", linewidth=1)
    for x, y, text in [(2.5, 4.6, "×"), (5.2, 3.1, "×"), (8.2, 2.5, "×"), (5.2, 4.6, "+")]:
        box(x, y, text, product, 2 * half)
    box(7.0, 4.6, "new $c$", new, 1.2)
    box(8.2, 3.65, "tanh", gate, 1.0)
    box(10.2, 2.5, "new $h$", new, 1.2)
    for line in [
        (0.6, 4.6, 2.5 - half, 4.6),
        (2.5, 1.3 + half, 2.5, 4.6 - half),
        (2.5 + half, 4.6, 5.2 - half, 4.6),
        (4.3, 1.3 + half, 5.05, 3.1 - half),
        (6.1, 1.3 + half, 5.35, 3.1 - half),
        (5.2, 3.1 + half, 5.2, 4.6 - half),
        (5.2 + half, 4.6, 6.4, 4.6),
        (8.2, 4.6, 8.2, 3.65 + half),
        (8.2, 3.65 - half, 8.2, 2.5 + half),
        (8.2, 1.3 + half, 8.2, 2.5 - half),
        (8.2 + half, 2.5, 9.6, 2.5),
    ]:
        arrow(*line)
    ax.plot([7.6, 8.2], [4.6, 4.6], color="0.4", linewidth=1)
    return fig


def picture_blocks() -> Figure:
    """weight_hh of four LSTMs with three hidden nodes each, side by side in one."""
    mask = block_mask("LSTM", 4, 3)
    fig, ax = plt.subplots(figsize=(3.2, 6.6))
    colours = mask * (1 + torch.arange(12) // 3)
    ax.matshow(torch.where(mask > 0, colours, torch.nan), cmap="tab10", vmin=1, vmax=10)
    for gate, name in enumerate(["input gate", "forget gate", "g", "output gate"]):
        ax.axhline(12 * gate - 0.5, color="0.3", linewidth=1)
        ax.text(-1.2, 12 * gate + 5.5, name, rotation=90, ha="center", va="center")
    ax.set_xticks([1, 4, 7, 10], [f"net {k}" for k in range(4)], fontsize=9)
    ax.set_yticks([])
    ax.tick_params(length=0)
    fig.tight_layout()
    return fig


def picture_memory() -> Figure:
    """The first memory cell over all 399 letters, as it is and as the lecture's slip shows it."""
    lstm, _, x = trained_on_abaB()
    right, printed = over_time(lstm, x), as_printed(lstm, x)
    fig, axes = plt.subplots(1, 2, figsize=(9, 3), width_ratios=[1.4, 1])
    axes[0].plot(right["cell"][:, 0], color=BLUE, label="as it is")
    axes[0].plot(printed["cell"][:, 0], color="tab:red", label="as printed")
    axes[0].set(xlabel="t", title="the first memory cell, c")
    axes[0].legend(frameon=False)
    axes[1].plot(right["h"][-16:, 0], "o-", color=BLUE, markersize=4)
    axes[1].plot(printed["h"][-16:, 0], "s--", color="tab:red", markersize=4)
    axes[1].set_xticks(range(16), ["abB"[int(code)] for code in x[-16:].argmax(dim=1)])
    axes[1].set(ylim=(-1.1, 1.1), title="and the first hidden node, h")
    fig.tight_layout()
    return fig
