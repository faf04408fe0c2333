"""Every task of the lectures has its row in docs/course.md, and every picture its place in a notebook."""

import importlib
import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

from grader.assignment import Assignment, Course

ROOT = Path(__file__).parents[2]
INVENTORY = ROOT.parent / "shared" / "lectures" / "INVENTORY.md"
TASKS = {"000": 19, "001": 37, "002": 23, "003": 15, "004": 43}  # of each lecture, numbered from T01
NUMBERS = [f"{lecture}-T{k:02}" for lecture, count in TASKS.items() for k in range(1, count + 1)]
LARGEST = 120_000  # bytes of a picture

SLUGS = Course(ROOT).slugs()


@pytest.fixture(scope="module")
def assignments() -> dict[str, Assignment]:
    return {slug: Course(ROOT).assignment(slug) for slug in SLUGS}


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "course.md").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------------- tasks


def test_the_page_is_the_one_that_the_script_makes(page: str):
    spec = importlib.util.spec_from_file_location("make_course", ROOT / "docs" / "make_course.py")
    make_course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_course)
    assert page == make_course.main(), "run `python docs/make_course.py`"


def test_every_task_is_in_one_assignment(assignments: dict[str, Assignment]):
    found = Counter(number for assignment in assignments.values() for number in assignment.settings.tasks)
    assert sorted(set(NUMBERS) - set(found)) == [], "tasks that no assignment has in its [tasks]"
    assert sorted(set(found) - set(NUMBERS)) == [], "numbers that no lecture has"
    assert {number for number, times in found.items() if times > 1} == set()


def test_every_task_has_one_row(page: str):
    assert sorted(re.findall(r"^\| (\d{3}-T\d\d) \|", page, re.MULTILINE)) == NUMBERS


def test_tasks_are_those_of_their_lecture_and_say_where(assignments: dict[str, Assignment]):
    for slug, assignment in assignments.items():
        for number, task in assignment.settings.tasks.items():
            where = f"{slug}: {number}"
            assert number.startswith(assignment.settings.lecture), where
            assert task.title.strip(), where
            assert re.fullmatch(r"l\. \d+(-\d+)?(, \d+(-\d+)?)*", task.where), f"{where}: {task.where}"
            assert task.blanks or task.given, where


def test_every_blank_and_answer_belongs_to_a_task(assignments: dict[str, Assignment]):
    for slug, assignment in assignments.items():
        named = {name for task in assignment.settings.tasks.values() for name in task.blanks}
        assert {*assignment.template.blanks, *assignment.settings.answers} - named == set(), slug


@pytest.mark.skipif(not INVENTORY.exists(), reason="the lectures are not beside this clone")
def test_the_tasks_are_those_of_the_inventory():
    """A heading is one task, or several: "004-T15..T20 GPU experiments", "004-T28, T29 25 RNN(5,4)"."""
    found = []
    for lecture, numbers in re.findall(r"^### (\d{3})-(T\d\d(?:(?:\.\.|, )T\d\d)*)", INVENTORY.read_text("utf-8"), re.MULTILINE):
        first, *others = (int(k) for k in re.findall(r"\d\d", numbers))
        ks = range(first, others[-1] + 1) if others else [first]
        found += [f"{lecture}-T{k:02}" for k in ks]
    assert sorted(found) == NUMBERS


# ------------------------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("slug", SLUGS)
def test_pictures_are_drawn_by_the_reference_and_shown_in_the_notebook(assignments: dict[str, Assignment], slug: str):
    assignment = assignments[slug]
    data = {path.name: path for path in (assignment.folder / "data").glob("*.png")}
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (assignment.folder / "notebook.md.j2").read_text(encoding="utf-8"))
    reference = importlib.import_module(f"reference.{assignment.settings.reference}")
    drawn = {f"{name.removeprefix('picture_')}.png" for name in vars(reference) if name.startswith("picture_")}
    assert "cover.png" in data
    assert set(data) == drawn, "run `python docs/make_pictures.py`"
    assert {name for _, name in shown} == set(data)
    assert [name for text, name in shown if len(text) < 15] == [], "who cannot see it reads what it shows"
    assert {name: path.stat().st_size for name, path in data.items() if path.stat().st_size > LARGEST} == {}


def test_the_page_shows_the_covers(page: str):
    assert re.findall(r"!\[[^\]]+\]\(\.\./assignments/(\w+)/data/cover\.png\)", page) != []
    assert set(re.findall(r"/(\w+)/data/cover\.png", page)) == set(SLUGS)
