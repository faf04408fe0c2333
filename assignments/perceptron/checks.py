"""How the answers of `perceptron` are judged, and what students typically get wrong. Order as in the notebook."""

import numpy as np

from grader.author import accuracy, check, close, exact, figure, losses, mistake, sequence
from reference import perceptron as ref

CORNERS = ref.corners
X1 = ref.with_ones(CORNERS)
Y_OR, Y_AND, Y_XOR = np.array([-1, 1, 1, 1]), np.array([-1, -1, -1, 1]), np.array([-1, 1, 1, -1])

DRAW = np.random.default_rng(43052)


def draw(*shape: int) -> np.ndarray:
    return DRAW.normal(size=shape)


BETWEEN = DRAW.uniform(-0.5, 1.5, size=(60, 2))
THREE = draw(9, 3)  # samples with three inputs
OTHER_X1 = ref.with_ones(draw(12, 3))
OTHER_W = draw(4)
OTHER_Y = np.where(DRAW.uniform(size=12) > 0.4, 1, -1)
CLOUD_X, CLOUD_Y = ref.clouds(50)
UNSEEN = ref.clouds(300)
FEW = DRAW.uniform(-1, 1, size=(7, 2))
FEW_Y = np.array([1, -1, 1, 1, -1, 1, 1])
SQUARE = ref.plane(60)
NET = {"X1": ref.with_ones(draw(5, 2)), "Y": DRAW.uniform(size=(5, 1)), "U1": draw(3, 2), "U2": draw(3, 1)}
WIDE = {"X1": ref.with_ones(draw(8, 3)), "Y": np.eye(3)[[0, 2, 1, 1, 0, 2, 2, 0]], "U1": draw(4, 3), "U2": draw(4, 3)}

# ============================================================================================ 1  a gate: 001-T01, 001-T02


@check("AND", points=1)
def and_of_the_corners(nb):
    """AND is 1 only when both inputs are 1."""
    return {f"AND({x1}, {x2})": nb.AND(x1, x2) for x1 in (0, 1) for x2 in (0, 1)}


@check("AND", points=1, private=True)
def and_of_other_numbers(nb):
    """Numbers other than 0 and 1 are weighed, too, and a sum that just reaches the threshold says 0."""
    pairs = [(1.4, 0), (0, 1.4), (1.5, 0), (0.25, 1), (0.5, 1), (3, -1), (3, -2)]
    return {f"AND({x1}, {x2})": nb.AND(x1, x2) for x1, x2 in pairs}


mistake(
    "AND",
    replace={"theta = 0.5, 0.5, 0.7": "theta = 0.5, 0.5, 0.4"},
    says="Your threshold is below 0.5, so one input alone is enough: that is OR. The lecture's threshold is 0.7.",
)
mistake(
    "AND",
    replace={"tmp <= theta": "tmp + theta <= 0"},
    says="You add the threshold, so the neuron fires whatever comes in. The sum must get over it: compare the sum with theta.",
)
mistake(
    "AND",
    replace={"tmp <= theta": "tmp < theta"},
    says="A sum that is exactly the threshold says 0 here: it fires only when the sum is larger.",
)
mistake(
    "AND",
    replace={"tmp <= theta": "tmp < theta", "    return 1": "    elif tmp > theta:\n        return 1"},
    says="When the sum is exactly the threshold, neither branch is taken and your function returns nothing, which is None. "
    "Let one of the two branches be `else`, so that every sum has an answer.",
)
mistake(
    "AND",
    replace={"    if tmp <= theta:\n        return 0\n    return 1": "    return tmp > theta"},
    says="These are True and False. The whole numbers 0 and 1 are asked for.",
)


@check("bias_of_and", points=0, required=True, compare=exact())
def bias_is_a_number(nb):
    """Your answer is a number. Whether it is the right one, your grade will tell."""
    return np.asarray(nb.bias_of_and, dtype=float).size == 1


@check("bias_of_and", points=1, private=True)
def the_bias_itself(nb):
    """With your bias, w·x + b > 0 is the same neuron."""
    return float(np.asarray(nb.bias_of_and, dtype=float).reshape(-1)[0])


mistake(
    "bias_of_and",
    replace={"-0.7": "0.7"},
    says="That is the threshold. It stands on the right side of the inequality; moved to the left, it changes its sign.",
)
mistake(
    "bias_of_and",
    replace={"-0.7": "0.3"},
    says="That is the sum at (1, 1), with the threshold taken off. The bias is what is added to w·x, whatever x is.",
)
mistake(
    "bias_of_and",
    replace={"-0.7": "-1.4"},
    says="That is −θ divided by a weight, a place on an axis. The bias is added to the sum as it is: nothing is divided.",
)


@check("gate", points=1, given={"X": CORNERS})
def gate_of_the_corners(nb):
    """With the weights of an AND, an OR and a NAND, the four corners get the right outputs."""
    weights = {"AND": ([1.0, 1.0], -1.5), "OR": ([1.0, 1.0], -0.5), "NAND": ([-1.0, -1.0], 1.5)}
    return {name: nb.gate(nb.given.X, np.array(w), b) for name, (w, b) in weights.items()}


@check("gate", points=1, private=True, given={"X": THREE, "w": np.array([1.0, -2.0, 0.5])})
def gate_of_three_inputs(nb):
    """It does for three inputs, and for a single sample."""
    return {"nine samples": nb.gate(nb.given.X, nb.given.w, 0.3), "one sample": nb.gate(nb.given.X[:1], nb.given.w, 0.3)}


@check("gate", points=1, private=True)
def gate_on_the_edge(nb):
    """A sum of exactly 0 says 0."""
    return nb.gate(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([1.0, 0.5]), -1.0)


mistake(
    "gate",
    replace={"X @ w + b > 0": "np.sum(X * w + b, axis=1) > 0"},
    says="The bias is inside the sum, so it is added once for each input. It belongs behind it: sum first, then b once.",
)
mistake(
    "gate",
    replace={"X @ w + b > 0": "X @ w > 0"},
    says="The bias is missing: without it every line goes through the origin.",
)
mistake(
    "gate",
    replace={"X @ w + b > 0": "X @ w > b"},
    says="You use b as a threshold, which has the other sign. The bias is added: w·x + b > 0.",
)
mistake("gate", replace={"> 0": ">= 0"}, says="A sum of exactly 0 counts as no: the comparison is >, not >=.")
mistake(
    "gate",
    replace={"np.where(X @ w + b > 0, 1, 0)": "X @ w + b > 0"},
    says="These are truth values. Whole numbers are asked for, which can be inputs of the next layer.",
)
mistake(
    "gate",
    replace={"np.where(X @ w + b > 0, 1, 0)": "X @ w + b"},
    says="This is the sum. The step is missing, which makes 0 or 1 of it.",
)


@check("gates", points=1, given={"X": CORNERS})
def gates_and(nb):
    """Your AND is right at the four corners."""
    w, b = nb.gates["AND"]
    return nb.given.X @ np.asarray(w, dtype=float) + float(b) > 0


