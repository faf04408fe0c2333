"""The command `grader`, from its first moment on.

`grade` waits longest for the server of kernels, whose imports take two seconds. So the server is started before even the command
line is loaded, by a look at the arguments. That look decides nothing: where it is wrong, the server is not used and ends with the
command, or is started a little later.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

__all__ = ["command"]


def command() -> None:
    """`grader.cli.command`."""
    try:
        with contextlib.suppress(Exception):  # the command does it once more, and says what is wrong
            _begin(sys.argv[1:])
        from grader.cli import command
    except KeyboardInterrupt:
        print("\ngrader: interrupted.", file=sys.stderr, flush=True)
        os._exit(130)
    command()


def _begin(arguments: Sequence[str]) -> None:
    """What `grader grade SLUG FOLDER` would begin a sixth of a second later. arguments: without the program's name."""
    if len(arguments) < 3 or arguments[0] != "grade" or {"-h", "--help"} & set(arguments):
        return
    from grader.run.early import begin_early

    begin_early(warm="--cold" not in arguments, isolated="--no-isolation" not in arguments)
