"""Who is to blame where a cell fails as if it were not its own doing: it is tried without what the student's last cell had done."""

import sys

import pytest
from run_cells import blank, cell, check, given, probes, run_book, states

from grader.result import Run
from grader.settings import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

LIMITS = Limits(cell=3, notebook=60, probe=10)
SPOILS = {  # harm that is done to every cell after it
    "an audit that exits": "on = []\nsys.addaudithook(lambda event, _: on and event == 'compile' and os._exit(3))\non.append(1)",
    "no loop": "import asyncio\nasyncio.sleep = asyncio.get_event_loop = None",
    "no tokens": "import tokenize\ntokenize.generate_tokens = None",
}


def _run(spoils: str, late: str = "late = [2]") -> Run:
    return run_book(
        given("import os, sys\nnumbers = [1]"),
        blank("early", "early = [*numbers, 1]"),
        check("early"),
        blank("spoils", f"spoils = [*early, 5]\n{spoils}"),
        check("spoils"),
        given("after = 7"),
        blank("late", late),
        check("late"),
        given("print(late)"),
        asks={"early": probes(early="nb.early"), "spoils": probes(spoils="nb.spoils"), "late": probes(late="nb.late")},
        limits=LIMITS,
    )


@pytest.mark.parametrize("what", SPOILS)
def test_a_cell_that_spoils_all_later_ones_costs_itself(what: str) -> None:
    ran = _run(SPOILS[what])
    assert ran.state == "complete"
    assert cell(ran, "blank-late").state == "ok"
    assert (ran.captures["early"].value, ran.captures["late"].value) == ([1, 1], [2])
    assert states(ran)["given-8"] == "ok"
    (note,) = ran.notes
    assert note.startswith(("The kernel died in cell `given-5`: it ", "Cell `given-5` "))
    assert note.endswith(". Without what cell `blank-spoils` had done before, it ran.")


def test_the_time_of_a_trial_is_not_the_notebooks() -> None:
    ran = run_book(
        given("import time"),
        blank("early", "time.sleep(1)\nearly = 1"),
        blank("hangs", "while True:\n    try:\n        time.sleep(100)\n    except BaseException:\n        pass"),
        blank("late", "late = 1"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=Limits(cell=2, notebook=8, probe=2),
    )
    assert (ran.state, cell(ran, "blank-hangs").state, cell(ran, "blank-late").state) == ("complete", "timeout", "ok")
    assert ran.captures["late"].value == 1


@pytest.mark.parametrize("late", ["late = [2]\nos._exit(3)", "late = [*spoils, 2]\nos._exit(3)", "os.kill(os.getpid(), 11)"])
def test_a_cell_that_fails_by_itself_is_to_blame(late: str) -> None:
    ran = _run("pass", late)
    assert ran.state == "complete"
    assert states(ran) == {
        "given-0": "ok", "blank-early": "ok", "check-early": "skipped", "blank-spoils": "ok", "check-spoils": "skipped",
        "given-5": "ok", "blank-late": "died", "check-late": "skipped", "given-8": "error",
    }  # fmt: skip
    assert (ran.captures["early"].value, ran.captures["spoils"].value) == ([1, 1], [1, 1, 5])
    assert ran.captures["late"].value is None
    (note,) = ran.notes
    assert note.startswith("The kernel died in cell `blank-late`: it ")
    assert note.endswith("; the rest was run again without it.")


def test_what_needs_the_cell_that_spoils_is_lost_with_it() -> None:
    ran = _run(SPOILS["an audit that exits"], "late = [*spoils, 2]")
    assert ran.captures["early"].value == [1, 1]
    assert cell(ran, "blank-late").error == "NameError: name 'spoils' is not defined"
    assert ran.captures["late"].value is None


def test_an_error_of_its_own_is_no_trial() -> None:
    ran = _run("pass", "late = missing")
    assert cell(ran, "blank-late").error.startswith("NameError")
    assert ran.notes == []
