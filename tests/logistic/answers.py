"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F` and `np` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import itertools
import math

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
from matplotlib.animation import ArtistAnimation, FuncAnimation
from torch import optim
"""

ANSWERS: dict[str, list[Sources]] = {}

# ============================================================================================ 1  a curve between 0 and 1

ANSWERS["f"] = [
    """
def f(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x.abs())), torch.exp(-x.abs()) / (1 + torch.exp(-x.abs())))
""",
    """
def f(x):
    return 0.5 * (1 + torch.tanh(0.5 * x))
""",
    """
f = lambda x: torch.exp(-torch.log1p(torch.exp(-x)))
""",
]

ANSWERS["neg_log_likelihood"] = [
    """
def neg_log_likelihood(w0hat, w1hat, x, y):
    p = f(w0hat + x * w1hat)
    probability_of_what_came = torch.where(y == 1, p, 1 - p)
    return -probability_of_what_came.log().sum()
""",
    """
def neg_log_likelihood(w0hat, w1hat, x, y):
    loss = 0.0
    for xi, yi in zip(x.flatten().tolist(), y.flatten().tolist()):
        p = 1 / (1 + math.exp(-(w0hat + w1hat * xi)))
        loss -= yi * math.log(p) + (1 - yi) * math.log(1 - p)
    return loss
""",
    """
def neg_log_likelihood(w0hat, w1hat, x, y):
    u = w0hat + w1hat * x
    return (F.softplus(u) - y * u).sum()
""",
    """
def neg_log_likelihood(w0hat, w1hat, x, y):
    return nn.BCELoss(reduction="sum")(f(w0hat + w1hat * x), y)
""",
]

# ======================================================================================================== 2  the data

ANSWERS["toy"] = [
    """
def toy(n, w0, w1):
    x = torch.linspace(-1, 1, n)[:, None]
    u = w0 + x * w1
    v = torch.sigmoid(u)
    torch.manual_seed(43052)
    y = v.bernoulli()
    return x, v, y
""",
    """
def toy(n, w0, w1):
    x = torch.linspace(-1, 1, steps=n).unsqueeze(1)
    v = torch.exp(w0 + w1*x) / (1 + torch.exp(w0 + w1*x))
    _ = torch.manual_seed(43052)
    return [x, v, torch.bernoulli(v)]
""",
    """
def toy(n, w0, w1):
    x = torch.tensor(np.linspace(-1, 1, n), dtype=torch.float32).view(-1, 1)
    v = f(w1 * x + w0)
    torch.manual_seed(43052)
    y = torch.bernoulli(v)
    return (x, v, y)
""",
]

ANSWERS["fit_figure"] = [
    """
def fit_figure(x, y, v, yhat=None):
    fig = plt.figure()
    ax = fig.add_subplot(1, 1, 1)
    ax.scatter(x, y, alpha=0.05, s=4)
    ax.plot(x, v, "r")
    if yhat is not None:
        ax.plot(x, yhat.detach(), "b--")
        ax.set_title("network")
    return fig
""",
    """
def fit_figure(x, y, v, yhat=None):
    fig, ax = plt.subplots()
    curves = [v] if yhat is None else [yhat.data, v]
    for curve in curves:
        plt.plot(x.flatten().numpy(), curve.flatten().numpy())
    plt.plot(x[:, 0], y[:, 0], ".", color="k", alpha=0.1, label="data")
    plt.xlabel("x")
    plt.legend()
    return plt.gcf()
""",
    """
def fit_figure(x, y, v, yhat):
    fig, ax = plt.subplots(1, 1, figsize=(4, 2))
    with torch.no_grad():
        ax.plot(x, y, ls="", marker="o", alpha=0.03)
        ax.plot(x, v, "--r", label="v")
        if yhat is not None:
            ax.plot(x, yhat.detach().numpy(), "--b", label="yhat")
    ax.grid()
    return fig
""",
]

# ====================================================================================================== 3  the network

ANSWERS["first_curve"] = [
    """
w0hat = -0.8470
w1hat = -0.3467
yhat = f(x*w1hat + w0hat)
plt.plot(x, yhat, '--b')
""",
    """
w0hat, w1hat = torch.tensor(-0.8470), torch.tensor(-0.3467)
u = w0hat + w1hat * x
yhat = u.exp() / (1 + u.exp())
""",
]

ANSWERS["use_sigmoid"] = [
    """
a1 = nn.Sigmoid()
yhat_a1 = a1(x*w1hat + w0hat)
""",
    """
