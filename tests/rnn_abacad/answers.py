"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F` and `np` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import copy
import itertools
from time import perf_counter, time as now

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
"""

ANSWERS: dict[str, list[Sources]] = {}

# ============================================================================================================ 1  the text

ANSWERS["one_hot_pairs"] = [
    """
def one_hot_pairs(txt, mapping):
    txt_x, txt_y = list(txt)[:-1], list(txt)[1:]
    eye = torch.eye(len(mapping))
    return eye[f(txt_x, mapping)], eye[f(txt_y, mapping)]
""",
    """
def one_hot_pairs(txt, mapping):
    x = torch.zeros(len(txt) - 1, len(mapping))
    y = torch.zeros(len(txt) - 1, len(mapping))
    for t in range(len(txt) - 1):
        x[t, mapping[txt[t]]] = 1.
        y[t, mapping[txt[t + 1]]] = 1.
    return x, y
""",
    """
def one_hot_pairs(txt, mapping):
    codes = np.array(f(txt, mapping))
    rows = (codes[:, None] == np.arange(len(mapping))).astype("float32")
    return [torch.from_numpy(rows[:-1].copy()), torch.from_numpy(rows[1:].copy())]
""",
]

# ============================================================================================================== 2  a cell

ANSWERS["rNNCell"] = [
    """
class rNNCell(nn.Module):
    def __init__(self):
        super(rNNCell, self).__init__()
        self.i2h = nn.Linear(in_features=4, out_features=2)
        self.h2h = nn.Linear(in_features=2, out_features=2)
        self.tanh = nn.Tanh()

    def forward(self, x, hidden):
        return self.tanh(self.h2h(hidden) + self.i2h(x))
""",
    """
class rNNCell(torch.nn.Module):
    def __init__(self, n_in=4, n_hidden=2):
        super().__init__()
        self.i2h = torch.nn.Linear(n_in, n_hidden)
        self.h2h = torch.nn.Linear(n_hidden, n_hidden)
    def forward(self, x, hidden):
        from_letter = self.i2h(x)
        from_memory = self.h2h(hidden)
        return torch.tanh(torch.add(from_letter, from_memory))
""",
    """
