"""What this system offers for isolation. Found by trying it, in another process: nothing that the caller has can be harmed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Part", "available", "missing", "offers"]

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
    if not sys.platform.startswith("linux"):
        return (Part("Linux", False, "Isolation needs Linux (namespaces and Landlock)."),)
    command = [sys.executable, "-I", "-c", _PROGRAM, str(Path(__file__).parents[2])]
    null = subprocess.DEVNULL
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}  # some Pythons do not start without
    try:
        told = subprocess.run(command, stdin=null, capture_output=True, text=True, env=kept, timeout=60, check=True)  # noqa: S603 - ours
        return tuple(Part(**part) for part in json.loads(told.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        said = (getattr(error, "stderr", "") or "").strip().splitlines()
        return (Part("trial", False, f"What the system offers could not be tried: {said[-1] if said else error}"),)


def available() -> bool:
    """Whether a kernel can be isolated here."""
    return not missing()


def missing() -> list[str]:
    """A line for each part that is needed and not there."""
    return [f"{part.name}: {part.reason}" for part in offers() if part.needed and not part.ok]
