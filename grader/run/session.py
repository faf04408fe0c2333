"""Copies of a kernel, from outside: a paused one, and one that goes on and is spoken to as a kernel is."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from grader.judging import Probe
from grader.notebook import Cell
from grader.result import Capture, Fault
from grader.run.ends import TOO_MUCH, CellEnd, KernelDied, KernelHangs, ended
from grader.run.frames import BadFrame, Frame, frame, lengths, parts
from grader.run.handed import readable, received
from grader.run.isolate import NO_COPY
from grader.run.outputs import one_line
from grader.run.wire import unpack
from grader.values import dumps
from grader.warm.house import Process

__all__ = ["Continued", "Copy", "NoCopy", "collect"]

_SOON = 5.0  # seconds in which a copy answers
_PUT_BACK = 30.0  # … and puts the folder back first: a cell may have made 100,000 files. One that is gone is seen at once
_GRACE = (1.0, 1.0)  # seconds for a cell to answer an interrupt, and the next


@dataclass(frozen=True)
class NoCopy:
    """Why there is no copy. able: whether this system copies kernels at all; if so, a cell may have used up what it takes."""

    able: bool
    why: str = ""


class Maker(Protocol):
    """Who forked a copy: a kernel, or a copy that went on."""

    async def how_ended(self, pid: int) -> int | None:
        """The exit code of one that it forked."""


async def collect(process: Process, told: dict[str, Any], maker: Maker) -> Copy | NoCopy:
    """The copy that `maker` has just made, as it told us."""
    if told.get("why_not"):
        return NoCopy(bool(told.get("able")), str(told["why_not"]))
    found = await received(process.copies, _SOON, told.get("pid"))
    if found is None:
        return NoCopy(True, "it did not come")
    pid, channel = found
    process.tell(keep=pid)
    return Copy(process, maker, pid, channel, files=bool(told.get("files")))


def _output(said: Any) -> dict[str, Any] | None:
    """An output of nbformat's; None for anything else. https://nbformat.readthedocs.io/en/latest/format_description.html"""
    match said:
        case {"output_type": "stream", "name": "stdout" | "stderr", "text": str()}:
            return dict(said)
        case {"output_type": "error", "ename": str(), "evalue": str(), "traceback": [*lines]} if all(map(_is_text, lines)):
            return dict(said)
        case {"output_type": "display_data" | "execute_result", "data": dict(), "metadata": dict()}:
            return dict(said)
    return None


def _is_text(what: object) -> bool:
    return isinstance(what, str)


