"""What expressions give, as JSON, with the profiler's labels or without: `python labels_seen.py with|without EXPRESSIONS`."""

import json
import sys
import tempfile
from pathlib import Path

import torch

if sys.argv[1] == "without":
    from grader.warm.labels import put_off_labels

    put_off_labels()
    put_off_labels()
from torch.autograd.profiler import record_function
from torch.fx.experimental.proxy_tensor import make_fx  # noqa: F401 - for an expression
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


def steps(count, kind=torch.optim.Adam, **options):
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    optimizer = kind(net.parameters(), lr=0.1, **options)
    loader = torch.utils.data.DataLoader(torch.linspace(-1, 1, 12).reshape(6, 2), batch_size=3)
    for _ in range(count):
        for x in loader:
            optimizer.zero_grad()
            net(x).pow(2).sum().backward()
            optimizer.step()
    return [p.tolist() for p in net.parameters()]


def profiled(work):
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        work()
    return sorted({event.key for event in profile.key_averages() if ":" not in event.key})


@record_function("decorated")
def decorated():
    return torch.ones(2).sum().item()


@torch.jit.script
def scripted(x):
    with record_function("scripted"):
        return x + 1


def labelled(name):
    with record_function(name):
        torch.ones(2) + 1


def raising():
    try:
        with record_function("raising"):
            raise KeyError("mine")
    except KeyError as error:
        return str(error)


def later():
    future = torch.futures.Future()
    with record_function("later") as label:
        after = label._call_end_callbacks_on_future(future)
    future.set_result(3)
    return after.wait()


def begun_before():
    with record_function("begun before"):
        return profiled(lambda: labelled("within"))


def begun_within():
    profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    with record_function("before"):
        profile.start()
        labelled("after")
    profile.stop()
    return sorted(event.key for event in profile.key_averages())


def ended_within():
    profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    profile.start()
    with record_function("whole"):
        profile.stop()
    return sorted(event.key for event in profile.key_averages())


def ended_without_a_beginning():
    try:
        record_function("never").__exit__(None, None, None)
    except AssertionError as error:
        return str(error)


class OfOperations(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        noted.append(str(function))
        return function(*args, **(kwargs or {}))


class OfCalls(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        noted.append(getattr(function, "__name__", str(function)))
        return function(*args, **(kwargs or {}))


def told_to(mode):
    noted.clear()
    with mode:
        labelled("in a mode")
    return list(noted)


def plus_one(x):
    with record_function("plus one"):
        return x + 1


def in_an_execution_trace():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "trace.json")
        observer = torch.profiler.ExecutionTraceObserver().register_callback(str(file))
        observer.start()
        steps(1)
        observer.stop()
        observer.unregister_callback()
        return sorted({node["name"] for node in json.loads(file.read_text())["nodes"]})


noted = []
print(json.dumps([eval(one) for one in json.loads(sys.argv[2])]))
