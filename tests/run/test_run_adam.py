"""Adam's step in one call gives what PyTorch's own loop over the parameters gives."""

import contextlib
import copy
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from run_cells import blank, check, probes, run_book
from torch.optim import adam as torchs

from grader.run import adam

LOOP: Callable[..., None] = vars(torchs)["_single_tensor_adam"]


class Way:
    """`with way:` steps are taken as in a graded run; what torch does instead is counted.

    loops: how often torch's loop over the parameters was used. wholes: how often torch's `step`.
    """

    def __init__(self, in_lists: Callable[..., None], step: Any = None) -> None:
        self._in_lists, self._step = in_lists, step
        self.loops = self.wholes = 0

    def __enter__(self) -> "Way":
        self.loops = self.wholes = 0
        self._torchs = vars(torch.optim.Adam)["step"]
        _put(self._in_lists, "single", self._loop)
        vars(torchs)["_single_tensor_adam"] = self._in_lists
        if self._step is not None:
            inner = self._step.__wrapped__
            self._whole = inner.__wrapped__
            _put(inner, "whole", self._counted)
            torch.optim.Adam.step = self._step
        return self

    def __exit__(self, *_: object) -> None:
        vars(torchs)["_single_tensor_adam"] = LOOP
        torch.optim.Adam.step = self._torchs
        _put(self._in_lists, "single", LOOP)
        if self._step is not None:
            _put(self._step.__wrapped__, "whole", self._whole)

    def _loop(self, *arguments: Any, **named: Any) -> None:
        self.loops += 1
        LOOP(*arguments, **named)

    def _counted(self, *arguments: Any) -> Any:
        self.wholes += 1
        return self._whole(*arguments)

    def assert_short(self, trainings: int = 1) -> None:
        """Nothing was left to torch but the first step of each training, and of that not the numbers."""
        assert self.loops == 0
        assert self.wholes == (trainings if self._step is not None else 0)


def _put(function: Any, name: str, value: Any) -> None:
    """What a function calls by a name from around it."""
    function.__closure__[function.__code__.co_freevars.index(name)].cell_contents = value


@pytest.fixture(scope="module", params=["torch's step", "short step"])
def way(request: pytest.FixtureRequest) -> Way:
    """torch's `step` with our kernel, and our `step`, too; in place only where a test puts it."""
    torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])  # from now on `step` calls hooks
    before = vars(torch.optim.Adam)["step"]
    adam.install.cache_clear()
    adam.install()
    in_lists, step = vars(torchs)["_single_tensor_adam"], vars(torch.optim.Adam)["step"]
    vars(torchs)["_single_tensor_adam"], torch.optim.Adam.step = LOOP, before
    adam.install.cache_clear()
    assert in_lists is not LOOP
    assert step is not before
    return Way(in_lists, step if request.param == "short step" else None)


def trained(
    kind: type[torch.optim.Optimizer] = torch.optim.Adam, steps: int = 20, dtype: torch.dtype = torch.float32, **options: Any
) -> list[torch.Tensor]:
    """The parameters of a small network, and the optimizer's state, after some steps. Another dtype begins with the same numbers."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Embedding(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3)).to(dtype)
    x, y = torch.arange(3).repeat(5), torch.arange(1, 4).remainder(3).repeat(5)
    optimizer = kind(net.parameters(), **options)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    state = [value for p in net.parameters() for _, value in sorted(optimizer.state[p].items())]
    return [*(p.detach().clone() for p in net.parameters()), *state]


def assert_close(ours: list[torch.Tensor], theirs: list[torch.Tensor], exact: list[torch.Tensor]) -> None:
    """As near as torch's own numbers are to those in double precision. A gradient of almost 0 makes a step of any size."""
    for one, other, better in zip(ours, theirs, exact, strict=True):
        assert one.dtype == other.dtype
        lost = float((other - better).abs().max())
        torch.testing.assert_close(one, other, rtol=2e-5, atol=max(1e-6, 3 * lost))


