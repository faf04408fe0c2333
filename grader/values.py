"""The wall: the few types of value that may leave a notebook's kernel, and the one file format they leave in.

A probe runs beside student code and returns whatever it likes. `capture` turns that into plain data::

    None  bool  int  float  str  list  dict      themselves (a tuple is a list)
    torch.Tensor, numpy.ndarray, numpy scalar    Array
    torch.nn.Module                              Architecture: what it is made of, not what it does
    matplotlib Figure                            FigureData: lines, images, titles; no pixels
    an exception                                 Raised: its type and message
    anything else                                Other: the name of its type

`dumps` writes plain data as one safetensors file: the arrays as tensors, the rest as JSON in the header. Nothing is ever
pickled, so reading a value cannot run code. `loads` is strict: what it returns is one of the types above.

This module imports neither torch nor matplotlib: it finds them in `sys.modules` when a value is one of theirs.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
import safetensors
from safetensors.numpy import load as _load_tensors
from safetensors.numpy import save as _save_tensors

from grader.errors import GraderError

__all__ = [
    "Architecture",
    "Array",
    "AxesData",
    "FigureData",
    "LineData",
    "NotAValue",
    "Other",
    "Raised",
    "Value",
    "ValueTooLarge",
    "capture",
    "describe",
    "dumps",
    "loads",
    "restore",
    "walk",
]

MAX_BYTES = 64 * 2**20
MAX_NODES = 200_000
MAX_DEPTH = 40
MAX_TEXT = 2**20


class ValueTooLarge(GraderError):
    """A value is larger, deeper or has more parts than may leave a kernel."""


class NotAValue(GraderError):
    """Bytes that `loads` was given do not hold a value."""


@dataclass(frozen=True, eq=False)
class Array:
    """A tensor or array. `data` has the value; `dtype` is the original's name ("bfloat16" is held as float32)."""

    data: np.ndarray[Any, Any]
    dtype: str
    kind: str = "tensor"  # or "ndarray"
    requires_grad: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)


@dataclass(frozen=True)
class Architecture:
    """What a `torch.nn.Module` is made of.

    `type` is the public dotted name ("torch.nn.Linear"; a class of the notebook's is "__main__.Mynet1"); `options` is
    torch's `extra_repr` ("in_features=1, out_features=1, bias=True"); `parameters` are its own parameters' shapes.
    """

    type: str
    options: str = ""
    parameters: dict[str, list[int]] = field(default_factory=dict)
    children: dict[str, Architecture] = field(default_factory=dict)

    def walk(self, path: str = "") -> Iterator[tuple[str, Architecture]]:
        """This module and all below it, as (dotted path, module), parents first."""
        yield path, self
        for name, child in self.children.items():
            yield from child.walk(f"{path}.{name}" if path else name)

    def leaves(self) -> list[Architecture]:
        """The modules that hold no others, in order."""
        return [module for _, module in self.walk() if not module.children]

    def count(self) -> int:
        """Number of scalar parameters, here and below."""
        return sum(math.prod(shape) for _, module in self.walk() for shape in module.parameters.values())


@dataclass(frozen=True, eq=False)
class LineData:
    """One drawn line or set of points. `x`, `y`: (n,) float arrays."""

    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]
    label: str = ""
    style: str = "-"  # matplotlib's line style; "None" for points only
    marker: str = "None"


@dataclass(frozen=True, eq=False)
class AxesData:
    """One axes of a figure: its texts and what is drawn in it. `images`: (h, w) or (h, w, c) arrays."""

    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    lines: list[LineData] = field(default_factory=list)
    images: list[np.ndarray[Any, Any]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FigureData:
    """A figure as data, not as pixels. `size` is in inches."""

    title: str = ""
    size: tuple[float, float] = (6.4, 4.8)
    axes: list[AxesData] = field(default_factory=list)


@dataclass(frozen=True)
class Raised:
    """An exception: `type` is its class name, `bases` the names of its classes up to `Exception`."""

    type: str
    message: str
    bases: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Other:
    """Something that may not leave a kernel. Only the name of its type does."""

    type: str


Value: TypeAlias = Any  # None | bool | int | float | str | list | dict | one of the classes above; mypy cannot recurse

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
                return _architecture(torch, live)
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


def _architecture(torch: Any, module: Any) -> Architecture:
    kind = type(module)
    public = getattr(torch.nn, kind.__name__, None) is kind
    name = f"torch.nn.{kind.__name__}" if public else f"{kind.__module__}.{kind.__qualname__}"
    return Architecture(
        type=name,
        options=_options(module) if kind.__module__.startswith("torch.") else "",
        parameters={key: [int(n) for n in p.shape] for key, p in module._parameters.items() if p is not None},
        children={key: _architecture(torch, child) for key, child in module._modules.items() if child is not None},
    )


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
        axes=[_axes(axes, claim) for axes in figure.axes[:100]],
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
    return AxesData(axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), lines, images)


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


