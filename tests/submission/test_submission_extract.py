"""`extract` where ids tell which cell is which: duplicates, moved and deleted cells, extra cells, stubs."""

from __future__ import annotations

import pytest

from grader import sourcecode
from grader.notebook import RawCell, read
from grader.submission import extract
from grader.template import fill


def test_the_notebook_as_handed_out_is_untouched(lab):
    answers = lab.extract(lab.handed_out())
    assert answers.sources == {}
    assert answers.texts == {"why": ""}
    assert answers.extras == {}
    assert answers.untouched == {"rate", "train", "Net", "fit", "again"}
    assert answers.notes == ()


def test_a_notebook_with_everything_filled(lab, everything):
    answers = lab.extract(lab.filled())
    assert answers.sources == everything
    assert answers.untouched == frozenset()
    assert answers.extras == {}
    assert answers.notes == ()


def test_nothing_at_all(lab):
    answers = lab.extract([])
    assert answers.untouched == {"rate", "train", "Net", "fit", "again"}
    assert answers.notes == ("No cell of the assignment was found: this may be another notebook.",)


def test_another_notebook_is_noticed(lab):
    answers = lab.extract([RawCell(False, "# Essay"), RawCell(True, "print('hello')", ("abc",))])
    assert len(answers.untouched) == 5
    assert answers.notes == ("No cell of the assignment was found: this may be another notebook.",)


def test_our_own_set_up_cell_does_not_have_ipython_imported(lab, monkeypatch):
    cells = lab.filled()
    cells[lab.at(cells, "setup")] = RawCell(True, "try:\n    import grader\nexcept ImportError:\n    %pip install it", ("setup",))
    monkeypatch.setattr(sourcecode, "_python", lambda source: pytest.fail(f"this was to be translated: {source}"))
    assert lab.extract(cells) == lab.extract(lab.filled())


@pytest.mark.parametrize("line", ["%pip install -q it", "!pip install it", "if True:\n    %pip install it \\\n  and_that"])
def test_a_cell_that_installs_binds_what_it_did(line, monkeypatch):
    source = f"a = 1\n{line}\nb = %time 2\n"
    whole = sourcecode.bound_names(source)
    assert {"a", "b"} <= whole
    monkeypatch.setattr(sourcecode, "_python", lambda source: pytest.fail(f"this was to be translated: {source}"))
    assert sourcecode.bound_names(f"a = 1\n{line}\nb = 2\n") == {"a", "b"}


# ------------------------------------------------------------------------------------------------------------ stubs


@pytest.mark.parametrize(
    "source",
    [
        'def train(net, x):\n    """One epoch."""\n    ...',
        '# blank: train\n\n\ndef train( net,x ):  # to do\n  """One epoch."""   \n\n  ...\n',
        "#blank:train\n# and a remark\ndef train(net, x):\n\t'''One epoch.'''\n\t...",
        "",
        "\n\n",
        "# blank: train\n",
        "# blank: train\n# I do not know",
    ],
)
def test_a_stub_is_told_by_its_tokens(lab, source):
    assert "train" in lab.extract(lab.filled(train=source)).untouched


@pytest.mark.parametrize(
    "source",
    [
        'def train(net, x):\n    """One epoch."""\n    pass',
        "def train(net, x):\n    ...",
        "def train(net, x:",
        "train = print",
        "%time ...",
        "1 +",
    ],
)
def test_any_other_source_is_an_attempt(lab, source):
    answers = lab.extract(lab.filled(train=source))
    assert answers.untouched == frozenset()
    assert answers.sources["train"] == (source,)


def test_what_a_formatter_does_to_a_stub_is_no_attempt(lab):
    cells = lab.change(lab.handed_out(), "blank-rate", source="rate = (\n    ...\n)")
    assert "rate" in lab.extract(cells).untouched


# -------------------------------------------------------------------------------------------- answers in several cells


