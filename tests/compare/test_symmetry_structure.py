"""Which layers and groups of hidden units are seen in the tensors of a network."""

import pytest
import torch
from torch import nn

from grader.compare.symmetry import read
from grader.compare.symmetry.structure import structure_of
from grader.values import capture


def seen(value, activation=""):
    return structure_of(read(capture(value)), activation=activation)


def kinds(value):
    return [(layer.kind, layer.inputs, layer.outputs) for layer in seen(value).layers]


def groups(value, activation=""):
    return [(group.path, group.size, group.odd, group.scalable) for group in seen(value, activation).groups]


def network(net):
    return {"architecture": net, "weights": dict(net.state_dict())}


def mlp(act, *more):
    return nn.Sequential(nn.Linear(2, 3), act, *more, nn.Linear(3, 1))


def test_layers_of_torch_are_known_by_their_tensors():
    net = nn.Sequential(nn.Embedding(5, 4), nn.LSTM(4, 3, num_layers=2, bidirectional=True), nn.BatchNorm1d(6), nn.Linear(6, 2))
    assert kinds(net.state_dict()) == [("embedding", 5, 4), ("lstm", 4, 6), ("lstm", 6, 6), ("norm", 6, 6), ("linear", 6, 2)]
    assert [size for _, size, *_ in groups(net.state_dict())] == [4, 3, 3, 3, 3]
    assert kinds(nn.GRUCell(4, 2).state_dict()) == [("gru", 4, 2)]
    assert kinds({"rnn": nn.RNNCell(4, 2).state_dict(), "cook": nn.Linear(2, 4).state_dict()}) == [
        ("rnn", 4, 2),
        ("linear", 2, 4),
    ]
    assert kinds(nn.LSTM(4, 4, proj_size=2).state_dict()) == [("other", 0, 0)]
    assert kinds(nn.Conv1d(2, 3, 1).state_dict())[0] == ("other", 0, 0)


def test_a_list_of_parameters_is_read_in_order():
    assert kinds(list(mlp(nn.Tanh()).parameters())) == [("linear", 2, 3), ("linear", 3, 1)]
    assert kinds(list(nn.RNN(4, 2).parameters())) == [("rnn", 4, 2)]
    assert kinds({"rnn": list(nn.LSTM(4, 2).parameters()), "cook": list(nn.Linear(2, 4).parameters())}) == [
        ("lstm", 4, 2),
        ("linear", 2, 4),
    ]


def test_matrices_of_the_lecture_read_rows_or_columns():
    """003-T11 writes X W with W (in, out)."""
    w1, b1, w2, b2 = torch.tensor([[1.0, -1.0]]), torch.zeros(2), torch.tensor([[-4.5], [-9.0]]), torch.tensor([4.5])
    for state in (
        {"W1": w1, "b1": b1, "W2": w2, "b2": b2},
        {"W1": w1, "W2": w2, "b1": b1, "b2": b2},
        {"W1": w1, "b1": b1[None], "W2": w2, "b2": b2},
    ):
        assert kinds(state) == [("linear", 1, 2), ("linear", 2, 1)]
        assert [size for _, size, *_ in groups(state)] == [2]
    assert kinds([w1.T, b1, w2.T, b2]) == [("linear", 1, 2), ("linear", 2, 1)]


@pytest.mark.parametrize(("ih", "hh"), [("i2h", "h2h"), ("ih", "hh"), ("x2h", "hidden_to_hidden"), ("Wx", "Wh")])
def test_an_rnn_made_by_hand_is_one(ih, hh):
    state = {ih: nn.Linear(4, 2).state_dict(), hh: nn.Linear(2, 2).state_dict(), "cook": nn.Linear(2, 4).state_dict()}
    assert kinds(state) == [("rnn", 4, 2), ("linear", 2, 4)]
    assert groups(state) == [("", 2, True, True)]
    backwards = {name: state[name] for name in (hh, ih)}
    assert kinds(backwards) == [("rnn", 4, 2)]


