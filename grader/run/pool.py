"""Many runs, several at once, in worker processes.

Results come as they are done. Ctrl-C stops the workers, and with them their kernels; a worker that is killed costs the run that
it was doing, which is tried once more and then given up as the machine's fault.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from grader.result import Run
from grader.run.request import Request, Runner

__all__ = ["default_jobs", "run_many", "run_queue"]


def default_jobs() -> int:
    """One run for each core that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def run_many(requests: Mapping[str, Request], jobs: int, runner: Runner) -> Iterator[tuple[str, Run]]:
    """Run all of them, `jobs` at once, and yield (name, run) as each is done.

    `runner` must be a module-level function. With one job, or one request, it is called in this process.
    """
    yield from run_queue(dict(requests), jobs, runner)


def run_queue(waiting: dict[str, Request], jobs: int, runner: Runner) -> Iterator[tuple[str, Run]]:
    """The same for requests that may become more: what is put into `waiting` between two results is run, too.

    Each is taken out of `waiting` as it is done.
    """
    if jobs <= 1 or len(waiting) <= 1:
        while waiting and (jobs <= 1 or len(waiting) == 1):
            name = next(iter(waiting))
            yield name, runner(waiting.pop(name))
    suspects: dict[str, Request] = {}
    while waiting or suspects:
        while waiting:
            yield from _run_pool(waiting, suspects, jobs, runner)
        for name in list(suspects)[:1]:
            alone = {name: suspects.pop(name)}
            yield from _run_pool(alone, {}, 1, runner)
            if alone:
                yield name, Run("ours", notes=["The process that ran this notebook was killed, twice."])


def _run_pool(waiting: dict[str, Request], suspects: dict[str, Request], jobs: int, runner: Runner) -> Iterator[tuple[str, Run]]:
    """Take from `waiting` what one pool gets done. When a worker dies, the runs in flight become suspects."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(waiting)), mp_context=context, initializer=_be_a_worker)
    flying: dict[Future[bytes], str] = {}
    try:
        while waiting:
            flown = set(flying.values())
            for name in islice((name for name in waiting if name not in flown), jobs - len(flying)):
                flying[pool.submit(_work, runner, waiting[name])] = name
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                data = future.result()
                name = flying.pop(future)
                del waiting[name]
                yield name, Run.from_bytes(data)
        pool.shutdown()
    except BrokenProcessPool:
        for name in flying.values() if jobs > 1 else ():
            suspects[name] = waiting.pop(name)
        _stop(pool)
    except BaseException:
        _stop(pool)
        raise


def _work(runner: Runner, request: Request) -> bytes:
    return runner(request).to_bytes()


def _be_a_worker() -> None:
    """Ctrl-C is the parent's to handle; it ends us with SIGTERM, which must unwind so that kernels are ended too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _unwind)


def _unwind(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers in mid-run; each ends its kernel before it goes."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        if process.is_alive():
            process.terminate()
    for process in processes:
        process.join(10)
        if process.is_alive():
            process.kill()
