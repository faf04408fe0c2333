"""What a private check may repeat of what a notebook gave: nothing that its code could choose.

A function that is called with a private probe's inputs could hand them to its author in the name of a type, in a key or in an
error: messages say these words. So in private checks such names are replaced by neutral ones before anything is judged, unless
they are the expected ones or those of Python and the libraries.
"""

from __future__ import annotations

import builtins
import dataclasses

from grader.result import Capture, Fault
from grader.values import Architecture, Other, Raised, Value

__all__ = ["muted"]

_KNOWN = frozenset(vars(builtins)) | {
    "Tensor", "Parameter", "Generator", "Size", "dtype", "device", "ndarray", "Module", "OrderedDict", "NoneType", "function",
    "builtin_function_or_method", "method", "module", "generator", "OutOfMemoryError", "LinAlgError", "KeyboardInterrupt",
}  # fmt: skip


def muted(capture: Capture, expected: Value) -> Capture:
    """The capture as a private check may judge and describe it."""
    fault = capture.fault
    if fault is None:
        return dataclasses.replace(capture, value=_muted(capture.value, expected))
    if fault.kind != "raised":
        return capture
    kind = fault.type if fault.type in _KNOWN else "an exception"
    return dataclasses.replace(capture, fault=Fault(fault.kind, kind, "", fault.name, fault.cell, fault.line))


def _muted(value: Value, expected: Value) -> Value:
    match value:
        case dict():
            known = expected if isinstance(expected, dict) else {}
            names = {key: key if key in known else f"key {number}" for number, key in enumerate(value, 1)}
            return {names[key]: _muted(item, known.get(key)) for key, item in value.items()}
        case list():
            items = expected if isinstance(expected, list) else []
            return [_muted(item, items[i] if i < len(items) else None) for i, item in enumerate(value)]
        case Raised():
            if isinstance(expected, Raised) and expected.type == value.type:
                return value if expected.message == value.message else dataclasses.replace(value, message="")
            return Raised(value.type if value.type in _KNOWN else "Exception", "", value.bases)
        case Other():
            return value if value.type in _KNOWN or value == expected else Other("foreign")
        case Architecture():
            types = {part.type for _, part in expected.walk()} if isinstance(expected, Architecture) else set()
            return _muted_module(value, types)
    return value


def _muted_module(module: Architecture, known: set[str]) -> Architecture:
    own = module.type.startswith("__main__.") and module.type not in known
    children = {name: _muted_module(child, known) for name, child in module.children.items()}
    return dataclasses.replace(module, type="__main__.Module" if own else module.type, children=children)
