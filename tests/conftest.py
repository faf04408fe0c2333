"""What every test has: one thread of torch, for the others are busy with other tests; and, if it asks, a small course of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from grader.assignment import Assignment, Course
from grader.scaffold import write_assignment


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course folder with one assignment, `line`, as `grader new` writes it."""
    write_assignment(tmp_path / "course", "line", "A line")
    return tmp_path / "course"


@pytest.fixture
def line(course: Path) -> Assignment:
    return Course(course).assignment("line", "quick")
