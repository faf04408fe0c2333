"""A hook that a cell hangs into what runs cells is that cell's own: it is not called in later ones, nor in checks."""

import sys

import pytest
from run_cells import blank, cell, check, given, printed, probes, run_book, states

from grader.result import Run
from grader.settings import Limits

LIMITS = Limits(cell=20, notebook=60, probe=10)
SHELL = "shell = get_ipython()"
HUNG_UP = {
    "an event that exits": "def hook(*_):\n    os._exit(3)\nshell.events.register('pre_run_cell', hook)",
    "an event that sleeps": "def hook(*_):\n    time.sleep(1000)\nshell.events.register('pre_execute', hook)",
    "an event that ends the cell": "def hook(*_):\n    raise SystemExit\nshell.events.register('pre_run_cell', hook)",
    "an event that is no function": "class Hook:\n    def __call__(self, *_):\n        os._exit(3)\n"
    "hook = Hook()\nshell.events.callbacks['pre_run_cell'].append(hook)",
    "lines for others": "shell.input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
    "lines that end it": "def lines(lines):\n    raise SystemExit\nshell.input_transformers_cleanup.append(lines)",
    "a syntax tree": "import ast\nclass Ends(ast.NodeTransformer):\n    def visit_Name(self, node):\n        os._exit(5)\n"
    "shell.ast_transformers.append(Ends())",
    "other trees": "import ast\nclass Ends(ast.NodeTransformer):\n    def visit_Name(self, node):\n        os._exit(5)\n"
    "shell.ast_transformers = [Ends()]",
    "other events": "shell.events.callbacks = dict(shell.events.callbacks, pre_run_cell=[lambda *_: os._exit(3)])",
    "a tracer": "def tracer(frame, *_):\n    if 'late' in frame.f_code.co_names:\n        os._exit(6)\nsys.settrace(tracer)",
    "a profiler": "def profiler(frame, *_):\n    if 'late' in frame.f_code.co_names:\n        os._exit(6)\nsys.setprofile(profiler)",
    "the collector": "import gc\ngc.callbacks.append(lambda *_: os._exit(7))",
    "the collector's pace": "import gc\ngc.set_threshold(1)\ngc.set_debug(gc.DEBUG_SAVEALL)\nclass Slow:\n    pass",
    "a finder of modules": "class Finder:\n    def find_spec(self, *_):\n        os._exit(9)\nsys.meta_path.insert(0, Finder())",
    "a finder that is a class": "class Finder:\n    @classmethod\n    def find_spec(cls, *_):\n        os._exit(9)\n"
    "sys.meta_path.insert(0, Finder)",
    "a finder without a class": "import types\nsys.meta_path = [types.SimpleNamespace(find_spec=lambda *_: os._exit(9))]",
    "a finder that cannot be looked at": "class Kind(type):\n    def __getattribute__(cls, name):\n        os._exit(9)\n"
    "class Finder(metaclass=Kind):\n    def __getattribute__(self, name):\n        os._exit(9)\n"
    "sys.meta_path.append(object.__new__(Finder))\nsys.path_hooks.append(Finder)",
    "a finder whose names are asked for": "class Finder:\n    __dict__ = property(lambda self: os._exit(9))\n"
    "sys.meta_path.append(Finder())",
    "no finders": "sys.meta_path.clear()",
    "a hook for folders": "sys.path_hooks.insert(0, lambda folder: os._exit(9))\nsys.path_importer_cache.clear()",
    "a hook of built-in parts": "import functools\nsys.path_hooks.insert(0, functools.partial(lambda *_: os._exit(9), 1))\n"
    "sys.path_importer_cache.clear()",
    "another way to show": "shell.display_formatter.format = lambda *_, **__: os._exit(9)",
    "another one who shows": "class Shows(type(shell.display_formatter)):\n    def format(self, *_, **__):\n        os._exit(9)\nshell.display_formatter = Shows()",
    "another way to run": "shell.run_cell = shell.kernel.do_execute = lambda *_, **__: os._exit(9)",
    "a handler of errors": "shell.set_custom_exc((Exception,), lambda *_: os._exit(8))",
}


def _run(hung_up: str, late: str = "") -> Run:
    return run_book(
        given(f"import os, sys, time\n{SHELL}"),
        blank("hangs", f"early = [1]\n{hung_up}"),
        check("hangs"),
        blank("late", f"import gc\ngc.collect()\nimport colorsys, sched\nlate = [1, 2]\nprint('late')\n{late}\nlate"),
        check("late"),
        given("print(late)"),
        asks={"hangs": probes(early="nb.early"), "late": probes(late="nb.late")},
        limits=LIMITS,
    )


