"""jupyter_client's way to start kernels by other means: kernel provisioners, found by entry point.

https://jupyter-client.readthedocs.io/en/latest/provisioning.html
"""

from __future__ import annotations

import signal
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from grader.warm.house import Process, server
from grader.warm.messages import Start
from grader.warm.preload import THREADS

__all__ = ["NAME", "WarmProvisioner"]

NAME = "grader-warm"  # of the entry point in the group "jupyter_client.kernel_provisioners"


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel from a server that has imported torch, in a jail of its own where one is asked for.

    How, is told by the kernel manager: `launch_plan(command, environment, cwd)` gives (`Start`, the server's environment, warm).
    For a manager that has none, by which anybody's kernel specification may name us: not shut off, and in that environment, but
    with one thread a kernel: a server whose libraries have started more cannot be forked from.
    """

    process: Process | None  # type: ignore[assignment]  # in the manner of Popen
    parent: Any

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Raises OSError when the server is gone."""
        plan = getattr(self.parent, "launch_plan", self._plan)
        start, environment, warm = plan(cmd, kwargs["env"], kwargs.get("cwd") or ".")
        self.process = server(environment, warm=warm).start(start)
        return self.connection_info

    def _plan(self, _command: list[str], environment: dict[str, str], cwd: str) -> tuple[Start, dict[str, str], bool]:
        environment = environment | dict.fromkeys(THREADS, "1")
        return Start(self.parent.connection_file, cwd, cwd, environment), environment, True

    async def wait(self) -> int | None:
        """Until the kernel has ended. Nothing of it is left then."""
        process, code = self.process, await super().wait()
        if process is not None:
            process.end()
        return code

    async def poll(self) -> int | None:
        """None while the kernel runs."""
        if self.process is None:
            return 0
        if self.process.gone:
            return -signal.SIGKILL if self.process.returncode is None else self.process.returncode
        return None

    async def send_signal(self, signum: int) -> None:
        """To the kernel and its process group."""
        if self.process is not None:
            self.process.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - the base's signature
        if self.process is not None:
            self.process.kill()

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 - likewise
        if self.process is not None:
            self.process.terminate()
