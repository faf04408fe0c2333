"""Whatever a cell does to the libraries: inside they are as they were, and afterwards as the cell left them."""

import inspect
import json
import math
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from grader.run import originals
from grader.run.originals import Originals

PLACES: list[tuple[Any, str]] = [
    (json, "dumps"),
    (math, "sqrt"),
    (inspect, "signature"),
    (torch, "allclose"),
    (torch.nn.Module, "__call__"),
]
LACKING = (torch.optim.Adam, "zero_grad")  # which it inherits


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """monkeypatch puts everything back where a test fails."""
    for where, name in PLACES:
        monkeypatch.setattr(where, name, getattr(where, name))
    monkeypatch.setattr(originals, "_prepared", {})
    yield
    if "zero_grad" in vars(torch.optim.Adam):
        del torch.optim.Adam.zero_grad


@pytest.fixture(params=["tags", "no tags", "prepared"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Originals:
    if request.param == "no tags":
        monkeypatch.setattr(originals, "_HAVE_TAGS", False)
    elif not originals._HAVE_TAGS:
        pytest.skip("this Python numbers no changes of a dictionary")
    if request.param == "prepared":
        originals.prepare()
    return Originals()


def test_this_python_numbers_the_changes():
    """Where it does not, a run is slower, and nothing else."""
    assert originals._HAVE_TAGS is (sys.version_info[:2] == (3, 11))


@pytest.mark.parametrize(("where", "name"), PLACES)
def test_what_was_replaced_is_there_inside_and_away_afterwards(made: Originals, where: Any, name: str):
    right = getattr(where, name)
    for wrong in (lambda *_: 7, None, right):  # the last time it is as it was
        setattr(where, name, wrong)
        for _ in range(3):
            with made:
                assert getattr(where, name) is right
                with made:
                    assert getattr(where, name) is right
                assert getattr(where, name) is right
            assert getattr(where, name) is wrong


def test_what_was_deleted_is_there_inside(made: Originals):
    right = json.dumps
    del json.dumps
    with made:
        assert json.dumps is right
    assert not hasattr(json, "dumps")
    json.dumps = right


def test_a_method_that_hides_an_inherited_one_is_not_there_inside(made: Originals):
    kind, name = LACKING
    right = getattr(kind, name)
    kind.zero_grad = 3
    with made:
        assert getattr(kind, name) is right
    assert getattr(kind, name) == 3


def test_a_replaced_module(made: Originals, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "json", SimpleNamespace())
    with made:
        assert sys.modules["json"] is json
    assert sys.modules["json"] is not json


def test_what_is_changed_before_counts_as_the_original():
    originals.prepare()
    replaced = json.dumps = lambda *_: "ours"
    made = Originals()
    json.dumps = None
    with made:
        assert json.dumps is replaced


def test_nothing_is_looked_at_where_nothing_changed(made: Originals):
    """Else each of thousands of objects would be written to, in pages that are shared with other processes."""
    with made:
        pass
    if not originals._HAVE_TAGS:
        pytest.skip("without tags all is looked at")
    unchanged = [space for space in made._spaces if space.is_as_seen]
    assert len(unchanged) == len(made._spaces)
    spaces = [space.names for space in made._spaces]
    for space in made._spaces:
        space.names = None  # who looked would fail
    with made:
        assert made._away == []
    for space, names in zip(made._spaces, spaces, strict=True):
        space.names = names


def test_what_a_cell_did_to_the_builtins_is_mended_for_good(made: Originals):
    import builtins

    right = builtins.len
    try:
        builtins.len = lambda _: 3
        json.dumps = None
        with made:
            made.mend()
        assert builtins.len is right
        assert json.dumps is None
    finally:
        builtins.len = right
