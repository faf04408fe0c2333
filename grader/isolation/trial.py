"""The program behind `offers`: tries each part of the isolation in a child, and writes what it found to stdout as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.isolation.errors import IsolationError, reason, step
from grader.isolation.furnishing import furnish, loopback_up, mount_proc
from grader.isolation.jail import Jail
from grader.isolation.locking import lock
from grader.isolation.namespaces import advice, separate, unshare, user_namespace
from grader.isolation.system import call, landlock_abi

__all__ = ["main"]

_LANDLOCK = "Linux 5.13 or newer is needed, with `landlock` among its security modules (lsm= on its command line)."


def main() -> None:
    """Write a list of what Part takes."""
    os.umask(0o077)
    warnings.simplefilter("ignore")
    json.dump(_parts(), sys.stdout)


def _parts() -> list[dict[str, Any]]:
    parts = [_landlock(), _part("user namespace", user_namespace)]
    if parts[-1]["ok"]:
        parts.append(_part("mount namespace", _mount))
        parts.append(_part("PID namespace", lambda: _in_new("PID")))
        parts.append(_part("network namespace", _network))
        parts.append(_part("IPC namespace", lambda: _in_new("IPC")))
        proc = _part("/proc of its own", _proc)
        without = "A kernel has a /proc with a few files only, and no process sees another there."
        parts.append(proc | {"needed": False, "reason": "" if proc["ok"] else f"{proc['reason']} {without}"})
    if all(part["ok"] or not part.get("needed", True) for part in parts):
        parts.append(_part("all together", _whole))
    return parts


def _landlock() -> dict[str, Any]:
    try:
        return {"name": "Landlock", "ok": True, "reason": f"version {landlock_abi()}"}
    except OSError as error:
        return {"name": "Landlock", "ok": False, "reason": f"{reason(error)}. {_LANDLOCK}"}


def _part(name: str, attempt: Callable[[], None]) -> dict[str, Any]:
    said = _in_child(attempt)
    return {"name": name, "ok": not said, "reason": said}


def _in_child(attempt: Callable[[], None]) -> str:
    """Why `attempt` failed in a forked child; empty when it did not."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "it ended without a word"
        try:
            attempt()
            said = ""
        except IsolationError as error:
            said = f"{error.step}: {error.reason}. {error.advice}".strip() if error.step else error.reason
        except Exception as error:  # whatever it is, the system does not offer this part
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(write, b"." + said.encode()[:4000])
            os._exit(0)
    os.close(write)
    with open(read, "rb") as file:
        told = file.read()
    os.waitpid(pid, 0)
    return told[1:].decode(errors="replace") if told else "the process was killed"


def _in_new(name: str) -> None:
    user_namespace()
    unshare(name)


def _mount() -> None:
    _in_new("mount")
    with step("mounting in a mount namespace", advice()):
        call("mount", None, "/", None, 16384 | 1 << 18, None)  # MS_REC | MS_PRIVATE
        call("mount", "tmpfs", "/", "tmpfs", 0, "size=1m")


def _network() -> None:
    _in_new("network")
    loopback_up()


def _proc() -> None:
    _in_new("mount")
    unshare("PID")

    def inside() -> None:
        with step("mounting a /proc of its own", "In a container it is refused where files of /proc are masked."):
            mount_proc(Path("/proc"))

    _told(inside)


def _whole() -> None:
    """The chain as it is used, in a folder of its own."""
    outside = Path(tempfile.mkdtemp(prefix="grader-trial-"))
    folder = outside / "private"
    try:
        for name in ("work", "sockets"):
            (folder / name).mkdir(parents=True)
        (outside / "secret").write_text("")
        jail = Jail(folder, disk=2**24)

        def kernel() -> None:
            lock(jail)
            _look(folder, outside / "secret")

        def first() -> None:
            furnish(jail)
            _told(kernel)

        def monitor() -> None:
            separate(jail)
            _told(first)

        _told(monitor)
    finally:
        shutil.rmtree(outside, ignore_errors=True)


def _told(attempt: Callable[[], None]) -> None:
    if said := _in_child(attempt):
        raise IsolationError("", said)


def _look(folder: Path, outside: Path) -> None:
    """What must be and what must not be, seen from inside."""
    (folder / "work" / "file").write_text("written")
    if outside.exists():
        raise IsolationError("looking from inside", f"{outside} is in sight")
    for path in (outside, Path("/usr/outside"), Path("/sockets/outside")):
        with contextlib.suppress(OSError):
            path.write_text("")
            raise IsolationError("looking from inside", f"{path} could be written")
