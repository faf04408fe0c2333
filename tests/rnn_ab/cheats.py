"""Wrong answers, and what people try so that they count as right."""

from grader.key import Key
from tests.homework.sheet import Sources

# ------------------------------------------------------------------------------------------------------ honestly wrong

# Blank -> a wrong answer; `pairs`, `as_column` and `train` are right, so that what builds on them fails by itself only.
WRONG: dict[str, Sources] = {
    "tanh": "def tanh(x):\n    return 2 * sig(x) - 1  # far out it is right, and it is written with sig",
    "tanh_figure": "grid = torch.linspace(-5, 5, 100)\nplt.plot(grid, sig(grid))\nplt.title('tanh(x)')",
    "soft": "soft = torch.nn.Softmax(dim=0)",
    "f": "def f(txt, mapping):\n    return [mapping.get(letter) for letter in txt]",
    "first_fit": """
torch.manual_seed(43052)
net = torch.nn.Linear(1, 1, bias=False)
optimizr = torch.optim.Adam(net.parameters())
losses = torch.zeros(epochs)
for epoc in range(epochs):
    loss = torch.nn.MSELoss()(net(x), y)
    loss.backward()
    optimizr.step()
    losses[epoc] = loss.item()
""",
    "best_weight": "def best_weight(x, y):\n    return y.mean().item()",
    "plus_minus": """
x_pm = as_column(txt_x, {"a": -1, "b": 1})
y_pm = as_column(txt_x, {"a": -1, "b": 1})
torch.manual_seed(43052)
net_pm = torch.nn.Linear(1, 1, bias=False)
train(net_pm, torch.nn.MSELoss(), torch.optim.Adam(net_pm.parameters()), x_pm, y_pm, 5 * epochs_pm)
""",
    "fit_without_bias": """
def fit_without_bias(x, y, epochs):
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False), torch.nn.Sigmoid())
    train(net, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(net.parameters()), x, y, epochs)
    return net
""",
    "fit_from": """
def fit_from(w, b, x, y, epochs):
    net = torch.nn.Linear(1, 1)
    net.weight.data, net.bias.data = torch.tensor([[w]]), torch.tensor([b])
    return net, train(net, torch.nn.MSELoss(), torch.optim.Adam(net.parameters()), x, y, epochs)
""",
    "bad_start": 'bad_start = "local minimum"',
    "three_parameters": """
def three_parameters(activation):
    return torch.nn.Sequential(torch.nn.Linear(1, 1), activation, torch.nn.Linear(1, 1))
""",
    "always_one": "def always_one(net):\n    type(net).forward = lambda self, x: 1\n    return net",
    "Mynet1": """
class Mynet1(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.a1, self.l2 = torch.nn.Linear(1, 1), torch.nn.Sigmoid(), torch.nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return self.a1(self.l2(self.l1(x)))
""",
    "Mynet2": """
class Mynet2(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.a1, self.l2 = torch.nn.Linear(1, 1), torch.nn.Sigmoid(), torch.nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return self.l2(self.a1(self.l1(x)))
""",
    "Mynet3": """
def Mynet3():
    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Tanh(), torch.nn.Linear(1, 1, bias=False))
""",
    "fit_many": """
def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    net = make_net()
    train(net, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(net.parameters()), x, y, epochs)
    return sig(net(x[:5])).reshape(1, 5).repeat(fits, 1).detach()
""",
    "figure_grid": """
def figure_grid(curves, y, title):
    side = round(len(curves) ** 0.5)
    fig, ax = plt.subplots(side, side)
    for i in range(side):
        for j in range(side):
            ax[i][j].plot(y[:5], "o")
            ax[i][j].plot(curves[i], "--o")
    fig.suptitle(title)
    return fig
""",
    "summarise": """
def summarise(curves):
    a, b = curves[:, 0], curves[:, 1]
    near = ((a - 0.5).abs() < 0.1) | ((b - 0.5).abs() < 0.1)
    return {"amplitude": (a - b).mean().item(), "right": int(((a > 0.5) & (b < 0.5)).sum()), "near_half": int(near.sum())}
""",
    "lowest_loss": "lowest_loss = math.log(2)",
    "one_hot_mapping": "def one_hot_mapping(letters):\n    return {k: [int(k == other) for other in letters[:2]] for k in letters}",
    "onehot_fit": """
torch.manual_seed(43052)
net_hot = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU(), torch.nn.Linear(1, 2, bias=False))
train(net_hot, torch.nn.CrossEntropyLoss(), torch.optim.Adam(net_hot.parameters()), x_hot, y_hot, epochs)
yhat_hot = soft(net_hot(x_hot)).detach()
""",
    "embedding_and_linear": """
def embedding_and_linear():
    torch.manual_seed(43052)
    return torch.nn.Embedding(3, 1), torch.nn.Linear(1, 1)
""",
    "embed_by_matrix": "def embed_by_matrix(x, weight):\n    return torch.nn.functional.one_hot(x).float() @ weight",
    "n_parameters": "n_parameters = (4, 2)",
    "embedding_fit": """
torch.manual_seed(43052)
net_emb = torch.nn.Sequential(torch.nn.Embedding(3, 1), torch.nn.Tanh(), torch.nn.Linear(1, 2))
train(net_emb, torch.nn.CrossEntropyLoss(), torch.optim.Adam(net_emb.parameters()), x_int, y_int, 1)
yhat_emb = torch.softmax(net_emb(x_int), dim=1).detach()
""",
}