def test_an_answer_spread_over_several_cells(lab):
    cells = lab.put(lab.filled(), "blank-train", "def helper(): ...", "%%time\nlosses = []", "print(train)")
    answers = lab.extract(cells)
    assert answers.sources["train"] == (lab.right["train"], "def helper(): ...", "%%time\nlosses = []", "print(train)")
    assert answers.extras == {}


def test_an_answer_below_an_untouched_stub(lab):
    cells = lab.put(lab.handed_out(), "blank-train", "import math", lab.right["train"].replace("# blank: train\n", ""))
    answers = lab.extract(cells)
    assert answers.sources == {"train": ("import math", 'def train(net, x):\n    """One epoch."""\n    return net(x)')}
    assert answers.untouched == {"rate", "Net", "fit", "again"}
    assert answers.notes == ("The answer to `train` stood below its cell.",)


def test_below_an_untouched_stub_that_only_one_name_of_two_is_enough(lab):
    answers = lab.extract(lab.put(lab.handed_out(), "blank-fit", "net = Net()"))
    assert answers.sources == {"fit": ("net = Net()",)}


def test_scratch_below_an_untouched_stub_is_no_answer(lab):
    cells = lab.put(lab.handed_out(), "blank-train", "help(torch)", "a = 3")
    answers = lab.extract(cells)
    assert "train" in answers.untouched
    assert answers.extras == {"blank-train": ("help(torch)", "a = 3")}
    assert answers.notes == ()


def test_extra_cells_keep_their_places(lab):
    cells = lab.filled()
    for place in ("prose-1", "given-1", "check-train", "prose-3", "given-2", "answer-why", "prose-4"):
        cells = lab.put(cells, place, f"after_{place[:4]} = 1", f"print('{place}')")
    cells = [RawCell(True, "%pip install torch"), RawCell(False, "My notes"), *cells]
    answers = lab.extract(cells)
    assert answers.extras == {
        "": ("%pip install torch",),
        "prose-1": ("after_pros = 1", "print('prose-1')"),
        "given-1": ("after_give = 1", "print('given-1')"),
        "check-train": ("after_chec = 1", "print('check-train')"),
        "prose-3": ("after_pros = 1", "print('prose-3')"),
        "given-2": ("after_give = 1", "print('given-2')"),
        "answer-why": ("after_answ = 1", "print('answer-why')"),
        "prose-4": ("after_pros = 1", "print('prose-4')"),
    }
    assert answers.notes == ()


def test_a_cell_after_a_given_cell_runs_after_it_even_before_the_check(lab, everything):
    """`given-2` stands between the blank and its check: what uses its `first` cannot move up into the blank."""
    answers = lab.extract(lab.put(lab.filled(), "given-2", "print(first)"))
    assert answers.sources == everything
    assert answers.extras == {"given-2": ("print(first)",)}


def test_prose_between_a_blank_and_its_check_changes_nothing(lab):
    cells = lab.put(lab.filled(), "blank-train", "x1 = 1")
    cells.insert(lab.at(cells, "check-train"), RawCell(False, "A note of mine"))
    cells.insert(lab.at(cells, "check-train"), RawCell(True, "x2 = 2"))
    assert lab.extract(cells).sources["train"] == (lab.right["train"], "x1 = 1", "x2 = 2")


def test_a_filled_blank_keeps_its_cell_whatever_comes_later(lab, everything):
    cells = lab.put(lab.filled(), "prose-4", "def train(net, x):\n    return 'an experiment'")
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {"prose-4": ("def train(net, x):\n    return 'an experiment'",)}


# ------------------------------------------------------------------------------------------------------- duplicate ids

OTHER = "# blank: train\ndef train(net, x):\n    return 2"


def test_a_copied_stub_below_the_filled_cell_is_dropped(lab, everything):
    cells = lab.put(lab.filled(), "blank-train", lab.stubs["train"], ids=("blank-train",))
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {}


@pytest.mark.parametrize("ids", [("blank-train",), ("3f2a", "blank-train"), ("3f2a",), ()])
def test_a_filled_copy_below_the_stub_is_the_answer(lab, ids):
    answers = lab.extract(lab.put(lab.handed_out(), "blank-train", OTHER, ids=ids))
    assert answers.sources == {"train": (OTHER,)}
    assert answers.extras == {}


