"""One built course for all tests of the pipeline: kernels cost seconds."""

from pathlib import Path

import pytest

from grader.assignment import Assignment, Course
from grader.build import Bundle, build
from grader.keying import RunCache, Workshop
from grader.scaffold import write_assignment


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_assignment(root, "line", "A line")
    return root


@pytest.fixture(scope="session")
def built_line(built_course: Path) -> Assignment:
    return Course(built_course).assignment("line", "quick")


@pytest.fixture(scope="session")
def workshop(built_course: Path) -> Workshop:
    return Workshop(jobs=2, cache=RunCache(built_course / ".grader" / "runs"))


@pytest.fixture(scope="session")
def bundle(built_line: Assignment, workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build(built_line, tmp_path_factory.mktemp("out") / "line", workshop)
