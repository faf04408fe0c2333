"""The libraries as they were before any student code ran.

A notebook may assign to `torch.allclose`, `builtins.open` or `json.dumps`, on purpose or by accident. `Originals` remembers
what these names meant, and puts them back for the time in which a probe runs and its value is captured.

Entering and leaving use no builtin and no library function, so neither can be tampered with. Entering again inside does nothing.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["Originals", "prepare"]

_MODULES = (
    "builtins", "contextlib", "dataclasses", "inspect", "json", "json.encoder", "math", "os", "posix", "random", "re", "select",
    "signal", "socket", "struct", "threading", "time",
    "numpy", "numpy.random", "safetensors", "safetensors.numpy",
    "torch", "torch.nn", "torch.nn.functional", "torch.random",
    "grader.values", "grader.values.files", "grader.values.kinds", "grader.values.living", "grader.result",
    "grader.run.copies", "grader.run.figures", "grader.run.files", "grader.run.frames", "grader.run.gradients",
    "grader.run.hooks", "grader.run.inside", "grader.run.isolate", "grader.run.layers", "grader.run.outputs",
    "grader.run.recorder", "grader.run.remains", "grader.run.training", "grader.run.view", "grader.run.wire",
)  # fmt: skip
_CLASSES = (
    ("IPython.core.interactiveshell", "InteractiveShell"),
    ("ipykernel.zmqshell", "ZMQInteractiveShell"),
    ("ipykernel.kernelbase", "Kernel"),
    ("ipykernel.ipkernel", "IPythonKernel"),
    ("torch", "Tensor"),
    ("torch.nn", "Module"),
    ("torch.optim", "Optimizer"),
    ("torch.optim", "Adam"),
    ("torch.optim", "SGD"),
    ("grader.run.inside", "Session"),
    ("grader.run.training", "Training"),
    ("grader.run.view", "View"),
    ("grader.values.living", "_Capture"),
)

_WHAT_RUNS_CELLS = ("InteractiveShell", "ZMQInteractiveShell", "Kernel", "IPythonKernel")


class _Space:
    """What the names in one dictionary meant: in a module's, in a class's (then `cls`), or among the modules.

    seen: the dictionary's tag when all was as it should be. As long as it has this tag, nobody has changed it, and no name needs
    to be looked at: that would not only take time, it would also count a reference to each of thousands of objects, and so write
    into the memory pages that a fork of this process shares.
    """

    __slots__ = ("cls", "meant", "names", "seen", "tag")

    def __init__(self, names: Any, meant: list[tuple[str, Any]], cls: type | None = None) -> None:
        self.names, self.meant, self.cls = names, meant, cls
        self.tag = _tag(names)
        self.seen = self.tag[0] if self.tag else -1

    @classmethod
    def of_module(cls, module: ModuleType) -> _Space:
        return cls(vars(module), _tools(vars(module).items()))

    @classmethod
    def of_class(cls, kind: type) -> _Space:
        """Its own methods, and the names that it inherits: those it must not have itself."""
        own = vars(kind)
        methods = [(name, value) for name, value in own.items() if _is_method(value)]
        return cls(own, [*methods, *((name, _GONE) for name in dir(kind) if name not in own)], kind)

    @property
    def is_as_seen(self) -> bool:
        return self.tag[0] == self.seen if self.tag else False


_GONE = object()  # no such name
_prepared: dict[str, _Space] = {}


def prepare() -> None:
    """Do once, before the forks, what `Originals` does first: what a kernel then has not changed, it need not look through."""
    _prepared.update({name: space for name, space in _spaces() if space.tag})


def _spaces() -> Iterable[tuple[str, _Space]]:
    """Of all that is imported: the prepared ones where nothing has changed since."""
    for name in _MODULES:
        if (module := sys.modules.get(name)) is not None:
            known = _prepared.get(name)
            unchanged = known is not None and known.names is vars(module) and known.is_as_seen
            yield name, known if known is not None and unchanged else _Space.of_module(module)
    for name, kind in _CLASSES:
        if (module := sys.modules.get(name)) is not None:
            known = _prepared.get(f"{name}.{kind}")
            unchanged = known is not None and known.cls is vars(module)[kind] and known.is_as_seen
            yield f"{name}.{kind}", known if known is not None and unchanged else _Space.of_class(vars(module)[kind])


class Originals:
    """`with Originals():` the functions, classes and modules that it found when it was made are in their places again."""

    def __init__(self) -> None:
        imported = [(name, module) for name in _MODULES if (module := sys.modules.get(name)) is not None]
        self._spaces = [_Space(sys.modules, imported), *(space for _, space in _spaces())]
        self._away: list[tuple[_Space, str, Any]] = []
        self._set = type.__setattr__
        self._delete = type.__delattr__
        self._gone = _GONE
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        gone = self._gone
        for space in self._spaces:
            if space.tag and space.tag[0] == space.seen:
                continue
            as_it_was = True
            for name, value in space.meant:
                now = space.names.get(name, gone)
                if now is not value:
                    as_it_was = False
                    self._away.append((space, name, now))
                    self._put(space, name, value)
            if as_it_was and space.tag:
                space.seen = space.tag[0]

    def _put(self, space: _Space, name: str, value: Any) -> None:
        if space.cls is not None:
            if value is self._gone:
                self._delete(space.cls, name)
            else:
                self._set(space.cls, name, value)
        elif value is self._gone:
            del space.names[name]
        else:
            space.names[name] = value

    def mend(self) -> None:
        """To be called inside: what a cell did to the builtins and to the shell that runs cells is not done again at the end.

        So it costs that cell, and not the next one.
        """
        builtins, names = vars(sys.modules["builtins"]), _WHAT_RUNS_CELLS
        self._away[:] = [
            away for away in self._away if away[0].names is not builtins and getattr(away[0].cls, "__name__", "") not in names
        ]

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        for space, name, value in self._away:
            self._put(space, name, value)
        self._away.clear()


# ------------------------------------------------------------------------------------------------- has anybody written here?

_NO_TAG = memoryview(b"")
_AT = 24  # bytes, of `ma_version_tag` in PyDictObject


def _tag(names: Any) -> memoryview:
    """A view of the number that CPython gives to a dictionary at each change, one that no other ever had. PEP 509

    Empty where there is none: since Python 3.12 its lower bits serve something else. names: a dictionary, or a class's.
    """
    real = names if isinstance(names, dict) else next(iter(gc.get_referents(names)), None)
    return _view(real) if _HAVE_TAGS and type(real) is dict else _NO_TAG


def _view(names: dict[Any, Any]) -> memoryview:
    return memoryview((ctypes.c_char * 8).from_address(id(names) + _AT)).cast("B").cast("Q")


def _have_tags() -> bool:
    """Does the number change with each of all kinds of change, and with nothing else?"""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12):
        return False

    class Some:
        one = 1

    names: dict[str, Any] = {"a": 1, "b": 2}
    (of_class,) = (found for found in gc.get_referents(vars(Some)) if type(found) is dict)
    tag, tag_of_class, found = _view(names), _view(of_class), []
    changes: list[Callable[[], object]] = [
        lambda: names.update(a=3),
        lambda: names.update(a=4),
        lambda: names.update(c=5),
        lambda: names.pop("b"),
        lambda: setattr(Some, "one", 2),
        lambda: setattr(Some, "two", 2),
        lambda: delattr(Some, "two"),
    ]
    for change in changes:
        before = (tag[0], tag_of_class[0])
        names.get("a"), Some.one
        if (tag[0], tag_of_class[0]) != before:
            return False
        change()
        found += [number for number in (tag[0], tag_of_class[0]) if number not in before]
    return len(set(found)) == len(changes)


def _tools(items: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What is called or looked into. Settings and caches, which a library changes itself, are left alone."""
    return [(name, value) for name, value in items if callable(value) or isinstance(value, ModuleType)]


def _is_method(value: Any) -> bool:
    return isinstance(value, (FunctionType, staticmethod, classmethod, property))


_HAVE_TAGS = _have_tags()
