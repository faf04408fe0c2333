"""A probe leaves no trace, forked or restored; and what a notebook patched does not reach it."""

import json
import os
import sys
from typing import Any

import numpy as np
import pytest
import torch
from run_cells import Book

from grader.result import Capture
from grader.run.inside import Session

NETWORK = """
    import random, torch
    from torch import nn
    torch.manual_seed(1); np.random.seed(1); random.seed(1)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    net.eval(); net[2].train()
    x = torch.randn(6, 3)
    net(x).sum().backward()
    bystander = nn.Linear(3, 1)
    graph = bystander(x).sum()
    counter = 0
    def count():
        global counter, made
        counter += 1; made = True
        return counter
"""

MEDDLE = """
    def meddle(nb):
        torch.manual_seed(77); torch.rand(5); np.random.rand(3); nb.random.random()
        nb.net.train()
        nb.net(nb.x).mean().backward()
        with torch.no_grad():
            nb.net[0].weight.add_(1)
        nb.net[3].bias.grad = None
        nb.net[0].bias.grad.zero_()
        print("the probe prints")
        return [nb.count(), nb.net.training]
"""


def numbers(cells: Book) -> list[Any]:
    cells.cell(
        """
        result = [random.random(), np.random.rand(), torch.rand(2).tolist(), counter, "made" in globals()]
        result += [m.training for m in net] + [p.tolist() for p in net.state_dict().values()]
        result += [p.grad.tolist() for p in net.parameters()]
        graph.backward()
        result += [p.grad.tolist() for p in bystander.parameters()]
        """
    )
    return list(cells.user_ns["result"])


def test_a_probe_leaves_no_trace(cells: Book, capfd: pytest.CaptureFixture[str]) -> None:
    cells.cell(NETWORK)
    expected = numbers(cells)
    other = Book(cells.fork)
    other.cell(NETWORK)
    names = list(other.user_ns)
    assert other.value(MEDDLE) == [1, True]
    assert list(other.user_ns) == names
    assert numbers(other) == expected
    assert "the probe prints" not in "".join(capfd.readouterr())


def test_figures_that_a_probe_draws_are_gone(cells: Book) -> None:
    import matplotlib

    matplotlib.use("Agg")
    cells.cell("import matplotlib.pyplot as plt\nplt.close('all')")
    assert cells.value("nb.plt.figure() and len(nb.plt.get_fignums())") == 1
    cells.cell("open_figures = plt.get_fignums()")
    assert cells.user_ns["open_figures"] == []


# ------------------------------------------------------------------------------------------------------------ monkeypatching


def test_what_a_notebook_patched_is_whole_for_the_probe_and_patched_again_after_it(
    cells: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "[torch.allclose(torch.zeros(2), torch.ones(2)), torch.ones(2).sum(), np.sum([1, 2]), __import__('torch') is torch]"
    with monkeypatch.context() as patch:
        patch.setattr(torch, "allclose", lambda *_: True)
        patch.setattr(torch.Tensor, "sum", lambda *_: torch.zeros(()))
        patch.setattr(json, "dumps", lambda *_, **__: "{}")
        patch.setattr(np, "array", None)
        patch.setattr(np, "sum", None)
        patch.setattr(os, "write", None)
        patch.setattr(os, "fork", None, raising=False)
        patch.setattr("grader.values.capture", lambda _: "forged")
        patch.setattr("grader.run.wire.pack", lambda _: b"forged")
        patch.setattr(Session, "_probe", lambda *_: Capture("forged"))
        patch.setitem(sys.modules, "safetensors.numpy", None)
        value = cells.value(asked)
        patched = (
            torch.allclose(torch.zeros(2), torch.ones(2)),
            json.dumps(1),
            os.write,
            Session._probe(cells.session, "", "", b""),
        )
    assert value[0] is False
    assert value[1].data == 2.0
    assert value[2:] == [3, True]
    assert patched == (True, "{}", None, Capture("forged"))
