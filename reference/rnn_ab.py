"""Lecture 000, "RNN I": predict the next letter of a b a b ..., from one weight to an embedding layer.

Letters become numbers, numbers go through ever better networks: a line through the origin (MSE), the same with a logit
(BCE), a bias, three parameters with an activation between, one-hot rows, and `torch.nn.Embedding`. N is the number of letter
pairs (199), V the number of different letters. Where a function makes a network, it sets the lecture's seed, 43052, first.
"""

import math
from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

# ------------------------------------------------------------------------------------------------ 1  activation functions

sig = torch.nn.Sigmoid()


def tanh(x: torch.Tensor) -> torch.Tensor:
    """The hyperbolic tangent of every entry of x, written with `sig`: values in (-1, 1).  x: any shape."""
    return 2 * sig(2 * x) - 1


def tanh_figure() -> torch.Tensor:
    """Draw tanh at 100 points from -5 to 5, under the title "tanh(x)".  grid: the points, (100,)."""
    grid = torch.linspace(-5, 5, 100)
    plt.plot(grid, tanh(grid))
    plt.title("tanh(x)")
    return grid


soft = torch.nn.Softmax(dim=1)


# ---------------------------------------------------------------------------------------------------- 2  letters to numbers


def f(txt: list[str], mapping: Mapping[str, object]) -> list[object]:
    """The code of each letter of txt, in order; a letter that has no code is a KeyError."""
    return [mapping[letter] for letter in txt]


def pairs(txt: list[str]) -> tuple[list[str], list[str]]:
    """Each letter and the one that follows it: two lists, one shorter than txt."""
    txt_x = txt[:-1]
    txt_y = txt[1:]
    return txt_x, txt_y


def as_column(txt: list[str], mapping: Mapping[str, float]) -> torch.Tensor:
    """The codes of the letters as a float32 column, (N, 1)."""
    return torch.tensor(f(txt, mapping)).float().reshape(-1, 1)


# ------------------------------------------------------------------------------------------- 3  one weight, no bias, MSE


