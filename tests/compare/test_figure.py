"""`figure`: real matplotlib figures, captured as a kernel would."""

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from grader.compare import distance
from grader.judging import Figure
from grader.result import Outcome
from grader.values import capture

from .plain import judged

X = np.linspace(0, 1, 50)


def drawn(draw, *axes):
    """What `draw` draws into an empty figure with these axes (rows, columns), as data."""
    figure, made = plt.subplots(*axes)
    draw(made)
    data = capture(figure)
    plt.close(figure)
    return data


def curves(*functions, **options):
    return drawn(lambda ax: [ax.plot(X, f(X), **options) for f in functions])


def passes(value, expected, **options):
    return judged(Figure(**options), value, expected).outcome is Outcome.PASSED


def test_lines_in_any_order_and_style():
    assert passes(curves(np.sin, np.cos), curves(np.cos, np.sin))
    assert passes(curves(np.sin, color="red", linestyle="--", marker="o"), curves(np.sin))
    assert passes(drawn(lambda ax: ax.scatter(X, X**2)), drawn(lambda ax: ax.plot(X, X**2, "o")))
    assert passes(drawn(lambda ax: ax.plot(X)), drawn(lambda ax: ax.plot(range(50), X)))


def test_more_lines_are_allowed_and_fewer_are_not():
    assert passes(curves(np.sin, np.cos), curves(np.cos))
    assert not passes(curves(np.sin), curves(np.cos, np.sin))
    assert not passes(curves(np.sin), curves(np.sin, np.sin))


def test_points_have_no_order():
    shuffled = np.random.default_rng(0).permutation(50)
    mixed = drawn(lambda ax: ax.scatter(X[shuffled], np.sin(X[shuffled])))
    assert passes(mixed, drawn(lambda ax: ax.scatter(X, np.sin(X))))
    assert not passes(mixed, curves(np.sin))
    assert not passes(mixed, drawn(lambda ax: ax.scatter(X, np.cos(X))))


def test_the_nearest_line_is_taken():
    near = drawn(lambda ax: [ax.plot(X, X + 9e-5), ax.plot(X, X)])
    both = drawn(lambda ax: [ax.plot(X, X), ax.plot(X, X + 9e-5)])
    assert passes(near, both)
    assert distance(Figure(rtol=0), near, both) == 0


def test_tolerance_and_gaps():
    gap = X.copy()
    gap[3] = np.nan
    assert passes(drawn(lambda ax: ax.plot(X, gap)), drawn(lambda ax: ax.plot(X, gap)))
    assert not passes(drawn(lambda ax: ax.plot(X, gap)), drawn(lambda ax: ax.plot(X, X)))
    assert passes(drawn(lambda ax: ax.plot(X, X + 0.05)), drawn(lambda ax: ax.plot(X, X)), atol=0.1)
    assert passes(drawn(lambda ax: ax.plot([], [])), drawn(lambda ax: ax.plot([], [])))


def test_lines_may_be_left_out():
    assert passes(curves(np.sin), curves(np.cos), lines=False)


def test_images():
    image = np.arange(6.0).reshape(2, 3)
    assert passes(drawn(lambda ax: ax.imshow(image)), drawn(lambda ax: ax.matshow(image, cmap="gray")))
    assert not passes(drawn(lambda ax: ax.imshow(image.T)), drawn(lambda ax: ax.imshow(image)))
    assert passes(drawn(lambda ax: ax.imshow(image.T)), drawn(lambda ax: ax.imshow(image)), images=False)
    verdict = judged(Figure(), drawn(lambda ax: ax.imshow(image.T)), drawn(lambda ax: ax.imshow(image)))
    assert verdict.message == "The expected image is not drawn. None of yours has the shape (2, 3)."
    verdict = judged(Figure(), curves(np.sin), drawn(lambda ax: ax.imshow(image)))
    assert verdict.message == "The expected image is not drawn."


