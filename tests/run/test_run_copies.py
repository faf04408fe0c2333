"""What a cell shows and what stops it are the same in a kernel and in a copy of it that goes on."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from typing import Any

import pytest
from run_cells import QUICK, blank, book, cell, check, kinds, probes, states
from run_cells import given as lecture

from grader.isolation import available, missing
from grader.notebook import Cell, Role
from grader.result import CellRun, Run
from grader.run import Kernels, Request
from grader.settings import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are copied on Linux only")

needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")
both = pytest.mark.parametrize(
    "kernels",
    [Kernels(), pytest.param(Kernels(isolated=True), marks=[needs_isolation, pytest.mark.slow])],
    ids=["plain", "isolated"],
)

BEGIN = """
import sys, logging, warnings
import numpy as np, torch, matplotlib.pyplot as plt
from IPython.display import HTML, Markdown, clear_output, display, update_display
kept, handler = sys.stdout, logging.StreamHandler()
logging.getLogger("mine").addHandler(handler)
def fails(x):
    return 1 / x
class Odd(Exception):
    def __str__(self):
        raise ValueError("no words")
class Shown:
    def _repr_html_(self): return "<b>shown</b>"
    def _repr_latex_(self): return "$x$"
"""

SHOWN = {
    "text": "print('a', 1)\nprint('é\\u4e2d', end='')\nprint(); sys.stdout.write('b\\n')",
    "both streams": "print('one'); print('two', file=sys.stderr); print('three'); sys.stdout.flush(); sys.stderr.write('four')",
    "progress": "for n in range(5): print(f'\\r{n}', end='', flush=True)",
    "half a surrogate pair": "print('a\\udc80b')",
    "a kept stream": "print('kept', file=kept); kept.flush(); kept.isatty(), kept.writable(), kept.encoding",
    "logging": "logging.getLogger('mine').warning('mine'); logging.getLogger('other').warning('other')",
    "warnings": "warnings.warn('careful')",
    "a result": "x = 3\nx + 1",
    "a tensor": "torch.arange(6.).reshape(2, 3) / 7",
    "no result": "x;\nNone",
    "displays": "display(HTML('<i>i</i>'), Markdown('**m**')); display({'text/plain': 'p', 'application/json': [1, {'a': None}]}, raw=True); Shown()",
    "display with metadata": "display({'text/plain': 'p'}, metadata={'text/plain': {'wide': True}}, raw=True)",
    "cleared": "print('gone'); display(HTML('gone')); clear_output(); print('stays')",
    "cleared later": "print('gone'); clear_output(wait=True); print('stays'); clear_output(wait=True)",
    "cleared for nothing": "print('stays'); clear_output(wait=True)",
    "a result on display": "display_id = display(HTML('one'), display_id='d')\nHTML('two')",
    "updated": "shown = display(HTML('one'), display_id='e'); print('between'); shown.update(HTML('two'))",
    "updated later": "update_display(HTML('three'), display_id='e')",
    "a figure": "plt.plot([1, 3, 2]); plt.title('t')",
    "two figures": "plt.plot([1]); plt.show(); print('between'); plt.figure(figsize=(2, 1)); plt.plot([2])",
    "a figure as a result": "fig, ax = plt.subplots(); ax.plot([1, 2]); plt.close(); fig",
    "an error": "print('before')\nfails(0)",
    "an error in a chain": "try:\n    fails(0)\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
    "an error without words": "raise Odd",
    "several lines": "raise ValueError('one\\ntwo\\nthree')",
    "syntax": "x = 1\nif x\n    y = 2",
    "indent": "  x = 1\n y = 2",
    "exit": "sys.exit('bye')",
    "quit": "quit()",
    "interrupt": "raise KeyboardInterrupt",
    "assert": "assert 1 == 2, 'not equal'",
    "torch": "torch.ones(2, 3) @ torch.ones(2, 3)",
    "not closed": "sys.stdout.close()\nprint('all the same')",
    "taken away": "sys.stdout = None",
    "after that": "print('there again')",
    "no text": "sys.stdout.write(3)",
    "magics": "%precision 3\n1/3",
    "captured": "%%capture out\nprint('inside')\ndisplay(HTML('h'))\n4",
    "shown again": "out.show(); print(out.stdout)",
    "a shell": "!echo shell; echo error >&2",
    "a shell's lines": "lines = !echo shell\nlines",
    "asked": "input('name? ')",
    "helped": "help(fails)",
    "pager": "fails?",
    "await": "import asyncio\nprint('before')\nawait asyncio.sleep(0)\nprint('after')\n'awaited'",
    "await and fail": "await asyncio.sleep(0)\nfails(0)",
    "in a thread": "import threading\nthread = threading.Thread(target=print, args=('in a thread',)); thread.start(); thread.join()",
    "nothing": "",
    "a comment": "# nothing",
}


def after_a_change(kernels: Kernels, *cells: Cell, limits: Limits = QUICK, **asks: Any) -> tuple[Run, Run]:
    """These cells in a copy of a kernel, and in a kernel."""
    first = Request(book(lecture(BEGIN), blank("x", "changed = 1")), {}, limits)
    other = Request(book(lecture(BEGIN), blank("x", "changed = 2"), check("x"), *cells), asks, limits)
    with kernels.opened(first) as live:
        return live.again(other), kernels.execute(other)


@pytest.fixture(
    scope="module", params=[Kernels(), pytest.param(Kernels(isolated=True), marks=[needs_isolation, pytest.mark.slow])]
)
def shown(request: pytest.FixtureRequest) -> dict[str, tuple[CellRun, CellRun]]:
    cells = [Cell(plain(name), Role.GIVEN, textwrap.dedent(source)) for name, source in SHOWN.items()]
    again, whole = after_a_change(request.param, *cells)
    assert (again.state, whole.state, again.notes, whole.notes) == ("complete", "complete", [], [])
    return {name: (cell(again, plain(name)), cell(whole, plain(name))) for name in SHOWN}


@pytest.mark.parametrize("name", SHOWN)
def test_a_cell_shows_the_same(shown: dict[str, tuple[CellRun, CellRun]], name: str) -> None:
    mine, theirs = shown[name]
    assert (mine.state, mine.error, mine.line) == (theirs.state, theirs.error, theirs.line)
    assert brief(mine.outputs) == brief(theirs.outputs)
    json.dumps(mine.outputs).encode()


def plain(name: str) -> str:
    """As a cell's id."""
    return name.replace(" ", "-").replace("'", "")


