"""`accuracy`: the share of right predictions, counted by us."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.compare.intervals import in_words, percent, wilson
from grader.compare.measure import Numbers
from grader.compare.walk import as_array, is_number
from grader.compare.words import kind, plural, word
from grader.judging import Accuracy, Evidence
from grader.result import Outcome, Verdict
from grader.values import Array, Value, capture

__all__ = ["Counted", "credit", "judge", "labels_of", "predictions"]

FEW = 20  # predictions: an interval for fewer is so wide that it is told only where it is asked for


@dataclass(frozen=True)
class Counted:
    """Predictions against labels. predicted, labels: (N,) classes; right: (N,) truth values; scores: what came."""

    predicted: Numbers
    labels: Numbers
    right: Numbers
    scores: Numbers

    @property
    def share(self) -> float:
        return float(np.mean(self.right))


def judge(options: Accuracy, evidence: Evidence) -> Verdict:
    """Full credit from `at_least`, none at the floor and below, in proportion between when `partial`."""
    (value, overlap), (expected, _) = _opened(evidence.value), _opened(evidence.expected)
    labels = labels_of(options, expected)
    if labels is None:
        return Verdict(0.0, Outcome.UNGRADED, "There are no labels to judge by: this is not your fault, it is the assignment's.")
    scores = _numbers(value)
    predicted = None if scores is None else predictions(scores, len(labels), options.threshold, classes=_classes(labels))
    if scores is None or predicted is None:
        return Verdict.failed(_shapes(labels, value))
    right = (predicted == labels) & ~_has_nan(scores)
    counted = Counted(predicted, labels, right, scores)
    if overlap > options.overlap:
        return Verdict.failed(f"{_trained_on(overlap)} {_share(options, counted)}")
    score = _score(options, counted)
    if score == 1:
        return Verdict.passed(_share(options, counted))
    message = f"{_share(options, counted)} Full credit is from {percent(options.at_least)}.{_oddity(options, counted)}"
    yours, theirs = (Array(classes, str(classes.dtype), "ndarray") for classes in (predicted, labels))
    return Verdict.partly(score, message, _detail(options, counted), yours=yours, expected=theirs)


def _opened(value: Value) -> tuple[Value, float]:
    """The predictions in a value, and which share of the test examples was trained on: as far as is known, none."""
    if not isinstance(value, dict) or "predictions" not in value:
        return value, 0.0
    overlap = value.get("overlap")
    return value["predictions"], overlap if isinstance(overlap, (int, float)) and is_number(overlap) else 0.0


def _score(options: Accuracy, counted: Counted) -> float:
    """The score; full, too, where `interval` is asked for, the interval reaches the goal, and guessing gets less."""
    count, total, floor = int(counted.right.sum()), len(counted.right), _floor(options, counted.labels)
    if options.interval and count > floor * total + 1e-9 and wilson(count, total, options.confidence)[1] >= options.at_least:
        return 1.0
    return credit(count, total, options.at_least, floor, options.partial)


def credit(right: int, total: int, at_least: float, floor: float, partial: bool) -> float:
    """The score for `right` of `total`: 1 from `at_least` on, else a share of the way from `floor` when `partial`."""
    if right >= at_least * total - 1e-9:
        return 1.0
    if not partial or right <= floor * total + 1e-9 or floor >= at_least:
        return 0.0
    return min(round((right / total - floor) / (at_least - floor), 6), 1 - 1e-6)


def predictions(scores: Numbers, count: int, threshold: float, classes: int = 2) -> Numbers | None:
    """Classes (N,) from scores or classes; None when there is not one for each of `count` = N examples.

    scores: (N, C) takes the largest; (N,) or (N, 1) truth values and whole numbers are classes, floats are class 1 above
    `threshold`. Floats are classes, too, when there are more than two and each float is whole.
    """
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    if scores.ndim not in (1, 2) or len(scores) != count or (scores.ndim == 2 and not scores.shape[1]):
        return None
    if scores.ndim == 2:
        return np.asarray(np.argmax(scores, axis=1))
    if scores.dtype.kind in "biu":
        return _from_zero(scores.astype(np.int64)) if classes <= 2 else scores.astype(np.int64)
    if classes > 2:
        return np.nan_to_num(scores, nan=-1.0).astype(np.int64) if _whole(scores) else None
    return np.asarray(scores > threshold, dtype=np.int64)


def _whole(scores: Numbers) -> bool:
    """Whether each is a whole number a class can have, or NaN."""
    return bool(np.all(np.isnan(scores) | ((scores == np.floor(scores)) & (np.abs(scores) < 2**31))))


def labels_of(options: Accuracy, expected: Value) -> Numbers | None:
    """The labels as classes (N,): those given, (N,) or (N, 1) classes or (N, C) one-hot, else what the reference predicts."""
    given = _numbers(expected if options.labels is None else capture(options.labels))
    if given is None or given.size == 0 or given.ndim not in (1, 2):
        return None
    if options.labels is None:
        counted = given.ndim == 1 and _whole(given) and given.min() >= 0
        return predictions(given, len(given), options.threshold, classes=_classes(given) if counted else 2)
    if given.ndim == 2 and given.shape[1] > 1:
        return np.asarray(np.argmax(given, axis=1))
    return _from_zero(given.ravel().astype(np.int64))


def _from_zero(classes: Numbers) -> Numbers:
    """The two classes -1 and 1 as 0 and 1; others as they are."""
    two_sided = classes.size > 0 and classes.min() == -1 and classes.max() <= 1 and not np.any(classes == 0)
    return np.where(classes == -1, 0, classes) if two_sided else classes


def _numbers(value: Value) -> Numbers | None:
    """The numbers of an array, of a list of numbers (or of lists of them), or of a list of equally shaped tensors."""
    if isinstance(value, list) and value and as_array(value) is None:
        parts = [_row(item) for item in value]
        same = all(part is not None and part.shape == parts[0].shape for part in parts) if parts[0] is not None else False
        return np.stack([part for part in parts if part is not None]) if same else None
    array = as_array(value)
    return array.data if array is not None and array.data.dtype.kind in "biuf" else None


def _row(item: Value) -> Numbers | None:
    """One example's scores, one number or an array of them."""
    array = as_array([item]) if isinstance(item, (bool, int, float)) else as_array(item)
    return array.data if array is not None and array.data.dtype.kind in "biuf" else None


