"""`hidden_states`: what a recurrent network remembers, step by step, up to what the task leaves open."""

from __future__ import annotations

import numpy as np

from grader.compare.divergence import first_divergence
from grader.compare.hints import about_kind
from grader.compare.measure import Numbers, Tolerance, measure
from grader.compare.similarity import explained, linear_cka, spread
from grader.compare.steps import as_states, as_steps, first_not_finite, how_far, panel, through
from grader.compare.units import Freedom, Matching, agreeing_steps, match_units
from grader.compare.words import expected_got, listed, number
from grader.judging import Evidence, HiddenStates, freedoms
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["distance", "judge"]


def judge(options: HiddenStates, evidence: Evidence) -> Verdict:
    """Near at every step, up to the order and sign of the hidden units or up to an affine map."""
    affine = "affine" in freedoms(options.upto)
    value, expected = (as_states(item, options.batch_first) for item in (evidence.value, evidence.expected))
    if value is None or expected is None or not _same_shape(value, expected, affine):
        return Verdict.failed(_shapes(options, evidence))
    allow = Tolerance(options.rtol, options.atol)
    if value.shape == expected.shape and not measure(value, expected, allow).wrong:
        return Verdict.passed()
    if affine:
        return _affine(options, value, expected)
    return _matched(_freedom(options), value, expected, allow)


