"""`accuracy`: counted by closed forms, with torch as the oracle for predictions."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

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
