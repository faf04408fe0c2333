"""kill -9 of a writer at random moments: what it had finished is there, what it was about is not, and the file is whole."""

import contextlib
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.gradebook import Gradebook

from .made import PROBES, key_of, make_grade, make_run, same, student_of

KILLS = 20
STUDENTS = 30


def write(path: Path, done: int, seed: int) -> None:
    """Grade one student after the other for ever; a line in `done` for each that is kept."""
    dice = random.Random(seed)
    with Gradebook(path, "hw") as book:
        book.found((student_of(n), f"in/{n}.ipynb", "d") for n in range(STUDENTS))
        while True:
            number = dice.randrange(STUDENTS)
            basis = f"{seed}-{dice.random()}"
            book.begin(student_of(number))
            book.keep_all(
                make_grade(number, notes=[basis]),
                "d",
                basis,
                run_key=key_of(number),
                probes=PROBES,
                run=make_run(number),
                outcomes={basis: {"a": [1.0, "passed", ""]}},
            )
            os.write(done, f"{number} {basis}\n".encode())


def check_whole(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'grades'").fetchone():
            return  # killed before there was a gradebook
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM verdicts v WHERE v.submission_id = g.submission_id),"
            " (SELECT count(*) FROM cells c WHERE c.run_id = g.run_id),"
            " (SELECT count(*) FROM captures c WHERE c.run_id = g.run_id),"
            " (SELECT count(*) FROM outcomes o WHERE o.key = g.basis), s.state FROM grades g"
            " JOIN submissions s ON s.id = g.submission_id"
        )
        for verdicts, cells, captures, outcomes, state in counts:
            assert (verdicts, cells, captures, outcomes) == (10, 20, 10, 1)
            assert state in ("graded", "running", "found")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_writer_is_killed(tmp_path):
    path = tmp_path / "gradebook.db"
    dice = random.Random(9)
    last: dict[int, str] = {}
    for kill in range(KILLS):
        there, done = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(there)
                write(path, done, kill)
            finally:
                os._exit(1)
        os.close(done)
        if kill % 2:  # once something is written; the others may come before
            select.select([there], [], [], 10)
        time.sleep(dice.uniform(0.0, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(there, "rb") as pipe:
            for line in pipe.read().decode().splitlines():
                number, basis = line.split()
                last[int(number)] = basis
        check_whole(path) if path.exists() else None
        with Gradebook(path, "hw") as book:
            kept = {row.student: row.basis for row in book.rows()}
            behind = [n for n, basis in last.items() if kept[student_of(n)] != basis]
            assert len(behind) <= 1  # one may have been kept just before the line about it
            for number in behind:
                last[number] = kept[student_of(number)]
    assert len(last) > 5, "hardly anything was written; the test says nothing"
    with Gradebook(path, "hw") as book:
        for number, basis in last.items():
            assert same(book.grade(student_of(number)), make_grade(number, notes=[basis]))
            assert same(book.run(key_of(number), PROBES).run, make_run(number))


def test_a_process_of_its_own_is_killed(tmp_path):
    """The same with a process that shares nothing with this one, while this one reads."""
    path = tmp_path / "gradebook.db"
    script = (
        f"from pathlib import Path; from tests.gradebook.test_gradebook_killed import write; write(Path({str(path)!r}), 1, 1)"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline()]
        with Gradebook(path, "hw") as book:
            while len(lines) < 20:
                lines.append(process.stdout.readline())
                number = int(lines[-1].split()[0])
                assert book.grade(student_of(number)).score == make_grade(number).score
        process.kill()
    check_whole(path)
    with Gradebook(path, "hw") as book:
        assert {row.student for row in book.rows() if row.score is not None} >= {
            student_of(int(line.split()[0])) for line in lines
        }
