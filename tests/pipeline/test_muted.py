"""In private checks, no word that a notebook could choose is repeated; what is right stays right."""

import pytest

from grader.muted import muted
from grader.result import Capture, Fault
from grader.values import Architecture, Other, Raised

WORD = "x_new_is_17_25"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Other(WORD), 1.0),
        ([Other(WORD)], [1.0]),
        ({WORD: 1.0}, {"weight": 1.0}),
        ({"weight": {WORD: 1.0}}, {"weight": 1.0}),
        (Raised(WORD, WORD), 1.0),
        (Raised("ValueError", WORD), Raised("ValueError", "no")),
        (Architecture(f"__main__.{WORD}"), Architecture("torch.nn.Linear")),
        (Architecture("torch.nn.Sequential", children={"0": Architecture(f"__main__.{WORD}")}), None),
    ],
)
def test_a_chosen_word_is_gone(value, expected) -> None:
    assert WORD not in str(muted(Capture(value), expected))


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        "a text",
        [1, [2.0]],
        {"weight": 1.0, "bias": [Other("Tensor")]},
        Raised("MyError", "no", ["Exception"]),
        Other("Mine"),
        Architecture("__main__.Mynet1", children={"lin": Architecture("torch.nn.Linear")}),
    ],
)
def test_what_is_expected_stays(value) -> None:
    assert muted(Capture(value), value) == Capture(value)


def test_an_error_keeps_its_kind_and_place() -> None:
    told = muted(Capture(fault=Fault("raised", "ValueError", WORD, cell="blank-a", line=3)), 1.0).fault
    assert told == Fault("raised", "ValueError", "", cell="blank-a", line=3)
    assert muted(Capture(fault=Fault("raised", WORD, WORD)), 1.0).fault == Fault("raised", "an exception", "")
    ours = Capture(fault=Fault("ours", message="the machine"))
    assert muted(ours, 1.0) == ours
