"""`gradient`: hand-made backward passes, with `torch.autograd.gradcheck` as the judge of judges."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import distance
from grader.compare.calls import read
from grader.compare.differences import slopes
from grader.judging import Gradient
from grader.result import Outcome
from grader.run.gradients import gradients
from grader.values import capture

from .plain import judged, values

X, Y = torch.tensor([3.0, -1.0, 0.5]), torch.tensor([-4.0, 2.0, 7.0])


def function(forward, backward, saves=True):
    """An autograd.Function of the forward pass f(*inputs) and the backward pass b(upstream, *inputs)."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*inputs)
            return forward(*inputs)

        @staticmethod
        def backward(ctx, upstream):
            return backward(upstream, *ctx.saved_tensors)

    return Own.apply


def multiply(backward):
    return function(lambda x, y: x * y, backward)


def sigmoid(backward):
    return function(torch.sigmoid, backward)


S = torch.sigmoid

# forward, right backward, wrong ones with what is said of them, inputs: INVENTORY 001-T10 to T14
CASES = {
    "multiply": (
        lambda x, y: x * y,
        lambda g, x, y: (g * y, g * x),
        {
            "are exchanged": lambda g, x, y: (g * x, g * y),
            "The upstream gradient is ignored": lambda g, x, y: (y, x),
            "the local derivative is missing": lambda g, x, y: (g, g),
            "The sign is opposite": lambda g, x, y: (-g * y, -g * x),
            "Input 2: its gradient is not the slope of your own forward pass.": lambda g, x, y: (g * y, g * x**2),
        },
        (X, Y),
    ),
    "sum": (
        lambda x: x.sum(),
        lambda g, x: g.expand(x.shape),
        {
            "It is a multiple of the slope": lambda g, x: g.expand(x.shape) / x.numel(),
            "Input 1: its gradient is not the slope of your own forward pass.": lambda g, x: g * x,
            "The upstream gradient is ignored": lambda g, x: torch.ones_like(x),
            "It is zero everywhere": lambda g, x: torch.zeros_like(x),
        },
        (X,),
    ),
    "sigmoid": (
        S,
        lambda g, x: g * S(x) * (1 - S(x)),
        {
            "is not the slope": lambda g, x: g * S(x) * (1 - x),
            "of your own forward pass": lambda g, x: g * S(S(x)) * (1 - S(S(x))),
            "The sign is opposite": lambda g, x: g * S(x) * (S(x) - 1),
        },
        (torch.tensor([0.0, 1.0, -2.0]),),
    ),
    "fan-out": (  # z = x·y with x = t², y = 3t
        lambda t: t**2 * (3 * t),
        lambda g, t: g * (3 * t * 2 * t + t**2 * 3),
        {
            "Input 1: its gradient is not the slope": lambda g, t: g * 3 * t * 2 * t,
            "Input 1: its": lambda g, t: g * 3 * t**2,
            "not the slope of your own": lambda g, t: g * (3 * t * 2 * t) * (t**2 * 3),
        },
        (torch.tensor(2.0),),
    ),
    "relu": (
        lambda x: x.clamp(min=0),
        lambda g, x: g * (x > 0),
        {
            "at 2 of 4 entries. It is the upstream gradient itself": lambda g, x: g.clone(),
            "is not the slope": lambda g, x: g * (g > 0),
            "entries.": lambda g, x: x * (x > 0),
        },
        (torch.tensor([1.5, -2.0, 3.0, -0.25]),),
    ),
    "matrix product": (
        lambda x, w: x @ w,
        lambda g, x, w: (g @ w.T, x.T @ g),
        {
            "of your own forward pass, at 2 of 4 entries. It is the transpose.": lambda g, x, w: (
                g @ w.T,
                (x.T @ g).T,
            ),
            "Input 1: its gradient is not the slope": lambda g, x, w: (g @ w, x.T @ g),
        },
        (torch.randn(4, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([[1.0, 2.0], [-3.0, 0.5]])),
    ),
}


def called(name, backward=None):
    forward, right, _, inputs = CASES[name]
    return gradients(function(forward, backward or right), *inputs)


@pytest.mark.parametrize("name", CASES)
def test_right_is_right(name):
    verdict = judged(Gradient(), called(name), called(name))
    assert verdict.outcome is Outcome.PASSED
    forward, right, _, inputs = CASES[name]
    plain = gradients(forward, *inputs)  # autograd's own
    by_hand = gradients(forward, *inputs, gradients=lambda *a: right(a[-1], *a[:-1]))
    for value in (plain, by_hand):
        assert judged(Gradient(), value, called(name)).outcome is Outcome.PASSED
        assert distance(Gradient(), capture(value), capture(called(name))) < 1e-6


@pytest.mark.parametrize(("name", "says"), [(name, says) for name, case in CASES.items() for says in case[2]])
def test_wrong_is_told(name, says):
    wrong = CASES[name][2][says]
    value = called(name, wrong)
    for options in (Gradient(), Gradient(forward=False)):
        verdict = judged(options, value, called(name))
        assert verdict.outcome is Outcome.FAILED
        assert says in verdict.message
        assert verdict.detail.startswith("The gradient of input ")
    assert distance(Gradient(), capture(value), capture(called(name))) is None
    assert distance(Gradient(), capture(value), capture(called(name, wrong))) == 0


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_gradcheck(name):
    forward, right, wrongs, inputs = CASES[name]
    leaves = [item.double().requires_grad_() for item in inputs]
    for backward in (right, *wrongs.values()):
        fine = torch.autograd.gradcheck(function(forward, backward), leaves, raise_exception=False)
        assert (judged(Gradient(forward=False), called(name, backward)).score == 1) == fine


FUNCTIONS = {
    "tanh": torch.tanh,
    "softmax": lambda x: torch.softmax(x, 0),
    "norm": lambda x: x.pow(2).sum().sqrt(),
    "log of exp": lambda x: torch.logsumexp(x, 0),
    "product": lambda x: x.prod(),
    "outer": lambda x: x[:, None] * x[None, :],
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(FUNCTIONS)), st.integers(0, 2**31), st.integers(2, 6), st.floats(0.01, 0.5))
def test_autograd_passes_and_a_changed_entry_does_not(name, seed, n, by):
    x = torch.randn(n, generator=torch.Generator().manual_seed(seed)) + 0.1
    value = gradients(FUNCTIONS[name], x)
    assert judged(Gradient(), value, value).score == 1
    changed = value["gradients"][0].clone()
    at = seed % n
    changed[at] += by * (1 + changed[at].abs())
    changed = {**value, "gradients": [changed]}
    verdict = judged(Gradient(forward=False), changed)
    assert verdict.score == 0
    assert f"at [{at}]" in verdict.detail


