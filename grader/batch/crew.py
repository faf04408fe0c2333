"""The parent's side of a batch: hands submissions out, longest first, and writes what comes back, as it comes.

It holds names and numbers of all submissions, and the grades of those in flight.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from grader.batch.desk import Desk
from grader.batch.task import Done, Task, Terms
from grader.gradebook import Gradebook
from grader.result import Grade, Run, State
from grader.run.memory import available, jobs_that_fit, needed
from grader.run.pool import Pool, WorkerDied, work
from grader.run.whole import Opener

__all__ = ["Crew", "Standing", "Watch", "longest_first"]

STARTING = 8  # a worker takes as long to start as this many kept runs take to judge

KILLED = "The process that ran this notebook was killed, twice."


@dataclass
class Standing:
    """How far a batch is. running: student -> when it began, of `time.monotonic`. begun: the same, of the batch."""

    title: str
    total: int
    done: int = 0
    needs_person: int = 0
    jobs: int = 1
    running: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Submissions a minute since the beginning; 0 before the first is done."""
        return 60 * self.done / max(time.monotonic() - self.begun, 1e-3)

    @property
    def left(self) -> float | None:
        """Seconds until the end at this rate, or None before the first is done."""
        return 60 * (self.total - self.done) / self.rate if self.done else None


Watch = Callable[[Standing], None]
"""Is told how far a batch is, whenever that changes and a few times a second."""


def longest_first(tasks: Sequence[Task], seconds: Mapping[str, float]) -> list[Task]:
    """In the order of the time that they took last, so that no long one ends the batch alone; unknown ones count as average."""
    known = [took for task in tasks if (took := seconds.get(task.student, 0.0)) > 0]
    average = statistics.fmean(known) if known else 0.0
    return sorted(tasks, key=lambda task: -(seconds.get(task.student, 0.0) or average))


@dataclass
class Crew:
    """Grades tasks and keeps what comes of them.

    opener, refusal, execute: as in `Desk`. jobs: how many at once, at most. watch: who is told. runs: whether a submission goes
    into the state "running" as it begins.
    """

    terms: Terms
    book: Gradebook
    opener: Opener | None
    jobs: int = 1
    execute: bool = True
    refusal: str = ""
    runs: bool = True
    watch: Watch = lambda _: None
    notes: list[str] = field(default_factory=list)

    def do(self, tasks: Sequence[Task], to_run: int, title: str) -> Iterator[Done]:
        """Every task, done and kept in the gradebook, as it is done. to_run: how many of them are to be executed, about."""
        standing = Standing(title, len(tasks))
        worth = max(1, (STARTING * to_run + len(tasks) - to_run) // STARTING)
        jobs = min(self.jobs, worth)
        if jobs > 1:
            jobs, note = jobs_that_fit(jobs, self._each)
            self.notes += [note] if note else []
        standing.jobs = jobs
        self.watch(standing)
        for task, done in self._in_workers(tasks, jobs, standing) if jobs > 1 else self._here(tasks, standing):
            standing.running.pop(task.student, None)
            if not done.refused:
                self._keep(done)
            standing.done += 1
            standing.needs_person += done.state in (State.NEEDS_REVIEW, State.FAILED)
            self.watch(standing)
            yield done

    def _here(self, tasks: Sequence[Task], standing: Standing) -> Iterator[tuple[Task, Done]]:
        desk = Desk(self.terms, self.opener, self.book, execute=self.execute, refusal=self.refusal)
        _spare_the_collector()
        for task in tasks:
            self._begin(task, standing)
            self.watch(standing)
            yield task, desk.grade(task)

    def _in_workers(self, tasks: Sequence[Task], jobs: int, standing: Standing) -> Iterator[tuple[Task, Done]]:
        begun: SimpleQueue[Task] = SimpleQueue()

        def tick() -> None:
            with contextlib.suppress(Empty):
                while True:
                    self._begin(begun.get_nowait(), standing)
            self.watch(standing)

        start = (self.terms.portable(), self.opener, self.book.where, self.execute, self.refusal)
        with Pool(jobs, _sit_down, start, begins=begun.put, own_core=True) as pool:
            for task, done in work(pool, _grade, tasks, tick=tick, fits=lambda: available() > self._each):
                yield task, self._given_up(task) if isinstance(done, WorkerDied) else done

    def _given_up(self, task: Task) -> Done:
        return Desk(self.terms, None, self.book).ours(task, KILLED)

    @property
    def _each(self) -> int:
        """Bytes of memory that a submission may take."""
        return needed(len(self.terms.assignment.template.blanks))

    def _begin(self, task: Task, standing: Standing) -> None:
        standing.running[task.student] = time.monotonic()
        if self.runs:
            self.book.begin(task.student)

    def _keep(self, done: Done) -> None:
        """One transaction: the new run, what carried-forward runs earned, the grade."""
        run = Run.from_bytes(done.run) if done.run is not None else None
        grade = Grade.from_bytes(done.grade)
        self.book.keep_all(
            grade, done.digest, done.basis, run_key=done.run_key, probes=done.probes, run=run, outcomes=done.outcomes
        )


_desk: list[Desk] = []  # of this worker


def _sit_down(terms: Terms, opener: Opener | None, where: Path | str, execute: bool, refusal: str) -> None:
    book = Gradebook(where, terms.assignment.slug)
    _desk[:] = [Desk(terms, opener, book, execute=execute, refusal=refusal)]
    _spare_the_collector()


def _spare_the_collector() -> None:
    """What is loaded by now stays: without this, collections look through all of torch again, 40 ms for each notebook."""
    gc.freeze()


def _grade(task: Task) -> Done:
    return _desk[0].grade(task)
