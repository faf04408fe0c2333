"""What cells hang into that which runs cells: hooks of IPython's and of imports, a tracer, what the garbage collector calls.

They would be called in later cells and checks, and end or change them, which is not those cells' doing. So a hook from a
notebook's own code holds for the cell that hangs it up; one that a library brings along (`%load_ext`, matplotlib's) stays.

https://ipython.readthedocs.io/en/stable/config/callbacks.html, https://ipython.readthedocs.io/en/stable/config/inputtransforms.html,
https://docs.python.org/3/reference/import.html#import-hooks
"""

from __future__ import annotations

import gc
import sys
import threading
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

__all__ = ["Hooks"]

_PARTS = (
    "compile", "custom_exceptions", "CustomTB", "display_pub", "displayhook", "events", "InteractiveTB", "SyntaxTB",
    "showtraceback", "_get_exc_info",
)  # fmt: skip
_TRAITS = ("ast_transformers", "display_formatter", "input_transformer_manager")
_OWNERS = ("compile", "display_formatter", "display_pub", "displayhook", "events", "input_transformer_manager", "kernel")
_LINES = ("cleanup_transforms", "line_transforms", "token_transformers")

_WRAPPED = (MethodType, classmethod, staticmethod)
_METHODS = (FunctionType, property, *_WRAPPED)
_names_of = type.__dict__["__dict__"].__get__  # `vars` of a class, whatever its metaclass says


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
            (vars(sys), ("meta_path", "path_hooks")),
        ]
        self._user_ns = ip.user_ns
        self._places = [(space, name, space[name]) for space, names in spaces for name in names if name in space]
        lists = [*callbacks.values(), *(vars(manager)[name] for name in _LINES if name in vars(manager)), ast, gc.callbacks]
        self._lists = [(hooks, list(hooks)) for hooks in lists]
        finders: list[list[Any]] = [sys.meta_path, sys.path_hooks]
        self._finders = [(hooks, list(hooks)) for hooks in finders]
        owners = [vars(ip), *(vars(owner) for name in _OWNERS if hasattr(owner := getattr(ip, name, None), "__dict__"))]
        self._owners = [(space, frozenset(space)) for space in owners]
        self._tracers = (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile)
        self._collector = gc.get_threshold, gc.set_threshold, gc.get_debug, gc.set_debug
        self._usual = gc.get_threshold()

    def take_down(self) -> None:
        """What this notebook's cells hung up."""
        for space, name, what in self._places:
            space[name] = what
        for hooks, ours in self._lists:
            if not _are_the_same(hooks, ours):
                known = set(map(id, ours))
                hooks[:] = [*ours, *(hook for hook in hooks if id(hook) not in known and self._is_a_librarys(hook))]
        for hooks, ours in self._finders:  # a library may put its own first
            if not _are_the_same(hooks, ours):
                kept = [hook for hook in hooks if not self._is_a_notebooks(hook)]
                known = set(map(id, kept))
                hooks[:] = [*kept, *(hook for hook in ours if id(hook) not in known)]
        for space, names in self._owners:  # `display_formatter.format = ...`: it hides the class's
            if len(space) != len(names):
                for name in [name for name in space if name not in names and self._is_a_notebooks(space[name])]:
                    del space[name]
        for trace in self._tracers:
            trace(None)
        self._slow_down_collector()

    def _slow_down_collector(self) -> None:
        """Set to work at each allocation, or to tell of all that it does, it would take the time of later cells."""
        get_threshold, set_threshold, get_debug, set_debug = self._collector
        if 0 < get_threshold()[0] < self._usual[0]:
            set_threshold(*self._usual)
        if get_debug():
            set_debug(0)

    def _is_a_librarys(self, hook: Any) -> bool:
        """What is called on every cell stays only if it is surely no cell's: a function of a module, or a method."""
        function = hook.__func__ if type(hook) is MethodType else hook
        return type(function) is FunctionType and function.__globals__ is not self._user_ns

    def _is_a_notebooks(self, what: Any) -> bool:
        """A function of a cell's, or what has one for a method. A `partial` or a built-in function is no library's hook.

        Nothing is asked of the object itself before its classes are known to be no cell's.
        """
        function = what.__func__ if type(what) in _WRAPPED else what.fget if type(what) is property else what
        if type(function) is FunctionType:
            return function.__globals__ is self._user_ns
        if type(function) in (partial, BuiltinFunctionType):
            return True
        kinds = [*type.mro(type(what)), *(type.mro(what) if issubclass(type(what), type) else ())]
        methods = [value for kind in kinds for value in _names_of(kind).values() if type(value) in _METHODS]
        if any(map(self._is_a_notebooks, methods)):
            return True
        own = object.__getattribute__(what, "__dict__") if any("__dict__" in _names_of(kind) for kind in kinds) else {}
        return any(map(self._is_a_notebooks, (value for value in own.values() if type(value) in _METHODS)))


def _are_the_same(hooks: list[Any], ours: list[Any]) -> bool:
    return len(hooks) == len(ours) and all(hook is one for hook, one in zip(hooks, ours, strict=True))
