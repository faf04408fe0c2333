"""`losses`: a loss curve, against the expected one, and by its own course: does it fall, far enough, and does it settle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from grader.compare.close import distance_close
from grader.compare.divergence import first_divergence
from grader.compare.hints import about_numbers
from grader.compare.measure import Numbers, Tolerance, measure, tolerance
from grader.compare.walk import as_array
from grader.compare.words import kind, number, numbers, plural, word
from grader.judging import Close, Evidence, Losses
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["Finding", "curve", "distance", "judge"]


class Finding(NamedTuple):
    """Something that is wrong with a curve: in kind, and with numbers."""

    says: str
    detail: str = ""


def judge(options: Losses, evidence: Evidence) -> Verdict:
    """Passed when everything holds that the options ask for; else all that does not is told."""
    value, expected = curve(evidence.value), curve(evidence.expected)
    if value is None:
        hint = _single(evidence.value)
        return Verdict.failed(f"Expected a loss curve, one number per epoch. Got {kind(evidence.value)}.{hint}")
    if not np.isfinite(value.data).all():
        return Verdict.failed(_not_finite(value.data))
    if expected is None and _compares(options):
        return Verdict.failed("There is no expected loss curve to compare yours with.")
    found = list(_findings(options, value, expected))
    if not found:
        return Verdict.passed()
    course = _course(value.data) if expected is None or expected.data[-1] < expected.data[0] else ""
    message = " ".join([*(finding.says for finding in found), course]).rstrip()
    detail = " ".join(finding.detail for finding in found if finding.detail)
    picture = {"yours": value} if expected is None else {"yours": value, "expected": expected}
    return Verdict.failed(message, detail, **picture)


def distance(options: Losses, value: Value, other: Value) -> float | None:
    """0 for the same curve, up to 1 for one that is just near enough: within the tolerance, or else the band, of the other."""
    mine, theirs = curve(value), curve(other)
    if mine is None or theirs is None:
        return distance_close(Close(), value, other)
    if mine.shape != theirs.shape:
        return None
    ratio = measure(mine.data, theirs.data, _tolerance(options, mine, theirs), equal_nan=True)
    if options.band is not None and not _has_tolerance(options):
        ratio = measure(mine.data, theirs.data, Tolerance(atol=_width(options.band, theirs.data)), equal_nan=True)
    return None if ratio.wrong else ratio.ratio


def curve(value: Value) -> Array | None:
    """A loss curve (E,) from a tensor or array (E,), (E, 1) or (1, E), or from a list of E numbers or of tensors of one number.

    None for what is none. Its numbers are float64; its dtype is that of what came.
    """
    array = _stacked(value) if isinstance(value, list) else as_array(value)
    if array is None or array.data.dtype.kind not in "iuf" or array.data.size == 0:
        return None
    if array.data.ndim == 0 or array.data.size != max(array.shape):
        return None
    return Array(array.data.reshape(-1).astype(np.float64), array.dtype, "ndarray")


def _stacked(value: list[Value]) -> Array | None:
    """A list of numbers, or of arrays of one number each, as one array."""
    found, dtypes = [], set()
    for item in value:
        if isinstance(item, Array) and item.data.size == 1 and item.data.dtype.kind in "iuf":
            found.append(float(item.data.reshape(())))
            dtypes.add(item.dtype)
        elif type(item) is float or (type(item) is int and abs(item) < 2**53):
            found.append(float(item))
            dtypes.add("float")
        else:
            return None
    return Array(np.array(found), dtypes.pop() if len(dtypes) == 1 else "float", "list") if found else None


def _compares(options: Losses) -> bool:
    """Whether a number of the expected curve is asked for."""
    own = (options.final, options.decrease, options.converged)
    return _has_tolerance(options) or options.band is not None or options.final_within is not None or own == (None,) * 3


def _has_tolerance(options: Losses) -> bool:
    return options.atol is not None or options.rtol is not None


def _tolerance(options: Losses, value: Array, expected: Array) -> Tolerance:
    """That of `close`, unless both parts are given."""
    return tolerance([value.dtype, expected.dtype], options.rtol, options.atol)


def _width(band: float, expected: Numbers) -> float:
    """Half the width of the band around an expected curve (E,)."""
    return band * abs(float(expected[0] - expected[-1])) + 1e-9 * float(np.max(np.abs(expected)))


# ---------------------------------------------------------------------------------------------------- what is wrong


def _findings(options: Losses, value: Array, expected: Array | None) -> Iterator[Finding]:
    """Everything that is wrong, the most basic first. After a wrong number of epochs there is nothing to compare."""
    if expected is not None and options.epochs and len(value.data) != len(expected.data):
        yield Finding(_epochs(value.data, expected.data))
        return
    if expected is not None and _compares(options):
        shared = min(len(value.data), len(expected.data))
        v, e = value.data[:shared], expected.data[:shared]
        if _has_tolerance(options) or (options.band is None and options.final_within is None):
            yield from _agreement(v, e, _tolerance(options, value, expected))
        if options.band is not None:
            yield from _band(v, e, _width(options.band, e))
        if options.final_within is not None:
            yield from _end(float(value.data[-1]), float(expected.data[-1]), options.final_within)
    yield from _own(options, value.data)


def _agreement(v: Numbers, e: Numbers, allow: Tolerance) -> Iterator[Finding]:
    """Curves (E,), epoch by epoch."""
    parted = first_divergence(v, e, allow)
    if parted is None:
        return
    at, epochs, slip = parted.at, len(v), _slip(v, e)
    if at == 0:
        says = "The curve parts from the expected one at the first epoch already."
    else:
        says = f"The curve agrees with the expected one through epoch {at:,} of {epochs:,} and parts at epoch {at + 1:,}."
    hint = slip or (_EARLY[at] if at < min(3, epochs - 1) and np.ptp(v) > 0 else "")
    yours, theirs = numbers(v[at], e[at])
    furthest = f"; the largest difference is {number(parted.worst, 3)} at epoch {parted.worst_at + 1:,}" if epochs > 1 else ""
    detail = f"At epoch {at + 1:,} ([{at}]): yours {yours}, expected {theirs}{furthest}. {about_numbers(v, e)}"
    yield Finding(f"{says} {hint}".rstrip(), detail.rstrip())


_CONSTANT = "Your loss does not fall, it is the same at every epoch: does the optimizer take a step, and hold this network?"
_EARLY = (  # where a curve parts, and what that says of the steps: the first epoch's loss is from before any step
    "Is it another start, or another loss?",
    "So the first step is another one: is it the learning rate, or the optimizer?",
    "So the second step is another one: are the gradients cleared before each backward pass?",
)


def _slip(v: Numbers, e: Numbers) -> str:
    """One of the usual ways to note losses wrongly, where it explains the whole curve (E,), or ""."""
    if len(v) < 3 or np.ptp(e) == 0:
        return ""
    apart = float(np.max(np.abs(v - e)))
    allowed = min(1e-5 * float(np.max(np.abs(e))), 0.05 * apart)
    slips: list[tuple[Numbers, Numbers, str]] = [
        (v[:-1], e[1:], "It is one epoch ahead: is the loss computed after the step instead of before it?"),
        (v[1:], e[:-1], "It is one epoch behind."),
        (v, np.cumsum(e), "It is a running sum: does the sum start again at each epoch?"),
        (v, np.cumsum(e) / np.arange(1, len(v) + 1), "It is a running mean over all epochs so far."),
        (v, np.full_like(v, e[-1]), "It holds the last loss at every epoch: is one tensor stored again and again?"),
        (v, e[::-1], "It is in reverse order."),
    ]
    factor = float(v[0] / e[0]) if e[0] else 0.0
    if not 0.67 < factor < 1.5 and factor:
        says = "It is a multiple of the expected one: is it a sum where a mean is expected, or the reverse?"
        slips.append((v / factor, e, says))
    return next((says for mine, theirs, says in slips if np.all(np.abs(mine - theirs) <= allowed)), "")


def _band(v: Numbers, e: Numbers, width: float) -> Iterator[Finding]:
    """Whether the curve (E,) stays within `width` of the expected one."""
    outside = np.flatnonzero(np.abs(v - e) > width)
    if len(outside):
        at = int(outside[0])
        side = "above" if v[at] > e[at] else "below"
        yours, theirs = numbers(v[at], e[at])
        yield Finding(
            f"{len(outside):,} of {plural(len(v), 'epoch')} {word(len(outside), 'lies', 'lie')} outside the band around the "
            f"expected curve, {word(len(outside), 'and that is', 'first')} epoch {at + 1:,}, {side} it.",
            f"At epoch {at + 1:,} ([{at}]): yours {yours}, expected {theirs}, give or take {number(width, 3)}.",
        )


def _end(last: float, expected: float, within: float) -> Iterator[Finding]:
    if not abs(last - expected) <= within:
        yours, theirs = numbers(last, expected)
        yield Finding(
            f"It ends {'higher' if last > expected else 'lower'} than the expected curve, by more than is allowed.",
            f"It ends at {yours}, expected {theirs}, give or take {number(within, 3)}.",
        )


def _own(options: Losses, v: Numbers) -> Iterator[Finding]:
    """What a curve (E,) must be by itself."""
    first, last = float(v[0]), float(v[-1])
    if options.final is not None and not last <= options.final:
        says = f"It ends at {number(last, 3)}, which is too high."
        yield Finding(says, f"It may end at {number(options.final, 3)} at most.")
    if options.decrease is not None and not last <= options.decrease * first:
        share = f" It ends at {100 * last / first:.3g}% of its first value." if 0 < last < first else ""
        yield Finding(f"It falls too little.{share}", f"It should fall to {100 * options.decrease:.3g}% or less.")
    if options.converged is not None:
        tail = v[-max(2, -(-len(v) // 10)) :]
        swing, fall = float(np.ptp(tail)), first - last
        if fall <= 0:
            yield Finding("It has not converged: its end is no lower than its start.")
        elif not swing <= options.converged * fall:
            yield Finding(
                "It has not settled at its end: over the last tenth of the epochs it still changes too much.",
                f"There it changes by {number(swing, 3)}, in all it falls by {number(fall, 3)}; "
                f"{100 * options.converged:.3g}% of that is allowed.",
            )


# ---------------------------------------------------------------------------------------------------- telling


def _course(v: Numbers) -> str:
    """What strikes about the course of a curve (E,) that is wrong, or ""."""
    if len(v) < 2:
        return ""
    fall, scale = float(v[0] - v[-1]), float(np.max(np.abs(v)))
    if abs(fall) <= 1e-6 * scale:
        moves = np.ptp(v) > 1e-6 * scale
        return "Your loss does not fall." if moves else _CONSTANT
    return "" if fall > 0 else "Your loss rises."


def _not_finite(v: Numbers) -> str:
    """Where a curve (E,) is no number, first, and whether it stays so."""
    wrong = np.flatnonzero(~np.isfinite(v))
    at, more = int(wrong[0]), len(wrong) - 1
    says = f"Your loss is {'NaN' if np.isnan(v[at]) else 'infinite'}"
    if at + more + 1 == len(v):
        return f"{says} from {f'epoch {at + 1:,}' if at else 'the first epoch'} on."
    rest = f", and no number at {plural(more, 'more epoch')}" if more else ""
    return f"{says} at epoch {at + 1:,}{rest}."


def _epochs(v: Numbers, e: Numbers) -> str:
    """About another number of epochs than expected."""
    mine, theirs = len(v), len(e)
    says = f"Expected one number per epoch, {plural(theirs, 'number')} in all; got {mine:,}"
    if mine > theirs > 1 and mine % theirs == 0:
        return f"{says}, {mine // theirs} times as many: is it one value per batch instead of one per epoch?"
    if theirs > mine > 1 and theirs % mine == 0:
        return f"{says}: is only one in {theirs // mine} epochs noted?"
    if mine == theirs + 1:
        return f"{says}, one too many: is there one from before the first or after the last step?"
    return f"{says}, one too few." if mine == theirs - 1 else f"{says}."


def _single(value: Value) -> str:
    array = as_array([value]) if isinstance(value, (int, float)) else as_array(value)
    return " Is it the last loss only?" if array is not None and array.data.size == 1 else ""
