"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F`, `math` and
`itertools` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import itertools
import math
from itertools import product

import torch.nn as nn
import torch.nn.functional as F
"""

ANSWERS: dict[str, list[Sources]] = {}

# ============================================================================================================ 1  a gate

ANSWERS["AND"] = [
    """
def AND(x1, x2):
    w1, w2, theta = 0.5, 0.5, 0.7
    tmp = x1*w1 + x2*w2
    if tmp <= theta:
        return 0
    elif tmp > theta:
        return 1
""",
    """
def AND(x1, x2):
    return int(0.5 * x1 + 0.5 * x2 > 0.7)
""",
    """
def AND(x1, x2):
    x = np.array([x1, x2])
    w = np.array([0.5, 0.5])
    return 1 if np.sum(w * x) > 0.7 else 0
""",
]

ANSWERS["bias_of_and"] = [
    "theta = 0.7\nbias_of_and = -theta",
    "bias_of_and = np.array(-0.7)",
    "bias_of_and = - 7 / 10",
]

ANSWERS["gate"] = [
    """
def gate(X, w, b):
    return (X @ w + b > 0).astype(int)
""",
    """
def gate(X, w, b):
    y = []
    for x in X:
        tmp = np.sum(w * x) + b
        if tmp <= 0:
            y.append(0)
        else:
            y.append(1)
    return np.array(y)
""",
    """
def gate(X, w, b):
    out = np.zeros(len(X), dtype=np.int64)
    out[np.dot(X, w) > -b] = 1
    return out
""",
]

ANSWERS["gates"] = [
    """
w = np.array([1.0, 1.0])
gates = {"AND": (w, -1.5), "NAND": (-w, 1.5), "OR": (w, -0.5)}
""",
    """
gates = dict(AND=(np.array([2, 3]), -4), OR=(np.array([7, 5]), -2), NAND=(np.array([-2, -2]), 3))
""",
    (
        "AND_w, AND_b = np.array([.5, .5]), -.75\nOR_w, OR_b = np.array([.5, .5]), -.25",
        "gates = {}\ngates['AND'] = AND_w, AND_b\ngates['OR'] = OR_w, OR_b\ngates['NAND'] = -AND_w, -AND_b",
    ),
]

# ======================================================================================================= 2  the perceptron

ANSWERS["perceptron"] = [
    """
def perceptron(X1, w):
    return 2 * (X1 @ w > 0).astype(int) - 1
""",
    """
def perceptron(X1, w):
    y = np.sign(X1.dot(w)).astype(int)
    y[y == 0] = -1
    return y
""",
    """
def perceptron(X1, w):
    s = np.einsum("nd,d...->n...", X1, w)
    out = -np.ones(s.shape, dtype=int)
    out[s > 0] = 1
    return out
""",
]

ANSWERS["on_the_line"] = [
    """
def on_the_line(w):
    w0, w1, w2 = w
    if abs(w2) > abs(w1):
        x1 = np.array([-2., 2.])
        x2 = -(w0 + w1 * x1) / w2
    else:
        x2 = np.array([-2., 2.])
        x1 = -(w0 + w2 * x2) / w1
    return np.column_stack([x1, x2])
""",
    """
def on_the_line(w):
    if w[2] == 0:
        c = -w[0] / w[1]
        return np.array([[c, 0.], [c, 1.]])
    points = []
    for x1 in (-1, 2):
        points.append([x1, -(w[0] + w[1] * x1) / w[2]])
    return points
""",
    """
def on_the_line(w):
    n = w[1:]
    p = -w[0] * n / (n @ n)
    t = np.array([[0., -1.], [1., 0.]]) @ n
    return np.array([p, p + 5 * t / np.sqrt(t @ t)])
""",
]

ANSWERS["line_figure"] = [
    """
def line_figure(X, y, w):
    fig = plt.figure()
    for label, marker in ((1, "s"), (-1, "^")):
        plt.scatter(X[y == label, 0], X[y == label, 1], marker=marker, label=f"{label:+d}")
    (a, b), (c, d) = on_the_line(w)
    plt.plot([a, c], [b, d], color="red", label="d(x) = 0")
    plt.legend()
    return fig
""",
    """
def line_figure(X, y, w):
    fig, ax = plt.subplots()
    ax.scatter(*X[y > 0].T, c="b", label="+1")
    ax.scatter(*X[y < 0].T, c="r", label="-1")
    p, q = on_the_line(w)
    ax.axline(tuple(p), tuple(q), color="k")
    ax.grid(); ax.legend(); ax.set_xlabel("x1"); ax.set_ylabel("x2")
    return fig
