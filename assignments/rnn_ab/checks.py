"""How the answers of `rnn_ab` are judged, and what students typically get wrong. Order as in the notebook."""

import torch

from grader.author import (
    accuracy,
    agree,
    architecture,
    avoids,
    check,
    close,
    exact,
    figure,
    mistake,
    text,
    trained,
    uses,
    weights,
)
from reference import rnn_ab as ref

CODE = {"a": 0, "b": 1}
TXT_X, TXT_Y = ref.pairs(list("ab") * 100)
X, Y = ref.as_column(TXT_X, CODE), ref.as_column(TXT_Y, CODE)

NEW = list("babbaaabab")  # letters in an order that nobody trained on; after each comes the other one
NEXT = torch.tensor([1 - CODE[letter] for letter in NEW])

DRAW = torch.Generator().manual_seed(43052)
POINTS = torch.randn(40, 2, generator=DRAW)
HEIGHTS = POINTS @ torch.tensor([[2.0], [-1.0]]) + 0.5
CLASSES = (HEIGHTS + torch.randn(40, 1, generator=DRAW) > 0).float()

AFTER_A = torch.tensor([0.90, 0.10, 0.70, 0.45, 0.55, 0.90, 0.30, 0.62])
AFTER_B = torch.tensor([0.10, 0.90, 0.52, 0.20, 0.45, 0.80, 0.20, 0.38])
CURVES = torch.stack([AFTER_A, AFTER_B, AFTER_A, AFTER_B, AFTER_A], dim=1)
MORE_CURVES = torch.rand(30, 2, generator=DRAW)[:, [0, 1, 0, 1, 0]]

# ====================================================================================================== 1  tanh: 000-T01


@check("tanh", points=1, given={"x": torch.linspace(-3, 3, 13)}, compare=close(atol=1e-5))
def tanh_values(nb):
    """Your tanh has the right values between -3 and 3."""
    return nb.tanh(nb.given.x)


@check("tanh", points=1, private=True, given={"x": torch.tensor([-100.0, -20.0, 20.0, 100.0])}, compare=close(atol=1e-5))
def tanh_far_out(nb):
    """Far out, tanh is -1 or 1 and never NaN."""
    return nb.tanh(nb.given.x)


@check(
    "tanh",
    points=1,
    given={"x": torch.linspace(-1, 1, 3)},
    compare=avoids(
        modules=("torch.nn.Tanh",),
        functions=("torch.tanh", "torch.nn.functional.tanh", "torch.special.tanh", "numpy.tanh", "math.tanh", ".tanh"),
    ),
)
def tanh_is_your_own(nb):
    """Your tanh is written with the sigmoid, not with torch's tanh."""
    return nb.tanh(nb.given.x)


mistake(
    "tanh",
    replace={"sig(2 * x)": "sig(x)"},
    says="This is 2·sig(x) − 1, a tanh that is stretched too wide: the sigmoid must be taken at 2x, 2·sig(2x) − 1.",
)
mistake(
    "tanh",
    replace={"2 * sig(2 * x) - 1": "sig(2 * x)"},
    says="At 0 you get 0.5: this is still a sigmoid, with values in (0, 1). Stretch it by 2 and move it down by 1 to reach (−1, 1).",
)
mistake(
    "tanh",
    replace={"2 * sig(2 * x) - 1": "(torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))"},
    says="The quotient of exponentials is right on paper, but exp(100) is too large for a float32 and inf / inf is NaN. "
    "With sig(2x) nothing overflows.",
)
mistake(
    "tanh",
    replace={"2 * sig(2 * x) - 1": "torch.tanh(x)"},
    says="torch.tanh has the right values, but here you are to show where they come from: write tanh with sig.",
)


@check("tanh_figure", points=1, compare=close(atol=1e-5))
def figure_grid_points(nb):
    """`grid` holds 100 points from -5 to 5."""
    return nb.grid


@check("tanh_figure", points=1, compare=figure(texts=("title",)))
def figure_of_tanh(nb):
    """The figure shows tanh over the grid and is called tanh(x)."""
    return nb.figures("tanh_figure")


mistake(
    "tanh_figure",
    replace={"torch.linspace(-5, 5, 100)": "torch.linspace(0, 5, 100)"},
    says="Your grid begins at 0, so the left half of tanh, the negative one, is not seen. Let it run from −5 to 5.",
)
mistake(
    "tanh_figure",
    replace={"torch.linspace(-5, 5, 100)": "torch.arange(-5.0, 5.0)"},
    says="torch.arange makes steps of 1 and leaves out the end: 10 points and a curve with corners. "
    "torch.linspace(-5, 5, 100) gives 100 points, both ends among them.",
)
mistake(
    "tanh_figure",
    replace={"plt.plot(grid, tanh(grid))": "plt.plot(grid, sig(grid))"},
    says="The curve runs from 0 to 1: that is the sigmoid. Draw tanh(grid).",
)
mistake("tanh_figure", replace={'plt.title("tanh(x)")': "pass"}, says='The figure has no title: plt.title("tanh(x)").')


@check("soft", points=1, given={"u": torch.tensor([[1.0, 2.0, 3.0], [0.0, 5.0, 0.0]])}, compare=close(atol=1e-5))
def soft_of_rows(nb):
    """soft turns each row of logits into probabilities."""
    return nb.soft(nb.given.u)


@check("soft", points=1, private=True, given={"u": POINTS}, compare=close(atol=1e-5))
def soft_of_many_rows(nb):
    """soft does so for any number of observations."""
    return nb.soft(nb.given.u)


mistake(
    "soft",
    replace={"dim=1": "dim=0"},
    says="With dim=0 the sum runs down the columns, over the observations, so the rows do not add up to 1. "
    "The classes of one observation stand along dim=1.",
)
mistake(
    "soft",
    replace={"torch.nn.Softmax(dim=1)": "torch.nn.Sigmoid()"},
    says="The sigmoid treats each logit by itself, so a row does not add up to 1. Softmax divides by the sum of the row.",
)
mistake(
    "soft",
    replace={"torch.nn.Softmax": "torch.nn.LogSoftmax"},
    says="These are logarithms of probabilities, negative numbers. Take Softmax, not LogSoftmax.",
)

# ================================================================================== 2  letters to numbers: 000-T02, 000-T03


@check("f", points=1, compare=exact())
def f_of_letters(nb):
    """Letters become their codes, numbers or lists, in the order of the text."""
    txt = ["a", "b", "a"]
    return [nb.f(txt, {"a": 33, "b": -22}), nb.f(txt, {"a": [1, 0], "b": [0, 1]})]


@check("f", points=1, private=True, compare=exact())
def f_of_unknown_letter(nb):
    """A letter without a code raises a KeyError."""
    return nb.raises(nb.f, ["a", "z"], {"a": 0, "b": 1})


