"""Notebooks that ask for a GPU where there is none.

Each snippet runs twice, each time in a process of its own: as it is, with the shim; and as a student would write it for the CPU,
without the shim. What it gives, and where it leaves the random numbers, must be the same to the bit.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from cuda_snippets import CASES, UNTOUCHED, lines

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here, so nothing is mapped to the CPU")

REFUSED = """
torch.ones(2).to("gpu")
torch.ones(2).to("cuda:x")
torch.ones(2).to("cuda:01")
torch.ones(2).to("cuda:-1")
torch.ones(2).to([])
torch.ones(2).cuda("cpu")
torch.zeros(2, device="cudax")
torch.zeros(2, device=[])
torch.zeros("a")
torch.tensor([[1], [2, 3]])
torch.nn.Linear(2, 2).to("gpu")
torch.nn.Linear(2, 2).to(torch.int64)
torch.zeros(2, device="cuda", dtype=3)
torch.Generator(device="gpu")
torch.set_default_device("gpu")
torch.load(io.BytesIO(b"no checkpoint"), map_location="cuda")
torch.ones(1).type("torch.gpu.FloatTensor")
torch.cuda.FloatStorage(3)
torch.UntypedStorage(3, device="cuda")
"""

ANSWERS: dict[str, Any] = {
    "torch.cuda.is_available()": False,
    "torch.cuda.device_count()": 0,
    "torch.cuda.current_device()": 0,
    "torch.cuda.get_device_name(0)": "CPU (there is no GPU here)",
    "torch.cuda.get_device_properties(0).total_memory": 0,
    "torch.cuda.get_device_properties('cuda:0').name": "CPU (there is no GPU here)",
    "torch.cuda.get_device_capability()": (0, 0),
    "torch.cuda.mem_get_info()": (0, 0),
    "torch.cuda.memory_summary(device=0, abbreviated=True)": "",
    "torch.cuda.set_device('cuda:0')": None,
    "torch.cuda.synchronize(device=0)": None,
    "torch.cuda.reset_peak_memory_stats()": None,
    "torch.cuda.memory.reset_peak_memory_stats()": None,
    "torch.cuda.init()": None,
    "torch.mps.synchronize(), torch.mps.empty_cache(), torch.xpu.synchronize('xpu:0')": (None, None, None),
    "torch.backends.mps.is_available(), torch.xpu.is_available()": (False, False),
    "torch.cuda.ipc_collect()": None,
    "torch.cuda.set_per_process_memory_fraction(0.5, 0)": None,
    "torch.cuda.nvtx.range_push('forward')": 0,
    "torch.cuda.nvtx.range_pop()": 0,
    "torch.ones(2).to('cuda:0').device.type == 'cuda'": False,
    "torch.ones(2).cuda().is_cuda": False,
    "str(torch.ones(2).cuda().device)": "cpu",
    "asked()": "",
    "(torch.ones(2).to('cpu'), torch.zeros(2, device='meta'), torch.cuda.is_available(), asked())[-1]": "",
    "(torch.manual_seed(0), torch.cuda.synchronize(), asked())[-1]": "",
    "(torch.ones(2).to('cuda:1'), torch.ones(2).cuda(), asked())[-1]": "cuda:1",
    "(torch.ones(2).cuda(), asked())[-1]": "cuda",
    "(torch.nn.Linear(1, 1).cuda(2), asked())[-1]": "cuda:2",
    "(torch.zeros(1, device=torch.device('cuda', 0)), asked())[-1]": "cuda:0",
    "(torch.cuda.set_device(3), asked())[-1]": "cuda:3",
    "(torch.cuda.FloatTensor(1), asked())[-1]": "cuda",
    "install()": True,
}

ERRORS_OF_EVENTS = """
a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event()
said = []
for one, other in ((a, b), (a, a)):
    try:
        one.elapsed_time(other)
    except ValueError as error:
        said.append(str(error))
result = said
"""

_DRIVER = """
import copy, io, json, linecache, os, pickle, sys, time, warnings
import torch
import torch._dynamo  # once, not in every fork
from torch.utils.data import DataLoader, TensorDataset
warnings.simplefilter("ignore")
torch.set_num_threads(1)
before = {(space, name): getattr(space, name) for space in (torch, torch.Tensor) for name in ("add", "matmul", "tanh", "sum", "reshape")}
Module, Tensor = torch.nn.Module, torch.Tensor
folder, shim = sys.argv[1:]
from grader.run import cuda
from grader.run.cuda import asked, install
if shim == "shim":
    install()