class rNNCell(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.i2h = torch.nn.Linear(4,2)
        self.h2h = torch.nn.Linear(2,2)
        self.tanh = torch.nn.Tanh()
    def forward(self,x,hidden):
        z = self.i2h(x)+self.h2h(hidden)      # 간장 + 콩
        hidden = 2*torch.sigmoid(2*z)-1
        return hidden
""",
]

ANSWERS["start"] = [
    """
torch.manual_seed(43052); rnncell = rNNCell()
torch.manual_seed(43052); cook = nn.Linear(2, 4)
loss_fn = nn.CrossEntropyLoss()
optimizr = optim.Adam([*rnncell.parameters(), *cook.parameters()], lr)
""",
    (
        "torch.manual_seed(43052)\nrnncell = rNNCell()",
        "torch.manual_seed(43052)\ncook = torch.nn.Linear(2,4)\nprint(cook)",
        "loss_fn = F.cross_entropy\noptimizr = optim.Adam([{'params': rnncell.parameters()}, {'params': cook.parameters()}], lr=lr)",
    ),
    """
nets = nn.ModuleList()
for make in (rNNCell, lambda: nn.Linear(2, 4)):
    torch.manual_seed(43052)
    nets.append(make())
rnncell, cook = nets
optimizr = torch.optim.Adam(nets.parameters(), lr=lr, betas=(0.9, 0.999))
loss_fn = torch.nn.CrossEntropyLoss(reduction="mean")
""",
]

# ============================================================================================== 3  through time by hand

ANSWERS["train_by_hand"] = [
    """
def train_by_hand(cell, cook, loss_fn, optimizr, x, y, epochs):
    history = []
    for epoc in range(epochs):
        optimizr.zero_grad()
        ht, loss = torch.zeros(1, 2), 0
        for xt, yt in zip(x.split(1), y.split(1)):
            ht = cell(xt, ht)
            loss += loss_fn(cook(ht), yt)
        loss.backward()
        optimizr.step()
        history.append(loss.item())
    return history
""",
    """
def train_by_hand(cell, cook, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    T = len(x)
    for epoc in range(epochs):
        h = torch.zeros(1, 2)
        hs = []
        for t in range(T):
            h = cell(x[t:t+1], h)
            hs.append(h)
        outputs = cook(torch.cat(hs))
        loss = sum(loss_fn(outputs[[t]], y[[t]]) for t in range(T))
        for p in [*cell.parameters(), *cook.parameters()]:
            p.grad = None
        loss.backward()
        optimizr.step()
        losses[epoc] = float(loss)
    return losses
""",
    """
def train_by_hand(cell, cook, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        terms = []
        ht = x.new_zeros((1, 2))
        for t, xt in enumerate(x):
            ht = cell(xt.unsqueeze(0), ht)
            ot = cook(ht)
            terms.append(loss_fn(ot, y[t].reshape(1, -1)))
        loss = torch.stack(terms).sum()
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses[epoc] = loss.detach()
    return losses
""",
]

ANSWERS["states"] = [
    """
@torch.no_grad()
def states(cell, x, _water):
    ht = _water
    rows = []
    for t in range(len(x)):
        ht = cell(x[[t]], ht)
        rows.append(ht)
    return torch.cat(rows, dim=0)
""",
    """
def states(cell, x, _water):
    all_states = [_water]
    for xt in x:
        all_states.append(cell(xt[None], all_states[-1]))
    return torch.vstack(all_states[1:]).data
""",
    """
def states(cell, x, _water):
    steps = itertools.accumulate(x.split(1), lambda h, xt: cell(xt, h), initial=_water)
    return torch.cat(list(steps)[1:]).detach().clone()
""",
]

ANSWERS["look"] = [
    """
_water = torch.zeros(1,2)
hidden = states(rnncell, x, _water)
yhat = soft(cook(hidden)).data
plt.matshow(yhat[-15:],cmap='bwr',vmin=-1,vmax=1)
plt.title('A b c d')
plt.show()
""",
    """
with torch.no_grad():
    hidden = torch.zeros(len(x), 2)
    h = torch.zeros(1, 2)
    for t in range(len(x)):
        h = rnncell(x[[t]], h)
        hidden[t] = h
    yhat = F.softmax(cook(hidden), dim=-1)
fig, ax = plt.subplots(figsize=(4, 8))
ax.imshow(yhat.numpy()[-15:], cmap="bwr", vmin=-1, vmax=1)
ax.set_xticks(range(4), list("Abcd"))
""",
    (
        "hidden = states(rnncell, x, torch.zeros(1, 2))\nlogits = cook(hidden)\nyhat = (logits.exp() / logits.exp().sum(1, keepdim=True)).detach()",
        "plt.matshow(yhat[len(yhat) - 15:], cmap=plt.cm.bwr, vmin=-1, vmax=1);",
    ),
]

# ================================================================================================ 4, 5  torch's networks

ANSWERS["as_rnncell"] = [
    """
def as_rnncell(cell):
    new = nn.RNNCell(4, 2)
    new.load_state_dict({
        "weight_ih": cell.i2h.weight, "bias_ih": cell.i2h.bias,
        "weight_hh": cell.h2h.weight, "bias_hh": cell.h2h.bias,
    })
    return new
""",
    """
def as_rnncell(cell):
    new = torch.nn.RNNCell(input_size=4, hidden_size=2)
    with torch.no_grad():
        for name, layer in (("ih", cell.i2h), ("hh", cell.h2h)):
            getattr(new, "weight_" + name).copy_(layer.weight)
            getattr(new, "bias_" + name).copy_(layer.bias)
    return new
""",
    # the two biases exchanged: only their sum counts
    """
def as_rnncell(cell):
    new = torch.nn.RNNCell(4, 2)
    new.weight_ih = nn.Parameter(cell.i2h.weight.detach().clone())
    new.weight_hh = nn.Parameter(cell.h2h.weight.detach().clone())
    new.bias_hh = nn.Parameter(cell.i2h.bias.detach().clone())
    new.bias_ih = nn.Parameter(cell.h2h.bias.detach().clone())
    return new
""",
]

ANSWERS["as_rnn"] = [
    """
def as_rnn(cell):
    net = nn.RNN(cell.input_size, cell.hidden_size)
    net.load_state_dict({name + "_l0": value for name, value in cell.state_dict().items()})
    return net
""",
    """
def as_rnn(cell):
    hidden, inputs = cell.weight_ih.shape
    rnn = torch.nn.RNN(inputs, hidden, num_layers=1)
    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
        getattr(rnn, f"{name}_l0").data[:] = getattr(cell, name).data
    return rnn
""",
    """
def as_rnn(cell):
    rnn = torch.nn.RNN(cell.input_size, cell.hidden_size, nonlinearity="tanh")
    for mine, theirs in zip(rnn.parameters(), cell.parameters()):
        mine.data = theirs.data.detach().clone()
    return rnn
""",
]

ANSWERS["train_rnn"] = [
    """
def train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs):
    losses = []
    for _ in range(epochs):
        optimizr.zero_grad()
        loss = loss_fn(cook(rnn(x)[0]), y)
        loss.backward()
        optimizr.step()
        losses.append(loss.item())
    return losses
""",
    """
def train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs):
    _water = torch.zeros(1, 1, rnn.hidden_size)
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # as a batch of one text: (T, 1, V)
        hidden, hT = rnn(x.unsqueeze(1), _water)
        loss = loss_fn(cook(hidden.squeeze(1)), y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad(set_to_none=False)
        losses[epoc] = loss.item()
    return losses
""",
    """
def train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs):
    losses = torch.zeros(epochs)
    targets = y.argmax(dim=1)      # numbers of the classes instead of one-hot rows
    for epoc in range(epochs):
        hidden, hT = rnn(x, torch.zeros(1, rnn.hidden_size))
        loss = -F.log_softmax(cook(hidden), dim=1)[range(len(x)), targets].mean()
        for p in itertools.chain(rnn.parameters(), cook.parameters()): p.grad = None
        loss.backward()
        optimizr.step()
        losses[epoc] = loss.item()
    return losses
""",
]

# =========================================================================================================== 6  a new start

ANSWERS["which_cell"] = [
    'which_cell = "The trained cell"',
    "which_cell = 'the ' + 'trained' + ' cell'  # nothing is assigned",
    'options = ["the new cell", "the trained cell", "no cell"]\nwhich_cell = options[1]',
]

ANSWERS["new_start"] = [
    """
torch.manual_seed(43052)
rnn = torch.nn.RNN(4, 2)     # draws the numbers of RNNCell
torch.manual_seed(43052)
cook = torch.nn.Linear(2, 4)
loss_fn = torch.nn.CrossEntropyLoss()
optimizr = torch.optim.Adam([*rnn.parameters(), *cook.parameters()], lr=lr)
losses = train_rnn(rnn, cook, loss_fn, optimizr, x, y, epochs)
""",
    """
def fresh(make):
    torch.manual_seed(43052)
    return make()

rnncell = fresh(lambda: nn.RNNCell(4, 2))
rnn, cook = as_rnn(rnncell), fresh(lambda: nn.Linear(2, 4))
optimizr = optim.Adam(nn.ModuleList([rnn, cook]).parameters(), lr=lr)
losses = train_rnn(rnn, cook, nn.CrossEntropyLoss(), optimizr, x, y, epochs)
""",
    (
        "torch.manual_seed(43052)\nrnncell = torch.nn.RNNCell(4,2)\nrnn = as_rnn(rnncell)\ntorch.manual_seed(43052)\ncook = torch.nn.Linear(2,4)",
        """
loss_fn = torch.nn.CrossEntropyLoss()
optimizr = torch.optim.Adam(list(cook.parameters())+list(rnn.parameters()), lr=lr)
losses = []
for epoc in range(epochs):
    hidden, hT = rnn(x, torch.zeros(1, 2))
    loss = loss_fn(cook(hidden), y)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    losses.append(loss.item())
""",
    ),
]

ANSWERS["wrong_positions"] = [
    "def wrong_positions(output, y):\n    return [t for t in range(len(y)) if output[t].argmax() != y[t].argmax()]",
    "def wrong_positions(output, y):\n    return torch.where(output.argmax(1) != y.argmax(1))[0].tolist()",
    """
def wrong_positions(output, y):
    output, y = output.detach().numpy(), y.numpy()
    return [int(t) for t in np.flatnonzero(output.argmax(axis=1) != y.argmax(axis=1))]
""",
]

ANSWERS["cold_and_warm"] = [
    """
def cold_and_warm(rnn, x):
    with torch.no_grad():
        hidden, hT = rnn(x)
        return hidden[:6], rnn(x[:6], hT)[0]
""",
    """
def cold_and_warm(rnn, x):
    water = torch.zeros(1, rnn.hidden_size)
    last = rnn(x, water)[1].data
    return tuple(rnn(x[:6], begin)[0].data for begin in (water, last))
""",
    """
@torch.no_grad()
def cold_and_warm(rnn, x):
    twice, _ = rnn(torch.cat([x, x[:6]]))
    return twice[:6], twice[-6:]
""",
]

ANSWERS["combined_figure"] = [
    """
def combined_figure(hidden, yhat, last):
    both = torch.hstack([hidden, yhat])
    fig = plt.figure()
    plt.imshow(both[-last:], cmap="bwr", vmin=-1, vmax=1)
    return fig
""",
    """
def combined_figure(hidden, yhat, last):
    plt.matshow(torch.cat((hidden[-last:], yhat[-last:]), 1), cmap='bwr', vmin=-1, vmax=1)
    return plt.gcf()
""",
    """
def combined_figure(hidden, yhat, last):
    T = len(hidden)
    table = np.concatenate([hidden.numpy(), yhat.numpy()], axis=1)[T - last:T]
    image = plt.matshow(table, cmap="bwr", vmin=-1.0, vmax=1.0)
    image.axes.set_title(f"the last {last}")
    return image.figure
""",
]

# ====================================================================================================== 7  what nodes know

ANSWERS["from_seed"] = [
    """
def from_seed(width, seed, x, y, lr, epochs):
    torch.manual_seed(seed)
    rnn, cook = nn.RNN(4, width), nn.Linear(width, 4)
    params = nn.ModuleList([rnn, cook]).parameters()
    return rnn, cook, train_rnn(rnn, cook, nn.CrossEntropyLoss(), optim.Adam(params, lr=lr), x, y, epochs)
""",
    """
def from_seed(width, seed, x, y, lr, epochs):
    torch.manual_seed(seed)
    rnn = torch.nn.RNN(input_size=4, hidden_size=width)
    cook = torch.nn.Linear(in_features=width, out_features=4)
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(cook.parameters()), lr)
    losses = []
    for epoc in range(epochs):
        output = cook(rnn(x)[0])
        loss = loss_fn(output, y)
        loss.backward(); optimizr.step(); optimizr.zero_grad()
        losses.append(loss.item())
    return [rnn, cook, losses]