mistake(
    "f",
    replace={"for letter in txt": "for letter in mapping"},
    says="You go through the letters of the mapping, so each code comes once. Go through the letters of the text.",
)
mistake(
    "f",
    replace={"mapping[letter]": "mapping.get(letter)"},
    says="mapping.get(letter) gives None for a letter that has no code, and the error shows up much later, somewhere else. "
    "mapping[letter] raises the KeyError at once.",
)
mistake(
    "f",
    replace={"[mapping[letter] for letter in txt]": "mapping[txt]"},
    says="The whole text is no key of the mapping, and a list cannot be one. Look up its letters one by one.",
)
mistake(
    "f",
    replace={"[mapping[letter] for letter in txt]": "{letter: mapping[letter] for letter in txt}"},
    says="This is a dict, in which a letter stands only once. What is wanted is the list of all codes, one for each letter of the text.",
)


@check("pairs", points=1, compare=exact())
def pairs_of_ab(nb):
    """The pairs of a b a b a are (a, b), (b, a), (a, b), (b, a)."""
    txt_x, txt_y = nb.pairs(list("ababa"))
    return [list(txt_x), list(txt_y)]


@check("pairs", points=1, private=True, compare=exact())
def pairs_of_a_word(nb):
    """The pairs of another text are right, at its end too."""
    txt_x, txt_y = nb.pairs(list("embedding"))
    return [list(txt_x), list(txt_y)]


mistake(
    "pairs",
    replace={"txt_y = txt[1:]": "txt_y = txt[:-1]"},
    says="txt_y is the same as txt_x: the network would learn to repeat its input. Shift by one: the successor of txt[0] is txt[1].",
)
mistake(
    "pairs",
    replace={"txt_x = txt[:-1]": "txt_x = txt[1:]", "txt_y = txt[1:]": "txt_y = txt[:-1]"},
    says="You shifted the wrong way: this predicts the letter before. The known letter x comes first, its successor y after it.",
)
mistake(
    "pairs",
    replace={"txt_x = txt[:-1]": "txt_x = txt", "txt_y = txt[1:]": "txt_y = txt[1:] + txt[:1]"},
    says="You closed the text to a ring: the last letter got the first one as its successor. Nothing is known about what comes "
    "after the last letter, so leave it out of txt_x.",
)
mistake(
    "pairs",
    replace={"txt_x = txt[:-1]": "txt_x = txt"},
    says="The last letter has no successor, so txt_x is one longer than txt_y. Leave the last letter out: txt[:-1].",
)


@check("as_column", points=1, compare=close(dtype="exact"))
def column_of_codes(nb):
    """The codes are a float32 tensor of shape (N, 1)."""
    return nb.as_column(["a", "b", "a"], {"a": 0, "b": 1})


@check("as_column", points=1, private=True, compare=close(dtype="exact"))
def column_of_other_codes(nb):
    """Other letters and codes become such a column too."""
    return nb.as_column(list("cabbac"), {"a": -1, "b": 1, "c": 7})


mistake(
    "as_column",
    replace={".reshape(-1, 1)": ""},
    says="The shape is (N,), a row of numbers without a second axis. torch.nn.Linear(1, 1) wants (N, 1): add .reshape(-1, 1).",
)
mistake(
    "as_column",
    replace={".float()": ""},
    says="The column holds whole numbers (int64). A Linear layer computes with floats: add .float().",
)
mistake(
    "as_column",
    replace={".reshape(-1, 1)": ".reshape(1, -1)"},
    says="The shape is (1, N): one observation with N features. It should be N observations with one feature: .reshape(-1, 1).",
)
mistake(
    "as_column",
    replace={".float()": ".double()"},
    says="The column is float64, but the weights of a Linear layer are float32, and torch does not mix the two: use .float().",
)

# ====================================================================================== 3  one weight: 000-T04, T05, T06


@check("first_fit", points=1, compare=architecture(parameters=True))
def first_fit_has_one_parameter(nb):
    """The network has one parameter, the weight."""
    return nb.net


@check("first_fit", points=2, compare=weights(atol=1e-3, names=False))
def first_fit_weight(nb):
    """After training, the weight is where the lecture's is."""
    return nb.net.state_dict()


@check("first_fit", points=1, compare=close(atol=1e-3))
def first_fit_losses(nb):
    """`losses` holds the loss of each epoch."""
    return {"number": len(nb.losses), "first": float(nb.losses[0]), "last": float(nb.losses[-1])}


@check("first_fit", points=1, private=True, compare=trained())
def first_fit_was_trained(nb):
    """It was the steps of your optimizer that brought the weight there."""
    return nb.training([*nb.net.parameters()])  # by number: whatever the layer is called


mistake(
    "first_fit",
    replace={"bias=False": "bias=True"},
    says="Your network has a bias, so it can solve the task. Here it must fail: make the layer with bias=False.",
)
mistake(
    "first_fit",
    replace={"loss_fn(yhat, y)": "loss_fn(yhat, y.flatten())"},
    says="yhat is (N, 1) and your y is (N,): broadcasting makes an (N, N) table of differences, each prediction against each truth. "
    "Give the loss two tensors of the same shape.",
)
mistake(
    "first_fit",
    replace={"optimizr.zero_grad()": "pass"},
    says="The gradients are never cleared, so they add up from epoch to epoch and the weight swings to and fro. "
    "Call optimizr.zero_grad() in each epoch.",
)
mistake(
    "first_fit",
    replace={"optimizr.step()": "pass"},
    says="The weight is still the one the layer was made with: the gradients are computed, but optimizr.step() never uses them.",
)


@check("best_weight", points=1, given={"x": X, "y": Y}, compare=close(atol=1e-4))
def best_weight_of_ab(nb):
    """For a = 0 and b = 1 your formula gives the best weight."""
    return float(nb.best_weight(nb.given.x, nb.given.y))


@check("best_weight", points=1, private=True, given={"x": POINTS[:, :1] + 1, "y": HEIGHTS}, compare=close(atol=1e-4))
def best_weight_of_other_data(nb):
    """Your formula gives the best weight for other data, too."""
    return float(nb.best_weight(nb.given.x, nb.given.y))


mistake(
    "best_weight",
    replace={
        "((x * y).sum() / (x * x).sum()).item()": "((x - x.mean()) * (y - y.mean())).sum().item() / ((x - x.mean()) ** 2).sum().item()"
    },
    says="This is the slope of a line with a bias. Our line goes through the origin: do not subtract the means, Σxy / Σx².",
)
mistake(
    "best_weight",
    replace={"(x * x).sum()": "len(x)"},
    says="You divide by the number of observations. The derivative of Σ(y − wx)² is zero at w = Σxy / Σx²: divide by Σx².",
)
mistake(
    "best_weight",
    replace={"((x * y).sum() / (x * x).sum()).item()": "y.mean().item()"},
    says="The mean of y is the best constant prediction. A weight is multiplied by x: it is Σxy / Σx².",
)
mistake(
    "best_weight",
    replace={"((x * y).sum() / (x * x).sum()).item()": "(y / x).mean().item()"},
    says="y / x divides by zero wherever x is 0. Sum first and divide then: Σxy / Σx².",
)


