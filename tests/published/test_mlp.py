"""What lecture 001 prints of the networks on iris and on pictures, recomputed with the reference."""

import numpy as np
import torch
from sklearn.datasets import load_iris

from reference import mlp as ref

from .book import NUMBERS, Book

book = Book("mlp")
IRIS = load_iris()
NO_SEED = "drawn without a seed"
NO_FASHION = (
    "Fashion-MNIST is not in the repository, and the training had no seed: `python -m reference.mlp --data FOLDER` repeats it"
)

book.cannot("001-P12", f"a batch and a network {NO_SEED}; what holds of every such batch is 001-P13, and that the bias gradient is that of "
            "`bias_gradient`")  # fmt: skip


@book.recomputes("001-P13")
def gradient_of_a_bias():
    torch.manual_seed(0)
    net, *_, grad_before, grad_after = ref.one_batch(torch.randn(4, 4), torch.tensor([1, 0, 2, 0]))
    return {
        "grad_before_is_None": grad_before is None,
        "is_leaf": net.l5.bias.is_leaf,
        "implied_printed_bias_grad_sum": sum(NUMBERS["001-P12"]["expected"]["l5_bias_grad"]),
        "implied_bias_grad_sum": float(grad_after.sum()),
    }


@book.recomputes("001-P14")
def parameters():
    net = ref.Net()
    return {"n_tensors": ref.count(net)[0], "size0": list(next(net.parameters()).size())}


@book.recomputes("001-P15")
def iris_in_numbers():
    """ "SD" divides by N; the 3.05 of the description is 3.057 in the data."""
    low, high, mean, sd, _ = ref.summary(IRIS.data, IRIS.target).T
    rows = ["4.3  7.9   5.84   0.83    0.7826", "2.0  4.4   3.05   0.43   -0.4194"]
    rows += ["1.0  6.9   3.76   1.76    0.9490  (high!)", "0.1  2.5   1.20   0.76    0.9565  (high!)"]
    return {
        "n": len(IRIS.data),
        "per_class": np.bincount(IRIS.target),
        "min": low,
        "max": high,
        "mean": mean,
        "sd": sd,
        "table_rows_in_DESCR": all(row in IRIS.DESCR for row in rows),
    }


@book.recomputes(
    "001-P16",
    without={
        "corr": "the description says -0.4194 for the sepal width; the data, of which two rows were corrected later, give -0.4267"
    },
)
def correlations():
    return {}


def test_the_other_correlations_are_those_of_the_description():
    found = ref.summary(IRIS.data, IRIS.target)[:, 4]
    printed = NUMBERS["001-P16"]["expected"]["corr"]
    assert np.abs(found - printed).round(4).tolist() == [0, 0.0073, 0, 0]


@book.recomputes("001-P17")
def shapes():
    return {"data": list(IRIS.data.shape), "label": list(IRIS.target.shape)}


@book.recomputes("001-P18", without={"train": "printed is (122, 4), and 122 + 38 is 160: there are 150 flowers, so 112 are left"})
def a_quarter_is_held_out():
    x_train, x_test, y_train, y_test = ref.split(IRIS.data, IRIS.target, 0)
    assert (len(x_train), len(y_train), len(y_test)) == (112, 112, 38)
    return {"test": list(x_test.shape)}


@book.recomputes("001-P19")
def a_printed_batch():
    output = torch.tensor(
        [[-0.1946, -0.2287, -0.1576], [-0.4010, -0.0588, 0.0440], [-0.1065, -0.0667, -0.1870], [0.0362, -0.2685, 0.0521]]
    )
    confidence, prediction = ref.read_off(output)
    return {"pred": prediction, "conf": confidence, "shape": list(output.shape)}


SHARE = f"of a network, a split and batches {NO_SEED}"


@book.recomputes("001-P20", without={"max_values": f"logits {SHARE}", "indices": f"predictions {SHARE}"})
def held_out_flowers():
    """What follows from the printed predictions, of which 35 are right."""
    indices = torch.tensor(NUMBERS["001-P20"]["expected"]["indices"])
    return {"implied_n": len(indices), "implied_class_counts": torch.bincount(indices), "accuracy": round(35 / len(indices), 4)}


@book.recomputes("001-P24", without={"output": f"all zeros by luck, of weights {NO_SEED}: a third of such networks give them"})
def a_network_that_begins_as_in_keras():
    torch.manual_seed(0)
    output = ref.glorot_start(ref.grow([3, 2, 3, 4]))(torch.ones(3, 3)).detach()
    return {
        "shape": list(output.shape),
        "implied_rows_identical": bool((output == output[0]).all()),
        "implied_all_zero_possible": any(ref.all_zero(20)),
    }


book.cannot("001-P25", f"zeros by luck, of weights {NO_SEED}")
book.cannot("001-P26", f"a row of numbers, of weights {NO_SEED}")


@book.recomputes("001-P27")
def one_layer_taken_away():
    return {"n_layers": ref.pop_last(ref.grow([3, 2, 3, 4]))}


book.cannot("001-P28", "Fashion-MNIST is not in the repository; `load_pictures` reads a local copy")
book.cannot("001-P29", NO_FASHION)


@book.recomputes("001-P30")
def steps():
    """As many batches of 32 as Fashion-MNIST has."""
    training = ref.make_loader(torch.zeros(60000, 1), torch.zeros(60000), 32)
    return {"train_steps": len(training), "eval_steps": len(torch.zeros(10000, 1).split(32))}


book.cannot("001-P31", NO_FASHION)


@book.recomputes("001-P32", without={"prediction0": NO_FASHION})
def a_printed_prediction():
    printed = torch.tensor([NUMBERS["001-P32"]["expected"]["prediction0"]])
    return {"argmax": int(ref.read_off(printed)[1]), "implied_sum": float(printed.sum())}


@book.recomputes("001-P33")
def accuracy_of_the_text():
    return {"acc2": round(35 / 38, 2)}


test_printed = book.tests()
