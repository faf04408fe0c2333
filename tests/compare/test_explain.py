"""What a failing blank looks like: a known mistake, one typical step, or nothing that is known."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare import KnownMistake, Observed, diagnose, explain, indistinguishable
from grader.judging import Accuracy, Architecture, Close, Exact, Uses, Weights
from grader.result import Capture, Fault
from grader.values import capture

from .plain import values

T = capture(torch.arange(3.0))
DOUBLE = capture(torch.arange(3.0) * 2)
NEAR = capture(torch.arange(3.0) * 2 + 5e-6)


def seen(check, value, passed=False, comparator=None):
    return Observed(check, comparator or Close(), value, passed)


def known(name, loses=None, **values):
    return KnownMistake(name, f"It is {name}.", values, frozenset(values if loses is None else loses))


def name_of(checks, mistakes):
    found = diagnose(checks, mistakes)
    return found and found.name


def test_the_same_wrong_value_is_the_mistake():
    mistakes = [known("doubled", fits=DOUBLE), known("other", fits=T)]
    assert name_of([seen("fits", NEAR)], mistakes) == "doubled"
    assert name_of([seen("fits", Capture(NEAR))], [known("doubled", fits=Capture(DOUBLE))]) == "doubled"
    assert name_of([seen("fits", 7.0)], mistakes) is None


def test_nothing_is_said_when_nothing_failed():
    assert diagnose([seen("fits", T, passed=True)], [known("m", fits=T)]) is None
    assert diagnose([], [known("m", fits=T)]) is None
    assert diagnose([seen("fits", T)], []) is None


def test_every_failing_check_must_be_explained():
    mistake = known("m", loses=["fits"], fits=DOUBLE, learns=1.0)
    assert name_of([seen("fits", DOUBLE), seen("learns", 0.5, passed=True)], [mistake]) == "m"
    assert name_of([seen("fits", DOUBLE), seen("learns", 1.0)], [mistake]) == "m"
    assert name_of([seen("fits", DOUBLE), seen("learns", 0.5)], [mistake]) is None
    assert name_of([seen("fits", DOUBLE), seen("unknown", 1.0)], [mistake]) is None


def test_a_mistake_that_loses_more_than_the_student_is_another():
    mistake = known("m", fits=DOUBLE, learns=1.0)
    assert name_of([seen("fits", DOUBLE), seen("learns", 0.5, passed=True)], [mistake]) is None
    assert name_of([seen("fits", DOUBLE)], [mistake]) == "m"  # the other check is not in this key


def test_a_mistake_must_lose_a_failing_check():
    assert name_of([seen("fits", DOUBLE)], [known("m", loses=[], fits=DOUBLE)]) is None


def test_the_one_that_explains_most_is_named():
    checks = [seen("a", DOUBLE), seen("b", 1.0)]
    one, both = known("one", loses=["a"], a=DOUBLE, b=1.0), known("both", a=DOUBLE, b=1.0)
    assert name_of(checks, [one, both]) == "both"


def test_then_the_nearest_then_the_first():
    far, near, again = known("far", fits=DOUBLE), known("near", fits=NEAR), known("again", fits=NEAR)
    assert name_of([seen("fits", NEAR)], [far, near, again]) == "near"
    assert name_of([seen("fits", NEAR)], [far, again, near]) == "again"


def test_faults_are_the_same_by_kind_type_message_and_name():
    fault = Fault("raised", "ValueError", "bad shape", cell="blank-a", line=3)
    mistake = known("m", fits=Fault("raised", "ValueError", "bad shape", cell="elsewhere", line=9))
    assert name_of([seen("fits", fault)], [mistake]) == "m"
    assert name_of([seen("fits", Capture(fault=fault))], [mistake]) == "m"
    for other in (
        Fault("raised", "ValueError", "another"),
        Fault("raised", "TypeError", "bad shape"),
        Fault("not_defined", name="net"),
        DOUBLE,
        None,
    ):
        assert name_of([seen("fits", other)], [mistake]) is None
        assert name_of([seen("fits", fault)], [known("m", fits=other)]) is None
    missing = Fault("not_defined", name="net")
    assert name_of([seen("fits", missing)], [known("m", fits=missing)]) == "m"


def test_a_fault_of_ours_is_nobodys_mistake():
    ours = Fault("ours", message="no fork")
    assert name_of([seen("fits", ours)], [known("m", fits=ours)]) is None


def test_under_the_checks_own_comparator():
    loose = Close(atol=10.0)
    assert name_of([seen("fits", T, comparator=loose)], [known("m", fits=DOUBLE)]) == "m"
    assert name_of([seen("fits", T)], [known("m", fits=DOUBLE)]) is None
    accuracy = Accuracy(labels=[0, 1, 1])
    assert name_of([seen("fits", NEAR, comparator=accuracy)], [known("m", fits=DOUBLE)]) == "m"
    assert name_of([seen("fits", None, comparator=Uses(names=("x",)))], [known("m", fits=None)]) == "m"


def test_nan_and_generators_are_the_same_mistake():
    for live in (torch.tensor([float("nan")]), iter([]), KeyError("a")):
        assert name_of([seen("fits", capture(live))], [known("m", fits=capture(live))]) == "m"


def test_of_two_that_fit_the_one_that_loses_no_more_is_named():
    checks = [seen("a", DOUBLE), seen("b", 1.0, passed=True)]
    more, just = known("more", loses=["a", "b"], a=DOUBLE, b=1.0), known("just", loses=["a"], a=DOUBLE, b=1.0)
    assert name_of(checks, [more, just]) == "just"


# ------------------------------------------------------------------------------------------- explain

RIGHT = capture(torch.tensor([0.3391, -1.2713, 0.8812, 2.1349, -0.4477]))
WRONG = capture(torch.tensor([-0.3391, 1.2713, -0.8812, -2.1349, 0.4477]))
OTHER = capture(torch.tensor([0.1, -0.7713, 0.2812, 1.1349, -0.9477]))


def failing(check, value=WRONG, expected=RIGHT, comparator=None, **known):
    return Observed(check, comparator or Close(), value, False, expected, **known)


def test_a_mistake_of_the_key_goes_before_a_step():
    found = explain([failing("fits")], [known("minus", fits=WRONG)])
    assert (found.kind, found.name, found.says, found.checks, found.certainty) == (
        "mistake",
        "minus",
        "It is minus.",
        ("fits",),
        1.0,
    )
    assert found.evidence == "In `fits` your answer gives what this mistake gives, exactly."


def test_a_mistake_that_is_not_alone_is_less_certain():
    mistakes = [known("one", fits=WRONG), known("two", fits=WRONG), known("three", fits=RIGHT)]
    assert explain([failing("fits")], mistakes).certainty == 0.5
    twin = KnownMistake("two", "", {"fits": WRONG}, frozenset({"fits"}), same_as="one")
    assert explain([failing("fits")], [mistakes[0], twin]).certainty == 1.0


def test_a_step_is_told_with_its_evidence():
    found = explain([failing("fits"), Observed("learns", Close(), 1.0, True, 1.0)])
    assert (found.kind, found.name, found.says, found.checks) == ("generic", "negated", "Yours has the opposite sign.", ("fits",))
    assert found.evidence == "In `fits` your value agrees exactly with the expected one with the opposite sign."
    assert 0.999 < found.certainty <= 1
    near = capture(torch.as_tensor(WRONG.data) * (1 + 3e-7))
    assert explain([failing("fits", near)]).evidence.startswith("In `fits` your value agrees to 1e-06 with")


def test_nothing_known_is_said_of():
    for value in (OTHER, None, 3.0, "text", {}, [], float("nan"), Fault("raised", "ValueError")):
        assert explain([failing("fits", value)]) is None
    assert explain([]) is explain([Observed("fits", Close(), RIGHT, True, RIGHT)]) is None
    assert explain([Observed("fits", Close(), WRONG, False)]) is None  # nothing is known to expect


def test_every_failing_check_in_which_it_can_be_tried_must_show_the_step():
    assert explain([failing("a"), failing("b")]).checks == ("a", "b")
    assert explain([failing("a"), failing("b", OTHER)]) is None
    assert explain([failing("a"), failing("b", None)]) is None
    untried = [
        failing("c", Fault("raised", "ValueError", "bad shape")),
        failing("d", None, None, Uses(names=("x",))),
        failing("e", OTHER, RIGHT, Architecture()),
        Observed("f", Close(), OTHER, False),
        failing("g", RIGHT, RIGHT),  # right by its value: something else is wrong
    ]
    assert explain([failing("a"), *untried]).checks == ("a",)


def test_two_numbers_in_two_checks_say_more_than_one():
    one, two = failing("a", 0.342969**2, 0.342969), failing("b", 0.77123**2, 0.77123)
    assert explain([one]) is None
    assert explain([one, two]).name == "squared"


def test_captures_are_opened():
    assert explain([failing("fits", Capture(WRONG), Capture(RIGHT))]).name == "negated"


def test_no_number_that_was_expected_is_said():
    for value, expected in ((WRONG, RIGHT), (RIGHT.data.tolist()[:4], RIGHT.data.tolist()), (0.0685938, 0.0342969)):
        found = explain([failing("fits", value, expected)])
        said = found.says + found.evidence.replace("1e-07", "")
        assert not any(f"{abs(number):.3g}" in said for number in (0.3391, 1.2713, 0.8812, 2.1349, 0.4477, 0.0342969))


@given(st.lists(st.tuples(values(), values(), st.sampled_from([Close(), Exact(), Weights(names=False)])), max_size=3))
@settings(max_examples=100, deadline=None)
def test_whatever_a_notebook_gives_nothing_is_raised(found):
    checks = [failing(f"check{i}", value, expected, comparator) for i, (value, expected, comparator) in enumerate(found)]
    explanation = explain(checks, [known("m", check0=DOUBLE)])
    assert explanation is None or 0 < explanation.certainty <= 1


# ------------------------------------------------------------------------------------------- indistinguishable

BY_CHECK = {"a": Close(atol=1e-3), "b": Close()}
CLOSE_BY = capture(torch.arange(3.0) * 2 + 5e-4)


def test_mistakes_with_values_that_the_comparator_takes_for_the_same():
    one, two, three = known("one", a=DOUBLE), known("two", a=CLOSE_BY), known("three", a=T)
    assert indistinguishable([one, two, three], BY_CHECK) == [("one", "two")]
    assert indistinguishable([one, two], {"a": Close()}) == []


@pytest.mark.parametrize(
    "two",
    [
        known("two", a=DOUBLE, b=2.0),
        known("two", loses=["a"], a=DOUBLE, b=1.0),
        known("two", a=DOUBLE),
        known("two", a=DOUBLE, b=Fault("raised", "ValueError", "bad shape")),
    ],
)
def test_one_check_that_tells_them_apart_is_enough(two):
    assert indistinguishable([known("one", a=DOUBLE, b=1.0), two], BY_CHECK) == []


def test_the_same_fault_tells_nothing_apart():
    faults = [Fault("raised", "ValueError", "bad shape", line=line) for line in (1, 2)]
    mistakes = [known(f"m{i}", a=DOUBLE, b=fault) for i, fault in enumerate(faults)]
    assert indistinguishable(mistakes, BY_CHECK) == [("m0", "m1")]
    assert indistinguishable([known("one"), known("two")], BY_CHECK) == []