a1 = torch.nn.modules.activation.Sigmoid()
u = w1hat * x
u = u + w0hat
yhat_a1 = a1.forward(u)
""",
]

ANSWERS["start_layer"] = [
    """
torch.manual_seed(43052)
l1 = torch.nn.Linear(1, 1, bias=True)
start_w1, start_w0 = [float(p) for p in l1.parameters()]
print(l1.weight, l1.bias)
""",
    (
        "torch.manual_seed(43052)\nl1 = nn.Linear(in_features=1, out_features=1)\nl1.weight, l1.bias",
        "start_w0, start_w1 = -0.8470, -0.3467",
    ),
    """
torch.manual_seed(43052); l1 = nn.Linear(1, 1)
with torch.no_grad():
    start_w0 = float(l1(torch.zeros(1, 1)))
    start_w1 = float(l1(torch.ones(1, 1))) - start_w0
""",
]

ANSWERS["in_series"] = [
    """
net = nn.Sequential()
net.append(l1)
net.append(a1)
net(x)
""",
    """
net = torch.nn.Sequential(*[l1, nn.Sigmoid()])
""",
    """
net = nn.Sequential()
net.add_module("l1", l1)
net.add_module("a1", a1)
""",
]

# ===================================================================================================== 4  the training

ANSWERS["loss_fn1"] = [
    """
def loss_fn1(y, yhat):
    return ((yhat - y) ** 2).sum() / y.numel()
""",
    """
def loss_fn1(y, yhat):
    return torch.nn.MSELoss()(yhat, y)
""",
    """
loss_fn1 = lambda y, yhat: (y - yhat).pow(2).mean()
""",
]

ANSWERS["train"] = [
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = []
    for epoc in range(epochs):
        optimizr.zero_grad()
        loss = loss_fn(y, net(x))
        loss.backward()
        optimizr.step()
        losses.append(loss.item())
    return torch.tensor(losses)
""",
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    epoc = 0
    while epoc < epochs:
        def closure():
            optimizr.zero_grad()
            loss = loss_fn(y, net(x))
            loss.backward()
            return loss
        losses[epoc] = optimizr.step(closure).item()
        epoc += 1
    return losses
""",
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        for p in net.parameters():
            p.grad = None
        ## 1
        yhat = net(x)
        ## 2
        loss = loss_fn(y, yhat)
        ## 3
        loss.backward()
        ## 4
        optimizr.step()
        losses[epoc] = loss.item()
    return losses.tolist()
""",
]

ANSWERS["first_fit"] = [
    """
optimizr = optim.SGD(net.parameters(), lr)
losses = train(net, loss_fn1, optimizr, x, y, epochs)
""",
    (
        "optimizr = torch.optim.SGD([l1.weight, l1.bias], lr=0.05)",
        "losses = train(net, lambda y, yhat: torch.mean((y-yhat)**2), optimizr, x, y, epochs)\nplt.plot(losses)",
    ),
    """
optimizr = torch.optim.SGD([{"params": net.parameters()}], lr=lr)
losses = []
for epoc in range(epochs):
    loss = loss_fn1(y, net(x))
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    losses.append(loss.item())
""",
]

ANSWERS["more_epochs"] = [
    """
more_losses = train(net=net, loss_fn=loss_fn1, optimizr=optimizr, x=x, y=y, epochs=more)
""",
    """
more_losses = torch.zeros(more)
for epoc in range(more):
    yhat = net(x)
    loss = loss_fn1(y, yhat)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    more_losses[epoc] = loss.detach()
""",
]

# ================================================================================================== 5  another loss

ANSWERS["loss_fn2"] = [
    """
def loss_fn2(y, yhat):
    return torch.nn.BCELoss()(yhat, y)
""",
    """
def loss_fn2(y, yhat):
    return F.binary_cross_entropy(yhat, y)
""",
    """
def loss_fn2(y, yhat):
    right = y * yhat + (1 - y) * (1 - yhat)
    return -right.log().mean()
""",
    """
def loss_fn2(y, yhat):
    n = len(y)
    return -(y * torch.log(yhat) + (1 - y) * torch.log1p(-yhat)).sum() / n
""",
]

