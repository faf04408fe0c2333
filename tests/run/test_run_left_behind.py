"""What a cell leaves running may end the kernel in a later cell, or before a check: that is not the later cell's doing."""

import sys
from pathlib import Path

import pytest
from run_cells import blank, cell, check, given, printed, probes, run_book, states

from grader.settings import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

LIMITS = Limits(cell=20, notebook=60, probe=10)
IMPORTS = given("import os, signal, subprocess, threading, time")
LEFT = {
    "a thread": "threading.Timer(0.3, lambda: os._exit(7)).start()",
    "a child": "subprocess.Popen(f'sleep 0.3; kill -9 {os.getpid()}', shell=True)",
    "a timer": "signal.setitimer(signal.ITIMER_REAL, 0.3)",
}
HOW = {"a thread": "ended with exit code 7", "a child": "was ended by SIGKILL", "a timer": "was ended by SIGALRM"}


@pytest.mark.parametrize("what", LEFT)
def test_what_an_earlier_cell_left_running_costs_no_later_cell(what: str) -> None:
    ran = run_book(
        IMPORTS,
        blank("early", "early = [1]"),
        blank("leaves", f"early.append(2)\n{LEFT[what]}"),
        check("leaves"),
        blank("late", "early.append(3)\ntime.sleep(0.8)\nlate = list(early)\nprint('late')"),
        check("late"),
        given("print(late)"),
        asks={"leaves": probes(early="nb.early"), "late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert ran.state == "complete"
    assert set(states(ran).values()) == {"ok", "skipped"}
    assert (ran.captures["early"].value, ran.captures["late"].value) == ([1, 2], [1, 2, 3])
    assert (printed(ran, "blank-late"), printed(ran, "given-6")) == ("late\n", "[1, 2, 3]\n")
    (note,) = ran.notes
    assert note.startswith(f"The kernel died in cell `blank-late`: it {HOW[what]}")
    assert note.endswith("By itself, without what other cells left running, it ran.")


def test_a_cell_that_is_slow_since_threads_were_left_at_work_is_run_once_more_without_them() -> None:
    """Python's own lock goes to a thread that only counts for 5 ms at a time, between any two calls of torch."""
    ran = run_book(
        IMPORTS,
        blank(
            "leaves",
            "def count():\n    while True:\n        pass\nfor _ in range(3):\n    threading.Thread(target=count, daemon=True).start()",
        ),
        check("leaves"),
        blank("late", "for _ in range(1500):\n    time.sleep(0)\nlate = 1"),
        check("late"),
        asks={"leaves": probes(there="callable(nb.count)"), "late": probes(late="nb.late")},
        limits=Limits(cell=4, notebook=60, probe=10),
    )
    assert set(states(ran).values()) == {"ok", "skipped"}
    assert ran.captures["late"].value == 1
    assert ran.notes == ["Cell `blank-late` did not end in 4 seconds. By itself, without what other cells left running, it ran."]


def test_what_tells_of_errors_at_once_is_not_seen_by_a_notebook() -> None:
    """Python's own handler of SIGINT, and its own interval between threads: asyncio, for one, asks for the first."""
    seen = "[signal.getsignal(signal.SIGINT) is signal.default_int_handler, sys.getswitchinterval()]"
    ran = run_book(
        given("import signal, sys"),
        blank("fails", f"before = {seen}\nraise ValueError"),
        given(f"after = {seen}"),
        check("fails"),
        asks={"fails": probes(before="nb.before", after="nb.after")},
        limits=LIMITS,
    )
    assert cell(ran, "blank-fails").state == "error"
    assert (ran.captures["before"].value, ran.captures["after"].value) == ([True, 0.005], [True, 0.005])


def test_a_cell_that_does_not_end_is_blamed_for_it_though_threads_were_left_at_work() -> None:
    ran = run_book(
        IMPORTS,
        blank("leaves", "stop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()"),
        check("leaves"),
        blank("hangs", "while True:\n    pass"),
        blank("late", "late = 1"),
        check("late"),
        asks={"leaves": probes(there="nb.stop is not None"), "late": probes(late="nb.late")},
        limits=Limits(cell=2, notebook=60, probe=10),
    )
    assert (cell(ran, "blank-hangs").state, cell(ran, "blank-late").state) == ("timeout", "ok")
    assert ran.captures["late"].value == 1
    assert ran.notes == []


def test_a_cell_that_nobody_wrote_is_no_exception() -> None:
    ran = run_book(
        IMPORTS,
        blank("leaves", LEFT["a thread"]),
        given("time.sleep(0.8)\nprint('given')"),
        blank("late", "late = 1"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert list(states(ran).values()) == ["ok", "ok", "ok", "ok", "skipped"]
    assert printed(ran, "given-2") == "given\n"
    assert ran.captures["late"].value == 1


def test_a_cell_that_ends_the_kernel_by_itself_has_two_more_chances_and_is_blamed(tmp_path: Path) -> None:
    """Without what the earlier one left running, and without what it had done at all."""
    log = tmp_path / "log"
    ran = run_book(
        IMPORTS,
        blank("early", f"open({str(log)!r}, 'a').write('e')\nearly = 1"),
        blank("ends", f"open({str(log)!r}, 'a').write('x')\nos._exit(3)"),
        blank("late", "late = early + 1"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert states(ran)["blank-ends"] == "died"
    assert cell(ran, "blank-ends").error == "the kernel ended with exit code 3"
    assert ran.captures["late"].value == 2
    assert ran.notes == ["The kernel died in cell `blank-ends`: it ended with exit code 3; the rest was run again without it."]
    assert log.read_text() == "exexx"


def test_a_cell_whose_remains_end_the_kernel_again_and_again_before_its_check_is_not_run_again() -> None:
    """It costs its own check; the next one is asked."""
    ran = run_book(
        IMPORTS,
        blank("early", "early = 1"),
        check("early"),
        blank("leaves", "left = 1\nos.register_at_fork(before=lambda: os._exit(5))"),
        check("leaves"),
        blank("late", "late = early + 1"),
        check("late"),
        asks={"early": probes(early="nb.early"), "leaves": probes(leaves="nb.left"), "late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert ran.state == "complete"
    assert states(ran)["blank-leaves"] == "ok"
    assert states(ran)["blank-late"] == "ok"
    assert (ran.captures["early"].value, ran.captures["late"].value) == (1, 2)
    assert ran.captures["leaves"].value is None
    assert "What cell `blank-leaves` left running ended the kernel before a check: it ended with exit code 5" in ran.notes[-1]
    assert len(ran.notes) == len(set(ran.notes)) == 2


def test_many_such_cells_do_not_end_the_run() -> None:
    """Whoever's doing it is, for each of them the kernel is taken up again two times or three."""
    ends = [f"os._exit({number})" for number in range(8)]
    cells = [(blank(f"good{n}", f"good{n} = {n}"), blank(f"ends{n}", source)) for n, source in enumerate(ends)]
    ran = run_book(IMPORTS, *(one for pair in cells for one in pair), check("good7"), asks={"good7": probes(last="nb.good7")})
    assert ran.state == "complete"
    assert ran.captures["last"].value == 7
    assert list(states(ran).values()) == ["ok", *["ok", "died"] * 8, "skipped"]
    assert len(ran.notes) == 8
