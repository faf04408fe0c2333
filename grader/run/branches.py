"""Trying other sources for a blank: each in a forked copy of the kernel, taken just before the blank's cell runs.

Nothing that came before is repeated, and nothing of a branch is left behind. In the copy the shell must not speak: ZMQ belongs to
the parent. So what it would publish goes nowhere, and only the packed captures leave.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from grader.result import Capture, Fault
from grader.run.inside import Session
from grader.run.isolate import can_fork, forked
from grader.run.wire import unpack

__all__ = ["join", "run_branch", "split"]

_MAGIC = b"grader branch 1\n"
_SIZE = 8  # bytes of the length before each capture
_SLACK = 5.0

Asked = tuple[str, str, bytes]  # a probe's name, its source, and what it is given, packed


def run_branch(
    session: Session, ip: Any, cell: str, blank: str, source: str, asked: Sequence[Asked], limits: tuple[float, float]
) -> bytes:
    """Execute `source` as the blank's cell in a copy of the kernel, then its probes. Returns what `split` reads.

    limits: seconds for the cell and for each probe. Nothing is returned where no copy can be had.
    """
    if not can_fork():
        return b""
    cell_seconds, probe_seconds = limits

    def work() -> bytes:
        _hush(ip)
        session.announce(cell, blank, True)
        _execute(ip, source, cell_seconds)
        return join([session.take_bytes([text], name, given, probe_seconds) for name, text, given in asked])

    return forked(work, cell_seconds + len(asked) * probe_seconds + _SLACK)


def _hush(ip: Any) -> None:
    """Nothing that the shell shows may reach the parent's sockets: figures, tracebacks, the value of a last line."""
    vars(ip.display_pub).update(publish=lambda *_, **__: None, clear_output=lambda *_, **__: None)
    vars(ip).update(_showtraceback=lambda *_: None)
    ip.display_trap.hook = lambda _: None


def _execute(ip: Any, source: str, seconds: float) -> None:
    """As the runner does it: a cell that takes too long is interrupted, and the probes run all the same."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        ip.run_cell(source, store_history=False)
    except BaseException:  # the shell shows what a cell raises; what comes through is KeyboardInterrupt in its own code
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def join(captures: Sequence[bytes]) -> bytes:
    """Packed captures, one behind the other."""
    return _MAGIC + b"".join(len(data).to_bytes(_SIZE, "little") + data for data in captures)


def split(data: bytes, names: Sequence[str]) -> dict[str, Capture]:
    """Check -> capture, from what `run_branch` returned. Nothing strange is believed: it counts as a dead copy."""
    if not data.startswith(_MAGIC):
        whole = unpack(data)
        fault = whole.fault or Fault("died", message="what came out of the kernel is no value")
        return {name: Capture(fault=fault) for name in names}
    found: dict[str, Capture] = {}
    at = len(_MAGIC)
    for name in names:
        size = int.from_bytes(data[at : at + _SIZE], "little")
        found[name] = unpack(data[at + _SIZE : at + _SIZE + size])
        at += _SIZE + size
    return found
