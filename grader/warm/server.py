"""The server: `python -m grader.warm.server CHANNEL [--cold]` waits on an inherited socket for kernels to fork.

It has one thread, holds no secret and no student's code, and ends when the grader does. Asked for another server, it forks one
that serves a channel of its own: the imports are done once, however many workers there are.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress

from grader.isolation import IsolationError, die_with_parent, python_paths, separate
from grader.warm import init, kernel
from grader.warm.cores import stay_on
from grader.warm.messages import ANOTHER, CORE, Start, receive, send
from grader.warm.preload import preload, threads

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Serve until the other end of the channel is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle: it ends us
    channel = socket.socket(fileno=int(arguments[0]))
    if "--cold" not in arguments:
        preload(arguments[1:])
        del sys.path[-1 - sys.path[::-1].index(sys.argv[1])]  # our package's folder: what lies beside it is not a kernel's to see
        kernel.prepare()
        if threads() > 1:
            raise SystemExit("An import started a thread: kernels cannot be forked from here.")
    python_paths()  # remembered: each kernel's init asks for it, and it takes 40 ms to find
    _serve(channel)
    os._exit(0)  # nothing is left to do, and to take torch apart first takes most of a second, for which the grader waits


def _serve(channel: socket.socket) -> None:
    mine = os.pidfd_open(os.getpid())
    while (message := receive(channel, descriptors=2)) is not None:
        content, descriptors = message
        _reap()
        if os.fork() == 0:
            channel.close()
            if ANOTHER in content:
                os.close(mine)
                channel, mine = socket.socket(fileno=descriptors[0]), os.pidfd_open(os.getpid())
                os.setsid()
                stay_on(content.get(CORE))
                continue
            _monitor(Start.from_json(content), mine, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap() -> None:
    """Monitors that ended. waitpid(2)"""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _monitor(start: Start, parent: int, control: int, copies: int) -> None:
    """Between the server and a kernel's init: its namespaces are made here, and it outlives all that is in them. Never returns.

    pid_namespaces(7): only a child of who unshares is in the new one. When its first process ends, the others are killed; only
    after that does our wait for it return, and the grader sees that its channel is closed.
    """
    code = 1
    try:
        os.setsid()
        if start.jail is not None:  # without a namespace nothing would clear up after us: the init then looks itself
            die_with_parent(parent)
        channel = socket.socket(fileno=control)
        mine = os.pidfd_open(os.getpid())
        try:
            if start.jail is not None:
                separate(start.jail)
                pid = os.fork()
                if pid == 0:
                    init.run(start, mine, channel, copies)
                os.close(copies)
                os.waitpid(pid, 0)
            else:
                init.run(start, parent, channel, copies)
            code = 0
        except (IsolationError, OSError) as error:
            send(channel, {"failed": str(error)})
    except BaseException as error:  # anything here would otherwise go on as a second server
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