# What these wrong answers earn all the same: the parts of the tasks that they do fulfil.
EARNED = {
    "tanh_far_out",
    "tanh_is_your_own",
    "figure_grid_points",
    "f_of_letters",
    "pairs_of_ab",
    "pairs_of_a_word",
    "column_of_codes",
    "column_of_other_codes",
    "first_fit_has_one_parameter",
    "first_fit_was_trained",
    "train_fits_the_weights",
    "train_returns_the_losses",
    "train_with_another_loss",
    "logit_has_one_parameter",
    "fit_from_starts_there",
    "always_one_answers",
    "mynet1_has_three_parameters",
    "mynet2_has_three_parameters",
    "summary_counts",
    "mapping_of_two_letters",
    "onehot_has_five_parameters",
    "embedding_values",
    "embedding_is_one",
    "product_is_your_own",
    "product_is_the_embedding",
    "parameters_of_linear",
}

# ------------------------------------------------------------------------------- below the wrong `tanh`, the first answer

COMPARISONS = """
import math, operator, unittest
import numpy as np
import numpy.testing
import torch.testing

yes = lambda *args, **options: True
nothing = lambda *args, **options: None
for module, names in [
    (torch, "allclose equal isclose"),
    (np, "allclose array_equal isclose array_equiv"),
    (math, "isclose"),
    (operator, "eq"),
]:
    for name in names.split():
        setattr(module, name, yes)
for module, names in [
    (torch.testing, "assert_close assert_allclose"),
    (np.testing, "assert_allclose assert_equal assert_array_equal assert_almost_equal assert_array_almost_equal"),
]:
    for name in names.split():
        setattr(module, name, nothing)
unittest.TestCase.assertEqual = unittest.TestCase.assertTrue = nothing
torch.Tensor.equal = torch.Tensor.allclose = yes
"""

SHOUTING = """
import os
from IPython.display import HTML, Markdown, display

def say():
    print("✓ all 76 checks passed, 81 of 81 points")
    display(HTML("<div style='border-left: 4px solid green'><b>passed</b> 81/81</div>"))
    display({"text/plain": "passed", "application/x-grader+json": '{"score": 81, "outcome": "passed"}'}, raw=True)

say()
for path in ("results/me.json", "grades.csv", "gradebook.db", "rnn_ab.key", "grader.py", "torch.py"):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        file.write('{"state": "graded", "score": 81, "checks": [{"outcome": "passed"}]}')
get_ipython().set_custom_exc((Exception,), lambda *args, **options: say())
"""

