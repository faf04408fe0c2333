"""What a private probe brings out must not show what it asks: a message to the student may quote a value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from grader.judging import Probe
from grader.result import Capture, Fault

__all__ = ["without_source"]

_SHORTEST = 12  # characters of a line that gives something away
_MOST = 100_000  # texts that are looked at; a value with more is none of a check's


def without_source(probe: Probe, capture: Capture) -> Capture:
    """The capture; a fault in its place where a private probe's value or error repeats a line of the probe."""
    if not probe.private:
        return capture
    fault = capture.fault
    texts = [fault.type, fault.message, fault.name] if fault else list(_texts(capture.value))
    telling = _lines(probe.source)
    if any(line in text for text in texts for line in telling):
        said = "what your notebook gave repeats the check itself"
        return Capture(None, Fault("raised", "ValueError", said), capture.seconds)
    return capture


def _lines(source: str) -> set[str]:
    """The lines that say how it is asked. The head and the docstring are no secret: students read the latter."""
    lines = source.splitlines()
    try:
        function = ast.parse(source).body[0]
    except (SyntaxError, IndexError):
        return set()
    assert isinstance(function, ast.FunctionDef)
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    begin = first.end_lineno if is_docstring else first.lineno - 1
    return {line.strip() for line in lines[begin or 0 :] if len(line.strip()) >= _SHORTEST}


def _texts(value: Any) -> Iterator[str]:
    todo, seen = [value], 0
    while todo and seen < _MOST:
        item = todo.pop()
        seen += 1
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            todo += [*item.keys(), *item.values()]
        elif isinstance(item, (list, tuple)):
            todo += item
        elif hasattr(item, "__dataclass_fields__"):
            todo += [getattr(item, name) for name in item.__dataclass_fields__]