@check("gates", points=1, given={"X": CORNERS})
def gates_nand(nb):
    """Your NAND is right at the four corners."""
    w, b = nb.gates["NAND"]
    return nb.given.X @ np.asarray(w, dtype=float) + float(b) > 0


@check("gates", points=1, given={"X": CORNERS})
def gates_or(nb):
    """Your OR is right at the four corners."""
    w, b = nb.gates["OR"]
    return nb.given.X @ np.asarray(w, dtype=float) + float(b) > 0


@check("gates", points=1, private=True, given={"X": CORNERS})
def gates_off_the_corners(nb):
    """All three say the same when both inputs are off by up to 0.05."""
    found = {}
    for name in ("AND", "NAND", "OR"):
        w, b = nb.gates[name]
        for off in ([0.049, 0.049], [-0.049, -0.049], [0.049, -0.049], [-0.049, 0.049]):
            found[f"{name} off by {off}"] = (nb.given.X + off) @ np.asarray(w, dtype=float) + float(b) > 0
    return found


mistake(
    "gates",
    replace={"(np.array([-0.5, -0.5]), 0.7)": "(np.array([-0.5, -0.5]), 0.2)"},
    says="Your NAND is NOR: it says 1 for (0, 0) only. That is OR with all signs changed; NAND is AND with all signs changed.",
)
mistake(
    "gates",
    replace={"(np.array([-0.5, -0.5]), 0.7)": "(np.array([0.5, 0.5]), 0.7)"},
    says="Your NAND is always 1: for the opposite of AND, the bias and both weights change their signs.",
)
mistake(
    "gates",
    replace={"-0.2": "-0.7"},
    says="Your OR is AND: its bias is so low that one input alone does not get over it. One input must be enough.",
)
mistake(
    "gates",
    replace={"(np.array([0.5, 0.5]), -0.7)": "(np.array([0.5, 0.5]), -0.5)"},
    says="Your AND stands on the edge: with one input, its sum is exactly 0, and a little more makes it fire. Move the bias to the middle.",
)
mistake(
    "gates",
    replace={"(np.array([0.5, 0.5]), -0.7)": "(np.array([0.5, 0.5]), 0.7)"},
    says="Your AND is always 1: the bias of an AND is negative, it is what the inputs must make good.",
)

# ================================================================================== 2  the perceptron: 001-T03


@check("perceptron", points=1, given={"X1": X1})
def perceptron_of_the_corners(nb):
    """With the weights of an OR and of an AND, the four corners get the right outputs, -1 and +1."""
    return {
        "OR": nb.perceptron(nb.given.X1, np.array([-0.5, 1.0, 1.0])),
        "AND": nb.perceptron(nb.given.X1, np.array([-1.5, 1.0, 1.0])),
    }


@check("perceptron", points=1, private=True, given={"X1": OTHER_X1, "w": OTHER_W})
def perceptron_of_three_inputs(nb):
    """It does for three inputs."""
    return nb.perceptron(nb.given.X1, nb.given.w)


@check("perceptron", points=1, private=True, given={"X1": X1})
def perceptron_on_the_line(nb):
    """A sum of exactly 0 says -1."""
    return nb.perceptron(nb.given.X1, np.array([0.0, -1.0, 1.0]))


mistake(
    "perceptron",
    replace={"1, -1)": "1, 0)"},
    says="The outputs of this perceptron are −1 and +1, not 0 and 1. With a 0 in place of −1, half of the samples would never teach anything.",
)
mistake(
    "perceptron",
    replace={"np.where(X1 @ w > 0, 1, -1)": "np.sign(X1 @ w).astype(int)"},
    says="np.sign gives 0 for a sum of exactly 0, a third answer. It must be −1 there.",
)
mistake("perceptron", replace={"> 0": ">= 0"}, says="A sum of exactly 0 counts as no, as −1: the comparison is >, not >=.")
mistake(
    "perceptron",
    replace={"X1 @ w > 0": "X1[:, 1:] @ w[1:] > 0"},
    says="w[0], the bias, is left out. X1 has a column of ones for it: multiply all of X1 by all of w.",
)
mistake(
    "perceptron",
    replace={"X1 @ w > 0": "X1 @ w + w[0] > 0"},
    says="The bias is added twice: once by the ones of X1, and once by you.",
)


@check("on_the_line", points=1)
def points_of_a_line(nb):
    """For 3 - x1 - 2 x2 = 0, both points lie on the line, and they are at least 1 apart."""
    w = np.array([3.0, -1.0, -2.0])
    ends = np.asarray(nb.on_the_line(w), dtype=float)
    return {"shape": list(ends.shape), "d": w[0] + ends @ w[1:], "apart": bool(np.linalg.norm(ends[1] - ends[0]) > 0.999)}


@check("on_the_line", points=1, private=True, compare=close(atol=1e-5))
def points_of_other_lines(nb):
    """So it is for other lines, through the origin and far from it."""
    found = {}
    for w in ([0.0, 2.0, -1.0], [-7.0, 0.5, 3.0], [0.9, 0.0, 0.3], [-0.2, 0.4, 0.4]):
        ends = np.asarray(nb.on_the_line(np.array(w)), dtype=float)
        apart = bool(np.linalg.norm(ends[1] - ends[0]) > 0.999)
        found[f"w = {w}"] = {"d": (w[0] + ends @ w[1:]) / np.linalg.norm(w), "apart": apart}
    return found


@check("on_the_line", points=1, private=True, compare=close(atol=1e-5))
def points_of_an_upright_line(nb):
    """A line that stands upright, w2 = 0, has two points, too."""
    found = {}
    for w in ([-1.0, 2.0, 0.0], [0.0, -3.0, 0.0]):
        ends = np.asarray(nb.on_the_line(np.array(w)), dtype=float)
        apart = bool(np.linalg.norm(ends[1] - ends[0]) > 0.999)
        found[f"w = {w}"] = {"d": w[0] + ends @ w[1:], "apart": apart}
    return found


mistake(
    "on_the_line",
    source="""
def on_the_line(w):
    x1 = np.array([-3.0, 3.0])
    return np.stack([x1, -w[0] / w[2] - w[2] / w[1] * x1], axis=1)
""",
    says="The slope of the line is −w1/w2, not −w2/w1: solve w0 + w1 x1 + w2 x2 = 0 for x2.",
)
mistake(
    "on_the_line",
    replace={"-w[0] / np": "w[0] / np"},
    says="The sign of w0 is wrong, so the line lies on the other side of the origin: on it, w1 x1 + w2 x2 = −w0.",
)
mistake(
    "on_the_line",
    replace={"along = np.array([-across[1], across[0]])": "along = across"},
    says="You go along (w1, w2), which stands at a right angle to the line. A step along the line is (−w2, w1).",
)
mistake(
    "on_the_line",
    source="""
def on_the_line(w):
    x1 = np.array([-3.0, 3.0])
    return np.stack([x1, -(w[0] + w[1] * x1) / w[2]], axis=1)
""",
    says="You divide by w2, which is 0 for a line that stands upright. Begin at one point of the line and go along (−w2, w1), "
    "or treat that case by itself.",
)
mistake(
    "on_the_line",
    replace={"foot - 3 * along, foot + 3 * along": "foot, foot"},
    says="These are twice the same point, and through one point there are many lines.",
)


