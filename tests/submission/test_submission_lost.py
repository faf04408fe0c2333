"""`extract` where other programs, or students, have lost what tells the cells apart."""

from __future__ import annotations

import json
import re

import pytest

from grader.notebook import Cell, Notebook, RawCell, Role, read
from grader.submission import extract
from grader.template import Template


def unmarked(sources):
    return {name: tuple(re.sub(r"^# blank: \w+\n", "", s) for s in found) for name, found in sources.items()}


def test_saved_by_colab_only_the_metadata_has_ids(lab, everything):
    book = lab.ipynb(lab.filled(), minor=0, metadata={"colab": {"provenance": []}})
    for cell in book["cells"]:
        cell["metadata"] |= {"outputId": "a1b2", "colab": {"base_uri": "x"}}
    answers = lab.extract(read(json.dumps(book).encode()))
    assert answers.sources == everything
    assert answers.notes == ()


def test_copied_in_jupyter_the_cell_has_a_new_id_and_the_old_metadata(lab, everything):
    cells = [RawCell(c.is_code, c.source, (f"{i:04x}", *c.ids)) for i, c in enumerate(lab.filled())]
    assert lab.extract(cells).sources == everything


@pytest.mark.parametrize("version", ["4.0", "4.4", "3", "2"])
def test_old_formats_have_no_ids_at_all(lab, everything, version):
    cells = lab.no_ids(lab.filled())
    if version.startswith("4"):
        data = lab.bytes(cells, int(version[-1]))
    else:
        old = [
            {"cell_type": "code", "input": c.source.split("\n"), "outputs": []}
            if c.is_code
            else {"cell_type": "markdown", "source": c.source}
            for c in cells
        ]
        data = json.dumps({"nbformat": int(version), "worksheets": [{"cells": old}]}).encode()
    answers = lab.extract(read(data))
    assert answers.sources == everything
    assert answers.untouched == frozenset()
    assert answers.extras == {}
    assert answers.notes == ("The cells of `rate`, `train`, `Net`, `fit`, `again` were found by their marker comments.",)


def test_without_ids_a_stub_is_still_a_stub(lab):
    for cells in (lab.no_ids(lab.handed_out()), lab.no_marks(lab.handed_out())):
        answers = lab.extract(cells)
        assert len(answers.untouched) == 5
        assert (answers.sources, answers.extras, answers.texts, answers.notes) == ({}, {}, {"why": ""}, ())


def test_extra_cells_keep_their_places_without_ids(lab):
    cells = lab.filled()
    for place in ("prose-1", "given-1", "check-train", "prose-3", "given-2"):
        cells = lab.put(cells, place, f"print('{place}')")
    answers = lab.extract(lab.no_ids(cells))
    assert list(answers.extras) == ["prose-1", "given-1", "check-train", "prose-3", "given-2"]


def test_without_ids_and_markers_names_tell(lab, everything):
    answers = lab.extract(lab.no_marks(lab.filled()))
    assert answers.sources == unmarked(everything)
    assert answers.extras == {}
    assert answers.notes == (
        "The answers to `rate`, `train`, `Net` were found by the names defined.",
        "The answers to `fit`, `again` were found by the place before the check cell.",
    )


def test_by_names_what_comes_before_stays_before_and_what_follows_belongs_to_it(lab):
    cells = lab.put(lab.filled(), "prose-2", "import math")
    cells = lab.put(cells, "blank-train", "print(train)")
    cells = lab.put(cells, "prose-4", "def train(net, x): return 'an experiment'")
    answers = lab.extract(lab.no_marks(cells))
    assert answers.extras == {"prose-2": ("import math",), "prose-4": ("def train(net, x): return 'an experiment'",)}
    assert answers.sources["train"] == ('def train(net, x):\n    """One epoch."""\n    return net(x)', "print(train)")


def test_everything_lost_and_other_names_order_tells(lab):
    others = {
        "rate": "learning_rate = 0.1",
        "train": "def one_epoch(net, x): ...",
        "Net": "class MyNet: pass",
        "fit": "model = MyNet()",
        "again": "model2 = MyNet()",
    }
    cells = lab.no_marks(lab.put(lab.filled(**others), "blank-train", "h = 1"))
    answers = lab.extract(cells)
    assert answers.sources == {name: (s, "h = 1") if name == "train" else (s,) for name, s in others.items()}
    assert (
        answers.notes[0] == "The answers to `rate`, `train`, `Net`, `fit`, `again` were found by the place before the check cell."
    )


def test_by_order_a_cell_that_binds_nothing_is_no_answer(lab):
    cells = lab.no_marks(lab.filled(rate="print('?')"))
    answers = lab.extract(cells)
    assert answers.untouched == {"rate"}
    assert answers.extras == {"given-1": ("print('?')",)}


def test_an_edited_given_cell_without_its_id_is_dropped(lab, everything):
    cells = lab.change(lab.filled(), "given-1", source="import torch\nx = torch.arange(5)\ny = 2 * x\nepochs = 1")
    answers = lab.extract(lab.no_ids(cells))
    assert answers.sources == everything
    assert answers.extras == {}
    assert "The cell `given-1` was changed: the assignment's own is used." in answers.notes


def test_a_cell_like_a_given_one_is_kept_where_the_given_one_is_there(lab):
    cells = lab.put(lab.filled(), "check-train", "import torch\nx = torch.arange(5)\ny = 2 * x\nepochs = 1")
    for submitted in (cells, lab.no_ids(cells)):
        assert list(lab.extract(submitted).extras) == ["check-train"]


