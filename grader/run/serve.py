"""What the graded run's kernel does besides executing cells: five messages of our own, and a few precautions.

    grader_error   type, message and line of the last cell's error     answered with them
    grader_probe   name and seconds; source and given as buffers       answered with the packed capture as a buffer
    grader_copy    whether one is wanted anyway (`Copies.make`)        answered with whether there is a copy now, and why not
    grader_ended   the process id of a copy                            answered with its exit code
    grader_device  nothing                                             answered with the accelerator that a cell asked for in vain

A request to execute a cell brings the cell's id and blank along, as its metadata `grader_cell`.

They are messages beside `execute_request`, not code to execute: so a probe's source passes through no hook, no history, no
`linecache` and no traceback that a notebook could look at.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import socket
import sys
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import jupyter_client.session
import numpy as np

from grader.run import adam, backward, windows
from grader.run.copies import Copies, ended
from grader.run.cuda import asked, install
from grader.run.hooks import Hooks
from grader.run.inside import Session
from grader.run.seeds import shift_seeds
from grader.run.traces import leave_out_ours, tell_at_once

__all__ = ["ANSWER", "serve"]

ANSWER = "grader_answer"


def serve(ip: Any, seed: int, output: int) -> None:
    """Called once in a fresh kernel, before the first cell. `output`: characters that a cell may print."""
    for name in ("torch", "safetensors.numpy"):
        importlib.import_module(name)
    if shift := int(os.environ.get("GRADER_SEED", "0")):
        shift_seeds(shift)  # before the session remembers what the libraries' functions are: probes are to use these, too
    cpu_only = install()
    windows.install()
    adam.install()
    backward.install()
    session = Session(ip.user_ns)
    session.install(ip)
    leave_out_ours(ip)
    _settle(seed, cpu_only=cpu_only)
    vars(jupyter_client.session)["json"] = SimpleNamespace(**vars(json))  # a cell may patch `json` and breaks no message
    ip.ask_exit = _exit
    vars(ip.kernel)["do_shutdown"] = _stay
    tell_at_once(ip)
    vars(ip.kernel)["_publish_status"] = _ends_of_cells(ip.kernel)
    vars(ip.kernel)["_publish_execute_input"] = _nothing
    ip._tee = lambda channel: nullcontext()  # noqa: ARG005 - IPython 9 would keep a second copy of all that is printed
    hooks = Hooks(ip)
    _Messages(ip, session, hooks, _Printing(output), Copies(ip, session, hooks, _channel(), output))


def _channel() -> socket.socket | None:
    """Where copies are handed out, if whoever started us wants them."""
    descriptor = int(os.environ.pop("GRADER_COPIES", "-1"))
    return socket.socket(fileno=descriptor) if descriptor >= 0 else None


def _settle(seed: int, *, cpu_only: bool) -> None:
    """Seeds, threads (one, unless our environment says another number), and first in line when memory runs out.

    cpu_only: there is no GPU. `torch.manual_seed` would note for each kind of accelerator, with a stack trace, what it is to be
    told once it comes: 5 ms.
    """
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    (torch.default_generator if cpu_only else torch).manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        return


def _exit() -> None:
    """`exit()` and `quit()` end the cell, as `sys.exit()` does, and not the kernel a moment later."""
    raise SystemExit


async def _stay(restart: bool = False) -> dict[str, Any]:
    """`get_ipython().kernel.do_shutdown(...)`: whoever started the kernel ends it."""
    return {"status": "ok", "restart": restart}


def _nothing(*_: object) -> None:
    """In the place of what tells everybody a cell's source: here, all know it."""


def _ends_of_cells(kernel: Any) -> Callable[..., None]:
    """Of all "busy" and "idle", what is waited for is broadcast: that a cell is at its end."""
    publish = kernel._publish_status

    def publish_status(status: str, channel: str, parent: Any = None) -> None:
        header = (parent or kernel.get_parent(channel) or {}).get("header", {})
        if status != "busy" and not str(header.get("msg_type", "")).startswith("grader_"):
            publish(status, channel, parent)

    return publish_status


