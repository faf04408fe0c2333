"""Copies of a kernel, inside: forked before a cell, paused, and taken up again later, any number of times.

A copy waits in a process of its own. Asked to go on, it forks once more, and that one executes cells and runs probes as it is
told, over a socket that it hands out; the copy itself stays as it is. Asked for the last time, it goes on itself: a fork of a
process that has imported torch, and its end, cost some 10 ms. Nothing that came before is repeated, nothing of it comes into the
kernel. The notebook's folder is put back as well.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import stat
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from grader.run.cuda import asked
from grader.run.files import Files, OpenFile, TooMuch, open_files
from grader.run.frames import BadFrame, Frame, frame, lengths, parts
from grader.run.hooks import Hooks
from grader.run.inside import Session
from grader.run.isolate import can_fork, high, silence
from grader.run.recorder import Recorder
from grader.run.remains import something_runs

__all__ = ["Copies", "ended"]

_LARGEST = 2**16  # bytes of a word between a copy and the grader
_PATIENCE = 200  # times 5 ms, for a process to end that nobody hears of any more


class Copies:
    """Makes copies of this kernel. channel: on which each hands out its own socket; None where nobody wants any."""

    def __init__(self, ip: Any, session: Session, hooks: Hooks, channel: socket.socket | None, output: int) -> None:
        self._ip, self._session, self.hooks, self._channel, self._output = ip, session, hooks, channel, output
        self._folders = [Path(folder) for folder in (os.getcwd(), os.environ["HOME"], os.environ["TMPDIR"])]  # all are private
        self._files: dict[Path, Files] = {}
        self._threads = set(threading.enumerate())  # the kernel's own
        self.streams = sys.stdout, sys.stderr
        self.opened: list[OpenFile] = []
        self._random: Any = None  # Python seeds its numbers anew in every fork
        self._pids: set[int] = set()  # of copies, which are this process's children
        self.open: list[socket.socket] = []  # what a copy of ours must not hold open

    def make(self, *, anyway: bool = False) -> dict[str, Any]:
        """Fork a copy that waits. Called while the session's originals are in their places.

        anyway: cells may go on from it though it lacks the threads, tasks and processes that others left running.

        why_not: why there is none, else "". able: whether this system copies kernels at all. files: whether cells may go on
        from it; probes may always. pid: of the copy.
        """
        told: dict[str, Any] = {"why_not": "", "able": self._channel is not None and can_fork(), "files": True}
        if not told["able"]:
            return told | {"why_not": "this system does not copy kernels"}
        told["files"] = self._keep_files() and (anyway or not something_runs(self._threads, self._pids))
        try:
            ours, theirs = _pair(socket.SOCK_SEQPACKET)
        except OSError as error:
            return told | {"why_not": str(error.strerror)}
        self._random = random.getstate()
        with ours, theirs:
            try:
                pid = os.fork()
            except OSError as error:
                return told | {"why_not": str(error.strerror)}
            if pid == 0:
                self._wait(ours, theirs, told["files"])
        self._pids.add(pid)
        return told | {"pid": pid}

    def _keep_files(self) -> bool:
        try:
            self._files = {folder: Files(folder, self._files.get(folder)) for folder in self._folders}
            self.opened = open_files()
        except (TooMuch, OSError):
            self._files = {}
            return False
        return True

    # ------------------------------------------------------------------------------------------------------ a paused copy

    def _wait(self, ours: socket.socket, theirs: socket.socket, goes_on: bool) -> NoReturn:
        """The copy. Its parent is the kernel until that ends, then the init."""
        try:
            _settle()
            assert self._channel is not None
            socket.send_fds(self._channel, [_words(os.getpid())], [theirs.fileno()])
            for other in (theirs, *self.open):
                other.close()
            self.open = []
            if not goes_on:
                _let_go(but={ours.fileno()})
            while word := ours.recv(_LARGEST):
                self._obey(word, ours)
        finally:
            os._exit(0)

    def _obey(self, word: bytes, ours: socket.socket) -> None:
        """ "open": fork one that goes on. "become": go on itself. "restore": the files. A number: how that process ended."""
        for files in self._files.values() if word in (b"open", b"become", b"restore") else ():
            with suppress(OSError):  # a folder that was locked meanwhile stays as it is
                files.put_back()
        if word == b"open":
            mine, theirs = _pair(socket.SOCK_STREAM)
            pid = os.fork()
            if pid == 0:
                ours.close()
                theirs.close()
                os.setsid()
                _Continued(self, mine).serve()
            mine.close()
            socket.send_fds(ours, [_words(pid)], [theirs.fileno()])
            theirs.close()
        elif word == b"become":
            mine, theirs = _pair(socket.SOCK_STREAM)
            socket.send_fds(ours, [_words(os.getpid())], [theirs.fileno()])
            theirs.close()
            ours.close()
            _Continued(self, mine).serve()
        elif word == b"restore":
            ours.send(b"done")
        else:
            ours.send(_words(ended(int(word))))


class _Continued:
    """A copy that goes on: executes what it is told, and answers."""

    def __init__(self, copies: Copies, channel: socket.socket) -> None:
        self._copies, self._channel = copies, channel
        self._ip, self._session = copies._ip, copies._session
        self._recorder = Recorder(copies._ip, copies._output, copies.streams)
        copies.open = [channel]

    def serve(self) -> NoReturn:
        """Until the other end is closed."""
        random.setstate(self._copies._random)
        os.register_at_fork(after_in_child=self._channel.close)  # else a child that is left behind would hide that we have ended
        for file in self._copies.opened:
            file.reopen()
        try:
            while (told := self._receive()) is not None:
                content, pieces = told
                self._copies.hooks.take_down()
                answer, sent = getattr(self, f"_do_{content['do']}")(content, pieces)
                self._channel.sendall(frame(answer | {"token": content["token"]}, sent))
        finally:
            os._exit(0)

    def _receive(self) -> Frame | None:
        head = self._exactly(lengths())
        if head is None:
            return None
        try:
            count, go_on = parts(head)
            rest, complete = go_on(self._exactly(count) or b"")
            return complete(self._exactly(rest) or b"")
        except BadFrame:
            return None

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            part = self._channel.recv(min(count - len(data), 2**20))
            if not part:
                return None
            data += part
        return bytes(data)

    def _do_probe(self, content: dict[str, Any], pieces: list[bytes]) -> Frame:
        source = [pieces.pop(0).decode()]
        if content["only"]:
            return {}, [self._session.take_here(source, content["name"], pieces.pop(0))]
        return {}, [self._session.take_bytes(source, content["name"], pieces.pop(0), content["seconds"])]

    def _do_copy(self, content: dict[str, Any], _pieces: list[bytes]) -> Frame:
        return self._copies.make(anyway=content["anyway"]), []

    def _do_ended(self, content: dict[str, Any], _pieces: list[bytes]) -> Frame:
        return {"code": ended(content["pid"])}, []

    def _do_device(self, _content: dict[str, Any], _pieces: list[bytes]) -> Frame:
        return {"device": asked()}, []

    def _do_cell(self, content: dict[str, Any], _pieces: list[bytes]) -> Frame:
        session = self._session
        session.originals.mend()  # as a kernel does before each cell
        session.announce(content["cell"], content["blank"], content["own"])
        self._recorder.begin()
        start = time.monotonic()
        error = self._execute(content["source"])
        told: dict[str, Any] = {"seconds": time.monotonic() - start, "outputs": self._recorder.outputs()}
        if error is not None:
            said, line = session.fault(error), session.place(error, content["cell"])[1]
            told |= {"type": said.type, "message": said.message, "line": line}
        return told, []

    def _execute(self, source: str) -> BaseException | None:
        """The error of the cell, if any. What cells changed in libraries is as they left it."""
        originals = self._session.originals
        signal.signal(signal.SIGINT, signal.default_int_handler)  # as before each message to a kernel
        originals.__exit__()
        try:
            result = self._run(source)
            error: BaseException | None = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # KeyboardInterrupt in the shell's own code
            error = raised
        finally:
            originals.__enter__()
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that comes too late
        return error

    def _run(self, source: str) -> Any:
        """As ipykernel does it: `ipykernel.ipkernel.IPythonKernel.do_execute`."""
        ip = self._ip
        failed = None
        try:
            transformed = ip.transform_cell(source)
        except Exception:
            transformed, failed = source, sys.exc_info()
        if not ip.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=failed):
            return ip.run_cell(source, store_history=True)
        running = asyncio._get_running_loop()
        asyncio._set_running_loop(None)  # it is the kernel's, and so are its descriptors
        loop = asyncio.new_event_loop()
        try:
            how: dict[str, Any] = {"transformed_cell": transformed, "preprocessing_exc_tuple": failed}
            result = loop.run_until_complete(ip.run_cell_async(source, store_history=True, **how))
            ip.events.trigger("post_execute")
            ip.events.trigger("post_run_cell", result)
            return result
        finally:
            asyncio._set_running_loop(running)


def _settle() -> None:
    """A copy is silent, has one thread and a session of its own, in which no interrupt of the kernel's reaches it."""
    os.setsid()
    streams = sys.stdout, sys.stderr
    silence()
    sys.stdout, sys.stderr = streams  # silent they are, too; and a notebook may have put its own there
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def _let_go(but: set[int]) -> None:
    """Whoever waits for the other ends of the notebook's pipes to be closed waits for its own only."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in set(map(int, os.listdir("/proc/self/fd"))) - but - {null}:
        with suppress(OSError):
            if stat.S_ISFIFO(kind := os.fstat(descriptor).st_mode) or stat.S_ISSOCK(kind):
                os.dup2(null, descriptor)  # a number that was free would be another one's later


def _pair(kind: socket.SocketKind) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    return socket.socket(fileno=high(one.detach())), socket.socket(fileno=high(other.detach()))


def _words(number: int) -> bytes:
    return str(number).encode()


def ended(pid: int) -> int:
    """The exit code of a child that is about to end, negative for a signal; 0 when nobody knows."""
    for _ in range(_PATIENCE):
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except OSError:
            return 0
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return 0  # it has closed our socket, and goes on
