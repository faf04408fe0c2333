"""Running a notebook: the cells in order in one fresh kernel, and each blank's probes where its check cell stands.

    run(notebook, probes, limits)   one execution, never raises for anything that a notebook does
    execute(request)                the same for a `Request`; a `Runner`
    run_many(requests, jobs, ...)   several at once, each in a process of its own
    versions()                      what decides the numbers

Two halves that share only `wire` and `frames`. Outside, in the grader's process: `live` and `runner` (attempts), `base` (what is
asked, and the kernel it begins with), `client` (one kernel) and `session` (one of its copies), `plan` (how a kernel is had),
`private` (its folder, environment and end), `executor` and `outputs` (nbclient; what cells show, within caps). Inside, in the
kernel: `serve` and `inside` (what is asked of it), `view` (the `nb` of a probe), `figures`, `isolate` (no trace), `originals` (no
monkeypatch), `copies`, `recorder` and `files` (the kernel as it was before a cell), `seeds` (other seeds for all of it).

This file is imported inside kernels too, so it imports nothing of weight at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from grader.judging import Probe
    from grader.notebook import Notebook
    from grader.result import Run
    from grader.run.live import Live
    from grader.run.plan import Kernels
    from grader.run.pool import default_jobs, run_many
    from grader.run.request import Branch, Request, Runner
    from grader.settings import Limits

__all__ = [
    "Branch",
    "Kernels",
    "Live",
    "Request",
    "Runner",
    "default_jobs",
    "execute",
    "run",
    "run_many",
    "run_queue",
    "versions",
]

_ELSEWHERE = {
    "Branch": "request",
    "Kernels": "plan",
    "Live": "live",
    "Request": "request",
    "Runner": "request",
    "default_jobs": "pool",
    "run_many": "pool",
}


def run(
    notebook: Notebook,
    probes: Mapping[str, Sequence[Probe]],
    limits: Limits | None = None,
    *,
    data: Path | None = None,
    seed: int = 0,
    on_cell: Callable[[int, int], None] | None = None,
    branches: Mapping[str, Sequence[Branch]] | None = None,
    threads: int = 1,
    device: str = "cpu",
    shift: int = 0,
    kernels: Kernels | None = None,
) -> Run:
    """Execute the code cells of `notebook` in one fresh kernel. Never raises for anything a notebook does.

    probes: blank -> what is asked where its check cell stands (at the end, for a blank that has none).
    data: a folder whose content is copied into the private working directory. on_cell: called with (done, all) cells.
    branches: blank -> other sources to try for it, each in a copy of the kernel taken before the blank's cell.
    seed: the state of the random numbers when the first cell runs. shift: of every seed that the notebook sets (`run.seeds`).
    threads, device: as in `Request`. kernels: how they are had. Set-up and check cells are not executed.
    """
    from grader.run.base import Asked
    from grader.run.live import run_once
    from grader.run.plan import Kernels
    from grader.settings import Limits

    how: dict[str, Any] = {"seed": seed, "shift": shift, "threads": threads, "device": device}
    how |= {"branches": branches or {}, "kernels": kernels or Kernels()} | ({"on_cell": on_cell} if on_cell else {})
    return run_once(Asked(notebook, probes, limits or Limits(), data, **how))


def execute(request: Request) -> Run:
    """What is asked for, executed by trusted means: in a warm kernel that is not shut off."""
    from grader.run.plan import Kernels

    return Kernels().execute(request)


def versions() -> dict[str, str]:
    """The versions of what decides a run's numbers: Python, torch, numpy, matplotlib, grader. Imports none of them."""
    return dict(_versions())


@functools.cache
def _versions() -> dict[str, str]:
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name, distribution in {"grader": "torch-grader", "torch": "torch", "numpy": "numpy", "matplotlib": "matplotlib"}.items():
        try:
            found[name] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return found


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
