"""What a network gives, computed from its weights alone: a chain of layers, in double precision, as torch.nn documents them.

Recurrent layers start at zero and give every step's state; normalisation layers are in eval mode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from grader.compare.measure import Numbers
from grader.compare.symmetry.activations import FUNCTIONS
from grader.compare.symmetry.layers import Layer
from grader.compare.symmetry.network import Network
from grader.compare.symmetry.structure import Structure

__all__ = ["cannot", "inputs", "outputs"]

_STEPS, _BATCH, _SEED = 7, 48, 43052
_SIZES = (0.3, 1.0, 3.0)  # of the inputs: small ones for the linear part of an activation, large ones for its ends


def cannot(structure: Structure, activation: str) -> str:
    """Why the outputs of a network cannot be computed from its weights, or ""."""
    layers = structure.layers
    if not layers:
        return "there are no weights"
    strange = next((layer for layer in layers if layer.kind == "other"), None)
    if strange is not None:
        return f"`{_called(strange)}` is no Linear, Embedding, RNN, GRU, LSTM or BatchNorm"
    broken = [i for i, source in enumerate(structure.sources) if i and source != i - 1]
    if broken:
        return f"`{_called(layers[broken[0]])}` does not read what `{_called(layers[broken[0] - 1])}` gives"
    if layers[0].kind == "norm" or any(layer.kind == "norm" and not _known_norm(layer) for layer in layers):
        return "of a normalisation layer the architecture must be known"
    for layer, then in pairwise(layers):
        acts = _acts(layer, then, activation)
        if acts is None:
            return f"what stands between `{_called(layer)}` and `{_called(then)}` is not known"
    unknown = [name for layer in layers for name in layer.then or () if name not in FUNCTIONS]
    return f"the activation {unknown[0]} is not known" if unknown else ""


def inputs(structure: Structure) -> Numbers:
    """Inputs for a network, the same ones every time: (T, B) indices for an Embedding, else (T, B, in)."""
    rng = np.random.default_rng(_SEED)
    first = structure.layers[0]
    if first.kind == "embedding":
        steps = max(_STEPS, -(-first.inputs // _BATCH))
        return np.asarray(rng.permuted(np.resize(np.arange(first.inputs), (steps, _BATCH))))
    return np.asarray(rng.normal(size=(_STEPS, _BATCH, first.inputs)) * np.resize(_SIZES, (1, _BATCH, 1)))


def outputs(network: Network, structure: Structure, x: Numbers, activation: str) -> Numbers:
    """What a network gives for `inputs`, (T, B, out). Indices are one-hot vectors for a first layer that is no Embedding."""
    tensors = {name: array.data.astype(np.float64) for name, array in network.tensors.items()}
    layers = structure.layers
    if x.ndim == 2 and layers[0].kind != "embedding":
        x = np.eye(layers[0].inputs)[x]
    for layer, then in zip(layers, [*layers[1:], None], strict=True):
        x = _layer(layer, tensors, x, activation)
        for name in _acts(layer, then, activation) or ():
            x = FUNCTIONS[name](x)
    return x


def _acts(layer: Layer, then: Layer | None, activation: str) -> tuple[str, ...] | None:
    """What stands behind a layer; None when it is not known. Nothing behind an RNN, nor between an Embedding and it."""
    if layer.then is not None or then is None:
        return layer.then or ()
    if layer.recurrent or (layer.kind == "embedding" and then.recurrent):
        return ()
    return (activation,) if activation and then.kind != "norm" else None


def _known_norm(layer: Layer) -> bool:
    return "running_mean" in layer.roles or (layer.module is not None and layer.module.type == "torch.nn.LayerNorm")


def _called(layer: Layer) -> str:
    return layer.path or next(iter(layer.roles.values()), "")


def _layer(layer: Layer, tensors: Mapping[str, Numbers], x: Numbers, activation: str) -> Numbers:
    """One layer without its activation. (T, B, in) or indices (T, B) -> (T, B, out)."""
    own = {role: tensors[name] for role, name in layer.roles.items()}
    if layer.kind == "embedding":
        return np.asarray(own["weight"][x])
    if layer.kind == "linear":
        weight = own["weight"] if layer.transposed else own["weight"].T
        return x @ weight + own.get("bias", 0.0)
    if layer.kind == "norm":
        return _norm(layer, own, x)
    mode = layer.mode or (activation if activation in ("relu", "sigmoid", "identity") else "tanh")
    return np.concatenate([_recurrent(layer.kind, own, end, x, mode) for end in layer.directions], axis=-1)


def _norm(layer: Layer, own: Mapping[str, Numbers], x: Numbers) -> Numbers:
    """BatchNorm with its running statistics, LayerNorm with those of each vector."""
    found = re.search(r"eps=([0-9.e-]+)", layer.module.options if layer.module else "")
    eps = float(found[1]) if found else 1e-5
    if "running_mean" in own:
        mean, var = own["running_mean"], own["running_var"]
    else:
        mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps) * own.get("weight", 1.0) + own.get("bias", 0.0)


def _recurrent(kind: str, own: Mapping[str, Numbers], end: str, x: Numbers, mode: str) -> Numbers:
    """The states of one direction, (T, B, in) -> (T, B, H)."""
    w_hh = own[f"weight_hh{end}"].T  # (H, G*H)
    b_hh = own.get(f"bias_hh{end}", 0.0)
    given = x @ own[f"weight_ih{end}"].T + own.get(f"bias_ih{end}", 0.0)  # (T, B, G*H)
    h = c = np.zeros((x.shape[1], len(w_hh)))
    states = np.empty((*x.shape[:2], len(w_hh)))
    for t in range(len(x))[:: -1 if end else 1]:
        read = h @ w_hh + b_hh
        if kind == "rnn":
            h = FUNCTIONS[mode](given[t] + read)
        elif kind == "lstm":
            i, f, g, o = np.split(given[t] + read, 4, axis=-1)
            c = FUNCTIONS["sigmoid"](f) * c + FUNCTIONS["sigmoid"](i) * np.tanh(g)
            h = FUNCTIONS["sigmoid"](o) * np.tanh(c)
        else:
            (r, z, n), (r_h, z_h, n_h) = np.split(given[t], 3, axis=-1), np.split(read, 3, axis=-1)
            r, z = FUNCTIONS["sigmoid"](r + r_h), FUNCTIONS["sigmoid"](z + z_h)
            h = (1 - z) * np.tanh(n + r * n_h) + z * h
        states[t] = h
    return states
