"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F` and `np` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import io
from copy import deepcopy

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
"""

# Weights of Linear(1, 2), ReLU, Linear(2, 1) that make the bent line from -1 to 1.
WEIGHTS = {
    "in the other order": ([[-1.0], [1.0]], [0.0, 0.0], [[-9.0, -4.5]], [4.5]),
    "with other scales": ([[2.0], [-0.5]], [0.0, 0.0], [[-2.25, -18.0]], [4.5]),
    "a line that bends at -1, and one at 0": ([[1.0], [1.0]], [1.0, 0.0], [[9.0, -13.5]], [-4.5]),
    "a line that bends at 1, and one at 0": ([[-1.0], [-3.0]], [1.0, 0.0], [[4.5, -4.5]], [0.0]),
}

ANSWERS: dict[str, list[Sources]] = {}

# =========================================================================================================== 1  by cases

ANSWERS["bent_by_cases"] = [
    """
def bent_by_cases(x):
    return torch.where(x < 0, 9 * x + 4.5, -4.5 * x + 4.5)
""",
    """
def bent_by_cases(x):
    y = x * 0
    y[x <= 0] = 9 * x[x <= 0] + 4.5
    y[x >= 0] = -4.5 * x[x >= 0] + 4.5
    return y
""",
    """
def bent_by_cases(x):
    rows = []
    for value in x.flatten().tolist():
        if value < 0:
            rows.append([9*value + 4.5])
        else:
            rows.append([-4.5*value + 4.5])
    return torch.tensor(rows)
""",
    """
def bent_by_cases(x):
    y = x + 0     # 깊은 복사
    y[x<0] = (9*x+4.5)[x<0]
    y[x>0] = (-4.5*x+4.5)[x>0]
    return y
""",
]

ANSWERS["aliases"] = [
    """
def aliases(y, x):
    with torch.no_grad():
        before = x.clone()
        keep = y.clone()
        y += 1.0
        changed = not torch.equal(before, x)
        y.copy_(keep)
    return changed
""",
    """
def aliases(y, x):
    first, last = x.data_ptr(), x.data_ptr() + x.numel() * x.element_size()
    return first <= y.data_ptr() < last
""",
    """
def aliases(y, x):
    return bool(np.shares_memory(y.detach().numpy(), x.detach().numpy()))
""",
]

ANSWERS["spoiled"] = [
    """
def spoiled(x):
    middle = (x > -0.5) & (x < 0)
    once = torch.where(x < 0, 9 * x + 4.5, x)
    return torch.where(x <= -0.5, once, torch.where(middle, -4.5 * once + 4.5, -4.5 * x + 4.5))
""",
    """
def spoiled(x):
    safe = deepcopy(x)
    y = safe
    y[safe<0] = (9*safe+4.5)[safe<0]
    y[safe>0] = (-4.5*safe+4.5)[safe>0]
    return y
""",
    """
def spoiled(x):
    y = x * 1
    y[y < 0] = 9 * y[y < 0] + 4.5
    y[y > 0] = -4.5 * y[y > 0] + 4.5
    return y
""",
]

# ============================================================================================================ 2  two ReLUs

ANSWERS["bent_by_relus"] = [
    """
def bent_by_relus(x):
    return 4.5 - 4.5 * x.clamp(min=0) - 9 * (-x).clamp(min=0)
""",
    """
def bent_by_relus(x):
    a, b, c = -4.5, -9.0, 4.5
    return a*F.relu(x) + b*F.relu(-x) + c
""",
    """
def bent_by_relus(x):
    zero = torch.zeros_like(x)
    return 4.5 * (1 - torch.maximum(x, zero) - 2 * torch.maximum(-x, zero))
""",
]

ANSWERS["slip_step"] = ["slip_step = 2 + 2", "slip_step = 4.0"]

ANSWERS["six_axes"] = [
    """
