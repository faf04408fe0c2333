"""What the grader, the server and a kernel's init tell each other: JSON in one packet each, with file descriptors beside it.

unix(7): a SOCK_SEQPACKET socket keeps the borders of messages, and tells by an empty one that the other end is gone.
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.isolation import Jail

__all__ = ["ANOTHER", "CORE", "LARGEST", "Start", "pair", "receive", "send"]

ANOTHER = "another server"  # the key of a message that asks for one, with the channel that it is to serve
CORE = "core"  # beside it: the number of the one that it and its kernels are to stay on, None for any
LARGEST = 2**17  # bytes of a packet; the usual limit of the system is 208 KiB


@dataclass(frozen=True)
class Start:
    """A kernel to be started.

    connection: its connection file. environment: all of it. folder: its private folder. jail: how it is shut off, None for not
    at all. command: what to execute, for a kernel that is not to be forked. memory: bytes that all of its processes may use.
    """

    connection: str
    cwd: str
    folder: str
    environment: dict[str, str] = field(default_factory=dict)
    jail: Jail | None = None
    command: tuple[str, ...] = ()
    memory: int = 0

    def to_json(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        if self.jail is not None:
            jail = {f.name: getattr(self.jail, f.name) for f in dataclasses.fields(self.jail)}
            plain["jail"] = {name: _text(value) for name, value in jail.items()}
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Start:
        jail = plain.pop("jail")
        if jail is not None:
            jail |= {"folder": Path(jail["folder"]), "readable": tuple(map(Path, jail["readable"]))}
            jail = Jail(**jail)
        return cls(**plain | {"command": tuple(plain["command"])}, jail=jail)


def _text(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else value


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a channel. socketpair(2)"""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, content: dict[str, Any], descriptors: tuple[int, ...] = (), flags: int = 0) -> None:
    """Raises OSError when the other end is gone. flags: send(2)'s. cmsg(3), SCM_RIGHTS"""
    socket.send_fds(channel, [json.dumps(content).encode()], list(descriptors), flags)


def receive(channel: socket.socket, descriptors: int = 0) -> tuple[dict[str, Any], list[int]] | None:
    """The next message, and the descriptors that came with it; None when the other end is gone.

    A message that is no JSON object is an empty one. Raises BlockingIOError where there is none and the channel does not wait.
    """
    try:
        data, found, _, _ = socket.recv_fds(channel, LARGEST, descriptors)
    except ConnectionError:
        return None
    if not data:
        for descriptor in found:
            os.close(descriptor)
        return None
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        content = None
    return (content if isinstance(content, dict) else {}), found