@check("line_figure", points=1, given={"X": CORNERS, "y": Y_OR})
def figure_has_the_samples(nb):
    """The samples of OR are drawn as points, under the labels +1 and -1."""
    fig = nb.line_figure(nb.given.X, nb.given.y, np.array([-0.5, 1.0, 1.0]))
    found = {"+1": [], "-1": []}
    for axes in fig.axes:
        for drawn in [*axes.lines, *axes.collections]:
            label = str(drawn.get_label()).replace("\u2212", "-").strip()
            if label in found:
                points = drawn.get_offsets() if hasattr(drawn, "get_offsets") else np.column_stack(drawn.get_data())
                found[label] += [[float(x1), float(x2)] for x1, x2 in np.asarray(points, dtype=float)]
    return {label: sorted(points) for label, points in found.items()}


@check("line_figure", points=1, given={"X": CORNERS, "y": Y_OR}, compare=close(atol=1e-5))
def figure_has_the_line(nb):
    """A line is drawn, and it is where d(x) = 0."""
    w = np.array([-0.5, 1.0, 1.0])
    fig = nb.line_figure(nb.given.X, nb.given.y, w)
    found, long = [], False
    for axes in fig.axes:
        for line in axes.lines:
            unmarked = str(line.get_marker()).lower() in ("none", "", " ")
            if hasattr(line, "get_xy1"):
                ends = [line.get_xy1(), line.get_xy2() or np.add(line.get_xy1(), (1, line.get_slope()))]
            else:
                ends = np.column_stack(line.get_data())
            if unmarked and len(ends) > 1:
                ends = np.asarray(ends, dtype=float)
                found.append(float(np.abs(w[0] + ends @ w[1:]).max()))
                long = long or hasattr(line, "get_xy1") or bool(np.linalg.norm(ends[-1] - ends[0]) > 0.9)
    return {"lines that are off": sum(off > 1e-4 for off in found), "there is a line": len(found) > 0, "long enough": long}


@check("line_figure", points=1, private=True, given={"X": CLOUD_X[:20], "y": CLOUD_Y[:20]}, compare=close(atol=1e-5))
def figure_of_clouds(nb):
    """Other samples and another line are drawn rightly."""
    w = np.array([-7.5, 1.0, 2.0])
    fig = nb.line_figure(nb.given.X, nb.given.y, w)
    found, off = {"+1": [], "-1": []}, []
    for axes in fig.axes:
        for drawn in [*axes.lines, *axes.collections]:
            label = str(drawn.get_label()).replace("\u2212", "-").strip()
            if label in found:
                points = drawn.get_offsets() if hasattr(drawn, "get_offsets") else np.column_stack(drawn.get_data())
                found[label] += [[float(x1), float(x2)] for x1, x2 in np.asarray(points, dtype=float)]
        for line in axes.lines:
            if hasattr(line, "get_xy1"):
                ends = [line.get_xy1(), line.get_xy2() or np.add(line.get_xy1(), (1, line.get_slope()))]
            else:
                ends = np.column_stack(line.get_data())
            if str(line.get_marker()).lower() in ("none", "", " ") and len(ends) > 1:
                off.append(float(np.abs(w[0] + np.asarray(ends, dtype=float) @ w[1:]).max()))
    return {**{label: sorted(points) for label, points in found.items()}, "line": [min(off), max(off)] if off else []}


mistake(
    "line_figure",
    replace={'"o", label="+1"': '"o", label="-1"', '"x", label="-1"': '"x", label="+1"'},
    says="The labels have changed places: the samples with y = +1 are called −1.",
)
mistake(
    "line_figure",
    replace={', label="+1"': "", ', label="-1"': ""},
    says="Nobody can tell which points are which: give them the labels +1 and -1, and call legend().",
)
mistake(
    "line_figure",
    replace={"ends = on_the_line(w)": "ends = np.array([[0, 0], w[1:]])"},
    says="That is the vector (w1, w2), which stands at a right angle to the decision line. Draw through the two points of on_the_line(w).",
)
mistake(
    "line_figure",
    replace={'    ax.plot(ends[:, 0], ends[:, 1], "k--")\n': ""},
    says="The samples are there, but the decision line is not.",
)
mistake(
    "line_figure",
    replace={"ax.plot(ends[:, 0], ends[:, 1]": "ax.plot(ends[0], ends[1]"},
    says="plot takes all x1 first and then all x2, the columns of your two points: ends[:, 0] and ends[:, 1]. You gave it the rows.",
)

# ====================================================================================== 3  learning: 001-T04


@check("misclassified", points=1, given={"X1": X1, "y": Y_OR})
def wrong_for_or(nb):
    """With w = (0.1, -0.2, 0.3), the first and the third corner are wrong for OR."""
    return nb.misclassified(nb.given.X1, nb.given.y, np.array([0.1, -0.2, 0.3]))


@check("misclassified", points=1, private=True, given={"X1": OTHER_X1, "y": OTHER_Y, "w": OTHER_W})
def wrong_of_other_samples(nb):
    """Other samples, with three inputs, are judged rightly."""
    return nb.misclassified(nb.given.X1, nb.given.y, nb.given.w)


@check("misclassified", points=1, private=True, given={"X1": X1, "y": Y_XOR})
def wrong_where_the_sum_is_0(nb):
    """Where the sum is exactly 0, the samples of +1 are wrong and those of -1 are right."""
    return [nb.misclassified(nb.given.X1, nb.given.y, np.array(w)) for w in ([0.0, 0.0, 0.0], [0.0, 1.0, -1.0])]


mistake(
    "misclassified",
    replace={"!= y": "== y"},
    says="These are the samples that are right. Y holds those where the output differs from y.",
)
mistake(
    "misclassified",
    replace={"perceptron(X1, w) != y": "y * (X1 @ w) < 0"},
    says="y·s < 0 misses a sample of +1 whose sum is exactly 0. The perceptron says −1 there, so it is wrong; from w = 0, nothing would "
    "ever be learned.",
)
mistake(
    "misclassified",
    replace={"perceptron(X1, w) != y": "y * (X1 @ w) <= 0"},
    says="y·s <= 0 takes a sample of −1 whose sum is exactly 0 for wrong. The perceptron says −1 there, so it is right.",
)
mistake(
    "misclassified",
    replace={"perceptron(X1, w) != y": "np.flatnonzero(perceptron(X1, w) != y)"},
    says="These are the numbers of the samples that are wrong. A truth value for each sample is asked for.",
)


@check("objective", points=1, given={"X1": X1, "y": Y_OR})
def objective_of_or(nb):
    """J is right for OR at w = (0.1, -0.2, 0.3), and 0 where no sample is wrong."""
    at = {"(0.1, -0.2, 0.3)": [0.1, -0.2, 0.3], "(-0.5, 1, 1)": [-0.5, 1.0, 1.0]}
    return {f"w = {name}": float(nb.objective(nb.given.X1, nb.given.y, np.array(w))) for name, w in at.items()}


