"""How the answers of `logistic` are judged, and what students typically get wrong. Order as in the notebook."""

import numpy as np
import torch

from grader.author import architecture, check, close, exact, figure, layers, losses, mistake, sequence, trained, weights
from reference import logistic as ref

X, V, Y = ref.toy(60, -1, 5)
X_NEW, V_NEW, Y_NEW = ref.toy(45, 0.5, -4)
TOY, NEW = {"x": X, "y": Y}, {"x": X_NEW, "y": Y_NEW}

DRAW = torch.Generator().manual_seed(43052)
SCORES = 6 * torch.randn(3, 4, generator=DRAW)
FEW_X = torch.randn(9, 1, generator=DRAW)
FEW_Y = (torch.rand(9, 1, generator=DRAW) < 0.5).float()
GUESS, TRUTH = torch.rand(12, 1, generator=DRAW) * 0.9 + 0.05, (torch.rand(12, 1, generator=DRAW) < 0.4).float()
GUESS_NEW, TRUTH_NEW = torch.rand(31, 1, generator=DRAW) * 0.9 + 0.05, (torch.rand(31, 1, generator=DRAW) < 0.7).float()
HEIGHTS = torch.rand(5, 8, generator=DRAW) + 1
HEIGHTS[3, 6] = 0.5
HEIGHTS_NEW = torch.rand(9, 4, generator=DRAW) - 3
HEIGHTS_NEW[2, 0] = -4.0


