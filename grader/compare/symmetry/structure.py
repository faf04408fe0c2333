"""Groups of hidden units: which numbers of which tensors belong to one unit, and which freedoms leave the function unchanged.

A hidden unit may change places with another of its layer, together with its row in the weight that makes it, its bias, and its
column in the weight that reads it. Where the activation is odd it may change its sign; where it is ReLU it may be scaled.
Hecht-Nielsen, "On the algebraic structure of feedforward network weight spaces" (1990); Sussmann (1992); for RNNs Albertini and
Sontag, "For neural networks, function determines form" (1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grader.compare.symmetry.activations import HOMOGENEOUS, ODD, with_activations
from grader.compare.symmetry.layers import GATES, Layer, chained, layers_of
from grader.compare.symmetry.network import Network

__all__ = ["Group", "Member", "Structure", "structure_of"]

_CANDIDATE = {"rnn": 0, "gru": 2, "lstm": 2}  # the gate whose sign is that of the state: n of a GRU, g of an LSTM


class Member(NamedTuple):
    """Numbers of a group's units: unit u has those at `offset + u` on `axis` of the tensor.

    power: a unit's factor f multiplies them by f ** power: 1 for what makes it, -1 for what reads it, 0 for what sees neither.
    own: whether the other axis is of the same units (weight_hh).
    """

    tensor: str
    axis: int
    offset: int
    power: int
    own: bool = False


@dataclass(frozen=True)
class Group:
    """The hidden units of one layer (and direction). odd, scalable: whether sign and scale are free; True when unknown."""

    path: str
    size: int
    members: tuple[Member, ...]
    odd: bool = True
    scalable: bool = True


@dataclass(frozen=True)
class Structure:
    """The layers of a network, the index of the layer that each reads (None: the input, or unknown), and its groups."""

    layers: tuple[Layer, ...]
    sources: tuple[int | None, ...]
    groups: tuple[Group, ...]


@dataclass
class _Making:
    path: str
    size: int
    offset: int  # of its units in what the layer gives
    members: list[Member]
    acts: set[str]
    hidden: bool  # whether its units are hidden: some layer reads them, or they are the state of a recurrent layer
    gated: bool


def structure_of(network: Network, layers: Sequence[Layer] | None = None, activation: str = "") -> Structure:
    """The structure of a network. layers: its layers, where they are known already. activation: between Linear layers, where the
    architecture does not say it."""
    found = list(layers) if layers is not None else with_activations(layers_of(network), network)
    sources = _sources(found)
    made: list[list[_Making]] = []
    every: list[_Making] = []
    for layer, source in zip(found, sources, strict=True):
        before = made[source] if source is not None else []
        acts = set(layer.then if layer.then is not None else (activation,) if activation and not layer.recurrent else ())
        if layer.kind == "norm":
            for group in before:
                group.members = [member._replace(power=0) for member in group.members]
                group.members += _rescaling(layer, group.offset)
                group.acts |= acts
            made.append(before)
            continue
        for group in before:
            group.members += _readers(layer, group.offset)
            group.hidden = True
        made.append(_units(layer, acts))
        every += made[-1]
    return Structure(tuple(found), tuple(sources), tuple(_group(making) for making in every if making.hidden and making.size))


def _sources(layers: Sequence[Layer]) -> list[int | None]:
    """The layer that each one reads: the one before it, or the nearest that gives as many numbers (a second head)."""
    found: list[int | None] = []
    for i, layer in enumerate(layers):
        before = [j for j in range(i - 1, -1, -1) if chained(layers[j], layer)]
        beyond = any(other.kind == "other" for other in layers[before[0] : i]) if before else True
        found.append(None if beyond else before[0])
    return found


def _group(making: _Making) -> Group:
    return Group(
        making.path,
        making.size,
        tuple(making.members),
        odd=making.acts <= ODD,
        scalable=making.acts <= HOMOGENEOUS and not making.gated,
    )


def _rescaling(layer: Layer, offset: int) -> list[Member]:
    """The numbers of a normalisation layer; only weight and bias have a say in the sign and size of what comes out."""
    roles = ("weight", "bias", "running_mean", "running_var")
    return [Member(layer.roles[role], 0, offset, int(role in roles[:2])) for role in roles if role in layer.roles]


def _readers(layer: Layer, offset: int) -> list[Member]:
    """What reads units that stand at `offset` in the layer's input."""
    if layer.recurrent:
        return [Member(layer.roles[f"weight_ih{end}"], 1, offset, -1) for end in layer.directions]
    return [Member(layer.roles["weight"], 0 if layer.transposed else 1, offset, -1)] if layer.kind == "linear" else []


def _units(layer: Layer, acts: set[str]) -> list[_Making]:
    """The units that a layer gives, a group for each direction."""
    if layer.recurrent:
        acts = acts | ({layer.mode} if layer.mode else set())
        gated = layer.kind != "rnn"
        made = [(end, _state(layer, end)) for end in layer.directions]
        return [
            _Making(f"{layer.path}{end}", layer.hidden, i * layer.hidden, members, acts, hidden=True, gated=gated)
            for i, (end, members) in enumerate(made)
        ]
    if layer.kind not in ("linear", "embedding"):
        return []
    members = [Member(layer.roles["weight"], int(layer.transposed or layer.kind == "embedding"), 0, 1)]
    members += [Member(layer.roles["bias"], -1, 0, 1)] if "bias" in layer.roles else []
    return [_Making(layer.path, layer.outputs, 0, members, acts, hidden=False, gated=False)]


def _state(layer: Layer, end: str) -> list[Member]:
    """The numbers of a recurrent layer's units: their rows in every gate's block, and their columns in weight_hh."""
    found = []
    for role, name in layer.roles.items():
        if role.endswith("_reverse") != bool(end):
            continue
        gates = _blocks(role.removesuffix("_reverse"), layer.kind)
        for block, gate in enumerate(gates):
            power = int(gate == _CANDIDATE[layer.kind])
            found.append(Member(name, 0, block * layer.hidden, power, own=role.startswith("weight_hh")))
        if role.startswith("weight_hh"):
            found.append(Member(name, 1, 0, -1, own=True))
    return found


def _blocks(role: str, kind: str) -> list[int]:
    """The gates whose rows a tensor holds. "bias_rz" and "bias_…_n" are what `slots.summed` makes of a GRU's biases."""
    if role == "bias_rz":
        return [0, 1]
    return [2] if role.endswith("_n") else list(range(GATES[kind]))
