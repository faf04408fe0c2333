"""The result of a self-check: a few lines in a notebook's output, or in a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from grader.report.looks import BADGES, OUTCOMES, title, told, total
from grader.report.render import data_uri, render
from grader.report.text import clean, clip, number, plural
from grader.result import CheckResult, Outcome

__all__ = ["headline", "selfcheck_html", "selfcheck_text"]

MAX_MESSAGE = 1200
AGAIN = "An earlier answer is wrong; this was judged with a right one in its place."
OURS = "Something went wrong on our side. This says nothing about your answer."


def headline(results: Sequence[CheckResult]) -> str:
    """The result in a few words: "all 3 checks passed, 5 of 5 points"."""
    if not results:
        return "there is no check to run here"
    if all(result.outcome is Outcome.NOT_ATTEMPTED for result in results):
        return "not attempted yet"
    earned = f"{number(sum(result.score for result in results))} of {plural(total(results), 'point')}"
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    if passed < len(results):
        return f"{passed} of {plural(len(results), 'check')} passed, {earned}"
    return f"{'the check' if passed == 1 else f'all {passed} checks'} passed, {earned}"


def selfcheck_html(blank: str, results: Sequence[CheckResult], pictures: Mapping[str, bytes], note: str = "") -> str:
    """HTML for a notebook's output. No class, style sheet or script: front ends strip them. Text takes the theme's colour."""
    rows = []
    for result, diagnosis in told(results):
        look = OUTCOMES[result.outcome]
        image = pictures.get(result.name) if result.outcome is not Outcome.PASSED and not result.private else None
        rows.append(
            {
                "result": result,
                "look": look,
                "badge": BADGES[look.tone],
                "title": title(result),
                "why": _why(result),
                "diagnosis": diagnosis,
                "src": data_uri("image/png", image) if image else "",
            }
        )
    outcomes = {result.outcome for result in results}
    edge = "good" if outcomes == {Outcome.PASSED} else "rest" if outcomes <= {Outcome.NOT_ATTEMPTED} else "some"
    if outcomes & {Outcome.FAILED, Outcome.ERROR}:
        edge = "bad"
    return render("selfcheck.html.j2", blank=blank, headline=headline(results), note=note, rows=rows, edge=BADGES[edge])


def selfcheck_text(blank: str, results: Sequence[CheckResult], note: str = "", *, colour: bool = False, width: int = 80) -> str:
    """The same as text, wrapped at `width` (Korean letters count as two), ending in a line end."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    lines = Table.grid(padding=(0, 1), expand=True)
    lines.add_column(width=1)
    lines.add_column(ratio=1)
    lines.add_column(justify="right", no_wrap=True)
    for result, diagnosis in told(results):
        look = OUTCOMES[result.outcome]
        line = Text(title(result))
        if result.outcome not in (Outcome.PASSED, Outcome.FAILED):
            line.append(f" ({look.word})", style=look.style)
        why = [Text(text) for text in _why(result)]
        if diagnosis:
            why.append(Text.assemble(("It looks like: ", "bold yellow"), clean(diagnosis)))
        lines.add_row(Text(look.icon, style=f"bold {look.style}"), line, Text(_points(result), style="bright_black"))
        for text in why:
            lines.add_row("", Padding(text, (0, 0, 0, 2)), "")
    stream = io.StringIO()
    console = Console(
        force_jupyter=False,  # inside a notebook rich would show the text itself, above the result
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
    )
    console.print(Text.assemble((clean(blank), "bold"), ": ", headline(results)))
    if note:
        console.print(Padding(Text(note), (0, 0, 0, 2)))
    if results:
        console.print(Padding(lines, (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def _points(result: CheckResult) -> str:
    earned = "–" if result.outcome is Outcome.UNGRADED else number(result.score)
    return f"{earned}/{number(result.points)}"


def _why(result: CheckResult) -> list[str]:
    """What a check that did not pass says, apart from the diagnosis; of one that is not attempted nothing more is said."""
    if result.outcome in (Outcome.PASSED, Outcome.NOT_ATTEMPTED):
        return []
    why = [clip(clean(result.message).strip(), MAX_MESSAGE)]
    why.append(AGAIN if result.carried_forward else "")
    why.append(OURS if result.outcome is Outcome.UNGRADED else "")
    return [text for text in why if text]
