"""Whatever stands in any field: nothing of it runs, nothing is fetched, and people still read what was written."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.report import class_report, feedback, selfcheck_html, selfcheck_text
from grader.report.outputs import sanitised
from grader.result import CellRun, CheckResult, Grade, Outcome, State

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)//",
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<!-- --><base href=//evil.example>",
    "{{ 7*7 }}{% include 'page.css' %}{# #}",
    "`<b>`` </code><i>`",
    "\x1b[31m<b>\x1b]8;;http://evil.example\x07link\x1b[0m",
    "\x00\x07\u202egnp.exe\ud800\r\n\r",
    "&lt;script&gt;&#60;script&#62;&#8238;&#27;[31m",
]
texts = st.lists(st.one_of(st.sampled_from(PAYLOADS), st.text(max_size=30)), min_size=1, max_size=3).map("".join)
outcomes = st.sampled_from(list(Outcome))
checks = st.builds(
    CheckResult,
    name=texts,
    blank=texts,
    title=texts,
    points=st.sampled_from([0.0, 1.0, 2.5]),
    score=st.sampled_from([0.0, 0.5]),
    outcome=outcomes,
    message=texts,
    diagnosis=texts,
    carried_forward=st.booleans(),
    private=st.booleans(),
)
mimes = st.sampled_from(
    ["text/plain", "text/html", "text/latex", "image/png", "image/svg+xml", "application/javascript", "text/markdown"]
)
outputs = st.one_of(
    st.builds(lambda name, text: {"output_type": "stream", "name": name, "text": text}, texts, texts),
    st.builds(lambda a, b, c: {"output_type": "error", "ename": a, "evalue": b, "traceback": [c]}, texts, texts, texts),
    st.builds(lambda data: {"output_type": "display_data", "data": data}, st.dictionaries(mimes, texts, max_size=2)),
)
cells = st.builds(
    CellRun,
    id=texts,
    role=st.sampled_from(["blank", "extra", "given", "check", "setup"]) | texts,
    name=texts,
    source=texts,
    state=st.sampled_from(["ok", "error", "timeout", "died", "skipped", "not_run"]) | texts,
    error=texts,
    line=st.integers(0, 5),
    outputs=st.lists(outputs, max_size=2),
)
grades = st.builds(
    Grade,
    assignment=texts,
    student=texts,
    submission=texts,
    state=st.sampled_from(list(State)),
    checks=st.lists(checks, max_size=3),
    cells=st.lists(cells, max_size=3),
    notes=st.lists(texts, max_size=2),
    max_score=st.sampled_from([0.0, 10.0]),
)


@settings(max_examples=60, deadline=None)
@given(grade=grades, title=texts)
def test_a_feedback_page_runs_nothing_and_fetches_nothing(safe, grade, title):
    safe(feedback(grade, title))


@settings(max_examples=40, deadline=None)
@given(found=st.lists(grades, max_size=3), title=texts)
def test_a_class_report_runs_nothing_and_fetches_nothing(safe, found, title):
    safe(class_report(found, title))


@settings(max_examples=40, deadline=None)
@given(blank=texts, results=st.lists(checks, max_size=3))
def test_a_self_check_runs_nothing_and_fetches_nothing(safe, blank, results):
    page = safe(selfcheck_html(blank, results))
    assert {tag for tag, _ in page.tags} <= {"div", "span", "b", "i", "code", "img"}
    assert not any("class" in attributes or "id" in attributes for _, attributes in page.tags)


@settings(max_examples=40, deadline=None)
@given(blank=texts, results=st.lists(checks, max_size=3))
def test_a_self_check_sends_nothing_to_a_terminal_but_text(blank, results):
    text = selfcheck_text(blank, results)
    text.encode("utf-8")
    assert not any(ord(letter) < 32 and letter != "\n" for letter in text)


@settings(max_examples=60, deadline=None)
@given(html=texts)
def test_html_of_students_keeps_text_and_loses_the_rest(safe, html):
    safe(str(sanitised(html)))


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=40))
def test_what_was_written_is_what_is_read(safe, text):
    """No letter is lost or doubled on the way through escaping, colouring and sanitising."""
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = CellRun("blank-b", "blank", "b", f"# {text}", "ok", outputs=[output])
    page = safe(feedback(Grade("a", text, text, State.GRADED, [], [cell]), text))
    assert page.text.count(text) >= 4


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_becomes_an_element_anywhere(safe, payload):
    output = {"output_type": "display_data", "data": {"text/html": payload + "x", "text/plain": payload}}
    cell = CellRun("blank-b", "blank", "b", payload, "error", error=payload, line=1, outputs=[output])
    check = CheckResult("c", "b", payload, 1, 0, Outcome.FAILED, payload, payload)
    page = safe(feedback(Grade("a", payload, payload, State.NEEDS_REVIEW, [check], [cell], [payload]), payload))
    assert not page.named("script")
    assert not page.named("svg")
    assert not page.named("iframe")


def test_pages_forbid_scripts_and_requests_by_policy(safe, grade):
    for html in (feedback(grade(), "t"), class_report([grade()], "t")):
        policies = [meta["content"] for meta in safe(html).named("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_svg_is_only_ever_a_picture(safe, cell, grade):
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    output = {"output_type": "display_data", "data": {"image/svg+xml": [svg], "text/plain": "x"}}
    (image,) = safe(feedback(grade(cells=[cell(outputs=[output])]), "t")).named("img")
    head, _, data = image["src"].partition(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == svg


def test_links_of_a_class_report_stay_in_their_folder(safe, grade):
    page = safe(class_report([grade(student="../../etc/김 민준?#<b>")], "t"))
    assert {link["href"] for link in page.named("a")} == {
        "feedback/..%2F..%2Fetc%2F%EA%B9%80%20%EB%AF%BC%EC%A4%80%3F%23%3Cb%3E.html"
    }
