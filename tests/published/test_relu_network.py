"""Every number that lecture 003 prints, recomputed with the reference `relu_network`."""

import torch

from reference import relu_network as ref

from .book import Book

ROWS = [0, 1, 2, -3, -2, -1]
book = Book("relu_network")


def lecture_x() -> torch.Tensor:
    return torch.linspace(-1, 1, 1001).reshape(-1, 1)


def ends(tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """The first and the last three rows; those of a column as numbers."""
    rows = tensor.detach()[ROWS]
    rows = rows.flatten() if rows.shape[1] == 1 else rows
    return {"head": rows[:3], "tail": rows[3:]}


@book.recomputes("003-P01")
def x():
    return {**ends(lecture_x()), "n": len(lecture_x())}


@book.recomputes("003-P02")
def by_cases():
    return ends(ref.bent_by_cases(lecture_x()))


@book.recomputes("003-P03")
def figure_of_the_alias():
    """With y = x, what is drawn over x is x."""
    x = lecture_x()
    y = x
    y[:] = ref.spoiled(x)
    return {"straight_line": ref.aliases(y, x) and torch.equal(x, y)}


@book.recomputes("003-P04")
def u():
    return ends(ref.u_and_v(lecture_x())[0])


@book.recomputes("003-P05")
def v():
    return ends(ref.u_and_v(lecture_x())[1])


@book.recomputes("003-P06")
def the_line_in_every_way():
    x = lecture_x()
    _, v = ref.u_and_v(x)
    l1, l2 = ref.first_layer(), ref.second_layer()
    ways = [ref.bent_by_relus(x), ref.by_matrix(v), l2(v), l2(ref.relu(l1(x))), ref.bent_net()(x)]
    for way in ways[1:]:
        torch.testing.assert_close(way.detach(), ways[0], atol=1e-5, rtol=0)
    return ends(ways[-1])


@book.recomputes("003-P07")
def first_layer():
    return ends(ref.first_layer()(lecture_x()))


@book.recomputes("003-P08")
def dnnex():
    data = ref.dnnex(2000, 43052)
    rows = [*range(5), *range(-5, 0)]
    x, prob, _ = (column[rows].flatten() for column in data)
    return {"x": x, "prob": prob, "rows": len(data[0]), "cols": len(data)}


book.cannot(
    "003-P09", "y was drawn once, by nobody knows what, and is kept in a file that is not here; its law gives another draw"
)

test_printed = book.tests()
