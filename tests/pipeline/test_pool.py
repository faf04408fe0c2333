"""Calls in worker processes: they survive many, a death costs one, and nothing is left of them."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, as_completed
from pathlib import Path

import psutil
import pytest

from grader.notebook import Cell, Notebook, Role
from grader.run import memory
from grader.run import pool as pools
from grader.run.fake import run_here
from grader.run.pool import Pool, WorkerDied, run_many, work
from grader.run.request import Request
from grader.warm import cores

STATE: list[int] = []


def who(_: object = None) -> int:
    return os.getpid()


def begin_with(number: int) -> None:
    STATE.append(number)


def state(_: object = None) -> list[int]:
    return STATE


def fail(what: str) -> None:
    raise ValueError(what)


def dies(item: tuple[str, str]) -> str:
    """ "always" and "once" kill their worker; each call leaves a line with its beginning and its end."""
    name, folder = item
    begin, log = time.monotonic(), Path(folder)
    once = log / f"{name}.once"
    if name == "always" or (name == "once" and not once.exists()):
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    (log / f"{name}.{os.getpid()}.span").write_text(f"{begin} {time.monotonic()}")
    return name


def eventually(true: Callable[[], bool], seconds: float = 6.0) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


def alive(pids: list[int]) -> list[int]:
    """Those that run; a zombie that nobody has waited for does not."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


@pytest.fixture(scope="module")
def pool():
    with Pool(2, begin_with, (7,)) as found:
        yield found


def test_it_is_an_executor_whose_workers_survive(pool):
    assert isinstance(pool, Executor)
    futures = [pool.submit(who) for _ in range(12)]
    pids = {future.result() for future in as_completed(futures)}
    assert len(pids) <= 2
    assert os.getpid() not in pids
    assert pool.submit(state).result() == [7]
    assert list(pool.map(abs, [-1, -2])) == [1, 2]


def test_an_exception_comes_back_with_its_traceback(pool):
    with pytest.raises(ValueError, match="too odd") as raised:
        pool.submit(fail, "too odd").result()
    assert "in fail" in "".join(raised.value.__notes__)


def test_a_death_costs_the_call(pool):
    with pytest.raises(WorkerDied):
        pool.submit(os._exit, 0).result()
    assert pool.submit(abs, -4).result() == 4


def test_a_dead_workers_item_is_tried_once_more_alone(pool, tmp_path):
    names = ["a", "always", "b", "once", "c"]
    found = {name: result for (name, _), result in work(pool, dies, [(name, str(tmp_path)) for name in names])}
    assert isinstance(found.pop("always"), WorkerDied)
    assert found == {name: name for name in ("a", "b", "once", "c")}
    spans = {p.name.split(".")[0]: tuple(map(float, p.read_text().split())) for p in tmp_path.glob("*.span")}
    assert all(spans["once"][0] > spans[name][1] for name in "abc")


def test_no_more_in_flight_than_there_is_room_for(pool, tmp_path):
    """Where nothing fits beside another, they go one after the other."""
    list(work(pool, dies, [(name, str(tmp_path)) for name in "abc"], fits=lambda: False))
    spans = sorted(tuple(map(float, p.read_text().split())) for p in tmp_path.glob("*.span"))
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


def test_a_worker_makes_way_after_many_calls(monkeypatch):
    monkeypatch.setattr(pools, "CALLS", 2)  # the parent counts
    with Pool(1) as pool:
        assert len({pool.submit(who).result() for _ in range(4)}) >= 2


needs_affinity = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")


def its_cores(_: object = None) -> tuple[int, list[int]]:
    time.sleep(0.2)  # so that no worker does all calls
    return os.getpid(), sorted(os.sched_getaffinity(0))