@pytest.mark.parametrize("place", ["given-1", "check-train", "prose-4"])
def test_a_filled_copy_anywhere_is_the_answer_when_the_stub_is_untouched(lab, place):
    answers = lab.extract(lab.put(lab.handed_out(), place, OTHER, ids=("blank-train",)))
    assert answers.sources == {"train": (OTHER,)}
    assert answers.extras == {}


def test_two_filled_cells_of_one_blank_run_in_order(lab):
    cells = lab.put(lab.filled(), "blank-train", OTHER, ids=("blank-train",))
    assert lab.extract(cells).sources["train"] == (lab.right["train"], OTHER)


def test_a_second_filled_cell_behind_the_check_stays_there(lab, everything):
    """The check above never saw it: run in the blank's place it would overwrite what was checked."""
    answers = lab.extract(lab.put(lab.filled(), "check-Net", OTHER, ids=("blank-train",)))
    assert answers.sources == everything
    assert answers.extras == {"check-Net": (OTHER,)}
    assert answers.notes == (
        "Another filled copy of the cell of `train` stands elsewhere: it stays there, as the student's own cell.",
    )


def test_the_cell_with_the_id_goes_before_copies_above_it(lab, everything):
    cells = lab.put(lab.filled(), "setup", OTHER, ids=("9c1e", "blank-train"))
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {"setup": (OTHER,)}


def test_a_copied_stub_without_any_mark_is_not_run(lab, everything):
    cells = lab.put(lab.filled(), "prose-4", 'def train(net, x):\n    """One epoch."""\n    ...')
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {}


def test_duplicates_in_a_file(lab):
    """nbformat would rename them; the raw JSON has both."""
    cells = lab.put(lab.handed_out(), "blank-train", OTHER, ids=("blank-train",))
    assert extract(read(lab.bytes(cells)), lab.template).sources == {"train": (OTHER,)}


def test_a_given_cell_copied_to_start_afresh_is_the_students_own_cell(lab):
    cells = lab.put(lab.filled(), "check-Net", "import torch\nx = torch.arange(3)\ny = 2 * x\nepochs = 100", ids=("given-1",))
    assert list(lab.extract(cells).extras) == ["check-Net"]


# --------------------------------------------------------------------------------------------- moved, deleted, edited


def test_reordered_cells(lab, everything):
    answers = lab.extract(lab.filled()[::-1])
    assert answers.sources == everything
    assert answers.notes == ("The cells stood in another order: the assignment's order is used.",)


def test_extra_cells_follow_the_cell_that_they_followed(lab, everything):
    cells = lab.put(lab.filled(), "check-rate", "print(rate)")
    i = lab.at(cells, "blank-rate")
    cells = cells[:i] + cells[i + 3 :] + cells[i : i + 3]  # blank, check and the extra cell moved to the end
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {"check-rate": ("print(rate)",)}


@pytest.mark.parametrize("gone", ["check-train", "given-1", "given-2", "check-fit"])
def test_a_deleted_cell_of_ours_is_put_back(lab, everything, gone):
    answers = lab.extract(lab.without(lab.filled(), gone))
    assert answers.sources == everything
    assert answers.notes == (f"Deleted cells were put back: `{gone}`.",)


def test_without_its_check_an_answer_ends_at_the_next_cell_of_ours(lab):
    cells = lab.without(lab.filled(), "check-rate")
    cells = lab.put(cells, "blank-rate", "rate = rate / 2")
    cells = lab.put(cells, "prose-2", "print('training')")
    answers = lab.extract(cells)
    assert answers.sources["rate"] == (lab.right["rate"], "rate = rate / 2")
    assert answers.extras == {"prose-2": ("print('training')",)}


def test_a_deleted_set_up_cell_is_nothing_to_talk_about(lab):
    assert lab.extract(lab.without(lab.filled(), "setup", "prose-1")).notes == ()


