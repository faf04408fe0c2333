"""The gradebook's tables, version 2. `docs/gradebook.md` draws them.

A number stands for each submission, run and probe, so that the many rows that belong to one are small. What may be large lies in
`contents`, once for all who have the same.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

__all__ = [
    "APPLICATION_ID",
    "SCHEMA_VERSION",
    "captures",
    "cells",
    "contents",
    "evidence",
    "facts",
    "grades",
    "insert",
    "metadata",
    "now",
    "outcomes",
    "overrides",
    "probes",
    "runs",
    "submissions",
    "verdicts",
]

SCHEMA_VERSION = 2

APPLICATION_ID = 0x67726472
"""Of an SQLite file that is ours: "grdr", https://www.sqlite.org/pragma.html#pragma_application_id"""

metadata = sa.MetaData()

_UNSTORABLE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


class _Text(sa.types.TypeDecorator[str]):
    """Any text of Python's: PostgreSQL holds no NUL, and no database half a surrogate pair. These are escaped, and come back."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        return value if value is None else _UNSTORABLE.sub(lambda found: f"\x1a{ord(found[0]):04x}", value)

    def process_result_value(self, value: Any | None, dialect: Any) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        return value if not value or "\x1a" not in value else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


class _Moment(sa.types.TypeDecorator[datetime]):
    """A point in time, in UTC, which SQLite would forget."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        return value if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        return value if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, which both databases have and standard SQL has not."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _of(table: str, *, key: bool = False, null: bool = False) -> sa.Column[int]:
    """A column that names a row of another table."""
    name = {"submissions": "submission_id", "runs": "run_id", "probes": "probe_id", "contents": "content_id"}[table]
    return sa.Column(name, sa.ForeignKey(f"{table}.id"), primary_key=key, nullable=null)


facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

contents = sa.Table(
    "contents",
    metadata,
    _number(),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, unique=True, comment="sha256 of the unpacked bytes"),
    sa.Column("packed", sa.Boolean, nullable=False, comment="whether zlib made it smaller"),
    sa.Column("bytes", sa.LargeBinary, nullable=False, comment="grader.values.dumps of a value"),
)

# ------------------------------------------------------------------------------------------------------ facts: what was run

runs = sa.Table(
    "runs",
    metadata,
    _number(),
    sa.Column("key", sa.String, nullable=False, unique=True, comment="hash of all that was executed"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("about_id", sa.ForeignKey("contents.id"), nullable=False, comment="notes, versions, branches"),
    sa.Column("made", _Moment, nullable=False, default=now),
)

cells = sa.Table(
    "cells",
    metadata,
    _of("runs", key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("cell_id", sa.ForeignKey("contents.id"), nullable=False, comment="id, role, name, source"),
    sa.Column("shown_id", sa.ForeignKey("contents.id"), nullable=False, comment="error, outputs"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)

probes = sa.Table(
    "probes",
    metadata,
    _number(),
    sa.Column("check_name", _Text, nullable=False),
    sa.Column("key", sa.String, nullable=False, comment="hash of the probe; empty: what the run's own key says"),
    sa.UniqueConstraint("check_name", "key"),
)

captures = sa.Table(
    "captures",
    metadata,
    _of("runs", key=True),
    _of("probes", key=True),
    sa.Column("content_id", sa.ForeignKey("contents.id"), nullable=True, comment="the value; null: a fault, or nothing came"),
    sa.Column("fault", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("seconds", sa.Float, nullable=False),
    sqlite_with_rowid=False,
)

# ----------------------------------------------------------------------------------------------- opinions: what it is worth

submissions = sa.Table(
    "submissions",
    metadata,
    _number(),
    sa.Column("student", _Text, nullable=False, unique=True),
    sa.Column("submission", _Text, nullable=False, comment="the file's path in the folder"),
    sa.Column("digest", sa.String, nullable=False, comment="sha256 of the file"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False, comment="of the last run"),
    sa.Column("changed", _Moment, nullable=False, default=now, onupdate=now),
    sa.CheckConstraint("state IN ('found', 'running', 'graded', 'needs_review', 'failed')", name="a_state"),
)

grades = sa.Table(
    "grades",
    metadata,
    _of("submissions", key=True),
    _of("runs", null=True),
    sa.Column("submission", _Text, nullable=False, comment="the file that was judged"),
    sa.Column("digest", sa.String, nullable=False, comment="of that file"),
    sa.Column("basis", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("score", sa.Float, nullable=True),
    sa.Column("max_score", sa.Float, nullable=False),
    sa.Column("own_cells", sa.Boolean, nullable=False, comment="whether the cells lie in the details, not in those of the run"),
    sa.Column("details", sa.LargeBinary, nullable=False, comment="zlib of Grade.to_bytes without what lies elsewhere"),
    sa.Column("made", _Moment, nullable=False, default=now),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _of("submissions", key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("check_name", _Text, nullable=False),
    sa.Column("points", sa.Float, nullable=False, comment="that it can earn"),
    sa.Column("score", sa.Float, nullable=False, comment="points that it earned"),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("diagnosis", _Text, nullable=False),
    sa.Column("carried", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)

evidence = sa.Table(
    "evidence",
    metadata,
    _of("submissions", key=True),
    sa.Column("position", sa.Integer, primary_key=True, comment="of the verdict"),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    _of("contents"),
    sqlite_with_rowid=False,
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("key", sa.String, primary_key=True, comment="of a carried-forward run, and of the key that judged it"),
    sa.Column("outcomes", sa.JSON, nullable=False, comment="check -> [points, outcome, diagnosis]: all that is kept of it"),
    sa.Column("made", _Moment, nullable=False, default=now),
)

overrides = sa.Table(
    "overrides",
    metadata,
    _number(),
    _of("submissions"),
    sa.Column("check_name", _Text, nullable=False, comment="empty: the whole submission"),
    sa.Column("points", sa.Float, nullable=False),
    sa.Column("who", _Text, nullable=False),
    sa.Column("why", _Text, nullable=False),
    sa.Column("made", _Moment, nullable=False, default=now),
    sa.Column("revoked_who", _Text, nullable=True),
    sa.Column("revoked_why", _Text, nullable=True),
    sa.Column("revoked_made", _Moment, nullable=True),
    sa.Index("overrides_of_a_submission", "submission_id"),
)