""",
]

ANSWERS["case_node"] = [
    """
def case_node(hidden, upper):
    best, widest = None, 0.0
    for k in range(hidden.shape[1]):
        high, low = hidden[upper, k], hidden[~upper, k]
        gap = max(float(high.min() - low.max()), float(low.min() - high.max()))
        if gap > widest:
            best, widest = k, gap
    return best
""",
    """
def case_node(hidden, upper):
    h, u = hidden.detach().numpy(), np.asarray(upper, dtype=bool)
    gaps = np.maximum(h[u].min(0) - h[~u].max(0), h[~u].min(0) - h[u].max(0))
    return None if gaps.max() <= 0 else int(np.argmax(gaps))
""",
    """
def case_node(hidden, upper):
    def gap(k):
        a = [float(v) for v, u in zip(hidden[:, k], upper) if u]
        b = [float(v) for v, u in zip(hidden[:, k], upper) if not u]
        return max(min(a) - max(b), min(b) - max(a))
    parting = [k for k in range(hidden.shape[1]) if gap(k) > 0]
    return max(parting, key=gap, default=None)
""",
]

ANSWERS["rearranged"] = [
    """
def rearranged(rnn, cook, order):
    new_rnn, new_cook = copy.deepcopy(rnn), copy.deepcopy(cook)
    with torch.no_grad():
        for name, value in rnn.named_parameters():
            value = value[order]
            new_rnn.get_parameter(name).copy_(value[:, order] if name == "weight_hh_l0" else value)
        new_cook.weight.copy_(cook.weight[:, order])
    return new_rnn, new_cook