def history(w0: float, w1: float, loss_fn: ref.Loss, lr: float, epochs: int, data: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """A history as tensors, to hand in: (k, n), (k,), (k, 2)."""
    net, optimizr = ref.start_at(w0, w1, torch.optim.SGD, lr)
    return [torch.tensor(records) for records in ref.learn_and_record(net, loss_fn, optimizr, data["x"], data["y"], epochs)]


# ========================================================================================= 1  a curve: 002-T01, 002-T02


@check("f", points=1, given={"x": SCORES}, compare=close(atol=1e-5))
def sigmoid_of_some_numbers(nb):
    """f is the sigmoid, for a tensor of two dimensions, too."""
    return nb.f(nb.given.x)


@check("f", points=1, given={"x": torch.tensor([-300.0, -95.0, 0.0, 95.0, 300.0])}, compare=close(atol=1e-5))
def sigmoid_of_large_numbers(nb):
    """It is right for large numbers, positive and negative."""
    return nb.f(nb.given.x)


@check("f", points=1, private=True, given={"x": torch.linspace(-6, 6, 25).reshape(25, 1)}, compare=close(atol=1e-5))
def sigmoid_of_a_column(nb):
    """It goes through the right values from -6 to 6."""
    return nb.f(nb.given.x)


mistake(
    "f",
    replace={"1 / (1 + torch.exp(-x))": "torch.exp(x) / (1 + torch.exp(x))"},
    says="Right for small numbers, but from about 89 on torch.exp(x) is infinite in 32 bits, and infinity divided by infinity is nan. Take "
    "the other form, with torch.exp(-x).",
)
mistake(
    "f",
    replace={"torch.exp(-x)": "torch.exp(x)"},
    says="Your curve falls: the minus sign in the exponent is missing, 1 / (1 + torch.exp(-x)).",
)
mistake(
    "f",
    replace={"1 / (1 + torch.exp(-x))": "2 / (1 + torch.exp(-2 * x)) - 1"},
    says="This is tanh, which runs from −1 to 1. A probability lies between 0 and 1.",
)
mistake(
    "f",
    replace={"1 / (1 + torch.exp(-x))": "torch.exp(x) / torch.exp(x).sum()"},
    says="This is a softmax: all numbers of the tensor share one 1. The sigmoid looks at each number by itself.",
)


@check("neg_log_likelihood", points=1, given={"x": FEW_X, "y": FEW_Y}, compare=close(atol=1e-3, dtype="any"))
def likelihood_of_nine(nb):
    """For nine points and the weights (0.5, -1.2), the loss is right."""
    return float(nb.neg_log_likelihood(0.5, -1.2, nb.given.x, nb.given.y))


@check("neg_log_likelihood", points=2, private=True, given=NEW, compare=close(rtol=1e-3))
def likelihood_of_other_points(nb):
    """It is right for other points and other weights."""
    guesses = [(0.0, 0.0), (1.5, 0.7), (-0.3, -2.0)]
    return [float(nb.neg_log_likelihood(w0hat, w1hat, nb.given.x, nb.given.y)) for w0hat, w1hat in guesses]


mistake(
    "neg_log_likelihood",
    replace={"-torch.sum(": "torch.sum("},
    says="The minus sign is missing: yours is the log-likelihood, which is negative, and the larger the better. A loss is to be small.",
)
mistake(
    "neg_log_likelihood",
    replace={"torch.sum(": "torch.mean("},
    says="This is the mean. Here the formula's sum is asked for; the mean has its turn in 5.1.",
)
mistake(
    "neg_log_likelihood",
    replace={" + (1 - y) * torch.log(1 - yhat)": ""},
    says="Only the points with y = 1 count, so a network that always says 1 would be perfect. Add (1 - y) * log(1 - yhat).",
)
mistake(
    "neg_log_likelihood",
    replace={"torch.log(1 - yhat)": "torch.log(1 - y)"},
    says="In the second term stands log(1 - y), which is the logarithm of 0 wherever y is 1. It is log(1 - yhat).",
)
mistake(
    "neg_log_likelihood",
    replace={"w0hat + w1hat * x": "w0hat * x + w1hat"},
    says="w0 and w1 have changed places: w1 is what x is multiplied with.",
)
mistake(
    "neg_log_likelihood",
    replace={"torch.log(yhat)": "torch.log10(yhat)", "torch.log(1 - yhat)": "torch.log10(1 - yhat)"},
    says="This is the logarithm to base 10. The natural one is torch.log.",
)

# ================================================================================================ 2  the data: 002-T03


@check("toy", points=2, compare=close(atol=1e-5, dtype="exact"))
def toy_data(nb):
    """x, v and y are right for 80 points with w0 = -1 and w1 = 5."""
    x, v, y = nb.toy(80, -1, 5)
    return {"x": x, "v": v, "y": y}


@check("toy", points=2, private=True, compare=close(atol=1e-5, dtype="exact"))
def toy_of_another_law(nb):
    """They are right for another law and another number of points."""
    x, v, y = nb.toy(33, 0.5, -3.0)
    return {"x": x, "v": v, "y": y}


mistake(
    "toy",
    replace={"f(w0 + w1 * x)": "f(w0 * x + w1)"},
    says="w0 and w1 have changed places: w1 is the slope, the number that x is multiplied with.",
)
mistake(
    "toy",
    replace={"torch.bernoulli(v)": "(v > 0.5).float()"},
    says="Your y has no chance in it: it is 1 wherever v is more than one half. The data are thrown, torch.bernoulli(v).",
)
mistake(
    "toy",
    replace={".reshape(n, 1)": ""},
    says="x is flat, (n,), and so are v and y. A network takes columns; with a flat one somewhere, y - yhat silently becomes (n, n).",
)
mistake(
    "toy",
    replace={"torch.bernoulli(v)": "torch.bernoulli(v).long()"},
    says="y holds whole numbers. The losses compute with floats: leave it as torch.bernoulli gives it.",
)
mistake(
    "toy",
    replace={"torch.linspace(-1, 1, n)": "torch.linspace(-1, 1, n + 1)[:-1]"},
    says="Your x stops before 1: both ends are included, as torch.linspace does it.",
)


@check("fit_figure", points=1, given={"x": X, "y": Y, "v": V, "yhat": 1 - V}, compare=figure())
def figure_with_a_network(nb):
    """The points, the true curve and the network's curve are drawn."""
    given = nb.given
    return nb.fit_figure(given.x, given.y, given.v, given.yhat.requires_grad_())


@check("fit_figure", points=1, given={"x": X, "y": Y, "v": V}, compare=figure())
def figure_without_a_network(nb):
    """Without a network, only points and truth are drawn."""
    fig = nb.fit_figure(nb.given.x, nb.given.y, nb.given.v, None)
    axes = fig.axes[0]
    drawn = len([line for line in axes.lines if len(line.get_xdata())]) + len(axes.collections)
    if drawn > 2:
        raise ValueError(f"{drawn} things are drawn without a network")
    return fig


@check("fit_figure", points=1, private=True, given={"x": X_NEW, "y": Y_NEW, "v": V_NEW, "yhat": 0.3 * V_NEW}, compare=figure())
def figure_of_other_data(nb):
    """Other data are drawn rightly."""
    return nb.fit_figure(nb.given.x, nb.given.y, nb.given.v, nb.given.yhat)


mistake(
    "fit_figure",
    replace={"yhat.data": "v"},
    says="The truth is drawn twice. The second line is yhat over x.",
)
mistake(
    "fit_figure",
    replace={"yhat.data": "yhat"},
    says="What comes out of a network carries its gradients, and matplotlib does not take it: draw yhat.data.",
)
mistake(
    "fit_figure",
    replace={'ax.plot(x, y, "o", alpha=0.05)': 'ax.plot(x, v, "o", alpha=0.05)'},
    says="Your points lie on the curve: these are the probabilities v. The data are y, zeros and ones.",
)
mistake(
    "fit_figure",
    replace={"    if yhat is not None:\n    ": ""},
    says="Without a network, yhat is None, and there is nothing to draw: ask `if yhat is not None`.",
)

# ============================================================================== 3  the network: 002-T04 to 002-T07


@check("first_curve", points=1, compare=close(atol=1e-6, dtype="any"))
def first_weights(nb):
    """w0hat and w1hat are the two numbers of the task."""
    return {"w0hat": float(nb.w0hat), "w1hat": float(nb.w1hat)}


@check("first_curve", points=1, compare=close(atol=1e-5))
def first_curve_over_x(nb):
    """yhat is the curve that they give."""
    return nb.yhat[::20]


mistake(
    "first_curve",
    replace={"w0hat, w1hat = -0.8470, -0.3467": "w0hat, w1hat = -0.3467, -0.8470"},
    says="The two numbers have changed places: w0 is -0.8470, w1 is -0.3467.",
)
mistake(
    "first_curve",
    replace={"-0.8470, -0.3467": "0.8470, -0.3467"},
    says="The minus sign of w0hat is lost: your curve lies above one half.",
)
mistake(
    "first_curve",
    replace={"f(w0hat + w1hat * x)": "w0hat + w1hat * x"},
    says="This is a straight line, and below 0. The sigmoid f goes around it.",
)
mistake(
    "first_curve",
    replace={"f(w0hat + w1hat * x)": "f(w0hat * x + w1hat)"},
    says="In your formula x is multiplied with w0hat. The slope is w1hat.",
)


@check("use_sigmoid", points=1, compare=architecture())
def a1_is_torchs(nb):
    """a1 is torch's sigmoid."""
    return nb.a1


@check("use_sigmoid", points=1, compare=close(atol=1e-5))
def a1_gives_the_curve(nb):
    """yhat_a1 is the same curve as before."""
    return nb.yhat_a1[::20]


mistake(
    "use_sigmoid",
    replace={"torch.nn.Sigmoid()": "torch.nn.LogSigmoid()"},
    says="LogSigmoid is the logarithm of the sigmoid, and negative. Take torch.nn.Sigmoid().",
)
mistake(
    "use_sigmoid",
    replace={"torch.nn.Sigmoid()": "torch.nn.Softmax(dim=1)"},
    says="A softmax along a row of one number has nothing to compare it with, and always gives 1. For one number it is torch.nn.Sigmoid().",
)
mistake(
    "use_sigmoid",
    replace={"torch.nn.Sigmoid()": "torch.nn.Softmax(dim=0)"},
    says="This softmax runs down the column: all n points share one 1. The sigmoid looks at each by itself.",
)
mistake(
    "use_sigmoid",
    replace={"torch.nn.Sigmoid()": "torch.nn.Tanh()"},
    says="tanh runs from −1 to 1. A probability lies between 0 and 1: torch.nn.Sigmoid().",
)
mistake(
    "use_sigmoid",
    replace={"a1(w0hat + w1hat * x)": "a1(-(w0hat + w1hat * x))"},
    says="Your curve is mirrored: 1 − the right one. The minus sign of the formula is inside the sigmoid already.",
)


@check("start_layer", points=1, compare=architecture())
def l1_is_a_linear(nb):
    """l1 is a Linear layer, one number in and one out, with a bias."""
    return nb.l1


@check("start_layer", points=1, compare=weights(atol=1e-5))
def l1_starts_as_everybodys(nb):
    """It was made right after the seed 43052."""
    return nb.l1.state_dict()


@check("start_layer", points=2, compare=close(atol=1e-4, dtype="any"))
def w0_and_w1_are_read_off(nb):
    """start_w0 and start_w1 are its w0 and its w1."""
    return {"w0": float(nb.start_w0), "w1": float(nb.start_w1)}


mistake(
    "start_layer",
    replace={
        "start_w0 = l1.bias.item()": "start_w0 = l1.weight.item()",
        "start_w1 = l1.weight.item()": "start_w1 = l1.bias.item()",
    },
    says="w0 and w1 have changed places. x is multiplied with the weight, so that is w1; w0, which is added, is the bias.",
)
mistake(
    "start_layer",
    source="""
l1 = torch.nn.Linear(in_features=1, out_features=1)
torch.manual_seed(43052)
start_w0 = l1.bias.item()
start_w1 = l1.weight.item()
""",
    says="The seed comes too late: the layer drew its weights when it was made. Set the seed in the line before.",
)
mistake(
    "start_layer",
    source="""
torch.manual_seed(43052)
l1 = torch.nn.Linear(in_features=1, out_features=1, bias=False)
start_w0 = 0.0
start_w1 = l1.weight.item()
""",
    says="Your layer has no bias, and so no w0: its curve goes through one half at x = 0 for ever. Leave bias as it is.",
)
mistake(
    "start_layer",
    source="""
torch.manual_seed(43052)
first = torch.nn.Linear(in_features=1, out_features=1)
l1 = torch.nn.Linear(in_features=1, out_features=1)
start_w0 = l1.bias.item()
start_w1 = l1.weight.item()
""",
    says="Another layer was made between the seed and l1, and drew the numbers that were meant for it.",
)


@check("in_series", points=1, compare=architecture())
def net_is_made_of_both(nb):
    """net is l1 and then a1."""
    return nb.net


@check("in_series", points=1, given={"x": X[::6]}, compare=layers(atol=1e-5, names=False))
def net_layer_by_layer(nb):
    """x becomes u, and u becomes yhat."""
    return nb.layers(nb.net, nb.given.x)


@check("in_series", points=1, private=True, given={"x": X_NEW[::5]}, compare=close(atol=1e-5))
def net_holds_this_very_layer(nb):
    """When l1 changes, net changes with it."""
    nb.l1.weight.data.fill_(2.0)
    nb.l1.bias.data.fill_(-0.5)
    return nb.net(nb.given.x)


mistake(
    "in_series",
    replace={"Sequential(l1, a1)": "Sequential(a1, l1)"},
    says="The order is the other way round: first the sigmoid of x, then a line, which is no probability. l1 comes first.",
)
mistake(
    "in_series",
    replace={"Sequential(l1, a1)": "Sequential(torch.nn.Linear(1, 1), a1)"},
    says="This Linear is a new one, with other weights. Put l1 itself into the series.",
)
mistake(
    "in_series",
    replace={"Sequential(l1, a1)": "Sequential(l1)"},
    says="The sigmoid a1 is missing, so yhat is a straight line.",
)
mistake(
    "in_series",
    replace={"Sequential(l1, a1)": "Sequential(l1, a1, a1)"},
    says="The sigmoid stands there twice, so yhat never leaves the range from 0.5 to 0.73.",
)

# ================================================================================= 4  training: 002-T08 to 002-T10


@check("loss_fn1", points=1, given={"y": TRUTH, "yhat": GUESS}, compare=close(atol=1e-5, dtype="any"))
def mse_of_a_dozen(nb):
    """For a dozen points, the mean squared error is right."""
    return float(nb.loss_fn1(nb.given.y, nb.given.yhat))


@check("loss_fn1", points=1, private=True, given={"y": TRUTH_NEW, "yhat": GUESS_NEW}, compare=close(atol=1e-5))
def mse_has_a_gradient(nb):
    """It is right for other points, and its gradient flows back to yhat."""
    yhat = nb.given.yhat.requires_grad_()
    loss = nb.loss_fn1(nb.given.y, yhat)
    loss.backward()
    return {"loss": loss.detach().float(), "gradient": yhat.grad}


mistake(
    "loss_fn1",
    replace={"torch.mean(": "torch.sum("},
    says="This is the sum. With it, a step of SGD is n times as long; MSE is the mean.",
)
mistake(
    "loss_fn1",
    replace={"torch.mean((y - yhat) ** 2)": "torch.mean((y - yhat) ** 2) / 2"},
    says="Half of the mean squared error, as some books have it: then a step of SGD is half as long. Here it is the whole.",
)
mistake(
    "loss_fn1",
    replace={"(y - yhat) ** 2": "torch.abs(y - yhat)"},
    says="This is the mean of the absolute differences. Square them.",
)
mistake(
    "loss_fn1",
    replace={"torch.mean((y - yhat) ** 2)": "torch.sqrt(torch.mean((y - yhat) ** 2))"},
    says="This is its root, RMSE. Leave the root away.",
)


@check("train", points=2, given=TOY, compare=losses(atol=1e-4))
def train_losses(nb):
    """Over eight epochs the losses are right."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    return nb.train(net, lambda y, yhat: torch.mean((y - yhat) ** 2), sgd, nb.given.x, nb.given.y, 8)


@check("train", points=1, given=TOY, compare=trained(steps=4))
def train_takes_a_step_an_epoch(nb):
    """Each epoch is one step, and every weight moves."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    nb.train(net, lambda y, yhat: torch.mean((y - yhat) ** 2), sgd, nb.given.x, nb.given.y, 4)
    return nb.training(net)


@check("train", points=2, given=TOY, compare=weights(atol=1e-4))
def train_calls_the_loss_in_order(nb):
    """The truth goes into the loss first."""
    torch.manual_seed(7)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    nb.train(net, lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2), sgd, nb.given.x, nb.given.y, 3)
    return net.state_dict()


