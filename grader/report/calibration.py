"""The picture of a calibration: for each check, how much tolerance right and wrong runs need, on one axis."""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import UsageError
from grader.report.pictures import EXPECTED, GRID, INK, STYLE, YOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Row", "kind_of", "picture"]

WIDTH, ROW, MARGIN, DPI = 8.6, 0.21, 1.5, 140
LOWEST, HIGHEST, NEVER = 1e-6, 1e5, 1e6  # where the axis begins and ends, and what no tolerance passes stands
GREEN, GREY = "#009e73", "#8c959f"


@dataclass(frozen=True)
class Row:
    """One check. noise, seeds, mistakes: needed factors, shares of today's tolerance; inf: none is enough.

    suggested: the factor that is suggested, None for none. verdict: in words.
    """

    name: str
    noise: Sequence[float] = ()
    seeds: Sequence[float] = ()
    mistakes: Sequence[float] = ()
    suggested: float | None = None
    verdict: str = ""


def kind_of(file: Path) -> str:
    """The kind of picture that a file's name asks for. Raises UsageError when it is none of ours, or cannot be written."""
    kind = file.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg", "pdf"):
        raise UsageError(f"{file}: a plot is a .png, .svg or .pdf; give a file with such an ending")
    if not os.access(file.parent, os.W_OK) or file.is_dir():
        raise UsageError(f"{file}: the folder {file.parent} does not exist or cannot be written to; name a file in another one")
    return kind


@dataclass
class _Marks:
    """Points of one kind over all rows."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)

    def add(self, factors: Sequence[float], row: float) -> None:
        self.x += [NEVER if math.isinf(factor) else min(max(factor, LOWEST), HIGHEST) for factor in factors]
        self.y += [row] * len(factors)


def picture(rows: Sequence[Row], title: str, kind: str = "png") -> bytes:
    """A row a check: dots for right runs, crosses for mistakes, a line at 1 for today's tolerance, a tick for the suggestion.

    kind: "png", "svg" or "pdf".
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", {**STYLE, "svg.fonttype": "none"}], after_reset=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that no font has
        figure = Figure(figsize=(WIDTH, MARGIN + ROW * max(len(rows), 1)), dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        _draw(axes, rows)
        figure.suptitle(title, fontsize=9.5, color=INK, x=0.01, ha="left")
        stream = io.BytesIO()
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else None)
        return stream.getvalue()


def _draw(axes: Axes, rows: Sequence[Row]) -> None:
    mistakes, seeds, noise, suggested = _Marks(), _Marks(), _Marks(), _Marks()
    for y, row in enumerate(rows):
        mistakes.add(row.mistakes, y + 0.16)
        seeds.add(row.seeds, y - 0.16)
        noise.add(row.noise, y)
        if row.suggested is not None:
            suggested.add([row.suggested], y)
    axes.axvspan(1, NEVER * 2, color="#fff4ec", lw=0, zorder=0)
    axes.axvline(1, color=INK, lw=1.0, zorder=2)
    looks: list[tuple[_Marks, str, dict[str, Any]]] = [
        (mistakes, "mistakes", {"marker": "x", "color": YOURS, "ms": 4.5, "mew": 1.2}),
        (seeds, "right, other seeds", {"marker": "o", "mfc": "white", "mec": EXPECTED, "ms": 4.5, "mew": 1.0}),
        (noise, "right, numerical noise", {"marker": "o", "color": EXPECTED, "ms": 4.0}),
        (suggested, "suggested", {"marker": "|", "color": GREEN, "ms": 10, "mew": 2.2}),
    ]
    for z, (marks, label, look) in enumerate(looks, start=3):
        axes.plot(marks.x, marks.y, ls="none", label=label, zorder=z, clip_on=False, **look)
    _scales(axes, rows)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, borderaxespad=0.2, handletextpad=0.3, columnspacing=1.2)


def _scales(axes: Axes, rows: Sequence[Row]) -> None:
    """A logarithmic axis in multiples of today's tolerance, whose ends say what lies beyond; names left, verdicts right."""
    axes.set_xscale("log")
    axes.set_xlim(LOWEST / 1.6, NEVER * 1.6)
    powers = range(round(math.log10(LOWEST)) + 1, round(math.log10(HIGHEST)))
    names = {0: "today's", **{power: f"{10.0**power:g}" if abs(power) <= 3 else f"1e{power}" for power in powers if power}}
    axes.set_xticks([LOWEST, *(10.0**p for p in powers), HIGHEST, NEVER], ["0", *(names[p] for p in powers), "more", "never"])
    axes.minorticks_off()
    axes.set_xlabel("tolerance that a run needs to pass, in multiples of today's (shaded: fails today)")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="both", color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    for y, row in enumerate(rows):
        bad = row.verdict not in ("ok", "tight")
        style: dict[str, Any] = {"color": YOURS if bad else GREY, "fontweight": "bold" if bad else "normal"}
        axes.annotate(row.verdict, (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=7.5, **style)
