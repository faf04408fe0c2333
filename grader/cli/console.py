"""What the commands share: options, progress, printing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from grader.assignment import Assignment

Slug = Annotated[str, typer.Argument(help="The assignment: a folder in assignments/.", show_default=False)]
CourseOption = Annotated[
    Path | None, typer.Option("--course", help="The course folder [default: found upwards from here].", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Notebooks to run at once; 0 for one a core.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run everything, even what is kept in .grader/ from before.")]


def out() -> Console:
    """Where results go. As wide as the terminal; 100 columns in a file."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 100)


def print_json(data: Any) -> None:
    """JSON on standard output, and nothing else there."""
    print(json.dumps(data, ensure_ascii=False, indent=1, default=str))


def load(slug: str, course: Path | None, profile: str) -> Assignment:
    """The assignment that a command names."""
    from grader.assignment import Course

    return (Course.at(course) if course else Course.find()).assignment(slug, profile)


def jobs_of(jobs: int) -> int:
    """The number of runs at once that `--jobs` means."""
    from grader.run import default_jobs

    return jobs or default_jobs()


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A function that shows how far something is: bars in a terminal, a line a stage elsewhere. On standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if total == 0:
                return
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


def _plain_progress(what: str, done: int, total: int) -> None:
    if total and (done == total or done == 0):
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)
