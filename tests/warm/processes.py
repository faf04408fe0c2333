"""The processes below one, as /proc shows them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

Process = tuple[int, str]  # pid, and when it was started: a number may come again


def parents() -> dict[int, int]:
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        if fields := _stat(int(name)):
            found[int(name)] = int(fields[1])
    return found


def children(root: int) -> list[int]:
    """Oldest first."""
    return sorted(
        (pid for pid, parent in parents().items() if parent == root), key=lambda pid: int((_stat(pid) or ["0"] * 20)[19])
    )


def below(root: int) -> list[int]:
    """All descendants."""
    known, layer, found = parents(), {root}, []
    while layer := {pid for pid, parent in known.items() if parent in layer} - set(found):
        found += sorted(layer)
    return found


def named(pids: Iterable[int]) -> set[Process]:
    return {(pid, fields[19]) for pid in pids if (fields := _stat(pid))}


def state(pid: int) -> str:
    return next(iter(_stat(pid)), "")


def alive(processes: Iterable[Process]) -> set[Process]:
    """Those that run. One that ended and waits for its parent does not."""
    return {(pid, begun) for pid, begun in processes if (f := _stat(pid)) and f[19] == begun and f[0] not in "ZX"}


def gone(processes: Iterable[Process], seconds: float = 2.0) -> set[Process]:
    """What is still alive after that time: nothing, as it should be."""
    deadline = time.monotonic() + seconds
    while (left := alive(processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _stat(pid: int) -> list[str]:
    """proc(5): what stands behind the name."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []
