"""The reference of `logistic` against torch's own functions, closed forms, and the numbers that INVENTORY computed."""

import math
import warnings
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from reference import logistic as ref

LOSSES = {"MSE": ref.loss_fn1, "BCE": ref.loss_fn2}
WEIGHTS = st.floats(-6, 6)


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The lecture's 2000 points."""
    return ref.toy(2000, -1, 5)


@pytest.fixture(scope="module")
def few() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return ref.toy(40, -1, 5)


def weights_of(net: torch.nn.Module) -> list[float]:
    """w0, w1."""
    weight, bias = net.parameters()
    return [bias.item(), weight.item()]


# -------------------------------------------------------------------------------------------- the sigmoid and the data


@settings(deadline=None)
@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1))
def test_sigmoid_is_torchs_and_never_nan(numbers):
    x = torch.tensor(numbers)
    torch.testing.assert_close(ref.f(x), torch.sigmoid(x), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(ref.f(x) + ref.f(-x), torch.ones_like(x))


@settings(deadline=None, max_examples=50)
@given(WEIGHTS, WEIGHTS)
def test_likelihood_is_that_of_the_coins(w0, w1):
    """The product of the probabilities of what came, computed with Python's floats."""
    x, _, y = ref.toy(12, -1, 5)
    likelihood = 1.0
    for xi, yi in zip(x.flatten().tolist(), y.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-(w0 + w1 * xi)))
        likelihood *= p if yi else 1 - p
    assert ref.neg_log_likelihood(w0, w1, x, y).item() == pytest.approx(-math.log(likelihood), rel=1e-3, abs=1e-4)


def test_data_follow_their_law(data):
    x, v, y = data
    assert x.shape == v.shape == y.shape == (2000, 1)
    assert (x[0].item(), x[-1].item()) == (-1, 1)
    torch.testing.assert_close(v, torch.sigmoid(5 * x - 1))
    assert y.unique().tolist() == [0, 1]
    assert y.mean().item() == pytest.approx(0.3975, abs=1e-6)
    assert v.mean().item() == pytest.approx(0.40161, abs=1e-5)


def test_same_seed_same_data_whatever_was_drawn_before():
    torch.manual_seed(1)
    one = ref.toy(30, 0.5, 2)
    torch.manual_seed(2)
    assert all(map(torch.equal, one, ref.toy(30, 0.5, 2)))


def test_the_table_has_its_inversion():
    assert ref.successes[6:8].tolist() == [[0, 1], [1, 0]]


# ---------------------------------------------------------------------------------------------------- net and losses


def test_four_ways_to_the_first_curve(data):
    x, _, _ = data
    w0hat, w1hat, yhat = ref.first_curve(x)
    a1, again = ref.use_sigmoid(x, w0hat, w1hat)
    l1, start_w0, start_w1 = ref.start_layer()
    torch.testing.assert_close(again, yhat, atol=1e-6, rtol=0)
    assert (start_w0, start_w1) == pytest.approx((w0hat, w1hat), abs=5e-5)
    torch.testing.assert_close(ref.in_series(l1, a1)(x).data, yhat, atol=3e-5, rtol=0)
    assert ref.first_curve(torch.zeros(1, 1))[2].item() == pytest.approx(0.3001, abs=1e-4)


def test_losses_are_torchs(data):
    _, v, y = data
    torch.testing.assert_close(ref.loss_fn1(y, v), F.mse_loss(v, y))
    torch.testing.assert_close(ref.loss_fn2(y, v), F.binary_cross_entropy(v, y))
    assert ref.loss_fn1(y, v).item() == pytest.approx(0.100877, abs=1e-6)
    assert ref.loss_fn2(y, v).item() == pytest.approx(0.324562, abs=1e-6)


def test_mean_and_sum_agree(data):
    x, v, y = data
    assert ref.neg_log_likelihood(-1, 5, x, y).item() / 2000 == pytest.approx(ref.loss_fn2(y, v).item(), rel=1e-5)


def test_typical_mistakes_give_other_losses(data):
    """The values that INVENTORY computed for them: what the checks must tell apart."""
    _, v, y = data
    assert F.binary_cross_entropy(y, v).item() == pytest.approx(19.879, abs=1e-3)
    assert ref.loss_fn2(y, v).item() / math.log(10) == pytest.approx(0.14096, abs=1e-5)
    assert F.binary_cross_entropy(v, y, reduction="sum").item() == pytest.approx(649.1, abs=0.05)