@check("train", points=2, given={"x": POINTS, "y": HEIGHTS}, compare=weights(atol=1e-4))
def train_fits_the_weights(nb):
    """train brings the weights of a Linear layer where the four steps bring them."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(2, 1)
    optimizr = torch.optim.Adam(net.parameters(), lr=0.05)
    nb.train(net, torch.nn.MSELoss(), optimizr, nb.given.x, nb.given.y, 30)
    return net.state_dict()


@check("train", points=1, given={"x": POINTS, "y": HEIGHTS}, compare=close(atol=1e-4))
def train_returns_the_losses(nb):
    """train returns the loss of each epoch."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(2, 1)
    optimizr = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = nb.train(net, torch.nn.MSELoss(), optimizr, nb.given.x, nb.given.y, 10)
    return [float(loss) for loss in losses]


@check("train", points=1, private=True, given={"x": POINTS, "y": CLASSES}, compare=weights(atol=1e-4))
def train_with_another_loss(nb):
    """train works with a loss that tells prediction and truth apart."""
    torch.manual_seed(43052)
    net = torch.nn.Linear(2, 1)
    optimizr = torch.optim.SGD(net.parameters(), lr=0.5)
    nb.train(net, torch.nn.BCEWithLogitsLoss(), optimizr, nb.given.x, nb.given.y, 20)
    return net.state_dict()


mistake(
    "train",
    replace={"optimizr.zero_grad()": "pass"},
    says="Gradients add up from step to step: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "train",
    name="no_step",
    replace={"optimizr.step()": "pass"},
    says="The weights have not moved: optimizr.step() is missing, or the gradients are cleared before it can use them. "
    "The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    name="zero_grad_too_early",
    replace={"optimizr.step()\n        optimizr.zero_grad()": "optimizr.zero_grad()\n        optimizr.step()"},
    same_as="no_step",
    says="You clear the gradients between backward() and step(), so the step has nothing to go by. "
    "The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    replace={"loss_fn(yhat, y)": "loss_fn(y, yhat)"},
    says="Prediction and truth have changed places. MSE does not notice, BCE and cross entropy do: loss_fn(yhat, y).",
)
mistake(
    "train",
    replace={"yhat = net(x)": "yhat = net(x).detach()"},
    says="yhat was cut off from the network (detach, data or no_grad), so backward() cannot find the weights. "
    "Inside the loop, leave it attached.",
)


@check("plus_minus", points=1, compare=close(atol=1e-6))
def plus_minus_data(nb):
    """Both x_pm and y_pm have the codes -1 and +1."""
    return [nb.x_pm[:6], nb.y_pm[:6]]


@check("plus_minus", points=2, compare=weights(atol=2e-3, names=False))
def plus_minus_weight(nb):
    """After training, the weight is where the lecture's is."""
    return nb.net_pm.state_dict()


@check(
    "plus_minus",
    points=1,
    private=True,
    given={"x": ref.as_column(NEW, {"a": -1, "b": 1})},
    compare=accuracy(labels=NEXT),
)
def plus_minus_predicts(nb):
    """The output tells the next letter, in any text of a and b: its sign, and well away from 0."""
    output = nb.net_pm(nb.given.x)
    return torch.where(output.abs() > 0.4, output, torch.nan)  # an untrained weight has the right sign by luck


mistake(
    "plus_minus",
    replace={"y_pm = as_column(txt_y, mapping)": 'y_pm = as_column(txt_y, {"a": 0, "b": 1})'},
    says="y_pm still has the codes 0 and 1, so the network tries to reach 0 with −w: it ends half way, near −0.5. "
    "Code txt_y with −1 and +1, too.",
)
mistake(
    "plus_minus",
    replace={"x_pm = as_column(txt_x, mapping)": 'x_pm = as_column(txt_x, {"a": 0, "b": 1})'},
    says="x_pm still has the codes 0 and 1, so every a still gives 0, whatever the weight is. Code txt_x with −1 and +1, too.",
)
mistake(
    "plus_minus",
    replace={"y_pm = as_column(txt_y, mapping)": "y_pm = as_column(txt_x, mapping)"},
    says="y_pm was made from txt_x, so the network learns to repeat its input (w = +1). The truth is txt_y.",
)
mistake(
    "plus_minus",
    replace={"epochs_pm)": "1)"},
    says="The weight has hardly moved: train for epochs_pm epochs.",
)

# =============================================================================== 4  logits: 000-T07, 000-T08, 000-T09


@check("fit_without_bias", points=1, given={"x": X, "y": Y}, compare=architecture(parameters=True))
def logit_has_one_parameter(nb):
    """The network has one parameter."""
    torch.manual_seed(43052)
    return nb.fit_without_bias(nb.given.x, nb.given.y, 1)


@check("fit_without_bias", points=2, given={"x": X, "y": Y}, compare=close(atol=1e-3))
def logit_probabilities(nb):
    """After 500 epochs, sig(net(x)) has the right values after a and after b."""
    torch.manual_seed(43052)
    net = nb.fit_without_bias(nb.given.x, nb.given.y, 500)
    return torch.sigmoid(net(torch.tensor([[0.0], [1.0]])))


@check("fit_without_bias", points=1, private=True, given={"x": POINTS[:, :1], "y": CLASSES}, compare=close(atol=1e-3))
def logit_of_other_data(nb):
    """The fit is right for other data, too."""
    torch.manual_seed(43052)
    net = nb.fit_without_bias(nb.given.x, nb.given.y, 500)
    return net(nb.given.x[:10])


mistake(
    "fit_without_bias",
    replace={
        "torch.nn.Linear(in_features=1, out_features=1, bias=False)": "torch.nn.Sequential("
        "torch.nn.Linear(in_features=1, out_features=1, bias=False), torch.nn.Sigmoid())"
    },
    says="Your network ends in a sigmoid, and BCEWithLogitsLoss takes another one of it: sig(sig(wx)). "
    "Let the network return the logit wx.",
)
mistake(
    "fit_without_bias",
    replace={"torch.nn.BCEWithLogitsLoss()": "torch.nn.BCELoss()"},
    says="BCELoss wants probabilities between 0 and 1, and the network gives logits. BCEWithLogitsLoss takes these.",
)
mistake(
    "fit_without_bias",
    replace={"torch.nn.BCEWithLogitsLoss()": "torch.nn.MSELoss()"},
    says="This is still the squared error, which pulls the logit to 0 or 1. For probabilities take BCEWithLogitsLoss.",
)
mistake(
    "fit_without_bias",
    replace={"bias=False": "bias=True"},
    says="Your network has a bias. The bias comes in the next task; here, see what happens without it: bias=False.",
)


