"""What is no gradebook of ours is refused, and not touched."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from grader.errors import MachineError, UsageError
from grader.gradebook import Gradebook
from grader.gradebook.schema import APPLICATION_ID, facts

from .made import make_grade


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(path: Path, says: str) -> None:
    before = everything(path.parent)
    for make in (Gradebook, lambda where, slug: Gradebook.existing(where.parent, slug)):
        with pytest.raises(UsageError, match=says):
            make(path, "hw")
    assert everything(path.parent) == before


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_text("student,score\nada,3\n")
    refused(path, "it is no database")


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_another_programs_database(tmp_path, journal):
    path = tmp_path / "gradebook.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("CREATE TABLE grades (student TEXT, points INTEGER)")
        connection.execute("CREATE TABLE facts (name TEXT, value TEXT)")
    connection.close()
    refused(path, "another program's database")


def test_another_programs_database_that_is_open(tmp_path):
    """What is only in its log is seen, too, and its file stays as it is."""
    path = tmp_path / "gradebook.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    before = {name: data for name, data in everything(tmp_path).items() if not name.endswith("-shm")}  # locks live in it
    with pytest.raises(UsageError, match="another program's database"):
        Gradebook(path, "hw")
    assert {name: data for name, data in everything(tmp_path).items() if not name.endswith("-shm")} == before
    connection.close()


def test_a_torn_database(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    refused(path, "gradebook")


def test_a_folder_and_a_place_that_cannot_be(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        Gradebook(tmp_path, "hw")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be opened"):
        Gradebook(tmp_path / "file" / "gradebook.db", "hw")


def test_an_empty_file_becomes_one(tmp_path):
    (tmp_path / "gradebook.db").touch()
    with Gradebook(tmp_path / "gradebook.db", "hw") as book:
        assert book.rows() == []
        assert book.notes == []


def test_the_file_says_what_it_is(tmp_path):
    with Gradebook(tmp_path / "gradebook.db", "hw"):
        pass
    with sqlite3.connect(tmp_path / "gradebook.db") as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_newer_version(where, slug):
    with Gradebook(where, slug) as book:
        book.keep_grade(make_grade(1), "d", None)
        with book._write() as connection:
            connection.execute(sa.update(facts).where(facts.c.name == "version").values(value="3"))
    with pytest.raises(UsageError, match=r"newer grader.*version 3.*up to 2.*pip install --upgrade"):
        Gradebook(where, slug)


def test_an_unknown_version(where, slug):
    with Gradebook(where, slug) as book, book._write() as connection:
        connection.execute(sa.update(facts).where(facts.c.name == "version").values(value="0.5-beta"))
    with pytest.raises(UsageError, match=r"version 0.5-beta, which this grader does not know"):
        Gradebook(where, slug)


def test_another_assignments(tmp_path):
    with Gradebook(tmp_path / "gradebook.db", "line"):
        pass
    with pytest.raises(UsageError, match="is a gradebook of assignment line, not other"):
        Gradebook(tmp_path / "gradebook.db", "other")


def test_where_there_is_none(tmp_path, postgres, slug):
    with pytest.raises(UsageError, match="there is no gradebook in"):
        Gradebook.existing(tmp_path, slug)
    with pytest.raises(UsageError, match="there is no gradebook"):
        Gradebook.existing(f"sqlite:///{tmp_path}/none.db", slug)
    with pytest.raises(UsageError, match=f"there is no gradebook of {slug}"):
        Gradebook.existing(postgres, slug)
    assert list(tmp_path.iterdir()) == []


def test_existing_finds_what_was_made(where, slug):
    with Gradebook(where, slug) as book:
        book.keep_grade(make_grade(1), "d", None)
        again = book.where
    with Gradebook.existing(again if isinstance(again, str) else again.parent, slug) as book:
        assert len(book.rows()) == 1
    with Gradebook(again, slug) as book:
        assert len(book.rows()) == 1


def test_assignments_share_a_server(postgres, slug):
    with Gradebook(postgres, slug) as one, Gradebook(postgres, f"{slug}_b") as other:
        one.keep_grade(make_grade(1), "d", None)
        assert other.rows() == []


def test_by_url(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path}/g.db", "hw") as book:
        book.keep_grade(make_grade(1), "d", None)
    with Gradebook(tmp_path / "g.db", "hw") as book:
        assert len(book.rows()) == 1


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/db", "SQLite or a database of PostgreSQL"),
        ("sqlite://", "SQLite or a database of PostgreSQL"),
        ("://", "cannot be read"),
        ("postgresql+nothing://localhost/db", "there is no driver"),
    ],
)
def test_urls_that_are_none(url, says):
    with pytest.raises(UsageError, match=says):
        Gradebook(url, "hw")


def test_a_server_that_is_not_there_and_no_password_in_what_is_said(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(UsageError, match="cannot be opened") as caught:
        Gradebook(f"postgresql+psycopg://ada:secret@/db?host={tmp_path}", "hw")
    assert "secret" not in str(caught.value)


def test_two_make_it_at_once(where, slug):
    """Processes that open a gradebook that is not there yet wait for each other."""
    script = f"from grader.gradebook import Gradebook; Gradebook({str(where)!r}, {slug!r}).close(); print('fine')"
    begun = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in begun] == ["fine\n"] * 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_does_not_speak_on_its_parents_connection(book):
    book.keep_grade(make_grade(1), "d", None)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if len(book.rows()) == 1 else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    book.keep_grade(make_grade(2), "d", None)
    assert len(book.rows()) == 2


def test_a_database_that_fails_is_told_in_a_sentence(tmp_path):
    with Gradebook(tmp_path / "g.db", "hw") as book:
        with sqlite3.connect(tmp_path / "g.db") as connection:
            connection.execute("DROP TABLE evidence")
        connection.close()
        with pytest.raises(MachineError, match="failed: no such table: evidence"):
            book.keep_grade(make_grade(1), "d", None)
        assert book.rows() == []


def test_a_file_that_another_begins_to_write_is_waited_for(tmp_path):
    """To turn on the write-ahead log, SQLite itself waits for nobody that writes in another mode (https://www.sqlite.org/wal.html)."""
    path = tmp_path / "gradebook.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("PRAGMA user_version=0")
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        release.start()
        with Gradebook(path, "tiny") as book:
            assert book.rows() == []
        release.join()
