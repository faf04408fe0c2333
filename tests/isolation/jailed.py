"""Runs a function as the isolated kernel: server, monitor, PID 1 and kernel, each forked as the real ones are."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.isolation import Jail, close_others, die_with_parent, furnish, lock, separate, undumpable

PLAIN = 54321  # an ordinary user's id; nobody has it
LIMIT = 60  # seconds

libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What went wrong in one of the processes: its traceback."""


@dataclass(frozen=True)
class Jailed:
    """`call(f)`: what `f` returns when it runs locked in `jail`. `user`: who the grader is then, None for who runs the tests."""

    jail: Jail
    user: int | None = None
    keep: tuple[int, ...] = ()  # descriptors that the processes inherit

    def __call__(self, function: Callable[..., Any], *arguments: Any, limit: float = LIMIT) -> Any:
        return told(lambda: self._monitor(lambda: function(*arguments)), self.user, limit, self.keep)

    def unlocked(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The same without `lock`: what PID 1 could do."""
        return told(lambda: self._monitor(lambda: function(*arguments), locked=False), self.user, keep=self.keep)

    def _monitor(self, function: Callable[[], Any], locked: bool = True) -> Any:
        separate(self.jail)
        return told(lambda: self._first(function, locked), keep=self.keep)

    def _first(self, function: Callable[[], Any], locked: bool) -> Any:
        furnish(self.jail)
        undumpable()
        if not locked:
            return function()
        return told(lambda: self._kernel(function), keep=self.keep)

    def _kernel(self, function: Callable[[], Any]) -> Any:
        lock(self.jail)
        return function()


def told(function: Callable[[], Any], user: int | None = None, limit: float = LIMIT, keep: tuple[int, ...] = ()) -> Any:
    """What `function` returns in a forked child, which is killed after `limit` seconds. Raises Failed."""
    read, write = os.pipe()
    me = os.pidfd_open(os.getpid())
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(me)
            close_others([0, 1, 2, write, *keep])
            if user is not None:
                become(user)
                die_with_parent_again()
            answer = {"value": function()}
        except BaseException:
            answer = {"failed": traceback.format_exc()}
        with open(write, "w") as file:
            json.dump(answer, file)
            file.flush()
            os._exit(0)
    os.close(write)
    os.close(me)
    text = received(read, time.monotonic() + limit)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not text:
        raise Failed(f"no answer; wait status {status}")
    answer = json.loads(text)
    if "failed" in answer:
        raise Failed(answer["failed"])
    return answer["value"]


def received(read: int, deadline: float) -> str:
    """All until the end or the deadline. Not until every writer has closed: something may have been left running."""
    parts = []
    with open(read, "rb", buffering=0) as file:
        while (left := deadline - time.monotonic()) > 0 and select.select([file], [], [], left)[0]:
            part = file.read(2**16)
            if not part:
                break
            parts.append(part)
            if part.endswith(b"}") and whole(b"".join(parts)):
                break
    return b"".join(parts).decode()


def whole(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def die_with_parent_again() -> None:
    """A change of user has forgotten it; the parent was alive a moment ago."""
    libc.prctl(1, 9, 0, 0, 0)


def become(user: int) -> None:
    """An ordinary user, in a mount namespace where the way to this Python is open to it: root's home may be closed."""
    if ways := closed_ways():
        checked(libc.unshare(0x20000))  # CLONE_NEWNS
        checked(libc.mount(None, b"/", None, 16384 | 1 << 18, None))  # MS_REC | MS_PRIVATE
        opened = {path: os.open(path, os.O_PATH) for path in ways}
        for closed in {path.parents[-2] for path in opened}:  # /root
            checked(libc.mount(b"tmpfs", bytes(closed), b"tmpfs", 0, b"mode=755"))
        for path, descriptor in opened.items():
            path.mkdir(parents=True)
            checked(libc.mount(f"/proc/self/fd/{descriptor}".encode(), bytes(path), None, 4096 | 16384, None))
            os.close(descriptor)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: as a process of its own would be


def closed_ways() -> list[Path]:
    """Installations below a top-level folder that others may not search."""
    prefixes = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()}
    return [path for path in prefixes if len(path.parts) > 2 and not path.parents[-2].stat().st_mode & 0o001]


def checked(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def private_folder(user: int | None = None) -> Path:
    """A private folder as the grader makes one, with something in it."""
    folder = Path(tempfile.mkdtemp(prefix="grader-"))
    for name in ("work", "home", "tmp", "ipython", "jupyter", "matplotlib", "sockets"):
        (folder / name).mkdir(mode=0o700)
    (folder / "work" / "data.csv").write_text("1,2,3\n")
    (folder / "connection.json").write_text("{}")
    if user is not None:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, user, user)
    return folder


def refused(function: Callable[..., Any], *arguments: Any) -> str:
    """The name of the errno with which the call fails; "done" if it does not."""
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"
