"""What begins before a command knows what it is to do: kernels' server imports torch, and the isolation is tried.

These take the longest of a command's start, so this imports nothing of weight before they are on their way.
"""

from __future__ import annotations

from grader.isolation import begin
from grader.run.private import environment_of_server
from grader.warm.house import can_serve, server

__all__ = ["begin_early"]


def begin_early(*, warm: bool, isolated: bool) -> None:
    """Start what the first run would wait for. warm, isolated: as in `Kernels`."""
    if warm and can_serve():
        server(environment_of_server(), warm=True)
    if isolated:
        begin()
