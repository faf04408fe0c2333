"""`layers`: the first layer of a forward pass that parts."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.compare import distance
from grader.compare.layers import distance as raw_distance
from grader.compare.layers import judge as raw_judge
from grader.judging import Evidence, Layers
from grader.result import Outcome
from grader.run.layers import layers
from grader.values import capture

from .plain import judged, values

seeds = st.integers(0, 2**31 - 1)


class Net(nn.Module):
    """Two layers with names of their own."""

    def __init__(self, activation=nn.Tanh, hidden=5):
        super().__init__()
        self.l1, self.a1, self.l2 = nn.Linear(3, hidden), activation(), nn.Linear(hidden, 2)

    def forward(self, x):
        return self.l2(self.a1(self.l1(x)))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(7, 3)


def turned(net, order, factor, activation=nn.Tanh):
    """The same network with its hidden units in another order, each times a factor."""
    found, factor = Net(activation, len(order)), torch.tensor(factor)
    with torch.no_grad():
        found.l1.weight.copy_(net.l1.weight[order] * factor[:, None])
        found.l1.bias.copy_(net.l1.bias[order] * factor)
        found.l2.weight.copy_(net.l2.weight[:, order] / factor)
        found.l2.bias.copy_(net.l2.bias)
    return found


def test_the_layer_that_parts_first_is_named(net, x):
    expected = layers(net, x)
    assert list(expected) == ["l1", "a1", "l2"]
    assert judged(Layers(), expected, expected).outcome is Outcome.PASSED
    wrong = Net(nn.Sigmoid)
    wrong.load_state_dict(net.state_dict())
    verdict = judged(Layers(), layers(wrong, x), expected)
    assert verdict.message == "Your forward pass agrees through `l1`, parts after `a1`."
    assert verdict.detail.startswith("After `a1` 35 of 35 numbers are off, first at [0, 0]: yours ")
    assert verdict.evidence["yours"].shape == (7, 5)
    with torch.no_grad():
        net.l1.weight[0, 0] += 0.1
    assert judged(Layers(), layers(net, x), expected).message == "Your forward pass parts at its first layer, `l1`."


def test_missing_layers_shapes_and_nan(net, x):
    expected = layers(net, x)
    value = dict(expected)
    value["act"] = value.pop("a1")
    assert (
        judged(Layers(), value, expected).message == "Your forward pass agrees through `l1`, but has no layer `a1`; it has `act`."
    )
    value = expected | {"a1": expected["a1"][:, :4]}
    assert judged(Layers(), value, expected).message == (
        "Your forward pass agrees through `l1`, parts after `a1`. "
        "Expected a float32 tensor of shape (7, 5), got a float32 tensor of shape (7, 4)."
    )
    value = expected | {"l2": expected["l2"] * torch.nan}
    assert judged(Layers(), value, expected).message == (
        "Your forward pass agrees through `a1`, parts after `l2`. 14 numbers of yours are NaN."
    )
    assert judged(Layers(), expected | {"more": x}, expected).outcome is Outcome.PASSED
    assert judged(Layers(), None, expected).message.endswith("got None. Is a `return` missing?")
    assert judged(Layers(), {}, expected).outcome is Outcome.FAILED
    assert judged(Layers(), {"l1": "text"}, expected).outcome is Outcome.FAILED


def test_a_tuple_is_compared_part_by_part(x):
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4)
    expected = layers(lstm, x)
    assert list(expected) == ["net"]
    outputs, (h, c) = expected["net"]
    assert judged(Layers(), expected, expected).outcome is Outcome.PASSED
    verdict = judged(Layers(), {"net": [outputs, [h, c + 1]]}, expected)
    assert verdict.message == "Your forward pass parts at its first layer, `net`."
    assert ", first at [1][1][0, 0]: yours " in verdict.detail
    verdict = judged(Layers(), {"net": [outputs, h]}, expected)
    assert verdict.message.endswith("It gives 2 tensors, expected 3 tensors.")


def test_without_names_order_and_shape_count(net, x):
    expected = layers(net, x)
    mine = nn.Sequential(net.l1, nn.Dropout(), net.a1, nn.Identity(), net.l2).eval()
    value = layers(mine, x)
    assert judged(Layers(), value, expected).outcome is Outcome.FAILED
    assert judged(Layers(names=False), value, expected).outcome is Outcome.PASSED
    assert judged(Layers(names=False), list(value.values()), expected).outcome is Outcome.PASSED
    verdict = judged(Layers(names=False), layers(nn.Sequential(net.l1, nn.Sigmoid(), net.l2), x), expected)
    assert verdict.message == "Your forward pass agrees through `l1`, parts after `a1`."
    verdict = judged(Layers(names=False), layers(nn.Sequential(net.l1, net.a1), x), expected)
    assert (
        verdict.message
        == "Your forward pass agrees through `a1`, but has no further layer whose output has the shape (7, 2), like `l2`."
    )
    swapped = list(reversed(value.values()))
    assert judged(Layers(names=False), swapped, expected).outcome is Outcome.FAILED


ACTIVATIONS = {"sign": nn.Tanh, "scale": nn.ReLU, "": nn.Sigmoid}


@pytest.mark.parametrize("freedom", ["", "sign", "scale"])
@settings(max_examples=100, deadline=None)
@given(seed=seeds, data=st.data())
def test_hidden_layers_up_to_what_is_free(freedom, seed, data):
    torch.manual_seed(seed)
    activation, x = ACTIVATIONS[freedom], torch.randn(9, 3)
    net = Net(activation)
    order = data.draw(st.permutations(range(5)))
    factor = [1.0] * 5
    if freedom:
        factors = st.sampled_from([1.0, -1.0]) if freedom == "sign" else st.floats(0.25, 4, width=16)
        factor = data.draw(st.lists(factors, min_size=5, max_size=5))
    expected, value = layers(net, x), layers(turned(net, order, factor, activation), x)
    options = Layers(upto=f"permutation {freedom}", atol=1e-5)
    assert judged(options, value, expected).outcome is Outcome.PASSED
    assert distance(options, capture(value), capture(expected)) is not None
    value["l2"] = value["l2"][:, [1, 0]]  # the last layer's units have a meaning
    verdict = judged(options, value, expected)
    assert verdict.message.startswith("Your forward pass agrees through `a1` (up to permutation")
    assert verdict.message.endswith("parts after `l2`.")


def test_units_are_matched_over_all_parts_of_a_tuple(x):
    """One matching for all hidden states and the last one, not one for each."""
    torch.manual_seed(0)
    rnn, read_out = nn.RNN(3, 4), torch.zeros(7, 2)
    outputs, last = layers(rnn, x)["net"]
    expected = {"rnn": [outputs, last], "out": read_out}
    options, order = Layers(upto="permutation"), [2, 0, 3, 1]
    assert judged(options, {"rnn": [outputs[:, order], last[:, order]], "out": read_out}, expected).outcome is Outcome.PASSED
    for other in itertools.islice(itertools.permutations(range(4)), 1, 24):
        if list(other) != order:
            value = {"rnn": [outputs[:, order], last[:, list(other)]], "out": read_out}
            assert judged(options, value, expected).outcome is Outcome.FAILED


def test_distance(net, x):
    value = layers(net, x)
    nan = {name: output * torch.nan for name, output in value.items()}
    assert distance(Layers(), capture(value), capture(value)) == 0
    assert distance(Layers(), capture(nan), capture(nan)) == 0
    assert distance(Layers(upto="permutation"), capture(nan), capture(nan)) == 0
    assert distance(Layers(), capture(value), capture(nan)) is None
    assert distance(Layers(), capture(value), capture({"more": x} | value)) is None
    assert distance(Layers(), capture(value | {"more": x}), capture(value)) == 0  # as it passes for the judge
    near = {name: output + 5e-5 for name, output in value.items()}
    assert 0 < distance(Layers(), capture(near), capture(value)) < 1
    renamed = {f"my_{name}": output for name, output in value.items()}
    assert distance(Layers(), capture(renamed), capture(value)) is None
    assert distance(Layers(names=False), capture(renamed), capture(value)) == 0


@settings(max_examples=200, deadline=None)
@given(values(), values())
def test_nothing_raises(value, expected):
    for options in (Layers(), Layers(names=False), Layers(upto=("permutation", "sign", "scale"))):
        for one, other in ((value, expected), ({"a": value}, {"a": expected}), ([value, 1.0], [expected, 2.0])):
            verdict = raw_judge(options, Evidence(one, other))
            assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED)
            assert verdict.message or verdict.score
            raw_distance(options, one, other)
