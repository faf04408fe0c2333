"""Lecture 001, second part: how derivatives are computed, first by hand, one operation at a time, then by torch's autograd.

The backward pass of each operation takes the gradient from above ("upstream") and multiplies it by its own slope. Autograd does
that for whole graphs: what it notes down, what it keeps, what it adds up, and how a gradient is itself differentiated. n and m
are numbers of inputs and outputs. Nothing here is trained, and nothing is drawn at random.
"""
# ruff: noqa: ARG004  torch hands ctx to every forward and backward

import itertools
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# ------------------------------------------------------------------------------------------------- 1  one operation at a time


class Multiply(torch.autograd.Function):
    """The product in1 * in2, entry by entry.  Both of the same shape, like the result."""

    @staticmethod
    def forward(ctx: Any, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        # blank: keep for the way back what it needs, and return the product
        ctx.save_for_backward(in1, in2)
        return in1 * in2
        # end blank

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # blank: two gradients, in the order of the inputs
        in1, in2 = ctx.saved_tensors
        return upstream * in2, upstream * in1
        # end blank


class Add(torch.autograd.Function):
    """The sum of any number of inputs, entry by entry.  All of the same shape, like the result."""

    @staticmethod
    def forward(ctx: Any, *inputs: torch.Tensor) -> torch.Tensor:
        # blank: note how many there are, and return their sum
        ctx.count = len(inputs)
        return torch.stack(inputs).sum(dim=0)
        # end blank

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, ...]:
        # blank: a gradient for each input
        return (upstream,) * ctx.count
        # end blank


class Sigmoid(torch.autograd.Function):
    """1 / (1 + exp(-x)), entry by entry.  x: any shape, like the result."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        # blank: the sigmoid; keep what the way back needs
        out = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(out)
        return out
        # end blank

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> torch.Tensor:
        # blank: upstream times the slope
        (out,) = ctx.saved_tensors
        return upstream * out * (1 - out)
        # end blank


class ReLU(torch.autograd.Function):
    """max(0, x), entry by entry.  x: any shape, like the result."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        # blank: 0 for what is negative; keep what the way back needs
        ctx.save_for_backward(x)
        return x.clamp(min=0)
        # end blank

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> torch.Tensor:
        # blank: what came through forwards comes through backwards
        (x,) = ctx.saved_tensors
        return upstream * (x > 0)
        # end blank


class Max(torch.autograd.Function):
    """The largest entry of a vector.  x: (n,), the result: one number."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        # blank: the largest entry; keep what the way back needs
        ctx.save_for_backward(x)
        return x.max()
        # end blank

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> torch.Tensor:
        # blank: the winner takes all
        (x,) = ctx.saved_tensors
        gradient = torch.zeros_like(x)
        gradient[x.argmax()] = upstream
        return gradient
        # end blank


class FanOut(torch.autograd.Function):
    """k copies of t, for k branches that need it.  t: any shape, the result: a tuple of k tensors of this shape."""

    @staticmethod
    def forward(ctx: Any, t: torch.Tensor, k: int) -> tuple[torch.Tensor, ...]:
        # blank: k copies
        return tuple(t.clone() for _ in range(k))
        # end blank

    @staticmethod
    def backward(ctx: Any, *upstreams: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        # blank: the gradient of t, and None for k, which is no tensor
        return torch.stack(upstreams).sum(dim=0), None
        # end blank


# ----------------------------------------------------------------------------------------------------- 2  what torch notes down


def facts(tensor: torch.Tensor) -> dict[str, Any]:
    """Whether autograd follows the tensor, whether it is a leaf, and the name of the operation that made it, or None."""
    made_by = tensor.grad_fn
    return {
        "requires_grad": tensor.requires_grad,
        "is_leaf": tensor.is_leaf,
        "grad_fn": None if made_by is None else type(made_by).__name__,
    }


spelled = {
    1: "requires_grad",
    2: "torch.no_grad()",
    3: "x.requires_grad",
    4: "k'(x)",
    5: "dz_dx[i][j].numpy() == 8.0",
}


def nodes_of(tensor: torch.Tensor) -> list[str]:
    """The names of all nodes of the graph that ends in the tensor, each node once, in any order; none for a leaf."""
    seen = []
    waiting = [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.append(node)
            waiting += [before for before, _ in node.next_functions]
    return [type(node).__name__ for node in seen]


# ----------------------------------------------------------------------------------------------------------- 3  backward


def all_gradients(numbers: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
    """The gradients of out = mean of z, z = y ** 3, y = x + 2 by x, y and z.  numbers: what x holds. All of this shape."""
    x = numbers.clone().requires_grad_()
    y = x + 2
    z = y**3
    out = z.mean()
    y.retain_grad()
    z.retain_grad()
    out.backward()
    return x.grad, y.grad, z.grad


def graph(numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A new leaf x with these numbers, and y, z and out over it."""
    x = numbers.clone().requires_grad_()
    y = x + 2
    z = y**3
    return x, y, z, z.mean()


