"""What must hold for any notebook."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from grader.notebook import Notebook, RawCell, Role, read
from grader.sourcecode import tokens
from grader.submission import digest, extract
from grader.template import fill

SOURCES = st.sampled_from(
    [
        "rate = 1",
        "def train(net, x): return 1",
        "net = Net()\nlosses = []",
        "import math\nz = math.pi",
        "%time rate = 3",
        "!ls",
        "def broken(:",
        "# blank: fit\nnet = losses = 1",
        "# blank: rate\nrate = 2\n\n# blank: train\ndef train(net, x): return 2",
        'grader.check("fit")',
        "x = torch.ones(3)",
        "print(first)",
        "",
        "# blank: rate\nrate = ...",
    ]
)
ANY_TEXT = (st.text(max_size=40) | st.text("%!?#=:()[]'\"\\ \n\tabx1", max_size=40)).map(lambda text: text.replace("\r", ""))


IDS: st.SearchStrategy[tuple[str, ...]] = st.sampled_from([(), ("e1",), ("blank-fit",)])
OWN = st.builds(RawCell, st.booleans(), SOURCES | ANY_TEXT, st.just(()))
ODD = st.builds(RawCell, st.booleans(), SOURCES | ANY_TEXT, IDS)


@st.composite
def notebooks(draw, lab, hard: bool) -> list[RawCell]:
    """Cells of the assignment, some filled, some twice, some gone, some without ids, among the student's own. `hard`: shuffled, odd ids, no markers."""
    cells: list[RawCell] = []
    for pair in zip(lab.filled(), lab.handed_out(), strict=True):
        cells += draw(st.sampled_from([pair[:1], pair[:1], pair[1:], pair[1:], pair, pair[::-1], ()]))
    for own in draw(st.lists(ODD if hard else OWN, max_size=8)):
        cells.insert(draw(st.integers(0, len(cells))), own)
    if hard:
        cells = draw(st.permutations(cells))
    lost = draw(st.sets(st.integers(0, 40), max_size=10))
    cells = [replace(cell, ids=()) if i in lost else cell for i, cell in enumerate(cells)]
    return lab.no_marks(cells) if hard and draw(st.booleans()) else cells


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_any_notebook_gives_answers_for_every_blank(lab, data):
    cells = data.draw(notebooks(lab, hard=data.draw(st.booleans())))
    answers = lab.extract(cells)
    blanks = set(lab.template.blanks)
    assert answers.sources.keys() | answers.untouched == blanks
    assert not answers.sources.keys() & answers.untouched
    assert all(sources for sources in answers.sources.values())
    assert set(answers.extras) <= {"", *(cell.id for cell in lab.template.notebook)}
    assert set(answers.texts) == {"why"}
    handed_in = "\n".join(cell.source for cell in cells)
    for source in [s for found in (*answers.sources.values(), *answers.extras.values()) for s in found]:
        assert source in handed_in or source.startswith("# rate: defined")
        assert source.strip()


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_what_was_filled_is_found_again(lab, data):
    """The graded notebook, handed in, gives the same answers."""
    answers = lab.extract(data.draw(notebooks(lab, hard=False)))
    once = fill(lab.template, answers)
    again = extract(read(once.to_bytes()), lab.template)
    twice = fill(lab.template, again)
    assert _run(twice) == _run(once)


def _run(notebook: Notebook) -> list[str]:
    return [c.source for c in notebook if c.is_code and tokens(c.source) != ()]


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_the_order_of_a_filled_notebook_does_not_matter(lab, everything, data):
    cells = data.draw(st.permutations(lab.filled()))
    answers = lab.extract(cells)
    assert answers.sources == everything
    assert answers.extras == {}
    assert answers.untouched == frozenset()
    assert digest(answers) == digest(lab.extract(lab.filled()))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_the_order_does_not_matter_without_ids(lab, everything, data):
    answers = lab.extract(data.draw(st.permutations(lab.no_ids(lab.filled()))))
    assert answers.sources == everything
    assert answers.extras == {}


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.integers(0, 18), max_size=12),
    st.sampled_from([lambda lab, c: c, lambda lab, c: lab.no_ids(c), lambda lab, c: lab.no_marks(c)]),
)
def test_a_notebook_that_was_not_reordered_runs_as_it_stands(lab, places, lose):
    """Blanks filled, the student's cells anywhere: the code runs in the very order in which it was handed in."""
    cells = lab.filled()
    for number, place in enumerate(places):
        cells.insert(place, RawCell(True, f"extra_{number} = {number}"))
    cells = lose(lab, cells)
    ours = {c.source for c in lab.template.notebook if c.role in (Role.SETUP, Role.GIVEN, Role.CHECK)}
    graded = fill(lab.template, lab.extract(cells))
    assert [c.source for c in graded if c.is_code and c.source not in ours] == [
        c.source for c in cells if c.is_code and c.source not in ours
    ]


@settings(deadline=None, max_examples=80)
@given(SOURCES | ANY_TEXT, ANY_TEXT)
def test_any_source_in_a_blank(lab, source, other):
    answers = lab.extract(lab.put(lab.filled(train=source), "blank-train", other))
    assert answers.sources.keys() | answers.untouched == set(lab.template.blanks)


def test_a_large_notebook_takes_no_time(lab, everything):
    cells = lab.filled()
    for i in range(2000):
        cells.insert(3 + i % 15, RawCell(True, f"plt.plot(losses[{i}:])\nplt.show()"))
    assert sum(len(found) for found in lab.extract(lab.no_ids(cells)).extras.values()) > 1000
