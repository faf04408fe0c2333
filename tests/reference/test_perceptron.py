"""The reference of `perceptron` against truth tables, torch's autograd, and what can be proved."""

import itertools
import math
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import perceptron as ref

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
SIGNS = {"AND": [-1, -1, -1, 1], "OR": [-1, 1, 1, 1], "NAND": [1, 1, 1, -1], "XOR": [-1, 1, 1, -1]}
SMALL = st.floats(-5, 5)


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


def arrays(*shape: int) -> st.SearchStrategy[np.ndarray]:
    size = math.prod(shape)
    return st.lists(SMALL, min_size=size, max_size=size).map(lambda numbers: np.array(numbers).reshape(shape))


# ------------------------------------------------------------------------------------------------- gates and perceptrons


def test_gates_have_their_truth_tables():
    assert [ref.AND(*corner) for corner in CORNERS] == [a & b for a, b in CORNERS.tolist()]
    tables = {"AND": lambda a, b: a & b, "NAND": lambda a, b: 1 - (a & b), "OR": lambda a, b: a | b}
    for name, table in tables.items():
        assert ref.gate(CORNERS, *ref.gates[name]).tolist() == [table(a, b) for a, b in CORNERS.tolist()]
    assert ref.gates["AND"][1] == ref.bias_of_and
    z, out = ref.xor(CORNERS)
    assert out.tolist() == [a ^ b for a, b in CORNERS.tolist()]
    assert z.tolist() == [[1 - (a & b), a | b] for a, b in CORNERS.tolist()]


@given(arrays(7, 2), arrays(2), SMALL)
def test_a_perceptron_is_a_gate_between_minus_one_and_one(X, w, b):
    assert (ref.perceptron(ref.with_ones(X), np.array([b, *w])) == 2 * ref.gate(X, w, b) - 1).all()


@given(arrays(3))
def test_two_points_lie_on_the_line(w):
    assume(np.linalg.norm(w[1:]) > 1e-2)
    points = ref.on_the_line(w)
    assert np.abs(ref.with_ones(points) @ w).max() < 1e-6 * (1 + np.abs(points).max() * np.abs(w).max())
    assert np.linalg.norm(points[0] - points[1]) >= 1 - 1e-9


# -------------------------------------------------------------------------------------------------------------- learning


@given(arrays(9, 2), arrays(3), st.lists(st.sampled_from([-1, 1]), min_size=9, max_size=9).map(np.array))
def test_gradient_is_that_of_autograd(X, w, y):
    """Away from where a sample changes sides, J is smooth."""
    X1 = ref.with_ones(X)
    assume((np.abs(X1 @ w) > 1e-6).all())
    weights = torch.tensor(w, requires_grad=True)
    J = torch.relu(-torch.tensor(y) * (torch.tensor(X1) @ weights)).sum()
    J.backward()
    assert ref.objective(X1, y, w) == pytest.approx(J.item(), abs=1e-9)
    assert ref.gradient(X1, y, w) == pytest.approx(weights.grad.numpy(), abs=1e-9)


@pytest.mark.parametrize("name", ["AND", "OR", "NAND"])
@pytest.mark.parametrize("rho", [0.125, 0.5, 4.0])  # powers of 2: they round nothing
def test_what_a_line_parts_is_learned(name, rho):
    X1, y = ref.with_ones(CORNERS), np.array(SIGNS[name])
    history = ref.delta_rule(X1, y, rho, 100)
    assert not ref.misclassified(X1, y, history[-1]).any()
    assert all(ref.misclassified(X1, y, w).any() for w in history[:-1])
    assert history / rho == pytest.approx(ref.delta_rule(X1, y, 1.0, 100)), "rho changes the length of w, and nothing else"
    assert ref.what_rho_does == "the length of w"


def test_xor_is_never_learned_and_three_of_four_are_the_best():
    X1, y = ref.with_ones(CORNERS), np.array(SIGNS["XOR"])
    assert len(ref.delta_rule(X1, y, 0.5, 300)) == 301
    assert ref.best_of_lines(X1, y, np.linspace(-2, 2, 9)) == 3
    assert ref.best_of_lines(X1, np.array(SIGNS["OR"]), np.linspace(-2, 2, 9)) == 4


def test_clouds_can_be_parted():
    X, y = ref.clouds(100)
    assert X.shape == (100, 2)
    assert ((X @ [1, 2] > 7.5) == (y == 1)).all()
    assert 20 < (y == 1).sum() < 80
    history = ref.delta_rule(ref.with_ones(X), y, 0.1, 5000)
    assert not ref.misclassified(ref.with_ones(X), y, history[-1]).any()


# ------------------------------------------------------------------------------------------------------ layers and regions


