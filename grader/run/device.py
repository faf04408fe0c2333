"""Where a notebook that names CUDA runs: on the machine's GPU if it has one and the kernel may see it, else on the CPU."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from grader.run.base import is_executed
from grader.run.plan import Kernels
from grader.run.request import Request

__all__ = ["has_gpu", "on_gpu"]

_DRIVER = Path("/proc/driver/nvidia/version")


def has_gpu() -> bool:
    """Whether a GPU of NVIDIA's is there and not hidden from us, without importing torch."""
    return _DRIVER.exists() and os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1")


def on_gpu(request: Request, kernels: object) -> Request:
    """The request, on the GPU where its own cells name CUDA, there is one, and kernels are not shut off from it.

    An isolated kernel sees no device: there `run.cuda` maps what is asked for to the CPU.
    """
    names_it = any("cuda" in cell.source for cell in request.notebook if is_executed(cell))
    shut_off = not isinstance(kernels, Kernels) or kernels.isolated
    if request.device != "cpu" or shut_off or not names_it or not has_gpu():
        return request
    return dataclasses.replace(request, device="cuda")
