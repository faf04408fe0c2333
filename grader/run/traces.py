"""How the shell tells of a cell's error: without our own frames, and at once.

A few functions of libraries are ours in a graded run (a request for a GPU, a step of Adam, `backward()`), and whoever reads where
an error comes from is to see the cell and the library, as in their own notebook.
"""

from __future__ import annotations

import contextlib
import os
import sys
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import grader

__all__ = ["leave_out_ours", "tell_at_once"]

_BRIEF = 1e-4  # seconds that another thread may have Python's lock for
_OURS = f"{Path(grader.__file__).parent}{os.sep}"


def leave_out_ours(ip: Any) -> None:
    """From now on, in what the shell shows of errors. Nothing in an IPython that finds out in another way what to show."""
    found = getattr(ip, "_get_exc_info", None)
    if found is None:
        return

    def get_exc_info(exc_tuple: Any = None) -> Any:
        kind, error, trace = found(exc_tuple)
        with contextlib.suppress(Exception):  # a class of a notebook's may do as it likes with what belongs to an error
            _trim(error)
            trace = _without_ours(trace)
        return kind, error, trace

    ip._get_exc_info = get_exc_info


def _trim(error: BaseException | None) -> None:
    """The error and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _without_ours(error.__traceback__)
        error = error.__cause__ or error.__context__


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """The same traceback; one of ours alone stays as it is."""
    every = []
    while trace is not None:
        every.append(trace)
        trace = trace.tb_next
    kept = [one for one in every if not one.tb_frame.f_code.co_filename.startswith(_OURS)]
    if len(kept) in (0, len(every)):
        return every[0] if every else None
    for one, after in pairwise([*kept, None]):
        if one is not None:
            one.tb_next = after
    return kept[0]


def tell_at_once(ip: Any) -> None:
    """Also where threads that a cell left at work only count. Python's own handler of SIGINT stays where it is.

    Python's lock goes to such a thread for 5 ms at a time, at each call that lets go of it; and to tell of an error, IPython
    makes hundreds. That took seconds, and a kernel that was interrupted was killed for not answering.
    """
    show, get, put = ip.showtraceback, sys.getswitchinterval, sys.setswitchinterval

    def showtraceback(*args: Any, **kwargs: Any) -> Any:
        usual = get()
        put(min(usual, _BRIEF))
        try:
            return show(*args, **kwargs)
        finally:
            put(usual)

    vars(ip)["showtraceback"] = showtraceback
