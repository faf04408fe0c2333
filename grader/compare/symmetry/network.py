"""What a value says about a network: its tensors by name, in order, what it is made of, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.compare.walk import as_array, is_number
from grader.values import Architecture, Array, Value

__all__ = ["Network", "State", "read"]

State = dict[str, Array]  # name -> tensor, in order


@dataclass(frozen=True)
class Network:
    """A network as plain data.

    tensors: by dotted name, in order. modules: every module by dotted path, parents first; empty where only weights are known.
    outputs: what it gave on the inputs of the probe, None where the probe had none.
    """

    tensors: State
    modules: dict[str, Architecture] = field(default_factory=dict)
    outputs: Value = None


def read(value: Value) -> Network | None:
    """The network in a value, None where there is none.

    A state dict; a list of tensors, whose names are "0", "1", …; a single tensor, whose name is ""; `nb.network(net, …)`; or a
    dict or list of these, whose names are joined by dots.
    """
    if isinstance(value, Array):
        return Network({"": value})
    if not isinstance(value, (dict, list)):
        return None
    outputs = value.get("outputs") if isinstance(value, dict) and _is_network(value) else None
    tensors: State = {}
    modules: dict[str, Architecture] = {}
    todo: list[tuple[str, Value]] = [("", value)]
    while todo:
        path, item = todo.pop()
        array = as_array([item]) if is_number(item) else as_array(item) if item is not value else None
        if array is not None:
            if path in tensors:
                return None
            tensors[path] = array
        elif isinstance(item, dict) and _is_network(item):
            modules |= {_joined(path, below): module for below, module in item["architecture"].walk()}
            todo.append((path, item["weights"]))
        else:
            below = _items(item, item is value)
            if below is None:
                return None
            todo += [(_joined(path, key), part) for key, part in reversed(below)]
    return Network(tensors, modules, outputs)


def _is_network(value: dict[object, Value]) -> bool:
    """Whether it came from `nb.network`."""
    return isinstance(value.get("architecture"), Architecture) and isinstance(value.get("weights"), dict)


def _items(value: Value, root: bool) -> list[tuple[str, Value]] | None:
    """What a dict or list holds, by name; None for what holds no tensors. Only at the root may a list be empty."""
    if isinstance(value, dict):
        return list(value.items()) if all(isinstance(key, str) for key in value) else None
    if isinstance(value, list) and (value or root):
        return [(str(i), item) for i, item in enumerate(value)]
    return None


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
