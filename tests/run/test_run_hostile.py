"""Notebooks that break things, on purpose or not: a run always ends, tells what happened, and leaves nothing behind. Real kernels."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from run_cells import blank, book, check, given, printed, probe, probes, run_book, states

from grader.result import CellRun, Fault, Run
from grader.run import run
from grader.run.runner import KERNELS
from grader.settings import Limits
from grader.values import Array, Other

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def cell(ran: Run, name: str) -> CellRun:
    return next(c for c in ran.cells if c.id == name)


def kinds(ran: Run) -> dict[str, str]:
    """Check -> the kind of its fault, or "value"."""
    return {name: c.fault.kind if c.fault else "value" for name, c in ran.captures.items()}


def left_behind() -> set[str]:
    """Private folders, and processes that have one as their TMPDIR."""
    folders = {str(path) for path in Path(tempfile.gettempdir()).glob("grader-*")}
    processes = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if b"TMPDIR=" + os.fsencode(tempfile.gettempdir()) + b"/grader-" in environ.read_bytes():
                processes.add(environ.parent.name)
        except OSError:
            continue
    return folders | processes


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other runs may be going on in this machine: those here have a folder for temporary files of their own."""
    before, tempfile.tempdir = tempfile.tempdir, tempfile.mkdtemp(prefix="t", dir="/tmp" if os.name == "posix" else None)
    yield
    left = left_behind()
    os.rmdir(tempfile.tempdir)
    tempfile.tempdir = before
    assert not left


# -------------------------------------------------------------------------------------------- tampering in a living kernel

SECRET = "TheSecretOfThePrivateProbe"


@pytest.fixture(scope="module")
def tampered() -> Run:
    """One notebook that does everything short of killing its kernel."""
    return run_book(
        given("import sys, os, json, builtins, time, threading, subprocess, gc\nimport numpy as np, torch\nx = torch.ones(2)"),
        blank("exits", "a = 1\nsys.exit('over')\nb = 2"),
        blank("quits", "c = 1\nquit()\nd = 2"),
        blank("leaves", "exit\ne = 1"),
        given("time.sleep(0.3)"),  # IPython ends a kernel 0.1 s after `quit()`
        blank("asks", "name = input('Your name? ')"),
        blank("closes", "print('before')\nsys.stdout.close()"),
        given("print('open again')\nos.close(1)"),
        given("print('without a descriptor')\nsys.stdout = None"),
        given("print('and again')"),
        blank("patches", PATCHES),
        check("patches"),
        blank("equal", "class Yes:\n    def __eq__(self, other): return True\n    __hash__ = None\nyes = Yes()"),
        blank("hooks", HOOKS),
        check("hooks"),
        blank("looks", LOOKS),
        blank("threads", "def spin():\n    while True: time.sleep(0.01)\nthreading.Thread(target=spin).start()"),
        blank("children", CHILDREN),
        blank("forged", FORGED),
        blank("big", BIG),
        blank("locks", "os.makedirs('a/b'); open('a/b/c', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0)"),
        asks={
            "patches": [
                probe("def sums(nb):\n    return [torch.allclose(torch.zeros(1), torch.ones(1)), nb.x.sum(), np.sum([1, 2]), len([1])]")
            ],
            "hooks": [probe(f"def private(nb):\n    {SECRET} = 1\n    print('{SECRET}')\n    return [{SECRET}, nb.x]")],
            "end": probes(yes="nb.yes", fine="nb.x", a="nb.a", b="nb.b", c="nb.c", d="nb.d", seen="nb.seen"),
        },
    )


PATCHES = """
torch.allclose = lambda *a, **k: True
torch.Tensor.sum = lambda self: torch.zeros(())
np.array = np.sum = np.asarray = None
json.dumps = lambda *a, **k: "forged"
builtins.open = builtins.sorted = builtins.isinstance = None
builtins.len = lambda x: 42
os.fork = os.write = os.read = os._exit = os.pipe = None
import grader.values, grader.run.wire, grader.run.inside
grader.values.capture = grader.values.dumps = grader.run.wire.pack = lambda *a: b"forged"
grader.run.inside.Session.take_bytes = lambda *a, **k: b"forged"
sys.modules["torch"] = sys.modules["safetensors.numpy"] = None
"""

