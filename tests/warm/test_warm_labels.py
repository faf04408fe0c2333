"""The profiler's labels cost nothing where nobody profiles, and are there where somebody does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OTHERS = {  # who else can see a label, or could miss it: some of what is seen
    "begun_within()": "after",
    "ended_within()": "whole",
    "ended_without_a_beginning()": "Expected record to be set",
    "told_to(OfOperations())": "profiler._record_function_enter_new.default",
    "told_to(OfCalls())": "_record_function_enter_new",
    "str(torch.jit.trace(plus_one, torch.ones(2)).graph)": "aten::add",
    "make_fx(plus_one)(torch.ones(2)).code": "_record_function_enter_new",
    "torch.compile(plus_one, backend='eager')(torch.ones(2)).tolist()": "2.0",
    "in_an_execution_trace()": "Optimizer.step#Adam.step",
}
ASKED = [
    "steps(5)",
    "steps(5, torch.optim.SGD, momentum=0.9)",
    "steps(3, torch.optim.RMSprop)",
    "profiled(lambda: steps(1))",
    "profiled(lambda: steps(1, torch.optim.SGD))",
    "profiled(lambda: [labelled('one'), labelled('two'), decorated()])",
    "profiled(lambda: scripted(torch.ones(1)))",
    "decorated()",
    "scripted(torch.ones(2)).tolist()",
    "raising()",
    "later()",
    "begun_before()",
    *OTHERS,
]


def told(how: str, asked: list[str]) -> dict[str, Any]:
    """What the expressions give in a process of its own, with labels ("with") or without."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__).parent / "labels_seen.py"), how, json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(zip(asked, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.fixture(scope="module")
def without() -> dict[str, Any]:
    return told("without", ASKED)


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    return told("with", ASKED)


@pytest.mark.parametrize("asked", ASKED)
def test_all_is_as_with_labels(without: dict[str, Any], before: dict[str, Any], asked: str) -> None:
    assert without[asked] == before[asked]


def test_who_profiles_sees_them(without: dict[str, Any]) -> None:
    assert {"Optimizer.step#Adam.step", "Optimizer.zero_grad#Adam.zero_grad"} <= set(without["profiled(lambda: steps(1))"])
    assert set(without["profiled(lambda: [labelled('one'), labelled('two'), decorated()])"]) == {"one", "two", "decorated"}


@pytest.mark.parametrize("asked", OTHERS)
def test_so_does_whoever_else_can(without: dict[str, Any], asked: str) -> None:
    assert OTHERS[asked] in str(without[asked])


def test_nobody_else_pays() -> None:
    """With the operator taken away that begins a label, nothing is missed."""
    taken = "(setattr(torch.ops.profiler, '_record_function_enter_new', None), steps(2))[1]"
    assert told("without", [taken])[taken] == told("with", ["steps(2)"])["steps(2)"]
    with pytest.raises(AssertionError, match="NoneType"):
        told("with", [taken])


def test_a_label_that_was_put_once_is_not_ended_twice() -> None:
    """A decorator has one label for all calls: what it began while somebody profiled is over in the next call."""
    taken = "[profiled(decorated), setattr(torch.ops.profiler, '_record_function_exit', None), decorated()]"
    assert told("without", [taken])[taken] == [["decorated"], None, 2.0]
