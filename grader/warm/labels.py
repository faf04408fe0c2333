"""The profiler's labels, put only where somebody profiles.

Every `step()` and `zero_grad()` of an optimizer and every batch of a DataLoader is labelled for `torch.profiler`, by way of an
operator that is looked up anew each time: in the training of a small network that is a seventh of the time, and nobody looks.
Nothing that is computed depends on it.

https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.record_function
"""

from __future__ import annotations

import functools
import sys
from typing import Any

__all__ = ["put_off_labels"]


def put_off_labels() -> None:
    """To be called when torch is there. In another torch, which does this in another way, nothing is changed.

    Wrapped, since `torch.jit.script` compiles the source of these methods. Only a profiler is asked for: an
    `ExecutionTraceObserver` without one does not see the labels.
    """
    torch: Any = sys.modules["torch"]
    kind, is_profiled = torch.autograd.profiler.record_function, getattr(torch._C._autograd, "_profiler_enabled", None)
    methods = [vars(kind).get(name) for name in ("__enter__", "__exit__", "_call_end_callbacks_on_future")]
    if is_profiled is None or None in methods or hasattr(methods[0], "__wrapped__"):
        return
    begin, end, end_later = methods

    @functools.wraps(begin)
    def enter(self: Any) -> Any:
        if is_profiled():
            return begin(self)
        self.record = None  # a decorator's label is begun again in each call
        return self

    @functools.wraps(end)
    def leave(self: Any, *error: Any) -> Any:
        return None if self.record is None else end(self, *error)

    @functools.wraps(end_later)
    def leave_later(self: Any, future: Any) -> Any:
        if self.record is None:
            begin(self)
        return end_later(self, future)

    kind.__enter__, kind.__exit__, kind._call_end_callbacks_on_future = enter, leave, leave_later
