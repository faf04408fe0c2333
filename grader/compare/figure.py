"""`figure`: what is drawn, as data. Lines are known by their points, not by their order, style or colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from grader.compare.close import distance_close
from grader.compare.measure import Numbers, Tolerance, measure
from grader.compare.text import normal
from grader.compare.words import expected_got, number, plural, quoted, word
from grader.judging import Close, Evidence, Figure
from grader.result import Verdict
from grader.values import AxesData, FigureData, LineData, Value

__all__ = ["distance", "judge"]

T = TypeVar("T")
Match = tuple[T, T | None]  # what is expected, and what was found for it


@dataclass
class Findings:
    """What is wrong with a figure, in kind and in detail; how much is wrong; how far the rest is off (share of the allowed)."""

    messages: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    wrong: int = 0
    ratio: float = 0.0

    def add(self, message: str, detail: str = "", times: int = 1) -> None:
        self.messages.append(message)
        self.details += [detail] if detail else []
        self.wrong += times


def judge(options: Figure, evidence: Evidence) -> Verdict:
    """Any of the figures that came may fit any of those expected; the one that fits best is spoken of."""
    mine, theirs = _figures(evidence.value), _figures(evidence.expected)
    if not mine or not theirs:
        return Verdict.failed(_no_figure(evidence.value, theirs))
    tries = [(_compared(options, figure, other), figure, other) for other in theirs for figure in mine]
    found, figure, other = min(tries, key=lambda t: t[0].wrong)
    if not found.wrong:
        return Verdict.passed()
    return Verdict.failed(" ".join(found.messages[:4]), " ".join(found.details[:4]), yours=figure, expected=other)


def distance(options: Figure, value: Value, other: Value) -> float | None:
    """The largest difference as a share of what is allowed; None where the figures do not show the same."""
    mine, theirs = _figures(value), _figures(other)
    if not mine and not theirs:
        return distance_close(Close(), value, other)  # nothing drawn in either
    tries = [_compared(options, figure, known) for known in theirs for figure in mine]
    return min((found.ratio for found in tries if not found.wrong), default=None)


def _figures(value: Value) -> list[FigureData]:
    """The figures in a value: itself, or those in a list."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, FigureData)]


def _no_figure(value: Value, expected: Sequence[FigureData]) -> str:
    if isinstance(value, list) or not expected:
        return "Expected a figure, but none was drawn."
    return expected_got(expected[0], value)


# ---------------------------------------------------------------------------------------------------- comparing


def _compared(options: Figure, mine: FigureData, theirs: FigureData) -> Findings:
    found = Findings()
    if len(mine.axes) != len(theirs.axes):
        times = 100 * abs(len(mine.axes) - len(theirs.axes))  # worse than anything that is wrong within axes
        found.add(f"Expected a figure with {len(theirs.axes)} axes, got one with {len(mine.axes)}.", times=times)
    if "suptitle" in options.texts:
        _compare_text(found, "title above all axes", mine.title, theirs.title)
    only = mine.axes[0] if len(mine.axes) == len(theirs.axes) == 1 else None
    if only and not only.title and normal(mine.title, punctuation=True) == normal(theirs.axes[0].title, punctuation=True):
        # above its only axes, a figure's title is theirs
        mine = replace(mine, axes=[replace(mine.axes[0], title=mine.title)])
    for i, (axes, other) in enumerate(zip(mine.axes, theirs.axes, strict=False), start=1):
        _compare_axes(options, found, f" in axes {i}" if len(theirs.axes) > 1 else "", axes, other)
    return found


def _compare_axes(options: Figure, found: Findings, place: str, mine: AxesData, theirs: AxesData) -> None:
    allow = Tolerance(options.rtol, options.atol)
    if options.lines:
        lines = _match(mine.lines, [line for line in theirs.lines if len(line.x)], lambda a, b: _line_ratio(a, b, allow), found)
        _tell_lines(found, place, mine.lines, lines)
        for line, drawn in lines if "label" in options.texts else []:
            if drawn is not None:
                _compare_text(found, f"label of a line{place}", drawn.label, line.label)
    if options.images:
        images = _match(mine.images, theirs.images, lambda a, b: _ratio(a, b, allow), found)
        _tell_images(found, place, mine.images, images)
    for name in ("title", "xlabel", "ylabel"):
        if name in options.texts:
            says = "title" if name == "title" else f"label of the {name[0]} axis"
            _compare_text(found, says + place, getattr(mine, name), getattr(theirs, name))


