"""What `grade` waits for begins before the command line is loaded, once, and only where it will be wanted."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil
import pytest

WATCHED = """
import json, subprocess, sys

started = []
class Watched(subprocess.Popen):
    def __init__(self, *arguments, **options):
        loaded = "typer" in sys.modules
        super().__init__(*arguments, **options)
        started.append([loaded, self.pid])
subprocess.Popen = Watched

import atexit
atexit.register(lambda: print(json.dumps(started), file=sys.stderr))
from grader.start import command
command()
"""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a server of kernels and an isolation take Linux")


def started(*arguments: str, code: int) -> list[bool]:
    """For each process that the command started: whether Typer was loaded by then. None of them is left."""
    done = subprocess.run([sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    found = json.loads(done.stderr.splitlines()[-1])
    assert not [pid for _, pid in found if psutil.pid_exists(pid)]
    return [loaded for loaded, _ in found]


@linux
@pytest.mark.parametrize(
    ("options", "expected"),
    [([], [False, False]), (["--cold"], [False]), (["--no-isolation"], [False]), (["--no-isolation", "--cold"], [])],
)
def test_server_and_trial_begin_first_and_once(options: list[str], expected: list[bool]) -> None:
    assert started("grade", "no_such_assignment", ".", *options, code=2) == expected


@pytest.mark.parametrize("arguments", [["--help"], ["grade", "--help"], ["show", "no_such_assignment", "."]])
def test_nothing_begins_for_others(arguments: list[str]) -> None:
    assert started(*arguments, code=0 if "--help" in arguments else 2) == []


@linux
def test_a_wrong_call_begins_in_vain() -> None:
    assert started("grade", "line", ".", "--no-such-option", code=2) == [False, False]
