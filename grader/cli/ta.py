"""The TA's commands: grade, regrade, show, report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.console import (
    Cold,
    CourseOption,
    Database,
    Jobs,
    Json,
    NoIsolation,
    Slug,
    jobs_of,
    kernels_of,
    load,
    out,
    prepare,
    print_json,
    print_json_list,
    print_json_with,
    progress,
)

if TYPE_CHECKING:
    from grader.gradebook import Gradebook

TABLE = 60  # a class larger than this is not printed whole

Folder = Annotated[Path, typer.Argument(help="The folder with the submissions, at any depth.", show_default=False)]
Graded = Annotated[
    Path | None, typer.Option("--out", help="The folder that `grade` wrote [default: graded/SLUG].", show_default=False)
]


def grade(
    slug: Slug,
    folder: Folder,
    target: Annotated[
        Path | None, typer.Option("--out", help="Where to put it [default: graded/SLUG].", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="The parameters that students got.")] = "homework",
    jobs: Jobs = 0,
    no_isolation: NoIsolation = False,
    cold: Cold = False,
    database: Database = "",
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Grade every notebook in a folder.

    Writes a gradebook, grades.csv, a feedback page a student and a class report. Whose it is comes from the file or
    folder name. What is graded already is not run again, so it may be stopped with
    Ctrl-C at any time and started again. Exit code 1 when some need a person.
    """
    from grader.errors import UsageError
    from grader.warm.preload import without_collector

    prepare(jobs, cold=cold, isolated=not no_isolation)
    with without_collector():
        from grader.batch import grade_folder
        from grader.cli.tables import summary_lines
        from grader.gradebook import Gradebook
        from grader.keying import Workshop

        kernels, refusal = kernels_of(no_isolation, cold)  # tried beside these imports
        if kernels is None:
            raise UsageError(refusal)
        assignment = load(slug, course, profile)
    place = target or Path("graded") / slug
    with progress(silent=as_json) as screen:
        workshop = dataclasses.replace(Workshop.of(assignment, jobs_of(jobs), screen), kernels=kernels)
        summary = grade_folder(assignment, folder, place, workshop, screen.watch, database or None)
    with Gradebook.existing(database or place, slug) as book:
        if as_json:
            names = ("ran", "reused", "unchanged", "carried", "states", "notes")
            facts = {"out": str(place), **{name: getattr(summary, name) for name in names}, "seconds": round(summary.seconds, 2)}
            print_json_with(facts, "grades", (one.to_json() for one in book.grades()))
        else:
            print_class(book)
            for line in summary_lines(summary):
                print(line)
    raise typer.Exit(1 if summary.needs_person else 0)


def regrade(
    slug: Slug,
    target: Graded = None,
    profile: Annotated[str, typer.Option("--profile", help="The parameters that it was graded with.")] = "homework",
    jobs: Jobs = 0,
    execute: Annotated[
        bool, typer.Option("--execute", help="Do the carried-forward runs that new verdicts call for, too.")
    ] = False,
    no_isolation: NoIsolation = False,
    cold: Cold = False,
    database: Database = "",
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Judge a class again from the kept values.

    After a change of points, tolerances or comparators in checks.py. The submissions are not needed, and no cell is
    executed, but where a check asks what was never asked before. Exit code 1 when some need a person.
    """
    from grader.batch import regrade as regrade_class
    from grader.cli.tables import regraded_parts
    from grader.keying import Workshop

    assignment = load(slug, course, profile)
    place = target or Path("graded") / slug
    kernels, refusal = kernels_of(no_isolation, cold)
    with progress(silent=as_json) as screen:
        workshop = dataclasses.replace(Workshop.of(assignment, jobs_of(jobs), screen), kernels=kernels)
        found = regrade_class(assignment, place, workshop, screen.watch, execute=execute, refusal=refusal, where=database or None)
    if as_json:
        print_json(found.to_json())
    else:
        for part in regraded_parts(found):
            out().print(part)
    raise typer.Exit(1 if found.needs_person or found.pending or found.refused else 0)


def show(
    slug: Slug,
    student: Annotated[str, typer.Argument(help="One student, in detail [default: all].", show_default=False)] = "",
    target: Graded = None,
    database: Database = "",
    as_json: Json = False,
) -> None:
    """Show the gradebook, or one student's results."""
    from grader.errors import UsageError
    from grader.gradebook import Gradebook
    from grader.report import check_table, score_table

    place = target or Path("graded") / slug
    with Gradebook.existing(database or place, slug) as book:
        if not student:
            if as_json:
                print_json_list(one.to_json() for one in book.grades())
            else:
                out().print(score_table(book.light_grades()))
            return
        found = book.grade(student)
        if found is None:
            known = ", ".join(row.student for row in book.rows()[:20]) or "nobody yet"
            raise UsageError(f"there is no student `{student}` in {place}; there is: {known}")
    if as_json:
        print_json(found.to_json())
        return
    out().print(check_table(found))
    for note in found.notes:
        print(f"note: {note}")


def report(
    slug: Slug,
    target: Graded = None,
    database: Database = "",
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Write the pages again from the gradebook.

    grades.csv, report.html and feedback/, without running anything.
    """
    from grader.batch import write_pages
    from grader.gradebook import Gradebook

    assignment = load(slug, course, "homework")
    place = target or Path("graded") / slug
    with Gradebook.existing(database or place, slug) as book:
        written = write_pages(book, assignment, place)
    if as_json:
        print_json({"out": str(place), "feedback": written})
        return
    print(f"{place / 'report.html'}\n{place / 'grades.csv'}\n{written} pages in {place / 'feedback'}/")


def print_class(book: Gradebook) -> None:
    """A row a student; of a large class, those who need a person."""
    from grader.report import score_table
    from grader.result import State

    rows = book.rows()
    if len(rows) <= TABLE:
        out().print(score_table(book.light_grades()))
        return
    waiting = [row.student for row in rows if row.state != State.GRADED]
    grades = (grade for student in waiting[:TABLE] if (grade := book.grade(student)) is not None)
    if waiting:
        out().print(score_table(grades))
    more = f"{len(waiting) - TABLE} more who need a person, and " if len(waiting) > TABLE else ""
    print(f"{more}{len(rows) - len(waiting)} graded: {'they' if more else 'all'} stand in grades.csv and report.html\n")


COMMANDS = {"grade": grade, "regrade": regrade, "show": show, "report": report}
