"""What a student sees in the notebook and in the terminal."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from grader.report import selfcheck_html, selfcheck_text
from grader.report.compact import headline
from grader.result import Outcome


@pytest.fixture
def results(check):
    return [
        check("a", title="The losses fall.\n\nA second paragraph."),
        check(
            "b", outcome=Outcome.FAILED, points=2, message="Expected shape (199, 1), (199,) came.", diagnosis="Do not `flatten`."
        ),
        check("c", outcome=Outcome.PARTIAL, points=2, score=0.5, message="Half of it.", diagnosis="Do not `flatten`."),
        check("d", outcome=Outcome.NOT_ATTEMPTED, message="Not attempted yet."),
    ]


def test_the_text_of_a_self_check(results):
    assert selfcheck_text("train", results) == (
        "train: 1 of 4 checks passed, 1.5 of 6 points\n"
        "  ✓ The losses fall.                                                         1/1\n"
        "  ✗ Title of b.                                                              0/2\n"
        "      Expected shape (199, 1), (199,) came.\n"
        "      It looks like: Do not `flatten`.\n"
        "  ◐ Title of c. (partly)                                                   0.5/2\n"
        "      Half of it.\n"
        "  – Title of d. (not attempted)                                              0/1\n"
    )


def test_a_note_stands_under_the_headline(check, safe):
    note = "It builds on `f<b>`."
    assert selfcheck_text("train", [check("a")], note) == (
        "train: the check passed, 1 of 1 point\n"
        "  It builds on `f<b>`.\n"
        "  ✓ Title of a.                                                              1/1\n"
    )
    html = selfcheck_html("train", [check("a")], None, note)
    safe(html)
    assert "It builds on <code" in html
    assert "f&lt;b&gt;</code>" in html


def test_colour_is_for_terminals_that_ask(results):
    assert "\x1b" not in selfcheck_text("train", results)
    assert "\x1b[1;32m✓" in selfcheck_text("train", results, colour=True)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_fit_though_korean_letters_are_wide(check, width):
    long = "순환신경망은 이전 시점의 은닉상태를 다음 시점으로 넘겨 주어야 합니다. " * 5
    text = selfcheck_text("train", [check(title=long, outcome=Outcome.FAILED, message=long, diagnosis=long)], width=width)
    assert max(map(cell_len, text.split("\n"))) <= width


def test_headlines(check):
    passed, failed = check(), check(outcome=Outcome.FAILED)
    assert headline([passed]) == "the check passed, 1 of 1 point"
    assert headline([passed, passed]) == "all 2 checks passed, 2 of 2 points"
    assert headline([passed, failed]) == "1 of 2 checks passed, 1 of 2 points"
    assert headline([check(outcome=Outcome.NOT_ATTEMPTED)] * 2) == "not attempted yet"
    assert headline([]) == "there is no check to run here"
    assert selfcheck_text("b", []) == "b: there is no check to run here\n"


def test_the_html_says_the_same(safe, results, png):
    page = safe(selfcheck_html("train", results, {"a": png, "b": png, "zzz": png}))
    assert "1 of 4 checks passed, 1.5 of 6 points" in page.text
    assert len(page.named("img")) == 1  # of `b`; a passed check needs none
    assert page.text.count("It looks like:") == 1
    assert "(199,) came." in page.text
    assert "Not attempted yet." not in page.text
    assert page.text.count("passed") == 2  # the headline, and the word for those who cannot see the icon


def test_what_is_not_attempted_is_grey_and_what_is_wrong_is_red(check):
    red, grey = "#cf222e", "#59636e"
    untouched = selfcheck_html("b", [check(outcome=Outcome.NOT_ATTEMPTED)])
    assert red not in untouched
    assert grey in untouched
    assert red in selfcheck_html("b", [check(outcome=Outcome.ERROR)])


def test_a_hidden_check_shows_no_picture(safe, check, png):
    assert not safe(selfcheck_html("b", [check("c", outcome=Outcome.FAILED, private=True)], {"c": png})).named("img")


def test_our_fault_is_called_that(safe, check):
    ours = [check(outcome=Outcome.UNGRADED)]
    assert "on our side" in safe(selfcheck_html("b", ours)).text
    assert "on our side" in selfcheck_text("b", ours)
    assert "–/1" in selfcheck_text("b", ours)
