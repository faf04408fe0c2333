"""Version 1 becomes version 2 with all that is in it, or stays what it is."""

import contextlib
import os
import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.gradebook import Gradebook

from .made import failed_grade, key_of, make_grade, make_run, same, student_of
from .version1 import Gradebook1

COUNT = 12


def write_version_1(path: Path, count: int = COUNT) -> None:
    with Gradebook1(path, "hw") as book:
        for number in range(count):
            book.keep_run(key_of(number), make_run(number))
            book.keep_grade(make_grade(number), f"digest-{number}", key_of(number))
        book.keep_run(key_of(count), make_run(count))  # of an earlier submission of somebody's
        book.keep_grade(failed_grade(count), "", None)
        book.keep_outcomes("carried", {"a": [1.0, "passed", ""]})


def old_rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = ("facts", "runs", "grades", "outcomes")
        return {name: sorted(connection.execute(f"SELECT * FROM {name}")) for name in names}


def check_all_is_there(book: Gradebook, count: int = COUNT) -> None:
    assert book.run_keys() == {key_of(number) for number in range(count + 1)}
    for number in range(count + 1):
        assert same(book.run(key_of(number)), make_run(number))
    rows = book.rows()
    assert [row.student for row in rows] == [student_of(number) for number in range(count + 1)]
    for number in range(count):
        assert same(book.grade(student_of(number)), make_grade(number))
        assert rows[number].digest == f"digest-{number}"
        assert rows[number].score == make_grade(number).score
        assert rows[number].basis == ""
        assert rows[number].seconds == make_grade(number).seconds
    assert same(book.grade(student_of(count)), failed_grade(count))
    assert (rows[count].state, rows[count].score, rows[count].digest) == ("failed", None, "")
    assert book.outcomes("carried") == {"a": [1.0, "passed", ""]}


def test_all_of_it_is_there_afterwards(tmp_path):
    path = tmp_path / "gradebook.db"
    write_version_1(path)
    before = old_rows(path)
    with Gradebook(path, "hw") as book:
        check_all_is_there(book)
        assert book.notes == ["The gradebook was of version 1 and is now of version 2; the old file is kept as gradebook.v1.db."]
    assert old_rows(tmp_path / "gradebook.v1.db") == before
    with Gradebook.existing(tmp_path, "hw") as book:
        check_all_is_there(book)
        assert book.notes == []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT runs.key, runs.made FROM runs").fetchall()
        assert {key: when[:19] for key, when in made} == {row[0]: row[3] for row in before["runs"]}
        assert not [name for (name,) in connection.execute("SELECT name FROM sqlite_master") if "version_1" in name]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_it_is_smaller_then(tmp_path):
    path = tmp_path / "gradebook.db"
    write_version_1(path)
    with Gradebook(path, "hw"):
        pass
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
    assert path.stat().st_size < 0.55 * (tmp_path / "gradebook.v1.db").stat().st_size


def test_a_file_without_outcomes_and_one_without_facts(tmp_path):
    """As an earlier grader wrote it, and one that was killed while it made the file."""
    write_version_1(tmp_path / "gradebook.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.db")) as connection:
        connection.execute("DROP TABLE outcomes")
        connection.execute("DELETE FROM facts")
        connection.commit()
    with Gradebook(tmp_path / "gradebook.db", "hw") as book:
        assert len(book.rows()) == COUNT + 1
        assert book.outcomes("carried") is None


def test_another_assignments_is_refused_and_stays_version_1(tmp_path):
    write_version_1(tmp_path / "gradebook.db")
    before = old_rows(tmp_path / "gradebook.db")
    with pytest.raises(UsageError, match="of assignment hw, not other"):
        Gradebook(tmp_path / "gradebook.db", "other")
    assert old_rows(tmp_path / "gradebook.db") == before
    assert not (tmp_path / "gradebook.v1.db").exists()


def test_what_cannot_be_read_is_named_and_stays_in_the_old_file(tmp_path):
    path = tmp_path / "gradebook.db"
    write_version_1(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE runs SET run = x'00' WHERE key = ?", [key_of(2)])
        connection.execute("UPDATE grades SET grade = x'00' WHERE student = ?", [student_of(3)])
        connection.commit()
    before = old_rows(path)
    with Gradebook(path, "hw") as book:
        assert book.notes[1] == f"2 could not be read and are only in the old file: `{key_of(2)}`, `{student_of(3)}`."
        assert same(book.grade(student_of(2)), make_grade(2))  # its cells were in the grade, too
        assert book.grade(student_of(3)) is None
    assert old_rows(tmp_path / "gradebook.v1.db") == before


def test_an_earlier_copy_is_not_overwritten(tmp_path):
    (tmp_path / "gradebook.v1.db").write_text("mine")
    write_version_1(tmp_path / "gradebook.db")
    with Gradebook(tmp_path / "gradebook.db", "hw") as book:
        assert "gradebook.v1-2.db" in book.notes[0]
    assert (tmp_path / "gradebook.v1.db").read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_killed_at_any_moment_it_is_whole(tmp_path):
    """kill -9 at random moments of a migration: version 1 as it was, or version 2; the next opening has it all."""
    write_version_1(tmp_path / "first.db")
    before = old_rows(tmp_path / "first.db")
    dice = random.Random(4)
    begin = time.monotonic()
    _migrate_in_a_fork(_copy(tmp_path, "timed")).wait()
    whole = time.monotonic() - begin
    versions = []
    for number in range(8):
        path = _copy(tmp_path, f"kill-{number}")
        child = _migrate_in_a_fork(path)
        time.sleep(dice.uniform(0, 1.2 * whole))
        child.kill()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            versions.append(connection.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()[0])
        if versions[-1] == "1":
            assert old_rows(path) == before
        with Gradebook(path, "hw") as book:
            check_all_is_there(book)
        assert old_rows(path.with_name("gradebook.v1.db")) == before
        assert not list(path.parent.glob("*v1-2*"))
    assert "1" in versions, "no migration was hit; the test says nothing"


class _Child:
    def __init__(self, number: int) -> None:
        self.number = number

    def kill(self) -> None:
        os.kill(self.number, signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        os.waitpid(self.number, 0)


def _copy(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    with (
        contextlib.closing(sqlite3.connect(folder / "first.db")) as there,
        contextlib.closing(sqlite3.connect(folder / name / "gradebook.db")) as here,
    ):
        there.backup(here)
    return folder / name / "gradebook.db"


def _migrate_in_a_fork(path: Path) -> _Child:
    number = os.fork()
    if number == 0:
        try:
            Gradebook(path, "hw").close()
        finally:
            os._exit(0)
    return _Child(number)
