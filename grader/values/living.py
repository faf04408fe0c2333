"""Live objects -> plain data, and back for what goes into a kernel.

Imports neither torch nor matplotlib: finds them in `sys.modules` when a value is one of theirs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.values.kinds import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    MAX_TEXT,
    Architecture,
    Array,
    AxesData,
    FigureData,
    LineData,
    Other,
    Raised,
    Value,
    ValueTooLarge,
)

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


# ---------------------------------------------------------------------------------------------------- live -> plain data


def capture(live: Any) -> Value:
    """Plain data for whatever a probe returned. The result shares no memory with `live`.

    Raises ValueTooLarge when there is more of it than may leave a kernel. Never raises for an odd type: see `Other`.
    """
    return _Capture().value(live, 0)


class _Capture:
    """One `capture`: counts what it has taken, so that a bomb (a list that holds itself) ends as an error."""

    def __init__(self) -> None:
        self.nodes = 0
        self.bytes = 0

    def value(self, live: Any, depth: int) -> Value:
        self._count(depth)
        if live is None or type(live) in (bool, int, float):
            return live
        if type(live) is str:
            return self._text(live)
        if type(live) in (list, tuple):
            return [self.value(item, depth + 1) for item in live]
        if isinstance(live, Mapping):
            return self._mapping(live, depth)
        if isinstance(live, BaseException):
            return self._raised(live)
        return self._library(live, depth)

    def _count(self, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ValueTooLarge(f"the value has more than {MAX_NODES:,} parts or is nested deeper than {MAX_DEPTH}")

    def _text(self, text: str) -> str:
        if len(text) > MAX_TEXT:
            raise ValueTooLarge(f"a text of {len(text):,} characters (at most {MAX_TEXT:,} may leave a notebook)")
        self._claim(len(text))
        return str.encode(text, "utf-8", "replace").decode()

    def _mapping(self, live: Mapping[Any, Any], depth: int) -> Value:
        items = list(dict.items(live) if isinstance(live, dict) else live.items())
        if all(type(key) in (str, int, float, bool) for key, _ in items):
            return {key: self.value(item, depth + 1) for key, item in items}
        return Other(_type_name(live))

    def _raised(self, live: BaseException) -> Raised:
        bases = [base.__name__ for base in type(live).__mro__ if base not in (object, BaseException)]
        try:
            message = str(live)[:2000]
        except Exception:
            message = ""
        return Raised(type(live).__name__, _ADDRESS.sub("0x...", message), bases)

    def _library(self, live: Any, depth: int) -> Value:
        torch = sys.modules.get("torch")
        if torch is not None:
            if isinstance(live, torch.Tensor):
                return self._tensor(torch, live)
            if isinstance(live, torch.nn.Module):
                return _architecture(torch, live, set())
            if isinstance(live, torch.Size):
                return [int(n) for n in live]
            if isinstance(live, (torch.dtype, torch.device)):
                return str(live)
        if isinstance(live, np.generic):
            return self.value(live.item(), depth + 1)
        if isinstance(live, np.ndarray):
            return self._array(live, str(live.dtype), "ndarray", False)
        figure = sys.modules.get("matplotlib.figure")
        if figure is not None and isinstance(live, figure.Figure):
            return _figure(live, self._claim)
        if isinstance(live, (Array, Architecture, FigureData, Raised, Other)):
            return live
        return Other(_type_name(live))

    def _tensor(self, torch: Any, live: Any) -> Value:
        if live.device.type == "meta" or live.layout is not torch.strided:
            return Other(f"torch.Tensor ({live.device.type}, {live.layout})")
        dtype = str(live.dtype).removeprefix("torch.")
        flat = live.detach().cpu().resolve_conj().resolve_neg()
        if dtype == "bfloat16":
            flat = flat.float()
        try:
            array = flat.contiguous().numpy()
        except (TypeError, RuntimeError):
            return Other(f"torch.Tensor ({dtype})")
        return self._array(array, dtype, "tensor", bool(live.requires_grad))

    def _array(self, array: np.ndarray[Any, Any], dtype: str, kind: str, requires_grad: bool) -> Value:
        if array.dtype.kind not in "biufc" or array.dtype.char in "gG":  # g, G: long double, which has no file format
            return Other(f"numpy.ndarray ({dtype})")
        self._claim(array.nbytes)
        return Array(np.array(array, order="C", copy=True), dtype, kind, requires_grad)

    def _claim(self, nbytes: int) -> None:
        self.bytes += nbytes
        if self.bytes > MAX_BYTES:
            raise ValueTooLarge(f"more than {MAX_BYTES // 2**20} MiB of numbers")


def _type_name(live: Any) -> str:
    kind = type(live)
    return kind.__name__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__name__}"


def _architecture(torch: Any, module: Any, seen: set[int]) -> Architecture:
    """`seen`: ids of modules and parameters that stand elsewhere in it already; shared ones count once, as in torch."""
    kind = type(module)
    public = getattr(torch.nn, kind.__name__, None) is kind
    name = f"torch.nn.{kind.__name__}" if public else f"{kind.__module__}.{kind.__qualname__}"
    return Architecture(
        type=name,
        options=_options(module) if kind.__module__.startswith("torch.") else "",
        parameters={key: [int(n) for n in p.shape] for key, p in module._parameters.items() if _is_new(p, seen)},
        children={key: _architecture(torch, child, seen) for key, child in module._modules.items() if _is_new(child, seen)},
    )


def _is_new(part: Any, seen: set[int]) -> bool:
    new = part is not None and id(part) not in seen
    seen.add(id(part))
    return new


def _options(module: Any) -> str:
    """torch's own description; it leaves out what tells a tanh RNN from a ReLU one."""
    text = str(module.extra_repr())[:500]
    mode = getattr(module, "mode", None)
    return f"{text}, mode={mode}" if isinstance(mode, str) and "RNN" in mode else text