def test_a_deleted_blank_is_untouched(lab):
    answers = lab.extract(lab.without(lab.filled(), "blank-train"))
    assert answers.untouched == {"train"}
    assert "train" not in answers.sources


def test_an_edited_given_cell_is_not_used(lab, everything):
    answers = lab.extract(lab.change(lab.filled(), "given-1", source="x = torch.ones(3)  # easier\nepochs = 1"))
    assert answers.sources == everything
    assert answers.extras == {}
    assert answers.notes == ("The cell `given-1` was changed: the assignment's own is used.",)


def test_an_edited_check_cell_is_not_used(lab, everything):
    answers = lab.extract(lab.change(lab.filled(), "check-train", source="print('all right')"))
    assert answers.sources == everything
    assert answers.extras == {}
    assert answers.notes == ("The cell `check-train` was changed: the assignment's own is used.",)


def test_further_calls_of_the_check_are_not_run(lab, everything):
    cells = lab.put(lab.filled(), "prose-4", 'grader.check("train")', 'import grader\ngrader.check("rate")\ngrader.check("fit")')
    answers = lab.extract(cells)
    assert (answers.sources, answers.extras, answers.notes) == (everything, {}, ())


def test_the_handed_out_set_up_cell_is_never_used(lab):
    """It is not the template's: `build` puts the public key into it."""
    source = (
        'try:\n    import grader\nexcept ImportError:\n    %pip install grader\n    import grader\n\ngrader.load("hw.key", "eJx")'
    )
    cells = lab.change(lab.filled(), "setup", source=source)
    assert lab.extract(cells).extras == {}
    assert lab.extract(lab.no_ids(cells)).extras == {}


# ------------------------------------------------------------------------------------------- answers somewhere else


@pytest.mark.parametrize("place", ["setup", "prose-2", "check-train", "prose-4"])
def test_an_answer_elsewhere_is_moved_to_its_blank(lab, place):
    source = "def train(net, x):\n    return net(x)"
    for cells in (lab.handed_out(), lab.without(lab.handed_out(), "blank-train")):
        answers = lab.extract(lab.put(cells, place, source))
        assert answers.sources == {"train": (source,)}
        assert answers.extras == {}
        assert "train" in answers.notes[0]


def test_what_a_moved_answer_needs_moves_with_it(lab):
    cells = lab.put(
        lab.handed_out(), "prose-4", "import math", "def helper(): return math.pi", "z = 1", "def train(net, x): return helper()"
    )
    answers = lab.extract(cells)
    assert answers.sources == {"train": ("import math", "def helper(): return math.pi", "def train(net, x): return helper()")}
    assert answers.extras == {"prose-4": ("z = 1",)}


def test_several_attempts_at_the_end_run_in_order(lab):
    cells = lab.put(lab.handed_out(), "prose-4", "rate = 1", "print(rate)", "rate = 2")
    assert lab.extract(cells).sources == {"rate": ("rate = 1", "rate = 2")}


def test_names_that_two_blanks_define_move_nothing(lab):
    """`net` and `losses` may belong to `fit` or to `again`."""
    cells = lab.put(lab.handed_out(), "prose-4", "net = Net()\nlosses = train(net, x)")
    answers = lab.extract(cells)
    assert answers.untouched == {"rate", "train", "Net", "fit", "again"}
    assert list(answers.extras) == ["prose-4"]


def test_right_above_its_untouched_stub_even_shared_names_are_an_answer(lab):
    cells = lab.put(lab.handed_out(), "check-fit", "net = Net()\nlosses = train(net, x)")
    assert lab.extract(cells).sources == {"again": ("net = Net()\nlosses = train(net, x)",)}


def test_two_answers_in_one_cell(lab):
    """The function is run again where its own blank stands; its stub must not overwrite it."""
    both = lab.right["train"] + "\n\n@register\nclass Net(Base):\n    pass"
    cells = lab.change(lab.handed_out(), "blank-train", source=both)
    answers = lab.extract(cells)
    assert answers.sources == {"train": (both,), "Net": ("@register\nclass Net(Base):\n    pass",)}
    assert answers.notes == ("The definition of `Net` was found in another cell.",)


