"""The reference of `rnn_abacad` against torch's own modules, the loop over the letters, and numbers computed independently."""

import math
import time
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from reference import rnn_abacad as ref

SEED = 43052
MAPPING = {"A": 0, "b": 1, "c": 2, "d": 3}
LN3_HALF = math.log(3) / 2  # a letter's cross entropy for a network without memory


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def text() -> tuple[torch.Tensor, torch.Tensor]:
    """The lecture's 599 letters."""
    return ref.one_hot_pairs("AbAcAd" * 100, MAPPING)


@pytest.fixture(scope="module")
def few() -> tuple[torch.Tensor, torch.Tensor]:
    """59 letters of it."""
    return ref.one_hot_pairs("AbAcAd" * 10, MAPPING)


def started() -> tuple[torch.nn.Module, torch.nn.Module, torch.nn.Module, torch.optim.Optimizer]:
    return ref.start(0.001)


def mean_loss(cell: torch.nn.Module, cook: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    return F.cross_entropy(cook(ref.states(cell, x, torch.zeros(1, 2))), y).item()


# ------------------------------------------------------------------------------------------------------------- the text


def test_text_is_one_hot_and_shifted_by_one(text):
    x, y = text
    assert x.shape == y.shape == (599, 4)
    assert x.dtype == y.dtype == torch.float32
    assert torch.equal(x[1:], y[:-1])
    assert x.sum(dim=0).tolist() == [300, 100, 100, 99]


def test_letters_that_do_not_occur_have_a_column_and_unknown_ones_are_an_error():
    x, _ = ref.one_hot_pairs("AbAc", MAPPING)
    assert x.shape == (3, 4)
    with pytest.raises(KeyError):
        ref.one_hot_pairs("Abz", MAPPING)


# ----------------------------------------------------------------------------------------------------------- the cell


def test_start_weights_are_those_of_the_seed():
    cell, cook, _, _ = started()
    torch.manual_seed(SEED)
    i2h, h2h = torch.nn.Linear(4, 2), torch.nn.Linear(2, 2)
    torch.manual_seed(SEED)
    assert torch.equal(cook.weight, torch.nn.Linear(2, 4).weight)
    assert torch.equal(cell.i2h.weight, i2h.weight)
    assert torch.equal(cell.h2h.bias, h2h.bias)
    rows = torch.tensor([[-0.1733, -0.4235, 0.1802, 0.4668], [0.2037, -0.4442, 0.1629, -0.3107]])
    torch.testing.assert_close(cell.i2h.weight.data, rows, atol=6e-5, rtol=0)
    torch.testing.assert_close(cell.h2h.bias.data, torch.tensor([0.3258, -0.1171]), atol=6e-5, rtol=0)


def test_start_loss_and_first_states(text):
    cell, cook, _, optimizr = started()
    hidden = ref.states(cell, text[0], torch.zeros(1, 2))
    torch.testing.assert_close(hidden[[0, -1]], torch.tensor([[0.02279, 0.37895], [0.17951, 0.25194]]), atol=6e-6, rtol=0)
    assert mean_loss(cell, cook, *text) == pytest.approx(1.664386, abs=2e-6)
    assert sum(p.numel() for group in optimizr.param_groups for p in group["params"]) == 28


@pytest.mark.parametrize("mistaken", ["sigmoid", "around h2h only"])
def test_typical_mistakes_give_other_first_states(mistaken, text):
    """The values that INVENTORY computed for them: what the checks must tell apart."""
    cell, _, _, _ = started()
    x, water = text[0][[0]], torch.zeros(1, 2)
    if mistaken == "sigmoid":
        found, expected = torch.sigmoid(cell.i2h(x) + cell.h2h(water)), [0.5057, 0.5984]
    else:
        found, expected = cell.i2h(x) + torch.tanh(cell.h2h(water)), [0.0117, 0.3994]
    torch.testing.assert_close(found.flatten().data, torch.tensor(expected), atol=1e-4, rtol=0)


# ------------------------------------------------------------------------------------------------ loop, cell and batch


def test_hand_made_cell_is_rnncell_is_rnn(text):
    cell, _, _, _ = started()
    x, water = text[0], torch.zeros(1, 2)
    torch_cell = ref.as_rnncell(cell)
    rnn = ref.as_rnn(torch_cell)
    hidden, hT = rnn(x, water)
    torch.testing.assert_close(ref.states(cell, x, water), hidden.data, atol=1e-6, rtol=0)
    torch.testing.assert_close(ref.states(torch_cell, x, water), hidden.data, atol=1e-6, rtol=0)
    assert torch.equal(hidden[-1:], hT)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31 - 1), st.integers(1, 5), st.integers(1, 6), st.integers(1, 12))
