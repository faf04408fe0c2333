"""Workers come from a process that is a fork of the command itself, where that has not computed yet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.warm.processes import gone, named

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the fork server is used on Linux only")

COMMAND = """
import json, os, sys
from nursery_calls import facts
from grader.run.nursery import fork_nursery
from grader.run.pool import Pool
{before}
print("before", end="")
fork_nursery()
with Pool(2) as pool:
    print(json.dumps([os.getpid(), pool.submit(facts).result()]), flush=True)
    {then}
print("end")
"""

CALLS = """
import os, sys, threading
imported = "torch" in sys.modules

def facts():
    import grader.warm.house as house
    nursery = os.getppid()
    of = open(f"/proc/{nursery}/stat").read().rpartition(")")[2].split()[1]
    open_there = len(os.listdir(f"/proc/{nursery}/fd"))
    import torch
    one = torch.ones(300, 300, requires_grad=True)
    (one @ one).sum().backward()
    return [os.getpid(), nursery, int(of), open_there, float(one.grad.sum())]
"""


@contextmanager
def command(folder: Path, before: str = "", then: str = "") -> Iterator[subprocess.Popen[str]]:
    (folder / "nursery_calls.py").write_text(CALLS)
    source = COMMAND.format(before=before, then=then)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    with subprocess.Popen([sys.executable, "-c", source], stdout=-1, stdin=-1, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> tuple[int, list[Any]]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("before["), "written twice, or not at all"
    found: tuple[int, list[Any]] = json.loads(line.removeprefix("before"))
    return found


def command_line(pid: int) -> list[str]:
    return psutil.Process(pid).cmdline()


@pytest.mark.parametrize(
    ("before", "forked"),
    [("", True), ("import torch; torch.ones(9).sum()", False), ("import threading; threading.Thread(target=sys.stdin.read, daemon=True).start()", False)],
    ids=["fresh", "computed", "threads"],
)  # fmt: skip
def test_workers_come_from_a_fork_of_a_process_that_has_not_computed(tmp_path: Path, before: str, forked: bool) -> None:
    with command(tmp_path, before, "sys.stdin.readline()") as process:
        me, (worker, nursery, parent, open_there, value) = told(process)
        both = named([worker, nursery])
        assert (me, parent) == (process.pid, process.pid)
        assert (command_line(nursery) == command_line(me)) is forked
        assert worker not in (nursery, me)
        assert value == 2 * 300**3  # what a worker computes is right, with the threads of its libraries
        assert open_there < 12, "what the command has open is not the nursery's"
        output, _ = process.communicate("\n", timeout=30)
    assert output == "end\n"
    assert not gone(both, 8)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_command(tmp_path: Path, how: signal.Signals) -> None:
    with command(tmp_path, then="sys.stdin.readline()") as process:
        _, (worker, nursery, *_) = told(process)
        both = named([worker, nursery])
        process.send_signal(how)
        process.wait(10)
        assert not gone(both, 8)


def test_one_that_was_killed_is_followed_by_another(tmp_path: Path) -> None:
    then = "os.kill(json.loads(sys.stdin.readline()), 9); import time; time.sleep(0.5); print('before' + json.dumps([os.getpid(), Pool(1).submit(facts).result()]), flush=True)"
    with command(tmp_path, then=then) as process:
        _, (worker, nursery, *_) = told(process)
        all_of_them = named([worker, nursery])
        assert process.stdin is not None
        process.stdin.write(f"{nursery}\n")
        process.stdin.flush()
        me, (second, other, parent, *_) = told(process)
        all_of_them |= named([second, other])
        assert (me, parent) == (process.pid, process.pid)
        assert other != nursery
        assert process.stdout is not None
        assert process.stdout.readline() == "end\n"
    assert not gone(all_of_them, 8)
