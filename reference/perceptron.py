"""Lecture 001, first part: the perceptron, what it can learn, and why it takes a second layer.

Gates of one neuron; the perceptron with the outputs -1 and +1, its objective J(w) and the delta rule; no line makes XOR, and
two layers do; how many regions p lines make; activation functions and where their slopes vanish; the gradients of two layers.

n is the number of samples, d that of inputs, p that of neurons in the hidden layer, c that of outputs. Samples stand in rows.
X1 is X with a column of ones in front: then the first weight is the bias. A sum of exactly 0 counts as "no": as 0, or as -1.
"""
# ruff: noqa: N803  a capital letter is a matrix

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Curve = Callable[[np.ndarray], np.ndarray]

# ---------------------------------------------------------------------------------------------- 1  a neuron that is a gate

corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def AND(x1: float, x2: float) -> int:
    """1 where 0.5 x1 + 0.5 x2 is larger than the threshold 0.7, else 0."""
    w1, w2, theta = 0.5, 0.5, 0.7
    tmp = w1 * x1 + w2 * x2
    if tmp <= theta:
        return 0
    return 1


bias_of_and = -0.7


def gate(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """One neuron with a step: 1 for each row x of X with w·x + b > 0, else 0.  X: (n, d), w: (d,). Returns (n,) integers."""
    return np.where(X @ w + b > 0, 1, 0)


gates = {
    "AND": (np.array([0.5, 0.5]), -0.7),
    "NAND": (np.array([-0.5, -0.5]), 0.7),
    "OR": (np.array([0.5, 0.5]), -0.2),
}

# ----------------------------------------------------------------------------------------------------- 2  the perceptron


def with_ones(X: np.ndarray) -> np.ndarray:
    """X with a column of ones in front.  X: (n, d). Returns (n, d + 1)."""
    return np.column_stack([np.ones(len(X)), X])


def perceptron(X1: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The perceptron's outputs: +1 where the sum is above 0, else -1.  X1: (n, d + 1), w: (d + 1,). Returns (n,) integers."""
    return np.where(X1 @ w > 0, 1, -1)


def on_the_line(w: np.ndarray) -> np.ndarray:
    """Two points of the line w0 + w1 x1 + w2 x2 = 0, at least 1 apart.  w: (3,). Returns (2, 2), a point in each row."""
    across = w[1:] / np.linalg.norm(w[1:])  # of length 1, at a right angle to the line
    along = np.array([-across[1], across[0]])
    foot = -w[0] / np.linalg.norm(w[1:]) * across  # the point of the line that is nearest to (0, 0)
    return np.stack([foot - 3 * along, foot + 3 * along])


def line_figure(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> Figure:
    """Draw the samples as points, those of +1 and of -1 under these labels, and the line of w.  X: (n, 2), y: (n,), w: (3,)."""
    fig, ax = plt.subplots(figsize=(4, 4))
    ax.plot(X[y == 1, 0], X[y == 1, 1], "o", label="+1")
    ax.plot(X[y == -1, 0], X[y == -1, 1], "x", label="-1")
    ends = on_the_line(w)
    ax.plot(ends[:, 0], ends[:, 1], "k--")
    ax.set_xlim(X[:, 0].min() - 0.5, X[:, 0].max() + 0.5)
    ax.set_ylim(X[:, 1].min() - 0.5, X[:, 1].max() + 0.5)
    ax.legend()
    return fig


# ------------------------------------------------------------------------------------------------------ 3  how it learns


def misclassified(X1: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """For each sample, whether the perceptron with the weights w is wrong.  y: (n,), -1 or +1. Returns (n,), truth values."""
    return perceptron(X1, w) != y


def objective(X1: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """J(w): the sum of -y (w·x) over the samples that are misclassified. Returns a number."""
    wrong = misclassified(X1, y, w)
    return float(np.sum(-y[wrong] * (X1[wrong] @ w)))


def gradient(X1: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The gradient of J at w.  X1: (n, d + 1), y: (n,), w: (d + 1,). Returns (d + 1,)."""
    wrong = misclassified(X1, y, w)
    return -y[wrong] @ X1[wrong]


def delta_rule(X1: np.ndarray, y: np.ndarray, rho: float, steps: int) -> np.ndarray:
    """Learn from w = 0, all samples at once, until none is misclassified, or for so many steps.

    Returns the weights before the first step and after each, (k + 1, d + 1) for k steps.
    """
    w = np.zeros(X1.shape[1])
    history = [w]
    # blank: steps down the gradient; each new w goes into history
    for _ in range(steps):
        if not misclassified(X1, y, w).any():
            break
        w = w - rho * gradient(X1, y, w)
        history.append(w)
    # end blank
    return np.array(history)


def clouds(n: int) -> tuple[np.ndarray, np.ndarray]:
    """n points around (3, 2), those above the line x1 + 2 x2 = 7.5 of class +1, none near the line.  X: (n, 2), y: (n,)."""
    draw = np.random.default_rng(43052)
    X = draw.normal(loc=[3.0, 2.0], size=(2 * n, 2))
    d = (X[:, 0] + 2 * X[:, 1] - 7.5) / np.sqrt(5)
    X, d = X[np.abs(d) > 0.15][:n], d[np.abs(d) > 0.15][:n]
    return X, np.where(d > 0, 1, -1)


what_rho_does = "the length of w"

# ------------------------------------------------------------------------------------------------------ 4  no line for XOR


def best_of_lines(X1: np.ndarray, y: np.ndarray, grid: np.ndarray) -> int:
    """How many samples the best perceptron gets right whose weights w0, w1, w2 are all on the grid.  X1: (n, 3), y: (n,)."""
    w0, w1, w2 = np.meshgrid(grid, grid, grid)
    W = np.stack([w0.ravel(), w1.ravel(), w2.ravel()])  # every w is a column
    right = perceptron(X1, W) == y[:, None]
    return int(right.sum(axis=0).max())


# ----------------------------------------------------------------------------------------------------------- 5  two layers


def xor(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """XOR by two layers of gates: z is (NAND, OR) of each row, out is AND of z.  X: (n, 2). Returns z: (n, 2), out: (n,)."""
    z = np.column_stack([gate(X, *gates["NAND"]), gate(X, *gates["OR"])])
    return z, gate(z, *gates["AND"])


def collapse(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W and b of the one layer that does what two layers without steps do: X W + b = (X W1 + b1) W2 + b2, for every X.

    W1: (d, p), b1: (p,), W2: (p, c), b2: (c,). Returns W: (d, c), b: (c,).
    """
    return W1 @ W2, b1 @ W2 + b2


# ------------------------------------------------------------------------------------------------- 6  what p lines can do


def regions(p: int) -> int:
    """The largest number of regions into which p lines cut the plane."""
    return 1 + p + p * (p - 1) // 2


def count_regions(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> int:
    """How many different codes the rows of X have: the outputs of p gates, gate j with W[:, j] and b[j].  W: (d, p), b: (p,)."""
    codes = np.column_stack([gate(X, W[:, j], b[j]) for j in range(len(b))])
    return len(np.unique(codes, axis=0))


def plane(side: int) -> np.ndarray:
    """side * side points, close together, of the square from -5 to 5.  Returns (side * side, 2)."""
    ticks = np.linspace(-5, 5, side)
    return np.array([(x1, x2) for x1 in ticks for x2 in ticks])


def lines(p: int) -> tuple[np.ndarray, np.ndarray]:
    """p lines of which no two are parallel and no three meet in a point.  W: (2, p), b: (p,)."""
    angles = 0.3 + np.pi * np.arange(p) / p
    return np.stack([np.cos(angles), np.sin(angles)]), -np.ones(p)  # each touches the circle with the radius 1


# ------------------------------------------------------------------------------- 7  activations, and where slopes vanish


def sigmoid(x: np.ndarray, a: float = 1.0) -> np.ndarray:
    """1 / (1 + exp(-a x)) for each number of x; a is how steep it is. Never NaN."""
    return 1 / (1 + np.exp(-a * x))


def relu(x: np.ndarray) -> np.ndarray:
    """x where x is above 0, else 0."""
    return np.maximum(x, 0)


def derivatives(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The derivatives of the sigmoid (a = 1), of tanh and of ReLU at each number of x; that of ReLU at 0 is 0.  All like x."""
    s = sigmoid(x)
    return s * (1 - s), 1 - np.tanh(x) ** 2, np.where(x > 0, 1.0, 0.0)


def activation_figure(x: np.ndarray) -> Figure:
    """Draw the three functions over x to the left, their derivatives to the right; labels sigmoid, tanh, ReLU.  x: (n,)."""
    fig, ax = plt.subplots(1, 2, figsize=(9, 3))
    functions = sigmoid(x), np.tanh(x), relu(x)
    for axes, curves, title in [(ax[0], functions, "functions"), (ax[1], derivatives(x), "derivatives")]:
        for curve, label in zip(curves, ["sigmoid", "tanh", "ReLU"], strict=True):
            axes.plot(x, curve, label=label)
        axes.set_title(title)
        axes.legend()
    return fig


def alive(x: np.ndarray, slope: np.ndarray, floor: float) -> tuple[float, float]:
    """The smallest and the largest number of x at which the slope is at least floor, in size.  x, slope: (n,)."""
    there = x[np.abs(slope) >= floor]
    return float(there.min()), float(there.max())


def chain(f: Curve, df: Curve, w: float, depth: int) -> float:
    """The derivative of z = f(f(...f(w)...)) by w, with f taken `depth` times. df is the derivative of f."""
    slope = 1.0
    for _ in range(depth):
        slope = slope * df(w)
        w = f(w)
    return float(slope)


# ------------------------------------------------------------------------------------------------ 8  two layers that learn


def error(classes: np.ndarray, o: np.ndarray) -> float:
    """1/(2n) times the sum of the squared lengths of y - o, y the class vectors (one-hot).  classes: (n,), from 0, o: (n, c)."""
    y = np.eye(o.shape[1])[classes]
    return float(np.sum((y - o) ** 2) / (2 * len(o)))


def forward(X1: np.ndarray, U1: np.ndarray, U2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden layer with its ones, and the outputs.  X1: (n, d + 1), U1: (d + 1, p), U2: (p + 1, c).

    Returns Z1: (n, p + 1), out: (n, c).
    """
    Z1 = with_ones(sigmoid(X1 @ U1))
    return Z1, sigmoid(Z1 @ U2)


def backward(X1: np.ndarray, Y: np.ndarray, U1: np.ndarray, U2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of J = 1/2 times the sum of (Y - out)².  Y: (n, c). Returns dU1, dU2, like U1, U2."""
    Z1, out = forward(X1, U1, U2)
    # blank: backwards, from the outputs to U2, to the hidden layer, to U1
    of_outputs = (out - Y) * out * (1 - out)  # dJ by the sums of the output layer, (n, c)
    dU2 = Z1.T @ of_outputs
    Z = Z1[:, 1:]  # the ones take no part: nothing leads from U1 to them
    of_hidden = of_outputs @ U2[1:].T * Z * (1 - Z)  # dJ by the sums of the hidden layer, (n, p)
    dU1 = X1.T @ of_hidden
    # end blank
    return dU1, dU2


def start(p: int) -> tuple[np.ndarray, np.ndarray]:
    """Start weights for 2 inputs, p hidden neurons, 1 output, drawn from a fixed seed.  U1: (3, p), U2: (p + 1, 1)."""
    draw = np.random.default_rng(43052)
    return draw.normal(size=(3, p)), draw.normal(size=(p + 1, 1))


def fit(
    X1: np.ndarray, Y: np.ndarray, U1: np.ndarray, U2: np.ndarray, rho: float, epochs: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradient descent with the rate rho, all samples at once. The given U1 and U2 stay as they are.

    Returns the new U1 and U2, and J before each step, (epochs,).
    """
    losses = np.zeros(epochs)
    for epoch in range(epochs):
        # blank: the loss of this epoch, and one step of both
        _, out = forward(X1, U1, U2)
        losses[epoch] = np.sum((Y - out) ** 2) / 2
        dU1, dU2 = backward(X1, Y, U1, U2)
        U1 = U1 - rho * dU1
        U2 = U2 - rho * dU2
        # end blank
    return U1, U2, losses


# ---------------------------------------------------------------------------------------------------------- pictures

BLUE, ORANGE, GREY = "#1f6fb4", "#e07b1a", "#555555"


def shade(ax: Axes, ticks: np.ndarray, colour: Curve, cmap: str, darkest: float) -> None:
    """Colour a square by a number for each of its points, (n, 2) -> (n,).  ticks: of either axis."""
    x1, x2 = np.meshgrid(ticks, ticks)
    values = colour(np.column_stack([x1.ravel(), x2.ravel()])).reshape(x1.shape)
    around = (ticks[0], ticks[-1], ticks[0], ticks[-1])
    ax.imshow(values, cmap=cmap, vmin=0, vmax=darkest, origin="lower", extent=around, interpolation="nearest")


def draw_line(ax: Axes, w: np.ndarray, colour: str, width: float = 2, alpha: float = 1) -> None:
    """The line of w from edge to edge, if there is one."""
    if np.any(w[1:] != 0):
        ax.axline(*on_the_line(w), color=colour, linewidth=width, alpha=alpha)


def mark(ax: Axes, X: np.ndarray, y: np.ndarray, size: float = 9) -> None:
    """The samples: filled for +1 (or 1), hollow for the others."""
    yes = y > 0
    ax.plot(X[yes, 0], X[yes, 1], "o", color=BLUE, markersize=size, markeredgecolor="black", zorder=3)
    ax.plot(X[~yes, 0], X[~yes, 1], "o", color="white", markersize=size, markeredgecolor="black", zorder=3)


def picture_cover() -> Figure:
    """XOR: two lines in the plane of the inputs, one line in the plane of the hidden layer, and a surface that was learned."""
    ticks = np.linspace(-0.5, 1.5, 161)
    truth = np.array([0, 1, 1, 0])
    z, _ = xor(corners)
    U1, U2, _ = fit(with_ones(corners), truth[:, None], *start(3), 2.0, 4000)
    fig, ax = plt.subplots(1, 3, figsize=(10, 3.4), sharex=True, sharey=True)
    shade(ax[0], ticks, lambda X: xor(X)[1], "Blues", 3)
    shade(ax[1], ticks, lambda X: gate(X, *gates["AND"]), "Blues", 3)
    shade(ax[2], ticks, lambda X: forward(with_ones(X), U1, U2)[1][:, 0], "Blues", 3)
    for axes, name in [(ax[0], "NAND"), (ax[0], "OR"), (ax[1], "AND")]:
        draw_line(axes, np.array([gates[name][1], *gates[name][0]]), ORANGE)
    for x1, x2, name in [(1.02, 0.56, "NAND"), (-0.45, 0.5, "OR")]:
        ax[0].text(x1, x2, name, color=ORANGE, fontweight="bold")
    ax[1].text(1.12, 0.56, "AND", color=ORANGE, fontweight="bold")
    mark(ax[0], corners, truth)
    mark(ax[1], z, truth)
    mark(ax[2], corners, truth)
    ax[1].annotate("two corners in one", (1, 1), (0.25, 1.25), arrowprops={"arrowstyle": "-", "color": GREY}, color=GREY)
    for axes, title, letter in zip(ax, ["two gates of x", "one gate of z", "the same, learned"], "xzx", strict=True):
        axes.set_title(title)
        axes.set_xlabel(f"${letter}_1$")
        axes.set_ylabel(f"${letter}_2$")
        axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[0, 1], yticks=[0, 1], aspect="equal")
    fig.tight_layout()
    return fig


def picture_learning() -> Figure:
    """The delta rule on OR, AND and two clouds: the line after each step, the last one in orange."""
    X, y = clouds(100)
    sets = [("OR", corners, np.array([-1, 1, 1, 1])), ("AND", corners, np.array([-1, -1, -1, 1])), ("two clouds", X, y)]
    fig, ax = plt.subplots(1, 3, figsize=(10, 3.5))
    for axes, (name, points, labels) in zip(ax, sets, strict=True):
        history = delta_rule(with_ones(points), labels, 0.5, 1000)
        for w in history[1 : -1 : 1 if len(points) == 4 else 7]:
            draw_line(axes, w, GREY, 1, 0.4)
        draw_line(axes, history[-1], ORANGE)
        mark(axes, points, labels, 8 if len(points) == 4 else 5)
        axes.set_title(f"{name}: {len(history) - 1} steps")
        near = 0.5 if len(points) == 4 else 0.2
        axes.set_xlim(points[:, 0].min() - near, points[:, 0].max() + near)
        axes.set_ylim(points[:, 1].min() - near, points[:, 1].max() + near)
        axes.set_xlabel("$x_1$")
        axes.set_ylabel("$x_2$")
    fig.tight_layout()
    return fig


def picture_sixteen() -> Figure:
    """All sixteen gates of two inputs: for fourteen the best line is drawn, for XOR and its opposite there is none."""
    names = {1: "AND", 7: "OR", 14: "NAND", 8: "NOR", 6: "XOR", 9: "not XOR"}
    grid = np.arange(-4, 5) / 2
    fig, ax = plt.subplots(2, 8, figsize=(11, 3.7))
    for number, axes in enumerate(ax.flat):
        y = np.array([1 if number >> (3 - k) & 1 else -1 for k in range(4)])
        right = best_of_lines(with_ones(corners), y, grid)
        if right == 4:
            draw_line(axes, delta_rule(with_ones(corners), y, 0.5, 100)[-1], ORANGE)
        else:
            axes.set_facecolor("#fbe3d6")
        mark(axes, corners, y, 8)
        axes.set_title(names.get(number, ""), fontsize=10)
        axes.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=[], yticks=[], aspect="equal")
        axes.set_xlabel(f"{right} of 4", fontsize=9)
    fig.tight_layout(h_pad=1.5)
    return fig


def picture_regions() -> Figure:
    """One to four lines, each region in a colour of its own."""
    ticks = np.linspace(-4, 4, 321)
    fig, ax = plt.subplots(1, 4, figsize=(10, 2.8))
    for p, axes in enumerate(ax, start=1):
        W, b = lines(p)
        shade(axes, ticks, lambda X, W=W, b=b: numbered(X, W, b), "Set3", 11)
        for j in range(p):
            draw_line(axes, np.array([b[j], *W[:, j]]), "black", 1.2)
        axes.set_title(f"{p} line{'s' if p > 1 else ''}, {count_regions(plane(150), W, b)} regions")
        axes.set(xlim=(-4, 4), ylim=(-4, 4), xticks=[], yticks=[])
    fig.tight_layout()
    return fig


def numbered(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The number of the region in which each row of X lies, (n,), from 0."""
    codes = np.column_stack([gate(X, W[:, j], b[j]) for j in range(len(b))])
    return np.unique(codes, axis=0, return_inverse=True)[1].ravel()


def picture_steep() -> Figure:
    """The sigmoid becomes the step function as a grows."""
    x = np.linspace(-3, 3, 601)
    fig, ax = plt.subplots(figsize=(6, 2.8))
    for a, colour in [(1, "#9ecae1"), (3, "#4292c6"), (10, "#08519c")]:
        ax.plot(x, sigmoid(x, a), color=colour, linewidth=2, label=f"a = {a}")
    ax.step([-3, 0, 3], [0, 1, 1], where="post", color=ORANGE, linestyle="--", label="step")
    ax.set_xlabel("x")
    ax.legend()
    fig.tight_layout()
    return fig


def picture_vanishing() -> Figure:
    """The slope of f(f(...f(w)...)) over the number of layers, on a logarithmic axis."""
    depths = np.arange(1, 21)
    fig, ax = plt.subplots(figsize=(6, 3))
    for k, (name, f) in enumerate([("sigmoid", sigmoid), ("tanh", np.tanh), ("ReLU", relu)]):
        slopes = [chain(f, lambda x, k=k: derivatives(np.asarray(x))[k], 0.5, depth) for depth in depths]
        ax.plot(depths, slopes, "o-", color=(BLUE, ORANGE, "#3a9a4b")[k], label=name, markersize=4)
    ax.set_yscale("log")
    ax.set_xticks([1, 5, 10, 15, 20])
    ax.set_xlabel("layers")
    ax.set_ylabel("slope at w = 0.5")
    ax.legend()
    fig.tight_layout()
    return fig


def slopes_by_torch(x: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same three derivatives as torch finds them, with 32-bit floats.  x: (n,)."""
    slopes = []
    for f in (torch.sigmoid, torch.tanh, torch.relu):
        at = torch.tensor(x, dtype=torch.float32, requires_grad=True)
        f(at).sum().backward()
        slopes.append(at.grad)
    return slopes[0], slopes[1], slopes[2]