# ---------------------------------------------------------------------------------------------------- kinks


def test_at_a_tie_every_subgradient_is_right():
    tie = torch.tensor([2.0, 2.0])

    def of(*shares):
        return gradients(lambda x: x.max(), tie, gradients=lambda x, g: g * torch.tensor(shares))

    torchs = gradients(lambda x: x.max(), tie)  # splits: 0.5, 0.5
    assert torch.allclose(torchs["gradients"][0], torchs["upstream"] / 2)
    for shares in ((0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (0.3, 0.7)):
        assert judged(Gradient(), of(*shares), torchs).score == 1, shares
    assert judged(Gradient(), of(1.5, 0.0), torchs).score == 0
    assert judged(Gradient(), of(0.0, -0.5), torchs).score == 0


def test_relu_at_zero():
    x = torch.tensor([0.0, 1.0])
    expected = gradients(torch.relu, x)
    for at_zero, passes in ((0.0, True), (0.5, True), (1.0, True), (1.1, False), (-0.1, False)):
        local = torch.tensor([at_zero, 1.0])
        value = gradients(torch.relu, x, gradients=lambda x, g, local=local: g * local)
        assert (judged(Gradient(), value, expected).score == 1) == passes


def test_a_smooth_function_leaves_no_room():
    for f in (torch.tanh, torch.exp, lambda x: (30 * x).sin(), lambda x: 1e6 * x**2):
        found = read(capture(gradients(f, torch.linspace(-2, 2, 41)))).inputs[0].slopes
        assert np.max(found.high - found.low) < 1e-6 * np.max(np.abs(found.central))


def test_where_there_is_no_value_on_one_side_nothing_is_held_against():
    value = gradients(torch.sqrt, torch.tensor([0.0, 4.0]), gradients=lambda x, g: g / (2 * x.sqrt()))
    assert judged(Gradient(forward=False), value).score == 1


# ---------------------------------------------------------------------------------------------------- structure


def test_gradients_that_are_missing():
    cut = gradients(lambda x, y: (x * y).detach(), X, Y)
    assert judged(Gradient(), cut, called("multiply")).message.startswith(
        "No gradient reaches the inputs: is the result detached"
    )
    half = gradients(lambda x, y: x * y.detach(), X, Y)
    said = judged(Gradient(), half, called("multiply")).message
    assert said == "There is no gradient for input 2 (`y`), although the output changes with it."
    unused = gradients(lambda x, y: 2 * x, X, Y)
    assert judged(Gradient(), unused, unused).score == 1  # none is right where nothing depends on it


def test_number_and_shape_of_the_gradients():
    def of(made):
        return judged(Gradient(), gradients(lambda x, y: x * y, X, Y, gradients=made), called("multiply")).message

    assert of([X]) == "Expected a gradient for each input, 2 gradients; got 1."
    assert of([Y[None], X]) == "The gradient of input 1 (`x`) has shape (1, 3); it must have the shape of that input, (3,)."
    assert of([Y * float("nan"), X]) == "There is NaN in the gradient of input 1 (`x`)."
    assert of(["a", None]).startswith("No gradient reaches the inputs")
    scalar = gradients(lambda x: x**2, 3.0, gradients=lambda x, g: [g * 2 * x])
    assert judged(Gradient(), scalar, gradients(lambda x: x**2, 3.0)).score == 1
    scalar = gradients(lambda x: x**2, 3.0, gradients=lambda x, g: float(g) * 6)
    assert judged(Gradient(), scalar, gradients(lambda x: x**2, 3.0)).score == 1


def test_a_forward_pass_that_is_not_finite():
    value = gradients(torch.log, torch.tensor([0.0, 1.0]))
    assert judged(Gradient(), value, value).message == "Your forward pass gives NaN or infinity for these inputs."


def test_inputs_that_are_no_floats_have_no_gradient():
    index = torch.tensor([0, 0, 2])
    value = gradients(lambda x, i, k: x[i] * k, X, index, 3)
    assert judged(Gradient(), value, value).score == 1
    right = value["gradients"][0]
    for made in ([right], [right, None, None]):
        assert judged(Gradient(), {**value, "gradients": made}, value).score == 1


# ---------------------------------------------------------------------------------------------------- what is expected


def test_a_right_backward_pass_of_another_function():
    other = gradients(lambda x, y: x * y + x, X, Y)
    verdict = judged(Gradient(), other, called("multiply"))
    assert verdict.message == "Your gradients fit your forward pass, but that computes something else than is expected."
    assert verdict.detail == "The output at [0]: yours -9.0, expected -12.0."
    assert judged(Gradient(forward=False), other, called("multiply")).score == 1
    larger = gradients(lambda x: x**2, torch.ones(4))
    assert "another size" in judged(Gradient(), larger, gradients(lambda x: x**2, torch.ones(3))).message


def test_entries_whose_slopes_are_not_known_are_compared_all_the_same():
    x = torch.linspace(-1, 1, 1000)
    value = gradients(torch.tanh, x, entries=20)
    left = np.setdiff1d(np.arange(1000), value["entries"][0].numpy())[0]
    changed = value["gradients"][0].clone()
    changed[left] += 1
    verdict = judged(Gradient(), {**value, "gradients": [changed]}, value)
    assert verdict.message == "The gradient of input 1 is not the expected one."
    assert f"at [{left}]" in verdict.detail


def test_a_function_in_single_precision_is_judged_less_finely():
    layer = torch.nn.Linear(3, 2)
    value = gradients(lambda x: torch.tanh(layer(x)), torch.randn(5, 3))
    assert value["output"].dtype == torch.float32
    assert judged(Gradient(forward=False), value).score == 1
    wrong = {**value, "gradients": [value["gradients"][0] * 1.2]}
    assert judged(Gradient(forward=False), wrong).score == 0


def test_slopes_are_the_closed_form():
    """f(x) = A x: the slopes are A^T v, exactly up to rounding."""
    a, v, x = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.0]]), np.array([1.0, -1.0, 2.0]), np.array([0.3, -0.7])
    step = np.full(2, 1e-3)
    plus, minus = (np.stack([a @ (x + by * np.eye(2)[k]) for k in range(2)]) for by in (1e-3, -1e-3))
    found = slopes(plus, minus, a @ x, v, step, step, 2.0**-52)
    assert found.central == pytest.approx(a.T @ v, rel=1e-9)
    assert found.jacobian == pytest.approx(a.T, rel=1e-9)
    assert (found.low == found.high).all()
    assert found.contains(a.T @ v, 0, 0).all()


