"""`success_rate`, and the intervals below it, with scipy as the oracle."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

from grader.compare import distance
from grader.compare.intervals import fisher, in_words, percent, wilson
from grader.compare.rates import count
from grader.judging import SuccessRate
from grader.result import Outcome
from grader.values import capture

from .plain import judged, values

counts = st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


# ---------------------------------------------------------------------------------------------------- oracles


@settings(max_examples=200, deadline=None)
@given(counts, st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_the_interval_is_that_of_scipy(pair, confidence):
    right, of = pair
    theirs = binomtest(right, of).proportion_ci(confidence, "wilson")
    assert wilson(right, of, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert wilson(right, of, confidence)[0] <= right / of <= wilson(right, of, confidence)[1]


@settings(max_examples=200, deadline=None)
@given(counts, counts)
def test_the_exact_test_is_that_of_scipy(one, other):
    table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
    assert fisher(*one, *other) == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)
    assert fisher(*one, *other) == pytest.approx(fisher(*other, *one), rel=1e-9)


def test_large_counts_are_no_trouble():
    assert fisher(500_000, 10**6, 500_300, 10**6) == pytest.approx(
        fisher_exact([[500_000] * 2, [500_300, 499_700]]).pvalue, rel=1e-5
    )
    assert fisher(0, 10**6, 10**6, 10**6) == pytest.approx(0, abs=1e-300)


def test_the_interval_covers_the_rate_about_as_often_as_it_says():
    """Over all outcomes of 50 trials: the coverage at rates that are not at the border."""
    from scipy.stats import binom

    for rate in (0.2, 0.5, 0.7):
        covered = sum(binom.pmf(k, 50, rate) for k in range(51) if wilson(k, 50)[0] <= rate <= wilson(k, 50)[1])
        assert 0.93 < covered < 0.975


def test_words():
    assert in_words(80, 100, 0.95) == "between 71% and 87% by a 95% Wilson interval"
    assert in_words(0, 25, 0.95) == "between 0% and 14% by a 95% Wilson interval"
    assert in_words(999, 1000, 0.9) == "between 99.5% and 100% by a 90% Wilson interval"
    assert in_words(5, 5, 0.999) == "between 31% and 100% by a 99.9% Wilson interval"
    assert (percent(0.9999), percent(2 / 3), percent(1.0)) == ("99.9%", "66.6%", "100%")


# ---------------------------------------------------------------------------------------------------- the lecture


def truths(right, of=25):
    return [True] * right + [False] * (of - right)


@pytest.mark.parametrize(
    ("mine", "expected", "passes"),
    [
        (22, 22, True),
        (20, 22, True),  # another seed
        (25, 22, True),
        (5, 22, False),
        (0, 22, False),
        (0, 0, True),  # Sigmoid and ReLU
        (1, 0, True),
        (22, 0, False),
    ],
)
def test_the_25_fits_of_lecture_000(mine, expected, passes):
    """000-T13 to T15: right for both letters in 0, 0 and 22 of 25 fits with Sigmoid, ReLU and tanh."""
    for value in (truths(mine), torch.tensor(truths(mine)).reshape(5, 5), {"right": mine, "of": 25}):
        assert (judged(SuccessRate(), value, truths(expected)).score == 1) == passes


def test_messages():
    verdict = judged(SuccessRate(), truths(5), truths(22))
    assert verdict.message == (
        "5 of 25 fits succeed (20%), between 8% and 40% by a 95% Wilson interval. "
        "These are fewer than expected, and chance does not explain it."
    )
    assert verdict.detail.startswith("Expected are about 22 of 25; a difference like this has the probability ")
    assert "These are more than expected" in judged(SuccessRate(), truths(22), truths(0)).message
    assert judged(SuccessRate(at_least=0.8), truths(5), truths(22)).message.endswith(
        "Expected are 80% or more, and chance does not explain the difference."
    )
    assert judged(SuccessRate(at_most=0.1), truths(20), truths(0)).message.endswith(
        "Expected are 10% or fewer, and chance does not explain the difference."
    )
    assert judged(SuccessRate(), truths(1, 1), truths(22)).message == "Expected 25 fits; got 1."
    assert judged(SuccessRate(), truths(1, 1), truths(1, 1)).message.startswith("1 of 1 fit succeeds (100%), between ")


@settings(max_examples=150, deadline=None)
@given(counts, st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.8, 0.95]))
def test_a_bound_is_held_against_the_interval_of_scipy(pair, at_least, at_most, confidence):
    right, of = pair
    ends = binomtest(right, of).proportion_ci(confidence, "wilson")
    if min(abs(ends.high - at_least), abs(ends.low - at_most)) < 1e-9:
        return
    value = {"right": right, "of": of}
    assert (judged(SuccessRate(at_least=at_least, confidence=confidence), value).score == 1) == (ends.high >= at_least)
    assert (judged(SuccessRate(at_most=at_most, confidence=confidence), value).score == 1) == (ends.low <= at_most)


# ---------------------------------------------------------------------------------------------------- what is counted


@pytest.mark.parametrize(
    "value",
    [
        truths(2, 3),
        [1, 0, 1],
        [1.0, 0.0, 1.0],
        torch.tensor([True, False, True]),
        np.array([[1.0, 0.0, 1.0]]),
        [torch.tensor(1), torch.tensor(0), torch.tensor([True])],
        [[True, False], [True]],
        {"right": 2, "of": 3},
        {"right": torch.tensor(2), "of": 3},
        [True, 0, 1.0],
    ],
    ids=repr,
)
def test_what_counts(value):
    assert count(capture(value)) == (2, 3)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, torch.tensor(True), [0.7, 0.2], [], [[]], torch.zeros(0), [2, 1], [float("nan")], "yes", ["a"], [None]),
        *({}, {"right": 3, "of": 2}, {"right": -1, "of": 2}, {"right": 0, "of": 0}, {"right": 1.0, "of": 2}, {"right": 1}),
        *({"right": 1, "of": 10**9}, {"right": True, "of": True}, {"right": 1, "of": 2, "more": 3}, torch.tensor([1 + 1j])),
    ],
    ids=repr,
)
def test_what_does_not_count(value):
    assert count(capture(value)) is None
    verdict = judged(SuccessRate(), value, truths(22))
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.startswith("Expected one truth value for each fit: did it succeed? Got ")


@settings(max_examples=60, deadline=None)
@given(values(), values())
def test_nothing_raises(value, expected):
    for options in (SuccessRate(), SuccessRate(at_least=0.5), SuccessRate(at_most=0.5, confidence=0.5)):
        for other in (expected, truths(22)):
            verdict = judged(options, value, other)
            assert verdict.outcome is not Outcome.UNGRADED
            assert verdict.message
        assert distance(options, value, value) == 0


def test_nesting_is_no_trouble():
    deep = []
    for _ in range(3000):
        deep = [deep]
    assert count(deep) is None