def test_a_value_defined_in_another_blanks_cell_is_not_computed_twice(lab):
    cells = lab.change(lab.handed_out(), "blank-train", source="rate = 0.5\n" + lab.right["train"])
    answers = lab.extract(cells)
    assert answers.sources["rate"] == ("# rate: defined in another cell",)
    assert "rate" not in answers.untouched
    assert [c.source for c in fill(lab.template, answers) if c.name == "rate" and c.id.startswith("blank")] == list(
        answers.sources["rate"]
    )


def test_merged_cells_come_apart_at_their_markers(lab, everything):
    cells = lab.change(lab.filled(), "blank-train", source=lab.right["train"] + "\n\n" + lab.right["Net"])
    answers = lab.extract(lab.without(cells, "blank-Net"))
    assert answers.sources == everything
    for kept in (("given-1",), ("prose-2",), ("blank-rate",), ()):
        cells = lab.without(lab.filled(), "given-1", "blank-rate", "prose-2")
        cells = [RawCell(True, "import torch\n\n" + lab.right["rate"] + "\n\n" + lab.right["train"], kept), *cells]
        assert {b: s[-1] for b, s in lab.extract(lab.without(cells, "blank-train")).sources.items()} | {
            "rate": everything["rate"][-1]
        } == {b: s[-1] for b, s in everything.items()}


def test_a_marker_inside_a_string_does_not_cut_a_cell(lab):
    source = '# blank: train\ndef train(net, x):\n    return """\n# blank: Net\n"""'
    assert lab.extract(lab.filled(train=source)).sources["train"] == (source,)


@pytest.mark.parametrize("cell_id", ["check-train", "given-1"])
def test_an_answer_typed_into_a_cell_of_ours_is_not_lost(lab, cell_id):
    source = "def train(net, x):\n    return 3\n\ngrader.check('train')"
    answers = lab.extract(lab.change(lab.handed_out(), cell_id, source=source))
    assert answers.sources == {"train": (source,)}
    assert answers.notes == (
        "The answer to `train` stood elsewhere in the notebook and was put in place.",
        f"The cell `{cell_id}` was changed: the assignment's own is used.",
    )


def test_a_wrong_name_in_the_blank_and_the_right_one_elsewhere(lab):
    cells = lab.put(lab.filled(rate="learning = 0.1"), "prose-4", "rate = 0.1")
    assert lab.extract(cells).sources["rate"] == ("learning = 0.1", "rate = 0.1")


# -------------------------------------------------------------------------------------------------------- IPython


def test_ipython_lines_are_understood_and_kept(lab):
    rate = "# blank: rate\n%matplotlib inline\n!ls\nrate = 1\nrate?\nfiles = !ls"
    net = "%%time\n# blank: Net\nclass Net(Base):\n    %time pass"
    answers = lab.extract(lab.filled(rate=rate, Net=net))
    assert answers.sources["rate"] == (rate,)
    assert answers.sources["Net"] == (net,)


def test_names_bound_under_a_magic_are_seen(lab):
    cells = lab.put(lab.handed_out(), "prose-4", "%time rate = 1", "%%capture\ndef train(net, x): pass")
    assert lab.extract(cells).sources == {"rate": ("%time rate = 1",), "train": ("%%capture\ndef train(net, x): pass",)}


def test_answers_that_are_not_python(lab):
    broken = "def train(net, x:\n    return net(x"
    cells = lab.put(lab.handed_out(), "prose-4", broken)
    assert lab.extract(cells).sources == {"train": (broken,)}


def test_korean_and_emoji(lab):
    source = "# blank: rate\n학습률 = 0.1  # 🎓\nrate = 학습률"
    cells = lab.filled(rate=source)
    assert lab.extract(read(lab.bytes(cells))).sources["rate"] == (source,)
