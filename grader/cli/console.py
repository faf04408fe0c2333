"""What the commands share: options, progress, printing."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress

    from grader.assignment import Assignment
    from grader.batch import Standing
    from grader.run import Kernels

EVERY = 30.0  # seconds between two lines on a batch, where there is no terminal

Slug = Annotated[str, typer.Argument(help="The assignment: a folder in assignments/.", show_default=False)]
CourseOption = Annotated[
    Path | None, typer.Option("--course", help="The course folder [default: found upwards from here].", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Notebooks to run at once; 0 for one a core.")]
NoIsolation = Annotated[
    bool, typer.Option("--no-isolation", help="Run untrusted notebooks with your own rights: they can do what you can.")
]
Cold = Annotated[bool, typer.Option("--cold", help="Start an ordinary kernel for each notebook, instead of a warm one.")]
Database = Annotated[
    str, typer.Option("--gradebook", help="A database by URL [default: gradebook.db in --out].", show_default=False)
]
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


def print_json_with(data: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """The same with a long list as the last entry, of which one item at a time is held."""
    head = json.dumps(data, ensure_ascii=False, indent=1, default=str).removesuffix("\n}")
    print(f'{head},\n "{name}": [', end="")
    separator = "\n"
    for item in items:
        print(separator + json.dumps(item, ensure_ascii=False, default=str), end="")
        separator = ",\n"
    print("\n ]\n}")


def print_json_list(items: Iterable[Any]) -> None:
    """A JSON list, of which one item at a time is held."""
    separator = "["
    for item in items:
        print(separator + "\n" + json.dumps(item, ensure_ascii=False, default=str), end="")
        separator = ","
    print("[]" if separator == "[" else "\n]")


def kernels_of(no_isolation: bool, cold: bool) -> tuple[Kernels | None, str]:
    """How submissions are run; or None, and why they must not be."""
    from grader.isolation import available, missing
    from grader.run import Kernels

    if no_isolation or available():
        return Kernels(isolated=not no_isolation, warm=not cold), ""
    lacking = "".join(f"\n  {part}" for part in missing())
    return None, (
        f"submissions are not trusted, and this machine cannot shut them off; it lacks:{lacking}\n"
        "See `grader doctor`. Where you would run them yourself: --no-isolation"
    )


def prepare(jobs: int, *, cold: bool, isolated: bool) -> None:
    """Have the server of kernels import torch beside this process, which does so too, and is forked if it is to have workers.

    jobs: as `--jobs`. isolated: the isolation will be asked for.
    """
    from grader.run.early import begin_early

    begin_early(warm=not cold, isolated=isolated)
    from grader.run.nursery import fork_nursery, import_torch

    if jobs_of(jobs) > 1:
        fork_nursery()
    else:
        import_torch()


def jobs_of(jobs: int) -> int:
    """The number of runs at once that `--jobs` means."""
    from grader.run import default_jobs

    return jobs or default_jobs()


class Screen:
    """Shows how far something is, on standard error: bars and a small table in a terminal, a line now and then elsewhere."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._said = -math.inf
        self._live: Live | None = None
        self._bars: Progress | None = None
        self._tasks: dict[str, Any] = {}
        self._standing: Standing | None = None

    def __enter__(self) -> Screen:
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True, highlight=False)
        if console.is_terminal and not self._silent:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._bars = Progress(*columns, console=console)
            self._live = Live(get_renderable=self._picture, console=console, transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """So many are done of what is being done."""
        if total == 0 or self._silent:
            return
        if self._bars is None:
            if done in (0, total):
                print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)
            return
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)

    def watch(self, standing: Standing) -> None:
        """A batch is so far."""
        from grader.cli.standing import line

        self._standing = standing
        over = standing.done == standing.total
        if self._live is None and not self._silent and (over or time.monotonic() - self._said > EVERY):
            self._said = time.monotonic()
            print(line(standing), file=sys.stderr, flush=True)

    def _picture(self) -> RenderableType:
        from rich.text import Text

        from grader.cli.standing import table

        if self._standing is not None:
            return table(self._standing)
        return self._bars if self._bars is not None else Text()


def progress(*, silent: bool = False) -> Screen:
    """To be used in a `with`; called with (what, done, all), and told of a batch by `watch`."""
    return Screen(silent=silent)