def first_fit(x: torch.Tensor, y: torch.Tensor, epochs: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """Fit y = w x with MSE and Adam, the loop written out.  x, y: (N, 1), losses: (epochs,), one before each step."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
    loss_fn = torch.nn.MSELoss()
    optimizr = torch.optim.Adam(net.parameters())
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        yhat = net(x)
        loss = loss_fn(yhat, y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses[epoc] = loss.item()
    return net, losses


def best_weight(x: torch.Tensor, y: torch.Tensor) -> float:
    """The w with the least mean squared error of w x against y.  x, y: (N, 1)."""
    return ((x * y).sum() / (x * x).sum()).item()


def train(
    net: torch.nn.Module,
    loss_fn: torch.nn.Module,
    optimizr: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
) -> torch.Tensor:
    """Train net on all of x, y at once, `epochs` times.  x: (N, in), y: what loss_fn takes. Returns the losses, (epochs,)."""
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: the four steps
        yhat = net(x)
        loss = loss_fn(yhat, y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


def plus_minus(txt_x: list[str], txt_y: list[str], epochs_pm: int) -> tuple[torch.Tensor, torch.Tensor, torch.nn.Module]:
    """Code a as -1 and b as +1, and fit y = w x once more with MSE.  x_pm, y_pm: (N, 1), net_pm: the trained Linear(1, 1)."""
    mapping = {"a": -1, "b": 1}
    x_pm = as_column(txt_x, mapping)
    y_pm = as_column(txt_y, mapping)
    torch.manual_seed(43052)
    net_pm = torch.nn.Linear(in_features=1, out_features=1, bias=False)
    _ = train(net_pm, torch.nn.MSELoss(), torch.optim.Adam(net_pm.parameters()), x_pm, y_pm, epochs_pm)
    return x_pm, y_pm, net_pm


# ------------------------------------------------------------------------------------------- 4  a logit, then a bias, BCE


def fit_without_bias(x: torch.Tensor, y: torch.Tensor, epochs: int) -> torch.nn.Module:
    """Fit the logit w x to y in {0, 1} with BCE and Adam.  x, y: (N, 1). Returns the net; its output is the logit."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
    loss_fn = torch.nn.BCEWithLogitsLoss()
    optimizr = torch.optim.Adam(net.parameters())
    train(net, loss_fn, optimizr, x, y, epochs)
    return net


def fit_from(w: float, b: float, x: torch.Tensor, y: torch.Tensor, epochs: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """Fit the logit w x + b with BCE and Adam from the given start.  x, y: (N, 1). Returns the net and the losses, (epochs,)."""
    net = torch.nn.Linear(in_features=1, out_features=1, bias=True)
    net.weight.data = torch.tensor([[w]])
    net.bias.data = torch.tensor([b])
    loss_fn = torch.nn.BCEWithLogitsLoss()
    optimizr = torch.optim.Adam(net.parameters())
    losses = train(net, loss_fn, optimizr, x, y, epochs)
    return net, losses


bad_start = "still learning"


# ------------------------------------------------------------------------------------------------- 5  three parameters


def count_parameters(net: torch.nn.Module) -> int:
    """Number of single numbers that training may change."""
    return sum(p.numel() for p in net.parameters())


def three_parameters(activation: torch.nn.Module) -> torch.nn.Sequential:
    """Linear with bias, the activation, Linear without bias: 3 parameters, (N, 1) -> (N, 1)."""
    return torch.nn.Sequential(
        torch.nn.Linear(in_features=1, out_features=1, bias=True),
        activation,
        torch.nn.Linear(in_features=1, out_features=1, bias=False),
    )


def always_one(net: torch.nn.Module) -> torch.nn.Module:
    """Make this one net answer the number 1, whatever it is given. Returns the net."""
    net.forward = lambda _: 1
    return net


class Mynet1(torch.nn.Module):
    """The three-parameter network with Sigmoid, (N, 1) -> (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        # blank: the layers l1, a1, l2
        self.l1 = torch.nn.Linear(in_features=1, out_features=1, bias=True)
        self.a1 = torch.nn.Sigmoid()
        self.l2 = torch.nn.Linear(in_features=1, out_features=1, bias=False)
        # end blank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # blank: from x through l1, a1 and l2 to yhat
        yhat: torch.Tensor = self.l2(self.a1(self.l1(x)))
        # end blank
        return yhat


class Mynet2(torch.nn.Module):
    """The three-parameter network with ReLU, (N, 1) -> (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        # blank: the layers l1, a1, l2
        self.l1 = torch.nn.Linear(in_features=1, out_features=1, bias=True)
        self.a1 = torch.nn.ReLU()
        self.l2 = torch.nn.Linear(in_features=1, out_features=1, bias=False)
        # end blank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # blank: from x through l1, a1 and l2 to yhat
        yhat: torch.Tensor = self.l2(self.a1(self.l1(x)))
        # end blank
        return yhat


class Mynet3(torch.nn.Module):
    """The three-parameter network with Tanh, (N, 1) -> (N, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.l1 = torch.nn.Linear(in_features=1, out_features=1, bias=True)
        self.a1 = torch.nn.Tanh()
        self.l2 = torch.nn.Linear(in_features=1, out_features=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.l2(self.a1(self.l1(x)))


# ------------------------------------------------------------------------------------------ 6  which activation? 25 fits


def train_together(nets: list[torch.nn.Module], x: torch.Tensor, y: torch.Tensor, epochs: int) -> None:
    """Train networks of one class with BCEWithLogitsLoss and Adam, all at once: the same numbers as one after the other.

    x, y: (N, 1). Adam treats every number by itself, so the sum of the losses trains each network as its own loss would.
    """
    weights, _ = torch.func.stack_module_state(nets)  # each weight of K networks: (K, ...)
    optimizr = torch.optim.Adam(weights.values(), fused=True)
    loss_fn = torch.nn.BCEWithLogitsLoss()

    def outputs_of_one(weight: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(nets[0], weight, (x,), tie_weights=False)

    outputs_of_all = torch.vmap(outputs_of_one)
    targets = y.expand(len(nets), *y.shape)  # (K, N, 1)
    for _ in range(epochs):
        loss = loss_fn(outputs_of_all(weights), targets) * len(nets)  # the mean of all, times K: the sum of K losses
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
    for k, net in enumerate(nets):
        net.load_state_dict({name: weight[k].detach() for name, weight in weights.items()})


def fit_many(make_net: Callable[[], torch.nn.Module], x: torch.Tensor, y: torch.Tensor, epochs: int, fits: int) -> torch.Tensor:
    """Fit `fits` fresh networks.  x, y: (N, 1). Returns each one's probabilities of b at the first five x, (fits, 5)."""
    torch.manual_seed(43052)
    nets = [make_net() for _ in range(fits)]
    train_together(nets, x, y, epochs)
    curves = [sig(net(x[:5])).reshape(5) for net in nets]
    return torch.stack(curves).detach()


def figure_grid(curves: torch.Tensor, y: torch.Tensor, title: str) -> Figure:
    """Draw K curves in a square of panels, row by row: the truth as points, the curve dashed.  curves: (K, 5), y: (N, 1)."""
    side = round(len(curves) ** 0.5)
    fig, ax = plt.subplots(side, side, figsize=(2 * side, 2 * side), sharex=True, sharey=True)
    for i in range(side):
        for j in range(side):
            ax[i][j].plot(y[:5], "o")
            ax[i][j].plot(curves[side * i + j], "--o")
    fig.suptitle(title)
    return fig


def summarise(curves: torch.Tensor) -> dict[str, float]:
    """What K fits have in common.  curves: (K, 5), probabilities of b after a, b, a, b, a. Returns

    "amplitude": mean distance between the values after a and after b,
    "right": number of fits that say b after a, and a after b,
    "near_half": number of fits with at least one of the two values within 0.1 of 0.5.
    """
    after_a, after_b = curves[:, 0], curves[:, 1]
    right = (after_a > 0.5) & (after_b < 0.5)
    near = ((after_a - 0.5).abs() < 0.1) | ((after_b - 0.5).abs() < 0.1)
    return {
        "amplitude": (after_a - after_b).abs().mean().item(),
        "right": int(right.sum()),
        "near_half": int(near.sum()),
    }


lowest_loss = 99 / 199 * math.log(2)


# ------------------------------------------------------------------------------------------------ 7  one-hot, embedding


def one_hot_mapping(letters: str) -> dict[str, list[int]]:
    """For the k-th of V letters a list of V numbers: a 1 in place k, else 0."""
    return {key: [int(key == other) for other in letters] for key in letters}


def onehot_fit(x_hot: torch.Tensor, y_hot: torch.Tensor, epochs: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """Fit Linear(2, 1), Tanh, Linear(1, 2, bias=False) with cross entropy.  yhat_hot: its probabilities at x_hot, (N, 2)."""
    torch.manual_seed(43052)
    net_hot = torch.nn.Sequential(
        torch.nn.Linear(in_features=2, out_features=1),
        torch.nn.Tanh(),
        torch.nn.Linear(in_features=1, out_features=2, bias=False),
    )
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(net_hot.parameters())
    train(net_hot, loss_fn, optimizr, x_hot, y_hot, epochs)
    yhat_hot = soft(net_hot(x_hot)).detach()
    return net_hot, yhat_hot


def embedding_and_linear() -> tuple[torch.nn.Embedding, torch.nn.Linear]:
    """Embedding(3, 1) and Linear(1, 1), each made right after the seed 43052 was set."""
    torch.manual_seed(43052)
    ebdd = torch.nn.Embedding(num_embeddings=3, embedding_dim=1)
    torch.manual_seed(43052)
    linr = torch.nn.Linear(in_features=1, out_features=1)
    return ebdd, linr


def embed_by_matrix(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """What an embedding with this weight gives, as a matrix product.  x: (N,) int64, weight: (V, d). Returns (N, d)."""
    one_hot = torch.nn.functional.one_hot(x, num_classes=len(weight))
    return one_hot.float() @ weight


n_parameters = (3, 2)


def embedding_fit(x_int: torch.Tensor, y_int: torch.Tensor, epochs: int) -> tuple[torch.nn.Module, torch.Tensor]:
    """Fit Embedding(2, 1), Tanh, Linear(1, 2) with cross entropy.  x_int, y_int: (N,). yhat_emb: probabilities, (N, 2)."""
    torch.manual_seed(43052)
    net_emb = torch.nn.Sequential(
        torch.nn.Embedding(num_embeddings=2, embedding_dim=1),
        torch.nn.Tanh(),
        torch.nn.Linear(in_features=1, out_features=2),
    )
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(net_emb.parameters())
    train(net_emb, loss_fn, optimizr, x_int, y_int, epochs)
    yhat_emb = soft(net_emb(x_int)).detach()
    return net_emb, yhat_emb


# ---------------------------------------------------------------------------------------------------------- the pictures

CODES = {"a": 0, "b": 1}
BLUE, ORANGE, GREEN, GREY = "tab:blue", "tab:orange", "tab:green", "0.6"


def ab_data() -> tuple[torch.Tensor, torch.Tensor]:
    """The lecture's 199 letter pairs with a = 0 and b = 1.  x, y: (199, 1)."""
    txt_x, txt_y = pairs(list("ab") * 100)
    return as_column(txt_x, CODES), as_column(txt_y, CODES)


def picture_cover() -> Figure:
    """25 fits with tanh: what each of them says after a, b, a, b, a."""
    x, y = ab_data()
    curves = fit_many(Mynet3, x, y, 1000, 25)
    fig, ax = plt.subplots(5, 5, figsize=(8, 4.4), sharex=True, sharey=True)
    for axes, curve in zip(ax.flat, curves, strict=True):
        right = summarise(curve[None])["right"] == 1
        axes.set_facecolor("#eef7ee" if right else "#fdf3ea")
        axes.plot(y[:5], "o", color=GREY, markersize=4)
        axes.plot(curve, "o-", color=GREEN if right else ORANGE, markersize=3.5, linewidth=1.2)
        axes.set(xticks=range(5), xticklabels=list("ababa"), yticks=[0, 1], xlim=(-0.4, 4.4), ylim=(-0.2, 1.2))
    fig.suptitle("25 networks guess the next letter: is it b?   (grey: the truth)", fontsize=11)
    fig.supylabel("probability of b", fontsize=10)
    fig.tight_layout(h_pad=0.3, w_pad=0.3)
    return fig


def picture_sig_and_tanh() -> Figure:
    """The sigmoid and tanh on the same axes."""
    x = torch.linspace(-6, 6, 200)
    fig, ax = plt.subplots(figsize=(6, 2.8))
    for height in (-1, 0, 1):
        ax.axhline(height, color="0.85", linewidth=1)
    ax.axvline(0, color="0.85", linewidth=1)
    ax.plot(x, sig(x), color=BLUE, label="sig(x)")
    ax.plot(x, tanh(x), color=ORANGE, label="tanh(x)")
    ax.set(yticks=[-1, 0, 1], xlabel="x")
    ax.legend(loc="lower right")
    return fig


def picture_one_weight() -> Figure:
    """The mean squared error of w x over w: both kinds of rows, and their sum."""
    x, y = ab_data()
    w = torch.linspace(-1.5, 1.5, 121)
    squares = (y - x * w) ** 2  # (199, 121): a column for each w
    after_a, after_b = (squares[x.flatten() == code].sum(dim=0) / len(x) for code in (0, 1))
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.plot(w, after_a, ":", color=GREY, label="share of the rows (0, 1)")
    ax.plot(w, after_b, "--", color=GREY, label="share of the rows (1, 0)")
    ax.plot(w, after_a + after_b, color=BLUE, label="the loss")
    best = best_weight(x, y)
    ax.plot([best], [100 / 199], "*", color=ORANGE, markersize=14)
    ax.annotate("100/199", (best, 100 / 199), xytext=(0, 9), textcoords="offset points", ha="center")
    ax.set(xlabel="weight", ylim=(-0.05, 1.7))
    ax.legend(loc="upper center", fontsize=9)
    return fig


def picture_two_starts() -> Figure:
    """The surface of the BCE over weight and bias, with the good and the bad start on it."""
    w, b = torch.meshgrid(torch.linspace(-10, 8, 91), torch.linspace(-5, 7, 91), indexing="ij")
    after_a = torch.nn.functional.softplus(-b)  # -log sig(b): after a, the logit is b, and the truth 1
    after_b = torch.nn.functional.softplus(w + b)  # -log(1 - sig(w + b)): after b, it is w + b, and the truth 0
    loss = (100 * after_a + 99 * after_b) / 199
    fig, ax = plt.subplots(figsize=(6, 3.6))
    filled = ax.contourf(w, b, loss, levels=[0, 0.05, 0.1, 0.2, 0.35, 0.7, 1, 1.5, 2, 3, 4, 6, 8], cmap="YlGnBu")
    fig.colorbar(filled, label="BCE")
    for name, at in [("good start", (-5.0, 2.5)), ("bad start", (5.0, -2.5))]:
        ax.plot(*at, "*", color="white", markeredgecolor="black", markersize=16)
        ax.annotate(name, at, xytext=(0, 11), textcoords="offset points", ha="center", color="black")
    ax.set(xlabel="weight", ylabel="bias")
    return fig


def picture_all_fits() -> Figure:
    """Three times 25 fits: the probability of b after a, and after b. In the green corner both letters are right."""
    x, y = ab_data()
    fig, ax = plt.subplots(1, 3, figsize=(9, 3.3), sharey=True)
    for axes, (name, make_net) in zip(ax, [("Sigmoid", Mynet1), ("ReLU", Mynet2), ("Tanh", Mynet3)], strict=True):
        curves = fit_many(make_net, x, y, 1000, 25)
        axes.fill_between([0.5, 1], 0, 0.5, color="#dff0df")
        axes.axhline(0.5, color="0.8", linewidth=1)
        axes.axvline(0.5, color="0.8", linewidth=1)
        axes.plot(curves[:, 0], curves[:, 1], "o", color=BLUE, alpha=0.6, markeredgewidth=0)
        axes.plot([1], [0], "*", color=ORANGE, markersize=16, clip_on=False, zorder=3)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="probability of b after a")
        axes.set_title(f"{name}: {summarise(curves)['right']} of 25 right", fontsize=11)
    ax[0].set_ylabel("probability of b after b")
    fig.tight_layout()
    return fig


def picture_embedding() -> Figure:
    """Where the fresh `Linear(1, 1)` and the fresh `Embedding(3, 1)` put a, b and c."""
    ebdd, linr = embedding_and_linear()
    codes = torch.arange(3)
    rows = [("Linear(1, 1)", linr(codes.float().reshape(-1, 1))), ("Embedding(3, 1)", ebdd(codes))]
    fig, ax = plt.subplots(figsize=(6.5, 2))
    for height, (_, places) in enumerate(rows):
        ax.axhline(height, color="0.85", linewidth=1, zorder=0)
        for letter, place, colour in zip("abc", places.flatten().tolist(), (BLUE, ORANGE, GREEN), strict=True):
            ax.plot([place], [height], "o", color=colour, markersize=18)
            ax.text(place, height, letter, ha="center", va="center_baseline", color="white", weight="bold")
    ax.set_yticks(range(2), [name for name, _ in rows])
    ax.set(ylim=(-0.6, 1.6), xlabel="what comes out for a, b and c")
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig
