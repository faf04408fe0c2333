"""`gradient`: a hand-made backward pass, against the slopes of the student's own forward pass and the expected gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.compare.calls import Calls, Input, read
from grader.compare.close import distance_close
from grader.compare.measure import Numbers, Tolerance
from grader.compare.words import kind, listed, number, numbers, plural, word
from grader.judging import Close, Evidence, Gradient
from grader.result import Verdict
from grader.values import Value

__all__ = ["distance", "judge"]

Right = Callable[[Input, Numbers], bool]  # whether (K,) numbers would be the gradient of an input


def judge(options: Gradient, evidence: Evidence) -> Verdict:
    """First the gradients' number and shapes, then the slopes of the own forward pass, then what is expected."""
    calls, expected = read(evidence.value), read(evidence.expected)
    if calls is None:
        return Verdict.failed(f"Expected what `nb.gradients(...)` gives. Got {kind(evidence.value)}.")
    if options.forward and expected is None:
        return Verdict.failed("There are no expected gradients to compare yours with.")
    if says := _structure(calls):
        return Verdict.failed(says)

    def right(item: Input, gradient: Numbers) -> bool:
        return bool(item.slopes.contains(gradient, options.atol, options.rtol).all())

    wrong = [item for item in calls.inputs if item.gradient is not None and not right(item, item.known)]
    if wrong:
        return Verdict.failed(_message(options, calls, wrong, right), _detail(options, wrong[0]))
    if options.forward and expected is not None:
        return _against(Tolerance(options.rtol, options.atol), calls, expected)
    return Verdict.passed()


def distance(options: Gradient, value: Value, other: Value) -> float | None:
    """0 for the same gradients (and, with `forward`, outputs), up to 1 for those that are just near enough."""
    names = ("gradients", "output") if options.forward else ("gradients",)
    if not all(isinstance(item, dict) and item.keys() >= set(names) for item in (value, other)):
        return distance_close(Close(), value, other)
    close = Close(rtol=options.rtol, atol=options.atol, dtype="any")
    return distance_close(close, {name: value[name] for name in names}, {name: other[name] for name in names})


# ---------------------------------------------------------------------------------------------------- number and shapes


def _structure(calls: Calls) -> str:
    """What is wrong before any number is looked at, or "". No gradient is as good as one of zeros."""
    if not np.isfinite(calls.output).all():
        return "Your forward pass gives NaN or infinity for these inputs."
    if calls.count not in (calls.all, len(calls.inputs)):
        return f"Expected a gradient for each input, {plural(len(calls.inputs), 'gradient')}; got {calls.count}."
    missing = [item for item in calls.inputs if item.gradient is None and item.slopes.matter]
    if missing and all(item.gradient is None for item in calls.inputs):
        return "No gradient reaches the inputs: is the result detached, or computed without torch?"
    if missing:
        return f"There is no gradient for {_named(missing)}, although the output changes with {word(len(missing), 'it', 'them')}."
    for item in calls.inputs:
        if item.misshapen and item.gradient is not None:
            return f"The gradient of {item} has shape {item.gradient.shape}; it must have the shape of that input, {item.shape}."
    nans = [item for item in calls.inputs if item.gradient is not None and np.isnan(item.gradient).any()]
    return f"There is NaN in the gradient of {_named(nans)}." if nans else ""


def _named(items: list[Input]) -> str:
    return " and ".join(map(str, items)) if len(items) < 3 else listed(map(str, items))


# ---------------------------------------------------------------------------------------------------- slopes


def _message(options: Gradient, calls: Calls, wrong: list[Input], right: Right) -> str:
    """Which gradients are not slopes, and the one step that explains all of it, where there is one."""
    off = sum(int((~item.slopes.contains(item.known, options.atol, options.rtol)).sum()) for item in wrong)
    total = sum(len(item.at) for item in wrong)
    its = word(len(wrong), "its gradient is not the slope", "their gradients are not the slopes")
    share = f", at {off:,} of {total:,} entries" if off < total else ""
    who = _named(wrong)
    says = f"{who[0].upper()}{who[1:]}: {its} of your own forward pass{share}."
    return f"{says} {_explained(calls, wrong, right)}".rstrip()


