"""How a cell ended, and a kernel."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass

from grader.result import Capture

__all__ = ["TOO_MUCH", "CellEnd", "KernelDied", "KernelHangs", "NoKernel", "ended", "was_killed"]

TOO_MUCH = "used more memory than it may"


class NoKernel(Exception):
    """A kernel could not be started: our fault or the machine's."""


class KernelDied(Exception):
    """The kernel is gone. The message says how it ended.

    lost: whoever watches over it is gone, too: nothing that a notebook could do. killed: by SIGKILL, from whom nobody can say.
    memory: because its processes used more than they may.
    """

    def __init__(self, how: str, *, lost: bool = False, killed: bool = False, memory: bool = False) -> None:
        super().__init__(how)
        self.lost, self.killed, self.memory = lost, killed, memory

    @property
    def unexplained(self) -> bool:
        """Whether it may have been the machine's doing, so that what was going on may be had a second time."""
        return self.killed and not self.memory


class KernelHangs(Exception):
    """The kernel does not answer, not even to an interrupt."""


@dataclass(frozen=True)
class CellEnd:
    """How a cell ended: "ok", "error" or "timeout"; the error in one line, and where in the cell; how long it took.

    cut: the kernel was killed, from whom nobody can say, before it had told all of this.
    """

    state: str
    error: str = ""
    line: int = 0
    seconds: float = 0.0
    cut: bool = False


def ended(code: int | None) -> str:
    """A kernel's exit code in words."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}" + (", perhaps for want of memory" if code == -9 else "")
    return f"ended with exit code {code}" if code is not None else "ended"


def was_killed(found: Capture) -> bool:
    """Whether a copy was ended by SIGKILL while it was asked: from whom, nobody can say, so it is asked once more."""
    return found.fault is not None and found.fault.kind == "died" and "SIGKILL" in found.fault.message
