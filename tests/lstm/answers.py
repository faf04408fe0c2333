"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers. They use `nn`, `F`, `np`, `math` and `Counter` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import math
from collections import Counter

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
"""

ANSWERS: dict[str, list[Sources]] = {}

# ========================================================================================================= 1  the texts

ANSWERS["text_data"] = [
    """
def text_data(word, periods):
    letters = []
    for letter in word:
        if letter not in letters:
            letters.append(letter)
    txt = list(word) * periods
    txt_x, txt_y = txt[:-1], txt[1:]
    eye = torch.eye(len(letters))
    x = torch.stack([eye[letters.index(letter)] for letter in txt_x])
    y = torch.stack([eye[letters.index(letter)] for letter in txt_y])
    return x, y
""",
    """
def text_data(word, periods):
    order = sorted(set(word), key=word.index)
    V = len(order)
    mapping = {letter: [float(k == j) for j in range(V)] for k, letter in enumerate(order)}
    rows = np.array(f(word * periods, mapping), dtype=np.float32)
    return torch.from_numpy(rows[:-1]), torch.from_numpy(rows[1:])
""",
]

ANSWERS["letters_and_contexts"] = [
    """
def letters_and_contexts(word):
    # the shortest shift that leaves word, word, ... as it is
    for shift in range(1, len(word) + 1):
        if word[shift:] + word[:shift] == word:
            break
    return len(Counter(word)), shift
""",
    """
def letters_and_contexts(word):
    letters = len(set(word))
    contexts = (word + word).index(word, 1)
    return letters, contexts
""",
]

ANSWERS["memoryless"] = [
    """
def memoryless(x, y):
    now, then = x.argmax(1).tolist(), y.argmax(1).tolist()
    together, alone = Counter(zip(now, then)), Counter(now)
    total = 0.0
    for (a, b), n in together.items():
        total += n * math.log(n / alone[a])
    return -total / len(x)
""",
    """
def memoryless(x, y):
    loss = 0
    for letter in range(x.shape[1]):
        following = y[x[:, letter] == 1]
        if len(following) == 0:
            continue
        p = following.mean(0)
        p = p[p > 0]
        loss = loss - len(following) * (p * torch.log(p)).sum()
    return (loss / len(x)).item()
""",
]

# ================================================================================================ 2  an RNN and an LSTM

ANSWERS["make"] = [
    """
def make(kind, letters, hidden, seed):
    torch.manual_seed(seed)
    classes = {"RNN": nn.RNN, "LSTM": nn.LSTM}
    net = classes[kind](input_size=letters, hidden_size=hidden)
    return net, nn.Linear(in_features=hidden, out_features=letters)
""",
    """
def make(kind, letters, hidden, seed):
    torch.manual_seed(seed)
    if kind == "LSTM":
        net = torch.nn.LSTM(letters, hidden, num_layers=1, batch_first=False)
    else:
        net = torch.nn.RNN(letters, hidden, nonlinearity="tanh")
    linr = torch.nn.Linear(hidden, letters)
    return (net, linr)
""",
]

ANSWERS["train"] = [
    # without water: torch begins with zeros
    """
def train(net, linr, optimizr, x, y, epochs):
    losses = []
    for _ in range(epochs):
        optimizr.zero_grad()
        hidden = net(x)[0]
        loss = F.cross_entropy(linr(hidden), y)
        loss.backward()
        optimizr.step()
        losses.append(loss.item())
    return torch.tensor(losses)
""",
    # a batch of one text; the codes of the letters as targets
    """
def train(net, linr, optimizr, x, y, epochs):
    loss_fn = nn.CrossEntropyLoss()
    codes = y.argmax(dim=1)
    losses = torch.empty(epochs)
    for epoc in range(epochs):
        output = linr(net(x.unsqueeze(1))[0].squeeze(1))
        loss = loss_fn(output, codes)
        net.zero_grad(); linr.zero_grad()
        loss.backward()
        optimizr.step()
        losses[epoc] = loss.detach()
    return losses
""",
]

ANSWERS["learned"] = [
    """
def learned(net, linr, x, y, last):
    with torch.no_grad():
        yhat = torch.softmax(linr(net(x)[0]), dim=-1)
    said = yhat.max(dim=1).indices.tolist()
    true = y.nonzero()[:, 1].tolist()
    return said[len(said) - last:] == true[len(true) - last:]
