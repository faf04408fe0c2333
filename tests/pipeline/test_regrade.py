"""A run is a fact, a grade an opinion: what is kept is judged again, and only what is new is run."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import grader.batch.desk
from grader.assignment import Assignment, Course
from grader.author import close
from grader.batch import grade_folder, regrade
from grader.batch.crew import Standing, longest_first
from grader.batch.task import Task
from grader.batch.unfill import Changed, unfill
from grader.errors import UsageError
from grader.grade import without_setup
from grader.gradebook import Gradebook
from grader.keying import RunCache, Workshop
from grader.notebook import Answers
from grader.result import CellRun, Run
from grader.run import Request
from grader.run.fake import run_here
from grader.template import fill

REFERENCE = '''"""A sum of squares, with an error that goes on."""


def square(x: float) -> float:
    """x times x."""
    return x * x


def squares() -> list[float]:
    """The first four squares."""
    ys = [square(i) for i in range(4)]
    return ys


def total(ys: list[float]) -> float:
    """Their sum."""
    s = float(sum(ys))
    return s
'''
TEMPLATE = """# Squares

{{ blank("square") }}

{{ check("square") }}

{{ blank("squares", inline=true) }}

{{ check("squares") }}

```python
scale = {{ param.scale }}
```

{{ blank("total", inline=true) }}

