"""The reference of `rnn_ab` against closed forms, torch's own modules and numbers computed independently of it."""

import copy
import math
from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from torch.nn import functional as F

from reference import rnn_ab as ref

SEED = 43052
NETS = {"sigmoid": ref.Mynet1, "relu": ref.Mynet2, "tanh": ref.Mynet3}


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture
def letters() -> tuple[list[str], list[str]]:
    return ref.pairs(list("ab") * 100)


@pytest.fixture
def data(letters: tuple[list[str], list[str]]) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = (ref.as_column(txt, {"a": 0, "b": 1}) for txt in letters)
    return x, y


def bce(net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    return F.binary_cross_entropy_with_logits(net(x), y).item()


# --------------------------------------------------------------------------------------------------- activations


def test_tanh_is_torchs_also_where_exponentials_overflow():
    x = torch.tensor([-1000.0, -90.0, -5.0, -1.0, 0.0, 1.0, 5.0, 90.0, 1000.0])
    torch.testing.assert_close(ref.tanh(x), torch.tanh(x), atol=1e-6, rtol=0)
    assert ref.tanh(torch.tensor(1.0)).item() == pytest.approx(math.tanh(1), abs=1e-6)


def test_tanh_is_odd_and_keeps_the_shape():
    x = torch.randn(3, 4, 2)
    torch.testing.assert_close(ref.tanh(-x), -ref.tanh(x), atol=1e-6, rtol=0)
    assert ref.tanh(x).shape == (3, 4, 2)


def test_softmax_runs_along_the_row():
    soft = ref.soft(torch.tensor([[1.0, 2.0, 3.0]]))
    torch.testing.assert_close(soft, torch.tensor([[0.0900, 0.2447, 0.6652]]), atol=5e-5, rtol=0)
    torch.testing.assert_close(ref.soft(torch.randn(7, 4)).sum(dim=1), torch.ones(7))


def test_softmax_of_two_logits_is_the_sigmoid_of_their_difference():
    u = torch.randn(9, 2)
    torch.testing.assert_close(ref.soft(u)[:, 1], ref.sig(u[:, 1] - u[:, 0]))


def test_figure_of_tanh():
    grid = ref.tanh_figure()
    (line,) = plt.gca().get_lines()
    assert plt.gca().get_title() == "tanh(x)"
    assert len(grid) == 100
    assert (grid[0], grid[-1]) == (-5, 5)
    torch.testing.assert_close(torch.as_tensor(line.get_ydata()), torch.tanh(grid), atol=1e-6, rtol=0)


# ------------------------------------------------------------------------------------------------- letters, numbers


def test_unknown_letters_are_an_error():
    with pytest.raises(KeyError):
        ref.f(["a", "z"], {"a": 0})


def test_pairs_are_letters_and_their_successors(letters):
    txt_x, txt_y = letters
    assert len(txt_x) == len(txt_y) == 199
    assert (txt_x.count("a"), txt_x.count("b")) == (100, 99)
    assert (txt_y.count("a"), txt_y.count("b")) == (99, 100)
    assert txt_x[1:] == txt_y[:-1]


def test_columns_fit_a_linear_layer(data):
    for column in data:
        assert column.shape == (199, 1)
        assert column.dtype == torch.float32
    assert [column.sum().item() for column in data] == [99, 100]


# --------------------------------------------------------------------------------------------------- one weight


def test_without_bias_the_loss_stays_at_100_of_199(data):
    net, losses = ref.first_fit(*data, 5000)
    assert net.weight.item() == pytest.approx(0, abs=1e-6)
    assert losses[-1].item() == pytest.approx(100 / 199, abs=1e-6)
    assert F.mse_loss(net(data[0]), data[1]).item() == pytest.approx(100 / 199, abs=1e-6)


def test_best_weight_is_least_squares(data):
    assert ref.best_weight(*data) == 0
    x, y = torch.randn(50, 1), torch.randn(50, 1)
    assert ref.best_weight(x, y) == pytest.approx(torch.linalg.lstsq(x, y).solution.item(), abs=1e-5)
    assert ref.best_weight(2 * data[0] - 1, 2 * data[1] - 1) == -1


def test_train_is_the_loop_written_out(data):
    net, losses = ref.first_fit(*data, 100)
    torch.manual_seed(SEED)
    other = torch.nn.Linear(1, 1, bias=False)
    again = ref.train(other, torch.nn.MSELoss(), torch.optim.Adam(other.parameters()), *data, 100)
    assert torch.equal(losses, again)
    assert torch.equal(net.weight, other.weight)


def test_train_is_gradient_descent():
    """Against the closed form: SGD on ½(w-3)² leaves w_k = 3(1 - (1-lr)^k)."""
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.data.zero_()
    losses = ref.train(
        net,
        lambda u, y: ((u - y) ** 2).sum() / 2,
        torch.optim.SGD(net.parameters(), lr=0.1),
        torch.ones(1, 1),
        3 * torch.ones(1, 1),
        20,
    )
    assert net.weight.item() == pytest.approx(3 * (1 - 0.9**20), abs=1e-5)
    assert losses.tolist() == pytest.approx([4.5 * 0.81**k for k in range(20)], abs=1e-4)


def test_codes_minus_one_and_one_can_be_learned(letters):
    x, y, net = ref.plus_minus(*letters, 2000)
    assert net.weight.item() == pytest.approx(-0.99969, abs=2e-4)
    assert F.mse_loss(net(x), y).item() == pytest.approx(0, abs=1e-5)
    torch.testing.assert_close(net(x), -x, atol=1e-3, rtol=0)


# --------------------------------------------------------------------------------------------------- logits


def test_without_bias_the_probability_after_a_is_one_half(data):
    net = ref.fit_without_bias(*data, 5000)
    assert ref.sig(net(torch.zeros(1, 1))).item() == 0.5
    assert net.weight.item() == pytest.approx(-3.452, abs=2e-3)
    assert bce(net, *data) == pytest.approx(0.36383, abs=1e-4)
    assert bce(net, *data) > 100 / 199 * math.log(2)


def test_good_start(data):
    net, _ = ref.fit_from(-5.0, 2.5, *data, 5000)
    assert [net.weight.item(), net.bias.item()] == pytest.approx([-8.72099, 4.36547], abs=1e-3)
    assert bce(net, *data) == pytest.approx(0.012691, abs=1e-5)


def test_bad_start_is_reversed_after_5000_epochs_and_right_after_6000(data):
    both = torch.tensor([[0.0], [1.0]])
    net, losses = ref.fit_from(5.0, -2.5, *data, 5000)
    assert [net.weight.item(), net.bias.item()] == pytest.approx([0.33820, -0.15845], abs=1e-3)
    assert ref.sig(net(both)).flatten().tolist() == pytest.approx([0.4605, 0.5448], abs=1e-3)
    assert (losses.diff() < 0).all(), "it is still learning, and never goes up"
    later, _ = ref.fit_from(5.0, -2.5, *data, 6000)
    after_a, after_b = ref.sig(later(both)).flatten().tolist()
    assert after_a > 0.5 > after_b
    assert ref.bad_start == "still learning"


# --------------------------------------------------------------------------------------------- three parameters


def test_three_parameters():
    net = ref.three_parameters(torch.nn.Tanh())
    assert ref.count_parameters(net) == 3
    assert net(torch.zeros(4, 1)).shape == (4, 1)


def test_always_one_changes_one_network_only():
    other = torch.nn.Linear(1, 1)
    net = ref.always_one(torch.nn.Linear(1, 1))
    assert net(torch.zeros(5, 1)) == net.forward(torch.zeros(5, 1)) == 1
    assert other(torch.zeros(5, 1)).shape == (5, 1)


@pytest.mark.parametrize(
    ("make_net", "activation"),
    [(ref.Mynet1, torch.nn.Sigmoid), (ref.Mynet2, torch.nn.ReLU), (ref.Mynet3, torch.nn.Tanh)],
)
def test_class_is_the_sequential_network(make_net, activation):
    torch.manual_seed(SEED)
    net = make_net()
    torch.manual_seed(SEED)
    same = ref.three_parameters(activation())
    x = torch.linspace(-3, 3, 7).reshape(-1, 1)
    assert torch.equal(net(x), same(x))
    assert ref.count_parameters(net) == 3
    assert list(net.state_dict()) == ["l1.weight", "l1.bias", "l2.weight"]


def test_mynet3_of_the_seed():
    torch.manual_seed(SEED)
    net = ref.Mynet3()
    assert [p.item() for p in net.parameters()] == pytest.approx([-0.34669, -0.84703, 0.36045], abs=1e-5)
    assert net(torch.tensor([[0.0], [1.0]])).flatten().tolist() == pytest.approx([-0.24853, -0.29979], abs=1e-5)


# --------------------------------------------------------------------------------------------------- many fits


@pytest.mark.parametrize("name", NETS)
def test_trained_together_is_trained_one_by_one(name, data):
    torch.manual_seed(SEED)
    alone = [NETS[name]() for _ in range(4)]
    for net in alone:
        ref.train(net, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(net.parameters()), *data, 150)
    curves = torch.stack([ref.sig(net(data[0][:5])).reshape(5) for net in alone]).detach()
    torch.testing.assert_close(ref.fit_many(NETS[name], *data, 150, 4), curves, atol=1e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_25_fits_at_once_are_25_single_fits(name, data):
    """The lecture's experiment, seed for seed: every weight of every network, after 1,000 epochs.

    To 1e-5: the two sum up in another order, and Adam's steps carry that on (2e-7 to 1e-6 was seen).
    """
    torch.manual_seed(SEED)
    together = [NETS[name]() for _ in range(25)]
    alone = [NETS[name]() for _ in range(25)]
    for net, other in zip(together, alone, strict=True):
        other.load_state_dict(net.state_dict())
    ref.train_together(together, *data, 1000)
    for net, other in zip(together, alone, strict=True):
        ref.train(other, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(other.parameters()), *data, 1000)
        for found, expected in zip(net.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_networks_of_another_class_and_other_data_train_together():
    torch.manual_seed(SEED)
    x, y = torch.randn(30, 2), torch.randint(0, 2, (30, 1)).float()
    together = [torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)) for _ in range(3)]
    alone = [copy.deepcopy(net) for net in together]
    ref.train_together(together, x, y, 80)
    for net, other in zip(together, alone, strict=True):
        ref.train(other, torch.nn.BCEWithLogitsLoss(), torch.optim.Adam(other.parameters()), x, y, 80)
        torch.testing.assert_close(net(x), other(x), atol=1e-5, rtol=0)


def test_fits_are_different_and_have_no_gradients(data):
    curves = ref.fit_many(ref.Mynet3, *data, 0, 6)
    assert not curves.requires_grad
    assert len(curves[:, 0].unique()) == 6


@pytest.mark.parametrize(("name", "amplitude", "right"), [("sigmoid", 0.074, 0), ("relu", 0.175, 0), ("tanh", 0.365, 22)])
def test_25_fits(name, amplitude, right, data):
    found = ref.summarise(ref.fit_many(NETS[name], *data, 1000, 25))
    assert found["amplitude"] == pytest.approx(amplitude, abs=2e-3)
    assert found["right"] == right


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_activations_that_are_never_negative_give_two_logits_of_one_sign(name):
    for seed in range(50):
        torch.manual_seed(seed)
        net = NETS[name]()
        for parameter in net.parameters():
            parameter.data.normal_(0, 5)
        logits = net(torch.tensor([[0.0], [1.0]])).flatten()
        assert (logits >= 0).all() or (logits <= 0).all()


def test_lowest_loss_is_approached_and_never_undercut():
    """The best there is with two logits of one sign, found by search over all pairs of them."""
    u = torch.arange(-300, 301, dtype=torch.float64) / 20  # holds an exact 0
    cost_a, cost_b = F.softplus(-u), F.softplus(u)  # of one letter a (b comes next) and one letter b
    loss = (100 * cost_a[:, None] + 99 * cost_b[None, :]) / 199
    one_sign = u[:, None] * u[None, :] >= 0
    assert loss[one_sign].min().item() == pytest.approx(ref.lowest_loss, abs=1e-5)
    assert loss.min().item() < 1e-5
    assert ref.lowest_loss == pytest.approx(0.34483, abs=1e-5)


def test_summary_of_four_fits():
    curves = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.7, 0.55], [0.45, 0.45]])[:, [0, 1, 0, 1, 0]]
    found = ref.summarise(curves)
    assert found["amplitude"] == pytest.approx((0.8 + 0.8 + 0.15 + 0) / 4, abs=1e-6)
    assert (found["right"], found["near_half"]) == (1, 2)


