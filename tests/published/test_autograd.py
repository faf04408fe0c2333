"""What lecture 001 prints about autograd, in torch and on TensorFlow's tapes, recomputed with the reference."""

import torch

from reference import autograd as ref

from .book import Book

book = Book("autograd")


@book.recomputes("001-P06")
def a_leaf():
    x = torch.ones(2, 2, requires_grad=True)
    noted = ref.facts(x)
    return {"x": x, "grad_fn_is_None": noted["grad_fn"] is None, "requires_grad": noted["requires_grad"]}


@book.recomputes("001-P07")
def switched_off():
    x = torch.ones(2, 2, requires_grad=True)
    made_by, before = ref.facts(x + 2)["grad_fn"], ref.facts(x)["requires_grad"]
    x.requires_grad_(False)
    return {"grad_fn": made_by, "before": before, "after": ref.facts(x)["requires_grad"]}


@book.recomputes("001-P08")
def one_pass_and_a_second():
    x_grad, y_grad, z_grad = ref.all_gradients(torch.ones(2, 2))
    x, _, _, out = ref.graph(torch.ones(2, 2))
    out.backward()
    try:
        out.backward()
    except RuntimeError as error:
        raised = type(error).__name__
    prefix = "Trying to backward through the graph a second time"
    message, *_ = ref.second_backward(torch.ones(2, 2))
    return {
        "x_grad": x_grad,
        "y_grad": y_grad,
        "z_grad": z_grad,
        "is_leaf": ref.facts(x)["is_leaf"],
        "second_backward": raised,
        "message_prefix": message[: len(prefix)],
    }


@book.recomputes("001-P09")
def two_passes():
    x_grad, y_grad, z_grad = ref.after_passes(torch.ones(2, 2), 2)
    return {"x_grad": x_grad, "y_grad": y_grad, "z_grad": z_grad}


@book.recomputes("001-P10")
def v_times_the_jacobian():
    x = torch.tensor([0.5778, 1.1385, -0.4793])  # as printed; the slope of 2x is the same everywhere
    return {"x_grad": ref.vjp(lambda x: 2 * x, x, torch.tensor([0.1, 1.0, 0.0001]))}


book.cannot("001-P11", "three random numbers, drawn without a seed; nothing that follows depends on them (001-P10)")


@book.recomputes("001-P21")
def first_tape():
    y, z, dz_dx, dz_dy = ref.square_of_sum(torch.ones(2, 2))
    return {"y": y, "z": z, "dz_dx": dz_dx, "dz_dy": dz_dy}


@book.recomputes("001-P22")
def persistent_tape():
    dz_dx, dy_dx = ref.fourth_power(3.0)
    return {"dz_dx": dz_dx, "dy_dx": dy_dx}


@book.recomputes("001-P23")
def tape_on_a_tape():
    dy_dx, d2y_dx2 = ref.derivatives(lambda x: x**3, 1.0, 2)
    return {"dy_dx": dy_dx, "d2y_dx2": d2y_dx2}


test_printed = book.tests()