{{ check("total") }}
"""
CHECKS = '''from grader.author import check, close, mistake


@check("square", points=2, compare=close(atol=0.01))
def squared(nb):
    """square(3) is 9."""
    return float(nb.square(3))


@check("squares", points=1, compare=close(atol=0.01))
def four_of_them(nb):
    """ys are the squares."""
    return [float(y) for y in nb.ys]


@check("total", points=3, compare=close(atol=0.01))
def summed(nb):
    """s is their sum."""
    return float(nb.s)
'''
NEW_CHECK = '''

@check("total", points=1, private=True, compare=close(atol=0.01))
def halved(nb):
    """s over two."""
    return float(nb.s) / 2
'''
TOML = 'title = "Squares"\nreference = "squares"\n[parameters]\nscale = 1\n[profiles.quick]\nscale = 2\n'
RIGHT = {"square": "def square(x):\n    return x**2", "squares": "ys = [square(i) for i in range(4)]", "total": "s = sum(ys)"}


@dataclass(frozen=True)
class Counted:
    """A runner that executes here, and leaves a line for each run, whatever process it is in."""

    log: Path
    seconds: float = 0.0

    def __call__(self, request: Request) -> Run:
        time.sleep(self.seconds)
        with self.log.open("a") as file:
            file.write(f"{request.carried}\n")
        return run_here(request)

    @property
    def count(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def course(tmp_path) -> Path:
    root = tmp_path / "course"
    for path, text in {
        "reference/__init__.py": "",
        "reference/squares.py": REFERENCE,
        "assignments/squares/assignment.toml": TOML,
        "assignments/squares/notebook.md.j2": TEMPLATE,
        "assignments/squares/checks.py": CHECKS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def squares(course) -> Assignment:
    return Course(course).assignment("squares")


def hand_in(squares: Assignment, folder: Path, **students: dict[str, str]) -> None:
    for student, others in students.items():
        answers = Answers({name: (text,) for name, text in (RIGHT | others).items()})
        fill(squares.template, answers).write(folder / f"{student}.ipynb")


@pytest.fixture
def graded(squares, tmp_path):
    """Four students, graded: right, a little off, wrong from the beginning, no notebook."""
    folder, out = tmp_path / "in", tmp_path / "out"
    little = {"total": "s = sum(ys) + 0.005"}
    hand_in(squares, folder, ada={}, bob=little, eve={"square": "def square(x):\n    return 2 * x"})
    (folder / "mal.ipynb").write_text("a letter")
    runner = Counted(tmp_path / "log")
    workshop = Workshop(runner=runner, cache=RunCache(tmp_path / "cache"))
    summary = grade_folder(squares, folder, out, workshop)
    assert (summary.ran, summary.carried) == (3, 1)
    return squares, folder, out, workshop


def scores(out: Path) -> dict[str, str]:
    with (out / "grades.csv").open(newline="") as file:
        return {row["student"]: row["score"] for row in csv.DictReader(file)}


def shown(out: Path) -> dict[str, object]:
    """What the files of the students say, but for the seconds."""
    found = {}
    for path in sorted((out / "results").glob("*.json")):
        result = json.loads(path.read_text())
        result.pop("seconds")
        for cell in result["cells"]:
            cell.pop("seconds")
        found[path.stem] = result
    return found


def with_check(assignment: Assignment, name: str, **changes: object) -> Assignment:
    checks = tuple(dataclasses.replace(c, **changes) if c.name == name else c for c in assignment.checks.checks)
    return dataclasses.replace(assignment, checks=dataclasses.replace(assignment.checks, checks=checks))


# ------------------------------------------------------------------------------------------------------- never twice


def test_nothing_new_reads_no_notebook_and_writes_no_file(graded, monkeypatch):
    squares, folder, out, workshop = graded
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.suffix in (".html", ".json", ".csv")}
    count = workshop.runner.count
    monkeypatch.setattr(grader.batch.desk, "read", None)
    second = grade_folder(squares, folder, out, workshop)
    assert (second.ran, second.reused, second.unchanged) == (0, 3, 4)
    assert workshop.runner.count == count
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_changed_file_runs_alone(graded):
    squares, folder, out, workshop = graded
    hand_in(squares, folder, bob={})
    second = grade_folder(squares, folder, out, workshop)
    assert (second.ran, second.unchanged) == (0, 3)  # what ada handed in has run
    hand_in(squares, folder, bob={"total": "s = 0"})
    third = grade_folder(squares, folder, out, workshop)
    assert (third.ran, third.unchanged) == (1, 3)
    assert scores(out)["bob"] == "3"


def test_pages_that_are_gone_come_back_without_a_run(graded):
    squares, folder, out, workshop = graded
    before = shown(out)
    (out / "results" / "ada.json").unlink()
    (out / "feedback" / "bob.html").unlink()
    (out / "report.html").write_text("torn")
    second = grade_folder(squares, folder, out, workshop)
    assert (second.ran, second.carried, second.unchanged) == (0, 0, 2)
    assert shown(out) == before
    assert (out / "feedback" / "bob.html").is_file()
    assert "Class report" in (out / "report.html").read_text()


def test_a_new_tolerance_is_judged_on_the_kept_runs(graded):
    squares, folder, out, workshop = graded
    runs = workshop.runner.count
    strict = with_check(squares, "summed", comparator=close(atol=0.001, rtol=0))
    second = grade_folder(strict, folder, out, workshop)
    assert (second.ran, second.carried) == (0, 1)
    assert workshop.runner.count == runs + 1
    assert scores(out) == {"ada": "6", "bob": "3", "eve": "4", "mal": ""}


def test_what_the_machine_broke_is_no_zero_and_is_tried_again(squares, tmp_path):
    hand_in(squares, tmp_path / "in", ada={})
    cache = RunCache(tmp_path / "cache")
    grade_folder(squares, tmp_path / "in", tmp_path / "other", Workshop(runner=run_here, cache=cache))  # the key is made

    def broken(request: Request) -> Run:
        return Run("ours", notes=["No memory."])

    def buggy(request: Request) -> Run:
        raise KeyError("a bug of ours")

    for runner, says in {broken: "No memory.", buggy: "This is our fault: KeyError"}.items():
        summary = grade_folder(squares, tmp_path / "in", tmp_path / "out", Workshop(runner=runner, cache=cache))
        assert summary.needs_person == 1
        assert scores(tmp_path / "out") == {"ada": ""}
        assert says in json.loads((tmp_path / "out" / "results" / "ada.json").read_text())["notes"][0]
    assert "a bug of ours" in (tmp_path / "out" / "faults" / "ada.log").read_text()
    summary = grade_folder(squares, tmp_path / "in", tmp_path / "out", Workshop(runner=run_here, cache=cache))
    assert (summary.ran, summary.needs_person) == (1, 0)
    assert scores(tmp_path / "out") == {"ada": "6"}


# ----------------------------------------------------------------------------------------------------------- regrade


def test_new_points_run_nothing_and_need_no_file(graded):
    squares, folder, out, workshop = graded
    runs = workshop.runner.count
    shutil.rmtree(folder)
    richer = with_check(squares, "summed", points=10)
    found = regrade(richer, out, workshop)
    assert (found.rows, found.judged, found.ran, found.carried, found.pending, found.refused) == (4, 4, 0, 0, {}, {})
    assert workshop.runner.count == runs
    assert (found.up, found.down) == (3, 0)
    assert found.checks() == {"summed": (3, 0)}
    assert scores(out) == {"ada": "13", "bob": "13", "eve": "11", "mal": ""}
    assert "13" in (out / "feedback" / "ada.html").read_text()
    assert regrade(richer, out, workshop).judged == 0


def test_it_gives_what_grading_anew_gives(graded, tmp_path):
    """Messages, notes, diagnoses and all."""
    squares, folder, out, workshop = graded
    strict = with_check(squares, "summed", comparator=close(atol=0.001, rtol=0))
    regrade(strict, out, workshop, execute=True)
    grade_folder(strict, folder, tmp_path / "anew", workshop)
    assert shown(out) == shown(tmp_path / "anew")
    assert grade_folder(strict, folder, out, workshop).unchanged == 4


def test_carried_forward_runs_are_listed_and_done_on_demand(graded):
    squares, _, out, workshop = graded
    runs = workshop.runner.count
    strict = with_check(squares, "summed", comparator=close(atol=0.001, rtol=0))
    found = regrade(strict, out, workshop)
    assert (found.ran, found.carried) == (0, 0)
    assert workshop.runner.count == runs
    assert found.pending == {"eve": ("squares", "total")}
    assert scores(out)["eve"] == "0"
    assert any("Not all is judged yet" in note for note in shown(out)["eve"]["notes"])
    assert (found.up, found.down) == (0, 2)  # bob, and eve until it is done
    again = regrade(strict, out, workshop, execute=True)
    assert (again.judged, again.carried, again.pending) == (1, 1, {})
    assert scores(out)["eve"] == "4"
    assert not any("Not all is judged yet" in note for note in shown(out)["eve"]["notes"])


def test_a_new_probe_says_so_and_runs(graded, course):
    _, _, out, workshop = graded
    runs = workshop.runner.count
    (course / "assignments" / "squares" / "checks.py").write_text(CHECKS + NEW_CHECK)
    more = Course(course).assignment("squares")
    with pytest.raises(UsageError, match="no isolation here"):
        regrade(more, out, workshop, refusal="no isolation here")
    found = regrade(more, out, workshop, execute=True)
    assert (found.ran, found.refused) == (3, {})
    assert found.notes == ["The probe of `halved` is new or changed: 3 notebooks had to run again"]
    assert workshop.runner.count > runs + 3
    assert scores(out) == {"ada": "7", "bob": "7", "eve": "5", "mal": ""}


def test_a_probe_of_an_untouched_blank_or_a_waived_check_runs_nothing(squares, course, tmp_path):
    stub = squares.template.stub("total")
    hand_in(squares, tmp_path / "in", ada={"total": stub})
    workshop = Workshop(runner=run_here, cache=RunCache(tmp_path / "cache"))
    grade_folder(squares, tmp_path / "in", tmp_path / "out", workshop)
    (course / "assignments" / "squares" / "checks.py").write_text(CHECKS + NEW_CHECK)
    more = Course(course).assignment("squares")
    assert regrade(more, tmp_path / "out", workshop).ran == 0
    assert scores(tmp_path / "out") == {"ada": "3"}
    (course / "assignments" / "squares" / "checks.py").write_text(CHECKS + NEW_CHECK.replace("nb.s) / 2", "nb.s) / 4"))
    other = with_check(Course(course).assignment("squares"), "halved", waived=True)
    assert regrade(other, tmp_path / "out", workshop).ran == 0
    assert scores(tmp_path / "out") == {"ada": "4"}


def test_another_template_is_refused_before_anything_is_done(graded, course):
    squares, folder, out, workshop = graded
    before = shown(out)
    with pytest.raises(UsageError, match=r"under the profile `quick`.*cells are not those.*grader grade SLUG"):
        regrade(Course(course).assignment("squares", "quick"), out, workshop)
    (course / "assignments" / "squares" / "notebook.md.j2").write_text(TEMPLATE.replace("scale =", "scaled ="))
    with pytest.raises(UsageError, match="cells are not those of its run"):
        regrade(Course(course).assignment("squares"), out, workshop)
    limits = dataclasses.replace(squares.settings.limits, cell=7.0)
    with pytest.raises(UsageError, match="the limits"):
        regrade(dataclasses.replace(squares, settings=dataclasses.replace(squares.settings, limits=limits)), out, workshop)
    assert shown(out) == before
    with pytest.raises(UsageError, match="there is no gradebook"):
        regrade(squares, folder, workshop)


def test_what_waits_to_be_run_keeps_its_grade(graded):
    squares, _, out, workshop = graded
    with Gradebook.existing(out, "squares") as book:
        book.found([("bob", "bob.ipynb", "another file")])
    found = regrade(with_check(squares, "summed", points=10), out, workshop)
    assert found.refused == {"bob": "it waits to be run"}
    assert scores(out)["ada"] == "13"


def test_a_persons_points_stay(graded):
    squares, folder, out, workshop = graded
    with Gradebook.existing(out, "squares") as book:
        book.override("eve", "squared", 1.5, "tom", "half of it is there")
    regrade(with_check(squares, "summed", points=10), out, workshop)
    assert scores(out)["eve"] == "12.5"
    assert "half of it is there" in (out / "feedback" / "eve.html").read_text()
    assert shown(out)["eve"]["score"] == 12.5
    hand_in(squares, folder, eve={"square": "def square(x):\n    return 5 * x"})
    grade_folder(squares, folder, out, workshop)
    assert scores(out)["eve"] == "5.5"


# ------------------------------------------------------------------------------------------------ the inverse of fill

cells = st.lists(st.text("ab=\n1", max_size=5), min_size=1, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_unfill_is_the_inverse_of_fill(line_like, data):
    """For anything that `extract` gives: an answer is never the stub alone, nor empty."""
    template = line_like.template
    places = ["", *(cell.id for cell in template.notebook)]
    sources = {b: data.draw(cells) for b in template.blanks if data.draw(st.booleans())}
    extras = {place: data.draw(cells) for place in places if data.draw(st.booleans())}
    answers = Answers(sources, extras=extras, untouched=frozenset(template.blanks) - sources.keys())
    ran = [CellRun(c.id, str(c.role), c.name, c.source, "ok") for c in without_setup(fill(template, answers)) if c.is_code]
    assert unfill(template, ran) == answers
    with pytest.raises(Changed):
        unfill(template, [cell for cell in ran if cell.id != "given-1"])


@pytest.fixture(scope="module")
def line_like(tmp_path_factory) -> Assignment:
    root = tmp_path_factory.mktemp("course")
    for path, text in {
        "reference/squares.py": REFERENCE,
        "assignments/squares/assignment.toml": TOML,
        "assignments/squares/notebook.md.j2": TEMPLATE,
        "assignments/squares/checks.py": CHECKS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Course(root).assignment("squares")


# --------------------------------------------------------------------------------------------------------- scheduling


def test_the_longest_comes_first_and_the_unknown_count_as_average():
    tasks = [Task(name, "", name, "") for name in ("short", "new", "long", "older")]
    order = [task.student for task in longest_first(tasks, {"short": 1, "long": 60, "older": 3, "new": 0.0})]
    assert order == ["long", "new", "older", "short"]
    assert longest_first(tasks, {}) == tasks


def test_rate_and_time_left():
    standing = Standing("x", total=10, done=4, begun=time.monotonic() - 60)
    assert standing.rate == pytest.approx(4, rel=0.05)
    assert standing.left == pytest.approx(90, rel=0.05)
    assert Standing("x", total=10).left is None


def test_it_is_told_how_far_it_is(graded, tmp_path):
    squares, folder, _, workshop = graded
    seen = []
    grade_folder(squares, folder, tmp_path / "anew", workshop, lambda s: seen.append((s.done, s.total, tuple(s.running))))
    assert seen[0] == (0, 4, ())
    assert seen[-1] == (4, 4, ())
    assert (0, 4, ("ada",)) in seen


def test_workers_do_the_same(graded, tmp_path):
    squares, folder, out, workshop = graded
    hand_in(squares, folder, **{f"more{i}": {"total": f"s = {i}"} for i in range(6)})
    alone = grade_folder(squares, folder, out, workshop)
    both = grade_folder(squares, folder, tmp_path / "both", dataclasses.replace(workshop, jobs=2))
    assert alone.ran == 6
    assert both.ran == 9
    assert shown(tmp_path / "both") == shown(out)


@dataclass(frozen=True)
class Suicidal:
    """A runner whose process is killed by one of the notebooks."""

    def __call__(self, request: Request) -> Run:
        if any("suicide" in cell.source for cell in request.notebook):
            os.kill(os.getpid(), signal.SIGKILL)
        return run_here(request)


def test_a_worker_that_is_killed_costs_its_submission(squares, tmp_path):
    hand_in(squares, tmp_path / "in", ada={}, bob={"total": "s = 1  # suicide"}, eve={"total": "s = 2"})
    workshop = Workshop(runner=Suicidal(), jobs=2, cache=RunCache(tmp_path / "cache"))
    summary = grade_folder(squares, tmp_path / "in", tmp_path / "out", workshop)
    assert scores(tmp_path / "out") == {"ada": "6", "bob": "", "eve": "3"}
    assert summary.needs_person == 1
    assert "killed, twice" in shown(tmp_path / "out")["bob"]["notes"][0]
    again = grade_folder(squares, tmp_path / "in", tmp_path / "out", dataclasses.replace(workshop, runner=run_here))
    assert (again.ran, again.unchanged) == (1, 2)
    assert scores(tmp_path / "out")["bob"] == "3"


SCRIPT = """
import sys
from pathlib import Path
from grader.assignment import Course
from grader.batch import grade_folder
from grader.keying import RunCache, Workshop
from tests.pipeline.test_regrade import Counted
if __name__ == "__main__":
    root = Path(sys.argv[1])
    workshop = Workshop(runner=Counted(root / "log", 0.05), jobs=int(sys.argv[2]), cache=RunCache(root / "cache"))
    grade_folder(Course(root / "course").assignment("squares"), root / "in", root / "out", workshop)
"""


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_at_any_moment_the_next_call_does_the_rest(graded, tmp_path, jobs):
    squares, folder, whole, workshop = graded
    hand_in(squares, folder, **{f"more{i:02}": {"total": f"s = {i}"} for i in range(24)})
    grade_folder(squares, folder, whole, workshop)
    wanted, report = shown(whole), (whole / "grades.csv").read_text()
    whole.rename(tmp_path / "whole")
    (tmp_path / "script.py").write_text(SCRIPT)
    for moment in range(8):
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        process = subprocess.Popen([sys.executable, tmp_path / "script.py", tmp_path, str(jobs)], env=environment)
        until = time.monotonic() + 60
        target = 3 * (moment + 1)
        while process.poll() is None and time.monotonic() < until and len(list(tmp_path.glob("out/results/*.json"))) < target:
            time.sleep(0.01)
        process.kill()
        process.wait()
    last = grade_folder(squares, folder, tmp_path / "out", workshop)
    assert last.reused > 10
    assert shown(tmp_path / "out") == wanted
    assert (tmp_path / "out" / "grades.csv").read_text() == report
    assert not list((tmp_path / "out").rglob("*.part")) or jobs == 2  # what a killed worker left is overwritten next time
