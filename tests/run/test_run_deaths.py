"""Notebooks that kill their kernel or hang: a run always ends, and what one cell does costs at most what depends on it."""

import os
import textwrap

import pytest
from run_cells import blank, book, cell, check, given, kinds, printed, probes, run_book, states

from grader.isolation import available, missing
from grader.result import Fault
from grader.run import Kernels, Request
from grader.run.runner import KERNELS
from grader.run.session import NoCopy
from grader.settings import Limits

needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


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
def test_a_child_that_is_left_does_not_hide_that_its_parent_died() -> None:
    """Neither that of the kernel, nor that of the copy in which the cell is run a second time."""
    source = """
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        os.kill(os.getpid(), 9)
    """
    ran = run_book(
        given("import os, time"),
        blank("early", "time.sleep(0.3)\nearly = 1"),
        blank("kills", textwrap.dedent(source)),
        blank("late", "late = early + 1"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=Limits(cell=10, notebook=60, probe=5),
    )
    assert states(ran)["blank-kills"] == "died"
    assert cell(ran, "blank-kills").error == "the kernel was ended by SIGKILL, perhaps for want of memory"
    assert ran.captures["late"].value == 2


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
        limits=Limits(cell=1, notebook=60, probe=10),
    )
    assert ran.state == "complete"
    assert list(states(ran).values()) == ["ok", "timeout", "skipped", "timeout", "skipped", "timeout", "skipped", "ok"]
    assert (cell(ran, "blank-slow").error, cell(ran, "blank-slow").line) == ("stopped after 1 seconds", 3)
    assert kinds(ran) == dict.fromkeys(("before", "printing", "clings", "last"), "value") | {"after": "not_defined"}
    assert len(printed(ran, "blank-prints")) == 200_000
    assert "left out" in str(cell(ran, "blank-prints").outputs)
    assert cell(ran, "blank-clings").error == "did not stop after 1 seconds, and was killed"
    assert len(ran.notes) == 1
    assert "blank-clings" in ran.notes[0]


@posix
def test_after_many_deaths_the_rest_is_run_all_the_same() -> None:
    """Each time the kernel is taken up again from its last copy, and nothing that came before is repeated."""
    ran = run_book(
        given("runs = []"),
        *(blank(f"kill{n}", f"runs.append({n})\nimport os; os.abort()") for n in range(5)),
        blank("last", "b = runs"),
        check("last"),
        asks={"last": probes(b="nb.b")},
    )
    assert ran.state == "complete"
    assert ran.captures["b"].value == []
    assert list(states(ran).values()) == ["ok", *["died"] * 5, "ok", "skipped"]
    assert [note.endswith("it was ended by SIGABRT; the rest was run again without it.") for note in ran.notes] == [True] * 5


@posix
@pytest.mark.slow
def test_after_the_last_kernel_the_rest_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.run.client.Kernel.copy", no_copy)
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


async def no_copy(_kernel: object, **_how: object) -> NoCopy:
    """As where kernels cannot be forked."""
    return NoCopy(able=False)


def test_the_notebooks_limit() -> None:
    ran = run_book(
        blank("a", "a = 1"),
        check("a"),
        blank("long", "import time; time.sleep(100)"),
        check("long"),
        blank("b", "b = 1"),
        asks={"a": probes(a="nb.a"), "long": probes(long="nb.a"), "b": probes(b="nb.b")},
        limits=Limits(cell=60, notebook=3, probe=10),
    )
    assert 2 < sum(c.seconds for c in ran.cells) < 6
    assert ran.state == "timeout"
    assert list(states(ran).values()) == ["ok", "skipped", "timeout", "not_run", "not_run"]
    assert kinds(ran) == {"a": "value", "long": "timeout", "b": "timeout"}
    assert ran.notes == ["The notebook did not finish in 3 seconds; the rest was not run."]


def test_a_probe_that_does_not_end_costs_itself_only() -> None:
    ran = run_book(
        blank("f", "def f():\n    while True: pass"),
        check("f"),
        asks={"f": probes(forever="nb.f()", kind="type(nb.f).__name__")},
        limits=Limits(cell=20, notebook=60, probe=1),
    )
    assert ran.captures["forever"].fault == Fault("timeout")
    assert ran.captures["kind"].value == "function"
    assert (ran.state, ran.notes) == ("complete", [])


@needs_isolation
def test_threads_at_work_use_up_no_more_than_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """On all cores a notebook may compute for as long as it may take: processor time is the last of the limits."""
    monkeypatch.setattr("grader.run.plan._MARGIN", 1.0)
    work = """
        def work():
            end = time.monotonic() + 2.8
            while time.monotonic() < end:
                x @ x
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    """
    first = given("import threading, time, torch\nx = torch.ones(500, 500)")
    cells = book(first, blank("a", f"{textwrap.dedent(work)}\na = 1"), check("a"))
    request = Request(cells, {"a": probes(a="nb.a")}, Limits(cell=20, notebook=4, probe=5))
    ran = Kernels(isolated=True).execute(request)
    assert ran.captures["a"].value == 1, ran.notes