@check("objective", points=2, private=True, given={"X1": OTHER_X1, "y": OTHER_Y, "w": OTHER_W})
def objective_elsewhere(nb):
    """J is right for other samples and other weights."""
    return [float(nb.objective(nb.given.X1, nb.given.y, w)) for w in (nb.given.w, -2 * nb.given.w)]


mistake(
    "objective",
    replace={"-y[wrong] * (X1[wrong] @ w)": "-y * (X1 @ w)"},
    says="You sum over all samples, so those that are right pull J below 0. Only those in Y count.",
)
mistake(
    "objective",
    replace={"-y[wrong]": "y[wrong]"},
    says="The minus is missing: in Y, y and w·x have different signs, so J comes out negative, and smaller is worse.",
)
mistake(
    "objective",
    replace={"np.sum(": "np.mean("},
    says="You take the mean over Y. J is the sum: it must grow with every sample that is wrong.",
)
mistake(
    "objective",
    replace={"np.sum(-y[wrong] * (X1[wrong] @ w))": "np.sum(wrong)"},
    says="That is the number of mistakes. It has no slope: a small change of w does not change it. Sum up −y (w·x).",
)


@check("gradient", points=1, given={"X1": X1, "y": Y_OR})
def gradient_of_or(nb):
    """The gradient is right for OR at w = (0.1, -0.2, 0.3)."""
    return nb.gradient(nb.given.X1, nb.given.y, np.array([0.1, -0.2, 0.3]))


@check("gradient", points=2, private=True, given={"X1": OTHER_X1, "y": OTHER_Y, "w": OTHER_W})
def gradient_elsewhere(nb):
    """The gradient is right for other samples, at other weights, and at w = 0."""
    return [nb.gradient(nb.given.X1, nb.given.y, w) for w in (nb.given.w, -2 * nb.given.w, 0 * nb.given.w)]


mistake(
    "gradient",
    replace={"-y[wrong] @ X1[wrong]": "-y @ X1"},
    says="You sum over all samples. Those that are right do not move anything: only Y counts.",
)
mistake(
    "gradient",
    replace={"-y[wrong]": "y[wrong]"},
    says="The sign is wrong: this is the step of the delta rule, which goes against the gradient.",
)
mistake(
    "gradient",
    replace={"-y[wrong] @ X1[wrong]": "np.array([0.0, *(-y[wrong] @ X1[wrong, 1:])])"},
    says="The bias is left out, so it would stay at 0 for ever. Its input is the 1 in front of each sample.",
)
mistake(
    "gradient",
    replace={"-y[wrong] @ X1[wrong]": "-y[wrong] @ X1[wrong] / len(y)"},
    says="You divide by the number of samples. J is a sum, and so is its gradient.",
)
mistake(
    "gradient",
    replace={"-y[wrong] @ X1[wrong]": "-(y[wrong] * (X1[wrong] @ w)) @ X1[wrong]"},
    says="There is a factor w·x too much. The derivative of −y (w·x) by w is −y x: w itself is gone.",
)


@check("delta_rule", points=2, given={"X1": X1, "y": Y_OR}, compare=sequence(atol=1e-6))
def learns_or(nb):
    """On OR with rho = 0.5, the weights are right in every step, and it stops when nothing is wrong."""
    return nb.delta_rule(nb.given.X1, nb.given.y, 0.5, 50)


@check("delta_rule", points=1, private=True, given={"X1": OTHER_X1, "y": OTHER_Y}, compare=sequence(atol=1e-6))
def takes_some_steps(nb):
    """On other samples and with another rate, the first seven steps are right."""
    return nb.delta_rule(nb.given.X1, nb.given.y, 0.25, 7)


@check("delta_rule", points=1, private=True, given={"X1": X1, "y": Y_XOR})
def gives_up_on_xor(nb):
    """On XOR it ends after as many steps as it is given, and on AND when it is done."""
    and_ = np.array([-1, -1, -1, 1])
    return [len(nb.delta_rule(nb.given.X1, nb.given.y, 0.5, 20)), len(nb.delta_rule(nb.given.X1, and_, 0.5, 20))]


@check(
    "delta_rule",
    points=1,
    private=True,
    given={"X1": ref.with_ones(CLOUD_X), "y": CLOUD_Y, "unseen": ref.with_ones(UNSEEN[0])},
    compare=accuracy(labels=(UNSEEN[1] > 0).astype(int), at_least=0.9),
)
def line_holds_for_unseen_points(nb):
    """The line that it finds for fifty points does for points that it has not seen."""
    w = nb.delta_rule(nb.given.X1, nb.given.y, 0.5, 5000)[-1]
    return (nb.given.unseen @ w > 0).astype(int)


mistake(
    "delta_rule",
    replace={"w - rho * gradient": "w + rho * gradient"},
    says="You go up the gradient, so J grows without end. Go down: w − ρ times the gradient.",
)
mistake(
    "delta_rule",
    replace={"        w = w - rho * gradient(X1, y, w)\n": "        w -= rho * gradient(X1, y, w)\n"},
    says="`-=` changes the array that stands in history already, so all its rows are the same. Make a new one: w = w − …",
)
mistake(
    "delta_rule",
    replace={"        if not misclassified(X1, y, w).any():\n            break\n": ""},
    says="It never stops: when no sample is wrong any more, there is nothing left to learn.",
)
mistake(
    "delta_rule",
    replace={"w = w - rho * gradient(X1, y, w)": "w = w - gradient(X1, y, w)"},
    says="The learning rate is missing: the step is ρ times the gradient.",
)
mistake(
    "delta_rule",
    replace={"w = w - rho * gradient(X1, y, w)": "w = np.roll(w - rho * gradient(X1, y, w), 1)"},
    says="Each weight got the value of its neighbour. In the lecture's w_{i+1} = w_i + …, i is the number of the step; weight i stays weight i.",
)
mistake(
    "delta_rule",
    source="""
def delta_rule(X1, y, rho, steps):
    w = np.zeros(X1.shape[1])
    history = [w]
    for _ in range(steps):
        if not misclassified(X1, y, w).any():
            break
        for k in range(len(y)):
            if misclassified(X1[[k]], y[[k]], w)[0]:
                w = w + rho * y[k] * X1[k]
        history.append(w)
    return np.array(history)
""",
    says="You change w after every single sample, so the next one is judged with other weights. That learns, too, but here all "
    "misclassified samples of a step take part together, each judged with the same w.",
)


@check("what_rho_does", points=0, required=True, compare=exact())
def rho_is_a_choice(nb):
    """Your answer is one of the four. Whether it is the right one, your grade will tell."""
    return str(nb.what_rho_does).strip().lower() in ("the number of steps", "the line", "whether it ends", "the length of w")


@check("what_rho_does", points=1, private=True, compare=exact())
def effect_of_rho(nb):
    """You say what the learning rate changes."""
    return " ".join(str(nb.what_rho_does).lower().split())


