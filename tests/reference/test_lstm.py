"""The reference of `lstm` against torch's own modules: one network against many at once, the loop against the fused LSTM."""

import math
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import lstm as ref

KINDS = ["RNN", "LSTM"]


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


def cell(letters: int, hidden: int, seed: int = 0) -> torch.nn.LSTMCell:
    torch.manual_seed(seed)
    return torch.nn.LSTMCell(letters, hidden)


# ------------------------------------------------------------------------------------------------------------- the texts


@given(st.text("abcXY", min_size=1, max_size=8), st.integers(1, 6))
def test_a_word_has_as_many_moments_as_its_shortest_period(word, times):
    letters, contexts = ref.letters_and_contexts(word * times)
    assert letters == len(set(word))
    assert (word * times) == (word * times)[:contexts] * (len(word) * times // contexts)
    assert all((word * times) != (word * times)[:p] * (len(word) * times // p) for p in range(1, contexts))
    assert ref.letters_and_contexts(word)[1] == contexts


def test_text_data_are_one_hot_pairs_in_the_order_of_the_letters():
    x, y = ref.text_data("abcabC", 3)
    assert x.shape == y.shape == (17, 4)
    assert x.argmax(dim=1).tolist() == ([0, 1, 2, 0, 1, 3] * 3)[:-1]
    assert y.argmax(dim=1).tolist() == ([0, 1, 2, 0, 1, 3] * 3)[1:]
    with pytest.raises(KeyError):
        ref.f("abz", {"a": 0, "b": 1})


def test_memoryless_guesses_cannot_be_better():
    """After b comes c or C, in turns: ln 2 for a third of the letters. A table of logits that is trained comes as near as it gets."""
    x, y = ref.text_data("abcabC", 50)
    best = ref.memoryless(x, y)
    assert best == pytest.approx(math.log(2) / 3, abs=2e-3)
    table = torch.nn.Linear(4, 4, bias=False)
    adam = torch.optim.Adam(table.parameters(), lr=0.2)
    for _ in range(300):
        adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(table(x), y)
        loss.backward()
        adam.step()
    assert best < loss.item() < best + 5e-3


# ------------------------------------------------------------------------------------------------ one network, and many


@pytest.mark.parametrize("kind", KINDS)
def test_all_letters_at_once_are_the_cell_letter_by_letter(kind):
    x, y = ref.text_data("abcabC", 4)
    net, linr = ref.make(kind, 4, 3, 7)
    one = (torch.nn.RNNCell if kind == "RNN" else torch.nn.LSTMCell)(4, 3)
    one.load_state_dict({name.removesuffix("_l0"): value for name, value in net.state_dict().items()})
    adam = torch.optim.Adam([*one.parameters(), *(other := torch.nn.Linear(3, 4)).parameters()], lr=0.1)
    other.load_state_dict(linr.state_dict())
    found = ref.train(net, linr, torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=0.1), x, y, 5)
    for epoch in range(5):
        state, outputs = None, []
        for t in range(len(x)):
            state = one(x[[t]], state)
            outputs.append(other(state if kind == "RNN" else state[0]))
        loss = torch.nn.functional.cross_entropy(torch.cat(outputs), y)
        assert loss.item() == pytest.approx(found[epoch].item(), abs=1e-5)
        adam.zero_grad()
        loss.backward()
        adam.step()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("word", "hidden"), [("abcabC", 3), ("abcdabcD", 4)])
def test_many_fits_are_the_single_ones_seed_for_seed(kind, word, hidden):
    """25 seeds. Over 20 epochs, in which rounding does not grow: 1e-5."""
    x, y = ref.text_data(word, 5)
    nets, losses = ref.fit_many(kind, range(25), x, y, hidden, 0.1, 20)
    for seed, (net, linr) in enumerate(nets):
        alone, its = ref.make(kind, x.shape[1], hidden, seed)
        single = ref.train(alone, its, torch.optim.Adam([*alone.parameters(), *its.parameters()], lr=0.1), x, y, 20)
        torch.testing.assert_close(losses[:, seed], single, atol=1e-5, rtol=0)
        torch.testing.assert_close(linr(net(x)[0]), its(alone(x)[0]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_wide_network_is_its_parts_side_by_side(kind):
    wide, weight, bias = ref.join(kind, [3, 1, 4], 4, 2)
    x = torch.randn(6, 4)
    states = wide(x)[0]
    parts = ref.take_apart(wide, weight, bias)
    for k, (seed, (net, linr)) in enumerate(zip([3, 1, 4], parts, strict=True)):
        first, its = ref.make(kind, 4, 2, seed)
        for name, value in first.state_dict().items():
            torch.testing.assert_close(net.state_dict()[name], value)
        torch.testing.assert_close(linr.weight, its.weight)
        torch.testing.assert_close(states[:, 2 * k : 2 * k + 2], net(x)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_is_what_connects_a_network_with_itself(kind):
    wide, _, _ = ref.join(kind, [0, 1, 2], 4, 2)
    assert torch.equal(ref.block_mask(kind, 3, 2) == 0, wide.weight_hh_l0 == 0)


@pytest.mark.slow
def test_lstms_learn_from_more_seeds():
    for word, hidden in [("abcabC", 3), ("abcdabcD", 4)]:
        x, y = ref.text_data(word, 5)
        rnn_right, lstm_right = ref.race(x, y, hidden, len(word), 25, 0.1, 600)
        assert sum(rnn_right) < sum(lstm_right)
        assert sum(lstm_right) >= 18


def test_near_zero():
    assert ref.near_zero(torch.tensor([[0.0, 0.09, -0.09], [0.11, -0.5, 1.0]])) == 0.5


def test_in_blocks_goes_on_with_one_network():
    x, y = ref.text_data("abcabC", 3)
    losses, right = ref.in_blocks("LSTM", x, y, 3, 0.01, 3, 4)
    net, linr = ref.make("LSTM", 4, 3, 43052)
    adam = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=0.01)
    torch.testing.assert_close(losses, ref.train(net, linr, adam, x, y, 12))
    assert len(right) == 3


# -------------------------------------------------------------------------------------------------------------- by hand


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 12), st.integers(0, 10**6))
def test_an_lstm_by_hand_is_torchs(letters, hidden, length, seed):
    lstm_cell = cell(letters, hidden, seed)
    x = torch.randn(length, letters)
    h, c = ref.through_time(lstm_cell, x)
    lstm = ref.as_lstm(lstm_cell)
    outputs, (last_h, last_c) = lstm(x)
    torch.testing.assert_close(h, outputs)
    torch.testing.assert_close(h[[-1]], last_h)
    torch.testing.assert_close(c[[-1]], last_c)
    assert h.abs().max() < 1, "o is below 1, and so is tanh"
    states = ref.over_time(lstm, x)
    assert list(states) == ["input_gate", "forget_gate", "g", "output_gate", "cell", "h"]
    torch.testing.assert_close(states["h"], h)
    torch.testing.assert_close(states["cell"], c)
    assert ((states["input_gate"] > 0) & (states["input_gate"] < 1)).all()
    for t in range(1, length):
        kept, added = ref.kept_and_added(states, t)
        torch.testing.assert_close(kept + added, c[t])


def test_as_lstm_has_weights_of_its_own():
    lstm_cell = cell(3, 2)
    lstm = ref.as_lstm(lstm_cell)
    lstm.weight_hh_l0.data.zero_()
    assert lstm_cell.weight_hh.abs().min() > 0


def test_shapes_fit():
    lstm = torch.nn.LSTM(3, 2)
    assert ref.shapes_fit(lstm)
    lstm.weight_ih_l0.data, lstm.weight_hh_l0.data = lstm.weight_hh_l0.data, lstm.weight_ih_l0.data
    assert not ref.shapes_fit(lstm)


def test_one_epoch_is_one_step_of_adam_on_the_mean():
    x, y = ref.text_data("abaB", 4)
    lstm_cell, linr = cell(3, 2), torch.nn.Linear(2, 3)
    lstm, other = ref.as_lstm(lstm_cell), torch.nn.Linear(2, 3)
    other.load_state_dict(linr.state_dict())
    h, c = ref.through_time(lstm_cell, x)
    ht, ct = ref.one_epoch(lstm_cell, linr, torch.optim.Adam([*lstm_cell.parameters(), *linr.parameters()], lr=0.1), x, y)
    torch.testing.assert_close((ht, ct), (h[[-1]], c[[-1]]))
    ref.train(lstm, other, torch.optim.Adam([*lstm.parameters(), *other.parameters()], lr=0.1), x, y, 1)
    torch.testing.assert_close(lstm_cell.weight_hh, lstm.weight_hh_l0, atol=1e-4, rtol=0)
    torch.testing.assert_close(linr.weight, other.weight, atol=1e-4, rtol=0)


def test_the_slip_is_that_each_letter_begins_anew():
    torch.manual_seed(3)
    lstm = torch.nn.LSTM(3, 2)
    x, _ = ref.text_data("abaB", 2)
    printed, right = ref.as_printed(lstm, x), ref.over_time(lstm, x)
    torch.testing.assert_close(printed["g"][0], right["g"][0])
    assert not torch.allclose(printed["cell"][1], right["cell"][1])
    torch.testing.assert_close(printed["h"][0], printed["h"][2])  # the same letter, the same state: it knows no other
    assert ref.printed_too_late == ["cell", "h"]


def test_two_figures_show_the_last_rows():
    torch.manual_seed(3)
    x, _ = ref.text_data("abaB", 3)
    states = ref.over_time(torch.nn.LSTM(3, 2), x)
    gates, others = ref.two_figures(states, torch.rand(11, 3), 5)
    (image,) = gates.axes[0].get_images()
    assert torch.allclose(
        torch.tensor(image.get_array()), torch.cat([states[f"{n}_gate"] for n in ("input", "forget", "output")], dim=1)[-5:]
    )
    assert others.axes[0].get_images()[0].get_array().shape == (5, 9)


@pytest.mark.slow
@pytest.mark.parametrize("picture", [name for name in dir(ref) if name.startswith("picture_")])
def test_pictures_are_drawn(picture):
    assert getattr(ref, picture)().axes
