"""What holds for every comparator, whatever the values are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import compare
from grader.compare import distance, judge, matches
from grader.compare.registry import JUDGES
from grader.judging import (
    COMPARATORS,
    Accuracy,
    Agree,
    Architecture,
    Avoids,
    Close,
    Comparator,
    Earlier,
    Evidence,
    Exact,
    Figure,
    Gradient,
    HiddenStates,
    Layers,
    LinearProbe,
    Losses,
    Sequence,
    SuccessRate,
    Text,
    Trained,
    Uses,
    Weights,
)
from grader.result import Outcome
from grader.values import Architecture as Module
from grader.values import Array, Other, Raised

from .plain import architectures, arrays, figures, names, values

EVERY: list[Comparator] = [
    Close(),
    Close(rtol=0.1, atol=0.0, equal_nan=True, dtype="exact"),
    Close(dtype="any"),
    Exact(),
    Text(),
    Text(case=True, punctuation=True, pattern="a+"),
    Weights(),
    Weights(names=False, partial=True),
    Accuracy(labels=[0, 1, 1, 0]),
    Accuracy(labels=Array(np.eye(3), "float32"), at_least=0.5, partial=False),
    Accuracy(),
    Architecture(),
    Architecture(names=True, options=False),
    Architecture(parameters=True),
    Figure(),
    Figure(texts=("title", "suptitle", "xlabel", "ylabel", "label")),
    Uses(modules=("torch.nn.Linear",), functions=("torch.cat", ".backward"), names=("x",), syntax=("loop", "matmul")),
    Avoids(modules=("torch.nn.RNN",), functions=("torch.cat",), names=("x.y",), syntax=("lambda",)),
    Agree(with_check="before"),
    HiddenStates(),
    HiddenStates(upto=("permutation", "sign"), batch_first=True),
    HiddenStates(upto="affine"),
    LinearProbe(labels="abab"),
    LinearProbe(labels=[0, 1, 1, 0], single_unit=True),
    Layers(),
    Layers(names=False, upto="permutation+sign"),
    Sequence(),
    Losses(),
    Losses(band=0.1),
    Trained(),
    SuccessRate(),
    SuccessRate(at_least=0.5),
    Gradient(),
    Gradient(forward=False),
    Weights(upto="permutation+sign"),
    Weights(upto="permutation+sign+scale+bias+shift", partial=True),
    Weights(upto="function", activation="tanh"),
]
each = pytest.mark.parametrize("comparator", EVERY, ids=repr)


def test_every_comparator_has_a_judge():
    assert JUDGES.keys() == COMPARATORS.keys()
    assert {type(comparator) for comparator in EVERY} == set(COMPARATORS.values())


def test_the_package_hands_on_what_it_says():
    assert all(hasattr(compare, name) for name in compare.__all__)


@each
@settings(max_examples=30, deadline=None)
@given(value=values(), expected=values(), source=st.text(max_size=30))
def test_nothing_raises(comparator, value, expected, source):
    """Any value against any other is judged; only what an author left out (labels, an activation) leaves a check ungraded."""
    verdict = judge(comparator, Evidence(value, expected, source, {"before": Earlier(expected, True)}))
    assert verdict.outcome is not Outcome.UNGRADED or isinstance(comparator, Accuracy) or getattr(comparator, "activation", "")
    assert "could not be judged" not in verdict.message
    assert 0 <= verdict.score <= 1
    assert (verdict.outcome is Outcome.PASSED) == (verdict.score == 1)
    assert verdict.message or verdict.score == 1
    JUDGES[comparator.name].distance(comparator, value, expected)  # without the net of `distance`


@settings(max_examples=100, deadline=None)
@given(values(nan=False, others=False))
def test_a_value_is_itself(value):
    for comparator in (Close(), Close(dtype="exact"), Exact(), Text()):
        verdict = judge(comparator, Evidence(value, value))
        assert verdict.outcome is Outcome.PASSED, verdict


@settings(max_examples=100, deadline=None)
@given(values())
def test_a_value_is_at_no_distance_from_itself(value):
    """Also NaN, and what cannot be compared for points."""
    for comparator in (Close(), Exact(), Text(), Accuracy(), Uses(), Avoids(), Agree("a")):
        assert distance(comparator, value, value) == 0
        assert matches(comparator, value, value)


@settings(deadline=None)
@given(st.dictionaries(names, arrays(nan=False)), figures(), architectures)
def test_a_value_of_its_kind_is_itself(state, figure, module):
    texts = ("title", "suptitle", "xlabel", "ylabel", "label")
    kinds = [(Weights(), state), (Weights(names=False), state), (Figure(texts=texts), figure), (Figure(), [figure])]
    kinds += [(Architecture(names=True), module), (Architecture(parameters=True), [module])]
    for comparator, value in kinds:
        assert judge(comparator, Evidence(value, value)).outcome is Outcome.PASSED
        assert distance(comparator, value, value) == 0


@settings(max_examples=60, deadline=None)
@given(values(), values())
def test_distance_says_the_same_as_judge(value, expected):
    """What is near enough for full points is near enough to be a mistake's value."""
    for comparator in (Close(), Exact(), Text(), Weights(), Figure()):
        if judge(comparator, Evidence(value, expected)).outcome is Outcome.PASSED:
            assert matches(comparator, value, expected) or _is_looser_for_points(value)