@check("fit_from", points=1, given={"x": X, "y": Y}, compare=weights(atol=1e-6, names=False))
def fit_from_starts_there(nb):
    """After 0 epochs the network has the weight and the bias that were asked for."""
    net, _ = nb.fit_from(3.0, -1.0, nb.given.x, nb.given.y, 0)
    return net.state_dict()


@check("fit_from", points=1, given={"x": X, "y": Y}, compare=weights(atol=1e-3, names=False))
def fit_from_good_start(nb):
    """From the good start, 600 epochs lead where they should."""
    net, _ = nb.fit_from(-5.0, 2.5, nb.given.x, nb.given.y, 600)
    return net.state_dict()


@check("fit_from", points=1, private=True, given={"x": X, "y": Y}, compare=weights(atol=1e-3, names=False))
def fit_from_bad_start(nb):
    """From the bad start, 600 epochs lead where they should."""
    net, _ = nb.fit_from(5.0, -2.5, nb.given.x, nb.given.y, 600)
    return net.state_dict()


@check("fit_from", points=1, given={"x": X, "y": Y}, compare=close(atol=1e-3))
def fit_from_losses(nb):
    """The losses are those of the bad start."""
    _, losses = nb.fit_from(5.0, -2.5, nb.given.x, nb.given.y, 50)
    return [float(loss) for loss in losses]


mistake(
    "fit_from",
    replace={"torch.tensor([[w]])": "torch.tensor([[b]])", "torch.tensor([b])": "torch.tensor([w])"},
    says="Weight and bias have changed places: w belongs into net.weight, b into net.bias.",
)
mistake(
    "fit_from",
    replace={
        "losses = train(": "net.weight = torch.nn.Parameter(torch.tensor([[w]]))\n"
        "    net.bias = torch.nn.Parameter(torch.tensor([b]))\n    losses = train("
    },
    says="The network does not move: you gave it new Parameters after Adam was made, and Adam still trains the old ones. "
    "Change net.weight.data, or make Adam afterwards.",
)
mistake(
    "fit_from",
    replace={
        "losses = train(net, loss_fn, optimizr, x, y, epochs)": "losses = torch.tensor("
        "[train(net, loss_fn, torch.optim.Adam(net.parameters()), x, y, 1).item() for _ in range(epochs)])"
    },
    says="You make a new Adam in every epoch, so it forgets its running means and each step has the full length of the learning "
    "rate. Make it once, before the loop.",
)
mistake(
    "fit_from",
    replace={"torch.tensor([[w]])": "torch.tensor([w])"},
    says="The weight of Linear(1, 1) is a matrix of shape (1, 1), and yours is a vector: torch.tensor([[w]]).",
)
mistake(
    "fit_from",
    replace={"torch.nn.BCEWithLogitsLoss()": "torch.nn.MSELoss()"},
    says="You train with the squared error of the logits. The loss of this part is BCEWithLogitsLoss.",
)


@check("bad_start", points=0, required=True, compare=exact())
def a_choice_for_bad_start(nb):
    """Your answer is one of the three. Whether it is the right one, your grade will tell."""
    letters = "".join(c for c in str(nb.bad_start).lower() if c.isalpha())
    return letters in ("success", "stilllearning", "localminimum")


@check("bad_start", points=1, private=True, compare=text())
def bad_start_is(nb):
    """You say what has become of the bad start."""
    return nb.bad_start


mistake(
    "bad_start",
    replace={'"still learning"': '"success"'},
    says="Look at the curve again: after a the probability of b is still below the one after b, the wrong way round. "
    "A loss that has fallen far is not yet a success.",
)
mistake(
    "bad_start",
    replace={'"still learning"': '"local minimum"'},
    says="BCE of a logit wx + b is convex: there is no valley but the best one, and the loss is still falling. "
    "It was a bad start, so it takes longer.",
)

# ==================================================================== 5  three parameters: 000-T10, 000-T11, 000-T12


@check("three_parameters", points=1, compare=architecture())
def three_parameters_layers(nb):
    """The network is Linear with bias, the activation, Linear without bias."""
    return nb.three_parameters(torch.nn.Tanh())


@check("three_parameters", points=1, private=True, given={"x": POINTS[:, :1]}, compare=close(atol=1e-4))
def three_parameters_output(nb):
    """With another activation it computes what it should."""
    torch.manual_seed(43052)
    net = nb.three_parameters(torch.nn.Softplus())
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(-3.0 if layer.bias is None else 2.0)
            if layer.bias is not None:
                layer.bias.data.fill_(-1.0)
    return net(nb.given.x)


mistake(
    "three_parameters",
    replace={"bias=False": "bias=True"},
    says="The last layer has a bias as well: that makes 4 parameters. Say bias=False there.",
)
mistake(
    "three_parameters",
    replace={"bias=True": "bias=False"},
    says="The first layer has no bias: that makes 2 parameters, and a = 0 can only ever give act(0). Say bias=True there.",
)
mistake(
    "three_parameters",
    replace={"        activation,\n": ""},
    says="There is no activation in the middle: two lines in a row are only a line, whatever the three parameters are.",
)
mistake(
    "three_parameters",
    replace={"out_features=1, bias=False),\n": "out_features=1, bias=False),\n        activation,\n"},
    says="There is an activation at the end, too. The output is a logit, and must be able to have any value.",
)


@check("always_one", points=1, required=True, compare=exact())
def always_one_answers(nb):
    """net(x) and net.forward(x) are the number 1, whatever x is."""

    class Small(torch.nn.Linear):
        pass

    net = nb.always_one(Small(1, 1))
    return [net(torch.zeros(5, 1)), net.forward(torch.ones(2, 1))]


@check("always_one", points=1, private=True, compare=exact())
def always_one_leaves_others(nb):
    """Another network of the same class still computes."""

    class Small(torch.nn.Linear):
        pass

    other = Small(1, 1)
    nb.always_one(Small(1, 1))
    return isinstance(other(torch.zeros(5, 1)), torch.Tensor)


mistake(
    "always_one",
    replace={"net.forward = lambda _: 1": "net.__call__ = lambda _: 1"},
    says="Python looks for __call__ in the class, never in the object, so net(x) has not changed. Replace net.forward, which is what "
    "net(x) calls.",
)
mistake(
    "always_one",
    replace={"lambda _: 1": "lambda: 1"},
    says="lambda: 1 takes no argument, but net(x) hands x over. Write lambda x: 1.",
)
mistake(
    "always_one",
    replace={"lambda _: 1": "lambda x: torch.ones(len(x), 1)"},
    says="The answer is a tensor of ones. It should be the number 1, whatever the input: lambda x: 1.",
)
mistake(
    "always_one",
    replace={"net.forward = lambda _: 1": "type(net).forward = lambda self, _: 1"},
    says="You changed the class, and with it every network of this class. Put the function into this one network: net.forward = …",
)


