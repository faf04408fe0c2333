"""The limits of a kernel hold, and cannot be raised."""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.isolation import Jail
from tests.isolation.jailed import Failed, Jailed, refused

MIB = 2**20


def raise_limits() -> dict[str, str]:
    answers = {}
    for name in ("DATA", "NPROC", "NOFILE", "FSIZE", "CPU", "CORE"):
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        try:
            resource.setrlimit(number, (hard + 1, hard + 1))
            answers[name] = "done"
        except (ValueError, OSError) as error:
            answers[name] = type(error).__name__
    return answers


def test_raises_no_limit(jailed: Jailed) -> None:
    assert set(jailed(raise_limits).values()) == {"ValueError"}  # "not allowed to raise maximum limit"


def limits() -> dict[str, int]:
    return {
        name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in ("DATA", "NPROC", "NOFILE", "FSIZE", "CORE")
    }


def test_limits_are_those_of_the_jail(jailed: Jailed) -> None:
    jail: Jail = jailed.jail
    expected = {"DATA": jail.memory, "NPROC": jail.processes, "NOFILE": jail.open_files, "FSIZE": jail.file_size, "CORE": 0}
    assert jailed(limits) == {name: min(value, limits()[name] % 2**64) for name, value in expected.items()}


def allocate() -> str:
    try:
        return f"{len(bytearray(3 * 2**30))} bytes"
    except MemoryError:
        return "MemoryError"


def test_memory_is_limited(jailed: Jailed) -> None:
    assert Jailed(replace(jailed.jail, memory=2 * 2**30), jailed.user)(allocate) == "MemoryError"


def bomb(most: int) -> int:
    """Forks that were possible; each child waits to be killed with its namespace."""
    count = 0
    while count < most:
        try:
            pid = os.fork()
        except BlockingIOError:
            return count
        if pid == 0:
            time.sleep(30)
            os._exit(0)
        count += 1
    return count


def test_processes_are_limited(jailed: Jailed) -> None:
    inside = Jailed(replace(jailed.jail, processes=12), jailed.user)
    assert 5 <= inside(bomb, 40) <= 11
    time.sleep(0.1)


def too_large(path: str, size: int) -> str:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open(path, "wb") as file:
        return refused(file.truncate, size)


def test_file_size_is_limited(jailed: Jailed) -> None:
    inside = Jailed(replace(jailed.jail, file_size=MIB), jailed.user)
    assert inside(too_large, "/tmp/file", MIB + 1) == "EFBIG"
    assert inside(too_large, "/tmp/file", MIB) == "done"


def open_many() -> int:
    files = []
    try:
        while len(files) < 500:
            files.append(os.open("/dev/null", os.O_RDWR))
    except OSError:
        pass
    count = len(files)
    for file in files:
        os.close(file)
    return count


def test_open_files_are_limited(jailed: Jailed) -> None:
    assert 20 < Jailed(replace(jailed.jail, open_files=64), jailed.user)(open_many) < 64


def burn() -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pass


def test_processor_time_is_limited(jailed: Jailed) -> None:
    with pytest.raises(Failed, match=f"wait status {int(signal.SIGXCPU)}"):
        Jailed(replace(jailed.jail, cpu_seconds=1), jailed.user)(burn)


def out_of_memory_score() -> str:
    return Path("/proc/self/oom_score_adj").read_text().strip()


def test_is_the_first_to_go_when_memory_runs_out(jailed: Jailed) -> None:
    assert jailed(out_of_memory_score) == "1000"


def fill(folders: list[str], size: int) -> int:
    """How many bytes can be written in all."""
    written = 0
    for number, folder in enumerate(folders):
        with open(f"{folder}/full-{number}", "wb", buffering=0) as file:
            try:
                while written < 4 * size:
                    written += file.write(b"x" * 2**16)
            except OSError:
                continue
    return written


def test_its_disk_is_small_in_all(jailed: Jailed) -> None:
    folders = ["/tmp", "/dev/shm", str(jailed.jail.folder), str(jailed.jail.folder / "work")]
    assert 0.9 * jailed.jail.disk < jailed(fill, folders, jailed.jail.disk) <= jailed.jail.disk
    assert 0 < jailed(lambda: os.statvfs("/tmp").f_files) <= 100_000