# ---------------------------------------------------------------------------------------------------- plain data <-> bytes

_CLASSES: dict[str, type[Any]] = {
    cls.__name__: cls for cls in (Architecture, Array, AxesData, FigureData, LineData, Other, Raised)
}


def dumps(value: Value) -> bytes:
    """One safetensors file: tensors are the arrays in `value`, its metadata the rest as JSON. Same value, same bytes."""
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    skeleton = _encode(value, tensors)
    text = json.dumps(skeleton, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return bytes(_save_tensors(tensors, metadata={"value": text}))


def loads(data: bytes) -> Value:
    """The value that `dumps` wrote. Raises NotAValue for anything else."""
    try:
        tensors = _load_tensors(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return _decode(json.loads(header["__metadata__"]["value"]), tensors)
    except (
        safetensors.SafetensorError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OverflowError,
    ) as error:
        raise NotAValue(f"not a value file: {type(error).__name__}: {error}") from error


def _encode(value: Value, tensors: dict[str, np.ndarray[Any, Any]]) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"$": "int", "text": hex(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$": "float", "text": repr(value)}
    if isinstance(value, (list, tuple)):
        return [_encode(item, tensors) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and "$" not in value:
            return {key: _encode(item, tensors) for key, item in value.items()}
        return {"$": "dict", "items": [[_encode(k, tensors), _encode(v, tensors)] for k, v in value.items()]}
    if isinstance(value, np.ndarray):
        name = f"{len(tensors):05d}"
        is_complex = value.dtype.kind == "c"
        tensors[name] = np.stack([value.real, value.imag], axis=-1) if is_complex else np.array(value, order="C")
        return {"$": "complex" if is_complex else "numbers", "name": name}
    if type(value).__name__ in _CLASSES:
        parts = {f.name: _encode(getattr(value, f.name), tensors) for f in fields(value)}
        return {"$": type(value).__name__, **parts}
    raise TypeError(f"{type(value).__name__} is not plain data; call capture first")


def _decode(data: Any, tensors: dict[str, np.ndarray[Any, Any]]) -> Value:
    if isinstance(data, list):
        return [_decode(item, tensors) for item in data]
    if not isinstance(data, dict):
        return data
    match data.get("$"):
        case None:
            return {key: _decode(item, tensors) for key, item in data.items()}
        case "int":
            return int(data["text"], 16)
        case "float":
            return float(data["text"])
        case "dict":
            return {_decode(key, tensors): _decode(item, tensors) for key, item in data["items"]}
        case "numbers":
            return tensors[data["name"]]
        case "complex":
            pairs = tensors[data["name"]]
            return pairs.view(np.result_type(pairs.dtype, np.complex64))[..., 0]
        case name:
            cls = _CLASSES[name]
            parts = {key: _decode(item, tensors) for key, item in data.items() if key != "$"}
            if cls is FigureData:
                parts["size"] = tuple(parts["size"])
            return cls(**parts)


# ---------------------------------------------------------------------------------------------------- looking at values


def walk(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """The leaves of nested lists and dicts with the path to each, e.g. ``('[0]["weight"]', Array(...))``."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from walk(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{path}[{key!r}]")
    else:
        yield path, value


def describe(value: Value) -> str:
    """What a value is *in kind*, for a message: "a float32 tensor of shape (199, 1)". Holds no number of the value."""
    match value:
        case None:
            return "None"
        case bool():
            return "a truth value"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a text"
        case list():
            return f"a list of {len(value)} item{'s' if len(value) != 1 else ''}"
        case dict():
            keys = ", ".join(map(str, list(value)[:6])) + (", …" if len(value) > 6 else "")
            return f"a dict with the keys {keys}" if value else "an empty dict"
        case Array():
            kind = "tensor" if value.kind == "tensor" else "numpy array"
            return f"{_an(value.dtype)} {kind} of shape {value.shape}"
        case Architecture():
            return f"a module {value.type.removeprefix('__main__.')}"
        case FigureData():
            return f"a figure with {len(value.axes)} axes"
        case Raised():
            return f"the exception {value.type}"
        case Other():
            return f"{_an(value.type)} object"
    return f"{_an(type(value).__name__)} object"


def _an(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' and not word.startswith('uint') else 'a'} {word}"
