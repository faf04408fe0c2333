"""The instructor's commands: new, verify, calibrate, build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.console import CourseOption, Jobs, Json, NoCache, Slug, jobs_of, load, out, print_json, progress


def new(
    slug: Annotated[str, typer.Argument(help="A name for it: letters, digits and _.", show_default=False)],
    title: Annotated[str, typer.Option("--title", help="What the notebook is headed with [default: the name].")] = "",
    course: CourseOption = None,
) -> None:
    """Make a working assignment to start from.

    Writes assignments/SLUG/ (facts, template, checks) and reference/SLUG.py. Outside a course, this folder becomes one.
    """
    from grader.assignment import Course
    from grader.errors import CourseNotFound
    from grader.scaffold import write_assignment

    try:
        root = course.resolve() if course else Course.find().root
    except CourseNotFound:
        root = Path.cwd()
    paths = write_assignment(root, slug, title or slug)
    for path in paths:
        print(path.relative_to(root))
    print(f"\nIt works as it is. Change it, then: grader verify {slug}")


def verify(
    slug: Slug,
    profile: Annotated[str, typer.Option("--profile", help="The parameters to run it with.")] = "quick",
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="A profile to run the reference with, too; may be given again.", show_default=False),
    ] = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Test an assignment before you publish it.

    The reference must earn every point, the stub none, and each mistake must be recognised. Runs the reference
    twice, the notebook as handed out, and every mistake. Exit code 2 when something does not hold.
    """
    from grader.cli.tables import verification_tables
    from grader.keying import Workshop
    from grader.verify import verify as verify_assignment

    assignment = load(slug, course, profile)
    others = [load(slug, course, name) for name in dict.fromkeys(reference or ()) if name != profile]
    with progress() as show:
        found = verify_assignment(assignment, Workshop.of(assignment, jobs_of(jobs), show, cached=not no_cache), others)
    if as_json:
        print_json(found.to_json())
    else:
        for part in verification_tables(found):
            out().print(part)
    raise typer.Exit(0 if found.ok else 2)


def calibrate(
    slug: Slug,
    profile: Annotated[str, typer.Option("--profile", help="The parameters to run it with.")] = "quick",
    seeds: Annotated[int, typer.Option("--seeds", help="How many other seeds to run the reference with.")] = 4,
    other_seeds: Annotated[
        bool, typer.Option("--other-seeds", help="Other seeds are right too: the suggested tolerances pass them.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw it into this file: .png, .svg or .pdf.", show_default=False)
    ] = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Measure how strict each check should be.

    Runs the reference again, with more threads, on other devices and with other seeds, and every mistake. Prints for
    each check how much tolerance these need, and what follows. Exit code 1 when a check fails the reference itself.
    """
    from grader.calibrate import calibrate as calibrate_assignment
    from grader.cli.tables import calibration_tables
    from grader.keying import Workshop
    from grader.report.calibration import kind_of, picture

    kind = kind_of(plot) if plot else ""
    assignment = load(slug, course, profile)
    with progress() as show:
        workshop = Workshop.of(assignment, jobs_of(jobs), show, cached=not no_cache)
        found = calibrate_assignment(assignment, workshop, seeds=seeds, other_seeds=other_seeds)
    if plot:
        plot.write_bytes(
            picture(found.rows(), f"{found.assignment} ({found.profile}): the tolerance that each check needs", kind)
        )
    if as_json:
        print_json(found.to_json())
    else:
        for part in calibration_tables(found):
            out().print(part)
        if plot:
            print(f"\nplot: {plot}")
    raise typer.Exit(0 if found.ok else 1)


def build(
    slug: Slug,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where to put it [default: build/SLUG].", show_default=False)
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="The parameters that students get.")] = "homework",
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    as_json: Json = False,
    course: CourseOption = None,
) -> None:
    """Make student/, solution/ and key/.

    student/ has the notebook, its data and the public key; solution/ is executed; key/ is for grading and stays
    with you.
    """
    from grader.build import build as build_assignment
    from grader.keying import Workshop

    assignment = load(slug, course, profile)
    target = folder or Path("build") / slug
    with progress() as show:
        bundle = build_assignment(assignment, target, Workshop.of(assignment, jobs_of(jobs), show, cached=not no_cache))
    if as_json:
        names = ("folder", "notebook", "public_key", "solution", "key", "max_score", "embedded")
        print_json({name: getattr(bundle, name) for name in names})
        return
    print(f"{assignment.settings.title}: {bundle.max_score:g} points, profile {profile}")
    print(
        f"  hand out   {bundle.notebook.parent}/"
        + ("" if bundle.embedded else "  (with the .key file: it is too large to embed)")
    )
    print(f"  solution   {bundle.solution}")
    print(f"  keep       {bundle.key}")


COMMANDS = {"new": new, "verify": verify, "calibrate": calibrate, "build": build}
