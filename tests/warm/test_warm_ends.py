"""Who may be killed, and what is left then: of processes nothing, of a run everything."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from run_cells import blank, book, cell, check, given, kinds, probes, states

import grader
from grader.isolation import available, missing
from grader.result import Run
from grader.run import Kernels, Request, run
from grader.run.private import Private, environment_of_server
from grader.settings import Limits
from grader.values import dumps
from grader.warm import house
from grader.warm.house import Server
from grader.warm.messages import Start
from tests.warm.processes import Process, alive, below, children, gone, named, state

PLAIN, ISOLATED = Kernels(), Kernels(isolated=True)
needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")
both = pytest.mark.parametrize("kernels", [PLAIN, pytest.param(ISOLATED, marks=needs_isolation)], ids=["plain", "isolated"])

DAEMON = """
import os, subprocess, time
child = subprocess.Popen(["sleep", "1000"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
os.wait3(os.WNOHANG)
"""


def who(kernels: Kernels, root: int | None = None) -> dict[str, int]:
    """The processes of the one kernel below a grader's process."""
    servers = running(children(root or os.getpid()))
    server, monitor = next((server, monitor) for server in servers for monitor in running(children(server)))
    init = running(children(monitor))[0] if kernels.isolated else monitor
    return {"server": server, "monitor": monitor, "init": init, "kernel": running(children(init))[0]}


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if state(pid) not in ("Z", "X", "")]


# ----------------------------------------------------------------------------------------------------- nothing is left over

WORKER = """
import sys, time
sys.path[:0] = sys.argv[2:]
from grader.notebook import Cell, Notebook, Role
from grader.run import Kernels, Request
cells = Cell("given-0", Role.GIVEN, "a = 1"), Cell("blank-a", Role.BLANK, sys.stdin.read(), "a"), Cell("blank-b", Role.BLANK, "b = 1", "b")
with Kernels(isolated=sys.argv[1] == "True").opened(Request(Notebook(cells))) as live:
    print(live.run.state, [cell.state for cell in live.run.cells], flush=True)
    time.sleep(100)
"""


@pytest.fixture
def worker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Kernels], int]]:
    """Starts a process that keeps a run whose notebook left a child and a daemon; gives its pid."""
    started: list[tuple[subprocess.Popen[str], set[Process]]] = []

    def start(kernels: Kernels) -> int:
        command = [sys.executable, "-c", WORKER, str(kernels.isolated), str(Path(grader.__file__).parent.parent)]
        environment = os.environ | {"TMPDIR": str(tmp_path), "SECRET_TOKEN": "hidden-in-the-environment"}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            process.stdin.write(DAEMON)
        assert process.stdout.readline() == "complete ['ok', 'ok', 'ok']\n"
        started.append((process, named(below(process.pid))))
        return process.pid

    yield start
    for process, processes in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        for pid, _ in alive(processes):
            with contextlib.suppress(ProcessLookupError):  # its parent's end may be about to reach it
                os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
@both
@pytest.mark.parametrize("victim", ["worker", "server", "monitor", "init", "kernel"])
def test_nothing_outlives_whom_it_depends_on(worker: Callable[[Kernels], int], kernels: Kernels, victim: str) -> None:
    root = worker(kernels)
    found = who(kernels, root) | {"worker": root}
    spared = {"worker": [], "server": [root], "kernel": [root, found["server"], found["monitor"], found["init"]]}
    processes = alive(named(pid for pid in [root, *below(root)] if pid not in spared.get(victim, [root, found["server"]])))
    copies = named(pid for pid in below(found["init"]) if waits(pid))
    assert len(copies) in (1, 2)  # none need be kept of a kernel with a child
    assert len(processes - copies) >= 3  # the kernel, its child, its daemon
    os.kill(found[victim], signal.SIGKILL)
    if victim == "kernel":  # its copies may be taken up again
        assert gone(processes - copies) == set()
        assert alive(copies) == copies
    elif victim in ("monitor", "init") and not kernels.isolated:  # the grader itself clears up, at the latest when the run ends
        assert not gone(named([found["kernel"]]))
        os.kill(root, signal.SIGINT)
        assert not gone(processes, 20)  # of a busy machine
    else:
        assert not gone(processes)