def brief(outputs: list[dict[str, Any]]) -> list[Any]:
    """Texts by stream, since a kernel gathers what it prints for a while; pictures by their size; no addresses and no folders."""
    streams = {name: "".join(o["text"] for o in outputs if o.get("name") == name) for name in ("stdout", "stderr")}
    rest = [dict(output) for output in outputs if output["output_type"] != "stream"]
    for output in rest:
        output["data"] = {
            kind: len(text) // 100 if kind == "image/png" else text for kind, text in output.get("data", {}).items()
        }
        output["traceback"] = [line for line in output.get("traceback", []) if not ELSEWHERE.search(line)]
    return json.loads(CHANGING.sub("...", json.dumps([streams, rest], sort_keys=True, ensure_ascii=False)))


ELSEWHERE = re.compile("File .*(zmqshell|iostream|recorder|serve)")  # how the shell itself is told
CHANGING = re.compile(r"0x[0-9a-f]{6,}|/[\w/]*/grader-\w+/|ipykernel_\d+|a[?\ufffd]b")


def test_most_cells_show_something(shown: dict[str, tuple[CellRun, CellRun]]) -> None:
    silent = {name for name, (_, theirs) in shown.items() if not theirs.outputs}
    assert silent <= {"no result", "captured", "taken away", "pager", "nothing", "a comment", "updated later", "exit", "quit"}


# ------------------------------------------------------------------------------------------------------------------ limits

FLOODS = {
    "a long line": "print('x' * 30_000_000)",
    "many lines": "for n in range(200_000): print(n)",
    "both": "for n in range(50_000): print(n); print(n, file=sys.stderr)",
    "many displays": "for n in range(2000): display(HTML(f'{n}'))",
    "a large page": "display(HTML('x' * 10_000_000)); print('after')",
    "large pages": "for n in range(20): display(HTML('x' * 1_900_000))",
    "large pages of other letters": "for n in range(9): display(HTML('\\u4e2d' * 1_900_000))",
    "a large result": "'x' * 5_000_000",
    "a long error": "raise ValueError('x' * 5_000_000)",
    "cleared again and again": "for n in range(3000):\n    clear_output(wait=True); print('x' * 1000)",
}


@pytest.mark.slow
@both
def test_floods_are_cut_alike(kernels: Kernels) -> None:
    cells = [Cell(plain(name), Role.GIVEN, source) for name, source in FLOODS.items()]
    again, whole = after_a_change(kernels, *cells, limits=Limits(cell=60, notebook=300, probe=10, output=20_000))
    for name in FLOODS:
        mine, theirs = cell(again, plain(name)), cell(whole, plain(name))
        assert mine.state == theirs.state, name
        assert abs(len(mine.outputs) - len(theirs.outputs)) <= 10, name
        assert abs(len(json.dumps(mine.outputs)) - len(json.dumps(theirs.outputs))) < 1000, name
        assert len(json.dumps(mine.outputs, ensure_ascii=False)) < 17_000_000


