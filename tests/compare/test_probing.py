"""`linear_probe`: what hidden states know of the context."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare.probing import judge as raw_judge
from grader.compare.reading import read_linearly, read_one_unit, split, thresholds
from grader.judging import Evidence, LinearProbe
from grader.result import Outcome
from grader.values import capture

from .plain import judged, values
from .recurrent import trained

CASE = ["upper" if t % 2 == 0 else "lower" for t in range(59)]
CONTEXT = [t % 6 for t in range(59)]


# ---------------------------------------------------------------------------------------------------- the cores


@pytest.mark.parametrize("sigma", [0.3, 0.6, 1.2])
def test_two_states_are_told_apart_as_noise_allows(sigma):
    """The share of right readings of two points at a distance of 2 through noise sigma is Phi(1 / sigma)."""
    labels = np.tile([0, 1], 2000)
    direction = np.array([0.6, 0.8, 0.0])
    states = np.where(labels == 1, 1.0, -1.0)[:, None] * direction
    known = (1 + math.erf(1 / sigma / math.sqrt(2))) / 2
    assert read_linearly(states, labels, sigma).share == pytest.approx(known, abs=5e-3)
    one = read_one_unit(states, labels, sigma)
    assert one.unit == 1
    assert one.share == pytest.approx((1 + math.erf(0.8 / sigma / math.sqrt(2))) / 2, abs=5e-3)


def test_one_unit_in_the_middle_of_two_others_needs_a_plane_of_its_own():
    """Three points in a row: one-against-the-rest least squares never names the middle one; discriminant analysis does."""
    labels = np.tile([0, 1, 2], 30)
    assert read_linearly(labels[:, None].astype(float), labels, 0.05).share == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1)), min_size=2, max_size=12))
def test_a_threshold_is_the_best_there_is(pairs):
    places, labels = np.array(pairs).T
    found = thresholds(places.astype(float), labels)
    cuts = np.arange(-0.5, 7)
    best = max(max(np.sum((places > cut) == label) for label in (labels, 1 - labels)) for cut in cuts)
    if len(set(labels)) == 2:
        assert found.right == best == np.sum(found.labels(places) == labels)
    else:
        assert found.right == len(places)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=3, max_size=12))
def test_two_thresholds_are_the_best_in_their_order(pairs):
    places, labels = np.array(pairs).T
    found = thresholds(places.astype(float), labels)
    if len(found.order) < 3:
        return
    ranks = np.argsort(found.order)[labels]
    cuts = np.arange(-0.5, 6)
    best = max(np.sum((places > low).astype(int) + (places > high) == ranks) for low in cuts for high in cuts if low <= high)
    assert found.right == best == np.sum(found.labels(places) == labels)


def test_of_equal_thresholds_the_widest_gap_is_taken():
    found = thresholds(np.array([0.0, 1.0, 5.0, 6.0]), np.array([0, 0, 1, 1]))
    assert (found.cuts.tolist(), found.gap, found.order.tolist()) == ([3.0], 4.0, [0, 1])
    assert thresholds(np.array([0.0, 1.0, 5.0]), np.array([1, 0, 0])).order.tolist() == [1, 0]
    assert thresholds(np.array([2.0, 2.0, 2.0]), np.array([0, 1, 1])).right == 2


def test_a_split_has_half_of_each_label():
    labels = np.array([0] * 10 + [1] * 5 + [2])
    fit, rest = split(labels)
    assert sorted([*fit, *rest]) == list(range(16))
    assert np.bincount(labels[fit]).tolist() == [5, 3, 1]
    assert np.bincount(labels[rest]).tolist() == [5, 2]


# ---------------------------------------------------------------------------------------------------- trained networks


@pytest.mark.slow  # trains dozens of networks
@pytest.mark.parametrize("hidden", [3, 8])
def test_what_learned_knows_the_context_and_what_did_not_does_not(hidden):
    """Three hidden units, as in the lecture, are enough: it is a sharper tool than an affine map."""
    nets = trained(hidden, range(24))
    probe = LinearProbe(labels=CONTEXT, skip=6)
    reference = nets.learned[0]
    knows = [judged(probe, states, reference).score for states in nets.learned]
    assert np.mean(knows) >= 0.9
    forgetful = trained(hidden, range(100, 110), epochs=300, remembers=False).states
    assert not any(judged(probe, states, reference).score for states in forgetful)
    untrained = trained(hidden, range(300, 312), epochs=0).states
    assert np.mean([judged(probe, states, reference).score for states in untrained]) <= 0.1


@pytest.mark.slow  # trains dozens of networks
def test_one_unit_tells_upper_from_lower_case_in_most_networks_but_not_in_all():
    """Lecture 004-T14: unit 3 does with seed 2, another unit with seed 1, and none with seed 43052."""
    nets = trained(3, range(40)).learned
    probe = LinearProbe(labels=CASE, single_unit=True, skip=6)
    told = []
    for states in nets:
        upper, lower = states[6::2], states[7::2]
        gap = np.maximum(upper.min(0) - lower.max(0), lower.min(0) - upper.max(0))  # (H,) > 0: a threshold tells them apart
        verdict = judged(probe, states, nets[0])
        if gap.max() > 0.6:
            assert verdict.outcome is Outcome.PASSED
        elif gap.max() < 0:
            assert verdict.outcome is Outcome.FAILED
        told.append(float(gap.max()))
    assert sum(gap > 0.6 for gap in told) >= 20
    assert sum(gap < 0 for gap in told) >= 1


def test_it_says_which_unit():
    torch.manual_seed(0)
    states = torch.rand(59, 3) * 0.2
    states[::2, 1] -= 1  # upper case: unit 1 is low; its sign does not matter
    for sign in (1, -1):
        verdict = judged(LinearProbe(labels=CASE, single_unit=True), sign * states, states)
        assert verdict.message == (
            "Your hidden unit 1 (counted from 0) tells most: read through a little noise, "
            "the 2 labels right at 100% of 29 held-out steps."
        )
    verdict = judged(LinearProbe(labels=CASE, single_unit=True), states[:, [0, 2]], states)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.endswith("held-out steps. Full credit is from 95%.")
    assert verdict.evidence["yours"].shape == (59,)
    three = torch.arange(59.0).remainder(3)
    assert judged(LinearProbe(labels=three, single_unit=True), three[:, None], three[:, None]).outcome is Outcome.PASSED


# ---------------------------------------------------------------------------------------------------- the judge


def test_layouts_of_states_and_labels():
    torch.manual_seed(1)
    labels = torch.randint(0, 3, (40, 2))
    states = torch.eye(3)[labels] + 0.01 * torch.randn(40, 2, 3)
    assert judged(LinearProbe(labels=labels), states, states).outcome is Outcome.PASSED
    first = LinearProbe(labels=labels.T, batch_first=True)
    assert judged(first, states.swapaxes(0, 1), states.swapaxes(0, 1)).outcome is Outcome.PASSED
    same = LinearProbe(labels=labels[:, 0])
    assert judged(same, states[:, :1].expand(40, 2, 3), states).outcome is Outcome.PASSED
    assert judged(same, states[:, 0], states).outcome is Outcome.PASSED
    assert judged(LinearProbe(labels="AbAcAd" * 5), torch.eye(6).repeat(5, 1), None).outcome is Outcome.PASSED
    assert judged(LinearProbe(labels=labels.flip(0)), states, states).outcome is Outcome.FAILED


def test_steps_that_are_skipped_do_not_count():
    states = torch.eye(2).repeat(20, 1)
    labels = [0, 1] * 20
    states[:4] = torch.nan
    assert judged(LinearProbe(labels=labels, skip=4), states, states).outcome is Outcome.PASSED
    verdict = judged(LinearProbe(labels=labels, skip=3), states, states)
    assert verdict.message == "From t=3 on there is NaN or infinity in your hidden states."


def test_what_came_is_told_in_kind():
    states, labels = torch.eye(2).repeat(20, 1), [0, 1] * 20
    probe = LinearProbe(labels=labels)
    assert judged(probe, states[:39], states).message == (
        "Expected the hidden states at 40 steps, (T, H) or (T, B, H); got a float32 tensor of shape (39, 2)."
    )
    assert judged(probe, [states, states[-1:]], states).message.endswith("the first of the two is meant.")
    assert judged(probe, None, states).message.endswith("got None. Is a `return` missing?")
    assert judged(probe, torch.zeros(40, 2), states).message == (
        "Read through a little noise, your hidden states tell the 2 labels right at 50% of 20 held-out steps. Full credit is from 95%."
    )


def test_labels_that_are_none_are_nobodys_zero():
    states = torch.eye(2).repeat(20, 1)
    for labels in ([], [0] * 40, [[0], [0, 1]], [math.nan] * 40, None, torch.zeros(2, 2, 2)):
        assert judged(LinearProbe(labels=labels), states, states).outcome is Outcome.UNGRADED
    assert judged(LinearProbe(labels=list(range(40))), states, states).outcome is Outcome.UNGRADED


@settings(max_examples=200, deadline=None)
@given(values(), values())
def test_nothing_raises(value, expected):
    for single in (False, True):
        verdict = raw_judge(LinearProbe(labels=[0, 1, 1, 0], single_unit=single), Evidence(value, expected))
        assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED)
        assert verdict.message


@pytest.mark.parametrize("single", [False, True])
def test_numbers_of_any_size(single):
    labels = [0, 1] * 20
    probe = LinearProbe(labels=labels, single_unit=single)
    states = torch.eye(2, dtype=torch.float64).repeat(20, 1)
    for value in (states * 1e300, states * 1e-300, states * 0):
        for expected in (states, value, states * 0, states * torch.nan):
            assert "could not be judged" not in judged(probe, value, expected).message
    assert judged(probe, states * 1e300, states * 1e300).outcome is Outcome.PASSED
    assert raw_judge(probe, Evidence(capture(states[:, :0]), None)).outcome is Outcome.FAILED