def waits(pid: int) -> bool:
    """In recvfrom(2), as a copy does, and neither in a sleep nor in a poll. proc(5): /proc/PID/syscall"""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/syscall").read_text().split()[0] in ("45", "207")  # x86-64, aarch64
    return False


@both
def test_an_ended_run_leaves_nothing_not_even_zombies(kernels: Kernels) -> None:
    before = set(below(os.getpid()))
    with kernels.opened(Request(book(given("a = 1"), blank("a", DAEMON), blank("b", "b = 1")))) as live:
        assert live.run.state == "complete"
        processes = named(below(who(kernels)["monitor"]))
        assert len(processes) >= 5
    assert not gone(processes)
    left = [pid for pid in below(os.getpid()) if pid not in before and state(pid) == "Z"]
    assert len(left) <= 1  # the monitor, of which the server takes notice when it starts the next


@both
def test_clearing_kills_what_the_notebook_left_and_keeps_the_copies(kernels: Kernels) -> None:
    def asked(b: str) -> Request:
        return Request(book(given("a = 1"), blank("a", DAEMON), blank("b", b), check("b")), {"b": probes(b="nb.b")})

    with kernels.opened(Request(book(blank("a", "a = 1"), check("a")), {"a": probes(a="nb.a")})) as live:
        base = live._work.base
        assert base is not None
        found = who(kernels)
        copies = named(pid for pid in below(found["init"]) if pid != found["kernel"])
        assert copies  # before the blank; that of the check, and what answered from it, may be on their way out
        assert base.kernel.process.clear()
        assert alive(copies)
        assert not alive(named([found["kernel"]]))
        again = live.again(Request(book(blank("a", "a = 2"), check("a")), {"a": probes(a="nb.a")}))
        assert again.captures["a"].value == 2
    with kernels.opened(asked("b = 1")) as live:
        base = live._work.base
        assert base is not None
        init = who(kernels)["init"]
        processes = named(below(init))
        assert base.kernel.process.clear()
        left = alive(processes)
        assert 1 <= len(left) <= 2  # the copies, of which one is for probes only
        assert all(waits(pid) for pid, _ in left)


# --------------------------------------------------------------------------------------------------------- the server itself


@pytest.fixture
def server() -> Iterator[Server]:
    with Private() as private:
        started = Server.started(private.environment_of_server())
        yield started
        started.end()


def test_a_server_has_one_thread_and_nothing_of_ours(server: Server) -> None:
    process = server.start(Start("", "/", "/", {}, command=("/bin/true",)))  # what it does once it has imported all
    assert process.wait(120) == 0
    process.end()
    assert "libtorch" in Path(f"/proc/{server.pid}/maps").read_text()
    assert len(os.listdir(f"/proc/{server.pid}/task")) == 1
    assert os.getsid(server.pid) == server.pid
    opened = [os.readlink(f"/proc/{server.pid}/fd/{name}").split(":")[0] for name in os.listdir(f"/proc/{server.pid}/fd")]
    fonts = [name for name in opened if name.endswith(".ttf")]  # matplotlib's, which closes them in every fork
    assert sorted(set(opened) - {"anon_inode", "/dev/null", *fonts}) == ["socket"]
    assert opened.count("socket") == 1


def test_a_server_hands_on_another_that_needs_no_imports(server: Server) -> None:
    """Each worker has a server of its own, which lives as long as the worker's end of its channel, and not longer."""
    channel = server.another()
    assert channel is not None
    second = Server(channel)
    for one in (server, second):
        process = one.start(Start("", "/", "/", {}, command=("/bin/true",)))
        assert process.wait(120) == 0
        process.end()
    (forked,) = running(children(server.pid))
    assert os.getsid(forked) == forked
    opened = [os.readlink(f"/proc/{forked}/fd/{name}").split(":")[0] for name in os.listdir(f"/proc/{forked}/fd")]
    assert opened.count("socket") == 1
    assert second.is_alive()
    second.end()
    assert gone(named([forked])) == set()
    assert server.is_alive()