@check("Mynet1", points=1, compare=architecture(parameters=True))
def mynet1_has_three_parameters(nb):
    """Mynet1() is a network with 3 parameters."""
    torch.manual_seed(43052)
    return nb.Mynet1()


@check("Mynet1", points=1, given={"x": torch.linspace(-2, 3, 6).reshape(-1, 1)}, compare=close(atol=1e-4))
def mynet1_computes(nb):
    """With known weights, Mynet1 gives what Linear, Sigmoid, Linear give."""
    torch.manual_seed(43052)
    net = nb.Mynet1()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(-3.0 if layer.bias is None else 2.0)
            if layer.bias is not None:
                layer.bias.data.fill_(-1.0)
    return net(nb.given.x)


@check("Mynet1", points=1, private=True, given={"x": POINTS[:9, :1]}, compare=close(atol=1e-4))
def mynet1_computes_elsewhere(nb):
    """With other weights and other inputs, Mynet1 is right, too."""
    torch.manual_seed(43052)
    net = nb.Mynet1()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(1.7 if layer.bias is None else -0.9)
            if layer.bias is not None:
                layer.bias.data.fill_(0.4)
    return net(nb.given.x)


mistake(
    "Mynet1",
    replace={"super().__init__()": "pass"},
    says="super().__init__() is missing. It must come first in __init__, for it prepares the places where torch keeps the layers.",
)
mistake(
    "Mynet1",
    replace={"self.l2(self.a1(self.l1(x)))": "self.a1(self.l2(self.l1(x)))"},
    says="The activation comes last. It stands between the two layers: from x through l1, then a1, then l2.",
)
mistake(
    "Mynet1",
    replace={"return yhat": ""},
    says="forward computes, but returns nothing, so net(x) is None. End it with return yhat.",
)
mistake(
    "Mynet1",
    source="""
class Mynet1(torch.nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        l1 = torch.nn.Linear(in_features=1, out_features=1, bias=True)
        a1 = torch.nn.Sigmoid()
        l2 = torch.nn.Linear(in_features=1, out_features=1, bias=False)
        return l2(a1(l1(x)))
""",
    says="The layers are made in forward, so every call has new, random ones, and there is nothing to train. "
    "Make them in __init__ and keep them in self.",
)


@check("Mynet2", points=1, compare=architecture(parameters=True))
def mynet2_has_three_parameters(nb):
    """Mynet2() is a network with 3 parameters."""
    torch.manual_seed(43052)
    return nb.Mynet2()


@check("Mynet2", points=1, given={"x": torch.linspace(-2, 3, 6).reshape(-1, 1)}, compare=close(atol=1e-4))
def mynet2_computes(nb):
    """With known weights, Mynet2 gives what Linear, ReLU, Linear give."""
    torch.manual_seed(43052)
    net = nb.Mynet2()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(-3.0 if layer.bias is None else 2.0)
            if layer.bias is not None:
                layer.bias.data.fill_(-1.0)
    return net(nb.given.x)


@check("Mynet2", points=1, private=True, given={"x": POINTS[:9, :1]}, compare=close(atol=1e-4))
def mynet2_computes_elsewhere(nb):
    """With other weights and other inputs, Mynet2 is right, too."""
    torch.manual_seed(43052)
    net = nb.Mynet2()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(1.7 if layer.bias is None else -0.9)
            if layer.bias is not None:
                layer.bias.data.fill_(0.4)
    return net(nb.given.x)


