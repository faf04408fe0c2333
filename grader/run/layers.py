"""The layers of a forward pass: what comes out of each named module, by forward hooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

__all__ = ["layers"]


def layers(net: Any, *inputs: Any, names: Sequence[str] = ()) -> dict[str, Any]:
    """Name -> output of each layer while `net(*inputs)` is computed, in the order in which they end.

    A layer is a module that calls no other on its way: a leaf, and also a module that uses its children without calling them
    (`MultiheadAttention`). With `names`, those modules instead, containers too. A module that is called again adds "name#2",
    "name#3", …; a network that is a layer itself is called "net". A name that the network does not have, and a module that is
    never called, are not in the result. Outputs are detached copies: what is computed later in place does not change them.

    Raises TypeError where `net` is no module, and whatever the forward pass raises. The hooks are gone in any case.
    """
    import torch

    if not isinstance(net, torch.nn.Module):
        raise TypeError(f"the layers of a network are asked for, and this is a {type(net).__name__}, no torch.nn.Module")
    found: dict[str, Any] = {}
    calls: Counter[str] = Counter()
    open_calls: list[_Call] = []
    hooks: list[Any] = []

    def watch(name: str, module: Any) -> None:
        def enter(_module: Any, _inputs: Any) -> None:
            for call in open_calls:
                call.calls_others = True
            open_calls.append(_Call(name))

        def leave(_module: Any, _inputs: Any, output: Any) -> None:
            while open_calls[-1].name != name:  # calls that raised, and whose caller went on
                open_calls.pop()
            call = open_calls.pop()
            if name in names if names else not call.calls_others:
                calls[name] += 1
                found[_key(name, calls[name])] = _copied(output)

        hooks.append(module.register_forward_pre_hook(enter))
        hooks.append(module.register_forward_hook(leave))

    try:
        for name, module in net.named_modules():
            if "parametrizations" not in name.split("."):  # of weight_norm and the like: they give weights, not activations
                watch(name, module)
        net(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


class _Call:
    """One call of a module that has not ended yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls_others = False


def _key(name: str, call: int) -> str:
    return f"{name or 'net'}{f'#{call}' if call > 1 else ''}"


def _copied(output: Any) -> Any:
    """Detached copies of all tensors in an output; tuples (named ones, too) as lists."""
    import torch

    if isinstance(output, torch.Tensor):
        return output.detach().clone()
    if isinstance(output, (list, tuple)):
        return [_copied(item) for item in output]
    if isinstance(output, dict):
        return {key: _copied(item) for key, item in output.items()}
    return output
