"""A TA's folder: every submission ends in a row, and nothing is run twice."""

import csv
import dataclasses
import json
import signal
import subprocess
import sys
import time

import pytest

from grader.batch import grade_folder
from grader.demo import make_class
from grader.errors import UsageError
from grader.gradebook import Gradebook
from grader.run import Kernels
from grader.settings import Limits


@pytest.fixture(scope="module")
def graded(built_line, workshop, tmp_path_factory):
    """The demo's class, graded once."""
    folder = tmp_path_factory.mktemp("class")
    limits = Limits(cell=6, notebook=60)
    line = dataclasses.replace(built_line, settings=dataclasses.replace(built_line.settings, limits=limits))
    students = make_class(line, folder / "handed-in")
    (folder / "handed-in" / "deep" / "er" / "zoe").mkdir(parents=True)
    (folder / "handed-in" / "right-ada.ipynb").rename(folder / "handed-in" / "deep" / "er" / "zoe" / "hw.ipynb")
    summary = grade_folder(line, folder / "handed-in", folder / "out", dataclasses.replace(workshop, kernels=Kernels()))
    return line, folder, students, summary


def rows(folder):
    with (folder / "out" / "grades.csv").open(newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_row_for_everybody(graded):
    _, folder, students, summary = graded
    found = rows(folder)
    assert len(found) == len(students)
    for student, row in found.items():
        if student.startswith("right") or student == "deep":
            assert (row["state"], row["score"]) == ("graded", "5"), student
        elif student.startswith("mistakes"):
            assert row["state"] == "graded"
            assert float(row["score"]) < 5
    assert (found["untouched"]["state"], found["untouched"]["score"]) == ("graded", "0")
    assert (found["not-a-notebook"]["state"], found["not-a-notebook"]["score"]) == ("failed", "")
    assert found["endless-loop"]["score"] == found["syntax-error"]["score"] == found["half-done"]["score"] == "2"
    assert summary.needs_person >= 1


def test_the_files_that_design_lists(graded):
    _, folder, students, _ = graded
    out = folder / "out"
    assert (out / "gradebook.db").is_file()
    assert (out / "report.html").is_file()
    results = [json.loads(path.read_text()) for path in sorted((out / "results").glob("*.json"))]
    assert len(results) == len(list((out / "feedback").glob("*.html"))) == len(students)
    for result in results:
        keys = [
            "version",
            "assignment",
            "student",
            "submission",
            "state",
            "score",
            "max_score",
            "seconds",
            "checks",
            "cells",
            "notes",
        ]
        assert list(result) == keys
        for check in result["checks"]:
            names = ["name", "blank", "title", "points", "score", "outcome", "message", "diagnosis", "carried_forward", "private"]
            assert list(check) == names
        if result["state"] == "failed":
            assert result["score"] is None
            assert result["notes"]
    assert not list(out.rglob("*.part"))


def test_mistakes_are_told_in_their_words(graded):
    line, folder, _, _ = graded
    said = {
        check["diagnosis"]
        for path in (folder / "out" / "results").glob("mistakes-*.json")
        for check in json.loads(path.read_text())["checks"]
        if check["diagnosis"]
    }
    assert said == {mistake.says for mistake in line.checks.mistakes}


def test_private_numbers_are_not_told(graded):
    _, folder, _, _ = graded
    for path in (folder / "out" / "results").glob("*.json"):
        for check in json.loads(path.read_text())["checks"]:
            if check["private"]:
                assert "differ" not in check["message"]
                assert "expected 0." not in check["message"]


def test_a_second_time_nothing_runs(graded, workshop):
    line, folder, _, first = graded
    before = (folder / "out" / "grades.csv").read_bytes()
    second = grade_folder(line, folder / "handed-in", folder / "out", workshop)
    assert (second.ran, second.reused) == (0, first.ran + first.reused)
    assert (folder / "out" / "grades.csv").read_bytes() == before


def test_a_file_that_is_gone_keeps_its_row_and_is_noted(graded, workshop):
    line, folder, students, _ = graded
    (folder / "handed-in" / "untouched.ipynb").rename(folder / "away")
    second = grade_folder(line, folder / "handed-in", folder / "out", workshop)
    (folder / "away").rename(folder / "handed-in" / "untouched.ipynb")
    assert second.ran == 0
    assert "untouched" in second.notes[-1]
    assert len(rows(folder)) == len(students)


def test_a_new_point_value_runs_nothing(graded, workshop):
    line, folder, _, _ = graded
    checks = tuple(dataclasses.replace(c, points=c.points * 2) for c in line.checks.checks)
    richer = dataclasses.replace(line, checks=dataclasses.replace(line.checks, checks=checks))
    second = grade_folder(richer, folder / "handed-in", folder / "out", workshop)
    assert second.ran == 0
    assert rows(folder)["deep"]["score"] == "10"
    grade_folder(line, folder / "handed-in", folder / "out", workshop)


def test_another_assignment_does_not_get_into_the_gradebook(graded, workshop):
    line, folder, _, _ = graded
    with pytest.raises(UsageError, match="is a gradebook of assignment line, not other"):
        grade_folder(dataclasses.replace(line, slug="other"), folder / "handed-in", folder / "out", workshop)


def test_folders_that_are_not_there_or_empty(built_line, workshop, tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        grade_folder(built_line, tmp_path / "none", tmp_path / "out", workshop)
    with pytest.raises(UsageError, match="no notebook"):
        grade_folder(built_line, tmp_path, tmp_path / "out", workshop)


@pytest.mark.slow
def test_interrupted_and_started_again(built_course, built_line, workshop, tmp_path):
    """Ctrl-C after the first results: what is done stays, the next call does the rest, and no kernel is left."""
    make_class(built_line, tmp_path / "in")
    for path in (tmp_path / "in").glob("endless*"):
        path.unlink()
    command = [sys.executable, "-c", "from grader.cli import main; main()", "grade", "line", str(tmp_path / "in")]
    command += [
        "--out",
        str(tmp_path / "out"),
        "--profile",
        "quick",
        "--course",
        str(built_course),
        "--jobs",
        "2",
        "--no-isolation",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "out" / "results").glob("right*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted" in said
    with Gradebook.existing(tmp_path / "out", "line") as book:
        done = sum(row.state == "graded" for row in book.rows())
    assert 1 <= done < len(list((tmp_path / "in").iterdir()))
    summary = grade_folder(built_line, tmp_path / "in", tmp_path / "out", workshop)
    assert summary.ran == len(list((tmp_path / "in").iterdir())) - 1 - summary.reused
    assert summary.reused >= done
