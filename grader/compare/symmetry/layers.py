"""Which layers a network has, from the names and shapes of its tensors, and from its architecture where that is known.

As in torch.nn: Linear weight (out, in); Embedding weight (num, dim); RNN, GRU, LSTM weight_ih (G*H, in), weight_hh (G*H, H) with
G = 1, 3 (r, z, n), 4 (i, f, g, o), one pair a layer and direction. An RNN made by hand of two Linear layers, the second from
hidden to hidden, is an RNN too. So is x @ W + b with W (in, out): its bias tells it from a Linear's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

from grader.compare.symmetry.network import Network, State
from grader.values import Architecture

__all__ = ["GATES", "Layer", "chained", "layers_of", "otherwise"]

GATES = {"rnn": 1, "gru": 3, "lstm": 4}

_RECURRENT = re.compile(r"(weight|bias)_(ih|hh|hr)(?:_l(\d+))?(_reverse)?")
_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
_HIDDEN_TO_HIDDEN = re.compile(r"h2h|hh|h_h|h_?to_?h|hid(den)?_?(2|to)_?hid(den)?|recurrent|w_?h")
_CELL = re.compile(r"rnn|cell|elman|recurrent")
_EMBEDDING = re.compile(r"emb|ebd")
_MOST_ORDERED = 6  # so many layers are tried in every order


@dataclass(frozen=True)
class Layer:
    """One layer. kind: "linear", "embedding", "norm", "rnn", "gru", "lstm", or "other", of which nothing is known.

    roles: "weight", "bias"; of recurrent layers "weight_ih", "weight_hh", "bias_ih", "bias_hh", with "_reverse" for the second
    direction; of others their own names -> the tensor's name. transposed: the weight is (in, out).
    mode: what an RNN does to its state, "tanh" or "relu", "" when unknown. module: of the architecture, where that is known.
    then: the activations between it and the next layer; None when they are unknown.
    """

    kind: str
    path: str
    roles: dict[str, str]
    inputs: int = 0
    outputs: int = 0
    transposed: bool = False
    mode: str = ""
    module: Architecture | None = None
    then: tuple[str, ...] | None = None

    @property
    def recurrent(self) -> bool:
        return self.kind in GATES

    @property
    def directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if "weight_hh_reverse" in self.roles else ("",)

    @property
    def hidden(self) -> int:
        """Units a direction."""
        return self.outputs // len(self.directions)


def layers_of(network: Network) -> list[Layer]:
    """The layers, in the order of their names, or in the only order in which their sizes chain."""
    below: dict[str, list[str]] = defaultdict(list)
    for name in network.tensors:
        below[name.rpartition(".")[0]].append(name)
    found = [layer for path, names in below.items() for layer in _parsed(path, names, network.tensors)]
    found = [replace(layer, module=network.modules.get(layer.path)) for layer in found]
    found = _with_embeddings(_with_cells(found, network))
    return _ordered([replace(layer, mode=_mode(layer)) for layer in found])


def chained(first: Layer, then: Layer) -> bool:
    """Whether `then` may read what `first` gives."""
    return "other" not in (first.kind, then.kind) and then.kind != "embedding" and 0 < first.outputs == then.inputs


def _ordered(found: list[Layer]) -> list[Layer]:
    def fits(some: list[Layer]) -> bool:
        return all(chained(first, then) for first, then in pairwise(some))

    if fits(found) or len(found) > _MOST_ORDERED or any(layer.kind == "other" for layer in found):
        return found
    orders = [list(order) for order in permutations(found) if fits(list(order))]
    return orders[0] if len(orders) == 1 else found


def _mode(layer: Layer) -> str:
    """What the RNN's architecture says of its activation."""
    if layer.kind != "rnn" or layer.module is None or not layer.module.type.startswith("torch.nn.RNN"):
        return ""
    return "relu" if "relu" in layer.module.options.lower() else "tanh"


# ---------------------------------------------------------------------------------------------------- from names and shapes


