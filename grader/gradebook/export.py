"""The scores in the form that a spreadsheet or a learning management system takes: see `docs/gradebook.md`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.gradebook.listing import Row

__all__ = ["Exported", "Format", "export", "plain_cell"]


class Format(StrEnum):
    """What the scores are for."""

    CSV = "csv"
    JSON = "json"
    CANVAS = "canvas"
    MOODLE = "moodle"


@dataclass(frozen=True)
class Exported:
    """The text of the file, and what a person should know before it is imported."""

    text: str
    notes: tuple[str, ...] = ()


# Canvas names a downloaded file lastfirst[_LATE]_user_attachment_name, Moodle a folder "First Last_participant".
_CANVAS = re.compile(r"^[^_/]+_(?:LATE_)?(?P<number>\d+)_\d+_")
_MOODLE = re.compile(r"^(?P<name>.+)_(?P<number>\d+)$")


def plain_cell(text: str) -> str:
    """A name that begins like a formula must not become one in a spreadsheet."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def export(rows: Sequence[Row], form: Format, column: str) -> Exported:
    """The rows in a format. `column`: the assignment's name there (Canvas).

    For Canvas and Moodle, students without a score are left out, so that nothing there is overwritten with nothing.
    """
    match form:
        case Format.JSON:
            return Exported(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=1) + "\n")
        case Format.CANVAS:
            return _canvas(rows, column)
        case Format.MOODLE:
            return _moodle(rows)
    checks = list(dict.fromkeys(name for row in rows for name in row.scores))
    head = ["student", "state", "score", "max_score", *map(plain_cell, checks)]
    lines = (
        [plain_cell(r.student), r.state, _number(r.score), _number(r.max_score), *(_number(r.scores.get(c)) for c in checks)]
        for r in rows
    )
    return Exported(_table([head, *lines]))


def _plain(row: Row) -> dict[str, object]:
    names = ("student", "submission", "state", "score", "max_score", "scores", "carried", "overridden")
    return {name: getattr(row, name) for name in names}


def _canvas(rows: Sequence[Row], column: str) -> Exported:
    """Canvas finds a student by ID, else by SIS Login ID, and the assignment by name, or by the number in "Name (123)".

    https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
    """
    scored = [row for row in rows if row.score is not None]
    numbers = [found["number"] if (found := _CANVAS.match(row.student)) else "" for row in scored]
    most = max((row.max_score for row in scored), default=0.0)
    lines = [["Student", "ID", "SIS Login ID", "Section", plain_cell(column)]]
    lines.append(["    Points Possible", "", "", "", _number(most)])
    for row, number in zip(scored, numbers, strict=True):
        name = plain_cell(row.student)
        lines.append([name, number, "" if number else name, "", _number(row.score)])
    by_login = numbers.count("")
    notes = [f"{by_login} are found by SIS Login ID: their names here must be their login names there."] if by_login else []
    return Exported(_table(lines), (*notes, *_left_out(rows, scored)))


def _moodle(rows: Sequence[Row]) -> Exported:
    """Moodle finds a student by the participant number and takes the grade where nothing newer is there.

    https://github.com/moodle/moodle/blob/main/mod/assign/feedback/offline/importgradeslib.php
    """
    scored = [row for row in rows if row.score is not None]
    lines = [["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)"]]
    unknown = 0
    for row in scored:
        found = _MOODLE.match(row.student)
        unknown += found is None
        identifier, name = (f"Participant {found['number']}", found["name"]) if found else ("", row.student)
        lines.append([identifier, plain_cell(name), _number(row.score), _number(row.max_score), "-"])
    notes = [] if not unknown else [f"{unknown} have no participant number in the name of their folder: fill in Identifier."]
    return Exported(_table(lines), (*notes, *_left_out(rows, scored)))


def _left_out(rows: Sequence[Row], scored: Sequence[Row]) -> list[str]:
    names = [row.student for row in rows if row not in scored]
    listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    return [f"{len(names)} have no score and are left out: {listed}."] if names else []


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if value < 1e6 else repr(value)


def _table(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