@check("train", points=2, private=True, given=NEW, compare=weights(atol=1e-4))
def train_another_network(nb):
    """Another network with Adam ends with the right weights, too."""
    torch.manual_seed(3)
    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1), torch.nn.Sigmoid())
    adam = torch.optim.Adam(net.parameters(), lr=0.05)
    nb.train(net, lambda y, yhat: torch.mean((1 + y) * (y - yhat) ** 2), adam, nb.given.x, nb.given.y, 9)
    return net.state_dict()


mistake(
    "train",
    replace={"        optimizr.zero_grad()\n": ""},
    says="Gradients add up from epoch to epoch, so the network runs past its goal: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "train",
    replace={"        optimizr.step()\n": ""},
    says="The weights have not moved: optimizr.step() is missing. The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    replace={
        "        loss.backward()\n        optimizr.step()\n        optimizr.zero_grad()\n": "        loss.backward()\n        optimizr.zero_grad()\n        optimizr.step()\n"
    },
    same_as="train-2",
    says="You clear the gradients before the step, which then has nothing to go by. The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    replace={"loss_fn(y, yhat)": "loss_fn(yhat, y)"},
    says="The loss is called with the network's answer first. MSE does not mind, but BCE does: loss_fn(y, yhat).",
)
mistake(
    "train",
    replace={"loss_fn(y, yhat)": "loss_fn(y.flatten(), yhat)"},
    says="y is flat and yhat a column, so their difference is (n, n): every answer is compared with every truth, and the best curve is a "
    "flat one. Leave y as it is.",
)
mistake(
    "train",
    replace={"yhat = net(x)": "yhat = net(x).detach().requires_grad_()"},
    same_as="train-3",
    says="The graph is cut off (detach) between the network and the loss, so no weight gets a gradient. Take net(x) as it is.",
)


@check("first_fit", points=1, compare=losses(atol=1e-3))
def first_losses(nb):
    """The losses fall as they should."""
    return nb.losses


@check("first_fit", points=1, compare=weights(atol=5e-3, names=False))
def first_fit_weights(nb):
    """After the training, net has the weights that MSE leads to."""
    return nb.net.state_dict()


@check("first_fit", points=1, private=True, compare=exact())
def first_optimizer(nb):
    """The optimizer is an SGD over the parameters of net, with the learning rate of the notebook."""
    held = {id(parameter) for group in nb.optimizr.param_groups for parameter in group["params"]}
    rates = {float(group["lr"]) for group in nb.optimizr.param_groups}
    return {
        "type": type(nb.optimizr).__name__,
        "lr is lr": rates == {float(nb.lr)},
        "of net": held == {id(parameter) for parameter in nb.net.parameters()},
    }


mistake(
    "first_fit",
    replace={"torch.optim.SGD(": "torch.optim.Adam("},
    says="This is Adam. It has its turn at the end; here everybody takes SGD.",
)
mistake(
    "first_fit",
    replace={"lr=lr": "lr=lr / 10"},
    says="Your learning rate is a tenth of lr, so the network hardly gets away from its start.",
)
mistake(
    "first_fit",
    replace={"optimizr = torch.optim.SGD(net.parameters()": "optimizr = torch.optim.SGD(torch.nn.Linear(1, 1).parameters()"},
    says="The optimizer holds the parameters of another layer, so net never learns: SGD(net.parameters(), lr=lr).",
)
mistake(
    "first_fit",
    replace={"train(net, loss_fn1,": "train(net, lambda y, yhat: len(y) * loss_fn1(y, yhat),"},
    says="Your loss is the sum over the points. A step of SGD is then n times as long, and the network jumps to where the sigmoid is flat.",
)
mistake(
    "first_fit",
    replace={"x, y, epochs)": "x, y, epochs // 2)"},
    says="The training stops too early: it is to go on for all `epochs` epochs.",
)


@check("more_epochs", points=1, compare=losses(atol=1e-3))
def more_losses_go_on(nb):
    """The losses go on where the first ones ended."""
    return nb.more_losses


@check("more_epochs", points=1, private=True, compare=weights(atol=0.01, names=False))
def more_weights(nb):
    """After all these epochs, net has the weights that MSE leads to."""
    return nb.net.state_dict()


