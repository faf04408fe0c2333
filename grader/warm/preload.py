"""What every kernel would do first, done once before the forks.

Imports, and what libraries put off until they are first used: the first optimizer imports torch's compiler, the first backward
sets up autograd, the first figure looks for fonts. No thread may be started here: a fork takes only the one that calls it along.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from collections.abc import Iterable
from typing import Any

__all__ = ["preload", "threads"]

_MODULES = (
    "numpy", "torch", "torch.nn", "torch.optim", "torch.utils.data", "matplotlib.pyplot", "matplotlib.backends.backend_agg",
    "IPython.core.pylabtools", "IPython.core.completer", "IPython.core.magics", "IPython.core.formatters", "ipykernel.kernelapp",
    "ipykernel.ipkernel", "ipykernel.zmqshell", "tornado.platform.asyncio", "safetensors.numpy", "safetensors.torch",
)  # fmt: skip


def preload(modules: Iterable[str] = ()) -> None:
    """All of it. modules: to be imported besides; those that are not there are left out."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # "not there" to ipykernel: nobody debugs here, and it takes 50 ms
    for name in (*_MODULES, *modules):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    _use_torch()
    _use_matplotlib()
    gc.collect()
    gc.freeze()  # the pages of what is there now stay shared: no collection writes into them


def _use_torch() -> None:
    """One step of an optimizer, forward and backward. Not where there is an accelerator: autograd would start its threads."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([parameter])
    if not torch.accelerator.is_available():
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
        torch.nn.functional.mse_loss(net(torch.ones(3, 2)), torch.ones(3, 1)).backward()
        optimizer.step()


def _use_matplotlib() -> None:
    """One figure, drawn and saved as notebooks save theirs, without pyplot: which backend it uses is the kernel's to choose."""
    if "matplotlib" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label="x")
    axes.set_title("title")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")


def threads() -> int:
    """How many threads this process has. proc(5)"""
    return len(os.listdir("/proc/self/task"))
