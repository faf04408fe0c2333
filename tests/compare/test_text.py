"""`text`: what matters of a text and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.compare import distance
from grader.compare.text import normal
from grader.judging import Text
from grader.result import Outcome

from .plain import judged


def passes(options, value, expected=""):
    return judged(options, value, expected).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  The gradient\n vanishes ", "the gradient vanishes"),
        ("The gradient vanishes!", "the gradient vanishes"),
        ("back-propagation", "backpropagation"),
        ("don’t", "dont"),
        ("a,b", "a b"),
        ("ﬁlter", "filter"),
        ("STRASSE", "straße"),
        ("0.5.", "0.5"),
        ("(-1)", "-1"),
        ("x = -1", "x = -1,"),
        ("true\u00a0", "True"),
        (["Yes.", "no"], ["yes", "No"]),
        ({"a": "True"}, {"a": "true."}),
    ],
)
def test_is_the_same_text(value, expected):
    assert passes(Text(), value, expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.5", "05"),
        ("-1", "1"),
        ("1/2", "12"),
        ("2:1", "21"),
        ("a + b", "a b"),
        ("?", "!"),
        ("", "a"),
        ("ab", "a b"),
        (1, "1"),
        (["a"], "a"),
    ],
)
def test_is_another_text(value, expected):
    assert not passes(Text(), value, expected)


def test_case_and_punctuation_matter_when_asked():
    assert not passes(Text(case=True), "Adam", "adam")
    assert passes(Text(case=True), " Adam.", "Adam")
    assert not passes(Text(punctuation=True), "a.", "a")
    assert passes(Text(punctuation=True), "A  B", "a b")


@given(st.text(), st.booleans(), st.booleans())
def test_normal_is_settled(text, case, punctuation):
    once = normal(text, case, punctuation)
    assert normal(once, case, punctuation) == once or not text.isascii()
    assert normal(f"\n {text}\t", case, punctuation) == once


def test_pattern_is_found_instead():
    assert passes(Text(pattern=r"vanish(es|ing)"), "The gradient is\n VANISHING.", "not looked at")
    assert passes(Text(pattern="gradient is vanishing"), "gradient  is\nvanishing")
    assert not passes(Text(pattern="vanishing", case=True), "VANISHING")
    verdict = judged(Text(pattern="vanish"), "It explodes.")
    assert verdict.message == "The text is not of the expected form."
    assert verdict.detail == 'Yours is "It explodes.".'
    assert judged(Text(pattern="1"), 1).message == "Expected a text, got a whole number."


def test_long_texts_are_cut_to_where_they_part():
    verdict = judged(Text(), "word " * 30 + "hers", "word " * 30 + "his")
    assert verdict.detail == 'Yours is "…rd word word word word hers", expected "…rd word word word word his".'


def test_distance():
    assert distance(Text(), "Yes.", "yes") == 0
    assert distance(Text(), "yes", "no") is None
    assert distance(Text(pattern="y"), "Yes.", "yes") == 0
