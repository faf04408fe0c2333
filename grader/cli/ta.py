"""The TA's commands: grade, show, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.console import CourseOption, Jobs, Json, Slug, jobs_of, load, out, print_json, progress

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
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Grade every notebook in a folder.

    Writes a gradebook, grades.csv, a feedback page a student and a class report. Whose it is comes from the file or
    folder name. What is graded already is not run again, so it may be stopped with
    Ctrl-C at any time and started again. Exit code 1 when some need a person.
    """
    from grader.batch import grade_folder
    from grader.cli.tables import summary_lines
    from grader.gradebook import Gradebook
    from grader.keying import Workshop
    from grader.report import score_table

    assignment = load(slug, course, profile)
    place = target or Path("graded") / slug
    with progress() as show:
        summary = grade_folder(assignment, folder, place, Workshop.of(assignment, jobs_of(jobs), show))
    with Gradebook.existing(place, slug) as book:
        grades = list(book.grades())
    if as_json:
        print_json(
            {
                "out": str(place),
                "ran": summary.ran,
                "reused": summary.reused,
                "carried": summary.carried,
                "states": summary.states,
                "notes": summary.notes,
                "seconds": round(summary.seconds, 2),
                "grades": [one.to_json() for one in grades],
            }
        )
    else:
        out().print(score_table(grades))
        for line in summary_lines(summary):
            print(line)
    raise typer.Exit(1 if summary.needs_person else 0)


def show(
    slug: Slug,
    student: Annotated[str, typer.Argument(help="One student, in detail [default: all].", show_default=False)] = "",
    target: Graded = None,
    as_json: Json = False,
) -> None:
    """Show the gradebook, or one student's results."""
    from grader.errors import UsageError
    from grader.gradebook import Gradebook
    from grader.report import check_table, score_table

    place = target or Path("graded") / slug
    with Gradebook.existing(place, slug) as book:
        if not student:
            grades = list(book.grades())
            if as_json:
                print_json([one.to_json() for one in grades])
            else:
                out().print(score_table(grades))
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
    with Gradebook.existing(place, slug) as book:
        written = write_pages(book, assignment, place)
    if as_json:
        print_json({"out": str(place), "feedback": written})
        return
    print(f"{place / 'report.html'}\n{place / 'grades.csv'}\n{written} pages in {place / 'feedback'}/")


COMMANDS = {"grade": grade, "show": show, "report": report}