mistake(
    "what_rho_does",
    source='what_rho_does = "the number of steps"',
    says="Look at the three lines that were printed: the number of steps is the same. From w = 0, w is ρ times a sum of samples, and a "
    "positive factor changes the sign of no sum.",
)
mistake(
    "what_rho_does",
    source='what_rho_does = "whether it ends"',
    says="It ended each time that was printed, with ρ = 64 as well. There is no valley here that a step could jump over: J is 0 on a whole "
    "cone of weights, and a long w is as good as a short one.",
)
mistake(
    "what_rho_does",
    source='what_rho_does = "the line"',
    says="w0, w1 and w2 are all multiplied by the same factor, and where w0 + w1 x1 + w2 x2 is 0, ten times as much is 0 as well: "
    "the line is the same.",
)

# ==================================================================================== 4  no line: 001-T04, 001-T05


@check("best_of_lines", points=1, given={"X1": X1, "xor": Y_XOR, "and_": Y_AND}, compare=close(dtype="any"))
def best_for_xor_and_and(nb):
    """With weights from -1.5 to 1.5, the best line gets all four corners of AND right, and fewer of XOR."""
    grid = np.arange(-3, 4) / 2
    return {
        "AND": int(nb.best_of_lines(nb.given.X1, nb.given.and_, grid)),
        "XOR": int(nb.best_of_lines(nb.given.X1, nb.given.xor, grid)),
    }


@check("best_of_lines", points=1, private=True, given={"X1": ref.with_ones(FEW), "y": FEW_Y}, compare=close(dtype="any"))
def best_for_other_samples(nb):
    """It does for other samples, and for a grid with few numbers."""
    grids = ([-1.0, 1.0], [0.0], [-0.5, 0.25, 1.0], np.arange(-4, 5) / 4)
    return [int(nb.best_of_lines(nb.given.X1, nb.given.y, np.array(grid))) for grid in grids]


@check("best_of_lines", points=1, private=True, given={"X1": X1, "nand": -Y_AND}, compare=close(dtype="any"))
def best_needs_the_bias(nb):
    """NAND needs a bias: it is found when the grid has one, and not when it has none."""
    return [
        int(nb.best_of_lines(nb.given.X1, nb.given.nand, np.array(grid))) for grid in ([-1.0, 1.5], [-1.0, 0.0], [-1.0, -0.5])
    ]


mistake(
    "best_of_lines",
    replace={"np.meshgrid(grid, grid, grid)": "np.meshgrid(np.zeros(1), grid, grid)"},
    says="Your bias is always 0, so you only try lines through the origin. w0 runs over the grid, too.",
)
mistake(
    "best_of_lines",
    replace={"right.sum(axis=0).max()": "right.sum()"},
    says="You added up the samples of all lines. Count for each line by itself, and take the largest count.",
)
mistake(
    "best_of_lines",
    replace={"right.sum(axis=0).max()": "right.any(axis=1).sum()"},
    says="You count the samples that *some* line gets right. One and the same line must get them right together.",
)
mistake(
    "best_of_lines",
    replace={"np.stack([w0.ravel(), w1.ravel(), w2.ravel()])": "np.stack([grid, grid, grid])"},
    says="Your three weights are always the same number. Take every triple: each of the three runs over the grid by itself.",
)

# ==================================================================================== 5  two layers: 001-T05


@check("xor", points=2, given={"X": CORNERS})
def xor_of_the_corners(nb):
    """z is NAND and OR of the four corners, and out is XOR."""
    z, out = nb.xor(nb.given.X)
    return {"z": z, "out": out}


@check("xor", points=2, private=True, given={"X": BETWEEN}, compare=exact())
def xor_between_the_corners(nb):
    """Between the corners, z is what your NAND and OR say, and out what your AND says of z."""
    z, out = (np.asarray(found) for found in nb.xor(nb.given.X))
    steps = {name: np.asarray(nb.given.X @ np.asarray(w, dtype=float) + b > 0) for name, (w, b) in nb.gates.items()}
    w, b = nb.gates["AND"]
    return {
        "z1 is NAND": bool(np.array_equal(z[:, 0], steps["NAND"])),
        "z2 is OR": bool(np.array_equal(z[:, 1], steps["OR"])),
        "out is AND of z": bool(
            np.array_equal(out, np.column_stack([steps["NAND"], steps["OR"]]) @ np.asarray(w, dtype=float) + b > 0)
        ),
    }


mistake(
    "xor",
    replace={'gate(z, *gates["AND"])': 'gate(z, *gates["OR"])'},
    says="OR at the end is 1 wherever NAND or OR is, and one of the two always is. Both must be: AND.",
)
mistake(
    "xor",
    replace={'gate(X, *gates["NAND"])': 'gate(X, *gates["AND"])'},
    says="With AND in the hidden layer instead of NAND, the end result is AND again. NAND is what takes (1, 1) away.",
)
mistake(
    "xor",
    replace={'gate(z, *gates["AND"])': 'gate(z, *gates["NAND"])'},
    says="This is the opposite of XOR: NAND stands at the end. It belongs into the hidden layer; at the end is AND.",
)
mistake(
    "xor",
    replace={
        'z = np.column_stack([gate(X, *gates["NAND"]), gate(X, *gates["OR"])])': "z = np.column_stack([X @ gates[name][0] + gates[name][1] "
        'for name in ("NAND", "OR")])'
    },
    says="The hidden layer has no step, so its outputs are sums and not 0 or 1, and two layers are no more than one.",
)
mistake(
    "xor",
    replace={'gate(z, *gates["AND"])': 'gate(X, *gates["AND"])'},
    says="The last gate gets the inputs X. It must get what comes out of the hidden layer, z.",
)
mistake(
    "xor",
    replace={'gate(z, *gates["AND"])': "(X[:, 0] != X[:, 1]).astype(int)"},
    says="You programmed XOR with !=. It is right at the corners, but it is no network: out is your AND gate of z.",
)


@check("collapse", points=1, given={"W1": draw(2, 2), "b1": draw(2), "W2": draw(2, 2), "b2": draw(2)}, compare=close(atol=1e-6))
def collapse_of_two_by_two(nb):
    """W and b of the one layer are right."""
    W, b = nb.collapse(nb.given.W1, nb.given.b1, nb.given.W2, nb.given.b2)
    return {"W": W, "b": b}


@check(
    "collapse",
    points=2,
    private=True,
    given={"W1": draw(3, 5), "b1": draw(5), "W2": draw(5, 2), "b2": draw(2), "X": draw(6, 3)},
    compare=close(atol=1e-6),
)
def collapse_of_other_sizes(nb):
    """For layers of other sizes, one layer gives the same outputs as two."""
    W, b = nb.collapse(nb.given.W1, nb.given.b1, nb.given.W2, nb.given.b2)
    return nb.given.X @ W + b


