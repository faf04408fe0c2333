"""What a fork of the server does until it is a kernel."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from typing import Any, ClassVar

from grader.isolation import close_others, die_with_parent, lock
from grader.warm.messages import Start, send

__all__ = ["COPIES", "become", "prepare"]

COPIES = "GRADER_COPIES"  # the environment's name for the descriptor on which copies of the kernel are handed out


def become(start: Start, parent: int, channel: socket.socket, copies: int) -> None:
    """Never returns. With a jail all rights are given up here, before a thread is started: Landlock holds for later ones only."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _settle(start, copies)
        try:
            if start.jail is not None:
                lock(start.jail)
            die_with_parent(parent)
        except Exception as error:
            send(channel, {"failed": str(error)})
            os._exit(1)
        close_others({0, 1, 2, copies})
        if start.command:
            os.set_inheritable(copies, True)
            os.execve(start.command[0], list(start.command), dict(os.environ))  # noqa: S606 - our own Python
        code = _run(start.connection)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
    except BaseException:
        if "GRADER_DEBUG" in start.environment:
            traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _settle(start: Start, copies: int) -> None:
    """Its own environment, working directory, streams and arguments."""
    os.environ.clear()
    os.environ.update(start.environment, **{COPIES: str(copies)})
    time.tzset()
    tempfile.tempdir = None  # it remembers the server's
    os.chdir(start.cwd)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1) if "GRADER_DEBUG" in start.environment else (0, 1, 2):
        os.dup2(null, descriptor)
    sys.argv = [sys.executable]
    sys.modules.pop("__main__", None)
    sys.modules["__main__"] = type(sys)("__main__")


def _run(connection: str) -> int:
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    if (matplotlib := sys.modules.get("matplotlib")) is not None:
        for name in ("get_configdir", "get_cachedir"):  # they remember the server's
            vars(matplotlib)[name] = getattr(vars(matplotlib)[name], "__wrapped__", vars(matplotlib)[name])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    silence = {"loggers": {"IPKernelApp": {"level": "CRITICAL"}}}  # else a record is made for each message, and thrown away
    app_config = {"connection_file": connection, "quiet": True, "log_level": logging.CRITICAL, "logging_config": silence}
    config = Config(IPKernelApp=app_config, HistoryManager={"enabled": False})
    app: Any = IPKernelApp.instance(config=config)
    app.parse_command_line = lambda _argv=None: None  # all is said in `config`, and to build the parser takes a while
    app.init_heartbeat = lambda: None  # nobody listens: whether we live is seen by our process
    with _no_modules():
        app.initialize()
    if _modules:
        app.shell._sys_modules_keys = _with_later_ones()
    app.start()
    return 0


def prepare() -> None:
    """Do once, before the forks, what IPython does last: it notes which modules are there, for `%reset --aggressive`."""
    _modules.update(sys.modules)


def _with_later_ones() -> set[str]:
    """With what was imported after the fork: it stands last."""
    for name in reversed(sys.modules):
        if name != "__main__" and name in _modules:
            break
        _modules.add(name)
    return _modules


_modules: set[str] = set()


class _Sys:
    """`sys`, but that no module seems to be there."""

    modules: ClassVar[dict[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


@contextlib.contextmanager
def _no_modules() -> Iterator[None]:
    """ipykernel lists the files of all modules for a debugger, which we do not have: it counts a reference to each of thousands
    of objects, and so writes into 20 MB of memory that a fork otherwise shares (`ipykernel.ipkernel.IPythonKernel.__init__`).
    IPython lists their names (`IPython.core.shellapp.InteractiveShellApp.init_code`), which `prepare` did already."""
    where = ["ipykernel.ipkernel", "IPython.core.shellapp"] if _modules else ["ipykernel.ipkernel"]
    spaces = [vars(sys.modules[name]) for name in where]
    for names in spaces:
        names["sys"] = _Sys()
    try:
        yield
    finally:
        for names in spaces:
            names["sys"] = sys