def test_grid_is_filled_row_by_row(data):
    curves = torch.rand(9, 5)
    fig = ref.figure_grid(curves, data[1], "nine")
    assert len(fig.axes) == 9
    for axes, curve in zip(fig.axes, curves, strict=True):
        truth, drawn = axes.get_lines()
        assert list(truth.get_ydata()) == [1, 0, 1, 0, 1]
        torch.testing.assert_close(torch.as_tensor(drawn.get_ydata()), curve)
    assert fig._suptitle.get_text() == "nine"


# ------------------------------------------------------------------------------------------------ one-hot, embedding


def test_one_hot_mapping_is_the_identity():
    mapping = ref.one_hot_mapping("cab")
    assert list(mapping) == ["c", "a", "b"]
    assert torch.equal(torch.tensor(list(mapping.values())), torch.eye(3, dtype=torch.int64))


def test_onehot_network_learns(letters):
    x, y = (torch.tensor(ref.f(txt, ref.one_hot_mapping("ab"))).float() for txt in letters)
    net, yhat = ref.onehot_fit(x, y, 5000)
    assert F.cross_entropy(net(x), y).item() == pytest.approx(0.005676, abs=1e-4)
    torch.testing.assert_close(yhat[:2], torch.tensor([[0.00565, 0.99435], [0.99433, 0.00567]]), atol=1e-4, rtol=0)
    assert ref.count_parameters(net) == 5