HOOKS = """
for name, module in list(sys.modules.items()):
    pass
seen = []
ip = get_ipython()
for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    ip.events.register(event, lambda *a: seen.append(str(a)) and None)
ip.input_transformers_post.append(lambda lines: seen.append(str(lines)) or lines)
class Visitor:
    def visit(self, tree): seen.append(str(tree)); return tree
ip.ast_transformers.append(Visitor())
def trace(frame, event, arg):
    if frame.f_code.co_filename == "<probe>": seen.append(str(frame.f_code))
    return trace
print("x")
"""

LOOKS = """
import linecache
half = "TheSecretOf", "ThePrivateProbe"
word = half[0] + half[1]
places = [str(In), str(_ih), str(list(globals())), str(seen), str(linecache.cache), str(ip.last_execution_result)]
places += [str(ip.history_manager.input_hist_raw), str(ip.kernel.get_parent("shell")), str(vars(ip.compile))]
places += [r for o in gc.get_objects() for r in gc.get_referents(o) if type(r) is str]
places += [bytes(r).decode("utf-8", "replace") for o in gc.get_objects() for r in gc.get_referents(o) if type(r) is bytes]
print("found" if any(word in place for place in places) else "not found", ip.execution_count)
"""

CHILDREN = """
sleepers = [subprocess.Popen(["sleep", "1000"]), subprocess.Popen(["sleep", "1000"], start_new_session=True)]
!sleep 1000 &
"""

FORGED = """
session, kernel = ip.kernel.session, ip.kernel
for content in ({}, {"data": 3}, {"data": {"text/plain": float("nan")}}, {"name": 1, "text": None}):
    for kind in ("stream", "display_data", "error", "clear_output", "update_display_data", "nonsense"):
        session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
for stream in (kernel.iopub_socket,):
    stream.send_multipart([b"x", b"<IDS|MSG>", b"bad", b"{", b"{", b"{", b"{"])
print("\\ud800 half a pair")
"""

BIG = """
from IPython.display import display, HTML, clear_output
display(HTML("x" * 3_000_000))
for _ in range(10): display(HTML("y" * 1_900_000))
for i in range(600): display(i)
print("z" * 300_000)
"""


def test_exits_end_the_cell_and_not_the_kernel(tampered: Run) -> None:
    assert tampered.state == "complete"
    assert tampered.notes == []
    assert (cell(tampered, "blank-exits").state, cell(tampered, "blank-exits").error) == ("error", "SystemExit: over")
    assert (cell(tampered, "blank-quits").state, cell(tampered, "blank-quits").line) == ("error", 2)
    assert [kinds(tampered)[name] for name in "abcd"] == ["value", "not_defined", "value", "not_defined"]


def test_nobody_answers_input(tampered: Run) -> None:
    assert cell(tampered, "blank-asks").error.startswith("StdinNotImplementedError")


def test_stdout_is_open_again_in_the_next_cell(tampered: Run) -> None:
    assert printed(tampered, "blank-closes") == "before\n"
    assert [printed(tampered, f"given-{n}") for n in (7, 8, 9)] == ["open again\n", "without a descriptor\n", "and again\n"]


def test_patched_libraries_change_no_capture(tampered: Run) -> None:
    assert cell(tampered, "blank-patches").state == "ok"
    allclose, total, numpy_sum, length = tampered.captures["sums"].value
    assert (allclose, total.data, numpy_sum, length) == (False, 2.0, 3, 1)
    assert isinstance(tampered.captures["fine"].value, Array)


def test_what_equals_everything_is_no_value(tampered: Run) -> None:
    assert tampered.captures["yes"].value == Other("Yes")


