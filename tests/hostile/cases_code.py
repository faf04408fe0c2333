"""Notebooks that do harm to their own kernel, mostly by accident. Each costs what depends on it and no more.

Where `middle` is defined before the harm and the kernel lives, nothing is lost; where the kernel is lost, the cell is.
"""

from __future__ import annotations

from .case import BOTH, MIDDLE, Case

_DIED = ("The kernel died in cell `blank-middle`",)
_KILLED = ("did not stop",)


def _then(text: str) -> str:
    """The right answer, and then the harm."""
    return f"{MIDDLE}\n{text.strip()}"


_PRINTS = [
    Case("line-of-30-mb", _then("print('x' * 30_000_000)"), shows=("left out",), quick=True),
    Case("lines-200000", _then("for number in range(200_000):\n    print(number)"), shows=("left out",)),
    Case("prints-for-ever", _then("while True:\n    print('again and again')"), shows=("left out",), says=("stopped after 3 s",)),
    Case("prints-errors-for-ever", _then("import sys\nwhile True:\n    sys.stderr.write('again and again')"), shows=("left out",)),
    Case("writes-to-descriptor-1", _then("import os\nwhile True:\n    os.write(1, b'again and again\\n' * 1000)")),
    Case("displays-for-ever", _then("while True:\n    display('again')"), shows=("left out",)),
    Case("endless-generator", _then("def count():\n    n = 0\n    while True:\n        yield (n := n + 1)\nfor n in count():\n    print(n)")),
    Case("daemon-prints-for-ever", _then(
        "import threading\ndef shout():\n    while True:\n        print('still here')\n"
        "for _ in range(3):\n    threading.Thread(target=shout, daemon=True).start()"
    )),
    Case("large-pictures", _then(
        "from IPython.display import Image\nfor _ in range(30):\n    display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(1_900_000)))"
    ), shows=("left out",)),
    Case("many-figures", _then(
        "import matplotlib.pyplot as plt\nfor _ in range(30):\n    plt.figure(figsize=(1, 1)); plt.plot([1, 2])"
    )),
    Case("repr-for-ever", _then("class Long:\n    def __repr__(self):\n        while True:\n            pass\nLong()"), says=("stopped after",)),
    Case("clears-and-prints", _then(
        "from IPython.display import clear_output\nwhile True:\n    print('x' * 1000)\n    clear_output()"
    )),
]  # fmt: skip

_HANGS = [
    Case("sleeps", _then("import time\ntime.sleep(10**6)"), says=("stopped after 3 s",)),
    Case("loops", _then("while True:\n    pass"), says=("stopped after 3 s",)),
    Case("swallows-interrupts", "import time\nwhile True:\n    try:\n        time.sleep(1000)\n    except BaseException:\n        pass", BOTH, says=_KILLED),
    Case("ignores-signals", _then(
        "import signal\nfor number in range(1, 65):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\n"
        "while True:\n    pass"
    ), BOTH, says=_KILLED),
    Case("ignores-signals-and-goes-on", _then(
        "import signal\nfor number in range(1, 65):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass"
    )),
    Case("stops-itself", _then("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)")),
    Case("blocks-in-c", _then("import ctypes\nctypes.PyDLL(None).sleep(1000)"), maybe=BOTH),
    Case("awaits-for-ever", _then("import asyncio\nawait asyncio.sleep(1000)"), maybe=BOTH),
    Case("blocks-the-event-loop", _then(
        "import asyncio\nasync def spin():\n    while True:\n        pass\ntask = asyncio.get_event_loop().create_task(spin())"
    ), maybe=BOTH),
    Case("check-for-ever", "def middle(x):\n    while True:\n        pass", BOTH, says=("did not finish in time",)),
    Case("waits-for-input", _then("name = input('Your name? ')"), says=("StdinNotImplementedError",), quick=True),
    Case("holds-a-lock", _then("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"), maybe=BOTH),
]  # fmt: skip

