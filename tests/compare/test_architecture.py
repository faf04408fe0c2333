"""`architecture`: real torch modules, captured as a kernel would."""

import pytest
import torch
from torch import nn

from grader.compare import distance
from grader.judging import Architecture
from grader.result import Outcome
from grader.values import capture

from .plain import judged


class Mynet1(nn.Module):
    def __init__(self, bias=True):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.tanh = nn.Tanh()
        self.second = nn.Linear(3, 1, bias=bias)


class Own(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))


class Other(Own):
    pass


class Square(nn.Module):
    pass


class Sine(nn.Module):
    pass


def stack(*between):
    return nn.Sequential(nn.Linear(2, 3), *between, nn.Linear(3, 1))


def passes(value, expected, **options):
    return judged(Architecture(**options), value, expected).outcome is Outcome.PASSED


def test_own_classes_and_nesting_do_not_matter():
    assert passes(Mynet1(), stack(nn.Tanh()))
    assert passes(nn.Sequential(stack(nn.Tanh())), Mynet1())
    assert passes([nn.Linear(2, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1))], Mynet1())
    assert passes([Mynet1()], Mynet1())
    assert passes(stack(nn.Identity(), nn.Tanh(), nn.Sequential()), Mynet1())


def test_layers_differ():
    assert not passes(Mynet1(), stack(nn.ReLU()))
    assert not passes(Mynet1(), stack())
    assert not passes(Mynet1(bias=False), Mynet1())
    assert not passes(stack(nn.Dropout(0.1)), stack(nn.Dropout(0.2)))
    assert not passes(nn.Linear(2, 3), nn.Linear(3, 2))


def test_options():
    assert passes(stack(nn.Dropout(0.1)), stack(nn.Dropout(0.2)), options=False)
    assert not passes(Mynet1(bias=False), Mynet1(), options=False)
    assert not passes(nn.RNN(1, 2), nn.RNN(1, 2, num_layers=2))
    assert not passes(nn.RNN(1, 2), nn.LSTM(1, 2))
    assert not passes(nn.MultiheadAttention(4, 2), nn.Linear(4, 4))


def test_names():
    assert not passes(Mynet1(), stack(nn.Tanh()), names=True)
    assert passes(Mynet1(), Mynet1(), names=True)
    verdict = judged(Architecture(names=True), Mynet1(), stack(nn.Tanh()))
    assert verdict.message == "Layer 1 of 3, a Linear, is not called as expected."
    assert verdict.detail == "Layer 1 is called `first`, expected `0`."


def test_own_layers_are_known_by_their_parameters():
    assert passes(Own(2, 3), Other(2, 3))
    assert not passes(Own(2, 3), Own(3, 2))
    assert not passes(Own(2, 3), nn.Linear(2, 3))
    assert passes(Square(), Square())
    assert not passes(Square(), Sine())


def test_own_parameters_beside_layers_count():
    with_start, without = nn.Module(), nn.Module()
    with_start.cell = without.cell = nn.RNNCell(1, 2)
    with_start.h0 = nn.Parameter(torch.zeros(2))
    assert not passes(without, with_start)
    assert passes(with_start, with_start)


def test_number_of_parameters():
    assert passes(nn.Linear(3, 2, bias=False), nn.Linear(2, 2), parameters=True)
    verdict = judged(Architecture(parameters=True), nn.Linear(3, 2), nn.Linear(2, 2))
    assert verdict.message == "The network has more parameters than expected: 8."
    assert verdict.detail == "Expected are 6."
    net = nn.Sequential(nn.LSTM(3, 4, num_layers=2), nn.MultiheadAttention(4, 2), nn.Embedding(5, 2))
    alike = Own(sum(p.numel() for p in net.parameters()))
    assert passes(net, alike, parameters=True)


def test_messages():
    verdict = judged(Architecture(), Mynet1(bias=False), Mynet1())
    assert verdict.message == "Layer 3 of 3, a Linear, has other options than expected."
    assert verdict.detail == (
        "Layer 3 is Linear(in_features=3, out_features=1, bias=False), expected Linear(in_features=3, out_features=1, bias=True)."
    )
    verdict = judged(Architecture(), Mynet1(), stack(nn.ReLU()))
    assert verdict.message == "Layer 2 of 3, a Tanh, is not of the expected type."
    assert verdict.detail == "Layer 2 is Tanh(), expected ReLU()."
    verdict = judged(Architecture(), nn.Tanh(), stack(nn.Sigmoid()))
    assert verdict.message == "Expected a network of 3 layers, got one of 1."
    assert verdict.detail.startswith("Yours is Tanh(); expected Linear(in_features=2, out_features=3, bias=True) → Sigmoid() → ")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Expected a network of 3 layers; there is no module in what came."),
        (None, "Expected a module torch.nn.Sequential, got None."),
        (torch.ones(2), "Expected a module torch.nn.Sequential, got a float32 tensor of shape (2,)."),
    ],
    ids=repr,
)
def test_no_module(value, message):
    assert judged(Architecture(), value, stack(nn.Tanh())).message == message


def test_distance():
    mine, theirs = capture(Mynet1()), capture(stack(nn.Tanh()))
    assert distance(Architecture(), mine, theirs) == 0
    assert distance(Architecture(names=True), mine, theirs) is None
    assert distance(Architecture(), mine, None) is None
    assert distance(Architecture(), None, theirs) is None
    assert distance(Architecture(), [], []) == 0