@given(arrays(5, 2), arrays(2, 3), arrays(3), arrays(3, 2), arrays(2))
def test_two_layers_without_steps_are_one(X, W1, b1, W2, b2):
    W, b = ref.collapse(W1, b1, W2, b2)
    assert X @ W + b == pytest.approx((X @ W1 + b1) @ W2 + b2, abs=1e-8)


def test_lines_make_as_many_regions_as_they_can():
    for p in range(1, 6):
        W, b = ref.lines(p)
        assert W.shape == (2, p)
        assert all(abs(np.linalg.det(W[:, [i, j]])) > 1e-3 for i, j in itertools.combinations(range(p), 2)), "no two parallel"
        assert ref.count_regions(ref.plane(400), W, b) == ref.regions(p) == sum(math.comb(p, k) for k in range(3))


# ------------------------------------------------------------------------------------------------------------ activations


@given(arrays(11))
def test_activations_and_their_derivatives_are_torchs(x):
    functions = [(ref.sigmoid, torch.sigmoid), (np.tanh, torch.tanh), (ref.relu, torch.relu)]
    for (ours, torchs), derivative in zip(functions, ref.derivatives(x), strict=True):
        there = torch.tensor(x, requires_grad=True)
        value = torchs(there)
        value.sum().backward()
        assert ours(x) == pytest.approx(value.detach().numpy(), abs=1e-12)
        assert derivative == pytest.approx(there.grad.numpy(), abs=1e-12)


@given(SMALL, st.floats(0.1, 20))
def test_a_steep_sigmoid_is_a_stretched_one(x, a):
    assert ref.sigmoid(np.array([x]), a) == pytest.approx(ref.sigmoid(np.array([a * x])))


def test_where_the_sigmoid_is_alive():
    x = np.linspace(-10, 10, 2001)
    low, high = ref.alive(x, ref.derivatives(x)[0], 0.01)
    edge = math.log(49 + math.sqrt(49**2 - 1))  # s (1 - s) = 0.01
    assert (low, high) == pytest.approx((-edge, edge), abs=0.011)


@given(st.floats(-2, 2), st.integers(1, 6))
@settings(deadline=None)
def test_chain_is_autograds(w, depth):
    z = start = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    for _ in range(depth):
        z = torch.sigmoid(z)
    z.backward()
    found = ref.chain(ref.sigmoid, lambda x: ref.sigmoid(x) * (1 - ref.sigmoid(x)), w, depth)
    assert found == pytest.approx(start.grad.item(), rel=1e-9)


# ---------------------------------------------------------------------------------------------------- two layers that learn


def test_error_is_half_the_mean_square():
    classes, o = np.array([2, 0]), np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])
    assert ref.error(classes, o) == pytest.approx((0.01 + 0.04 + 0.09 + 0.25 + 0.0625 + 0.0625) / 4)


@given(arrays(6, 2), arrays(3, 4), arrays(5, 2), arrays(6, 2))
@settings(deadline=None)
def test_backward_is_autograds(X, U1, U2, Y):
    ones = torch.ones(6, 1, dtype=torch.float64)
    u1, u2 = torch.tensor(U1, requires_grad=True), torch.tensor(U2, requires_grad=True)
    hidden = torch.sigmoid(torch.cat([ones, torch.tensor(X)], dim=1) @ u1)
    out = torch.sigmoid(torch.cat([ones, hidden], dim=1) @ u2)
    (((torch.tensor(Y) - out) ** 2).sum() / 2).backward()
    X1 = ref.with_ones(X)
    assert ref.forward(X1, U1, U2)[1] == pytest.approx(out.detach().numpy())
    dU1, dU2 = ref.backward(X1, Y, U1, U2)
    assert dU1 == pytest.approx(u1.grad.numpy(), abs=1e-9)
    assert dU2 == pytest.approx(u2.grad.numpy(), abs=1e-9)


def test_two_layers_learn_xor_and_leave_their_start_alone():
    U1, U2 = ref.start(4)
    before = U1.copy(), U2.copy()
    X1, Y = ref.with_ones(CORNERS), np.array([[0.0], [1.0], [1.0], [0.0]])
    new1, new2, losses = ref.fit(X1, Y, U1, U2, 2.0, 4000)
    assert np.array_equal(U1, before[0])
    assert np.array_equal(U2, before[1])
    assert losses[0] == pytest.approx(((Y - ref.forward(X1, U1, U2)[1]) ** 2).sum() / 2)
    assert losses[-1] < 0.05 * losses[0]
    assert (ref.forward(X1, new1, new2)[1].round() == Y).all()


@pytest.mark.parametrize("picture", [name for name in dir(ref) if name.startswith("picture_")])
def test_pictures_are_drawn(picture):
    assert getattr(ref, picture)().axes
