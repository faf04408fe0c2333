"""A Session without a kernel: what a probe sees, and what becomes of its faults; forked and restored."""

import signal
import sys
import time

import numpy as np
import pytest
import torch
from run_cells import Book

from grader.result import Fault
from grader.run.isolate import can_fork
from grader.values import Architecture, Other, Raised, capture

needs_fork = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fork is used on Linux only")


def test_on_this_machine_probes_are_forked() -> None:
    assert can_fork() == (sys.platform.startswith("linux") and not torch.cuda.is_available())


# -------------------------------------------------------------------------------------------------------- what `nb` offers


def test_variables_as_attributes_and_items(cells: Book) -> None:
    cells.cell("a = 3; given = 4; _b = 5; net = torch.nn.Linear(2, 1)")
    assert cells.value('[nb.a, nb["a"], nb["given"], nb._b]') == [3, 3, 4, 5]
    state = cells.value("nb.net.state_dict()")
    assert state["weight"].shape == (1, 2)
    assert isinstance(cells.value("nb.net"), Architecture)


@pytest.mark.parametrize("name", ["nothing", "stub"])
def test_a_missing_name_is_told(cells: Book, name: str) -> None:
    cells.cell("stub = ...")
    assert cells.fault(f"nb.{name}") == Fault("not_defined", name=name)
    assert cells.fault(f'nb["{name}"]') == Fault("not_defined", name=name)
    assert cells.fault(f"nb.raises(lambda: nb.{name})") == Fault("not_defined", name=name)


def test_given_values_are_live_again(cells: Book) -> None:
    cells.cell("def double(x): return 2 * x")
    x = capture(torch.arange(3))
    assert cells.value("nb.double(nb.given.x)", {"x": x}).data.tolist() == [0, 2, 4]
    given = {"x": x, "k": [1, {"a": None}]}
    assert cells.value('[type(nb.given["x"]).__name__, nb.given.k]', given) == ["Tensor", [1, {"a": None}]]


def test_raises_gives_the_exception(cells: Book) -> None:
    cells.cell(
        """
        def f(n):
            if n < 0: raise ValueError(f"negative: {object()!r}")
            if n > 9: raise SystemExit(2)
        """
    )
    assert cells.value("[nb.raises(nb.f, -1), nb.raises(nb.f, n=1), nb.raises(nb.f, 10)]") == [
        Raised("ValueError", "negative: <object object at 0x...>", ["ValueError", "Exception"]),
        None,
        Raised("SystemExit", "2", ["SystemExit"]),
    ]


def test_trained_finds_the_topmost_modules_of_an_optimizer(cells: Book) -> None:
    cells.cell(
        """
        from torch import nn, optim
        body, head = nn.Linear(2, 3), nn.Linear(3, 1)
        net = nn.Sequential(body, nn.Tanh(), head)
        alias = net
        other = nn.RNN(1, 1)
        nets = {"b": nn.Conv1d(1, 1, 1), "a": [nn.Bilinear(1, 1, 1)]}
        class Trainer: pass
        trainer = Trainer()
        trainer.model = nn.GRU(1, 1)
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.zeros(2))
                self.inner = nn.Linear(1, 1)
        mine = Own()
        frozen = nn.Linear(4, 4)
        frozen.bias.requires_grad = False
        whole, part = optim.SGD(net.parameters(), lr=1), optim.SGD(head.parameters(), lr=1)
        spread = optim.SGD([*nets["b"].parameters(), *trainer.model.parameters()], lr=1)
        own = optim.SGD([mine.w], lr=1)
        thawed = optim.SGD([frozen.weight], lr=1)
        nobody = optim.SGD([torch.zeros(2, requires_grad=True)], lr=1)
        """
    )

    def types(optimizer: str) -> list[str]:
        return [found.type for found in cells.value(f"nb.trained(nb.{optimizer})")]

    assert types("whole") == ["torch.nn.Sequential"]
    assert types("part") == ["torch.nn.Linear"]
    assert types("spread") == ["torch.nn.Conv1d", "torch.nn.GRU"]  # by name: nets['b'], trainer.model
    assert types("own") == ["__main__.Own"]
    assert types("thawed") == ["torch.nn.Linear"]
    assert types("nobody") == []
    assert cells.value("nb.trained(nb.whole)")[0].count() == 2 * 3 + 3 + 3 + 1


def test_the_probes_name_space_holds_torch_and_np_only(cells: Book) -> None:
    cells.cell("helper = 1")
    assert cells.value("[np.pi > 3, torch.ones(1).item(), len([1])]") == [True, 1.0, 1]
    assert cells.fault("helper").type == "NameError"


# ----------------------------------------------------------------------------------------------------------------- faults


