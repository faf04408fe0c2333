"""Lecture 002, "logistic regression": a network with two weights, and why it is trained with the cross entropy (BCE).

The data follow a law that is known: y is 1 with probability v = f(w0 + w1 x), and w0 = -1, w1 = 5. The same network learns them
once with the mean squared error (MSE) and once with BCE; the two losses are drawn as surfaces over (w0, w1), one of which is
convex; and the way down is filmed from a good and from a bad start, with SGD and with Adam. n is the number of points (2000).
In a network, w0 is the bias and w1 the weight. A loss takes the truth first, loss_fn(y, yhat). Where numbers are drawn, the
seed is set first.
"""

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib import animation
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # loss_fn(y, yhat)
History = tuple[list[list[float]], list[float], list[list[float]]]  # yhat_history, loss_history, what_history

# ----------------------------------------------------------------------------------------- 1  a curve between 0 and 1

successes = torch.tensor(
    [[-6, 0], [-5, 0], [-4, 0], [-3, 0], [-2, 0], [-1, 0], [0, 1], [1, 0], [2, 1], [3, 1], [4, 1], [5, 1], [6, 1]]
)


def f(x: torch.Tensor) -> torch.Tensor:
    """The sigmoid of each number of x, of the same shape, for large numbers, too: f(100) is 1."""
    return 1 / (1 + torch.exp(-x))