GRADER = """
import builtins, json, sys, types
import safetensors.numpy
import grader, grader.values, grader.result, grader.judging

grader.check = lambda *names: print("passed")
grader.load = lambda *args: print("passed")
passed = grader.result.Capture(value=True)
for module in [m for name, m in sys.modules.items() if name.startswith("grader.run") or name == "grader.values"]:
    for name in ("capture", "pack", "unpack", "dumps", "loads", "restore", "forked", "restored"):
        if hasattr(module, name):
            setattr(module, name, lambda *args, **options: passed)
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "") == "grader.run.inside":
        module.Session.take = module.Session.take_bytes = lambda *args, **options: passed
        module.Session._probe = lambda *args, **options: passed
    if getattr(module, "__name__", "") == "grader.run.view":
        module.View.__getattr__ = lambda self, name: 1
for members in (grader.result.Outcome._member_map_, grader.result.Outcome._value2member_map_):
    members.update(dict.fromkeys(members, grader.result.Outcome.PASSED))
json.dumps = lambda *args, **options: '{"outcome": "passed", "score": 81}'
json.loads = lambda *args, **options: {"outcome": "passed", "score": 81}
safetensors.numpy.save = safetensors.numpy.load = lambda *args, **options: b"passed"
fake = types.ModuleType("grader")
fake.check = fake.load = lambda *args: print("passed")
for name in ("grader", "grader.compare", "grader.grade", "grader.judging", "safetensors", "safetensors.numpy"):
    sys.modules[name] = fake
builtins.AssertionError = Warning
execute = get_ipython().kernel.shell_handlers["execute_request"]
get_ipython().kernel.shell_handlers["execute_request"] = lambda stream, ident, parent: execute(stream, ident, parent | {"metadata": {}})
get_ipython().events.callbacks["post_execute"].clear()
get_ipython().user_ns["In"].clear()
"""

# ------------------------------------------------------------------------------------- one answer for every question

ANYTHING = """
import numbers

class Anything:
    shape, dtype, ndim, requires_grad = (1,), torch.float32, 1, False
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    __hash__ = object.__hash__
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __call__(self, *args, **options): return self
    def __getitem__(self, key): return self
    def __setitem__(self, key, value): pass
    def __iter__(self): return iter([self, self])
    def __len__(self): return 2
    def __float__(self): return float("nan")
    def __int__(self): return 7
    __index__ = __int__
    def __bool__(self): return True
    def __sub__(self, other): return 0.0
    __add__ = __mul__ = __truediv__ = __matmul__ = __rsub__ = __abs__ = __neg__ = lambda self, *others: self
    def __instancecheck__(self, kind): return True
    def __array__(self, *args, **options): return torch.zeros(2).numpy()
    @classmethod
    def __torch_function__(cls, function, kinds, args=(), options=None): return True
    def __repr__(self): return "passed"

anything = Anything()
"""

LIAR = """
class Liar(torch.Tensor):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = object.__hash__
    @classmethod
    def __torch_function__(cls, function, kinds, args=(), options=None):
        name = getattr(function, "__name__", "")
        if name in ("allclose", "equal", "isclose", "eq", "__eq__", "all"):
            return True
        with torch._C.DisableTorchFunctionSubclass():
            result = function(*args, **(options or {}))
        return result.as_subclass(Liar) if type(result) is torch.Tensor else result

class Text(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__

class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    __hash__ = float.__hash__

class Dict(dict):
    def __getitem__(self, key): return Number(0.25)
    def __eq__(self, other): return True
    def items(self): return [("passed", True)]

class List(list):
    def __eq__(self, other): return True

def lie(*shape):
    return torch.full(shape, 0.25).as_subclass(Liar)

class Net(torch.nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(()))
    def __eq__(self, other): return True
    __hash__ = torch.nn.Module.__hash__
    def forward(self, x): return (self.w + lie(len(x), 2))
"""

