"""`diagnose`: which known mistake a failing blank looks like, and when nothing is said."""

import torch

from grader.compare import KnownMistake, Observed, diagnose
from grader.judging import Accuracy, Close, Uses
from grader.result import Capture, Fault
from grader.values import capture

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