class Copy:
    """A copy that waits. `await open()` for one that goes on from there; `restore()` puts the notebook's folder back.

    `await become()` when it is needed no more: then it goes on itself.

    files: whether cells may go on from here: not where the folder holds too much, or where threads or processes would be missing.
    """

    def __init__(self, process: Process, maker: Maker, pid: int, channel: socket.socket, *, files: bool = True) -> None:
        self._process, self._maker, self.pid, self._channel, self.files = process, maker, pid, channel, files
        channel.setblocking(False)

    async def open(self) -> Continued | None:
        """One that goes on from here; None when the copy is lost."""
        return await self._go_on(b"open")

    async def become(self) -> Continued | None:
        """The copy itself, going on; None when it is lost. It waits no more."""
        return await self._go_on(b"become")

    async def _go_on(self, word: bytes) -> Continued | None:
        if not self._say(word):
            return None
        found = await received(self._channel, _PUT_BACK)
        if found is None:
            return None
        pid, channel = found
        self._process.memory = 0
        self._process.tell(keep=pid, watch=1)
        return Continued(self, self._process, pid, channel)

    async def ask(self, probe: Probe, seconds: float, *, last: bool = False) -> Capture:
        """Run one probe in a process of its own that goes on from here; the `last` in this one, which is used up."""
        continued = await (self.become() if last else self.open())
        if continued is None:
            return Capture(fault=Fault("ours", message=f"{NO_COPY}: the one that waits is gone"))
        try:
            return await continued.ask(probe, seconds, only=True)
        except KernelHangs:
            return Capture(fault=Fault("timeout"))
        except KernelDied as error:
            if error.lost:
                raise
            return Capture(fault=Fault("died", message=str(error)))
        finally:
            await continued.end()

    async def restore(self) -> None:
        if self._say(b"restore") and await readable(self._channel, _PUT_BACK):
            with contextlib.suppress(OSError):
                self._channel.recv(64)

    def is_there(self) -> bool:
        """Whether somebody waits at the other end. unix(7): a closed one can be read, and gives nothing."""
        try:
            return bool(self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def how_ended(self, pid: int) -> int | None:
        """The exit code of one that went on from here, or of this one."""
        if pid == self.pid:
            return await self._how_it_ended()
        with contextlib.suppress(OSError, ValueError):
            if self._say(str(pid).encode()) and await readable(self._channel, _SOON):
                return int(self._channel.recv(64))
        return None

    async def _how_it_ended(self) -> int | None:
        """From its parent: who forked it, or the init once that is gone."""
        if (code := await self._maker.how_ended(self.pid)) is not None:
            return code
        deadline = time.monotonic() + _SOON
        while self.pid not in self._process.ended and time.monotonic() < deadline:
            if self._process.poll() is None or self._process.lost:
                break  # whose child it is lives, and could not say; or nobody is left to
            await asyncio.sleep(0.01)
        return self._process.ended.get(self.pid)

    def close(self) -> None:
        """The copy ends."""
        self._channel.close()

    def _say(self, word: bytes) -> bool:
        with contextlib.suppress(OSError):
            self._channel.send(word)
            return True
        return False


class Continued:
    """A copy that goes on: what `client.Kernel` is for a kernel."""

    def __init__(self, origin: Copy, process: Process, pid: int, channel: socket.socket) -> None:
        self._origin, self._process, self.pid, self._channel = origin, process, pid, channel
        self._outputs: dict[int, list[dict[str, Any]]] = {}
        channel.setblocking(False)

    async def run_cell(self, index: int, cell: Cell, seconds: float) -> CellEnd:
        """Execute a cell. Raises KernelDied or KernelHangs."""
        own = cell.is_students
        told = {"do": "cell", "cell": cell.id, "blank": cell.name if own else "", "own": own, "source": cell.source}
        content, late = await self._interrupted(told, seconds)
        try:
            took, line = float(content["seconds"]), int(content.get("line", 0))
            self._outputs[index] = [known for output in content["outputs"] if (known := _output(output)) is not None]
        except (KeyError, TypeError, ValueError, OverflowError):
            raise KernelDied("answered what makes no sense") from None
        if late:
            return CellEnd("timeout", f"stopped after {seconds:.3g} seconds", line, took)
        if "type" not in content:
            return CellEnd("ok", seconds=took)
        return CellEnd("error", one_line(str(content["type"]), str(content.get("message", ""))), line, took)

    async def _interrupted(self, told: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bool]:
        """The answer, and whether it took an interrupt; as for a kernel, there are two."""
        asking = asyncio.ensure_future(self._ask(told, (), seconds + sum(_GRACE)))
        late = False
        try:
            for wait in (seconds, *_GRACE[1:]):
                if (await asyncio.wait([asking], timeout=wait))[0]:
                    break
                late = True
                self._process.tell(interrupt=self.pid)
            return (await asking)[0], late
        finally:
            asking.cancel()

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """What is kept of the outputs of cell number `index`, as plain dicts."""
        return self._outputs.get(index, [])

    async def ask(self, probe: Probe, seconds: float, *, only: bool = False) -> Capture:
        """Run one probe, in a fork of this one unless nothing else will be asked of it. Raises KernelDied or KernelHangs."""
        told = {"do": "probe", "name": probe.name, "seconds": seconds, "only": only}
        most = seconds + (0.0 if only else _SOON)
        _, pieces = await self._ask(told, [probe.source.encode(), dumps(probe.given)], most)
        return unpack(b"".join(pieces[:1]))

    async def copy(self, *, anyway: bool = False) -> Copy | NoCopy:
        """A copy of this one. Raises KernelDied or KernelHangs. anyway: see `Copies.make`."""
        content, _ = await self._ask({"do": "copy", "anyway": anyway}, (), _SOON)
        return await collect(self._process, content, self)

    async def how_ended(self, pid: int) -> int | None:
        """The exit code of a copy of this one; None when nobody can say."""
        with contextlib.suppress(KernelDied, KernelHangs):
            content, _ = await self._ask({"do": "ended", "pid": pid}, (), _SOON)
            return int(content["code"]) if isinstance(content.get("code"), int) else None
        return None

    async def device(self) -> str:
        """The accelerator that a cell asked for where there is none; "" for none. Raises KernelDied or KernelHangs."""
        content, _ = await self._ask({"do": "device"}, (), _SOON)
        return str(content.get("device", ""))[:20]

    async def end(self) -> None:
        """It ends, at once."""
        self._channel.close()
        self._process.tell(kill=self.pid)

    async def _ask(self, content: dict[str, Any], pieces: Sequence[bytes], seconds: float) -> Frame:
        deadline, token = time.monotonic() + seconds, secrets.token_hex(8)
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + seconds):
                await asyncio.get_running_loop().sock_sendall(self._channel, frame(content | {"token": token}, pieces))
                while (answer := await self._answer())[0].get("token") != token:
                    continue  # a cell wrote it
                return answer
        except TimeoutError:
            self._process.tell(kill=self.pid)
            raise KernelHangs from None
        except (OSError, EOFError):
            if self._process.gone and self._process.lost:
                raise KernelDied("was lost", lost=True) from None
            code = await self._origin.how_ended(self.pid) if time.monotonic() < deadline + seconds else None
            memory = bool(self._process.memory) and code == -9
            raise KernelDied(TOO_MUCH if memory else ended(code), killed=code == -9, memory=memory) from None
        except (BadFrame, ValueError, KeyError, TypeError):
            raise KernelDied("answered what makes no sense") from None

    async def _answer(self) -> Frame:
        count, go_on = parts(await self._exactly(lengths()))
        rest, complete = go_on(await self._exactly(count))
        return complete(await self._exactly(rest))

    async def _exactly(self, count: int) -> bytes:
        data = bytearray()
        loop = asyncio.get_running_loop()
        while len(data) < count:
            part = await loop.sock_recv(self._channel, min(count - len(data), 2**20))
            if not part:
                raise EOFError
            data += part
        return bytes(data)
