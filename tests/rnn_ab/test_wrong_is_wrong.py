"""A wrong answer never gets a point that it has not earned, whatever else its notebook does.

Each notebook here is graded whole; the tests say which checks pass all the same, and that no other earns anything.
"""

from __future__ import annotations

import json

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import State
from tests.homework.sheet import Marked, Sheet, grade_all, names_of, points_of

from . import cheats

pytestmark = pytest.mark.slow

# Judged by how the answer is written or made. What these are worth where the answer does nothing right: see further below.
BY_LOOKS = {"tanh_is_your_own", "mynet3_is_a_class", "embedding_is_one", "product_is_your_own"}


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    wrong = right | cheats.WRONG
    first = f"{cheats.WRONG['tanh']}\n"
    names = assignment.template.defines
    edited = handed_out.copy().answer(right | cheats.RIGHT_IF_EDITED)
    for cell_id, source in cheats.EDITED.items():
        edited.write(cell_id, source)
    anything = {blank: "\n".join(f"{name} = anything" for name in found) for blank, found in names.items()}
    nothing = {blank: cheats.returning_none(blank, found) for blank, found in names.items()}
    answers = {
        "comparisons": wrong | {"tanh": first + cheats.COMPARISONS + cheats.SHOUTING},
        "grader": wrong | {"tanh": first + cheats.GRADER},
        "anything": anything | {"tanh": cheats.ANYTHING + anything["tanh"]},
        "nothing": nothing,
        "lies": cheats.LIES,
        "untrained": right | cheats.untrained(right) | cheats.BY_ANOTHER_NAME,
        "looked up": right | cheats.looked_up(key),
        "swapped": right | cheats.SWAPPED,
        "caught": right | cheats.CATCHES_ALL | {"tanh": cheats.SNOOP},
        "round about": right | cheats.round_about(right),
        "leaks": right | cheats.LEAKS,
    }
    sheets = {name: handed_out.copy().answer(found) for name, found in answers.items()} | {"edited": edited}
    for name, cells in [("round about", cheats.ROUND_ABOUT_CELLS), ("leaks", cheats.LEAKS_CELLS)]:
        for after, source in cells:
            sheets[name].put(after, source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_TOKEN", "open sesame")
        return grade_all(assignment, key, sheets)


def assert_earns(marked: Marked, key: Key, names: set[str]) -> None:
    """Exactly these checks pass, and no other has any points."""
    assert marked.passed == names
    assert set(marked.scores) == names
    assert marked.grade.score == points_of(key, names)
    assert marked.grade.state is State.GRADED


@pytest.mark.slow
def test_honestly_wrong_answers(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]):
    """What the next two tests start from."""
    found = grade_all(assignment, key, {"honest": handed_out.copy().answer(right | cheats.WRONG)})["honest"]
    assert_earns(found, key, cheats.EARNED)
    assert found.printed("blank-tanh") == ""


def test_patched_comparisons_and_a_notebook_that_says_passed(marked: dict[str, Marked], key: Key):
    found = marked["comparisons"]
    assert_earns(found, key, cheats.EARNED)
    assert "81 of 81 points" in found.printed("blank-tanh")
    assert "81/81" in str(next(c for c in found.grade.cells if c.id == "blank-tanh").outputs)


def test_a_patched_grader_and_replaced_modules(marked: dict[str, Marked], key: Key):
    assert_earns(marked["grader"], key, cheats.EARNED)
    assert next(c for c in marked["grader"].grade.cells if c.id == "blank-tanh").state == "ok"


@pytest.mark.parametrize("name", ["anything", "lies"])
def test_what_equals_everything_is_no_value(marked: dict[str, Marked], key: Key, name: str):
    """An object, a tensor, a text, a number, a list, a dict and a network that say that they are equal to all there is."""
    honest = {"lies": {"first_fit_has_one_parameter", "logit_has_one_parameter"}, "anything": set()}[name]
    assert set(marked[name].scores) - BY_LOOKS - {"always_one_leaves_others"} == honest
    assert marked[name].passed == set(marked[name].scores)
    assert marked[name].grade.state is State.GRADED


@pytest.mark.parametrize("blank", ["tanh", "always_one", "Mynet3", "embed_by_matrix"])
def test_an_answer_that_does_nothing_has_no_points(marked: dict[str, Marked], key: Key, blank: str):
    """Not to use torch's tanh, to leave other networks alone, to be a class: no merits of an answer that does not do its task."""
    assert set(marked["nothing"].scores) & names_of(key, blank) == set()


def test_answers_that_do_nothing_have_no_points(marked: dict[str, Marked], key: Key):
    """Functions, classes and names that are there, and None."""
    known = names_of(key, "tanh", "always_one", "Mynet3", "embed_by_matrix")  # the test above
    assert set(marked["nothing"].scores) - known == set()