def _explained(calls: Calls, wrong: list[Input], right: Right) -> str:
    """One step that makes every wrong gradient right, or ""."""

    def all_right(changed: Callable[[Input], Numbers]) -> bool:
        return all(right(item, changed(item)) for item in wrong)

    if pair := _exchanged(calls.inputs, wrong, right):
        return f"The gradients of {_named(pair)} are exchanged."
    if all(_near(item.known, item.slopes.jacobian.sum(1)) for item in wrong):
        return "The upstream gradient is ignored: what comes from above must be multiplied in."
    if all(len(item.at) == calls.upstream.size and _near(item.known, calls.upstream) for item in wrong):
        return "It is the upstream gradient itself: the local derivative is missing."
    if all_right(lambda item: -item.known):
        return "The sign is opposite."
    if all(not item.known.any() for item in wrong):
        return "It is zero everywhere."
    if all(_is_square(item) for item in wrong) and all_right(_transposed):
        return "It is the transpose."
    factor = _factor(wrong)
    if factor is not None and all_right(lambda item: item.known / factor):
        return "It is a multiple of the slope: is something divided by a number, or added up too often?"
    return ""


def _exchanged(inputs: list[Input], wrong: list[Input], right: Right) -> list[Input]:
    """The two inputs whose gradients would be right for each other, or none."""
    for i, one in enumerate(inputs):
        for other in inputs[i + 1 :]:
            pair = [one, other]
            if any(item not in pair for item in wrong) or one.shape != other.shape:
                continue
            if one.gradient is not None and other.gradient is not None and right(one, other.known) and right(other, one.known):
                return pair
    return []


def _near(gradient: Numbers, other: Numbers) -> bool:
    return bool(np.all(np.abs(gradient - other) <= 1e-5 + 1e-4 * np.abs(other)))


def _is_square(item: Input) -> bool:
    return len(item.shape) == 2 and item.shape[0] == item.shape[1] and len(item.at) == item.shape[0] ** 2


def _transposed(item: Input) -> Numbers:
    assert item.gradient is not None
    return item.gradient.T.reshape(-1)


def _factor(wrong: list[Input]) -> float | None:
    """What the first wrong gradient is of its slope where that is largest; None for a single number, which is always so."""
    if sum(len(item.at) for item in wrong) < 2:
        return None
    at = int(np.argmax(np.abs(wrong[0].slopes.central)))
    slope, got = float(wrong[0].slopes.central[at]), float(wrong[0].known[at])
    return got / slope if slope and got and np.isfinite(got / slope) else None


def _detail(options: Gradient, item: Input) -> str:
    """Where the first wrong gradient is, and what the slope is there."""
    k = int(np.argmin(item.slopes.contains(item.known, options.atol, options.rtol)))
    yours, slope = numbers(item.known[k], item.slopes.central[k])
    factor = _factor([item])
    ratio = (
        f"; that is {number(factor, 4)} times it"
        if factor is not None and _near(item.known, factor * item.slopes.central)
        else ""
    )
    return f"The gradient of {item}{_at(int(item.at[k]), item.shape)}: yours {yours}, the slope is {slope}{ratio}."


def _at(flat: int, shape: tuple[int, ...]) -> str:
    return f" at [{', '.join(str(int(i)) for i in np.unravel_index(flat, shape))}]" if shape else ""


# ---------------------------------------------------------------------------------------------------- what is expected


def _against(allow: Tolerance, calls: Calls, expected: Calls) -> Verdict:
    """Against the expected output and gradients, once the gradients are the slopes of the own forward pass."""
    alike = [item.shape for item in calls.inputs] == [item.shape for item in expected.inputs]
    if not alike or calls.output.size != expected.output.size:
        return Verdict.failed("Your gradients fit your forward pass, but its inputs or output have another size than expected.")
    off = _first_off(calls.output, expected.output, allow)
    if off is not None:
        yours, should = numbers(calls.output[off], expected.output[off])
        says = "Your gradients fit your forward pass, but that computes something else than is expected."
        return Verdict.failed(says, f"The output{_at(off, calls.output.shape)}: yours {yours}, expected {should}.")
    for mine, theirs in zip(calls.inputs, expected.inputs, strict=True):
        if mine.gradient is None or theirs.gradient is None or theirs.misshapen:
            continue
        yours_at, should_be = mine.gradient.reshape(-1), theirs.gradient.reshape(-1).copy()
        free = mine.at[mine.slopes.kinks]  # there, more than one gradient is right
        should_be[free] = yours_at[free]
        off = _first_off(yours_at, should_be, allow)
        if off is not None:
            yours, should = numbers(yours_at[off], should_be[off])
            detail = f"It is off{_at(off, mine.shape)}: yours {yours}, expected {should}."
            return Verdict.failed(f"The gradient of {mine} is not the expected one.", detail)
    return Verdict.passed()


def _first_off(value: Numbers, expected: Numbers, allow: Tolerance) -> int | None:
    """The first of (n,) numbers that is not near enough."""
    wrong = np.flatnonzero(~(np.abs(value - expected) <= allow.allowed(expected)))
    return int(wrong[0]) if len(wrong) else None
