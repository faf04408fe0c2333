"""What the optimizers' steps did: watched by torch's own hook, so that no student has to write anything down.

The hook is `torch.optim.optimizer.register_optimizer_step_pre_hook`: it sees every step of every optimizer before it is taken. A
step costs a few look-ups; a parameter is copied once, before the first step that touches it, and forgotten when it is gone.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from typing import Any
from weakref import ref

import numpy as np

__all__ = ["Training", "overlap"]

OFTEN = 32  # a parameter without a gradient is looked at in each of the first steps, then in one of so many

_watching: list[Training] = []  # the one that is told of steps; in a notebook the set-up cell may run again
_handles: list[Any] = []


class _Record:
    """One parameter: its value before its first step, and what became of it. steps: those of optimizers that are gone."""

    __slots__ = ("closure", "gradient", "optimizers", "parameter", "start", "steps")

    def __init__(self, parameter: Any, records: dict[int, _Record]) -> None:
        key = id(parameter)
        self.parameter = ref(parameter, lambda _: records.pop(key, None))
        self.start: Any = None
        self.steps = 0
        self.optimizers = 0
        self.gradient = False
        self.closure = False


class _Stepping:
    """One optimizer: the parameters that it holds, and its steps since it holds these. before: its steps until then.

    pending: the parameters that no gradient has reached. Holding the parameters is no leak: the optimizer holds them, too.
    """

    __slots__ = ("before", "ids", "optimizer", "parameters", "pending", "records", "steps")

    def __init__(self, optimizer: ref[Any], parameters: list[Any], records: list[_Record], before: int = 0) -> None:
        self.optimizer = optimizer
        self.parameters = parameters
        self.ids = [*map(id, parameters)]
        self.records = records
        self.pending = [record for record in records if not record.gradient]
        self.steps = 0
        self.before = before


class Training:
    """The parameters that optimizers have stepped, with their values from before the first step."""

    def __init__(self) -> None:
        self._records: dict[int, _Record] = {}
        self._optimizers: dict[int, _Stepping] = {}
        self._total = 0
        _open_steps()

    def watch(self) -> None:
        """From now on every step is seen here, and no longer where it was; what was seen there is taken over."""
        if _watching and _watching[0] is not self:
            self._records, self._optimizers = _watching[0]._records, _watching[0]._optimizers
            self._total = _watching[0]._total
        with contextlib.suppress(Exception):  # a student may have torn out what torch keeps its hooks in
            while _handles:
                _handles.pop().remove()
        with contextlib.suppress(Exception):
            from torch.optim.optimizer import register_optimizer_step_pre_hook

            _handles.append(register_optimizer_step_pre_hook(_before_step))
        _watching[:] = [self]

    def of(self, what: Any) -> dict[str, Any]:
        """What the steps of optimizers did to the parameters of a module, of an optimizer, or of an iterable or dict of them.

        Returns {"steps", "optimizers", "total", "parameters": {name: {"start", "now", "steps", "gradient", "held"}}}.
        steps: of the optimizer, or the most that any parameter saw. optimizers: the most that stepped any parameter.
        total: steps that were taken at all, of whatever parameters. start: the value before the first step, None without one.
        gradient: whether one that is not zero everywhere was there at a step. held: whether an optimizer that took a step
        holds it. Raises TypeError for what has no parameters.
        """
        named = _named(what)
        stepped: dict[int, int] = {}
        for stepping in self._optimizers.values():
            for record in stepping.records:
                stepped[id(record)] = stepped.get(id(record), 0) + stepping.steps
        known = {name: self._records.get(id(parameter)) for name, parameter in named.items()}
        steps = {name: record.steps + stepped.get(id(record), 0) if record else 0 for name, record in known.items()}
        own = self._optimizers.get(id(what))
        return {
            "steps": own.before + own.steps if own else max(steps.values(), default=0),
            "optimizers": max((record.optimizers for record in known.values() if record), default=0),
            "total": self._total,
            "parameters": {name: _told(parameter, known[name], steps[name]) for name, parameter in named.items()},
        }

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """What is seen inside is forgotten at the end: for a probe that trains in place."""
        kept = self._records, self._optimizers, self._total
        self._records, self._optimizers = self._copies()
        try:
            yield
        finally:
            self._records, self._optimizers, self._total = kept

    def note(self, optimizer: Any, closure: bool) -> None:
        """The optimizer is about to take a step; with a closure that computes the gradients only then."""
        ids: list[int] = []
        for group in optimizer.param_groups:
            ids += map(id, group["params"])
        stepping = self._optimizers.get(id(optimizer))
        if stepping is None or stepping.ids != ids:
            stepping = self._admit(optimizer, stepping)
        stepping.steps += 1
        self._total += 1
        if closure or stepping.pending:
            _look(stepping, closure)

    def _admit(self, optimizer: Any, earlier: _Stepping | None) -> _Stepping:
        """An optimizer's first step, or its first one with other parameters than before."""
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        seen = set(map(id, earlier.records)) if earlier else set()
        before = earlier.before + earlier.steps if earlier else 0
        if earlier:
            _fold(earlier)
        records = []
        for parameter in parameters:
            record = self._records.get(id(parameter))
            if record is None:
                record = self._records[id(parameter)] = _Record(parameter, self._records)
                record.start = parameter.detach().clone()
            record.optimizers += id(record) not in seen
            records.append(record)
        forget = functools.partial(_forget, self._optimizers, id(optimizer))
        stepping = self._optimizers[id(optimizer)] = _Stepping(ref(optimizer, forget), parameters, records, before)
        return stepping

    def _copies(self) -> tuple[dict[int, _Record], dict[int, _Stepping]]:
        """Records that may be changed without a change to ours."""
        records: dict[int, _Record] = {}
        optimizers: dict[int, _Stepping] = {}
        for key, record in list(self._records.items()):
            if (parameter := record.parameter()) is not None:
                copy = records[key] = _Record(parameter, records)
                copy.start, copy.steps, copy.optimizers = record.start, record.steps, record.optimizers
                copy.gradient, copy.closure = record.gradient, record.closure
        for key, stepping in list(self._optimizers.items()):
            if (optimizer := stepping.optimizer()) is not None:
                held = [records[i] for i in stepping.ids]
                forget = functools.partial(_forget, optimizers, key)
                optimizers[key] = _Stepping(ref(optimizer, forget), stepping.parameters, held, stepping.before)
                optimizers[key].steps = stepping.steps
        return records, optimizers


