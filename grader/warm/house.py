"""The server and its kernels, seen from the grader's process."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import grader
from grader.warm.messages import ANOTHER, CORE, Start, pair, receive, send

__all__ = ["Process", "Server", "can_serve", "handed_on", "server", "take_over"]

_ENDING = 10.0  # seconds that a kernel's processes may take to be gone

_PRELOADED = (  # in this order
    "grader.run.serve", "grader.run.copies", "grader.run.cuda:install", "grader.run.adam:install", "grader.run.backward:install",
    "grader.run.originals:prepare",
)  # fmt: skip

_Name = tuple[object, ...]

_servers: dict[_Name, Server] = {}
_lock = threading.Lock()


def can_serve() -> bool:
    """Whether this system has what a server takes: Linux, whose processes can be forked and followed."""
    return sys.platform.startswith("linux") and hasattr(os, "fork")


def server(environment: dict[str, str], *, warm: bool) -> Server:
    """This process's server for such an environment, started when it is first asked for, and anew when it was lost."""
    name = (os.getpid(), *_kind(environment, warm))
    with _lock:
        found = _servers.get(name)
        if found is None or not found.is_alive():
            if found is not None:
                found.end()
            found = _servers[name] = Server.started(environment, warm=warm)
        return found


def _kind(environment: dict[str, str], warm: bool) -> _Name:
    return (sys.executable, warm, *sorted(environment.items()))


def handed_on(core: int | None = None) -> list[tuple[_Name, socket.socket]]:
    """For a worker of ours: a server like each that this process has, forked from it, as what it is for and its channel.

    core: that it and its kernels stay on; None for any.
    """
    found = []
    with _lock:
        for (pid, *kind), one in _servers.items():
            if pid == os.getpid() and (channel := one.another(core)) is not None:
                found.append((tuple(kind), channel))
    return found


def take_over(servers: list[tuple[_Name, socket.socket]]) -> None:
    """In a worker: those that it was handed on."""
    for kind, channel in servers:
        _servers[os.getpid(), *kind] = Server(channel)


def let_go() -> None:
    """In a fork of who started them: the servers are none of its business."""
    for one in _servers.values():
        one._channel.close()


@atexit.register
def _end_all() -> None:
    for one in _servers.values():
        if one.owner == os.getpid():
            one.end()


class Server:
    """A server process at the other end of a channel. `process`: where we have started it ourselves."""

    def __init__(self, channel: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self.owner = os.getpid()
        self._channel = channel
        self._process = process
        self._used = process is None

    @classmethod
    def started(cls, environment: dict[str, str], *, warm: bool = True) -> Server:
        """A new one. environment: what it starts with; a kernel's own replaces it, but a fork's /proc entry keeps it."""
        # Not with -P: IPython keeps the working directory out of sys.path where that is set (since 9.7), and a fork inherits it.
        ours, theirs = pair()
        code = "import sys; sys.path[:] = [*sys.path[1:], sys.argv[1]]; from grader.warm.server import main; main(sys.argv[2:])"
        folder = str(Path(grader.__file__).parent.parent)
        arguments = [str(theirs.fileno()), *(_PRELOADED if warm else ["--cold"])]
        null = subprocess.DEVNULL
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own Python and our own module
                [sys.executable, "-c", code, folder, *arguments],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=null,
                stdout=null,
                stderr=None if os.environ.get("GRADER_DEBUG") else null,
                start_new_session=True,
            )
        return cls(ours, process)

    @property
    def pid(self) -> int:
        """Of one that we have started; else 0."""
        return self._process.pid if self._process else 0

    def is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        look = select.poll()
        look.register(self._channel, select.POLLHUP)
        return not look.poll(0)

    def another(self, core: int | None = None) -> socket.socket | None:
        """The channel of a server that this one forks; None when it is gone. core: as in `handed_on`."""
        ours, theirs = pair()
        with theirs:
            try:
                send(self._channel, {ANOTHER: True, CORE: core}, (theirs.fileno(),))
            except OSError:
                ours.close()
                return None
        self._used = True
        return ours

    def start(self, start: Start) -> Process:
        """Have a kernel forked. Raises OSError when the server is gone. What becomes of it is the process's to tell."""
        self._used = True
        control, theirs = pair()
        copies, inside = pair()
        with theirs, inside:
            try:
                send(self._channel, start.to_json(), (theirs.fileno(), inside.fileno()))
            except OSError:
                control.close()
                copies.close()
                raise
        return Process(control, copies)

    def end(self) -> None:
        """End the server, and with it all of its kernels."""
        self._channel.close()
        if self._process is None:
            return  # it sees that, and whoever forked it waits for it
        try:
            self._process.wait(2 if self._used else 0)  # one that is still importing would look only afterwards
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_ENDING)


