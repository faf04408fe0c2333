"""Opening a gradebook: where it is, whether it is one, whose it is, and of which version.

Nothing is written into a file before it is known to be a gradebook, or empty. An SQLite file says so in its header
(https://www.sqlite.org/fileformat.html#the_database_header); in PostgreSQL each assignment has a schema of its own,
`grader_<slug>`, so that one database can serve a course.
"""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from grader.errors import UsageError
from grader.gradebook import migrate
from grader.gradebook.schema import APPLICATION_ID, SCHEMA_VERSION, facts, metadata

__all__ = ["Opened", "is_url", "open_gradebook"]

_PATIENCE = 10  # seconds to wait for another writer
_MAGIC = b"SQLite format 3\0"
_VERSION_1 = {"facts": {"name", "value"}, "runs": {"key", "run"}, "grades": {"student", "grade"}}  # tables and columns it had


def is_url(where: Path | str) -> bool:
    """Whether this names a database by URL."""
    return isinstance(where, str) and "://" in where


class Opened:
    """A database that holds this assignment's gradebook, in our version. `notes`: what was done to get it there."""

    def __init__(self, engine: sa.Engine, place: str, notes: list[str]) -> None:
        self.engine = engine
        self.writer = engine.execution_options(grader_writes=True)
        self.place = place
        self.notes = notes


def open_gradebook(where: Path | str, assignment: str, *, make: bool = True) -> Opened:
    """Open, make or migrate. Raises UsageError when it cannot be reached, is no gradebook, or is another's or a newer one."""
    url = _url(where)
    path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    place = str(path) if path else url.render_as_string(hide_password=True)
    if path is not None:
        if not make and not path.is_file():
            raise UsageError(f"there is no gradebook at {place}")
        with _plainly(place):
            path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_strangers(path)
    engine = _engine(url, assignment)
    try:
        with _plainly(place):
            notes = _settle(engine, place, path, assignment, make)
    except BaseException:
        engine.dispose()
        raise
    return Opened(engine, place, notes)


def _url(where: Path | str) -> sa.URL:
    if not is_url(where):
        return sa.URL.create("sqlite", database=str(where))
    try:
        url = sa.make_url(str(where))
    except sa.exc.ArgumentError as error:
        raise UsageError("the gradebook's URL cannot be read; one is postgresql+psycopg://user@host/database") from error
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql") or (url.get_backend_name() == "sqlite" and not url.database):
        raise UsageError(f"a gradebook is a file of SQLite or a database of PostgreSQL, not {url.render_as_string()}")
    return url


@contextmanager
def _plainly(place: str) -> Iterator[None]:
    """What a database says, as a sentence."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()
        raise UsageError(f"{place} cannot be opened as a gradebook: {said[0] if said else type(error).__name__}") from error
    except OSError as error:
        raise UsageError(f"{place} cannot be opened as a gradebook: {error.strerror}") from error


# ---------------------------------------------------------------------------------------------------------- the engine


def _engine(url: sa.URL, assignment: str) -> sa.Engine:
    try:
        engine = sa.create_engine(url)
    except ModuleNotFoundError as error:
        raise UsageError(f"a gradebook in PostgreSQL needs {error.name}: pip install 'torch-grader[postgres]'") from error
    except sa.exc.NoSuchModuleError as error:
        raise UsageError(f"there is no driver `{url.drivername}`; use postgresql+psycopg://") from error
    _engines.add(engine)
    sa.event.listen(engine, "begin", _begin)
    if engine.dialect.name == "postgresql":
        return engine.execution_options(schema_translate_map={None: _schema_name(assignment)})
    sa.event.listen(engine, "connect", _set_up)
    return engine


_engines: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


def _forget() -> None:
    """A forked process must not speak on its parent's connections: https://docs.sqlalchemy.org/en/21/core/pooling.html"""
    for engine in _engines:
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _schema_name(assignment: str) -> str:
    return f"grader_{assignment}"


