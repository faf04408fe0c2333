"""The commands on what the gradebook holds: override, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.console import Json, Slug, out, print_json

if TYPE_CHECKING:
    from grader.gradebook import Gradebook, Override

Place = Annotated[
    str,
    typer.Option(
        "--out", help="The folder that `grade` wrote, or the gradebook's URL [default: graded/SLUG].", show_default=False
    ),
]


def override(
    slug: Slug,
    student: Annotated[str, typer.Argument(help="Whose grade; with --list: of all.", show_default=False)] = "",
    check: Annotated[str, typer.Argument(help="One check [default: the whole score].", show_default=False)] = "",
    points: Annotated[
        float | None, typer.Option("--points", help="The points it gets, whatever we judge.", show_default=False)
    ] = None,
    why: Annotated[str, typer.Option("--why", help="The reason; the student reads it.", show_default=False)] = "",
    who: Annotated[str, typer.Option("--who", help="Who says so [default: your login name].", show_default=False)] = "",
    revoke: Annotated[
        int | None, typer.Option("--revoke", help="Put the override with this number out of force.", show_default=False)
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the overrides in force.")] = False,
    bonus: Annotated[bool, typer.Option("--allow-bonus", help="Allow more points than there are to be had.")] = False,
    target: Place = "",
    as_json: Json = False,
) -> None:
    """Give a check or a submission the points that you say.

    It holds until it is revoked, also when the submission is graded again. What was judged is kept beside it. An override
    of what could not be judged settles it: nobody needs to look at it again.
    """
    from grader.errors import UsageError
    from grader.gradebook import Gradebook

    if sum([points is not None, revoke is not None, listing]) != 1:
        raise UsageError("one of --points, --revoke and --list says what to do")
    place = target or f"graded/{slug}"
    with Gradebook.existing(place, slug) as book:
        _tell(*book.notes)
        if listing:
            _list(book.overrides(student), as_json)
        elif revoke is not None:
            _revoke(book, student, revoke, who or _login(), why, as_json)
        elif not student:
            raise UsageError("whose grade? grader override SLUG STUDENT [CHECK] --points P --why TEXT")
        else:
            made = book.override(student, check, points or 0.0, who or _login(), why, bonus=bonus)
            _show(book, made, "is in force", as_json)


def _show(book: Gradebook, one: Override, what: str, as_json: bool) -> None:
    """An override that was made or revoked, and what the student has now."""
    row = next(row for row in book.rows() if row.student == one.student)
    if as_json:
        print_json({**_plain(one), "score": row.score, "max_score": row.max_score, "state": row.state})
        return
    score = "no score" if row.score is None else f"{row.score:g} of {row.max_score:g}"
    print(f"override {one.id} of {one.student}{f', {one.check}' if one.check else ''} {what}: {score} ({row.state})")
    _tell(f"the pages are as they were; `grader report {book.assignment}` writes them again")


def _revoke(book: Gradebook, student: str, number: int, who: str, why: str, as_json: bool) -> None:
    from grader.errors import UsageError

    one = next((one for one in book.overrides() if one.id == number), None)
    if one is not None and student and one.student != student:
        raise UsageError(f"override {number} is of {one.student}, not of {student}")
    book.revoke(number, who, why)
    if one is not None:
        _show(book, one, "is revoked", as_json)


def _list(found: list[Override], as_json: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    if as_json:
        print_json([_plain(one) for one in found])
        return
    if not found:
        print("no override is in force")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("id", justify="right")
    for name in ("student", "check", "points", "who", "when", "why"):
        table.add_column(name, justify="right" if name == "points" else "left")
    for one in found:
        cells = (one.student, one.check or "(all)", f"{one.points:g}", one.who, f"{one.when:%Y-%m-%d %H:%M}", one.why)
        table.add_row(str(one.id), *map(escape, cells))
    out().print(table)


def _plain(one: Override) -> dict[str, object]:
    names = ("id", "student", "check", "points", "who", "why")
    return {**{name: getattr(one, name) for name in names}, "when": one.when.isoformat(timespec="seconds")}


def _login() -> str:
    import getpass

    from grader.errors import UsageError

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # what it raises depends on the version of Python
        raise UsageError("this login has no name: say --who") from None


def _tell(*notes: str) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def export(
    slug: Slug,
    form: Annotated[str, typer.Option("--format", help="csv, json, canvas or moodle.")] = "csv",
    to: Annotated[Path | None, typer.Option("--to", help="A file [default: standard output].", show_default=False)] = None,
    column: Annotated[
        str, typer.Option("--column", help="Canvas: the assignment's column, `Name (123)` [default: SLUG].", show_default=False)
    ] = "",
    target: Place = "",
    as_json: Json = False,
) -> None:
    """Write the scores for a spreadsheet, Canvas or Moodle.

    Overrides are in them. For Canvas and Moodle, students without a score are left out.
    """
    from grader.errors import UsageError
    from grader.gradebook import Gradebook
    from grader.gradebook.export import Format
    from grader.gradebook.export import export as written

    try:
        chosen = Format("json" if as_json else form)
    except ValueError:
        raise UsageError(f"there is no format {form}; there is: {', '.join(Format)}") from None
    with Gradebook.existing(target or f"graded/{slug}", slug) as book:
        _tell(*book.notes)
        exported = written(book.rows(), chosen, column or slug)
    _tell(*exported.notes)
    if to is None:
        sys.stdout.write(exported.text)
        return
    try:
        to.write_text(exported.text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from None


COMMANDS = {"override": override, "export": export}