""",
    """
def rearranged(rnn, cook, order):
    P = torch.eye(len(order))[order]
    old = rnn.state_dict()
    new_rnn = nn.RNN(rnn.input_size, rnn.hidden_size)
    new_rnn.load_state_dict({
        "weight_ih_l0": P @ old["weight_ih_l0"],
        "weight_hh_l0": P @ old["weight_hh_l0"] @ P.T,
        "bias_ih_l0": P @ old["bias_ih_l0"],
        "bias_hh_l0": P @ old["bias_hh_l0"],
    })
    new_cook = nn.Linear(cook.in_features, cook.out_features)
    new_cook.load_state_dict({"weight": cook.weight @ P.T, "bias": cook.bias})
    return new_rnn, new_cook
""",
    # one bias holds the sum of the two, the other is zero
    """
def rearranged(rnn, cook, order):
    new_rnn = copy.deepcopy(rnn)
    new_rnn.weight_ih_l0.data = rnn.weight_ih_l0.data[order]
    for k in range(len(order)):
        for j in range(len(order)):
            new_rnn.weight_hh_l0.data[k, j] = rnn.weight_hh_l0.data[order[k], order[j]]
    new_rnn.bias_ih_l0.data = (rnn.bias_ih_l0.data + rnn.bias_hh_l0.data)[order]
    new_rnn.bias_hh_l0.data.zero_()
    new_cook = copy.deepcopy(cook)
    new_cook.weight.data = torch.index_select(cook.weight.data, 1, torch.tensor(order))
    return new_rnn, new_cook