""",
    """
def learned(net, linr, x, y, last):
    hidden, _ = net(x)
    output = linr(hidden)
    for t in range(len(x) - last, len(x)):
        if int(torch.argmax(output[t])) != int(torch.argmax(y[t])):
            return False
    return True
""",
]

ANSWERS["in_blocks"] = [
    """
def in_blocks(kind, x, y, hidden, lr, blocks, epochs):
    net, linr = make(kind, x.size(1), hidden, 43052)
    optimizr = torch.optim.Adam([{"params": net.parameters()}, {"params": linr.parameters()}], lr=lr)
    losses, right = torch.zeros(0), []
    while len(right) < blocks:
        losses = torch.hstack([losses, train(net, linr, optimizr, x, y, epochs)])
        right += [learned(net, linr, x, y, last=6)]
    return losses, right
""",
    """
def in_blocks(kind, x, y, hidden, lr, blocks, epochs):
    net, linr = make(kind, y.shape[-1], hidden, seed=43052)
    both = nn.ModuleList([net, linr])
    adam = torch.optim.Adam(both.parameters(), lr)
    curve = torch.zeros(blocks, epochs)
    right = [None] * blocks
    for b in range(blocks):
        curve[b] = train(net, linr, adam, x, y, epochs)
        right[b] = learned(net, linr, x, y, 6)
    return curve.flatten(), right
""",
]

# ================================================================================================== 3  many fits at once

ANSWERS["block_mask"] = [
    """
def block_mask(kind, n, hidden):
    whose = torch.arange(n * hidden) // hidden
    mask = (whose[:, None] == whose[None, :]).float()
    gates = 4 if kind == "LSTM" else 1
    return mask.repeat(gates, 1)
""",
    """
def block_mask(kind, n, hidden):
    mask = torch.zeros(n * hidden, n * hidden)
    for k in range(n):
        mask[k * hidden:(k + 1) * hidden, k * hidden:(k + 1) * hidden] = 1
    if kind == "LSTM":
        mask = torch.vstack([mask, mask, mask, mask])
    return mask
""",
    """
def block_mask(kind, n, hidden):
    mask = torch.kron(torch.eye(n), torch.ones(hidden, hidden))
    return {"RNN": mask, "LSTM": torch.cat((mask,) * 4)}[kind]
""",
]

ANSWERS["fit_many"] = [
    # each network's logits by itself
    """
def fit_many(kind, seeds, x, y, hidden, lr, epochs):
    n = len(seeds)
    wide, weight, bias = join(kind, seeds, x.shape[1], hidden)
    mask = block_mask(kind, n, hidden)
    optimizr = torch.optim.Adam([*wide.parameters(), weight, bias], lr=lr)
    losses = torch.zeros(epochs, n)
    for epoc in range(epochs):
        optimizr.zero_grad()
        states = wide(x)[0]
        found = []
        for k in range(n):
            output = states[:, k * hidden:(k + 1) * hidden] @ weight[k].T + bias[k].T
            found.append(F.cross_entropy(output, y))
        loss = torch.stack(found)
        loss.sum().backward()
        wide.weight_hh_l0.grad.mul_(mask)
        optimizr.step()
        losses[epoc] = loss.detach()
    return take_apart(wide, weight, bias), losses
""",
    # einsum, the cross entropy in full
    """
def fit_many(kind, seeds, x, y, hidden, lr, epochs):
    n, T = len(seeds), len(x)
    wide, weight, bias = join(kind, seeds, x.shape[1], hidden)
    off = block_mask(kind, n, hidden) == 0
    optimizr = torch.optim.Adam(list(wide.parameters()) + [weight, bias], lr=lr)
    curves = []
    for _ in range(epochs):
        hidden_states = wide(x)[0].reshape(T, n, hidden)
        output = torch.einsum("tnh,nvh->tnv", hidden_states, weight) + bias.squeeze(2)
        loss = -(F.log_softmax(output, dim=2) * y[:, None, :]).sum(dim=2).mean(dim=0)
        optimizr.zero_grad()
        loss.backward(torch.ones(n))
        wide.weight_hh_l0.grad[off] = 0
        optimizr.step()
        curves.append(loss.detach().clone())
    return take_apart(wide, weight, bias), torch.stack(curves)