""",
    """
def line_figure(X, y, w):
    fig, ax = plt.subplots()
    plus = np.array([x for x, t in zip(X, y) if t == 1])
    minus = np.array([x for x, t in zip(X, y) if t == -1])
    ax.plot(plus[:, 0], plus[:, 1], "bo", label="+1")
    ax.plot(minus[:, 0], minus[:, 1], "rx", label="-1")
    grid = np.linspace(X[:, 0].min() - 1, X[:, 0].max() + 1, 50)
    ax.plot(grid, -(w[0] + w[1] * grid) / w[2], "g-")
    plt.legend()
    return fig
""",
]

# ========================================================================================================= 3  how it learns

ANSWERS["misclassified"] = [
    """
def misclassified(X1, y, w):
    s = X1 @ w
    return np.where(y == 1, s <= 0, s > 0)
""",
    """
def misclassified(X1, y, w):
    return np.array([perceptron(x[None, :], w)[0] != t for x, t in zip(X1, y)])
""",
    """
def misclassified(X1, y, w):
    return np.not_equal(perceptron(X1, w), y)
""",
]

ANSWERS["objective"] = [
    """
def objective(X1, y, w):
    J = 0.0
    for x, t, bad in zip(X1, y, misclassified(X1, y, w)):
        if bad:
            J += -t * (w @ x)
    return J
""",
    """
def objective(X1, y, w):
    return -(misclassified(X1, y, w) * y * (X1 @ w)).sum()
""",
    """
def objective(X1, y, w):
    # y s < 0 for all of Y, and for no other sample
    return np.maximum(-y * (X1 @ w), 0).sum()
""",
]

ANSWERS["gradient"] = [
    """
def gradient(X1, y, w):
    g = np.zeros(len(w))
    for x, t, bad in zip(X1, y, misclassified(X1, y, w)):
        if bad:
            g -= t * x
    return g
""",
    """
def gradient(X1, y, w):
    Y = misclassified(X1, y, w)
    return -(X1[Y].T @ y[Y])
""",
    """
def gradient(X1, y, w):
    # (output - y)/2 is 0 for right samples, and -y for wrong ones
    return X1.T @ ((perceptron(X1, w) - y) / 2)
""",
]

ANSWERS["delta_rule"] = [
    """
def delta_rule(X1, y, rho, steps):
    w = np.zeros(X1.shape[1])
    history = [w]
    k = 0
    while k < steps and misclassified(X1, y, w).sum() > 0:
        Y = misclassified(X1, y, w)
        w = w + rho * np.sum(y[Y][:, None] * X1[Y], axis=0)
        history.append(w)
        k += 1
    return np.array(history)
""",
    """
def delta_rule(X1, y, rho, steps):
    w = np.zeros(X1.shape[1])
    history = [w.copy()]
    for step in range(steps):
        wrong = misclassified(X1, y, w)
        if not np.any(wrong):
            return np.array(history)
        for x, t in zip(X1[wrong], y[wrong]):
            w += rho * t * x
        history.append(w.copy())
    return np.stack(history)
""",
    """
def delta_rule(X1, y, rho, steps):
    history = [np.zeros(X1.shape[1])]
    for _ in range(steps):
        if objective(X1, y, history[-1]) == 0 and not misclassified(X1, y, history[-1]).any():
            break
        history += [history[-1] - rho * gradient(X1, y, history[-1])]
    return history
""",
]

ANSWERS["what_rho_does"] = [
    "what_rho_does = 'The length of w'",
    'what_rho_does = "the length of w".upper()  # its direction stays',
]

# ====================================================================================================== 4  no line for XOR

ANSWERS["best_of_lines"] = [
    """
def best_of_lines(X1, y, grid):
    best = 0
    for w in product(grid, repeat=3):
        best = max(best, np.sum(perceptron(X1, np.array(w)) == y))
    return best
""",
    """
def best_of_lines(X1, y, grid):
    counts = []
    for w0 in grid:
        for w1 in grid:
            for w2 in grid:
                counts.append(len(y) - int(misclassified(X1, y, np.array([w0, w1, w2])).sum()))
    return max(counts)
""",
    """
