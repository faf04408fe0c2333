"""Lecture 004, "RNN II": predict the next letter of A b A c A d ..., which takes a memory; then measure where the time goes.

A cell written by hand, torch's RNNCell and torch's RNN compute the same hidden states; trained ones know which letter comes next,
and with three hidden nodes one of them tells upper from lower case. T is the number of letter pairs (599), V the number of
different letters (4), H the number of hidden nodes. Where a function makes a network, it sets the seed first.
"""
# ruff: noqa: N801  rNNCell is what the lecture calls it

import itertools
import time
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

# ------------------------------------------------------------------------------------------------------------ 1  the text

soft = torch.nn.Softmax(dim=1)


def f(txt: Sequence[str], mapping: Mapping[str, int]) -> list[int]:
    """The code of each letter of txt, in order; a letter that has no code is a KeyError."""
    return [mapping[letter] for letter in txt]


def one_hot_pairs(txt: Sequence[str], mapping: Mapping[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Each letter of txt that has a successor, and the successor, one-hot.  txt: T + 1 letters. Returns x, y: (T, V), float32."""
    codes = torch.tensor(f(txt, mapping))
    rows = torch.nn.functional.one_hot(codes, num_classes=len(mapping)).float()
    return rows[:-1], rows[1:]


# -------------------------------------------------------------------------------------------------------- 2  a cell by hand


class rNNCell(torch.nn.Module):
    """One step in time with 2 hidden nodes: ht = tanh(i2h(x) + h2h(hidden)).  x: (1, 4), hidden, ht: (1, 2)."""

    def __init__(self) -> None:
        super().__init__()
        # blank: the layers i2h, h2h and tanh, made in this order
        self.i2h = torch.nn.Linear(4, 2)
        self.h2h = torch.nn.Linear(2, 2)
        self.tanh = torch.nn.Tanh()
        # end blank

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        # blank: the new state ht, from the letter and the old one
        ht: torch.Tensor = self.tanh(self.i2h(x) + self.h2h(hidden))
        # end blank
        return ht


def start(lr: float) -> tuple[torch.nn.Module, torch.nn.Module, torch.nn.Module, torch.optim.Optimizer]:
    """A cell and a cook, each made right after the seed 43052 was set; cross entropy; Adam over the parameters of both."""
    torch.manual_seed(43052)
    rnncell = rNNCell()
    torch.manual_seed(43052)
    cook = torch.nn.Linear(2, 4)
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(list(rnncell.parameters()) + list(cook.parameters()), lr=lr)
    return rnncell, cook, loss_fn, optimizr


# ------------------------------------------------------------------------------------------------- 3  through time by hand


def train_by_hand(
    cell: torch.nn.Module,
    cook: torch.nn.Module,
    loss_fn: torch.nn.Module,
    optimizr: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
) -> torch.Tensor:
    """Train a cell with 2 hidden nodes and its cook, letter by letter.  x, y: (T, 4).

    Returns the loss of each epoch, (epochs,): the sum of loss_fn over the T letters.
    """
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: from water through all letters, adding up the loss; then one step of the optimizer
        loss = 0
        ht = torch.zeros(1, 2)
        for t in range(len(x)):
            xt, yt = x[[t]], y[[t]]
            ht = cell(xt, ht)
            ot = cook(ht)
            loss = loss + loss_fn(ot, yt)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


def states(cell: torch.nn.Module, x: torch.Tensor, _water: torch.Tensor) -> torch.Tensor:
    """The hidden state after each letter, without gradients.  x: (T, V), _water: (1, H), the state before. Returns (T, H)."""
    hidden = torch.zeros(len(x), _water.shape[1])
    hidden[[0]] = cell(x[[0]], _water)
    for t in range(1, len(x)):
        hidden[[t]] = cell(x[[t]], hidden[[t - 1]])
    return hidden.detach()


def look(rnncell: torch.nn.Module, cook: torch.nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states over all of x, beginning with water, and the probabilities of the next letter; the last 15 are drawn.

    hidden: (T, 2), yhat: (T, 4), both without gradients.
    """
    hidden = states(rnncell, x, torch.zeros(1, 2))
    yhat = soft(cook(hidden)).detach()
    plt.matshow(yhat[-15:], cmap="bwr", vmin=-1, vmax=1)
    return hidden, yhat


# ------------------------------------------------------------------------------------------------------- 4  torch's own cell


def as_rnncell(cell: torch.nn.Module) -> torch.nn.RNNCell:
    """A torch.nn.RNNCell(4, 2) that computes what the hand-made cell computes, with weights of its own.  cell: i2h, h2h."""
    same = torch.nn.RNNCell(4, 2)
    same.weight_ih.data = cell.i2h.weight.data.clone()
    same.bias_ih.data = cell.i2h.bias.data.clone()
    same.weight_hh.data = cell.h2h.weight.data.clone()
    same.bias_hh.data = cell.h2h.bias.data.clone()
    return same


# --------------------------------------------------------------------------------------------------- 5  all letters at once


def as_rnn(cell: torch.nn.RNNCell) -> torch.nn.RNN:
    """A torch.nn.RNN that takes all letters at once and computes what the RNNCell computes, with weights of its own."""
    rnn = torch.nn.RNN(cell.input_size, cell.hidden_size)
    rnn.weight_ih_l0.data = cell.weight_ih.data.clone()
    rnn.bias_ih_l0.data = cell.bias_ih.data.clone()
    rnn.weight_hh_l0.data = cell.weight_hh.data.clone()
    rnn.bias_hh_l0.data = cell.bias_hh.data.clone()
    return rnn


def train_rnn(
    rnn: torch.nn.RNN,
    cook: torch.nn.Module,
    loss_fn: torch.nn.Module,
    optimizr: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
) -> torch.Tensor:
    """Train an RNN with any number of hidden nodes and its cook, all letters at once.  x, y: (T, V).

    Returns the loss of each epoch, (epochs,): loss_fn of all T letters together.
    """
    _water = torch.zeros(1, rnn.hidden_size)
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: the four steps, without a loop over the letters
        hidden, _ = rnn(x, _water)
        output = cook(hidden)
        loss = loss_fn(output, y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


# ------------------------------------------------------------------------------------------------------------ 6  a new start

which_cell = "the trained cell"


def new_start(
    x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.nn.RNN, torch.nn.Module, torch.optim.Optimizer, torch.Tensor]:
    """Train from the start of torch.nn.RNNCell(4, 2), seed 43052: rnn and cook, with Adam.  losses: (epochs,)."""
    torch.manual_seed(43052)
    rnncell = torch.nn.RNNCell(4, 2)
    rnn = as_rnn(rnncell)
    torch.manual_seed(43052)
    cook = torch.nn.Linear(2, 4)
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr=lr)
    losses = train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs)
    return rnn, cook, optimizr, losses


def wrong_positions(output: torch.Tensor, y: torch.Tensor) -> list[int]:
    """The positions at which the likeliest letter is not the true one.  output: (T, V) logits or probabilities, y: (T, V)."""
    wrong = output.argmax(dim=1) != y.argmax(dim=1)
    return wrong.nonzero().flatten().tolist()


def cold_and_warm(rnn: torch.nn.RNN, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states of the first six letters: from water, and from the state hT after all of x.  x: (T, V). Two (6, H)."""
    _water = torch.zeros(1, rnn.hidden_size)
    _, hT = rnn(x, _water)
    cold, _ = rnn(x[:6], _water)
    warm, _ = rnn(x[:6], hT)
    return cold.detach(), warm.detach()


def combined_figure(hidden: torch.Tensor, yhat: torch.Tensor, last: int) -> Figure:
    """Draw the last rows of hidden and yhat side by side in one matshow.  hidden: (T, H), yhat: (T, V)."""
    combined = torch.concat([hidden, yhat], dim=1)
    fig, ax = plt.subplots()
    ax.matshow(combined[-last:], cmap="bwr", vmin=-1, vmax=1)
    return fig


# ------------------------------------------------------------------------------------------- 7  what does each node know?


def from_seed(
    width: int, seed: int, x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.nn.RNN, torch.nn.Module, torch.Tensor]:
    """Set the seed once, make RNN(4, width) and Linear(width, 4), train them with Adam. Returns both and losses, (epochs,)."""
    torch.manual_seed(seed)
    rnn = torch.nn.RNN(4, width)
    cook = torch.nn.Linear(width, 4)
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr=lr)
    losses = train_rnn(rnn, cook, torch.nn.CrossEntropyLoss(), optimizr, x, y, epochs)
    return rnn, cook, losses


def case_node(hidden: torch.Tensor, upper: torch.Tensor) -> int | None:
    """The node that tells upper from lower case: a threshold parts its values. Either side may be the higher one.

    hidden: (T, H), upper: (T,) truth values. Of several such nodes the one with the widest gap, None where there is none.
    """
    high, low = hidden[upper], hidden[~upper]
    above = high.min(dim=0).values - low.max(dim=0).values  # (H,): positive where every upper case lies above
    below = low.min(dim=0).values - high.max(dim=0).values
    gap = torch.maximum(above, below)
    best = int(gap.argmax())
    return best if gap[best] > 0 else None


def rearranged(rnn: torch.nn.RNN, cook: torch.nn.Linear, order: list[int]) -> tuple[torch.nn.RNN, torch.nn.Linear]:
    """The same network with its hidden nodes in another order: node k of the new one is node order[k] of the old one."""
    new_rnn = torch.nn.RNN(rnn.input_size, rnn.hidden_size)
    new_cook = torch.nn.Linear(cook.in_features, cook.out_features)
    new_rnn.weight_ih_l0.data = rnn.weight_ih_l0.data[order]
    new_rnn.bias_ih_l0.data = rnn.bias_ih_l0.data[order]
    new_rnn.weight_hh_l0.data = rnn.weight_hh_l0.data[order][:, order]
    new_rnn.bias_hh_l0.data = rnn.bias_hh_l0.data[order]
    new_cook.weight.data = cook.weight.data[:, order]
    new_cook.bias.data = cook.bias.data.clone()
    return new_rnn, new_cook


def experiment(x_few: torch.Tensor, y_few: torch.Tensor, seeds: int, lr: float, epochs: int) -> tuple[list[bool], list[bool]]:
    """For each of the seeds 0, 1, ...: are all letters after the first six right?  right2: 2 hidden nodes, right3: 3."""
    right2 = []
    right3 = []
    for width, right in [(2, right2), (3, right3)]:
        for seed in range(seeds):
            rnn, cook, _ = from_seed(width, seed, x_few, y_few, lr, epochs)
            output = cook(rnn(x_few)[0])
            right.append(wrong_positions(output[6:], y_few[6:]) == [])
    return right2, right3


# ------------------------------------------------------------------------------------------------ 8  where the time goes

lecture_table = [
    # length, hidden nodes, backward, device, seconds for 100 epochs
    (20000, 20, True, "cpu", 93.01761960983276),
    (20000, 20, True, "cuda", 3.2665085792541504),
    (20000, 20, False, "cpu", 18.851768255233765),
    (20000, 20, False, "cuda", 1.2901742458343506),
    (2000, 20, True, "cpu", 6.533619165420532),
    (2000, 20, True, "cuda", 0.7532594203948975),
    (2000, 20, False, "cpu", 1.2477965354919434),
    (2000, 20, False, "cuda", 0.14130854606628418),
    (2000, 1000, True, "cpu", 58.99820685386658),
    (2000, 1000, True, "cuda", 4.7596595287323),
    (2000, 1000, False, "cpu", 13.163657188415527),
    (2000, 1000, False, "cuda", 2.2989864349365234),
]


def devices() -> list[str]:
    """The devices of this machine: the CPU, and an accelerator where there is one."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return found


def wait(device: str) -> None:
    """Wait until the device has done all that it was asked to. The CPU always has."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def seconds_of(length: int, width: int, backward: bool, device: str, epochs: int) -> float:
    """Seconds for `epochs` epochs of RNN(4, width) and Linear(width, 4) on random data of this length, on a device.

    backward: whether an epoch calls loss.backward(). Nothing that is done only once counts, nor does a first epoch.
    """
    x = torch.randn(length, 4).to(device)
    y = torch.randn(length, 4).to(device)
    _water = torch.zeros(1, width).to(device)
    rnn = torch.nn.RNN(4, width).to(device)
    linr = torch.nn.Linear(width, 4).to(device)
    loss_fn = torch.nn.MSELoss()
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(linr.parameters()))

    # blank: one epoch that does not count, then `seconds` for all the others
    def epoch() -> None:
        hidden, _ = rnn(x, _water)
        loss = loss_fn(linr(hidden), y)
        if backward:
            loss.backward()
        optimizr.step()
        optimizr.zero_grad()

    epoch()
    wait(device)
    begin = time.perf_counter()
    for _ in range(epochs):
        epoch()
    wait(device)
    seconds: float = time.perf_counter() - begin
    # end blank
    return seconds


def timing_figure(table: list[tuple[int, int, bool, str, float]]) -> Figure:
    """Draw the seconds of each device as a line over the settings, in the order of the table. The seconds are logarithmic."""
    fig, ax = plt.subplots(figsize=(9, 3))
    for device in dict.fromkeys(row[3] for row in table):
        rows = [row for row in table if row[3] == device]
        ax.plot(range(len(rows)), [row[4] for row in rows], "--o", label=device)
        ax.set_xticks(range(len(rows)), [f"{row[0]} × {row[1]}\n{'with' if row[2] else 'no'} backward" for row in rows])
    ax.set_yscale("log")
    ax.set_ylabel("seconds")
    ax.legend()
    return fig


def speedups(table: list[tuple[int, int, bool, str, float]], device: str) -> list[float]:
    """How many times as fast as the CPU the device is, for each (length, hidden nodes, backward) in the order of the table."""
    seconds = {row[:4]: row[4] for row in table}
    settings = dict.fromkeys(row[:3] for row in table)
    return [seconds[*setting, "cpu"] / seconds[*setting, device] for setting in settings]


def backward_share(table: list[tuple[int, int, bool, str, float]], device: str) -> list[float]:
    """The share of the time that backward() takes on the device, for each (length, hidden nodes) in the order of the table."""
    seconds = {row[:4]: row[4] for row in table}
    sizes = dict.fromkeys(row[:2] for row in table)
    return [1 - seconds[*size, False, device] / seconds[*size, True, device] for size in sizes]


learns_without_backward = False


# ---------------------------------------------------------------------------------------------------------- the pictures

MAPPING = {"A": 0, "b": 1, "c": 2, "d": 3}
COLOURS = {"A": "tab:red", "b": "tab:blue", "c": "tab:green", "d": "tab:purple"}


def trained_for_pictures(width: int, seed: int) -> tuple[torch.nn.RNN, torch.nn.Module, list[str], torch.Tensor]:
    """A network that has learned 71 letters of the text. Returns rnn, cook, the 72 letters, and x: (71, 4)."""
    txt = list("AbAcAd") * 12
    x, y = one_hot_pairs(txt, MAPPING)
    rnn, cook, _ = from_seed(width, seed, x, y, 0.01, 800)
    return rnn, cook, txt, x


def picture_cover() -> Figure:
    """Two hidden nodes: the six states that a trained network walks through, and what it expects in each."""
    rnn, cook, txt, x = trained_for_pictures(2, 0)
    hidden = rnn(x, torch.zeros(1, 2))[0].detach()
    yhat = soft(cook(hidden)).detach()
    fig, (plane, table) = plt.subplots(1, 2, figsize=(9.5, 4.2), width_ratios=[1.35, 1])
    walk = hidden[-7:].tolist()  # six steps, and back to the first
    for (x0, y0), (x1, y1) in itertools.pairwise(walk):
        plane.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "color": "0.75", "shrinkA": 10, "shrinkB": 10})
    for letter, following, (h1, h2) in zip(txt[-8:-2], txt[-7:-1], walk[:-1], strict=True):
        plane.plot([h1], [h2], "o", color=COLOURS[letter], markersize=17)
        plane.text(h1, h2, letter, ha="center", va="center_baseline", color="white", weight="bold")
        outwards = (0, 17 if h2 > 0 else -17)
        plane.annotate(f"then {following}", (h1, h2), outwards, textcoords="offset points", ha="center", va="center", fontsize=9)
    plane.set(xlim=(-1.25, 1.25), ylim=(-1.45, 1.45), xlabel="hidden node 1", ylabel="hidden node 2")
    plane.set_title("what the network remembers", fontsize=11)
    table.matshow(yhat[-13:-1], cmap="bwr", vmin=-1, vmax=1, aspect="auto")
    table.set_xticks(range(4), list("Abcd"))
    table.set_yticks(range(12), [f"after {letter}" for letter in txt[-14:-2]], fontsize=9)
    table.xaxis.set_ticks_position("bottom")
    table.set_title("what it expects next", fontsize=11)
    fig.tight_layout()
    return fig


def picture_cell() -> Figure:
    """The hand-made cell, unrolled over three letters."""
    fig, ax = plt.subplots(figsize=(9, 3.7))
    ax.set(xlim=(-1.85, 9.7), ylim=(-0.45, 4.1), aspect="equal")
    ax.axis("off")

    def box(x: float, y: float, text: str, colour: str) -> None:
        style = {"boxstyle": "round,pad=0.55", "facecolor": colour, "edgecolor": "0.3"}
        ax.text(x, y, f"{text:^10}", ha="center", va="center_baseline", fontsize=10, bbox=style)

    def arrow(x0: float, y0: float, x1: float, y1: float) -> None:
        ax.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "color": "0.3"})

    box(-1.0, 1.8, "water", "#e8f1fb")
    for t, (letter, following) in enumerate(["Ab", "bA", "Ac"]):
        x = 1.6 + 3 * t
        box(x, 0, f"x[{t}] = {letter}", "#f5f5f5")
        box(x, 1.8, "tanh ( + )", "#fdf0d9")
        box(x, 3.6, f"then {following}?", "#e6f4e6")
        for y, name in [(0, "i2h"), (1.8, "cook")]:
            arrow(x, y + 0.4, x, y + 1.4)
            ax.text(x + 0.1, y + 0.9, name, va="center", fontsize=9)
        arrow(x - (2.2 if t else 1.9), 1.8, x - 0.8, 1.8)
        ax.text(x - 1.45, 1.9, "h2h", ha="center", fontsize=9)
    arrow(8.4, 1.8, 9.2, 1.8)
    ax.text(9.4, 1.8, "…", ha="center", va="center", fontsize=14)
    return fig


def picture_three_nodes() -> Figure:
    """Three hidden nodes, the lecture's seed 2: their values over twelve letters."""
    rnn, _, txt, x = trained_for_pictures(3, 2)
    hidden = rnn(x, torch.zeros(1, 3))[0].detach()[-12:]
    letters = txt[-13:-1]
    fig, ax = plt.subplots(figsize=(8, 3.2))
    for t, letter in enumerate(letters):
        if letter.isupper():
            ax.axvspan(t - 0.5, t + 0.5, color="0.94", zorder=0)
    ax.axhline(0, color="0.8", linewidth=1)
    for k, (colour, style) in enumerate([("tab:blue", "o:"), ("tab:green", "s:"), ("tab:orange", "D-")]):
        ax.plot(range(12), hidden[:, k], style, color=colour, label=f"node {k + 1}")
    ax.set_xticks(range(12), letters)
    ax.set(xlim=(-0.5, 11.5), ylim=(-1.1, 1.1), ylabel="hidden state")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    fig.tight_layout()
    return fig


def picture_lecture_times() -> Figure:
    """The seconds that the lecture measured, on its CPU and on its GPU."""
    fig = timing_figure(lecture_table)
    fig.tight_layout()
    return fig
