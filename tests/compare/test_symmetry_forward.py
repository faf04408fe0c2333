"""What a network of weights gives, against torch; and `weights(upto="function")`, which compares that."""

import numpy as np
import pytest
import torch
from torch import nn

from grader.compare import distance
from grader.compare.symmetry import forward, read
from grader.compare.symmetry.structure import structure_of
from grader.judging import Weights
from grader.result import Outcome
from grader.values import capture

from .plain import judged

FUNCTION = Weights(upto="function")
TANH = Weights(upto="function", activation="tanh")


def network(net, *inputs):
    """As `nb.network(net, *inputs)`."""
    found = {"architecture": net, "weights": dict(net.state_dict())}
    return found if not inputs else {**found, "outputs": net(*inputs)}


def computed(value, activation=""):
    """The inputs that we draw for a network, and what we say that it gives."""
    net = read(capture(value))
    structure = structure_of(net, activation=activation)
    assert forward.cannot(structure, activation) == ""
    x = forward.inputs(structure)
    return torch.from_numpy(x), torch.from_numpy(forward.outputs(net, structure, x, activation))


def assert_same(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def normed():
    norm = nn.BatchNorm1d(4)
    norm(torch.randn(50, 4) * 3 + 1)
    nn.init.normal_(norm.weight)
    return nn.Sequential(nn.Linear(3, 4), norm, nn.ReLU(), nn.Dropout(), nn.Linear(4, 2), nn.LayerNorm(2), nn.Softmax(dim=-1))


NETS = {
    "one Linear": lambda: nn.Linear(3, 2),
    "MLP": lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2), nn.Sigmoid()),
    "activations": lambda: nn.Sequential(
        nn.Linear(3, 4), nn.LeakyReLU(), nn.ELU(), nn.SiLU(), nn.Softplus(), nn.LogSoftmax(dim=-1)
    ),
    "Embedding": lambda: nn.Sequential(nn.Embedding(5, 2), nn.Tanh(), nn.Linear(2, 3)),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Sequential(nn.Linear(2, 1))),
    "norms": normed,
}


@pytest.mark.parametrize("kind", NETS)
def test_feed_forward_networks(kind):
    torch.manual_seed(1)
    net = NETS[kind]().double().eval()
    x, y = computed(network(net))
    flat = x.flatten(0, 1)
    assert_same(y.flatten(0, 1), net(flat))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (nn.RNN, {}),
        (nn.RNN, {"nonlinearity": "relu", "bias": False}),
        (nn.RNN, {"num_layers": 2, "bidirectional": True}),
        (nn.LSTM, {}),
        (nn.LSTM, {"num_layers": 3, "bidirectional": True}),
        (nn.GRU, {}),
        (nn.GRU, {"num_layers": 2, "bias": False}),
    ],
)
def test_recurrent_networks(kind, options):
    torch.manual_seed(2)
    rnn = kind(3, 4, **options).double()
    cook = nn.Linear(8 if rnn.bidirectional else 4, 2).double()
    x, y = computed({"rnn": network(rnn), "cook": network(cook)})
    assert_same(y, cook(rnn(x)[0]))
    if options.get("nonlinearity") != "relu":  # which weights alone do not say
        assert_same(computed({"rnn": rnn.state_dict(), "cook": cook.state_dict()})[1], y)


def test_a_cell_made_by_hand_is_stepped_through():
    torch.manual_seed(3)
    i2h, h2h = nn.Linear(4, 2).double(), nn.Linear(2, 2).double()
    x, y = computed({"i2h": i2h.state_dict(), "h2h": h2h.state_dict()})
    h, states = torch.zeros(x.shape[1], 2).double(), []
    for xt in x:
        h = torch.tanh(i2h(xt) + h2h(h))
        states.append(h)
    assert_same(y, torch.stack(states))


# ---------------------------------------------------------------------------------------------------- judging


def wider(net):
    """The same function with the first hidden unit twice, each with half its outgoing weight."""
    first, act, last = net
    out = nn.Sequential(
        nn.Linear(first.in_features, first.out_features + 1), act, nn.Linear(first.out_features + 1, last.out_features)
    )
    w = last.weight.data.clone()
    w[:, 0] /= 2
    out[0].weight.data = torch.cat([first.weight, first.weight[:1]]).data
    out[0].bias.data = torch.cat([first.bias, first.bias[:1]]).data
    out[2].weight.data, out[2].bias.data = torch.cat([w, w[:, :1]], 1), last.bias.data.clone()
    return out


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))


