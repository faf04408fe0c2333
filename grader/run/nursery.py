"""The process that workers are forked from: it has imported what they need, has one thread, and lives as long as this one.

It is multiprocessing's fork server. Where nothing was computed yet it is itself a fork of this process, which needs the same
imports: torch is then imported once for both, a second of one core. Else it begins as a Python of its own: a fork of a process
that has computed lacks the threads that its libraries believe to have.

https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods, "forkserver"
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import forkserver, util

from grader.warm.house import let_go
from grader.warm.preload import without_collector

__all__ = ["METHOD", "blocked_interrupt", "fork_nursery", "import_torch", "prepare_workers"]

METHOD = "forkserver" if sys.platform.startswith("linux") else "spawn"

_SHARED = ("torch", "grader.run.live", "grader.batch.crew", "grader.run.settled")  # in this order
_PRELOADED = [*_SHARED, "grader.report.student", "grader.report.ready"]  # these by workers only, while the command reads on


def prepare_workers() -> None:
    """Start it, unless it runs."""
    if METHOD == "forkserver":
        multiprocessing.set_forkserver_preload(_PRELOADED)
        with blocked_interrupt():
            forkserver.ensure_running()


def import_torch(*modules: str) -> None:
    """And other modules. Ctrl-C counts only afterwards (KeyboardInterrupt): amid torch's C++ code it would abort the process."""
    with _interrupted_later(), without_collector():
        for name in ("torch", *modules):
            importlib.import_module(name)


def fork_nursery() -> None:
    """Start it as a fork of this process, once this has imported all of that; as `prepare_workers` where it had torch before."""
    if METHOD == "forkserver" and "torch" not in sys.modules and threading.active_count() == 1:
        import_torch(*_SHARED)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is still in there would be written twice
        started = util.spawnv_passfds
        util.spawnv_passfds = _forked  # type: ignore[assignment]
        try:
            prepare_workers()
        finally:
            util.spawnv_passfds = started
    else:
        prepare_workers()


def _forked(_path: str, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
    """As `multiprocessing.util.spawnv_passfds`, without a new interpreter: the last argument is what that would execute."""
    if pid := os.fork():
        return pid
    try:
        let_go()
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in descriptors:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        exec(arguments[-1], {})  # noqa: S102 - multiprocessing's own: "from multiprocessing.forkserver import main; main(...)"
    finally:
        os._exit(0)


@contextlib.contextmanager
def _interrupted_later() -> Iterator[None]:
    """Not by a mask: numpy's threads may have been started without it, and one of them would take the signal."""
    came: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


@contextlib.contextmanager
def blocked_interrupt() -> Iterator[None]:
    """A process that is started in here has SIGINT blocked until it says otherwise: a mask is inherited (`sigprocmask(2)`)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
