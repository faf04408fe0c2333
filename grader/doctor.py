"""What this machine offers: versions, cores, memory, devices, isolation, forked probes, and how fast kernels start."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from grader.isolation import available, offers
from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.run import Kernels, Request, default_jobs, versions
from grader.run.isolate import can_fork

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One fact; `advice` says what to do when it is not `ok`, or what follows from it."""

    name: str
    value: str
    ok: bool = True
    advice: str = ""

    def to_json(self) -> dict[str, object]:
        return dataclasses.asdict(self)


def examine() -> list[Finding]:
    """Look at everything. Starts a few kernels; takes some ten seconds."""
    return [*_software(), *_hardware(), *_isolation(), *_kernel()]


def _software() -> Iterator[Finding]:
    recent = sys.version_info >= (3, 11)
    yield Finding("Python", platform.python_version(), recent, "" if recent else "3.11 or newer is needed")
    for name, version in versions().items():
        if name != "python":
            yield Finding(name, version)
    for extra, modules in {"course": ["pydantic", "markdown_it"], "ta": ["sqlalchemy", "nh3", "pygments"]}.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        advice = f"pip install 'torch-grader[{extra}]'" if missing else ""
        yield Finding(f"extra [{extra}]", f"without {', '.join(missing)}" if missing else "installed", not missing, advice)


def _hardware() -> Iterator[Finding]:
    yield Finding("cores", str(default_jobs()), advice="--jobs uses them all")
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        yield Finding("memory", f"{gigabytes:.1f} GiB", gigabytes >= 2, "a kernel with torch takes about 0.5 GiB")
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none; networks train on the CPU"
    yield Finding("GPU", device)


def _isolation() -> Iterator[Finding]:
    """Each part of it, and whether all that is needed is there."""
    lacking = []
    for part in offers():
        value = "there" if part.ok else "missing" if part.needed else "missing, and not needed"
        yield Finding(f"isolation: {part.name}", value, part.ok or not part.needed, part.reason)
        lacking += [part.name] if part.needed and not part.ok else []
    if lacking:
        advice = f"`grade` will not run what students hand in without {' and '.join(lacking)}, unless it is told --no-isolation"
        yield Finding("isolation", "cannot be had", False, advice)
    else:
        yield Finding("isolation", "on for `grade`: submissions see no file, no network and no process of this machine")


def _kernel() -> Iterator[Finding]:
    cells = (Cell("given-1", Role.GIVEN, "import torch\nx = torch.ones(2)"), Cell("check-x", Role.CHECK, "", "x"))
    probe = Probe("two", "def two(nb):\n    return nb.x.sum().item()")
    asked = Request(Notebook(cells), {"x": [probe]})

    def finding(name: str, kernels: Kernels, times: int = 1) -> Finding:
        run = [kernels.execute(asked) for _ in range(times)][-1]
        capture = run.captures.get("two")
        works = capture is not None and capture.fault is None and capture.value == 2.0
        what = f"starts, runs and answers in {run.seconds:.1f} s" if works else f"{run.state}: {' '.join(run.notes)}"
        return Finding(name, what, works, "" if works else "is ipykernel installed in this environment?")

    yield finding("kernel, cold", Kernels(warm=False))
    yield finding("kernel, warm", Kernels(), times=2)
    if available():
        yield finding("kernel, warm and isolated", Kernels(isolated=True))
    how = "in a forked copy of the kernel" if can_fork() else "in the kernel; random state, modes and buffers are restored"
    yield Finding("probes run", how)
