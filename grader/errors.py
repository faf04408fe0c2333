"""Everything that ``grader`` raises on purpose.

    GraderError
    ├── UsageError                   bad input or usage: exit code 2
    │   ├── AuthoringError           what is wrong in an assignment folder: all problems at once
    │   ├── CourseNotFound           no folder with assignments/ and reference/ here or above
    │   └── UnreadableSubmission     a file that is no notebook; becomes a row with a reason
    └── MachineError                 our fault or the machine's: exit code 3

A message says what was wrong, where, and what to do. The command line prints it without a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "AuthoringError",
    "CourseNotFound",
    "GraderError",
    "MachineError",
    "Problem",
    "UnreadableSubmission",
    "UsageError",
]


class GraderError(Exception):
    """Base of every error that ``grader`` raises on purpose. `exit_code` is what the command line ends with."""

    exit_code = 3


class UsageError(GraderError):
    """The input or the call is wrong; the user can mend it."""

    exit_code = 2


class CourseNotFound(UsageError):
    """There is no course folder (one with ``assignments/`` and ``reference/``) where one is needed."""


class UnreadableSubmission(UsageError):
    """A submitted file is not a notebook. The message is the reason that the gradebook shows."""


class MachineError(GraderError):
    """Something that neither the instructor nor the student can be blamed for."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in an assignment folder: where it is and what to do about it."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else f"{self.path}"
        return f"{place}: {self.message}"


class AuthoringError(UsageError):
    """All that is wrong in an assignment folder, in file and line order.

    Raised once, after everything has been looked at, so that an author does not meet the errors one by one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the assignment:"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])