mistake(
    "collapse",
    replace={"W1 @ W2, b1": "W2 @ W1, b1"},
    says="The matrices have changed places. X meets W1 first, so W = W1 W2; the order of a product of matrices matters.",
)
mistake(
    "collapse",
    replace={"b1 @ W2 + b2": "b1 + b2"},
    says="b1 goes through the second layer, too: it is multiplied by W2 before b2 is added.",
)
mistake(
    "collapse",
    replace={"b1 @ W2 + b2": "b2"},
    says="b1 got lost. Multiply out (X W1 + b1) W2 + b2: what is without X is the bias.",
)
mistake(
    "collapse",
    replace={"W1 @ W2, b1": "W1 * W2, b1"},
    says="`*` multiplies number by number. A layer after a layer is the product of the matrices, `@`.",
)

# ====================================================================================== 6  regions: 001-T05


@check("regions", points=1, compare=close(dtype="any"))
def regions_of_few_lines(nb):
    """None, one, two and three lines make the right number of regions."""
    return [nb.regions(p) for p in range(4)]


@check("regions", points=2, private=True, compare=close(dtype="any"))
def regions_of_many_lines(nb):
    """So do more lines."""
    return [nb.regions(p) for p in (4, 5, 8, 13, 100)]


mistake(
    "regions",
    replace={"1 + p + p * (p - 1) // 2": "2**p"},
    says="2 to the power p is the number of codes. From the third line on, not all of them occur: a line cannot cut *every* region in two.",
)
mistake(
    "regions",
    replace={"1 + p + p * (p - 1) // 2": "1 + p"},
    says="That is the number for parallel lines. Where lines cross, there are more: the p-th line adds p regions.",
)
mistake(
    "regions",
    replace={"1 + p + p * (p - 1) // 2": "2 * p if p else 1"},
    says="That is the number when all lines meet in one point. Without that, from the third line on there are more.",
)
mistake(
    "regions",
    replace={"1 + p + p * (p - 1) // 2": "1 + p * (p - 1) // 2"},
    says="The p-th line adds p regions, not p − 1: it is crossed p − 1 times, and so it has p pieces. Add 1 + 2 + … + p.",
)


@check("count_regions", points=1, given={"X": SQUARE}, compare=close(dtype="any"))
def counts_three_lines(nb):
    """Three lines that all cross make the right number of regions, and so does one line."""
    W, b = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]), np.array([0.5, 0.5, -1.0])
    return {"three": nb.count_regions(nb.given.X, W, b), "one": nb.count_regions(nb.given.X, W[:, :1], b[:1])}


@check("count_regions", points=1, private=True, given={"X": SQUARE}, compare=close(dtype="any"))
def counts_special_lines(nb):
    """Parallel lines, lines through one point, and a line that is far away are counted as they are."""
    parallel = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]), np.array([-1.03, 0.02, 2.03])
    through_one = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.3, -1.7]]), np.zeros(4)
    far = np.array([[1.0, 1.0], [1.1, -1.2]]), np.array([0.3, 50.0])
    return [nb.count_regions(nb.given.X, W, b) for W, b in (parallel, through_one, far)]


@check(
    "count_regions", points=1, private=True, given={"X": draw(40, 3), "W": draw(3, 5), "b": draw(5)}, compare=close(dtype="any")
)
def counts_codes_of_three_inputs(nb):
    """It counts the codes of samples with three inputs."""
    return [nb.count_regions(nb.given.X, nb.given.W, nb.given.b), nb.count_regions(nb.given.X[:3], nb.given.W, nb.given.b)]


mistake(
    "count_regions",
    replace={"len(np.unique(codes, axis=0))": "2 ** len(b)"},
    says="That is the number of all codes there could be. Count those that the rows of X really have.",
)
mistake(
    "count_regions",
    replace={"len(np.unique(codes, axis=0))": "len(np.unique(codes.sum(axis=1)))"},
    says="You count how many ones a code can have. (0, 1) and (1, 0) have one each, and are two regions: compare whole codes.",
)
mistake(
    "count_regions",
    replace={", axis=0))": "))"},
    says="Without axis=0, np.unique looks at single numbers, and there are only 0 and 1. Whole rows are to be compared: axis=0.",
)
mistake(
    "count_regions",
    replace={
        "    codes = np.column_stack([gate(X, W[:, j], b[j]) for j in range(len(b))])\n    return len(np.unique(codes, axis=0))": "    return "
        "regions(len(b))"
    },
    says="That is the largest number there can be. Count what is there: parallel lines make fewer regions.",
)

# ==================================================================================== 7  activations: 001-T06, 001-T08


@check("sigmoid", points=1, given={"x": np.linspace(-3, 3, 13)})
def sigmoid_values(nb):
    """The values are right for a = 1, which need not be said, and for a = 3."""
    return {"a = 1": nb.sigmoid(nb.given.x), "a = 3": nb.sigmoid(nb.given.x, 3.0)}


@check("sigmoid", points=1, private=True, given={"x": np.array([[-1.7, 0.3], [0.9, 2.2]])})
def sigmoid_of_other_slopes(nb):
    """They are right for other a and for a table of numbers, too."""
    return [nb.sigmoid(nb.given.x, a) for a in (0.5, 2.0, 7.0)]


@check("sigmoid", points=1, private=True, given={"x": np.array([-1000.0, -50.0, 50.0, 1000.0])})
def sigmoid_far_out(nb):
    """Far out, it is 0 or 1 and never NaN."""
    return nb.sigmoid(nb.given.x)


mistake(
    "sigmoid",
    replace={"1 / (1 + np.exp(-a * x))": "np.exp(a * x) / (1 + np.exp(a * x))"},
    says="On paper this is the same, but exp(1000) is infinite, and infinite by infinite is NaN. Divide both by exp(a x).",
)
mistake(
    "sigmoid",
    replace={"np.exp(-a * x)": "np.exp(-x)"},
    says="a is not used, so the sigmoid is always equally steep. It stands in the exponent: −a x.",
)
mistake(
    "sigmoid",
    replace={"np.exp(-a * x)": "np.exp(a * x)"},
    says="Your sigmoid falls: the minus in the exponent is missing.",
)
mistake(
    "sigmoid",
    replace={"np.exp(-a * x)": "np.exp(-x / a)"},
    says="A large a makes your sigmoid flat: you divide by it. It multiplies x, and the larger it is, the nearer is the step.",
)
mistake(
    "sigmoid",
    replace={"1 / (1 + np.exp(-a * x))": "a / (1 + np.exp(-x))"},
    says="You stretch the sigmoid upwards, to values between 0 and a. a belongs into the exponent and makes it steeper.",
)


@check("derivatives", points=1, given={"x": np.array([-2.0, -0.5, 0.5, 2.0])}, compare=close(rtol=1e-4, atol=1e-7, dtype="any"))
def derivatives_near_0(nb):
    """All three derivatives are right near 0."""
    return dict(zip(("sigmoid", "tanh", "ReLU"), nb.derivatives(nb.given.x), strict=True))


@check(
    "derivatives",
    points=2,
    private=True,
    given={"x": np.array([-10.0, -4.2, 3.1, 10.0])},
    compare=close(rtol=1e-4, atol=1e-7, dtype="any"),
)
def derivatives_far_out(nb):
    """Far out, they are small or zero as they should be."""
    return dict(zip(("sigmoid", "tanh", "ReLU"), nb.derivatives(nb.given.x), strict=True))


