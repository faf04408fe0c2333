"""What this system offers for isolation. Found by trying it, in another process: nothing that the caller has can be harmed."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Part", "available", "begin", "missing", "offers"]

_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from grader.isolation.trial import main; main()"


@dataclass(frozen=True)
class Part:
    """One part of the isolation: whether the system has it, and if not, why and what to do. Not all are `needed`."""

    name: str
    ok: bool
    reason: str = ""
    needed: bool = True


@functools.cache
def offers() -> tuple[Part, ...]:
    """The parts, each tried once for each process that asks. Takes about 0.2 seconds.

    The trial runs in a Python of its own, without this process's environment variables, so that none of them can speak for the
    system.
    """
    if not _has_parts():
        return (Part("Linux", False, "Isolation needs Linux (namespaces and Landlock)."),)
    try:
        with _begun.pop() if _begun else _trial() as trial:
            try:
                told, said = trial.communicate(timeout=60)
            finally:
                trial.kill()  # nothing, where it has ended
        return tuple(Part(**part) for part in json.loads(told)) if trial.returncode == 0 else _untried(said)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        return _untried(str(error))


def begin() -> None:
    """Start the trial now, beside what else is to be done: `offers` then only waits for what it finds."""
    if _has_parts() and not _begun and not offers.cache_info().currsize:
        with contextlib.suppress(OSError):  # `offers` will say so
            _begun.append(_trial())


@atexit.register
def _end_begun() -> None:
    """Nobody asked."""
    for trial in _begun:
        trial.kill()
        trial.wait()


def _has_parts() -> bool:
    return sys.platform.startswith("linux")


_begun: list[subprocess.Popen[str]] = []


def _trial() -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parents[2])]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}  # some Pythons do not start without
    return subprocess.Popen(command, stdin=null, stdout=pipe, stderr=pipe, text=True, env=kept)  # noqa: S603 - our own


def _untried(why: str) -> tuple[Part, ...]:
    last = (why.strip().splitlines() or ["it ended without a word"])[-1]
    return (Part("trial", False, f"What the system offers could not be tried: {last}"),)


def available() -> bool:
    """Whether a kernel can be isolated here."""
    return not missing()


def missing() -> list[str]:
    """A line for each part that is needed and not there."""
    return [f"{part.name}: {part.reason}" for part in offers() if part.needed and not part.ok]
