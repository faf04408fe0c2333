"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F`, `np` and what
`IMPORTS` brings in besides, as most notebooks do.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import functools, itertools, sys, types, warnings
from collections import OrderedDict
from typing import List, Tuple, Dict

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
"""

ANSWERS: dict[str, list[Sources]] = {}

# ====================================================================================================== 1  activations

ANSWERS["tanh"] = [
    """
def tanh(x: torch.Tensor) -> torch.Tensor:
    \"\"\"The hyperbolic tangent of every entry of x, written with `sig`: values in (-1, 1).  x: any shape.\"\"\"
    return 2*sig(2*x) - 1
""",
    """
def tanh(x):
    # e^2x / (e^2x + 1) 은 sig(2x) 이므로 🙂
    s = sig(x + x)
    return s - (1 - s)
""",
    "tanh = lambda x: sig(2 * x) - sig(-2 * x)",
    """
def tanh(x):
    "computed in float64, and cast back"
    wide = x.double()
    return (2 * sig(2 * wide) - 1).to(x.dtype)
""",
    """
def stretched(t, by=2.0):
    return sig(by * t)

def tanh(x : torch.Tensor)->torch.Tensor:
    return torch.sub(torch.mul(stretched(x), 2), 1)
""",
    """
class MyTanh(nn.Module):
    def forward(self, x):
        return 1 - 2 * sig(-2 * x)
    def extra_repr(self): return "from sig"
tanh = MyTanh()
""",
    """
def tanh(x):
    half = sig(x * 2).sub(0.5)
    half = half / 0.5
    return half
print(tanh(torch.tensor(0.)), "should be 0")
""",
]

ANSWERS["tanh_figure"] = [
    """
grid = torch.linspace(-5, 5, 100)
plt.plot(grid, tanh(grid))
plt.title("tanh(x)");
""",
    """
grid = torch.linspace(start=-5, end=5, steps=100)
fig, ax = plt.subplots(figsize=(5, 3))
ax.plot(grid, tanh(grid), "r--", lw=2, label="$tanh$")
ax.set_title("tanh(x)"); ax.legend(); ax.grid(True)
plt.show()
""",
    """
%matplotlib inline
grid = torch.linspace(-5, 5, 100)
values = [float(tanh(g)) for g in grid]
plt.figure()
plt.axhline(0, color="gray"); plt.axvline(0, color="gray")
plt.plot(grid.numpy(), np.array(values), color="green")
plt.plot(grid, sig(grid), ":", label="sigmoid, to compare")
plt.title("tanh(x)", fontsize=14)
plt.xlabel("x"); plt.ylabel("y")
plt.legend()
plt.show()
""",
    (
        "a, b, n = -5., 5., 100\ngrid = torch.linspace(a, b, n)\nprint(grid.shape)",
        "fig = plt.figure()\nax = fig.add_subplot(1, 1, 1)\nax.plot(grid, tanh(grid), '.-')\nax.set(title='tanh(x)', ylim=(-1.1, 1.1))",
    ),
    """
grid = torch.arange(100) / 99 * 10 - 5
with plt.style.context("ggplot"):
    plt.scatter(grid, tanh(grid), s=4)
    plt.gca().set_title("tanh(x)")
    plt.tight_layout()
    plt.savefig("tanh.png")
    plt.close()
""",
]

ANSWERS["soft"] = [
    "soft = nn.Softmax(dim=-1)",
    """
def soft(u):
    e = torch.exp(u - u.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)
""",
    "soft = lambda u: torch.softmax(u, dim=1)",
    "soft = functools.partial(F.softmax, dim=1)\nsoft(torch.zeros(2, 3))",
    """
def soft(logits: torch.Tensor) -> torch.Tensor:
    rows = []
    for row in logits:
        rows.append(row.exp() / row.exp().sum())
    return torch.stack(rows)
""",
    "def soft(u): return torch.exp(u - torch.logsumexp(u, 1, keepdim=True))",
    "soft = torch.nn.Softmax(1)   # 1 = 클래스 방향",
    "soft = lambda u: F.log_softmax(u, dim=1).exp()",
]

# ============================================================================================== 2  letters to numbers

ANSWERS["f"] = [
    """
def f(txt: list[str], mapping: Mapping[str, object]) -> list[object]:
    \"\"\"The code of each letter of txt, in order; a letter that has no code is a KeyError.\"\"\"
    result = []
    for t in txt:
        result.append(mapping[t])
    return result
""",
    "f = lambda txt, mapping: [mapping[key] for key in txt]",
    "def f(txt, mapping):\n    return list(map(mapping.__getitem__, txt))",
    """
def f(text, code):
    out = [None] * len(text)
    i = 0
    while i < len(text):
        out[i] = code[text[i]]; i += 1
    return out
""",
    """
def f(txt: List[str], mapping: Dict) -> List:
    codes = []
    for letter in txt:
        if letter not in mapping:
            raise KeyError(f"no code for {letter!r} in {sorted(mapping)}")
        codes += [mapping.get(letter)]
    return codes
""",
    """
def _codes(txt, mapping):
    for letter in txt:
        yield mapping[letter]

def f(txt, mapping):
    return [*_codes(txt, mapping)]
""",
    "def f(txt, mapping):\n    return list(map(lambda letter: mapping[letter], txt))",
]

ANSWERS["pairs"] = [
    "def pairs(txt):\n    return txt[:-1], txt[1:]",
    """