def _classes(labels: Numbers) -> int:
    return int(np.nan_to_num(labels).max()) + 1


def _floor(options: Accuracy, labels: Numbers) -> float:
    """What earns nothing: by default the share of the most frequent class, which guessing it would get."""
    if options.floor is not None:
        return options.floor
    return float(np.unique(labels, return_counts=True)[1].max() / len(labels))


def _has_nan(scores: Numbers) -> Numbers:
    """Which examples have a NaN score: (N,) truth values."""
    return np.asarray(np.isnan(scores).reshape(len(scores), -1).any(axis=1))


# ---------------------------------------------------------------------------------------------------- telling


def _shapes(labels: Numbers, value: Value) -> str:
    n, classes = len(labels), _classes(labels)
    scores = f"({n}, C)" if classes > 2 else f"({n},), ({n}, 1) or ({n}, C)"
    return f"Expected {plural(n, 'prediction')}: scores of shape {scores}, or classes of shape ({n},). Got {kind(value)}."


def _share(options: Accuracy, counted: Counted) -> str:
    """How many are right; with the interval unless there are too few for one to say anything."""
    count, total = int(counted.right.sum()), len(counted.right)
    interval = f", {in_words(count, total, options.confidence)}" if options.interval or total >= FEW else ""
    return f"{count:,} of {plural(total, 'prediction')} {word(count, 'is', 'are')} right ({percent(count / total)}){interval}."


def _trained_on(overlap: float) -> str:
    who = "Every test example was" if overlap >= 1 else f"{percent(overlap)} of the test examples were"
    return f"{who} also trained on: how well they are known says nothing of new ones."


def _oddity(options: Accuracy, counted: Counted) -> str:
    """What is odd about what came, whatever was expected."""
    nans = int(_has_nan(counted.scores).sum())
    if nans:
        return f" {plural(nans, 'score')} {word(nans, 'is', 'are')} NaN."
    scores = counted.scores
    if (
        scores.dtype.kind == "f"
        and scores.size == len(scores)
        and options.threshold == 0
        and 0 < scores.min() <= scores.max() < 1
    ):
        return " All your scores lie between 0 and 1: are they probabilities? Expected are logits, positive for class 1."
    if len(counted.predicted) > 1 and np.ptp(counted.predicted) == 0:
        return f" You predict class {int(counted.predicted[0])} for every one."
    return ""


def _detail(options: Accuracy, counted: Counted) -> str:
    """The first wrong one; and whether the classes are only swapped."""
    first = int(np.argmin(counted.right))
    says = f"First wrong at [{first}]: yours {int(counted.predicted[first])}, expected {int(counted.labels[first])}."
    if _classes(counted.labels) == 2 and 1 - counted.share >= options.at_least:
        says += " Nearly every one is of the other class: are the two swapped?"
    return says
