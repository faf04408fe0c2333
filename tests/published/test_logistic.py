"""Lecture 002: what it prints about its law, its start and its two losses. Its y is drawn without a seed, so no trained number is."""

import torch

from reference import logistic as ref

from .book import Book

book = Book("logistic")


@book.recomputes("002-P01")
def the_table():
    return {"x": ref.successes[:, 0], "y": ref.successes[:, 1]}


@book.recomputes("002-P02")
def the_law():
    """w0 and w1 are read off the probabilities."""
    x, v, _ = ref.toy(2000, -1, 5)
    logits = torch.logit(v.double())
    columns = torch.cat([torch.ones_like(x), x], dim=1).double()
    w0, w1 = torch.linalg.lstsq(columns, logits).solution.flatten().tolist()
    return {"w0": w0, "w1": w1, "n": len(x), "implied_v_ends": [v[0].item(), v[-1].item()]}


@book.recomputes("002-P03")
def the_first_curve():
    w0hat, w1hat, _ = ref.first_curve(torch.zeros(1, 1))
    return {"w0hat": w0hat, "w1hat": w1hat}


@book.recomputes("002-P04")
def the_layer():
    l1, _, _ = ref.start_layer()
    return {"weight": l1.weight.detach(), "bias": l1.bias.detach()}


@book.recomputes("002-P05")
def the_lowest_point():
    x, _, y = ref.toy(2000, -1, 5)
    w0s, w1s = torch.arange(-10, 3, 0.25), torch.arange(-1, 10, 0.25)  # (-1, 5) is on it
    lowest = [ref.lowest(ref.surface(loss_fn, w0s, w1s, x, y), w0s, w1s) for loss_fn in (ref.loss_fn1, ref.loss_fn2)]
    return {"minimum_is_exactly_-1_5": (-1.0, 5.0) in [*lowest, ref.best_weights(x, y)]}


@book.recomputes("002-P06")
def which_is_convex():
    """On a grid over the lecture's range."""
    x, _, y = ref.toy(500, -1, 5)
    grid = [(float(w0), float(w1)) for w0 in torch.linspace(-10, 3, 9) for w1 in torch.linspace(-1, 10, 9)]
    return {
        "mse_convex": all(float(ref.curvatures(ref.loss_fn1, *w, x, y)[0]) > 0 for w in grid),
        "bce_convex": all(float(ref.curvatures(ref.loss_fn2, *w, x, y)[0]) > 0 for w in grid),
    }


@book.recomputes("002-P07")
def the_starts():
    x, _, y = ref.toy(2000, -1, 5)
    runs = ref.four_runs(torch.optim.SGD, 0.05, x, y, 1000)
    moved = {name: torch.dist(torch.tensor(what[0]), torch.tensor(what[-1])).item() for name, (_, _, what) in runs.items()}
    return {
        "good": list(ref.starts["good"]),
        "bad": list(ref.starts["bad"]),
        "implied_mse_bad_sgd_stuck": moved["MSE bad"] < 0.01,
        "implied_bce_bad_sgd_moves": moved["BCE bad"] > 5,
    }


@book.recomputes("002-P08", without={"frames": "a slip: the lecture's film ends after 30 of its 50 records; ours shows them all"})
def the_records():
    x, _, y = ref.toy(50, -1, 5)
    net, optimizr = ref.start_at(*ref.starts["good"], torch.optim.SGD, 0.05)
    return {"implied_records": len(ref.learn_and_record(net, ref.loss_fn2, optimizr, x, y, 1000)[1])}


test_printed = book.tests()
