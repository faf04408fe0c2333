"""The shipped homework, built once: its key is kept in the course's `.grader/runs`, so a second session makes it in a second."""

from pathlib import Path

import pytest

from grader.assignment import Assignment, Course
from grader.build import Bundle, build
from grader.key import Key
from grader.keying import Workshop
from tests.rnn_ab.homework import Sheet


@pytest.fixture(scope="session")
def rnn_abacad() -> Assignment:
    return Course.find(Path(__file__).parent).assignment("rnn_abacad", "quick")


@pytest.fixture(scope="session")
def published(rnn_abacad: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build(rnn_abacad, tmp_path_factory.mktemp("published") / "rnn_abacad", Workshop.of(rnn_abacad, jobs=2))


@pytest.fixture(scope="session")
def key(published: Bundle) -> Key:
    return Key.from_bytes(published.key.read_bytes())


@pytest.fixture(scope="session")
def handed_out(published: Bundle) -> Sheet:
    """What students get. Take a `.copy()` of it."""
    return Sheet.opened(published.notebook.read_bytes())


@pytest.fixture(scope="session")
def right(rnn_abacad: Assignment) -> dict[str, str]:
    """Blank -> the reference's source, without the marker comment: right answers where a test is about something else."""
    return {blank: source.removeprefix(f"# blank: {blank}\n") for blank, source in rnn_abacad.template.solutions.items()}