""",
    # the mask is laid on the weights after each step: the same, as Adam's step of a weight knows its own gradient only
    """
def fit_many(kind, seeds, x, y, hidden, lr, epochs):
    n = len(seeds)
    wide, weight, bias = join(kind, seeds, x.shape[1], hidden)
    mask = block_mask(kind, n, hidden)
    optimizr = torch.optim.Adam([*wide.parameters(), weight, bias], lr=lr)
    losses = torch.zeros(epochs, n)
    for epoc in range(epochs):
        states = torch.stack(wide(x)[0].chunk(n, dim=1))
        output = torch.bmm(states, weight.transpose(1, 2)) + bias.transpose(1, 2)
        loss = torch.stack([F.cross_entropy(logits, y) for logits in output])
        loss.sum().backward()
        optimizr.step()
        optimizr.zero_grad()
        with torch.no_grad():
            wide.weight_hh_l0.mul_(mask)
        losses[epoc] = loss.detach()
    return take_apart(wide, weight, bias), losses
""",
    # one by one, which the task allows: what comes out is the same
    """
def fit_many(kind, seeds, x, y, hidden, lr, epochs):
    nets, losses = [], torch.zeros(epochs, len(seeds))
    for k, seed in enumerate(seeds):
        net, linr = make(kind, x.shape[1], hidden, seed)
        adam = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=lr)
        losses[:, k] = train(net, linr, adam, x, y, epochs)
        nets.append((net, linr))
    return nets, losses
""",
]

ANSWERS["race"] = [
    """
def race(x, y, hidden, last, seeds, lr, epochs):
    found = {}
    for kind in ("RNN", "LSTM"):
        nets, losses = fit_many(kind, list(range(seeds)), x, y, hidden, lr, epochs)
        found[kind] = [learned(*pair, x, y, last) for pair in nets]
    return found["RNN"], found["LSTM"]
""",
    """
def race(x, y, hidden, last, seeds, lr, epochs):
    def right(kind):
        out = []
        for net, linr in fit_many(kind, range(0, seeds), x, y, hidden, lr, epochs)[0]:
            yhat = linr(net(x)[0])
            out.append(torch.equal(yhat.argmax(1)[-last:], y.argmax(1)[-last:]))
        return out
    return right("RNN"), right("LSTM")
""",
]

ANSWERS["near_zero"] = [
    """
def near_zero(hidden):
    near = (hidden > -0.1) & (hidden < 0.1)
    return near.sum().item() / hidden.numel()
""",
    """
def near_zero(hidden):
    numbers = hidden.detach().flatten().tolist()
    return len([h for h in numbers if abs(torch.tensor(h)) < 0.1]) / len(numbers)
""",
]

# ======================================================================================================= 4  a step by hand

ANSWERS["one_epoch"] = [
    """
def one_epoch(lstm_cell, linr, optimizr, x, y):
    optimizr.zero_grad()
    H = lstm_cell.hidden_size
    ht, ct = torch.zeros(1, H), torch.zeros(1, H)
    outputs = []
    for xt in x:
        ht, ct = lstm_cell(xt[None], (ht, ct))
        outputs.append(linr(ht))
    loss = F.cross_entropy(torch.cat(outputs), y)
    loss.backward()
    optimizr.step()
    return ht.data, ct.data
""",
    """
def one_epoch(lstm_cell, linr, optimizr, x, y):
    loss_fn = nn.CrossEntropyLoss(reduction="sum")
    T = x.shape[0]
    state = None
    loss = 0
    for t in range(T):
        state = lstm_cell(x[t:t + 1], state)
        loss = loss + loss_fn(linr(state[0]), y[t:t + 1]) / T
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    ht, ct = (s.clone().detach() for s in state)
    return ht, ct
""",
]

ANSWERS["lstm_step"] = [
    """
def lstm_step(lstm_cell, xt, ht, ct):
    H = lstm_cell.hidden_size
    ifgo = F.linear(xt, lstm_cell.weight_ih, lstm_cell.bias_ih) + F.linear(ht, lstm_cell.weight_hh, lstm_cell.bias_hh)
    input_gate = torch.sigmoid(ifgo[:, 0:H])
    forget_gate = torch.sigmoid(ifgo[:, H:2 * H])
    gt = torch.tanh(ifgo[:, 2 * H:3 * H])
    output_gate = torch.sigmoid(ifgo[:, 3 * H:4 * H])
    c_new = forget_gate * ct + input_gate * gt
    return output_gate * c_new.tanh(), c_new