def _set_up(connection: Any, _: Any) -> None:
    """Write-ahead log: readers do not wait for the writer, and a killed writer leaves a whole file.

    https://www.sqlite.org/wal.html. Transactions begin where we say so, not where sqlite3 thinks:
    https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-serializable
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")
    _turn_on_the_log(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _turn_on_the_log(cursor: sqlite3.Cursor) -> None:
    """To change the mode of a file that another has begun to write, SQLite does not wait, whatever the time-out: so we do."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _begin(connection: sa.Connection) -> None:
    """A writer takes its lock at once: one that reads first and writes then could not wait for another.

    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    options = connection.get_execution_options()
    writes = options.get("grader_writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        ours = zlib.crc32(options["schema_translate_map"][None].encode()) - 2**31
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPLICATION_ID}, {ours})")


# --------------------------------------------------------------------------------------------------- whose, which version


def _refuse_strangers(path: Path) -> None:
    """Raise UsageError for a file that is neither a gradebook nor empty, without having changed it."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a gradebook; choose another --out")
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_MAGIC):
        raise UsageError(f"{path} is not a gradebook: it is no database. Move it away, or choose another --out.")
    if int.from_bytes(header[68:72], "big") == APPLICATION_ID:
        return
    # Without a log beside it, the file is all there is, and SQLite may be told to touch nothing.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as file_only:
        ours = file_only.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        names = [name for (name,) in file_only.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: {row[1] for row in file_only.execute("SELECT * FROM pragma_table_info(?)", [name])} for name in names}
    if ours or not names or all(wanted <= columns.get(name, set()) for name, wanted in _VERSION_1.items()):
        return
    raise UsageError(f"{path} is not a gradebook: it is another program's database. Move it away, or choose another --out.")


def _settle(engine: sa.Engine, place: str, path: Path | None, assignment: str, make: bool) -> list[str]:
    """See to it that our tables are there, in our version, for this assignment."""
    with engine.connect() as connection:
        there = _facts(connection)
    if there.get("version") != str(SCHEMA_VERSION):
        if not there and not make:
            raise UsageError(f"there is no gradebook of {assignment} in {place}")
        with engine.execution_options(grader_writes=True).begin() as connection:
            notes = _make_or_migrate(connection, place, path, assignment)
            there = _facts(connection)
    else:
        notes = []
    _refuse_others(there, place, assignment)
    return notes


def _facts(connection: sa.Connection) -> dict[str, str]:
    """The gradebook's facts; {} where it has none yet."""
    schema = (connection.get_execution_options().get("schema_translate_map") or {}).get(None)
    if not sa.inspect(connection).has_table("facts", schema=schema):
        return {}
    return {row.name: row.value for row in connection.execute(sa.select(facts.c.name, facts.c.value))}


def _refuse_others(there: dict[str, str], place: str, assignment: str) -> None:
    version = there.get("version", "unknown")
    if version.isdigit() and int(version) > SCHEMA_VERSION:
        raise UsageError(
            f"{place} was written by a newer grader (gradebook version {version}; this one knows up to {SCHEMA_VERSION}): "
            "pip install --upgrade torch-grader, or choose another --out"
        )
    if version != str(SCHEMA_VERSION):
        raise UsageError(f"{place} is a gradebook of version {version}, which this grader does not know; choose another --out")
    if there.get("assignment") != assignment:
        raise UsageError(
            f"{place} is a gradebook of assignment {there.get('assignment')}, not {assignment}; choose another --out"
        )


def _make_or_migrate(connection: sa.Connection, place: str, path: Path | None, assignment: str) -> list[str]:
    """In the caller's transaction. Another process may have been quicker."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.schema.CreateSchema(_schema_name(assignment), if_not_exists=True))
    there = _facts(connection)
    version_1 = path is not None and sa.inspect(connection).has_table("grades") and there.get("version", "1") == "1"
    if version_1 and path is not None:
        _refuse_others({"assignment": assignment, **there, "version": str(SCHEMA_VERSION)}, place, assignment)
        notes = migrate.from_version_1(connection, path)
    elif there:
        return []
    else:
        metadata.create_all(connection)
        notes = []
    for name, value in {"version": str(SCHEMA_VERSION), "assignment": assignment}.items():
        connection.execute(sa.delete(facts).where(facts.c.name == name))
        connection.execute(sa.insert(facts).values(name=name, value=value))
    if path is not None:
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    return notes