@pytest.mark.parametrize("what", HUNG_UP)
def test_what_a_cell_hangs_up_is_gone_before_the_next(what: str) -> None:
    ran = _run(HUNG_UP[what])
    assert list(states(ran).values()) == ["ok", "ok", "skipped", "ok", "skipped", "ok"]
    assert not ran.notes
    assert ran.captures["late"].value == [1, 2]
    assert (printed(ran, "blank-late"), printed(ran, "given-5")) == ("late\n", "[1, 2]\n")


def test_an_error_is_told_as_ever_where_a_cell_left_a_handler_of_errors() -> None:
    ran = _run(HUNG_UP["a handler of errors"], late="missing")
    assert cell(ran, "blank-late").state == "error"
    assert cell(ran, "blank-late").error.startswith("NameError")
    assert not ran.notes
    assert ran.captures["late"].value == [1, 2]


def test_an_error_is_told_as_ever_where_a_cell_left_another_way_to_tell() -> None:
    ran = _run("shell.showtraceback = shell._get_exc_info = lambda *_, **__: os._exit(4)", late="missing")
    assert cell(ran, "blank-late").error.startswith("NameError")
    assert not ran.notes
    (shown,) = [output for output in cell(ran, "blank-late").outputs if output["output_type"] == "error"]
    assert shown["ename"] == "NameError"


def test_the_collector_works_as_usual_in_the_next_cell() -> None:
    ran = _run(HUNG_UP["the collector's pace"], late="late = [gc.get_threshold()[0], gc.get_debug()]")
    assert ran.captures["late"].value == [700, 0]


def test_a_slower_collector_stays() -> None:
    ran = _run("import gc\ngc.set_threshold(5000)\ngc.disable()", late="late = [gc.get_threshold()[0], gc.isenabled()]")
    assert ran.captures["late"].value == [5000, False]


def test_a_tracer_sees_no_check() -> None:
    ran = _run(
        "def tracer(frame, *_):\n    if 'probe' in frame.f_code.co_filename:\n        raise ValueError\nsys.settrace(tracer)"
    )
    assert ran.captures["early"].value == [1]
    assert ran.captures["late"].value == [1, 2]


def test_what_a_library_hangs_up_stays() -> None:
    """A cell loads an extension whose hook counts cells; and the figures of matplotlib are drawn by one."""
    extension = "import types, sys\\nmodule = types.ModuleType('counting')\\n"
    code = "cells = []\\ndef count(*_):\\n    cells.append(1)\\ndef load_ipython_extension(shell):\\n"
    code += "    shell.events.register('pre_run_cell', count)\\n    shell.events.register('post_execute', count)"
    ran = run_book(
        blank(
            "loads",
            f"exec('''{extension}''')\nexec('''{code}''', vars(module))\nsys.modules['counting'] = module\n%load_ext counting",
        ),
        blank("draws", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        blank("again", "plt.plot([2, 1])\ncounted = len(module.cells)"),
        check("again"),
        asks={"again": probes(counted="nb.counted")},
        limits=LIMITS,
    )
    assert set(states(ran).values()) == {"ok", "skipped"}
    assert ran.captures["counted"].value == 4
    shown = [output for name in ("blank-draws", "blank-again") for output in cell(ran, name).outputs]
    assert sum("image/png" in output.get("data", {}) for output in shown) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the warm kernel's init is Linux's")
@pytest.mark.parametrize("what", ["a child", "a thread"])
def test_a_kernel_that_something_stops_goes_on(what: str) -> None:
    stop = {
        "a child": "subprocess.Popen(f'sleep 0.3; kill -STOP {os.getpid()}', shell=True)",
        "a thread": "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()",
    }
    ran = run_book(
        given("import os, signal, subprocess, threading, time"),
        blank("stops", stop[what]),
        blank("late", "time.sleep(0.8)\nlate = 1"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert ran.captures["late"].value == 1
    assert cell(ran, "blank-late").state == "ok"
    assert cell(ran, "blank-late").seconds < 10
    assert not ran.notes


LIBRARY = """
import importlib.abc, importlib.machinery, sys
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "made_up" else None
    def exec_module(self, module):
        module.answer = 42
sys.meta_path.insert(0, Finder())
"""


def test_a_librarys_finder_stays() -> None:
    ran = run_book(
        given(f"with open('library.py', 'w') as file:\n    file.write({LIBRARY!r})\nimport library"),
        blank("late", "import made_up\nlate = made_up.answer"),
        check("late"),
        asks={"late": probes(late="nb.late")},
        limits=LIMITS,
    )
    assert ran.captures["late"].value == 42
