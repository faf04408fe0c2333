"""`weights(upto=...)`: what is accepted, what is refused, and what is said."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.compare import distance, judge
from grader.compare.registry import JUDGES
from grader.judging import Evidence, Weights
from grader.result import Outcome
from grader.values import Array, capture

from .plain import arrays, judged, values

ORDER = Weights(upto="permutation")
ORDER_SIGN = Weights(upto="permutation+sign")


@pytest.fixture
def tanh():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).state_dict()


def reordered(state, order=(2, 0, 1), factor=(1.0, 1.0, 1.0)):
    """The same function of the tanh (or ReLU) network."""
    order, factor = list(order), torch.tensor(factor)
    return {
        "0.weight": state["0.weight"][order] * factor[:, None],
        "0.bias": state["0.bias"][order] * factor,
        "2.weight": state["2.weight"][:, order] / factor,
        "2.bias": state["2.bias"].clone(),
    }


def test_the_matching_is_told(tanh):
    verdict = judged(ORDER, reordered(tanh), tanh)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.message == "Hidden units: yours 2, 3, 1 are 1, 2, 3 of the expected."
    verdict = judged(ORDER_SIGN, reordered(tanh, factor=(-1.0, 1.0, -1.0)), tanh)
    assert verdict.message == "Hidden units: yours 2, 3, 1 are 1, 2, 3 of the expected, yours 1, 3 with flipped sign."
    verdict = judged(Weights(upto="scale"), reordered(tanh, (0, 1, 2), (2.0, 1.0, 3.0)), tanh)
    assert verdict.message == "Hidden units: yours 1, 3 rescaled."
    assert judged(ORDER, tanh, tanh).message == ""


def test_the_worst_weight_after_matching_is_told_where_it_stands(tanh):
    state = reordered(tanh)
    state["0.weight"][1, 0] += 0.25
    verdict = judged(ORDER, state, tanh)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message == (
        "With hidden units matched as well as may be, 1 of 4 tensors is off: 0.weight. "
        "Hidden units: yours 2, 3, 1 are 1, 2, 3 of the expected."
    )
    assert verdict.detail == (
        "`0.weight` is the furthest off: 1 of 6 numbers, most at yours [1, 0], which goes with [0, 0] of the expected: "
        f"yours {state['0.weight'][1, 0]:.6g}, expected {tanh['0.weight'][0, 0]:.6g}; the difference is 0.25 (allowed 0.0001)."
    )
    assert judged(Weights(upto="permutation", partial=True), state, tanh).score == pytest.approx(3 / 4)


def test_many_units_are_told_in_short():
    torch.manual_seed(0)
    state = nn.Sequential(nn.Linear(2, 30), nn.Tanh(), nn.Linear(30, 2)).state_dict()
    verdict = judged(ORDER_SIGN, reordered(state, range(29, -1, -1), [-1.0] * 30), state)
    assert verdict.message == (
        "Hidden units: 30 of 30 stand in another order (yours 30, 29, 28, … are 1, 2, 3, … of the expected), all with flipped sign."
    )


def test_more_freedom_than_the_task_leaves_is_told(tanh):
    agree = "They agree up to the {} of the hidden units, which {} here."
    for options, factor, says in [
        (Weights(), (1.0, 1.0, 1.0), agree.format("order", "matters")),
        (Weights(), (-1.0, 1.0, 1.0), agree.format("order and sign", "matter")),
        (Weights(upto="sign"), (-1.0, 1.0, 1.0), agree.format("order", "matters")),
        (ORDER, (-1.0, 1.0, 1.0), agree.format("sign", "matters")),
        (ORDER_SIGN, (-2.0, 1.0, 1.0), agree.format("scale", "matters")),
    ]:
        verdict = judged(options, reordered(tanh, factor=factor), tanh)
        assert verdict.outcome is Outcome.FAILED
        assert verdict.message.endswith(says), verdict.message


def test_rows_in_another_order_are_explained(tanh):
    """What is no symmetry of the network: the rows of the layer that gives the outputs."""
    state = {**tanh, "2.weight": tanh["2.weight"].flip(0), "2.bias": tanh["2.bias"].flip(0)}
    for options in (Weights(), ORDER_SIGN):
        verdict = judged(options, state, tanh)
        assert verdict.outcome is Outcome.FAILED
        assert verdict.message == (
            "2 of 4 tensors are off: 2.weight, 2.bias. Rows 2, 1 of your `2.weight` and `2.bias` are rows 1, 2 of the expected."
        )
    state = {**tanh, "0.weight": tanh["0.weight"].flip(1), "2.bias": tanh["2.bias"].flip(0)}
    assert judged(Weights(), state, tanh).message.endswith("Each holds the expected rows or columns, in another order.")
    state = {**tanh, "2.weight": tanh["2.weight"].flip(0)}
    assert judged(Weights(), state, tanh).message.endswith("Rows 2, 1 of your `2.weight` are rows 1, 2 of the expected.")
    state = {**tanh, "0.weight": tanh["0.weight"].flip(1)}
    assert judged(Weights(), state, tanh).message.endswith("Columns 2, 1 of your `0.weight` are columns 1, 2 of the expected.")


def test_shapes_come_first_with_upto_too(tanh):
    other = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).state_dict()
    assert judged(ORDER, other, tanh).message.startswith("`0.weight` has shape (4, 2), expected (3, 2).")
    other = {f"l{name}": tensor for name, tensor in other.items()}
    assert judged(ORDER, other, tanh).message == (
        "Expected 4 tensors of shape (3, 2), (3,), (2, 3), (2,); got (4, 2), (4,), (2, 4), (2,)."
    )
    assert judged(ORDER, {}, tanh).outcome is Outcome.FAILED
    assert judged(ORDER, {}, {}).outcome is Outcome.PASSED


def test_biases_of_a_recurrent_layer_exchange_a_part():
    torch.manual_seed(0)
    for kind, part in ((nn.RNN, slice(None)), (nn.LSTM, slice(None)), (nn.GRU, slice(0, 4))):
        state = kind(3, 2).state_dict()
        moved = {name: tensor.clone() for name, tensor in state.items()}
        moved["bias_ih_l0"][part] += 0.3
        moved["bias_hh_l0"][part] -= 0.3
        assert judged(Weights(upto="bias"), moved, state).outcome is Outcome.PASSED
        verdict = judged(Weights(), moved, state)
        assert verdict.message.endswith("They agree up to how `bias_ih` and `bias_hh` share their sum, which matters here.")
        moved["bias_hh_l0"][0] += 2.5e-4
        verdict = judged(Weights(upto="bias"), moved, state)
        assert verdict.outcome is Outcome.FAILED
        assert "bias_ih_l0 + bias_hh_l0" in verdict.message
    moved = {**state, "bias_ih_l0": state["bias_ih_l0"] + 0.3, "bias_hh_l0": state["bias_hh_l0"] - 0.3}
    assert judged(Weights(upto="bias"), moved, state).outcome is Outcome.FAILED  # n of a GRU: r stands between


def test_a_cell_with_one_bias_has_the_sum():
    torch.manual_seed(0)
    cell = nn.RNNCell(4, 2)
    one = {"i2h.weight": cell.weight_ih, "i2h.bias": cell.bias_ih + cell.bias_hh, "h2h.weight": cell.weight_hh}
    assert judged(Weights(upto="bias"), one, cell.state_dict()).outcome is Outcome.PASSED
    assert judged(ORDER, one, cell.state_dict()).outcome is Outcome.FAILED


def test_one_number_added_to_all_biases_of_the_last_layer(tanh):
    state = {**tanh, "2.bias": tanh["2.bias"] + 3}
    assert judged(Weights(upto="shift"), state, tanh).outcome is Outcome.PASSED
    assert judged(Weights(), state, tanh).message.endswith(
        "They agree up to one number added to all biases of the last layer, which matters here."
    )
    state["2.bias"][0] += 2.5e-4
    assert judged(Weights(upto="shift"), state, tanh).outcome is Outcome.FAILED
    single = nn.Linear(2, 1).state_dict()
    assert judged(Weights(upto="shift"), {**single, "bias": single["bias"] + 1}, single).outcome is Outcome.FAILED
    everything = Weights(upto="permutation+sign+shift")
    assert judged(everything, {**reordered(tanh), "2.bias": tanh["2.bias"] - 1}, tanh).outcome is Outcome.PASSED


def test_an_architecture_forbids_what_its_activation_does(tanh):
    net = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2))
    flipped = reordered(tanh, (0, 1, 2), (-1.0, 1.0, 1.0))
    value, expected = ({"architecture": net, "weights": state} for state in (flipped, tanh))
    assert judged(ORDER_SIGN, value, expected).outcome is Outcome.FAILED
    assert judged(ORDER_SIGN, flipped, tanh).outcome is Outcome.PASSED
    assert judged(Weights(upto="sign", activation="sigmoid"), flipped, tanh).outcome is Outcome.FAILED


def test_distance_is_taken_after_matching(tanh):
    state = reordered(tanh)
    state["0.bias"][0] += 5e-5
    assert distance(ORDER, capture(state), capture(tanh)) == pytest.approx(0.5, rel=1e-2)
    assert distance(ORDER, capture(reordered(tanh, factor=(-1.0, 1.0, 1.0))), capture(tanh)) is None
    nan = {name: tensor * float("nan") for name, tensor in tanh.items()}
    assert distance(ORDER, capture(nan), capture(nan)) == 0
    assert judged(ORDER, nan, nan).outcome is Outcome.FAILED


def test_units_that_are_nearly_alike_are_matched_within_the_tolerance():
    """Least squares would exchange the units: the bias of one is off by 0.09, allowed is 0.1."""
    expected = {"0.weight": [[1.0], [1.0]], "0.bias": [0.0, 0.1], "2.weight": [[1.0, 1.12]]}
    value = {"0.weight": [[1.0], [1.0]], "0.bias": [0.19, 0.09], "2.weight": [[1.2, 1.03]]}
    expected, value = ({name: torch.tensor(rows) for name, rows in state.items()} for state in (expected, value))
    assert judged(Weights(atol=0.1, upto="permutation"), value, expected).outcome is Outcome.PASSED


@pytest.mark.parametrize("upto", ["permutation", "permutation+sign+scale+bias+shift", "function"])
@settings(max_examples=40, deadline=None)
@given(value=values(), data=st.data())
def test_nothing_raises_whatever_is_left_open(upto, value, data):
    torch.manual_seed(0)
    state = capture(nn.RNN(2, 2).state_dict())
    odd = {**state, "weight_ih_l0": data.draw(arrays()), "bias_hh_l0": data.draw(arrays())}
    wild = {name: Array(np.resize([np.nan, np.inf, 1e300, -np.inf], a.shape), "float64") for name, a in state.items()}
    for options in (Weights(upto=upto), Weights(upto=upto, activation="relu", partial=True)):
        for a, b in ((value, state), (state, value), (odd, state), (wild, state), (state, wild), (value, value)):
            verdict = judge(options, Evidence(a, b))
            assert "could not be judged" not in verdict.message
            assert verdict.message or verdict.outcome is Outcome.PASSED
            JUDGES["weights"].distance(options, a, b)


# ---------------------------------------------------------------------------------------------------- the lectures

I2H = torch.tensor([[-0.1733, -0.4235, 0.1802, 0.4668], [0.2037, -0.4442, 0.1629, -0.3107]]), torch.tensor([-0.1296, 0.3122])
H2H = torch.tensor([[0.6855, -0.3658], [-0.4718, 0.1422]]), torch.tensor([0.3258, -0.1171])  # 004-T02, start values as computed


class rNNCell(nn.Module):
    """Lecture 004."""

    def __init__(self):
        super().__init__()
        self.i2h = nn.Linear(4, 2)
        self.h2h = nn.Linear(2, 2)
        self.tanh = nn.Tanh()


def start():
    return {"i2h.weight": I2H[0], "i2h.bias": I2H[1], "h2h.weight": H2H[0], "h2h.bias": H2H[1]}


def as_rnn(state, end=""):
    names = {"i2h.weight": "weight_ih", "h2h.weight": "weight_hh", "i2h.bias": "bias_ih", "h2h.bias": "bias_hh"}
    return {names[name] + end: tensor for name, tensor in state.items()}


def exchanged(state):
    """The two hidden units of the cell change places, the second with flipped sign."""
    s = torch.tensor([1.0, -1.0])
    return {
        "i2h.weight": state["i2h.weight"].flip(0) * s[:, None],
        "i2h.bias": state["i2h.bias"].flip(0) * s,
        "h2h.weight": state["h2h.weight"].flip(0, 1) * s[:, None] * s,
        "h2h.bias": state["h2h.bias"].flip(0) * s,
    }


def test_the_start_values_of_the_lecture_are_those_of_the_reference():
    torch.manual_seed(43052)
    cell = rNNCell()
    assert judged(Weights(atol=6e-5), start(), cell.state_dict()).outcome is Outcome.PASSED


def test_two_rows_exchanged_are_refused_and_explained():
    state = {**start(), "i2h.weight": I2H[0].flip(0)}
    verdict = judged(Weights(), state, start())
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message == "1 of 4 tensors is off: i2h.weight. Rows 2, 1 of your `i2h.weight` are rows 1, 2 of the expected."
    whole = exchanged(start())
    verdict = judged(Weights(), whole, start())
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.endswith("They agree up to the order and sign of the hidden units, which matter here.")
    assert judged(ORDER_SIGN, whole, start()).outcome is Outcome.PASSED
    assert judged(ORDER_SIGN, state, start()).outcome is Outcome.FAILED


def test_a_cell_made_by_hand_is_matched_with_torchs_and_the_other_way_round():
    torch.manual_seed(0)
    cook = nn.Linear(2, 4).state_dict()
    signed = {"weight": cook["weight"].flip(1) * torch.tensor([1.0, -1.0]), "bias": cook["bias"]}
    for end in ("", "_l0"):
        hand, torchs = {"cell": exchanged(start()), "cook": signed}, {"rnn": as_rnn(start(), end), "cook": cook}
        assert judged(ORDER_SIGN, hand, torchs).outcome is Outcome.PASSED
        assert judged(ORDER_SIGN, torchs, hand).outcome is Outcome.PASSED
        for name in ("bias", "weight"):
            off = {**hand, "cook": {**signed, name: signed[name] + 2.5e-4}}
            assert judged(ORDER_SIGN, off, torchs).outcome is Outcome.FAILED
    cell = nn.RNNCell(4, 2)
    mine = {"architecture": rNNCell(), "weights": exchanged(start())}
    assert judged(ORDER_SIGN, mine, {"architecture": cell, "weights": as_rnn(start())}).outcome is Outcome.PASSED


def test_a_sequential_and_a_class_with_other_names(tanh):
    mine = {"l1.weight": 0, "l1.bias": 0, "l2.weight": 0, "l2.bias": 0}
    mine = dict(zip(mine, reordered(tanh).values(), strict=True))
    assert judged(ORDER, mine, tanh).outcome is Outcome.PASSED
    assert judged(ORDER, list(mine.values()), tanh).outcome is Outcome.PASSED
    mine["l2.weight"] = mine["l2.weight"].flip(1)
    assert "l2.weight" in judged(ORDER, mine, tanh).message


def test_equivalent_parameters_of_the_two_kinks():
    """003-T11: W1=[1 -1], W2=[-4.5; -9]; as right are W1=(2,-1), W2=(-2.25,-9)."""
    b1, b2 = torch.zeros(2), torch.tensor([4.5])
    expected = {"0.weight": torch.tensor([[1.0], [-1.0]]), "0.bias": b1, "2.weight": torch.tensor([[-4.5, -9.0]]), "2.bias": b2}
    value = {**expected, "0.weight": torch.tensor([[2.0], [-1.0]]), "2.weight": torch.tensor([[-2.25, -9.0]])}
    scale = Weights(upto="permutation+scale")
    assert judged(scale, value, expected).outcome is Outcome.PASSED
    assert judged(ORDER_SIGN, value, expected).outcome is Outcome.FAILED
    swapped = {**value, "0.weight": value["0.weight"].flip(0), "2.weight": value["2.weight"].flip(1)}
    assert judged(scale, swapped, expected).outcome is Outcome.PASSED
    xw = {"W1": value["0.weight"].T, "b1": b1, "W2": value["2.weight"].T, "b2": b2}
    assert (
        judged(scale, xw, {"W1": expected["0.weight"].T, "b1": b1, "W2": expected["2.weight"].T, "b2": b2}).outcome
        is Outcome.PASSED
    )
    for name in ("0.weight", "2.weight"):
        for at in (0, 1):
            off = {**value, name: value[name].clone()}
            off[name].view(-1)[at] += 2.1e-4
            assert judged(scale, off, expected).outcome is Outcome.FAILED
    published = {**expected, "2.weight": torch.tensor([[-4.5, 9.0]])}  # mistake (c): W2 (+9)
    assert judged(scale, published, expected).outcome is Outcome.FAILED