def test_another_width_with_the_same_function_passes(net):
    other, x = wider(net), torch.randn(30, 2)
    assert torch.allclose(net(x), other(x), atol=1e-6)
    for options, a, b in (
        (FUNCTION, network(other), network(net)),
        (FUNCTION, network(other, x), network(net, x)),
        (TANH, other.state_dict(), net.state_dict()),
    ):
        assert judged(options, a, b).outcome is Outcome.PASSED
        assert distance(options, capture(a), capture(b)) == pytest.approx(0, abs=0.1)


def test_another_function_fails_and_says_by_how_much(net):
    other = wider(net)
    other[2].bias.data[0] += 0.01
    verdict = judged(FUNCTION, network(other), network(net))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message == "The network gives other outputs: computed from its weights, 336 of 672 agree."
    assert verdict.detail == "The largest difference of an output is 0.01 (allowed 0.0001)."
    x = torch.zeros(4, 2)
    assert "4 of the 8 numbers" in judged(FUNCTION, network(other, x), network(net, x)).message
    assert distance(FUNCTION, capture(network(other)), capture(network(net))) is None


def test_what_stands_between_the_layers_must_be_known(net):
    state = net.state_dict()
    verdict = judged(FUNCTION, state, state)
    assert verdict.outcome is Outcome.UNGRADED  # verify refuses it: the reference earns nothing
    assert verdict.message == (
        "The outputs cannot be computed from the expected weights: what stands between `0` and `2` is not known. "
        "`nb.network(net, x)` in the probe brings the outputs along, and `activation=` says what stands between Linear layers."
    )
    strange = {"0.weight": torch.zeros(3, 2, 2), "0.bias": torch.zeros(3)}
    verdict = judged(TANH, strange, state)
    assert verdict.outcome is Outcome.UNGRADED
    assert "`0` is no Linear, Embedding, RNN, GRU, LSTM or BatchNorm. A person will look at it." in verdict.message
    assert judged(TANH, {}, state).message == "Expected the weights of a network, got none."
    assert judged(TANH, None, state).outcome is Outcome.FAILED


def test_a_sigmoid_is_no_tanh(net):
    other = nn.Sequential(net[0], nn.Sigmoid(), net[2])
    assert judged(FUNCTION, network(other), network(net)).outcome is Outcome.FAILED


def test_what_goes_in_and_comes_out_must_be_of_the_expected_size(net):
    other = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2))
    assert judged(FUNCTION, network(other), network(net)).message == "The network reads 3 numbers, expected one that reads 2."
    other = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    assert judged(FUNCTION, network(other), network(net)).message == "The network gives 1 number, expected one that gives 2."


def test_an_embedding_is_a_linear_layer_of_one_hot_vectors():
    torch.manual_seed(0)
    emb = nn.Sequential(nn.Embedding(3, 2), nn.Tanh(), nn.Linear(2, 3))
    one_hot = nn.Sequential(nn.Linear(3, 2, bias=False), nn.Tanh(), nn.Linear(2, 3))
    one_hot[0].weight.data = emb[0].weight.data.T.clone()
    one_hot[2].load_state_dict(emb[2].state_dict())
    assert judged(FUNCTION, network(one_hot), network(emb)).outcome is Outcome.PASSED
    verdict = judged(FUNCTION, network(emb), network(one_hot))
    assert verdict.message == "The network begins with an Embedding, which reads indices; expected one that reads numbers."
    more = nn.Sequential(nn.Embedding(4, 2), nn.Tanh(), emb[2])  # a row that is never looked up
    more[0].weight.data[:3] = emb[0].weight.data
    assert judged(FUNCTION, network(more), network(emb)).outcome is Outcome.PASSED
    assert judged(FUNCTION, network(emb), network(more)).outcome is Outcome.FAILED


def test_weights_that_are_not_finite_are_judged(net):
    state = {name: torch.full_like(tensor, np.nan) for name, tensor in net.state_dict().items()}
    verdict = judged(TANH, state, net.state_dict())
    assert verdict.outcome is Outcome.FAILED
    assert verdict.detail == "Some are not finite."
    assert distance(TANH, capture(state), capture(state)) == 0
