"""Copies of a kernel, inside: forked before a cell, paused, and taken up again later, any number of times.

A copy waits in a process of its own. Asked to go on, it forks once more, and that one executes cells and runs probes as it is
told, over a socket that it hands out; the copy itself stays as it is. Nothing that came before is repeated, nothing of it comes
into the kernel. The notebook's folder is put back as well.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from grader.run.cuda import asked
from grader.run.files import Files, TooMuch
from grader.run.frames import BadFrame, Frame, frame, lengths, parts
from grader.run.inside import Session
from grader.run.isolate import can_fork, high, silence
from grader.run.recorder import Recorder

__all__ = ["Copies"]

_LARGEST = 2**16  # bytes of a word between a copy and the grader
_SAVE = 0.1  # seconds between the interrupts of a cell that swallows them


class Copies:
    """Makes copies of this kernel. channel: on which each hands out its own socket; None where nobody wants any."""

    def __init__(self, ip: Any, session: Session, channel: socket.socket | None, output: int) -> None:
        self._ip, self._session, self._channel, self._output = ip, session, channel, output
        self._files: Files | None = None
        self._random: Any = None  # Python seeds its numbers anew in every fork
        self.open: list[socket.socket] = []  # what a copy of ours must not hold open

    def make(self) -> dict[str, Any]:
        """Fork a copy that waits. Called while the session's originals are in their places.

        why_not: why there is none, else "". able: whether this system copies kernels at all. files: whether it can put the
        folder back.
        """
        told: dict[str, Any] = {"why_not": "", "able": self._channel is not None and can_fork(), "files": True}
        if not told["able"]:
            return told | {"why_not": "this system does not copy kernels"}
        try:
            self._files = Files(Path.cwd(), self._files)
        except (TooMuch, OSError):
            self._files, told["files"] = None, False
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
                self._wait(ours, theirs)
        return told

    # ------------------------------------------------------------------------------------------------------ a paused copy

    def _wait(self, ours: socket.socket, theirs: socket.socket) -> NoReturn:
        """The copy. Its parent is the kernel until that ends, then the init."""
        try:
            _settle()
            assert self._channel is not None
            socket.send_fds(self._channel, [_words(os.getpid())], [theirs.fileno()])
            for other in (theirs, *self.open):
                other.close()
            self.open = []
            while word := ours.recv(_LARGEST):
                self._obey(word, ours)
        finally:
            os._exit(0)

    def _obey(self, word: bytes, ours: socket.socket) -> None:
        """ "open": fork one that goes on. "restore": the files. A number: how that process ended."""
        if word in (b"open", b"restore") and self._files is not None:
            with suppress(OSError, TooMuch):  # a folder that was locked or filled meanwhile stays as it is
                self._files.put_back()
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
        elif word == b"restore":
            ours.send(b"done")
        else:
            ours.send(_words(_ended(int(word))))


class _Continued:
    """A copy that goes on: executes what it is told, and answers."""

    def __init__(self, copies: Copies, channel: socket.socket) -> None:
        self._copies, self._channel = copies, channel
        self._ip, self._session = copies._ip, copies._session
        self._recorder = Recorder(copies._ip, copies._output)
        copies.open = [channel]

    def serve(self) -> NoReturn:
        """Until the other end is closed."""
        random.setstate(self._copies._random)
        try:
            while (told := self._receive()) is not None:
                content, pieces = told
                self._channel.sendall(getattr(self, f"_do_{content['do']}")(content, pieces))
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

    def _do_probe(self, content: dict[str, Any], pieces: list[bytes]) -> bytes:
        source = [pieces.pop(0).decode()]
        if content["only"]:
            return frame({}, [self._session.take_here(source, content["name"], pieces.pop(0))])
        return frame({}, [self._session.take_bytes(source, content["name"], pieces.pop(0), content["seconds"])])

    def _do_copy(self, _content: dict[str, Any], _pieces: list[bytes]) -> bytes:
        return frame(self._copies.make())

    def _do_device(self, _content: dict[str, Any], _pieces: list[bytes]) -> bytes:
        return frame({"device": asked()})

    def _do_cell(self, content: dict[str, Any], _pieces: list[bytes]) -> bytes:
        session = self._session
        session.announce(content["cell"], content["blank"], content["own"])
        self._recorder.begin()
        start = time.monotonic()
        error, late = self._execute(content["source"], content["seconds"])
        told: dict[str, Any] = {"seconds": time.monotonic() - start, "late": late, "outputs": self._recorder.outputs()}
        if error is not None:
            said, line = session.fault(error), session.place(error, content["cell"])[1]
            told |= {"type": said.type, "message": said.message, "line": line}
        return frame(told)

    def _execute(self, source: str, seconds: float) -> tuple[BaseException | None, bool]:
        """The error of the cell, if any, and whether it took too long. What cells changed in libraries is as they left it."""
        late = False
        over = time.monotonic() + seconds

        def interrupt(*_: object) -> None:
            nonlocal late
            if time.monotonic() >= over - _SAVE:
                late = True
                raise KeyboardInterrupt

        originals = self._session.originals
        signal.signal(signal.SIGALRM, interrupt)
        originals.__exit__()
        try:
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
            result = self._run(source)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # KeyboardInterrupt in the shell's own code
            error = raised
        finally:
            originals.__enter__()
            signal.setitimer(signal.ITIMER_REAL, 0)
        return error, late

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
    silence()
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def _pair(kind: socket.SocketKind) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    return socket.socket(fileno=high(one.detach())), socket.socket(fileno=high(other.detach()))


def _words(number: int) -> bytes:
    return str(number).encode()


def _ended(pid: int) -> int:
    """The exit code of a child, negative for a signal; 0 when nobody knows."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except OSError:
        return 0
