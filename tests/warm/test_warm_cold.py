"""A warm kernel is as a cold one: what a notebook can see of it is the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from run_cells import QUICK, blank, book, cell, check, given, printed, probes

from grader.isolation import available, missing
from grader.notebook import Cell, Role
from grader.result import Run
from grader.run import Kernels, Request
from grader.values import dumps

needs_isolation = pytest.mark.skipif(not available(), reason="; ".join(missing()) or "no isolation")

SEEN = {
    "names": "[__name__, sys.modules['__main__'].__name__, sorted(vars(sys.modules['__main__'])) == sorted(globals()), hasattr(sys.modules['__main__'], '__file__')]",
    "main": "[__import__('__main__') is sys.modules['__main__'], __import__('__main__').marker, type(__import__('__main__')).__name__]",
    "variables": "sorted(name for name in globals() if not name.startswith('_'))",
    "hash": "[hash('a'), hash((1, 'b')), list({'x', 'y', 'z'})]",
    "seeds": "[random.random(), np.random.rand(), torch.rand(3), torch.randn(2), torch.initial_seed()]",
    "layers": "torch.nn.Linear(3, 2).weight.detach()",
    "threads of torch": "[torch.get_num_threads(), os.environ['OMP_NUM_THREADS']]",
    "path": "[folder_of(entry) for entry in sys.path]",
    "folders": "[folder_of(os.getcwd()), folder_of(os.path.expanduser('~')), folder_of(tempfile.gettempdir()), os.listdir('.')]",
    "environment": "{name: folder_of(value) for name, value in os.environ.items() if not name.startswith('PYDEVD')}",
    "arguments": "[len(sys.argv) > 0, sys.executable, sys.flags.isolated, sys.flags.utf8_mode, sys.flags.hash_randomization, sys.flags.optimize]",
    "streams": "[sys.stdout.isatty(), sys.stdout.encoding, type(sys.stdout).__name__, sys.stdin.__class__.__name__, sys.stdout.writable()]",
    "encodings": "[sys.getdefaultencoding(), sys.getfilesystemencoding(), __import__('locale').getpreferredencoding()]",
    "signals": "[str(signal.getsignal(number)) for number in (2, 14, 15, 17, 13)]",
    "recursion": "sys.getrecursionlimit()",
    "warnings": "sorted({filter[0] + filter[2].__name__ for filter in warnings.filters if 'SymPy' not in filter[2].__name__})",
    "logging": "[logging.getLogger().level, len(logging.getLogger().handlers), logging.getLogger('mine').isEnabledFor(30)]",
    "matplotlib": "{name: str(value) for name, value in plt.rcParams.items() if 'cache' not in name}",
    "matplotlib's": "[plt.get_backend(), folder_of(matplotlib.get_cachedir()), folder_of(matplotlib.get_configdir()), plt.isinteractive(), plt.get_fignums()]",
    "numpy": "[np.geterr(), {name: str(value) for name, value in np.get_printoptions().items()}]",
    "torch's": "[str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.are_deterministic_algorithms_enabled(), torch.cuda.is_available(), torch.backends.mkldnn.enabled]",
    "shell": "[type(ip).__name__, ip.execution_count, ip.colors, ip.xmode, ip.autocall, ip.automagic, len(ip.user_ns['In']), ip.history_manager.enabled, sorted(ip.magics_manager.magics['line'])]",
    "loop": "type(asyncio.get_event_loop()).__name__",
    "garbage": "[gc.isenabled(), gc.get_threshold()]",
    "time": "[time.tzname, abs(time.time() - os.stat('/proc/self').st_mtime) < 3600]",
    "decimals": "[str(decimal.getcontext().prec), fractions.Fraction(1, 3) == 1]",
    "limits": "[resource.getrlimit(resource.RLIMIT_CORE)[0], os.umask(0o022)]",
    "debugging": "[sys.gettrace() is None, sys.getprofile() is None, faulthandler.is_enabled()]",
    "zombies": "len(multiprocessing.active_children())",
}

BEGIN = """
import asyncio, decimal, faulthandler, fractions, gc, logging, multiprocessing, os, random, re, resource, signal, sys, tempfile, time, warnings
import matplotlib, matplotlib.pyplot as plt, numpy as np, torch
ip, marker = get_ipython(), 'mine'
def folder_of(path):
    path = re.sub('ipykernel_[0-9]+', 'ipykernel_N', path)
    return re.sub('^.*/grader-[a-z0-9_]+', 'PRIVATE', path)
