"""How the answers of `mlp` are judged, and what students typically get wrong. Order as in the notebook."""

import numpy as np
import torch

from grader.author import (
    accuracy,
    architecture,
    check,
    close,
    exact,
    figure,
    layers,
    losses,
    mistake,
    success_rate,
    trained,
    weights,
)
from reference import mlp as ref

DRAW = torch.Generator().manual_seed(43052)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=DRAW)


def state_of(net: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights drawn once; the notes of batch norms far from those of any batch."""
    found = {}
    for name, entry in net.state_dict().items():
        if not entry.is_floating_point():
            found[name] = torch.tensor(7)
        elif name.endswith("running_var"):
            found[name] = draw(*entry.shape).abs() + 0.5
        else:
            found[name] = draw(*entry.shape) * (0.4 if entry.dim() == 2 else 1.0)
    return found


STATE = state_of(ref.Net())
FLOWERS = draw(5, 4)
NORMED = state_of(torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 3)))
BATCH = {"x": draw(5, 4), "y": torch.tensor([2, 0, 1, 1, 0])}
OTHER_BATCH = {"x": draw(7, 4), "y": torch.tensor([1, 1, 0, 2, 0, 0, 1])}

IRIS = ref.load_iris()
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = ref.split(IRIS.data, IRIS.target, 43052)
ROW = np.random.default_rng(43052)
TABLE = {"data": ROW.normal(size=(11, 3)) ** 3, "label": ROW.integers(0, 4, size=11)}
STRANGE = {"data": np.arange(60.0).reshape(20, 3) + 0.25, "label": np.arange(20) % 4}
AGAIN = dict(zip(("x_train", "x_test", "y_train", "y_test"), ref.split(IRIS.data, IRIS.target, 3), strict=True))
TURNED = {"x_train": AGAIN["x_train"], "y_train": (AGAIN["y_train"] + 1) % 3, "x_test": AGAIN["x_test"]}

PRINTED = torch.tensor(
    [[-0.1946, -0.2287, -0.1576], [-0.4010, -0.0588, 0.0440], [-0.1065, -0.0667, -0.1870], [0.0362, -0.2685, 0.0521]]
)
SCORES = draw(7, 5)

TOY = {"x": draw(11, 3), "y": torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0])}
TOY2 = {"x": draw(14, 3) + 0.5, "y": torch.tensor([2, 0, 1, 1, 2, 0, 0, 1, 2, 2, 0, 1, 2, 0])}
CURVES = {"losses": [1.4, 1.1, 0.9, 0.75, 0.7], "accures": [0.2, 0.45, 0.5, 0.8, 0.9]}
CURVES2 = {"losses": [3.0, 2.5, 2.75], "accures": [0.1, 0.3, 0.25]}

DENSE = {f"{k}": draw(after, before) for k, (before, after) in enumerate([(3, 2), (2, 3), (3, 4)], start=1)}
SQUARE = {f"{k}": draw(3, 3) for k in (1, 2, 3)}
STEPS = {"x": draw(5, 3), "bias": draw(4)}

IMAGES = torch.randint(0, 256, (27, 4, 6), generator=DRAW, dtype=torch.uint8)
KINDS = torch.randint(0, 3, (27,), generator=DRAW)
IMAGES2 = torch.randint(0, 17, (25, 5, 3), generator=DRAW, dtype=torch.uint8)
KINDS2 = torch.randint(0, 5, (25,), generator=DRAW)
MANY = torch.randint(0, 256, (300, 2, 1), generator=DRAW, dtype=torch.uint8)
SMALL = {"x": draw(12, 2, 3), "y": torch.tensor([0, 1, 2, 3, 1, 1, 0, 2, 3, 3, 2, 0]), "weight": draw(4, 6), "bias": draw(4)}
SMALL2 = {"x": draw(7, 2, 3), "y": torch.tensor([3, 1, 0, 0, 2, 1, 2]), "weight": 2 * draw(4, 6), "bias": draw(4)}

# ============================================================================================== 1  five layers: 001-T20, T21


@check("Net", points=1, compare=weights(atol=1e-5))
def net_start(nb):
    """Right after the seed 43052, your network has the layers l1 to l5 and bn1 to bn3 with the start weights of everybody else."""
    torch.manual_seed(43052)
    entries = nb.Net().state_dict()
    shapes = {f"shape of {name}": torch.tensor([float(n) for n in entry.shape]) for name, entry in entries.items()}
    return {**{name: entry if entry.dim() == 0 else entry[:2] for name, entry in entries.items()}, **shapes}


@check("Net", points=2, given={"x": FLOWERS}, compare=layers(atol=1e-4))
def net_layer_by_layer(nb):
    """From layer to layer, a batch of five comes out right."""
    torch.manual_seed(43052)
    net = nb.Net()
    found = nb.layers(net, nb.given.x, names=("l1", "bn1", "l2", "bn2", "l3", "bn3", "l4", "l5"))
    return {**found, "logits": net(nb.given.x)}


@check("Net", points=2, private=True, given={"x": FLOWERS, "state": STATE}, compare=close(atol=1e-3, rtol=1e-4))
def net_with_other_weights(nb):
    """With other weights and in evaluation mode, the logits are right, too."""
    net = nb.Net()
    net.load_state_dict(nb.given.state)
    net.eval()
    return net(nb.given.x)


mistake(
    "Net",
    replace={"x = self.l5(x)": "x = torch.softmax(self.l5(x), dim=1)"},
    says="Your network ends in a softmax, and the cross entropy takes another one of it. Let it give logits: l5 is the last step.",
)
mistake(
    "Net",
    replace={
        "self.act(self.bn1(self.l1(x)))": "self.bn1(self.act(self.l1(x)))",
        "self.act(self.bn2(self.l2(x)))": "self.bn2(self.act(self.l2(x)))",
        "self.act(self.bn3(self.l3(x)))": "self.bn3(self.act(self.l3(x)))",
    },
    says="The batch norms stand behind the activation. People do that, too, but here the order is layer, batch norm, activation.",
)
mistake(
    "Net",
    replace={"x = self.l5(x)": "x = self.act(self.l5(x))"},
    says="There is a ReLU behind the last layer, so no logit can be negative, and one that is 0 gets no gradient. l5 is the last step.",
)
mistake(
    "Net",
    replace={"x = self.act(self.l4(x))": "x = self.l4(x)"},
    says="No activation follows l4, so l4 and l5 together are no more than one linear layer: act belongs around it.",
)
mistake(
    "Net",
    replace={"self.act(self.bn3(self.l3(x)))": "self.act(self.l3(x))"},
    says="bn3 is made, and never called. After l3 comes bn3, and then act.",
)
mistake(
    "Net",
    source="""
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l5 = torch.nn.Linear(16, 3)
        self.l4 = torch.nn.Linear(32, 16)
        self.l3 = torch.nn.Linear(64, 32)
        self.l2 = torch.nn.Linear(128, 64)
        self.l1 = torch.nn.Linear(4, 128)
        self.bn1 = torch.nn.BatchNorm1d(128)
        self.bn2 = torch.nn.BatchNorm1d(64)
        self.bn3 = torch.nn.BatchNorm1d(32)
        self.act = torch.nn.ReLU()

    def forward(self, x):
        x = self.act(self.bn1(self.l1(x)))
        x = self.act(self.bn2(self.l2(x)))
        x = self.act(self.bn3(self.l3(x)))
        return self.l5(self.act(self.l4(x)))
""",
    says="The network is right, but its layers are made in another order, so each draws the random numbers that were meant for another. "
    "Make l1 first, then l2, and so on to l5.",
)


@check("one_batch", points=1, compare=close(atol=1e-4))
def first_loss(nb):
    """Loss and logits are those of a new network from the seed 43052."""
    return {"loss": nb.loss.detach().reshape(()), "output": nb.output.detach()}


@check("one_batch", points=1, compare=close(atol=1e-4))
def bias_gradient_after_backward(nb):
    """grad_after holds the three numbers that backward() computes."""
    return None if nb.grad_after is None else nb.grad_after.detach()


@check("one_batch", points=1, compare=exact())
def no_gradient_before_backward(nb):
    """grad_before is what a parameter has that no backward pass has reached."""
    return "None" if nb.grad_before is None else "numbers"


@check("one_batch", points=1, private=True, compare=weights(atol=1e-5))
def one_batch_trains_nothing(nb):
    """The network is still as it was drawn, and every parameter has its gradient."""
    found = {name: parameter.detach()[:2] for name, parameter in nb.net.named_parameters()}
    missing = [name for name, parameter in nb.net.named_parameters() if parameter.grad is None]
    return {**found, "parameters without a gradient": torch.tensor(float(len(missing)))}


mistake(
    "one_batch",
    replace={"net.zero_grad()\n": "", "loss.backward()": "loss.backward()\nnet.zero_grad()"},
    says="You cleared the gradients after backward() and threw away what it had computed. zero_grad() comes before.",
)
mistake(
    "one_batch",
    replace={"output = net(x)": "net.eval()\noutput = net(x)"},
    says="The network is in evaluation mode, where a batch norm takes the mean and the variance that it has noted, at first 0 and 1. A "
    "network that is trained stays in training mode.",
)
mistake(
    "one_batch",
    replace={"criterion(output, y)": "criterion(torch.softmax(output, dim=1), y)"},
    says="The cross entropy has a softmax inside. Give it the logits, not their softmax: with two of them, losses and gradients are small.",
)
mistake(
    "one_batch",
    replace={"grad_before = net.l5.bias.grad\nloss.backward()": "loss.backward()\ngrad_before = net.l5.bias.grad"},
    says="grad_before was taken after backward(): both are the same tensor. Before, there was none.",
)


@check("gradient_states", points=1, given=BATCH, compare=exact())
def kinds_of_gradients(nb):
    """Which of the four are None, which are zeros and which are numbers."""
    torch.manual_seed(43052)
    found = nb.gradient_states(nb.Net(), torch.nn.CrossEntropyLoss(), nb.given.x, nb.given.y)
    return ["None" if g is None else "numbers" if bool(torch.as_tensor(g).any()) else "zeros" for g in found]


@check("gradient_states", points=1, given=BATCH, compare=close(atol=1e-4))
def gradient_of_the_backward_pass(nb):
    """The second entry is the gradient that backward() computed."""
    torch.manual_seed(43052)
    return nb.gradient_states(nb.Net(), torch.nn.CrossEntropyLoss(), nb.given.x, nb.given.y)[1]


@check("gradient_states", points=1, private=True, given=OTHER_BATCH, compare=close(atol=1e-4))
def gradient_of_another_batch(nb):
    """Another batch and another criterion give another gradient."""
    torch.manual_seed(7)
    found = nb.gradient_states(nb.Net(), torch.nn.CrossEntropyLoss(reduction="sum"), nb.given.x, nb.given.y)
    return found[1]


mistake(
    "gradient_states",
    replace={"net.l5.bias.grad.clone()": "net.l5.bias.grad"},
    says="The second entry has become zeros: zero_grad(set_to_none=False) wrote them into the very tensor that your list holds. Keep a "
    "copy, .clone().",
)
mistake(
    "gradient_states",
    replace={"set_to_none=False": ""},
    says="The third entry is None. Without set_to_none=False, zero_grad() takes the gradient away and writes no zeros.",
)
mistake(
    "gradient_states",
    replace={"    net.zero_grad()\n": ""},
    says="The last entry is still the zeros: zero_grad() without anything takes the gradient away altogether.",
)
mistake(
    "gradient_states",
    replace={".backward()\n    computed = net.l5.bias.grad.clone()": "\n    computed = net.l5.bias.grad"},
    says="backward() is missing, so there never is a gradient, and where there is None, no zeros can be written either.",
)


@check("bias_gradient", points=1, given={"output": SCORES[:4, :3], "y": torch.tensor([1, 0, 2, 0])}, compare=close(atol=1e-5))
def gradient_of_four_examples(nb):
    """The gradient of four examples and three classes."""
    return nb.bias_gradient(nb.given.output, nb.given.y)


@check(
    "bias_gradient",
    points=2,
    private=True,
    given={"output": 2 * SCORES, "y": torch.tensor([4, 4, 0, 1, 2, 4, 0])},
    compare=close(atol=1e-5),
)
def gradient_of_other_examples(nb):
    """More examples, five classes of which one does not occur."""
    return nb.bias_gradient(nb.given.output, nb.given.y)


mistake(
    "bias_gradient",
    replace={".mean(dim=0)": ".sum(dim=0)"},
    says="This is the sum over the batch. The cross entropy is the mean of its examples, and so is its gradient.",
)
mistake(
    "bias_gradient",
    replace={"torch.softmax(output, dim=1)": "output"},
    says="The softmax is missing: p is the softmax of the logits, not the logits themselves.",
)
mistake(
    "bias_gradient",
    replace={"torch.softmax(output, dim=1) - truth": "truth - torch.softmax(output, dim=1)"},
    says="The sign is wrong: this is the direction in which the loss falls. The gradient is p − e, and a step goes against it.",
)
mistake(
    "bias_gradient",
    replace={"torch.softmax(output, dim=1)": "torch.softmax(output, dim=0)"},
    says="This softmax runs down the columns, over the examples. The classes of one example stand along dim=1.",
)
mistake(
    "bias_gradient",
    replace={"torch.softmax(output, dim=1)": "torch.sigmoid(output)"},
    says="This is the sigmoid of each logit, with which the classes do not compete. p is the softmax: each row adds up to 1.",
)


@check("count", points=1, compare=exact())
def count_of_the_net(nb):
    """The tensors, numbers and entries of Net are counted."""
    return [int(n) for n in nb.count(nb.Net())]


@check("count", points=2, private=True, compare=exact())
def count_of_another_network(nb):
    """Those of a network with a layer without bias and a batch norm without weights, too."""
    net = torch.nn.Sequential(
        torch.nn.Linear(5, 7), torch.nn.BatchNorm1d(7, affine=False), torch.nn.ReLU(), torch.nn.Linear(7, 2, bias=False)
    )
    return [int(n) for n in nb.count(net)]


mistake(
    "count",
    replace={"return len(parameters)": "return len(net.state_dict())"},
    says="25 is the number of entries of the state dict, which holds the notes of the batch norms besides. parameters() has 16 tensors.",
)
mistake(
    "count",
    replace={"sum(p.numel() for p in parameters)": "sum(p.numel() for p in parameters if p.dim() == 2)"},
    says="You counted the weights of the linear layers only. Biases, and the two numbers of a batch norm for each node, are learned, too.",
)
mistake(
    "count",
    replace={"sum(p.numel() for p in parameters)": "sum(entry.numel() for entry in net.state_dict().values())"},
    says="You counted the numbers of the state dict. Means, variances and counts of the batch norms are not learned by gradients.",
)
mistake(
    "count",
    replace={"parameters = list(net.parameters())": "parameters = [p for name, p in net.named_parameters() if 'bn' not in name]"},
    says="Without the batch norms there are 10 tensors. Each of the three has a weight and a bias, too.",
)
mistake(
    "count",
    replace={"return len(parameters)": "return len(list(net.children()))"},
    says="You counted the modules. A linear layer is one module and has two tensors, a ReLU has none.",
)

# ============================================================================================== 2  iris: 001-T22, T23, T24


@check("broken_lines", points=1, compare=exact())
def lines_that_cannot_be_imported(nb):
    """The misspelt names are found."""
    return [line for line in sorted({int(k) for k in nb.broken_lines}) if line <= 3]


@check("broken_lines", points=1, compare=exact())
def lines_that_are_right(nb):
    """Six different lines are named, no more and no fewer."""
    return len({int(k) for k in nb.broken_lines})


@check("broken_lines", points=2, private=True, compare=exact())
def lines_that_do_something_else(nb):
    """The other wrong lines are found."""
    return [line for line in sorted({int(k) for k in nb.broken_lines}) if line > 3]


mistake(
    "broken_lines",
    source="broken_lines = [1, 3, 8, 11, 15]",
    says="One is missing: do the arithmetic of line 6. 122 and 38 flowers are 160, and there are 150.",
)
mistake(
    "broken_lines",
    source="broken_lines = [1, 3, 6, 11, 15]",
    says="One is missing: read line 8 from right to left. It puts the lengths where the classes were, and x_test stays an array.",
)
mistake(
    "broken_lines",
    source="broken_lines = [1, 3, 6, 8, 15]",
    says="One is missing: what does the loader hand out in line 11, and what does the loop take apart?",
)
mistake(
    "broken_lines",
    source="broken_lines = [1, 3, 6, 8, 11]",
    says="One is missing: in line 15, a single = gives a name to a value. To compare takes ==.",
)
mistake(
    "broken_lines",
    source="broken_lines = [1, 2, 6, 8, 11, 15]",
    says="sklearn.datasets is spelt rightly. Look at the name in line 3 once more.",
)
mistake(
    "broken_lines",
    source="broken_lines = [1, 3, 6, 8, 9, 11, 15]",
    says="Line 9 is right: a dataset of the training rows, in batches of four, shuffled.",
)


@check("summary", points=1, given={"data": IRIS.data, "label": IRIS.target}, compare=close(atol=1e-4))
def summary_of_iris(nb):
    """Four rows of five numbers about iris."""
    return np.asarray(nb.summary(nb.given.data, nb.given.label), dtype=float)


@check("summary", points=2, private=True, given=TABLE, compare=close(atol=1e-4))
def summary_of_another_table(nb):
    """Three columns of other data are described as well."""
    return np.asarray(nb.summary(nb.given.data, nb.given.label), dtype=float)


mistake(
    "summary",
    replace={"data.std(axis=0)": "data.std(axis=0, ddof=1)"},
    says="This standard deviation divides by N − 1, an estimate for flowers that are not here. Asked is that of the data: divide by N.",
)
mistake(
    "summary",
    replace={", axis=1)": ", axis=0)"},
    says="The table lies on its side: a row for each column of the data is wanted, with five numbers in it.",
)
mistake(
    "summary",
    replace={"np.corrcoef(column, label)": "np.cov(column, label)"},
    says="The last column is the covariance, which depends on the units. The correlation is divided by both standard deviations.",
)
mistake(
    "summary",
    replace={"data.std(axis=0)": "data.var(axis=0)"},
    says="The fourth column is the variance. The standard deviation is its square root.",
)
mistake(
    "summary",
    replace={"data.mean(axis=0)": "np.median(data, axis=0)"},
    says="The third column is the median. The mean is asked for.",
)


@check("split", points=1, given={"data": IRIS.data, "label": IRIS.target}, compare=exact())
def split_shapes_and_kinds(nb):
    """Shapes and dtypes of the four parts of iris are right."""
    parts = nb.split(nb.given.data, nb.given.label, 43052)
    return [f"{tuple(part.shape)} {part.dtype}" for part in parts]


@check("split", points=1, given={"data": IRIS.data, "label": IRIS.target}, compare=close(atol=1e-6))
def split_holds_out_the_flowers_of_the_seed(nb):
    """With the seed 43052, the flowers are held out that everybody holds out, with their classes."""
    _, x_test, _, y_test = nb.split(nb.given.data, nb.given.label, 43052)
    return {"x_test": x_test, "y_test": y_test}


@check("split", points=2, private=True, given=STRANGE, compare=close(atol=1e-6))
def split_of_other_data(nb):
    """Other data and another seed are split as well, and every row keeps its class."""
    parts = nb.split(nb.given.data, nb.given.label, 11)
    return dict(zip(("x_train", "x_test", "y_train", "y_test"), parts, strict=True))


mistake(
    "split",
    replace={
        "        torch.from_numpy(x_test).float(),\n        torch.from_numpy(y_train).long(),\n": "        torch.from_numpy(y_train).long(),\n"
        "        torch.from_numpy(x_test).float(),\n"
    },
    says="The order is that of train_test_split: x_train, x_test, y_train, y_test. You return y_train in the second place.",
)
mistake(
    "split",
    replace={"torch.from_numpy(y_test).long()": "torch.from_numpy(x_test).long()"},
    says="y_test is made from x_test: that is the slip in line 8 of 2.1.",
)
mistake(
    "split",
    replace={
        "torch.from_numpy(y_train).long()": "torch.from_numpy(y_train).float()",
        "torch.from_numpy(y_test).long()": "torch.from_numpy(y_test).float()",
    },
    says="The classes are floats. The cross entropy takes floats for probabilities of classes; class numbers are .long().",
)
mistake(
    "split",
    replace={"test_size=0.25": "train_size=0.25"},
    says="A quarter is trained on and the rest held out. It is meant the other way round: test_size=0.25.",
)
mistake(
    "split",
    replace={"random_state=seed": "random_state=0"},
    says="The seed is not used, so every seed holds out the same flowers: random_state=seed.",
)
mistake(
    "split",
    replace={"random_state=seed": "random_state=seed, stratify=label"},
    says="You held out the same share of each class. That is a good idea, but not what is asked here: leave stratify out.",
)


@check("make_loader", points=1, compare=exact())
def loader_sizes(nb):
    """42 flowers come in ten batches of four and one of two, with their classes, each flower once."""
    torch.manual_seed(43052)
    x = torch.arange(42.0 * 4).reshape(42, 4)
    y = torch.arange(42)
    batches = list(nb.make_loader(x, y, 4))
    xs, ys = torch.cat([b[0] for b in batches]), torch.cat([b[1] for b in batches])
    return {
        "sizes": [len(b[1]) for b in batches],
        "each once": sorted(ys.tolist()) == list(range(42)),
        "x belongs to y": xs.shape == (42, 4) and torch.equal(xs, x[ys]),
    }


@check("make_loader", points=2, compare=exact())
def loader_shuffles(nb):
    """They come in another order than they stand, and in another one in each epoch."""
    torch.manual_seed(43052)
    x, y = torch.arange(84.0).reshape(42, 2), torch.arange(42)
    loader = nb.make_loader(x, y, 4)
    first, second = (torch.cat([b[1] for b in loader]).tolist() for _ in range(2))
    return {"not as they stand": first != y.tolist(), "anew": first != second}


@check("make_loader", points=1, private=True, given={"images": IMAGES, "kinds": KINDS}, compare=exact())
def loader_of_pictures(nb):
    """Pictures and another batch size work as well, and the loader knows its lengths."""
    torch.manual_seed(43052)
    loader = nb.make_loader(nb.given.images, nb.given.kinds, 10)
    shapes = [list(b[0].shape) for b in loader]
    return {"batches": len(loader), "examples": len(loader.dataset), "shapes": shapes}


mistake(
    "make_loader",
    replace={", shuffle=True": ""},
    says="The flowers come in the same order in every epoch, as they stand: shuffle=True is missing.",
)
mistake(
    "make_loader",
    replace={"shuffle=True": "shuffle=True, drop_last=True"},
    says="The last, smaller batch is dropped, so in each epoch some flowers are not seen. Leave drop_last as it is.",
)
mistake(
    "make_loader",
    replace={"batch_size=batch_size": "batch_size=4"},
    says="Your batches have always 4 examples. Their size is batch_size.",
)
mistake(
    "make_loader",
    replace={"batch_size=batch_size, ": ""},
    says="Without batch_size a batch is a single example.",
)
mistake(
    "make_loader",
    source="""
def make_loader(x, y, batch_size):
    order = torch.randperm(len(x))
    return DataLoader(TensorDataset(x[order], y[order]), batch_size=batch_size)
""",
    says="You shuffled once, when the loader was made. shuffle=True does it anew in each epoch.",
)
mistake(
    "make_loader",
    replace={"TensorDataset(x, y)": "TensorDataset(x[torch.randperm(len(x))], y)"},
    says="The flowers are shuffled without their classes, so nothing belongs together any more. The loader shuffles pairs.",
)

# ============================================================================================ 3  training: 001-T24, T25, T26


@check("read_off", points=1, given={"output": PRINTED}, compare=close(atol=1e-6))
def printed_batch(nb):
    """confidence and prediction of the lecture's batch are those that it printed."""
    confidence, prediction = nb.read_off(nb.given.output)
    return {"confidence": confidence, "prediction": prediction}


@check("read_off", points=2, private=True, given={"output": SCORES}, compare=close(atol=1e-6))
def another_batch(nb):
    """Seven rows with five classes are read off as well."""
    confidence, prediction = nb.read_off(nb.given.output)
    return {"confidence": confidence, "prediction": prediction}


mistake(
    "read_off",
    replace={"dim=1": "dim=0"},
    says="dim=0 looks down the columns: for each class the row in which it is largest. Each row has its largest number along dim=1.",
)
mistake(
    "read_off",
    replace={"return confidence, prediction": "return prediction, confidence"},
    says="The two have changed places: first the value, then where it stands.",
)
mistake(
    "read_off",
    replace={"torch.max(output, dim=1)": "torch.max(torch.softmax(output, dim=1), dim=1)"},
    says="These are probabilities. Asked is the largest number of the row as it stands, a logit; the class is the same.",
)
mistake(
    "read_off",
    replace={"torch.max(output, dim=1)": "torch.max(output.abs(), dim=1)"},
    says="The sign is lost: −0.4 is not larger than 0.04.",
)


@check("train", points=2, given=TOY, compare=losses(atol=1e-4))
def train_losses(nb):
    """Over four epochs, each loss is the mean of those of its batches."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(nb.given.x, nb.given.y), batch_size=4)
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    return nb.train(net, torch.nn.CrossEntropyLoss(), sgd, loader, 4)[0]


@check("train", points=2, given=TOY, compare=close(atol=1e-5))
def train_accuracies(nb):
    """Each accuracy is the share of the examples that were right when their batch came."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(nb.given.x, nb.given.y), batch_size=4)
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    return [float(accur) for accur in nb.train(net, torch.nn.CrossEntropyLoss(), sgd, loader, 4)[1]]


@check("train", points=1, private=True, given=TOY2, compare=weights(atol=1e-4))
def train_weights(nb):
    """Other data, a batch norm, another optimizer: the weights end where the steps take them."""
    torch.manual_seed(7)
    net = torch.nn.Sequential(torch.nn.Linear(3, 5, bias=False), torch.nn.BatchNorm1d(5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(nb.given.x, nb.given.y), batch_size=5)
    adam = torch.optim.Adam(net.parameters(), lr=0.05)
    nb.train(net, torch.nn.CrossEntropyLoss(), adam, loader, 3)
    return net.state_dict()


@check("train", points=1, private=True, given=TOY2, compare=trained(steps=9))
def train_steps(nb):
    """Each batch is one step, and every weight moves."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(3, 3)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(nb.given.x, nb.given.y), batch_size=5)
    nb.train(net, torch.nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1), loader, 3)
    return nb.training(net)


mistake(
    "train",
    replace={"epoch_loss /= len(train_loader)": "epoch_loss /= len(train_loader.dataset)"},
    says="You divided the losses of the batches by the number of examples. Each of them is already a mean over its batch: divide by the "
    "number of batches.",
)
mistake(
    "train",
    replace={"epoch_accur /= len(train_loader.dataset)": "epoch_accur /= len(train_loader)"},
    says="You divided the number of right predictions by the number of batches, so the accuracy can be larger than 1. Divide by the "
    "number of examples.",
)
mistake(
    "train",
    replace={"optimizer.zero_grad()": "pass"},
    says="Gradients add up from batch to batch: clear them with optimizer.zero_grad().",
)
mistake(
    "train",
    replace={"optimizer.step()": "pass"},
    says="The weights have not moved: optimizer.step() is missing, after backward().",
)
mistake(
    "train",
    replace={"epoch_loss += loss.item()": "epoch_loss = loss.item()"},
    says="epoch_loss is overwritten by each batch, so only the last one is left. Add up: +=.",
)
mistake(
    "train",
    replace={"        epoch_loss /= len(train_loader)\n": ""},
    says="This is the sum of the losses of all batches. Divide it by the number of batches.",
)
mistake(
    "train",
    replace={"output.argmax(dim=1) == y": "output.argmax(dim=1) != y"},
    says="You counted those that are wrong.",
)
mistake(
    "train",
    replace={
        "            loss.backward()\n            optimizer.step()\n": "",
        "        epoch_loss /= len": "        loss.backward()\n        optimizer.step()\n        epoch_loss /= len",
    },
    says="backward() and step() stand behind the loop over the batches, so an epoch takes one step, with the gradient of its last batch.",
)


@check("iris_fit", points=1, compare=weights(atol=1e-5))
def iris_start(nb):
    """The network is a new one: it began with the weights of the seed 43052."""
    parts = nb.training(nb.iris_net)["parameters"]
    return {name: part["start"][:2] for name, part in parts.items() if part["start"] is not None}


@check("iris_fit", points=1, compare=trained(steps=560, moved=False))
def iris_steps(nb):
    """In 20 epochs your optimizer took a step for each batch, and the weights moved."""
    return nb.training(torch.nn.ModuleDict({name: getattr(nb.iris_net, name) for name in ("bn3", "l4", "l5")}))


@check("iris_fit", points=1, compare=losses(band=0.5, decrease=0.95))
def iris_losses(nb):
    """The losses fall as they should, a number for each epoch."""
    return nb.losses


@check("iris_fit", points=1, private=True, compare=close(atol=0.15))
def iris_accuracies(nb):
    """The accuracies, a number for each epoch, rise as they should."""
    return {"epochs": float(len(nb.accures)), "first": float(nb.accures[0]), "last": float(nb.accures[-1])}


@check("iris_fit", points=1, private=True, compare=exact())
def iris_optimizer(nb):
    """The optimizer is an SGD with the learning rate of the notebook."""
    rates = {float(group["lr"]) for group in nb.optimizer.param_groups}
    return {"type": type(nb.optimizer).__name__, "lr is lr": rates == {float(nb.lr)}}


mistake(
    "iris_fit",
    replace={"iris_net = Net()\n": "iris_net = net\n"},
    says="This is the network from section 1, which drew its weights at another moment. Make a new one right after the seed.",
)
mistake(
    "iris_fit",
    replace={"lr=lr": "lr=10 * lr"},
    says="This is ten times the lecture's learning rate. It learns faster; here, take lr as it is.",
)
mistake(
    "iris_fit",
    replace={"torch.optim.SGD(": "torch.optim.Adam("},
    says="This is Adam. The lecture takes plain stochastic gradient descent, torch.optim.SGD.",
)
mistake(
    "iris_fit",
    replace={"torch.optim.SGD(iris_net.parameters()": "torch.optim.SGD(net.parameters()"},
    says="The optimizer holds the parameters of the network from section 1, so this one never learns: iris_net.parameters().",
)
mistake(
    "iris_fit",
    replace={", epochs)": ", 5)"},
    says="You trained for 5 epochs. Their number is epochs.",
)


@check("curves", points=1, given=CURVES, compare=figure(texts=("title", "xlabel")))
def curves_of_five_epochs(nb):
    """Two panels with titles and labels, and a line in each."""
    return nb.curves(nb.given.losses, nb.given.accures)


@check("curves", points=1, private=True, given=CURVES2, compare=figure())
def curves_of_three_epochs(nb):
    """Other numbers are drawn as well."""
    return nb.curves(nb.given.losses, nb.given.accures)


mistake(
    "curves",
    replace={"left.plot(losses)": "left.plot(accures)", "right.plot(accures)": "right.plot(losses)"},
    says="The two lines have changed places: the losses belong under the title loss, on the left.",
)
mistake(
    "curves",
    replace={"right.plot(accures)": "left.plot(accures)"},
    says="Both lines are in the left panel. The accuracies have a panel of their own.",
)
mistake(
    "curves",
    replace={', xlabel="epochs"': ""},
    says="The label epochs is missing below the panels: set_xlabel, or plt.xlabel after each of them.",
)
mistake(
    "curves",
    replace={"right.plot(accures)": "right.plot(losses)"},
    says="The losses are drawn twice. On the right belong the accuracies.",
)

# ================================================================================================== 4  inference: 001-T27


@check("infer", points=1, given={"x": FLOWERS, "state": NORMED}, compare=close(atol=1e-3, rtol=1e-4))
def infer_five_flowers(nb):
    """Confidence and prediction of five flowers, by a network in training mode."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    net.load_state_dict(nb.given.state)
    net.train()
    confidence, prediction = nb.infer(net, nb.given.x)
    return {"confidence": confidence.detach(), "prediction": prediction}


@check("infer", points=2, given={"x": FLOWERS, "state": NORMED}, compare=exact())
def infer_changes_no_notes(nb):
    """The notes of the batch norms are as before, and one flower alone gets the same answer as among others."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    net.load_state_dict(nb.given.state)
    net.train()
    alone = [nb.infer(net, nb.given.x[[k]])[1].tolist()[0] for k in range(5)]
    among = nb.infer(net, nb.given.x)[1].tolist()
    same = all(torch.equal(entry, nb.given.state[name]) for name, entry in net.state_dict().items())
    return {"as before": same, "alone as among others": alone == among}


@check("infer", points=1, private=True, given={"x": FLOWERS, "state": NORMED}, compare=exact())
def infer_without_gradients(nb):
    """What comes out carries no gradients."""
    net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    net.load_state_dict(nb.given.state)
    confidence, _ = nb.infer(net, nb.given.x)
    return bool(confidence.requires_grad)


@check("infer", points=1, private=True, given={"x": SMALL["x"]}, compare=close(atol=1e-4))
def infer_with_dropout(nb):
    """A network with dropout and four classes is in evaluation mode, too."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(6, 4))
    confidence, prediction = nb.infer(net, nb.given.x)
    return {"confidence": confidence.detach(), "prediction": prediction}


mistake(
    "infer",
    replace={"net.eval()": "pass"},
    says="The network is in training mode: its batch norms take mean and variance of this batch, so what it says about a flower depends "
    "on the others, and the test flowers change its notes. net.eval() comes first.",
    name="no_eval",
)
mistake(
    "infer",
    replace={"with torch.no_grad():\n        output = net(x)": "output = net(x)"},
    says="The results still carry their gradients. Put the call under with torch.no_grad():.",
)
mistake(
    "infer",
    replace={"    net.eval()\n": "", "    return": "    net.eval()\n    return"},
    says="eval() comes too late: the network was still in training mode when it was called.",
    same_as="no_eval",
)
mistake(
    "infer",
    replace={"read_off(output)": "read_off(torch.softmax(output, dim=1))"},
    says="confidence is a probability here. As in 3.1, take the largest logit itself.",
)
mistake(
    "infer",
    replace={"return read_off(output)": "confidence, prediction = read_off(output)\n    return prediction, confidence"},
    says="The two have changed places: first confidence, then prediction.",
)


@check("better_fit", points=2, compare=accuracy(labels=Y_TEST, at_least=35 / 38))
def better_on_held_out_flowers(nb):
    """Your network gets as many held-out flowers right as the lecture's, 35 of 38."""
    net = nb.better_fit(nb.x_train, nb.y_train)
    net.eval()
    return net(nb.x_test).detach()


@check("better_fit", points=3, private=True, given=TURNED, compare=accuracy(labels=(AGAIN["y_test"] + 1) % 3, at_least=35 / 38))
def better_on_another_split(nb):
    """Trained on other flowers whose classes have other numbers, it gets as many of the others right."""
    net = nb.better_fit(nb.given.x_train, nb.given.y_train)
    net.eval()
    return net(nb.given.x_test).detach()


mistake(
    "better_fit",
    replace={"lr=0.02": "lr=0.001", "8), 50)": "4), 20)"},
    says="These are the lecture's settings, after which the loss has hardly begun to fall: more epochs, or a larger learning rate.",
)
mistake(
    "better_fit",
    replace={
        "    torch.manual_seed(43052)\n": "    torch.manual_seed(43052)\n    x_train = (x_train - x_train.mean(dim=0)) / x_train.std(dim=0)\n"
    },
    says="You standardised the lengths for the training, but the network gets them raw afterwards. Put that into the network, or leave it.",
)
mistake(
    "better_fit",
    replace={"make_loader(x_train, y_train, 8)": "make_loader(globals()['x_train'], globals()['y_train'], 8)"},
    says="You train on the flowers of the notebook, and not on those that the function is given.",
)
mistake(
    "better_fit",
    replace={"lr=0.02": "lr=20.0"},
    says="The learning rate is so large that the steps jump over everything. Try 0.01 to 0.1 for SGD.",
)

# ============================================================================================ 5  Sequential: 001-T31 to T33


@check("stacked", points=1, given={**DENSE, **STEPS}, compare=close(atol=1e-5))
def stacked_3_2_3_4(nb):
    """Three given layers, 3 to 2 to 3 to 4, come out right."""
    made = []
    for k in ("1", "2", "3"):
        layer = torch.nn.Linear(nb.given[k].shape[1], nb.given[k].shape[0], bias=False)
        layer.weight.data = nb.given[k].clone()
        made.append(layer)
    return nb.stacked(*made, nb.given.x).detach()


@check("stacked", points=2, private=True, given={**SQUARE, "x": draw(40, 3)}, compare=close(atol=1e-5))
def stacked_of_equal_widths(nb):
    """With layers of equal width, too, each stands in its place."""
    made = []
    for k in ("1", "2", "3"):
        layer = torch.nn.Linear(3, 3, bias=False)
        layer.weight.data = nb.given[k].clone()
        made.append(layer)
    return nb.stacked(*made, nb.given.x).detach()


mistake(
    "stacked",
    replace={"return layer3(x)": "return torch.relu(layer3(x))"},
    says="A ReLU follows the last layer, too, so no output can be negative. The third layer has none.",
)
mistake(
    "stacked",
    replace={"torch.relu(layer2(x))": "layer2(x)"},
    says="There is no ReLU after the second layer, so the second and the third are one linear layer together.",
)
mistake(
    "stacked",
    replace={"torch.relu(layer1(x))": "layer1(x)", "torch.relu(layer2(x))": "layer2(x)"},
    says="There is no ReLU at all: three linear layers in a row are one linear layer.",
)
mistake(
    "stacked",
    replace={"layer1(x)": "layer3(x)", "layer3(x)": "layer1(x)"},
    says="The layers stand in the wrong order. In layer3(layer2(layer1(x))) the innermost comes first.",
)


@check("grow", points=1, compare=architecture())
def grown_3_2_3_4(nb):
    """[3, 2, 3, 4] gives three linear layers with a ReLU after the first two."""
    return nb.grow([3, 2, 3, 4])


@check("grow", points=2, private=True, compare=architecture())
def grown_otherwise(nb):
    """More layers, and one alone, are right as well."""
    return torch.nn.ModuleList([nb.grow([5, 7, 4, 6, 2]), nb.grow([4, 3])])


mistake(
    "grow",
    replace={"    return model": "    model.append(torch.nn.ReLU())\n    return model"},
    says="There is a ReLU after the last layer, too: no output can be negative. The last one has none.",
)
mistake(
    "grow",
    replace={"        model.append(torch.nn.ReLU())\n": ""},
    says="There is no ReLU between the layers: altogether this is one linear layer.",
)
mistake(
    "grow",
    source="""
def grow(widths):
    model = torch.nn.Sequential()
    model.append(torch.nn.Linear(3, 2))
    model.append(torch.nn.ReLU())
    model.append(torch.nn.Linear(2, 3))
    model.append(torch.nn.ReLU())
    model.append(torch.nn.Linear(3, 4))
    return model
""",
    says="This is the network 3-2-3-4 whatever widths says. Go through the pairs of neighbours in widths.",
)
mistake(
    "grow",
    replace={"widths[:-1]": "widths[1:]", "torch.nn.Linear(widths[-2], widths[-1])": "torch.nn.Linear(widths[0], widths[1])"},
    says="The layers are there, but in the wrong order: the first takes widths[0] numbers, the last gives widths[-1].",
)


@check("pop_last", points=2, compare=exact())
def last_module_is_gone(nb):
    """Of a network 3-2-3-4 two linear layers are left, and it gives three numbers."""
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 4)
    )
    left = int(nb.pop_last(model))
    return {"linear layers left": left, "modules": len(model), "last": type(model[-1]).__name__, "first": str(model[0])}