def test_rnn_is_the_loop_over_any_rnncell(seed, inputs, width, length):
    torch.manual_seed(seed)
    cell, x, water = torch.nn.RNNCell(inputs, width), torch.randn(length, inputs), torch.randn(1, width)
    hidden, _ = ref.as_rnn(cell)(x, water)
    torch.testing.assert_close(ref.states(cell, x, water), hidden.data, atol=1e-5, rtol=0)


def test_copies_share_no_memory():
    cell, _, _, _ = started()
    torch_cell = ref.as_rnncell(cell)
    rnn = ref.as_rnn(torch_cell)
    places = [parameter.data_ptr() for net in (cell, torch_cell, rnn) for parameter in net.parameters()]
    assert len(set(places)) == len(places) == 12


def hand_and_fused(few: tuple[torch.Tensor, torch.Tensor], epochs: int) -> tuple[torch.Tensor, ...]:
    """Losses and final weights, by the loop over the hand-made cell and by the fused RNN from the same start."""
    by_hand = ref.start(0.01)
    losses = ref.train_by_hand(*by_hand, *few, epochs)
    cell, cook, loss_fn, _ = ref.start(0.01)
    rnn = ref.as_rnn(ref.as_rnncell(cell))
    adam = torch.optim.Adam([*rnn.parameters(), *cook.parameters()], lr=0.01)

    def total(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return loss_fn(output, y) * len(y)

    fused = ref.train_rnn(rnn, cook, total, adam, *few, epochs)
    mine = torch.cat([p.data.flatten() for net in by_hand[:2] for p in net.parameters()])
    again = ref.as_rnncell(by_hand[0])
    same = torch.cat([p.data.flatten() for net in (again, by_hand[1]) for p in net.parameters()])
    theirs = torch.cat([p.data.flatten() for net in (rnn, cook) for p in net.parameters()])
    assert len(mine) == len(same)
    return losses, fused, same, theirs


def test_loop_by_hand_trains_as_the_fused_rnn(few):
    """Why the longer trainings may use torch.nn.RNN: same losses, same final weights."""
    losses, fused, weights, fused_weights = hand_and_fused(few, 60)
    torch.testing.assert_close(losses / 59, fused / 59, atol=1e-5, rtol=0)
    torch.testing.assert_close(weights, fused_weights, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_loop_by_hand_trains_as_the_fused_rnn_to_the_end(few):
    losses, fused, weights, fused_weights = hand_and_fused(few, 1000)
    torch.testing.assert_close(losses / 59, fused / 59, atol=1e-3, rtol=0)
    torch.testing.assert_close(weights, fused_weights, atol=1e-2, rtol=0)


def test_first_losses_of_the_loop_with_all_letters(text):
    losses = ref.train_by_hand(*started(), *text, 3)
    assert losses.tolist() == pytest.approx([996.971, 995.459, 993.947], abs=2e-3)


def test_sum_and_mean_are_the_same_for_adam(few):
    ends = []
    for scale in (1, 59):
        cell, cook, loss_fn, _ = ref.start(0.01)
        rnn = ref.as_rnn(ref.as_rnncell(cell))
        adam = torch.optim.Adam([*rnn.parameters(), *cook.parameters()], lr=0.01)
        ref.train_rnn(rnn, cook, lambda u, y, s=scale, fn=loss_fn: s * fn(u, y), adam, *few, 50)
        ends.append(rnn.weight_hh_l0.data)
    torch.testing.assert_close(*ends, atol=1e-5, rtol=0)


def test_one_epoch_is_gradient_descent_through_time(few):
    """Against autograd on the formula, written with the weights alone."""
    cell, cook, loss_fn, _ = started()
    sgd = torch.optim.SGD([*cell.parameters(), *cook.parameters()], lr=0.01)
    w = [p.detach().clone().requires_grad_() for p in (*cell.parameters(), *cook.parameters())]
    h, loss = torch.zeros(1, 2), torch.zeros(())
    for t in range(12):
        h = torch.tanh(few[0][[t]] @ w[0].T + w[1] + h @ w[2].T + w[3])
        loss = loss - torch.log_softmax(h @ w[4].T + w[5], dim=1)[0, few[1][t].argmax()]
    gradients = torch.autograd.grad(loss, w)
    (found,) = ref.train_by_hand(cell, cook, loss_fn, sgd, few[0][:12], few[1][:12], 1).tolist()
    assert found == pytest.approx(loss.item(), abs=1e-4)
    for parameter, start, gradient in zip((*cell.parameters(), *cook.parameters()), w, gradients, strict=True):
        torch.testing.assert_close(parameter.data, (start - 0.01 * gradient).data, atol=1e-5, rtol=0)


# ----------------------------------------------------------------------------------------------------------- a new start


def test_rnn_of_the_seed_has_the_new_start(few):
    """`torch.manual_seed(43052); torch.nn.RNN(4, 2)` draws the numbers of RNNCell."""
    rnn, _, _, losses = ref.new_start(*few, 0.001, 0)
    torch.manual_seed(SEED)
    assert all(torch.equal(a, b) for a, b in zip(rnn.parameters(), torch.nn.RNN(4, 2).parameters(), strict=True))
    assert losses.shape == (0,)


def test_new_start_begins_at_the_lectures_loss(text):
    _, _, _, losses = ref.new_start(*text, 0.001, 1)
    assert losses.tolist() == pytest.approx([1.548520], abs=1e-5)


@pytest.fixture(scope="module")
def two_nodes(few) -> tuple[torch.nn.RNN, torch.nn.Module, torch.Tensor]:
    rnn, cook, _, losses = ref.new_start(*few, 0.01, 600)
    return rnn, cook, losses


def test_new_start_learns_with_a_larger_rate(two_nodes, few):
    rnn, cook, losses = two_nodes
    assert losses[-1] < 0.2 < LN3_HALF < losses[0]
    assert ref.wrong_positions(cook(rnn(few[0])[0])[6:], few[1][6:]) == []


def test_the_slip_trains_the_old_cell():
    assert ref.which_cell == "the trained cell"


def test_cold_and_warm_states_are_those_after_water_and_after_the_whole_text(two_nodes, few):
    rnn = two_nodes[0]
    cold, warm = ref.cold_and_warm(rnn, few[0])
    states, _ = rnn(torch.cat([few[0], few[0][:6]]))
    torch.testing.assert_close(cold, states[:6].data, atol=1e-5, rtol=0)
    torch.testing.assert_close(warm, states[-6:].data, atol=1e-5, rtol=0)
    assert not cold.requires_grad
    assert not warm.requires_grad


def test_wrong_positions():
    y = torch.eye(4)[[0, 1, 2, 3]]
    output = torch.eye(4)[[0, 2, 2, 0]] * 5 - 1
    assert ref.wrong_positions(output, y) == [1, 3]
    assert ref.wrong_positions(y, y) == []


def test_combined_figure_has_hidden_states_to_the_left():
    hidden, yhat = torch.rand(9, 2), torch.rand(9, 4)
    (ax,) = ref.combined_figure(hidden, yhat, 5).axes
    (image,) = ax.get_images()
    torch.testing.assert_close(torch.as_tensor(image.get_array()), torch.cat([hidden, yhat], dim=1)[4:])
    assert image.get_clim() == (-1, 1)


# -------------------------------------------------------------------------------------------------- what the nodes know


@pytest.fixture(scope="module")
def three_nodes(few) -> tuple[torch.nn.RNN, torch.nn.Linear, torch.Tensor]:
    return ref.from_seed(3, 2, *few, 0.01, 600)


def test_three_nodes_start_and_learn(three_nodes, few, text):
    rnn, cook, losses = three_nodes
    assert losses[-1] < 0.02
    assert ref.wrong_positions(cook(rnn(few[0])[0]), few[1]) == []
    assert ref.from_seed(3, 2, *text, 0.001, 1)[2].tolist() == pytest.approx([1.466491], abs=1e-5)


def test_third_node_knows_the_case_for_seed_2(three_nodes, few):
    hidden, upper = three_nodes[0](few[0])[0].data[6:], few[0][6:, 0] == 1
    assert ref.case_node(hidden, upper) == 2
    assert ref.case_node(-hidden[:, [1, 2, 0]], upper) == 1
    assert ref.case_node(hidden[:, :2], upper) is None


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**31 - 1), st.permutations(range(4)), st.lists(st.sampled_from([-1.0, 1.0]), min_size=4, max_size=4))
def test_case_node_does_not_depend_on_order_and_sign(seed, order, signs):
    generator = torch.Generator().manual_seed(seed)
    hidden, upper = torch.rand(8, 4, generator=generator), torch.arange(8) % 2 == 0
    hidden[1] = hidden[0]  # an upper and a lower case letter that no node parts
    hidden[upper, 1] += 2
    assert ref.case_node(hidden, upper) == 1
    moved = (hidden * torch.tensor(signs))[:, order]
    assert ref.case_node(moved, upper) == list(order).index(1)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31 - 1), st.permutations(range(4)))
