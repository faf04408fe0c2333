"""Lecture 003, "Deep neural networks (1)": a bent line from two ReLUs, and with it beyond what logistic regression can do.

The bent line has the slope 9 up to 0, where it is 4.5, and the slope -4.5 from there. It is written by cases, with two ReLUs, as
a matrix product and as a network. Then a network of the same make learns a probability that rises and falls: the data `dnnex`,
made by their law, logit 5 - 15 relu(-x) - 5 relu(x). n is the number of points; x, y and prob are columns, (n, 1).
"""

import copy
import itertools

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

relu = torch.nn.ReLU()
sig = torch.nn.Sigmoid()

# -------------------------------------------------------------------------------------------------------- 1  by cases, and copies


def bent_by_cases(x: torch.Tensor) -> torch.Tensor:
    """The bent line, case by case: 9x + 4.5 below 0, -4.5x + 4.5 above. x stays as it is.  x: (n, 1). Returns (n, 1)."""
    y = torch.zeros_like(x)
    y[x < 0] = (9 * x + 4.5)[x < 0]
    y[x > 0] = (-4.5 * x + 4.5)[x > 0]
    return y


def aliases(y: torch.Tensor, x: torch.Tensor) -> bool:
    """Do y and x share their memory, so that writing into one changes the other? y is x, a part of it, or made from it."""
    return y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def spoiled(x: torch.Tensor) -> torch.Tensor:
    """What the lecture's three lines with y = x leave in y. The caller's x stays as it is.  x: (n, 1). Returns (n, 1)."""
    x = x.clone()
    y = x
    y[x < 0] = (9 * x + 4.5)[x < 0]
    y[x > 0] = (-4.5 * x + 4.5)[x > 0]
    return y


# -------------------------------------------------------------------------------------------------------------- 2  two ReLUs


def bent_by_relus(x: torch.Tensor) -> torch.Tensor:
    """The bent line as a sum of two ReLUs and a number.  x: (n, 1). Returns (n, 1)."""
    return -4.5 * relu(x) - 9 * relu(-x) + 4.5


slip_step = 4


def six_axes(x: torch.Tensor) -> Figure:
    """x and -x, their ReLUs, the bent line and its sigmoid, each over x in axes of its own, in this order.  x: (n, 1)."""
    y = bent_by_relus(x)
    drawn = {"x": x, "-x": -x, "relu(x)": relu(x), "relu(-x)": relu(-x), "the sum": y, "its sigmoid": sig(y)}
    fig = plt.figure(figsize=(9, 4))
    grid = fig.add_gridspec(4, 4)
    places = [grid[:2, 0], grid[2:, 0], grid[:2, 1], grid[2:, 1], grid[1:3, 2], grid[1:3, 3]]
    for place, colour, (title, values) in zip(places, ["C0", "C1", "C0", "C1", "C2", "C2"], drawn.items(), strict=True):
        ax = fig.add_subplot(place)
        ax.plot(x, values, "--", color=colour)
        ax.set_title(title)
    fig.tight_layout()
    return fig


# ---------------------------------------------------------------------------------------------------- 3  matrices and layers


