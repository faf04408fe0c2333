"""The commands about this machine: doctor, demo."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from grader.cli.console import CourseOption, Jobs, Json, jobs_of, load, out, print_json, progress


def doctor(as_json: Json = False) -> None:
    """Say what this machine offers, and what is missing.

    Versions, extras, cores, devices, and whether a kernel starts.
    Exit code 1 when something is missing.
    """
    from grader.cli.tables import doctor_table
    from grader.doctor import examine

    with progress() as show:
        show("Starting a kernel", 0, 1)
        findings = examine()
        show("Starting a kernel", 1, 1)
    if as_json:
        print_json([finding.to_json() for finding in findings])
    else:
        out().print(doctor_table(findings))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def demo(
    slug: Annotated[str, typer.Argument(help="The assignment to show.")] = "rnn_ab",
    folder: Annotated[Path, typer.Option("--out", help="Where to put everything.")] = Path("demo"),
    profile: Annotated[str, typer.Option("--profile", help="The parameters to run it with.")] = "quick",
    jobs: Jobs = 0,
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Show the whole way with a small made-up class.

    Builds an assignment, makes a class that hands it in, grades it, and says where to look.
    """
    from grader.cli.tables import summary_lines
    from grader.demo import run_demo
    from grader.gradebook import Gradebook
    from grader.isolation import available
    from grader.keying import Workshop
    from grader.report import score_table
    from grader.run import Kernels

    assignment = load(slug, course, profile)
    with progress() as show:
        workshop = Workshop.of(assignment, jobs_of(jobs), show)
        made = run_demo(assignment, folder, dataclasses.replace(workshop, kernels=Kernels(isolated=available())))
    with Gradebook.existing(made.summary.out, slug) as book:
        grades = list(book.grades() if as_json else book.light_grades())
    if as_json:
        print_json({"out": str(folder), "students": made.students, "grades": [one.to_json() for one in grades]})
        return
    out().print(score_table(grades))
    for line in summary_lines(made.summary):
        print(line)
    print(f"\n  a student gets   {made.bundle.notebook}\n  they handed in   {made.submissions}/")
    print(f"  the solution     {made.bundle.solution}")


COMMANDS = {"doctor": doctor, "demo": demo}