@given(
    lr=st.sampled_from([1e-4, 1e-3, 0.01, 0.1, 1.0]),
    betas=st.tuples(st.floats(0, 0.99), st.floats(0, 0.999)),
    eps=st.sampled_from([1e-8, 1e-3]),
    weight_decay=st.sampled_from([0, 0.0, 0.1]),
    maximize=st.booleans(),
    kind=st.sampled_from([torch.optim.Adam, torch.optim.AdamW]),
)
@example(
    lr=0.1, betas=(0.48654798297143725, 5.960464477539063e-08), eps=1e-8, weight_decay=0.1, maximize=False, kind=torch.optim.AdamW
)
@settings(max_examples=60, deadline=None)
def test_the_same_numbers_as_torchs_loop(way: Way, **options: Any) -> None:
    theirs, exact = (trained(steps=3, dtype=dtype, **options) for dtype in (torch.float32, torch.float64))
    with way:
        assert_close(trained(steps=3, **options), theirs, exact)
    way.assert_short()


def test_over_many_steps(way: Way) -> None:
    theirs = trained(steps=500)
    with way:
        ours = trained(steps=500)
    way.assert_short()
    for one, other in zip(ours[:3], theirs[:3], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


RARE: dict[str, dict[str, Any]] = {
    "amsgrad": {"amsgrad": True},
    "a tensor for lr": {"lr": torch.tensor(0.01)},
    "an int for lr": {"lr": 1},
    "differentiable": {"differentiable": False, "capturable": False, "foreach": False, "lr": torch.tensor(0.1)},
}


@pytest.mark.parametrize("options", RARE.values(), ids=RARE)
def test_what_is_rare_is_left_to_torch(way: Way, options: dict[str, Any]) -> None:
    theirs = trained(**options)
    with way:
        ours = trained(**options)
    assert way.loops == 20
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
def test_what_lies_otherwise_in_memory_is_left_to_torch(way: Way, make: Callable[[], torch.nn.Parameter]) -> None:
    theirs = _step(make())
    with way:
        assert torch.equal(_step(make()), theirs)
    assert way.loops == 3


def test_gradients_may_lie_otherwise(way: Way) -> None:
    def step() -> torch.Tensor:
        parameter = torch.nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3))
        optimizer = torch.optim.Adam([parameter], lr=0.1)
        parameter.grad = torch.arange(6.0).reshape(3, 2).T
        optimizer.step()
        return parameter.detach().clone()

    theirs = step()
    with way:
        torch.testing.assert_close(step(), theirs)
    way.assert_short()


def test_a_graph_that_a_step_spoils_is_refused_as_ever(way: Way) -> None:
    """`backward()` after `step()`, through what was computed before it: PyTorch notices by the versions of tensors."""
    with way:
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
        optimizer = torch.optim.Adam(net.parameters())
        loss = net(torch.ones(3, 2)).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()
    way.assert_short()


def test_a_state_is_saved_and_loaded_in_between(way: Way) -> None:
    def both(first: AbstractContextManager[Any], second: AbstractContextManager[Any]) -> torch.Tensor:
        parameter = torch.nn.Parameter(torch.linspace(-1, 1, 4))
        state = None
        for how in (first, second):
            with how:
                optimizer = torch.optim.Adam([parameter], lr=0.1)
                if state is not None:
                    optimizer.load_state_dict(state)
                for _ in range(2):
                    optimizer.zero_grad()
                    parameter.sin().sum().backward()
                    optimizer.step()
                state = copy.deepcopy(optimizer.state_dict())
        return parameter.detach().clone()

    torchs_way = nullcontext()
    theirs = both(torchs_way, torchs_way)
    for ways in [(way, torchs_way), (torchs_way, way), (way, way)]:
        torch.testing.assert_close(both(*ways), theirs)


def losses(optimizer: torch.optim.Optimizer, parameters: list[torch.nn.Parameter], steps: int = 4) -> list[float]:
    told = []
    for number in range(steps):
        optimizer.zero_grad()
        loss = sum((p - i).pow(2).sum() for i, p in enumerate(parameters) if number % 2 or i)  # the first one not each time
        assert isinstance(loss, torch.Tensor)
        loss.backward()
        optimizer.step()
        told.append(loss.item())
    return told


def several(count: int = 3) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.linspace(-1, 1, 2 + i)) for i in range(count)]


