"""Carried forward: an error is charged once, and nothing but outcomes comes from the run that shows it."""

import dataclasses
import json
from pathlib import Path

import pytest

from grader.assignment import Assignment, Course
from grader.batch import grade_folder
from grader.carry import Carried
from grader.grade import request
from grader.gradebook import Gradebook
from grader.keying import RunCache, Workshop, make_key
from grader.notebook import Answers, Cell, Notebook, Role
from grader.result import Grade, Outcome
from grader.run import execute
from grader.run.fake import run_here
from grader.template import fill

REFERENCE = '''"""A chain of five blanks."""


def double(x: int) -> int:
    """Twice x."""
    return 2 * x


def numbers() -> list[int]:
    """Five doubled numbers."""
    xs = [double(i) for i in range(5)]
    return xs


def total(xs: list[int]) -> int:
    """Their sum and one more."""
    s = sum(xs) + 1
    return s


def last(s: int, xs: list[int]) -> int:
    """The sum less the last number."""
    rest = s - xs[-1]
    return rest


alone = 7
'''
TEMPLATE = """# A chain

{{ blank("double") }}

{{ check("double") }}

{{ blank("numbers", inline=true) }}

{{ check("numbers") }}

{{ blank("total", inline=true) }}

{{ check("total") }}

{{ blank("last", inline=true) }}

{{ check("last") }}

{{ blank("alone") }}

{{ check("alone") }}
"""
CHECKS = '''from grader.author import check, exact, mistake


@check("double", points=2, compare=exact())
def doubles(nb):
    """double doubles."""
    return [nb.double(i) for i in (0, 1, 5)]


@check("numbers", points=1, compare=exact())
def numbers_right(nb):
    """xs are the doubled numbers."""
    return nb.xs


@check("total", points=1, compare=exact())
def total_right(nb):
    """s is their sum and one."""
    return nb.s


@check("total", points=1, private=True, compare=exact())
def total_is_a_number(nb):
    """s is a whole number."""
    return type(nb.s).__name__


@check("last", points=3, compare=exact())
def last_right(nb):
    """rest is the sum less the last number."""
    return nb.rest


@check("alone", points=1, compare=exact())
def alone_right(nb):
    """alone is 7."""
    return nb.alone


mistake("total", replace={" + 1": ""}, says="One more is missing.")
'''
TOML = 'title = "A chain"\nreference = "chain"\n'
RIGHT = {
    "double": "def double(x):\n    return x + x",
    "numbers": "xs = list(map(double, range(5)))",
    "total": "s = 1\nfor x in xs:\n    s += x",
    "last": "rest = s - xs[4]",
    "alone": "alone = 7",
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Assignment:
    root = tmp_path_factory.mktemp("course")
    for path, text in {
        "reference/__init__.py": "",
        "reference/chain.py": REFERENCE,
        "assignments/chain/assignment.toml": TOML,
        "assignments/chain/notebook.md.j2": TEMPLATE,
        "assignments/chain/checks.py": CHECKS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Course(root).assignment("chain")


@pytest.fixture(scope="module")
def key(chain):
    return make_key(chain, Workshop(runner=run_here))


def answers(chain: Assignment, **others: str | None) -> Answers:
    """The right answers, some otherwise; None for an untouched stub."""
    sources = RIGHT | {name: chain.template.stub(name) if text is None else text for name, text in others.items()}
    untouched = frozenset(name for name, text in others.items() if text is None)
    return Answers(sources={name: (text,) for name, text in sources.items()}, untouched=untouched)


def carried(chain, key, found: Answers) -> tuple[Grade, Carried]:
    work = Carried.of(chain, key, run_here(request(chain, found)), found, "ada", "ada.ipynb")
    while (asked := work.request()) is not None:
        assert asked.carried
        work.take(work.outcomes(run_here(asked)))
    return work.grade(), work


def lost(grade: Grade) -> dict[str, float]:
    """Points lost, by blank."""
    found: dict[str, float] = {}
    for check in grade.checks:
        found[check.blank] = found.get(check.blank, 0) + check.points - check.score
    return {blank: points for blank, points in found.items() if points}


def test_all_right_runs_nothing_more(chain, key):
    grade, work = carried(chain, key, answers(chain))
    assert (lost(grade), work.runs) == ({}, 0)
    assert not any("charged once" in note for note in grade.notes)


@pytest.mark.parametrize(
    "wrong",
    ["def double(x):\n    return x * x", "def double(x):\n    raise ValueError", "def double(x) return", "double = 3", None],
    ids=["wrong", "raises", "syntax", "no function", "untouched"],
)
def test_the_first_blank_wrong_and_the_others_right_loses_only_its_points(chain, key, wrong):
    grade, work = carried(chain, key, answers(chain, double=wrong))
    assert (lost(grade), work.runs) == ({"double": 2}, 1)
    by_name = {check.name: check for check in grade.checks}
    assert by_name["numbers_right"].carried_forward
    assert by_name["last_right"].message == "Right with a right answer to `double` in its place."
    assert not by_name["doubles"].carried_forward
    assert not by_name["alone_right"].carried_forward
    assert grade.notes[-1].startswith("An error is charged once: `numbers`")


def test_an_error_on_the_way_is_charged_too_and_recognised(chain, key):
    grade, work = carried(chain, key, answers(chain, double=None, total="s = sum(xs)"))
    assert (lost(grade), work.runs) == ({"double": 2, "total": 1}, 2)
    by_name = {check.name: check for check in grade.checks}
    assert by_name["total_right"].diagnosis == "One more is missing."  # seen only once `double` is right
    assert by_name["last_right"].message == "Right with right answers to `double` and `total` in their place."


def test_two_roots_are_put_in_together(chain, key):
    grade, work = carried(chain, key, answers(chain, double=None, numbers="xs = [0, 2, 4, 6]"))
    assert lost(grade) == {"double": 2, "numbers": 1}
    assert work.runs == 2  # numbers has to be judged with a right double first


def test_untouched_blanks_in_a_row_cost_one_run(chain, key):
    grade, work = carried(chain, key, answers(chain, double=None, numbers=None, total=None))
    assert (lost(grade), work.runs) == ({"double": 2, "numbers": 1, "total": 2}, 1)


def test_failed_blanks_that_nobody_depends_on_cost_no_run(chain, key):
    grade, work = carried(chain, key, answers(chain, last="rest = 0", alone="alone = 8"))
    assert (lost(grade), work.runs) == ({"last": 3, "alone": 1}, 0)


def test_a_blank_that_stays_wrong_earns_nothing(chain, key):
    grade, work = carried(chain, key, answers(chain, double=None, last="rest = s"))
    assert lost(grade) == {"double": 2, "last": 3}
    assert work.runs == 1


def test_helpers_in_the_replaced_cell_stay(chain, key):
    found = answers(
        chain, double="def add(a, b):\n    return a + b\ndef double(x):\n    return add(x, 1)", total="s = add(sum(xs), 1)"
    )
    grade, _ = carried(chain, key, found)
    assert lost(grade) == {"double": 2}


def test_an_own_cell_that_overwrites_the_blank_gives_way(chain, key):
    found = dataclasses.replace(answers(chain), extras={"blank-double": ("def double(x):\n    return 0",)})
    grade, _ = carried(chain, key, found)
    assert lost(grade) == {"double": 2}


def test_it_can_be_switched_off(chain, key):
    off = dataclasses.replace(chain, settings=dataclasses.replace(chain.settings, carry_forward=False))
    grade, work = carried(off, key, answers(chain, double=None))
    assert work.runs == 0
    assert lost(grade) == {"double": 2, "numbers": 1, "total": 1, "last": 3}


def test_nothing_but_captures_comes_back(chain):
    """A notebook that prints and returns the reference's source learns nothing: no output, no cell, no note."""
    spy = "import inspect\nprint(In)\nrest = str(In)"
    work = dataclasses.replace(request(chain, answers(chain, last=spy)), carried=True)
    run = execute(work)
    assert (run.cells, run.notes) == ([], [])


def test_what_is_told_of_it_holds_nothing_of_the_reference(chain, key):
    grade, _ = carried(chain, key, answers(chain, double=None, last="import sys\nrest = {str(sys._getframe().f_globals): 1}"))
    told = json.dumps(grade.to_json())
    assert "2 * x" not in told
    assert next(c for c in grade.checks if c.name == "last_right").score == 0


def test_a_fault_of_the_machine_ends_it(chain, key):
    found = answers(chain, double=None)
    work = Carried.of(chain, key, run_here(request(chain, found)), found, "ada", "")
    asked = work.request()
    work.take(work.outcomes(dataclasses.replace(run_here(asked), state="ours")))
    assert work.request() is None
    assert lost(work.grade()) == {"double": 2, "numbers": 1, "total": 1, "last": 3}


def test_a_waived_check_and_a_full_score_need_nothing(chain, key):
    waived = dataclasses.replace(key, checks=tuple(dataclasses.replace(c, waived=True) for c in key.checks))
    grade, work = carried(chain, waived, answers(chain, double=None))
    assert (work.runs, grade.score) == (0, grade.max_score)
    assert {check.outcome for check in grade.checks} == {Outcome.PASSED}


@pytest.fixture
def handed_in(chain, tmp_path) -> Path:
    for name, found in {
        "right": answers(chain),
        "first-wrong": answers(chain, double="def double(x):\n    return 3 * x"),
        "two-wrong": answers(chain, double=None, total="s = 0"),
    }.items():
        notebook = fill(chain.template, found)
        Notebook(tuple(c if c.role is not Role.EXTRA else Cell(c.id, c.role, c.source) for c in notebook)).write(
            tmp_path / "in" / f"{name}.ipynb"
        )
    return tmp_path / "in"


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder(chain, handed_in, tmp_path, jobs):
    """Grading again runs nothing, nor do new points; a new comparator has the blank behind it carried forward again."""
    workshop = Workshop(runner=run_here, jobs=jobs, cache=RunCache(tmp_path / "cache" / "runs"))
    first = grade_folder(chain, handed_in, tmp_path / "out", workshop)
    assert (first.ran, first.carried, first.reused) == (3, 3, 0)
    with Gradebook.existing(tmp_path / "out", "chain") as book:
        assert {g.student: lost(g) for g in book.grades()} == {
            "right": {},
            "first-wrong": {"double": 2},
            "two-wrong": {"double": 2, "total": 1},
        }
        assert len(book.run_keys()) == 3  # no run with a reference's answer in it is kept
    second = grade_folder(chain, handed_in, tmp_path / "out", workshop)
    assert (second.ran, second.carried, second.reused) == (0, 0, 3)
    richer = dataclasses.replace(
        chain.checks, checks=tuple(dataclasses.replace(c, points=2 * c.points) for c in chain.checks.checks)
    )
    third = grade_folder(dataclasses.replace(chain, checks=richer), handed_in, tmp_path / "out", workshop)
    assert (third.ran, third.carried) == (0, 0)  # outcomes are kept as shares
    page = (tmp_path / "out" / "feedback" / "first-wrong.html").read_text()
    assert "judged with a right one in its place" in page
    result = json.loads((tmp_path / "out" / "results" / "first-wrong.json").read_text())
    assert result["score"] == 2 * (9 - 2)
