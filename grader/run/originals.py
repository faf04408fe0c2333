"""The libraries as they were before any student code ran.

A notebook may assign to `torch.allclose`, `builtins.open` or `json.dumps`, on purpose or by accident. `Originals` remembers
what these names meant, and puts them back for the time in which a probe runs and its value is captured.

Entering and leaving use no builtin and no library function, so neither can be tampered with. Entering again inside does nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["Originals"]

_MODULES = (
    "builtins", "contextlib", "dataclasses", "inspect", "json", "json.encoder", "math", "os", "posix", "random", "re", "select",
    "signal", "socket", "struct", "threading", "time",
    "numpy", "numpy.random", "safetensors", "safetensors.numpy",
    "torch", "torch.nn", "torch.nn.functional", "torch.random",
    "grader.values", "grader.values.files", "grader.values.kinds", "grader.values.living", "grader.result",
    "grader.run.copies", "grader.run.figures", "grader.run.files", "grader.run.frames", "grader.run.gradients",
    "grader.run.inside", "grader.run.isolate", "grader.run.layers",
    "grader.run.outputs", "grader.run.recorder", "grader.run.training", "grader.run.view", "grader.run.wire",
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


class Originals:
    """`with Originals():` the functions, classes and modules that it found when it was made are in their places again."""

    def __init__(self) -> None:
        self._kept: list[tuple[dict[str, Any], str, Any]] = []
        self._kept_in_classes: list[tuple[type, str, Any]] = []
        self._away: list[tuple[dict[str, Any], str, Any]] = []
        self._away_from_classes: list[tuple[type, str, Any]] = []
        self._set = type.__setattr__
        self._delete = type.__delattr__
        self._gone = object()
        self._depth = 0
        for name in _MODULES:
            if (module := sys.modules.get(name)) is not None:
                self._kept.append((sys.modules, name, module))
                self._kept += [(vars(module), key, value) for key, value in _tools(vars(module).items())]
        for name, kind in _CLASSES:
            if (module := sys.modules.get(name)) is not None:
                cls = vars(module)[kind]
                self._kept_in_classes += [(cls, key, value) for key, value in vars(cls).items() if _is_method(value)]
                self._kept_in_classes += [(cls, key, self._gone) for key in dir(cls) if key not in vars(cls)]  # inherited

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        gone = self._gone
        for space, name, value in self._kept:
            now = space.get(name, gone)
            if now is not value:
                self._away.append((space, name, now))
                space[name] = value
        for cls, name, value in self._kept_in_classes:
            now = cls.__dict__.get(name, gone)
            if now is not value:
                self._away_from_classes.append((cls, name, now))
                if value is gone:
                    self._delete(cls, name)
                else:
                    self._set(cls, name, value)

    def mend(self) -> None:
        """To be called inside: what a cell did to the builtins and to the shell that runs cells is not done again at the end.

        So it costs that cell, and not the next one.
        """
        builtins, names = vars(sys.modules["builtins"]), _WHAT_RUNS_CELLS
        self._away[:] = [away for away in self._away if away[0] is not builtins]
        self._away_from_classes[:] = [away for away in self._away_from_classes if away[0].__name__ not in names]

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        for space, name, value in self._away:
            if value is self._gone:
                del space[name]
            else:
                space[name] = value
        for cls, name, value in self._away_from_classes:
            if value is self._gone:
                self._delete(cls, name)
            else:
                self._set(cls, name, value)
        self._away.clear()
        self._away_from_classes.clear()


def _tools(items: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What is called or looked into. Settings and caches, which a library changes itself, are left alone."""
    return [(name, value) for name, value in items if callable(value) or isinstance(value, ModuleType)]


def _is_method(value: Any) -> bool:
    return isinstance(value, (FunctionType, staticmethod, classmethod, property))
