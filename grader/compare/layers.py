"""`layers`: what comes out of each layer of a forward pass, and the first layer that parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grader.compare.hints import about_kind
from grader.compare.measure import Measured, Numbers, Tolerance, measure
from grader.compare.tell import picture
from grader.compare.units import Freedom, match_units, nearest_units
from grader.compare.walk import as_array
from grader.compare.words import Path, expected_got, listed, number, numbers, plural, where, word
from grader.judging import Evidence, Layers, freedoms
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["distance", "first_parted", "judge", "parts_of"]

Parts = dict[Path, Array]  # where in a layer's output -> the array there; a single output is at ()


@dataclass(frozen=True)
class Parted:
    """The first layer that parts. name: its expected name; before: those that agree. value: None where there is no such layer.

    `value` is as near to `expected` as a matching of the units brings it.
    """

    name: str
    before: list[str]
    value: Parts | None
    expected: Parts


def judge(options: Layers, evidence: Evidence) -> Verdict:
    """The same outputs, layer by layer, in the order of computation."""
    value, expected = parts_of(evidence.value), parts_of(evidence.expected)
    if value is None or expected is None:
        hint = about_kind(evidence.value, evidence.expected)
        return Verdict.failed(expected_got(evidence.expected, evidence.value) + (f" {hint}" if hint else ""))
    parted = first_parted(options, value, expected)
    return Verdict.passed() if parted is None else _verdict(options, parted, value, expected)


def distance(options: Layers, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed, up to the same freedoms; None where any layer differs."""
    mine, theirs = parts_of(value), parts_of(other)
    if mine is None or theirs is None:
        return None
    ratios = [ratio for _, ratio in _matched(options, mine, theirs, equal_nan=True)]
    agreed = [ratio for ratio in ratios if ratio is not None]
    return max(agreed, default=0.0) if len(agreed) == len(theirs) else None


def first_parted(options: Layers, value: dict[str, Parts], expected: dict[str, Parts]) -> Parted | None:
    """The first expected layer that the student's does not agree with; None when all agree."""
    before: list[str] = []
    names = list(expected)
    for nearest, ratio in _matched(options, value, expected):
        name = names[len(before)]
        if ratio is None:
            freedom = _freedom(options, name == names[-1])
            found = None if nearest is None else _nearest(value[nearest], expected[name], freedom)
            return Parted(name, before, found, expected[name])
        before.append(name)
    return None


def _matched(
    options: Layers, value: dict[str, Parts], expected: dict[str, Parts], equal_nan: bool = False
) -> Iterator[tuple[str | None, float | None]]:
    """For each expected layer, up to the first that parts: the student's that is it and how near it is.

    Of the one that parts: the student's that comes nearest to being it, if any, and None. By name, or, with `names=False`, by
    order and shape: the student's layers between two that agree do not count.
    """
    allow = Tolerance(options.rtol, options.atol)
    waiting = list(value)
    for n, (name, outputs) in enumerate(expected.items()):
        freedom = _freedom(options, n == len(expected) - 1)
        candidates = [one for one in waiting if one == name or not options.names]
        alike = [one for one in candidates if _shapes(value[one]) == _shapes(outputs)]
        ratios = ((one, _ratio(value[one], outputs, allow, freedom, equal_nan)) for one in alike)
        found = next(((one, ratio) for one, ratio in ratios if ratio is not None), None)
        if found is None:
            yield next(iter(alike or (candidates if options.names else [])), None), None
            return
        yield found
        if not options.names:
            waiting = waiting[waiting.index(found[0]) + 1 :]


def parts_of(value: Value) -> dict[str, Parts] | None:
    """Name -> what comes out of a layer, in order: an array, or the arrays of a tuple by their index. None for all else.

    A list of outputs has the names "0", "1", ….
    """
    named = {str(n): item for n, item in enumerate(value)} if isinstance(value, list) else value
    if not isinstance(named, dict) or not named or not all(isinstance(name, str) for name in named):
        return None
    found = {name: _flat(item) for name, item in named.items()}
    outputs = {name: parts for name, parts in found.items() if parts is not None}
    return outputs if len(outputs) == len(named) else None


def _flat(output: Value) -> Parts | None:
    """The arrays of a layer's output by where they are; None where it holds anything else."""
    todo: list[tuple[Path, Value]] = [((), output)]
    found: Parts = {}
    while todo:
        path, item = todo.pop()
        array = as_array([item] if type(item) in (int, float) else item)
        if array is not None and isinstance(array.data, np.ndarray) and array.data.dtype.kind in "biufc":
            found[path] = array
        elif item and (isinstance(item, list) or (isinstance(item, dict) and all(isinstance(key, str) for key in item))):
            below = enumerate(item) if isinstance(item, list) else item.items()
            todo += [((*path, key), part) for key, part in reversed(list(below))]
        else:
            return None
    return found


def _shapes(parts: Parts) -> dict[Path, tuple[int, ...]]:
    return {path: array.shape for path, array in parts.items()}


def _freedom(options: Layers, last: bool) -> Freedom:
    """What is left open for a layer: nothing for the last, whose units have a meaning."""
    found = () if last else freedoms(options.upto)
    return Freedom("permutation" in found, "sign" in found, "scale" in found)


