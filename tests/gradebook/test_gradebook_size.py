"""1,000 submissions with 10 checks and 20 cells: what they take, in bytes and in seconds."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.gradebook import Gradebook

from .made import PROBES, key_of, make_grade, make_run, student_of

COUNT = 1000


@pytest.mark.slow
def test_a_class_of_a_thousand(tmp_path: Path) -> None:
    """The bounds are three times what is wanted: 5 ms, 5 ms, 0.3 s of this process's time."""
    path = tmp_path / "gradebook.db"
    kept, blobs = [], 0
    with Gradebook(path, "hw") as book:
        book.found((student_of(n), f"in/{n}.ipynb", "d") for n in range(COUNT))
        for number in range(COUNT):
            run = make_run(number)
            grade = make_grade(number, run)
            blobs += len(run.to_bytes()) + len(grade.to_bytes())
            begin = time.process_time()
            book.keep_all(grade, "d", "b", run_key=key_of(number), probes=PROBES, run=run, outcomes={})
            kept.append(time.process_time() - begin)
        rows = _seconds(book.rows)
        one = statistics.median(_seconds(lambda n=n: book.grade(student_of(n))) for n in range(0, COUNT, 20))
        assert len(book.rows()) == COUNT
    size = path.stat().st_size / COUNT
    print(f"keep_all {1e3 * statistics.median(kept):.1f} ms, grade {1e3 * one:.1f} ms, rows {rows:.3f} s")
    print(f"{size / 1000:.1f} kB a submission; {blobs / COUNT / 1000:.1f} kB as version 1 kept them")
    assert statistics.median(kept) < 0.015
    assert one < 0.015
    assert rows < 0.9
    assert size < 0.45 * blobs / COUNT


def _seconds(what: Callable[[], object]) -> float:
    begin = time.process_time()
    what()
    return time.process_time() - begin
