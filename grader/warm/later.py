"""torch's compiler, not imported before somebody needs it.

The first optimizer imports `torch._dynamo`, only to say that its methods are not to be compiled, and the first gradient of more
than a number imports `torch.fx.experimental.symbolic_shapes` to compare two sizes; each imports sympy. Together these are 800
modules, a second, and 70 MB, of which each kernel and each of its copies would have a table.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

__all__ = ["put_off"]

_DYNAMO, _SHAPES = "torch._dynamo", "torch.fx.experimental.symbolic_shapes"


class _Later(ModuleType):
    """In the place of a module: has what running without it takes (`known`), and imports it when asked for anything else."""

    def __init__(self, name: str, **known: Any) -> None:
        super().__init__(name)
        vars(self).update(known)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and (name, self.__name__) != ("__path__", _DYNAMO):  # of whoever looks through all modules
            raise AttributeError(name)
        return getattr(_real(self.__name__), name)


def put_off() -> None:
    """To be called when torch is there and no optimizer yet.

    In another torch, which asks the compiler for something else, it is imported when that happens.
    """
    torch = sys.modules["torch"]
    later = (_Later(_DYNAMO, graph_break=_graph_break), _Later(_SHAPES, expect_true=_expect_true, sym_eq=_sym_eq))
    if any(module.__name__ in sys.modules for module in later):
        return
    for module in later:
        sys.modules[module.__name__] = module
        vars(_parent(module.__name__))[module.__name__.rpartition(".")[2]] = module
    for wrapper in vars(torch.optim.Optimizer).values():
        method, code = getattr(wrapper, "__wrapped__", None), getattr(wrapper, "__code__", None)
        if method is not None and code is not None and code.co_filename.endswith(os.path.join("torch", "_compile.py")):
            vars(method).setdefault("__dynamo_disable", method)  # what `torch._compile._disable_dynamo` would find out


def _real(name: str) -> Any:
    """The module itself. From now on all are: they import each other."""
    for other in (_DYNAMO, _SHAPES):
        if isinstance(sys.modules.get(other), _Later):
            del sys.modules[other]
            vars(_parent(other)).pop(other.rpartition(".")[2], None)
    return importlib.import_module(name)


def _parent(name: str) -> ModuleType:
    return importlib.import_module(name.rpartition(".")[0])


def _graph_break(msg: str = "") -> None:
    """`torch.optim.Optimizer.step` says it twice. Where nothing is compiled it says nothing."""


def _expect_true(a: Any, skip: int = 0) -> Any:
    return a if type(a) is bool else _real(_SHAPES).expect_true(a, skip + 1)


def _sym_eq(x: Any, y: Any) -> Any:
    return tuple(x) == tuple(y) if _is_plain(x) and _is_plain(y) else _real(_SHAPES).sym_eq(x, y)


def _is_plain(size: Any) -> bool:
    return isinstance(size, tuple) and all(type(number) is int for number in size)
