"""A command that ends at once still ends as any Python does: all is printed, said and done, with its exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, threading, time
from grader import cli

def app():
    atexit.register(print, "at exit")
    {before}
    print("x" * 200_000)
    raise SystemExit({code})

cli.app = app
cli.command()
"""
THREAD = "threading.Thread(target=lambda: (time.sleep(0.3), print('from a thread'))).start()"


def ended(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("code", "returned", "said"), [("3", 3, ""), ("0", 0, ""), ("None", 0, ""), ("True", 1, ""), ("'words'", 1, "words\n")]
)
def test_the_exit_code_is_as_ever(code: str, returned: int, said: str) -> None:
    assert ended("-c", PROGRAM.format(before="", code=code)) == (returned, "x" * 200_000 + "\nat exit\n", said)


def test_a_thread_is_waited_for() -> None:
    told = "x" * 200_000 + "\nfrom a thread\nat exit\n"
    assert ended("-c", PROGRAM.format(before=THREAD, code="3")) == (3, told, "")


def test_what_nobody_reads_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-m", "grader", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1  # as Typer has it, and nothing is said


def test_the_module_is_the_command() -> None:
    code, told, said = ended("-m", "grader", "--help")
    assert (code, said) == (0, "")
    assert "grade" in told
    assert ended("-m", "grader", "no-such")[0] == 2