def _is_looser_for_points(value):
    """An exception of a kind will do for points, wherever it stands; mistakes are told apart by type and message."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Raised):
            return True
        todo += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    return False


@given(values(), st.sampled_from(["function", "generator"]))
@settings(deadline=None)
def test_what_cannot_be_compared_fails(value, name):
    for comparator in (Close(), Close(dtype="any"), Exact(), Text(), Weights(), Figure()):
        assert judge(comparator, Evidence(Other(name), Other(name))).outcome is Outcome.FAILED
        assert judge(comparator, Evidence(Other(name), value)).outcome is Outcome.FAILED


# ---------------------------------------------------------------------------------------------------- private checks

distinctive = st.integers(10_000, 99_999).map(lambda n: n + 0.5) | st.integers(10_000, 99_999)
small = st.integers(0, 99) | st.floats(0, 1)


def _nested(numbers):
    """Numbers in every kind of value that holds some."""
    lists = st.lists(numbers, min_size=1, max_size=4)
    data = lists.map(lambda items: np.array(items, dtype="float64"))
    array = st.builds(Array, data, st.just("float64"), st.sampled_from(["tensor", "ndarray"]))
    leaves = numbers | lists | array
    keys = names | numbers
    return leaves | st.lists(leaves, max_size=3) | st.dictionaries(keys, leaves, max_size=3) | st.dictionaries(keys, numbers)


def _numbers(value):
    """Every number in a value, keys included."""
    todo, found = [value], []
    while todo:
        item = todo.pop()
        if isinstance(item, Array):
            found += item.data.ravel().tolist()
        elif isinstance(item, (list, dict)):
            todo += item if isinstance(item, list) else [*item.keys(), *item.values()]
        elif isinstance(item, (int, float)):
            found.append(item)
    return found


@each
@settings(max_examples=40, deadline=None)
@given(value=_nested(small), expected=_nested(distinctive))
def test_a_message_names_no_expected_number(comparator, value, expected):
    """The message of a private check is shown, so it may say what was expected in kind only."""
    message = judge(comparator, Evidence(value, expected, "", {"before": Earlier(expected, True)})).message
    own = " ".join(f"{number!r} {number:g}" for number in _numbers(value))  # 0.99999 is the student's, and holds 99999
    for number in _numbers(expected):
        for text in (str(int(number)), f"{int(number):,}", f"{number:g}"):
            assert text in own or text not in message


def test_a_message_names_no_expected_text():
    verdict = judge(Text(), Evidence("mine", "the secret"))
    assert "secret" not in verdict.message
    assert "secret" in verdict.detail


def test_a_message_names_no_label():
    labels = [0, 1, 1, 0]
    verdict = judge(Accuracy(labels=labels, at_least=0.9), Evidence([0, 1, 0, 0], None))
    assert verdict.message == "3 of 4 predictions are right (75%). Full credit is from 90%."


# ---------------------------------------------------------------------------------------------------- odd values


def test_deep_nesting_is_no_trouble():
    deep = here = []
    other = there = []
    for _ in range(3000):
        here.append([])
        there.append([])
        here, there = here[0], there[0]
    here.append(1.0)
    there.append(2.0)
    for comparator in EVERY:
        verdict = judge(comparator, Evidence(deep, other, "", {"before": Earlier(other, True)}))
        assert "could not be judged" not in verdict.message, comparator
    assert judge(Close(), Evidence(deep, deep)).outcome is Outcome.PASSED
    assert judge(Close(), Evidence(deep, other)).outcome is Outcome.FAILED


def test_deep_networks_are_no_trouble():
    net = Module("torch.nn.Linear", "", {"weight": [1, 1]})
    for _ in range(3000):
        net = Module("__main__.Net", children={"inner": net})
    assert judge(Architecture(), Evidence(net, net)).outcome is Outcome.PASSED
    assert judge(Uses(modules=("torch.nn.Linear",)), Evidence(net, None)).outcome is Outcome.PASSED


def test_a_fault_of_ours_is_never_a_zero():
    verdict = judge(Text(pattern="("), Evidence("a", "a"))
    assert verdict.outcome is Outcome.UNGRADED
    assert distance(Close(), Array("no array", "float32"), Array("none", "float32")) is None  # type: ignore[arg-type]


def test_many_items_take_no_time():
    many = [float(i) for i in range(200_000)]
    mixed = [i if i % 2 else float(i) for i in range(30_000)]
    assert judge(Close(), Evidence(many, many)).score == 1
    assert judge(Close(), Evidence(mixed, mixed)).score == 1
