"""The student's command: check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.console import Json, out, print_json, progress


def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook.", show_default=False)],
    key: Annotated[
        Path | None, typer.Option("--key", help="The key that came with it [default: found].", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Check your own notebook: what is right, what is wrong.

    Runs it, judges each task, and says which mistake a wrong answer looks like. Judges against the checks that you
    may see. Changes nothing. Exit code 0 when all passed, 1 when something did not.
    """
    from grader.report import check_table
    from grader.result import Outcome
    from grader.selfcheck import check_file

    with progress() as show:
        show("Running the notebook", 0, 1)
        grade, _ = check_file(notebook, key)
        show("Running the notebook", 1, 1)
    if as_json:
        print_json(grade.to_json())
    else:
        out().print(check_table(grade))
        for note in grade.notes:
            print(f"note: {note}")
    raise typer.Exit(0 if all(c.outcome is Outcome.PASSED for c in grade.checks) else 1)


COMMANDS = {"check": check}
