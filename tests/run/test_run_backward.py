"""`loss.backward()` by the shorter way gives, to the last bit, what PyTorch's own gives."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_cells import blank, check, probes, run_book
from run_cells import given as given_cell
from torch.overrides import TorchFunctionMode

from grader.run import backward

WHOLE: Callable[..., None] = torch.Tensor.backward


class Short:
    """`with short:` tensors go the shorter way; what is left to PyTorch is counted."""

    def __init__(self) -> None:
        self.wholes = 0
        engine: Any = torch.autograd.Variable._execution_engine  # type: ignore[attr-defined]
        self._backward = backward._backward(torch, WHOLE, engine.run_backward)
        cell = self._backward.__closure__[self._backward.__code__.co_freevars.index("whole")]
        cell.cell_contents = self._counted

    def __enter__(self) -> "Short":
        self.wholes = 0
        torch.Tensor.backward = self._backward  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        torch.Tensor.backward = WHOLE  # type: ignore[method-assign]

    def _counted(self, *arguments: Any) -> None:
        self.wholes += 1
        WHOLE(*arguments)


short = Short()


def network(kind: str) -> tuple[list[torch.Tensor], torch.Tensor]:
    """The parameters and the loss of a small network."""
    torch.manual_seed(0)
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    match kind:
        case "layers":
            net: torch.nn.Module = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
            loss = torch.nn.functional.cross_entropy(net(x), torch.tensor([0, 1, 1, 0]))
        case "one number in a list":
            net = torch.nn.Linear(12, 1)
            loss = net(x.flatten()).tanh()
        case "double":
            net = torch.nn.Linear(3, 2).double()
            loss = net(x.double()).pow(2).mean()
        case "recurrent":
            net = torch.nn.LSTM(3, 4)
            loss = net(x.reshape(4, 1, 3))[0].sum()
        case _:
            net = torch.nn.Embedding(4, 2, sparse=True)
            loss = net(torch.tensor([1, 1, 3])).pow(2).sum()
    return list(net.parameters()), loss


@given(
    kind=st.sampled_from(["layers", "one number in a list", "double", "recurrent", "sparse"]),
    times=st.integers(1, 3),
    keeps=st.booleans(),
    watched=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_the_same_gradients_to_the_last_bit(kind: str, times: int, keeps: bool, watched: bool) -> None:
    def gradients() -> list[torch.Tensor]:
        parameters, loss = network(kind)
        if keeps:
            loss.retain_grad()
        if watched:
            loss.register_hook(lambda grad: grad * 2)
        for number in range(times):
            loss.backward(retain_graph=number + 1 < times)
        found = [p.grad for p in parameters]
        return [grad.to_dense() for grad in [*found, *([loss.grad] if keeps else [])] if grad is not None]

    theirs = gradients()
    with short:
        ours = gradients()
    assert short.wholes == 0
    assert len(ours) == len(theirs) > 0
    assert all(map(torch.equal, ours, theirs))


class Mode(TorchFunctionMode):
    """Sees what is called, as `torch.device` as a context does."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.append(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))


class Kind(torch.Tensor):
    """A student's own kind of tensor, which is asked for all that is done with it."""

    calls: list[str] = []

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.calls.append(getattr(function, "__name__", ""))
        return super().__torch_function__(function, types, args, kwargs or {})  # type: ignore[misc]


def leaf() -> torch.Tensor:
    return torch.linspace(-1, 1, 3).requires_grad_()


def of_a_mode(x: torch.Tensor) -> list[str]:
    with Mode() as mode:
        x.sin().sum().backward()
    return mode.seen


def of_a_kind(x: torch.Tensor) -> list[str]:
    Kind.calls.clear()
    x.as_subclass(Kind).sin().sum().backward()
    return list(Kind.calls)


def with_a_graph(x: torch.Tensor) -> list[float]:
    x.sin().sum().backward(create_graph=True)
    assert x.grad is not None
    (second,) = torch.autograd.grad(x.grad.sum(), x)
    x.grad = x.grad.detach()
    return second.tolist()  # type: ignore[no-any-return]


def with_inputs(x: torch.Tensor) -> object:
    y = leaf()
    (x * y).sum().backward(inputs=[x])
    return y.grad