mistake(
    "more_epochs",
    source="""
torch.manual_seed(43052)
net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
optimizr = torch.optim.SGD(net.parameters(), lr=lr)
more_losses = train(net, loss_fn1, optimizr, x, y, more)
""",
    says="You began again from the seed, so what was learned before is lost. Let the same net go on, with the same optimizr.",
)
mistake(
    "more_epochs",
    replace={"x, y, more)": "x, y, epochs)"},
    says="These are `epochs` epochs once more. `more` are asked for.",
)
mistake(
    "more_epochs",
    replace={"train(net, loss_fn1, ": "train(net, lambda y, yhat: torch.nn.functional.binary_cross_entropy(yhat, y), "},
    says="You changed the loss half way, to the cross entropy. That is a good idea, and the next section's; here it is still loss_fn1.",
)
mistake(
    "more_epochs",
    replace={"train(net, loss_fn1, optimizr, ": "train(net, loss_fn1, torch.optim.Adam(net.parameters(), lr=lr), "},
    says="You changed the optimizer half way, to Adam. Let the same optimizr go on.",
)

# ================================================================================ 5  another loss: 002-T10 to 002-T12


@check("loss_fn2", points=2, given={"y": TRUTH, "yhat": GUESS}, compare=close(atol=1e-4, dtype="any"))
def bce_of_a_dozen(nb):
    """For a dozen points, BCE is right."""
    return float(nb.loss_fn2(nb.given.y, nb.given.yhat))


@check("loss_fn2", points=2, private=True, given={"y": TRUTH_NEW, "yhat": GUESS_NEW}, compare=close(atol=1e-4))
def bce_has_a_gradient(nb):
    """It is right for other points, and its gradient flows back to yhat."""
    yhat = nb.given.yhat.requires_grad_()
    loss = nb.loss_fn2(nb.given.y, yhat)
    loss.backward()
    return {"loss": loss.detach().float(), "gradient": yhat.grad}


mistake(
    "loss_fn2",
    replace={
        "-torch.mean(y * torch.log(yhat) + (1 - y) * torch.log(1 - yhat))": "torch.nn.BCELoss()(y, yhat)",
    },
    says="torch.nn.BCELoss takes the network's answer first and the truth second. In your order the logarithm of the truth is taken, which is 0 or "
    "minus infinity (torch cuts it at −100), and the loss is far too large.",
)
mistake(
    "loss_fn2",
    replace={"-torch.mean(": "-torch.sum("},
    says="This is the sum. With n points a step of SGD gets n times as long, and the training ends in nan. BCE is the mean.",
)
mistake(
    "loss_fn2",
    replace={"torch.log(": "torch.log10("},
    says="This is the logarithm to base 10. The natural one is torch.log.",
)
mistake(
    "loss_fn2",
    replace={" + (1 - y) * torch.log(1 - yhat)": ""},
    says="Only the points with y = 1 count, so the network would learn to say 1 everywhere. Add (1 - y) * log(1 - yhat).",
)
mistake(
    "loss_fn2",
    replace={"-torch.mean(": "torch.mean("},
    says="The minus sign is missing: this loss is negative, and going downhill makes everything worse.",
)
mistake(
    "loss_fn2",
    replace={
        "-torch.mean(y * torch.log(yhat) + (1 - y) * torch.log(1 - yhat))": "torch.nn.functional.binary_cross_entropy_with_logits(yhat, y)",
    },
    says="The loss with logits takes a sigmoid of what it is given, and yhat is the sigmoid's result already. Without logits, please.",
)


@check("mse_against_bce", points=1, compare=losses(atol=1e-3))
def race_losses_of_mse(nb):
    """The losses of net1 are those of MSE from the seed."""
    return nb.losses1


@check("mse_against_bce", points=1, compare=losses(atol=1e-3))
def race_losses_of_bce(nb):
    """The losses of net2 are those of BCE from the seed."""
    return nb.losses2


@check("mse_against_bce", points=1, compare=weights(atol=5e-3, names=False))
def race_weights_of_mse(nb):
    """net1 ends with the right weights."""
    return nb.net1.state_dict()


@check("mse_against_bce", points=1, compare=weights(atol=5e-3, names=False))
def race_weights_of_bce(nb):
    """net2 ends with the right weights."""
    return nb.net2.state_dict()


@check("mse_against_bce", points=1, private=True, given={"x": X, "v": V}, compare=exact())
def bce_wins(nb):
    """Of the two curves, that of net2 is nearer to the truth."""
    far = [float(((net(nb.given.x) - nb.given.v) ** 2).mean()) for net in (nb.net1, nb.net2)]
    return far[1] < far[0]


mistake(
    "mse_against_bce",
    replace={"losses2 = train(net2, loss_fn2,": "losses2 = train(net2, loss_fn1,"},
    says="Both networks learn with MSE. net2 is to learn with loss_fn2.",
)
mistake(
    "mse_against_bce",
    replace={"\n\ntorch.manual_seed(43052)\nnet2": "\n\nnet2"},
    says="The seed was set once only, so net2 starts elsewhere, and the race is not fair. Set it again before net2 is made.",
)
mistake(
    "mse_against_bce",
    replace={"torch.optim.SGD(net2.parameters(), lr=lr)": "optimizr1"},
    says="The optimizer of net1 is used for net2 as well. It does not know the parameters of net2, which never move.",
)
mistake(
    "mse_against_bce",
    replace={
        "losses1 = train(net1, loss_fn1,": "losses1 = train(net1, loss_fn2,",
        "losses2 = train(net2, loss_fn2,": "losses2 = train(net2, loss_fn1,",
    },
    says="The two have changed places: net1 learns with MSE (loss_fn1), net2 with BCE (loss_fn2).",
)
mistake(
    "mse_against_bce",
    replace={"net2 = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())": "net2 = net1"},
    says="net2 is net1, which has learned already, and now it learns on. Make a second network from the seed.",
)

# ===================================================================================== 6  the landscapes: 002-T13


@check(
    "surface",
    points=1,
    given={**TOY, "w0s": torch.arange(-5, 3, 1.3), "w1s": torch.arange(-1, 6, 0.8)},
    compare=close(atol=1e-4, dtype="any"),
)
def surface_of_mse(nb):
    """The landscape of MSE is right, w0 down the rows and w1 along them."""
    given = nb.given
    return nb.surface(lambda y, yhat: torch.mean((y - yhat) ** 2), given.w0s, given.w1s, given.x, given.y)


@check(
    "surface",
    points=1,
    given={**TOY, "w0s": torch.tensor([-30.0, -4.0, 0.0, 200.0]), "w1s": torch.tensor([-150.0, 0.5, 40.0])},
    compare=close(atol=1e-4, dtype="any"),
)
def surface_of_large_weights(nb):
    """It is right for large weights, too."""
    given = nb.given
    return nb.surface(lambda y, yhat: torch.mean((y - yhat) ** 2), given.w0s, given.w1s, given.x, given.y)


@check(
    "surface",
    points=2,
    private=True,
    given={**NEW, "w0s": torch.linspace(-2, 3, 5), "w1s": torch.linspace(-5, 2, 7)},
    compare=close(atol=1e-4, dtype="any"),
)
def surface_of_another_loss(nb):
    """Another loss over other data is right, too."""
    given = nb.given
    return nb.surface(lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2), given.w0s, given.w1s, given.x, given.y)


mistake(
    "surface",
    replace={'indexing="ij"': 'indexing="xy"'},
    says='Your landscape lies on its side: w1 runs down the rows. With torch.meshgrid that is indexing="xy"; rows for w0 come from "ij".',
)
mistake(
    "surface",
    replace={"torch.sigmoid(w0hat + w1hat * x)": "torch.sigmoid(w0hat * x + w1hat)"},
    says="In your formula x is multiplied with w0. The slope is w1.",
)
mistake(
    "surface",
    replace={
        "        return loss_fn(y, torch.sigmoid(w0hat + w1hat * x))": "        grown = torch.exp(w0hat + w1hat * x)\n        return loss_fn(y, grown / (1 + grown))",
    },
    says="Right near the bottom, but for large weights the exponential is infinite, and infinity divided by infinity is nan. Take torch.sigmoid or "
    "your f.",
)
mistake(
    "surface",
    replace={"loss_fn(y, torch.sigmoid(w0hat + w1hat * x))": "loss_fn(torch.sigmoid(w0hat + w1hat * x), y)"},
    says="The loss is called with the network's answer first. MSE does not mind, but others do: loss_fn(y, yhat).",
)
mistake(
    "surface",
    replace={"loss_fn(y, torch.sigmoid(w0hat + w1hat * x))": "loss_fn(y, w0hat + w1hat * x)"},
    says="The sigmoid is missing: this is the landscape of a straight line.",
)
mistake(
    "surface",
    replace={"    return heights": "    return heights.flatten()"},
    says="The heights are all in one row. They are wanted as a grid, (number of w0s, number of w1s).",
)