def test_rearranged_network_is_the_same_function(seed, order):
    torch.manual_seed(seed)
    rnn, cook, x = torch.nn.RNN(3, 4), torch.nn.Linear(4, 2), torch.randn(7, 3)
    new_rnn, new_cook = ref.rearranged(rnn, cook, list(order))
    torch.testing.assert_close(new_rnn(x)[0], rnn(x)[0][:, order], atol=1e-6, rtol=0)
    torch.testing.assert_close(new_cook(new_rnn(x)[0]), cook(rnn(x)[0]), atol=1e-6, rtol=0)


def test_three_nodes_succeed_more_often(few):
    right2, right3 = ref.experiment(few[0][:29], few[1][:29], 4, 0.02, 250)
    assert len(right2) == len(right3) == 4
    assert sum(right3) == 4 > sum(right2) > 0


# ---------------------------------------------------------------------------------------------------------------- time


def test_seconds_are_those_of_the_epochs_alone(monkeypatch):
    """With a clock that goes on by one with each forward pass."""
    forward, calls = torch.nn.RNN.forward, []
    monkeypatch.setattr(torch.nn.RNN, "forward", lambda *args: calls.append(1) or forward(*args))
    monkeypatch.setattr(time, "perf_counter", lambda: float(len(calls)))
    assert ref.seconds_of(5, 3, True, "cpu", 7) == 7
    assert len(calls) == 8