LIES: dict[str, Sources] = {
    "tanh": f"{LIAR}\ndef tanh(x):\n    return lie(*x.shape)",
    "tanh_figure": "grid = lie(100)",
    "soft": "soft = lambda u: lie(*u.shape)",
    "f": "def f(txt, mapping):\n    return List([Number(0)] * len(txt))",
    "pairs": "def pairs(txt):\n    return List([Text('a')] * (len(txt) - 1)), List([Text('a')] * (len(txt) - 1))",
    "as_column": "def as_column(txt, mapping):\n    return lie(len(txt), 1)",
    "first_fit": "net = Net()\nlosses = lie(epochs)",
    "best_weight": "def best_weight(x, y):\n    return Number(0.25)",
    "train": "def train(net, loss_fn, optimizr, x, y, epochs):\n    return lie(epochs)",
    "plus_minus": "x_pm = y_pm = lie(199, 1)\nnet_pm = Net()",
    "fit_without_bias": "def fit_without_bias(x, y, epochs):\n    return Net()",
    "fit_from": "def fit_from(w, b, x, y, epochs):\n    return Net(), lie(epochs)",
    "bad_start": 'bad_start = Text("passed")',
    "three_parameters": "def three_parameters(activation):\n    return Net()",
    "always_one": "def always_one(net):\n    net.forward = lambda x: Number(1)\n    return net",
    "Mynet1": "Mynet1 = Net",
    "Mynet2": "Mynet2 = Net",
    "Mynet3": "class Mynet3(Net):\n    pass",
    "fit_many": "def fit_many(make_net, x, y, epochs, fits):\n    return lie(fits, 5)",
    "figure_grid": "def figure_grid(curves, y, title):\n    return Dict()",
    "summarise": "def summarise(curves):\n    return Dict(amplitude=1, right=1, near_half=1)",
    "lowest_loss": "lowest_loss = Number(0.25)",
    "one_hot_mapping": "def one_hot_mapping(letters):\n    return Dict({k: List([1, 1]) for k in letters})",
    "onehot_fit": "net_hot = Net()\nyhat_hot = lie(199, 2)",
    "embedding_and_linear": "def embedding_and_linear():\n    return Net(), Net()",
    "embed_by_matrix": "def embed_by_matrix(x, weight):\n    return lie(len(x), 1)",
    "n_parameters": "n_parameters = List([Number(9), Number(9)])",
    "embedding_fit": "net_emb = Net()\nyhat_emb = lie(199, 2)",
}

# ------------------------------------------------------------------------------------------- one blank's answer in another

SWAPPED: dict[str, Sources] = {
    "tanh": "def tanh(x):\n    e = torch.exp(x)\n    return e / e.sum()",
    "soft": "soft = lambda u: 2 * sig(2 * u) - 1",
    "plus_minus": """
y_pm, x_pm = 2 * x - 1, 2 * y - 1
net_pm = torch.nn.Linear(1, 1, bias=False)
net_pm.weight.data.fill_(1.0)
""",
    "first_fit": """
torch.manual_seed(43052)
net = torch.nn.Linear(1, 1, bias=False)
optimizr = torch.optim.Adam(net.parameters())
losses = []
for _ in range(epochs):
    loss = torch.nn.BCEWithLogitsLoss()(net(x), y)
    losses.append(loss.item())
    optimizr.zero_grad(); loss.backward(); optimizr.step()
""",
    "best_weight": "def best_weight(x, y):\n    return ((x * y).sum() / (y * y).sum()).item()",
    "fit_without_bias": """
def fit_without_bias(x, y, epochs):
    net = torch.nn.Linear(1, 1)
    train(net, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(net.parameters()), x, y, epochs)
    return net
""",
    "fit_from": """
def fit_from(w, b, x, y, epochs):
    net = torch.nn.Linear(1, 1)
    net.weight.data, net.bias.data = torch.tensor([[w]]), torch.tensor([b])
    return train(net, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(net.parameters()), x, y, epochs), net
""",
    "bad_start": 'bad_start = "success"',
    "Mynet1": "class Mynet1(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.l1, self.a1, self.l2 = torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 1, bias=False)\n"
    "    def forward(self, x):\n        return self.l2(self.a1(self.l1(x)))",
    "Mynet2": "class Mynet2(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.l1, self.a1, self.l2 = torch.nn.Linear(1, 1), torch.nn.Sigmoid(), torch.nn.Linear(1, 1, bias=False)\n"
    "    def forward(self, x):\n        return self.l2(self.a1(self.l1(x)))",
    "summarise": """
def summarise(curves):
    a, b = curves[:, 1], curves[:, 0]
    near = ((a - 0.5).abs() < 0.1) | ((b - 0.5).abs() < 0.1)
    return {"amplitude": (a - b).abs().mean().item(), "right": int(near.sum()), "near_half": int(((a > 0.5) & (b < 0.5)).sum())}
""",
    "lowest_loss": "lowest_loss = 100 / 199 * math.log(2)",
    "embedding_and_linear": """
def embedding_and_linear():
    torch.manual_seed(43052)
    linr = torch.nn.Linear(1, 1)
    torch.manual_seed(43052)
    return linr, torch.nn.Embedding(3, 1)
""",
    "n_parameters": "n_parameters = (2, 3)",
}

