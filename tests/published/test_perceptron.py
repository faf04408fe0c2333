"""What lecture 001 prints and says of gates and perceptrons, recomputed with the reference."""

import numpy as np

from reference import perceptron as ref

from .book import Book

book = Book("perceptron")
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@book.recomputes("001-P01")
def and_by_a_threshold():
    return {"implied_AND": [ref.AND(x1, x2) for x1, x2 in CORNERS.tolist()]}


@book.recomputes("001-P02")
def gates():
    return {f"implied_{name}": ref.gate(CORNERS, *gate) for name, gate in ref.gates.items()}


@book.recomputes("001-P03")
def perceptrons():
    """The lecture's weights, the bias first."""
    ones = ref.with_ones(CORNERS)
    return {name: ref.perceptron(ones, np.array([b, 0.5, 0.5])) for name, b in [("OR", -0.2), ("AND", -0.7)]}


@book.recomputes("001-P04")
def xor():
    return {"XOR": ref.xor(CORNERS)[1]}


@book.recomputes("001-P05")
def where_the_sigmoid_is_flat():
    left, right = ref.derivatives(np.array([-10.0, 10.0]))[0]
    return {"grad_m10": left, "grad_p10": right}


test_printed = book.tests()