@check("pop_last", points=1, private=True, compare=exact())
def last_module_is_no_layer(nb):
    """Where the last module is an activation, it is that one that goes."""
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2), torch.nn.Tanh())
    left = int(nb.pop_last(model))
    return {"linear layers left": left, "modules": len(model), "last": type(model[-1]).__name__}


mistake(
    "pop_last",
    replace={"model.pop(-1)": "model.pop(0)"},
    says="You took the first layer off. As many are left, but the network no longer takes three numbers: the last is model.pop(-1).",
)
mistake(
    "pop_last",
    replace={"model.pop(-1)": "model = model[:-1]"},
    says="You made a shorter network, and the one that was handed in is as long as before. pop changes the model itself.",
)
mistake(
    "pop_last",
    replace={"sum(isinstance(layer, torch.nn.Linear) for layer in model)": "len(model)"},
    says="You counted all modules, activations too. Asked are the linear layers.",
)
mistake(
    "pop_last",
    replace={"model.pop(-1)": "while not isinstance(model.pop(-1), torch.nn.Linear):\n        pass"},
    says="You took modules off until a linear layer was among them. Asked is the last module, whatever it is.",
)


@check("glorot_start", points=2, compare=exact())
def start_is_glorots(nb):
    """Biases are 0, and the weights fill the interval from −a to a evenly."""
    torch.manual_seed(43052)
    model = torch.nn.Sequential(torch.nn.Linear(60, 90), torch.nn.ReLU(), torch.nn.Linear(90, 30))
    same = nb.glorot_start(model) is model
    found = {"returns the model": same}
    for name, layer in [("first layer", model[0]), ("last layer", model[2])]:
        a = (6 / (layer.in_features + layer.out_features)) ** 0.5
        size = layer.weight.detach().abs() / a
        found[f"{name}: biases are 0"] = not bool(layer.bias.any())
        found[f"{name}: within a"] = bool(size.max() <= 1.00001)
        found[f"{name}: as wide"] = abs(float(layer.weight.detach().std()) / a * 3**0.5 - 1) < 0.05
        found[f"{name}: evenly"] = bool(size.max() > 0.98) and abs(float(size.mean()) - 0.5) < 0.03
    return found


