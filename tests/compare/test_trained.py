"""`trained`: real training, right and with the usual mistakes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn, optim

from grader.compare import distance
from grader.judging import Trained
from grader.result import Outcome
from grader.run import training
from grader.run.training import Training
from grader.values import capture

from .plain import judged, values


@pytest.fixture
def seen():
    watching = Training()
    training._watching.clear()
    watching.watch()
    return watching


def network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    return net, optim.SGD(net.parameters(), lr=0.1)


def train(net, optimizr, epochs=5, mistake=""):
    x = torch.linspace(-1, 1, 20).reshape(10, 2)
    for _ in range(epochs):
        out = net(x)
        loss = (out.detach().requires_grad_() if mistake == "detached" else out).pow(2).mean()
        if mistake != "no backward":
            loss.backward()
        if mistake == "cleared":
            optimizr.zero_grad()
        if mistake != "no step":
            optimizr.step()
        optimizr.zero_grad()
    return net


def message(value, **options):
    return judged(Trained(**options), value, value).message


def test_a_network_that_trains_passes(seen):
    net, optimizr = network()
    value = seen.of(train(net, optimizr))
    for options in (Trained(), Trained(steps=5), Trained(moved=False)):
        assert judged(options, value).outcome is Outcome.PASSED
    assert judged(Trained(), seen.of(optimizr)).outcome is Outcome.PASSED


@pytest.mark.parametrize("mistake", ["no backward", "cleared", "detached"])
def test_no_gradient(seen, mistake):
    value = seen.of(train(*network(), mistake=mistake))
    assert message(value) == message(value, moved=False)
    assert message(value).startswith("At no step was there a gradient: is `loss.backward()` called")


def test_no_step(seen):
    value = seen.of(train(*network(), mistake="no step"))
    assert message(value) == "No optimizer took a step: is `optimizr.step()` called in each epoch?"


def test_another_networks_parameters(seen):
    net, _ = network()
    _, other = network()
    assert message(seen.of(train(net, other))).startswith("No optimizer took a step with this network's parameters")


def test_parameters_that_took_another_place(seen):
    """000-T09, mistake a: the weight is replaced after Adam was made."""
    net, optimizr = network()
    net[0].weight = nn.Parameter(torch.ones(3, 2))
    said = message(seen.of(train(net, optimizr)))
    assert said == "The optimizer does not hold `0.weight`: was it made before that was replaced, or from other parameters?"
    net, _ = network()
    said = message(seen.of(train(net, optim.SGD(net[2].parameters(), lr=0.1))))
    assert said.startswith("The optimizer does not hold `0.weight`, `0.bias`: was it made before these were replaced")


def test_layers_in_a_plain_list(seen):
    """000-T12, mistake d: no parameters."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(2, 1)]

    assert message(seen.of(Net())).startswith("There are no parameters to be trained: are the layers attributes")


def test_the_number_of_steps(seen):
    value = seen.of(train(*network(), epochs=6))
    assert judged(Trained(steps=6), value).score == 1
    verdict = judged(Trained(steps=3), value)
    assert verdict.message == "6 steps were taken, 2 times as many as expected: was it trained more than once?"
    assert verdict.detail == "Expected 3 steps, got 6."
    assert message(value, steps=4) == "6 steps were taken, more than expected."
    assert message(value, steps=7) == "6 steps were taken, fewer than expected."
    assert message(value, steps=0) == "6 steps were taken, more than expected."


def test_a_dead_relu(seen):
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        net[0].bias.fill_(-100)
    value = seen.of(train(net, optim.SGD(net.parameters(), lr=0.1)))
    assert message(value) == "No gradient ever reached `0.weight`, `0.bias`, `2.weight`: does the output depend on them?"
    assert judged(Trained(moved=False), value).score == 1


def test_what_gets_a_gradient_and_does_not_move(seen):
    net, _ = network()
    value = seen.of(train(net, optim.SGD(net.parameters(), lr=0.0)))
    assert message(value) == message(value, moved=False)
    assert message(value).startswith("Nothing has moved: the parameters are as they were before the first step.")
    net, _ = network()
    groups = [{"params": net[0].parameters(), "lr": 0.0}, {"params": net[2].parameters()}]
    value = seen.of(train(net, optim.SGD(groups, lr=0.1)))
    assert message(value) == "`0.weight`, `0.bias` did not move."
    assert judged(Trained(moved=False), value).score == 1


def test_frozen_parameters(seen):
    net, _ = network()
    for parameter in net[0].parameters():
        parameter.requires_grad_(False)
    for held in (net.parameters(), net[2].parameters()):
        value = seen.of(train(net, optim.SGD(held, lr=0.1)))
        for frozen in (("0",), ("0.weight", "0.bias")):
            assert judged(Trained(frozen=frozen), value).score == 1
    left_out, _ = network()
    left_out[0].requires_grad_(False)
    said = message(seen.of(train(left_out, optim.SGD(left_out[2].parameters(), lr=0.1))))
    assert said == "`0.weight`, `0.bias` are not trained: requires_grad is False."
    value = seen.of(train(*network()))
    assert message(value, frozen=("0",)).startswith(
        "`0.weight`, `0.bias` moved, but must stay: is requires_grad False, or are they"
    )
    assert message(value, frozen=("2.bias",)).startswith(
        "`2.bias` moved, but must stay: is requires_grad False, or is it left out"
    )
    assert message(value, frozen=("3.bias",)) == "There is no parameter `3.bias`, which must stay as it is."


def test_options_are_looked_at():
    assert Trained(frozen=("0",), steps=1).problems() == []
    assert len(Trained(frozen="0", steps=-1).problems()) == 2


def test_nan(seen):
    net, _ = network()
    with torch.no_grad():
        net[0].weight.fill_(1e30)
    value = seen.of(train(net, optim.SGD(net.parameters(), lr=1e38)))
    assert "became NaN or infinite: is the learning rate too large?" in message(value)


def test_distance_is_that_of_what_the_steps_did(seen):
    right, again = (capture(seen.of(train(*network()))) for _ in range(2))
    longer = capture(seen.of(train(*network(), epochs=6)))
    no_step, cleared = (capture(seen.of(train(*network(), mistake=mistake))) for mistake in ("no step", "cleared"))
    assert distance(Trained(), right, again) == 0
    for other in (longer, no_step, cleared):
        assert distance(Trained(), right, other) is None
        assert distance(Trained(), other, other) == 0


@settings(max_examples=60, deadline=None)
@given(values(), values(), st.sampled_from(["steps", "total", "optimizers", "parameters"]))
def test_nothing_raises(value, odd, part):
    record = {"steps": 1, "total": 1, "optimizers": 1, "parameters": {}}
    weight = {"start": torch.ones(2), "now": torch.zeros(2, requires_grad=True), "steps": 1, "gradient": True, "held": True}
    assert judged(Trained(), {**record, "parameters": {"weight": weight}}).score == 1
    odd_weights = [{**weight, name: odd} for name in weight]
    for one in (value, {**record, part: odd}, *({**record, "parameters": {"weight": item}} for item in odd_weights)):
        for options in (Trained(), Trained(steps=3, moved=False, frozen=("a",))):
            verdict = judged(options, one, value)
            assert verdict.outcome is not Outcome.UNGRADED, verdict.message
            assert verdict.message or verdict.score == 1
        assert distance(Trained(), capture(one), capture(one)) == 0
