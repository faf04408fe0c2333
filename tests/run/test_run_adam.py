"""Adam's step in one call gives what PyTorch's own loop over the parameters gives."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from run_cells import blank, check, probes, run_book
from torch.optim import adam as torchs

from grader.run import adam

LOOP: Callable[..., None] = vars(torchs)["_single_tensor_adam"]


@pytest.fixture(scope="module")
def in_one_call() -> Iterator[Callable[..., None]]:
    """What takes the place of torch's loop; here only where a test puts it."""
    adam.install()
    step = vars(torchs)["_single_tensor_adam"]
    vars(torchs)["_single_tensor_adam"] = LOOP
    adam.install.cache_clear()
    assert step is not LOOP
    return step


class Counted:
    """Which way the steps of a training went."""

    def __init__(self, step: Callable[..., None]) -> None:
        self.step, self.loops = step, 0

    def __enter__(self) -> "Counted":
        def loop(*arguments: Any, **named: Any) -> None:
            self.loops += 1
            LOOP(*arguments, **named)

        self._fallback = next(c for c in self.step.__closure__ or () if c.cell_contents is LOOP)
        self._fallback.cell_contents = loop
        vars(torchs)["_single_tensor_adam"] = self.step
        return self

    def __exit__(self, *_: object) -> None:
        self._fallback.cell_contents = LOOP
        vars(torchs)["_single_tensor_adam"] = LOOP


