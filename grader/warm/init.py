"""The first process of a kernel's own namespace, or, without namespaces, the one to which all of its orphans are given.

It starts the kernel, tells the grader how it ended, sends signals on, watches the memory, and when the grader's end of the
channel is closed, nothing of it is left. Copies of the kernel (`run.copies`) are children of it once the kernel is gone.

pid_namespaces(7): signals without a handler do not reach the first process from inside, not even SIGKILL and SIGSTOP; and a
process that cannot die by them is a poor kernel, so the kernel is the second.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import time
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from grader.isolation import IsolationError, die_with_parent, furnish, undumpable
from grader.warm import kernel
from grader.warm.messages import Start, receive, send

__all__ = ["run"]

_PR_SET_CHILD_SUBREAPER = 36
_EVERY = 250  # ms between looks at the memory, and at who was stopped
_SOCKETS = 64
_PAGE = os.sysconf("SC_PAGE_SIZE")


def run(start: Start, parent: int, channel: socket.socket, copies: int) -> None:
    """Never returns. Tells {"started": pid}, then {"exit": code}; {"failed": why} where the kernel could not be shut off."""
    try:
        if start.jail is not None:
            die_with_parent(parent)
            undumpable()
            furnish(start.jail)
        else:
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        watch, mine = _wake_on_children(), os.pidfd_open(os.getpid())
        pid = os.fork()
        if pid == 0:
            kernel.become(start, mine, channel, copies)
        os.close(copies)
        send(channel, {"started": pid})
        _Init(channel, pid, start, watch, parent).serve()
    except (IsolationError, OSError) as error:
        with suppress(OSError):
            send(channel, {"failed": str(error)})
    finally:
        if start.jail is None:
            _kill(_descendants(os.getpid()))
        os._exit(0)


def _wake_on_children() -> int:
    """A descriptor that can be read when a child ended. signal(7), Python's signal.set_wakeup_fd"""
    read, write = os.pipe()
    for end in (read, write):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read