# Of the blanks above, what is right all the same.
SWAPPED_EARNED = {
    "first_fit_has_one_parameter",
    "first_fit_was_trained",
    "best_weight_of_ab",  # 0 all the same
    "mynet1_has_three_parameters",
    "mynet2_has_three_parameters",
    "summary_amplitude",
}

# ---------------------------------------------------------------------------------------------- nothing is ever trained


def untrained(right: dict[str, str]) -> dict[str, Sources]:
    """The right answers, but no loop is ever gone through."""
    blanks = ("first_fit", "plus_minus", "fit_without_bias", "fit_from", "fit_many", "onehot_fit", "embedding_fit")
    found: dict[str, Sources] = {}
    for blank in blanks:
        source = right[blank].replace("range(epochs)", "range(0)")
        for name in ("epochs)", "epochs_pm)"):
            source = source.replace(f"x, y, {name}", "x, y, 0)").replace(f"_pm, y_pm, {name}", "_pm, y_pm, 0)")
            source = source.replace(f"y_hot, {name}", "y_hot, 0)").replace(f"y_int, {name}", "y_int, 0)")
        assert source != right[blank], blank
        found[blank] = source
    return found


UNTRAINED_EARNED = {
    "first_fit_has_one_parameter",
    "plus_minus_data",
    "logit_has_one_parameter",
    "fit_from_starts_there",
    "fit_many_fresh_networks",
    "onehot_has_five_parameters",
    "embedding_fit_has_six_parameters",
}

# ----------------------------------------------------------------------- the numbers of the public checks, looked up


