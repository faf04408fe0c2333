"""What stands between two layers, from the architecture, and which signs and scales pass through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.compare.measure import Numbers
from grader.compare.symmetry.layers import Layer
from grader.compare.symmetry.network import Network
from grader.values import Architecture

__all__ = ["FUNCTIONS", "HOMOGENEOUS", "ODD", "with_activations"]


def _sigmoid(x: Numbers) -> Numbers:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _softmax(x: Numbers) -> Numbers:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "identity": lambda x: x,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
    "leakyrelu": lambda x: np.where(x > 0, x, 0.01 * x),
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "silu": lambda x: x * _sigmoid(x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "softmax": _softmax,
    "logsoftmax": lambda x: np.log(_softmax(x)),
}

ODD = {"identity", "tanh", "softsign", "tanhshrink", "hardshrink", "softshrink"}  # f(-x) = -f(x)
HOMOGENEOUS = {"identity", "relu", "leakyrelu"}  # f(s x) = s f(x) for s > 0

_NEITHER = {"gelu", "relu6", "hardtanh", "selu", "celu", "mish", "hardswish", "logsigmoid", "hardsigmoid"}
_KNOWN = set(FUNCTIONS) | ODD | _NEITHER
_SILENT = {"identity", "flatten", "sequential", "modulelist", "moduledict"}  # nothing happens there
_USUAL = {"leakyrelu": "negative_slope=0.01", "elu": "alpha=1.0", "softplus": "beta=1.0, threshold=20.0"}  # torch's defaults


def with_activations(layers: list[Layer], network: Network) -> list[Layer]:
    """The layers with what stands behind each, as far as the modules' order says it.

    In a `Sequential` that is all; in a class of one's own an activation may be a call that no module shows, so there only a
    module that stands between two layers says something.
    """
    leaves = [path for path, module in network.modules.items() if not module.children]
    places = [leaves.index(layer.path) if layer.path in leaves else None for layer in layers]
    found: list[Layer] = []
    for i, (layer, place) in enumerate(zip(layers, places, strict=True)):
        end = len(leaves) if i + 1 == len(layers) else places[i + 1]
        if place is None or end is None or end < place:
            found.append(layer)
        else:  # end == place: layers of one stacked RNN
            found.append(replace(layer, then=() if end == place else _between(network, leaves[place : end + 1], end - place)))
    if any(layer.then is None for layer in found[:-1]):
        found[-1] = replace(found[-1], then=None)
    return found


def _between(network: Network, leaves: list[str], count: int) -> tuple[str, ...] | None:
    """The activations among the leaves after the first, before the `count`-th; None where there may be one that none shows."""
    names = [_name(network.modules[leaf]) for leaf in leaves[1:count]]
    acts = tuple(name for name in names if name not in _SILENT)
    if any(name not in _KNOWN for name in acts):
        return None
    outer = set(_above(leaves[count])) if len(leaves) > count else set()
    inner = [path for path in _above(leaves[0]) if path not in outer]
    common = max((path for path in _above(leaves[0]) if path in outer), key=len, default=None)
    through = [network.modules.get(path) for path in [*inner, *([] if common is None else [common])]]
    shown = all(module is not None and module.type == "torch.nn.Sequential" for module in through)
    return acts if acts or shown else None


def _above(path: str) -> list[str]:
    """The paths of the modules that hold it: "a.b.c" -> "a.b", "a", ""."""
    parts = path.split(".") if path else []
    return [".".join(parts[:n]) for n in range(len(parts) - 1, -1, -1)]


def _name(module: Architecture) -> str:
    """ "tanh" for torch.nn.Tanh, "identity" for what does nothing in eval mode; "?" for what is not torch's own."""
    name = module.type.rpartition(".")[2].lower()
    if not module.type.startswith("torch.nn.") or module.options != _USUAL.get(name, module.options):
        return "?"
    return "identity" if "dropout" in name else name