def second_backward(
    numbers: torch.Tensor,
) -> tuple[str, torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
    """backward() twice on one graph(numbers), nothing kept. Returns the error's message, and then the gradients of x, y, z."""
    x, y, z, out = graph(numbers)
    message = "no error"
    # blank: once with all gradients kept, then again: let `message` be the text of the RuntimeError
    y.retain_grad()
    z.retain_grad()
    out.backward()
    try:
        out.backward()
    except RuntimeError as error:
        message = str(error)
    # end blank
    return message, x.grad, y.grad, z.grad


def after_passes(numbers: torch.Tensor, passes: int) -> tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
    """The gradients of x, y and z after so many backward passes through the same graph(numbers); y keeps its own, z does not."""
    x, y, z, out = graph(numbers)
    y.retain_grad()
    for _ in range(passes):
        out.backward(retain_graph=True)
    return x.grad, y.grad, z.grad


def descend(f: Callable[[torch.Tensor], torch.Tensor], start: torch.Tensor, rho: float, steps: int) -> torch.Tensor:
    """Gradient descent by hand.  start: (n,), left as it is. Returns start and the place after each step, (steps + 1, n)."""
    w = start.clone().requires_grad_()
    path = [w.detach().clone()]
    for _ in range(steps):
        f(w).backward()
        with torch.no_grad():
            w -= rho * w.grad
        w.grad = None
        path.append(w.detach().clone())
    return torch.stack(path)


# ------------------------------------------------------------------------------------------------------- 4  to stop following

copies = {
    "x.detach()": (False, True),
    "x.clone()": (True, False),
    "x.detach().clone()": (False, False),
    "x + 2": (True, False),
}


def stopped(numbers: torch.Tensor) -> torch.Tensor | None:
    """The gradient by x of the sum of y * y, y = x ** 2, where the second y counts as a constant.  numbers: what x holds."""
    x = numbers.clone().requires_grad_()
    y = x**2
    (y * y.detach()).sum().backward()
    return x.grad


# ------------------------------------------------------------------------------------------------------- 5  many by many

shapes = {
    "a number by a number": (),
    "a number by a vector": (4,),
    "a vector by a vector": (3, 4),
    "v times the Jacobian": (4,),
}


def vjp(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, v: torch.Tensor) -> torch.Tensor | None:
    """v times the Jacobian of f at x, in one backward pass.  x: (n,), f(x), v: (m,). Returns (n,)."""
    leaf = x.clone().requires_grad_()
    f(leaf).backward(v)
    return leaf.grad


def jacobian(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The derivative of each entry of f(x) by each entry of x.  x: (n,), f(x): (m,). Returns (m, n)."""
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = []
    for v in torch.eye(len(y), dtype=y.dtype):
        (row,) = torch.autograd.grad(y, leaf, v, retain_graph=True)
        rows.append(row)
    return torch.stack(rows)


# ------------------------------------------------------------------------------------------------ 6  gradients of gradients


def square_of_sum(numbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """y = the sum of x, z = y * y, and the derivatives dz/dx, of the shape of x, and dz/dy.  numbers: what x holds."""
    x = numbers.clone().requires_grad_()
    y = x.sum()
    z = y * y
    dz_dx, dz_dy = torch.autograd.grad(z, [x, y])
    return y.detach(), z.detach(), dz_dx, dz_dy


def fourth_power(number: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The derivatives dz/dx and dy/dx at x = number, where y = x * x and z = y * y."""
    x = torch.tensor(number, requires_grad=True)
    y = x * x
    z = y * y
    (dz_dx,) = torch.autograd.grad(z, x, retain_graph=True)
    (dy_dx,) = torch.autograd.grad(y, x)
    return dz_dx, dy_dx


def derivatives(f: Callable[[torch.Tensor], torch.Tensor], number: float, n: int) -> list[float]:
    """The first n derivatives of f at x = number, each got by differentiating the one before."""
    x = torch.tensor(number, requires_grad=True)
    y = f(x)
    found = []
    for _ in range(n):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        found.append(y.item())
    return found


# ---------------------------------------------------------------------------------------------------------- the pictures

BLUE, ORANGE, GREEN, GREY = "tab:blue", "tab:orange", "tab:green", "0.6"


def node(ax: Axes, at: tuple[float, float], label: str, colour: str = "white", size: float = 0.32) -> None:
    ax.add_patch(plt.Circle(at, size, facecolor=colour, edgecolor="0.25", linewidth=1.3, zorder=2))
    ax.text(*at, label, ha="center", va="center", fontsize=12, zorder=3)


def arrow(ax: Axes, begin: tuple[float, float], end: tuple[float, float], forward: str = "", backward: str = "") -> None:
    """An edge, with the number that goes forwards above it and the one that comes back below."""
    ax.annotate("", end, begin, arrowprops={"arrowstyle": "-|>", "color": "0.35", "shrinkA": 19, "shrinkB": 19, "lw": 1.3})
    x, y = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
    ax.text(x, y + 0.09, forward, color=BLUE, va="bottom", ha="center", fontsize=11)
    ax.text(x, y - 0.09, backward, color=ORANGE, va="top", ha="center", fontsize=11)


def blank_axes(width: float, height: float, xlim: tuple[float, float], ylim: tuple[float, float]) -> tuple[Figure, Axes]:
    fig, ax = plt.subplots(figsize=(width, height))
    ax.set(xlim=xlim, ylim=ylim, aspect="equal")
    ax.axis("off")
    return fig, ax


def picture_cover() -> Figure:
    """z = t² · 3t at t = 2 as a graph: values go forwards, gradients come back, and those of two branches add up."""
    t = torch.tensor(2.0, requires_grad=True)
    up, down = FanOut.apply(t, 2)
    x, y = up**2, 3 * down
    z = Multiply.apply(x, y)
    for tensor in (up, down, x, y, z):
        tensor.retain_grad()
    z.backward()

    def value(name: str, tensor: torch.Tensor) -> str:
        return f"{name} = {tensor.item():g}"

    def slope(name: str, tensor: torch.Tensor) -> str:
        return f"∂z/∂{name} = {tensor.grad.item():g}" if tensor.grad is not None else ""

    fig, ax = blank_axes(8.6, 3.6, (-1.5, 9.6), (-2.1, 2.2))
    fan, square, triple, times = (1.6, 0.0), (4.0, 1.25), (4.0, -1.25), (6.6, 0.0)
    for at, label, colour in [
        (fan, "fan", "#eeeeee"),
        (square, "( )²", "#e8f1fa"),
        (triple, "3·", "#e8f1fa"),
        (times, "×", "#fdf0e2"),
    ]:
        node(ax, at, label, colour, 0.36)
    arrow(ax, (-1.0, 0.0), fan, value("t", t), slope("t", t))
    arrow(ax, times, (9.2, 0.0), value("z", z), slope("z", z))
    arrow(ax, fan, square)
    arrow(ax, fan, triple)
    arrow(ax, square, times)
    arrow(ax, triple, times)
    for at, forward, backward, ha in [
        ((2.55, 1.25), value("t", up), f"back: {up.grad.item():g}", "right"),
        ((2.55, -1.1), value("t", down), f"back: {down.grad.item():g}", "right"),
        ((5.6, 1.25), value("x", x), slope("x", x), "left"),
        ((5.6, -1.1), value("y", y), slope("y", y), "left"),
    ]:
        ax.text(*at, forward, color=BLUE, fontsize=11, ha=ha)
        ax.text(at[0], at[1] - 0.36, backward, color=ORANGE, fontsize=11, ha=ha)
    ax.text(-1.4, 2.0, "forwards: values", color=BLUE, fontsize=11)
    ax.text(-1.4, 1.62, "backwards: gradients", color=ORANGE, fontsize=11)
    return fig


def picture_graph() -> Figure:
    """The graph of out = mean((x + 2)³): tensors above, and below what autograd noted down about them."""
    tensors = dict(zip(("x", "y", "z", "out"), graph(torch.ones(2, 2)), strict=True))
    fig, ax = blank_axes(8.6, 2.9, (-0.9, 10.3), (-1.9, 1.35))
    formulas = {"x": "", "y": "x + 2", "z": "y³", "out": "mean of z"}
    places = {name: (3.1 * i, 0.35) for i, name in enumerate(tensors)}
    names = list(tensors)
    for name, tensor in tensors.items():
        x, y = places[name]
        noted = facts(tensor)
        node(ax, (x, y), name, "#e8f1fa" if noted["is_leaf"] else "white", 0.42)
        ax.text(x, y + 0.55, "leaf" if noted["is_leaf"] else formulas[name], ha="center", fontsize=11, color=BLUE)
        label = noted["grad_fn"] or "AccumulateGrad"
        ax.text(
            x,
            -1.2,
            label,
            ha="center",
            va="center",
            fontsize=10,
            bbox={"boxstyle": "round,pad=0.35", "fc": "#fdf0e2", "ec": "0.5"},
        )
        ax.plot([x, x], [-0.12, -0.9], ":", color="0.55")
    for left, right in itertools.pairwise(names):
        arrow(ax, places[left], places[right])
        begin, end = places[right][0] - 1.02, places[left][0] + 1.02
        ax.annotate("", (end, -1.2), (begin, -1.2), arrowprops={"arrowstyle": "-|>", "color": ORANGE, "lw": 1.3})
    ax.text(4.65, -1.8, "the way back: grad_fn, and from there next_functions", ha="center", fontsize=10, color=ORANGE)
    return fig


def picture_blind_spot() -> Figure:
    """The first and the second derivative of x⁴ meet at x = 3."""
    places = torch.linspace(-1, 4, 51).tolist()
    both = [derivatives(lambda x: x**4, place, 2) for place in places]
    fig, ax = plt.subplots(figsize=(6, 3.2))
    ax.plot(places, [first for first, _ in both], color=BLUE, label="first derivative of x⁴")
    ax.plot(places, [second for _, second in both], color=ORANGE, label="second derivative of x⁴")
    meet = derivatives(lambda x: x**4, 3.0, 2)
    ax.plot([3], [meet[0]], "o", color="black", zorder=3)
    ax.annotate("108, both", (3, meet[0]), xytext=(-12, 6), textcoords="offset points", ha="right")
    ax.set(xlabel="x", ylim=(-20, 260))
    ax.grid(color="0.92")
    ax.legend(loc="upper left")
    return fig


def valley(w: torch.Tensor) -> torch.Tensor:
    """A long valley with its lowest point at (1, -1).  w: (..., 2). Returns (...)."""
    return (w[..., 0] - 1) ** 2 / 2 + 4 * (w[..., 1] + 1 - 0.3 * (w[..., 0] - 1)) ** 2


def picture_descent() -> Figure:
    """Three paths into a valley, at three step sizes."""
    across, along = torch.meshgrid(torch.linspace(-3, 3, 121), torch.linspace(-4.6, 1.5, 123), indexing="ij")
    heights = valley(torch.stack([across, along], dim=-1))
    fig, ax = plt.subplots(1, 3, figsize=(9, 2.9), sharey=True)
    for axes, rho in zip(ax, (0.02, 0.1, 0.22), strict=True):
        path = descend(valley, torch.tensor([-2.5, 1.0]), rho, 25)
        axes.contour(across, along, heights, levels=[0.1, 0.5, 1, 2, 4, 8, 16, 32], colors="0.8", linewidths=1)
        axes.plot(*path.T, "o-", color=BLUE, markersize=3, linewidth=1)
        axes.plot([1], [-1], "*", color=ORANGE, markersize=14, zorder=3)
        axes.set_title(f"ρ = {rho}, 25 steps", fontsize=11)
    fig.tight_layout()
    return fig
