"""What is raised when isolation cannot be had: the step, what the system said, and what to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from grader.errors import MachineError

__all__ = ["IsolationError", "step"]


class IsolationError(MachineError):
    """A step of the isolation failed. The process that it was raised in is half isolated and must end.

    `step` says what was tried; `reason` is the system's word for why not; `advice` says what to do.
    """

    def __init__(self, step: str, reason: str, advice: str = "") -> None:
        self.step, self.reason, self.advice = step, reason, advice
        super().__init__(f"Isolation failed: {step}: {reason}.{' ' if advice else ''}{advice}")


@contextlib.contextmanager
def step(name: str, advice: str = "") -> Iterator[None]:
    """An OSError of the block becomes an IsolationError that names the step."""
    try:
        yield
    except OSError as error:
        raise IsolationError(name, reason(error), advice) from error


def reason(error: OSError) -> str:
    """The words for the error number, and the path if there is one."""
    words = os.strerror(error.errno) if error.errno else str(error)
    return f"{words} ({error.filename})" if error.filename else words
