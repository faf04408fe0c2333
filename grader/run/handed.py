"""What a kernel and its copies hand to us: process ids, each with a socket to speak to that process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time

__all__ = ["readable", "received"]


async def received(channel: socket.socket, seconds: float, pid: object = None) -> tuple[int, socket.socket] | None:
    """A process id, that one if given, and the socket that came with it. What a cell may have written there is passed over."""
    channel.setblocking(False)
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while await readable(channel, deadline - time.monotonic()):
            told = _pid_and_socket(channel)
            if told and pid in (None, told[0]):
                return told
            if told:
                told[1].close()
            elif told is None:
                return None
    return None


async def readable(channel: socket.socket, seconds: float) -> bool:
    """Whether there is something to read within some seconds, or the other end is closed."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(channel, ready.set)
    try:
        return await asyncio.wait_for(ready.wait(), seconds)
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(channel)


def _pid_and_socket(channel: socket.socket) -> tuple[int, socket.socket] | tuple[()] | None:
    """Nothing for what is no such message; None when the other end is closed."""
    data, descriptors, _, _ = socket.recv_fds(channel, 64, 1)
    if data.isdigit() and descriptors:
        return int(data), socket.socket(fileno=descriptors[0])
    for descriptor in descriptors:
        os.close(descriptor)
    return () if data else None
