"""A submission goes from state to state in one place, and nowhere that it may not go."""

import itertools
import threading

import pytest

from grader.errors import MachineError
from grader.gradebook import Gradebook, SubmissionState
from grader.gradebook.schema import submissions
from grader.gradebook.states import ALLOWED, move

from .made import PROBES, failed_grade, key_of, make_grade, make_run, student_of

ADA = "ada"


def states(book):
    return {row.student: row.state for row in book.rows()}


def test_found_running_graded(book):
    book.found([("ada", "ada.ipynb", "d1"), ("bob", "bob.ipynb", "d2")])
    assert states(book) == {"ada": "found", "bob": "found"}
    row = book.rows()[0]
    assert (row.score, row.max_score, row.scores, row.basis, row.digest) == (None, 0.0, {}, "", "d1")
    book.begin("ada")
    assert states(book) == {"ada": "running", "bob": "found"}
    book.keep_grade(make_grade(1, student="ada"), "d1", None, "b")
    assert states(book) == {"ada": "graded", "bob": "found"}
    assert book.grade("bob") is None


def test_found_again(book):
    """What is judged stays while its file is the same; what was interrupted is found again."""
    for student in ("same", "new", "running", "moved"):
        book.keep_grade(make_grade(1, student=student), "d", None, "b")
    book.begin("running")
    book.found([("same", "in/1.ipynb", "d"), ("new", "in/1.ipynb", "d2"), ("running", "in/1.ipynb", "d"), ("moved", "x", "d")])
    assert states(book) == {"same": "graded", "new": "found", "running": "found", "moved": "graded"}
    rows = {row.student: row for row in book.rows()}
    assert (rows["new"].digest, rows["moved"].submission) == ("d2", "x")
    assert rows["new"].score == 5.0  # the grade of the earlier file, until there is another
    assert rows["new"].seconds == make_grade(1).seconds


def test_a_thousand_found_at_once_and_nobody(book):
    book.found((student_of(i), f"{i}.ipynb", "d") for i in range(1000))
    book.found([])
    assert len(book.rows()) == 1000


def test_what_cannot_be_read_needs_no_run(book):
    book.found([(student_of(1), "in/1.ipynb", "d")])
    book.keep_grade(failed_grade(1), "d", None, "b")
    assert states(book) == {student_of(1): "failed"}


def test_every_step_that_is_allowed_and_no_other(book):
    """Each pair of states, tried on a submission that stands in the first."""
    tried = 0
    for before, after in itertools.product([None, *SubmissionState], SubmissionState):
        with book._write() as connection:
            connection.execute(submissions.delete())
            if before is not None:
                row = {"student": ADA, "submission": "x", "digest": "d", "state": str(before), "seconds": 0.0}
                connection.execute(submissions.insert().values(row))
        with book._write() as connection:
            if after in ALLOWED[before]:
                move(connection, ADA, after, digest="another")
                assert connection.execute(submissions.select()).one().state == after
            else:
                with pytest.raises(MachineError, match="cannot go from"):
                    move(connection, ADA, after, digest="another")
        tried += 1
    assert tried == 30


def test_begin_needs_a_submission(book):
    with pytest.raises(MachineError, match="`nobody` cannot go from nowhere to running"):
        book.begin("nobody")
    assert book.rows() == []


def test_what_is_judged_is_not_found_again_with_the_same_file(book):
    book.keep_grade(make_grade(1), "d", None)
    with book._write() as connection, pytest.raises(MachineError, match="from graded to found"):
        move(connection, student_of(1), SubmissionState.FOUND, digest="d")


def test_the_database_itself_knows_no_other_state(book):
    with pytest.raises(MachineError), book._write() as connection:
        connection.execute(submissions.insert().values(student="x", submission="", digest="", state="lost", seconds=0.0))


def test_writers_wait_for_each_other(where, slug):
    """Two threads, each with a gradebook of its own, keep the same runs: nobody fails, and nothing is kept twice."""
    failed = []

    def write() -> None:
        try:
            with Gradebook(where, slug) as book:
                for number in range(8):
                    grade = make_grade(number)
                    book.keep_all(grade, "d", "", run_key=key_of(number), probes=PROBES, run=make_run(number), outcomes={})
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with Gradebook(where, slug) as book:
        assert book.run_keys() == {key_of(number) for number in range(8)}
        assert len(book.rows()) == 8