def pairs(txt: list[str]) -> tuple[list[str], list[str]]:
    txt_x = [txt[i] for i in range(len(txt) - 1)]
    txt_y = [txt[i + 1] for i in range(len(txt) - 1)]
    return txt_x, txt_y
""",
    """
def pairs(txt):
    xs, ys = [], []
    for now, then in zip(txt, txt[1:]):
        xs.append(now)
        ys.append(then)
    return xs, ys
""",
    """
def pairs(txt):
    x, y = list(txt), list(txt)   # copies: the text itself stays whole
    x.pop()
    del y[0]
    return (x, y)
""",
    """
def pairs(txt):
    both = list(itertools.pairwise(txt))
    return [first for first, _ in both], [second for _, second in both]
""",
    """
def pairs(txt):
    n = len(txt)
    txt_x, txt_y = map(list, zip(*zip(txt[: n - 1], txt[1:n])))
    return txt_x, txt_y
""",
]

ANSWERS["as_column"] = [
    "def as_column(txt, mapping):\n    return torch.tensor(f(txt, mapping), dtype=torch.float32).view(-1, 1)",
    """
def as_column(txt: list[str], mapping: Mapping[str, float]) -> torch.Tensor:
    \"\"\"The codes of the letters as a float32 column, (N, 1).\"\"\"
    codes = f(txt, mapping)
    column = torch.FloatTensor(codes).unsqueeze(1)
    assert column.shape == (len(txt), 1)
    return column
""",
    "as_column = lambda txt, mapping: torch.tensor(f(txt, mapping)).float()[:, None]",
    """
def as_column(txt, mapping):
    array = np.array(f(txt, mapping), dtype=np.float64).reshape(len(txt), 1)
    return torch.from_numpy(array).to(torch.float32)
""",
    "def as_column(txt, mapping):\n    return torch.tensor([[code] for code in f(txt, mapping)], dtype=torch.float)",
    "def as_column(txt, mapping):\n    return torch.Tensor([f(txt, mapping)]).T",
    """
def as_column(txt, mapping):
    rows = [torch.tensor([float(code)]) for code in f(txt, mapping)]
    return torch.stack(rows, dim=0)
""",
]

# ===================================================================================================== 3  one weight

ANSWERS["first_fit"] = [
    """
torch.manual_seed(43052)
net = nn.Linear(1, 1, bias=False)
loss_fn = nn.MSELoss()
optimizr = optim.Adam(net.parameters(), lr=0.001)
losses = []
for epoc in range(epochs):
    optimizr.zero_grad()
    yhat = net(x)
    loss = loss_fn(yhat, y)
    loss.backward()
    optimizr.step()
    losses.append(loss.item())
    if epoc % 100 == 0:
        print(f"{epoc:5d}  loss {loss.item():.4f}")
""",
    """
%%time
torch.manual_seed(43052)
net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
optimizr = torch.optim.Adam(net.parameters())
손실 = []
i = 0
while i < epochs:
    loss = F.mse_loss(net(x), y)          # 손실 계산 📉
    loss.backward(); optimizr.step()
    for p in net.parameters(): p.grad = None
    손실.append(loss.detach())
    i += 1
losses = torch.stack(손실)
""",
    (
        """
torch.manual_seed(43052)
net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
loss_fn = torch.nn.MSELoss()
optimizr = torch.optim.Adam(net.parameters())
net.weight
""",
        """
losses = torch.empty(epochs)
for epoc in range(epochs):
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad(set_to_none=False)
    losses[epoc] = float(loss)
    print(f"\\r{epoc + 1}/{epochs} |{'#' * (20 * epoc // epochs):20}|", end="", file=sys.stderr)
""",
    ),
    """
def one_epoch(net, optimizer, criterion):
    prediction = net.forward(x)
    error = criterion(prediction, y)
    net.zero_grad()
    error.backward()
    optimizer.step()
    return error          # a tensor, still with its graph

torch.manual_seed(43052)
net = nn.Linear(1, 1, bias=False)
adam = optim.Adam(params=net.parameters())
losses = [one_epoch(net, adam, nn.MSELoss(reduction="mean")) for _ in range(epochs)]
plt.plot([l.item() for l in losses]); plt.show()
""",
    """
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(43052);
net = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False)).to(device)
loss_fn = torch.nn.MSELoss(); optimizr = torch.optim.Adam(net.parameters());
losses = np.zeros(epochs)
for epoc in range(epochs):
    net.train()
    yhat = net(x.to(device))
    loss = loss_fn(yhat, y.to(device))
    optimizr.zero_grad()
    loss.backward()
    optimizr.step()
    losses[epoc] = loss.cpu().detach().numpy()
_ = net.eval()
""",
]

ANSWERS["first_fit"] += [
    """
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(43052)
net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
loss_fn, optimizr = torch.nn.MSELoss(), torch.optim.Adam(net.parameters())
all_at_once = DataLoader(TensorDataset(x, y), batch_size=len(x))
losses = []
for epoc in range(epochs):
    for x_i, y_i in all_at_once:
        loss = loss_fn(net(x_i), y_i)
        loss.backward()
        losses += [loss.data]
        optimizr.step(); optimizr.zero_grad()