def u_and_v(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The columns x and -x side by side, and the ReLU of both.  x: (n, 1). Returns u, v: (n, 2)."""
    u = torch.concat([x, -x], dim=1)
    v = relu(u)
    return u, v


def by_matrix(v: torch.Tensor) -> torch.Tensor:
    """The bent line as a matrix product and a number.  v: (n, 2). Returns (n, 1)."""
    What = torch.tensor([[-4.5], [-9.0]])
    return v @ What + 4.5


def second_layer() -> torch.nn.Linear:
    """The layer that makes the bent line of v, (n, 2) -> (n, 1)."""
    l2 = torch.nn.Linear(2, 1)
    l2.weight.data = torch.tensor([[-4.5, -9.0]])
    l2.bias.data = torch.tensor([4.5])
    return l2


def first_layer() -> torch.nn.Linear:
    """The layer that makes u of x, (n, 1) -> (n, 2)."""
    l1 = torch.nn.Linear(1, 2)
    l1.weight.data = torch.tensor([[1.0], [-1.0]])
    l1.bias.data = torch.tensor([0.0, 0.0])
    return l1


def merged(l1: torch.nn.Linear, l2: torch.nn.Linear) -> torch.nn.Linear:
    """One new layer that computes l2(l1(x)), where nothing stands between the two."""
    one = torch.nn.Linear(l1.in_features, l2.out_features)
    one.weight.data = l2.weight.data @ l1.weight.data
    one.bias.data = l2.weight.data @ l1.bias.data + l2.bias.data
    return one


def bent_net() -> torch.nn.Sequential:
    """Linear(1, 2), ReLU, Linear(2, 1) with weights that make net(x) the bent line for x from -1 to 1."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    l1, _, l2 = net
    l1.weight.data = torch.tensor([[1.0], [-1.0]])
    l1.bias.data = torch.tensor([0.0, 0.0])
    l2.weight.data = torch.tensor([[-4.5, -9.0]])
    l2.bias.data = torch.tensor([4.5])
    return net


# ------------------------------------------------------------------------------------------------- 4  formula and freedom


def as_formula(net: torch.nn.Sequential) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """W1, b1, W2, b2 such that relu(X @ W1 + b1) @ W2 + b2 is net(X).  net: Linear(p, h), ReLU, Linear(h, q).

    W1: (p, h), b1: (h,), W2: (h, q), b2: (q,), without gradients.
    """
    l1, l2 = net[0], net[2]
    return l1.weight.data.T, l1.bias.data, l2.weight.data.T, l2.bias.data


def rescaled(net: torch.nn.Sequential, factors: torch.Tensor) -> torch.nn.Sequential:
    """A new network with the same outputs: what goes into hidden node k is factors[k] times as much. net stays as it is.

    net: Linear(p, h), ReLU, Linear(h, q); factors: (h,), positive.
    """
    new = copy.deepcopy(net)
    new[0].weight.data = factors.reshape(-1, 1) * net[0].weight.data
    new[0].bias.data = factors * net[0].bias.data
    new[2].weight.data = net[2].weight.data / factors
    return new


# ------------------------------------------------------------------------------------------------ 5  beyond logistic regression


def dnnex(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The data dnnex, from their law: x from -1 to 1, the probability of a 1, and y, drawn after seeding. Each (n, 1)."""
    x = torch.linspace(-1, 1, n).reshape(-1, 1)
    prob = sig(5 - 15 * relu(-x) - 5 * relu(x))
    torch.manual_seed(seed)
    y = torch.bernoulli(prob)
    return x, prob, y


def scatter(x: torch.Tensor, y: torch.Tensor, prob: torch.Tensor) -> None:
    """Draw the data as faint dots and the true probability as a dashed line."""
    plt.plot(x, y, "o", color="C0", alpha=0.02)
    plt.plot(x[0], y[0], "o", color="C0", label="observed data")
    plt.plot(x, prob, "--b", label="prob (true, unknown)")
    plt.legend()


def best_constant(y: torch.Tensor) -> tuple[float, float]:
    """The best prediction that is the same for everybody, and its binary cross entropy.  y: (n, 1), zeros and ones."""
    p = y.mean()
    loss = -(p * p.log() + (1 - p) * (1 - p).log())
    return p.item(), loss.item()


def train(
    net: torch.nn.Module,
    loss_fn: torch.nn.Module,
    optimizr: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
) -> torch.Tensor:
    """Full-batch training.  x, y: (n, 1). Returns the loss of each epoch, (epochs,)."""
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: the four steps; call the loss `loss`
        yhat = net(x)
        loss = loss_fn(yhat, y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


def logistic(x: torch.Tensor, y: torch.Tensor) -> torch.nn.Sequential:
    """The best logistic regression: Linear(1, 1) and Sigmoid, trained until the loss does not fall any more.  x, y: (n, 1)."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    optimizr = torch.optim.Adam(net.parameters(), lr=0.1)
    train(net, torch.nn.BCELoss(), optimizr, x, y, 300)
    return net


arrows = ["l1", "a1", "l2", "a2"]


def dnnex_net(seed: int) -> torch.nn.Sequential:
    """A network for dnnex with two hidden nodes, made right after the seed was set.  (n, 1) -> (n, 1), probabilities."""
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Sigmoid())


def shapes(net: torch.nn.Sequential, x: torch.Tensor) -> list[tuple[int, ...]]:
    """The shape of x, and of what comes out of each layer of net, one after the other."""
    found = [tuple(x.shape)]
    for layer in net:
        x = layer(x)
        found.append(tuple(x.shape))
    return found


def snapshot(net: torch.nn.Module) -> torch.nn.Module:
    """The network as it is now, to be kept while the other one is trained on."""
    return copy.deepcopy(net)


def fit(
    x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.nn.Sequential, torch.nn.Module, torch.optim.Optimizer, torch.Tensor]:
    """Train the network of seed 43052 with Adam twice as long as `epochs`. Returns it and how it was half way."""
    net = dnnex_net(43052)
    loss_fn = torch.nn.BCELoss()
    optimizr = torch.optim.Adam(net.parameters(), lr=lr)
    first = train(net, loss_fn, optimizr, x, y, epochs)
    half_way = snapshot(net)
    second = train(net, loss_fn, optimizr, x, y, epochs)
    losses = torch.concat([first, second])
    return net, half_way, optimizr, losses


def pieces(net: torch.nn.Sequential) -> tuple[list[float], list[float]]:
    """Where the logit of net bends between -1 and 1, from left to right, and its slope on each piece from -1 to 1.

    net: Linear(1, h), ReLU, Linear(h, 1) and perhaps Sigmoid. Returns knots (k of them) and slopes (k + 1 of them).
    """
    into, bias, out = net[0].weight.data[:, 0], net[0].bias.data, net[2].weight.data[0]
    places = {(-b / w).item() for w, b in zip(into, bias, strict=True) if w != 0}
    knots = sorted(place for place in places if -1 < place < 1)
    edges = [-1.0, *knots, 1.0]
    slopes = []
    for k in range(len(knots) + 1):
        middle = (edges[k] + edges[k + 1]) / 2
        active = into * middle + bias > 0
        slopes.append((out * into)[active].sum().item())
    return knots, slopes


def experiment(
    x: torch.Tensor, y: torch.Tensor, prob: torch.Tensor, seeds: int, lr_seeds: float, epochs_seeds: int
) -> tuple[list[float], list[bool]]:
    """Train the networks of the seeds 0, 1, ...: the last loss of each, and whether it is within 0.15 of prob everywhere."""
    finals = []
    right = []
    for seed in range(seeds):
        net = dnnex_net(seed)
        optimizr = torch.optim.Adam(net.parameters(), lr=lr_seeds)
        losses = train(net, torch.nn.BCELoss(), optimizr, x, y, epochs_seeds)
        finals.append(losses[-1].item())
        right.append(bool((net(x) - prob).abs().max() < 0.15))
    return finals, right


# ---------------------------------------------------------------------------------------------------------------- the pictures


def picture_cover() -> Figure:
    """Two rays, the bent line that they add up to, and the probability that comes of a bent line."""
    x = torch.linspace(-1, 1, 401).reshape(-1, 1)
    fig, (rays, line, chance) = plt.subplots(1, 3, figsize=(10.5, 3.2))
    rays.plot(x, -9 * relu(-x), color="C1", lw=2.5)
    rays.plot(x, -4.5 * relu(x), color="C0", lw=2.5)
    rays.text(-0.62, -7.2, "one ReLU", color="C1", ha="left")
    rays.text(0.55, -4.6, "another", color="C0", ha="right")
    rays.set_title("two rays …", fontsize=11)
    line.plot(x, bent_by_relus(x), color="C2", lw=2.5)
    line.set_title("… add up to a bent line …", fontsize=11)
    dots, prob, y = dnnex(2000, 43052)
    chance.plot(dots, y, "o", color="0.5", alpha=0.02)
    chance.plot(dots, prob, color="C3", lw=2.5)
    chance.text(0.32, 0.36, "no logistic regression\ncan follow this", ha="center", va="center", color="C3")
    chance.set_title("… and a chance that comes and goes", fontsize=11)
    for ax in (rays, line, chance):
        ax.set_xlabel("x")
        ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    return fig


def picture_copies() -> Figure:
    """y = x and x + 0: names on memory; and what is written through the shared one."""
    fig, (memory, drawn) = plt.subplots(1, 2, figsize=(10, 3.3), width_ratios=[1.1, 1])
    memory.set(xlim=(0, 10), ylim=(0, 4.6))
    memory.axis("off")

    def name(x: float, y: float, text: str) -> None:
        memory.text(x, y, text, ha="center", va="center_baseline", fontsize=12, family="monospace", weight="bold")

    def numbers(y: float, text: str, colour: str) -> None:
        style = {"boxstyle": "round,pad=0.45", "facecolor": colour, "edgecolor": "0.3"}
        memory.text(6.6, y, text, ha="center", va="center_baseline", fontsize=10, bbox=style)

    def arrow(y0: float, y1: float) -> None:
        memory.annotate("", (4.8, y1), (3.3, y0), arrowprops={"arrowstyle": "->", "color": "0.3"})

    name(2.9, 4.0, "x")
    name(2.9, 3.2, "y")
    memory.text(0.2, 3.6, "y = x", family="monospace", va="center_baseline", fontsize=12)
    numbers(3.6, "−1.0  −0.998  …  1.0", "mistyrose")
    arrow(4.0, 3.72)
    arrow(3.2, 3.48)
    name(2.9, 1.5, "x")
    name(2.9, 0.6, "y")
    memory.text(0.2, 1.05, "y = x + 0", family="monospace", va="center_baseline", fontsize=12)
    numbers(1.5, "−1.0  −0.998  …  1.0", "honeydew")
    numbers(0.6, "−1.0  −0.998  …  1.0", "honeydew")
    arrow(1.5, 1.5)
    arrow(0.6, 0.6)
    memory.set_title("one piece of memory with two names, or two pieces", fontsize=11)
    x = torch.linspace(-1, 1, 400).reshape(-1, 1)
    drawn.plot(x, bent_by_relus(x), color="C2", lw=2.5, label="y began as a copy")
    drawn.plot(x, spoiled(x), ".", color="C3", markersize=3, label="y was x itself")
    drawn.set_xlabel("x, as it was before")
    drawn.set_title("what the same three lines leave in y", fontsize=11)
    drawn.legend(fontsize=9)
    drawn.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    return fig


def picture_sum() -> Figure:
    """The two ReLUs, each times its number, and the sum of both without and with the third number, under their right names."""
    x = torch.linspace(-1, 1, 401).reshape(-1, 1)
    fig, panels = plt.subplots(1, 3, figsize=(10, 2.9))
    drawn = [
        [("relu(x)", relu(x), "C0"), ("relu(−x)", relu(-x), "C1")],
        [("a · relu(x)", -4.5 * relu(x), "C0"), ("b · relu(−x)", -9 * relu(-x), "C1")],
        [("their sum", -4.5 * relu(x) - 9 * relu(-x), "C4"), ("their sum + c", bent_by_relus(x), "C2")],
    ]
    for ax, curves in zip(panels, drawn, strict=True):
        for label, values, colour in curves:
            ax.plot(x, values, color=colour, lw=2, label=label)
        ax.legend(fontsize=9, loc="lower center" if ax is not panels[0] else "upper center")
        ax.set_xlabel("x")
        ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    return fig


def picture_network() -> Figure:
    """The network for dnnex: what comes out of each layer, as nodes, with the shapes below."""
    fig, ax = plt.subplots(figsize=(9.5, 3.2))
    ax.set(xlim=(-0.6, 8.6), ylim=(-1.9, 1.75), aspect="equal")
    ax.axis("off")
    columns = [(0, [0.0]), (2, [0.8, -0.8]), (4, [0.8, -0.8]), (6, [0.0]), (8, [0.0])]
    for (x0, starts), (x1, ends) in itertools.pairwise(columns):
        for i, y0 in enumerate(starts):
            for j, y1 in enumerate(ends):
                if len(starts) == len(ends) and i != j:
                    continue  # an activation goes from node to node
                ax.annotate(
                    "", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->", "color": "0.45", "shrinkA": 19, "shrinkB": 21}
                )
    colours = ["0.9", "lightblue", "moccasin", "lightblue", "lightgreen"]
    for (x, heights), colour in zip(columns, colours, strict=True):
        for y in heights:
            ax.add_patch(plt.Circle((x, y), 0.33, facecolor=colour, edgecolor="0.3", zorder=3))
    texts = [["$x$"], ["$u_1$", "$u_2$"], ["$v_1$", "$v_2$"], ["$u$"], [r"$\hat{y}$"]]
    for (x, heights), names in zip(columns, texts, strict=True):
        for y, text in zip(heights, names, strict=True):
            ax.text(x, y, text, ha="center", va="center", fontsize=12, zorder=4)
    for x, text in zip((1, 3, 5, 7), ("Linear", "ReLU", "Linear", "Sigmoid"), strict=True):
        ax.text(x, 1.5, text, ha="center", va="center", fontsize=11, color="0.25")
    for (x, _), width in zip(columns, (1, 2, 2, 1, 1), strict=True):
        ax.text(x, -1.65, f"(n, {width})", ha="center", va="center", fontsize=10)
    fig.tight_layout()
    return fig


def picture_dnnex() -> Figure:
    """The data, the true probability, and the best that a constant and a logistic regression can do."""
    x, prob, y = dnnex(2000, 43052)
    fig, ax = plt.subplots(figsize=(8, 3.6))
    plt.sca(ax)
    scatter(x, y, prob)
    p, loss = best_constant(y)
    ax.plot(x, torch.full_like(x, p), color="0.5", label=f"the best constant, loss {loss:.3f}")
    line = logistic(x, y)(x).detach()
    loss = torch.nn.functional.binary_cross_entropy(line, y).item()
    ax.plot(x, line, color="C1", label=f"the best logistic regression, loss {loss:.3f}")
    ax.legend(fontsize=9, loc="center right", bbox_to_anchor=(1.0, 0.32))
    ax.set_xlabel("x")
    ax.spines[["top", "right"]].set_visible(False)
    fig.tight_layout()
    return fig


def picture_minima() -> Figure:
    """Four starts, four places where training comes to rest."""
    x, prob, y = dnnex(2000, 43052)
    fig, panels = plt.subplots(1, 4, figsize=(11, 2.9), sharey=True)
    for ax, seed, text in zip(panels, (0, 1, 3, 5), ("flat", "never bends", "bends once, then flat", "up and down"), strict=True):
        net = dnnex_net(seed)
        losses = train(net, torch.nn.BCELoss(), torch.optim.Adam(net.parameters(), lr=0.02), x, y, 600)
        ax.plot(x, prob, "--b", lw=1.2, label="true")
        ax.plot(x, net(x).detach(), color="C3", lw=2.2, label="learned")
        ax.set_title(f"seed {seed}: {text}\nloss {losses[-1]:.3f}", fontsize=10)
        ax.set_xlabel("x")
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].legend(fontsize=9, loc="lower right")
    fig.tight_layout()
    return fig