# ---------------------------------------------------------------------------------------------------- laws


@settings(max_examples=60, deadline=None)
@given(values(), values())
def test_nothing_raises(value, expected):
    for options in (Gradient(), Gradient(forward=False)):
        for given_expected in (expected, capture(called("multiply"))):
            verdict = judged(options, value, given_expected)
            assert verdict.outcome is Outcome.FAILED
            assert verdict.message
        assert distance(options, value, value) == 0


PARTS = ["inputs", "names", "upstream", "output", "gradients", "plus", "minus", "eps", "entries"]
RIGHT = capture(called("multiply"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PARTS), values(), st.booleans())
def test_nothing_raises_when_a_part_is_odd(part, odd, in_list):
    value = {**RIGHT, part: [odd, RIGHT[part][1]] if in_list and isinstance(RIGHT[part], list) and len(RIGHT[part]) > 1 else odd}
    for one, other in ((value, RIGHT), (RIGHT, value)):
        verdict = judged(Gradient(), one, other)
        assert verdict.outcome is not Outcome.UNGRADED, verdict.message
        distance(Gradient(), one, other)
    missing = {name: item for name, item in RIGHT.items() if name != part}
    assert judged(Gradient(), missing, RIGHT).outcome is not Outcome.UNGRADED


def test_no_expected_number_is_in_a_message():
    expected = gradients(lambda x: 12_345.0 * x, X)
    for value in (
        gradients(lambda x: 2 * x, X),
        gradients(lambda x: 2 * x, X, gradients=lambda x, g: g),
        gradients(torch.log, -X),
    ):
        assert "2345" not in judged(Gradient(), value, expected).message
