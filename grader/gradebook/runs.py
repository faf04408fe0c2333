"""A run as rows, and back: its cells and values lie by content, its captures under the probe that brought them out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from grader.gradebook.contents import Contents, value_of
from grader.gradebook.schema import captures, cells, contents, insert, outcomes, probes, runs
from grader.result import Capture, CellRun, Fault, Run

__all__ = [
    "KeptRun",
    "asked",
    "find_run",
    "read_cells",
    "read_outcomes",
    "read_run",
    "same_cells",
    "write_outcomes",
    "write_run",
]


@dataclass(frozen=True)
class KeptRun:
    """A run as far as it answers what is asked now.

    run: with the captures of the probes asked for. missing: checks whose probe was never asked in it.
    """

    run: Run
    missing: frozenset[str]


# ------------------------------------------------------------------------------------------------------------- writing


def write_run(connection: sa.Connection, store: Contents, key: str, asked_for: Mapping[str, str], run: Run) -> tuple[int, bool]:
    """Keep a run, or what new probes brought out of one that is kept. Returns its number, and whether it is new."""
    number = find_run(connection, key)
    about = store.add({"notes": run.notes, "versions": run.versions, "branches": _plain_branches(run)})
    rows = _cell_rows(store, run.cells) if number is None else []
    values = {name: store.add(c.value) for name, c in run.captures.items() if name in asked_for and c.fault is None}
    store.keep(connection)
    fresh = number is None
    if number is None:
        row = {"key": key, "state": run.state, "seconds": run.seconds, "about_id": store[about]}
        added: Any = connection.execute(insert(connection, runs).values(row)).inserted_primary_key
        number = int(added[0])
        if rows:
            connection.execute(insert(connection, cells), _numbered(store, number, rows))
    if asked_for:
        known = _probe_ids(connection, asked_for)
        found = [
            {
                "run_id": number,
                "probe_id": known[name],
                "content_id": store[values[name]] if name in values else None,
                "fault": dataclasses.asdict(capture.fault) if capture and capture.fault else None,
                "seconds": capture.seconds if capture else 0.0,
            }
            for name in asked_for
            for capture in [run.captures.get(name)]
        ]
        connection.execute(insert(connection, captures).on_conflict_do_nothing(), found)
    return number, fresh


def _cell_rows(store: Contents, of: list[CellRun]) -> list[tuple[bytes, bytes, str, float, int]]:
    """The cells of a run by content: what the cell is, what it showed, its state, seconds, line."""
    return [
        (
            store.add({"id": c.id, "role": c.role, "name": c.name, "source": c.source}),
            store.add({"error": c.error, "outputs": c.outputs}),
            c.state,
            float(c.seconds),
            c.line,
        )
        for c in of
    ]


def same_cells(connection: sa.Connection, number: int, of: list[CellRun]) -> bool:
    """Whether these are the cells that are kept of a run."""
    what, shown = contents.alias(), contents.alias()
    columns = (what.c.digest, shown.c.digest, cells.c.state, cells.c.seconds, cells.c.line)
    kept = [(bytes(row[0]), bytes(row[1]), *row[2:]) for row in connection.execute(_cells_of(number, what, shown, *columns))]
    return len(kept) == len(of) and kept == _cell_rows(Contents(), of)


def _numbered(store: Contents, number: int, rows: list[tuple[bytes, bytes, str, float, int]]) -> list[dict[str, Any]]:
    names = ("cell_id", "shown_id", "state", "seconds", "line")
    return [
        {"run_id": number, "position": i, **dict(zip(names, (store[what], store[shown], *rest), strict=True))}
        for i, (what, shown, *rest) in enumerate(rows)
    ]


def _plain_branches(run: Run) -> dict[str, Any]:
    return {
        name: {check: [c.value, dataclasses.asdict(c.fault) if c.fault else None, c.seconds] for check, c in of_branch.items()}
        for name, of_branch in run.branches.items()
    }


def _probe_ids(connection: sa.Connection, asked_for: Mapping[str, str]) -> dict[str, int]:
    """Check -> the number of its probe. The probes are few, and the same for all students."""
    found = _known_probes(connection, asked_for)
    if len(found) < len(asked_for):
        rows = [{"check_name": name, "key": key} for name, key in asked_for.items() if name not in found]
        connection.execute(insert(connection, probes).on_conflict_do_nothing(), rows)
        found = _known_probes(connection, asked_for)
    return found


def _known_probes(connection: sa.Connection, asked_for: Mapping[str, str]) -> dict[str, int]:
    some = probes.c.key.in_(set(asked_for.values()))
    rows = connection.execute(sa.select(probes.c.check_name, probes.c.key, probes.c.id).where(some))
    return {name: number for name, key, number in rows if asked_for.get(name) == key}


# ------------------------------------------------------------------------------------------------------------- reading


def find_run(connection: sa.Connection, key: str) -> int | None:
    """The number of the run with this key, or None."""
    number: int | None = connection.execute(sa.select(runs.c.id).where(runs.c.key == key)).scalar()
    return number


def asked(connection: sa.Connection, number: int) -> set[tuple[str, str]]:
    """The probes that were asked in a run: check and key."""
    query = sa.select(probes.c.check_name, probes.c.key).join_from(captures, probes).where(captures.c.run_id == number)
    return {(name, key) for name, key in connection.execute(query)}


def read_run(connection: sa.Connection, number: int, asked_for: Mapping[str, str] | None) -> KeptRun:
    """A run with the captures of these probes; None: those that its own key names. Raises `values.NotAValue`."""
    query = sa.select(runs.c.state, runs.c.seconds, contents.c.packed, contents.c.bytes).join_from(runs, contents)
    row = connection.execute(query.where(runs.c.id == number)).one()
    found: dict[tuple[str, str], Capture | None] = {}
    for name, key, capture in _captures(connection, number, asked_for):
        found[name, key] = capture
    wanted = {name: key for name, key in found if key == ""} if asked_for is None else asked_for
    run = Run(
        state=row.state,
        cells=read_cells(connection, number),
        captures={name: c for name, key in wanted.items() if (c := found.get((name, key))) is not None},
        seconds=row.seconds,
        **_about(value_of(row.packed, row.bytes)),
    )
    return KeptRun(run, frozenset(name for name, key in wanted.items() if (name, key) not in found))


def _captures(
    connection: sa.Connection, number: int, asked_for: Mapping[str, str] | None
) -> list[tuple[str, str, Capture | None]]:
    keys = {""} if asked_for is None else set(asked_for.values())
    query = (
        sa.select(probes.c.check_name, probes.c.key, captures.c.fault, captures.c.seconds, contents.c.packed, contents.c.bytes)
        .select_from(captures.join(probes).outerjoin(contents, captures.c.content_id == contents.c.id))
        .where(captures.c.run_id == number, probes.c.key.in_(keys))
    )
    found: list[tuple[str, str, Capture | None]] = []
    for name, key, fault, seconds, packed, data in connection.execute(query):
        if data is not None:
            found.append((name, key, Capture(value_of(packed, data), None, seconds)))
        else:
            found.append((name, key, Capture(None, Fault(**fault), seconds) if fault else None))
    return found


def read_cells(connection: sa.Connection, number: int) -> list[CellRun]:
    """The cells of a run, in order."""
    what, shown = contents.alias(), contents.alias()
    columns = (what.c.packed, what.c.bytes, shown.c.packed, shown.c.bytes, cells.c.state, cells.c.seconds, cells.c.line)
    found = []
    for row in connection.execute(_cells_of(number, what, shown, *columns)):
        fields = value_of(*row[0:2]) | value_of(*row[2:4])
        found.append(CellRun(**fields, state=row.state, seconds=row.seconds, line=row.line))
    return found


def _cells_of(number: int, what: Any, shown: Any, *columns: Any) -> sa.Select[Any]:
    joined = cells.join(what, cells.c.cell_id == what.c.id).join(shown, cells.c.shown_id == shown.c.id)
    return sa.select(*columns).select_from(joined).where(cells.c.run_id == number).order_by(cells.c.position)


def _about(plain: dict[str, Any]) -> dict[str, Any]:
    branches = {
        name: {
            check: Capture(value, Fault(**fault) if fault else None, seconds) for check, (value, fault, seconds) in found.items()
        }
        for name, found in plain["branches"].items()
    }
    return {"notes": plain["notes"], "versions": plain["versions"], "branches": branches}


# ------------------------------------------------------------------------------------------------- carried-forward runs


def write_outcomes(connection: sa.Connection, earned: Mapping[str, Mapping[str, list[Any]]]) -> None:
    """Keep what carried-forward runs earned, each under its own name."""
    rows = [{"key": key, "outcomes": dict(found)} for key, found in earned.items()]
    if rows:
        connection.execute(insert(connection, outcomes).on_conflict_do_nothing(), rows)


def read_outcomes(connection: sa.Connection, key: str) -> dict[str, list[Any]] | None:
    """What a carried-forward run earned, or None."""
    found: dict[str, list[Any]] | None = connection.execute(sa.select(outcomes.c.outcomes).where(outcomes.c.key == key)).scalar()
    return found
