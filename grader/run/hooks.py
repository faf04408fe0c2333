"""What cells hang into that which runs cells: hooks of IPython's, a trace function, callbacks of the garbage collector.

They would be called in later cells and checks, and end or change them, which is not those cells' doing. So a hook from a
notebook's own code holds for the cell that hangs it up; one that a library brings along (`%load_ext`, matplotlib's) stays.

https://ipython.readthedocs.io/en/stable/config/callbacks.html, https://ipython.readthedocs.io/en/stable/config/inputtransforms.html
"""

from __future__ import annotations

import gc
import sys
import threading
from types import FunctionType, MethodType
from typing import Any

__all__ = ["Hooks"]

_PARTS = ("compile", "custom_exceptions", "CustomTB", "display_pub", "displayhook", "events", "InteractiveTB", "SyntaxTB")
_TRAITS = ("ast_transformers", "input_transformer_manager")
_LINES = ("cleanup_transforms", "line_transforms", "token_transformers")


class Hooks:
    """Made before the first cell; `take_down()` before each, before each check, and before the process is copied."""

    def __init__(self, ip: Any) -> None:
        callbacks, manager, ast = ip.events.callbacks, ip.input_transformer_manager, ip.ast_transformers
        spaces: list[tuple[dict[str, Any], tuple[str, ...]]] = [
            (vars(ip), _PARTS),
            (vars(ip)["_trait_values"], _TRAITS),
            (vars(ip.events), ("callbacks",)),
            (callbacks, tuple(callbacks)),
            (vars(manager), _LINES),
        ]
        self._user_ns = ip.user_ns
        self._places = [(space, name, space[name]) for space, names in spaces for name in names if name in space]
        lists = [*callbacks.values(), *(vars(manager)[name] for name in _LINES if name in vars(manager)), ast, gc.callbacks]
        self._lists = [(hooks, list(hooks)) for hooks in lists]
        self._tracers = (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile)

    def take_down(self) -> None:
        """What this notebook's cells hung up."""
        for space, name, what in self._places:
            space[name] = what
        for hooks, ours in self._lists:
            if len(hooks) != len(ours) or any(hook is not one for hook, one in zip(hooks, ours, strict=True)):
                known = set(map(id, ours))
                hooks[:] = [*ours, *(hook for hook in hooks if id(hook) not in known and self._is_a_librarys(hook))]
        for trace in self._tracers:
            trace(None)

    def _is_a_librarys(self, hook: Any) -> bool:
        function = hook.__func__ if type(hook) is MethodType else hook
        return type(function) is FunctionType and function.__globals__ is not self._user_ns
