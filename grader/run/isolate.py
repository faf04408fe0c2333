"""Two ways to run a probe so that it leaves no trace in the notebook.

forked     in a copy of the process, which is thrown away: Linux, no accelerator in sight. A time limit that nothing evades.
restored   in place; what a probe usually changes is put back: random states, train/eval mode, parameters, buffers, gradients,
           variables. Everywhere else. The time limit is an interrupt.

Both take `work`, a function that gives the packed capture, and return its bytes.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import faulthandler
import os
import random
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from grader.result import Capture, Fault
from grader.run.view import modules_in
from grader.run.wire import LARGEST, pack

__all__ = ["NO_COPY", "can_fork", "forked", "high", "restored", "silence"]

NO_COPY = "no copy of the kernel could be made"  # a cell may have used up what that takes

Work = Callable[[], bytes]

_PR_SET_PDEATHSIG = 1
_HEADER = 8  # bytes of the length that stands before what a child sends


def can_fork() -> bool:
    """Linux, and no accelerator: once autograd has started its threads for one, it refuses to work in a forked copy."""
    if not sys.platform.startswith("linux") or not hasattr(os, "fork"):
        return False
    torch = sys.modules.get("torch")
    if torch is None:
        return True
    accelerator = getattr(torch, "accelerator", None)
    return not (accelerator.is_available() if accelerator else torch.cuda.is_available())


def high(descriptor: int) -> int:
    """The same file under a number that no standard stream has: where a cell closed those, we would get theirs. fcntl(2)"""
    if descriptor > 2:
        return descriptor
    import fcntl  # not on Windows

    moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


def fault(kind: str, message: str = "") -> bytes:
    """The packed capture for a probe that gave nothing."""
    return pack(Capture(fault=Fault(kind, message=message)))


# ----------------------------------------------------------------------------------------------------------------- forked


def forked(work: Work, seconds: float) -> bytes:
    """`work()` in a forked copy of this process, which is killed, with what it started, when the time is over."""
    read, write = map(high, os.pipe())
    start, state = time.monotonic(), random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # "fork in a process with threads": the child takes care
            pid = os.fork()
    except OSError as error:
        os.close(read)
        os.close(write)
        return fault("ours", f"{NO_COPY}: {error.strerror}")
    if pid == 0:
        random.setstate(state)  # Python seeds it anew in every copy
        _child(work, write)
    os.close(write)
    data: bytes | None = None
    try:
        data = _receive(read, start + seconds)
    except KeyboardInterrupt:
        data = fault("timeout")
    finally:
        os.close(read)
        ended = _end(pid)
    return data if data is not None else fault("died", ended)


def _child(work: Work, write: int) -> NoReturn:
    """The copy: silent, one thread, in a session of its own. Never returns into the notebook."""
    try:
        os.setsid()
        _die_with_parent()
        silence()
        if (torch := sys.modules.get("torch")) is not None:
            torch.set_num_threads(1)
        data = work()
        message = memoryview(len(data).to_bytes(_HEADER, "little") + data)
        while message:
            message = message[os.write(write, message) :]
    finally:
        os._exit(0)


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def silence() -> None:
    """Nothing that the copy prints may reach the notebook, by file descriptor, `print` or a stream that someone kept."""
    faulthandler.disable()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    if (iostream := sys.modules.get("ipykernel.iostream")) is not None:
        kind: Any = iostream.OutStream  # its own methods would send it to the parent
        kind.write = property(lambda _: len)  # a property goes before what was set on the stream itself
        kind.flush = property(lambda _: bool)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _receive(read: int, deadline: float) -> bytes | None:
    """What the child sends; None if it ends without a word. A time limit or a size limit passed gives a fault."""
    parts: list[bytes] = []
    have, need = 0, _HEADER
    ready = select.poll()
    ready.register(read, select.POLLIN | select.POLLHUP)
    while have < need:
        left = deadline - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            return fault("timeout")
        part = os.read(read, 2**20)
        if not part:
            return None
        parts.append(part)
        have += len(part)
        if need == _HEADER and have >= _HEADER:
            head = b"".join(parts)
            need += int.from_bytes(head[:_HEADER], "little")
            if need > LARGEST + _HEADER:
                return fault("too_large", f"more than {LARGEST // 2**20} MiB")
    return b"".join(parts)[_HEADER:need]


def _end(pid: int) -> str:
    """Kill the child and its process group, and say how it ended."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except OSError:  # the notebook ignores SIGCHLD, or waits for any child itself
        return ""
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