def test_a_raise_tells_the_innermost_line_of_the_students(cells: Book) -> None:
    cells.cell("def lecture(f, x):\n    return f(x)", own=False)
    cells.cell("def inner(x):\n    y = 1\n    return x @ torch.ones(5)\n\ndef outer(x):\n    return inner(x)")
    fault = cells.fault("nb.lecture(nb.outer, torch.ones(3))")
    assert (fault.kind, fault.type, fault.cell, fault.line) == ("raised", "RuntimeError", "cell-2", 3)
    assert fault.message.startswith("inconsistent tensor size")
    cells.cell("def boom(): raise KeyError('k')", own=False)
    assert (cells.fault("nb.boom()").cell, cells.fault("1 / 0").cell) == ("cell-3", "")


def test_exits_interrupts_and_nameless_exceptions_are_raises(cells: Book) -> None:
    cells.cell("import sys\ndef leave(): sys.exit('bye')\ndef stop(): raise KeyboardInterrupt\ndef deep(): return deep()")
    cells.cell("class Odd(Exception):\n    def __str__(self): raise ValueError\ndef odd(): raise Odd")
    assert cells.fault("nb.leave()") == Fault("raised", "SystemExit", "bye", cell="cell-1", line=2)
    assert cells.fault("nb.stop()").type == "KeyboardInterrupt"
    assert cells.fault("nb.deep()").type == "RecursionError"
    assert cells.fault("nb.odd()") == Fault("raised", "Odd", "", cell="cell-2", line=3)


def test_too_large(cells: Book) -> None:
    cells.cell("bomb = []; bomb.append(bomb)")
    assert cells.fault("nb.bomb").kind == "too_large"
    assert cells.fault("torch.zeros(17 * 2**20)").kind == "too_large"
    assert cells.fault("['x' * 2**20 + str(i) for i in range(3)]").kind == "too_large"
    assert cells.fault("['x' * 2**19 + str(i) for i in range(200)]").kind == "too_large"


def test_a_time_limit(cells: Book) -> None:
    cells.cell("def forever():\n    while True: pass")
    start = time.monotonic()
    assert cells.fault("nb.forever()", seconds=0.5).kind == "timeout"
    assert time.monotonic() - start < 5
    assert cells.value("1 + 1") == 2


def test_a_time_limit_where_interrupts_are_ignored() -> None:
    """As in all that a shell script starts in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cells = Book(fork=False)
        cells.cell("def forever():\n    while True: pass")
        assert cells.fault("nb.forever()", seconds=0.5).kind == "timeout"
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@needs_fork
def test_a_forked_probe_may_die_or_swallow_interrupts() -> None:
    cells = Book(fork=True)
    cells.cell(
        """
        import os, signal, time
        def die(): os._exit(3)
        def crash(): os.kill(os.getpid(), signal.SIGSEGV)
        def cling():
            while True:
                try: time.sleep(10)
                except BaseException: pass
        """
    )
    assert cells.fault("nb.die()") == Fault("died", message="ended with exit code 3")
    assert cells.fault("nb.crash()") == Fault("died", message="ended by SIGSEGV")
    assert cells.fault("nb.cling()", seconds=0.5).kind == "timeout"


def test_a_probe_that_is_wrong_is_our_fault(cells: Book) -> None:
    assert cells.session.take("def it(nb) return 1", "it", {}, 5, fork=cells.fork).fault.kind == "ours"  # type: ignore[union-attr]
    assert cells.session.take("def other(nb): return 1", "it", {}, 5, fork=cells.fork).fault.kind == "ours"  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------------------------ values


def test_what_equals_everything_is_no_value(cells: Book) -> None:
    cells.cell(
        """
        class Yes:
            def __eq__(self, other): return True
            def __float__(self): return 1.0
            def __getattr__(self, name): return self
            def __call__(self, *a, **k): return self
        """
    )
    assert cells.value("[nb.Yes(), {'a': nb.Yes()}]") == [Other("Yes"), {"a": Other("Yes")}]


def test_a_forged_value_is_not_taken(cells: Book) -> None:
    cells.cell("from grader.values import Array\nfake = Array('not an array', 'float32')\nworse = Array(lambda: 1, 'x')")
    assert cells.fault("nb.worse").type == "TypeError"
    assert not isinstance(cells.take("nb.fake").value, np.ndarray)


def test_training_works_in_a_probe(cells: Book) -> None:
    torch.set_num_threads(2)
    cells.cell(
        """
        net = torch.nn.Sequential(torch.nn.Linear(50, 50), torch.nn.Tanh(), torch.nn.Linear(50, 1))
        def step(net, x):
            loss = net(x).pow(2).mean()
            loss.backward()
            return loss.item()
        first = step(net, torch.randn(500, 50)), (torch.randn(400, 400) @ torch.randn(400, 400)).sum()
        """
    )
    assert cells.value("nb.step(nb.net, torch.ones(500, 50)) >= 0") is True