def plain(value):
    if isinstance(value, Module):
        return plain(dict(value.state_dict()))
    if isinstance(value, Tensor):
        return value.detach().as_subclass(Tensor)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, torch.Size):
        return list(value)
    return type(value)(map(plain, value)) if type(value) in (list, tuple) else value

def run(code):
    space = {**globals(), "__name__": "__main__"}
    save, manual_seed, get_rng_state = torch.save, torch.manual_seed, torch.get_rng_state
    manual_seed(0)
    cuda._asked.clear()
    linecache.cache["a cell"] = len(code), None, code.splitlines(keepends=True), "a cell"  # torch.jit.script reads it
    exec(compile(code, "a cell", "exec"), space)
    return {"value": plain(space["result"]), "random": get_rng_state(), "asked": asked()}

def tell(number, code):
    save, tensor, modules = torch.save, torch.Tensor, (torch.cuda, torch.serialization, torch.nn, torch.utils)
    try:
        told = run(code)
    except BaseException as error:
        told = {"error": type(error).__name__ + ": " + str(error)}
    torch.Tensor, (torch.cuda, torch.serialization, torch.nn, torch.utils) = tensor, modules
    save(told, f"{folder}/{number}.pt")

codes = list(enumerate(json.load(sys.stdin)))
for number, code in codes:
    if not code.startswith("result = "):  # it may change something: in a process of its own
        if os.fork() == 0:
            tell(number, code)
            os._exit(0)
        os.wait()
for number, code in codes:
    if code.startswith("result = "):
        tell(number, code)
assert all(getattr(space, name) is value for (space, name), value in before.items())
"""

Told = dict[str, Any]


def for_the_cpu(code: str) -> str:
    """The snippet as a student writes it for the CPU."""
    code = re.sub(r'"(cuda|mps|xpu)(:\d)?"', '"cpu"', code)
    return re.sub(r'\.cuda\((0|"cpu"|device=0|non_blocking=True|)\)', ".cpu()", code)


def run_all(folder: Path, snippets: dict[str, str], shim: bool) -> dict[str, Told]:
    folder.mkdir()
    command = [sys.executable, "-c", _DRIVER, str(folder), "shim" if shim else "plain"]
    done = subprocess.run(command, input=json.dumps(list(snippets.values())), text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {name: torch.load(folder / f"{number}.pt", weights_only=True) for number, name in enumerate(snippets)}


@pytest.fixture(scope="module")
def with_shim(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    snippets = {name: case[0] for name, case in CASES.items()} | UNTOUCHED | {line: f"result = {line}" for line in lines(REFUSED)}
    snippets |= {line: f"result = {line}" for line in ANSWERS} | {"events": ERRORS_OF_EVENTS}
    return run_all(tmp_path_factory.mktemp("cuda") / "shim", snippets, shim=True)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    snippets = {name: case[1] if len(case) > 1 else for_the_cpu(case[0]) for name, case in CASES.items()}
    snippets |= UNTOUCHED | {line: f"result = {line}" for line in lines(REFUSED)}
    return run_all(tmp_path_factory.mktemp("cuda") / "plain", snippets, shim=False)


def assert_same(ours: Any, theirs: Any, path: str = "value") -> None:
    """To the bit, the type and the shape."""
    assert type(ours) is type(theirs), path
    if isinstance(ours, torch.Tensor):
        assert (ours.dtype, ours.shape, ours.device, ours.layout) == (theirs.dtype, theirs.shape, theirs.device, theirs.layout), (
            path
        )
        assert torch.equal(ours, theirs), path
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs), path
        for key in ours:
            assert_same(ours[key], theirs[key], f"{path}[{key!r}]")
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs), path
        for i, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(one, other, f"{path}[{i}]")
    else:
        assert ours == theirs, path


@pytest.mark.parametrize("name", CASES)
def test_gives_what_the_cpu_gives(name: str, with_shim: dict[str, Told], without: dict[str, Told]) -> None:
    ours, theirs = with_shim[name], without[name]
    assert "error" not in ours, ours["error"]
    assert "error" not in theirs, theirs["error"]
    assert_same(ours["value"], theirs["value"])
    assert_same(ours["random"], theirs["random"], "random state")


@pytest.mark.parametrize("name", [name for name, (code, *_) in CASES.items() if "cuda" in code and "float16)" not in code])
def test_says_which_device_was_asked_for(name: str, with_shim: dict[str, Told]) -> None:
    assert re.fullmatch(r"cuda(:\d)?", with_shim[name]["asked"])


@pytest.mark.parametrize("name", [name for name in CASES if '"mps"' in name])
def test_says_that_a_mac_was_asked_for(name: str, with_shim: dict[str, Told]) -> None:
    assert with_shim[name]["asked"] in ("mps", "mps:0")


@pytest.mark.parametrize("name", UNTOUCHED)
def test_changes_nothing_where_no_cuda_device_is_named(name: str, with_shim: dict[str, Told], without: dict[str, Told]) -> None:
    assert with_shim[name] == {**with_shim[name], "asked": ""}
    assert_same(with_shim[name], without[name])


@pytest.mark.parametrize("line", lines(REFUSED))
def test_what_torch_refuses_it_refuses_in_its_own_words(line: str, with_shim: dict[str, Told], without: dict[str, Told]) -> None:
    assert "error" in without[line]
    assert with_shim[line] == without[line]


@pytest.mark.parametrize("line", ANSWERS)
def test_answers(line: str, with_shim: dict[str, Told]) -> None:
    assert_same(with_shim[line].get("value", with_shim[line].get("error")), ANSWERS[line])


def test_events_refuse_as_those_of_torch(with_shim: dict[str, Told]) -> None:
    assert with_shim["events"]["value"] == [
        "Both events must be created with argument 'enable_timing=True'.",
        "Both events must be recorded before calculating elapsed time.",
    ]


def run_code(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], text=True, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_with_a_gpu_nothing_is_changed() -> None:
    code = """