def six_axes(x):
    fig, axes = plt.subplots(2, 3, figsize=(9, 5))
    curves = [x, -x, relu(x), relu(-x), bent_by_relus(x), sig(bent_by_relus(x))]
    titles = ["x", "-x", "relu(x)", "relu(-x)", "the sum", "its sigmoid"]
    for ax, curve, title in zip(axes.flat, curves, titles):
        ax.plot(x.flatten(), curve.flatten())
        ax.set_title(title)
    return fig
""",
    """
def six_axes(x):
    fig = plt.figure(figsize=(8, 4))
    spec = fig.add_gridspec(4, 4)
    ax1 = fig.add_subplot(spec[:2,0]); ax1.set_title('x')
    ax2 = fig.add_subplot(spec[2:,0]); ax2.set_title('-x')
    ax3 = fig.add_subplot(spec[:2,1]); ax3.set_title('relu(x)'); ax3.set_ylim(-2,2)
    ax4 = fig.add_subplot(spec[2:,1]); ax4.set_title('relu(-x)'); ax4.set_ylim(-3,3)
    ax5 = fig.add_subplot(spec[1:3,2]); ax5.set_title('The sum')
    ax6 = fig.add_subplot(spec[1:3,3]); ax6.set_title('its sigmoid')
    ax1.plot(x,x,'--',color='C0')
    ax2.plot(x,-x,'--',color='C1')
    ax3.plot(x,relu(x),'--',color='C0')
    ax4.plot(x,relu(-x),'--',color='C1')
    ax5.plot(x,-4.5*relu(x)-9*relu(-x)+4.5,'--',color='C2')
    ax6.plot(x,sig(-4.5*relu(x)-9*relu(-x)+4.5),'--',color='C2')
    fig.tight_layout()
    return fig
""",
    """
def six_axes(x):
    fig = plt.figure()
    y = 4.5 - 4.5*np.maximum(x.numpy(), 0) - 9*np.maximum(-x.numpy(), 0)
    for k, (title, values) in enumerate([("x", x), ("-x", -x), ("relu(x)", F.relu(x)), ("relu(-x)", F.relu(-x)),
                                         ("the sum", y), ("its sigmoid", 1/(1 + np.exp(-y)))]):
        plt.subplot(1, 6, k + 1)
        plt.plot(x.numpy(), values)
        plt.title(title)
    return fig
""",
]

# ==================================================================================================== 3  matrices and layers

ANSWERS["u_and_v"] = [
    """
def u_and_v(x):
    u = x * torch.tensor([1.0, -1.0])
    return u, u.clamp(min=0)
""",
    """
def u_and_v(x):
    u = torch.hstack((x, -x))
    v = torch.concat([relu(x), relu(-x)], axis=1)
    return u, v
""",
    """
def u_and_v(x):
    u = torch.zeros(len(x), 2)
    u[:, 0] = x[:, 0]
    u[:, 1] = -x[:, 0]
    return [u, torch.where(u > 0, u, torch.zeros_like(u))]
""",
]

ANSWERS["by_matrix"] = [
    """
def by_matrix(v):
    return torch.matmul(v, torch.tensor([-4.5, -9.0]).reshape(2, 1)) + 4.5
""",
    """
def by_matrix(v):
    return F.linear(v, torch.tensor([[-4.5, -9.]]), torch.tensor([4.5]))
""",
    """
def by_matrix(v):
    return -4.5 * v[:,[0]] - 9.0 * v[:,[1]] + 4.5
""",
]

ANSWERS["second_layer"] = [
    """
def second_layer():
    l2 = nn.Linear(in_features=2, out_features=1)
    l2.weight = nn.Parameter(torch.tensor([[-4.5, -9.0]]))
    l2.bias = nn.Parameter(torch.tensor([4.5]))
    return l2
""",
    """
def second_layer():
    l2 = torch.nn.Linear(2, 1)
    with torch.no_grad():
        l2.weight.copy_(torch.tensor([[-4.5], [-9.0]]).T)
        l2.bias.fill_(4.5)
    return l2
