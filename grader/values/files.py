"""Plain data <-> bytes: one safetensors file with the arrays as tensors and the rest as JSON in its header."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import numpy as np
import safetensors
from safetensors.numpy import load as _load_tensors
from safetensors.numpy import save as _save_tensors

from grader.values.kinds import Architecture, Array, AxesData, FigureData, LineData, NotAValue, Other, Raised, Value

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
