"""The layers of a forward pass: what comes out of each named module, by forward hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["layers"]


def layers(net: Any, *inputs: Any, names: Sequence[str] = ()) -> dict[str, Any]:
    """Name -> output of each leaf module (or of those named) while `net(*inputs)` is computed, in the order of computation."""
    found: dict[str, Any] = {}

    def noting(name: str) -> Any:
        def note(_module: Any, _inputs: Any, output: Any) -> None:
            found[name] = output

        return note

    chosen = [(n, m) for n, m in net.named_modules() if (n in names if names else not list(m.children()))]
    hooks = [module.register_forward_hook(noting(name)) for name, module in chosen]
    try:
        net(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found