def _figure(figure: Any, claim: Callable[[int], None]) -> FigureData:
    suptitle = getattr(figure, "_suptitle", None)
    return FigureData(
        title=suptitle.get_text() if suptitle is not None else "",
        size=(float(figure.get_figwidth()), float(figure.get_figheight())),
        axes=[_axes(axes, claim) for axes in figure.axes[:100] if axes.get_label() != "<colorbar>"],
    )


def _axes(axes: Any, claim: Callable[[int], None]) -> AxesData:
    lines = []
    for line in axes.get_lines():
        x, y = _floats(line.get_xdata()), _floats(line.get_ydata())
        claim(x.nbytes + y.nbytes)
        lines.append(LineData(x, y, _label(line), str(line.get_linestyle()), str(line.get_marker())))
    for points in axes.collections:
        offsets = _floats(points.get_offsets()) if hasattr(points, "get_offsets") else np.zeros((0, 2))
        if offsets.ndim == 2 and len(offsets):
            claim(offsets.nbytes)
            lines.append(LineData(offsets[:, 0].copy(), offsets[:, 1].copy(), _label(points), "None", "o"))
    images = []
    for image in axes.get_images():
        array = _floats(image.get_array())
        claim(array.nbytes)
        images.append(array)
    title = axes.get_title() or axes.get_title("left") or axes.get_title("right")
    return AxesData(title, axes.get_xlabel(), axes.get_ylabel(), lines, images)


def _label(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _floats(data: Any) -> np.ndarray[Any, Any]:
    """`data` as float64; masked entries are NaN; what is not a number (dates, categories) counts as its index."""
    try:
        return np.array(np.ma.filled(np.ma.asarray(data, dtype=np.float64), np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        return np.arange(len(data), dtype=np.float64)


# ---------------------------------------------------------------------------------------------------- plain data -> live


def restore(value: Value) -> Any:
    """The live object for plain data: a tensor for an `Array` of kind "tensor", an array for "ndarray".

    Used for `given=` values, which go *into* a kernel. Imports torch when there is a tensor.
    """
    if isinstance(value, Array):
        if value.kind == "ndarray":
            return value.data.copy()
        import torch

        return torch.from_numpy(value.data.copy()).to(getattr(torch, value.dtype))
    if isinstance(value, list):
        return [restore(item) for item in value]
    if isinstance(value, dict):
        return {key: restore(item) for key, item in value.items()}
    return value
