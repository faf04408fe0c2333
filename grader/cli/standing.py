"""How far a batch is, for a terminal of 80 columns: a bar, a line of numbers, who is running."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.batch import Standing

__all__ = ["duration", "line", "table"]

SHOWN = 8  # of those who are running


def table(standing: Standing) -> RenderableType:
    """A few lines that are drawn again and again."""
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
    head.add_column(width=30)
    head.add_column(no_wrap=True)
    bar = ProgressBar(total=max(standing.total, 1), completed=standing.done, width=30)
    head.add_row(Text(standing.title, style="bold"), bar, f"{standing.done} of {standing.total}")
    return Group(head, Text.from_markup(f"[dim]{' · '.join(_numbers(standing))}[/]"), _running(standing))


def _running(standing: Standing) -> RenderableType:
    """Who is being graded, and for how long; the longest first."""
    running = sorted(standing.running.items(), key=lambda item: item[1])
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True, overflow="ellipsis", max_width=50)
    rows.add_column(no_wrap=True, justify="right")
    for student, begun in running[:SHOWN]:
        rows.add_row(Text("  " + " ".join(student.split())), Text(duration(time.monotonic() - begun), style="dim"))
    if len(running) > SHOWN:
        rows.add_row(Text(f"  and {len(running) - SHOWN} more", style="dim"), "")
    return rows


def _numbers(standing: Standing) -> list[str]:
    at_once = "" if standing.jobs == 1 else f"{standing.jobs} at once"
    waits = f"{standing.needs_person} for a person" if standing.needs_person else ""
    rate = f"{standing.rate:{'.0f' if standing.rate >= 10 else '.1f'}} a minute" if standing.done else "no result yet"
    left = f"about {duration(standing.left)} left" if standing.left else ""
    return [part for part in (rate, left, waits, at_once) if part]


def line(standing: Standing) -> str:
    """The same in one line, for a log."""
    return f"{standing.title}: {standing.done} of {standing.total}, {', '.join(_numbers(standing))}"


def duration(seconds: float) -> str:
    """12 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