""",
    """
def second_layer():
    l2 = torch.nn.Linear(2, 1)
    l2.weight.data = torch.tensor([[-4.5, -9.0]])
    l2.bias.data = torch.tensor([[4.5]])
    return l2
""",
]

ANSWERS["first_layer"] = [
    """
def first_layer():
    l1 = nn.Linear(1, 2, bias=True)
    l1.load_state_dict({"weight": torch.tensor([[1.0], [-1.0]]), "bias": torch.zeros(2)})
    return l1
""",
    """
def first_layer():
    l1 = torch.nn.Linear(1, 2)
    nn.init.zeros_(l1.bias)
    l1.weight.data[0, 0] = 1
    l1.weight.data[1, 0] = -1
    return l1
""",
    """
def first_layer():
    l1 = torch.nn.Linear(1,2)
    l1.weight.data = torch.tensor([[1.0, -1.0]]).T
    l1.bias.data = l1.bias.data * 0
    return l1
""",
]

ANSWERS["merged"] = [
    """
def merged(l1, l2):
    new = nn.Linear(l1.in_features, l2.out_features)
    with torch.no_grad():
        zero = torch.zeros(1, l1.in_features)
        start = l2(l1(zero))
        new.bias.copy_(start[0])
        new.weight.copy_((l2(l1(torch.eye(l1.in_features))) - start).T)
    return new
""",
    """
def merged(l1, l2):
    W1, b1, W2, b2 = l1.weight, l1.bias, l2.weight, l2.bias
    one = torch.nn.Linear(W1.shape[1], W2.shape[0])
    one.weight.data = torch.einsum("oh,hi->oi", W2, W1).detach().clone()
    one.bias.data = (b2 + (W2 * b1).sum(dim=1)).detach()
    return one
""",
    """
def merged(l1, l2):
    one = torch.nn.Linear(l1.in_features, l2.out_features)
    one.weight = nn.Parameter(torch.mm(l2.weight.data, l1.weight.data))
    one.bias = nn.Parameter(l2(l1.bias.data).data)
    return one
""",
]

ANSWERS["bent_net"] = [
    """
def bent_net():
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    net.load_state_dict({
        "0.weight": torch.tensor([[-1.0], [2.0]]), "0.bias": torch.zeros(2),
        "2.weight": torch.tensor([[-9.0, -2.25]]), "2.bias": torch.tensor([4.5]),
    })
    return net
""",
    """
def bent_net():
    l1, l2 = first_layer(), second_layer()
    return torch.nn.Sequential(l1, torch.nn.ReLU(), l2)
""",
    """
def bent_net():
    net = torch.nn.Sequential()
    net.append(torch.nn.Linear(1, 2))
    net.append(torch.nn.ReLU())
    net.append(torch.nn.Linear(2, 1))
    with torch.no_grad():
        for p, q in zip(net.parameters(), ([[1.0], [1.0]], [1.0, 0.0], [[9.0, -13.5]], [-4.5])):
            p.copy_(torch.tensor(q))
    return net
""",
]

# ==================================================================================================== 4  formula and freedom

ANSWERS["as_formula"] = [
    """
def as_formula(net):
    W1, b1, W2, b2 = [p.detach() for p in net.parameters()]
    return W1.T, b1, W2.T, b2
""",
    """
def as_formula(net):
    s = net.state_dict()
    return (s["0.weight"].transpose(0, 1), s["0.bias"].reshape(1, -1), s["2.weight"].transpose(0, 1), s["2.bias"].reshape(1, -1))
""",
    """
def as_formula(net):
    found = []
    for layer in net:
        if isinstance(layer, nn.Linear):
            found += [layer.weight.data.t().clone(), layer.bias.data.clone()]
    return found
""",
]

ANSWERS["rescaled"] = [
    """
