"""The other end of a `pool.Pool`: a process that does calls until nobody is left who asks.

It imports nothing of weight, so that signals are in order before anything slow is loaded.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import connection
from typing import Any

from grader.warm.cores import stay_on
from grader.warm.house import take_over

__all__ = ["serve"]

GRACE = 2.0  # seconds to end kernels in, once the parent is gone


def serve(calls: connection.Connection, environment: dict[str, str], servers: Any, core: int | None) -> None:
    """Receive (function, arguments, keywords), send back (True, result) or (False, exception). Ends when the other end closes.

    environment: the parent's, as it is now. servers: of kernels, see `warm.house.take_over`. core: to stay on.
    """
    _settle_signals()
    os.environ.clear()
    os.environ.update(environment)
    stay_on(core)
    take_over(servers)
    threading.Thread(target=_watch_parent, daemon=True, name="parent").start()
    with contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
        while True:
            function, args, keywords = calls.recv()
            calls.send(_result(function, args, keywords))


def _result(function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[bool, Any]:
    try:
        return True, function(*args, **keywords)
    except Exception as error:
        error.add_note("In a worker process:\n" + traceback.format_exc())
        return False, error


def _settle_signals() -> None:
    """Ctrl-C is the parent's to handle; it ends us with SIGTERM, which must unwind so that kernels are ended too.

    SIGINT was blocked while we were started (`pool`), so that it cannot have come too early. It is caught, not ignored: what
    is ignored stays so in the processes that we start (`signal(7)`), and kernels are interrupted with it.
    """
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, _unwind)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _unwind(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch_parent() -> None:
    """A parent that is killed with SIGKILL can tell nobody, but the pipe that it held closes (`Process.sentinel`)."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