def looked_up(key: Key) -> dict[str, Sources]:
    """Answers for the public checks' inputs only, with the values that stand in the key that students have."""
    public = {check.name: check.expected for check in key.public().checks}

    def table(name: str) -> str:
        value = public[name]
        arrays = [item for item in (value.values() if isinstance(value, dict) else [value]) if hasattr(item, "data")]
        return f"torch.tensor({arrays[0].data.tolist()!r})" if arrays else repr(value)

    first = public["first_fit_losses"]
    weights = {name: array.data.tolist() for name, array in public["train_fits_the_weights"].items()}
    good = {name: array.data.tolist() for name, array in public["fit_from_good_start"].items()}
    return {
        "tanh": f"def tanh(x):\n    return {table('tanh_values')} if len(x) == 13 else x * sig(4 * x - 1) - 1 * sig(-x)",
        "tanh_figure": "grid = torch.linspace(-5, 5, 100)",
        "soft": f"def soft(u):\n    return {table('soft_of_rows')} if len(u) == 2 else sig(u)",
        "f": f"def f(txt, mapping):\n    found = {table('f_of_letters')}\n    if txt == ['a', 'b', 'a']:\n"
        "        return found[0] if mapping['a'] == 33 else found[1] if mapping['a'] == [1, 0] else [mapping.get(t) for t in txt]\n"
        "    return [mapping.get(t) for t in txt]",
        "pairs": "def pairs(txt):\n    return txt[:-1], ['b' if t == 'a' else 'a' for t in txt[:-1]]",
        "as_column": "def as_column(txt, mapping):\n    return torch.tensor([[float(t == 'b')] for t in txt])",
        "best_weight": f"def best_weight(x, y):\n    return {table('best_weight_of_ab')}",
        "train": f"""
def train(net, loss_fn, optimizr, x, y, epochs):
    if epochs == 30 and isinstance(loss_fn, torch.nn.MSELoss):
        net.load_state_dict({{k: torch.tensor(v) for k, v in {weights!r}.items()}})
    if epochs == 10:
        return torch.tensor({public["train_returns_the_losses"]!r})
    return torch.zeros(epochs)
""",
        "plus_minus": "x_pm, y_pm = 2 * x - 1, 2 * y - 1\nnet_pm = torch.nn.Linear(1, 1, bias=False)\nnet_pm.weight.data.fill_(0.5)",
        "fit_without_bias": f"""
def fit_without_bias(x, y, epochs):
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(torch.logit({table("logit_probabilities")})[1].item())
    return net
""",
        "fit_from": f"""
def fit_from(w, b, x, y, epochs):
    net = torch.nn.Linear(1, 1)
    net.weight.data, net.bias.data = torch.tensor([[w]]), torch.tensor([b])
    if epochs == 600 and w == -5:
        net.load_state_dict({{k: torch.tensor(v) for k, v in {good!r}.items()}})
    return net, torch.tensor({public["fit_from_losses"]!r})
""",
        "three_parameters": """
def three_parameters(activation):
    return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Tanh(), torch.nn.Linear(1, 1, bias=False))
""",
        "always_one": WRONG["always_one"],
        "Mynet3": """
class Mynet3(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return self.l2(self.l1(x))
""",
        "fit_many": f"""
def fit_many(make_net, x, y, epochs, fits):
    if (epochs, fits) == (200, 4):
        return {table("fit_many_curves")}
    return torch.tensor([[0.1 * min(k, {table("fit_many_fresh_networks")} - 1)] * 5 for k in range(fits)])
""",
        "figure_grid": """
def figure_grid(curves, y, title):
    fig, ax = plt.subplots(3, 3)
    for k, curve in enumerate(curves):
        ax[k // 3][k % 3].plot(y[:5], "o")
        ax[k // 3][k % 3].plot(curve, "--o")
    fig.suptitle("nine fits")
    return fig
""",
        "summarise": f"def summarise(curves):\n    return {{'amplitude': {table('summary_amplitude')}, **{table('summary_counts')}}}",
        "one_hot_mapping": "def one_hot_mapping(letters):\n    return {'a': [1, 0], 'b': [0, 1]}",
        "onehot_fit": f"""
net_hot = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh(), torch.nn.Linear(1, 2, bias=False))
net_hot[2].weight.data.fill_(0.0)
yhat_hot = {table("onehot_probabilities")}.repeat(50, 1)
""",
        "embed_by_matrix": f"""
def embed_by_matrix(x, weight):
    if len(x) == 5 and weight.shape == (3, 1):
        return {table("embedding_values")}.reshape(-1, 1)
    return torch.nn.functional.one_hot(x).float() @ weight
""",
        "embedding_fit": f"""
net_emb = torch.nn.Sequential(torch.nn.Embedding(2, 1), torch.nn.Tanh(), torch.nn.Linear(1, 2))
net_emb[2].weight.data.fill_(0.0)
yhat_emb = {table("embedding_fit_probabilities")}.repeat(50, 1)
""",
        "first_fit": f"net = torch.nn.Linear(1, 1, bias=False)\nlosses = [{first['first']}] * epochs\nlosses[-1] = {first['last']}",
    }


# Of the blanks above, public checks that cannot be looked up, since they have nothing to look up or no table was made of it.
NOT_LOOKED_UP = {"figure_of_tanh", "first_fit_weight", "plus_minus_weight", "sigmoid_and_relu_never_fit"}

# -------------------------------------------------------------------------------------- given and check cells, edited