@check("glorot_start", points=1, private=True, compare=success_rate())
def share_of_silent_networks(nb):
    """As many of 300 networks 3-2-3-4 are silent as should be."""
    silent = []
    for k in range(300):
        torch.manual_seed(k)
        model = torch.nn.Sequential(
            torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 4)
        )
        silent.append(bool((nb.glorot_start(model)(torch.ones(1, 3)) == 0).all()))
    return {"right": sum(silent), "of": 300}


mistake(
    "glorot_start",
    replace={"            torch.nn.init.zeros_(layer.bias)\n": ""},
    says="The biases are still those that torch drew. In Keras they begin with 0.",
)
mistake(
    "glorot_start",
    replace={"torch.nn.init.xavier_uniform_(layer.weight)": "torch.nn.init.xavier_normal_(layer.weight)"},
    says="This is the normal distribution with the same variance. Asked is the uniform one, between −a and a.",
)
mistake(
    "glorot_start",
    replace={"torch.nn.init.xavier_uniform_(layer.weight)": "torch.nn.init.kaiming_uniform_(layer.weight)"},
    says="This is He's start, where only the inputs of a layer count: a = √(6 / in). Glorot's has in + out there.",
)
mistake(
    "glorot_start",
    replace={"            torch.nn.init.xavier_uniform_(layer.weight)\n": ""},
    says="The weights are still those of torch, which lie between −1/√in and 1/√in.",
)
mistake(
    "glorot_start",
    replace={
        "            torch.nn.init.zeros_(layer.bias)\n": "            torch.nn.init.zeros_(layer.bias)\n            break\n"
    },
    says="Only the first linear layer has a new start. Go through all of them.",
)