@check(
    "lowest",
    points=1,
    given={"h": HEIGHTS, "w0s": torch.linspace(-4, 0, 5), "w1s": torch.linspace(1, 8, 8)},
    compare=close(atol=1e-4),
)
def lowest_of_a_grid(nb):
    """In a grid of 5 × 8 heights, the lowest point is found."""
    return [float(w) for w in nb.lowest(nb.given.h, nb.given.w0s, nb.given.w1s)]


@check(
    "lowest",
    points=1,
    private=True,
    given={"h": HEIGHTS_NEW, "w0s": torch.linspace(-2.3, 6.1, 9), "w1s": torch.linspace(-7.3, -4.1, 4)},
    compare=close(atol=1e-4),
)
def lowest_of_another_grid(nb):
    """In another grid, too, where heights are negative."""
    return [float(w) for w in nb.lowest(nb.given.h, nb.given.w0s, nb.given.w1s)]


mistake(
    "lowest",
    replace={"heights.argmin()": "heights.argmax()"},
    says="This is the highest point: argmax. The lowest is at argmin.",
)
mistake(
    "lowest",
    replace={"w0s[row].item(), w1s[column].item()": "w1s[column].item(), w0s[row].item()"},
    says="w0 and w1 have changed places: w0 comes first.",
)
mistake(
    "lowest",
    replace={"return w0s[row].item(), w1s[column].item()": "return float(row), float(column)"},
    says="These are the row and the column. What is w0 in that row, and w1 in that column?",
)
mistake(
    "lowest",
    replace={"return w0s[row].item(), w1s[column].item()": "return -1.0, 5.0"},
    says="(-1, 5) is the truth that the data were drawn from. The lowest point is another one: look for it in the heights.",
)
mistake(
    "lowest",
    replace={
        "    row, column = divmod(int(heights.argmin()), len(w1s))": "    row, column = int(heights.min(dim=1).values.argmax()), int(heights.min(dim=0).values.argmin())"
    },
    says="The row is not that of the lowest point: you look for the row whose lowest height is highest.",
)


@check(
    "plot_loss",
    points=2,
    given={**TOY, "w0s": torch.arange(-6, 2, 1.5), "w1s": torch.arange(-1, 7, 1.2)},
    compare=close(atol=1e-3),
)
def plot_of_the_landscape(nb):
    """All points of the landscape are drawn, at their w0, w1 and height."""
    import matplotlib.pyplot as plt

    given = nb.given
    fig = plt.figure()
    ax = fig.add_subplot(projection="3d")
    nb.plot_loss(lambda y, yhat: torch.mean((y - yhat) ** 2), ax, given.w0s, given.w1s, given.x, given.y)
    drawn = [np.stack([np.asarray(axis, dtype=float).ravel() for axis in points._offsets3d], axis=1) for points in ax.collections]
    drawn += [np.stack([np.asarray(axis, dtype=float).ravel() for axis in line.get_data_3d()], axis=1) for line in ax.lines]
    plt.close(fig)
    many = np.concatenate([points for points in drawn if len(points) > 1] or [np.zeros((0, 3))]).round(4)
    return torch.from_numpy(many[np.lexsort(many.T[::-1])])


@check(
    "plot_loss",
    points=1,
    given={**TOY, "w0s": torch.arange(-6, 2, 1.5), "w1s": torch.arange(-1, 7, 1.2)},
    compare=close(atol=1e-3),
)
def plot_of_the_star(nb):
    """A single star stands at (-1, 5), on the landscape."""
    import matplotlib.pyplot as plt

    given = nb.given
    fig = plt.figure()
    ax = fig.add_subplot(projection="3d")
    nb.plot_loss(lambda y, yhat: torch.mean((y - yhat) ** 2), ax, given.w0s, given.w1s, given.x, given.y)
    drawn = [np.stack([np.asarray(axis, dtype=float).ravel() for axis in points._offsets3d], axis=1) for points in ax.collections]
    drawn += [np.stack([np.asarray(axis, dtype=float).ravel() for axis in line.get_data_3d()], axis=1) for line in ax.lines]
    plt.close(fig)
    return [points[0].tolist() for points in drawn if len(points) == 1]


@check(
    "plot_loss",
    points=1,
    private=True,
    given={**NEW, "w0s": torch.arange(-2, 2, 0.9), "w1s": torch.arange(-6, -1, 1.1)},
    compare=close(atol=1e-3),
)
def plot_of_another_loss(nb):
    """Another loss is drawn rightly, with its star."""
    import matplotlib.pyplot as plt

    given = nb.given
    fig = plt.figure()
    ax = fig.add_subplot(projection="3d")
    nb.plot_loss(lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2), ax, given.w0s, given.w1s, given.x, given.y)
    drawn = [np.stack([np.asarray(axis, dtype=float).ravel() for axis in points._offsets3d], axis=1) for points in ax.collections]
    drawn += [np.stack([np.asarray(axis, dtype=float).ravel() for axis in line.get_data_3d()], axis=1) for line in ax.lines]
    plt.close(fig)
    everything = np.concatenate(drawn or [np.zeros((0, 3))]).round(4)
    return torch.from_numpy(everything[np.lexsort(everything.T[::-1])])


mistake(
    "plot_loss",
    replace={"ax.scatter(w0hats.flatten(), w1hats.flatten(), ": "ax.scatter(w1hats.flatten(), w0hats.flatten(), "},
    says="The axes of your landscape have changed places: w0 first, then w1, then the height.",
)
mistake(
    "plot_loss",
    replace={"    ax.scatter([-1], [5], star.flatten()": "    ax.scatter([5], [-1], star.flatten()"},
    says="The star stands at w0 = 5 and w1 = -1. The truth is w0 = -1, w1 = 5.",
)
mistake(
    "plot_loss",
    replace={"ax.scatter([-1], [5], star.flatten()": "ax.scatter([-1], [5], [0]"},
    says="The star lies on the floor, at the height 0. On the landscape its height is the loss at (-1, 5).",
)
mistake(
    "plot_loss",
    replace={"ax.scatter([-1], [5], star.flatten()": "ax.scatter([-1], [5], heights.min()"},
    says="The star has the height of the lowest point of the grid. (-1, 5) is not the lowest point: its height is the loss there.",
)
mistake(
    "plot_loss",
    replace={"w1hats.flatten(), heights.flatten(), c": "w1hats.flatten(), heights.T.flatten(), c"},
    says="The heights do not belong to their places: they are read column by column (or the grid has other rows than the heights). Flatten all "
    "three alike.",
)


@check("curvatures", points=2, given=TOY, compare=close(rtol=0.01, atol=1e-5))
def curvatures_of_mse(nb):
    """For MSE, both eigenvalues are right, at three places."""
    loss_fn, given = (lambda y, yhat: torch.mean((y - yhat) ** 2)), nb.given
    places = [(-3.0, -1.0), (-1.0, 5.0), (1.0, 0.5)]
    return [[float(value) for value in nb.curvatures(loss_fn, w0hat, w1hat, given.x, given.y)] for w0hat, w1hat in places]