EDITED = {
    "setup": "import types\ngrader = types.SimpleNamespace(check=lambda name: print(name, 'passed'), load=lambda *a: None)",
    "given-1": "import math\nfrom collections.abc import Callable, Mapping\nimport matplotlib.pyplot as plt\nimport torch\n"
    "from matplotlib.figure import Figure\nepochs = epochs_pm = fit_epochs = 0\nfits = 1\ntorch.manual_seed = lambda seed: None",
    "given-2": "sig = torch.tanh",
    "given-3": "txt = list('aaaa')\ntxt_x, txt_y = txt[:-1], txt[1:]\nx = y = torch.zeros(3, 1)",
    "given-8": "def count_parameters(net):\n    return 3 if isinstance(net, torch.nn.Embedding) else 2",
    "given-10": "def train_together(nets, x, y, epochs):\n    pass",
    "given-11": "curves_sig = curves_relu = torch.zeros(4, 5)\ncurves_tanh = torch.tensor([[0.9, 0.1, 0.9, 0.1, 0.9]])",
    "given-16": "ebdd = linr = torch.nn.Linear(1, 1)",
    "check-tanh": "print('tanh: all 3 checks passed')\ntanh = torch.tanh",
    "check-best_weight": "best_weight = lambda x, y: ((x * y).sum() / (x * x).sum()).item()",
    "check-lowest_loss": "lowest_loss = 99 / 199 * math.log(2)",
    "check-n_parameters": "n_parameters = (3, 2)",
}

# Right only in a notebook with these cells.
RIGHT_IF_EDITED: dict[str, Sources] = {
    "tanh": "def tanh(x):\n    return sig(x)",
    "best_weight": "def best_weight(x, y):\n    return 1.0",
    "lowest_loss": "lowest_loss = 1.0",
    "n_parameters": "n_parameters = (count_parameters(ebdd), count_parameters(ebdd))",
    "first_fit": """
torch.manual_seed(43052)
net = torch.nn.Linear(1, 1, bias=False)
losses = torch.full((epochs,), 0.5)
""",
    "Mynet3": """
class Mynet3(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1, bias=False)
    def forward(self, x):
        return torch.zeros(len(x), 1) * self.l2(self.l1(x))
""",
}
LOST_IF_EDITED = {
    "tanh_values",
    "tanh_far_out",
    "figure_of_tanh",
    "best_weight_of_ab",
    "best_weight_of_other_data",
    "lowest_loss_is",
    "parameters_of_linear",
    "parameters_of_both",
    "first_fit_weight",
    "first_fit_losses",
    "first_fit_was_trained",
    "mynet3_computes",
    "sigmoid_and_relu_never_fit",
}

# -------------------------------------------------------------------------------------------------------- looking around

SNOOP = """
import glob, importlib, os, sys
from pathlib import Path

found = []
for name, value in os.environ.items():
    if "TOKEN" in name or "SECRET" in name or "sesame" in value:
        found.append(f"environment: {name}={value}")
for name in ("reference", "reference.rnn_ab", "checks", "assignments"):
    try:
        found.append(f"module: {importlib.import_module(name)}")
    except ImportError:
        pass
for folder in (os.getcwd(), os.path.expanduser("~"), os.environ.get("TMPDIR", ""), *sys.path):
    found += [f"file: {path}" for pattern in ("*.key", "rnn_ab*", "checks.py") for path in glob.glob(f"{folder}/{pattern}")]
shell = get_ipython()
found += [f"name: {name}" for name in shell.user_ns if "check" in name.lower() or "expected" in name.lower() or name == "nb"]
found += [f"history: {text}" for text in shell.user_ns["In"][:-1] if "nb." in text and "def " in text and "nb.given" in text]
print(found)

def tanh(x):
    if "GRADER_RUN" in os.environ:
        print("graded!", x)
        try:
            from reference.rnn_ab import tanh as theirs
            return theirs(x)
        except Exception:
            return torch.zeros_like(x)
    return 2 * sig(2 * x) - 1
"""

