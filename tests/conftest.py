"""A small course that every test can have for itself."""

from pathlib import Path

import pytest

from grader.assignment import Assignment, Course
from grader.scaffold import write_assignment


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course folder with one assignment, `line`, as `grader new` writes it."""
    write_assignment(tmp_path / "course", "line", "A line")
    return tmp_path / "course"


@pytest.fixture
def line(course: Path) -> Assignment:
    return Course(course).assignment("line", "quick")
