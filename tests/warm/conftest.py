"""The tests here use the runner's short ways to write a notebook, and leave neither folders nor processes behind."""

from __future__ import annotations

import multiprocessing.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "run"))


@pytest.fixture(autouse=True)
def linux_only() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("kernels are forked on Linux only")


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other runs may be going on in this machine: those here have a folder for temporary files of their own."""
    tmp_path_factory.getbasetemp()
    multiprocessing.util.get_temp_dir()  # its own, which it keeps until the end, not in ours
    before, tempfile.tempdir = tempfile.tempdir, tempfile.mkdtemp(prefix="t", dir="/tmp" if os.name == "posix" else None)
    yield
    from run_cells import left_behind

    left = left_behind()
    shutil.rmtree(tempfile.tempdir)
    tempfile.tempdir = before
    assert not left