def best_of_lines(X1, y, grid):
    W = np.array(list(itertools.product(grid, grid, grid)))
    out = np.where(W @ X1.T > 0, 1, -1)
    return (out == y).sum(1).max()
""",
]

# ============================================================================================================ 5  two layers

ANSWERS["xor"] = [
    """
def xor(X):
    z1 = gate(X, gates["NAND"][0], gates["NAND"][1])
    z2 = gate(X, gates["OR"][0], gates["OR"][1])
    z = np.array([z1, z2]).T
    out = gate(z, gates["AND"][0], gates["AND"][1])
    return z, out
""",
    """
def xor(X):
    (wn, bn), (wo, bo), (wa, ba) = gates["NAND"], gates["OR"], gates["AND"]
    z = (X @ np.column_stack([wn, wo]) + np.array([bn, bo]) > 0).astype(int)
    return z, (z @ wa + ba > 0) * 1
""",
    """
def xor(X):
    z = np.stack([gate(X, *gates[g]) for g in ["NAND", "OR"]], axis=1)
    out = z[:, 0] * z[:, 1]   # and
    return [z, gate(z, *gates["AND"])]
""",
]

ANSWERS["collapse"] = [
    """
def collapse(W1, b1, W2, b2):
    W = W1.dot(W2)
    b = b1.dot(W2) + b2
    return W, b
""",
    """
def collapse(W1, b1, W2, b2):
    net = lambda X: (X @ W1 + b1) @ W2 + b2
    b = net(np.zeros((1, W1.shape[0])))[0]
    W = net(np.eye(W1.shape[0])) - b
    return W, b
""",
]

# ============================================================================================================== 6  regions

ANSWERS["regions"] = [
    """
def regions(p):
    return 1 + sum(range(1, p + 1))
""",
    """
def regions(p):
    if p == 0:
        return 1
    return regions(p - 1) + p
""",
    """
def regions(p):
    return (p**2 + p + 2) / 2
""",
    """
def regions(p):
    return sum(math.comb(p, k) for k in range(3))
""",
]

ANSWERS["count_regions"] = [
    """
def count_regions(X, W, b):
    codes = set()
    for row in (X @ W + b > 0):
        codes.add(tuple(row))
    return len(codes)
""",
    """
def count_regions(X, W, b):
    p = W.shape[1]
    numbers = np.zeros(len(X), dtype=int)
    for j in range(p):
        numbers += 2**j * gate(X, W[:, j], b[j])
    return np.unique(numbers).size
""",
]

# ========================================================================================================== 7  activations

ANSWERS["sigmoid"] = [
    """
def sigmoid(x, a=1):
    return 0.5 * (1 + np.tanh(a * x / 2))
""",
    """
def sigmoid(x, a=1.0):
    return np.exp(-np.logaddexp(0, -a * x))
""",
    """
def sigmoid(x, a=1.0):
    t = np.clip(a * x, -500, 500)
    return np.exp(t) / (1 + np.exp(t))
""",
]

ANSWERS["derivatives"] = [
    """
def derivatives(x):
    d_sig = sigmoid(x) * sigmoid(-x)
    d_tanh = 1 / np.cosh(x) ** 2
    d_relu = (x > 0).astype(float)
    return d_sig, d_tanh, d_relu
""",
    """
def derivatives(x):
    e = np.exp(-np.abs(x))
    return [e / (1 + e) ** 2, 4 * e**2 / (1 + e**2) ** 2, np.heaviside(x, 0)]
""",
    """
def derivatives(x):
    found = []
    for f in (torch.sigmoid, torch.tanh, F.relu):
        t = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        f(t).sum().backward()
        found.append(t.grad.numpy())
    return tuple(found)
""",
]

ANSWERS["activation_figure"] = [
    """
def activation_figure(x):
    fig = plt.figure(figsize=(10, 4))
    ds, dt, dr = derivatives(x)
    plt.subplot(1, 2, 1)
    plt.plot(x, sigmoid(x), label="sigmoid"); plt.plot(x, np.tanh(x), label="tanh"); plt.plot(x, relu(x), label="ReLU")
    plt.title("functions"); plt.legend()
    plt.subplot(1, 2, 2)
    plt.plot(x, ds, label="sigmoid"); plt.plot(x, dt, label="tanh"); plt.plot(x, dr, label="ReLU")
    plt.title("derivatives"); plt.legend()
    return fig
""",
    """
