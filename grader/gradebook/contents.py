"""Bytes by content: what many runs and grades have in common is kept once, under its sha256, and packed where that helps."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

import sqlalchemy as sa

from grader.gradebook.schema import captures, cells, contents, evidence, insert, runs
from grader.values import Value, dumps, loads

__all__ = ["Contents", "pack", "sweep", "unpack", "value_of"]

_AT_ONCE = 500  # parameters of one statement; SQLite before 3.32 takes 999


def pack(data: bytes) -> tuple[bool, bytes]:
    """Whether zlib makes it at least a tenth smaller, and the bytes to keep."""
    small = zlib.compress(data, 6) if len(data) > 64 else data
    return (True, small) if len(small) < 0.9 * len(data) else (False, data)


def unpack(packed: bool, data: bytes) -> bytes:
    """What `pack` was given."""
    return zlib.decompress(data) if packed else bytes(data)


def value_of(packed: bool, data: bytes) -> Value:
    """The value in a row of `contents`. Raises `values.NotAValue`."""
    return loads(unpack(packed, data))


class Contents:
    """What one transaction keeps by content: collect with `add`, write with `keep`, then look the numbers up."""

    def __init__(self) -> None:
        self._bytes: dict[bytes, bytes] = {}
        self._ids: dict[bytes, int] = {}

    def add(self, value: Value) -> bytes:
        """The digest under which the value will be kept."""
        return self.add_packed(dumps(value))

    def add_packed(self, data: bytes) -> bytes:
        """`add` for what `values.dumps` made."""
        digest = hashlib.sha256(data).digest()
        self._bytes[digest] = data
        return digest

    def keep(self, connection: sa.Connection) -> None:
        """Write what is not there yet."""
        self._look_up(connection, self._bytes.keys() - self._ids.keys())
        fresh = self._bytes.keys() - self._ids.keys()
        if not fresh:
            return
        rows = []
        for digest in sorted(fresh):
            packed, data = pack(self._bytes[digest])
            rows.append({"digest": digest, "packed": packed, "bytes": data})
        connection.execute(insert(connection, contents).on_conflict_do_nothing(), rows)
        self._look_up(connection, fresh)

    def __getitem__(self, digest: bytes) -> int:
        """The number of a row that `keep` wrote or found."""
        return self._ids[digest]

    def _look_up(self, connection: sa.Connection, digests: Iterable[bytes]) -> None:
        wanted = list(digests)
        for start in range(0, len(wanted), _AT_ONCE):
            some = contents.c.digest.in_(wanted[start : start + _AT_ONCE])
            for row in connection.execute(sa.select(contents.c.digest, contents.c.id).where(some)):
                self._ids[bytes(row.digest)] = row.id


def sweep(connection: sa.Connection) -> int:
    """Drop what no run and no grade refers to any more. Returns how many."""
    columns = (runs.c.about_id, cells.c.cell_id, cells.c.shown_id, captures.c.content_id, evidence.c.content_id)
    used = sa.union(*(sa.select(column).where(column.is_not(None)) for column in columns))
    return connection.execute(sa.delete(contents).where(contents.c.id.not_in(used))).rowcount
