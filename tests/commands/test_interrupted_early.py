"""Ctrl-C while torch is imported: its C++ code aborts the process where Python raises in the middle of it, so that waits."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "torch._C":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from grader.cli.console import prepare
try:
    prepare({jobs}, cold=True, isolated=False)
except KeyboardInterrupt:
    print("complete" if hasattr(sys.modules["torch"], "compile") else "in the middle")
else:
    print("lost")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals are blocked there")
@pytest.mark.parametrize("jobs", [1, 2])
def test_it_waits_until_torch_is_there(jobs: int) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(jobs=jobs)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "complete\n"), done.stderr