class _Messages:
    """The handlers of our messages. What they need is bound before any cell runs."""

    def __init__(self, ip: Any, session: Session, hooks: Hooks, printing: _Printing, copies: Copies) -> None:
        originals, send = session.originals, ip.kernel.session.send
        handlers: dict[str, Callable[[Any, Any, dict[str, Any]], Any]] = ip.kernel.shell_handlers
        execute = handlers["execute_request"]

        def on_cell(stream: Any, ident: Any, message: dict[str, Any]) -> Any:
            if (cell := message["metadata"].get("grader_cell")) is not None:
                with originals:
                    originals.mend()
                    hooks.take_down()
                    session.announce(cell["cell"], cell["blank"], cell["own"])
                    printing.start(message)
            return execute(stream, ident, message)

        def on_error(stream: Any, ident: Any, message: dict[str, Any]) -> None:
            with originals:
                result = ip.last_execution_result
                error = result.error_before_exec or result.error_in_exec
                told: dict[str, Any] = {}
                if error is not None:
                    said, line = session.fault(error), session.place(error, message["content"]["cell"])[1]
                    told = {"type": said.type, "message": said.message, "line": line}
                send(stream, ANSWER, told, message, ident=ident)

        def on_probe(stream: Any, ident: Any, message: dict[str, Any]) -> None:
            with originals:
                hooks.take_down()
                content, buffers = message["content"], message["buffers"]
                source, given = [bytes(buffers[0]).decode()], bytes(buffers[1])
                buffers.clear()
                data = session.take_bytes(source, content["name"], given, content["seconds"])
                send(stream, ANSWER, {}, message, ident=ident, buffers=[data])

        def on_copy(stream: Any, ident: Any, message: dict[str, Any]) -> None:
            with originals:
                hooks.take_down()
                send(stream, ANSWER, copies.make(anyway=bool(message["content"].get("anyway"))), message, ident=ident)

        def on_ended(stream: Any, ident: Any, message: dict[str, Any]) -> None:
            with originals:
                send(stream, ANSWER, {"code": ended(message["content"]["pid"])}, message, ident=ident)

        def on_device(stream: Any, ident: Any, message: dict[str, Any]) -> None:
            with originals:
                send(stream, ANSWER, {"device": asked()}, message, ident=ident)

        handlers.update(
            execute_request=on_cell, grader_error=on_error, grader_probe=on_probe,
            grader_copy=on_copy, grader_ended=on_ended, grader_device=on_device,
        )  # fmt: skip


class _Printing:
    """Stops a cell's flood of text where it springs: `while True: print(...)` fills no memory, neither here nor outside."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self._streams: list[Any] = []

    def start(self, request: dict[str, Any]) -> None:
        """A new cell: a new allowance, and streams that the last one took away are there again, and say whose output it is."""
        self._left = self._limit
        if not self._streams:  # only now: while a cell runs, also our first, IPython has methods of its own in these places
            self._streams = [sys.stdout, sys.stderr]
            for stream in self._streams:
                self._wrap(stream)
        if getattr(sys.stdout, "closed", True) or getattr(sys.stderr, "closed", True):
            sys.stdout, sys.stderr = self._streams
            for stream in self._streams:
                stream.set_parent(request)

    def _wrap(self, stream: Any) -> None:
        """One character more than the limit goes out, so that outside it is seen that there was more.

        Flushed is only what was written: ipykernel does it after each message, and waits for another thread to say that it did.
        """
        write, flush = stream.write, stream.flush
        written = False

        def capped(text: str) -> Any:
            nonlocal written
            written = True
            if type(text) is not str:
                return write(text)  # raises, as it should
            passing, self._left = text[: max(self._left + 1, 0)], self._left - len(text)
            if passing:
                write(passing)
            return len(text)

        def flush_if_written() -> None:
            nonlocal written
            if written:
                written = False
                flush()

        stream.write, stream.flush = capped, flush_if_written
        stream.close = flush  # ipykernel's own could not be opened again