ANSWERS["mse_against_bce"] = [
    """
def race(loss_fn):
    torch.manual_seed(43052)
    net = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    return net, train(net, loss_fn, optim.SGD(net.parameters(), lr=lr), x, y, epochs)

(net1, losses1), (net2, losses2) = race(loss_fn1), race(loss_fn2)
""",
    (
        """
torch.manual_seed(43052)
l1 = torch.nn.Linear(1, 1)
net1 = torch.nn.Sequential(l1, torch.nn.Sigmoid())
optimizr1 = torch.optim.SGD(net1.parameters(), lr=lr)
""",
        """
torch.manual_seed(43052)
net2 = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
optimizr2 = torch.optim.SGD(net2.parameters(), lr=lr)
""",
        """
losses1, losses2 = [], []
for net, loss_fn, optimizr, losses in [(net1, loss_fn1, optimizr1, losses1), (net2, loss_fn2, optimizr2, losses2)]:
    for epoc in range(epochs):
        loss = loss_fn(y, net(x))
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses.append(loss.item())
""",
    ),
]

# =================================================================================================== 6  the landscapes

ANSWERS["surface"] = [
    """
def surface(loss_fn, w0s, w1s, x, y):
    heights = torch.zeros(len(w0s), len(w1s))
    for i in range(len(w0s)):
        for j in range(len(w1s)):
            heights[i, j] = loss_fn(y, f(w0s[i] + w1s[j] * x))
    return heights
""",
    """
def surface(loss_fn, w0s, w1s, x, y):
    def l(w):
        w0hat, w1hat = w
        return float(loss_fn(y, torch.sigmoid(w0hat + w1hat * x)))
    rows = list(map(l, itertools.product(w0s, w1s)))
    return torch.tensor(rows).reshape(len(w0s), len(w1s))
""",
    """
def surface(loss_fn, w0s, w1s, x, y):
    w0hat, w1hat = torch.meshgrid(w0s, w1s, indexing='ij')
    pairs = torch.stack([w0hat.reshape(-1), w1hat.reshape(-1)], dim=1).double()
    found = [loss_fn(y.double(), torch.sigmoid(a + b * x.double())).item() for a, b in pairs]
    return torch.tensor(found, dtype=torch.float64).view(w0hat.shape)
""",
]

ANSWERS["lowest"] = [
    """
def lowest(heights, w0s, w1s):
    i, j = torch.unravel_index(heights.argmin(), heights.shape)
    return float(w0s[i]), float(w1s[j])
""",
    """
def lowest(heights, w0s, w1s):
    best = None
    for i in range(len(w0s)):
        for j in range(len(w1s)):
            if best is None or heights[i, j] < best[0]:
                best = (heights[i, j], w0s[i].item(), w1s[j].item())
    return best[1:]
""",
    """
def lowest(heights, w0s, w1s):
    row = heights.min(dim=1).values.argmin()
    return [w0s[row], w1s[heights[row].argmin()]]
""",
]

ANSWERS["plot_loss"] = [
    """
def plot_loss(loss_fn, ax, w0s, w1s, x, y):
    w0hat, w1hat = torch.meshgrid(w0s, w1s, indexing='ij')
    w0hat, w1hat = w0hat.reshape(-1), w1hat.reshape(-1)
    loss = surface(loss_fn, w0s, w1s, x, y).reshape(-1)
    ax.scatter(w0hat, w1hat, loss, s=0.1, alpha=0.2)
    ax.scatter(-1, 5, loss_fn(y, f(-1 + 5 * x)), s=200, marker='*')
""",
    """
def plot_loss(loss_fn, ax, w0s, w1s, x, y):
    heights = surface(loss_fn, w0s, w1s, x, y).numpy()
    a, b = np.meshgrid(w0s.numpy(), w1s.numpy())
    ax.scatter(a.ravel(), b.ravel(), heights.T.ravel(), s=1)
    ax.plot([-1], [5], [float(loss_fn(y, torch.sigmoid(5 * x - 1)))], "r*", markersize=15)
""",
    """
def plot_loss(loss_fn, ax, w0s, w1s, x, y):
    points = [(a, b, h) for a, row in zip(w0s.tolist(), surface(loss_fn, w0s, w1s, x, y).tolist()) for b, h in zip(w1s.tolist(), row)]
    ax.scatter(*zip(*points), s=1, c="gray")
    at_truth = surface(loss_fn, torch.tensor([-1.]), torch.tensor([5.]), x, y).item()
    ax.scatter([-1.0], [5.0], [at_truth], marker=(5, 1), s=300)
    return ax
""",
]