@check("curvatures", points=2, private=True, given=NEW, compare=close(rtol=0.01, atol=1e-5))
def curvatures_of_another_loss(nb):
    """For another loss and other data, they are right, too."""
    loss_fn, given = (lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 4)), nb.given
    places = [(0.13, 0.21), (0.5, -4.0), (-2.0, 1.0)]
    return [[float(value) for value in nb.curvatures(loss_fn, w0hat, w1hat, given.x, given.y)] for w0hat, w1hat in places]


mistake(
    "curvatures",
    replace={"torch.linalg.eigvalsh(hessian)": "hessian.diagonal()"},
    says="These are the two numbers on the diagonal: how it bends along the axes. In between it may bend otherwise; the eigenvalues know.",
)
mistake(
    "curvatures",
    replace={"torch.linalg.eigvalsh(hessian)": "torch.linalg.svdvals(hessian).flip(0)"},
    says="Singular values are never negative, so the sign is lost, and the sign is what counts. Take the eigenvalues.",
)
mistake(
    "curvatures",
    replace={"torch.linalg.eigvalsh(hessian)": "torch.linalg.eigvalsh(hessian).flip(0)"},
    says="The larger eigenvalue stands first. The smaller one is asked for first.",
)
mistake(
    "curvatures",
    replace={"return loss_fn(y, torch.sigmoid(w[0] + w[1] * x))": "return loss_fn(y, torch.sigmoid(w[0] + w[1] * x)) * len(x)"},
    says="These are n times the right ones: the loss is a mean already, leave it as it is.",
)
mistake(
    "curvatures",
    replace={"torch.autograd.functional.hessian(loss, w)": "torch.autograd.functional.jacobian(loss, w).outer(torch.ones(2))"},
    says="This is made of the first derivatives, the slopes. How it bends is told by the second ones: torch.autograd.functional.hessian.",
)


@check("convex", points=1, compare=exact())
def which_is_convex(nb):
    """You say which of the two landscapes is convex."""
    return {name: bool(nb.convex[name]) for name in ("MSE", "BCE")}


mistake(
    "convex",
    replace={'"MSE": False, "BCE": True': '"MSE": True, "BCE": True'},
    says="Near its bottom MSE does bend upwards. But at (-10, -1) and (-3, -1) one of the eigenvalues is negative, and one such place is enough.",
)
mistake(
    "convex",
    replace={'"MSE": False, "BCE": True': '"MSE": True, "BCE": False'},
    says="It is the other way round: negative eigenvalues are those of MSE.",
)
mistake(
    "convex",
    replace={'"MSE": False, "BCE": True': '"MSE": False, "BCE": False'},
    says="BCE has no negative eigenvalue anywhere: along any line its slope only grows. It is convex.",
)

# ========================================================================================= 7  a diary: 002-T14


@check("learn_and_record", points=2, given=TOY, compare=sequence(atol=1e-4, rtol=1e-4))
def diary_of_a_hundred_epochs(nb):
    """After 100 epochs, all three histories are right, record by record."""
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    net[0].bias.data, net[0].weight.data = torch.tensor([-3.0]), torch.tensor([[-1.0]])
    sgd = torch.optim.SGD(net.parameters(), lr=0.3)
    found = nb.learn_and_record(net, lambda y, yhat: torch.mean((y - yhat) ** 2), sgd, nb.given.x, nb.given.y, 100)
    yhat_history, loss_history, what_history = found
    return {
        "yhat_history": torch.tensor([[float(number) for number in record] for record in yhat_history]),
        "loss_history": torch.tensor([float(loss) for loss in loss_history]),
        "what_history": torch.tensor([[float(w) for w in what] for what in what_history]),
    }


@check("learn_and_record", points=1, given=TOY, compare=exact())
def diary_of_plain_numbers(nb):
    """The records hold plain Python numbers."""
    torch.manual_seed(43052)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    sgd = torch.optim.SGD(net.parameters(), lr=0.3)
    found = nb.learn_and_record(net, lambda y, yhat: torch.mean((y - yhat) ** 2), sgd, nb.given.x, nb.given.y, 30)
    yhat_history, loss_history, what_history = found
    return {
        "yhat_history": sorted({type(number).__name__ for record in yhat_history for number in record}),
        "loss_history": sorted({type(loss).__name__ for loss in loss_history}),
        "what_history": sorted({type(w).__name__ for what in what_history for w in what}),
    }


@check("learn_and_record", points=1, private=True, given=NEW, compare=weights(atol=1e-4))
def diary_trains_the_network(nb):
    """The network is trained as by train, in every epoch."""
    torch.manual_seed(11)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    adam = torch.optim.Adam(net.parameters(), lr=0.03)
    nb.learn_and_record(net, lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2), adam, nb.given.x, nb.given.y, 33)
    return net.state_dict()


@check("learn_and_record", points=2, private=True, given=NEW, compare=sequence(atol=1e-4, rtol=1e-4))
def diary_of_other_data(nb):
    """Over 61 epochs with other data, another loss and Adam, the records are right."""
    torch.manual_seed(11)
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    adam = torch.optim.Adam(net.parameters(), lr=0.03)
    found = nb.learn_and_record(net, lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2), adam, nb.given.x, nb.given.y, 61)
    yhat_history, loss_history, what_history = found
    return {
        "yhat_history": torch.tensor([[float(number) for number in record] for record in yhat_history]),
        "loss_history": torch.tensor([float(loss) for loss in loss_history]),
        "what_history": torch.tensor([[float(w) for w in what] for what in what_history]),
    }


mistake(
    "learn_and_record",
    replace={"[net[0].bias.item(), net[0].weight.item()]": "[net[0].bias.data, net[0].weight.data]"},
    says="Your weights are tensors that share their memory with the network, so all records show the weights of the last epoch. "
    ".item() makes numbers of them.",
)
mistake(
    "learn_and_record",
    replace={"[net[0].bias.item(), net[0].weight.item()]": "[net[0].weight.item(), net[0].bias.item()]"},
    says="w0 and w1 have changed places: w0, which comes first, is the bias.",
)
mistake(
    "learn_and_record",
    replace={"if epoc % 20 == 0:": "if (epoc + 1) % 20 == 0:"},
    says="You record the epochs 19, 39, …. The first record is that of epoch 0, when nothing has been learned.",
)
mistake(
    "learn_and_record",
    source="""
def learn_and_record(net, loss_fn, optimizr, x, y, epochs):
    yhat_history = []
    loss_history = []
    what_history = []
    for epoc in range(epochs):
        if epoc % 20 == 0:
            what_history.append([net[0].bias.item(), net[0].weight.item()])
        yhat = net(x)
        loss = loss_fn(y, yhat)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        if epoc % 20 == 0:
            yhat_history.append(yhat.flatten().tolist())
            loss_history.append(loss.item())
    return yhat_history, loss_history, what_history
""",
    says="Your weights are those before the step. That would be the better diary, but the lecture's has those after it, and the next task is about "
    "that: record what_history after optimizr.step().",
)
mistake(
    "learn_and_record",
    replace={"loss_history.append(loss.item())": "loss_history.append(loss)"},
    says="A loss in your diary is a tensor, and keeps the whole graph of its epoch alive. loss.item() is the number.",
)
mistake(
    "learn_and_record",
    replace={
        "        if epoc % 20 == 0:\n": "        yhat = net(x)\n        loss = loss_fn(y, yhat)\n        if epoc % 20 == 0:\n"
    },
    says="yhat and loss are computed once more, after the step. The diary holds those from before it.",
)
mistake(
    "learn_and_record",
    replace={"        if epoc % 20 == 0:\n": "        if True:\n"},
    says="You record every epoch. Every 20th is enough: 0, 20, 40, ….",
)