# --------------------------------------------------------------------------------------------------------- training


def test_train_takes_the_steps_of_the_closed_form(few):
    """Of BCE the gradient is the mean of (yhat - y) and of (yhat - y) x."""
    x, _, y = few
    net, sgd = ref.start_at(0.3, -0.7, torch.optim.SGD, 0.4)
    losses = ref.train(net, ref.loss_fn2, sgd, x, y, 5)
    w0, w1 = 0.3, -0.7
    for loss in losses:
        p = torch.sigmoid(w0 + w1 * x)
        assert loss.item() == pytest.approx(F.binary_cross_entropy(p, y).item(), rel=1e-4)
        w0, w1 = w0 - 0.4 * (p - y).mean().item(), w1 - 0.4 * ((p - y) * x).mean().item()
    assert weights_of(net) == pytest.approx([w0, w1], abs=1e-5)


def test_a_thousand_epochs_and_five_thousand_more(data):
    x, _, y = data
    l1, _, _ = ref.start_layer()
    net = ref.in_series(l1, torch.nn.Sigmoid())
    optimizr, losses = ref.first_fit(net, x, y, 0.05, 1000)
    assert losses[0].item() == pytest.approx(0.280292, abs=2e-6)
    assert weights_of(net) == pytest.approx([-0.46007, 2.12164], abs=1e-4)
    more_losses = ref.more_epochs(net, optimizr, x, y, 5000)
    assert len(more_losses) == 5000
    assert weights_of(net) == pytest.approx([-0.80960, 3.85530], abs=3e-4)
    assert ref.loss_fn1(y, net(x)).item() == pytest.approx(0.102008, abs=2e-6)


def test_the_race(data):
    x, v, y = data
    net1, losses1, net2, losses2 = ref.mse_against_bce(x, y, 0.05, 1000)
    assert weights_of(net1) == pytest.approx([-0.46007, 2.12164], abs=1e-4)
    assert weights_of(net2) == pytest.approx([-0.70630, 3.34187], abs=1e-4)
    assert (losses1[0].item(), losses2[0].item()) == pytest.approx((0.280292, 0.769480), abs=2e-6)
    assert ref.loss_fn2(y, net2(x)).item() == pytest.approx(0.341309, abs=2e-6)
    assert ref.distance_to_truth(net2, x, v) < 0.5 * ref.distance_to_truth(net1, x, v)


def test_best_weights_have_no_slope(data):
    x, _, y = data
    best = ref.best_weights(x, y)
    assert best == pytest.approx((-1.01160, 4.84167), abs=1e-5)
    assert ref.gradient_at(ref.loss_fn2, *best, x, y).abs().max().item() < 1e-6
    assert ref.loss_fn2(y, torch.sigmoid(best[0] + best[1] * x)).item() == pytest.approx(0.324335, abs=1e-6)


# ------------------------------------------------------------------------------------------------------ landscapes


@pytest.mark.parametrize("name", LOSSES)
def test_surface_is_the_double_loop(name, few):
    x, _, y = few
    w0s, w1s = torch.linspace(-4, 2, 5), torch.linspace(-3, 6, 4)
    heights = ref.surface(LOSSES[name], w0s, w1s, x, y)
    loop = [[LOSSES[name](y, torch.sigmoid(w0 + w1 * x)).item() for w1 in w1s] for w0 in w0s]
    torch.testing.assert_close(heights, torch.tensor(loop), atol=1e-6, rtol=1e-5)


