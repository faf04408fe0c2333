"""One kernel, from outside: start it, execute cells, ask probes, end it.

nbclient executes the cells (`executor`); how long a reply is waited for, and what then, is said here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory

import grader
from grader.judging import Probe
from grader.notebook import Cell, Notebook
from grader.result import Capture
from grader.run.ends import TOO_MUCH, CellEnd, KernelDied, KernelHangs, NoKernel, ended
from grader.run.executor import BROKEN, Executor
from grader.run.outputs import one_line
from grader.run.plan import Kernels, Plan
from grader.run.private import Private
from grader.run.session import Copy, NoCopy, collect
from grader.run.wire import unpack
from grader.settings import Limits
from grader.values import dumps
from grader.warm.house import Process
from grader.warm.messages import Start
from grader.warm.provisioner import NAME as PROVISIONER

__all__ = ["Kernel"]

_START = 120.0  # seconds for a kernel to start and import torch: a cold disk is slow
_POLL = 0.1  # seconds between looks whether the kernel is alive
_GRACE = (1.0, 1.0)  # seconds for a kernel to answer an interrupt, and the next
_SLACK = 5.0  # seconds, beyond a probe's limit, for the kernel to tell that it was reached

_silent = logging.getLogger(f"{__name__}.quiet")
_silent.disabled = True


class _Manager(AsyncKernelManager):
    """Starts our own Python, whatever kernel the notebook asks for: by our provisioner where we have a server for it."""

    plan: Plan

    @property
    def kernel_spec(self) -> KernelSpec:
        arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
        by = {"kernel_provisioner": {"provisioner_name": PROVISIONER}} if self.plan.served else {}
        return KernelSpec(argv=[sys.executable, *arguments], display_name="grader", language="python", metadata=by)

    def launch_plan(self, command: list[str], environment: dict[str, str], cwd: str) -> tuple[Start, dict[str, str], bool]:
        """What our provisioner is to start."""
        return self.plan.start(self.connection_file, command, environment, cwd)


class Kernel:
    """A kernel in a private folder. `await start()` first, and `await end()` always."""

    def __init__(self, notebook: Notebook, private: Private, *, seed: int, limits: Limits, kernels: Kernels) -> None:
        place = {"transport": "ipc", "ip": private.socket} if private.socket else {}
        self._manager = _Manager(connection_file=private.connection_file, log=_silent, **place)
        self._manager.plan = Plan(kernels, private, limits)
        known = KernelProvisionerFactory.instance().provisioners  # also where our package's metadata are not installed
        known.setdefault(PROVISIONER, EntryPoint(PROVISIONER, "grader.warm.provisioner:WarmProvisioner", "grader"))
        self._client: Any = None  # jupyter_client's, whose types do not say that its methods are coroutines
        self._private = private
        self._bootstrap = _bootstrap(seed, limits.output)
        self._executor = Executor(notebook, limits.output, self._manager)

    # ---------------------------------------------------------------------------------------------------- start and end

    async def start(self) -> None:
        """Raises NoKernel, or KernelDied with `lost`."""
        null = subprocess.DEVNULL
        environment = self._private.environment()
        try:
            await self._manager.start_kernel(cwd=str(self._private.work), env=environment, stdout=null, stderr=null)
            self._client = self._manager.client()
            self._client.context.setsockopt(zmq.RECONNECT_IVL, 5)  # ms; we are faster than the kernel, and try again
            self._client.start_channels(stdin=False, hb=False, control=False)
            self._client.allow_stdin = False
            reply = await self._reply(self._client.execute(self._bootstrap, silent=True), time.monotonic() + _START)
        except KernelDied as error:
            if error.lost:
                raise
            why = self.process.failed if isinstance(self.process, Process) else ""
            raise NoKernel(f"A kernel did not start: {why}" if why else f"A kernel did not start: it {error}.") from None
        except BrokenPipeError:
            raise KernelDied("was not even started", lost=True) from None
        except (OSError, RuntimeError, zmq.ZMQError) as error:
            raise NoKernel(f"A kernel did not start: {error}") from error
        if reply is None:
            raise NoKernel(f"A kernel did not start in {_START:g} seconds.")
        if reply["content"]["status"] != "ok":
            raise NoKernel("A kernel did not start: " + one_line(reply["content"]["ename"], reply["content"]["evalue"]))
        await self._listen()

    async def _listen(self) -> None:
        """Outputs are broadcast: wait until we are among the listeners, so that none is missed."""
        for _ in range(50):
            with contextlib.suppress(Empty):
                await self._client.get_iopub_msg(timeout=0.1)
                return
            self._client.kernel_info()
        raise NoKernel("A kernel started, but its outputs do not come.")

    async def end(self) -> bool:
        """Kill the kernel and its children. Returns whether nothing can be left: all died with the namespace that they were in.

        Else, what cells left behind elsewhere is the private folder's to find.
        """
        nothing_left = False
        if isinstance(process := self.process, Process):
            nothing_left = process.end() and self._manager.plan.kernels.isolated
        elif process is not None:
            with contextlib.suppress(OSError):
                _kill(process)
            process.wait(10)
        if self._client is not None:
            self._client.shell_channel.stop()
            self._client.iopub_channel.stop()
            self._client.context.destroy(linger=0)
        with contextlib.suppress(RuntimeError, OSError):
            await self._manager.cleanup_resources()
        return nothing_left

    @property
    def process(self) -> Any:
        """The kernel's, a `warm.house.Process` or a subprocess.Popen; None before it was started."""
        return getattr(self._manager.provisioner, "process", None)

    def stop(self) -> bool:
        """End the kernel and all that it started, but not its copies. Returns whether these are there now."""
        return isinstance(self.process, Process) and self.process.clear()

    def tidy(self) -> None:
        """End what the kernel started, but neither itself nor its copies."""
        if isinstance(self.process, Process):
            self.process.clear(but_the_kernel=True)

    def over_memory(self) -> int:
        """Bytes that the notebook's processes used when one of them was ended for it. Told once."""
        process = self.process
        if not isinstance(process, Process):
            return 0
        process.poll()
        used, process.memory = process.memory, 0
        return used

    # ------------------------------------------------------------------------------------------------- cells and probes

    async def run_cell(self, index: int, cell: Cell, seconds: float) -> CellEnd:
        """Execute the notebook's cell number `index`. Raises KernelDied or KernelHangs."""
        own = cell.is_students
        self._announce("grader_cell", {"cell": cell.id, "blank": cell.name if own else "", "own": own})
        deadline = time.monotonic() + seconds
        replies: list[dict[str, Any]] = []
        late = False

        async def answer(message: str) -> dict[str, Any]:
            nonlocal late
            reply = await self._reply(message, deadline)
            late = reply is None
            replies.append(reply or await self._reply_to_interrupt(message))
            content = replies[-1]["content"]
            if content.get("status") not in ("ok", "error", "aborted"):
                content["status"] = "ok"  # a reply that the notebook forged
            return replies[-1]

        await self._executor.run(index, self._client, answer)
        self._client.session.metadata = {}
        took = self._executor.seconds.get(index, 0.0)
        content = replies[-1]["content"] if replies else {"status": "ok"}  # a cell without code is not even sent
        if late:
            _, line, cut = await self._error(cell)
            return CellEnd("timeout", f"stopped after {seconds:.3g} seconds", line, took, cut)
        if content["status"] == "ok":
            return CellEnd("ok", seconds=took)
        said, line, cut = await self._error(cell)
        return CellEnd("error", said or one_line(content.get("ename", "Error"), content.get("evalue", "")), line, took, cut)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """What is kept of the outputs of cell number `index`, as plain dicts."""
        return self._executor.outputs(index)

    async def ask(self, probe: Probe, seconds: float) -> Capture:
        """Run one probe. Raises KernelDied or KernelHangs."""
        buffers = [probe.source.encode(), dumps(probe.given)]
        message = self._send("grader_probe", {"name": probe.name, "seconds": seconds}, buffers)
        reply = await self._reply(message, time.monotonic() + seconds + _SLACK)
        reply = reply or await self._reply_to_interrupt(message)
        return unpack(b"".join(map(bytes, reply["buffers"][:1])))

    async def copy(self, *, anyway: bool = False) -> Copy | NoCopy:
        """A copy of the kernel as it is now. Raises KernelDied or KernelHangs. anyway: see `Copies.make`."""
        if not isinstance(self.process, Process):
            return NoCopy(able=False)
        reply = await self._reply(message := self._send("grader_copy", {"anyway": anyway}), time.monotonic() + _SLACK)
        reply = reply or await self._reply_to_interrupt(message)
        return await collect(self.process, reply["content"], self)

    async def how_ended(self, pid: int) -> int | None:
        """The exit code of a copy of the kernel; None when nobody can say."""
        if self.process is None or self.process.poll() is not None:
            return None
        with contextlib.suppress(KernelDied):
            reply = await self._reply(self._send("grader_ended", {"pid": pid}), time.monotonic() + _SLACK)
            if reply is not None and isinstance(code := reply["content"].get("code"), int):
                return code
        return None

    async def device(self) -> str:
        """The accelerator that a cell asked for where there is none; "" for none. Raises KernelDied or KernelHangs."""
        reply = await self._reply(message := self._send("grader_device", {}), time.monotonic() + _SLACK)
        reply = reply or await self._reply_to_interrupt(message)
        return str(reply["content"].get("device", ""))[:20]

    async def _error(self, cell: Cell) -> tuple[str, int, bool]:
        """The last error in one line, and where in the cell; nothing when the kernel cannot say. Then whether it was killed."""
        try:
            reply = await self._reply(self._send("grader_error", {"cell": cell.id}), time.monotonic() + _SLACK)
            content = reply["content"] if reply else {}
            return one_line(content["type"], content["message"]), int(content["line"]), False
        except KernelDied as error:
            return "", 0, error.unexplained
        except BROKEN:
            return "", 0, False

    # ---------------------------------------------------------------------------------------------------------- messages

    def _announce(self, kind: str, content: dict[str, Any]) -> None:
        """What goes along with the request to execute that nbclient will send."""
        self._client.session.metadata = {kind: content}

    def _send(self, kind: str, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> str:
        message = self._client.session.msg(kind, content)
        self._client.session.send(self._client.shell_channel.socket, message, buffers=list(buffers))
        return str(message["header"]["msg_id"])

    async def _reply(self, message: str, deadline: float) -> dict[str, Any] | None:
        """The answer to a message of ours; None when the time is over. Raises KernelDied."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = await self._client.get_shell_msg(timeout=min(_POLL, left))
                if reply["parent_header"].get("msg_id") == message:
                    return dict(reply)
            except Empty:
                if not await self._manager.is_alive():
                    raise self._death() from None
            except BROKEN:
                continue
        return None

    def _death(self) -> KernelDied:
        process = self.process
        if not isinstance(process, Process):
            return KernelDied(ended(process.returncode), killed=process.returncode == -9)
        code = process.returncode
        how = TOO_MUCH if process.memory and code == -9 else ended(code)
        return KernelDied(how, lost=code is None and not process.failed, killed=code == -9, memory=bool(process.memory))

    async def _reply_to_interrupt(self, message: str) -> dict[str, Any]:
        """The answer that comes when the kernel is interrupted. Raises KernelDied or KernelHangs."""
        for seconds in _GRACE:
            with contextlib.suppress(OSError, RuntimeError):
                await self._manager.interrupt_kernel()
            if (reply := await self._reply(message, time.monotonic() + seconds)) is not None:
                return reply
        raise KernelHangs


def _bootstrap(seed: int, output: int) -> str:
    """The one thing that is executed before the first cell. Our package is found also where it is not installed."""
    lines = [
        "import sys",
        "sys.path.append(folder)",
        "from grader.run.serve import serve",
        "del sys.path[-1 - sys.path[::-1].index(folder)]",
        "serve(ip, seed, output)",
    ]
    facts = f"'ip': get_ipython(), 'folder': {str(Path(grader.__file__).parent.parent)!r}, 'seed': {seed}, 'output': {output}"
    return f"exec({chr(10).join(lines)!r}, {{{facts}}})"


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