def _open_steps() -> None:
    """torch builds its hooks into the `step` of a class when its first optimizer is made.

    That is done here, before `Originals` remembers what `step` is: else a probe that steps a notebook's optimizer would not be
    seen, with the `step` from before in its place. To make an optimizer would do, too, but takes torch a second.
    """
    import torch

    for kind in (torch.optim.Adam, torch.optim.SGD):
        with contextlib.suppress(Exception):
            object.__new__(kind)._patch_step_function()


def _before_step(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """torch's hook. args: the optimizer itself and, for some, a closure. Nothing that goes wrong here may stop a step."""
    try:
        _watching[0].note(optimizer, len(args) > 1 or bool(kwargs))
    except Exception:
        return


def _look(stepping: _Stepping, closure: bool) -> None:
    """Which of the parameters still wait for their first gradient."""
    if closure:
        for record in stepping.records:
            record.closure = True
    if stepping.steps > OFTEN and stepping.steps % OFTEN:
        return
    for record in stepping.pending:
        record.gradient = record.gradient or _has_gradient(record.parameter())
    stepping.pending = [record for record in stepping.pending if not record.gradient]


def _has_gradient(parameter: Any) -> bool:
    gradient = getattr(parameter, "grad", None)
    if gradient is None:
        return False
    return bool((gradient._values() if gradient.is_sparse else gradient).any())


def _forget(optimizers: dict[int, _Stepping], key: int, _: Any) -> None:
    """An optimizer is gone: its steps stay with the parameters that are left."""
    if (stepping := optimizers.pop(key, None)) is not None:
        _fold(stepping)


def _fold(stepping: _Stepping) -> None:
    for record in stepping.records:
        record.steps += stepping.steps


def _told(parameter: Any, record: _Record | None, steps: int) -> dict[str, Any]:
    """What is told of one parameter. `now` requires a gradient if the parameter does."""
    now = parameter.detach().clone()
    if parameter.requires_grad:
        now.requires_grad_()
    if record is None:
        return {"start": None, "now": now, "steps": 0, "gradient": False, "held": False}
    gradient = record.gradient or (record.closure and _has_gradient(parameter))
    return {"start": record.start, "now": now, "steps": steps, "gradient": gradient, "held": steps > 0}


def _named(what: Any) -> dict[str, Any]:
    """Name -> parameter. Those of an optimizer or an iterable that do not say their names are called "0", "1", …"""
    import torch

    if isinstance(what, torch.nn.Module):
        return dict(what.named_parameters())
    if isinstance(what, torch.optim.Optimizer):
        names = [name for group in what.param_groups for name in group.get("param_names", ())]
        parameters = [parameter for group in what.param_groups for parameter in group["params"]]
        if len(set(names)) != len(parameters):
            names = [str(i) for i in range(len(parameters))]
        return dict(zip(names, parameters, strict=True))
    if isinstance(what, torch.Tensor):
        return {"0": what}
    if not hasattr(what, "__iter__") or isinstance(what, str):
        raise TypeError(f"expected a module, an optimizer or parameters, got {type(what).__name__}")
    items = list(what.items() if isinstance(what, Mapping) else what)
    pairs = [item if isinstance(item, tuple) and len(item) == 2 else (i, item) for i, item in enumerate(items)]
    for _, parameter in pairs:
        if not isinstance(parameter, torch.Tensor):
            raise TypeError(f"expected parameters, got {type(parameter).__name__}")
    return {str(name): parameter for name, parameter in pairs}


def overlap(test: Any, train: Any) -> float:
    """The share of the rows of `test` that are rows of `train`, too, number for number.

    test: (N, ...), train: (M, ...), tensors or arrays. 0.0 where the rows' shapes differ, or where there are none.
    Raises TypeError for what holds no numbers.
    """
    mine, theirs = _rows(test), _rows(train)
    if mine.shape[1:] != theirs.shape[1:] or not len(mine):
        return 0.0
    kind = np.result_type(mine, theirs)
    wanted = [row.tobytes() for row in np.ascontiguousarray(mine, kind)]
    left = set(wanted)
    for row in np.ascontiguousarray(theirs, kind):
        left.discard(row.tobytes())
    return sum(row not in left for row in wanted) / len(wanted)


def _rows(data: Any) -> np.ndarray[Any, Any]:
    """(N, ...) numbers, with one zero for both."""
    if hasattr(data, "detach"):
        data = data.detach().cpu()
        data = data.float() if str(data.dtype) == "torch.bfloat16" else data
        data = data.numpy()
    array = np.atleast_1d(np.asarray(data))
    if array.dtype.kind not in "biufc":
        raise TypeError(f"expected numbers, got an array of {array.dtype}")
    return array + array.dtype.type(0) if array.dtype.kind in "fc" else array