def activation_figure(x):
    fig, (left, right) = plt.subplots(ncols=2, sharex=True)
    names = ["ReLU", "tanh", "sigmoid"]
    left.plot(x, np.array([relu(x), np.tanh(x), sigmoid(x)]).T, "--", label=names)
    right.plot(x, np.array(derivatives(x))[::-1].T, label=names)
    left.set(title="Functions", xlabel="x")
    right.set(title="Derivatives", xlabel="x")
    right.legend()
    fig.suptitle("activations")
    return fig
""",
]

ANSWERS["alive"] = [
    """
def alive(x, slope, floor):
    places = [p for p, s in zip(x, slope) if abs(s) >= floor]
    return min(places), max(places)
""",
    """
def alive(x, slope, floor):
    mask = ~((slope < floor) & (slope > -floor))
    return [x[mask].min(), x[mask].max()]
""",
]

ANSWERS["chain"] = [
    """
def chain(f, df, w, depth):
    places = [w]
    for _ in range(depth - 1):
        places.append(f(places[-1]))
    result = 1
    for place in reversed(places):
        result *= df(place)
    return result
""",
    """
def chain(f, df, w, depth):
    if depth == 1:
        return df(w)
    return chain(f, df, f(w), depth - 1) * df(w)
""",
    """
def chain(f, df, w, depth):
    slopes, inside = [], w
    while len(slopes) < depth:
        slopes, inside = [*slopes, float(df(inside))], f(inside)
    return math.prod(slopes)
""",
]

# ============================================================================================== 8  two layers that learn

ANSWERS["error"] = [
    """
def error(classes, o):
    y = np.zeros_like(o)
    y[np.arange(len(o)), classes] = 1
    return 0.5 * np.mean(np.linalg.norm(y - o, axis=1) ** 2)
""",
    """
def error(classes, o):
    total = 0
    for k, row in zip(classes, o):
        for j, number in enumerate(row):
            total += ((1 if j == k else 0) - number) ** 2
    return total / (2 * len(classes))
""",
    """
def error(classes, o):
    y = F.one_hot(torch.as_tensor(classes), o.shape[1])
    return F.mse_loss(torch.as_tensor(o), y.double(), reduction="sum").item() / 2 / len(o)
""",
]

ANSWERS["backward"] = [
    """
def backward(X1, Y, U1, U2):
    Z1, out = forward(X1, U1, U2)
    d2 = -(Y - out) * (out * (1 - out))
    d1 = np.dot(d2, U2.T)[:, 1:] * (Z1 * (1 - Z1))[:, 1:]
    return np.dot(X1.T, d1), np.dot(Z1.T, d2)
""",
    """
def backward(X1, Y, U1, U2):
    dU1, dU2 = np.zeros_like(U1), np.zeros_like(U2)
    Z1, out = forward(X1, U1, U2)
    for x, y, z, o in zip(X1, Y, Z1, out):
        delta = (o - y) * o * (1 - o)
        dU2 += np.outer(z, delta)
        back = (U2 @ delta) * z * (1 - z)   # the first is 0, z is 1 there
        dU1 += np.outer(x, back[1:])
    return dU1, dU2
""",
    """
def backward(X1, Y, U1, U2):
    Z1, out = forward(X1, U1, U2)
    hidden = Z1[:, 1:]
    through = out - out**2
    dU2 = np.einsum("ni,nc->ic", Z1, (out - Y) * through)
    dU1 = np.einsum("nd,nc,pc,np->dp", X1, (out - Y) * through, U2[1:], hidden - hidden**2)
    return [dU1, dU2]
""",
]

ANSWERS["fit"] = [
    """
def fit(X1, Y, U1, U2, rho, epochs):
    losses = np.zeros(epochs)
    for epoch in range(epochs):
        out = forward(X1, U1, U2)[1]
        losses[epoch] = 0.5 * ((out - Y) ** 2).sum()
        g1, g2 = backward(X1, Y, U1, U2)
        U1, U2 = U1 - rho * g1, U2 - rho * g2
    return U1, U2, losses
""",
    """
def fit(X1, Y, U1, U2, rho, epochs):
    U1, U2 = U1.copy(), U2.copy()
    losses = []
    for _ in range(epochs):
        losses.append(np.linalg.norm(Y - forward(X1, U1, U2)[1]) ** 2 / 2)
        dU1, dU2 = backward(X1, Y, U1, U2)
        U1 -= rho * dU1
        U2 -= rho * dU2
    return U1, U2, np.array(losses)
""",
]
