"""Which tensor of the student's goes with which expected one, whatever they are called; biases of which only the sum counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grader.compare.symmetry.layers import Layer
from grader.compare.symmetry.network import State
from grader.values import Array

__all__ = ["assigned", "summed"]


def assigned(value: State, expected: State, mine: Sequence[Layer], theirs: Sequence[Layer]) -> dict[str, str] | None:
    """Expected name -> the student's: by name; else layers of one kind and shape, in order; else tensors of one shape, in order.

    mine, theirs: the layers of both. None when the shapes are not the same ones.
    """
    if len(value) != len(expected):
        return None
    if all(name in value and value[name].shape == array.shape for name, array in expected.items()):
        return {name: name for name in expected}
    return _by_layer(value, expected, mine, theirs) or _by_shape(value, expected)


def _by_layer(value: State, expected: State, mine: Sequence[Layer], theirs: Sequence[Layer]) -> dict[str, str] | None:
    waiting = list(mine)
    found: dict[str, str] = {}
    for layer in theirs:
        key = _key(layer, expected)
        match = next((other for other in waiting if _key(other, value) == key), None)
        if match is None:
            return None
        waiting.remove(match)
        if layer.kind == "other":
            found |= dict(zip(layer.roles.values(), match.roles.values(), strict=True))
        else:
            found |= {name: match.roles[role] for role, name in layer.roles.items()}
    return found if len(found) == len(expected) else None


def _key(layer: Layer, tensors: State) -> tuple[object, ...]:
    """What two layers have in common that may stand for each other."""
    shapes = {role: tensors[name].shape for role, name in layer.roles.items()}
    return (layer.kind, list(shapes.values()) if layer.kind == "other" else sorted(shapes.items()))


def _by_shape(value: State, expected: State) -> dict[str, str] | None:
    waiting: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, array in value.items():
        waiting[array.shape].append(name)
    found = {name: waiting[array.shape].pop(0) for name, array in expected.items() if waiting[array.shape]}
    return found if len(found) == len(expected) else None


# ---------------------------------------------------------------------------------------------------- biases


def summed(tensors: State, layers: Sequence[Layer]) -> tuple[State, list[Layer], set[str]]:
    """The same network with one bias where a recurrent layer has two, and the names of the sums.

    Of an RNN and an LSTM only bias_ih + bias_hh counts; of a GRU that holds for r and z, not for n, where r stands between them.
    A cell with one bias has the other at zero.
    """
    found, layers = dict(tensors), list(layers)
    sums: set[str] = set()
    for i, layer in enumerate(layers):
        roles = dict(layer.roles)
        for end in layer.directions if layer.recurrent else ():
            pair = [roles.pop(f"{role}{end}", "") for role in ("bias_ih", "bias_hh")]
            both = [found.pop(name) for name in pair if name]
            if len(both) < 2 and (layer.kind == "gru" or not both):
                roles |= {f"{role}{end}": name for role, name in zip(("bias_ih", "bias_hh"), pair, strict=True) if name}
                found |= dict(zip([name for name in pair if name], both, strict=True))
                continue
            made = _sum(layer, end, [name for name in pair if name], both)
            found |= dict(made.values())
            roles |= {role: name for role, (name, _) in made.items()}
            sums |= {
                total for role, (total, _) in made.items() if len(both) == 2 and role.removesuffix(end) in ("bias", "bias_rz")
            }
        layers[i] = replace(layer, roles=roles)
    return found, layers, sums


def _sum(layer: Layer, end: str, names: list[str], both: list[Array]) -> dict[str, tuple[str, Array]]:
    """Role -> name and tensor of what takes the place of two biases."""
    name, total = " + ".join(names), _wide(both[0]) if len(both) == 1 else _wide(both[0]) + _wide(both[1])
    if layer.kind != "gru":
        return {f"bias{end}": (name, _like(both[0], total))}
    two = 2 * layer.hidden
    made = {f"bias_rz{end}": (f"{name} (r, z)", _like(both[0], total[:two]))}
    for role, own, array in zip(("bias_ih_n", "bias_hh_n"), names, both, strict=True):
        made[f"{role}{end}"] = (f"{own} (n)", _like(array, array.data[two:]))
    return made


def _wide(array: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return array.data.astype(np.float64)


def _like(array: Array, data: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Array:
    return Array(data, array.dtype, array.kind)