def in_groups(**of_last: Any) -> list[float]:
    a, b, c = several()
    groups = [{"params": [a]}, {"params": [b], "lr": 0.5, "weight_decay": 0.1}, {"params": [c], "betas": (0.5, 0.9), **of_last}]
    return losses(torch.optim.Adam(groups, lr=0.1), [a, b, c])


def test_groups_and_parameters_without_a_gradient(way: Way) -> None:
    theirs = in_groups()
    with way:
        assert in_groups() == pytest.approx(theirs, rel=1e-5)
    way.assert_short(trainings=2)  # the first parameter's first step comes later


def test_one_group_that_is_rare(way: Way) -> None:
    theirs = in_groups(amsgrad=True)
    with way:
        assert in_groups(amsgrad=True) == pytest.approx(theirs, rel=1e-5)
    assert way.loops == 4


def test_a_parameter_that_is_there_twice_is_stepped_one_time_after_the_other(way: Way) -> None:
    def twice() -> list[float]:
        a, b = several(2)
        with pytest.warns(UserWarning, match="duplicate parameters"):
            optimizer = torch.optim.Adam([a, b, b], lr=0.1)
        return losses(optimizer, [a, b])

    theirs = twice()
    with way:
        assert twice() == theirs
    assert way.loops == 4


def test_a_scheduler_and_hooks_of_its_own(way: Way) -> None:
    def hooked() -> tuple[list[float], list[str]]:
        called: list[str] = []
        parameters = several()
        optimizer = torch.optim.Adam(parameters, lr=0.1)
        optimizer.register_step_pre_hook(lambda *_: called.append("before"))
        optimizer.register_step_post_hook(lambda *_: called.append("after"))
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        told = []
        for _ in range(3):
            told += losses(optimizer, parameters, 2)
            scheduler.step()
        return told, called

    theirs, called = hooked()
    with way:
        ours = hooked()
    assert ours[0] == pytest.approx(theirs, rel=1e-5)
    assert ours[1] == called == ["before", "after"] * 6


def test_a_closure_is_called_with_gradients_on(way: Way) -> None:
    def closed() -> list[float]:
        (parameter,) = several(1)
        optimizer = torch.optim.Adam([parameter], lr=0.1)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = parameter.sin().sum()
            loss.backward()
            return loss

        with torch.no_grad():
            return [float(optimizer.step(closure)) for _ in range(4)]  # type: ignore[arg-type]

    theirs = closed()
    with way:
        assert closed() == pytest.approx(theirs, rel=1e-5)


class Own(torch.optim.Adam):
    """A student's, which has its own idea of what belongs to a step."""

    def _init_group(self, group: Any, params: Any, *lists: Any) -> Any:
        found = super()._init_group(group, params, *lists)  # type: ignore[misc]
        for values in (params, *lists):
            del values[1:]
        return found


def test_a_class_that_chooses_the_parameters(way: Way) -> None:
    def chosen() -> list[float]:
        parameters = several()
        losses(Own(parameters, lr=0.1), parameters)
        return [value for p in parameters for value in p.tolist()]

    theirs = chosen()
    with way:
        assert chosen() == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("before", [True, False])
def test_whether_gradients_are_on_is_as_before(way: Way, before: bool) -> None:
    (parameter,) = several(1)
    optimizer = torch.optim.Adam([parameter], lr=0.1)
    parameter.sin().sum().backward()
    with way, torch.set_grad_enabled(before):
        for _ in range(2):
            optimizer.step()
            assert torch.is_grad_enabled() == before
        optimizer.state[parameter]["exp_avg"] = torch.ones(1, 1, 7)  # not this parameter's: whatever comes of it
        with contextlib.suppress(RuntimeError):
            optimizer.step()
        assert torch.is_grad_enabled() == before
    assert parameter.requires_grad
    assert parameter.grad_fn is None
    way.assert_short()


def test_no_parameter_has_a_gradient(way: Way) -> None:
    with way:
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
                step="type(nb.optimizr).step.__wrapped__.__code__.co_filename",
                says="repr(nb.optimizr)",
                steps="[float(s['step']) for s in nb.optimizr.state.values()]",
            )
        },
    )  # fmt: skip
    assert ran.captures["how"].value == adam.__file__
    assert ran.captures["step"].value == adam.__file__
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
