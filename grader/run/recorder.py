"""What a cell shows in a copy of the kernel. ZMQ belongs to the kernel itself, so it is written down and handed over instead."""

from __future__ import annotations

import functools
import itertools
import sys
import warnings
from typing import Any

from grader.run.outputs import Allowance, plain, tidy, without_large

__all__ = ["Recorder"]


class Recorder:
    """Stands where the shell publishes, from `begin` to the next. `outputs()`: of the current cell, as plain nbformat dicts."""

    def __init__(self, ip: Any, limit: int, streams: tuple[Any, Any]) -> None:
        self._ip, self._limit = ip, limit
        self._outputs: list[dict[str, Any]] = []
        self._named: dict[str, list[dict[str, Any]]] = {}  # by display_id
        self._allowance = Allowance(limit)
        self._waits_to_clear = False
        _stop_publishing(ip)
        vars(ip.display_pub).update(publish=self._display, clear_output=self._clear)
        vars(ip).update(_showtraceback=self._traceback)
        ip.displayhook.finish_displayhook = self._result
        self._streams = streams
        kind: Any = sys.modules["ipykernel.iostream"].OutStream
        kind.write = property(lambda stream: functools.partial(self._write, stream.name))  # whoever kept a stream writes here

    def begin(self) -> None:
        """A new cell. Streams that the last one closed or took away are there again."""
        self._outputs, self._named, self._allowance, self._waits_to_clear = [], {}, Allowance(self._limit), False
        if getattr(sys.stdout, "closed", True) or getattr(sys.stderr, "closed", True):
            sys.stdout, sys.stderr = self._streams

    def outputs(self) -> list[dict[str, Any]]:
        return tidy(self._outputs, self._allowance.left_out)

    def _write(self, name: str, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")  # ipykernel's words
        self._add("stream", {"name": name, "text": text})
        return len(text)

    def _add(self, kind: str, content: dict[str, Any]) -> bool:
        if self._waits_to_clear:
            self._outputs, self._waits_to_clear = [], False
            self._allowance.clear()
        if not self._allowance.admit(kind, content):
            return False
        streams = itertools.takewhile(lambda output: output["output_type"] == "stream", reversed(self._outputs))
        same = next((output for output in streams if output["name"] == content.get("name")), None)
        if same is not None:  # a kernel, too, gathers what it prints for a while
            same["text"] += content["text"]
        else:
            self._outputs.append({"output_type": kind, **content})
        return True

    # ------------------------------------------------------------------------------------ in the shell's own places

    def _display(self, data: Any, metadata: Any = None, *_: Any, transient: Any = None, update: bool = False, **__: Any) -> None:
        told = self._sent({"data": data, "metadata": metadata or {}})
        name = str((transient or {}).get("display_id", ""))
        if update:
            for shown in self._named.get(name, ()):
                shown |= told | {"data": without_large(told["data"])}
        elif self._add("display_data", told) and name:
            self._named.setdefault(name, []).append(self._outputs[-1])

    def _sent(self, content: dict[str, Any]) -> dict[str, Any]:
        """As it would come out of a kernel: bytes as base64, sets as lists. Raises ValueError for what cannot be told."""
        session = self._ip.kernel.session
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NaN, which JSON has not
            told: dict[str, Any] = plain(session.unpack(session.pack(content)))
        return told

    def _clear(self, wait: bool = False) -> None:
        if wait:
            self._waits_to_clear = True
        else:
            self._outputs = []
            self._allowance.clear()

    def _traceback(self, kind: Any, value: Any, trace: Any) -> None:
        told = {
            "ename": getattr(kind, "__name__", "Error"),
            "evalue": str(value),
            "traceback": [str(line) for line in trace or []],
        }
        self._add("error", plain(told))

    def _result(self) -> None:
        sys.stdout.flush()
        message, self._ip.displayhook.msg = self._ip.displayhook.msg, None
        if message and message["content"]["data"]:
            content = message["content"]
            told = {
                "data": content["data"],
                "metadata": content.get("metadata", {}),
                "execution_count": content["execution_count"],
            }
            self._add("execute_result", self._sent(told))


def _stop_publishing(ip: Any) -> None:
    """Nothing of a copy goes to the kernel's sockets, nor through its pipe for the output of child processes."""
    thread = type(ip.kernel.iopub_thread)
    nothing = property(lambda _: lambda *_, **__: None)  # a property goes before what was set on the object itself
    thread.schedule = thread.send_multipart = thread._really_send = nothing