@pytest.mark.parametrize("backward", [True, False])
def test_an_epoch_without_backward_learns_nothing(monkeypatch, backward):
    nets, make = [], torch.nn.RNN
    monkeypatch.setattr(torch.nn, "RNN", lambda *args: nets.append(make(*args)) or nets[-1])
    torch.manual_seed(0)
    start = [p.clone() for p in make(4, 3).parameters()]
    torch.manual_seed(0)
    monkeypatch.setattr(torch, "randn", lambda *shape: torch.ones(shape))
    assert ref.seconds_of(5, 3, backward, "cpu", 2) > 0
    (rnn,) = nets
    assert all(torch.equal(a, b) for a, b in zip(start, rnn.parameters(), strict=True)) is not backward
    assert ref.learns_without_backward is False


def test_devices_begin_with_the_cpu():
    found = ref.devices()
    assert found[0] == "cpu"
    assert ("cuda" in found) == torch.cuda.is_available()
    for device in found:
        ref.wait(device)


def test_timing_figure_has_a_line_a_device():
    (ax,) = ref.timing_figure(ref.lecture_table).axes
    assert [line.get_label() for line in ax.get_lines()] == ["cpu", "cuda"]
    assert list(ax.get_lines()[1].get_ydata()) == [row[4] for row in ref.lecture_table if row[3] == "cuda"]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "seconds")
    assert len(ax.get_xticks()) == 6


def test_speedups_and_shares_of_a_small_table():
    table = [(9, 2, True, "cpu", 8.0), (9, 2, True, "x", 2.0), (9, 2, False, "cpu", 2.0), (9, 2, False, "x", 1.0)]
    assert ref.speedups(table, "x") == [4.0, 2.0]
    assert ref.backward_share(table, "cpu") == [0.75]
    assert ref.backward_share(table, "x") == [0.5]


# ------------------------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize("name", sorted(name for name in vars(ref) if name.startswith("picture_")))
def test_pictures_are_drawn(name):
    assert ref.__dict__[name]().axes


def test_third_node_is_the_upper_one_in_the_shaded_letters():
    (ax,) = ref.picture_three_nodes().axes
    letters = [label.get_text() for label in ax.get_xticklabels()]
    node3 = next(line.get_ydata() for line in ax.get_lines() if line.get_label() == "node 3")
    assert [value > 0.9 for value in node3] == [letter.isupper() for letter in letters]
