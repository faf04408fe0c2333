"""What judging costs: one submission's kept values against the key, without executing a cell.

    python benchmarks/judging.py

A row a submission: everything right (the reference), every blank wrong (its first mistake), and untouched. Median of 20.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from grader.assignment import Course
from grader.grade import grade, request
from grader.keying import Workshop, make_key
from grader.notebook import Answers
from grader.run import default_jobs

ROUNDS = 20


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Median and slowest of the rounds."""
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - begin))
    return statistics.median(took), max(took)


def main() -> None:
    course = Course.find(Path(__file__).parent)
    print(f"{'assignment':<14}{'submission':<14}{'score':>9}{'median ms':>12}{'slowest ms':>12}")
    for slug in course.slugs():
        assignment = course.assignment(slug, "quick")
        workshop = Workshop.of(assignment, default_jobs())
        key = make_key(assignment, workshop)
        template = assignment.template
        first = {m.blank: m.apply(template.solutions[m.blank]) for m in reversed(assignment.checks.mistakes)}
        stubs = {blank: (template.stub(blank),) for blank in template.blanks}
        submissions = {
            "right": template.reference_answers(),
            "all wrong": template.reference_answers(**first),
            "untouched": Answers(sources=stubs, untouched=frozenset(stubs)),
        }
        runs = workshop.run_all("Submissions", {name: request(assignment, found) for name, found in submissions.items()})
        for name, answers in submissions.items():
            run = runs[name]
            score = grade(key, run, answers, name, "").score
            median, slowest = milliseconds(partial(grade, key, run, answers, "", ""))
            print(f"{slug:<14}{name:<14}{f'{score:g}/{key.max_score:g}':>9}{median:>12.1f}{slowest:>12.1f}")


if __name__ == "__main__":
    main()