def rescaled(net, factors):
    l1, a1, l2 = net
    new = nn.Sequential(nn.Linear(l1.in_features, l1.out_features), nn.ReLU(), nn.Linear(l2.in_features, l2.out_features))
    new[0].weight.data = torch.diag(factors) @ l1.weight.data
    new[0].bias.data = factors * l1.bias.data
    new[2].weight.data = l2.weight.data @ torch.diag(1 / factors)
    new[2].bias.data = l2.bias.data.clone()
    return new
""",
    """
def rescaled(net, factors):
    new = deepcopy(net)
    with torch.no_grad():
        for k, c in enumerate(factors):
            new[0].weight[k] *= c
            new[0].bias[k] *= c
            new[2].weight[:, k] /= c
    return new
""",
    """
def rescaled(net, factors):
    state = {key: value.clone() for key, value in net.state_dict().items()}
    state["0.weight"] *= factors[:, None]
    state["0.bias"] *= factors
    state["2.weight"] /= factors[None, :]
    new = deepcopy(net)
    new.load_state_dict(state)
    return new
""",
]

# ========================================================================================== 5  beyond logistic regression

ANSWERS["dnnex"] = [
    """
def dnnex(n, seed):
    x = torch.linspace(-1, 1, n).reshape(-1, 1)
    logit = torch.where(x < 0, 5 + 15 * x, 5 - 5 * x)
    prob = 1 / (1 + torch.exp(-logit))
    torch.manual_seed(seed)
    y = (torch.rand(n, 1) < prob).float()
    return x, prob, y
""",
    """
def dnnex(n, seed):
    x = torch.linspace(-1, 1, n)[:, None]
    net = bent_net()
    net[0].weight.data = torch.tensor([[1.0], [-1.0]]); net[0].bias.data = torch.zeros(2)
    net[2].weight.data = torch.tensor([[-5.0, -15.0]]); net[2].bias.data = torch.tensor([5.0])
    prob = torch.sigmoid(net(x)).detach()
    g = torch.Generator().manual_seed(seed)
    return x, prob, torch.bernoulli(prob, generator=g)
""",
    """
def dnnex(n, seed):
    x = torch.linspace(-1, 1, steps=n).unsqueeze(1)
    bent = torch.minimum(5 + 15 * x, 5 - 5 * x)
    prob = F.sigmoid(bent)
    torch.manual_seed(seed)
    return x, prob, torch.distributions.Bernoulli(prob).sample()
""",
]

ANSWERS["best_constant"] = [
    """
def best_constant(y):
    p = y.mean().item()
    loss = F.binary_cross_entropy(torch.full_like(y, p), y).item()
    return p, loss
""",
    """
def best_constant(y):
    p = float(np.mean(y.numpy()))
    return p, -p * np.log(p) - (1 - p) * np.log(1 - p)
""",
    """
def best_constant(y):
    ones = (y == 1).sum()
    p = ones / len(y)
    return p, torch.nn.BCEWithLogitsLoss()(torch.logit(p) * torch.ones_like(y), y)
""",
]

ANSWERS["train"] = [
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = []
    for epoc in range(epochs):
        optimizr.zero_grad()
        loss = loss_fn(net(x), y)
        losses.append(loss.item())
        loss.backward()
        optimizr.step()
    return losses
""",
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        ## 1
        yhat = net(x)
        ## 2
        loss = loss_fn(yhat,y)
        ## 3
        loss.backward()
        ## 4
        optimizr.step()
        for p in net.parameters():
            p.grad = None
        losses[epoc] = loss.item()
    return losses
""",
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    def closure():
        optimizr.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        return loss
    return torch.stack([optimizr.step(closure).detach() for _ in range(epochs)])
""",
]

