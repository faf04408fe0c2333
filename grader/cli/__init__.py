"""The command line: parse, call, print. No logic.

Exit codes: 0 done (`check`: all passed), 1 done but some need a person (`check`: something failed), 2 bad input or usage,
3 our fault, 130 interrupted.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import typer

from grader.cli import author, machine, records, student, ta

__all__ = ["app", "command", "main"]

app = typer.Typer(
    name="grader",
    help="Publish, self-check and grade deep-learning homework in notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """The command, ending with exit code 130 and a sentence on Ctrl-C."""

    @functools.wraps(command)
    def call(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except KeyboardInterrupt:
            print("\ngrader: interrupted. What was done is kept; the same command goes on from there.", file=sys.stderr)
            raise typer.Exit(130) from None

    return call


for module in (author, student, ta, records, machine):
    for name, function in module.COMMANDS.items():
        app.command(name)(_interruptible(function))


def command() -> None:
    """`main` as a process of its own, which ends at once: to take all of torch apart before it goes takes a fifth of a second."""
    try:
        main()
        code = 0
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        code = ended.code
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(code)


def main() -> None:
    """The `grader` command. A user never sees a traceback of ours for their bad input."""
    from grader.errors import GraderError
    from grader.warm.preload import THREADS

    if not any(name in os.environ for name in THREADS):
        os.environ |= dict.fromkeys(THREADS, "1")  # what is judged is small, and the other cores have other notebooks
    atexit.register(gc.freeze)  # to look through all of torch once more, before it is thrown away, takes most of a second
    try:
        app()
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except ModuleNotFoundError as error:
        _missing_module(error)
    except Exception:
        _our_fault()


def _missing_module(error: ModuleNotFoundError) -> None:
    """An extra that is not installed is not our fault, and easily mended."""
    extras = {"pydantic": "course", "markdown_it": "course", "sqlalchemy": "ta", "nh3": "ta", "pygments": "ta"}
    extra = extras.get((error.name or "").split(".")[0])
    if extra is None:
        _our_fault()
    print(f"grader: this needs {error.name}: pip install 'torch-grader[{extra}]'", file=sys.stderr)
    sys.exit(2)


def _our_fault() -> None:
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="grader-", suffix=".log", delete=False, encoding="utf-8") as log:
        traceback.print_exc(file=log)
    kind, error = sys.exc_info()[:2]
    print(f"grader: this is our fault: {kind.__name__ if kind else ''}: {error}\nDetails are in {log.name}", file=sys.stderr)
    sys.exit(3)