def test_a_private_probe_is_seen_nowhere_afterwards(tampered: Run) -> None:
    assert tampered.captures["private"].value[0] == 1
    assert printed(tampered, "blank-looks").startswith("not found")
    assert printed(tampered, "blank-looks").split()[-1] == "16"  # 15 cells were executed before it, and nothing else
    assert SECRET not in str(tampered.cells)
    assert not any(SECRET in text or "<probe>" in text for text in tampered.captures["seen"].value)


def test_forged_messages_are_passed_over(tampered: Run) -> None:
    assert cell(tampered, "blank-forged").state == "ok"
    assert "half a pair" in printed(tampered, "blank-forged")
    tampered.to_bytes()


def test_outputs_are_capped(tampered: Run) -> None:
    outputs = cell(tampered, "blank-big").outputs
    assert outputs[0]["data"]["text/html" if "text/html" in outputs[0]["data"] else "text/plain"] != "x" * 3_000_000
    assert "3.0 MB left out" in str(outputs[0]["data"]) or outputs[0]["data"]["text/plain"].startswith("<IPython")
    assert sum("y" * 1000 in str(output) for output in outputs) == 8
    assert len(outputs) < 510
    assert len(printed(tampered, "blank-big")) == 200_000
    assert "left out" in outputs[-1]["text"]


# ------------------------------------------------------------------------------------------------------- death and hanging


@posix
def test_a_killed_kernel_is_run_again_without_the_cell() -> None:
    ran = run_book(
        given("import os, signal, torch\nruns = 1"),
        blank("early", "early = torch.ones(2)"),
        check("early"),
        blank("kills", "print('last words', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"),
        check("kills"),
        blank("late", "late = early + 1\nprint('late')"),
        check("late"),
        asks={
            "early": probes(early="nb.early"),
            "kills": probes(killed="nb.kills", still="nb.early"),
            "late": probes(late="nb.late", dies="nb.os._exit(3)", after="nb.early"),
        },
    )
    assert ran.state == "complete"
    assert states(ran) | {} == {
        "given-0": "ok",
        "blank-early": "ok",
        "check-early": "skipped",
        "blank-kills": "died",
        "check-kills": "skipped",
        "blank-late": "ok",
        "check-late": "skipped",
    }
    killed = cell(ran, "blank-kills")
    assert killed.error == "the kernel was ended by SIGKILL, perhaps for want of memory"
    assert printed(ran, "blank-kills") in ("last words\n", "")
    assert printed(ran, "blank-late") == "late\n"
    assert kinds(ran) == {
        "early": "value",
        "killed": "not_defined",
        "still": "value",
        "late": "value",
        "dies": "died",
        "after": "value",
    }
    assert ran.notes == [
        "The kernel died in cell `blank-kills`: it was ended by SIGKILL, perhaps for want of memory; the rest was run again without it."
    ]


@posix
def test_a_cell_that_runs_too_long_is_stopped_and_one_that_clings_is_killed() -> None:
    ran = run_book(
        given("import time"),
        blank("slow", "before = 1\n\ntime.sleep(60)\nafter = 1"),
        check("slow"),
        blank("prints", "while True:\n    print('x' * 1000)"),
        check("prints"),
        blank("clings", "while True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"),
        check("clings"),
        blank("last", "last = before"),
        asks={
            "slow": probes(before="nb.before", after="nb.after"),
            "prints": probes(printing="nb.before"),
            "clings": probes(clings="nb.before"),
            "last": probes(last="nb.last"),
        },
        limits=Limits(cell=1.5, notebook=60, probe=10),
    )
    assert ran.state == "complete"
    assert list(states(ran).values()) == ["ok", "timeout", "skipped", "timeout", "skipped", "timeout", "skipped", "ok"]
    assert (cell(ran, "blank-slow").error, cell(ran, "blank-slow").line) == ("stopped after 1.5 seconds", 3)
    assert kinds(ran) == dict.fromkeys(("before", "printing", "clings", "last"), "value") | {"after": "not_defined"}
    assert len(printed(ran, "blank-prints")) == 200_000
    assert "left out" in str(cell(ran, "blank-prints").outputs)
    assert cell(ran, "blank-clings").error == "did not stop after 1.5 seconds, and was killed"
    assert len(ran.notes) == 1
    assert "blank-clings" in ran.notes[0]