losses = torch.tensor(losses)
""",
]

ANSWERS["best_weight"] = [
    "def best_weight(x, y):\n    return float((x * y).sum() / (x ** 2).sum())",
    "def best_weight(x, y):\n    return ((x.T @ y) / (x.T @ x)).item()",
    """
def best_weight(x: torch.Tensor, y: torch.Tensor) -> float:
    # sum (y - wx)^2  →  -2 sum x(y - wx) = 0
    top = bottom = 0.0
    for xi, yi in zip(x.flatten().tolist(), y.flatten().tolist()):
        top += xi * yi
        bottom += xi * xi
    return top / bottom
""",
    "best_weight = lambda x, y: torch.linalg.lstsq(x, y).solution.item()",
    """
def best_weight(x, y):
    X, Y = x.detach().numpy().astype(np.float64), y.detach().numpy().astype(np.float64)
    w, *_ = np.linalg.lstsq(X, Y, rcond=None)
    return w.item()
""",
    "def best_weight(x, y): return torch.dot(x.ravel(), y.ravel()) / torch.dot(x.ravel(), x.ravel())",
    "def best_weight(x, y):\n    return torch.mean(x * y).div(x.square().mean()).numpy()",
]

_FRAME = """
def train(
    net: torch.nn.Module,
    loss_fn: torch.nn.Module,
    optimizr: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
) -> torch.Tensor:
    \"\"\"Train net on all of x, y at once, `epochs` times.  x: (N, in), y: what loss_fn takes. Returns the losses, (epochs,).\"\"\"
    losses = torch.zeros(epochs)
    for epoc in range(epochs):
        # the four steps
%s
        losses[epoc] = loss.item()
    return losses
"""


def framed(*lines: str) -> str:
    """The four steps, typed into the frame that is given."""
    return _FRAME % "\n".join(f"        {line}" for line in lines)


ANSWERS["train"] = [
    framed("optimizr.zero_grad()", "loss = loss_fn(net(x), y)", "loss.backward()", "optimizr.step()"),
    framed(
        "net.train()",
        "y_hat = net.forward(x)  # 1",
        "loss = loss_fn(y_hat, y)  # 2",
        "loss.backward()  # 3",
        "optimizr.step()  # 4",
        "for p in net.parameters():",
        "    p.grad = None",
    ),
    framed(
        "def closure():",
        "    optimizr.zero_grad()",
        "    loss = loss_fn(net(x), y)",
        "    loss.backward()",
        "    return loss",
        "loss = optimizr.step(closure)",
    ),
    """
def train(net, loss_fn, optimizr, x, y, epochs):
    history = []
    for _ in range(epochs):
        yhat = net(x); loss = loss_fn(yhat, y)
        optimizr.zero_grad(); loss.backward(); optimizr.step()
        history.append(loss.item())
    return torch.tensor(history)
""",
    """
def four_steps(net, loss_fn, optimizr, x, y):
    yhat = net(x)
    loss = loss_fn(yhat, y)
    loss.backward()
    optimizr.step()
    net.zero_grad()
    return loss

def train(model, criterion, optimizer, inputs, targets, n_epochs):
    losses = torch.zeros(n_epochs)
    for i in range(n_epochs):
        losses[i] = four_steps(model, criterion, optimizer, inputs, targets).detach()
        print("\\repoch", i, end="")
    return losses
""",
    framed(
        "with torch.enable_grad():",
        "    loss = loss_fn(net(x), y)",
        "for group in optimizr.param_groups:",
        "    for p in group['params']:",
        "        if p.grad is not None:",
        "            p.grad.zero_()",
        "loss.backward(); optimizr.step()",
    ),
]

ANSWERS["plus_minus"] = [
    """
pm = dict(a=-1, b=1)
x_pm, y_pm = as_column(txt_x, pm), as_column(txt_y, pm)
torch.manual_seed(43052)
net_pm = nn.Linear(1, 1, bias=False)
losses_pm = train(net_pm, nn.MSELoss(), optim.Adam(net_pm.parameters()), x_pm, y_pm, epochs_pm)
print(losses_pm[-1], net_pm.weight)
""",
    """
x_pm = 2 * x - 1
y_pm = 2 * y - 1
torch.manual_seed(43052)
net_pm = torch.nn.Linear(in_features=1, out_features=1, bias=False)
loss_fn = torch.nn.MSELoss()
optimizr = torch.optim.Adam(net_pm.parameters())
for epoc in range(epochs_pm):
    loss = loss_fn(net_pm(x_pm), y_pm)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
""",
    (
        'x_pm, y_pm = (torch.tensor([-1. if t == "a" else 1. for t in txt])[:, None] for txt in (txt_x, txt_y))',
        "torch.manual_seed(43052)\nnet_pm = nn.Sequential(nn.Linear(1, 1, bias=False))\nadam_pm = optim.Adam(net_pm.parameters())",
        "%time _ = train(net_pm, F.mse_loss, adam_pm, x_pm, y_pm, epochs_pm)",
    ),
    """
if __name__ == "__main__":
    mapping = {"a": -1, "b": +1}
    x_pm = torch.tensor(f(txt_x, mapping), dtype=torch.float32)[:, None]
    y_pm = torch.tensor(f(txt_y, mapping), dtype=torch.float32)[:, None]
    torch.manual_seed(43052)
    net_pm = nn.Linear(1, 1, bias=False)
    train(net_pm, nn.MSELoss(), torch.optim.Adam(net_pm.parameters(), lr=1e-3), x_pm, y_pm, epochs_pm)