def test_a_network_that_was_never_trained(marked: dict[str, Marked], key: Key):
    blanks = [check.blank for check in key.checks if check.name in cheats.UNTRAINED_EARNED]
    known = {"plus_minus_predicts"}  # the test below
    assert marked["untrained"].passed & names_of(key, *blanks) - known == cheats.UNTRAINED_EARNED


def test_an_untrained_network_does_not_predict(marked: dict[str, Marked]):
    """The weight that it starts with has the right sign already: to look at the sign is not enough."""
    assert "plus_minus_predicts" in marked["untrained"].lost


def test_what_is_looked_up_does_not_hold_elsewhere(marked: dict[str, Marked], key: Key):
    """A table of the public checks' values passes these, and every private check is lost."""
    blanks = cheats.looked_up(key)
    found = marked["looked up"]
    public, private = names_of(key, *blanks, private=False), names_of(key, *blanks, private=True)
    assert len(private) >= 20
    assert private & set(found.scores) == set()
    assert (public & set(found.lost)) - BY_LOOKS == cheats.NOT_LOOKED_UP
    assert set(found.lost) - BY_LOOKS == private | cheats.NOT_LOOKED_UP


def test_answers_to_other_blanks(marked: dict[str, Marked], key: Key):
    of_blanks = names_of(key, *cheats.SWAPPED) - BY_LOOKS
    assert marked["swapped"].passed & of_blanks == cheats.SWAPPED_EARNED
    assert set(marked["swapped"].scores) & of_blanks == cheats.SWAPPED_EARNED


def test_edited_given_and_check_cells_change_nothing(marked: dict[str, Marked], key: Key):
    assert set(marked["edited"].lost) - BY_LOOKS == cheats.LOST_IF_EDITED
    for cell_id in cheats.EDITED.keys() - {"setup"}:
        assert f"The cell `{cell_id}` was changed: the assignment's own is used." in marked["edited"].grade.notes


def test_what_is_caught_raised_or_made_by_hand(marked: dict[str, Marked]):
    """Answers that catch everything, end the process, raise "passed", or return our own classes of values."""
    assert set(marked["caught"].lost) - BY_LOOKS == cheats.CATCHES_ALL_LOSES - BY_LOOKS


def test_there_is_nothing_to_find(marked: dict[str, Marked]):
    """Neither secrets of the environment nor the reference, the key or a check, in the places where one looks first."""
    assert marked["caught"].printed("blank-tanh") == "[]\n"


# --------------------------------------------------------------------------------------- wrong answers that were accepted


@pytest.mark.parametrize(
    ("name", "check"),
    [
        # torch's tanh, under another name that a cell above gave it
        ("round about", "tanh_is_your_own"),
        ("untrained", "tanh_is_your_own"),
        # the same with torch's embedding
        ("round about", "product_is_your_own"),
        # looking rows up is no matrix product
        ("untrained", "product_is_your_own"),
        # the four steps lack one, which a patched optimizer takes instead
        ("round about", "train_fits_the_weights"),
        ("round about", "train_with_another_loss"),
    ],
)
def test_a_way_round_a_check(marked: dict[str, Marked], name: str, check: str):
    assert check in marked[name].lost


@pytest.mark.parametrize("blank", ["fit_many", "onehot_fit", "embedding_fit"])
def test_a_result_that_keeps_its_gradients_is_not_whole(marked: dict[str, Marked], key: Key, blank: str):
    """The tasks say "without gradients", and the given cells below cannot draw such a result."""
    assert names_of(key, blank) & set(marked["round about"].lost)


# --------------------------------------------------------------------------------------------- what must not be shown


@pytest.fixture(scope="module")
def shown(marked: dict[str, Marked], key: Key) -> dict[str, str]:
    """What the student of "leaks" reads, by where it stands."""
    grade = marked["leaks"].grade
    return {c.name: c.message for c in grade.checks} | {c.id: json.dumps(c.outputs) + c.error for c in grade.cells}


@pytest.mark.parametrize("channel", ["message", "printed", "file"])  # "handler": see docs/grading.md
def test_the_source_of_a_private_check_is_never_shown(shown: dict[str, str], key: Key, channel: str):
    """Rule 1: not by an exception's message, not by `print`, not by a file that a later cell prints."""
    extras = [name for name in shown if name.startswith("extra-")]
    places = {
        "message": [c.name for c in key.checks],
        "printed": [name for name in shown if name.startswith(("blank-", "given-"))],
        "file": extras[:1],
    }[channel]
    assert len(extras) == 2
    private = [f"def {check.name}(nb)" for check in key.checks if check.private]
    assert {place: text[:200] for place in places for text in [shown[place]] if any(p in text for p in private)} == {}