@needs_affinity
def test_a_worker_for_each_core_stays_on_its_own(monkeypatch):
    """Also the one that comes after another, and what it starts."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        pytest.skip("this machine has one core")
    monkeypatch.setattr(pools, "CALLS", 2)
    with Pool(len(mine), own_core=True) as pool:
        found = [future.result() for future in [pool.submit(its_cores) for _ in range(4 * len(mine))]]
    assert len({pid for pid, _ in found}) > len(mine), "none made way for another"
    assert {tuple(one) for _, one in found} == {(core,) for core in mine}


@needs_affinity
@pytest.mark.parametrize("own_core", [False, True])
def test_with_more_or_fewer_workers_than_cores_all_use_all(own_core, monkeypatch):
    mine = sorted(os.sched_getaffinity(0))
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4})  # of the parent: five, for two workers
    with Pool(2, own_core=own_core) as pool:
        assert [pool.submit(its_cores).result()[1] for _ in range(2)] == [mine, mine]


def test_a_core_each_only_for_as_many_workers_as_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 3}, raising=False)
    assert cores.cores_for(2) == [3, 7]
    assert cores.cores_for(1) == cores.cores_for(3) == []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert cores.cores_for(1) == [], "one worker on one core is there anyway"
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores.cores_for(2) == []


@needs_affinity
def test_a_core_that_is_refused_is_no_error(monkeypatch):
    before = os.sched_getaffinity(0)
    cores.stay_on(10_000)
    cores.stay_on(None)
    assert os.sched_getaffinity(0) == before
    monkeypatch.delattr(os, "sched_setaffinity")
    cores.stay_on(0)


def test_stopping_ends_what_is_in_flight():
    pool = Pool(1)
    pid = pool.submit(who).result()
    future = pool.submit(time.sleep, 60)
    assert eventually(future.running)
    begin = time.monotonic()
    pool.stop()
    assert time.monotonic() - begin < 4
    assert not alive([pid])
    with pytest.raises(WorkerDied):
        future.result(timeout=5)


SCRIPT = """
import os, sys, time
from grader.run.pool import Pool
if __name__ == "__main__":
    with Pool(2) as pool:
        print(*{pool.submit(os.getpid).result() for _ in range(20)}, flush=True)
        futures = [pool.submit(time.sleep, 60) for _ in range(3)]
        print("asleep", flush=True)
        [future.result() for future in futures]
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_the_parent(how, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    process.stdout.readline()
    time.sleep(0.5)
    pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    assert pids
    begin = time.monotonic()
    if how is signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does it
    else:
        process.kill()
    said = process.communicate(timeout=10)[1]
    assert eventually(lambda: not alive(pids))
    assert time.monotonic() - begin < 6
    assert "In a worker process" not in said
    assert said.count("Traceback") == (how is signal.SIGINT)  # the script's own


def test_many_runs():
    requests = {name: Request(Notebook((Cell("given-1", Role.GIVEN, f"x = {i}"),))) for i, name in enumerate("ab")}
    runs = dict(run_many(requests, 2, run_here))
    assert {name: [cell.source for cell in run.cells] for name, run in runs.items()} == {"a": ["x = 0"], "b": ["x = 1"]}


# ------------------------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize(("left", "jobs"), [(0.1, 1), (1.9, 1), (2.1, 2), (99, 8)])
def test_as_many_jobs_as_fit(left, jobs):
    each = memory.needed(copies=3)
    found, note = memory.jobs_that_fit(8, each, int(left * each))
    assert found == jobs
    assert bool(note) == (jobs < 8)
    assert "not 8" in note or not note
    assert memory.needed(28) > 1.4e9 > memory.needed(2)  # as measured with `rnn_ab`


def test_a_control_group_that_has_less_left_counts(tmp_path):
    assert memory.available(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.5)
    (tmp_path / "memory.current").write_text("900000\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 50000\n")
    for most, left in {"1000000": 150_000, "700000": 0}.items():
        (tmp_path / "memory.max").write_text(f"{most}\n")
        assert memory.available(tmp_path) == left
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available(tmp_path) > 1_000_000
