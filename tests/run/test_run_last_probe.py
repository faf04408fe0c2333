"""The last question to a copy is answered by the copy itself; and copies are kept where they are worth it."""

from __future__ import annotations

import sys

import pytest
from run_cells import QUICK, blank, book, check, given, kinds, probes, run_book

from grader.judging import Probe
from grader.result import Run
from grader.run import Branch, Kernels, Request
from grader.settings import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

WHO = "def {}(nb):\n    return [nb.os.getpid(), nb.os.getppid()]"


def who(name: str, *, private: bool = False) -> Probe:
    """Which process answers, and whose child it is."""
    return Probe(name, WHO.format(name), private=private)


def values(run: Run, *names: str) -> list[list[int]]:
    found = [run.captures[name].value for name in names]
    assert all(isinstance(value, list) for value in found)
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("private", [False, True])
def test_the_copy_itself_answers_what_is_asked_last(private: bool) -> None:
    """Of what comes before, each is asked in a process of its own, which the copy forks: none sees what another did."""
    asked = [who("first"), who("second"), who("last", private=private)]
    ran = run_book(given("import os"), blank("a", "a = 1"), check("a"), asks={"a": asked})
    first, second, last = values(ran, "first", "second", "last")
    assert first[1] == second[1] == last[0], "the copy"
    assert len({first[0], second[0], last[0]}) == 3


def test_it_may_leave_traces_that_nobody_sees() -> None:
    ran = run_book(
        given("a = [0]"),
        blank("x", "x = 1"),
        check("x"),
        blank("y", "y = list(a)"),
        check("y"),
        asks={
            "x": [Probe("spoil", "def spoil(nb):\n    nb.a.append(1)\n    nb.torch.manual_seed(3)\n    return nb.a")],
            "y": [Probe("y", "def y(nb):\n    return [nb.y, nb.a]")],
        },
    )
    assert ran.captures["y"].value == [[0], [0]]


ENDS = {
    "nb.os.abort()": "SIGABRT",
    "nb.os._exit(3)": "exit code 3",
    "nb.os.kill(nb.os.getpid(), 9)": "SIGKILL",
}


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("how", ENDS)
def test_how_it_ended_is_told(how: str, private: bool) -> None:
    """Whoever its parent is by then: the kernel, or, when that was stopped, the first process of the namespace."""
    deadly = Probe("deadly", f"def deadly(nb):\n    return {how}", private=private)
    asks = {"a": [deadly], "b": probes(b="nb.b")}
    ran = run_book(given("import os"), blank("a", "a = 1"), check("a"), blank("b", "b = a + 1"), check("b"), asks=asks)
    assert kinds(ran) == {"deadly": "died", "b": "value"}
    assert ran.state == "complete"
    fault = ran.captures["deadly"].fault
    assert fault is not None
    assert ENDS[how] in fault.message


@pytest.mark.parametrize("private", [False, True])
def test_one_that_does_not_end_costs_its_own_time(private: bool) -> None:
    slow = Probe("slow", "def slow(nb):\n    while True: pass", private=private)
    asks = {"a": [slow], "b": probes(b="nb.b")}
    cells = (blank("a", "a = 1"), check("a"), blank("b", "b = a + 1"), check("b"))
    ran = run_book(*cells, asks=asks, limits=Limits(cell=20, notebook=60, probe=1))
    assert kinds(ran) == {"slow": "timeout", "b": "value"}


def test_one_that_closes_all_it_has_is_not_waited_for() -> None:
    """Nobody hears of it any more, and it goes on: it is ended, and costs what was asked of it."""
    deaf = "def deaf(nb):\n    import os, time\n    os.closerange(3, 100)\n    time.sleep(100)"
    asks = {"a": [Probe("deaf", deaf)], "b": probes(b="nb.b")}
    ran = run_book(blank("a", "a = 1"), check("a"), blank("b", "b = a + 1"), check("b"), asks=asks)
    assert kinds(ran) == {"deaf": "died", "b": "value"}
    assert ran.seconds < 20


# ---------------------------------------------------------------------------------------------------- which copies are kept


def kept(*sources: str, branches: dict[str, list[Branch]] | None = None) -> list[int]:
    """The numbers of the blanks before which a copy of the kernel waits, once all of it was run."""
    cells = [given("import time"), *(blank(f"b{number}", source) for number, source in enumerate(sources))]
    with Kernels().opened(Request(book(*cells), {}, QUICK, branches=branches or {})) as live:
        assert live.run.state == "complete"
        assert live._work.base is not None
        return sorted(index - 1 for index in live._work.base.copies)


def test_a_copy_is_kept_where_much_would_be_repeated() -> None:
    """Before the first blank always; then where the cells since the last one took a while."""
    assert kept("a = 1", "b = 1", "time.sleep(0.3)", "c = 1", "d = 1") == [0, 3]


def test_small_costs_add_up() -> None:
    assert kept(*(["time.sleep(0.11)"] * 6)) == [0, 2, 4]


def test_before_the_last_blank_only_where_very_much_would_be() -> None:
    """No later blank is tried with another answer to this one; only a notebook that kills its kernel there goes on from here."""
    assert kept("a = 1", "time.sleep(0.3)", "b = 1") == [0]
    assert kept("a = 1", "time.sleep(2.1)", "b = 1") == [0, 2]
    assert kept("a = 1", "time.sleep(0.3)", "b = 1", branches={"b2": [Branch("other", "b = 2", ())]}) == [0, 2]


def test_a_last_blank_that_ends_the_kernel_costs_itself_also_without() -> None:
    asks = {"a": probes(a="nb.a"), "b": probes(b="nb.b"), "c": probes(c="nb.c")}
    cells = (blank("a", "import os, time\na = 1"), check("a"), blank("b", "time.sleep(0.3)\nb = a + 1"), check("b"))
    ran = run_book(*cells, blank("c", "os._exit(3)"), check("c"), asks=asks)
    assert kinds(ran) == {"a": "value", "b": "value", "c": "not_defined"}


def test_and_where_other_sources_are_tried() -> None:
    assert kept("a = 1", "b = 1", "c = 1", branches={"b1": [Branch("other", "b = 2", ())]}) == [0, 1]