""",
    """
class OneWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return self.line(x)
x_pm = torch.where(x == 0, -1.0, 1.0)
y_pm = torch.where(y == 0, torch.tensor(-1.), torch.tensor(1.))
torch.manual_seed(43052)
net_pm = OneWeight()
train(net_pm, nn.MSELoss(), optim.Adam(net_pm.parameters()), x_pm, y_pm, epochs_pm);
""",
]

# ======================================================================================================= 4  logits

ANSWERS["fit_without_bias"] = [
    """
def fit_without_bias(x, y, epochs):
    torch.manual_seed(43052)
    net = nn.Linear(1, 1, bias=False)
    train(net, nn.BCEWithLogitsLoss(), optim.Adam(net.parameters()), x, y, epochs)
    return net
""",
    """
def fit_without_bias(x: torch.Tensor, y: torch.Tensor, epochs: int) -> torch.nn.Module:
    \"\"\"Fit the logit w x to y in {0, 1} with BCE and Adam.  x, y: (N, 1). Returns the net; its output is the logit.\"\"\"
    torch.manual_seed(43052)
    model = torch.nn.Sequential(torch.nn.Linear(in_features=1, out_features=1, bias=False))
    criterion = torch.nn.BCEWithLogitsLoss(reduction="mean")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    history = train(model, criterion, optimizer, x, y, epochs)
    print("last loss", history[-1:])
    return model.eval()
""",
    """
def fit_without_bias(x, y, epochs):
    torch.random.manual_seed(43052)
    net = torch.nn.Linear(in_features=1, out_features=1, bias=False)
    _ = train(net, F.binary_cross_entropy_with_logits, torch.optim.Adam(net.parameters()), x, y, epochs)
    return net
""",
    """
def make_net(bias):
    torch.manual_seed(43052)
    return nn.Linear(1, 1, bias)

def fit_without_bias(x, y, epochs):
    net = make_net(bias=False)
    losses = train(net, nn.BCEWithLogitsLoss(), optimizr=optim.Adam([net.weight]), x=x, y=y, epochs=epochs) \\
        if "optimizr" in train.__code__.co_varnames else \\
        train(net, nn.BCEWithLogitsLoss(), optim.Adam([net.weight]), x, y, epochs)
    return net
""",
]

ANSWERS["fit_from"] = [
    """
def fit_from(w, b, x, y, epochs):
    net = nn.Linear(1, 1)
    net.weight.data.fill_(w)
    net.bias.data.fill_(b)
    losses = train(net, nn.BCEWithLogitsLoss(), optim.Adam(net.parameters()), x, y, epochs)
    return net, losses
""",
    """
def fit_from(w, b, x, y, epochs):
    torch.manual_seed(43052)
    net = torch.nn.Linear(in_features=1, out_features=1, bias=True)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[w]]))
        net.bias.copy_(torch.tensor([b]))
    optimizr = torch.optim.Adam(net.parameters())
    loss_fn = torch.nn.BCEWithLogitsLoss()
    losses = []
    for epoc in range(epochs):
        loss = loss_fn(net(x), y)
        optimizr.zero_grad(); loss.backward(); optimizr.step()
        losses.append(loss.item())
    return net, losses
""",
    """
def fit_from(w: float, b: float, x, y, epochs: int):
    net = nn.Linear(1, 1)
    # new Parameters, but *before* Adam is made
    net.weight = nn.Parameter(torch.full((1, 1), float(w)))
    net.bias = nn.Parameter(torch.full((1,), float(b)))
    adam = optim.Adam(net.parameters())
    return net, train(net, nn.BCEWithLogitsLoss(), adam, x, y, epochs)
""",
    """
def fit_from(w, b, x, y, epochs):
    net = nn.Linear(1, 1)
    nn.init.constant_(net.weight, w); nn.init.constant_(net.bias, b)
    return [net, train(net, F.binary_cross_entropy_with_logits, optim.Adam(net.parameters()), x, y, epochs)]
""",
    """
def fit_from(w, b, x, y, epochs):
    net = nn.Sequential(OrderedDict(line=nn.Linear(1, 1)))
    net.load_state_dict({"line.weight": torch.tensor([[w]]), "line.bias": torch.tensor([b])})
    optimizr = optim.Adam(net.parameters())
    losses = train(net, nn.BCEWithLogitsLoss(), optimizr, x, y, epochs)
    return net, losses.numpy()
""",
]

ANSWERS["fit_from"] += [
    """
def fit_from(w, b, x, y, epochs):
    net = nn.Linear(1, 1)
    net.weight.data[0, 0], net.bias.data[0] = w, b
    print("start:", [p.item() for p in net.parameters()])
    optimizr = optim.Adam(net.parameters(), 1e-3)
    losses = train(net, nn.BCEWithLogitsLoss(), optimizr, x, y, epochs)
    return net, losses
""",
]

ANSWERS["bad_start"] = [
    "bad_start = 'still learning'",
    'bad_start = "Still learning"   # BCE 는 볼록함수 → 지역 최솟값이 없다',
    """