def trained(kind: type[torch.optim.Optimizer] = torch.optim.Adam, steps: int = 20, **options: Any) -> list[torch.Tensor]:
    """The parameters of a small network, and the optimizer's state, after some steps."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Embedding(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    x, y = torch.arange(3).repeat(5), torch.arange(1, 4).remainder(3).repeat(5)
    optimizer = kind(net.parameters(), **options)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    state = [value for p in net.parameters() for _, value in sorted(optimizer.state[p].items())]
    return [*(p.detach().clone() for p in net.parameters()), *state]


def assert_close(ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other, rtol=2e-5, atol=1e-6)


@given(
    lr=st.sampled_from([1e-4, 1e-3, 0.01, 0.1, 1.0]),
    betas=st.tuples(st.floats(0, 0.99), st.floats(0, 0.999)),
    eps=st.sampled_from([1e-8, 1e-3]),
    weight_decay=st.sampled_from([0, 0.0, 0.1]),
    maximize=st.booleans(),
    kind=st.sampled_from([torch.optim.Adam, torch.optim.AdamW]),
)
@settings(max_examples=60, deadline=None)
def test_the_same_numbers_as_torchs_loop(in_one_call: Callable[..., None], **options: Any) -> None:
    theirs = trained(steps=3, **options)
    with Counted(in_one_call) as counted:
        assert_close(trained(steps=3, **options), theirs)
    assert counted.loops == 0


def test_over_many_steps(in_one_call: Callable[..., None]) -> None:
    theirs = trained(steps=500)
    with Counted(in_one_call) as counted:
        ours = trained(steps=500)
    assert counted.loops == 0
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


RARE: dict[str, dict[str, Any]] = {
    "amsgrad": {"amsgrad": True},
    "a tensor for lr": {"lr": torch.tensor(0.01)},
    "an int for lr": {"lr": 1},
    "differentiable": {"differentiable": False, "capturable": False, "foreach": False, "lr": torch.tensor(0.1)},
}


@pytest.mark.parametrize("options", RARE.values(), ids=RARE)
def test_what_is_rare_is_left_to_torch(in_one_call: Callable[..., None], options: dict[str, Any]) -> None:
    theirs = trained(**options)
    with Counted(in_one_call) as counted:
        ours = trained(**options)
    assert counted.loops == 20
    assert all(map(torch.equal, ours, theirs))


def _step(parameter: torch.nn.Parameter, **options: Any) -> torch.Tensor:
    optimizer = torch.optim.Adam([parameter], lr=0.1, **options)
    for _ in range(3):
        optimizer.zero_grad()
        (parameter * torch.arange(parameter.numel(), dtype=parameter.dtype).reshape(parameter.shape)).sin().sum().backward()
        optimizer.step()
    return parameter.detach().clone()


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3).T),
        lambda: torch.nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4)[:, ::2]),
        lambda: torch.nn.Parameter(torch.linspace(-1, 1, 4, dtype=torch.float64)),
    ],
    ids=["turned", "every second", "double"],
)
def test_what_lies_otherwise_in_memory_is_left_to_torch(
    in_one_call: Callable[..., None], make: Callable[[], torch.nn.Parameter]
) -> None:
    theirs = _step(make())
    with Counted(in_one_call) as counted:
        assert torch.equal(_step(make()), theirs)
    assert counted.loops == 3


def test_gradients_may_lie_otherwise(in_one_call: Callable[..., None]) -> None:
    def step() -> torch.Tensor:
        parameter = torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))
        optimizer = torch.optim.Adam([parameter], lr=0.1)
        parameter.grad = torch.arange(6.0).reshape(3, 2).T
        optimizer.step()
        return parameter.detach().clone()

    theirs = step()
    with Counted(in_one_call) as counted:
        torch.testing.assert_close(step(), theirs)
    assert counted.loops == 0


def test_a_graph_that_a_step_spoils_is_refused_as_ever(in_one_call: Callable[..., None]) -> None:
    """`backward()` after `step()`, through what was computed before it: PyTorch notices by the versions of tensors."""
    with Counted(in_one_call) as counted:
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
        optimizer = torch.optim.Adam(net.parameters())
        loss = net(torch.ones(3, 2)).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()
    assert counted.loops == 0


def test_a_state_is_saved_and_loaded_in_between(in_one_call: Callable[..., None]) -> None:
    def both(first: Callable[..., None], second: Callable[..., None]) -> torch.Tensor:
        parameter = torch.nn.Parameter(torch.linspace(-1, 1, 4))
        state = None
        for way in (first, second):
            vars(torchs)["_single_tensor_adam"] = way
            optimizer = torch.optim.Adam([parameter], lr=0.1)
            if state is not None:
                optimizer.load_state_dict(state)
            for _ in range(2):
                optimizer.zero_grad()
                parameter.sin().sum().backward()
                optimizer.step()
            state = copy.deepcopy(optimizer.state_dict())
        vars(torchs)["_single_tensor_adam"] = LOOP
        return parameter.detach().clone()

    theirs = both(LOOP, LOOP)
    for ways in [(in_one_call, LOOP), (LOOP, in_one_call), (in_one_call, in_one_call)]:
        torch.testing.assert_close(both(*ways), theirs)


def test_no_parameter_has_a_gradient(in_one_call: Callable[..., None]) -> None:
    with Counted(in_one_call):
        parameter = torch.nn.Parameter(torch.ones(2))
        torch.optim.Adam([parameter]).step()
    assert parameter.tolist() == [1, 1]


def test_it_is_so_in_kernels_and_says_nothing_of_it() -> None:
    ran = run_book(
        blank("fit", "import torch\np = torch.nn.Parameter(torch.ones(2))\noptimizr = torch.optim.Adam([p])\np.sum().backward()\noptimizr.step()"),
        check("fit"),
        asks={
            "fit": probes(
                how="__import__('sys').modules['torch.optim.adam']._single_tensor_adam.__code__.co_filename",
                says="repr(nb.optimizr)",
                steps="[float(s['step']) for s in nb.optimizr.state.values()]",
            )
        },
    )  # fmt: skip
    assert ran.captures["how"].value == adam.__file__
    assert ran.captures["steps"].value == [1.0]
    assert ran.captures["says"].value == repr(torch.optim.Adam([torch.nn.Parameter(torch.ones(2))]))


def test_a_compiled_step_is_torchs() -> None:
    code = """
import torch
from grader.run.adam import install
install()
p = torch.nn.Parameter(torch.ones(2))
optimizr = torch.optim.Adam([p], lr=0.5)
@torch.compile(backend="eager")
def step():
    optimizr.step()
p.sum().backward()
step()
print(p.tolist())
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], text=True, capture_output=True, timeout=100)
    assert json.loads(done.stdout) == pytest.approx([0.5, 0.5], abs=1e-4), done.stderr
