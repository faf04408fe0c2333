"""The fixtures that the tests of a shipped assignment share: a `conftest.py` makes them for its own slug.

    assignment, published, key, handed_out, right = fixtures_of("rnn_ab")

The homework is built once in the profile `quick`: its key is kept in the course's `.grader/runs`, so a second session makes it in a
second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.assignment import Assignment, Course
from grader.build import Bundle, build
from grader.key import Key
from grader.keying import Workshop

from .sheet import Sheet

__all__ = ["fixtures_of"]


def fixtures_of(slug: str) -> tuple[Any, Any, Any, Any, Any]:
    """assignment, published, key, handed_out and right, under which names the conftest must keep them."""

    @pytest.fixture(scope="session")
    def assignment() -> Assignment:
        return Course.find(Path(__file__).parent).assignment(slug, "quick")

    @pytest.fixture(scope="session")
    def published(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
        return build(assignment, tmp_path_factory.mktemp("published") / slug, Workshop.of(assignment, jobs=2))

    @pytest.fixture(scope="session")
    def key(published: Bundle) -> Key:
        return Key.from_bytes(published.key.read_bytes())

    @pytest.fixture(scope="session")
    def handed_out(published: Bundle) -> Sheet:
        """What students get. Take a `.copy()` of it."""
        return Sheet.opened(published.notebook.read_bytes())

    @pytest.fixture(scope="session")
    def right(assignment: Assignment) -> dict[str, str]:
        """Blank -> the reference's source, without the marker comment: right answers where a test is about something else."""
        return {blank: source.removeprefix(f"# blank: {blank}\n") for blank, source in assignment.template.solutions.items()}

    return assignment, published, key, handed_out, right