""",
    """
def lstm_step(lstm_cell, xt, ht, ct):
    W_ih, W_hh, b_ih, b_hh = lstm_cell.parameters()
    both = torch.cat([xt, ht], dim=1) @ torch.cat([W_ih, W_hh], dim=1).T + (b_ih + b_hh)
    parts = both.reshape(len(xt), 4, -1)
    i, f_, o = (1 / (1 + torch.exp(-parts[:, k])) for k in (0, 1, 3))
    c = torch.addcmul(f_ * ct, i, tanh(parts[:, 2]))
    h = o * tanh(c)
    return h, c
""",
]

ANSWERS["through_time"] = [
    """
def through_time(lstm_cell, x):
    T, H = len(x), lstm_cell.hidden_size
    h, c = torch.zeros(T, H), torch.zeros(T, H)
    ht, ct = torch.zeros(1, H), torch.zeros(1, H)
    with torch.no_grad():
        for t in range(T):
            ht, ct = lstm_step(lstm_cell, x[[t]], ht, ct)
            h[t], c[t] = ht[0], ct[0]
    return h, c
""",
    """
@torch.no_grad()
def through_time(lstm_cell, x):
    state = (torch.zeros(1, lstm_cell.hidden_size),) * 2
    history = []
    for xt in x.split(1):
        state = lstm_step(lstm_cell, xt, *state)
        history.append(state)
    return torch.vstack([h for h, _ in history]), torch.vstack([c for _, c in history])
""",
]

ANSWERS["as_lstm"] = [
    """
def as_lstm(lstm_cell):
    lstm = nn.LSTM(lstm_cell.input_size, lstm_cell.hidden_size)
    state = {name + "_l0": value for name, value in lstm_cell.state_dict().items()}
    lstm.load_state_dict(state)
    return lstm
""",
    """
def as_lstm(lstm_cell):
    lstm = torch.nn.LSTM(input_size=lstm_cell.weight_ih.shape[1], hidden_size=lstm_cell.weight_hh.shape[1])
    with torch.no_grad():
        for mine, its in zip(lstm.parameters(), lstm_cell.parameters()):
            mine.copy_(its)
    return lstm
""",
]

# ======================================================================================================= 5  inside an LSTM

ANSWERS["learn_abaB"] = [
    """
torch.manual_seed(43052)
lstm = nn.LSTM(3, 2)
linr = nn.Linear(2, 3)
optimizr = torch.optim.Adam([*lstm.parameters(), *linr.parameters()], lr=lr)
loss_fn = nn.CrossEntropyLoss()
losses = []
for epoc in range(epochs):
    hidden, (hT, cT) = lstm(x)
    loss = loss_fn(linr(hidden), y)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    losses.append(loss.item())
losses = torch.tensor(losses)
""",
    (
        'lstm, linr = make("LSTM", letters=3, hidden=2, seed=43052)\nprint(lstm)',
        "optimizr = torch.optim.Adam(nn.ModuleList([lstm, linr]).parameters(), lr)",
        "losses = train(lstm, linr, optimizr, x, y, epochs)\nlosses[-5:]",
    ),
]

ANSWERS["printed_too_late"] = [
    'printed_too_late = ("h", "cell")',
    'printed_too_late = []\nprinted_too_late += ["cell"]\nprinted_too_late += ["h"]',
]

ANSWERS["over_time"] = [
    """
def over_time(lstm, x):
    names = ["input_gate", "forget_gate", "g", "output_gate", "cell", "h"]
    rows = {name: [] for name in names}
    H = lstm.hidden_size
    h_before, c_before = torch.zeros(1, H), torch.zeros(1, H)
    for xt in x:
        z = F.linear(xt[None], lstm.weight_ih_l0, lstm.bias_ih_l0) + F.linear(h_before, lstm.weight_hh_l0, lstm.bias_hh_l0)
        i, f_, g, o = z.split(H, dim=1)
        i, f_, g, o = i.sigmoid(), f_.sigmoid(), g.tanh(), o.sigmoid()
        c_before = f_ * c_before + i * g
        h_before = o * c_before.tanh()
        for name, value in zip(names, (i, f_, g, o, c_before, h_before)):
            rows[name].append(value.detach())
    return {name: torch.cat(found) for name, found in rows.items()}
