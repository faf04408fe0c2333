"""`linear_probe`: whether hidden states know the context, by labels that never enter the kernel."""

from __future__ import annotations

import numpy as np

from grader.compare.hints import about_kind
from grader.compare.measure import Numbers
from grader.compare.reading import Reading, read_linearly, read_one_unit
from grader.compare.similarity import NOISE, spread
from grader.compare.steps import as_states, as_steps, first_not_finite, panel
from grader.compare.words import kind, number, plural
from grader.judging import Evidence, LinearProbe
from grader.result import Outcome, Verdict
from grader.values import Array, Value, capture

__all__ = ["judge", "labels_of"]


def judge(options: LinearProbe, evidence: Evidence) -> Verdict:
    """Passed from `at_least` of the held-out steps on, read through a little noise."""
    labels = labels_of(options)
    if labels is None or not labels[options.skip :].size or len(np.unique(labels[options.skip :])) < 2:
        return Verdict(0.0, Outcome.UNGRADED, "There are no labels to judge by: this is not your fault, it is the assignment's.")
    states = as_states(evidence.value, options.batch_first)
    if states is None or not states.size or states.shape[: labels.ndim] != labels.shape:
        return Verdict.failed(_shapes(options, labels, evidence.value))
    pictured: dict[str, Value] = {"yours": panel(states, (0, 0, 0))}
    nan = first_not_finite(states[options.skip :])
    if nan is not None:
        at = nan + options.skip
        return Verdict.failed(f"From t={at} on there is NaN or infinity in your hidden states.", **pictured)
    reading = _read(options, states, labels, as_states(evidence.expected, options.batch_first))
    if not reading.counted:
        return Verdict(
            0.0, Outcome.UNGRADED, "Each label comes only once: there is nothing to count on, which is not your fault."
        )
    says = _says(reading, len(np.unique(labels[options.skip :])))
    if reading.share >= options.at_least - 1e-9:
        return Verdict.passed(says)
    if reading.unit is not None:
        pictured = {"yours": panel(states[:, 0, reading.unit], (0,))}
    return Verdict.failed(f"{says} Full credit is from {_percent(options.at_least)}.", **pictured)


def labels_of(options: LinearProbe) -> Numbers | None:
    """The labels as whole numbers 0 … C-1, (T,) or (T, B); None for what is none. A text is a label for each letter."""
    given = list(options.labels) if isinstance(options.labels, str) else capture(options.labels)
    if isinstance(given, list) and given and all(isinstance(item, str) for item in given):
        found = np.array(given)
    else:
        array = as_steps(given)
        if array is None or array.data.dtype.kind == "c" or not np.isfinite(array.data.astype(np.float64)).all():
            return None
        found = array.data
    if found.ndim not in (1, 2):
        return None
    labels = np.unique(found, return_inverse=True)[1].reshape(found.shape)
    return np.asarray(labels.T if options.batch_first and labels.ndim == 2 else labels)


def _read(options: LinearProbe, states: Numbers, labels: Numbers, expected: Numbers | None) -> Reading:
    """states: (T, B, H), labels: (T,) or (T, B). The noise is a share of the spread of the reference's states, if any."""
    every = np.broadcast_to(labels[:, None], states.shape[:2]) if labels.ndim == 1 else labels
    mine, targets = _rows(states, options.skip), every[options.skip :].reshape(-1)
    theirs = None if expected is None or not expected.size else _rows(expected, options.skip)
    scale = mine if theirs is None or not len(theirs) or not np.isfinite(theirs).all() else theirs
    unit = float(np.max(np.abs(scale), initial=0.0)) or 1.0  # so that no square overflows
    with np.errstate(over="ignore"):
        mine = np.clip(mine / unit, -1e100, 1e100)
    read = read_one_unit if options.single_unit else read_linearly
    return read(mine, targets, NOISE * spread(np.clip(scale / unit, -1e100, 1e100)))


def _rows(states: Numbers, skip: int) -> Numbers:
    return states[skip:].reshape(-1, states.shape[-1])


def _says(reading: Reading, classes: int) -> str:
    """How many of the held-out steps were read rightly, and by which unit. Holds no label."""
    what = f"{plural(classes, 'label')} right at {_percent(reading.share)} of {plural(reading.counted, 'held-out step')}"
    if reading.unit is None:
        return f"Read through a little noise, your hidden states tell the {what}."
    return f"Your hidden unit {reading.unit} (counted from 0) tells most: read through a little noise, the {what}."


def _shapes(options: LinearProbe, labels: Numbers, value: Value) -> str:
    """That there are not hidden states for each label, and what would help."""
    steps, axes = len(labels), "(B, T, H)" if options.batch_first else "(T, B, H)"
    says = f"Expected the hidden states at {plural(steps, 'step')}, (T, H) or {axes}; got {kind(value)}."
    if isinstance(value, list) and value and isinstance(value[0], Array) and as_states(value[0], options.batch_first) is not None:
        return f"{says} A recurrent layer returns all hidden states and the last; the first of the two is meant."
    hint = about_kind(value, Array(np.zeros((steps, 1)), "float32"))
    return says + (f" {hint}" if hint and as_steps(value) is None else "")


def _percent(share: float) -> str:
    """In percent, to a tenth, never rounded up to what it does not reach."""
    return f"{number(int(share * 1000 + 1e-6) / 10).removesuffix('.0')}%"
