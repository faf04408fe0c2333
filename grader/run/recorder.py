"""What a cell shows in a copy of the kernel. ZMQ belongs to the kernel itself, so it is written down and handed over instead."""

from __future__ import annotations

import io
import sys
from typing import Any

from grader.run.outputs import Allowance, plain, tidy

__all__ = ["Recorder"]


class Recorder:
    """Stands where the shell publishes, from `begin` to the next. `outputs()`: of the current cell, as plain nbformat dicts."""

    def __init__(self, ip: Any, limit: int) -> None:
        self._ip, self._limit = ip, limit
        self._outputs: list[dict[str, Any]] = []
        self._allowance = Allowance(limit)
        self._waits_to_clear = False
        _stop_publishing(ip)
        vars(ip.display_pub).update(publish=self._display, clear_output=self._clear)
        vars(ip).update(_showtraceback=self._traceback)
        ip.displayhook.finish_displayhook = self._result
        self._streams = [_Stream(self, name) for name in ("stdout", "stderr")]

    def begin(self) -> None:
        """A new cell."""
        self._outputs, self._allowance, self._waits_to_clear = [], Allowance(self._limit), False
        sys.stdout, sys.stderr = self._streams

    def outputs(self) -> list[dict[str, Any]]:
        return tidy(self._outputs, self._allowance.left_out)

    def text(self, name: str, text: str) -> None:
        content = {"name": name, "text": text}
        self._add("stream", content)

    def _add(self, kind: str, content: dict[str, Any]) -> None:
        if self._waits_to_clear:
            self._outputs, self._waits_to_clear = [], False
            self._allowance.clear()
        if not self._allowance.admit(kind, content):
            return
        last = self._outputs[-1] if self._outputs else {}
        if kind == "stream" == last.get("output_type") and last["name"] == content["name"]:
            last["text"] += content["text"]
        else:
            self._outputs.append({"output_type": kind, **content})

    # ------------------------------------------------------------------------------------ in the shell's own places

    def _display(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        self._add("display_data", {"data": plain(data), "metadata": plain(metadata or {})})

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
            self._add("execute_result", plain(told))


class _Stream(io.TextIOBase):
    """`sys.stdout` and `sys.stderr` of a copy."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder, self.name = recorder, name

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.text(self.name, text)
        return len(text)

    def close(self) -> None:
        """A cell that closes it prints all the same, as in the kernel."""


def _stop_publishing(ip: Any) -> None:
    """Nothing of a copy goes to the kernel's sockets, nor through its pipe for the output of child processes."""
    thread = type(ip.kernel.iopub_thread)
    nothing = property(lambda _: lambda *_, **__: None)  # a property goes before what was set on the object itself
    thread.schedule = thread.send_multipart = thread._really_send = nothing
