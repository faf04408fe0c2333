"""How a kernel is had: forked from a warm server or started cold, shut off from the machine or not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grader
from grader.isolation import Jail
from grader.result import Run
from grader.run import offline
from grader.run.private import Private
from grader.run.request import Request
from grader.settings import Limits
from grader.warm.house import can_serve
from grader.warm.messages import Start

if TYPE_CHECKING:
    from grader.run.live import Live

__all__ = ["Kernels", "Plan"]

_MARGIN = 60.0  # seconds of CPU time beyond a notebook's limit on all cores: the limits on wall time come first, and say more


@dataclass(frozen=True)
class Kernels:
    """isolated: shut off from the machine. warm: forked from a process that has imported torch, where the system allows it.

    It is plain data, and goes to workers::

        run = kernels.execute(request)
        with kernels.opened(request) as live:     # the kernel's copies live as long as this block
            live.run                              # what `execute` gives
            live.again(other)                     # a notebook that begins the same: what is the same is not repeated
    """

    isolated: bool = False
    warm: bool = True

    def execute(self, request: Request) -> Run:
        """One execution. Of a run with a reference's source in it (`carried`), no output comes back."""
        with self.opened(request) as live:
            return live.run

    @contextlib.contextmanager
    def opened(self, request: Request) -> Iterator[Live]:
        """One execution, whose kernel and copies are kept until the block ends."""
        from grader.run.live import Live

        live = Live(self, request)
        try:
            yield live
        finally:
            live.close()


@dataclass(frozen=True)
class Plan:
    """For one kernel in its private folder."""

    kernels: Kernels
    private: Private
    limits: Limits

    @property
    def served(self) -> bool:
        """Whether a server of ours starts it. Where that can't be, jupyter_client does, and there are no copies."""
        on_gpu = self.private.device == "cuda" and not self.kernels.isolated  # no process that has seen a GPU is forked
        return can_serve() and not on_gpu

    @property
    def warm(self) -> bool:
        """One thread and the usual CPU are what the server was started with."""
        return self.kernels.warm and self.private.threads == 1 and self.private.device == "cpu"

    def start(
        self, connection: str, command: list[str], environment: dict[str, str], cwd: str
    ) -> tuple[Start, dict[str, str], bool]:
        """What is to be started, the environment of the server that does it, and whether that is the warm one."""
        cold = () if self.warm else tuple(command)
        jail = self._jail() if self.kernels.isolated else None
        environment = environment | offline.ENVIRONMENT if jail else environment
        start = Start(connection, cwd, str(self.private.root), environment, jail, cold, self.limits.memory * 2**20)
        return start, self.private.environment_of_server(), self.warm

    def _jail(self) -> Jail:
        limits = self.limits
        return Jail(
            folder=self.private.root,
            readable=(Path(grader.__file__).parent,),
            memory=limits.memory * 2**20,
            disk=limits.disk * 2**20,
            cpu_seconds=int(limits.notebook * (os.cpu_count() or 1) + _MARGIN),
        )