@posix
def test_after_the_last_kernel_the_rest_is_not_run() -> None:
    kill = "import os; os.abort()"
    ran = run_book(
        blank("first", "a = 1"),
        check("first"),
        *(blank(f"kill{n}", kill) for n in range(KERNELS)),
        blank("last", "b = 1"),
        check("last"),
        asks={"first": probes(a="nb.a"), "last": probes(b="nb.b")},
    )
    assert ran.state == "died"
    assert list(states(ran).values()) == ["ok", "skipped", *["died"] * KERNELS, "not_run", "not_run"]
    assert kinds(ran) == {"a": "value", "b": "died"}
    assert len(ran.notes) == KERNELS
    assert cell(ran, "blank-kill0").error == "the kernel was ended by SIGABRT"


def test_the_notebooks_limit() -> None:
    start = time.monotonic()
    ran = run_book(
        blank("a", "a = 1"),
        check("a"),
        blank("long", "import time; time.sleep(100)"),
        check("long"),
        blank("b", "b = 1"),
        asks={"a": probes(a="nb.a"), "long": probes(long="nb.a"), "b": probes(b="nb.b")},
        limits=Limits(cell=60, notebook=6, probe=10),
    )
    assert time.monotonic() - start < 12
    assert ran.state == "timeout"
    assert list(states(ran).values()) == ["ok", "skipped", "timeout", "not_run", "not_run"]
    assert kinds(ran) == {"a": "value", "long": "timeout", "b": "timeout"}
    assert ran.notes == ["The notebook did not finish in 6 seconds; the rest was not run."]


def test_a_probe_that_does_not_end_costs_itself_only() -> None:
    ran = run_book(
        blank("f", "def f():\n    while True: pass"),
        check("f"),
        asks={"f": probes(forever="nb.f()", type="type(nb.f).__name__")},
        limits=Limits(cell=20, notebook=60, probe=1),
    )
    assert ran.captures["forever"].fault == Fault("timeout")
    assert ran.captures["type"].value == "function"
    assert (ran.state, ran.notes) == ("complete", [])


# -------------------------------------------------------------------------------------------------------------- the caller


def test_what_the_kernel_may_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_TEST_TOKEN", "s3cret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    ran = run_book(
        given("import os, sys, json, torch, stat\nprint(json.dumps(dict(os.environ)))"),
        given("print(oct(stat.S_IMODE(os.stat('..').st_mode)), os.path.expanduser('~') != %r)" % os.path.expanduser("~")),
        given("print(torch.get_num_threads(), hash('a'), os.path.exists(os.environ['MPLCONFIGDIR']))"),
        given("import importlib.util as u\nprint(u.find_spec('reference'), u.find_spec('assignments'), u.find_spec('tests'))"),
    )
    environment = eval(printed(ran, "given-0"))
    assert "s3cret" not in str(environment)
    assert "PYTHONPATH" not in environment
    assert {"GRADER_RUN": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": ""}.items() <= environment.items()
    assert printed(ran, "given-1") == "0o700 True\n"
    again = subprocess.run(
        [sys.executable, "-c", "print(hash('a'))"], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True
    )
    assert printed(ran, "given-2") == f"1 {again.stdout.strip()} True\n"
    assert printed(ran, "given-3") == "None None None\n"


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
    assert ran.notes == ["A kernel did not start: it ended with exit code 1."]
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run(notebook, asked).state == "ours"
    assert run(notebook, asked, data=Path("/no/such/data")).state == "ours"


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
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
