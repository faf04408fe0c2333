"""The kernel's side: a `Session` watches the cells of one notebook and runs probes on what they left behind.

The graded run starts one in its kernel (`serve`); the self-check starts one in a student's live notebook::

    session = Session(get_ipython().user_ns)
    session.install(get_ipython())                    # from now on: figures, and which cell a line belongs to
    capture = session.take(source, "fits_the_weights", given={}, seconds=30)
"""

from __future__ import annotations

import importlib
import re
import sys
import time
from collections.abc import Callable
from types import FunctionType, TracebackType
from typing import Any

from grader.result import Capture, Fault
from grader.run.figures import Figures
from grader.run.isolate import can_fork, forked, restored
from grader.run.originals import Originals
from grader.run.training import Training
from grader.run.view import NotDefined, View
from grader.run.wire import pack, unpack
from grader.values import NotAValue, Raised, Value, ValueTooLarge, capture, dumps, loads, restore

__all__ = ["Session"]

_MARKER = re.compile(r"^\s*# blank: (\w+)\s*$", re.MULTILINE)
_PROBE_FILE = "<probe>"


class Session:
    """One notebook's variables, the figures its cells drew, and which cell each code object came from."""

    def __init__(self, user_ns: dict[str, Any]) -> None:
        self.user_ns = user_ns
        self.figures = Figures()
        self.training = Training()
        self._files: dict[str, tuple[str, bool]] = {}  # a code object's file name -> (cell id, is it the student's own)
        self._announced: tuple[str, str, bool] | None = None
        self._blank = ""  # of the last cell, for cells that do not say
        self._ip: Any = None
        importlib.import_module("torch")  # a probe may use it; and its originals are to be remembered
        self.originals = Originals()

    # ------------------------------------------------------------------------------------------------- watching cells

    def install(self, ip: Any) -> None:
        """Follow the cells of an IPython shell from now on. A session that was installed there before is replaced."""
        self._ip = ip
        callbacks = ip.events.callbacks
        for event in ("pre_run_cell", "post_execute"):
            callbacks[event][:] = [f for f in callbacks[event] if type(getattr(f, "__self__", None)).__name__ != "Session"]
        callbacks["pre_run_cell"].insert(0, self._before_cell)
        callbacks["post_execute"].insert(0, self._after_cell)  # in front: the inline backend closes figures there
        self.figures.watch()
        self.training.watch()

    def announce(self, cell: str, blank: str, own: bool) -> None:
        """The id of the cell that runs next, the blank it belongs to ("" for none), and whether the student wrote it."""
        self._announced = (cell, blank, own)

    def locate(self, cell: str, file: str, own: bool = True) -> None:
        """Code compiled under the name `file` is that of `cell`."""
        self._files[file] = (cell, own)

    def _before_cell(self, info: Any) -> None:
        cell, blank, own = self._announced or self._guess(str(info.raw_cell), getattr(info, "cell_id", None) or "")
        self.figures.start(blank, cell)
        transformed = getattr(info, "transformed_cell", None) or info.raw_cell
        number = self._ip.execution_count - bool(info.store_history)  # it counts up before it tells
        self.locate(cell, self._ip.compile.get_code_name(info.raw_cell, transformed, number), own)

    def _after_cell(self) -> None:
        self.figures.finish()

    def _guess(self, source: str, cell: str) -> tuple[str, str, bool]:
        """Whose cell this is, in a notebook that nobody drives: by its id, its marker, or the cell before it."""
        kind, _, name = cell.partition("-")
        if marker := _MARKER.search(source):
            self._blank = marker[1]
        elif kind == "blank" and name:
            self._blank = name
        elif kind in ("given", "check", "setup"):
            self._blank = ""
        return cell or (f"blank-{marker[1]}" if marker else "a cell"), self._blank, bool(self._blank)

    # --------------------------------------------------------------------------------------------------------- probes

    def take(self, source: str, name: str, given: Value, seconds: float, *, fork: bool | None = None) -> Capture:
        """Run one probe and return what it brought out. Never raises, leaves no trace.

        source: of `def name(nb): ...`. given: plain data, restored for the probe. fork: in a copy of the process, or in place
        (default: a copy where that can be had).
        """
        return unpack(self.take_bytes([source], name, dumps(given), seconds, fork=fork))

    def take_bytes(self, source: list[str], name: str, given: bytes, seconds: float, *, fork: bool | None = None) -> bytes:
        """As `take`, with the bytes of `values.dumps` going in and those of `wire.pack` coming out.

        source: in a list, from which it is taken out to be compiled: while the student's code runs, no frame above it holds it.
        """
        with self.originals:
            figures_of, self.figures._cell = self.figures._cell, None

            def work() -> bytes:
                return _packed(self._probe(source, name, given))

            try:
                if can_fork() if fork is None else fork:
                    return forked(work, seconds)
                with self.training.undone():
                    return restored(work, seconds, self.user_ns)
            finally:
                self.figures._cell = figures_of

    def take_here(self, source: list[str], name: str, given: bytes) -> bytes:
        """As `take_bytes`, in a process that is thrown away afterwards: nothing is put back, and nobody looks at the clock."""
        with self.originals:
            self.figures._cell = None
            return _packed(self._probe(source, name, given))

    def _probe(self, source: list[str], name: str, given: bytes) -> Capture:
        try:
            function = _compiled(source.pop(), name)
            view = View(self.user_ns, restore(loads(given)), self.figures, self.training)
        except (SyntaxError, LookupError, TypeError, NotAValue, ImportError) as error:
            return Capture(fault=Fault("ours", type(error).__name__, f"the probe `{name}` cannot be run: {error}"))
        start = time.perf_counter()
        value, fault = None, None
        try:
            value = capture(function(view))
        except NotDefined as error:
            fault = Fault("not_defined", name=error.name)
        except ValueTooLarge as error:
            fault = Fault("too_large", message=str(error))
        except BaseException as error:
            fault = self.fault(error)
        return Capture(value, fault, time.perf_counter() - start)

    def fault(self, error: BaseException) -> Fault:
        """What an exception says, and where in the notebook it comes from."""
        said = capture(error)
        message = said.message if isinstance(said, Raised) else ""
        cell, line = self.place(error)
        return Fault("raised", type(error).__name__, message, cell=cell, line=line)

    def place(self, error: BaseException, cell: str = "") -> tuple[str, int]:
        """The innermost line of the traceback that lies in a student's cell, else in any cell; or in the given `cell`."""
        best, rank = ("", 0), 0
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            where, own = self._files.get(trace.tb_frame.f_code.co_filename, ("", False))
            if where and (not cell or where == cell) and 1 + own >= rank:
                best, rank = (where, trace.tb_lineno), 1 + own
            trace = trace.tb_next
        if not best[1] and isinstance(error, SyntaxError) and isinstance(error.lineno, int):
            return cell, error.lineno  # the cell itself did not compile
        return best


def _packed(taken: Capture) -> bytes:
    try:
        return pack(taken)
    except ValueTooLarge as error:
        return pack(Capture(fault=Fault("too_large", message=str(error)), seconds=taken.seconds))
    except (TypeError, ValueError, AttributeError, RecursionError) as error:  # a value class of ours, made by hand and wrong
        return pack(Capture(fault=Fault("raised", type(error).__name__, "this is not a value"), seconds=taken.seconds))


def _compiled(source: str, name: str) -> Callable[[View], Any]:
    """The probe, in a name space of its own that holds `torch` and `np`."""
    space: dict[str, Any] = {"__name__": "probe", "torch": sys.modules["torch"], "np": sys.modules["numpy"]}
    exec(compile(source, _PROBE_FILE, "exec"), space)  # noqa: S102
    function = space[name]
    if not isinstance(function, FunctionType):
        raise TypeError(f"`{name}` is no function")
    return function