""",
    # the states from torch's own LSTM, the gates from them
    """
def over_time(lstm, x):
    with torch.no_grad():
        H = lstm.hidden_size
        h = lstm(x)[0]
        h_before = torch.cat([torch.zeros(1, H), h[:-1]])
        i, f_, g, o = (x @ lstm.weight_ih_l0.T + lstm.bias_ih_l0 + h_before @ lstm.weight_hh_l0.T + lstm.bias_hh_l0).chunk(4, 1)
        i, f_, g, o = sig(i), sig(f_), tanh(g), sig(o)
        cell = torch.zeros(len(x), H)
        for t in range(len(x)):
            cell[t] = i[t] * g[t] + (f_[t] * cell[t - 1] if t else 0)
    return dict(input_gate=i, forget_gate=f_, g=g, output_gate=o, cell=cell, h=h)
""",
]

ANSWERS["two_figures"] = [
    """
def two_figures(states, yhat, last):
    fig1, ax1 = plt.subplots(figsize=(5, 6))
    gates = torch.cat([states["input_gate"], states["forget_gate"], states["output_gate"]], dim=1)[-last:]
    ax1.matshow(gates, vmin=-1, vmax=1, cmap="bwr")
    H = states["g"].shape[1]
    ax1.set_xticks(range(3 * H)); ax1.set_xticklabels(["i"] * H + ["f"] * H + ["o"] * H)
    fig2, ax2 = plt.subplots(figsize=(5, 6))
    rest = torch.cat([states["g"], states["cell"], states["h"], yhat], dim=1)[-last:]
    ax2.matshow(rest, vmin=-1, vmax=1, cmap="bwr")
    ax2.set_xticks(range(rest.shape[1])); ax2.set_xticklabels(["g"] * H + ["c"] * H + ["h"] * H + ["yhat"] * yhat.shape[1])
    return fig1, fig2
""",
    """
def two_figures(states, yhat, last):
    def draw(**parts):
        fig = plt.figure()
        plt.imshow(np.hstack([np.asarray(part.detach())[-last:] for part in parts.values()]), cmap="bwr", vmin=-1, vmax=1)
        names = sum([[name] * part.shape[1] for name, part in parts.items()], [])
        plt.xticks(np.arange(len(names)), names)
        return fig
    one = draw(i=states["input_gate"], f=states["forget_gate"], o=states["output_gate"])
    two = draw(g=states["g"], c=states["cell"], h=states["h"], yhat=yhat)
    return [one, two]
""",
]

ANSWERS["multiplies"] = [
    'multiplies = {"forget_gate": "old c", "input_gate": "g", "output_gate": "tanh(c)"}',
    'multiplies = dict(input_gate="g", forget_gate="old  c", output_gate="tanh( c )")',
]
ANSWERS["always_within_one"] = ['always_within_one = ("h", "o", "g", "f", "i")', 'always_within_one = sorted({*"ifgo", "h"})']
ANSWERS["kept_and_added"] = [
    """
def kept_and_added(states, t):
    added = states["g"][t] * states["input_gate"][t]
    if t == 0:
        return torch.zeros(len(added)), added
    return states["cell"][t - 1] * states["forget_gate"][t], added
""",
    """
def kept_and_added(states, t):
    H = states["cell"].shape[1]
    old = torch.cat([torch.zeros(1, H), states["cell"]])[t]
    return torch.mul(states["forget_gate"][t], old), torch.mul(states["input_gate"][t], states["g"][t])
""",
]
ANSWERS["wrong_formula"] = ["wrong_formula = 'h '", "wrong_formula = 'ifgoch'[-1]"]
ANSWERS["comparison"] = [
    """
comparison = {}
comparison["RNN h"] = ["h", "x", "tanh"]
comparison["LSTM g"] = ["h", "x", "tanh"]
comparison["LSTM c"] = ["c", "g", "none"]
comparison["LSTM h"] = ["none", "c", "tanh"]
""",
    """
comparison = {
    "LSTM h": ("none", "c", "tanh"), "LSTM c": ("c", "g", "none"),
    "LSTM g": ("h", "x", "tanh"), "RNN h": ("h", "x", "tanh"),
}
""",
]