# ============================================================================================== 6  pictures: 001-T34 to T37


@check("load_idx", points=2, given={"images": IMAGES}, compare=close(dtype="exact"))
def idx_of_images(nb):
    """A file of 27 pictures, 4 × 6, comes back as they were."""
    import gzip
    import pathlib
    import struct
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 27, 4, 6) + nb.given.images.numpy().tobytes()))
        return torch.as_tensor(nb.load_idx(path)).clone()


@check("load_idx", points=1, given={"kinds": KINDS}, compare=close(dtype="exact"))
def idx_of_labels(nb):
    """A file of 27 labels, which has one axis, comes back, too."""
    import gzip
    import pathlib
    import struct
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "labels-idx1-ubyte.gz"
        path.write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, 27) + bytes(nb.given.kinds.tolist())))
        return torch.as_tensor(nb.load_idx(str(path))).clone()


@check("load_idx", points=1, private=True, given={"images": MANY}, compare=close(dtype="exact"))
def idx_of_many_images(nb):
    """300 pictures, 2 × 1, come back: a length above 255 takes more than one byte."""
    import gzip
    import pathlib
    import struct
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "t10k.gz"
        path.write_bytes(gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 300, 2, 1) + nb.given.images.numpy().tobytes()))
        return torch.as_tensor(nb.load_idx(path)).clone()


