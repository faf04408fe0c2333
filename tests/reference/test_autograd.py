"""The reference of `autograd` against closed forms, finite differences and torch's own functions."""

import math
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import autograd as ref

FUNCTIONS = {
    "Multiply": (ref.Multiply, 2, torch.mul),
    "Add": (ref.Add, 3, lambda a, b, c: a + b + c),
    "Sigmoid": (ref.Sigmoid, 1, torch.sigmoid),
    "ReLU": (ref.ReLU, 1, torch.relu),
    "Max": (ref.Max, 1, torch.max),
}

numbers = st.floats(-3, 3, allow_nan=False).map(lambda value: round(value, 3))


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def rows(count: int, length: int = 4) -> list[torch.Tensor]:
    torch.manual_seed(43052)
    return [torch.randn(length, dtype=torch.float64, requires_grad=True) for _ in range(count)]


# ------------------------------------------------------------------------------------------------ one operation at a time


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_pass_gradcheck(name):
    function, count, _ = FUNCTIONS[name]
    assert torch.autograd.gradcheck(function.apply, rows(count))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_torchs(name):
    function, count, theirs = FUNCTIONS[name]
    inputs = rows(count)
    mine, other = function.apply(*inputs), theirs(*inputs)
    torch.testing.assert_close(mine, other)
    upstream = torch.linspace(-1, 2, mine.numel(), dtype=torch.float64).reshape(mine.shape)
    gradients = torch.autograd.grad(mine, inputs, upstream), torch.autograd.grad(other, inputs, upstream)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", ["Multiply", "Sigmoid", "Add"])
def test_functions_can_be_differentiated_twice(name):
    function, count, _ = FUNCTIONS[name]
    assert torch.autograd.gradgradcheck(function.apply, rows(count))


def test_multiply_of_the_lecture():
    x, y = leaf(3.0), leaf(-4.0)
    ref.Multiply.apply(x, y).backward()
    assert (x.grad.item(), y.grad.item()) == (-4, 3)


def test_multiply_is_watched():
    x, y = torch.ones(3, requires_grad=True), torch.ones(3)
    z = ref.Multiply.apply(x, y)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_sigmoid_far_out():
    x = torch.tensor([-200.0, 200.0], requires_grad=True)
    out = ref.Sigmoid.apply(x)
    out.sum().backward()
    assert out.tolist() == [0, 1]
    assert x.grad.tolist() == [0, 0]


def test_relu_at_zero_is_torchs():
    x = torch.zeros(1, requires_grad=True)
    ref.ReLU.apply(x).backward()
    assert x.grad.tolist() == [0]


def test_max_gives_a_tie_to_one():
    x = leaf(2.0, 5.0, 5.0)
    ref.Max.apply(x).backward()
    assert x.grad.tolist() == [0, 1, 0]


def test_fan_out_of_the_lecture():
    t = leaf(2.0)
    x, y = ref.FanOut.apply(t, 2)
    ref.Multiply.apply(x**2, 3 * y).backward()
    assert t.grad.item() == 36


