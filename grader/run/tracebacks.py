"""A cell's error is told at once, also where threads that it left at work only count.

Python's lock goes to such a thread for 5 ms at a time, at each call that lets go of it; and to tell of an error, IPython makes
hundreds. Without this it takes three seconds, and a kernel that was interrupted is killed for not answering.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["tell_at_once"]

_BRIEF = 1e-4  # seconds that another thread may have the lock for


def tell_at_once(ip: Any) -> None:
    """For as long as the shell shows a traceback, and no longer: Python's own handler of SIGINT stays where it is."""
    show, get, put = ip.showtraceback, sys.getswitchinterval, sys.setswitchinterval

    def showtraceback(*args: Any, **kwargs: Any) -> Any:
        usual = get()
        put(min(usual, _BRIEF))
        try:
            return show(*args, **kwargs)
        finally:
            put(usual)

    vars(ip)["showtraceback"] = showtraceback
