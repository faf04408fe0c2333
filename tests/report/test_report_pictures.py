"""Pictures: a PNG where there is something to draw, None where there is not, and never an exception."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from grader.report import drawn, feedback, picture
from grader.result import Outcome
from grader.values import Array, AxesData, FigureData, LineData, Raised


def figure(*axes: AxesData, title="") -> FigureData:
    return FigureData(title, (6, 4), list(axes) or [AxesData("t", "x", "y", [LineData(np.arange(3.0), np.arange(3.0), "l")])])


def size(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        image.load()
        return image.size


@pytest.mark.parametrize(
    ("yours", "expected"),
    [
        (np.zeros(5), np.ones(5)),
        (np.zeros((5, 1)), np.ones((5, 1))),
        (np.zeros((1, 7, 1)), np.ones(7)),
        (np.zeros(5), np.ones(9)),
        (np.arange(5), np.array([True, False, True, True, False])),
        (np.zeros((4, 3)), np.ones((4, 3))),
        (np.zeros((4, 3)), np.zeros((4, 3))),
        (np.zeros((4, 3)), np.ones((3, 4))),
        (np.zeros((4, 3)), np.ones(4)),
        (np.full(6, np.nan), np.ones(6)),
        (np.array([np.inf, -np.inf, 1e300]), np.ones(3)),
        (np.full((3, 3), np.nan), np.full((3, 3), np.inf)),
        (np.zeros(300_000), np.ones(300_000)),
        (np.zeros((900, 700)), np.ones((900, 700))),
    ],
)
def test_arrays_are_drawn(yours, expected):
    width, height = size(picture({"yours": Array(yours, "float32"), "expected": Array(expected, "float32")}))
    assert 600 <= width <= 800
    assert 250 <= height <= 350


def test_figures_are_redrawn_side_by_side():
    picture_ = AxesData(images=[np.zeros((4, 4)), np.zeros((4, 4, 3))])
    colours = AxesData(images=[np.full((4, 4, 3), 200.0)])
    odd = LineData(np.arange(4.0), np.arange(3.0), "$\\frac 한글 \x00", style="(0, (5, 1))", marker="$x$")
    pairs = {"yours": figure(AxesData("$\\bad", "x_{", "^", [odd]), picture_, colours, title="$$$"), "expected": figure()}
    width, height = size(picture(pairs, "A title"))
    assert width > height > 500
    size(picture({"yours": [figure(), figure()], "expected": figure()}))


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"yours": 1.0, "expected": 2.0},
        {"yours": "a", "expected": "b"},
        {"yours": {"weight": Array(np.zeros(3), "float32")}, "expected": {}},
        {"yours": Array(np.zeros(()), "float32"), "expected": Array(np.ones(()), "float32")},
        {"yours": Array(np.zeros(1), "float32"), "expected": Array(np.ones(1), "float32")},
        {"yours": Array(np.zeros((0, 3)), "float32")},
        {"yours": Array(np.zeros((2, 3, 4)), "float32")},
        {"yours": Array(np.zeros(3, complex), "complex64")},
        {"yours": ["a", "b"], "expected": [[1], [2]]},
        {"yours": Raised("ValueError", "x"), "expected": FigureData()},
        {"other": Array(np.zeros(3), "float32")},
    ],
)
def test_nothing_to_draw_is_none(evidence):
    assert picture(evidence) is None


def test_one_of_the_two_is_drawn_alone_and_lists_of_numbers_are_arrays():
    size(picture({"yours": [1, 2.5, 3], "expected": None}))
    size(picture({"expected": Array(np.zeros((3, 3)), "float32")}))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(width=64), min_size=2, max_size=20), st.lists(st.floats(width=64), min_size=2, max_size=20))
def test_any_numbers_can_be_drawn(yours, expected):
    size(picture({"yours": Array(np.array(yours), "float64"), "expected": Array(np.array(expected), "float64")}))


def test_the_notebook_s_own_style_neither_matters_nor_changes():
    import matplotlib

    evidence = {"yours": [1, 2, 3], "expected": [1, 2, 4]}
    plain = picture(evidence)
    with matplotlib.rc_context({"figure.facecolor": "black", "lines.linewidth": 20, "text.usetex": True}):
        assert picture(evidence) == plain
        assert matplotlib.rcParams["figure.facecolor"] == "black"
        assert matplotlib.rcParams["text.usetex"]
    assert "matplotlib.pyplot" not in picture.__globals__


def test_a_picture_has_a_ground_of_its_own():
    """A dark page must not shine through."""
    with Image.open(io.BytesIO(picture({"yours": [1, 2, 3]}) or b"")) as image:
        assert image.convert("RGBA").getpixel((2, 2)) == (255, 255, 255, 255)


def test_a_picture_is_drawn_once(monkeypatch, grade, check):
    """Not again for the same evidence, nor for a page that holds it; and it is the same picture."""
    count = []
    monkeypatch.setattr(drawn, "picture", lambda evidence: count.append(1) or picture(evidence))
    monkeypatch.setattr(drawn, "_recent", type(drawn._recent)())
    evidence = {"yours": Array(np.arange(5.0), "float64"), "expected": Array(np.ones(5), "float64")}
    failed = [check(name, outcome=Outcome.FAILED, evidence=evidence) for name in "ab"]
    page = feedback(grade(failed), "t")
    assert len(count) == 1
    assert page.count(base64.b64encode(picture(evidence)).decode()) == 2
    drawn._recent.clear()
    assert feedback(grade(failed), "t", page) == page
    assert len(count) == 1
    other = {**evidence, "yours": Array(np.arange(5.0) + 1, "float64")}
    assert feedback(grade([check(outcome=Outcome.FAILED, evidence=other)]), "t", page) != page
    assert len(count) == 2