@check("load_idx", points=2, private=True, compare=exact())
def idx_that_is_none(nb):
    """Other kinds of files, and one that ends too early, are a ValueError."""
    import gzip
    import pathlib
    import struct
    import tempfile

    files = {
        "no zeros": struct.pack(">HBBI", 2051, 8, 1, 3) + bytes(3),
        "another kind": struct.pack(">HBBI", 0, 9, 1, 3) + bytes(3),
        "too short": struct.pack(">HBBII", 0, 8, 2, 2, 3) + bytes(5),
    }
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for name, content in files.items():
            path = pathlib.Path(place) / "some.gz"
            path.write_bytes(gzip.compress(content))
            error = nb.raises(nb.load_idx, path)
            found[name] = "ValueError" if isinstance(error, ValueError) else type(error).__name__
    return found


mistake(
    "load_idx",
    replace={'f">{axes}I"': 'f"<{axes}I"'},
    says="The lengths are read with the least significant byte first: 27 becomes 452,984,832. In IDX the most significant byte is first, "
    "'>' for struct, \"big\" for int.from_bytes.",
)
mistake(
    "load_idx",
    replace={
        "start = 4 + 4 * axes": "start = 16",
        "content[4:start]": "content[4 : 4 + 4 * axes]",
        "len(content) - start != math.prod(shape)": "False",
    },
    says="You always skip 16 bytes. That is right for three axes; a file of labels has one, and its numbers begin at byte 8: 4 + 4 · d.",
)
mistake(
    "load_idx",
    replace={"gzip.open(path)": 'open(path, "rb")'},
    says="These are the packed bytes. gzip.open unpacks them on the way.",
)
mistake(
    "load_idx",
    replace={
        "torch.tensor(np.frombuffer(content, np.uint8, offset=start).reshape(shape))": "torch.tensor(np.frombuffer(content, np.int8, offset=start).reshape(shape))"
    },
    says="These bytes have a sign, so what is brighter than 127 becomes negative. Pixels are np.uint8.",
)
mistake(
    "load_idx",
    replace={
        "    if zeros != 0 or kind != 8:\n"
        '        raise ValueError(f"{path} holds no IDX array of bytes: it begins with {content[:4].hex()}")\n': ""
    },
    says="A file that is not IDX, or holds other numbers than bytes, is read as if nothing was wrong. Look at the first three bytes.",
)
mistake(
    "load_idx",
    replace={".reshape(shape))": ".reshape(shape[::-1]))"},
    says="The axes stand in the wrong order: the first length is the number of pictures.",
)
mistake(
    "load_idx",
    replace={".reshape(shape))": ".reshape(shape)).float()"},
    says="These are floats. A file of bytes comes back as torch.uint8; scaling is the next task.",
)


