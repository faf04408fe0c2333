"""torch's compiler is not imported before the forks, and all of torch works as if it had been."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SERVER = """
import json, os, sys
from grader.warm.preload import preload
preload(["grader.run.serve", "grader.run.copies", "grader.run.originals:prepare"])
import torch
x = torch.ones(2, 3, requires_grad=True)
def there():
    return [name for name in ("torch._dynamo", "torch.fx.experimental.symbolic_shapes", "sympy")
            if name in sys.modules and type(sys.modules[name]).__name__ != "_Later"]
for source in json.loads(sys.argv[1]):
    sys.stdout.flush()
    if os.fork() == 0:
        space = {"torch": torch, "x": x}
        try:
            exec(source, space)
            told = space.get("told", "")
        except BaseException as error:
            told = f"{type(error).__name__}: {error}"
        print(json.dumps([source, str(told), there()]), flush=True)
        os._exit(0)
    os.wait()
"""

LINEAR = "net = torch.nn.Linear(2, 1)\noptimizer = torch.optim.Adam(net.parameters())\n"
STEP = "net(torch.ones(3, 2)).sum().backward()\noptimizer.step()\noptimizer.zero_grad()\n"

WITHOUT = {  # source -> what it tells; the compiler is not imported
    "pass": "",
    LINEAR + STEP + "told = net.weight.grad": "None",
    LINEAR + "optimizer.add_param_group({'params': [x]})\ntold = len(optimizer.state_dict()['param_groups'])": "2",
    LINEAR + STEP + "optimizer.load_state_dict(optimizer.state_dict())\ntold = len(optimizer.state)": "2",
    "(x * 2).backward(torch.full((2, 3), 3.0))\ntold = x.grad.tolist()": "[[6.0, 6.0, 6.0], [6.0, 6.0, 6.0]]",
    "told = torch.autograd.grad(x * 2, x, torch.ones(2, 3))[0].sum().item()": "12.0",
    "told = torch.autograd.grad(x * 2, x, torch.ones(5, 2, 3), is_grads_batched=True)[0].shape": "torch.Size([5, 2, 3])",
    "torch._check(True)": "",
    "torch._check(False)": "RuntimeError",
    "(x * 2).backward(torch.ones(3, 2))": "RuntimeError: Mismatch in shape",
    "(x * 2).backward(torch.ones(6))": "RuntimeError: Mismatch in shape",
    "told = torch.autograd.gradcheck(torch.sin, (torch.ones(2, dtype=torch.double, requires_grad=True),))": "True",
}
WITH = {  # source -> what it tells; it is imported then
    "told = torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)).item()": "2.0",
    LINEAR + "told = torch.compile(net, backend='eager')(torch.zeros(1, 2)).shape\n" + STEP: "torch.Size([1, 1])",
    "import torch._dynamo.config as c\ntold = c.suppress_errors": "False",
    "from torch._dynamo import graph_break, disable\ngraph_break()\ntold = disable(len)((1, 2))": "2",
    "import torch._dynamo as later\nlater.reset()\nlater.graph_break()": "",
    "from torch.fx.experimental.symbolic_shapes import ShapeEnv\ntold = ShapeEnv().create_unbacked_symint()": "u0",
    "import torch.fx.experimental.symbolic_shapes as s\ns.ShapeEnv\ntold = s.sym_eq((1, 2), [1, 2]), s.expect_true(True)": "(True, True)",
    "from torch.fx.experimental.symbolic_shapes import sym_eq\ntold = sym_eq(3, 3)": "True",
    "from torch.fx.experimental.symbolic_shapes import expect_true\nexpect_true(1)": "AssertionError: Expected bool",
    "told = torch.func.grad(lambda x: x**2)(torch.tensor(2.0)).item()": "4.0",
    "told = torch.utils.checkpoint.checkpoint(torch.sin, torch.zeros(1), use_reentrant=False).item()": "0.0",
    "told = torch.nn.Linear(2, 3).to('meta')(torch.ones(4, 2, device='meta')).shape": "torch.Size([4, 3])",
}


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[str, list[str]]]:
    """Source -> what it tells, and which of the modules are there afterwards."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-W", "ignore", "-c", SERVER, json.dumps([*WITHOUT, *WITH])]
    done = subprocess.run(command, env=os.environ | one_thread, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {source: (said, there) for source, said, there in lines}


@pytest.mark.parametrize("source", WITHOUT)
def test_it_is_not_needed(told: dict[str, tuple[str, list[str]]], source: str) -> None:
    said, there = told[source]
    assert said.startswith(WITHOUT[source]) if WITHOUT[source] else not said
    assert not there


@pytest.mark.parametrize("source", WITH)
def test_it_is_there_when_it_is_needed(told: dict[str, tuple[str, list[str]]], source: str) -> None:
    said, there = told[source]
    assert said.startswith(WITH[source]) if WITH[source] else not said
    assert "sympy" in there