choices = ["success", "still learning", "local minimum"]
bad_start = choices[1]
bad_start
""",
    """
net_bad, losses_bad = fit_from(5.0, -2.5, x, y, epochs)
p_a, p_b = sig(net_bad(torch.tensor([[0.0], [1.0]]))).flatten().tolist()
if p_a > 0.5 > p_b:
    bad_start = "success"
elif float(losses_bad[-1]) < float(losses_bad[-50]):
    bad_start = "still learning"
else:
    bad_start = "local minimum"
print(bad_start, "🐢")
""",
]

# ================================================================================================ 5  three parameters

ANSWERS["three_parameters"] = [
    "def three_parameters(activation):\n    return nn.Sequential(nn.Linear(1, 1), activation, nn.Linear(1, 1, bias=False))",
    """
def three_parameters(activation: nn.Module) -> nn.Sequential:
    layers = OrderedDict()
    layers["l1"] = nn.Linear(1, 1)
    layers["a1"] = activation
    layers["l2"] = nn.Linear(1, 1, bias=False)
    net = nn.Sequential(layers)
    print(net)
    return net
""",
    """
def three_parameters(activation):
    net = torch.nn.Sequential()
    net.add_module("hidden", torch.nn.Linear(1, 1, bias=True))
    net.add_module("act", activation)
    net.add_module("out", torch.nn.Linear(1, 1, bias=False))
    return net
""",
    """
three_parameters = lambda act: nn.Sequential(*[
    nn.Linear(1, 1),    # w1, b1
    act,
    nn.Linear(1, 1, bias=False),    # w2
])
count_parameters(three_parameters(nn.Tanh()))
""",
    """
def three_parameters(activation):
    first = nn.Sequential(nn.Linear(1, 1), activation)
    net = nn.Sequential(first, nn.Linear(1, 1, bias=False))
    assert count_parameters(net) == 3, "w1, b1, w2"
    return net
""",
]

ANSWERS["always_one"] = [
    "def always_one(net):\n    net.forward = lambda x: 1\n    return net",
    """
def always_one(net):
    def forward(*args, **kwargs):
        return 1
    setattr(net, "forward", forward)
    return net
""",
    "def always_one(net):\n    net.forward = types.MethodType(lambda self, x: 1, net)\n    return net",
    """
def always_one(net):
    class AlwaysOne(type(net)):
        def forward(self, x):
            return 1
    net.__class__ = AlwaysOne
    return net
""",
    """
class One:
    def __call__(self, *_):
        return int(True)

def always_one(net: torch.nn.Module) -> torch.nn.Module:
    net.forward = One()
    return net
""",
]


def _class(name: str, activation: str, style: int) -> str:
    """The three-parameter network as a class, written in one of seven ways."""
    return (
        f"""
