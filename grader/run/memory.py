"""How many kernels fit into this machine's memory."""

from __future__ import annotations

from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

__all__ = ["KERNEL", "available", "jobs_that_fit"]

KERNEL = 700 * 2**20
"""Bytes that one notebook in flight is expected to take: a worker that has imported torch (about 350 MB of its own), and a kernel
with its copies (100 to 300 MB for the homework of this repository; a forked one shares most of the rest with its server)."""

_CGROUP = Path("/sys/fs/cgroup")


def available(group: Path = _CGROUP) -> int:
    """Bytes that can be had without swapping: of the machine, or of this process's control group where that has less left.

    The machine's as psutil says it ("MemAvailable", proc_meminfo(5)); the group's from `memory.max`, `memory.current` and the
    page cache in it (kernel documentation, cgroup-v2), where there is one.
    """
    found: int = psutil.virtual_memory().available
    try:
        most = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        cache = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        left = found if most == "max" else int(most) - used + int(cache.get("inactive_file", 0))
    except (OSError, ValueError):
        return found
    return max(0, min(found, left))


def jobs_that_fit(jobs: int, left: int | None = None) -> tuple[int, str]:
    """As many of the jobs as fit, at least one, and a sentence where these are fewer. left: bytes; by default all available."""
    left = available() if left is None else left
    fitting = max(1, min(jobs, left // KERNEL))
    if fitting == jobs:
        return jobs, ""
    gigabytes, each = left / 2**30, KERNEL / 2**30
    at_once = "one notebook" if fitting == 1 else f"{fitting} notebooks"
    return fitting, f"{at_once} at once, not {jobs}: {gigabytes:.1f} GB of memory are free, and each may take {each:.1f} GB"
