"""What `torch.cuda` answers on a machine with no GPU, once `grader.run.cuda` is installed: no more errors, and no lies.

There is nothing to wait for, to set or to reset; no memory is in use; streams do everything at once, and events know the time.
`is_available` and `device_count` stay torch's own: False, and 0.
"""

from __future__ import annotations

import contextlib
import time
from abc import ABCMeta
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

__all__ = ["replace_module"]

Function = Callable[..., Any]

_IDLE = (
    "init", "ipc_collect", "set_per_process_memory_fraction", "set_rng_state", "set_rng_state_all", "set_stream",
    "seed", "seed_all", "set_sync_debug_mode", "synchronize", "reset_accumulated_memory_stats", "reset_max_memory_allocated",
    "reset_max_memory_cached", "reset_peak_memory_stats",
)  # fmt: skip
_NVTX = ("mark", "range_end", "range_pop", "range_push", "range_start")
_NAME = "CPU (there is no GPU here)"


def replace_module(torch: Any, on_cpu: Function) -> None:
    """Put these functions and classes in the places of those that need a GPU.

    on_cpu: is told each device that is named, and raises nothing (`grader.run.cuda`).
    """
    stream = _Stream()
    properties = SimpleNamespace(name=_NAME, major=0, minor=0, total_memory=0, multi_processor_count=0)
    answers: dict[str, Any] = {
        **{name: _always(None) for name in _IDLE},  # each a function of its own: torch._dynamo keeps a rule for each
        "current_device": _always(0),
        "current_stream": _always(stream),
        "default_stream": _always(stream),
        "device": _device_class(on_cpu),
        "Event": _Event,
        "get_device_capability": _always((0, 0)),
        "get_device_name": _always(_NAME),
        "get_device_properties": _always(properties),
        "get_rng_state": _ignoring_arguments(torch.get_rng_state),
        "get_sync_debug_mode": _always(0),
        "initial_seed": _ignoring_arguments(torch.initial_seed),
        **{name: _seeding() for name in ("manual_seed", "manual_seed_all")},
        "mem_get_info": _always((0, 0)),
        "memory_snapshot": _always([]),
        "memory_summary": _always(""),
        "set_device": lambda device: _nothing(on_cpu(device)),
        "Stream": _Stream,
        "stream": _Inside,
    }
    cuda = torch.cuda
    for name, answer in answers.items():
        original = getattr(cuda, name)
        for module in (cuda, cuda.memory, cuda.random, cuda.streams):  # a notebook may import from any
            if vars(module).get(name) is original:
                vars(module)[name] = answer
    vars(cuda.nvtx).update({name: _always(0) for name in _NVTX})
    for name, kind in {"_EventBase": _Event, "_StreamBase": _Stream}.items():
        base = getattr(getattr(torch, "_streambase", None), name, None)
        if isinstance(base, ABCMeta):  # before PyTorch 2.6 its compiler asks for these, and is asked for by every optimizer
            base.register(kind)


def _always(value: Any) -> Function:
    return lambda *_, **__: value


def _seeding() -> Function:
    """torch would keep each for a GPU that never comes, with the lines of code that led to it: a `manual_seed` took 1 ms."""
    return lambda seed: _nothing(int(seed))


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _ignoring_arguments(function: Callable[[], Any]) -> Function:
    return lambda *_, **__: function()


def _device_class(on_cpu: Function) -> type:
    class device:  # noqa: N801 - its name in torch
        """`with torch.cuda.device(0):` changes nothing."""

        def __init__(self, device: Any) -> None:
            on_cpu(device)

        def __enter__(self) -> None:
            return None

        def __exit__(self, *_: object) -> None:
            return None

    return device


class _Inside(contextlib.nullcontext[Any]):
    """In the place of torch.cuda.stream: `with torch.cuda.stream(s):`."""


class _Event:
    """In the place of torch.cuda.Event: it is recorded by the clock of the CPU."""

    def __init__(self, enable_timing: bool = False, *_: Any, **__: Any) -> None:
        self._timing, self._at = enable_timing, -1.0

    def record(self, *_: Any, **__: Any) -> None:
        self._at = time.perf_counter()

    def elapsed_time(self, end_event: _Event) -> float:
        """Milliseconds. Raises ValueError, as torch does, where there is no time to tell."""
        if not (self._timing and end_event._timing):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if self._at < 0 or end_event._at < 0:
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        return 1000 * (end_event._at - self._at)

    def query(self) -> bool:
        return True

    wait = synchronize = _nothing


class _Stream:
    """In the place of torch.cuda.Stream: what is put into it is done at once."""

    priority = cuda_stream = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def record_event(self, event: _Event | None = None) -> _Event:
        event = event or _Event()
        event.record()
        return event

    def query(self) -> bool:
        return True

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    synchronize = wait_event = wait_stream = _nothing