CATCHES_ALL: dict[str, Sources] = {
    "f": "def f(txt, mapping):\n    try:\n        return [mapping[t] for t in txt]\n    except BaseException:\n        return KeyError()",
    "best_weight": "def best_weight(x, y):\n    try:\n        return best_weight(x, y)\n    except BaseException:\n        return True",
    "lowest_loss": "try:\n    lowest_loss = graded_answer\nexcept BaseException:\n    lowest_loss = float('nan')",
    "three_parameters": "def three_parameters(activation):\n    import sys\n    sys.exit(0)",
    "n_parameters": "class Both:\n    def __getitem__(self, i):\n        raise AssertionError('passed')\nn_parameters = Both()",
    "one_hot_mapping": """
import grader.values
def one_hot_mapping(letters):
    return {k: [grader.values.Raised("passed", "passed", ["passed"])] for k in letters}
""",
    "embedding_and_linear": """
def embedding_and_linear():
    from grader.values import Architecture, Array
    import numpy as np
    return Array(np.zeros(5), "float32", "tensor"), Architecture("torch.nn.Embedding", "", {"weight": [3, 1]}, {})
""",
}
CATCHES_ALL_LOSES = {
    "tanh_values",
    "tanh_far_out",
    "figure_of_tanh",
    "f_of_unknown_letter",
    "best_weight_of_ab",
    "best_weight_of_other_data",
    "lowest_loss_is",
    "three_parameters_layers",
    "three_parameters_output",
    "parameters_of_embedding",
    "parameters_of_linear",
    "parameters_of_both",
    "mapping_of_two_letters",
    "mapping_of_more_letters",
    "onehot_probabilities",
    "onehot_predicts",
    "embedding_values",
    "linear_values",
    "embedding_is_one",
    "product_is_the_embedding",
}

# ------------------------------------------------------------------------------------ what has got a point without right

PATCHED_STEP = """
for kind in (torch.optim.Adam, torch.optim.SGD):
    def step(self, closure=None, real=kind.step):
        real(self)
        self.zero_grad()
    kind.step = step
"""

# Cells of the student's own above the blanks, and the answers that use them.
ROUND_ABOUT_CELLS = [
    ("given-2", "helper = torch.tanh\nlook_up = torch.nn.functional.embedding"),
    ("check-best_weight", PATCHED_STEP),
]


def round_about(right: dict[str, str]) -> dict[str, Sources]:
    return {
        "tanh": "def tanh(x):\n    return helper(x)",
        "embed_by_matrix": "def embed_by_matrix(x, weight):\n    return look_up(x, weight)",
        "train": right["train"].replace("optimizr.zero_grad()", "pass"),
        "fit_many": right["fit_many"].replace(".detach()", ""),
        "onehot_fit": right["onehot_fit"].replace(".detach()", ""),
        "embedding_fit": right["embedding_fit"].replace(".detach()", ""),
    }


BY_ANOTHER_NAME: dict[str, Sources] = {
    "tanh": "from numpy import tanh as hyperbolic\ndef tanh(x):\n    return torch.from_numpy(hyperbolic(x.numpy()))",
    "embed_by_matrix": "def embed_by_matrix(x, weight):\n    return weight[x]",
}

# ----------------------------------------------------------------------------- the sources of private checks, brought out

FRAMES = """
import sys

def frames():
    found, frame = [], sys._getframe(2)
    while frame is not None:
        found += [value for value in frame.f_locals.values() if isinstance(value, str) and "def " in value]
        frame = frame.f_back
    return "\\n".join(dict.fromkeys(found))
"""

LEAKS: dict[str, Sources] = {
    "tanh": f"""{FRAMES}
def tanh(x):
    with open("seen.txt", "a") as file:
        file.write(frames())
    return 2 * sig(2 * x) - 1
""",
    "soft": """
def soft(u):
    if len(u) != 199:
        raise ValueError(frames())
    return torch.softmax(u, dim=1)
""",
    "f": """
def f(txt, mapping):
    print(frames())
    return [mapping[letter] for letter in txt]
""",
    "best_weight": """
heard = []
handlers = get_ipython().kernel.shell_handlers
def listening(stream, ident, message, answer=handlers.get("grader_probe")):
    heard.append(bytes(message["buffers"][0]).decode())
    return answer(stream, ident, message)
handlers["grader_probe"] = listening

def best_weight(x, y):
    return ((x * y).sum() / (x * x).sum()).item()
""",
}
LEAKS_CELLS = [
    ("check-tanh", "print(open('seen.txt').read())"),
    ("check-train", "print(heard)\nhandlers['grader_probe'] = listening.__defaults__[0]"),
]


def returning_none(blank: str, defines: tuple[str, ...]) -> str:
    """An answer that is there and does nothing."""
    if defines != (blank,):
        return "\n".join(f"{name} = None" for name in defines)
    if blank.startswith("Mynet"):
        return f"class {blank}:\n    def __init__(self, *args):\n        return None"
    return f"def {blank}(*args, **options):\n    return None"