def test_stubs_that_look_the_same_are_told_apart_by_their_place(lab):
    """Without markers, the stubs of `fit` and `again` are the same text."""
    cells = lab.put(lab.filled(), "blank-again", lab.stubs["again"])
    answers = lab.extract(lab.no_marks(cells))
    assert answers.sources["fit"] == ("net = Net()\nlosses = train(net, x)",)
    assert answers.sources["again"] == ("net = Net()\nlosses = train(net, x) + train(net, x)",)
    assert answers.extras == {}


def test_an_early_call_of_a_check_is_not_its_cell(lab, everything):
    cells = lab.put(lab.filled(), "setup", 'grader.check("train")')
    cells = lab.put(cells, "check-train", "after = 1")
    answers = lab.extract(lab.no_ids(cells))
    assert answers.sources == everything
    assert answers.extras == {"check-train": ("after = 1",)}


def test_many_names_make_a_short_note():
    cells = [
        c for b in "abcdefgh" for c in (Cell(f"blank-{b}", Role.BLANK, f"{b} = ...", b), Cell(f"check-{b}", Role.CHECK, "", b))
    ]
    template = Template(Notebook(tuple(cells)), {b: (b,) for b in "abcdefgh"})
    answers = extract([RawCell(True, f"# blank: {b}\n{b} = 1") for b in "abcdefgh"], template)
    assert answers.notes[0] == "The cells of `a`, `b`, `c`, `d`, `e` and 3 more were found by their marker comments."


def test_marker_below_magics_and_remarks(lab):
    for head in ("%%time\n# blank: rate\n", "#@title Task 1\n\n#  Blank : rate\n", "import math\n# blank: rate\n"):
        cells = lab.change(lab.handed_out(), "blank-rate", source=f"{head}r = rate = 1", ids=())
        assert lab.extract(cells).sources == {"rate": (f"{head}r = rate = 1",)}


def test_marks_that_name_no_blank_are_remarks(lab):
    cells = lab.put(lab.filled(), "prose-4", "# blank: nonsense\nq = 1")
    assert list(lab.extract(cells).extras) == ["prose-4"]


# ------------------------------------------------------------------------------------------------ other kinds of cell


@pytest.mark.parametrize("ids", [("blank-train",), ()])
@pytest.mark.parametrize("fence", ["", "```"])
def test_a_blank_that_became_markdown(lab, everything, ids, fence):
    source = f"{fence}python\n{lab.right['train']}\n{fence}\n" if fence else lab.right["train"]
    cells = lab.change(lab.filled(), "blank-train", is_code=False, ids=ids, source=source)
    answers = lab.extract(cells)
    assert {name: tuple(s.rstrip() for s in found) for name, found in answers.sources.items()} == everything
    assert "The cell of `train` was no code any more: the text is taken as code." in answers.notes


@pytest.mark.parametrize("text", ["I could not do this.", "# blank: train\nSorry, no idea", "", "# blank: train"])
def test_words_in_the_place_of_a_blank_are_no_code(lab, text):
    answers = lab.extract(lab.change(lab.filled(), "blank-train", is_code=False, source=text))
    assert answers.untouched == {"train"}


def test_a_markdown_stub_is_untouched(lab):
    answers = lab.extract(lab.change(lab.handed_out(), "blank-train", is_code=False))
    assert "train" in answers.untouched


def test_a_markdown_copy_beside_the_code_is_ignored(lab, everything):
    cells = lab.filled()
    cells.insert(0, RawCell(False, lab.right["train"], ("blank-train",)))
    assert lab.extract(cells).sources == everything


def test_prose_that_became_code_is_not_run(lab, everything):
    answers = lab.extract(lab.change(lab.filled(), "prose-2", is_code=True))
    assert (answers.sources, answers.extras) == (everything, {})


def test_code_in_a_prose_cell_is_the_students_own(lab):
    answers = lab.extract(lab.change(lab.filled(), "prose-2", is_code=True, source="k = 3"))
    assert answers.extras == {"check-rate": ("k = 3",)}


# ------------------------------------------------------------------------------------------------------- free text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<!-- answer: why -->\n*Write your answer here.*", ""),
        ("*Write your answer here.*", ""),
        ("", ""),
        ("<!-- answer: why -->\n", ""),
        ("<!-- answer: why -->\nBecause.\n\n* so", "Because.\n\n* so"),
        ("왜냐하면 🎓", "왜냐하면 🎓"),
        ("<!-- answer: why -->\n*Write your answer here.*\n\nBecause.", "Because."),
    ],
)
@pytest.mark.parametrize("is_code", [False, True])
def test_free_text(lab, source, text, is_code):
    answers = lab.extract(lab.change(lab.handed_out(), "answer-why", source=source, is_code=is_code))
    assert answers.texts == {"why": text}
    assert answers.extras == {}


def test_free_text_without_an_id(lab):
    cells = lab.change(lab.handed_out(), "answer-why", source="<!-- answer: why -->\nBecause.", ids=())
    assert lab.extract(cells).texts == {"why": "Because."}


def test_free_text_below_its_cell(lab):
    cells = lab.handed_out()
    i = lab.at(cells, "answer-why") + 1
    cells = [*cells[:i], RawCell(False, "Because."), RawCell(False, "And so.", ("x",)), *cells[i:], RawCell(False, "Bye.")]
    assert lab.extract(cells).texts == {"why": "Because.\n\nAnd so."}


def test_deleted_free_text(lab):
    assert lab.extract(lab.without(lab.handed_out(), "answer-why")).texts == {"why": ""}