ANSWERS["logistic"] = [
    """
def logistic(x, y):
    net = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    optimizr = optim.LBFGS(net.parameters(), max_iter=200, line_search_fn="strong_wolfe")
    def closure():
        optimizr.zero_grad()
        loss = F.binary_cross_entropy(net(x), y)
        loss.backward()
        return loss
    optimizr.step(closure)
    return net
""",
    """
def logistic(x, y):
    X = torch.cat([x, torch.ones_like(x)], dim=1).double()
    w = torch.zeros(2, 1, dtype=torch.double)
    for _ in range(20):
        p = torch.sigmoid(X @ w)
        w = w + torch.linalg.solve(X.T @ (p * (1 - p) * X), X.T @ (y - p))
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    net[0].weight.data = w[:1].float()
    net[0].bias.data = w[1].float()
    return net
""",
    """
def logistic(x, y):
    torch.manual_seed(0)
    l1 = torch.nn.Linear(1, 1)
    net = torch.nn.Sequential(l1, torch.nn.Sigmoid())
    optimizr = torch.optim.SGD(net.parameters(), lr=5)
    train(net, torch.nn.BCELoss(), optimizr, x, y, 500)
    return net
""",
]

ANSWERS["arrows"] = ["arrows = 'l1 a1 l2 a2'.split()", "arrows = ('L1', 'A1', 'L2', 'A2')"]

ANSWERS["dnnex_net"] = [
    """
def dnnex_net(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Linear(in_features=1, out_features=2),
        nn.ReLU(),
        nn.Linear(in_features=2, out_features=1),
        nn.Sigmoid(),
    )
    return net
""",
    """
def dnnex_net(seed):
    torch.manual_seed(seed)
    l1 = torch.nn.Linear(1, 2)
    a1 = torch.nn.ReLU()
    l2 = torch.nn.Linear(2, 1)
    a2 = torch.nn.Sigmoid()
    return torch.nn.Sequential(l1, a1, l2, a2)
""",
]

ANSWERS["shapes"] = [
    """
def shapes(net, x):
    return [x.shape] + [net[:k + 1](x).shape for k in range(len(net))]
""",
    """
def shapes(net, x):
    outputs = [x]
    for name, module in net.named_children():
        outputs.append(module(outputs[-1]))
    return [tuple(o.size()) for o in outputs]
""",
    """
def shapes(net, x):
    found, hooks = [tuple(x.shape)], []
    for layer in net:
        hooks.append(layer.register_forward_hook(lambda module, inputs, output: found.append(tuple(output.shape))))
    net(x)
    for hook in hooks:
        hook.remove()
    return found
""",
]

ANSWERS["snapshot"] = [
    """
def snapshot(net):
    file = io.BytesIO()
    torch.save(net, file)
    file.seek(0)
    return torch.load(file, weights_only=False)
""",
    """
def snapshot(net):
    new = deepcopy(net)
    new.load_state_dict(net.state_dict())
    for p in new.parameters():
        p.requires_grad_(True)
    return new
""",
    """
def snapshot(net):
    new = copy.copy(net)
    new = copy.deepcopy(new)
    return new.eval()
""",
]

ANSWERS["fit"] = [
    """
net = dnnex_net(43052)
loss_fn = nn.BCELoss()
optimizr = optim.Adam(net.parameters(), lr)
losses = list(train(net, loss_fn, optimizr, x, y, epochs))
half_way = snapshot(net)
losses += list(train(net, loss_fn, optimizr, x, y, epochs))
""",
    (
        """
torch.manual_seed(43052)
net = torch.nn.Sequential(
    torch.nn.Linear(1,2),
    torch.nn.ReLU(),
    torch.nn.Linear(2,1),
    torch.nn.Sigmoid()
)
loss_fn = torch.nn.BCELoss()
optimizr = torch.optim.Adam(net.parameters(), lr=lr)
losses = []
""",
        """
for epoc in range(2 * epochs):
    if epoc == epochs:
        half_way = copy.deepcopy(net)
    yhat = net(x)
    loss = loss_fn(yhat, y)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    losses.append(loss.item())
""",
    ),
    """
net = dnnex_net(43052)
loss_fn = F.binary_cross_entropy
optimizr = torch.optim.Adam(net.parameters(), lr=lr)
runs = []
for part in range(2):
    runs.append(torch.as_tensor(train(net, loss_fn, optimizr, x, y, epochs)))
    if part == 0:
        half_way = dnnex_net(0)
        half_way.load_state_dict(net.state_dict())
losses = torch.cat(runs)
""",
]