""",
]

ANSWERS["experiment"] = [
    """
def learns(width, seed):
    rnn, cook, _ = from_seed(width, seed, x_few, y_few, lr, epochs)
    wrong = wrong_positions(cook(rnn(x_few, torch.zeros(1, width))[0]), y_few)
    return all(t < 6 for t in wrong)

right2 = [learns(2, seed) for seed in range(seeds)]
right3 = [learns(3, seed) for seed in range(seeds)]
""",
    """
right2, right3 = torch.zeros(seeds, dtype=torch.bool), torch.zeros(seeds, dtype=torch.bool)
for k in range(seeds):
    for width, found in zip((2, 3), (right2, right3)):
        net, net_cook, _ = from_seed(width, k, x_few, y_few, lr, epochs)
        likeliest = net_cook(net(x_few)[0]).argmax(dim=1)
        found[k] = bool((likeliest == y_few.argmax(dim=1))[6:].all())
""",
]

# ============================================================================================================== 8  the time

ANSWERS["seconds_of"] = [
    """
def seconds_of(length, width, backward, device, epochs):
    x, y = torch.randn(length, 4).to(device), torch.randn(length, 4).to(device)
    rnn, linr = nn.RNN(4, width).to(device), nn.Linear(width, 4).to(device)
    optimizr = optim.Adam([*rnn.parameters(), *linr.parameters()])
    for epoc in range(epochs + 1):
        if epoc == 1:
            wait(device)
            begin = time.time()
        hidden, hT = rnn(x)
        loss = F.mse_loss(linr(hidden), y)
        if backward:
            loss.backward()
        optimizr.step()
        optimizr.zero_grad()
    wait(device)
    return time.time() - begin
