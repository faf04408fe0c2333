"""`sequence`: numbers over time, and the gates of an LSTM made by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from grader.compare import distance
from grader.compare.sequence import distance as raw_distance
from grader.compare.sequence import judge as raw_judge
from grader.judging import Evidence, Sequence
from grader.result import Outcome
from grader.values import capture

from .plain import judged, values


def by_hand(cell, x, forget=torch.sigmoid):
    """An LSTM step by step, with everything that a step computes, in its order. `forget`: what is done to the forget gate."""
    h = c = torch.zeros(1, cell.hidden_size)
    kept = {name: [] for name in ("input_gate", "forget_gate", "cell_gate", "output_gate", "c", "h")}
    for t in range(len(x)):
        i, f, g, o = (x[[t]] @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh).chunk(4, dim=1)
        i, f, g, o = torch.sigmoid(i), forget(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        h = o * torch.tanh(c)
        for name, tensor in zip(kept, (i, f, g, o, c, h), strict=True):
            kept[name].append(tensor[0])
    return {name: torch.stack(tensors).detach() for name, tensors in kept.items()}


@pytest.fixture(scope="module")
def cell():
    torch.manual_seed(43052)
    return torch.nn.LSTMCell(3, 2)


@pytest.fixture(scope="module")
def x():
    return torch.eye(3)[torch.tensor([0, 1, 0, 2] * 5)]


def test_by_hand_is_torch(cell, x):
    """The oracle of these tests is itself right."""
    lstm = torch.nn.LSTM(3, 2)
    lstm.load_state_dict({f"{name}_l0": tensor for name, tensor in cell.state_dict().items()})
    assert torch.allclose(by_hand(cell, x)["h"], lstm(x)[0], atol=1e-6)


def test_the_gate_that_parts_first_is_named(cell, x):
    right, wrong = by_hand(cell, x), by_hand(cell, x, forget=torch.tanh)
    assert judged(Sequence(), right, right).outcome is Outcome.PASSED
    verdict = judged(Sequence(), wrong, right)
    assert verdict.message == "Your numbers part at t=0, the first step, first in `forget_gate`."
    assert verdict.evidence["yours"].shape == (20, 2)


def test_a_state_that_parts_later(cell, x):
    right = by_hand(cell, x)
    wrong = {name: tensor.clone() for name, tensor in right.items()}
    wrong["c"][4:] += 0.5
    wrong["h"][4:] += 0.21
    verdict = judged(Sequence(), wrong, right)
    assert verdict.message == "Your numbers agree through t=3 and part at t=4, first in `c`."
    assert verdict.detail.startswith("At t=4 they part by 0.5 (allowed ")
    assert "expected" not in verdict.message


def test_one_array_lists_and_axes():
    expected = np.arange(12.0).reshape(3, 4)
    value = expected.copy()
    value[1, 2] += 1
    assert judged(Sequence(), value, expected).message == "Your numbers agree through t=0 and part at t=1."
    assert judged(Sequence(axis=1), value, expected).message == "Your numbers agree through t=1 and part at t=2."
    assert judged(Sequence(axis=-1), value, expected).message == "Your numbers agree through t=1 and part at t=2."
    assert judged(Sequence(), [0.0, 1.0, 2.5], [0.0, 1.0, 2.0]).message == "Your numbers agree through t=1 and part at t=2."
    rows = [torch.tensor(row) for row in expected]
    assert judged(Sequence(), rows, torch.tensor(expected)).outcome is Outcome.PASSED
    assert judged(Sequence(), rows, rows).outcome is Outcome.PASSED
    assert judged(Sequence(), np.zeros((9, 2, 3)), np.ones((9, 2, 3))).evidence["yours"].shape == (9, 3)


def test_other_lengths_shapes_and_names():
    expected = torch.arange(6.0)
    verdict = judged(Sequence(), expected[:5], expected)
    assert verdict.message == (
        "Expected a float32 tensor of shape (6,), got a float32 tensor of shape (5,). They agree in all 5 steps that both have."
    )
    verdict = judged(Sequence(), expected[1:], expected)
    assert verdict.message.endswith("They part at t=0, the first step.")
    assert judged(Sequence(), {"c": expected}, {"c": expected, "h": expected}).message == 'Your dict lacks "h".'
    assert judged(Sequence(), {"c": expected, "x": expected}, {"c": expected}).outcome is Outcome.PASSED
    verdict = judged(Sequence(), None, expected)
    assert verdict.message == "Expected a float32 tensor of shape (6,), got None. Is a `return` missing?"
    assert judged(Sequence(), torch.tensor(3.0), expected).outcome is Outcome.FAILED
    assert judged(Sequence(), expected * torch.nan, expected).message == "Your numbers part at t=0, the first step."


def test_distance():
    value = capture({"a": torch.zeros(3), "b": torch.ones(3)})
    other = capture({"a": torch.zeros(3) + 5e-5, "b": torch.ones(3)})
    assert distance(Sequence(), value, value) == 0
    assert distance(Sequence(), value, other) == pytest.approx(0.5, rel=1e-3)
    assert distance(Sequence(), value, capture({"a": torch.zeros(3), "b": torch.ones(4)})) is None
    assert distance(Sequence(), value, capture({"a": torch.zeros(3)})) is None
    nan = capture(torch.tensor([1.0, torch.nan]))
    assert distance(Sequence(), nan, nan) == 0
    assert judged(Sequence(), torch.tensor([torch.nan]), torch.tensor([torch.nan])).outcome is Outcome.FAILED


@settings(max_examples=200, deadline=None)
@given(values(), values())
def test_nothing_raises(value, expected):
    for axis in (0, 1, -1):
        verdict = raw_judge(Sequence(axis=axis), Evidence(value, expected))
        far = raw_distance(Sequence(axis=axis), value, expected)
        assert verdict.score in (0, 1)
        assert verdict.message or verdict.score
        assert verdict.score == 0 or far is not None or value.keys() != expected.keys()
