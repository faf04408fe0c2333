"""Calls in worker processes, several at once: an `Executor` whose workers survive many calls.

    with Pool(4) as pool:
        future = pool.submit(function, argument)

Results come as they are done. Ctrl-C ends the workers, and with them their kernels; when the parent is killed, they notice and
end. A worker that is killed costs the call that it was doing: `work` tries it once more, alone, and then gives it up.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, TypeVar

from grader.result import Run
from grader.run.nursery import METHOD, blocked_interrupt, prepare_workers
from grader.run.request import Request, Runner
from grader.run.worker import serve
from grader.warm.cores import cores_for, usable
from grader.warm.house import handed_on

__all__ = ["Pool", "WorkerDied", "default_jobs", "run_many", "work"]

T = TypeVar("T")
R = TypeVar("R")

CALLS = 250  # after so many a worker makes way for a new one: what libraries leak goes with it

TICK = 0.25  # seconds between two calls of `tick`
END = 2.0  # seconds for workers to end their kernels in, when all is to end now


class WorkerDied(Exception):
    """The worker process was killed, or ended itself, in the middle of this call."""


def default_jobs() -> int:
    """One run for each core that this process may use."""
    return len(usable()) or os.cpu_count() or 1


class Pool(Executor):
    """At most `jobs` workers, started as they are needed, each held by a thread of this process that waits for it.

    initializer: called in each worker before its first call. begins: called here, in such a thread, with a call's arguments,
    when a worker begins with it. own_core: if there are as many workers as cores, each stays on one of its own, with its kernels
    (`warm.cores`). Functions and arguments go through a pipe, so functions must be module-level ones.
    """

    def __init__(
        self,
        jobs: int,
        initializer: Callable[..., None] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        begins: Callable[..., None] | None = None,
        own_core: bool = False,
    ) -> None:
        self.jobs = jobs
        self._initial = (initializer, initargs)
        self._begins = begins
        self._own = threading.local()
        self._cores = cores_for(jobs) if own_core else []
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="grader-worker", initializer=self._begin_thread)
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()
        self._ended = False
        prepare_workers()

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """The call's future. Its exception is WorkerDied when the worker did not live to its end."""
        return self._threads.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `Executor.shutdown`. With `wait`, workers have ended when it returns."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            self._end_workers(now=False)

    def stop(self) -> None:
        """End all now: calls in flight are broken off, their kernels ended, within about END seconds."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._end_workers(now=True)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.stop()

    def _begin_thread(self) -> None:
        """There are as many cores as threads; all workers that a thread has, one after the other, stay on its core."""
        self._own.core = self._cores.pop() if self._cores else None

    def _call(self, function: Callable[..., R], args: tuple[Any, ...], keywords: dict[str, Any]) -> R:
        worker = self._worker()
        if self._begins:
            self._begins(*args, **keywords)
        try:
            result: R = worker.call(function, args, keywords)
        except (EOFError, OSError):
            self._let_go(worker)
            raise WorkerDied("the worker process was killed") from None
        if worker.calls >= CALLS:
            self._let_go(worker)
        return result

    def _worker(self) -> _Worker:
        """This thread's worker: the one that it has, or a new one."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is not None and worker.process.is_alive():
            return worker
        if worker is not None:
            self._let_go(worker)
        worker = _Worker(self._own.core)
        with self._lock:
            self._workers.add(worker)
            ended = self._ended
        function, args = self._initial
        try:
            if ended:
                raise EOFError
            if function is not None:
                worker.call(function, args, {})
        except (EOFError, OSError):
            self._let_go(worker)
            raise WorkerDied("the worker process was killed as it started") from None
        self._own.worker = worker
        return worker

    def _let_go(self, worker: _Worker) -> None:
        self._own.worker = None
        with self._lock:
            self._workers.discard(worker)
        worker.close()
        worker.end(time.monotonic() + END)

    def _end_workers(self, *, now: bool) -> None:
        with self._lock:
            self._ended = True
            workers = list(self._workers)
        for worker in workers:
            if now:
                worker.process.terminate()
            else:
                worker.close()
        until = time.monotonic() + END
        for worker in workers:
            worker.end(until)


class _Worker:
    """A process, and the pipe to it. One thread at a time calls it; any may end it. core: that it stays on, None for any."""

    def __init__(self, core: int | None = None) -> None:
        context: Any = multiprocessing.get_context(METHOD)
        self._pipe, other = context.Pipe()
        self.calls = 0
        servers = handed_on(core)
        self.process = context.Process(target=serve, args=(other, dict(os.environ), servers, core), daemon=True)
        with blocked_interrupt():
            self.process.start()
        other.close()
        for _, channel in servers:
            channel.close()

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Raises EOFError or OSError when the process is gone, and what the function raises."""
        self._pipe.send((function, args, keywords))
        good, result = self._pipe.recv()
        self.calls += 1
        if not good:
            raise result
        return result

    def close(self) -> None:
        """The process ends when it next looks. Only for the thread that calls, or when it has ended."""
        self._pipe.close()

    def end(self, until: float) -> None:
        """Gone when this returns. until: of `time.monotonic`, the end of its patience."""
        self.process.join(max(0.0, until - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def work(
    pool: Pool,
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    tick: Callable[[], None] | None = None,
    fits: Callable[[], bool] | None = None,
) -> Iterator[tuple[T, R | WorkerDied]]:
    """(item, function(item)) for each item as it is done, in a worker each; a little more than are done at once are taken ahead.

    An item whose worker died is tried once more when all others are done, alone, and comes with WorkerDied if that one died too.
    tick: called a few times a second. fits: whether there is room for one more beside those in flight.
    """
    waiting, again = deque(items), deque[T]()
    flying: dict[Future[R], T] = {}
    alone = False
    while waiting or flying or again:
        if not waiting and not flying:
            waiting.append(again.popleft())
            alone = True
        while waiting and len(flying) <= pool.jobs and (not flying or fits is None or fits()):
            item = waiting.popleft()
            flying[pool.submit(function, item)] = item
        done = wait(flying, timeout=TICK, return_when=FIRST_COMPLETED).done
        if tick:
            tick()
        for future in done:
            item = flying.pop(future)
            try:
                result: R | WorkerDied = future.result()
            except WorkerDied as died:
                if not alone:
                    again.append(item)
                    continue
                result = died
            yield item, result


def run_many(requests: Mapping[str, Request], jobs: int, runner: Runner) -> Iterator[tuple[str, Run]]:
    """Run all of them, `jobs` at once, and yield (name, run) as each is done.

    `runner` must be a module-level function. With one job, or one request, it is called in this process.
    """
    if jobs <= 1 or len(requests) <= 1:
        for name, request in requests.items():
            yield name, runner(request)
        return
    with Pool(min(jobs, len(requests)), _take_runner, (runner,)) as pool:
        for (name, _), data in work(pool, _run, list(requests.items())):
            ours = Run("ours", notes=["The process that ran this notebook was killed, twice."])
            yield name, ours if isinstance(data, WorkerDied) else Run.from_bytes(data)


_runner: list[Runner] = []  # of this worker


def _take_runner(runner: Runner) -> None:
    _runner[:] = [runner]


def _run(item: tuple[str, Request]) -> bytes:
    return _runner[0](item[1]).to_bytes()