mistake(
    "Mynet2",
    replace={"torch.nn.ReLU()": "torch.nn.RuLU()"},
    says="RuLU is a slip of the pen that the lecture notes have as well. The activation is called ReLU, rectified linear unit.",
)
mistake(
    "Mynet2",
    replace={"torch.nn.ReLU()": "torch.nn.Sigmoid()"},
    says="This is Mynet1 once more: the activation is still the sigmoid. Mynet2 has torch.nn.ReLU().",
)
mistake(
    "Mynet2",
    source="""
class Mynet2(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [
            torch.nn.Linear(in_features=1, out_features=1, bias=True),
            torch.nn.ReLU(),
            torch.nn.Linear(in_features=1, out_features=1, bias=False),
        ]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
    says="torch does not look into a Python list: net.parameters() is empty, and no optimizer would train it. Give each layer a name in self "
    "(or use torch.nn.ModuleList).",
)


@check("Mynet3", points=1, required=True, compare=uses(syntax=("class",)))
def mynet3_is_a_class(nb):
    """Mynet3 is a class of your own."""
    torch.manual_seed(43052)
    return nb.Mynet3()


@check("Mynet3", points=1, required=True, compare=architecture(parameters=True))
def mynet3_has_three_parameters(nb):
    """Mynet3() is a network with 3 parameters."""
    torch.manual_seed(43052)
    return nb.Mynet3()


@check("Mynet3", points=1, private=True, given={"x": torch.linspace(-2, 3, 6).reshape(-1, 1)}, compare=close(atol=1e-4))
def mynet3_computes(nb):
    """With known weights, Mynet3 gives what Linear, Tanh, Linear give."""
    torch.manual_seed(43052)
    net = nb.Mynet3()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.weight.data.fill_(-3.0 if layer.bias is None else 2.0)
            if layer.bias is not None:
                layer.bias.data.fill_(-1.0)
    return net(nb.given.x)


mistake(
    "Mynet3",
    replace={"bias=False": "bias=True"},
    says="The last layer has a bias, which makes 4 parameters. Say bias=False for l2.",
)
mistake(
    "Mynet3",
    replace={"self.l2(self.a1(self.l1(x)))": "self.l2(self.a1(self.l1(self.l1(x))))"},
    says="x goes through l1 twice. From x through l1, then a1, then l2, each once.",
)
mistake(
    "Mynet3",
    replace={"self.l2(self.a1(self.l1(x)))": "self.l2(self.l1(x))"},
    says="forward leaves the activation out: a1 was made, but nothing goes through it.",
)
mistake(
    "Mynet3",
    source="""
def Mynet3():
    return torch.nn.Sequential(
        torch.nn.Linear(in_features=1, out_features=1, bias=True),
        torch.nn.Tanh(),
        torch.nn.Linear(in_features=1, out_features=1, bias=False),
    )
""",
    says="This function returns the right network, but the task is to write it as a class of your own: class Mynet3(torch.nn.Module).",
)

# ======================================================================== 6  25 fits: 000-T13, 000-T14, 000-T15


@check("fit_many", points=2, given={"x": X, "y": Y}, compare=close(atol=1e-3))
def fit_many_curves(nb):
    """Four fits of 200 epochs give the probabilities that they should."""

    def make_net():
        return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Tanh(), torch.nn.Linear(1, 1, bias=False))

    curves = nb.fit_many(make_net, nb.given.x, nb.given.y, 200, 4)
    if getattr(curves, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return curves


@check("fit_many", points=1, given={"x": X, "y": Y}, compare=exact())
def fit_many_fresh_networks(nb):
    """Every fit begins with a network of its own."""

    def make_net():
        return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 1, bias=False))

    curves = nb.fit_many(make_net, nb.given.x, nb.given.y, 0, 5)
    return len({round(float(curve[1]), 5) for curve in curves})


@check("fit_many", points=1, private=True, given={"x": POINTS, "y": CLASSES}, compare=close(atol=1e-3))
def fit_many_other_data(nb):
    """Other networks and other data work as well."""

    def make_net():
        return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 1))

    return nb.fit_many(make_net, nb.given.x, nb.given.y, 100, 3)


mistake(
    "fit_many",
    name="one_network_many_times",
    replace={"[make_net() for _ in range(fits)]": "[make_net()] * fits"},
    says="All your fits are the same one: make_net() was called once. Call it once for each fit.",
)
mistake(
    "fit_many",
    name="seed_for_every_network",
    source="""
def fit_many(make_net, x, y, epochs, fits):
    nets = []
    for _ in range(fits):
        torch.manual_seed(43052)
        nets.append(make_net())
    train_together(nets, x, y, epochs)
    return torch.stack([sig(net(x[:5])).reshape(5) for net in nets]).detach()
""",
    same_as="one_network_many_times",
    says="You set the seed before every network, so all of them start with the same numbers. Set it once, before the first.",
)
mistake(
    "fit_many",
    source="""
def fit_many(make_net, x, y, epochs, fits):
    torch.manual_seed(43052)
    net = make_net()
    loss_fn = torch.nn.BCEWithLogitsLoss()
    optimizr = torch.optim.Adam(net.parameters())
    curves = []
    for _ in range(fits):
        train(net, loss_fn, optimizr, x, y, epochs)
        curves.append(sig(net(x[:5])).reshape(5))
    return torch.stack(curves).detach()
""",
    says="The network is made outside the loop, so each fit goes on where the last one stopped. Every fit begins with a fresh make_net().",
)
mistake(
    "fit_many",
    replace={"sig(net(x[:5]))": "net(x[:5])"},
    says="These are logits, not probabilities: take sig(net(x[:5])).",
)
mistake(
    "fit_many",
    replace={"sig(net(x[:5])).reshape(5)": "sig(net(x)).flatten()"},
    says="There are values for all the observations. Only the first five are wanted: x[:5].",
)


@check("figure_grid", points=1, given={"curves": torch.rand(9, 5, generator=DRAW), "y": Y}, compare=figure(texts=("suptitle",)))
def figure_grid_of_nine(nb):
    """Nine curves fill 3 × 3 panels, row by row, each with the truth beside it and the title above all."""
    return nb.figure_grid(nb.given.curves, nb.given.y, "nine fits")


@check("figure_grid", points=1, private=True, given={"curves": torch.rand(4, 5, generator=DRAW), "y": 1 - Y}, compare=figure())
def figure_grid_of_four(nb):
    """Four other curves fill 2 × 2 panels."""
    return nb.figure_grid(nb.given.curves, nb.given.y, "four fits")


mistake(
    "figure_grid",
    replace={"curves[side * i + j]": "curves[i]"},
    says="All panels of a row show the same curve. The panel in row i and column j is number side · i + j.",
)
mistake(
    "figure_grid",
    replace={"curves[side * i + j]": "curves[side * j + i]"},
    says="The panels are filled column by column. Row by row, the panel in row i and column j is number side · i + j.",
)
mistake(
    "figure_grid",
    replace={'ax[i][j].plot(y[:5], "o")': "pass"},
    says="The truth is missing: without the points y[:5] nobody sees whether a curve is good.",
)
mistake(
    "figure_grid",
    replace={"fig.suptitle(title)": "plt.title(title)"},
    says="The title stands over the last panel only. fig.suptitle(title) puts it above the whole figure.",
)
mistake(
    "figure_grid",
    replace={"round(len(curves) ** 0.5)": "5"},
    says="Your figure always has 5 × 5 panels. The number of rows and columns is the square root of the number of curves.",
)


@check("summarise", points=1, given={"curves": CURVES}, compare=close(atol=1e-4))
def summary_amplitude(nb):
    """The amplitude is the mean distance between the value after a and the value after b."""
    return float(nb.summarise(nb.given.curves)["amplitude"])


@check("summarise", points=1, given={"curves": CURVES}, compare=exact())
def summary_counts(nb):
    """Fits that are right for both letters, and fits near 0.5, are counted."""
    summary = nb.summarise(nb.given.curves)
    return {name: int(summary[name]) for name in ("right", "near_half")}


@check("summarise", points=1, private=True, given={"curves": MORE_CURVES}, compare=close(atol=1e-4))
def summary_of_other_fits(nb):
    """All three numbers are right for other fits."""
    summary = nb.summarise(nb.given.curves)
    return {name: float(summary[name]) for name in ("amplitude", "right", "near_half")}


@check("summarise", points=1, compare=exact())
def sigmoid_and_relu_never_fit(nb):
    """In your experiment Sigmoid and ReLU are never right for both letters; tanh is, at least once."""
    right = [int(nb.summarise(curves)["right"]) for curves in (nb.curves_sig, nb.curves_relu, nb.curves_tanh)]
    return {"Sigmoid": right[0], "ReLU": right[1], "some of Tanh": right[2] > 0}


mistake(
    "summarise",
    replace={"(after_a - after_b).abs().mean()": "(after_a - after_b).mean()"},
    says="Without the absolute value, fits that are the wrong way round cancel those that are right. Take .abs() before the mean.",
)
mistake(
    "summarise",
    replace={"(after_a > 0.5) & (after_b < 0.5)": "(after_a > 0.5) | (after_b < 0.5)"},
    says="You count the fits that are right for at least one letter. A fit is right only when it is right for both: & in place of |.",
)
mistake(
    "summarise",
    replace={"< 0.1) | (": "< 0.1) & ("},
    says="You count the fits that are undecided after both letters. One undecided letter is enough: | in place of &.",
)
mistake(
    "summarise",
    replace={"curves[:, 0], curves[:, 1]": "curves[0], curves[1]"},
    says="curves[0] is the first fit, not the first observation. Observations stand in columns: curves[:, 0].",
)
mistake(
    "summarise",
    replace={"(after_a > 0.5) & (after_b < 0.5)": "(after_a < 0.5) & (after_b > 0.5)"},
    says="You count the fits that are the wrong way round. After a comes b, so the probability of b should be above 0.5 after a, and "
    "below 0.5 after b.",
)


@check("lowest_loss", points=0, required=True, compare=exact())
def a_possible_lowest_loss(nb):
    """Your number can be the answer: above 0, and below the loss of who always says 0.5. Your grade tells whether it is."""
    return {"above 0": float(nb.lowest_loss) > 1e-3, "below that of always saying 0.5": float(nb.lowest_loss) < 0.69}


@check("lowest_loss", points=2, private=True, compare=close(atol=5e-4))
def lowest_loss_is(nb):
    """You give the loss below which Sigmoid and ReLU cannot come."""
    return float(nb.lowest_loss)


mistake(
    "lowest_loss",
    replace={"99 / 199": "100 / 199"},
    says="This gives up the letter that comes more often, the 100 a. Giving up the 99 b costs a little less.",
)
mistake(
    "lowest_loss",
    replace={"99 / 199 * math.log(2)": "math.log(2)"},
    says="ln 2 is the loss when every prediction is 0.5. Only one of the two letters must be given up; for the other, the loss can come near 0.",
)
mistake(
    "lowest_loss",
    replace={"99 / 199 * math.log(2)": "0.0"},
    says="0 would mean that both letters are predicted rightly. Both logits have the same sign, so one of the letters is always given up.",
)
mistake(
    "lowest_loss",
    replace={" * math.log(2)": ""},
    says="99/199 is the share of the letters that are given up. Each of them costs −ln 0.5 = ln 2, which is missing.",
)

# ========================================================== 7  one-hot and embedding: 000-T16, 000-T17, 000-T18, 000-T19


@check("one_hot_mapping", points=1, compare=exact())
def mapping_of_two_letters(nb):
    """The letters a and b become [1, 0] and [0, 1]."""
    return {letter: [int(v) for v in code] for letter, code in nb.one_hot_mapping("ab").items()}


@check("one_hot_mapping", points=1, private=True, compare=exact())
def mapping_of_more_letters(nb):
    """Any number of letters, in any order, gets a mapping."""
    return {letter: [int(v) for v in code] for letter, code in nb.one_hot_mapping("hlxc").items()}


mistake(
    "one_hot_mapping",
    replace={"for other in letters": "for other in letters[:2]"},
    says="The codes have two places, however many letters there are. V letters need V places.",
)
mistake(
    "one_hot_mapping",
    replace={"int(key == other)": "int(key != other)"},
    says="Ones and zeros have changed places: the 1 belongs into the place of the letter itself.",
)
mistake(
    "one_hot_mapping",
    replace={"[int(key == other) for other in letters]": "[letters.index(key)]"},
    says="This is the number of the letter, in a list. One-hot is a list of V numbers with a 1 in that place.",
)
mistake(
    "one_hot_mapping",
    replace={"for other in letters": "for other in sorted(letters)"},
    says="You sort the letters. The places go by the order in which the letters were given.",
)


@check("onehot_fit", points=1, compare=architecture(parameters=True))
def onehot_has_five_parameters(nb):
    """The network has 5 parameters."""
    return nb.net_hot


@check("onehot_fit", points=2, compare=close(atol=2e-3))
def onehot_probabilities(nb):
    """yhat_hot holds the probabilities after training, a row for each letter."""
    yhat = nb.yhat_hot[:4]
    if getattr(yhat, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return yhat


@check(
    "onehot_fit",
    points=1,
    private=True,
    given={"x": torch.eye(2)[[CODE[letter] for letter in NEW]]},
    compare=accuracy(labels=NEXT),
)
def onehot_predicts(nb):
    """The larger of the two outputs tells the next letter, in any text of a and b."""
    return nb.net_hot(nb.given.x)


mistake(
    "onehot_fit",
    replace={"out_features=2, bias=False),\n": "out_features=2, bias=False),\n    torch.nn.Softmax(dim=1),\n"},
    says="Your network ends in a softmax, and CrossEntropyLoss takes another one of it: the loss cannot fall below 0.3133. "
    "Let the network return logits.",
)
mistake(
    "onehot_fit",
    replace={"torch.nn.CrossEntropyLoss()": "torch.nn.MSELoss()"},
    says="The squared error wants the logits to be 0 and 1. For classes take CrossEntropyLoss.",
)
mistake(
    "onehot_fit",
    replace={"torch.nn.Tanh()": "torch.nn.ReLU()"},
    says="With ReLU the hidden value is never negative, and without an output bias the network cannot tell the letters apart. Take Tanh.",
)
mistake(
    "onehot_fit",
    replace={"soft(net_hot(x_hot))": "torch.softmax(net_hot(x_hot), dim=0)"},
    says="This softmax runs down the columns: every number is tiny, and the rows do not add up to 1. Use soft, which has dim=1.",
)
mistake(
    "onehot_fit",
    replace={"soft(net_hot(x_hot))": "net_hot(x_hot)"},
    says="These are logits: soft is missing, which turns each row into probabilities.",
)


@check("embedding_and_linear", points=1, given={"x": torch.tensor([0, 1, 2, 0, 1])}, compare=close(atol=1e-4))
def embedding_values(nb):
    """The embedding gives the letters the numbers of the lecture."""
    ebdd, _ = nb.embedding_and_linear()
    return ebdd(nb.given.x).flatten()


@check("embedding_and_linear", points=1, given={"x": torch.tensor([[0.0], [1.0], [2.0]])}, compare=close(atol=1e-4))
def linear_values(nb):
    """The Linear layer gives the letters the numbers of the lecture."""
    _, linr = nb.embedding_and_linear()
    return linr(nb.given.x).flatten()


@check(
    "embedding_and_linear",
    points=1,
    compare=uses(modules=("torch.nn.Embedding", "torch.nn.Linear")),
)
def embedding_is_one(nb):
    """One of them is torch.nn.Embedding, the other torch.nn.Linear."""
    return torch.nn.ModuleList(nb.embedding_and_linear())


mistake(
    "embedding_and_linear",
    source="""
def embedding_and_linear():
    torch.manual_seed(43052)
    ebdd = torch.nn.Embedding(num_embeddings=3, embedding_dim=1)
    linr = torch.nn.Linear(in_features=1, out_features=1)
    return ebdd, linr
""",
    says="The seed was set once, so linr drew the numbers that come after those of ebdd. Set it again before you make linr.",
)
mistake(
    "embedding_and_linear",
    replace={"embedding_dim=1)": "embedding_dim=1, padding_idx=0)"},
    says="padding_idx=0 sets the first letter's number to 0 and never trains it. That is for filling up short texts; leave it out.",
)
mistake(
    "embedding_and_linear",
    replace={
        "torch.nn.Embedding(num_embeddings=3, embedding_dim=1)": "torch.nn.Linear(in_features=3, out_features=1, bias=False)"
    },
    says="Linear(3, 1) without bias has as many parameters as the embedding, but it wants one-hot rows of floats, and it starts with "
    "other random numbers. Take torch.nn.Embedding.",
)
mistake(
    "embedding_and_linear",
    replace={"num_embeddings=3, embedding_dim=1": "num_embeddings=1, embedding_dim=3"},
    says="num_embeddings and embedding_dim have changed places: 3 letters, with 1 number for each.",
)


@check(
    "embed_by_matrix",
    points=1,
    required=True,
    given={"x": torch.tensor([0, 1, 2, 0, 1]), "weight": torch.tensor([[1.0, -1.0], [2.0, 0.5], [0.0, 3.0]])},
    compare=avoids(
        modules=("torch.nn.Embedding",), functions=("torch.nn.functional.embedding", "torch.embedding", ".from_pretrained")
    ),
)
def product_is_your_own(nb):
    """The product is written out, without torch's embedding."""
    return nb.embed_by_matrix(nb.given.x, nb.given.weight)


@check(
    "embed_by_matrix",
    points=1,
    private=True,
    given={"x": torch.tensor([1, 0, 0, 2]), "weight": torch.randn(5, 3, generator=DRAW)},
    compare=close(atol=1e-5),
)
def product_with_unused_letters(nb):
    """It works when not all letters occur."""
    return nb.embed_by_matrix(nb.given.x, nb.given.weight)


@check(
    "embed_by_matrix",
    points=0,
    required=True,
    given={"x": torch.tensor([0, 2, 1]), "weight": torch.tensor([[1.0], [float("inf")], [2.0]])},
    compare=close(equal_nan=True),
)
def product_is_no_look_up(nb):
    """It is a product with rows of zeros and ones, not a look-up: where the weight is infinite, 0 times it is NaN."""
    return nb.embed_by_matrix(nb.given.x, nb.given.weight)


@check(
    "embed_by_matrix",
    points=1,
    given={"x": torch.tensor([0, 1, 2, 0, 1])},
    compare=agree(with_check="embedding_values", atol=1e-5),
)
def product_is_the_embedding(nb):
    """With the weight of your embedding it gives what your embedding gave."""
    return nb.embed_by_matrix(nb.given.x, nb.ebdd.weight).flatten()


mistake(
    "embed_by_matrix",
    replace={"@ weight": "@ weight.T"},
    says="The weight is (V, d) as it stands, and fits the one-hot rows (N, V). Transposed, it does not.",
)
mistake(
    "embed_by_matrix",
    replace={"one_hot.float()": "one_hot"},
    says="one_hot gives whole numbers, and torch does not multiply an int64 matrix by a float one. Add .float().",
)
mistake(
    "embed_by_matrix",
    replace={", num_classes=len(weight)": ""},
    says="Without num_classes there are as many columns as the largest number in x needs. Letters that do not occur get no column, "
    "and the shapes no longer fit: num_classes=len(weight).",
)
mistake(
    "embed_by_matrix",
    replace={"one_hot.float() @ weight": "torch.nn.functional.embedding(x, weight)"},
    says="This is torch's embedding, so it shows nothing about it. Write the product of the one-hot rows and the weight.",
)


@check("n_parameters", points=1, compare=exact())
def parameters_of_embedding(nb):
    """The first number is what torch counts in an Embedding(3, 1)."""
    return int(nb.n_parameters[0]) == sum(p.numel() for p in torch.nn.Embedding(3, 1).parameters())


@check("n_parameters", points=1, compare=exact())
def parameters_of_linear(nb):
    """The second number is what torch counts in a Linear(1, 1)."""
    return int(nb.n_parameters[1]) == sum(p.numel() for p in torch.nn.Linear(1, 1).parameters())


@check("n_parameters", points=1, private=True, compare=exact())
def parameters_of_both(nb):
    """Both numbers are right, the embedding's first."""
    return [int(number) for number in nb.n_parameters]


mistake(
    "n_parameters",
    replace={"(3, 2)": "(1, 2)"},
    says="Embedding(3, 1) keeps one number for each of three letters, which makes 3.",
)
mistake(
    "n_parameters",
    replace={"(3, 2)": "(4, 2)"},
    says="An embedding has no bias: 3 letters with 1 number each make 3 parameters.",
)
mistake(
    "n_parameters",
    replace={"(3, 2)": "(3, 1)"},
    says="Linear(1, 1) has a weight and, unless you say bias=False, a bias: 2 parameters.",
)
mistake(
    "n_parameters",
    replace={"(3, 2)": "(2, 3)"},
    says="The two numbers have changed places: first the embedding, then the Linear layer.",
)


@check("embedding_fit", points=1, compare=architecture(parameters=True))
def embedding_fit_has_six_parameters(nb):
    """The network has 6 parameters."""
    return nb.net_emb


@check("embedding_fit", points=2, compare=close(atol=2e-3))
def embedding_fit_probabilities(nb):
    """yhat_emb holds the probabilities after training, a row for each letter."""
    yhat = nb.yhat_emb[:4]
    if getattr(yhat, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return yhat


@check(
    "embedding_fit",
    points=1,
    private=True,
    given={"x": torch.tensor([CODE[letter] for letter in NEW])},
    compare=accuracy(labels=NEXT),
)
def embedding_fit_predicts(nb):
    """The larger of the two outputs tells the next letter, in any text of a and b."""
    return nb.net_emb(nb.given.x)


mistake(
    "embedding_fit",
    replace={"x_int, y_int, epochs": "x_int, y_int.float(), epochs"},
    says="CrossEntropyLoss takes the numbers of the right classes, and these are whole numbers (int64). Leave y_int as it is.",
)
mistake(
    "embedding_fit",
    replace={"num_embeddings=2": "num_embeddings=1"},
    says="There are two letters, 0 and 1, and your embedding has room for one: num_embeddings=2.",
)
mistake(
    "embedding_fit",
    replace={"num_embeddings=2": "num_embeddings=3"},
    says="Your embedding has a third letter that never occurs; its number is never trained. Two letters: num_embeddings=2.",
)
mistake(
    "embedding_fit",
    replace={"out_features=2),\n": "out_features=2),\n    torch.nn.Softmax(dim=1),\n"},
    says="Your network ends in a softmax, and CrossEntropyLoss takes another one of it: the loss cannot fall below 0.3133. "
    "Let the network return logits.",
)
mistake(
    "embedding_fit",
    replace={"soft(net_emb(x_int))": "torch.softmax(net_emb(x_int), dim=0)"},
    says="This softmax runs down the columns: every number is tiny, and the rows do not add up to 1. Use soft, which has dim=1.",
)
