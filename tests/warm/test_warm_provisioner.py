"""Our way to start kernels is one of jupyter_client's, found by its entry point."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from grader.run.private import Private
from grader.warm.messages import Start
from grader.warm.preload import THREADS
from grader.warm.provisioner import NAME, WarmProvisioner
from tests.warm.processes import children, gone, named


def test_it_is_found_by_its_entry_point() -> None:
    """https://jupyter-client.readthedocs.io/en/latest/provisioning.html"""
    found = {point.name: point for point in entry_points(group="jupyter_client.kernel_provisioners")}
    assert found[NAME].load() is WarmProvisioner
    assert issubclass(WarmProvisioner, KernelProvisionerBase)
    assert KernelProvisionerFactory.instance().is_provisioner_available(spec(NAME))


def spec(provisioner: str) -> KernelSpec:
    metadata = {"kernel_provisioner": {"provisioner_name": provisioner}}
    argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return KernelSpec(argv=argv, display_name="warm", language="python", metadata=metadata)


class Manager(AsyncKernelManager):
    """A manager of anybody's whose kernel specification names our provisioner, as a kernel.json would."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return spec(NAME)


class Planned(Manager):
    """One that says how the kernel is to be started, as ours does."""

    private: Private

    def launch_plan(self, _command: list[str], environment: dict[str, str], cwd: str) -> tuple[Start, dict[str, str], bool]:
        start = Start(self.connection_file, cwd, str(self.private.root), environment)
        return start, self.private.environment_of_server(), True


CELLS = ["import torch\nprint(torch.ones(2).sum().item())", "1 + 1", "raise ValueError('told')", "get_ipython().kernel.ident[:0]"]


def executed(manager: AsyncKernelManager, folder: Path, **options: Any) -> list[list[dict[str, Any]]]:
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    client = NotebookClient(notebook, km=manager, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    client.owns_km = True  # it ends the kernel, too, as one that it made itself
    client.execute(**options)
    return [cell.outputs for cell in notebook.cells]


def assert_right(outputs: list[list[dict[str, Any]]]) -> None:
    assert outputs[0][0]["text"] == "2.0\n"
    assert outputs[1][0]["data"]["text/plain"] == "2"
    assert (outputs[2][0]["ename"], outputs[2][0]["evalue"]) == ("ValueError", "told")


@pytest.fixture
def private() -> Iterator[Private]:
    with Private() as found:
        yield found


def test_nbclient_executes_a_notebook_by_it(private: Private) -> None:
    """Plain `NotebookClient`: it starts the kernel, interrupts it, shuts it down, and nothing of it is left."""
    manager = Planned(connection_file=private.connection_file, transport="ipc", ip=str(private.root / "sockets" / "s"))
    manager.private = private
    assert_right(executed(manager, private.work, env=private.environment()))
    assert not gone(named(pid for server in children(os.getpid()) for pid in children(server)))


def test_a_cell_that_takes_too_long_is_interrupted(private: Private) -> None:
    manager = Planned(connection_file=private.connection_file, transport="ipc", ip=str(private.root / "sockets" / "s"))
    manager.private = private
    notebook = new_notebook(cells=[new_code_cell("import time\ntime.sleep(60)"), new_code_cell("1 + 1")])
    options = {
        "timeout": 1,
        "interrupt_on_timeout": True,
        "allow_errors": True,
        "resources": {"metadata": {"path": str(private.work)}},
    }
    client = NotebookClient(notebook, km=manager, **options)
    client.owns_km = True
    client.execute(env=private.environment())
    assert notebook.cells[0].outputs[-1]["ename"] == "KeyboardInterrupt"
    assert notebook.cells[1].outputs[0]["data"]["text/plain"] == "2"


@pytest.mark.slow
@pytest.mark.parametrize("threads", [None, "2"])
def test_any_manager_executes_a_notebook_by_it(private: Private, monkeypatch: pytest.MonkeyPatch, threads: str | None) -> None:
    """As documented: the kernel specification names the provisioner, and nobody needs to know more, of threads neither."""
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
        if threads is not None:
            monkeypatch.setenv(name, threads)
    manager = Manager(connection_file=private.connection_file)
    assert_right(executed(manager, private.work))
    assert isinstance(manager.provisioner, WarmProvisioner) or manager.provisioner is None


@pytest.mark.slow
def test_a_kernel_may_be_restarted(private: Private) -> None:
    import asyncio

    async def restarted() -> tuple[bool, int | None, bool]:
        manager = Planned(connection_file=private.connection_file, transport="ipc", ip=str(private.root / "sockets" / "s"))
        manager.private = private
        await manager.start_kernel(cwd=str(private.work), env=private.environment())
        first = manager.provisioner.process
        await manager.restart_kernel(now=True)
        second = manager.provisioner.process
        alive = await manager.is_alive()
        await manager.signal_kernel(signal.SIGKILL)
        code = second.wait(5)
        await manager.shutdown_kernel(now=True)
        return first is not second and alive, code, first.poll() is not None or first.lost

    assert asyncio.run(restarted()) == (True, -9, True)