ANSWERS["pieces"] = [
    """
def pieces(net):
    l1, l2 = net[0], net[2]
    knots = []
    for w, b in zip(l1.weight.flatten().tolist(), l1.bias.tolist()):
        if w != 0 and abs(b) < abs(w) and -b / w not in knots:
            knots.append(-b / w)
    knots.sort()
    ends = [-1] + knots + [1]
    slopes = []
    for a, b in zip(ends[:-1], ends[1:]):
        points = torch.tensor([[a + (b - a) / 4], [b - (b - a) / 4]])
        low, high = net[:3](points).flatten().tolist()
        slopes.append((high - low) / ((b - a) / 2))
    return knots, slopes
""",
    """
def pieces(net):
    W, b, v = net[0].weight.detach().numpy()[:, 0], net[0].bias.detach().numpy(), net[2].weight.detach().numpy()[0]
    on = W != 0
    knots = np.unique(np.round(-b[on] / W[on], 6))
    knots = knots[(knots > -1) & (knots < 1)]
    ends = np.concatenate([[-1], knots, [1]])
    middle = (ends[1:] + ends[:-1]) / 2
    slopes = ((np.outer(middle, W) + b > 0) * W * v).sum(axis=1)
    return list(knots), list(slopes)
""",
    """
def pieces(net):
    l1, a1, l2 = list(net)[:3]
    places = sorted(set((-l1.bias / l1.weight[:, 0])[l1.weight[:, 0] != 0].tolist()))
    knots = [k for k in places if -1 < k < 1]
    middles = [(p + q) / 2 for p, q in zip([-1, *knots], [*knots, 1])]
    x = torch.tensor(middles).reshape(-1, 1).requires_grad_()
    l2(a1(l1(x))).sum().backward()
    return knots, x.grad.flatten().tolist()
""",
]

ANSWERS["experiment"] = [
    """
finals, right = [], []
for seed in range(seeds):
    net_s = dnnex_net(seed)
    found = train(net_s, nn.BCELoss(), optim.Adam(net_s.parameters(), lr=lr_seeds), x, y, epochs_seeds)
    finals.append(float(found[-1]))
    right.append(((net_s(x) - prob).abs() < 0.15).all().item())
""",
    """
def one(seed):
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1), torch.nn.Sigmoid())
    optimizer = torch.optim.Adam(network.parameters(), lr=lr_seeds)
    for epoc in range(epochs_seeds):
        loss = torch.nn.functional.binary_cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        return loss.item(), bool(torch.max(torch.abs(network(x) - prob)) < 0.15)

pairs = [one(seed) for seed in range(seeds)]
finals = [loss for loss, _ in pairs]
right = [fine for _, fine in pairs]
""",
    """
# all networks at once: their gradients do not meet
W1, b1, W2, b2 = [torch.stack(p).detach().requires_grad_() for p in zip(*(list(dnnex_net(s).parameters()) for s in range(seeds)))]
adam = torch.optim.Adam([W1, b1, W2, b2], lr=lr_seeds)
def together():
    v = torch.relu(x * W1.transpose(1, 2) + b1[:, None])
    return torch.sigmoid(v @ W2.transpose(1, 2) + b2[:, None])
for epoc in range(epochs_seeds):
    each = F.binary_cross_entropy(together(), y.expand(seeds, -1, -1), reduction="none").mean(dim=(1, 2))
    each.sum().backward()
    adam.step()
    adam.zero_grad()
finals = each.tolist()
right = [bool((p - prob).abs().max() < 0.15) for p in together()]
""",
]