# ---------------------------------------------------------------------------------------------------- one layer


def _ratio(value: Parts, expected: Parts, allow: Tolerance, freedom: Freedom, equal_nan: bool) -> float | None:
    """The largest difference as a share of what is allowed; None where any number or shape differs."""
    if _shapes(value) != _shapes(expected):
        return None
    plain = _measured(value, expected, allow, equal_nan)
    if not any(measured.wrong for measured in plain.values()):
        return max((measured.ratio for measured in plain.values()), default=0.0)
    units = _units(value, expected) if freedom else None
    matching = match_units(*units, allow, freedom) if units else None
    if units is None or matching is None:
        return None
    return measure(matching.applied(units[0]), units[1], allow).ratio


def _measured(value: Parts, expected: Parts, allow: Tolerance, equal_nan: bool = False) -> dict[Path, Measured]:
    return {path: measure(value[path].data, array.data, allow, equal_nan) for path, array in expected.items()}


def _units(value: Parts, expected: Parts) -> tuple[Numbers, Numbers] | None:
    """All numbers of a layer by its units, (n, H) both; None where its outputs have no or different last axes."""
    widths = {array.shape[-1] if array.shape else 0 for array in expected.values()}
    if len(widths) != 1 or 0 in widths or any(array.data.dtype.kind == "c" for array in (*value.values(), *expected.values())):
        return None
    width = widths.pop()
    mine, theirs = (
        np.concatenate([parts[path].data.astype(np.float64).reshape(-1, width) for path in expected])
        for parts in (value, expected)
    )
    return mine, theirs


def _nearest(value: Parts, expected: Parts, freedom: Freedom) -> Parts:
    """A layer with its units matched as nearly as they can be."""
    units = _units(value, expected) if freedom and _shapes(value) == _shapes(expected) else None
    if units is None:
        return value
    matching = nearest_units(*units, freedom)
    return {
        path: Array(matching.applied(array.data.astype(np.float64)), array.dtype, array.kind) for path, array in value.items()
    }


# ---------------------------------------------------------------------------------------------------- telling


def _verdict(options: Layers, parted: Parted, value: dict[str, Parts], expected: dict[str, Parts]) -> Verdict:
    agrees = f"agrees through `{parted.before[-1]}`" if parted.before else ""
    whatever = f" (up to {' and '.join(freedoms(options.upto))} of the hidden units)" if options.upto else ""
    if parted.value is None:
        return Verdict.failed(
            f"Your forward pass{f' {agrees}{whatever}, but' if agrees else ''} {_missing(options, parted, value, expected)}"
        )
    head = (
        f"{agrees}{whatever}, parts after `{parted.name}`" if agrees else f"parts at its first layer, `{parted.name}`{whatever}"
    )
    says = f"Your forward pass {head}."
    if parted.value.keys() != parted.expected.keys():
        got, meant = (plural(len(parts), "tensor") for parts in (parted.value, parted.expected))
        return Verdict.failed(f"{says} It gives {got}, expected {meant}.")
    wrong = [path for path, array in parted.expected.items() if parted.value[path].shape != array.shape]
    if wrong:
        return Verdict.failed(f"{says} {expected_got(parted.expected[wrong[0]], parted.value[wrong[0]], wrong[0])}")
    measured = _measured(parted.value, parted.expected, Tolerance(options.rtol, options.atol))
    path, worst = max(measured.items(), key=lambda item: (item[1].wrong > 0, item[1].largest))
    nans = sum(one.nans for one in measured.values())
    says += f" {plural(nans, 'number')} of yours {word(nans, 'is', 'are')} NaN." if nans else ""
    one, another = parted.value[path], parted.expected[path]
    return Verdict.failed(says, _detail(parted.name, path, one, another, worst), **picture(one, another))


def _missing(options: Layers, parted: Parted, value: dict[str, Parts], expected: dict[str, Parts]) -> str:
    """That a layer is not there, by name or by shape."""
    if not options.names:
        shapes = " and ".join(str(array.shape) for array in parted.expected.values())
        return f"has no further layer whose output has the shape {shapes}, like `{parted.name}`."
    extra = [f"`{name}`" for name in value if name not in expected]
    it_has = f"; it has {listed(extra)}" if extra else ""
    return f"has no layer `{parted.name}`{it_has}."


def _detail(name: str, path: Path, value: Array, expected: Array, measured: Measured) -> str:
    """How far apart the first layer that parts is. Holds expected numbers."""
    first = measured.first or ()
    yours, theirs = numbers(value.data[first], expected.data[first])
    at = where(path, first)
    says = f"After `{name}` {measured.wrong:,} of {plural(measured.total, 'number')} {word(measured.wrong, 'is', 'are')} off"
    says += f", first at {at}: yours {yours}, expected {theirs}"
    if measured.worst is None:
        return f"{says}."
    allowed = f" (allowed {number(measured.allowed, 2)})" if measured.allowed else ""
    return f"{says}; the largest difference is {number(measured.largest, 3)} at {where(path, measured.worst)}{allowed}."
