"""The profiler's labels, put only where somebody can see them.

Every `step()` and `zero_grad()` of an optimizer and every batch of a DataLoader is labelled for `torch.profiler`, by way of an
operator that is looked up anew each time: in the training of a small network that is a seventh of the time, and nobody looks.
Nothing that is computed depends on it. Who can see them: a profiler, an execution trace, a mode that is told of each operation or
each call, and a trace for TorchScript.

https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.record_function
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["put_off_labels"]

_ASKED = ("_len_torch_dispatch_stack", "_len_torch_function_stack", "_get_tracing_state")  # of torch._C


def put_off_labels() -> None:
    """To be called when torch is there. In another torch, which does this in another way, nothing is changed.

    Wrapped, since `torch.jit.script` compiles the source of these methods.
    """
    torch: Any = sys.modules["torch"]
    kind = torch.autograd.profiler.record_function
    methods = [vars(kind).get(name) for name in ("__enter__", "__exit__", "_call_end_callbacks_on_future")]
    asked: list[Any] = [getattr(torch._C._autograd, "_profiler_enabled", None)]
    asked += [getattr(torch._C, name, None) for name in _ASKED]
    if None in (*methods, *asked) or hasattr(methods[0], "__wrapped__"):
        return
    begin, end, end_later = methods
    seen, unseen = _seen(_traces(torch.profiler.profiler), *asked), object()

    @functools.wraps(begin)
    def enter(self: Any) -> Any:
        if seen():
            return begin(self)
        self.record = unseen  # a decorator's label is begun again in each call
        return self

    @functools.wraps(end)
    def leave(self: Any, *error: Any) -> Any:
        return None if self.record is unseen else end(self, *error)

    @functools.wraps(end_later)
    def leave_later(self: Any, future: Any) -> Any:
        if self.record is unseen:
            begin(self)
        return end_later(self, future)

    kind.__enter__, kind.__exit__, kind._call_end_callbacks_on_future = enter, leave, leave_later


def _seen(traces: list[str], *asked: Callable[[], Any]) -> Callable[[], bool]:
    """Whether anybody sees a label that begins now. PyTorch asks only then, too."""
    is_profiled, modes, overrides, tracing = asked

    def seen() -> bool:
        return bool(is_profiled() or modes() or overrides() or traces or tracing() is not None)

    return seen


def _traces(profiler: Any) -> list[str]:
    """The files of `ExecutionTraceObserver`s, from when the first one is asked for: nothing else tells of them."""
    files: list[str] = []
    if (observe := vars(profiler).get("_add_execution_trace_observer")) is not None:

        @functools.wraps(observe)
        def add(file: str) -> Any:
            files.append(file)
            return observe(file)

        profiler._add_execution_trace_observer = add
    return files