class Process:
    """A kernel's process, in the manner of subprocess.Popen, with the init before it.

    returncode: of the kernel, negative for a signal; None while it runs. lost: the init is gone without a word on the kernel.
    failed: why it could not be started. memory: bytes that its processes used when one of them was killed for it.
    copies: where a kernel hands out its copies. ended: process id -> exit code, of copies whose kernel had ended before.
    """

    stdin = stdout = stderr = None

    def __init__(self, control: socket.socket, copies: socket.socket) -> None:
        self._control, self.copies = control, copies
        self.pid = 0
        self.returncode: int | None = None
        self.lost = False
        self.failed = ""
        self.memory = 0
        self.ended: dict[int, int] = {}
        self._cleared = False
        control.setblocking(False)
        copies.setblocking(False)

    def poll(self) -> int | None:
        """What the init told meanwhile; the kernel's exit code, or None while it runs."""
        while not self.lost:
            try:
                message = receive(self._control)
            except BlockingIOError:
                break
            except OSError:
                message = None
            if message is None:
                self.lost = True
            else:
                self._learn(message[0])
        return self.returncode

    def _learn(self, told: dict[str, Any]) -> None:
        match told:
            case {"started": int(pid)}:
                self.pid = pid
            case {"exit": int(code)}:
                self.returncode = code
            case {"failed": str(why)}:
                self.failed = why
            case {"memory": int(size)}:
                self.memory = size
            case {"ended": int(pid), "code": int(code)}:
                self.ended[pid] = code
            case {"cleared": _}:
                self._cleared = True

    @property
    def gone(self) -> bool:
        """The kernel ended, or nobody is there to say whether it did."""
        return self.poll() is not None or self.lost or bool(self.failed)

    def tell(self, **order: int) -> None:
        """An order for the init: signal=number, keep=pid, kill=pid, clear=pid of whom to spare. Nothing where it is gone."""
        with contextlib.suppress(OSError):
            send(self._control, order)

    def send_signal(self, number: int) -> None:
        self.tell(signal=number)

    def terminate(self) -> None:
        self.tell(signal=15)

    def kill(self) -> None:
        self.tell(signal=9)

    def clear(self, seconds: float = _ENDING, *, but_the_kernel: bool = False) -> bool:
        """Kill all but the kept copies, the kernel included unless that is to stay, and wait until they are gone."""
        self._cleared = False
        self.tell(clear=self.pid if but_the_kernel else 0)
        return self._wait(seconds, lambda: self._cleared or self.lost) and not self.lost

    def wait(self, timeout: float | None = None) -> int:
        """The exit code of the kernel, when it has ended. Raises subprocess.TimeoutExpired."""
        if not self._wait(timeout or 1e9, lambda: self.gone):
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return -9 if self.returncode is None else self.returncode

    def end(self) -> bool:
        """Nothing of it is left: the init ends, and takes all with it. Returns whether it did."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        ended = self._wait(_ENDING, lambda: self.lost)
        self.lost = True
        self._control.close()
        self.copies.close()
        return ended

    def _wait(self, seconds: float, done: Any) -> bool:
        deadline = time.monotonic() + seconds
        self.poll()
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            select.select([self._control], [], [], min(left, 1.0))
            self.poll()
        return True