@check("grey_points", points=1, compare=exact())
def where_grey_points_lie(nb):
    """You say where the grey points lie."""
    return nb.grey_points.strip().lower()


mistake(
    "grey_points",
    replace={'"above"': '"on"'},
    says="The height is from before the step, the place from after it. They do not belong together; which loss is larger, the one before the step or "
    "the one after it?",
)
mistake(
    "grey_points",
    replace={'"above"': '"below"'},
    says="Almost: height and place do not belong together. But the height is the loss from before the step, which is larger than the one at the "
    "place where the step has led.",
)

# ================================================================================= 8  starts: 002-T15 to 002-T23


@check("start_at", points=1, compare=weights(atol=1e-5, names=False))
def start_weights(nb):
    """The network begins with the weights that it is given."""
    net, _ = nb.start_at(-3.0, -1.5, torch.optim.SGD, 0.05)
    return net.state_dict()


@check("start_at", points=1, given=TOY, compare=trained(steps=1))
def start_can_learn(nb):
    """A step of the optimizer moves both weights."""
    net, optimizr = nb.start_at(-1.0, 0.5, torch.optim.SGD, 0.1)
    torch.mean((net(nb.given.x) - nb.given.y) ** 2).backward()
    optimizr.step()
    return nb.training(net)


@check("start_at", points=2, private=True, given=NEW, compare=weights(atol=1e-4, names=False))
def start_takes_any_optimizer(nb):
    """With SGD and with Adam, two steps lead to the right weights."""
    found = {}
    for name, optimizer in [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)]:
        net, optimizr = nb.start_at(1.25, -0.5, optimizer, 0.2)
        for _ in range(2):
            net.zero_grad()
            torch.mean((net(nb.given.x) - nb.given.y) ** 2).backward()
            optimizr.step()
        found.update({f"{name} {key}": value for key, value in net.state_dict().items()})
    return found


mistake(
    "start_at",
    replace={"torch.tensor([w0hat])": "torch.tensor([w1hat])", "torch.tensor([[w1hat]])": "torch.tensor([[w0hat]])"},
    says="w0 and w1 have changed places: the bias is w0, the weight w1.",
)
mistake(
    "start_at",
    source="""
def start_at(w0hat, w1hat, optimizer, lr):
    net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Sigmoid())
    optimizr = optimizer(net.parameters(), lr=lr)
    net[0].bias = torch.nn.Parameter(torch.tensor([w0hat]))
    net[0].weight = torch.nn.Parameter(torch.tensor([[w1hat]]))
    return net, optimizr
""",
    says="The optimizer was made first, and then the parameters were replaced by new ones that it does not know: it will train the old ones. Change "
    "`.data` of the parameters, or make the optimizer last.",
)
mistake(
    "start_at",
    replace={"optimizer(net.parameters()": "torch.optim.SGD(net.parameters()"},
    says="Your optimizer is always SGD. Which one it is, the caller says: optimizer(net.parameters(), lr=lr).",
)
mistake(
    "start_at",
    replace={", lr=lr)": ")"},
    says="The learning rate is torch's default. Hand on lr.",
)
mistake(
    "start_at",
    replace={"    net[0].bias.data = torch.tensor([w0hat])\n": ""},
    says="Only the weight is set. The bias, w0, is still the one that was drawn.",
)


@check("four_runs", points=2, given=TOY, compare=close(atol=1e-3))
def four_runs_with_sgd(nb):
    """With SGD, each of the four runs begins and ends as it should."""
    runs = nb.four_runs(torch.optim.SGD, 0.3, nb.given.x, nb.given.y, 81)
    names = ("MSE good", "BCE good", "MSE bad", "BCE bad")
    return {name: [[float(w) for w in what] for what in (runs[name][2][0], runs[name][2][-1])] for name in names}


@check("four_runs", points=1, given=TOY, compare=close(atol=1e-3))
def four_runs_have_their_losses(nb):
    """The losses of each run are those of its own loss."""
    runs = nb.four_runs(torch.optim.SGD, 0.3, nb.given.x, nb.given.y, 81)
    return {name: [float(loss) for loss in runs[name][1]] for name in ("MSE good", "BCE good", "MSE bad", "BCE bad")}


@check("four_runs", points=1, private=True, given=NEW, compare=close(atol=2e-3))
def four_runs_with_adam(nb):
    """With Adam and other data, they end where they should."""
    runs = nb.four_runs(torch.optim.Adam, 0.1, nb.given.x, nb.given.y, 50)
    return {name: [float(w) for w in runs[name][2][-1]] for name in ("MSE good", "BCE good", "MSE bad", "BCE bad")}


mistake(
    "four_runs",
    replace={
        "            net, optimizr = start_at(w0hat, w1hat, optimizer, lr)\n": "            if not runs:\n                net, optimizr = start_at(w0hat, w1hat, optimizer, lr)\n"
    },
    says="All four runs share one network, so each goes on where the one before ended. Make a new one for each: start_at inside the loop.",
)
mistake(
    "four_runs",
    replace={'[("MSE", loss_fn1), ("BCE", loss_fn2)]': '[("MSE", loss_fn2), ("BCE", loss_fn1)]'},
    says="The names and the losses do not belong together: MSE is loss_fn1, BCE is loss_fn2.",
)
mistake(
    "four_runs",
    replace={"start_at(w0hat, w1hat, optimizer, lr)": "start_at(w0hat, w1hat, torch.optim.SGD, lr)"},
    says="Your runs are always with SGD. Hand on the optimizer.",
)
mistake(
    "four_runs",
    replace={"start_at(w0hat, w1hat, optimizer, lr)": "start_at(w1hat, w0hat, optimizer, lr)"},
    says="w0 and w1 of the start have changed places: `starts` holds (w0, w1), and so does start_at want them.",
)
mistake(
    "four_runs",
    replace={
        "for start, (w0hat, w1hat) in starts.items():": 'for start, (w0hat, w1hat) in zip(["bad", "good"], starts.values()):'
    },
    says="The good and the bad start have changed places: the bad one is far out, at w0 = -10.",
)


@check(
    "show_lrpr2",
    points=2,
    given={
        **TOY,
        "v": V,
        "history": history(-3.0, -1.0, ref.loss_fn2, 0.3, 140, TOY),
        "w0s": torch.arange(-5, 3, 1.6),
        "w1s": torch.arange(-2, 7, 1.5),
    },
    compare=close(atol=1e-3),
)
def film_of_the_curve(nb):
    """The film has a frame for each record, and shows its curve."""
    from matplotlib.animation import AbstractMovieWriter

    given, frames = nb.given, []

    class Reel(AbstractMovieWriter):
        def setup(self, fig, outfile, dpi=None):
            self.fig = fig

        def grab_frame(self, **options):
            lines = [np.asarray(line.get_ydata(), dtype=float).ravel() for line in self.fig.axes[0].lines if line.get_visible()]
            drawn = [line for line in lines if len(line) == len(given.x)]
            known = [given.y.numpy().ravel(), given.v.numpy().ravel()]
            frames.append([line for line in drawn if all(np.abs(line - other).max() > 1e-4 for other in known)])

        def finish(self):
            pass

    yhat_history, loss_history, what_history = (records.tolist() for records in given.history)
    film = nb.show_lrpr2(
        (yhat_history, loss_history, what_history),
        lambda y, yhat: torch.mean((y - yhat) ** 2),
        given.x,
        given.v,
        given.y,
        given.w0s,
        given.w1s,
        "a film",
    )
    film.save("film", writer=Reel())
    return [torch.from_numpy(np.stack(curves)) if curves else torch.zeros(0) for curves in frames]


