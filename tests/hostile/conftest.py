"""One small course for all; each test has folders, services and a folder for temporary files of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.assignment import Assignment
from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.run import Kernels, Request

from .case import SECRETS
from .course import write_course
from .watch import LINUX, Listeners
from .world import World, missing, own_temporary_folder, workshop


@pytest.fixture(scope="session")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    root = tmp_path_factory.mktemp("hostile-course")
    return write_course(root, workshop(root))


@pytest.fixture
def world(assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A folder to hand in to, one to grade into, and around them what must stay as it is."""
    monkeypatch.setenv("GRADER_HOSTILE_TOKEN", SECRETS["environment"])
    with own_temporary_folder() as temporary, Listeners(str(temporary / "service")) as listeners:
        monkeypatch.setenv("TMPDIR", str(temporary))
        yield World(assignment, tmp_path, temporary, listeners)


@pytest.fixture(scope="session")
def not_isolated(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Why what only isolation keeps off must not be run here: it cannot be had, or it does not do what it says."""
    if missing():
        return missing()
    letter = tmp_path_factory.mktemp("outside") / "letter.txt"
    letter.write_text("for nobody")
    cell = f"import os\nseen = [os.path.exists({str(letter)!r}), os.path.isdir({str(letter.parent)!r})]"
    cells = (Cell("given-1", Role.GIVEN, cell), Cell("check-x", Role.CHECK, "", "x"))
    run = Kernels(isolated=True).execute(Request(Notebook(cells), {"x": [Probe("x", "def x(nb):\n    return nb.seen")]}))
    seen = run.captures["x"].value
    return [] if isinstance(seen, list) and not any(seen) else [f"an isolated kernel saw {seen}: {run.notes}"]


@pytest.fixture
def isolated(not_isolated: list[str]) -> None:
    """For what only isolation keeps off; skipped, with the reason, where it cannot be had."""
    if os.environ.get("GRADER_TEST_ISOLATION") == "required":
        assert not not_isolated
    if not_isolated:
        pytest.skip(f"needs isolation, and {'; '.join(not_isolated)}")


@pytest.fixture
def linux() -> None:
    if not LINUX:
        pytest.skip("looks at /proc")
