"""What a command used while it ran: wall time, each core, memory of itself and of the processes below it. Sizes in bytes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

NO_SUCH = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


@dataclass
class Used:
    """One command's use. cores: the busy share of each core, whoever used it. output: what it wrote, both streams."""

    seconds: float
    code: int
    cores: list[float]
    output: str


def timed(command: list[str], cwd: Path, environment: Mapping[str, str] | None = None, allowed: tuple[int, ...] = (0,)) -> Used:
    """Run a command to its end. Raises SystemExit with its output when its exit code is not one of `allowed`."""
    before = psutil.cpu_times(percpu=True)
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - begin
    cores = [busy(old, new) for old, new in zip(before, psutil.cpu_times(percpu=True), strict=True)]
    if done.returncode not in allowed:
        raise SystemExit(f"{done.stdout[-4000:]}\nexit code {done.returncode}: {' '.join(command)}")
    return Used(seconds, done.returncode, cores, done.stdout)


def busy(before: tuple, after: tuple) -> float:
    """The share of time between two readings of one core in which it was not idle."""
    total = sum(after) - sum(before)
    idle = sum(getattr(after, name, 0.0) - getattr(before, name, 0.0) for name in ("idle", "iowait"))
    return 1 - idle / total if total > 0 else 0.0


@dataclass
class Memory:
    """A command's memory over time.

    at: share done -> resident set of the process itself when that share was reached. peak: the largest that it ever had.
    below: the largest that one process below it had. together: the largest sum over all below it, where pages that are shared
    count once (proportional set size); 0 where the system does not tell.
    """

    seconds: float = 0.0
    code: int = 0
    output: str = ""
    peak: int = 0
    below: int = 0
    together: int = 0
    at: dict[float, int] = field(default_factory=dict)


def watched(command: list[str], cwd: Path, share: Callable[[], float], marks: tuple[float, ...], log: Path) -> Memory:
    """Run a command to its end, looking at it four times a second. share: how much of the work is done, 0 to 1."""
    memory = Memory()
    begin = time.perf_counter()
    with log.open("w+") as text:
        with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=text, stderr=subprocess.STDOUT) as process:
            seen = psutil.Process(process.pid)
            turn = 0
            while process.poll() is None:
                with contextlib.suppress(*NO_SUCH):
                    _look(seen, memory, share, marks, sums=turn % 8 == 0)
                turn += 1
                time.sleep(0.25)
        memory.seconds = time.perf_counter() - begin
        memory.code = process.returncode
        text.seek(0)
        memory.output = text.read()
    return memory


def _look(process: psutil.Process, memory: Memory, share: Callable[[], float], marks: tuple[float, ...], *, sums: bool) -> None:
    now = process.memory_info().rss
    memory.peak = max(memory.peak, now, _high_water(process.pid))
    done = share()
    for mark in marks:
        if done >= mark:
            memory.at.setdefault(mark, now)
    together = 0
    for child in process.children(recursive=True):
        with contextlib.suppress(*NO_SUCH):
            memory.below = max(memory.below, child.memory_info().rss)
            together += getattr(child.memory_full_info(), "pss", 0) if sums else 0
    memory.together = max(memory.together, together)


def _high_water(pid: int) -> int:
    """The largest resident set that a process ever had (`VmHWM` in proc_pid_status(5)); 0 where there is no such file."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
