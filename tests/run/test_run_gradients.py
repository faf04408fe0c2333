"""What `nb.gradients` brings out: raw calls, with autograd and hand-made gradients."""

import numpy as np
import pytest
import torch
from run_cells import Book

from grader.run.gradients import gradients
from grader.values import capture


class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, upstream):
        x, y = ctx.saved_tensors
        return upstream * y, upstream * x


X, Y = torch.tensor([3.0, 2.0]), torch.tensor([-4.0, 5.0])


def test_the_values_are_those_of_the_calls():
    found = gradients(Multiply.apply, X, Y, upstream=[1.0, 10.0])
    assert found["names"] == ["x", "y"]
    assert found["output"].tolist() == [-12, 10]
    assert found["output"].dtype == torch.float64
    assert [item.tolist() for item in found["gradients"]] == [[-4, 50], [3, 20]]
    assert [item.tolist() for item in found["entries"]] == [[0, 1], [0, 1]]
    eps = found["eps"]
    assert found["plus"][0].tolist() == [[(3 + 3 * eps) * -4, 10], [-12, (2 + 2 * eps) * 5]]
    assert found["minus"][0].tolist() == [[(3 - 3 * eps) * -4, 10], [-12, (2 - 2 * eps) * 5]]
    capture(found)


def test_what_may_be_called():
    for function in (Multiply, Multiply.apply, torch.mul, lambda x, y: x * y, lambda x, y: (x * y).tolist()[0] * x.new_ones(())):
        assert gradients(function, X, Y)["output"].reshape(-1)[0] == -12
    assert gradients(Multiply, 3.0, -4.0)["gradients"][0].shape == ()
    for inputs in ((X.numpy(), Y.numpy()), (X.double(), Y.half())):
        assert gradients(Multiply, *inputs)["output"].tolist() == [-12, 10]
    net = torch.nn.Linear(2, 1)
    found = gradients(net, X)
    assert found["output"].dtype == torch.float64
    assert net.weight.dtype == torch.float32
    assert net.weight.grad is None
    assert torch.allclose(found["gradients"][0], net.weight[0].double() * found["upstream"])
    assert gradients(lambda x: net(x), X)["output"].dtype == torch.float32  # it insists on it
    both = gradients(lambda x: (x.sum(), 2 * x), X)
    assert both["output"].tolist() == [5, 6, 4]
    assert both["plus"][0].shape == (2, 3)


def test_what_is_no_float_stays_as_it_is():
    found = gradients(lambda x, i, k, flag: x[i] ** k, X, torch.tensor([1, 1]), 2, True)
    assert found["inputs"][1].dtype == torch.int64
    assert found["inputs"][2:] == [2, True]
    assert [item is None for item in found["gradients"]] == [False, True, True, True]
    assert [item is None for item in found["entries"]] == [False, True, True, True]


def test_the_upstream_gradient_shows_when_it_is_left_out():
    above = gradients(lambda x: 1 * x, torch.zeros(500))["upstream"].numpy()
    assert np.min(np.abs(above)) >= 0.5
    assert 0.2 < np.mean(above > 0) < 0.8
    assert len(np.unique(np.round(above, 6))) == 500
    assert abs(gradients(lambda x: x.sum(), X)["upstream"].item() - 1) > 0.5
    assert gradients(lambda x: 1 * x, X)["upstream"].prod() < 0
    with pytest.raises(ValueError, match="upstream gradient has shape"):
        gradients(lambda x: 1 * x, X, upstream=torch.ones(3))


def test_hand_made_gradients_are_called_with_inputs_and_upstream():
    def made(x, y, upstream):
        assert not x.requires_grad
        x += 1  # spoils nobody's numbers
        return upstream * y, upstream * (x - 1)

    found = gradients(torch.mul, X, Y, upstream=torch.ones(2), gradients=made)
    assert [item.tolist() for item in found["gradients"]] == [[-4, 5], [3, 2]]
    assert found["inputs"][0].tolist() == [3, 2]
    assert gradients(torch.mul, X, Y, gradients=[Y, X])["gradients"] == [Y, X]
    assert gradients(torch.sum, X, gradients=Y)["gradients"] == [Y]


def test_a_chosen_few_of_many_entries():
    many = torch.randn(50, 40)
    found = gradients(lambda x: x.sum(), many, entries=30)
    again = gradients(lambda x: x.sum(), many, entries=30)
    assert found["entries"][0].shape == (30,)
    assert torch.equal(found["entries"][0], again["entries"][0])
    assert len(set(found["entries"][0].tolist())) == 30
    assert found["plus"][0].shape == (30, 1)
    wide = gradients(lambda x: 2 * x, torch.randn(100_000))
    assert wide["plus"][0].shape == (5, 100_000)
    capture(wide)


def test_strides_and_changes_in_place_do_not_matter():
    turned = torch.arange(6.0).reshape(2, 3).T
    found = gradients(lambda x: (x**2).sum(), turned)
    slope = (found["plus"][0] - found["minus"][0])[:, 0] / (2 * found["eps"] * turned.reshape(-1).clamp(min=1))
    assert torch.allclose(slope, 2 * turned.reshape(-1).double(), atol=1e-6)
    assert torch.equal(turned, torch.arange(6.0).reshape(2, 3).T)


def test_a_function_that_draws_draws_the_same():
    found = gradients(lambda x: torch.dropout(x, 0.5, True), torch.ones(20))
    slope = (found["plus"][0] - found["minus"][0]) / (2 * found["eps"])
    assert torch.allclose(slope @ found["upstream"], found["gradients"][0], atol=1e-6)


def test_no_gradient_and_no_tensor():
    assert gradients(lambda x: x.detach() * 2, X)["gradients"] == [None]
    assert gradients(lambda x, y: x * 2, X, Y)["gradients"][1] is None
    assert gradients(lambda x: float(x.detach().sum()), X)["output"].item() == 5
    with pytest.raises(TypeError, match="returned str, expected a tensor"):
        gradients(lambda x: "two", X)


def test_a_raise_is_the_students(cells: Book):
    cells.cell(
        """
        class One(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y): return x * y
            @staticmethod
            def backward(ctx, upstream): return upstream
        def broken(x):
            raise ValueError("mine")
        def square(x):
            return x ** 2
        """
    )
    fault = cells.fault("nb.gradients(nb.One.apply, 3.0, -4.0)")
    assert "incorrect number of gradients" in fault.message  # INVENTORY 001-T10, mistake d
    assert (cells.fault("nb.gradients(nb.broken, 3.0)").message, cells.fault("nb.gradients(nb.broken, 3.0)").line) == ("mine", 7)
    value = cells.value("nb.gradients(nb.square, 3.0, upstream=1.0)")
    assert value["gradients"][0].data == 6
    assert value["plus"][0].shape == (1, 1)