@check("scaled", points=1, given={"images": IMAGES}, compare=close(atol=1e-6, dtype="exact"))
def scaled_clothes(nb):
    """Pictures with brightnesses up to 255, as float32 between 0 and 1."""
    return nb.scaled(nb.given.images, 255)


@check("scaled", points=1, private=True, given={"images": IMAGES2 // 2}, compare=close(atol=1e-6, dtype="any"))
def scaled_digits(nb):
    """Dark pictures whose brightest possible pixel would be 16."""
    return nb.scaled(nb.given.images, 16)


@check("scaled", points=1, private=True, given={"images": IMAGES2}, compare=exact())
def scaled_is_new(nb):
    """The pictures that went in are as before."""
    images = nb.given.images.float()
    before = images.clone()
    nb.scaled(images, 16)
    return torch.equal(images, before)


mistake(
    "scaled",
    replace={"/ largest": "/ 255"},
    says="You always divide by 255. For digits the largest brightness is 16: divide by largest.",
)
mistake(
    "scaled",
    replace={"/ largest": "/ images.max()"},
    says="You divide by the brightest pixel that is there. In dark pictures that is less than largest, and they become too bright.",
)
mistake(
    "scaled",
    replace={"images.float() / largest": "(images // largest).float()"},
    says="// rounds down to whole numbers, so only the very brightest pixels are left. Divide floats by /.",
)
mistake(
    "scaled",
    replace={"images.float() / largest": "images.float() / largest / largest"},
    says="You divided twice: no pixel is brighter than 1 / largest.",
)
mistake(
    "scaled",
    replace={"return images.float() / largest": "images = images.float()\n    images /= largest\n    return images"},
    says="/= changes the tensor in place. If it is already one of floats, .float() gives that very tensor, and the second call divides "
    "it once more.",
)


@check("gallery", points=2, given={"images": IMAGES, "labels": KINDS}, compare=figure(texts=("xlabel",)))
def gallery_of_three_kinds(nb):
    """25 pictures in order, and below each the name of its class."""
    return nb.gallery(nb.given.images, nb.given.labels, ["Coat", "Bag", "Sandal"])


@check("gallery", points=1, private=True, given={"images": IMAGES2, "labels": KINDS2}, compare=figure(texts=("xlabel",)))
def gallery_of_five_kinds(nb):
    """Other pictures with other names."""
    return nb.gallery(nb.given.images, nb.given.labels, ["a", "b", "c", "d", "e"])


mistake(
    "gallery",
    replace={"class_names[int(label)]": "str(int(label))"},
    says="Below the pictures stand the numbers of the classes. Their names are class_names[label].",
)
mistake(
    "gallery",
    replace={"xlabel=class_names": "title=class_names"},
    says="The names stand above the pictures, as titles. They belong below, as x labels.",
)
mistake(
    "gallery",
    replace={"ax.flat": "ax.T.flat"},
    says="The pictures run down the columns. They are to be read row by row.",
)
mistake(
    "gallery",
    replace={"axes.imshow(image,": "axes.imshow(images[0],"},
    says="The first picture is there 25 times.",
)
mistake(
    "gallery",
    replace={"zip(ax.flat, images, labels, strict=False)": "zip(ax.flat, images[1:], labels, strict=False)"},
    says="The pictures are shifted by one: they begin with images[1], and so no name belongs to its picture.",
)


@check("classifier", points=1, compare=architecture())
def classifier_784_128_10(nb):
    """Flatten, Linear, ReLU, Linear with the sizes of the lecture."""
    return nb.classifier(784, 128, 10)


@check("classifier", points=1, compare=architecture(parameters=True))
def classifier_has_as_many_numbers(nb):
    """It has as many numbers to learn as the lecture's."""
    return nb.classifier(784, 128, 10)


@check("classifier", points=1, private=True, given={"images": SMALL["x"]}, compare=close(atol=1e-5))
def classifier_of_other_sizes(nb):
    """Other sizes from the same seed, and the logits of some pictures."""
    torch.manual_seed(43052)
    return nb.classifier(6, 5, 3)(nb.given.images).detach()


mistake(
    "classifier",
    replace={
        "        torch.nn.Linear(hidden, classes),\n": "        torch.nn.Linear(hidden, classes),\n        torch.nn.Softmax(dim=1),\n"
    },
    says="Your network ends in a softmax, and the cross entropy has one inside: with both, the loss cannot fall below 1.46. Leave it out.",
)
mistake(
    "classifier",
    replace={"        torch.nn.ReLU(),\n": ""},
    says="There is no ReLU between the two linear layers, so together they are one.",
)
mistake(
    "classifier",
    replace={"        torch.nn.Flatten(),\n": ""},
    says="Flatten is missing: a linear layer would take the rows of a picture for its inputs.",
)
mistake(
    "classifier",
    replace={"torch.nn.Linear(pixels, hidden)": "torch.nn.Linear(784, hidden)"},
    says="Your network always takes 784 numbers. Digits of 8 × 8 have 64: the first size is pixels.",
)
mistake(
    "classifier",
    replace={"torch.nn.Linear(pixels, hidden)": "torch.nn.Linear(pixels, hidden, bias=False)"},
    says="The first layer has no bias: 101,642 numbers instead of 101,770.",
)


@check("image_fit", points=1, compare=exact())
def image_fit_steps(nb):
    """Batches of 32, and Adam."""
    steps = nb.training(nb.model)["steps"]
    return {
        "steps": steps == nb.epochs_images * -(-len(nb.train_labels) // 32),
        "optimizer": type(nb.adam).__name__,
        "layers": [type(layer).__name__ for layer in nb.model],
    }


@check("image_fit", points=1, compare=losses(band=0.15, decrease=0.5))
def image_fit_losses(nb):
    """The losses fall as they should, a number for each epoch."""
    return nb.model_losses


@check("image_fit", points=1, private=True, compare=trained())
def image_fit_moves_everything(nb):
    """Your optimizer's steps have moved every weight of the model."""
    return nb.training(nb.model)


@check("image_fit", points=1, private=True, compare=accuracy(at_least=0.85))
def image_fit_reads(nb):
    """On 300 pictures that it has not seen, the model says mostly what the reference says."""
    nb.model.eval()
    return nb.model(nb.test_images[:300]).detach()


mistake(
    "image_fit",
    replace={"train_labels, 32)": "train_labels, 128)"},
    says="These are batches of 128, and so a quarter of the steps. Asked are batches of 32.",
)
mistake(
    "image_fit",
    replace={"torch.optim.Adam(model.parameters())": "torch.optim.SGD(model.parameters(), lr=0.001)"},
    says="This is SGD, which at this learning rate has hardly begun when the epochs are over. Take Adam.",
)
mistake(
    "image_fit",
    replace={
        "model = classifier(pixels, 128, 10)": "model = torch.nn.Sequential(*classifier(pixels, 128, 10), torch.nn.Softmax(dim=1))"
    },
    says="Your model ends in a softmax, and the cross entropy takes another one of it: the loss cannot fall below 1.46.",
)
mistake(
    "image_fit",
    replace={"make_loader(train_images, train_labels, 32)": "make_loader(test_images, test_labels, 32)"},
    says="You trained on the held-out pictures. Nobody can say any more how well the model does on new ones.",
)
mistake(
    "image_fit",
    replace={"loader, epochs_images)": "loader, 1)"},
    says="You trained for a single epoch. Their number is epochs_images.",
)


@check("evaluate", points=2, given=SMALL, compare=close(atol=1e-5))
def evaluate_a_dozen(nb):
    """Loss and accuracy of twelve pictures in batches of five."""
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4))
    model[1].load_state_dict({"weight": nb.given.weight, "bias": nb.given.bias})
    return [float(number) for number in nb.evaluate(model, nb.given.x, nb.given.y, 5)]


@check("evaluate", points=2, private=True, given=SMALL2, compare=close(atol=1e-5))
def evaluate_with_dropout(nb):
    """Seven pictures in batches of three, by a model with dropout that is in training mode."""
    torch.manual_seed(43052)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(6, 4))
    model[2].load_state_dict({"weight": nb.given.weight, "bias": nb.given.bias})
    return [float(number) for number in nb.evaluate(model, nb.given.x, nb.given.y, 3)]