def neg_log_likelihood(w0hat: float, w1hat: float, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The model's loss, a sum over the points: what (w0hat, w1hat) say about y given x.  x, y: (n, 1). Returns one number."""
    yhat = f(w0hat + w1hat * x)
    return -torch.sum(y * torch.log(yhat) + (1 - y) * torch.log(1 - yhat))


# -------------------------------------------------------------------------------------------- 2  data whose law we know


def toy(n: int, w0: float, w1: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """n points from -1 to 1, the probability of a 1 at each of them, what came out (seed 43052).  x, v, y: (n, 1), float32."""
    x = torch.linspace(-1, 1, n).reshape(n, 1)
    v = f(w0 + w1 * x)
    torch.manual_seed(43052)
    y = torch.bernoulli(v)
    return x, v, y


def fit_figure(x: torch.Tensor, y: torch.Tensor, v: torch.Tensor, yhat: torch.Tensor | None = None) -> Figure:
    """Draw the data as points and v as a curve and, if there is one, yhat as another curve.  All (n, 1)."""
    fig, ax = plt.subplots(figsize=(5, 3))
    ax.plot(x, y, "o", alpha=0.05)
    ax.plot(x, v, "--r", label="truth")
    if yhat is not None:
        ax.plot(x, yhat.data, "--b", label="network")
    ax.legend()
    return fig


# ------------------------------------------------------------------------------------------------------- 3  the network


def first_curve(x: torch.Tensor) -> tuple[float, float, torch.Tensor]:
    """The curve that w0hat = -0.8470 and w1hat = -0.3467 give.  yhat: (n, 1)."""
    w0hat, w1hat = -0.8470, -0.3467
    yhat = f(w0hat + w1hat * x)
    return w0hat, w1hat, yhat


def use_sigmoid(x: torch.Tensor, w0hat: float, w1hat: float) -> tuple[torch.nn.Module, torch.Tensor]:
    """Torch's own sigmoid, a1, and the same curve with it.  yhat_a1: (n, 1)."""
    a1 = torch.nn.Sigmoid()
    yhat_a1 = a1(w0hat + w1hat * x)
    return a1, yhat_a1


def start_layer() -> tuple[torch.nn.Linear, float, float]:
    """The layer l1, one number in and one out, made right after the seed 43052; and the w0 and the w1 with which it starts."""
    torch.manual_seed(43052)
    l1 = torch.nn.Linear(in_features=1, out_features=1)
    start_w0 = l1.bias.item()
    start_w1 = l1.weight.item()
    return l1, start_w0, start_w1


def in_series(l1: torch.nn.Module, a1: torch.nn.Module) -> torch.nn.Module:
    """x -> u by l1, u -> yhat by a1."""
    net = torch.nn.Sequential(l1, a1)
    return net  # noqa: RET504  the name is what the cell defines


# ------------------------------------------------------------------------------------------------------- 4  the training


def loss_fn1(y: torch.Tensor, yhat: torch.Tensor) -> torch.Tensor:
    """MSE, the mean squared error.  y, yhat: the same shape. Returns one number."""
    return torch.mean((y - yhat) ** 2)


def train(
    net: torch.nn.Module, loss_fn: Loss, optimizr: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, epochs: int
) -> torch.Tensor:
    """All points at once, `epochs` times.  x, y: (n, 1). Returns the loss of each epoch before its step, (epochs,)."""
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # blank: the four steps
        yhat = net(x)
        loss = loss_fn(y, yhat)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses[epoc] = loss.item()
    return losses


def first_fit(
    net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.optim.Optimizer, torch.Tensor]:
    """SGD over the parameters of net, and `epochs` epochs of it with MSE.  losses: (epochs,)."""
    optimizr = torch.optim.SGD(net.parameters(), lr=lr)
    losses = train(net, loss_fn1, optimizr, x, y, epochs)
    return optimizr, losses


def more_epochs(
    net: torch.nn.Module, optimizr: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, more: int
) -> torch.Tensor:
    """The same network learns on, `more` epochs with MSE.  more_losses: (more,)."""
    more_losses = train(net, loss_fn1, optimizr, x, y, more)
    return more_losses  # noqa: RET504  the name is what the cell defines


def best_weights(x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """The w0 and w1 of the largest likelihood, by Newton's method: there is no better answer to these data.  x, y: (n, 1)."""
    columns = torch.cat([torch.ones_like(x), x], dim=1).double()
    w = torch.zeros(2, 1, dtype=torch.float64)
    for _ in range(25):
        p = torch.sigmoid(columns @ w)
        slope = columns.T @ (p - y)
        curvature = columns.T @ (p * (1 - p) * columns)
        w = w - torch.linalg.solve(curvature, slope)
    return w[0].item(), w[1].item()


# ---------------------------------------------------------------------------------------------------------------- 5  BCE


def loss_fn2(y: torch.Tensor, yhat: torch.Tensor) -> torch.Tensor:
    """BCE, the mean binary cross entropy.  y: zeros and ones, yhat: probabilities of the same shape. Returns one number."""
    return -torch.mean(y * torch.log(yhat) + (1 - y) * torch.log(1 - yhat))


def mse_against_bce(
    x: torch.Tensor, y: torch.Tensor, lr: float, epochs: int
) -> tuple[torch.nn.Module, torch.Tensor, torch.nn.Module, torch.Tensor]:
    """Two networks from the seed 43052, with SGD and `epochs` epochs: net1 learns with MSE, net2 with BCE.  Losses: (epochs,)."""
    torch.manual_seed(43052)
    net1 = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    optimizr1 = torch.optim.SGD(net1.parameters(), lr=lr)
    losses1 = train(net1, loss_fn1, optimizr1, x, y, epochs)

    torch.manual_seed(43052)
    net2 = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    optimizr2 = torch.optim.SGD(net2.parameters(), lr=lr)
    losses2 = train(net2, loss_fn2, optimizr2, x, y, epochs)
    return net1, losses1, net2, losses2


def distance_to_truth(net: torch.nn.Module, x: torch.Tensor, v: torch.Tensor) -> float:
    """How far the network's curve lies from the true one: the root of the mean squared difference.  x, v: (n, 1)."""
    return torch.mean((net(x).data - v) ** 2).sqrt().item()


# ------------------------------------------------------------------------------------------------- 6  the two landscapes


def surface(loss_fn: Loss, w0s: torch.Tensor, w1s: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss for each pair of w0s (k,) and w1s (m,).  x, y: (n, 1). Returns (k, m): w0 runs down the rows, w1 along them."""

    def loss(w0hat: torch.Tensor, w1hat: torch.Tensor) -> torch.Tensor:
        return loss_fn(y, torch.sigmoid(w0hat + w1hat * x))

    w0hats, w1hats = torch.meshgrid(w0s, w1s, indexing="ij")
    heights: torch.Tensor = torch.vmap(torch.vmap(loss))(w0hats, w1hats)
    return heights


def lowest(heights: torch.Tensor, w0s: torch.Tensor, w1s: torch.Tensor) -> tuple[float, float]:
    """The w0 and the w1 of the lowest point.  heights: (k, m) as from surface, w0s: (k,), w1s: (m,)."""
    row, column = divmod(int(heights.argmin()), len(w1s))
    return w0s[row].item(), w1s[column].item()


def plot_loss(loss_fn: Loss, ax: Axes3D, w0s: torch.Tensor, w1s: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> None:
    """Draw the landscape as points in the axes ax, which has three dimensions, and a star at (-1, 5), on the landscape."""
    w0hats, w1hats = torch.meshgrid(w0s, w1s, indexing="ij")
    heights = surface(loss_fn, w0s, w1s, x, y)
    ax.scatter(w0hats.flatten(), w1hats.flatten(), heights.flatten(), c=heights.flatten(), s=2, alpha=0.5, depthshade=False)
    star = surface(loss_fn, torch.tensor([-1.0]), torch.tensor([5.0]), x, y)
    ax.scatter([-1], [5], star.flatten(), s=200, marker="*", color="tab:red", depthshade=False)


def curvatures(loss_fn: Loss, w0hat: float, w1hat: float, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The eigenvalues of the Hessian of the loss at (w0hat, w1hat), the smaller one first.  x, y: (n, 1). Returns (2,)."""

    def loss(w: torch.Tensor) -> torch.Tensor:
        return loss_fn(y, torch.sigmoid(w[0] + w[1] * x))

    w = torch.tensor([w0hat, w1hat], dtype=torch.float64)
    hessian = torch.autograd.functional.hessian(loss, w)
    return torch.linalg.eigvalsh(hessian)


convex = {"MSE": False, "BCE": True}

# ------------------------------------------------------------------------------------------------------ 7  keeping a diary


def learn_and_record(
    net: torch.nn.Module, loss_fn: Loss, optimizr: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, epochs: int
) -> History:
    """Train as in `train`, and record the epochs 0, 20, 40, ....  net: Linear(1, 1) and Sigmoid, x, y: (n, 1).

    yhat_history: n numbers each, before the step; loss_history: a number each, before it; what_history: [w0, w1] each, after it.
    """
    yhat_history: list[list[float]] = []
    loss_history: list[float] = []
    what_history: list[list[float]] = []
    for epoc in range(epochs):
        # blank: the four steps, and then the records, if it is one of these epochs
        yhat = net(x)
        loss = loss_fn(y, yhat)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        if epoc % 20 == 0:
            yhat_history.append(yhat.flatten().tolist())
            loss_history.append(loss.item())
            what_history.append([net[0].bias.item(), net[0].weight.item()])
        # end blank
    return yhat_history, loss_history, what_history


grey_points = "above"

# ------------------------------------------------------------------------------------------------- 8  good and bad starts

starts = {"good": (-3.0, -1.0), "bad": (-10.0, -1.0)}  # (w0, w1)


def start_at(
    w0hat: float, w1hat: float, optimizer: Callable[..., torch.optim.Optimizer], lr: float
) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """Linear(1, 1) and Sigmoid that begin with these weights, and an optimizer of the given class (torch.optim.SGD, ...)."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    net[0].bias.data = torch.tensor([w0hat])
    net[0].weight.data = torch.tensor([[w1hat]])
    optimizr = optimizer(net.parameters(), lr=lr)
    return net, optimizr


def four_runs(
    optimizer: Callable[..., torch.optim.Optimizer], lr: float, x: torch.Tensor, y: torch.Tensor, epochs: int
) -> dict[str, History]:
    """The histories of "MSE good", "BCE good", "MSE bad" and "BCE bad", each from a network of its own."""
    runs = {}
    for start, (w0hat, w1hat) in starts.items():
        for name, loss_fn in [("MSE", loss_fn1), ("BCE", loss_fn2)]:
            net, optimizr = start_at(w0hat, w1hat, optimizer, lr)
            runs[f"{name} {start}"] = learn_and_record(net, loss_fn, optimizr, x, y, epochs)
    return runs


def gradient_at(loss_fn: Loss, w0hat: float, w1hat: float, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The slope of the loss in the directions of w0 and w1, (2,)."""
    at = torch.tensor([w0hat, w1hat], requires_grad=True)
    (slope,) = torch.autograd.grad(loss_fn(y, torch.sigmoid(at[0] + at[1] * x)), at)
    return slope


def show_lrpr2(
    history: History,
    loss_fn: Loss,
    x: torch.Tensor,
    v: torch.Tensor,
    y: torch.Tensor,
    w0s: torch.Tensor,
    w1s: torch.Tensor,
    suptitle: str = "",
) -> animation.FuncAnimation:
    """A film with a frame for each record: the curve yhat to the left, the way through the landscape of loss_fn to the right."""
    yhat_history, loss_history, what_history = history
    fig = plt.figure(figsize=(7, 2.5))
    ax1 = fig.add_subplot(1, 2, 1)
    ax2 = fig.add_subplot(1, 2, 2, projection="3d")
    ax2.view_init(elev=15, azim=75)
    ax1.plot(x, y, "o", alpha=0.05)
    ax1.plot(x, v, "--r")
    plot_loss(loss_fn, ax2, w0s, w1s, x, y)
    fig.suptitle(suptitle)
    # blank: `line`, the curve of record 0 in ax1; what changes in frame k; `ani`, the film
    (line,) = ax1.plot(x, yhat_history[0], "--b")

    def animate(k: int) -> None:
        line.set_ydata(yhat_history[k])
        w0hat, w1hat = what_history[k]
        ax2.scatter([w0hat], [w1hat], [loss_history[k]], color="grey")

    ani = animation.FuncAnimation(fig, animate, frames=len(loss_history))
    # end blank
    plt.close(fig)
    return ani


def adam_runs(
    sgd: Mapping[str, History], lr: float, x: torch.Tensor, y: torch.Tensor, epochs: int
) -> tuple[dict[str, History], list[str]]:
    """The four runs with Adam; and the names of those that moved by less than 0.1 with SGD and by more than 1 with Adam."""
    adam = four_runs(torch.optim.Adam, lr, x, y, epochs)
    rescued = []
    for name in adam:
        _, _, slow = sgd[name]
        _, _, fast = adam[name]
        if torch.dist(torch.tensor(slow[0]), torch.tensor(slow[-1])) < 0.1 and (
            torch.dist(torch.tensor(fast[0]), torch.tensor(fast[-1])) > 1
        ):
            rescued.append(name)
    return adam, rescued


def paths_figure(runs: Mapping[str, Mapping[str, History]], x: torch.Tensor, y: torch.Tensor) -> Figure:
    """The ways of all runs (optimizer -> name -> history), seen from above: contours, the way, its start and the best weights."""
    w0s, w1s = torch.linspace(-11, 3, 60), torch.linspace(-2.5, 8, 60)
    landscapes = {"MSE": surface(loss_fn1, w0s, w1s, x, y), "BCE": surface(loss_fn2, w0s, w1s, x, y)}
    best = best_weights(x, y)
    names = list(next(iter(runs.values())))
    fig, axes = plt.subplots(
        len(runs), len(names), figsize=(9, 4.2), sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    for row, (optimizer, histories) in zip(axes, runs.items(), strict=True):
        for ax, (name, (_, _, what_history)) in zip(row, histories.items(), strict=True):
            ax.contourf(w0s, w1s, landscapes[name[:3]].T, levels=12, cmap="viridis", antialiased=False)
            ax.plot(*best, "*", color="tab:red", markersize=12)
            ax.plot(*zip(*what_history, strict=True), ".-", color="white", markersize=4, linewidth=1)
            ax.plot(*what_history[0], "o", color="tab:orange", markersize=7)
            ax.set_title(f"{name}, {optimizer}")
    fig.supxlabel("w0")
    fig.supylabel("w1")
    return fig


# ------------------------------------------------------------------------------------------------------------- pictures


def picture_cover() -> Figure:
    """The same network after 1000 epochs with MSE and with BCE; and why: the two landscapes, from the bad start."""
    x, v, y = toy(2000, -1, 5)
    net1, _, net2, _ = mse_against_bce(x, y, 0.05, 1000)
    runs = four_runs(torch.optim.SGD, 0.05, x, y, 1000)
    w0s, w1s = torch.linspace(-11, 3, 80), torch.linspace(-2, 8, 80)
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained", width_ratios=[1.25, 1, 1])
    axes[0].plot(x, y, "o", color="tab:gray", alpha=0.03)
    axes[0].plot(x, v, "--", color="tab:red", label="truth")
    axes[0].plot(x, net1(x).data, color="tab:blue", label="MSE, 1000 epochs")
    axes[0].plot(x, net2(x).data, color="tab:green", label="BCE, 1000 epochs")
    axes[0].legend(loc="upper left", bbox_to_anchor=(0.0, 0.94))
    axes[0].set_xlabel("x")
    axes[0].set_title("one network, two losses")
    for ax, name, loss_fn in [(axes[1], "MSE", loss_fn1), (axes[2], "BCE", loss_fn2)]:
        ax.contourf(w0s, w1s, surface(loss_fn, w0s, w1s, x, y).T, levels=20, cmap="viridis")
        for start in starts:
            _, _, what_history = runs[f"{name} {start}"]
            ax.plot(*zip(*what_history, strict=True), color="white", linewidth=2)
            ax.plot(*what_history[0], "o", color="tab:orange")
        ax.plot(*best_weights(x, y), "*", color="tab:red", markersize=14)
        ax.set_xlabel("w0")
        ax.set_title(f"{name}: 1000 steps of SGD")
    axes[1].set_ylabel("w1")
    return fig


def picture_surfaces() -> Figure:
    """The landscapes of MSE and BCE over (w0, w1), from where the lecture looks at them."""
    x, _, y = toy(2000, -1, 5)
    fig = plt.figure(figsize=(7.4, 3.1))
    for place, title, loss_fn in [(1, "MSE", loss_fn1), (2, "BCE", loss_fn2)]:
        ax = fig.add_subplot(1, 2, place, projection="3d")
        ax.view_init(elev=15, azim=75)
        plot_loss(loss_fn, ax, torch.arange(-10, 3, 0.5), torch.arange(-1, 10, 0.5), x, y)
        ax.set_title(title, y=0.98)
        ax.set_xticks([-10, -5, 0], labels=["-10", "-5", "0"])
        ax.set_yticks([0, 5, 10], labels=["0", "5", "10"])
        ax.set_xlabel("w0")
        ax.set_ylabel("w1")
    fig.subplots_adjust(left=0, right=0.95, bottom=0.02, top=0.98, wspace=0.05)
    return fig


def picture_paths() -> Figure:
    """All eight ways through the landscapes: MSE and BCE, good and bad start, SGD and Adam."""
    x, _, y = toy(2000, -1, 5)
    optimizers: dict[str, type[torch.optim.Optimizer]] = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}
    return paths_figure({name: four_runs(optimizer, 0.05, x, y, 1000) for name, optimizer in optimizers.items()}, x, y)