_ENDS = [
    Case("os-exit", _then("import os\nos._exit(0)"), BOTH, says=_DIED, quick=True),
    Case("os-kill", _then("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), BOTH, says=_DIED),
    Case("os-abort", _then("import os\nos.abort()"), BOTH, says=_DIED),
    Case("terminates-itself", _then("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time\ntime.sleep(1)"), maybe=BOTH),
    Case("interrupts-itself", _then("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(1)")),
    Case("kills-its-group", _then("import os, signal\nos.killpg(0, signal.SIGKILL)"), BOTH, says=_DIED),
    Case("null-pointer", _then("import ctypes\nctypes.string_at(0)"), BOTH, says=_DIED),
    Case("lstm-with-exchanged-weights", _then("""
import torch
net = torch.nn.LSTM(3, 5)
net.weight_ih_l0.data, net.weight_hh_l0.data = net.weight_hh_l0.data, net.weight_ih_l0.data
net(torch.randn(4, 2, 3))[0].sum().backward()
"""), maybe=BOTH),
    Case("sys-exit", _then("import sys\nsys.exit('over')"), says=("SystemExit: over",), quick=True),
    Case("quits", _then("quit()")),
    Case("raises-keyboard-interrupt", _then("raise KeyboardInterrupt")),
    Case("raises-a-base-exception", _then("class Odd(BaseException):\n    pass\nraise Odd('odd')"), says=("Odd: odd",)),
    Case("shuts-the-kernel-down", _then("kernel = get_ipython().kernel\nkernel.do_shutdown(False)"), maybe=BOTH),
    Case("stops-the-event-loop", _then("get_ipython().kernel.io_loop.stop()"), maybe=BOTH),
    Case("forks-and-leaves", _then(
        "import os, time\nif os.fork():\n    os._exit(0)\nopen('/proc/self/comm', 'w').write('hostile-left')\ntime.sleep(1000)"
    ), BOTH, says=_DIED),
    Case("exits-in-a-check", "import os\ndef middle(x):\n    os._exit(0)", BOTH),
    Case("aborts-in-a-check", "import os\ndef middle(x):\n    os.abort()", BOTH),
    Case("kills-the-kernel-in-a-check", "import os, signal\ndef middle(x):\n    os.kill(os.getppid(), signal.SIGKILL)\n    return x", BOTH),
    Case("exec-another-program", _then("import os\nos.execvp('sleep', ['sleep', '1000'])"), BOTH),
]  # fmt: skip

_RECURSION = [
    Case("recursion", _then("def again(n):\n    return again(n + 1)\nagain(0)")),
    Case(
        "recursion-without-limit",
        _then("""
import sys
sys.setrecursionlimit(10**8)
class Deep:
    def __repr__(self):
        return repr(self)
text = repr(Deep())
"""),
        BOTH,
        says=_DIED,
    ),
    Case("recursion-in-a-check", "def middle(x):\n    return middle(x)", BOTH, says=("RecursionError",)),
    Case("reference-to-itself", "def middle(x):\n    x.append(x)\n    return x", BOTH),
    Case("value-nested-deep", "def middle(x):\n    for _ in range(100_000):\n        x = [x]\n    return x", BOTH),
]

_BREAKS = [
    Case("another-folder", _then("import os\nos.chdir('/')"), quick=True),
    Case("a-folder-that-is-gone", _then("import os\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')")),
    Case("closes-stdout", _then("import os, sys\nsys.stdout.close()\nsys.stderr.close()\nos.close(1)\nos.close(2)"), quick=True),
    Case("no-stdout", _then("import sys\nsys.stdout = sys.stderr = sys.__stdout__ = sys.stdin = None")),
    Case("closes-every-descriptor", _then("import os\nos.closerange(0, 1000)"), maybe=BOTH),
    Case("takes-every-descriptor", _then("import os\ntaken = []\nwhile True:\n    taken.append(os.open('/dev/null', 0))"), maybe=BOTH),
    Case("no-more-descriptors", _then("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))"), maybe=BOTH),
    Case("no-more-memory", _then("import resource\nresource.setrlimit(resource.RLIMIT_AS, (1, 1))"), maybe=BOTH),
    Case("deletes-builtins", _then("import builtins\nfor name in ('len', 'sum', 'print', 'range', 'open', 'isinstance', '__import__'):\n    delattr(builtins, name)"), maybe=BOTH),
    Case("clears-builtins", _then("import builtins\nvars(builtins).clear()"), maybe=BOTH),
    Case("shadows-builtins", _then("print = len = list = str = dict = isinstance = None"), quick=True),
    Case("replaces-torch", _then("import sys, types\nsys.modules['torch'] = torch = types.ModuleType('torch')")),
    Case("patches-torch", _then("""
import torch
torch.Tensor.__add__ = torch.Tensor.tolist = torch.is_tensor = torch.tensor = torch.set_num_threads = None
torch.nn.Module.__setattr__ = torch.save = torch.load = None
""")),
    Case("empties-modules", _then("import sys\nsys.modules.clear()"), maybe=BOTH),
    Case("monkeypatches-threading", _then("""
import threading, queue, time, select
threading.Thread.start = threading.Thread.join = threading.Event = threading.Lock = None
queue.Queue.get = queue.Queue.put = None
time.sleep = time.monotonic = time.time = time.perf_counter = lambda *_: 0
"""), maybe=BOTH),
    Case("no-garbage-collection", _then("import gc\ngc.disable()\ngc.freeze()\ngc.set_threshold(1)")),
    Case("traces", _then("import sys, threading\ndef trace(*_):\n    raise ZeroDivisionError\nsys.setprofile(lambda *_: None)\nthreading.settrace(trace)\nsys.settrace(trace)"), maybe=BOTH),
    Case("at-exit", _then("import atexit, time\natexit.register(time.sleep, 1000)\natexit.register(print, 'bye')")),
    Case("resets", f"%reset -f\n{MIDDLE}"),
    Case("forgets-ipython", _then("ip = get_ipython()\nip.events.callbacks.clear()\nip.user_ns.pop('get_ipython')\nIn.clear()\nOut.clear()"), maybe=BOTH),
    Case("no-ipython-methods", _then("ip = get_ipython()\ntype(ip).run_cell = type(ip).run_cell_async = type(ip).run_code = None"), maybe=BOTH),
    Case("removes-its-folder", _then("import os, shutil\nfor name in ('.', os.path.expanduser('~'), os.environ['TMPDIR']):\n    shutil.rmtree(name, ignore_errors=True)")),
    Case("locks-its-folder", _then("import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nos.chmod('a/b', 0)\nos.chmod('a', 0)\nos.chmod('.', 0)")),
    Case("gui-window", _then("import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")),
    Case("gui-magic", _then("%matplotlib tk\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")),
    Case("gui-qt", _then("%matplotlib qt"), after=("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('drawn')",)),
    Case("tkinter", _then("import tkinter\nwindow = tkinter.Tk()\nwindow.mainloop()")),
]  # fmt: skip

_VALUES = [
    Case("gives-an-endless-generator", "def middle(x):\n    while True:\n        yield 4.0", BOTH),
    Case("gives-a-giant", "import torch\ndef middle(x):\n    return torch.zeros(1).expand(10**12)", BOTH),
    Case("gives-what-equals-everything", "class Yes(list):\n    def __eq__(self, other): return True\n    def __getattr__(self, name): return self\n    def __iter__(self): return iter([4.0, 5.0, 7.0])\ndef middle(x):\n    return Yes()", BOTH),
    Case("gives-nan", "def middle(x):\n    return [float('nan')] * len(x)", BOTH),
    Case("gives-a-liar", "class Liar(float):\n    __class__ = property(lambda self: 1 / 0)\n    def __reduce__(self): 1 / 0\n    def __repr__(self): 1 / 0\ndef middle(x):\n    return [Liar() for _ in x]", BOTH),
    Case("gives-half-characters", "def middle(x):\n    return '\\ud800' * 10", BOTH),
    Case("raises-half-characters", _then("raise ValueError('\\ud800\\x00\\x1b]0;title\\x07' * 10)")),
    Case("raises-what-cannot-be-said", _then("class Mute(Exception):\n    def __str__(self):\n        raise self\nraise Mute"), maybe=BOTH),
    Case("raises-a-long-story", _then("raise ValueError('x' * 10_000_000)")),
]  # fmt: skip

_LEAVES = [
    Case("leaves-a-thread", _then("import threading, time\ndef stay():\n    while True:\n        time.sleep(0.01)\nthreading.Thread(target=stay).start()"), quick=True),
    Case("leaves-children", _then("import subprocess\nfor new in (True, False):\n    subprocess.Popen(['sleep', '1000'], start_new_session=new)\n!sleep 1000 &")),
    Case("many-files", _then("import os\nos.mkdir('many')\nfor number in range(2_000_000):\n    open(f'many/{number}', 'w').close()"), maybe=frozenset()),
]  # fmt: skip

# What is left running ends the kernel in a later cell, which is not to blame.
_LATER = "from time import sleep\nsleep(1)"
_TIME_BOMBS = [
    Case("thread-that-exits-later", _then("import os, threading\nthreading.Timer(0.3, lambda: os._exit(1)).start()"), after=(_LATER,)),
    Case("child-that-kills-later", _then("import subprocess\nsubprocess.Popen('sleep 0.3; kill -9 $PPID', shell=True)"), after=(_LATER,)),
    Case("child-that-kills-everybody", _then(
        "import subprocess\nsubprocess.Popen('while :; do sleep 0.3; kill -9 -1; done', shell=True, start_new_session=True)"
    ), maybe=BOTH, after=(_LATER,), isolated=True),
    Case("timer-that-goes-on", _then("import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)"), maybe=BOTH, after=(_LATER,)),
    Case("child-that-stops-it", _then(
        "import subprocess\nsubprocess.Popen('while :; do sleep 0.3; kill -STOP $PPID; done', shell=True)"
    ), after=(_LATER,)),
    Case("event-that-exits", _then("import os\nget_ipython().events.register('pre_run_cell', lambda *_: os._exit(1))")),
    Case("event-that-sleeps", _then("import time\nget_ipython().events.register('pre_execute', lambda *_: time.sleep(1000))")),
    Case("cells-that-do-nothing", _then("get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])")),
    Case("tracer-that-exits", _then(
        "import os, sys\ndef tracer(frame, *_):\n    if frame.f_code.co_filename == '<probe>':\n        os._exit(1)\nsys.settrace(tracer)"
    )),
    Case("exceptions-from-a-thread", _then("""
import ctypes, threading, time
main = ctypes.c_ulong(threading.main_thread().ident)
def shoot():
    while True:
        time.sleep(0.02)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(SystemExit))
threading.Thread(target=shoot, daemon=True).start()
"""), maybe=BOTH, after=(_LATER,)),
]  # fmt: skip

# Settings and helpers that other cells and checks find as they were left.
_LEFT_ON = [
    Case("default-device-meta", _then("import torch\ntorch.set_default_device('meta')\ntorch.set_default_dtype(torch.float64)")),
    Case("inference-mode", _then("import torch\ntorch.inference_mode(True).__enter__()\ntorch.autograd.set_detect_anomaly(True)")),
    Case("workers-of-a-loader", _then("""
from torch.utils.data import DataLoader
loader = DataLoader(range(64), batch_size=8, num_workers=2, persistent_workers=True)
batches = iter(loader)
print(next(batches))
"""), shows=("tensor([0, 1, 2, 3, 4, 5, 6, 7])",)),
    Case("pool-of-processes", _then("""
from concurrent.futures import ProcessPoolExecutor
def square(x):
    return x * x
pool = ProcessPoolExecutor(2)
print(list(pool.map(square, range(5))))
"""), shows=("[0, 1, 4, 9, 16]",)),
    Case("no-more-processes", _then("import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (0, 0))"), maybe=BOTH),
    Case("no-more-imports", _then("import sys\nsys.meta_path.clear()\nsys.path.clear()\nsys.path_hooks.clear()")),
    Case("debugger", _then("breakpoint()"), maybe=BOTH),
    Case("shell-that-kills", _then("!kill -9 $PPID"), BOTH, says=_DIED),
    Case("shell-for-ever", after=("%%bash\nsleep 1000", "!yes", "%%bash --bg\nsleep 1000")),
]  # fmt: skip

HOG = """
held = []
for number in range(100):
    held.append(b"x" * 100_000_000)
    if number > 50:
        print("LEA" + "KED", "5 GB of memory")
        break
"""

# Only isolation keeps these off the machine. Each stops by itself after doing enough harm to be seen, and boasts of it: the
# limits are 4 GiB of memory and 100 MiB of disk here (`course.TOML`), and some hundred processes.
_TAKES = [
    Case("memory-hog", _then(HOG), maybe=BOTH, isolated=True),
    Case("memory-hog-in-a-check", """
def middle(x):
    held = []
    while len(held) < 60:
        held.append(b"x" * 100_000_000)
    return [3 + number for number in x]
""", BOTH, isolated=True),
    Case("memory-in-copies", _then("""
import os, time
held = b"x" * 400_000_000
for _ in range(12):
    if os.fork() == 0:
        mine = bytearray(held)
        time.sleep(60)
        os._exit(0)
"""), maybe=BOTH, isolated=True),
    Case("fork-bomb", """
import mmap, os, time
count, end = mmap.mmap(-1, 8), time.time() + 4
while time.time() < end:
    try:
        os.fork()
    except OSError:
        break
    number = int.from_bytes(count[:8], "little") + 1
    count[:8] = number.to_bytes(8, "little")
    if number > 1000:
        print("LEA" + "KED", "1000 processes", flush=True)
        break
""", maybe=BOTH, isolated=True),
    Case("thread-bomb", _then("""
import threading, time
try:
    for _ in range(2000):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    print("LEA" + "KED", "2000 threads")
except RuntimeError as error:
    print(error)
"""), maybe=BOTH, isolated=True),
    Case("disk-hog", _then("""
try:
    for number in range(30):
        with open(f"large-{number}", "wb") as file:
            file.write(b"x" * 20_000_000)
    print("LEA" + "KED", "600 MB of disk")
except OSError as error:
    print(error)
"""), maybe=BOTH, isolated=True),
    Case("temporary-hog", _then("""
import os
for folder in (os.environ["TMPDIR"], os.path.expanduser("~"), "/tmp", "/var/tmp", "/dev/shm"):
    try:
        for number in range(10):
            with open(os.path.join(folder, f"hostile-large-{number}"), "wb") as file:
                file.write(b"x" * 20_000_000)
    except OSError as error:
        print(folder, error)
    else:
        print("LEA" + "KED", "200 MB in", folder)
"""), maybe=BOTH, isolated=True),
]  # fmt: skip

CASES = [*_PRINTS, *_HANGS, *_ENDS, *_RECURSION, *_BREAKS, *_VALUES, *_LEAVES, *_TIME_BOMBS, *_LEFT_ON, *_TAKES]