@pytest.mark.slow
@both
def test_loops_are_stopped_alike(kernels: Kernels) -> None:
    swallow = "while True:\n    try:\n        while True: time.sleep(0.01)\n    except KeyboardInterrupt:\n        {}"
    cells = (
        lecture("import time, os, subprocess\nn = 0"),
        blank("prints", "while True:\n    n += 1\n    print('x' * 1000)"),
        blank("sleeps", "print('begun')\ntime.sleep(100)"),
        blank("once", "try:\n    time.sleep(100)\nexcept KeyboardInterrupt:\n    n = -1\nwhile True: pass"),
        blank("ends", "try:\n    time.sleep(100)\nexcept KeyboardInterrupt:\n    n = -2"),
        blank("bare", "try:\n    while True: pass\nexcept:\n    print('swallowed')"),
        blank("waits", "subprocess.run(['sleep', '100'])"),
        blank("clings", swallow.format("pass")),
        blank("last", "m = n"),
        check("last"),
    )
    again, whole = after_a_change(
        kernels, *cells, limits=Limits(cell=1, notebook=60, probe=5, output=1000), last=probes(m="nb.m")
    )
    assert states(again) == states(whole)
    for mine, theirs in zip(again.cells, whole.cells, strict=True):
        assert (mine.id, mine.error) == (theirs.id, theirs.error)
        assert brief(mine.outputs)[0] == brief(theirs.outputs)[0]  # where in the shell an interrupt is met is chance
    assert again.notes == whole.notes
    assert (again.captures["m"].value, whole.captures["m"].value) == (-2, -2)


@pytest.mark.slow
def test_memory_is_watched_in_a_copy() -> None:
    """A copy that waits does not count; one that goes on does, and what it starts."""
    cells = (
        lecture("import time"),
        blank("hungry", "x = bytearray(2 * 10**9)\ntime.sleep(5)"),
        blank("last", "m = 1"),
        check("last"),
    )
    limits = Limits(cell=20, notebook=60, probe=5, memory=900)
    again, whole = after_a_change(Kernels(), *cells, limits=limits, last=probes(m="nb.m"))
    for run in (again, whole):
        assert cell(run, "blank-hungry").error == "the kernel used more memory than it may"
        assert run.captures["m"].value == 1
    assert again.notes == whole.notes


# ----------------------------------------------------------------------------------------------------- who forges an answer

FORGE = """
import os, socket, stat, struct, json
def say(content, *pieces):
    '''To whoever listens.'''
    text = json.dumps(content).encode()
    data = struct.pack('!II', len(text), len(pieces)) + b''.join(struct.pack('!Q', len(p)) for p in pieces) + text + b''.join(pieces)
    for name in os.listdir('/proc/self/fd'):
        try:
            if int(name) > 2 and stat.S_ISSOCK(os.fstat(int(name)).st_mode): os.write(int(name), data)
        except OSError:
            continue
"""

FORGERIES = {
    "no numbers": "say({'seconds': 'x', 'line': [], 'outputs': []})",
    "no outputs": "say({'seconds': 1})",
    "infinite": "say({'seconds': 1e999, 'line': 1e999, 'outputs': []})",
    "odd outputs": "say({'seconds': 1, 'outputs': ['x', 3, None, {}, {'output_type': 'stream'}, {'output_type': 'display_data', 'data': 5}]})",
    "noise": "say({}, b'x' * 1000)\nos.abort()",
    "an array": "say([1, 2])",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_answer_costs_its_own_cell(name: str) -> None:
    """It is never our fault, and what is kept of it are outputs as others are."""
    cells = (blank("forge", FORGE), blank("lies", FORGERIES[name]), check("lies"), blank("last", "m = 1"), check("last"))
    limits = Limits(cell=5, notebook=60, probe=3)
    again, _ = after_a_change(Kernels(), *cells, limits=limits, last=probes(m="nb.m"))
    assert again.state == "complete"
    assert "ours" not in kinds(again).values()
    kinds_of_outputs = {"stream", "error", "display_data", "execute_result"}
    for output in (output for each in again.cells for output in each.outputs):
        assert output["output_type"] in kinds_of_outputs
        assert isinstance(output.get("data", {}), dict)
        assert isinstance(output.get("text", ""), str)
