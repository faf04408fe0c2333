"""Sample grades, and the law that every page must keep whatever students write."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from grader.result import CellRun, CheckResult, Grade, Outcome, State
from grader.values import Array

TAGS = frozenset(
    """
    html head meta title style body main header section nav h1 h2 h3 h4 h5 h6 p ul ol li a code pre span b strong i em br div img
    details summary table caption col colgroup thead tbody tfoot tr th td dl dt dd svg rect line text small sub sup hr del ins u s
    kbd samp var
    """.split()  # noqa: SIM905
)
ATTRIBUTES = frozenset(
    """
    class id href src alt style role tabindex lang charset name content http-equiv open scope colspan rowspan title viewbox x y x1
    x2 y1 y2 rx width height text-anchor
    """.split()  # noqa: SIM905
)


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._in_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag):
        self._in_style = False

    def handle_data(self, data):
        if not self._in_style:
            self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def of_class(self, name: str) -> int:
        return sum(name in (attributes.get("class") or "").split() for _, attributes in self.tags)


def assert_safe(html: str) -> Page:
    """Nothing in the page runs, nothing in it is fetched, and it can be written as UTF-8."""
    html.encode("utf-8")
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            value = value or ""
            assert name in ATTRIBUTES or name.startswith("aria-"), (tag, name)
            if name == "href":
                assert re.match(r"#|feedback/[\w.~%-]*\.html$", value), value
            if name == "src":
                assert value.startswith("data:image/"), value
            if name == "style":
                assert not re.search(r"url|expression|@|javascript", value), value
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert not style or not re.search(r"url\(|@import|http", style.group(1))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page.text)
    return page


@pytest.fixture(scope="session")
def safe():
    return assert_safe


@pytest.fixture(scope="session")
def png() -> bytes:
    """The smallest PNG."""
    return base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.fixture(scope="session")
def array():
    return lambda data, dtype="float32": Array(np.asarray(data, dtype=dtype), dtype)


@pytest.fixture(scope="session")
def check():
    """A CheckResult with defaults."""

    def make(name="c", blank="train", outcome=Outcome.PASSED, points=1.0, score=None, **more) -> CheckResult:
        score = (points if outcome is Outcome.PASSED else 0.0) if score is None else score
        return CheckResult(name, blank, more.pop("title", f"Title of {name}."), points, score, outcome, **more)

    return make


@pytest.fixture(scope="session")
def cell():
    """A CellRun with defaults."""

    def make(role="blank", name="train", source="x = 1", state="ok", **more) -> CellRun:
        return CellRun(f"{role}-{name}", role, name, source, state, **more)

    return make


@pytest.fixture(scope="session")
def grade():
    """A Grade with defaults; the maximum is the sum of the points."""

    def make(checks=(), cells=(), student="kim", state=State.GRADED, notes=(), **more) -> Grade:
        maximum = more.pop("max_score", sum(check.points for check in checks))
        return Grade("rnn_ab", student, "hw.ipynb", state, list(checks), list(cells), list(notes), 1.0, maximum, **more)

    return make
