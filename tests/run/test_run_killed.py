"""Somebody kills a process of a run, once, wherever it may be: the run is as if nothing had happened.

Each word that the grader says to a kernel or to a copy is such a moment: just before it is said, and just after.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from run_cells import blank, book, check, given

from grader.judging import Probe
from grader.result import Run
from grader.run import Branch, Kernels, Request
from grader.run.client import Kernel
from grader.run.session import Continued, Copy
from grader.settings import Limits
from grader.values import dumps

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

CELLS = (
    given("import random, time, torch\nlog = [random.random()]"),
    blank("a", "a = torch.rand(2)\nopen('log.txt', 'a').write('a')"),
    check("a"),
    given("time.sleep(0.25)\nlog.append('slept')\nopen('log.txt', 'a').write('b')"),
    blank("b", "b = [torch.rand(1), open('log.txt').read()]\nraise ValueError('no')"),
    check("b"),
    given("print('end')"),
)


def asks(name: str, value: str) -> list[Probe]:
    """Two public ones and a private one."""
    return [Probe(f"{name}{n}", f"def {name}{n}(nb):\n    return {value}", private=n == 2) for n in range(3)]


REQUEST = Request(
    book(*CELLS),
    {"a": asks("a", "nb.a"), "b": asks("b", "[nb.b, nb.log, nb.random.random()]")},
    Limits(cell=20, notebook=60, probe=10),
    branches={"a": [Branch("other", "a = torch.zeros(2)", tuple(asks("a", "nb.a")[:1]))]},
)

WORDS: dict[tuple[type, str], str] = {
    (Kernel, "_announce"): "grader_cell",
    (Kernel, "_send"): "grader_copy grader_error grader_device",
    (Copy, "_say"): "open become restore",
    (Copy, "_go_on"): "open become",
    (Continued, "_ask"): "cell probe",
}
MOMENTS = [f"{owner.__name__}.{name} {word}" for (owner, name), words in WORDS.items() for word in words.split()]


class Killer:
    """Kills who is spoken to at one of the moments, which it keeps: what is said, and when the kill would be."""

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self.moments: list[tuple[str, str]] = []

    def now(self, what: str, when: str, pid: int) -> None:
        if len(self.moments) == self.at:
            assert pid > 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.moments.append((what, when))


Ran = tuple[list[tuple[str, str]], tuple[Any, ...]]


def whose(speaker: Kernel | Copy | Continued) -> int:
    if isinstance(speaker, Kernel):
        speaker.process.poll()  # learns it
        return int(speaker.process.pid)
    return speaker.pid


@pytest.fixture(scope="module")
def execute() -> Iterator[Callable[[int], Ran]]:
    """Runs the request with a kill at the moment of that number, if any: all moments, and what came of it."""
    killer = Killer()

    def listening(owner: type, name: str) -> Callable[..., Any]:
        said = getattr(owner, name)

        def what(word: Any) -> str:
            text = word["do"] if isinstance(word, dict) else word.decode() if isinstance(word, bytes) else word
            return f"{owner.__name__}.{name} {text}"

        @functools.wraps(said)
        def plain(self: Any, word: Any, *more: Any) -> Any:
            killer.now(what(word), "before", whose(self))
            answer = said(self, word, *more)
            killer.now(what(word), "after", whose(self))
            return answer

        @functools.wraps(said)
        async def waited(self: Any, word: Any, *more: Any) -> Any:
            killer.now(what(word), "before", whose(self))
            answer = await said(self, word, *more)
            killer.now(what(word), "after", whose(self))
            return answer

        return waited if inspect.iscoroutinefunction(said) else plain

    kernels = Kernels()

    def run(at: int) -> Ran:
        killer.__init__(at)  # type: ignore[misc]
        found = facts(kernels.execute(REQUEST))
        return killer.moments, found

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in WORDS:
            patch.setattr(owner, name, listening(owner, name))
        yield run


def facts(ran: Run) -> tuple[Any, ...]:
    captures = ran.captures | {f"{name} {one}": found for name, of in ran.branches.items() for one, found in of.items()}
    captured = {name: (dumps(found.value), found.fault) for name, found in captures.items()}
    return ran.state, ran.notes, [(cell.id, cell.state, cell.error, cell.line) for cell in ran.cells], captured


@pytest.fixture(scope="module")
def undisturbed(execute: Callable[[int], Ran]) -> Ran:
    return execute(-1)


def test_the_run_that_is_to_be_disturbed(undisturbed: Ran) -> None:
    """All kinds of moments are in it, and all goes as it should."""
    moments, (state, notes, cells, captured) = undisturbed
    assert {what for what, _ in moments} == set(MOMENTS)
    assert (state, notes) == ("complete", [])
    assert [cell[1] for cell in cells] == ["ok", "ok", "skipped", "ok", "error", "skipped", "ok"]
    assert all(fault is None for _, fault in captured.values())


@pytest.mark.parametrize("what", MOMENTS)
def test_a_kill_changes_nothing(what: str, execute: Callable[[int], Ran], undisturbed: Ran) -> None:
    """Just after the last of each kind."""
    moments, whole = undisturbed
    at = len(moments) - 1 - moments[::-1].index((what, "after"))
    assert execute(at)[1] == whole


@pytest.mark.slow
def test_no_kill_changes_anything(execute: Callable[[int], Ran], undisturbed: Ran) -> None:
    """All of them."""
    moments, whole = undisturbed
    for at, moment in enumerate(moments):
        assert execute(at)[1] == whole, (at, moment)
