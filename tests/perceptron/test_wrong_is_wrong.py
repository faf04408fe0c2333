"""Wrong answers to `perceptron` that are no declared mistakes lose what they should."""

import pytest

from tests.homework.wrong import WrongIsWrong

pytestmark = pytest.mark.slow


class TestWrongIsWrong(WrongIsWrong):
    alone = {"delta_rule"}
    wrong = {
        # tries weights until some fit
        "delta_rule": (
            """
def delta_rule(X1, y, rho, steps):
    draw = np.random.default_rng(1)
    history = [np.zeros(X1.shape[1])]
    for _ in range(steps):
        if not misclassified(X1, y, history[-1]).any():
            break
        history.append(draw.normal(size=X1.shape[1]))
    return np.array(history)
""",
            {"line_holds_for_unseen_points"},
        ),
        # the first few values, by heart
        "regions": ("def regions(p):\n    return {1: 2, 2: 4, 3: 7, 4: 11}.get(p, 2 ** p)", None),
        # a straight line in the middle, flat outside
        "sigmoid": ("def sigmoid(x, a=1.0):\n    return np.clip(0.5 + a * x / 4, 0, 1)", {"sigmoid_far_out"}),
        # the slope at the last point only
        "chain": ("def chain(f, df, w, depth):\n    return float(df(w) * df(f(w)) ** (depth - 1))", None),
        # half of the sum of squares, whatever n
        "error": ("def error(classes, o):\n    return float(((np.eye(o.shape[1])[classes] - o) ** 2).sum())", set()),
    }
