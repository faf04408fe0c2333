"""`sequence`: numbers over time, and the step at which they part."""

from __future__ import annotations

from grader.compare.divergence import first_divergence, first_to_part
from grader.compare.hints import about_kind
from grader.compare.measure import Tolerance, measure
from grader.compare.steps import as_steps, how_far, panel, through
from grader.compare.words import expected_got, listed, plural, quoted
from grader.judging import Evidence, Sequence
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["distance", "judge"]


def judge(options: Sequence, evidence: Evidence) -> Verdict:
    """Near at every step; else through which step they agree, and which quantity parts first."""
    value, expected = _named(evidence.value, options.axis), _named(evidence.expected, options.axis)
    if value is None or expected is None or ("" in value) != ("" in expected):
        hint = about_kind(evidence.value, evidence.expected)
        return Verdict.failed(expected_got(evidence.expected, evidence.value) + (f" {hint}" if hint else ""))
    missing = [name for name in expected if name not in value]
    if missing:
        return Verdict.failed(f"Your dict lacks {listed(quoted(name, 40) for name in missing)}.")
    misshapen = [name for name, array in expected.items() if value[name].shape != array.shape]
    if misshapen:
        return _misshapen(options, misshapen[0], value[misshapen[0]], expected[misshapen[0]])
    allow = Tolerance(options.rtol, options.atol)
    mine, theirs = ({name: array.data for name, array in named.items()} for named in (value, expected))
    parted = first_to_part(mine, theirs, allow, options.axis)
    if parted is None:
        return Verdict.passed()
    name, divergence = parted
    first = f", first in `{name}`" if len(expected) > 1 else ""
    return Verdict.failed(
        f"Your numbers {through(divergence.at, divergence.steps)}{first}.",
        how_far(mine[name], theirs[name], divergence, allow),
        yours=panel(mine[name], divergence.index, options.axis),
        expected=panel(theirs[name], divergence.index, options.axis),
    )


def distance(options: Sequence, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed; None where any number or shape differs."""
    mine, theirs = _named(value, options.axis), _named(other, options.axis)
    if mine is None or theirs is None or mine.keys() != theirs.keys():
        return None
    if any(mine[name].shape != array.shape for name, array in theirs.items()):
        return None
    allow = Tolerance(options.rtol, options.atol)
    parts = [measure(mine[name].data, array.data, allow, equal_nan=True) for name, array in theirs.items()]
    return None if any(part.wrong for part in parts) else max((part.ratio for part in parts), default=0.0)


def _named(value: Value, axis: int) -> dict[str, Array] | None:
    """Name -> array with its steps on `axis`, in order; the name of one that stands alone is ""."""
    named = value if isinstance(value, dict) else {"": value}
    if not named or not all(isinstance(name, str) and (name or named is not value) for name in named):
        return None
    arrays = {name: as_steps(item) for name, item in named.items()}
    found = {name: array for name, array in arrays.items() if array is not None and -array.data.ndim <= axis < array.data.ndim}
    return found if len(found) == len(arrays) else None


def _misshapen(options: Sequence, name: str, value: Array, expected: Array) -> Verdict:
    """About two arrays of different shapes; where only the number of steps differs, how they agree as far as both go."""
    says = expected_got(expected, value, (name,) if name else ())
    hint = about_kind(value, expected)
    axis = options.axis % expected.data.ndim
    steps = [array.shape[axis] if array.data.ndim > axis else 0 for array in (value, expected)]
    alike = [tuple(n for i, n in enumerate(array.shape) if i != axis) for array in (value, expected)]
    if alike[0] != alike[1] or value.data.ndim != expected.data.ndim or not min(steps):
        return Verdict.failed(says + (f" {hint}" if hint else ""))
    both = slice(0, min(steps))
    mine, theirs = (array.data.swapaxes(0, axis)[both] for array in (value, expected))
    divergence = first_divergence(mine, theirs, Tolerance(options.rtol, options.atol))
    agree = (
        f"agree in all {plural(min(steps), 'step')} that both have"
        if divergence is None
        else through(divergence.at, divergence.steps)
    )
    return Verdict.failed(f"{says} They {agree}.")
