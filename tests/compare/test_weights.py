"""`weights`: state dicts of real networks."""

import pytest
import torch
from torch import nn

from grader.compare import distance
from grader.judging import Weights
from grader.result import Outcome
from grader.values import capture

from .plain import judged


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def changed(net, **changes):
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    for name, change in changes.items():
        state[name.replace("__", ".").removeprefix("_")] += change
    return state


def test_within_the_tolerance(net):
    assert judged(Weights(atol=0.05), changed(net, _0__weight=0.04), net.state_dict()).outcome is Outcome.PASSED
    assert judged(Weights(atol=0.05), changed(net, _0__weight=0.06), net.state_dict()).outcome is Outcome.FAILED
    assert judged(Weights(atol=0, rtol=0.1), {"w": torch.tensor([105.0])}, {"w": torch.tensor([100.0])}).score == 1


def test_the_worst_tensor_is_named(net):
    verdict = judged(Weights(), changed(net, _0__weight=0.1, _2__bias=0.5), net.state_dict())
    assert verdict.message == "2 of 9 tensors are off: 0.weight, 2.bias."
    assert verdict.detail.startswith("`2.bias` is the furthest off: 1 of 1 number, first at [0]: yours ")
    assert verdict.detail.endswith("the largest difference is 0.5 at [0] (allowed 0.0001).")
    assert verdict.evidence["expected"].shape == (1,)


def test_shape_before_values(net):
    state = changed(net, _2__bias=1.0)
    state["0.weight"] = state["0.weight"].T
    verdict = judged(Weights(), state, net.state_dict())
    assert verdict.message == "`0.weight` has shape (2, 3), expected (3, 2)."


def test_missing_and_unexpected_names_are_told(net):
    state = changed(net)
    state["2.gain"] = state.pop("2.bias")
    verdict = judged(Weights(), state, net.state_dict())
    assert verdict.message == "The weights lack 2.bias and hold 2.gain, which is not expected."
    assert verdict.outcome is Outcome.FAILED


def test_names_may_differ_when_order_and_shapes_agree():
    torch.manual_seed(0)

    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.read_out = nn.Linear(3, 1)
            self.hidden = nn.Linear(2, 3)

    mine = Mine()
    theirs = nn.Sequential(mine.hidden, mine.read_out)
    assert judged(Weights(), mine.state_dict(), theirs.state_dict()).outcome is Outcome.FAILED
    for value in (mine.state_dict(), list(mine.state_dict().values())):
        assert judged(Weights(names=False), value, theirs.state_dict()).outcome is Outcome.PASSED
    verdict = judged(Weights(names=False), mine.hidden.state_dict(), theirs.state_dict())
    assert verdict.message == "Expected 4 tensors of shape (3, 2), (3,), (1, 3), (1,); got (3, 2), (3,)."
    assert verdict.outcome is Outcome.FAILED


def test_partial_is_the_share_of_tensors_that_agree(net):
    state = changed(net, _0__weight=1.0)
    assert judged(Weights(partial=True), state, net.state_dict()).score == pytest.approx(8 / 9)
    del state["2.bias"]
    assert judged(Weights(partial=True), state, net.state_dict()).score == pytest.approx(7 / 9)
    state = {**changed(net), "more": torch.ones(1)}
    assert judged(Weights(partial=True), state, net.state_dict()).score == pytest.approx(9 / 10)
    assert judged(Weights(partial=True), {}, net.state_dict()).outcome is Outcome.FAILED


def test_nan_is_never_right(net):
    state = changed(net, _0__bias=float("nan"))
    verdict = judged(Weights(), state, net.state_dict())
    assert verdict.message == "1 of 9 tensors is off: 0.bias. There is NaN in `0.bias`."
    assert judged(Weights(atol=1e9), state, state).outcome is Outcome.FAILED
    assert distance(Weights(), capture(state), capture(state)) == 0


def test_what_holds_no_weights(net):
    verdict = judged(Weights(), net[0], net[0].state_dict())
    assert verdict.message == (
        "Expected a dict with the keys weight, bias, got a module torch.nn.Linear. `.state_dict()` gives its weights."
    )
    assert judged(Weights(), {"weight": "a"}, net[0].state_dict()).outcome is Outcome.FAILED
    assert judged(Weights(), None, net[0].state_dict()).outcome is Outcome.FAILED


def test_one_tensor_and_plain_numbers_will_do():
    w = torch.ones(2, 2)
    assert judged(Weights(), w, w).outcome is Outcome.PASSED
    assert judged(Weights(), w + 1, w).message == "The tensor has the right shape, but its values are off."
    assert judged(Weights(), {"a": 1.0, "b": 2}, {"a": 1.0, "b": 2}).outcome is Outcome.PASSED


def test_distance_is_the_share_of_what_is_allowed(net):
    state, known = capture(changed(net, _0__weight=0.025)), capture(net.state_dict())
    assert distance(Weights(atol=0.05), state, known) == pytest.approx(0.5, rel=1e-4)
    assert distance(Weights(), state, known) is None
    assert distance(Weights(), known, capture({})) is None
    assert distance(Weights(), known, 1.0) is None


def test_a_network_and_a_dict_of_state_dicts_will_do(net):
    value = {"architecture": net, "weights": net.state_dict(), "outputs": torch.ones(1)}
    assert judged(Weights(), value, net.state_dict()).outcome is Outcome.PASSED
    nested = {"body": net.state_dict(), "head": list(net[2].parameters())}
    assert judged(Weights(), nested, nested).outcome is Outcome.PASSED
    off = {**nested, "head": [net[2].weight + 1, net[2].bias]}
    assert judged(Weights(), off, nested).message == "1 of 11 tensors is off: head.0."