def test_the_lectures_grid(data):
    x, _, y = data
    w0s, w1s = torch.arange(-10, 3, 0.15), torch.arange(-1, 10, 0.15)
    mse, bce = (ref.surface(loss_fn, w0s, w1s, x, y) for loss_fn in LOSSES.values())
    assert mse.shape == bce.shape == (87, 74)
    assert (mse.min().item(), bce.min().item()) == pytest.approx((0.100798, 0.324344), abs=2e-6)
    assert (mse[0, 0].item(), bce[0, 0].item()) == pytest.approx((0.397477, 4.182230), abs=2e-5)
    assert ref.lowest(mse, w0s, w1s) == pytest.approx((-1.0, 4.7), abs=1e-4)
    assert ref.lowest(bce, w0s, w1s) == pytest.approx((-1.0, 4.85), abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(WEIGHTS, WEIGHTS)
def test_bce_bends_as_its_closed_form(w0, w1):
    """The Hessian of BCE is the mean of p (1 - p) (1, x)(1, x)ᵀ, whatever y is, so BCE bends upwards everywhere."""
    x, _, y = ref.toy(40, -1, 5)
    found = ref.curvatures(ref.loss_fn2, w0, w1, x, y)
    columns = torch.cat([torch.ones_like(x), x], dim=1).double()
    p = torch.sigmoid(w0 + w1 * x.double())
    expected = torch.linalg.eigvalsh(columns.T @ (p * (1 - p) * columns) / len(x))
    torch.testing.assert_close(found, expected, atol=1e-7, rtol=1e-4)
    assert found[0].item() > 0


@settings(deadline=None, max_examples=25)
@given(WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS)
def test_bce_lies_below_its_chords(a0, a1, b0, b1):
    x, _, y = ref.toy(40, -1, 5)
    ends = (ref.neg_log_likelihood(a0, a1, x, y) + ref.neg_log_likelihood(b0, b1, x, y)) / 2
    middle = ref.neg_log_likelihood((a0 + b0) / 2, (a1 + b1) / 2, x, y)
    assert middle.item() <= ends.item() + 1e-3 * (1 + abs(ends.item()))


def test_smallest_curvatures_of_the_inventory(data):
    x, _, y = data
    expected = {"MSE": [-2.7e-05, -0.0209, 0.0015], "BCE": [1.3e-05, 0.0130, 0.0104]}
    for name, numbers in expected.items():
        places = [(-10.0, -1.0), (-3.0, -1.0), (-1.0, 5.0)]
        found = [ref.curvatures(LOSSES[name], *place, x, y)[0].item() for place in places]
        assert found == pytest.approx(numbers, rel=0.04)
    assert {name: all(number > 0 for number in numbers) for name, numbers in expected.items()} == ref.convex


def test_plot_loss_draws_the_landscape_and_its_star(few):
    x, _, y = few
    w0s, w1s = torch.linspace(-4, 2, 5), torch.linspace(-3, 6, 4)
    ax = plt.figure().add_subplot(projection="3d")
    ref.plot_loss(ref.loss_fn1, ax, w0s, w1s, x, y)
    landscape, star = ([np.asarray(axis) for axis in points._offsets3d] for points in ax.collections)
    assert len(landscape[2]) == 20
    for w0, w1, height in list(zip(*landscape, strict=True))[::7]:
        assert height == pytest.approx(ref.loss_fn1(y, torch.sigmoid(float(w0) + float(w1) * x)).item(), abs=1e-6)
    assert [float(axis[0]) for axis in star[:2]] == [-1, 5]
    assert float(star[2][0]) == pytest.approx(ref.loss_fn1(y, torch.sigmoid(5 * x - 1)).item(), abs=1e-6)


# ----------------------------------------------------------------------------------------------------------- diaries


def test_diary_is_before_and_after_the_step(data):
    x, _, y = data
    net, sgd = ref.start_at(-3.0, -1.0, torch.optim.SGD, 0.05)
    yhat_history, loss_history, what_history = ref.learn_and_record(net, ref.loss_fn2, sgd, x, y, 1000)
    assert len(yhat_history) == len(loss_history) == len(what_history) == 50
    torch.testing.assert_close(torch.tensor(yhat_history[0]), torch.sigmoid(-3 - x).flatten())
    assert loss_history[0] == pytest.approx(1.456075, abs=2e-6)
    assert what_history[0] == pytest.approx([-2.982845, -0.988833], abs=2e-6)
    assert loss_history[-1] == pytest.approx(0.343714, abs=2e-5)
    assert what_history[-1] == pytest.approx([-0.690497, 3.253902], abs=1e-4)


def test_diary_trains_as_train_does(few):
    x, _, y = few
    (net, sgd), (other, other_sgd) = (ref.start_at(1.0, 2.0, torch.optim.SGD, 0.3) for _ in range(2))
    losses = ref.train(net, ref.loss_fn1, sgd, x, y, 45)
    _, loss_history, _ = ref.learn_and_record(other, ref.loss_fn1, other_sgd, x, y, 45)
    assert weights_of(net) == weights_of(other)
    assert loss_history == losses[::20].tolist()


def test_grey_points_lie_above(few):
    x, _, y = few
    runs = ref.four_runs(torch.optim.SGD, 0.3, x, y, 200)
    for name in ("MSE good", "BCE good", "BCE bad"):
        _, loss_history, what_history = runs[name]
        for loss, (w0, w1) in zip(loss_history, what_history, strict=True):
            assert loss > LOSSES[name[:3]](y, torch.sigmoid(w0 + w1 * x)).item()
    assert ref.grey_points == "above"


FINAL = {  # (w0, w1) after 1000 epochs, from INVENTORY
    "SGD": {
        "MSE good": (-1.0314, 0.6430),
        "BCE good": (-0.6951, 3.2794),
        "MSE bad": (-9.9990, -0.9996),
        "BCE bad": (-0.8552, 3.9269),
    },
    "Adam": {
        "MSE good": (-1.0319, 4.8363),
        "BCE good": (-1.0116, 4.8416),
        "MSE bad": (-1.0322, 4.8374),
        "BCE bad": (-1.0139, 4.8511),
    },
}


@pytest.mark.parametrize("optimizer", FINAL)
@pytest.mark.parametrize("name", FINAL["SGD"])
def test_all_eight_ways_end_where_they_should(optimizer, name, data):
    x, _, y = data
    net, optimizr = ref.start_at(*ref.starts[name[4:]], getattr(torch.optim, optimizer), 0.05)
    ref.train(net, LOSSES[name[:3]], optimizr, x, y, 1000)
    assert weights_of(net) == pytest.approx(FINAL[optimizer][name], abs=2e-3)


def test_adam_rescues_mse_from_the_bad_start(few):
    x, _, y = few
    sgd = ref.four_runs(torch.optim.SGD, 0.05, x, y, 300)
    adam, rescued = ref.adam_runs(sgd, 0.05, x, y, 300)
    assert list(adam) == list(sgd) == ["MSE good", "BCE good", "MSE bad", "BCE bad"]
    assert rescued == ["MSE bad"]


def test_slopes_of_the_bad_start(data):
    x, _, y = data
    assert ref.gradient_at(ref.loss_fn1, -10.0, -1.0, x, y).abs().tolist() == pytest.approx([2.3e-05, 8.8e-06], rel=0.02)
    p = torch.sigmoid(-10 - x)
    closed = torch.stack([(p - y).mean(), ((p - y) * x).mean()])
    torch.testing.assert_close(ref.gradient_at(ref.loss_fn2, -10.0, -1.0, x, y), closed, atol=1e-5, rtol=1e-4)


# ------------------------------------------------------------------------------------------------- films and pictures


def test_film_has_a_frame_for_each_record(few):
    x, v, y = few
    net, sgd = ref.start_at(-3.0, -1.0, torch.optim.SGD, 0.3)
    history = ref.learn_and_record(net, ref.loss_fn2, sgd, x, y, 101)
    before = plt.get_fignums()
    film = ref.show_lrpr2(history, ref.loss_fn2, x, v, y, torch.linspace(-4, 2, 5), torch.linspace(-3, 6, 4), "a title")
    assert plt.get_fignums() == before, "closed, so that it is not shown twice"
    assert list(film.new_frame_seq()) == list(range(6))
    with plt.rc_context({"savefig.dpi": 30}):
        page = film.to_jshtml()
    assert page.count("data:image/png;base64") == 6
    assert len(page) < 200_000


def test_fit_figure_with_and_without_a_network(few):
    x, v, y = few
    assert len(ref.fit_figure(x, y, v).axes[0].lines) == 2
    assert len(ref.fit_figure(x, y, v, (v * 0.5).requires_grad_()).axes[0].lines) == 3


@pytest.mark.parametrize("name", ["picture_cover", "picture_surfaces", "picture_paths"])
def test_pictures_draw(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = getattr(ref, name)()
        fig.canvas.draw()
    assert fig.axes