# --------------------------------------------------------------------------------------------------------------- restored


def restored(work: Work, seconds: float, user_ns: dict[str, Any]) -> bytes:
    """`work()` in this process, after which random states, modules and variables are as they were."""
    with contextlib.ExitStack() as stack:
        null = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        stack.enter_context(_states(user_ns))
        stack.enter_context(contextlib.redirect_stdout(null))
        stack.enter_context(contextlib.redirect_stderr(null))
        return _limited(work, seconds)


def _limited(work: Work, seconds: float) -> bytes:
    """Interrupt `work` when the time is over: it then sees a KeyboardInterrupt. Only the main thread can be interrupted."""
    over = threading.Event()

    def interrupt() -> None:
        over.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    if threading.current_thread() is threading.main_thread():
        timer.start()
    data = fault("timeout")
    with _interruptible():
        try:
            data = work()
            timer.cancel()
            if over.is_set():
                time.sleep(0.05)  # let an interrupt that came in the last moment come here
        except KeyboardInterrupt:
            pass
        finally:
            timer.cancel()
    return fault("timeout") if over.is_set() else data


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Where SIGINT is ignored, as in what a script starts in the background, Python's own interrupt would be, too."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _states(user_ns: dict[str, Any]) -> Iterator[None]:
    """Everything that a probe usually changes, put back at the end."""
    torch = sys.modules.get("torch")
    variables = dict(user_ns)
    python, numpy = random.getstate(), np.random.get_state()
    generator = torch.get_rng_state() if torch else None
    cuda = torch.cuda.get_rng_state_all() if torch and torch.cuda.is_initialized() else []
    modules = _module_states(torch, user_ns) if torch else []
    figures = set(_open_figures())
    try:
        yield
    finally:
        _put_back_variables(user_ns, variables)
        random.setstate(python)
        np.random.set_state(numpy)
        if torch:
            torch.set_rng_state(generator)
            if cuda:
                torch.cuda.set_rng_state_all(cuda)
            for module in modules:
                module.put_back()
        for number, manager in list(_open_figures().items()):
            if number not in figures:
                sys.modules["matplotlib._pylab_helpers"].Gcf.destroy(manager)


def _open_figures() -> Mapping[int, Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return helpers.Gcf.figs if helpers else {}


def _put_back_variables(user_ns: dict[str, Any], variables: Mapping[str, Any]) -> None:
    for name in [name for name in user_ns if name not in variables]:
        del user_ns[name]
    for name, value in variables.items():
        if user_ns.get(name, ...) is not value:
            user_ns[name] = value


def _module_states(torch: Any, user_ns: Mapping[str, Any]) -> list[_ModuleState]:
    seen: dict[int, Any] = {}
    for _, root in modules_in(user_ns):
        for module in root.modules():
            seen.setdefault(id(module), module)
    return [_ModuleState(torch, module) for module in seen.values()]


class _ModuleState:
    """A module: whether it is in training, and its own tensors with copies of their values and gradients."""

    def __init__(self, torch: Any, module: Any) -> None:
        self.module = module
        self.training = module.training
        tensors = [*module._parameters.values(), *module._buffers.values()]
        lazy = torch.nn.parameter.UninitializedTensorMixin
        self.tensors = [t for t in tensors if t is not None and not isinstance(t, lazy)]
        self.values = [t.detach().clone() for t in self.tensors]
        self.grads = [t.grad if t.is_leaf else None for t in self.tensors]
        self.grad_values = [None if grad is None else grad.detach().clone() for grad in self.grads]

    def put_back(self) -> None:
        self.module.training = self.training
        for tensor, value, grad, grad_value in zip(self.tensors, self.values, self.grads, self.grad_values, strict=True):
            _write(tensor, value)
            if grad is not None:
                _write(grad, grad_value)
            if tensor.is_leaf and tensor.grad is not grad:
                tensor.grad = grad


def _write(tensor: Any, value: Any) -> None:
    """Only where something changed: writing spoils the graphs that hold the tensor."""
    now = tensor.detach()
    if not bool(((now == value) | ((now != now) & (value != value))).all()):
        now.copy_(value)
