"""`kill -9` of any process of `grader grade` at any moment: the next call gives the gradebook that there would have been without.

GRADER_KILLS: how many moments (default 6; the release asks for 50). GRADER_KILL_SEED: of the choice of moments and victims; it is
printed, and the same seed chooses the same again as far as the machine's pace allows.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import Assignment
from grader.gradebook import Gradebook
from grader.notebook import Answers

from .case import FIRST, LAST, MIDDLE
from .course import SLUG, handed_out
from .watch import adopting, command_line, descendants, kill_all, processes
from .world import grade_command, own_temporary_folder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("linux")]

KILLS = int(os.environ.get("GRADER_KILLS", "6"))
SEED = int(os.environ.get("GRADER_KILL_SEED", "4"))
SUBMISSIONS = 8
SECONDS = 300  # that one call may take
WORK = "import time\ntime.sleep(0.4)\n"  # so that there is something to be killed in


@dataclass
class Class:
    """A folder of submissions, and what they are graded without a kill."""

    assignment: Assignment
    handed: Path
    root: Path
    temporary: Path
    undisturbed: dict[str, Any]
    seconds: float

    def start(self, out: Path, log: Path) -> subprocess.Popen[bytes]:
        command = grade_command(self.assignment.course, self.handed, out, "--jobs", "2")
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        with log.open("ab") as file:
            return subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)


@pytest.fixture(scope="module")
def students(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    root = tmp_path_factory.mktemp("killed")
    handed = root / "handed-in"
    handed.mkdir()
    wrong = "def middle(x):\n    return [number - 3 for number in x]"
    for number in range(SUBMISSIONS):
        middle = [MIDDLE, MIDDLE, wrong, "raise ValueError('no')"][number % 4]
        answers = {"first": (f"{FIRST}  # {number}",), "middle": (WORK + middle,), "last": (LAST,)}
        (handed / f"student-{number}.ipynb").write_bytes(handed_out(assignment, Answers(sources=answers)))
    with own_temporary_folder() as temporary:
        found = Class(assignment, handed, root, temporary, {}, 0.0)
        begin = time.monotonic()
        assert found.start(root / "undisturbed", root / "log").wait(SECONDS) == 0, (root / "log").read_text()[-2000:]
        found.seconds = time.monotonic() - begin
        found.undisturbed = opinions(root / "undisturbed")
        yield found


def opinions(out: Path) -> dict[str, Any]:
    """What the gradebook says of each student, without times; and that the files say the same."""
    with Gradebook.existing(out, SLUG) as book:
        grades = {grade.student: grade.to_json() for grade in book.grades()}
    for student, grade in grades.items():
        assert json.loads((out / "results" / f"{student}.json").read_text(encoding="utf-8")) == grade
        grade.pop("seconds")
        for cell in grade["cells"]:
            cell.pop("seconds")
    return grades


def kind(pid: int, grader: int) -> str:
    """What a process is, for the message of a failing test."""
    if pid == grader:
        return "the grader"
    line = command_line(pid)
    words = {
        "ipykernel": "a kernel",
        "warm": "a warm server or its kernel",
        "resource_tracker": "a tracker",
        "spawn_main": "a worker",
    }
    return next((what for word, what in words.items() if word in line), f"`{line[:60]}`")


def gone(pids: set[int], seconds: float) -> list[str]:
    """Which of these processes are still there after so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := pids & processes().keys()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [f"{pid} {command_line(pid)}" for pid in left]


@pytest.mark.parametrize("number", range(KILLS))
def test_after_a_kill_the_next_call_gives_the_same(number: int, students: Class) -> None:
    choose = random.Random(f"{SEED} {number}")
    out, log = students.root / f"out-{number}", students.root / f"log-{number}"
    moment = choose.uniform(0.1, 1.0) * students.seconds
    mine = set(descendants(os.getpid()))
    with adopting():
        grader = students.start(out, log)
        time.sleep(moment)
        tree = [grader.pid, *descendants(grader.pid)]
        victim = choose.choice(tree) if choose.random() < 0.75 else grader.pid
        what = f"seed {SEED}, kill {number}: {kind(victim, grader.pid)} ({victim}) after {moment:.2f} s"
        print(what)
        known = {*tree, *descendants(grader.pid)}
        kill_all([victim])
        code = grader.wait(5 if victim == grader.pid else SECONDS)
        if victim == grader.pid:
            left = gone((known | set(descendants(os.getpid()))) - mine - {grader.pid}, 20)
            kill_all([int(line.split()[0]) for line in left])
            assert left == [], what
            assert code in (-signal.SIGKILL, 0), what
        else:
            assert code in (0, 1, 3), f"{what}: exit code {code}\n{log.read_text()[-2000:]}"
        assert students.start(out, log).wait(SECONDS) == 0, f"{what}\n{log.read_text()[-2000:]}"
        left = gone(set(descendants(os.getpid())) - mine, 20)
        kill_all([int(line.split()[0]) for line in left])
        _reap()
        assert left == [], what
    assert opinions(out) == students.undisturbed, what


def _reap() -> None:
    """Orphans came to us."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def test_the_files_of_an_interrupted_call_are_whole(students: Class) -> None:
    """Killed as soon as the first result is there: every file that a reader may open can be read, and none is missing in the end."""
    out, log = students.root / "out-whole", students.root / "log-whole"
    grader = students.start(out, log)
    deadline = time.monotonic() + SECONDS
    while not list((out / "results").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    tree = descendants(grader.pid)
    kill_all([grader.pid])
    grader.wait(5)
    left = gone(set(tree), 20)
    kill_all([int(line.split()[0]) for line in left])
    for path in (out / "results").glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["assignment"] == SLUG
    with Gradebook.existing(out, SLUG) as book:
        for row in (row for row in book.rows() if row.state in ("graded", "needs_review", "failed")):
            assert (out / "results" / f"{row.student}.json").is_file()
    assert left == []
    assert students.start(out, log).wait(SECONDS) == 0
    assert opinions(out) == students.undisturbed