def _match(mine: Sequence[T], theirs: Sequence[T], ratio: Callable[[T, T], float | None], found: Findings) -> list[Match[T]]:
    """For each expected one the nearest of those that are near and not yet taken; of two as near, that of the same label."""
    left, matches = list(mine), []
    for expected in theirs:
        label = getattr(expected, "label", "")
        ratios = [(ratio(item, expected), getattr(item, "label", "") != label, i) for i, item in enumerate(left)]
        best = min(((r, other, i) for r, other, i in ratios if r is not None), default=None)
        matches.append((expected, None if best is None else left.pop(best[2])))
        found.ratio = max(found.ratio, best[0] if best else 0.0)
    return matches


def _line_ratio(mine: LineData, theirs: LineData, allow: Tolerance) -> float | None:
    """How far a line is off as a share of what is allowed, None when it is not near. Points without a line have no order."""
    if mine.x.shape != theirs.x.shape or mine.y.shape != theirs.y.shape:
        return None
    both = _points(mine), _points(theirs)
    ratio = _ratio(both[0], both[1], allow)
    if ratio is None and _is_points(mine) and _is_points(theirs):
        mine_sorted, theirs_sorted = (points[np.lexsort(points.T)] for points in both)
        ratio = _ratio(mine_sorted, theirs_sorted, allow)
    return ratio


def _points(line: LineData) -> Numbers:
    """(n, 2): x and y of each point."""
    n = min(line.x.size, line.y.size)
    return np.column_stack([line.x.ravel()[:n], line.y.ravel()[:n]])


def _is_points(line: LineData) -> bool:
    return line.style.strip().lower() in ("none", "")


def _ratio(mine: Numbers, theirs: Numbers, allow: Tolerance) -> float | None:
    if mine.shape != theirs.shape:
        return None
    measured = measure(mine, theirs, allow, equal_nan=True)
    return None if measured.wrong else measured.ratio


# ---------------------------------------------------------------------------------------------------- telling


def _compare_text(found: Findings, what: str, mine: str, theirs: str) -> None:
    if normal(mine, punctuation=True) != normal(theirs, punctuation=True):
        message = f"The {what} is not the expected one." if mine.strip() else f"The {what} is missing."
        found.add(message, f"The {what} is {quoted(mine)}, expected {quoted(theirs)}.")


def _tell_lines(found: Findings, place: str, mine: Sequence[LineData], matches: Sequence[Match[LineData]]) -> None:
    missing = [line for line, drawn in matches if drawn is None]
    if not missing:
        return
    points = all(_is_points(line) for line, _ in matches)
    message = _gone(len(missing), len(matches), *(("set of points", "sets of points") if points else ("line", "lines")), place)
    sizes = sorted({line.x.size for line in missing} - {line.x.size for line in mine})
    if mine and sizes:
        message += f" None of yours has {plural(sizes[0], 'point')}."
    found.add(message, _nearest(missing[0], mine), times=len(missing))


def _gone(missing: int, total: int, noun: str, nouns: str, place: str) -> str:
    if total == 1:
        return f"The expected {noun} is not drawn{place}."
    if missing == total:
        return f"None of the {total} expected {nouns} is drawn{place}."
    return f"{missing} of the {total} expected {nouns} {word(missing, 'is', 'are')} not drawn{place}."


def _nearest(line: LineData, mine: Sequence[LineData]) -> str:
    """The first missing line, and where the nearest of those drawn parts from it."""
    points = _points(line)
    label = f" labelled {quoted(line.label)}" if line.label else ""
    says = f"Missing is one of {plural(len(points), 'point')}{label} from {_point(points[0])} to {_point(points[-1])}."
    same = [_points(other) for other in mine if other.x.shape == line.x.shape and other.y.shape == line.y.shape]
    if not same:
        return says
    nearest = min(same, key=lambda other: float(np.nanmax(np.abs(other - points), initial=0.0)))
    first = measure(nearest, points, Tolerance(1e-4, 1e-4), equal_nan=True).first
    at = first[0] if first else 0
    return f"{says} The nearest parts from it at point {at}: yours {_point(nearest[at])}, expected {_point(points[at])}."


def _point(point: Numbers) -> str:
    return f"({number(point[0], 4)}, {number(point[1], 4)})"


def _tell_images(found: Findings, place: str, mine: Sequence[Numbers], matches: Sequence[Match[Numbers]]) -> None:
    missing = [image for image, drawn in matches if drawn is None]
    if not missing:
        return
    message = _gone(len(missing), len(matches), "image", "images", place)
    if mine and missing[0].shape not in [image.shape for image in mine]:
        message += f" None of yours has the shape {missing[0].shape}."
    found.add(message, times=len(missing))