def test_a_server_that_was_handed_on_and_killed_is_seen_to_be_gone(server: Server) -> None:
    channel = server.another()
    assert channel is not None
    second = Server(channel)
    second.start(Start("", "/", "/", {}, command=("/bin/true",))).end()
    (forked,) = running(children(server.pid))
    os.kill(forked, signal.SIGKILL)
    assert gone(named([forked])) == set()
    assert not second.is_alive()
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's to choose
        second.start(Start("", "/", "/", {}, command=("/bin/true",)))
    second.end()


def test_a_server_that_was_handed_on_keeps_its_kernels_on_its_core(server: Server) -> None:
    core = max(os.sched_getaffinity(0))
    channel = server.another(core)
    assert channel is not None
    second = Server(channel)
    process = second.start(Start("", "/", "/", {}, command=("/bin/sleep", "60")))
    assert process._wait(60, lambda: process.pid != 0)
    (forked,) = running(children(server.pid))
    assert os.sched_getaffinity(forked) == os.sched_getaffinity(process.pid) == {core}
    assert os.sched_getaffinity(server.pid) == os.sched_getaffinity(0)
    process.end()
    second.end()


def test_what_a_worker_takes_over_is_what_its_kernels_come_from() -> None:
    """As `Pool` does it, in this one process."""
    environment = environment_of_server() | {"GRADER_TEST": "handed on"}
    first = house.server(environment, warm=True)
    ((kind, channel),) = [found for found in house.handed_on() if ("GRADER_TEST", "handed on") in found[0]]
    process = Server(channel).start(Start("", "/", "/", {}, command=("/bin/true",)))  # by then it has been forked
    assert process.wait(120) == 0
    process.end()
    first.end()
    house.take_over([(kind, channel)])
    second = house.server(environment, warm=True)
    assert second is not first
    assert second.pid == 0, "none was started"
    second.end()


@pytest.mark.slow
@both
def test_no_process_has_our_secrets_in_its_environment(worker: Callable[[Kernels], int], kernels: Kernels) -> None:
    root = worker(kernels)
    mine = Path(f"/proc/{root}/environ").read_bytes()
    assert b"hidden-in-the-environment" in mine
    found = below(root)
    assert len(found) >= 7
    for pid in (pid for pid in found if state(pid) != "Z"):
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert b"PATH=" in environment
        assert b"hidden-in-the-environment" not in environment
        assert len(os.listdir(f"/proc/{pid}/task")) == 1 or pid == who(kernels, root)["kernel"]


def test_a_server_that_is_lost_is_started_anew() -> None:
    environment = {"PATH": os.environ["PATH"]}
    first = house.server(environment, warm=False)
    assert house.server(environment, warm=False) is first
    os.kill(first.pid, signal.SIGKILL)
    assert not gone(named([first.pid]))
    second = house.server(environment, warm=False)
    assert second is not first
    assert second.is_alive()
    second.end()
    assert not second.is_alive()


# ------------------------------------------------------------------------------------------------ killed in the middle of it

CELLS = (
    given("import random, time, torch\nlog = [random.random()]"),
    blank("a", "a = torch.rand(2)\nopen('log.txt', 'a').write('a')"),
    check("a"),
    given("time.sleep(1)\nlog.append('slept')\nopen('log.txt', 'a').write('b')"),
    blank("b", "b = [torch.rand(1), open('log.txt').read()]"),
    check("b"),
)
ASKS = {"a": probes(a="nb.a"), "b": probes(b="[nb.b, nb.log, nb.random.random()]")}
LIMITS = Limits(cell=20, notebook=60, probe=10)


def facts(ran: Run) -> tuple[Any, ...]:
    captured = dumps({name: [c.value, c.fault and dataclasses.astuple(c.fault)] for name, c in ran.captures.items()})
    return ran.state, ran.notes, [(c.id, c.state, c.error) for c in ran.cells], captured


def disturbed(kernels: Kernels, victim: str, after: float, times: int = 1) -> Run:
    """A run whose third cell is going on when the victim is killed."""
    killed = []

    def on_cell(done: int, _all: int) -> None:
        if done == 3 and len(killed) < times:
            killed.append(who(kernels)[victim])
            threading.Timer(after, os.kill, [killed[-1], signal.SIGKILL]).start()

    ran = run(book(*CELLS), ASKS, LIMITS, kernels=kernels, on_cell=on_cell)
    assert len(killed) == times
    return ran


