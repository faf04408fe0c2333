"""An interrupted cell says so at once, also where threads that it left at work only count.

Python's lock goes to such a thread for 5 ms at a time, at each call that lets go of it; and to tell of an error, IPython makes
hundreds. Without this it takes three seconds, and the kernel is killed for not answering.
"""

from __future__ import annotations

import signal
import sys
from typing import Any, NoReturn

__all__ = ["back_to_usual", "install", "interrupted"]

_BRIEF = 1e-4  # seconds that another thread may have the lock for

_usual: list[float] = []


def interrupted(*_: object) -> NoReturn:
    """In the place of `signal.default_int_handler`, while a cell runs."""
    if not _usual:
        _usual.append(sys.getswitchinterval())
    sys.setswitchinterval(_BRIEF)
    raise KeyboardInterrupt


def back_to_usual() -> None:
    """Before the next cell."""
    if _usual:
        sys.setswitchinterval(_usual.pop())


def install(kernel: Any) -> None:
    """As long as ipykernel deals with a message, which puts Python's own handler there."""
    before = kernel.pre_handler_hook

    def pre_handler_hook() -> None:
        before()
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupted)

    vars(kernel)["pre_handler_hook"] = pre_handler_hook
