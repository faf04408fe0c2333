"""What every kernel would do first, done once before the forks.

Imports, and what libraries put off until they are first used: the first backward sets up autograd, the first figure looks for
fonts. No thread may be started here: a fork takes only the one that calls it along. Nor more memory be used than is needed: each
kernel, and each of its copies, has a table of all of it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from grader.warm.labels import put_off_labels
from grader.warm.later import put_off

__all__ = ["THREADS", "has_accelerator", "preload", "threads", "without_collector"]

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")  # read when a library is imported

_MODULES = (
    "numpy", "numpy.random", "torch", "torch.nn", "torch.optim", "torch.utils.data",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "contourpy",
    "IPython.core.pylabtools", "IPython.core.completer", "IPython.core.magics", "IPython.core.formatters",
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect",
    "IPython.extensions.storemagic", "stack_data", "pygments.lexers.python", "pygments.formatters.terminal256",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger",
    "tornado.locks", "tornado.platform.asyncio", "tornado.queues", "safetensors.numpy", "safetensors.torch",
)  # fmt: skip

_LARGE, _MADV_COLLAPSE = 2**21, 25  # <linux/mman.h>


def preload(modules: Iterable[str] = ()) -> None:
    """All of it. modules: to be imported besides, and what to call there ("module:function"); those not there are left out."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # "not there" to ipykernel: nobody debugs here, and it takes 50 ms
    with without_collector():
        for name in (*_MODULES, *(name for name in modules if ":" not in name)):
            try:
                importlib.import_module(name)
            except ImportError:
                continue
        _use_torch()
        _use_matplotlib()
        for name, function in (name.split(":") for name in modules if ":" in name):
            getattr(importlib.import_module(name), function)()
    gc.freeze()  # the pages of what is there now stay shared: no collection writes into them
    _use_large_pages()


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """For imports: hardly anything of them is garbage, and to look through it all again and again takes a quarter of a second.

    Nor is it looked through later: the next collection would be of all of it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _use_torch() -> None:
    """One step of an optimizer, forward and backward. Not where there is an accelerator: autograd would start its threads."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    put_off()
    put_off_labels()
    torch.manual_seed(0)
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([parameter])
    if not has_accelerator(torch):
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
        torch.nn.functional.mse_loss(net(torch.ones(3, 2)), torch.ones(3, 1)).backward()
        torch.nn.LSTM(2, 2)(torch.ones(2, 1, 2))[0].sum().backward()  # the first one takes 90 ms
        optimizer.step()


def has_accelerator(torch: Any) -> bool:
    """Whether torch finds a GPU, of whatever make. Since PyTorch 2.6 one function knows."""
    accelerator = getattr(torch, "accelerator", None)
    kinds = (accelerator,) if accelerator is not None else (torch.cuda, torch.backends.mps, torch.xpu)
    return any(kind.is_available() for kind in kinds)


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


def _use_large_pages() -> None:
    """Gather memory in pages of 2 MiB, where the system has them: a fork then copies a few hundred entries, not 60,000.

    madvise(2), MADV_COLLAPSE, since Linux 6.1. It makes forks several times faster, and is only advice: nothing depends on it.
    """
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split()
        first, end = (int(address, 16) for address in fields[0].split("-"))
        first, end = -(-first // _LARGE) * _LARGE, end // _LARGE * _LARGE
        is_memory = len(fields) == 5 or fields[5] == "[heap]"  # private, of no file
        if is_memory and fields[1].startswith("rw-p") and end > first:
            libc.madvise(first, end - first, _MADV_COLLAPSE)


def threads() -> int:
    """How many threads this process has. proc(5)"""
    return len(os.listdir("/proc/self/task"))