@check("derivatives", points=1, private=True, given={"x": np.zeros((1, 2))}, compare=close(rtol=1e-4, atol=1e-7, dtype="any"))
def derivatives_at_0(nb):
    """At 0 they are right, that of ReLU is 0 there."""
    return dict(zip(("sigmoid", "tanh", "ReLU"), nb.derivatives(nb.given.x), strict=True))


mistake(
    "derivatives",
    replace={"s * (1 - s)": "s * (1 + s)"},
    says="The sigmoid's derivative is σ(1 − σ), with a minus: at 0 it is 1/4, and never more.",
)
mistake(
    "derivatives",
    replace={"s * (1 - s)": "s"},
    says="The first array is the sigmoid itself. At 10 it is almost 1, while its slope there is almost 0.",
)
mistake(
    "derivatives",
    replace={"x > 0, 1.0": "x >= 0, 1.0"},
    says="The derivative of ReLU at 0 is taken to be 0 here, as torch does.",
)
mistake(
    "derivatives",
    replace={"np.tanh(x) ** 2": "np.tanh(x)"},
    says="The derivative of tanh is 1 − tanh²: the square is missing, and the slope on the left came out above 1.",
)
mistake(
    "derivatives",
    replace={"np.where(x > 0, 1.0, 0.0)": "relu(x)"},
    says="The third array is ReLU itself. Its derivative is 1 above 0 and 0 below, however large x is.",
)
mistake(
    "derivatives",
    replace={"s = sigmoid(x)": "s = sigmoid(sigmoid(x))"},
    says="You took the sigmoid twice: x is what goes into it.",
)


@check("activation_figure", points=1, given={"x": np.linspace(-4, 4, 33)}, compare=figure(texts=("title",)))
def figure_of_activations(nb):
    """To the left are the three functions, to the right their derivatives, each with its title."""
    return nb.activation_figure(nb.given.x)


@check("activation_figure", points=1, given={"x": np.linspace(-4, 4, 33)}, compare=figure(texts=("label",)))
def figure_has_labels(nb):
    """Every line has the label of its function."""
    return nb.activation_figure(nb.given.x)


@check("activation_figure", points=1, private=True, given={"x": np.linspace(-9, 2, 50)}, compare=figure(texts=("title", "label")))
def figure_of_another_range(nb):
    """It does for another range, too."""
    return nb.activation_figure(nb.given.x)


mistake(
    "activation_figure",
    replace={
        '(ax[0], functions, "functions"), (ax[1], derivatives(x), "derivatives")': '(ax[1], functions, "functions"), (ax[0], derivatives(x), "derivatives")'
    },
    says="The two axes have changed places: the functions stand to the left, their derivatives to the right.",
)
mistake(
    "activation_figure",
    replace={"axes.plot(x, curve, label=label)": "axes.plot(x, curve)"},
    says="The lines have no labels: label=… for each, and legend() for each of the axes.",
)
mistake(
    "activation_figure",
    replace={'["sigmoid", "tanh", "ReLU"]': '["ReLU", "tanh", "sigmoid"]'},
    says="The labels have changed places: the curve that is called ReLU is the sigmoid.",
)
mistake(
    "activation_figure",
    replace={"axes.plot(x, curve, label=label)": "axes.plot(curve, label=label)"},
    says="The curves are drawn over their numbers 0, 1, 2, …, not over x: plot(x, curve).",
)
mistake(
    "activation_figure",
    replace={"        axes.set_title(title)\n": ""},
    says="The axes have no titles: set_title for each of the two.",
)


@check("alive", points=1, given={"x": np.linspace(-8, 8, 161)}, compare=close(atol=1e-6))
def alive_of_a_bump(nb):
    """For a slope that is large in the middle, the two ends are right."""
    low, high = nb.alive(nb.given.x, 1 / (1 + nb.given.x**2), 0.0999)
    return [float(low), float(high)]


@check("alive", points=1, private=True, given={"x": np.linspace(-8, 8, 161)}, compare=close(atol=1e-6))
def alive_of_other_slopes(nb):
    """So they are for slopes that are negative, and for one that stays large to the end."""
    x = nb.given.x
    found = [
        nb.alive(x, slope, floor)
        for slope, floor in ((-1 / (1 + (x - 1) ** 2), 0.2001), (np.sin(x / 3), 0.5), ((x > 0) * 1.0, 0.3))
    ]
    return [[float(low), float(high)] for low, high in found]


mistake(
    "alive",
    replace={">= floor": "< floor"},
    says="These are places at which the slope is too small. Where it is at least `floor`, it is alive.",
)
mistake(
    "alive",
    replace={"np.abs(slope)": "slope"},
    says="A slope of −2 is a large one: take its size, np.abs(slope).",
)
mistake(
    "alive",
    replace={"x[np.abs": "slope[np.abs"},
    says="You return slopes. The places are asked for, numbers of x.",
)
mistake(
    "alive",
    replace={"x[np.abs(slope) >= floor]": "np.flatnonzero(np.abs(slope) >= floor)"},
    says="You return positions in the array. The places are asked for: the numbers of x that stand there.",
)


@check("chain", points=1, compare=close(atol=1e-7))
def chain_of_three_sigmoids(nb):
    """For three sigmoids at w = 0.5, the derivative is right."""

    def f(x):
        return 1 / (1 + np.exp(-x))

    return float(nb.chain(f, lambda x: f(x) * (1 - f(x)), 0.5, 3))


@check("chain", points=2, private=True, compare=close(rtol=1e-5, atol=1e-9))
def chain_of_other_functions(nb):
    """It does for other functions, one layer, and many."""
    return [
        float(nb.chain(lambda x: x**2, lambda x: 2 * x, 1.1, 4)),
        float(nb.chain(np.sin, np.cos, 2.0, 1)),
        float(nb.chain(np.sin, np.cos, -0.7, 10)),
        float(nb.chain(lambda x: 3 * x + 1, lambda x: 3.0, 5.0, 5)),
    ]


mistake(
    "chain",
    replace={"        w = f(w)\n": ""},
    says="All factors are taken at w. Each belongs to its own place: what came in there, f(w), then f(f(w)).",
)
mistake(
    "chain",
    replace={"slope = 1.0": "slope = 0.0", "slope * df(w)": "slope + df(w)"},
    says="You add the slopes up. The chain rule multiplies them.",
)
mistake(
    "chain",
    replace={"range(depth)": "range(depth - 1)"},
    says="One factor is missing: for f taken `depth` times there are `depth` factors.",
)
mistake(
    "chain",
    replace={"        slope = slope * df(w)\n        w = f(w)\n": "        w = f(w)\n        slope = slope * df(w)\n"},
    says="Your factors begin at f(w): one place too late. The innermost one is f'(w), then comes f'(f(w)).",
)
mistake(
    "chain",
    replace={"slope = slope * df(w)": "slope = df(w)"},
    says="You keep the last factor only, and forget the others: multiply them all.",
)

