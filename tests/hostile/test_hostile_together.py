"""All hostile notebooks at once, with ten good ones: the good ones have full marks, and the machine is as it was."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from grader.assignment import Assignment

from .case import BOAST, MARK, POINTS, SECRETS, Case
from .cases_files import CASES as FILES
from .course import right_notebook
from .pages import harm_in
from .test_hostile_alone import CASES, check_row, surroundings
from .watch import Listeners, adopting, command_line, descendants, left_after, processes
from .world import World, commands_isolate, own_temporary_folder, spilled, told

pytestmark = pytest.mark.slow

GOOD = [f"good-{number}" for number in range(10)]
SECONDS = 3600


@dataclass
class Batch:
    world: World
    cases: list[Case]
    result: dict[str, object]
    again: dict[str, object]
    left: dict[str, list[str]]
    changed: list[str]


@pytest.fixture(scope="module")
def batch(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory, not_isolated: list[str]) -> Iterator[Batch]:
    """One call of the command line with two workers, a second one after it, and what they left on the machine."""
    cases = [case for case in CASES if not case.isolated or (not not_isolated and commands_isolate())]
    with own_temporary_folder() as temporary, Listeners(str(temporary / "service")) as listeners, adopting():
        world = World(assignment, tmp_path_factory.mktemp("together"), temporary, listeners)
        for case in cases:
            world.hand_in(case)
        for name in GOOD:
            (world.handed / f"{name}.ipynb").write_bytes(right_notebook(assignment, name))
        for file in FILES:
            file.make(world.handed, right_notebook(assignment))
        before, mine = surroundings(world), set(descendants(os.getpid()))
        first = world.run("--jobs", "2", "--json", seconds=SECONDS)
        assert first.returncode == 1, first.stderr[-3000:]
        left = _left(world, mine)
        after = surroundings(world)
        changed = [place for place in before if before[place] != after[place]]
        again = world.run("--jobs", "2", "--json", seconds=600)
        assert again.returncode == 1, again.stderr[-3000:]
        yield Batch(world, cases, json.loads(first.stdout), json.loads(again.stdout), left, changed)
        _kill(set(descendants(os.getpid())) - mine)


def _left(world: World, mine: set[int]) -> dict[str, list[str]]:
    """Processes of the batch's and files of its, five seconds after its end."""
    known = left_after(5, MARK, "hostile-left", f"TMPDIR={world.temporary}")
    ours = {pid for pid in descendants(os.getpid()) if pid in processes()} - mine
    found = [f"{pid} {command_line(pid)}" for pid in sorted(ours | known.keys())]
    _kill(ours | known.keys())
    return {"processes": found, "files": [path.name for path in world.temporary.iterdir() if path.name != "service"]}


def _kill(pids: set[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except OSError:
            continue


def test_the_good_ones_have_full_marks(batch: Batch) -> None:
    for name in GOOD:
        result = batch.world.row(name).result
        assert (result["state"], result["score"]) == ("graded", sum(POINTS.values())), (name, batch.world.row(name).said)


def test_every_hostile_one_ends_in_its_state(batch: Batch) -> None:
    wrong = {}
    for case in batch.cases:
        try:
            check_row(case, batch.world.row(case.name))
        except AssertionError as error:
            wrong[case.name] = str(error)[:300]
    assert not wrong, "\n\n".join(f"{name}: {what}" for name, what in wrong.items())


def test_every_file_has_its_row(batch: Batch) -> None:
    rows = batch.world.rows()
    for file in FILES:
        for student, (state, score) in file.rows.items():
            if state:
                assert (rows[student].result["state"], rows[student].result["score"]) == (state, score), student
                assert harm_in(rows[student].page) == []
            else:
                assert student not in rows


def test_nothing_around_it_is_changed(batch: Batch) -> None:
    assert batch.changed == []
    assert batch.world.listeners.heard == []


def test_nothing_is_left(batch: Batch) -> None:
    assert batch.left == {"processes": [], "files": []}


def test_no_secret_is_told(batch: Batch) -> None:
    assert spilled(told(batch.world.out), BOAST, *SECRETS.values()) == []


def test_a_second_time_nothing_runs_and_all_is_the_same(batch: Batch) -> None:
    assert batch.again["ran"] == 0
    assert batch.again["grades"] == batch.result["grades"]
