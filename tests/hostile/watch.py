"""Looking at what must not change: folders, processes, sockets."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

LINUX = sys.platform.startswith("linux")
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def folder_state(root: Path, without: tuple[str, ...] = ()) -> dict[str, tuple[object, ...]]:
    """Everything below `root` but the names in `without`: kind, mode, size, time of the last change, hash of the content."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in without]
        for name in [".", *folders, *files]:
            path = Path(folder, name)
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(facts.st_mode) else ""
            place = path.relative_to(root).as_posix()
            found[place] = (facts.st_mode, facts.st_size if content else 0, facts.st_mtime_ns, content)
    return found


def shared_memory(key: int) -> str:
    """The System V segment of the host's with this key, if there is one."""
    try:
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except OSError:
        return ""
    return "\n".join(line for line in lines if line.split()[0] == str(key))


SHARED = [Path(place) for place in ("/tmp", "/var/tmp", "/dev/shm")]


def strewn() -> list[str]:
    """Files of the attackers' in folders that all may write to."""
    return [str(path) for folder in SHARED if folder.is_dir() for path in folder.glob("hostile-*") if path.is_file()]


# ------------------------------------------------------------------------------------------------------------ processes


def processes() -> dict[int, int]:
    """Every process that is no zombie: pid -> its parent's."""
    found: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(folder.name)] = int(parent)
    return found


def descendants(of: int) -> list[int]:
    """The processes below one, nearest first."""
    parents = processes()
    found, last = [], [of]
    while last:
        last = [pid for pid, parent in parents.items() if parent in last]
        found += last
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def marked(*words: str) -> dict[int, str]:
    """The processes that have one of the words in their command line, name or environment, but not this one and its parents."""
    own, pid, parents = set(), os.getpid(), processes()
    while pid:
        own.add(pid)
        pid = parents.get(pid, 0)
    found = {}
    for pid in parents.keys() - own:
        text = command_line(pid)
        for file in ("comm", "environ"):
            with contextlib.suppress(OSError):
                text += " " + Path(f"/proc/{pid}/{file}").read_bytes().decode("utf-8", "replace")
        if any(word in text for word in words):
            found[pid] = command_line(pid) or text[:60]
    return found


def left_after(seconds: float, *words: str) -> dict[int, str]:
    """The marked processes that are still there after some seconds; as soon as there are none, nothing."""
    deadline = time.monotonic() + seconds
    while (found := marked(*words)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Orphans of what is started in here become this process's own children: none escapes us. See prctl(2), CHILD_SUBREAPER."""
    libc = ctypes.CDLL(None) if LINUX else None
    if libc:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        if libc:
            libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)


# -------------------------------------------------------------------------------------------------------------- sockets


class Listeners:
    """A service of the host's on the loopback device, on a socket file, and on an abstract one (Linux). `heard`: who came."""

    def __init__(self, path: str) -> None:
        self.heard: list[str] = []
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        self._all = {"tcp": tcp}
        if hasattr(socket, "AF_UNIX"):
            self._all["unix"] = _unix(path)
        if LINUX:
            self._all["abstract"] = _unix("\0" + path)

    def __enter__(self) -> Listeners:
        for name, server in self._all.items():
            threading.Thread(target=self._listen, args=(name, server), daemon=True).start()
        return self

    def _listen(self, name: str, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                self.heard.append(name)
                connection.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self._all.values():
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()


def _unix(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen()
    return server
