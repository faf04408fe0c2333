"""Every odd file in one folder, graded at once: a row and a reason for each, and none costs another anything.

What is the same run is run once here: these cases are about reading files, and many of them hold the same answers.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import run as running
from grader.assignment import Assignment
from grader.batch import Summary, grade_folder
from grader.keying import RunCache, Workshop
from grader.result import Run
from grader.run import Kernels, Request
from grader.submission import safe_names

from .case import BOAST, SECRETS, FileCase
from .cases_files import CASES
from .course import right_notebook
from .pages import harm_in
from .watch import Listeners, folder_state
from .world import World, missing, own_temporary_folder, spilled, told


class Remembering:
    """A runner that does equal runs once."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}

    def __call__(self, request: Request) -> Run:
        key = request.key(running.versions())
        if key not in self.runs:
            self.runs[key] = Kernels(isolated=not missing()).execute(request)
        return self.runs[key]


@pytest.fixture(scope="module")
def graded(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Summary]]:
    with own_temporary_folder() as temporary, Listeners(str(temporary / "service")) as listeners:
        world = World(assignment, tmp_path_factory.mktemp("files"), temporary, listeners)
        right = right_notebook(assignment)
        for case in CASES:
            case.make(world.handed, right)
        before = folder_state(world.root)
        cache = RunCache(world.course / ".grader" / "runs")
        summary = grade_folder(assignment, world.handed, world.out, Workshop(runner=Remembering(), cache=cache))
        after = {place: state for place, state in folder_state(world.root).items() if not place.startswith("graded")}
        before.pop("."), after.pop(".")  # the output folder is in it
        assert after == before
        yield world, summary


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file(case: FileCase, graded: tuple[World, Summary]) -> None:
    world, summary = graded
    rows = world.rows()
    for student, (state, score) in case.rows.items():
        if not state:
            assert student not in rows
            continue
        result = rows[student].result
        assert (result["state"], result["score"]) == (state, score), rows[student].said
        if state == "failed":
            assert len(result["notes"]) == 1
            assert "Traceback" not in result["notes"][0]
            assert result["checks"] == []
        assert harm_in(rows[student].page) == []
    said = "\n".join([*summary.notes, *(rows[student].said for student in case.rows if student in rows)])
    for words in case.says:
        assert words in said


def test_nobody_else_is_in_the_gradebook(graded: tuple[World, Summary]) -> None:
    world, summary = graded
    expected = {student for case in CASES for student, (state, _) in case.rows.items() if state} | {"neighbour"}
    assert set(world.rows()) == expected
    assert sum(summary.states.values()) == len(expected)
    with (world.out / "grades.csv").open(newline="", encoding="utf-8") as file:
        names = {row["student"] for row in csv.DictReader(file)}
    assert names == {f"'{name}" if name[0] in "=+-@" else name for name in expected}
    assert {path.stem for path in (world.out / "feedback").iterdir()} == set(safe_names(expected).values())


def test_the_class_report_does_nothing(graded: tuple[World, Summary]) -> None:
    world, _ = graded
    page = (world.out / "report.html").read_text(encoding="utf-8")
    assert set(harm_in(page)) <= {"<svg>"}  # our own picture of the distribution
    assert "<svg" not in "".join(student for case in CASES for student in case.rows)


def test_no_secret_is_told(graded: tuple[World, Summary]) -> None:
    assert spilled(told(graded[0].out), BOAST, *SECRETS.values()) == []


def test_a_second_time_gives_the_same(graded: tuple[World, Summary]) -> None:
    world, first = graded
    before = (world.out / "grades.csv").read_bytes()

    def never(_: Request) -> Run:
        raise AssertionError("nothing is new")

    cache = RunCache(Path(world.course) / ".grader" / "runs")
    second = grade_folder(world.assignment, world.handed, world.out, Workshop(runner=never, cache=cache))
    assert (second.ran, second.states) == (0, first.states)
    assert (world.out / "grades.csv").read_bytes() == before
