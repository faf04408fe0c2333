"""Who calls: from threads and loops, with no kernel to be had, interrupted; and what the kernel may know of the caller."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from run_cells import blank, book, check, given, kinds, left_behind, printed, probes, run_book, states

from grader.result import Run
from grader.run import run

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def test_what_the_kernel_may_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "course" / "reference").mkdir(parents=True)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "of_the_cluster.py").touch()
    monkeypatch.setenv("GRADER_TEST_TOKEN", "s3cret")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(tmp_path / "course"), str(tmp_path / "library"), "."]))
    ran = run_book(
        given("import os, sys, json, torch, stat\nprint(json.dumps(dict(os.environ)))"),
        given(f"print(oct(os.stat('..').st_mode & 0o777), os.path.expanduser('~') != {os.path.expanduser('~')!r})"),
        given("print(torch.get_num_threads(), hash('a'), os.path.exists(os.environ['MPLCONFIGDIR']))"),
        given(
            "import of_the_cluster, importlib.util as u\nprint(u.find_spec('reference'), u.find_spec('assignments'), u.find_spec('tests'))"
        ),
    )
    environment = eval(printed(ran, "given-0"))
    assert "s3cret" not in str(environment)
    assert environment["PYTHONPATH"] == str(tmp_path / "library")
    wanted = {
        "GRADER_RUN": "1",
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "",
    }
    assert wanted.items() <= environment.items()
    assert printed(ran, "given-1") == "0o700 True\n"
    again = subprocess.run(
        [sys.executable, "-c", "print(hash('a'))"], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True
    )
    assert printed(ran, "given-2") == f"1 {again.stdout.strip()} True\n"
    assert printed(ran, "given-3") == "None None None\n"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
def test_two_threads_on_one_core_do_not_wait_by_spinning() -> None:
    """As where each worker has a core of its own. Each operation would take 8 ms of it, 200 of them 1.6 s."""
    ran = run_book(
        given("import os, time, torch\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\ntorch.set_num_threads(2)"),
        given("x = torch.rand(300, 300)\nbefore = time.process_time()\nfor _ in range(200):\n    y = x + x"),
        given("print(torch.get_num_threads(), time.process_time() - before)"),
    )
    threads, seconds = printed(ran, "given-2").split()
    assert threads == "2"
    assert float(seconds) < 0.5


def test_in_threads_and_inside_a_running_loop() -> None:
    notebook = book(blank("a", "a = 1"), check("a"))

    async def inside() -> Run:
        return run(notebook, {"a": probes(a="nb.a")})

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(run, notebook, {"a": probes(a="nb.a")}), pool.submit(asyncio.run, inside())]
        assert [future.result().captures["a"].value for future in futures] == [1, 1]


def test_no_kernel_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook, asked = book(blank("a", "a = 1"), check("a")), {"a": probes(a="nb.a")}
    monkeypatch.setattr(sys, "executable", "/bin/false")
    ran = run(notebook, asked)
    assert (ran.state, kinds(ran)) == ("ours", {"a": "ours"})
    assert list(states(ran).values()) == ["not_run", "not_run"]
    assert ran.notes == ["A kernel did not start: the process that starts kernels was gone, again and again."]
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run(notebook, asked).state == "ours"
    assert run(notebook, asked, data=Path("/no/such/data")).state == "ours"


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupting_the_caller_kills_the_kernel(number: int) -> None:
    """SIGTERM: as in a worker of `run_many`, which turns it into a KeyboardInterrupt."""
    code = f"""
        import signal, sys, tempfile
        tempfile.tempdir = {tempfile.gettempdir()!r}
        from grader.run import run
        from grader.notebook import Cell, Notebook, Role
        def stop(*_): raise KeyboardInterrupt
        signal.signal(signal.SIGTERM, stop)
        cells = Cell("a", Role.GIVEN, "a = 1"), Cell("b", Role.GIVEN, "import time; time.sleep(100)")
        try:
            run(Notebook(cells), {{}}, on_cell=lambda *_: print("running", flush=True))
        except KeyboardInterrupt:
            print("interrupted")
    """
    caller = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdout.readline() == "running\n"
    time.sleep(0.5)
    start = time.monotonic()
    caller.send_signal(number)
    assert caller.communicate(timeout=20)[0] == "interrupted\n"
    assert time.monotonic() - start < 3
    assert left_behind() == set()