@pytest.fixture(scope="module")
def undisturbed() -> tuple[Any, ...]:
    found = facts(PLAIN.execute(Request(book(*CELLS), ASKS, LIMITS)))
    assert found[:2] == ("complete", [])
    return found


@both
@pytest.mark.parametrize("victim", ["server", "monitor", "init", "kernel"])
@pytest.mark.slow
def test_a_run_is_as_if_nobody_had_been_killed(undisturbed: tuple[Any, ...], kernels: Kernels, victim: str) -> None:
    assert facts(disturbed(kernels, victim, after=0.3)) == undisturbed


@pytest.mark.slow
@both
def test_a_cell_that_kills_its_kernel_each_time_costs_itself_only(kernels: Kernels) -> None:
    kill = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    cells = (blank("a", "a = 1"), check("a"), blank("k", kill), check("k"), blank("b", "b = a + 1"), check("b"))
    asks = {"a": probes(a="nb.a"), "k": probes(k="nb.a"), "b": probes(b="nb.b")}
    ran = kernels.execute(Request(book(*cells), asks, LIMITS))
    assert ran.state == "complete"
    assert list(states(ran).values()) == ["ok", "skipped", "died", "skipped", "ok", "skipped"]
    assert kinds(ran) == dict.fromkeys("akb", "value")
    assert len(ran.notes) == 1


# ----------------------------------------------------------------------------------------------------------- too much of it


@pytest.mark.slow
@both
def test_processes_that_together_use_too_much_are_killed(kernels: Kernels) -> None:
    """Each of them is small enough. The kernel is the largest, so it dies, and that is said."""
    source = textwrap.dedent(
        """
        import os, time
        for _ in range(3):
            if os.fork() == 0:
                some = bytearray(os.urandom(2**20)) * 200
                time.sleep(20)
                os._exit(0)
        time.sleep(1)
        more = bytearray(os.urandom(2**20)) * 600
        time.sleep(20)
        """
    )
    cells = (given("a = 1"), blank("hog", source), blank("b", "b = a"), check("b"))
    ran = kernels.execute(Request(book(*cells), {"b": probes(b="nb.b")}, dataclasses.replace(LIMITS, memory=1000)))
    assert cell(ran, "blank-hog").error == "the kernel used more memory than it may"
    assert "used more memory than it may" in ran.notes[0]
    assert ran.captures["b"].value == 1


@pytest.mark.slow
@both
def test_a_child_that_uses_too_much_is_ended_and_the_kernel_goes_on(kernels: Kernels) -> None:
    source = textwrap.dedent(
        """
        import os, signal, time
        children = []
        for _ in range(2):
            children.append(os.fork())
            if children[-1] == 0:
                some = bytearray(os.urandom(2**20)) * 500
                time.sleep(60)
        ended, how = os.wait()
        os.kill(sum(children) - ended, signal.SIGKILL)
        """
    )
    cells = (blank("hog", source), check("hog"), blank("b", "import os; os.kill(os.getpid(), 9)"))
    ran = kernels.execute(Request(book(*cells), {"hog": probes(how="nb.how")}, dataclasses.replace(LIMITS, memory=1000)))
    assert (cell(ran, "blank-hog").state, ran.captures["how"].value) == ("ok", signal.SIGKILL)
    told, killed = ran.notes
    assert re.fullmatch(r"In cell `blank-hog`, the largest of the notebook's .* used 1\d\d\d MiB, and may use 1000.", told)
    assert "used more memory than it may" not in killed  # that was somebody else


@pytest.mark.slow
@needs_isolation
def test_a_flood_of_sockets_ends_the_kernel() -> None:
    """The one folder of the host's where a kernel can make something."""
    source = textwrap.dedent(
        """
        import os, socket, time
        made = []
        for n in range(2000):
            made.append(socket.socket(socket.AF_UNIX))
            made[-1].bind(f"/sockets/x{os.getpid()}.{n}")
            time.sleep(0.005)
        """
    )
    ran = ISOLATED.execute(
        Request(book(blank("flood", source), blank("b", "b = 1"), check("b")), {"b": probes(b="nb.b")}, LIMITS)
    )
    assert states(ran)["blank-flood"] == "died"
    assert ran.captures["b"].value == 1
