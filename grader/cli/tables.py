"""Tables and lines for the terminal that belong to one command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.batch import Summary
    from grader.doctor import Finding
    from grader.verify import Verification


def verification_tables(found: Verification) -> Iterator[RenderableType]:
    """What `verify` prints: a row a blank, then what is wrong."""
    table = Table(title=f"{found.assignment} ({found.profile})", title_justify="left", box=None, pad_edge=False)
    for name, justify in (
        ("blank", "left"),
        ("points", "right"),
        ("checks", "right"),
        ("private", "right"),
        ("mistakes", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    table.add_column("recognised", justify="right")
    for blank in found.key.blanks:
        checks = found.key.of(blank)
        rows = [row for row in found.mistakes if row.blank == blank]
        good = sum(row.ok for row in rows)
        style = "green" if good == len(rows) else "red"
        private = sum(check.private for check in checks)
        points = sum(check.points for check in checks)
        table.add_row(blank, f"{points:g}", str(len(checks)), str(private), str(len(rows)), f"[{style}]{good}[/]")
    yield table
    good = sum(row.ok for row in found.mistakes)
    yield (
        f"\nreference {found.reference_score:g} of {found.max_score:g}   stub {found.stub_score:g}   "
        f"mistakes recognised {good} of {len(found.mistakes)}   key {found.key.digest()}   {found.seconds:.0f} s"
    )
    for hint in found.hints:
        yield f"[dim]hint: {escape(hint)}[/]"
    for problem in found.problems:
        yield f"[red]problem:[/] {escape(str(problem))}"
    yield "[green]All holds.[/]" if found.ok else f"[red]{len(found.problems)} to mend.[/]"


def summary_lines(summary: Summary) -> Iterator[str]:
    """What `grade` did and where to look."""
    states = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(summary.states.items()))
    yield f"{states}; {summary.ran} run now, {summary.reused} kept from before; {summary.seconds:.0f} s"
    for note in summary.notes:
        yield f"note: {note}"
    yield f"\n  class report     {summary.out / 'report.html'}\n  gradebook        {summary.out / 'grades.csv'}"
    yield f"  feedback         {summary.out / 'feedback'}/"
    if summary.needs_person:
        yield f"\n{summary.needs_person} need a person: they stand first in the class report."


def doctor_table(findings: list[Finding]) -> Table:
    """A row a finding."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missing[/]"
        table.add_row(mark, escape(finding.name), escape(finding.value), f"[dim]{escape(finding.advice)}[/]")
    return table