ANSWERS["curvatures"] = [
    """
def curvatures(loss_fn, w0hat, w1hat, x, y):
    w0 = torch.tensor(float(w0hat), requires_grad=True)
    w1 = torch.tensor(float(w1hat), requires_grad=True)
    loss = loss_fn(y, f(w0 + w1 * x))
    g0, g1 = torch.autograd.grad(loss, (w0, w1), create_graph=True)
    row0 = torch.autograd.grad(g0, (w0, w1), retain_graph=True)
    row1 = torch.autograd.grad(g1, (w0, w1))
    H = torch.stack([torch.stack(row0), torch.stack(row1)])
    values, _ = torch.linalg.eigh((H + H.T) / 2)
    return values
""",
    """
def curvatures(loss_fn, w0hat, w1hat, x, y):
    def loss(w0, w1):
        return loss_fn(y, torch.sigmoid(w0 + w1 * x))
    w = (torch.tensor(w0hat).double(), torch.tensor(w1hat).double())
    (a, b), (_, c) = torch.autograd.functional.hessian(loss, w)
    middle, half = (a + c) / 2, torch.sqrt(((a - c) / 2) ** 2 + b ** 2)
    return middle - half, middle + half
""",
    """
def curvatures(loss_fn, w0hat, w1hat, x, y):
    h = torch.func.hessian(lambda w: loss_fn(y, torch.sigmoid(w[0] + w[1] * x)))(torch.tensor([w0hat, w1hat]))
    return np.sort(np.linalg.eigvalsh(h.detach().double().numpy()))
""",
]

ANSWERS["convex"] = [
    'convex = {}\nconvex["BCE"] = True\nconvex["MSE"] = False',
    "convex = dict(MSE=bool(float(curvatures(loss_fn1, -3.0, -1.0, x, y)[0]) > 0), BCE=True)",
]

# ======================================================================================================== 7  the diary

ANSWERS["learn_and_record"] = [
    """
def learn_and_record(net, loss_fn, optimizr, x, y, epochs):
    yhat_history = []
    loss_history = []
    what_history = []
    for epoc in range(epochs):
        ## step1
        yhat = net(x)
        ## step2
        loss = loss_fn(y, yhat)
        ## step3
        loss.backward()
        ## step4
        optimizr.step()
        optimizr.zero_grad()
        ## record
        if epoc % 20 == 0:
            yhat_history.append(yhat.reshape(-1).data.tolist())
            loss_history.append(loss.item())
            what_history.append([net[0].bias.data.item(), net[0].weight.data.item()])
    return yhat_history, loss_history, what_history
""",
    """
def learn_and_record(net, loss_fn, optimizr, x, y, epochs):
    diary = []
    for epoc in range(epochs):
        optimizr.zero_grad()
        yhat = net(x)
        loss = loss_fn(y, yhat)
        loss.backward()
        if epoc in range(0, epochs, 20):
            seen = [float(p) for p in yhat], float(loss)
        optimizr.step()
        if epoc in range(0, epochs, 20):
            weight, bias = net.parameters()
            diary.append((*seen, [float(bias), float(weight)]))
    yhat_history, loss_history, what_history = map(list, zip(*diary))
    return yhat_history, loss_history, what_history
""",
    """
def learn_and_record(net, loss_fn, optimizr, x, y, epochs):
    yhat_history, loss_history, what_history = [], [], []
    done = 0
    while done < epochs:
        yhat_history.append(net(x).data.numpy().ravel().tolist())
        loss_history.append(float(train(net, loss_fn, optimizr, x, y, 1)[0]))
        what_history.append(net[0].bias.tolist() + net[0].weight[0].tolist())
        train(net, loss_fn, optimizr, x, y, min(19, epochs - done - 1))
        done += 20
    return [yhat_history, loss_history, what_history]
""",
]

ANSWERS["grey_points"] = [
    "# the loss before the step is the larger one\ngrey_points = ('on', 'above', 'below')[1]",
    """
w0, w1 = diary[2][0]
after, before = loss_fn2(y, f(w0 + w1 * x)), diary[1][0]
grey_points = "above" if before > float(after) else "below"
""",
]

# ======================================================================================================= 8  the starts

ANSWERS["start_at"] = [
    """
def start_at(w0hat, w1hat, optimizer, lr):
    l1 = torch.nn.Linear(1, 1)
    a1 = torch.nn.Sigmoid()
    net = torch.nn.Sequential(l1, a1)
    optimizr = optimizer(net.parameters(), lr=lr)
    l1.bias.data = torch.tensor([w0hat])
    l1.weight.data = torch.tensor([[w1hat]])
    return net, optimizr
""",
    """
def start_at(w0hat, w1hat, optimizer, lr):
    net = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    with torch.no_grad():
        net[0].weight.fill_(w1hat)
        net[0].bias.fill_(w0hat)
    return [net, optimizer(net.parameters(), lr)]
""",
    """
def start_at(w0hat, w1hat, optimizer, lr):
    net = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    net.load_state_dict({"0.weight": torch.tensor([[w1hat]]), "0.bias": torch.tensor([w0hat])})
    return net, optimizer(list(net.parameters()), lr=lr)
""",
]