def _parsed(path: str, names: list[str], tensors: State) -> Iterator[Layer]:
    """The layers of one module's own tensors."""
    leaves = {name.rpartition(".")[2]: name for name in names}
    shapes = {name: tensors[name].shape if tensors[name].data.dtype.kind in "iuf" else () for name in names}
    if _is_norm(leaves, shapes):
        size = max(shapes[name][0] for name in leaves.values() if shapes[name])
        yield Layer("norm", path, leaves, size, size)
        return
    stacked: dict[str, dict[str, str]] = defaultdict(dict)
    rest = []
    for leaf, name in leaves.items():
        match = _RECURRENT.fullmatch(leaf)
        if match:
            stacked[match[3] or ""][f"{match[1]}_{match[2]}{match[4] or ''}"] = name
        else:
            rest.append(name)
    yield from (_recurrent(path, roles, shapes) for roles in stacked.values())
    yield from _raw(path, rest, shapes)


def _is_norm(leaves: dict[str, str], shapes: dict[str, tuple[int, ...]]) -> bool:
    """One number a feature, and nothing else but perhaps a count."""
    sizes = {shapes[name] for leaf, name in leaves.items() if leaf != "num_batches_tracked"}
    return leaves.keys() <= _NORM and len(sizes) == 1 and len(sizes.pop()) == 1 and "bias" in leaves


def _recurrent(path: str, roles: dict[str, str], shapes: dict[str, tuple[int, ...]]) -> Layer:
    """A layer of an RNN, GRU or LSTM; "other" when the shapes are not those of one."""
    other = Layer("other", path, roles)
    directions = ("", "_reverse") if any(role.endswith("_reverse") for role in roles) else ("",)
    inputs, hidden = set(), set()
    for end in directions:
        ih, hh = (shapes.get(roles.get(role + end, ""), ()) for role in ("weight_ih", "weight_hh"))
        if len(ih) != 2 or len(hh) != 2 or not hh[1] or ih[0] != hh[0] or hh[0] % hh[1]:
            return other
        if any(shapes[roles[role + end]] != hh[:1] for role in ("bias_ih", "bias_hh") if role + end in roles):
            return other
        inputs.add(ih[1])
        hidden.add((hh[0] // hh[1], hh[1]))
    if len(inputs) > 1 or len(hidden) > 1 or any("hr" in role for role in roles):
        return other
    gates, size = hidden.pop()
    kind = next((kind for kind, count in GATES.items() if count == gates), "other")
    return Layer(kind, path, roles, inputs.pop(), size * len(directions))


def _raw(path: str, names: list[str], shapes: dict[str, tuple[int, ...]]) -> Iterator[Layer]:
    """Tensors in order: a matrix begins a Linear, with the vector that fits as its bias."""
    left = list(names)
    found = []
    while left:
        name = left.pop(0)
        roles = _as_parameters(name, left, shapes)
        if len(shapes[name]) != 2:
            found.append(Layer("other", path, {name.rpartition(".")[2]: name}))
        elif roles:
            left = left[3:]
            found.append(_recurrent(path, roles, shapes))
        else:
            bias = _bias(name, left, shapes)
            left = [n for n in left if n != bias]
            rows, columns = shapes[name]
            found.append(Layer("linear", path, {"weight": name} | ({"bias": bias} if bias else {}), columns, rows))
    transposed = [_transposed(layer, shapes) for layer in found]
    says = {answer for answer in transposed if answer is not None}
    for layer, answer in zip(found, transposed, strict=True):
        own = layer.kind == "linear" and not layer.roles["weight"].endswith("weight")
        flip = own and (says == {True} if answer is None else answer)
        yield replace(layer, inputs=layer.outputs, outputs=layer.inputs, transposed=True) if flip else layer


def _transposed(layer: Layer, shapes: dict[str, tuple[int, ...]]) -> bool | None:
    """Whether the bias of a Linear says that its weight is (in, out); None when it cannot."""
    if layer.kind != "linear" or "bias" not in layer.roles or layer.inputs == layer.outputs:
        return None
    return shapes[layer.roles["bias"]][-1] != layer.outputs


def _as_parameters(name: str, left: list[str], shapes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """The roles of four tensors that come as `list(rnn.parameters())` gives them; empty when they do not."""
    four = [name, *left[:3]]
    if len(four) < 4 or not all(n.rpartition(".")[2].isdigit() for n in four):
        return {}
    ih, hh, *biases = (shapes[n] for n in four)
    if len(hh) != 2 or ih[0] != hh[0] or any(b != hh[:1] for b in biases) or hh[0] not in [g * hh[1] for g in GATES.values()]:
        return {}
    return dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), four, strict=True))