@given(st.lists(numbers, min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_fan_out_adds_up(slopes):
    t = leaf(1.5)
    copies = ref.FanOut.apply(t, len(slopes))
    sum(slope * copy for slope, copy in zip(slopes, copies, strict=True)).backward()
    assert t.grad.item() == pytest.approx(sum(slopes), abs=1e-9)


# ------------------------------------------------------------------------------------------------- what torch notes down


def test_facts():
    x = torch.ones(2, requires_grad=True)
    y = x + 2
    assert ref.facts(x) == {"requires_grad": True, "is_leaf": True, "grad_fn": None}
    x.requires_grad_(False)
    assert ref.facts(x) == {"requires_grad": False, "is_leaf": True, "grad_fn": None}
    assert ref.facts(y) == {"requires_grad": True, "is_leaf": False, "grad_fn": "AddBackward0"}


def test_spelled_is_python():
    x = torch.ones(1, requires_grad=True)
    assert getattr(x, ref.spelled[1]) is True
    with eval(ref.spelled[2]):
        assert not (x * 2).requires_grad
    assert eval(ref.spelled[3]) is True
    dz_dx, i, j = torch.full((2, 2), 8.0), 0, 1
    assert eval(ref.spelled[5], {"dz_dx": dz_dx, "i": i, "j": j})


def test_nodes():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert ref.nodes_of(x) == []
    assert sorted(ref.nodes_of(x * x)) == ["AccumulateGrad", "MulBackward0"]
    assert sorted(ref.nodes_of(x * y)) == ["AccumulateGrad", "AccumulateGrad", "MulBackward0"]
    assert sorted(ref.nodes_of(x + torch.ones(2))) == ["AccumulateGrad", "AddBackward0"]


def test_copies_are_what_torch_does():
    x = torch.ones(3, requires_grad=True)
    for expression, (follows, shares) in ref.copies.items():
        result = eval(expression, {"x": x})
        assert result.requires_grad is follows
        assert (result.data_ptr() == x.data_ptr()) is shares


# --------------------------------------------------------------------------------------------------------------- backward


@given(st.lists(numbers, min_size=1, max_size=6), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_gradients_by_the_formula_and_so_many_times(values, passes):
    x = torch.tensor(values, dtype=torch.float64)
    by_x = 3 * (x + 2) ** 2 / len(values)
    z_once = torch.full_like(x, 1 / len(values))
    torch.testing.assert_close(ref.all_gradients(x), (by_x, by_x, z_once))
    x_grad, y_grad, z_grad = ref.after_passes(x, passes)
    torch.testing.assert_close((x_grad, y_grad), (passes * by_x, passes * by_x))
    assert z_grad is None
    message, x_grad, y_grad, z_grad = ref.second_backward(x)
    assert message.startswith("Trying to backward through the graph a second time")
    torch.testing.assert_close((x_grad, y_grad, z_grad), (by_x, by_x, 2 * z_once))


def test_stopped():
    torch.testing.assert_close(ref.stopped(torch.tensor([1.0, -2.0])), torch.tensor([2.0, -16.0]))


def test_descend_is_sgd():
    start = torch.tensor([-2.5, 1.0])
    path = ref.descend(ref.valley, start, 0.1, 20)
    w = torch.nn.Parameter(start.clone())
    sgd = torch.optim.SGD([w], lr=0.1)
    for row in path:
        torch.testing.assert_close(row, w.data)
        sgd.zero_grad()
        ref.valley(w).backward()
        sgd.step()
    assert not path.requires_grad
    assert start.tolist() == [-2.5, 1.0]


@given(numbers, st.floats(0.01, 0.4))
@settings(max_examples=30, deadline=None)
def test_descend_on_a_parabola(begin, rho):
    path = ref.descend(lambda w: (w**2).sum(), torch.tensor([begin], dtype=torch.float64), rho, 5)
    expected = [begin * (1 - 2 * rho) ** k for k in range(6)]
    assert path.flatten().tolist() == pytest.approx(expected, abs=1e-9)


# ------------------------------------------------------------------------------------------------------------ many by many


def mixed(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x[0] * x[1] - x[3], torch.exp(x[1]) * x[2] ** 2, torch.tanh(x).sum()])


@given(st.lists(numbers, min_size=4, max_size=4), st.lists(numbers, min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_jacobian_and_vjp_are_torchs(values, weights):
    x, v = torch.tensor(values, dtype=torch.float64), torch.tensor(weights, dtype=torch.float64)
    theirs = torch.autograd.functional.jacobian(mixed, x)
    torch.testing.assert_close(ref.jacobian(mixed, x), theirs)
    torch.testing.assert_close(ref.vjp(mixed, x, v), v @ theirs)


def test_shapes_are_what_comes_out():
    x = torch.ones(4)
    number = torch.tensor(2.0, requires_grad=True)
    found = {
        "a number by a number": torch.autograd.grad(number**3, number)[0],
        "a number by a vector": ref.vjp(lambda x: (x**2).sum(), x, torch.tensor(1.0)),
        "a vector by a vector": ref.jacobian(mixed, x),
        "v times the Jacobian": ref.vjp(mixed, x, torch.ones(3)),
    }
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == ref.shapes


# -------------------------------------------------------------------------------------------------- gradients of gradients


@given(st.lists(numbers, min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_square_of_sum(values):
    x = torch.tensor(values, dtype=torch.float64)
    y, z, dz_dx, dz_dy = ref.square_of_sum(x)
    assert y.item() == pytest.approx(sum(values))
    assert z.item() == pytest.approx(sum(values) ** 2)
    assert dz_dy.item() == pytest.approx(2 * sum(values))
    torch.testing.assert_close(dz_dx, torch.full_like(x, 2 * sum(values)))


@given(numbers)
@settings(max_examples=30, deadline=None)
def test_fourth_power(place):
    dz_dx, dy_dx = ref.fourth_power(place)
    assert dz_dx.item() == pytest.approx(4 * place**3, rel=1e-5, abs=1e-6)
    assert dy_dx.item() == pytest.approx(2 * place, rel=1e-5, abs=1e-6)


def test_the_blind_spot_is_at_3_only():
    assert ref.derivatives(lambda x: x**4, 3.0, 2) == [108, 108]
    assert ref.derivatives(lambda x: x**4, 2.0, 2) == [32, 48]


@given(numbers, st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_derivatives_of_the_sine(place, n):
    expected = [math.sin(place + k * math.pi / 2) for k in range(1, n + 1)]
    assert ref.derivatives(torch.sin, place, n) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["cover", "graph", "blind_spot", "descent"])
def test_pictures_are_drawn(name):
    assert getattr(ref, f"picture_{name}")().axes
