"""The files that `grade` leaves beside the gradebook: each is whole or not there, whenever the process is killed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from grader.assignment import Assignment
from grader.gradebook import Gradebook, Row
from grader.report import class_report_parts, feedback
from grader.result import Grade
from grader.submission import safe_names

__all__ = ["are_there", "write_pages", "write_report", "write_student"]


def write_student(out: Path, name: str, grade: Grade, title: str) -> None:
    """`results/<name>.json` and `feedback/<name>.html`."""
    _write(out / "results" / f"{name}.json", [json.dumps(grade.to_json(), ensure_ascii=False, indent=1), "\n"])
    page = out / "feedback" / f"{name}.html"
    _write(page, [feedback(grade, title, _text_of(page))])


def are_there(out: Path, name: str) -> bool:
    """Whether both files of a student are there."""
    return (out / "results" / f"{name}.json").is_file() and (out / "feedback" / f"{name}.html").is_file()


def write_report(book: Gradebook, assignment: Assignment, out: Path, rows: list[Row] | None = None) -> bool:
    """`grades.csv` and `report.html` from what the gradebook holds. Returns False when they were up to date, and left alone."""
    rows = book.rows() if rows is None else rows
    title = assignment.settings.title
    table = _csv(rows, [check.name for check in assignment.checks.checks])
    basis = hashlib.sha256("\0".join([title, table, *map(_facts, rows)]).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    if _basis_of(out / "report.html") == basis and _text_of(out / "grades.csv") == table:
        return False
    _write(out / "grades.csv", [table])
    _write(out / "report.html", class_report_parts(book.light_grades(), title, _linker(rows), basis))
    return True


def write_pages(book: Gradebook, assignment: Assignment, out: Path) -> int:
    """Every page again from what the gradebook holds. Returns the number of feedback pages."""
    names = safe_names(row.student for row in book.rows())
    count = 0
    for one in book.grades():
        write_student(out, names[one.student], one, assignment.settings.title)
        count += 1
    (out / "report.html").unlink(missing_ok=True)
    write_report(book, assignment, out)
    return count


def _linker(rows: list[Row]) -> Callable[[Grade], str]:
    names = safe_names(row.student for row in rows)
    return lambda grade: f"feedback/{quote(names[grade.student], safe='')}.html"


def _facts(row: Row) -> str:
    return f"{row.student}\0{row.basis}\0{row.digest}\0{row.carried}\0{row.overridden}"


def _csv(rows: list[Row], columns: list[str]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["student", "state", "score", "max_score", *columns])
    for row in rows:
        score = "" if row.score is None else f"{row.score:g}"
        cells = [f"{row.scores[name]:g}" if name in row.scores else "" for name in columns]
        writer.writerow([_plain_cell(row.student), row.state, score, f"{row.max_score:g}", *cells])
    return text.getvalue()


def _plain_cell(text: str) -> str:
    """A file name that begins like a formula must not become one in a spreadsheet."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def _basis_of(page: Path) -> str:
    """What a class report was made from, as it says itself."""
    try:
        with page.open(encoding="utf-8") as file:
            head = file.read(2000)
    except (OSError, UnicodeDecodeError):
        return ""
    return head.partition('<meta name="basis" content="')[2].partition('"')[0]


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode()  # as it stands: a table's lines end in CRLF
    except (OSError, UnicodeDecodeError):
        return ""


def _write(path: Path, parts: Iterable[str]) -> None:
    """Whole or not at all: readers never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)
    part.replace(path)