import torch
torch.cuda.is_available = lambda: True  # as on a machine with a GPU
kept = torch.zeros, torch.Tensor.to, torch.cuda.synchronize, torch.Generator
from grader.run.cuda import asked, install
print(install(), kept == (torch.zeros, torch.Tensor.to, torch.cuda.synchronize, torch.Generator), repr(asked()))
"""
    assert run_code(code) == "False True ''\n"


@pytest.mark.parametrize("early", [True, False], ids=["dynamo before", "dynamo after"])
def test_optimizers_find_their_compiler(early: bool) -> None:
    code = f"""
import torch
if {early}:
    import torch._dynamo
from grader.run.cuda import install
install()
import torch._dynamo  # it lists every function of torch.cuda, and refuses one that stands there twice
p = torch.nn.Parameter(torch.zeros(1, device="cuda"))
optimizr = torch.optim.SGD([p], 0.5)
(p - 3).sum().backward()
optimizr.step()
print(p.item(), torch.compile(lambda x: x.cuda() + 1, backend="eager")(torch.ones(1)).item())
"""
    assert run_code(code) == "-0.5 2.0\n"


@pytest.mark.parametrize("first", ["seeds", "cuda"])
def test_goes_together_with_shifted_seeds(first: str) -> None:
    steps: dict[str, str] = {"seeds": "shift_seeds(2)", "cuda": "install()"}
    order = [steps.pop(first), *steps.values()]
    code = f"""
import torch
from grader.run.cuda import install
from grader.run.seeds import STEP, shift_seeds
expected = torch.randn(2, generator=torch.Generator().manual_seed(7 + 2 * STEP))
{order[0]}
{order[1]}
g = torch.Generator(device="cuda")
g.manual_seed(7)
print(torch.equal(torch.randn(2, generator=g, device="cuda"), expected), isinstance(g, torch.Generator), g.device)
"""
    assert run_code(code) == "True True cpu\n"


def test_nothing_is_hooked_into_operations() -> None:
    code = """
import torch
from grader.run.cuda import install
spaces = (torch, torch.Tensor, torch.nn.functional)
before = [dict(vars(space)) for space in spaces]
install()
torch.ones(1).to("cuda")
print(torch._C._len_torch_function_stack(), torch.overrides._is_torch_function_mode_enabled())
for space, kept in zip(spaces, before):
    print(*sorted(name for name, value in vars(space).items() if kept.get(name) is not value and "_like" not in name))
"""
    hooked, torchs, tensors, functions = run_code(code).splitlines()
    assert hooked == "0 False"
    assert {"tensor", "zeros", "randn", "Generator"} < set(torchs.split())
    assert not {"add", "matmul", "tanh", "cat", "stack", "sigmoid"} & set(torchs.split())
    assert set(tensors.split()) <= {"cuda", "new", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor",
                                    "new_zeros", "pin_memory", "record_stream", "to", "type"}  # fmt: skip
    assert functions == ""
