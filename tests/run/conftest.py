"""The tests here share `run_cells`, and leave nothing behind."""

import multiprocessing.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other runs may be going on in this machine: those here have a folder for temporary files of their own."""
    tmp_path_factory.getbasetemp()  # pytest's own is made before ours
    multiprocessing.util.get_temp_dir()  # its own, which it keeps until the end, not in ours
    before, tempfile.tempdir = tempfile.tempdir, tempfile.mkdtemp(prefix="t", dir="/tmp" if os.name == "posix" else None)
    yield
    from run_cells import left_behind

    left = left_behind()
    shutil.rmtree(tempfile.tempdir)
    tempfile.tempdir = before
    assert not left


needs_fork = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fork is used on Linux only")


@pytest.fixture(params=[pytest.param(True, id="forked", marks=needs_fork), pytest.param(False, id="restored")])
def cells(request: pytest.FixtureRequest) -> Any:
    """A `Book` whose probes are taken in one way or the other."""
    from run_cells import Book

    return Book(request.param)