mistake(
    "evaluate",
    source="""
def evaluate(model, images, labels, batch_size):
    model.eval()
    batch_losses, right = [], 0
    with torch.no_grad():
        for x, y in zip(images.split(batch_size), labels.split(batch_size)):
            output = model(x)
            batch_losses.append(torch.nn.functional.cross_entropy(output, y).item())
            right += int((output.argmax(dim=1) == y).sum())
    return sum(batch_losses) / len(batch_losses), right / len(labels)
""",
    says="Your loss is the mean of the batches' means, in which the images of the small last batch count too much. Weigh each batch with "
    "its size, or add up sums and divide by the number of images.",
)
mistake(
    "evaluate",
    replace={"model.eval()": "pass"},
    says="The model is still in training mode, where dropout switches off half of the numbers: model.eval() comes first.",
)
mistake(
    "evaluate",
    replace={'reduction="sum"': 'reduction="mean"'},
    says="You add up means and divide by the number of images, so the loss is too small by about the batch size.",
)
mistake(
    "evaluate",
    replace={
        "for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):": "for x, y in zip(images.split(batch_size)[:-1], labels.split(batch_size)[:-1]):"
    },
    says="The last batch is left out, so some images are not counted.",
)
mistake(
    "evaluate",
    replace={
        "return total / len(labels), right / len(labels)": "return total / len(labels), right / len(images.split(batch_size))"
    },
    says="You divided the number of right predictions by the number of batches; an accuracy above 1 is none.",
)
mistake(
    "evaluate",
    replace={"return total / len(labels), right / len(labels)": "return right / len(labels), total / len(labels)"},
    says="The two have changed places: first the loss, then the accuracy.",
)


