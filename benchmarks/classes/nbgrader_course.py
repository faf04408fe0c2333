"""nbgrader in an environment of its own, and the same homework as an nbgrader course.

nbgrader runs as it comes, but for the limit of seconds a cell, which is raised so that no heavy notebook is cut off.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from string import Template as Text

import nbformat

from classes.course import ROOT, answers_of, read
from classes.watching import Used, timed
from grader.assignment import Assignment
from grader.notebook import Cell, Role

NBGRADER = "nbgrader==0.9.6"
_CONFIG = """c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = 900
"""
_SCORES = """import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({one.student.id: [one.score, one.max_score] for one in book.assignment_submissions("hw")}))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nbgrader. how: what it has, in a sentence."""

    python: Path
    how: str

    @classmethod
    def made(cls, folder: Path, own_torch: bool) -> Environment:
        """The one in `folder`, made now when it is not there or made otherwise. Raises CalledProcessError when pip fails."""
        torch = importlib.metadata.version("torch")
        python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        how = f"{NBGRADER}, Python {sys.version.split()[0]}, torch {torch}, "
        how += "installed there" if own_torch else "the same files as the grader's, by symbolic links"
        marker = folder / "made.txt"
        if not (marker.is_file() and marker.read_text() == how):
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True, symlinks=sys.platform != "win32")
            site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
            if not own_torch:
                _link("torch", site)
            _install(python, folder, [NBGRADER, f"torch=={torch}", "matplotlib"])
            marker.write_text(how)
        return cls(python, how)

    def call(self, course: Path, arguments: list[str], threads: str) -> Used:
        """Run Python there, in the folder of a course, with settings of its own. threads: "default" or a number."""
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "IPYTHONDIR": "ipython"}
        environment = {name: str(course / ".jupyter" / place) for name, place in places.items()} | {"PYTHONPATH": ""}
        environment["PATH"] = os.pathsep.join([str(self.python.parent), os.environ.get("PATH", "")])  # it calls `alembic`
        if threads != "default":
            environment |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        return timed([str(self.python), *arguments], course, environment)


def _link(package: str, site: Path) -> None:
    """Links to an installed package's files, so that pip finds it installed."""
    distribution = importlib.metadata.distribution(package)
    for name in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
        (site / name).symlink_to(Path(str(distribution.locate_file(name))).resolve())


def _install(python: Path, folder: Path, packages: list[str]) -> None:
    """The versions are those of constraints.txt; torch has the grader's, whichever that is."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(line for line in lines if not line.startswith("torch==")) + "\n")
    options = ["--quiet", "--disable-pip-version-check", "--constraint", str(constraints)]
    subprocess.run([str(python), "-m", "pip", "install", *options, *packages], check=True, stdout=sys.stderr)


# ------------------------------------------------------------------------------------------------------------- the course


@dataclass(frozen=True)
class NbgraderCourse:
    """The homework as nbgrader has it, with submissions of the students 1, 2, ..."""

    environment: Environment
    folder: Path

    @classmethod
    def written(
        cls, environment: Environment, folder: Path, assignment: Assignment, expected: dict, wrong: list[str]
    ) -> NbgraderCourse:
        """Write the source, make the release, hand in. wrong: for each student the blank that is wrong, "" for none."""
        course = cls(environment, folder)
        (folder / "source" / "hw").mkdir(parents=True)
        (folder / "nbgrader_config.py").write_text(_CONFIG)
        _write(folder / "source" / "hw" / "hw.ipynb", source_notebook(assignment, expected))
        environment.call(folder, ["-m", "nbgrader", "generate_assignment", "hw"], "default")
        release = nbformat.read(folder / "release" / "hw" / "hw.ipynb", as_version=4)
        for student, blank in enumerate(wrong, 1):
            answers = answers_of(assignment, student, blank)
            for cell in release.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("blank-")
                cell.source = answers.get(name, cell.source)
            _write(folder / "submitted" / f"student-{student:03}" / "hw" / "hw.ipynb", release)
        return course

    def fresh(self, folder: Path, students: int) -> NbgraderCourse:
        """A copy in which the first `students` have handed in and nothing is graded."""
        shutil.copytree(self.folder, folder)
        for submission in sorted((folder / "submitted").iterdir())[students:]:
            shutil.rmtree(submission)
        return NbgraderCourse(self.environment, folder)

    def autograde(self, threads: str) -> Used:
        """`nbgrader autograde`, all submissions."""
        return self.environment.call(self.folder, ["-m", "nbgrader", "autograde", "hw"], threads)

    def feedback(self, threads: str) -> Used:
        """`nbgrader generate_feedback`, all submissions."""
        return self.environment.call(self.folder, ["-m", "nbgrader", "generate_feedback", "hw"], threads)

    def scores(self) -> dict[str, tuple[float, float]]:
        """Student -> points and most points."""
        found = json.loads(self.environment.call(self.folder, ["-c", _SCORES], "default").output.splitlines()[-1])
        return {student: (score, most) for student, (score, most) in found.items()}


def source_notebook(assignment: Assignment, expected: dict) -> nbformat.NotebookNode:
    """The instructor's notebook: the template's cells, solutions between nbgrader's marks, asserts for our checks."""
    tests = _tests(read(assignment.slug, "nbgrader_tests.txt"), expected)
    node = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    node.cells = [_cell(cell, assignment, tests) for cell in assignment.template.notebook if cell.role is not Role.SETUP]
    return node


def _tests(text: str, expected: dict) -> dict[str, tuple[int, str]]:
    """Blank -> points and source of its test cell."""
    parts = re.split(r"^=== (\w+) (\d+)\n", Text(text).substitute(expected), flags=re.MULTILINE)[1:]
    return {
        blank: (int(points), source.rstrip()) for blank, points, source in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }


def _cell(cell: Cell, assignment: Assignment, tests: dict[str, tuple[int, str]]) -> nbformat.NotebookNode:
    if not cell.is_code:
        return nbformat.v4.new_markdown_cell(cell.source)
    source, points = cell.source, 0
    if cell.role is Role.BLANK:
        source = f"### BEGIN SOLUTION\n{assignment.template.solutions[cell.name]}\n### END SOLUTION"
    elif cell.role is Role.CHECK:
        points, source = tests[cell.name]
    solution, graded = cell.role is Role.BLANK, cell.role is Role.CHECK
    kind = {"grade": graded, "solution": solution, "locked": not solution, "task": False, "schema_version": 3}
    kind |= {"grade_id": cell.id} | ({"points": points} if graded else {})
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": kind})


def _write(path: Path, notebook: nbformat.NotebookNode) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
