"""What a student finds on the feedback page."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from grader.report import feedback
from grader.result import Outcome, State


def test_every_blank_and_every_check_is_there_in_order(safe, grade, check, cell):
    checks = [check("a1", "a"), check("b1", "b", Outcome.FAILED), check("b2", "b", Outcome.ERROR)]
    cells = [cell(name="b", source="answer_b"), cell(name="a", source="answer_a"), cell(name="c", source="answer_c")]
    page = safe(feedback(grade(checks, cells), "The title"))
    places = [
        page.text.index(word) for word in ("answer_a", "Title of a1.", "answer_b", "Title of b1.", "Title of b2.", "answer_c")
    ]
    assert places == sorted(places)
    assert page.of_class("check") == 3
    assert page.of_class("blank") == 3
    assert "The title" in page.text


def test_each_outcome_has_an_icon_and_a_word(safe, grade, check):
    page = safe(feedback(grade([check(outcome.value, outcome=outcome) for outcome in Outcome]), "t"))
    for icon, word in zip(
        "✓◐✗!–?", ["passed", "partly", "failed", "with an error", "not attempted", "not graded yet"], strict=True
    ):
        assert icon in page.text
        assert f"1 {word}" in " ".join(page.text.split()), "also where they are counted"


def test_points_are_told_for_the_whole_each_blank_and_each_check(safe, grade, check):
    checks = [check("a", "one", Outcome.PARTIAL, 3, 1.5), check("b", "one", points=2), check("c", "two", points=1)]
    text = " ".join(safe(feedback(grade(checks), "t")).text.split())
    for words in ("4.5 of 6 points", "3.5 of 5 points", "1 of 1 point", "1.5 / 3", "2 / 2"):
        assert words in text


def test_a_hidden_check_is_marked_and_its_evidence_never_drawn(safe, grade, check, array):
    evidence = {"yours": array([1, 2, 3]), "expected": array([1, 2, 4])}
    open_, hidden = (check(name, outcome=Outcome.FAILED, private=p, evidence=evidence) for name, p in (("o", False), ("h", True)))
    assert len(safe(feedback(grade([open_]), "t")).named("img")) == 1
    page = safe(feedback(grade([hidden]), "t"))
    assert "hidden check" in page.text
    assert not page.named("img")


def test_a_passed_check_has_no_picture(safe, grade, check, array):
    evidence = {"yours": array([1, 2, 3]), "expected": array([1, 2, 3])}
    assert not safe(feedback(grade([check(evidence=evidence)]), "t")).named("img")


def test_a_diagnosis_is_said_once_for_each_blank(safe, grade, check):
    says = "Clear the gradients with `optimizr.zero_grad()`."
    checks = [check(name, blank, Outcome.FAILED, diagnosis=says) for name, blank in (("a", "x"), ("b", "x"), ("c", "y"))]
    page = safe(feedback(grade(checks), "t"))
    assert page.text.count("It looks like:") == 2
    assert {"code"} <= {tag for tag, _ in page.tags}
    assert "optimizr.zero_grad()" in page.text
    assert "`optimizr" not in page.text


def test_carrying_forward_is_explained(safe, grade, check):
    assert "costs you only once" in safe(feedback(grade([check(outcome=Outcome.FAILED, carried_forward=True)]), "t")).text


def test_what_we_could_not_judge_is_no_zero(safe, grade, check):
    page = safe(feedback(grade([check(outcome=Outcome.UNGRADED, points=2)], state=State.NEEDS_REVIEW), "t"))
    assert "2 points not graded yet" in page.text
    assert "– / 2" in page.text
    assert "0 / 2" not in page.text


def test_a_file_that_could_not_be_graded_says_why_and_shows_no_score(safe, grade):
    page = safe(feedback(grade(state=State.FAILED, notes=["The file is a PDF."], max_score=10), "t"))
    assert "No score" in page.text
    assert "The file is a PDF." in page.text
    assert "of 10 points" not in page.text


def test_an_error_stands_beside_its_cell_with_the_line_marked(safe, grade, cell):
    output = {"output_type": "error", "ename": "NameError", "evalue": "hiden", "traceback": ["\x1b[31mtrace\x1b[0m"]}
    page = safe(feedback(grade(cells=[cell(source="a\nhiden\n", state="error", line=2, outputs=[output])]), "t"))
    assert page.of_class("marked") == 1
    assert "It happened in line 2." in page.text
    assert "NameError: hiden" in page.text
    assert "trace" in page.text
    assert "ansi-red" in str(page.tags)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("timeout", "ran longer"),
        ("died", "Python itself ended"),
        ("skipped", "left out"),
        ("not_run", "was not run"),
        ("odd", "“odd”"),
    ],
)
def test_every_end_of_a_cell_is_told(safe, grade, cell, state, words):
    assert words in safe(feedback(grade(cells=[cell(state=state)]), "t")).text


def test_own_cells_between_a_blank_and_its_check_belong_to_the_answer(safe, grade, cell, check):
    cells = [
        cell("extra", "", "before_all"),
        cell("blank", "train", "the_stub"),
        cell("extra", "", "the_answer"),
        cell("check", "train", "grader.check('train')"),
        cell("extra", "", "a_note"),
        cell("given", "", "quiet_given"),
        cell("given", "", "loud_given", outputs=[{"output_type": "stream", "name": "stdout", "text": "boo"}]),
        cell("given", "", "broken_given", "error", error="NameError: net"),
    ]
    html = feedback(grade([check()], cells), "t")
    page = safe(html)
    folded = " ".join(re.findall(r"<details class=\"cell\">.*?</details>", html, re.DOTALL))
    assert "the_answer" in page.text
    assert "the_answer" not in folded
    assert all(word in folded for word in ("before_all", "a_note", "loud_given"))
    assert "broken_given" in page.text
    assert "broken_given" not in folded
    assert "quiet_given" not in page.text
    assert "grader.check" not in page.text
    assert page.text.index("Before the first task") < page.text.index("before_all")


def test_notes_are_told_and_what_is_graded_by_hand_comes_last(safe, grade, check):
    text = safe(feedback(grade([check()], notes=["`why_tanh` is graded by hand.", "Two days late."]), "t")).text
    assert text.index("Two days late.") < text.index("Title of c.") < text.index("Graded by hand") < text.index("why_tanh")


def test_the_same_grade_gives_the_same_page(grade, check, cell, array):
    evidence = {"yours": array([1, 2, 3]), "expected": array([1, 2, 4])}
    one = grade([check(outcome=Outcome.FAILED, evidence=evidence)], [cell()])
    assert feedback(one, "t") == feedback(one, "t")


# -------------------------------------------------------------------------------------------------------- the style sheet


def _palettes() -> list[dict[str, str]]:
    css = (resources.files("grader.report") / "templates" / "page.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("@media", 1)[0]))
    dark = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("prefers-color-scheme: dark", 1)[1].split("* {", 1)[0]))
    return [light, light | dark]


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
def test_every_text_has_enough_contrast(palette):
    tones = ["good", "some", "bad", "rest", "ours"]
    pairs = [(text, ground) for text in ("fg", "muted", "link", *tones) for ground in ("bg", "soft")]
    pairs += [(tone, f"{tone}-bg") for tone in tones] + [("fg", f"{tone}-bg") for tone in tones]
    pairs += [("on-tone", tone) for tone in tones] + [("muted", "bad-bg"), ("muted", "some-bg")]
    pairs += [(token, ground) for token in ("k", "s", "n", "f", "c") for ground in ("soft", "bad-bg")]
    pairs += [(colour, "bg") for colour in ("red", "green", "yellow", "blue", "magenta", "cyan")]
    weak = {pair: round(_contrast(palette[pair[0]], palette[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