def distance(options: HiddenStates, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed, up to the same freedoms; None where the states differ.

    Up to an affine map both must explain the other: a mistake that remembers nothing is explained by all that remember more.
    """
    affine = "affine" in freedoms(options.upto)
    mine, theirs = as_states(value, options.batch_first), as_states(other, options.batch_first)
    if mine is None or theirs is None or not _same_shape(mine, theirs, affine):
        return None
    allow = Tolerance(options.rtol, options.atol)
    same = measure(mine, theirs, allow, equal_nan=True) if mine.shape == theirs.shape else None
    if same and not same.wrong:
        return same.ratio
    if affine:
        return _affine_distance(options, _rows(mine), _rows(theirs))
    matching = match_units(_rows(mine), _rows(theirs), allow, freedom) if (freedom := _freedom(options)) else None
    return measure(matching.applied(mine), theirs, allow).ratio if matching else None


def _freedom(options: HiddenStates) -> Freedom:
    found = freedoms(options.upto)
    return Freedom("permutation" in found, "sign" in found)


def _rows(states: Numbers) -> Numbers:
    """(T, B, H) -> (T * B, H)."""
    steps, batch, units = states.shape
    return states.reshape(steps * batch, units)


def _same_shape(value: Numbers, expected: Numbers, affine: bool) -> bool:
    return bool(value.shape[:2] == expected.shape[:2] if affine else value.shape == expected.shape)


def _shapes(options: HiddenStates, evidence: Evidence) -> str:
    """What was expected in kind, what came, and what would help."""
    says = expected_got(evidence.expected, evidence.value)
    expected, value = as_steps(evidence.expected), evidence.value
    mine = as_steps(value)
    if expected is None:
        return says
    if isinstance(value, list) and value and isinstance(value[0], Array) and value[0].shape == expected.shape:
        return f"{says} A recurrent layer returns all hidden states and the last; the first of the two is meant."
    if mine is not None and mine.data.ndim == expected.data.ndim == 3 and mine.data.swapaxes(0, 1).shape == expected.shape:
        order = "(batch, time, hidden)" if options.batch_first else "(time, batch, hidden)"
        return f"{says} Are time and batch exchanged? {order} is meant."
    hint = about_kind(value, evidence.expected)
    return says + (f" {hint}" if hint else "")


# ------------------------------------------------------------------------------------------------ number for number


def _matched(freedom: Freedom, value: Numbers, expected: Numbers, allow: Tolerance) -> Verdict:
    """The verdict on states that are not near as they stand. value, expected: (T, B, H)."""
    matching = None
    if freedom:
        matching = match_units(_rows(value), _rows(expected), allow, freedom)
        if matching is not None:
            return Verdict.passed(_says(matching))
        _, matching = agreeing_steps(value, expected, allow, freedom)
        value = matching.applied(value)
    divergence = first_divergence(value, expected, allow)
    if divergence is None:  # a matching that only rounding sets apart from a near one
        return Verdict.passed()
    one = value.shape[1] == 1
    mine, theirs = (states[:, 0] if one else states for states in (value, expected))
    place = first_divergence(mine, theirs, allow) or divergence
    whatever = f"Whatever the {_left_open(freedom)} of the hidden units, your" if freedom else "Your"
    nan = first_not_finite(value) if np.isfinite(expected).all() else None
    message = f"{whatever} hidden states {through(place.at, place.steps)}." + (
        f" From t={nan} on there is NaN or infinity in yours." if nan is not None else ""
    )
    nearest = f" Matched as nearly as they can be: {_says(matching)}" if matching is not None and matching.moved else ""
    detail = how_far(mine, theirs, place, allow) + nearest
    return Verdict.failed(message, detail, yours=panel(mine, place.index), expected=panel(theirs, place.index))


def _left_open(freedom: Freedom) -> str:
    return " and ".join([*(["order"] if freedom.permutation else []), *(["sign"] if freedom.sign else [])])


def _says(matching: Matching) -> str:
    """Which of the student's units is which, and whose sign is turned."""
    says = []
    if np.any(matching.order != np.arange(len(matching.order))):
        expected = listed(map(str, range(len(matching.order))), 8)
        says.append(f"your hidden units {listed(map(str, matching.order), 8)} are the expected {expected}")
    turned = sorted(int(unit) for unit in matching.order[matching.factor < 0])
    if turned:
        several = len(turned) > 1
        says.append(
            f"your hidden unit{'s' * several} {listed(map(str, turned), 8)} {'have' if several else 'has'} the other sign"
        )
    text = "; ".join(says)
    return text[:1].upper() + text[1:] + "." if text else ""


# ------------------------------------------------------------------------------------------------ up to an affine map


def _affine(options: HiddenStates, value: Numbers, expected: Numbers) -> Verdict:
    """The verdict on what a linear map of the student's states explains. value: (T, B, H), expected: (T, B, K)."""
    drawn = value.size and expected.size
    pictured: dict[str, Value] = {"yours": panel(value, (0, 0, 0)), "expected": panel(expected, (0, 0, 0))} if drawn else {}
    mine, theirs = _rows(value), _rows(expected)
    if not np.isfinite(mine).all():
        return Verdict.failed(f"From t={first_not_finite(value)} on there is NaN or infinity in your hidden states.", **pictured)
    if not np.isfinite(theirs).all() or len(mine) < 2 or not mine.shape[1]:
        return Verdict.failed("There are too few numbers to compare hidden states by.", **pictured)
    found = explained(mine, theirs)
    message = f"Read through a little noise, a linear map of your hidden states explains {_percent(found)} of the expected ones."
    if found >= options.at_least - 1e-9:
        return Verdict.passed(message)
    message += f" Full credit is from {_percent(options.at_least)}."
    if spread(mine) < 1e-2 * spread(theirs):
        message += " Yours hardly change over time."
    if len(mine) < 2 * (mine.shape[1] + 1):
        message += f" For {mine.shape[1]} hidden units there are few steps to fit it on ({len(mine)})."
    return Verdict.failed(message, _both_ways(mine, theirs), **pictured)


def _both_ways(mine: Numbers, theirs: Numbers) -> str:
    back = explained(theirs, mine)
    return (
        f"R^2 on held-out steps is {number(explained(mine, theirs), 3)} from yours to the expected ones "
        f"({number(explained(mine, theirs, noise=0.0), 3)} without noise) and {number(back, 3)} back. "
        f"Linear CKA is {number(linear_cka(mine, theirs), 3)}."
    )


def _affine_distance(options: HiddenStates, mine: Numbers, theirs: Numbers) -> float | None:
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()) or len(mine) < 2 or not (mine.shape[1] and theirs.shape[1]):
        return None
    found = min(explained(mine, theirs), explained(theirs, mine))
    left = 1 - options.at_least
    return None if found < options.at_least else (1 - found) / left if left > 0 else 0.0


def _percent(share: float) -> str:
    """A share in percent, never rounded up to what it does not reach; what is worse than nothing is 0%."""
    return f"{max(0, int(share * 100 + 1e-9))}%"