# ===================================================================================== 8  two layers that learn: 001-T07, T09


@check("error", points=1)
def error_of_two_samples(nb):
    """The error of two samples is right."""
    return float(nb.error(np.array([1, 2]), np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])))


@check("error", points=2, private=True, given={"o": DRAW.uniform(size=(7, 4))})
def error_of_more_samples(nb):
    """It does for more samples and another number of classes, whether each of them occurs or not."""
    return [float(nb.error(np.array(classes), nb.given.o)) for classes in ([0, 3, 1, 1, 2, 0, 3], [1, 1, 0, 0, 1, 0, 2])]


mistake(
    "error",
    replace={"(2 * len(o))": "o.size"},
    says="That is the mean over all numbers, as torch.nn.MSELoss takes it. Here it is the sum over the outputs of a sample, "
    "then the mean over the samples, and a half of it.",
)
mistake("error", replace={"(2 * len(o))": "len(o)"}, says="The half is missing: divide by 2n.")
mistake(
    "error",
    replace={"np.sum((y - o) ** 2)": "np.sum(np.linalg.norm(y - o, axis=1))"},
    says="The lengths are not squared: the 2 above the bars of the norm.",
)
mistake(
    "error",
    replace={"np.eye(o.shape[1])[classes]": "np.eye(o.shape[1])[np.asarray(classes) - 1]"},
    says="Your class vectors have their 1 one place too early: the classes are counted from 0.",
)
mistake(
    "error",
    replace={"y = np.eye(o.shape[1])[classes]": "y = np.asarray(classes)[:, None]"},
    says="You compare the outputs with the *numbers* of the classes. Each class becomes a class vector first, a 1 in its place and 0 elsewhere.",
)


@check("backward", points=2, given=NET, compare=close(atol=1e-6))
def backward_of_a_small_net(nb):
    """Both gradients are right for two inputs, two hidden neurons and one output."""
    dU1, dU2 = nb.backward(nb.given.X1, nb.given.Y, nb.given.U1, nb.given.U2)
    return {"dU2": dU2, "dU1": dU1}


@check("backward", points=3, private=True, given=WIDE, compare=close(atol=1e-6))
def backward_of_a_wider_net(nb):
    """They are right for three inputs, three hidden neurons and three outputs, too."""
    dU1, dU2 = nb.backward(nb.given.X1, nb.given.Y, nb.given.U1, nb.given.U2)
    return {"dU2": dU2, "dU1": dU1}


mistake(
    "backward",
    replace={" * Z * (1 - Z)": ""},
    says="dU2 is right, dU1 is not: the way back to U1 leads through the sigmoids of the hidden layer, a factor z(1 − z).",
)
mistake(
    "backward",
    replace={" * out * (1 - out)": ""},
    says="The sigmoids of the outputs are left out: (out − Y) is multiplied by their slope, out(1 − out).",
)
mistake(
    "backward",
    replace={"(out - Y)": "(Y - out)"},
    says="The sign is wrong: J falls where you say it rises. The derivative of ½(Y − out)² by out is out − Y.",
)
mistake(
    "backward",
    replace={"(out - Y)": "2 * (out - Y)"},
    says="Both are twice as large as they should be: the ½ of J takes the 2 away.",
)
mistake(
    "backward",
    replace={"U2[1:].T": "U2[:-1].T"},
    says="The rows of U2 do not belong to the neurons you use them for: its *first* row is the bias, so the hidden neurons have the rows from 1 on.",
)
mistake(
    "backward",
    replace={"of_hidden = of_outputs": "of_hidden = (out - Y)"},
    says="dU2 is right, but on the way to U1 you forget the slope of the last sigmoids: go back from what you used for dU2.",
)


@check("fit", points=1, given=NET, compare=losses(atol=1e-6))
def fit_losses(nb):
    """Over ten epochs, J is right before each step."""
    return nb.fit(nb.given.X1, nb.given.Y, nb.given.U1, nb.given.U2, 0.7, 10)[2]


@check("fit", points=2, given=NET, compare=close(atol=1e-6))
def fit_weights(nb):
    """After three epochs, both matrices are where they should be."""
    U1, U2, _ = nb.fit(nb.given.X1, nb.given.Y, nb.given.U1, nb.given.U2, 0.7, 3)
    return {"U1": U1, "U2": U2}


@check("fit", points=1, private=True, given=WIDE, compare=close(atol=1e-6))
def fit_of_a_wider_net(nb):
    """So it is for a wider network, and the matrices that came in have not changed."""
    start = nb.given.U1.copy(), nb.given.U2.copy()
    U1, U2, losses = nb.fit(nb.given.X1, nb.given.Y, nb.given.U1, nb.given.U2, 0.2, 6)
    kept = np.array_equal(start[0], nb.given.U1) and np.array_equal(start[1], nb.given.U2)
    return {"losses": losses, "U1": U1, "U2": U2, "kept": bool(kept)}


@check(
    "fit",
    points=1,
    private=True,
    given={"X1": X1, "start": list(ref.start(3))},
    compare=accuracy(labels=np.array([0, 1, 1, 0]), at_least=1.0),
)
def fit_learns_xor(nb):
    """It learns XOR from the start of the notebook."""
    U1, U2, _ = nb.fit(nb.given.X1, np.array([[0.0], [1.0], [1.0], [0.0]]), *nb.given.start, 2.0, 600)
    Z1 = np.column_stack([np.ones(4), 1 / (1 + np.exp(-nb.given.X1 @ U1))])
    return (Z1 @ U2)[:, 0] > 0


mistake(
    "fit",
    replace={
        "        U1 = U1 - rho * dU1\n        U2 = U2 - rho * dU2\n": "        U2 = U2 - rho * dU2\n        dU1, _ = backward(X1, Y, U1, U2)\n"
        "        U1 = U1 - rho * dU1\n"
    },
    says="You changed U2 first, and then took the gradient of U1 at the new U2. Both belong to the old place: find both gradients, then step.",
)
mistake(
    "fit",
    replace={"U1 - rho": "U1 + rho", "U2 - rho": "U2 + rho"},
    says="You go up: J grows. The step goes against the gradient, with a minus.",
)
mistake(
    "fit",
    replace={"        U2 = U2 - rho * dU2\n": ""},
    says="U2 never changes: the step is for both matrices.",
)
mistake(
    "fit",
    replace={"        U1 = U1 - rho * dU1\n        U2 = U2 - rho * dU2\n": "        U1 -= rho * dU1\n        U2 -= rho * dU2\n"},
    says="`-=` changes the very arrays that came in, so whoever gave them to you has other start weights afterwards. U1 = U1 − … makes new ones.",
)
mistake(
    "fit",
    replace={"np.sum((Y - out) ** 2) / 2": "np.mean((Y - out) ** 2)"},
    says="The weights are right, but J is half of the *sum* of the squares, not their mean.",
)
mistake(
    "fit",
    replace={"U1 - rho * dU1": "U1 - dU1", "U2 - rho * dU2": "U2 - dU2"},
    says="The learning rate is missing: the step is ρ times the gradient.",
)