ANSWERS["four_runs"] = [
    """
def four_runs(optimizer, lr, x, y, epochs):
    runs = {}
    for name in ["MSE good", "BCE good", "MSE bad", "BCE bad"]:
        loss, start = name.split()
        net, optimizr = start_at(*starts[start], optimizer, lr)
        runs[name] = learn_and_record(net, loss_fn1 if loss == "MSE" else loss_fn2, optimizr, x, y, epochs)
    return runs
""",
    """
def four_runs(optimizer, lr, x, y, epochs):
    def run(w0, w1, loss_fn):
        net, opt = start_at(w0, w1, optimizer, lr)
        return learn_and_record(net, loss_fn, opt, x, y, epochs)
    return {
        "MSE good": run(-3.0, -1.0, loss_fn1),
        "MSE bad": run(-10.0, -1.0, loss_fn1),
        "BCE good": run(-3.0, -1.0, loss_fn2),
        "BCE bad": run(-10.0, -1.0, loss_fn2),
    }
""",
    """
def four_runs(optimizer, lr, x, y, epochs):
    losses = dict(MSE=loss_fn1, BCE=loss_fn2)
    return {
        f"{l} {s}": learn_and_record(net, losses[l], opt, x, y, epochs)
        for s in starts for l in losses
        for net, opt in [start_at(starts[s][0], starts[s][1], optimizer, lr)]
    }
""",
]

HEAD = """
def show_lrpr2(history, loss_fn, x, v, y, w0s, w1s, suptitle=""):
    yhat_history, loss_history, what_history = history
    fig = plt.figure(figsize=(7, 2.5))
    ax1 = fig.add_subplot(1, 2, 1)
    ax2 = fig.add_subplot(1, 2, 2, projection="3d")
    ax2.view_init(elev=15, azim=75)
    ax1.plot(x, y, "o", alpha=0.05)
    ax1.plot(x, v, "--r")
    plot_loss(loss_fn, ax2, w0s, w1s, x, y)
    fig.suptitle(suptitle)
"""

ANSWERS["show_lrpr2"] = [
    HEAD
    + """
    line, = ax1.plot(x, yhat_history[0], '--')
    def animate(epoc):
        line.set_ydata(yhat_history[epoc])
        ax2.scatter(np.array(what_history)[epoc, 0], np.array(what_history)[epoc, 1], loss_history[epoc], color='grey')
        return line
    ani = animation.FuncAnimation(fig, animate, frames=range(len(yhat_history)), interval=100)
    plt.close()
    return ani
""",
    HEAD
    + """
    line, = ax1.plot([], [], "b")
    way, = ax2.plot([], [], [], ".-", color="grey")
    places = np.array(what_history)

    def draw(k):
        line.set_data(x.flatten(), yhat_history[k])
        way.set_data_3d(places[: k + 1, 0], places[: k + 1, 1], np.array(loss_history)[: k + 1])
        return line, way

    film = FuncAnimation(fig, draw, frames=len(what_history), init_func=lambda: (line, way), repeat=False)
    plt.close(fig)
    return film
""",
    HEAD
    + """
    pictures, grey = [], []
    for k, (curve, loss, (a, b)) in enumerate(zip(yhat_history, loss_history, what_history)):
        line, = ax1.plot(x, curve, "b--")
        grey = grey + [ax2.scatter([a], [b], [loss], color="grey")]
        pictures.append([line] + grey)
    ani = ArtistAnimation(fig, pictures)
    plt.close(fig)
    return ani
""",
]

ANSWERS["adam_runs"] = [
    """
adam = four_runs(torch.optim.Adam, lr, x, y, epochs)

def way(run):
    (a, b), (c, d) = run[2][0], run[2][-1]
    return math.hypot(c - a, d - b)

rescued = [name for name in adam if way(sgd[name]) < 0.1 and way(adam[name]) > 1]
""",
    (
        "adam = four_runs(optimizer=optim.Adam, lr=lr, x=x, y=y, epochs=epochs)",
        """
moved = {}
for title, runs in [("sgd", sgd), ("adam", adam)]:
    for name, (_, _, what) in runs.items():
        moved[title, name] = np.linalg.norm(np.array(what[-1]) - np.array(what[0]))
rescued = {name for name in sgd if moved["sgd", name] < 0.1 and moved["adam", name] > 1}
""",
    ),
]
