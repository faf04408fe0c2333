"""A student's value beside the expected one, as a small picture. Nothing here may fail: no picture is also an answer."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.report.text import clean, clip
from grader.values import Array, AxesData, FigureData, LineData, Value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["picture"]

YOURS, EXPECTED, INK, GRID = "#d55e00", "#0072b2", "#3d444d", "#e3e6ea"
SIZE, DPI = (6.2, 2.4), 120
MAX_POINTS, MAX_SIDE, MAX_AXES, MAX_LINES = 2000, 256, 4, 20
_CYCLE = "cycler('color', ['0072b2', 'd55e00', '009e73', 'cc79a7', '56b4e9', 'e69f00', '3d444d'])"  # Okabe and Ito: for every eye
STYLE = {
    "figure.facecolor": "white",  # not transparent: it must read on a dark page too
    "font.size": 8,
    "axes.edgecolor": "#9198a1",
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.unicode_minus": False,
    "axes.prop_cycle": _CYCLE,
    "text.color": INK,
    "text.parse_math": False,  # a student's "$" is a dollar
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
_CJK = ("Noto Sans CJK KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK JP")


def picture(evidence: Mapping[str, Value], title: str = "") -> bytes | None:
    """A PNG of `evidence["yours"]` and `evidence["expected"]`; None when they are nothing to draw.

    (n,) or (n, 1) numbers: two lines. (n, m): two heat maps and their difference. FigureData: both redrawn side by side.
    Axes of length 1 are left out, so that a (1, n, 1) is a line too. One of the two alone is drawn alone.
    """
    pairs = [(name, evidence[name]) for name in ("yours", "expected") if name in evidence]
    figures = [(name, figure) for name, value in pairs if (figure := _as_figure(value)) is not None]
    arrays = [(name, array) for name, value in pairs if (array := _as_array(value)) is not None]
    try:
        if figures:
            return _draw(figures, _redraw, title)
        if arrays and all(array.ndim == 1 for _, array in arrays):
            return _draw(arrays, _lines, title)
        if arrays:
            return _draw(arrays, _heat_maps, title)
    except Exception:  # e.g. a font, a number that no axis can hold: the words beside the picture say it all
        logging.getLogger(__name__).debug("no picture", exc_info=True)
    return None


# ------------------------------------------------------------------------------------------------------ what is to be drawn


def _as_figure(value: Value) -> FigureData | None:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, FigureData)), None)
    return value if isinstance(value, FigureData) and value.axes else None


def _as_array(value: Value) -> np.ndarray[Any, Any] | None:
    """Real numbers of one or two axes, at least two of them, thinned out; infinities are gaps."""
    if isinstance(value, list) and value and all(type(item) in (int, float, bool) for item in value):
        data = np.asarray(value, dtype=np.float64)
    elif isinstance(value, Array):
        data = value.data
    else:
        return None
    if data.dtype.kind not in "biuf" or data.size < 2:
        return None
    data = np.squeeze(data).astype(np.float64)
    if data.ndim > 2:
        return None
    return np.where(np.isfinite(data) & (np.abs(data) < 1e30), data, np.nan)


# ------------------------------------------------------------------------------------------------------------- drawing


def _draw(pairs: list[tuple[str, Any]], fill: Any, title: str) -> bytes:
    """A PNG of what `fill` draws, in our own style whatever the notebook has set, without pyplot."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    settings = {**STYLE, "font.family": _fonts()}
    with style.context(["default", settings], after_reset=True), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that no font has
        figure = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        if title:
            figure.suptitle(_words(title, 60), fontsize=9, color=INK)
        fill(figure, pairs)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
        return stream.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> list[str]:
    """matplotlib's own font, then whatever this machine has for Korean."""
    from matplotlib.font_manager import get_font_names

    known = set(get_font_names())
    return ["DejaVu Sans", *(name for name in _CJK if name in known)]


def _words(text: str, limit: int) -> str:
    return clip(" ".join(clean(text).split()), limit)


def _lines(figure: Figure, pairs: Sequence[tuple[str, np.ndarray[Any, Any]]]) -> None:
    """(n,) arrays over their index: the expected one broad and pale, yours thin above it, so that agreement is seen."""
    axes = figure.subplots()
    style = "steps-mid" if all(_is_classes(data) for _, data in pairs) else "default"
    same_length = len({len(data) for _, data in pairs}) == 1
    for name, data in reversed(pairs):
        step = -(-len(data) // MAX_POINTS)
        at = np.arange(0, len(data), step)
        few = len(data) <= 40
        label = _label(name, data) if same_length else f"{_label(name, data)}, {len(data):,} long"
        if name == "expected":
            axes.plot(at, data[at], color=EXPECTED, alpha=0.45, lw=4, ds=style, marker="o" if few else "", ms=7, label=label)
        else:
            axes.plot(at, data[at], color=YOURS, lw=1.4, ds=style, marker="o" if few else "", ms=3, label=label, zorder=3)
    axes.set_xlabel("index")
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", integer=True)
    axes.locator_params(axis="y", integer=style != "default")
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-4, 5), useOffset=False)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2, ncols=2)