def through_another_backward(x: torch.Tensor) -> list[int]:
    of_many, seen = torch.autograd.backward, []

    def noted(tensors: Any, *arguments: Any, **named: Any) -> None:
        seen.append(len(arguments))
        of_many(tensors, *arguments, **named)

    torch.autograd.backward = noted
    try:
        x.sin().sum().backward()
    finally:
        torch.autograd.backward = of_many
    return seen


LEFT: dict[str, Callable[[torch.Tensor], object]] = {
    "a gradient is given": lambda x: x.sin().backward(torch.ones(3)),
    "a gradient by its name": lambda x: x.sin().backward(gradient=torch.ones(3)),
    "a graph is wanted": with_a_graph,
    "inputs": with_inputs,
    "a mode": of_a_mode,
    "a kind of tensor": of_a_kind,
    "another backward": through_another_backward,
}


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")
@pytest.mark.parametrize("work", LEFT.values(), ids=LEFT)
def test_what_is_rare_is_left_to_torch(work: Callable[[torch.Tensor], object]) -> None:
    theirs, ours = leaf(), leaf()
    said = work(theirs)
    with short:
        assert work(ours) == said
    assert short.wholes > 0
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


def test_who_listens_to_the_graph_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger=torch.autograd.graph.log.name), short:  # type: ignore[attr-defined]
        leaf().sum().backward()
    assert short.wholes == 1


def twice(x: torch.Tensor) -> None:
    loss = x.exp().sum()
    loss.backward()
    loss.backward()


def changed(x: torch.Tensor) -> None:
    y = x.exp()
    loss = y.sum()
    y.mul_(2)
    loss.backward()


WRONG: dict[str, Callable[[torch.Tensor], None]] = {
    "twice": twice,
    "changed in place": changed,
    "of many": lambda x: x.sin().backward(),
    "needs no gradient": lambda x: x.detach().sum().backward(),
    "an integer": lambda _: torch.ones((), dtype=torch.int64).backward(),
    "no tensor for a gradient": lambda x: x.sum().backward(1.0),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("work", WRONG.values(), ids=WRONG)
def test_errors_are_torchs(work: Callable[[torch.Tensor], None]) -> None:
    theirs, ours = leaf(), leaf()
    with pytest.raises((RuntimeError, TypeError)) as expected:
        work(theirs)
    with pytest.raises(expected.type) as found, short:
        work(ours)
    assert str(found.value) == str(expected.value)
    assert (ours.grad is None) == (theirs.grad is None)


@pytest.mark.filterwarnings("ignore:Error detected in SqrtBackward", "ignore:Anomaly Detection")
def test_anomalies_are_found() -> None:
    def strange() -> None:
        x = torch.zeros((), requires_grad=True)
        (x.sqrt() * 0).backward()

    with short, torch.autograd.detect_anomaly(check_nan=True), pytest.raises(RuntimeError, match="returned nan values"):
        strange()


def test_reentered() -> None:
    """A checkpoint's backward calls `backward` again, inside."""

    def gradient() -> torch.Tensor:
        x = leaf()
        torch.utils.checkpoint.checkpoint(lambda x: x.sin().exp(), x, use_reentrant=True).sum().backward()
        assert x.grad is not None
        return x.grad

    theirs = gradient()
    with short:
        assert torch.equal(gradient(), theirs)


def test_it_is_so_in_kernels_and_errors_show_the_cell_alone() -> None:
    ran = run_book(
        given_cell("import torch\np = torch.nn.Parameter(torch.ones(2))\nloss = p.exp().sum()\nloss.backward()"),
        blank("twice", "loss.backward()"),
        check("twice"),
        asks={"twice": probes(how="torch.Tensor.backward.__code__.co_filename", grad="nb.p.grad.tolist()")},
    )
    (shown,) = next(cell for cell in ran.cells if cell.outputs).outputs
    assert "a second time" in shown["evalue"]
    assert "loss.backward()" in "".join(shown["traceback"])
    assert "grader" not in "".join(shown["traceback"])
    assert ran.captures["how"].value == backward.__file__
    assert ran.captures["grad"].value == pytest.approx([2.718282] * 2)


def test_in_compiled_code() -> None:
    code = """
import torch
from grader.run.backward import install
install()
p = torch.nn.Parameter(torch.ones(2))
@torch.compile(backend="eager")
def work(p):
    loss = p.pow(2).sum()
    loss.backward()
    return loss
print([work(p).item(), p.grad.tolist()])
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], text=True, capture_output=True, timeout=100)
    assert json.loads(done.stdout) == [2.0, [2.0, 2.0]], done.stderr
