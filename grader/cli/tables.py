"""Tables and lines for the terminal that belong to one command."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from grader.batch import Regraded, Summary
    from grader.calibrate import Calibration, CheckCalibration
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
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # rich wants a Literal
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
    for row in found.others:
        yield f"reference ({row.profile}) {row.score:g} of {row.max_score:g}, {row.seconds:.0f} s"
    for hint in found.hints:
        yield f"[dim]hint: {escape(hint)}[/]"
    for problem in found.problems:
        yield f"[red]problem:[/] {escape(str(problem))}"
    yield "[green]All holds.[/]" if found.ok else f"[red]{len(found.problems)} to mend.[/]"


_LEGEND = (
    "noise, seeds, mistake: the tolerance that is needed to pass by the reference run differently, by the reference with other "
    "seeds, and by the nearest mistake (∞: none is enough). fails: right runs that fail today, noise and seeds. passes: mistakes "
    "of the blank that pass today. –: the check has no tolerance, or there is no mistake that one can tell."
)
_VERDICTS = {"ok": "green", "tight": "yellow", "–": "dim"}


def calibration_tables(found: Calibration) -> Iterator[RenderableType]:
    """What `calibrate` prints: a row a check, what is to be said of some, and the sum of it."""
    table = Table(
        title=f"{found.assignment} ({found.profile})", title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("check", no_wrap=True, overflow="ellipsis", max_width=36)
    for name in ("noise", "seeds", "mistake", "today", "suggested", "fails", "passes"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for check in found.checks:
        table.add_row(*_calibration_row(check), style="" if check.tolerance else "dim")
    yield table
    yield f"\n[dim]{_LEGEND}[/]\n"
    for check in found.checks:
        if check.advice.why:
            style = _VERDICTS.get(check.advice.verdict, "red")
            suggested = ", ".join(f"{name}={_short(value)}" for name, value in (check.suggested or {}).items())
            yield f"[{style}]{check.advice.verdict}:[/] {escape(check.name)}: {escape(check.advice.why)}" + (
                f"; suggested: {suggested}" if suggested else ""
            )
    for note in found.notes:
        yield f"[yellow]note:[/] {escape(note)}"
    yield from _calibration_sum(found)


def _calibration_row(check: CheckCalibration) -> Iterator[str]:
    """The cells of a check's row."""
    unit = check.unit
    yield escape(check.name)
    if check.tolerance:
        yield _short(max(check.noise.values(), default=0.0) * unit)
        yield _short(max(check.seeds.values()) * unit) if check.seeds else "–"
        yield "–" if check.nearest is None else _short(check.nearest * unit)
        yield _short(unit)
        suggested = _short(next(iter(check.suggested.values()))) if check.suggested else "none"
        yield f"[dim]{suggested}[/]" if check.advice.factor == 1 else suggested
    else:
        yield from ("–",) * 5
    noise, seeds = len(check.failed(True)), len(check.failed(False))
    yield (
        (f"[red]{noise}[/]" if noise else "0") + f"/{len(check.noise)}" + (f" {seeds}/{len(check.seeds)}" if check.seeds else "")
    )
    yield f"{len(check.passed)}/{len(check.mistakes) + len(check.same)}"
    yield f"[{_VERDICTS.get(check.advice.verdict, 'red')}]{check.advice.verdict}[/]"


def _short(value: float) -> str:
    """A tolerance in a few characters: 0, 2e-7, 0.01, 3.5, ∞."""
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else "∞"
    if 1e-3 <= value < 1e3:
        return f"{value:.2g}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e{int(power)}"


def _calibration_sum(found: Calibration) -> Iterator[str]:
    """How many checks there are of each kind, how many hold for other seeds, and how long it took."""
    counts = Counter(str(check.advice.verdict) for check in found.checks if check.tolerance)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    any_seed = sum(not check.failed(False) for check in found.checks)
    noise, seeds = (sum(way.must_pass is must for way in found.ways) for must in (True, False))
    says = f"{noise} runs that differ in noise, {seeds} in seeds; {any_seed} checks hold for all these seeds."
    yield f"\n{len(found.checks)} checks, {counts.total()} with a tolerance{f': {verdicts}' if verdicts else ''}."
    yield f"{says} {found.seconds:.0f} s"
    broken = [check.name for check in found.checks if check.failed(True)]
    yield (
        f"[red]{len(broken)} fail the reference itself: {', '.join(broken)}[/]"
        if broken
        else "[green]No check fails the reference.[/]"
    )


def summary_lines(summary: Summary) -> Iterator[str]:
    """What `grade` did and where to look."""
    states = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(summary.states.items()))
    judged = summary.reused - summary.unchanged
    did = [
        f"{summary.ran} run now",
        f"{summary.carried} carried forward" if summary.carried else "",
        f"{judged} judged again" if judged > 0 else "",
        f"{summary.unchanged} as before" if summary.unchanged else "",
    ]
    yield f"{states}; {', '.join(filter(None, did))}; {summary.seconds:.0f} s"
    for note in summary.notes:
        yield f"note: {note}"
    yield f"\n  class report     {summary.out / 'report.html'}\n  gradebook        {summary.out / 'grades.csv'}"
    yield f"  feedback         {summary.out / 'feedback'}/"
    if summary.needs_person:
        yield "\n" + _who_waits(summary.needs_person)


def regraded_parts(found: Regraded) -> Iterator[RenderableType]:
    """What `regrade` prints: how scores moved, a row a check, and what it did not do."""
    if found.changes:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("check", no_wrap=True, overflow="ellipsis", max_width=50)
        table.add_column("more points", justify="right")
        table.add_column("fewer", justify="right")
        for name, (up, down) in found.checks().items():
            table.add_row(escape(name), str(up or ""), str(down or ""))
        yield table
        yield ""
    same = found.rows - len(found.refused) - found.up - found.down
    yield f"{found.up} scores up, {found.down} down, {same} the same; {_regraded_work(found)}; {found.seconds:.0f} s"
    for note in found.notes:
        yield escape(f"note: {note}")
    if found.pending:
        yield escape(f"{len(found.pending)} would be carried forward again, and may earn more: {_few(found.pending)}")
        yield "  the same command with --execute does these runs; until then their pages say so"
    for reason, students in _by_reason(found.refused).items():
        yield escape(f"{len(students)} keep their grade, {reason}: {_few(students)}")
    if found.refused:
        yield "  grader grade SLUG FOLDER --out DIR runs them"
    if found.needs_person:
        yield _who_waits(found.needs_person)


def _regraded_work(found: Regraded) -> str:
    did = [
        f"{found.judged} judged again",
        f"{found.ran} run" if found.ran else "nothing run",
        f"{found.carried} carried forward" if found.carried else "",
    ]
    return ", ".join(filter(None, did))


def _by_reason(refused: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for student, reason in refused.items():
        found.setdefault(reason, []).append(student)
    return found


def _few(names: Iterable[str], most: int = 8) -> str:
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def doctor_table(findings: list[Finding]) -> Table:
    """A row a finding."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[red]missing[/]"
        table.add_row(mark, escape(finding.name), escape(finding.value), f"[dim]{escape(finding.advice)}[/]")
    return table


def _who_waits(number: int) -> str:
    what = "needs a person: it stands" if number == 1 else "need a person: they stand"
    return f"{number} {what} first in the class report."