class {name}(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = torch.nn.Linear(1, 1)
        self.a1 = torch.nn.{activation}()
        self.l2 = torch.nn.Linear(1, 1, bias=False)

    def forward(self, x):
        return self.l2(self.a1(self.l1(x)))
""",
        f"""
class {name}(nn.Module):
    def __init__(self):
        super({name}, self).__init__()
        self.l1 = nn.Linear(in_features=1, out_features=1, bias=True)
        self.a1 = nn.{activation}()
        self.l2 = nn.Linear(in_features=1, out_features=1, bias=False)
    def forward(self, X):
        netout = self.l1(X)       # 은닉층
        netout = self.a1(netout)
        netout = self.l2(netout)
        return netout
    def n_parameters(self):
        return sum(p.numel() for p in self.parameters() if p.requires_grad)
print({name}(), {name}().n_parameters())
""",
        f"""
class {name}(torch.nn.Module):
    \"\"\"The three-parameter network with {activation}, (N, 1) -> (N, 1).\"\"\"

    def __init__(self) -> None:
        super().__init__()
        self.a1, self.l1 = torch.nn.{activation}(), torch.nn.Linear(1, 1, True)
        self.l2 = torch.nn.Linear(1, 1, False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        yhat = x
        for layer in (self.l1, self.a1, self.l2):
            yhat = layer(yhat)
        return yhat
""",
        f"""
class {name}(nn.Module):
    def __init__(self, width=1):
        nn.Module.__init__(self)
        for key, layer in dict(l1=nn.Linear(1, width), a1=nn.{activation}(), l2=nn.Linear(width, 1, bias=False)).items():
            self.add_module(key, layer)
    def forward(self, x):
        hidden = self.a1(self.l1(x)); yhat = self.l2(hidden)
        return yhat
    @property
    def device(self): return self.l1.weight.device
""",
        f"""
class {name}(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = torch.nn.Linear(1, 1)
        self.a1 = F.{activation.lower()}   # a function does the same
        self.l2 = torch.nn.Linear(1, 1, bias=False)

    def forward(self, x):
        u = self.l1(x)
        v = self.a1(u)
        return self.l2(v)
""",
        f"""
class {name}(nn.Module):
    kind = "{activation}"
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._build()
    def _build(self):
        self.l1 = nn.Linear(1, 1); self.a1 = getattr(nn, self.kind)(); self.l2 = nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return F.linear(self.a1(F.linear(x, self.l1.weight, self.l1.bias)), self.l2.weight)
""",
        f"""
class {name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(1, 1)
        self.a1 = nn.{activation}()
        self.l2 = nn.Linear(1, 1, bias=False)
    def forward(self, x):
        w1, b1, w2 = self.l1.weight, self.l1.bias, self.l2.weight
        return self.a1(x * w1 + b1) * w2
""",
    )[style]


ANSWERS["Mynet1"] = [_class("Mynet1", "Sigmoid", style) for style in range(7)]
ANSWERS["Mynet2"] = [_class("Mynet2", "ReLU", style) for style in (3, 0, 1, 5, 2)]
ANSWERS["Mynet3"] = [_class("Mynet3", "Tanh", style) for style in (1, 4, 6, 0, 3, 2)]

# ========================================================================================================== 6  25 fits

ANSWERS["fit_many"] = [
    """
def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    nets = [make_net() for i in range(fits)]
    train_together(nets, x, y, epochs)
    with torch.no_grad():
        return torch.stack([torch.sigmoid(net(x[:5])).flatten() for net in nets])
""",
    """
def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    curves = torch.zeros(fits, 5)
    for k in range(fits):
        net = make_net()
        optimizr = torch.optim.Adam(net.parameters())
        train(net, torch.nn.BCEWithLogitsLoss(), optimizr, x, y, epochs)
        curves[k] = sig(net(x)).data[:5].squeeze()
    return curves
""",
    """
def fit_many(make_net: Callable[[], torch.nn.Module], x, y, epochs: int, fits: int) -> torch.Tensor:
    torch.manual_seed(43052)
    nets = []
    while len(nets) < fits:
        nets.append(make_net())
    train_together(nets, x, y, epochs)
    return torch.cat([sig(net(x[:5])) for net in nets], dim=1).T.detach()
""",
    """
def fit_one(net, x, y, epochs):
    train(net, nn.BCEWithLogitsLoss(), optim.Adam(net.parameters()), x, y, epochs)
    return sig(net(x[0:5])).reshape(-1).tolist()

def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    rows = [fit_one(make_net(), x, y, epochs) for _ in range(fits)]
    return torch.tensor(rows)
""",
    """
def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    nets = list(map(lambda _: make_net(), range(fits)))
    train_together(nets, x, y, epochs)
    logits = torch.hstack([net(x[:5]) for net in nets])        # (5, fits)
    return (1 / (1 + torch.exp(-logits))).t().data.clone()
""",
]

ANSWERS["figure_grid"] = [
    """
def figure_grid(curves, y, title):
    n = int(math.sqrt(len(curves)))
    fig, axes = plt.subplots(n, n, figsize=(8, 8), sharex=True, sharey=True)
    for ax, curve in zip(axes.flatten(), curves):
        ax.plot(y[:5], "o")
        ax.plot(curve, "--o")
    fig.suptitle(title)
    return fig
""",
    """
def figure_grid(curves, y, title):
    side = int(len(curves) ** 0.5)
    fig = plt.figure(figsize=(2 * side, 2 * side))
    for k in range(side * side):
        ax = fig.add_subplot(side, side, k + 1)
        ax.plot(range(5), y[:5].flatten().numpy(), "o", color="k", label="y")
        ax.plot(range(5), curves[k].numpy(), linestyle="--", marker="o", label=f"fit {k}")
        ax.set_title(f"{k}", fontsize=6)
        ax.set_ylim(-0.1, 1.1)
    plt.suptitle(title, fontsize=16)
    fig.tight_layout()
    return fig
""",
    """
def figure_grid(curves: torch.Tensor, y: torch.Tensor, title: str) -> Figure:
    K = curves.shape[0]
    side = next(s for s in range(1, K + 1) if s * s == K)
    fig, ax = plt.subplots(side, side, sharex=True, sharey=True)
    k = 0
    for i in range(side):
        for j in range(side):
            ax[i, j].scatter(np.arange(5), y[:5])
            ax[i, j].plot(curves[k], "--o"); k += 1
    fig.suptitle(title);
    return fig
""",
    """
def figure_grid(curves, y, title):
    n = round(math.sqrt(len(curves)))
    plt.figure(figsize=(10, 10))
    for k, curve in enumerate(curves.tolist(), start=1):
        plt.subplot(n, n, k)
        plt.plot([0, 1, 2, 3, 4], curve, "--o", [0, 1, 2, 3, 4], y[:5].squeeze(), "o")
        plt.axhline(0.5, lw=0.5)
    plt.suptitle(title)
    return plt.gcf()
""",
]

ANSWERS["figure_grid"] += [
    """
def panel(ax, truth, curve):
    ax.plot(truth, ls="none", marker="o")
    ax.plot(curve.numpy(), "o--", alpha=0.7)

def figure_grid(curves, y, title):
    side = int(np.sqrt(len(curves)))
    fig = plt.figure(layout="constrained")
    spots = fig.add_gridspec(side, side)
    for k in range(len(curves)):
        panel(fig.add_subplot(spots[k // side, k % side]), y[:5].numpy(), curves[k])
    fig.suptitle(title, fontweight="bold")
    plt.close(fig)      # or it is shown twice
    return fig
""",
]

ANSWERS["summarise"] = [
    """
def summarise(curves):
    a = curves[:, 0]; b = curves[:, 1]
    return {"amplitude": torch.mean(torch.abs(a - b)),
            "right": torch.sum((a > .5) & (b < .5)),
            "near_half": torch.sum((torch.abs(a - .5) < .1) | (torch.abs(b - .5) < .1))}
""",
    """
def summarise(curves: torch.Tensor) -> dict[str, float]:
    amplitude, right, near_half = 0.0, 0, 0
    for curve in curves.tolist():
        p_a, p_b = curve[0], curve[1]
        amplitude += abs(p_a - p_b) / len(curves)
        if p_a > 0.5 and p_b < 0.5:
            right += 1
        if abs(p_a - 0.5) < 0.1 or abs(p_b - 0.5) < 0.1:
            near_half += 1
    return dict(amplitude=amplitude, right=right, near_half=near_half)
""",
    """
def summarise(curves):
    p = curves.numpy()[:, :2]
    undecided = np.abs(p - 0.5) < 0.1
    return {
        "right": int(np.logical_and(p[:, 0] > 0.5, p[:, 1] < 0.5).sum()),
        "near_half": int(undecided.any(axis=1).sum()),
        "amplitude": float(np.abs(np.diff(p, axis=1)).mean()),
    }
""",
    """
def is_right(row): return bool(row[0] > 0.5) and bool(row[1] < 0.5)
def is_near(row): return any(0.4 < float(p) < 0.6 for p in row[:2])
def summarise(curves):
    gaps = [(row[0] - row[1]).abs() for row in curves]
    return {
        'amplitude': (sum(gaps) / len(gaps)).item(),
        'right': sum(map(is_right, curves)),
        'near_half': len([row for row in curves if is_near(row)]),
    }
""",
]

ANSWERS["lowest_loss"] = [
    "lowest_loss = 99/199*math.log(2)",
    "lowest_loss = -(99 / 199) * math.log(0.5)",
    "lowest_loss = 0.3448",
    "lowest_loss = (99 * torch.log(torch.tensor(2.0)) / 199).item()",
    """
# b 를 포기한다: a 는 100 번, b 는 99 번
best = torch.where(x == 0, 100.0, 0.0)
lowest_loss = nn.BCEWithLogitsLoss()(best, y)
print(lowest_loss)
""",
    "lowest_loss = min(len(x[x == 0]), len(x[x == 1])) / len(x) * np.log(2)",
]

# ============================================================================================ 7  one-hot and embedding

ANSWERS["one_hot_mapping"] = [
    """
def one_hot_mapping(letters):
    mapping = {}
    for k, letter in enumerate(letters):
        code = [0] * len(letters)
        code[k] = 1
        mapping[letter] = code
    return mapping
""",
    "def one_hot_mapping(letters):\n    return dict(zip(letters, torch.eye(len(letters), dtype=torch.int64).tolist()))",
    """
def one_hot_mapping(letters: str) -> dict[str, list[int]]:
    V = len(letters)
    return {letter: F.one_hot(torch.tensor(k), num_classes=V).tolist() for k, letter in enumerate(letters)}
""",
    "one_hot_mapping = lambda letters: {c: list(np.eye(len(letters), dtype=int)[i]) for i, c in enumerate(letters)}",
    """
def one_hot_mapping(letters):
    return {k: [1 if letters.index(k) == i else 0 for i in range(len(letters))] for k in letters}
""",
    """
def one_hot_mapping(letters):
    n = len(letters)
    return {letter: [0] * k + [1] + [0] * (n - k - 1) for k, letter in enumerate(letters)}
""",
]

ANSWERS["onehot_fit"] = [
    """
torch.manual_seed(43052)
net_hot = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 2, bias=False))
train(net_hot, nn.CrossEntropyLoss(), optim.Adam(net_hot.parameters()), x_hot, y_hot, epochs)
yhat_hot = soft(net_hot(x_hot)).data
print(yhat_hot[:5])
""",
    """
class OneHotNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.ebdd = nn.Linear(2, 1)
        self.tanh = nn.Tanh()
        self.out = nn.Linear(1, 2, bias=False)
    def forward(self, X):
        return self.out(self.tanh(self.ebdd(X)))
torch.manual_seed(43052)
net_hot = OneHotNet()
loss_fn = nn.CrossEntropyLoss()
optimizr = optim.Adam(net_hot.parameters())
for epoc in range(epochs):
    loss = loss_fn(net_hot(x_hot), y_hot.argmax(dim=1))     # the number of the class does as well
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
with torch.no_grad():
    yhat_hot = soft(net_hot(x_hot))
""",
    (
        "torch.manual_seed(43052)\nl1, a1, l2 = nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 2, bias=False)\nnet_hot = nn.Sequential(l1, a1, l2)",
        "_ = train(net_hot, F.cross_entropy, optim.Adam(net_hot.parameters()), x_hot, y_hot, epochs)",
        "yhat_hot = soft(net_hot(x_hot)).detach()",
    ),
    """
torch.manual_seed(43052); net_hot = torch.nn.Sequential()
net_hot.append(torch.nn.Linear(in_features=2, out_features=1)).append(torch.nn.Tanh())
net_hot.append(torch.nn.Linear(in_features=1, out_features=2, bias=False))
optimizr = torch.optim.Adam(net_hot.parameters())
for epoc in range(epochs):
    yhat = net_hot(x_hot)
    loss = torch.nn.CrossEntropyLoss()(yhat, y_hot)
    optimizr.zero_grad(); loss.backward(); optimizr.step()
yhat_hot = soft(net_hot.eval()(x_hot)).detach().clone()
""",
]

ANSWERS["embedding_and_linear"] = [
    """
def embedding_and_linear():
    torch.manual_seed(43052)
    ebdd = nn.Embedding(3, 1)
    torch.manual_seed(43052)
    linr = nn.Linear(1, 1)
    return ebdd, linr
""",
    """
def seeded(make, *sizes):
    torch.manual_seed(43052)
    return make(*sizes)

def embedding_and_linear():
    return seeded(nn.Embedding, 3, 1), seeded(nn.Linear, 1, 1)
""",
    """
def embedding_and_linear() -> tuple[torch.nn.Embedding, torch.nn.Linear]:
    \"\"\"Embedding(3, 1) and Linear(1, 1), each made right after the seed 43052 was set.\"\"\"
    made = []
    for layer, options in [(torch.nn.Embedding, dict(num_embeddings=3, embedding_dim=1)),
                           (torch.nn.Linear, dict(in_features=1, out_features=1, bias=True))]:
        torch.manual_seed(43052)
        made.append(layer(**options))
    return tuple(made)
""",
]

ANSWERS["embed_by_matrix"] = [
    "def embed_by_matrix(x, weight):\n    return torch.eye(len(weight))[x] @ weight",
    """
def embed_by_matrix(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    X = F.one_hot(x, num_classes=weight.shape[0]).to(weight.dtype)
    return torch.matmul(X, weight)
""",
    """
def embed_by_matrix(x, weight):
    V = weight.size(0)
    X = torch.zeros(len(x), V)
    for i, k in enumerate(x):
        X[i, k] = 1.0
    return X.mm(weight)
""",
    "def embed_by_matrix(x, weight):\n    return (x[:, None] == torch.arange(len(weight))).float() @ weight",
    """
def embed_by_matrix(x, weight):
    one_hot = torch.zeros(x.shape[0], weight.shape[0]).scatter_(1, x.reshape(-1, 1), 1.)
    return torch.einsum("nv,vd->nd", one_hot, weight)
""",
    """
def embed_by_matrix(x, weight):
    letters = range(len(weight))
    mapping = {k: [float(k == other) for other in letters] for k in letters}
    return torch.tensor(f(x.tolist(), mapping)) @ weight
""",
]

ANSWERS["embed_by_matrix"] += [
    """
def embed_by_matrix(x, weight):
    rows = torch.from_numpy(np.eye(len(weight), dtype="float32")[x.numpy()])
    # a product by hand: row by column
    return torch.stack([(row[:, None] * weight).sum(dim=0) for row in rows])
""",
]

ANSWERS["n_parameters"] = [
    "n_parameters = 3, 2",
    "n_parameters = (count_parameters(ebdd), count_parameters(linr))",
    "n_parameters = [3 * 1, 1 * 1 + 1]",
    "n_parameters = tuple(sum(p.numel() for p in m.parameters()) for m in embedding_and_linear())\nn_parameters",
    "n_parameters = (len(ebdd.weight), len(list(linr.parameters())))",
    "n_parameters = torch.tensor([3, 2])",
]

ANSWERS["embedding_fit"] = [
    """
torch.manual_seed(43052)
net_emb = nn.Sequential(nn.Embedding(2, 1), nn.Tanh(), nn.Linear(1, 2))
train(net_emb, nn.CrossEntropyLoss(), optim.Adam(net_emb.parameters()), x_int, y_int, epochs)
yhat_emb = soft(net_emb(x_int)).data
""",
    """
class EmbeddingNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.ebdd = nn.Embedding(num_embeddings=2, embedding_dim=1)
        self.linr = nn.Linear(1, 2)
    def forward(self, X):
        return self.linr(torch.tanh(self.ebdd(X)))

torch.manual_seed(43052)
net_emb = EmbeddingNet()
optimizr = optim.Adam(net_emb.parameters())
for epoc in range(epochs):
    loss = F.cross_entropy(net_emb(x_int), y_int)
    loss.backward(); optimizr.step(); optimizr.zero_grad()
with torch.no_grad():
    yhat_emb = F.softmax(net_emb(x_int), dim=1)
""",
    (
        "torch.manual_seed(43052)\nebdd = nn.Embedding(2, 1); linr = nn.Linear(1, 2)\nnet_emb = nn.Sequential(ebdd, nn.Tanh(), linr)",
        "losses = train(net_emb, nn.CrossEntropyLoss(), optim.Adam(net_emb.parameters(), lr=0.001), x_int, y_int, epochs)\nlosses[-1]",
        "yhat_emb = soft(net_emb(x_int)).detach()\nplt.matshow(yhat_emb[:5]); plt.show()",
    ),
    """
%%capture printed
torch.manual_seed(43052)
net_emb = torch.nn.Sequential(OrderedDict([
    ("ebdd", torch.nn.Embedding(2, 1)), ("act", torch.nn.Tanh()), ("out", torch.nn.Linear(1, 2, bias=True)),
]))
for p in net_emb.parameters(): print(p)
history = train(net_emb, torch.nn.CrossEntropyLoss(), torch.optim.Adam(net_emb.parameters()), x_int, y_int, epochs)
yhat_emb = torch.stack([soft(net_emb(i.reshape(1)))[0] for i in x_int]).detach()
""",
]
