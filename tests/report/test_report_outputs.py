"""A cell's outputs: colours, progress bars, long texts, tables, pictures."""

from __future__ import annotations

import base64

import pytest

from grader.report.code import highlighted
from grader.report.outputs import Budget, ansi, sanitised, views
from grader.report.text import clean, clip, first_paragraph, joined, middle_cut, number, plural, settle, strip_ansi


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(**data):
    return {"output_type": "display_data", "data": {key.replace("_", "/"): value for key, value in data.items()}}


def test_colours_become_classes_and_other_codes_go():
    assert ansi("\x1b[1;31mError\x1b[0m \x1b[2K<b>") == '<span class="ansi-red ansi-bold">Error</span> &lt;b&gt;'
    assert ansi("\x1b[38;5;2mg\x1b[39m\x1b[48;2;1;2;3mn\x1b[38;5;200mp") == '<span class="ansi-green">g</span>np'
    assert ansi("\x1b[95mm\x1b[m.") == '<span class="ansi-magenta">m</span>.'


def test_a_progress_bar_is_shown_as_it_ended():
    assert settle("a\n 10%\r 50%\r100%\r\nb\r") == "a\n100%\nb"


def test_a_long_text_is_cut_with_a_note():
    (view,) = views([stream("x" * 200_000)], Budget())
    assert len(view.text) < 7000
    assert "194,000 characters left out" in view.text
    (view,) = views([stream("line\n" * 40_000)], Budget())
    assert "lines) left out" in view.text


def test_streams_that_follow_each_other_are_one():
    shown = views([stream("a"), stream(["b", "c"]), stream("w", "stderr"), stream("d")], Budget())
    assert [(view.kind, view.text) for view in shown] == [("text", "abc"), ("stderr", "w"), ("text", "d")]


def test_too_many_outputs_are_counted():
    shown = views([display(text_plain=str(i)) for i in range(100)], Budget())
    assert len(shown) == 41
    assert shown[-1].text == "60 more outputs left out"


def test_a_table_survives_and_its_handlers_do_not():
    html = '<style>td{}</style><table class="dataframe" onclick="x()"><tr style="a"><th colspan="2" id="i">예측</th></tr></table>'
    assert sanitised(html) == '<table><tbody><tr><th colspan="2">예측</th></tr></tbody></table>'


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<iframe srcdoc='<b>x</b>'></iframe>",
        "<img src='https://evil.example/x.png'>",
        "<link rel=stylesheet href=//evil.example>",
        "<style>body{display:none}</style>",
        "<svg><script>alert(1)</script></svg>",
        "<p> <br> </p>",
        "<b>" + "x" * 100_000 + "</b>",
    ],
)
def test_html_that_leaves_nothing_to_read_falls_back_to_text(html):
    (view,) = views([display(text_html=html, text_plain="fallback")], Budget())
    assert (view.kind, view.text) == ("text", "fallback")


def test_a_picture_is_what_it_says_it_is(png):
    good, bad = base64.encodebytes(png).decode(), base64.b64encode(b"<script>").decode()
    shown = views([display(image_png=good), display(image_png=bad), display(image_jpeg=good), display(image_gif="&&")], Budget())
    assert [view.kind for view in shown] == ["image", "note", "note", "note"]
    assert shown[0].src == "data:image/png;base64," + base64.b64encode(png).decode()


def test_pictures_have_a_budget(png):
    data = base64.b64encode(png).decode()
    shown = views([display(image_png=data)] * 3, Budget(len(png) * 2))
    assert [view.kind for view in shown] == ["image", "image", "note"]


def test_odd_outputs_do_no_harm():
    odd = [{}, {"output_type": "display_data"}, {"output_type": "display_data", "data": []}, {"output_type": 3}, display()]
    assert views(odd, Budget()) == []
    (view,) = views([display(application_json={"a": 1})], Budget())
    assert view.kind == "note"
    (view,) = views([{"output_type": "error", "ename": None, "evalue": 3, "traceback": None}], Budget())
    assert view.title == ": 3"


def test_code_is_numbered_by_line_and_the_marked_one_stands_out():
    html = highlighted('def f():\n    """a\n    b"""\n\n    return 1 / 0\n', 5)
    assert html.count('class="line') == 5
    lines = html.split('<span class="line')
    assert lines[5].startswith(' marked"><span class="unseen">stopped here: </span>')
    assert all(line.count("<span") + 1 == line.count("</span>") for line in lines[1:])


def test_long_code_is_cut_but_not_before_the_marked_line():
    source = "x = 1\n" * 1000
    assert highlighted(source).count('class="line') == 400
    assert "600 more lines" in highlighted(source)
    assert 'class="line marked"' in highlighted(source, 700)


def test_texts():
    assert [number(x) for x in (3.0, 2.5, 1 / 3, 0.001, -0.0, 100, None)] == ["3", "2.5", "0.33", "0", "0", "100", "–"]
    assert [plural(1, "point"), plural(0.5, "point"), plural(0, "entry", "entries")] == ["1 point", "0.5 points", "0 entries"]
    assert clean("a\r\nb\x00\x1b[0mc\u202ed") == "a\nb\ufffdc\ufffdd"
    assert strip_ansi("\x1b]0;title\x07a\x1b[1;2Hb\x1bc") == "ab"
    assert clip("abcdef", 4) == "abc…"
    assert middle_cut("abcdefghij", 2, 3) == ("ab", "5 characters left out", "hij")
    assert first_paragraph("  One\n  line.\n\n  More.\n") == ("One line.", "More.")
    assert [joined("a"), joined("ab"), joined("abc"), joined("")] == ["a", "a and b", "a, b and c", ""]