def _is_classes(data: np.ndarray[Any, Any]) -> bool:
    """Whole numbers, few of them different: a slope between two classes means nothing."""
    whole = bool(np.all(np.isnan(data) | (data == np.round(data))))
    return whole and len(np.unique(data[: 10 * MAX_POINTS])) <= 20 < len(data)


def _label(name: str, data: np.ndarray[Any, Any]) -> str:
    gaps = int(np.isnan(data).sum())
    return name if not gaps else f"{name} ({gaps:,} of {data.size:,} not finite)"


def _heat_maps(figure: Figure, pairs: Sequence[tuple[str, np.ndarray[Any, Any]]]) -> None:
    """(n, m) arrays on one scale; of the same shape, their difference too, on its own."""
    shapes = {data.shape for _, data in pairs}
    both = len(pairs) == 2 and len(shapes) == 1
    panels = figure.subplots(1, len(pairs) + both, squeeze=False)[0]
    finite = np.concatenate([data[np.isfinite(data)] for _, data in pairs])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    low, high = (low, high) if low < high else (low - 0.5, high + 0.5)
    images = [
        _heat_map(axes, data, name if both else f"{name} {data.shape}", cmap="cividis", vmin=low, vmax=high)
        for axes, (name, data) in zip(panels, pairs, strict=False)
    ]
    figure.colorbar(images[0], ax=list(panels[: len(pairs)]), fraction=0.05, pad=0.02)
    if both:
        gap = pairs[0][1] - pairs[1][1]
        most = float(np.nanmax(np.abs(gap))) if np.isfinite(gap).any() else 1.0
        image = _heat_map(panels[-1], gap, "yours − expected", cmap="PuOr", vmin=-(most or 1.0), vmax=most or 1.0)
        figure.colorbar(image, ax=panels[-1], fraction=0.08, pad=0.03)


def _heat_map(axes: Axes, data: np.ndarray[Any, Any], title: str, **scale: Any) -> Any:
    data = data if data.ndim == 2 else data.reshape(-1, 1)
    rows, columns = data.shape
    thin = data[:: -(-rows // MAX_SIDE), :: -(-columns // MAX_SIDE)]
    image = axes.imshow(thin, aspect="auto", interpolation="nearest", extent=(-0.5, columns - 0.5, rows - 0.5, -0.5), **scale)
    axes.set_title(title)
    axes.locator_params(integer=True, nbins=5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def _redraw(figure: Figure, pairs: Sequence[tuple[str, FigureData]]) -> None:
    """Figures side by side, each at most MAX_AXES axes one below the other."""
    rows = min(MAX_AXES, max(len(data.axes) for _, data in pairs))
    figure.set_size_inches(SIZE[0], SIZE[1] + 1.6 * (rows - 1))
    halves = figure.subfigures(1, len(pairs), squeeze=False)[0]
    for half, (name, data) in zip(halves, pairs, strict=True):
        title = f"{name}: {_words(data.title, 30)}" if data.title.strip() else name
        half.suptitle(title, fontsize=9, color=YOURS if name == "yours" else EXPECTED, fontweight="bold")
        panels = half.subplots(rows, 1, squeeze=False)[:, 0]
        for axes, drawn in zip(panels, data.axes, strict=False):
            _redraw_axes(axes, drawn)
        for axes in panels[len(data.axes) :]:
            axes.set_axis_off()


def _redraw_axes(axes: Axes, drawn: AxesData) -> None:
    axes.set_title(_words(drawn.title, 40))
    axes.set_xlabel(_words(drawn.xlabel, 30))
    axes.set_ylabel(_words(drawn.ylabel, 20))
    for image in drawn.images[:1]:
        if image.ndim in (2, 3) and image.size:
            steps = [-(-side // MAX_SIDE) for side in image.shape[:2]]
            pixels = image[:: steps[0], :: steps[1]]
            axes.imshow(
                np.clip(pixels / (255 if np.nanmax(pixels) > 1 else 1), 0, 1) if image.ndim == 3 else pixels, cmap="cividis"
            )
    for line in drawn.lines[:MAX_LINES]:
        _redraw_line(axes, line)
    if any(line.label for line in drawn.lines[:MAX_LINES]):
        axes.legend(fontsize=7)


def _redraw_line(axes: Axes, line: LineData) -> None:
    count = min(len(line.x), len(line.y))
    step = max(1, -(-count // MAX_POINTS))
    style = line.style if line.style in ("-", "--", "-.", ":", "None") else "-"
    marker = line.marker if line.marker in set(".,ov^<>sp*+xXdDhH") else "None"
    size = 3 if count > 20 else 4
    axes.plot(
        line.x[:count:step], line.y[:count:step], ls=style, marker=marker, ms=size, lw=1.2, label=_words(line.label, 24) or None
    )