def test_a_class_that_says_so_is_an_rnn():
    class rNNCell(nn.Module):
        def __init__(self):
            super().__init__()
            self.l1 = nn.Linear(4, 2)
            self.l2 = nn.Linear(2, 2)

    assert kinds(network(rNNCell())) == [("rnn", 4, 2)]
    assert kinds(rNNCell().state_dict()) == [("linear", 4, 2), ("linear", 2, 2)]


def test_what_stands_between_layers_says_which_freedoms_there_are():
    assert groups(mlp(nn.Tanh()).state_dict()) == [("0", 3, True, True)]  # unknown: the author's word counts
    assert groups(mlp(nn.Tanh()).state_dict(), activation="relu") == [("0", 3, False, True)]
    for act, odd, scalable in [
        (nn.Tanh(), True, False),
        (nn.ReLU(), False, True),
        (nn.LeakyReLU(), False, True),
        (nn.Sigmoid(), False, False),
        (nn.GELU(), False, False),
        (nn.Identity(), True, True),
        (nn.Dropout(), True, True),
    ]:
        assert groups(network(mlp(act))) == [("0", 3, odd, scalable)], act
    assert groups(network(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)))) == [("0", 3, True, True)]
    assert groups(network(mlp(nn.BatchNorm1d(3), nn.ReLU()))) == [("0", 3, False, True)]
    assert groups(network(nn.RNN(4, 2))) == [("", 2, True, False)]
    assert groups(network(nn.RNN(4, 2, nonlinearity="relu"))) == [("", 2, False, True)]
    assert groups(network(nn.RNNCell(4, 2, nonlinearity="relu"))) == [("", 2, False, True)]
    assert groups(network(nn.LSTM(4, 2))) == groups(nn.LSTM(4, 2).state_dict()) == [("", 2, True, False)]


def test_an_activation_of_a_class_of_ones_own_may_be_a_call():
    class Net(nn.Module):
        def __init__(self, *acts):
            super().__init__()
            self.l1, self.l2 = nn.Linear(2, 3), nn.Linear(3, 1)
            for act in acts:
                self.act = act

    class InOrder(nn.Module):
        def __init__(self):
            super().__init__()
            self.l1, self.a1, self.l2 = nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1)

    assert groups(network(Net())) == groups(network(Net(nn.Sigmoid()))) == [("l1", 3, True, True)]
    assert groups(network(InOrder())) == [("l1", 3, False, False)]


def test_layers_out_of_order_are_put_in_the_only_order_that_chains():
    state = {"read_out": nn.Linear(3, 1).state_dict(), "hidden": nn.Linear(2, 3).state_dict()}
    assert kinds(state) == [("linear", 2, 3), ("linear", 3, 1)]
    assert [layer.path for layer in seen(state).layers] == ["hidden", "read_out"]


def test_two_heads_read_the_same_units():
    state = {"body": nn.Linear(2, 5).state_dict(), "a": nn.Linear(5, 3).state_dict(), "b": nn.Linear(5, 1).state_dict()}
    (group,) = seen(state).groups
    assert [(m.tensor, m.axis) for m in group.members] == [
        ("body.weight", 0),
        ("body.bias", -1),
        ("a.weight", 1),
        ("b.weight", 1),
    ]


def test_behind_a_layer_of_which_nothing_is_known_no_unit_is_free():
    net = nn.Sequential(nn.Linear(4, 4), nn.Conv1d(4, 4, 1), nn.Linear(4, 4))
    assert groups(net.state_dict()) == []
    assert groups(nn.Linear(2, 3).state_dict()) == []  # what it gives are outputs


def test_what_is_no_network():
    for value in (
        None,
        "a",
        1.0,
        {"a": "b"},
        {1: torch.ones(2)},
        [torch.ones(1), "a"],
        {"a.b": torch.ones(1), "a": {"b": torch.ones(1)}},
        [[]],
    ):
        assert read(capture(value)) is None
    assert list(read(capture({"a": [torch.ones(1), {"b": 1.0}]})).tensors) == ["a.0", "a.1.b"]
    assert kinds({}) == []