def test_number_of_axes():
    two = drawn(lambda axes: axes[0].plot(X, X), 1, 2)
    verdict = judged(Figure(), curves(lambda x: x), two)
    assert verdict.message == "Expected a figure with 2 axes, got one with 1."
    assert passes(two, two)
    other = drawn(lambda axes: axes[1].plot(X, X), 1, 2)
    assert judged(Figure(), other, two).message == "The expected line is not drawn in axes 1."


def dressed(title="Loss", x="Epoch", y="MSE", label="train", sup="All"):
    def draw(ax):
        ax.plot(X, X, label=label)
        ax.set(title=title, xlabel=x, ylabel=y)
        ax.figure.suptitle(sup)

    return drawn(draw)


ALL = ("title", "suptitle", "xlabel", "ylabel", "label")


def test_texts_count_when_asked():
    assert passes(dressed(), dressed("other", "x", "y", "z", "w"))
    assert passes(dressed("loss ", " epoch", "mse", "TRAIN", "all"), dressed(), texts=ALL)
    for name, other in {
        "title": dressed(title="x"),
        "suptitle": dressed(sup="x"),
        "xlabel": dressed(x="x"),
        "ylabel": dressed(y="x"),
        "label": dressed(label="x"),
    }.items():
        assert not passes(other, dressed(), texts=ALL)
        assert not passes(other, dressed(), texts=(name,))
        assert passes(other, dressed(), texts=tuple(set(ALL) - {name}))
    verdict = judged(Figure(texts=ALL), dressed(x="x", title=""), dressed())
    assert verdict.message == "The title is missing. The label of the x axis is not the expected one."
    assert verdict.detail == 'The title is "", expected "Loss". The label of the x axis is "x", expected "Epoch".'


def test_equal_lines_are_told_by_label():
    def labelled(*labels):
        return drawn(lambda ax: [ax.plot(X, X, label=label) for label in labels])

    assert passes(labelled("a", "b"), labelled("b", "a"), texts=("label",))
    assert not passes(labelled("a", "a"), labelled("b", "a"), texts=("label",))


def test_any_of_several_figures_may_fit():
    assert passes([curves(np.sin), curves(np.cos)], curves(np.cos))
    assert passes(curves(np.cos), [curves(np.sin), curves(np.cos)])
    verdict = judged(Figure(), [drawn(lambda ax: None), curves(np.sin)], curves(np.sin, np.cos))
    assert verdict.message == "1 of the 2 expected lines is not drawn."
    assert len(verdict.evidence["yours"].axes[0].lines) == 1


def test_messages():
    points = drawn(lambda ax: [ax.scatter(X, X), ax.scatter(X, -X)])
    assert judged(Figure(), curves(np.sin), points).message == "None of the 2 expected sets of points is drawn."
    verdict = judged(Figure(), curves(np.sin), curves(np.cos, label="the cosine"))
    assert verdict.message == "The expected line is not drawn."
    assert verdict.detail == (
        'Missing is one of 50 points labelled "the cosine" from (0.0, 1.0) to (1.0, 0.5403). '
        "The nearest parts from it at point 0: yours (0.0, 0.0), expected (0.0, 1.0)."
    )
    verdict = judged(Figure(), drawn(lambda ax: ax.plot([1, 2], [3, 4])), curves(np.cos))
    assert verdict.message.endswith("None of yours has 50 points.")
    assert "nearest" not in verdict.detail


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Expected a figure, but none was drawn."),
        (None, "Expected a figure with one axes, got None."),
        ("plot", "Expected a figure with one axes, got a text."),
    ],
)
def test_no_figure(value, message):
    assert judged(Figure(), value, curves(np.sin)).message == message


def test_distance():
    assert distance(Figure(), curves(np.sin), curves(np.sin)) == 0
    assert distance(Figure(), curves(np.sin), curves(np.cos)) is None
    assert distance(Figure(), curves(np.sin), None) is None
    assert distance(Figure(), [], []) == 0
    assert distance(Figure(), [], curves(np.sin)) is None