@check("predict", points=1, given=SMALL, compare=close(atol=1e-5))
def predict_a_dozen(nb):
    """The probabilities for twelve pictures."""
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4))
    model[1].load_state_dict({"weight": nb.given.weight, "bias": nb.given.bias})
    return nb.predict(model, nb.given.x).detach()


@check("predict", points=1, private=True, given=SMALL2, compare=close(atol=1e-5))
def predict_with_dropout(nb):
    """Those of a model with dropout that is in training mode."""
    torch.manual_seed(43052)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(6, 4))
    model[2].load_state_dict({"weight": nb.given.weight, "bias": nb.given.bias})
    return nb.predict(model, nb.given.x).detach()


@check("predict", points=1, private=True, given=SMALL, compare=exact())
def predict_without_gradients(nb):
    """What comes out carries no gradients."""
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4))
    return bool(nb.predict(model, nb.given.x).requires_grad)


mistake(
    "predict",
    replace={"torch.softmax(model(images), dim=1)": "model(images)"},
    says="These are logits: they can be negative, and no row adds up to 1. The softmax of each row is missing.",
)
mistake(
    "predict",
    replace={"dim=1": "dim=0"},
    says="This softmax runs over the pictures: a column adds up to 1, and no row does. The classes stand along dim=1.",
)
mistake(
    "predict",
    replace={"torch.softmax(model(images), dim=1)": "torch.softmax(torch.softmax(model(images), dim=1), dim=1)"},
    says="The softmax is taken twice, so all probabilities are much alike, none above e / (e + 9) = 0.23 with ten classes.",
)
mistake(
    "predict",
    replace={"model.eval()": "pass"},
    says="The model is still in training mode, so dropout changes what it says from call to call: model.eval() comes first.",
)
mistake(
    "predict",
    replace={
        "    with torch.no_grad():\n        return torch.softmax(model(images), dim=1)": "    return torch.softmax(model(images), dim=1)"
    },
    says="The probabilities still carry their gradients. Put the call under with torch.no_grad():.",
)