@check(
    "show_lrpr2",
    points=2,
    given={
        **TOY,
        "v": V,
        "history": history(-3.0, -1.0, ref.loss_fn2, 0.3, 140, TOY),
        "w0s": torch.arange(-5, 3, 1.6),
        "w1s": torch.arange(-2, 7, 1.5),
    },
    compare=exact(),
)
def film_of_the_way(nb):
    """In frame k, the grey points of the records 0 to k are there."""
    from matplotlib.animation import AbstractMovieWriter

    given, frames = nb.given, []
    yhat_history, loss_history, what_history = (records.tolist() for records in given.history)
    wanted = np.array([[*what, loss] for what, loss in zip(what_history, loss_history, strict=True)])

    class Reel(AbstractMovieWriter):
        def setup(self, fig, outfile, dpi=None):
            self.fig = fig

        def grab_frame(self, **options):
            ax = self.fig.axes[1]
            parts = [points._offsets3d for points in ax.collections if points.get_visible()]
            parts += [line.get_data_3d() for line in ax.lines if line.get_visible()]
            drawn = np.concatenate([np.stack([np.asarray(axis, dtype=float).ravel() for axis in part], axis=1) for part in parts])
            places = {"right": wanted, "w0 for w1": wanted[:, [1, 0, 2]], "on the floor": wanted * [1, 1, 0]}
            near = {name: (np.abs(drawn[:, None] - place).max(axis=2) < 1e-4).any(axis=0) for name, place in places.items()}
            frames.append({name: [int(k) for k in found.nonzero()[0]] for name, found in near.items()})

        def finish(self):
            pass

    film = nb.show_lrpr2(
        (yhat_history, loss_history, what_history),
        lambda y, yhat: torch.mean((y - yhat) ** 2),
        given.x,
        given.v,
        given.y,
        given.w0s,
        given.w1s,
        "a film",
    )
    film.save("film", writer=Reel())
    return frames


@check(
    "show_lrpr2",
    points=2,
    private=True,
    given={
        **NEW,
        "v": V_NEW,
        "history": history(2.0, 3.0, ref.loss_fn1, 0.9, 640, NEW),
        "w0s": torch.arange(-3.1, 3, 1.4),
        "w1s": torch.arange(-6, 4, 2.1),
    },
    compare=close(atol=1e-3),
)
def film_of_another_run(nb):
    """A film of another run, with 32 records, shows in its last frames what it should."""
    from matplotlib.animation import AbstractMovieWriter

    given, frames = nb.given, []
    yhat_history, loss_history, what_history = (records.tolist() for records in given.history)
    wanted = np.array([[*what, loss] for what, loss in zip(what_history, loss_history, strict=True)])

    class Reel(AbstractMovieWriter):
        def setup(self, fig, outfile, dpi=None):
            self.fig = fig

        def grab_frame(self, **options):
            lines = [np.asarray(line.get_ydata(), dtype=float).ravel() for line in self.fig.axes[0].lines if line.get_visible()]
            drawn = [line for line in lines if len(line) == len(given.x)]
            known = [given.y.numpy().ravel(), given.v.numpy().ravel()]
            curves = [line for line in drawn if all(np.abs(line - other).max() > 1e-4 for other in known)]
            ax = self.fig.axes[1]
            parts = [points._offsets3d for points in ax.collections if points.get_visible()]
            parts += [line.get_data_3d() for line in ax.lines if line.get_visible()]
            points = np.concatenate(
                [np.stack([np.asarray(axis, dtype=float).ravel() for axis in part], axis=1) for part in parts]
            )
            near = np.abs(points[:, None] - wanted).max(axis=2) < 1e-4
            frames.append({"curves": np.array(curves), "points": int(near.any(axis=0).sum())})

        def finish(self):
            pass

    film = nb.show_lrpr2(
        (yhat_history, loss_history, what_history),
        lambda y, yhat: torch.mean((1 + 3 * y) * (y - yhat) ** 2),
        given.x,
        given.v,
        given.y,
        given.w0s,
        given.w1s,
    )
    film.save("film", writer=Reel())
    return {"frames": len(frames), "last": frames[-3:]}


mistake(
    "show_lrpr2",
    replace={"frames=len(loss_history)": "frames=30"},
    says="Your film has 30 frames, however many records there are: as in the lecture, the end of a long training is never shown, and a short "
    "history runs out. There are len(loss_history) records.",
)
mistake(
    "show_lrpr2",
    replace={"line.set_ydata(yhat_history[k])": "line.set_ydata(yhat_history[0])"},
    says="The curve never moves: it is always record 0. In frame k it is record k.",
)
mistake(
    "show_lrpr2",
    replace={"ax2.scatter([w0hat], [w1hat], ": "ax2.scatter([w1hat], [w0hat], "},
    says="The grey points stand at (w1, w0): their axes have changed places. The landscape has w0 first.",
)
mistake(
    "show_lrpr2",
    replace={"[loss_history[k]]": "[0]"},
    says="The grey points lie on the floor, at the height 0. Their height is the loss of the same record.",
)
mistake(
    "show_lrpr2",
    replace={"        line.set_ydata(yhat_history[k])\n": '        ax1.plot(x, yhat_history[k], "--b")\n'},
    says="Each frame draws a new curve on top of the old ones, so that they pile up. Move the one that is there: line.set_ydata(...).",
)
mistake(
    "show_lrpr2",
    replace={'        ax2.scatter([w0hat], [w1hat], [loss_history[k]], color="grey")\n': ""},
    says="Nothing moves on the right side: the grey points are missing.",
)


@check("adam_runs", points=2, compare=close(atol=0.02))
def adam_ends(nb):
    """With Adam, each of the four runs ends where it should."""
    return {name: [float(w) for w in nb.adam[name][2][-1]] for name in ("MSE good", "BCE good", "MSE bad", "BCE bad")}


@check("adam_runs", points=1, compare=exact())
def adam_rescues(nb):
    """`rescued` holds the right names."""
    return sorted(str(name) for name in nb.rescued)


@check("adam_runs", points=1, private=True, compare=close(atol=0.01))
def adam_losses(nb):
    """The losses on the way are right."""
    return {name: [float(loss) for loss in nb.adam[name][1]] for name in ("MSE good", "BCE good", "MSE bad", "BCE bad")}


mistake(
    "adam_runs",
    replace={"four_runs(torch.optim.Adam, lr,": "four_runs(torch.optim.SGD, lr,"},
    says="These are the runs with SGD once more. Take torch.optim.Adam.",
)
mistake(
    "adam_runs",
    replace={"four_runs(torch.optim.Adam, lr,": "four_runs(torch.optim.Adam, 0.001,"},
    says="This is Adam with its default learning rate, 0.001. Hand on lr, as with SGD.",
)
mistake(
    "adam_runs",
    source="""
adam = four_runs(torch.optim.Adam, lr, x, y, epochs)
rescued = []
for name in adam:
    fast = adam[name][2]
    if torch.dist(torch.tensor(fast[0]), torch.tensor(fast[-1])) > 1:
        rescued.append(name)
""",
    says="These are all that moved with Adam. Rescued is only who had not moved with SGD.",
)
mistake(
    "adam_runs",
    replace={"torch.tensor(slow[-1])) < 0.1": "torch.tensor(slow[-1])) > 0.1"},
    says="These are the runs that moved with SGD, too. Rescued is who moved by less than 0.1 with it.",
)
mistake(
    "adam_runs",
    replace={
        "in adam:\n    _, _, slow = sgd[name]\n    _, _, fast = adam[name]": "in adam:\n    _, _, slow = adam[name]\n    _, _, fast = sgd[name]"
    },
    says="SGD and Adam have changed places in your comparison, so that nobody is rescued: who moved by less than 0.1 with SGD and by more than 1 with "
    "Adam?",
)
