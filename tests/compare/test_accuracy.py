"""`accuracy`: counted by closed forms, with torch as the oracle for predictions."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from grader.compare.accuracy import credit, predictions
from grader.judging import Accuracy
from grader.result import Outcome

from .plain import judged

LABELS = torch.tensor([0, 1, 1, 0, 1, 0, 1, 1, 0, 0])
LOGITS = torch.where(LABELS == 1, 2.0, -2.0)


def score(value, **options):
    return judged(Accuracy(**{"labels": LABELS, **options}), value).score


# ---------------------------------------------------------------------------------------------------- oracles


@given(st.integers(1, 400), st.integers(0, 20), st.integers(1, 20), st.integers(0, 400))
def test_credit_is_the_closed_form(total, low, high, right):
    right, floor, full = min(right, total), Fraction(low, 20), Fraction(high, 20)
    exact = Fraction(right, total)
    if exact >= full:
        wanted = Fraction(1)
    elif floor >= full or exact <= floor:
        wanted = Fraction(0)
    else:
        wanted = (exact - floor) / (full - floor)
    got = credit(right, total, float(full), float(floor), partial=True)
    assert got == pytest.approx(float(wanted), abs=1e-5)
    assert (got == 1) == (wanted == 1)
    assert credit(right, total, float(full), float(floor), partial=False) == (wanted == 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 30))
def test_the_share_is_that_of_torch(seed, classes, n):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, classes, generator=generator)
    labels = torch.randint(classes, (n,), generator=generator)
    share = (logits.argmax(1) == labels).double().mean().item()
    one_hot = torch.nn.functional.one_hot(labels, classes)
    for given_labels in (labels, labels[:, None], labels.tolist(), labels.numpy(), one_hot, one_hot.float()):
        for value in (logits, logits.softmax(1), logits.argmax(1), logits.argmax(1)[:, None], logits.tolist(), list(logits)):
            verdict = judged(Accuracy(labels=given_labels, at_least=1.0, floor=0.0), value)
            assert verdict.score == pytest.approx(share, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from([0.0, 0.5]))
def test_two_classes_by_threshold(seed, n, threshold):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, generator=generator)
    scores = logits if threshold == 0 else logits.sigmoid()
    labels = torch.randint(2, (n,), generator=generator)
    share = ((logits > 0).long() == labels).double().mean().item()
    for given_labels in (labels, labels.bool(), labels.float()[:, None]):
        for value in (scores, scores[:, None], logits > 0, (logits > 0).long(), scores.tolist(), [s.item() for s in scores]):
            verdict = judged(Accuracy(labels=given_labels, floor=0.0, threshold=threshold), value)
            assert verdict.score == pytest.approx(share, abs=1e-5)


# ---------------------------------------------------------------------------------------------------- credit


def test_nine_tenths_is_nine_tenths():
    for n in range(10, 2000, 10):
        assert credit(n * 9 // 10, n, 0.9, 0.5, True) == 1
        assert credit(n * 9 // 10 - 1, n, 0.9, 0.5, True) < 1
    assert credit(7, 10, 0.7, 0.1, True) == credit(3, 10, 0.3, 0.1, True) == 1
    assert credit(10**6 - 1, 10**6, 1.0, 0.0, True) < 1


def test_the_floor_is_what_guessing_would_get():
    assert score(torch.zeros(10)) == 0
    assert score(torch.ones(10)) == 0
    three_wrong = LOGITS.clone()
    three_wrong[:3] *= -1
    assert score(three_wrong, at_least=0.9) == pytest.approx((0.7 - 0.5) / (0.9 - 0.5))
    assert score(three_wrong, at_least=0.9, floor=0.6) == pytest.approx((0.7 - 0.6) / (0.9 - 0.6), abs=1e-6)
    assert score(three_wrong, at_least=0.9, partial=False) == 0
    assert score(three_wrong, at_least=0.7) == 1
    rare = torch.tensor([0] * 19 + [1])
    assert judged(Accuracy(labels=rare, at_least=0.9), -torch.ones(20)).score == 1
    assert judged(Accuracy(labels=rare, at_least=0.99), -torch.ones(20)).score == 0


def test_labels_default_to_what_the_reference_predicts():
    assert judged(Accuracy(), LOGITS, LOGITS * 3).score == 1
    assert judged(Accuracy(), torch.eye(4), 2 * torch.eye(4) - 1).score == 1
    assert judged(Accuracy(), -LOGITS, LOGITS).score == 0
    classes = torch.tensor([0.0, 3.0, 1.0, 1.0])
    assert judged(Accuracy(), classes, classes).score == 1
    assert judged(Accuracy(floor=0.0), classes.long(), classes + 1).score == 0
    assert judged(Accuracy(floor=0.0), torch.tensor([float("inf")] * 4), classes).outcome is Outcome.FAILED


def test_minus_one_and_one_are_two_classes():
    sides = 2 * LABELS - 1
    for labels in (LABELS, sides, sides.float()):
        for value in (LOGITS, sides, sides.float(), LABELS):
            assert judged(Accuracy(labels=labels), value).score == 1


def test_float_classes():
    labels = torch.tensor([0, 1, 2, 2])
    assert judged(Accuracy(labels=labels), labels.float()).score == 1
    assert judged(Accuracy(labels=labels), labels + 0.25).score == 0
    assert predictions(np.array([0.5, 1.0]), 2, 0.0, classes=3) is None


def test_nan_is_wrong():
    logits = LOGITS.clone()
    logits[0] = float("nan")  # class 0, which NaN > 0 would give by accident
    verdict = judged(Accuracy(labels=LABELS), logits)
    assert verdict.message == "9 of 10 predictions are right (90%). Full credit is from 100%. 1 score is NaN."
    both = torch.stack([-LOGITS, LOGITS], 1)
    both[3, 1] = float("nan")
    assert judged(Accuracy(labels=LABELS, floor=0.0), both).score == pytest.approx(0.9)
    assert judged(Accuracy(labels=LABELS, floor=0.0), torch.full((10, 2), float("nan"))).score == 0
    assert judged(Accuracy(labels=torch.arange(10), floor=0.0), torch.full((10,), float("nan"))).score == 0


# ---------------------------------------------------------------------------------------------------- messages


def test_what_is_odd_is_told():
    assert judged(Accuracy(labels=LABELS), LOGITS).message == "10 of 10 predictions are right (100%)."
    assert "are they probabilities?" in judged(Accuracy(labels=LABELS), LOGITS.sigmoid()).message
    assert "are they probabilities?" not in judged(Accuracy(labels=LABELS, threshold=0.5), -LOGITS.sigmoid()).message
    assert judged(Accuracy(labels=LABELS), torch.ones(10)).message.endswith("You predict class 1 for every one.")
    assert judged(Accuracy(labels=LABELS), -LOGITS).detail.endswith("are the two swapped?")
    three_wrong = LOGITS.clone()
    three_wrong[2:5] *= -1
    assert judged(Accuracy(labels=LABELS), three_wrong).detail == "First wrong at [2]: yours 0, expected 1."


def test_percent_is_not_rounded_up():
    labels = torch.zeros(1000, dtype=torch.long)
    labels[0] = 1
    almost = labels.clone()
    almost[1] = 1
    assert "(99.9%)" in judged(Accuracy(labels=labels), almost).message
    assert "(66.6%)" in judged(Accuracy(labels=[0, 1, 1]), [0, 1, 0]).message


@pytest.mark.parametrize(
    "value",
    [LOGITS[:9], LOGITS[None], torch.zeros(10, 2, 2), torch.zeros(10, 0), 3.0, None, "a", [[1.0], [2.0, 3.0]], {}, LOGITS.mean()],
    ids=repr,
)
def test_wrong_shapes_are_told(value):
    verdict = judged(Accuracy(labels=LABELS), value)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.message.startswith(
        "Expected 10 predictions: scores of shape (10,), (10, 1) or (10, C), or classes of shape (10,)."
    )


def test_without_labels_nobody_is_judged():
    for labels in (None, [], "a", torch.zeros(2, 2, 2)):
        assert judged(Accuracy(labels=labels), LOGITS).outcome is Outcome.UNGRADED


# ---------------------------------------------------------------------------------------------------- chance


def wrong_at(count, n=100):
    labels = torch.arange(n) % 2
    value = 2.0 * labels - 1
    value[:count] *= -1
    return labels, value


def test_the_interval_is_told_of_ones_own_result():
    labels, value = wrong_at(20)
    verdict = judged(Accuracy(labels=labels, at_least=0.9), value)
    assert verdict.message == (
        "80 of 100 predictions are right (80%), between 71% and 87% by a 95% Wilson interval. Full credit is from 90%."
    )
    assert verdict.score == pytest.approx((0.8 - 0.5) / (0.9 - 0.5))
    assert "by a 99% Wilson interval" in judged(Accuracy(labels=labels, confidence=0.99), value).message
    assert "Wilson" in judged(Accuracy(labels=labels), 2.0 * labels - 1).message
    assert "Wilson" not in judged(Accuracy(labels=LABELS), -LOGITS).message  # of ten it would say nothing
    assert "Wilson" in judged(Accuracy(labels=LABELS, interval=True), -LOGITS).message


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 200), st.integers(0, 200), st.floats(0.55, 1.0), st.sampled_from([0.8, 0.95]))
def test_an_interval_that_reaches_the_goal_is_full_credit(n, wrong, at_least, confidence):
    wrong = min(wrong, n)
    labels, value = wrong_at(wrong, n)
    high = binomtest(n - wrong, n).proportion_ci(confidence, "wilson").high
    if abs(high - at_least) < 1e-9:
        return
    full = (high >= at_least and n - wrong > n / 2) or (n - wrong) / n >= at_least - 1e-9
    options = {"labels": labels, "at_least": at_least, "confidence": confidence, "floor": 0.5}
    assert (judged(Accuracy(interval=True, **options), value).score == 1) == full
    assert judged(Accuracy(interval=False, **options), value).score <= judged(Accuracy(interval=True, **options), value).score


def test_guessing_is_never_full_credit():
    assert judged(Accuracy(labels=[0, 1], at_least=0.9, interval=True), [1.0, 1.0]).score == 0


def test_test_data_that_was_trained_on():
    labels, value = wrong_at(5)
    for overlap, says in (
        (1.0, "Every test example was also trained on"),
        (0.2, "20% of the test examples were also trained on"),
    ):
        verdict = judged(Accuracy(labels=labels, at_least=0.9), {"predictions": value, "overlap": overlap})
        assert verdict.outcome is Outcome.FAILED
        assert verdict.message.startswith(f"{says}: how well they are known says nothing of new ones. 95 of 100")
    for overlap in (0.0, None, "all", True):
        assert judged(Accuracy(labels=labels, at_least=0.9), {"predictions": value, "overlap": overlap}).score == 1
    assert judged(Accuracy(labels=labels, at_least=0.9, overlap=0.3), {"predictions": value, "overlap": 0.2}).score == 1
    both = {"predictions": value, "overlap": 0.0}
    assert judged(Accuracy(), both, both).score == 1
    assert judged(Accuracy(labels=labels), {"predictions": None, "overlap": 0.0}).message.endswith("Got None.")
    assert judged(Accuracy(labels=labels), {"overlap": 0.0}).message.endswith("Got a dict with the keys overlap.")