def test_embedding_network_learns(letters):
    x, y = (torch.tensor(ref.f(txt, {"a": 0, "b": 1})) for txt in letters)
    net, yhat = ref.embedding_fit(x, y, 5000)
    assert F.cross_entropy(net(x), y).item() == pytest.approx(0.003320, abs=1e-4)
    torch.testing.assert_close(yhat[:2, 1], torch.tensor([0.99669, 0.00332]), atol=1e-4, rtol=0)
    assert ref.count_parameters(net) == 6


def test_embedding_is_the_matrix_product_bit_for_bit():
    x, weight = torch.randint(0, 4, (50,)), torch.randn(6, 3)
    assert torch.equal(ref.embed_by_matrix(x, weight), F.embedding(x, weight))


def test_numbers_of_parameters():
    assert ref.n_parameters == tuple(ref.count_parameters(net) for net in ref.embedding_and_linear())


# ---------------------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("name", sorted(name for name in vars(ref) if name.startswith("picture_")))
def test_pictures_are_drawn(name):
    assert getattr(ref, name)().axes


def test_loss_of_the_one_weight_is_lowest_at_zero():
    (ax,) = ref.picture_one_weight().axes
    w, loss = next(line.get_data() for line in ax.get_lines() if line.get_label() == "the loss")
    assert w[loss.argmin()] == pytest.approx(0, abs=1e-6)
    assert min(loss) == pytest.approx(100 / 199, abs=1e-6)


def test_surface_of_the_two_starts_has_the_lectures_losses(data):
    """What the picture draws is BCEWithLogitsLoss: the two starts lie in the right bands of colour."""
    (ax, _) = ref.picture_two_starts().axes
    filled = ax.collections[0]
    for (w, b), loss in [((-5.0, 2.5), 0.078890), ((5.0, -2.5), 2.578890)]:
        net, _ = ref.fit_from(w, b, *data, 0)
        assert bce(net, *data) == pytest.approx(loss, abs=1e-6)
        band = next(k for k, path in enumerate(filled.get_paths()) if path.contains_point((w, b)))
        assert filled.levels[band] < loss < filled.levels[band + 1]


def test_no_fit_of_sigmoid_and_relu_lies_in_the_green_corner():
    for axes, right in zip(ref.picture_all_fits().axes, (0, 0, 22), strict=True):
        after_a, after_b = next(line.get_data() for line in axes.get_lines() if len(line.get_xdata()) == 25)
        assert ((torch.as_tensor(after_a) > 0.5) & (torch.as_tensor(after_b) < 0.5)).sum() == right