"""

SHOWN = {
    "figure": "plt.plot([1, 3, 2], label='a'); plt.title('$x^2$'); plt.legend()",
    "figures": "plt.rcParams['figure.dpi'] = 50; plt.figure(figsize=(3, 2)); plt.imshow(np.eye(3)); plt.show(); plt.scatter([1, 2], [3, 4])",
    "style": "plt.style.use('ggplot'); plt.hist([1, 2, 2, 3]);",
    "formats": "%config InlineBackend.figure_formats = ['svg']\nplt.plot([1]);",
    "backend": "%matplotlib inline\nplt.plot([1, 2]);",
    "warning": "warnings.warn('careful')\nlogging.warning('logged')\nlogging.getLogger('x').info('silent')",
    "error": "np.ones(2) @ np.ones(3)",
    "input": "input('name? ')",
    "help": "help(len)\nlen?",
    "shell": "!echo from the shell\n!pwd > /dev/null; echo $?",
    "subprocess": "import subprocess\nprint(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout)\nsubprocess.run([sys.executable, '-c', 'import sys; print(sys.flags.hash_randomization, hash(\"a\"))'], check=True, capture_output=True).stdout",
    "fork": "def double(q): q.put(torch.ones(2) * 2)\nctx = multiprocessing.get_context('fork'); q = ctx.SimpleQueue(); p = ctx.Process(target=lambda: q.put(4)); p.start(); p.join(); print(p.exitcode, q.get())",
    "pool": "from concurrent.futures import ThreadPoolExecutor\nprint(list(ThreadPoolExecutor(2).map(abs, [-1, -2])))",
    "await": "await asyncio.sleep(0.01, 'awaited')",
    "time": "%timeit -n1 -r1 -q 1\nprint('timed')",
    "magics": "%%writefile made.py\nvalue = 7",
    "import": "import made; print(made.value, made.__file__.endswith('made.py'))",
    "run": "%run made.py\nvalue",
    "exit": "import atexit; atexit.register(print, 'never'); sys.exit(3)",
}


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    """Warm and cold, shut off and not."""
    isolated = (False, True) if available() else (False,)
    return {f"{warm}{shut}": Kernels(warm=warm, isolated=shut).execute(asked()) for shut in isolated for warm in (True, False)}


def asked() -> Request:
    values = {f"value{n}": f"nb['values'][{n}]" for n in range(len(SEEN))}
    gather = f"values = [{', '.join(SEEN.values())}]"
    cells = [Cell(f"shown-{name}", Role.GIVEN, source) for name, source in SHOWN.items()]
    last = blank("net", "torch.manual_seed(0); net = torch.nn.LSTM(2, 3); plt.plot([1, 2]); random.seed(1); r = random.random()")
    own = probes(
        net="nb.net", state="nb.net.state_dict()", drawn="nb.figures('net')", r="[nb.r, torch.rand(2), np.random.rand()]"
    )
    return Request(book(given(BEGIN), given(gather), *cells, last, check("net")), {"net": [*probes(**values), *own]}, QUICK)


def value(run: Run, name: str) -> Any:
    capture = run.captures[name]
    return capture.fault or capture.value


PAIRS = [pytest.param("False", id="plain"), pytest.param("True", id="isolated", marks=needs_isolation)]


@pytest.mark.slow
@pytest.mark.parametrize("shut", PAIRS)
@pytest.mark.parametrize("name", SEEN)
def test_what_a_notebook_sees(runs: Mapping[str, Run], shut: str, name: str) -> None:
    number = f"value{list(SEEN).index(name)}"
    warm, cold = (runs[f"{warm}{shut}"].captures[number] for warm in (True, False))
    assert warm.fault is None
    assert cold.fault is None
    same = dumps(warm.value) == dumps(cold.value)
    assert same, (warm.value, cold.value)


@pytest.mark.slow
@pytest.mark.parametrize("shut", PAIRS)
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_notebook_shows(runs: Mapping[str, Run], shut: str, name: str) -> None:
    warm, cold = (cell(runs[f"{warm}{shut}"], f"shown-{name}") for warm in (True, False))
    assert (warm.state, warm.error, warm.line) == (cold.state, cold.error, cold.line)
    assert shown(warm.outputs) == shown(cold.outputs)


@pytest.mark.slow
@pytest.mark.parametrize("shut", PAIRS)
def test_what_is_captured(runs: Mapping[str, Run], shut: str) -> None:
    warm, cold = (runs[f"{warm}{shut}"] for warm in (True, False))
    for name in ("net", "state", "drawn", "r"):
        assert warm.captures[name].fault is None
        assert dumps(value(warm, name)) == dumps(value(cold, name)), name
    assert (warm.state, warm.notes) == (cold.state, cold.notes) == ("complete", [])


def shown(outputs: list[dict[str, Any]]) -> list[Any]:
    """Texts by stream, pictures by their type and size; no addresses and no folders."""
    streams = {name: "".join(o["text"] for o in outputs if o.get("name") == name) for name in ("stdout", "stderr")}
    rest = [{**output, "data": {}, "kinds": kinds_of(output.get("data", {}))} for output in outputs if "text" not in output]
    text = json.dumps([streams, rest], sort_keys=True)
    return json.loads(re.sub(r"0x[0-9a-f]{6,}|/[\w/.-]*/grader-\w+|ipykernel_\d+", "...", text))


def kinds_of(data: Mapping[str, Any]) -> list[Any]:
    return [
        (kind, len(text) // 50 if kind == "image/png" else text if kind == "text/plain" else "") for kind, text in data.items()
    ]


def hash_of_a() -> int:
    """As PYTHONHASHSEED=0 gives it."""
    said = subprocess.run(
        [sys.executable, "-c", "print(hash('a'))"], env={"PYTHONHASHSEED": "0"}, capture_output=True, check=True
    )
    return int(said.stdout)


FACTS = {
    "__name__": "__main__",
    "hash('a')": str(hash_of_a()),
    "os.listdir('.')": "[]",
    "torch.get_num_threads()": "1",
    "'' in sys.path": "True",
    "plt.get_backend()": "inline",
    "folder_of(tempfile.gettempdir())": "PRIVATE/tmp",
    "folder_of(os.getcwd())": "PRIVATE/work",
    "folder_of(matplotlib.get_cachedir())": "PRIVATE/matplotlib",
    "__import__('__main__').marker": "mine",
    "'grader' in str(sorted(globals()))": "False",
    "len(sys.argv) > 0": "True",
    "multiprocessing.active_children()": "[]",
}


def test_a_warm_kernel_has_what_a_notebook_expects() -> None:
    """The quick part of the above, against what is known of any kernel."""
    facts = "print(" + ", ".join(FACTS) + ", sep='\\n')"
    ran = Kernels().execute(
        Request(book(given(BEGIN), given(facts), *(given(SHOWN[name]) for name in ("magics", "import", "figure"))), {}, QUICK)
    )
    said = printed(ran, "given-1").replace("module://matplotlib_inline.backend_inline", "inline")
    assert dict(zip(FACTS, said.splitlines(), strict=True)) == FACTS
    assert printed(ran, "given-3") == "7 True\n"
    assert [sorted(output["data"]) for output in cell(ran, "given-4").outputs] == [["text/plain"], ["image/png", "text/plain"]]


def test_what_a_warm_kernel_began_with_is_no_leftover() -> None:
    """`%reset --aggressive` forgets the modules that the notebook imported, and those only."""
    told = "import sys; print([name in sys.modules for name in ('made', 'torch', 'IPython', 'ipykernel.iostream', '__main__')])"
    cells = (SHOWN["magics"], "import made", told, "%reset -f --aggressive", told, "import made; print(made.value)")
    ran = Kernels().execute(Request(book(*map(given, cells)), {}, QUICK))
    assert printed(ran, "given-2") == "[True, True, True, True, True]\n"
    assert printed(ran, "given-4") == "[False, True, True, True, True]\n"
    assert printed(ran, "given-5") == "7\n"