class _Init:
    """pid: the kernel's. kept: processes that outlive it, as the grader asked. watched: those of them that do not only wait.

    doomed: killed for their memory, which on a busy machine they hold for a while yet: it is not counted again.
    """

    def __init__(self, channel: socket.socket, pid: int, start: Start, watch: int, parent: int) -> None:
        self.channel, self.pid, self.memory, self.watch = channel, pid, start.memory, watch
        self.own_namespace = start.jail is not None
        self.parent = parent
        self.sockets = start.jail.sockets if start.jail is not None else None
        self.kept: set[int] = set()
        self.watched: set[int] = set()
        self.doomed: set[int] = set()
        self.alive = True
        self.stopped = False  # the grader had all ended that it does not keep

    def serve(self) -> None:
        """Until the other end of the channel is closed, or, without a namespace that would end all, the server is gone."""
        ready = select.poll()
        if not self.own_namespace:
            ready.register(self.parent, select.POLLIN)  # pidfd_open(2)
        ready.register(self.channel, select.POLLIN)
        ready.register(self.watch, select.POLLIN)
        look = time.monotonic()
        while True:
            events = dict(ready.poll(_EVERY))
            if self.parent in events:
                return
            if self.watch in events:
                with suppress(BlockingIOError):
                    os.read(self.watch, 4096)
            self._reap()
            if self.channel.fileno() in events:
                message = receive(self.channel)
                if message is None:
                    return
                self._do(message[0])
            if time.monotonic() > look:
                began = time.monotonic()
                self._wake()
                self._look_at_memory()
                look = time.monotonic() + max(_EVERY / 1000, 10 * (time.monotonic() - began))  # it takes a tenth at most

    def _do(self, message: dict[str, object]) -> None:
        """An order of the grader's.

        {"signal": number} to the kernel's group; {"keep": pid}, {"interrupt": pid} and {"kill": pid} of a copy; {"clear": pid}:
        end all but that and what is kept.
        """
        match message:
            case {"signal": int(number)} if self.alive:
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:  # it was just forked, and has no group of its own yet
                    _signal({self.pid}, number)
            case {"keep": int(pid)}:  # and "watch": 1 for one that goes on
                self.kept.add(pid)
                if message.get("watch"):
                    self.watched.add(pid)
            case {"interrupt": int(pid)} if pid in self.kept:
                with suppress(OSError):
                    os.killpg(pid, signal.SIGINT)
            case {"kill": int(pid)} if pid in self._mine():
                _kill({pid})
            case {"clear": spared}:
                self.stopped |= spared != self.pid
                self._clear({spared})
                send(self.channel, {"cleared": True})

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.kept:
                with suppress(OSError):  # where there is no room, nobody asked
                    send(self.channel, {"ended": pid, "code": os.waitstatus_to_exitcode(status)}, flags=socket.MSG_DONTWAIT)
            self.kept.discard(pid)
            self.watched.discard(pid)
            if pid == self.pid:
                self.alive = False
                if not self.stopped:  # else this was done, and who came since then came because the grader asked for it
                    self._clear()
                send(self.channel, {"exit": os.waitstatus_to_exitcode(status)})

    # ---------------------------------------------------------------------------------------------------------- processes

    def _wake(self) -> None:
        """Who was stopped goes on: a cell's child may do it to the kernel, which would then wait for ever. signal(7)"""
        for pid in self.kept | ({self.pid} if self.alive else set()):
            if _state(pid) == "T":
                _signal({pid}, signal.SIGCONT)

    def _mine(self) -> set[int]:
        """All processes but ourselves, those that ended included."""
        if self.own_namespace:
            return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {os.getpid()}
        return _descendants(os.getpid())

    def _clear(self, spared: Set[object] = frozenset()) -> None:
        """Kill all but what is kept or spared. Stopped first: a bomb cannot go on forking while it is being counted."""
        for _ in range(100):
            found = {pid for pid in self._mine() - self.kept - spared if _state(pid) not in ("Z", "X", "")}
            if not found:
                return
            for pid in found:
                with suppress(OSError):
                    os.kill(pid, signal.SIGSTOP)
            _kill(found)
            time.sleep(0.002)

    def _look_at_memory(self) -> None:
        """Kill the largest process when the kernel and its children together use more than they may. Copies only wait.

        The folder of sockets is the host's, and the only place there where a kernel can make anything: it gets not many of them.
        """
        if self.sockets is not None and len(made := os.listdir(self.sockets)) > _SOCKETS:
            _kill(self._mine() - (self.kept - self.watched))
            for name in made:
                if not name.startswith("s-"):  # the kernel's own, see `run.private`
                    with suppress(OSError):
                        os.unlink(self.sockets / name)
        if not self.memory:
            return
        found = self._mine()
        self.doomed &= found
        sizes = {pid: _resident(pid) for pid in found - (self.kept - self.watched) - self.doomed}
        if sum(sizes.values()) <= self.memory:
            return
        sizes = {pid: _proportional(pid) for pid in sizes}  # forks share most of their pages: count each page once
        if sum(sizes.values()) > self.memory:
            largest = max(sizes, key=lambda pid: sizes[pid])
            with suppress(OSError):
                send(self.channel, {"memory": sum(sizes.values())})
            self.doomed.add(largest)
            _kill({largest})


def _kill(pids: set[int]) -> None:
    _signal(pids, signal.SIGKILL)


def _signal(pids: set[int], number: int) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)


def _descendants(root: int) -> set[int]:
    """proc(5): /proc/PID/stat, the field after the state is the parent."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            parents[int(name)] = int(fields[1])
    found: set[int] = set()
    layer = {root}
    while layer:
        layer = {pid for pid, parent in parents.items() if parent in layer} - found - {root}
        found |= layer
    return found


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold anything; empty when the process is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _state(pid: int) -> str:
    return next(iter(_stat(pid)), "")


def _resident(pid: int) -> int:
    """Bytes in memory, without those of files. proc(5): /proc/PID/statm"""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * _PAGE
    return 0


def _proportional(pid: int) -> int:
    """Bytes in memory, shared ones divided by those who share. proc(5): /proc/PID/smaps_rollup"""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    return 0
