"""Notebooks that change, for the whole process, what Python and the system do for everybody: later cells and checks must not suffer.

A setting that is left on is the cell's own doing: it may cost the checks of that cell, and never those before and after.
"""

from __future__ import annotations

from .case import BOTH, MIDDLE, Case
from .cases_code import HOG


def _then(text: str) -> str:
    """The right answer, and then the setting."""
    return f"{MIDDLE}\n{text.strip()}"


_LATER = "from time import sleep\nsleep(1)"

_OF_PYTHON = [
    Case("audit-that-raises", _then("import sys\non = []\ndef hook(event, args):\n    if on:\n        raise RuntimeError(event)\nsys.addaudithook(hook)\non.append(1)"), maybe=BOTH),
    Case("audit-that-exits", _then("import os, sys\non = []\ndef hook(event, args):\n    if on and event in ('compile', 'exec'):\n        os._exit(1)\nsys.addaudithook(hook)\non.append(1)"), maybe=BOTH),
    Case("audit-that-hangs", _then("import os, sys\non = []\ndef hook(event, args):\n    while on:\n        pass\nsys.addaudithook(hook)\non.append(1)"), maybe=BOTH),
    Case("shallow-recursion", _then("import inspect, sys\nsys.setrecursionlimit(len(inspect.stack()) + 12)"), maybe=BOTH),
    Case("threads-never-give-way", _then("""
import sys, threading
sys.setswitchinterval(1e6)
def count():
    while True:
        pass
for _ in range(3):
    threading.Thread(target=count, daemon=True).start()
"""), maybe=BOTH),
    Case("warnings-are-errors", _then("import numpy, warnings\nwarnings.simplefilter('error')\nnumpy.seterr(all='raise')\nwarnings.warn = None")),
    Case("collects-all-the-time", _then("import gc\ngc.set_threshold(1)\ngc.set_debug(gc.DEBUG_SAVEALL | gc.DEBUG_STATS)")),
    Case("collector-calls-back", _then("import gc, os\ngc.callbacks.append(lambda phase, info: os._exit(1))\ngc.set_threshold(1)"), maybe=BOTH),
    Case("no-gradients", _then("import torch\ntorch.set_grad_enabled(False)\ntorch.use_deterministic_algorithms(True)\ntorch.set_default_dtype(torch.float16)")),
    Case("many-threads-of-torch", _then("import torch\ntorch.set_num_threads(64)\ntorch.rand(500, 500) @ torch.rand(500, 500)")),
    Case("short-numbers", _then("import sys\nsys.set_int_max_str_digits(640)\nimport decimal\ndecimal.getcontext().prec = 1")),
    Case("no-environment", _then("import os\nos.environ.clear()\nos.getenv = os.getcwd = None")),
    Case("another-language", _then("import locale, os, time\nos.environ['TZ'] = 'Asia/Seoul'\ntime.tzset()\nlocale.setlocale(locale.LC_ALL, 'C')")),
    Case("hooks-of-errors", _then("import os, sys, threading\nsys.excepthook = sys.unraisablehook = threading.excepthook = lambda *_: os._exit(1)\nraise ValueError('mine')")),
    Case("no-sources", _then("import linecache, traceback, tokenize\nlinecache.getlines = linecache.checkcache = traceback.format_exception = None\ntokenize.generate_tokens = None\nraise ValueError('mine')"), maybe=BOTH),
    Case("modes-of-torch", _then("""
import torch
from torch.overrides import TorchFunctionMode
class Mode(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        raise ZeroDivisionError
Mode().__enter__()
"""), maybe=BOTH),
    Case("two-is-three", _then("import ctypes\nctypes.memmove(id(257 - 1) + 24, id(255) + 24, 4)"), maybe=BOTH),
    Case("memory-in-shreds", _then("import ctypes, gc\nfor thing in gc.get_objects()[:2000]:\n    ctypes.memset(id(thing), 255, 8)"), maybe=BOTH),
    Case("stack-in-shreds", _then("import faulthandler\nfaulthandler._stack_overflow()"), BOTH),
    Case("a-finalizer-that-hangs", _then("class Thing:\n    def __del__(self):\n        while True:\n            pass\nthing = Thing()\ndel thing"), says=("stopped after",)),
    Case("interrupts-from-a-thread", _then("""
import _thread, threading, time
def interrupt():
    while True:
        time.sleep(0.01)
        _thread.interrupt_main()
threading.Thread(target=interrupt, daemon=True).start()
"""), maybe=BOTH, after=(_LATER,)),
    Case("a-loop-of-its-own", _then("import asyncio\nasyncio.set_event_loop_policy(None)\nasyncio.set_event_loop(asyncio.new_event_loop())\nasyncio.get_event_loop = asyncio.sleep = None")),
]  # fmt: skip

_OF_THE_SYSTEM = [
    Case("a-second-of-cpu", _then("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True:\n    pass"), maybe=BOTH),
    Case("a-second-of-cpu-later", _then("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))"), maybe=BOTH, after=("from time import process_time\nwhile process_time() < 5:\n    pass",)),
    Case("no-files-to-write", _then("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"), maybe=BOTH),
    Case("a-small-stack", _then("import resource\nresource.setrlimit(resource.RLIMIT_STACK, (65536, 65536))"), maybe=BOTH),
    Case("blocks-every-signal", _then("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True:\n    pass"), maybe=BOTH),
    Case("last-in-line", _then("import os\nos.nice(19)\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))")),
    Case("a-group-of-its-own", _then("import os, ctypes\ntry:\n    os.setpgid(0, 0)\nexcept OSError:\n    pass\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)")),
    Case("cannot-be-looked-into", _then(f"import ctypes\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n{HOG}"), maybe=BOTH, isolated=True),
    Case("all-of-every-core", _then("import multiprocessing, os\nos.sched_setaffinity(0, range(os.cpu_count()))\ndef work():\n    while True:\n        pass\nfor _ in range(8):\n    multiprocessing.Process(target=work, daemon=True).start()")),
    Case("locks-files", _then("import fcntl, os\nfor name in os.listdir('.'):\n    fcntl.flock(open(name), fcntl.LOCK_EX)")),
    Case("reads-what-never-comes", _then("import os\nr, w = os.pipe()\nos.read(r, 1)"), says=("stopped after",)),
    Case("a-full-device", _then("import sys\nsys.stdout = sys.stderr = open('/dev/full', 'w')\nprint('x' * 100_000)"), maybe=BOTH),
]  # fmt: skip

CASES = [*_OF_PYTHON, *_OF_THE_SYSTEM]
