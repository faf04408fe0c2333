"""`trained`: whether a network was trained at all, from what the optimizers' steps did to each of its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from grader.compare.close import distance_close
from grader.compare.words import kind, listed, plural, word
from grader.judging import Close, Evidence, Trained
from grader.result import Verdict
from grader.values import Array, Value

__all__ = ["Part", "Record", "distance", "judge", "read"]


class Part(NamedTuple):
    """One parameter. trainable: it requires a gradient. gradient: one came at a step. held: a stepped optimizer holds it."""

    steps: int
    trainable: bool
    gradient: bool
    held: bool
    moved: bool
    nan: bool


class Record(NamedTuple):
    """What `nb.training` brought out. total: steps of whatever optimizers; parts: name -> parameter."""

    steps: int
    total: int
    optimizers: int
    parts: dict[str, Part]


def judge(options: Trained, evidence: Evidence) -> Verdict:
    """The most basic thing that is wrong: no steps, another network's parameters, no gradients, nothing that moves."""
    record = read(evidence.value)
    if record is None:
        return Verdict.failed(f"Expected what `nb.training(...)` gives. Got {kind(evidence.value)}.")
    for look in (_steps, _held, _count, _nan, _gradients, _moved, _frozen):
        if says := look(options, record):
            return Verdict.failed(says, _detail(options, record) if look is _count else "")
    return Verdict.passed()


def distance(_options: Trained, value: Value, other: Value) -> float | None:
    """0 where the steps did the same to the same parameters, whatever the numbers are."""
    mine, theirs = read(value), read(other)
    if mine is None or theirs is None:
        return distance_close(Close(), value, other)
    return 0.0 if mine._replace(total=0) == theirs._replace(total=0) else None


def read(value: Value) -> Record | None:
    """The value of `nb.training`; None for anything else."""
    if not isinstance(value, dict) or not isinstance(value.get("parameters"), dict):
        return None
    steps, total, optimizers = (value.get(name) for name in ("steps", "total", "optimizers"))
    if not (type(steps) is type(total) is type(optimizers) is int):
        return None
    parts = {}
    for name, item in value["parameters"].items():
        part = _part(item)
        if part is None or not isinstance(name, str):
            return None
        parts[name] = part
    return Record(steps, total, optimizers, parts)


def _part(item: Value) -> Part | None:
    if not isinstance(item, dict) or type(item.get("steps")) is not int:
        return None
    gradient, held, start, now = (item.get(name) for name in ("gradient", "held", "start", "now"))
    if type(gradient) is not bool or type(held) is not bool or not isinstance(start, Array | None) or not isinstance(now, Array):
        return None
    moved = start is not None and not np.array_equal(start.data, now.data, equal_nan=now.data.dtype.kind in "fc")
    nan = now.data.dtype.kind in "fc" and not bool(np.isfinite(now.data).all())
    return Part(item["steps"], bool(now.requires_grad), gradient, held, moved, nan)


# ---------------------------------------------------------------------------------------------------- what is looked at


def _is_frozen(options: Trained, name: str) -> bool:
    """Whether a name, or the module that holds it, is among those that must not move."""
    return any(_covers(frozen, name) for frozen in options.frozen)


def _covers(module: str, name: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _where(options: Trained, record: Record, wrong: Callable[[Part], bool]) -> list[str]:
    """The parameters to be trained of which something is wrong."""
    return [name for name, part in record.parts.items() if wrong(part) and not _is_frozen(options, name)]


def _named(names: list[str]) -> str:
    return listed(f"`{name}`" for name in names)


def _steps(_options: Trained, record: Record) -> str:
    if not record.parts:
        return (
            "There are no parameters to be trained: are the layers attributes of the network, and is super().__init__() called?"
        )
    if record.steps > 0 or any(part.held for part in record.parts.values()):
        return ""
    if not record.total:
        return "No optimizer took a step: is `optimizr.step()` called in each epoch?"
    return (
        "No optimizer took a step with this network's parameters: is `optimizr.step()` called, and was the optimizer made from "
        "this network, after it?"
    )


def _held(options: Trained, record: Record) -> str:
    """Parameters that are in no optimizer, since another object took their place or they were never given to it."""
    names = _where(options, record, lambda part: not part.held and part.trainable)
    if names:
        return (
            f"The optimizer does not hold {_named(names)}: was it made before {word(len(names), 'that was', 'these were')} "
            "replaced, or from other parameters?"
        )
    names = _where(options, record, lambda part: not part.held)
    return f"{_named(names)} {word(len(names), 'is', 'are')} not trained: requires_grad is False." if names else ""


def _count(options: Trained, record: Record) -> str:
    if options.steps is None or record.steps == options.steps:
        return ""
    says = f"{plural(record.steps, 'step')} {word(record.steps, 'was', 'were')} taken, "
    if options.steps and record.steps > options.steps and record.steps % options.steps == 0:
        return f"{says}{record.steps // options.steps} times as many as expected: was it trained more than once?"
    return f"{says}{'more' if record.steps > options.steps else 'fewer'} than expected."


def _detail(options: Trained, record: Record) -> str:
    return f"Expected {plural(options.steps or 0, 'step')}, got {record.steps:,}."


def _nan(_options: Trained, record: Record) -> str:
    names = [name for name, part in record.parts.items() if part.nan]
    return f"{_named(names)} became NaN or infinite: is the learning rate too large?" if names else ""


def _gradients(options: Trained, record: Record) -> str:
    """A parameter that moved had something to move it."""
    reached = [part for part in record.parts.values() if part.gradient or part.moved]
    if not reached:
        return (
            "At no step was there a gradient: is `loss.backward()` called, is `zero_grad()` not between it and `step()`, and is "
            "nothing detached?"
        )
    names = _where(options, record, lambda part: not part.gradient and not part.moved)
    if not names or not options.moved:
        return ""
    return f"No gradient ever reached {_named(names)}: does the output depend on {word(len(names), 'it', 'them')}?"


def _moved(options: Trained, record: Record) -> str:
    names = _where(options, record, lambda part: not part.moved)
    trained = [name for name in record.parts if not _is_frozen(options, name)]
    if names == trained and trained:
        return "Nothing has moved: the parameters are as they were before the first step. Is the learning rate 0?"
    return f"{_named(names)} did not move." if names and options.moved else ""


def _frozen(options: Trained, record: Record) -> str:
    names = [name for name, part in record.parts.items() if part.moved and _is_frozen(options, name)]
    if names:
        it = word(len(names), "it", "they")
        return f"{_named(names)} moved, but must stay: is requires_grad False, or {word(len(names), 'is', 'are')} {it} left out?"
    missing = [frozen for frozen in options.frozen if not any(_covers(frozen, name) for name in record.parts)]
    return f"There is no parameter {_named(missing)}, which must stay as it is." if missing else ""
