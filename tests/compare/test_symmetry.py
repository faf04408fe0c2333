"""The law of `weights(upto=...)`: what leaves the function unchanged is accepted, one changed weight is not. torch is the oracle."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from grader.compare import distance
from grader.judging import Weights
from grader.result import Outcome
from grader.values import capture

from .plain import judged

TOLERANCE = 1e-4
law = settings(max_examples=200, deadline=None)
State = dict[str, torch.Tensor]


class Chain(nn.Module):
    """A recurrent layer (with an Embedding before it, if any) and its readout."""

    def __init__(self, rnn: nn.Module, cook: nn.Module, emb: nn.Module | None = None) -> None:
        super().__init__()
        if emb is not None:
            self.emb = emb
        self.rnn = rnn
        self.cook = cook

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.cook(self.rnn(self.emb(x) if hasattr(self, "emb") else x)[0])


@dataclass
class Draw:
    """What one example is made of. Units get an order and, as `by` says, a sign or a scale, each of them far from 1."""

    seed: int
    sizes: list[int]
    bias: bool
    double: bool
    by: str

    def __post_init__(self) -> None:
        self.random = torch.Generator().manual_seed(self.seed)
        torch.manual_seed(self.seed)

    def unit(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        order = torch.randperm(size, generator=self.random)
        u = torch.rand(size, generator=self.random, dtype=torch.float64)
        scale = torch.exp(torch.where(u < 0.5, -1.5 + 2.8 * u, 0.1 + 2.8 * (u - 0.5)))
        sign = torch.where(torch.rand(size, generator=self.random) < 0.5, -1.0, 1.0)
        return order, {"scale": scale, "sign": sign, "both": sign * scale}[self.by]

    def finished(self, net: nn.Module) -> nn.Module:
        return net.double() if self.double else net


draws = {
    by: st.builds(
        Draw,
        st.integers(0, 2**31),
        st.lists(st.integers(1, 5), min_size=5, max_size=5),
        st.booleans(),
        st.booleans(),
        st.just(by),
    )
    for by in ("sign", "scale", "both")
}
ACTIVATIONS: dict[str, type[nn.Module]] = {"sign": nn.Tanh, "scale": nn.ReLU, "both": nn.Identity}


def rows(state: State, names: list[str], order: torch.Tensor, factor: torch.Tensor, gates: int = 1, odd: int = 0) -> None:
    """Rows in another order, gate by gate; those of the gate `odd` times the factor."""
    for name in names:
        if name in state:
            blocks = state[name].unflatten(0, (gates, -1))[:, order].clone()
            blocks[odd] *= factor.reshape(-1, *[1] * (blocks.ndim - 2)).to(blocks)
            state[name] = blocks.flatten(0, 1)


def columns(state: State, name: str, order: torch.Tensor, factor: torch.Tensor) -> None:
    state[name] = state[name][:, order] / factor.to(state[name])


# ---------------------------------------------------------------------------------------------------- nets of each kind


def mlp(draw: Draw, depth: int = 1) -> tuple[nn.Module, State, torch.Tensor]:
    act = ACTIVATIONS[draw.by]
    widths = draw.sizes[: depth + 2]
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(widths)):
        layers += [nn.Linear(a, b, bias=draw.bias or i == 0), act()]
    net = draw.finished(nn.Sequential(*layers[:-1]))
    state = dict(net.state_dict())
    for i in range(depth):
        order, factor = draw.unit(widths[i + 1])
        rows(state, [f"{2 * i}.weight", f"{2 * i}.bias"], order, factor)
        columns(state, f"{2 * i + 2}.weight", order, factor)
    return net, state, torch.randn(20, widths[0]).to(state["0.weight"])


def deep(draw: Draw) -> tuple[nn.Module, State, torch.Tensor]:
    return mlp(draw, depth=3)


def embedded(draw: Draw) -> tuple[nn.Module, State, torch.Tensor]:
    """Embedding, activation, Linear: the columns of the Embedding are the units."""
    v, d, out = draw.sizes[:3]
    net = draw.finished(nn.Sequential(nn.Embedding(v, d), ACTIVATIONS[draw.by](), nn.Linear(d, out)))
    state = dict(net.state_dict())
    order, factor = draw.unit(d)
    state["0.weight"] = state["0.weight"][:, order] * factor.to(state["0.weight"])
    columns(state, "2.weight", order, factor)
    return net, state, torch.arange(v)


def recurrent(kind: type[nn.Module], gates: int, odd: int, layers: int = 1, **options: object) -> Callable[[Draw], tuple]:
    def build(draw: Draw) -> tuple[nn.Module, State, torch.Tensor]:
        given, hidden, out = draw.sizes[:3]
        more = {"nonlinearity": "relu"} if draw.by == "scale" else {}
        rnn = kind(given, hidden, num_layers=layers, bias=draw.bias, **options, **more)
        directions = ["", "_reverse"] if options.get("bidirectional") else [""]
        net = draw.finished(Chain(rnn, nn.Linear(hidden * len(directions), out)))
        state = dict(net.state_dict())
        for i in range(layers):
            units = [draw.unit(hidden) for _ in directions]
            for end, (order, factor) in zip(directions, units, strict=True):
                names = [f"rnn.{role}_l{i}{end}" for role in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
                rows(state, names, order, factor, gates, odd)
                columns(state, names[1], order, factor)
            both = torch.cat([order + j * hidden for j, (order, _) in enumerate(units)]), torch.cat([f for _, f in units])
            for name in [f"rnn.weight_ih_l{i + 1}{end}" for end in directions] if i + 1 < layers else ["cook.weight"]:
                columns(state, name, *both)
        return net, state, torch.randn(6, 4, given).to(state["cook.weight"])

    return build


KINDS: dict[str, tuple[str, Callable[[Draw], tuple[nn.Module, State, torch.Tensor]]]] = {
    "MLP, tanh": ("sign", mlp),
    "MLP, ReLU": ("scale", mlp),
    "MLP, no activation": ("both", mlp),
    "deep, tanh": ("sign", deep),
    "deep, ReLU": ("scale", deep),
    "Embedding, tanh, Linear": ("sign", embedded),
    "Embedding, Linear": ("both", embedded),
    "RNN, tanh": ("sign", recurrent(nn.RNN, 1, 0)),
    "RNN, ReLU": ("scale", recurrent(nn.RNN, 1, 0)),
    "RNN, two layers": ("sign", recurrent(nn.RNN, 1, 0, layers=2)),
    "RNN, both directions": ("sign", recurrent(nn.RNN, 1, 0, layers=2, bidirectional=True)),
    "LSTM": ("sign", recurrent(nn.LSTM, 4, 2)),
    "LSTM, two layers": ("sign", recurrent(nn.LSTM, 4, 2, layers=2)),
    "GRU": ("sign", recurrent(nn.GRU, 3, 2)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_leaves_the_function_unchanged_is_accepted_and_one_changed_weight_is_not(kind):
    by, build = KINDS[kind]

    @law
    @given(draws[by], st.data())
    def holds(draw, data):
        net, state, x = build(draw)
        original = dict(net.state_dict())
        assert same_function(net, original, state, x)
        options = Weights(atol=TOLERANCE, upto=freedoms(by))
        first, second = data.draw(st.permutations([state, original]))
        how = data.draw(st.sampled_from(["weights", "other names", "network"]))
        if how == "network":
            first, second = ({"architecture": net, "weights": weights} for weights in (first, second))
        if how == "other names":
            first = {f"my_{name}": tensor for name, tensor in first.items()}
        verdict = judged(options, first, second)
        assert verdict.outcome is Outcome.PASSED, verdict
        off = with_one_changed(data, first)
        assert distance(options, capture(off), capture(second)) is None, (off, second)

    holds()


@pytest.mark.parametrize("seed", range(0, 40, 3))
@pytest.mark.parametrize("given", [1, 2])
def test_in_a_tiny_network_too_it_is_told_what_would_agree(given, seed):
    """With eight numbers, two wrong ones are no sign of the right matching."""
    net, state, _ = deep(Draw(seed, [given, 1, 2, 1, 1], False, False, "scale"))
    assert "hidden units" in judged(Weights(atol=TOLERANCE), state, dict(net.state_dict())).message


@pytest.mark.parametrize("kind", KINDS)
def test_a_freedom_that_is_not_given_is_not_taken(kind):
    by, build = KINDS[kind]

    @settings(max_examples=60, deadline=None)
    @given(draws[by])
    def holds(draw):
        net, state, _ = build(draw)
        original = dict(net.state_dict())
        identical = all((state[name] - original[name]).abs().max() <= TOLERANCE for name in original)
        verdict = judged(Weights(atol=TOLERANCE), state, original)
        assert (verdict.outcome is Outcome.PASSED) == identical
        if not identical:
            assert "hidden units" in verdict.message
        moved = any(sorted_rows(state[name]) != sorted_rows(original[name]) for name in original)  # more than another order
        if moved:
            assert judged(Weights(atol=TOLERANCE, upto="permutation"), state, original).outcome is Outcome.FAILED

    holds()


def freedoms(by: str) -> tuple[str, ...]:
    return ("permutation", *(("sign", "scale") if by == "both" else (by,)))


def sorted_rows(tensor: torch.Tensor) -> list[float]:
    return sorted(round(float(n), 3) for n in tensor.flatten())


def same_function(net: nn.Module, original: State, state: State, x: torch.Tensor) -> bool:
    """Whether torch gives the same, in double precision."""
    both = []
    for weights in (original, state):
        other = copy.deepcopy(net).double()
        other.load_state_dict(weights)
        both.append(other(x.double() if x.is_floating_point() else x))
    return torch.allclose(*both, rtol=1e-4, atol=1e-5)


def with_one_changed(data: st.DataObject, value: dict) -> dict:
    """The same with one number off by more than twice the tolerance."""
    if "weights" in value:
        return {**value, "weights": with_one_changed(data, value["weights"])}
    name = data.draw(st.sampled_from(sorted(value)))
    at = data.draw(st.integers(0, value[name].numel() - 1))
    by = data.draw(st.floats(2.1, 1e4)) * TOLERANCE * data.draw(st.sampled_from([-1, 1]))
    changed = {**value, name: value[name].clone()}
    changed[name].view(-1)[at] += by
    return changed