def _bias(weight: str, left: list[str], shapes: dict[str, tuple[int, ...]]) -> str:
    """The bias of a weight, "" for none: the next tensor, or one that is called alike ("W2", "b2")."""
    strict = weight.endswith("weight")
    sizes = shapes[weight][:1] if strict else shapes[weight]
    fits = [n for n in left if shapes[n] and shapes[n][-1] in sizes and (len(shapes[n]) == 1 or shapes[n][:-1] == (1,))]
    number = re.sub(r"\D", "", weight.rpartition(".")[2])
    alike = [n for n in fits if number and re.sub(r"\D", "", n.rpartition(".")[2]) == number]
    nearest = [n for n in left[:1] if n in fits and len(shapes[n]) == 1]
    return next(iter([] if strict and not nearest else alike or nearest), "")


# ---------------------------------------------------------------------------------------------------- what a layer is used as


def _with_cells(found: list[Layer], network: Network) -> list[Layer]:
    """Two Linear layers of one module, from input to hidden and from hidden to hidden, as the RNN that they make."""
    kept = list(found)
    for hh in found:
        if hh.kind != "linear" or hh.inputs != hh.outputs or hh not in kept:
            continue
        parent, _, name = hh.path.rpartition(".")
        mates = [a for a in kept if a.kind == "linear" and a is not hh and a.outputs == hh.outputs and a.path != hh.path]
        mates = [a for a in mates if a.path.rpartition(".")[0] == parent and not _HIDDEN_TO_HIDDEN.fullmatch(_last(a.path))]
        module = network.modules.get(parent)
        cell = _CELL.search(f"{_last(parent)} {module.type.rpartition('.')[2] if module else ''}".lower())
        named = _HIDDEN_TO_HIDDEN.fullmatch(name.lower())
        before = [a for a in mates if kept.index(a) < kept.index(hh)] or (mates if named else [])
        if before and (named or cell) and not hh.transposed:
            ih = before[-1]
            roles = {f"{role}_ih": n for role, n in ih.roles.items()} | {f"{role}_hh": n for role, n in hh.roles.items()}
            kept[kept.index(ih)] = Layer("rnn", parent, roles, ih.inputs, hh.outputs, module=module)
            kept.remove(hh)
    return kept


def _last(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _with_embeddings(found: list[Layer]) -> list[Layer]:
    """A matrix without bias that stands first, whose columns the next layer reads, is an Embedding."""

    def is_embedding(i: int, layer: Layer) -> bool:
        if not _may_be_embedding(layer):
            return False
        if _known(layer):
            return layer.module is not None and layer.module.type == "torch.nn.Embedding"
        if _EMBEDDING.search(layer.path.lower()):
            return True
        return i == 0 and len(found) > 1 and found[1].inputs == layer.inputs != layer.outputs

    return [_as_embedding(layer) if is_embedding(i, layer) else layer for i, layer in enumerate(found)]


def otherwise(found: Sequence[Layer]) -> list[Layer] | None:
    """The other reading of layers of which the first, a square matrix without bias, may be a Linear and an Embedding."""
    if len(found) < 2 or not _may_be_embedding(found[0]) or _known(found[0]) or found[0].inputs != found[0].outputs:
        return None
    return [_as_embedding(found[0]), *found[1:]]


def _may_be_embedding(layer: Layer) -> bool:
    return layer.kind == "linear" and "bias" not in layer.roles and not layer.transposed


def _known(layer: Layer) -> bool:
    return layer.module is not None and layer.module.type.startswith("torch.nn.")


def _as_embedding(layer: Layer) -> Layer:
    return replace(layer, kind="embedding", inputs=layer.outputs, outputs=layer.inputs)