""",
    """
def run_epochs(n, rnn, linr, optimizr, x, y, _water, backward):
    for _ in range(n):
        hidden, _hT = rnn(x, _water)
        loss = ((linr(hidden) - y) ** 2).mean()
        if backward: loss.backward()
        optimizr.step(); optimizr.zero_grad()

def seconds_of(length, width, backward, device, epochs):
    x = torch.randn(length, 4, device=device)
    y = torch.randn(length, 4, device=device)
    rnn = torch.nn.RNN(4, width).to(device)
    linr = torch.nn.Linear(width, 4).to(device)
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(linr.parameters()))
    rest = rnn, linr, optimizr, x, y, torch.zeros(1, width, device=device), backward
    run_epochs(3, *rest)
    wait(device)
    t1 = perf_counter()
    run_epochs(epochs, *rest)
    wait(device)
    t2 = perf_counter()
    return t2 - t1
""",
    """
def seconds_of(length, width, backward, device, epochs):
    x = torch.randn(length, 4).to(device)
    y = torch.randn(length, 4).to(device)
    _water = torch.zeros(1, width).to(device)
    rnn = torch.nn.RNN(4, width).to(device)
    linr = torch.nn.Linear(width, 4).to(device)
    loss_fn = torch.nn.MSELoss()
    optimizr = torch.optim.Adam(list(rnn.parameters()) + list(linr.parameters()))
    def one():
        optimizr.zero_grad()
        loss = loss_fn(linr(rnn(x, _water)[0]), y)
        if backward:
            loss.backward()
        optimizr.step()
    one(); wait(device)
    total = 0.0
    for _ in range(epochs):
        begin = time.monotonic_ns()
        one()
        wait(device)
        total += time.monotonic_ns() - begin
    seconds = total / 1e9
    return seconds
""",
]

ANSWERS["timing_figure"] = [
    """
def timing_figure(table):
    fig = plt.figure()
    lines = {}
    for length, width, backward, device, seconds in table:
        lines.setdefault(device, []).append(seconds)
    for device, seconds in lines.items():
        plt.semilogy(seconds, "o-", label=device)
    plt.ylabel("seconds")
    plt.legend()
    return fig
""",
    """
def timing_figure(table):
    fig, ax = plt.subplots()
    for device in sorted({row[3] for row in table}):
        y = np.array([row[4] for row in table if row[3] == device])
        ax.plot(np.arange(len(y)), y, label=device, marker="s")
    ax.set(yscale="log", ylabel="Seconds", title="time", xlabel="setting")
    ax.legend(); ax.grid()
    return fig
""",
]

ANSWERS["speedups"] = [
    """
def speedups(table, device):
    ratios = []
    for length, width, backward, where, seconds in table:
        if where == "cpu":
            (other,) = [row[4] for row in table if row[:4] == (length, width, backward, device)]
            ratios.append(seconds / other)
    return ratios
""",
    """
def speedups(table, device):
    cpu = np.array([row[-1] for row in table if row[3] == "cpu"])
    return cpu / np.array([row[-1] for row in table if row[3] == device])
""",
]

ANSWERS["backward_share"] = [
    """
def backward_share(table, device):
    mine = [row for row in table if row[3] == device]
    with_, without = ([row[4] for row in mine if row[2] is b] for b in (True, False))
    return [(a - b) / a for a, b in zip(with_, without)]
""",
    """
def backward_share(table, device):
    shares = {}
    for length, width, backward, where, seconds in table:
        if where == device:
            shares.setdefault((length, width), {})[backward] = seconds
    return torch.tensor([1 - s[False] / s[True] for s in shares.values()], dtype=torch.float64)
""",
]

ANSWERS["learns_without_backward"] = [
    "learns_without_backward = bool(0)",
    "learns_without_backward = not True  # no gradients, no step",
]
