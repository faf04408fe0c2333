"""The generic transforms: what each makes of right values is named as itself; right values, noise and constants as nothing."""

import math
import time

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from grader.compare import Observed, distance, explain
from grader.compare.generic import TABLE, Case, decide, found_in
from grader.compare.generic.search import information
from grader.compare.generic.table import EXCHANGED
from grader.compare.hints import about_kind, about_numbers
from grader.judging import Close, Exact, Figure, Weights
from grader.values import Array, Other, Raised, capture

from .plain import values

TORCH = torch.Generator()


def named(value, expected, comparator=None, **known):
    """The name of the transform that explains a live value, "" for none."""
    found = explain([Observed("check", comparator or Close(), capture(value), False, capture(expected), **known)])
    return found.name if found else ""


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=TORCH.manual_seed(seed))


LOGITS = normal(12, 4)
PROBABILITIES = LOGITS.softmax(1)
POSITIVE = normal(10, seed=3).abs() + 0.1
LABELS = torch.tensor([0, 2, 1, 3, 3, 0, 1, 2, 2, 1, 0, 3, 1, 0])
SCORES = torch.sigmoid(normal(13, seed=5) * 2)
STATES = torch.tanh(normal(9, 3, seed=7))
GIVEN = {"x": capture(normal(12, 4, seed=8))}
HOW = {"dtype": {"comparator": Close(dtype="exact")}, "degrees_of_freedom": {"given": GIVEN}}

# name -> (what the student has, what is expected): written with torch, as a student would.
OWN = {
    "axis": (LOGITS[:, None], LOGITS),
    "transposed": (LOGITS.T, LOGITS),
    "axes_swapped": (normal(5, 2, 3).transpose(0, 1), normal(5, 2, 3)),
    "reshaped": (LOGITS.T.reshape(12, 4), LOGITS),
    "shape": (LOGITS.reshape(4, 12), LOGITS),
    "one_short": (STATES[1:], STATES),
    "one_long": (torch.cat([STATES, STATES[:1]]), STATES),
    "last_only": (STATES[-1], STATES),
    "first_only": (STATES[:1], STATES),
    "all_for_last": (STATES, STATES[-1]),
    "too_few": (STATES[:5], STATES),
    "too_many": (STATES, STATES[:5]),
    "reversed": (STATES.flip(0), STATES),
    "sorted": (POSITIVE.sort().values, POSITIVE),
    "late": (torch.cat([torch.zeros(1, 3), STATES[:-1]]), STATES),
    "early": (STATES.roll(-1, 0), STATES),
    "rows_swapped": (STATES[[0, 4, 2, 3, 1, 5, 6, 7, 8]], STATES),
    "columns_swapped": (LOGITS[:, [2, 0, 1, 3]], LOGITS),
    "another_order": (STATES[[3, 0, 8, 1, 7, 2, 4, 6, 5]], STATES),
    "repeated": (STATES[-1:].expand(9, 3), STATES),
    "accumulated": (POSITIVE.cumsum(0), POSITIVE),
    "negated": (-LOGITS, LOGITS),
    "absolute": (STATES.abs(), STATES),
    "no_absolute": (STATES, STATES.abs()),
    "no_relu": (normal(40, 1), torch.relu(normal(40, 1))),
    "relu": (torch.relu(normal(40, 1)), normal(40, 1)),
    "complement": (1 - SCORES, SCORES),
    "times_n": (POSITIVE.reshape(5, 2) * 5, POSITIVE.reshape(5, 2)),
    "over_n": (LOGITS / 12, LOGITS),
    "doubled": (2 * LOGITS, LOGITS),
    "halved": (LOGITS / 2, LOGITS),
    "percent": (100 * SCORES, SCORES),
    "share": (SCORES, 100 * SCORES),
    "log10": (torch.log10(POSITIVE), torch.log(POSITIVE)),
    "log2": (torch.log2(POSITIVE), torch.log(POSITIVE)),
    "pixels": (255 * SCORES, SCORES),
    "per_255": (SCORES / 255, SCORES),
    "degrees": (torch.rad2deg(STATES), STATES),
    "radians": (torch.deg2rad(90 * STATES), 90 * STATES),
    "degrees_of_freedom": (LOGITS.T.cov(), LOGITS.T.cov(correction=0)),
    "one_based": (LABELS + 1, LABELS),
    "zero_based": (LABELS, LABELS + 1),
    "offset": (POSITIVE - 0.3467, POSITIVE),
    "bias": (LOGITS - torch.tensor([0.37, -0.2, 1.13, 0.7]), LOGITS),
    "squared": (STATES**2, STATES),
    "root": (POSITIVE.sqrt(), POSITIVE),
    "reciprocal": (1 / POSITIVE, POSITIVE),
    "rounded": (SCORES.round(decimals=2), SCORES),
    "no_sigmoid": (torch.logit(SCORES), SCORES),
    "no_tanh": (torch.atanh(STATES), STATES),
    "sigmoid_twice": (torch.sigmoid(SCORES), SCORES),
    "sigmoids": (torch.sigmoid(LOGITS), LOGITS),
    "tanh_extra": (torch.tanh(LOGITS), LOGITS),
    "logarithm": (torch.log(3 * POSITIVE), 3 * POSITIVE),
    "exponential": (torch.exp(LOGITS), LOGITS),
    "sigmoid_for_tanh": (torch.sigmoid(LOGITS), torch.tanh(LOGITS)),
    "tanh_for_sigmoid": (torch.tanh(LOGITS), torch.sigmoid(LOGITS)),
    "no_softmax": (LOGITS, PROBABILITIES),
    "log_probabilities": (LOGITS.log_softmax(1), PROBABILITIES),
    "not_divided": (LOGITS.exp(), PROBABILITIES),
    "wrong_axis": (LOGITS.softmax(0), PROBABILITIES),
    "softmax_twice": (PROBABILITIES.softmax(1), PROBABILITIES),
    "probabilities": (PROBABILITIES, LOGITS),
    "log_softmax": (LOGITS.log_softmax(1), LOGITS),
    "sigmoid_for_softmax": (torch.sigmoid(LOGITS), PROBABILITIES),
    "classes": (LABELS, torch.nn.functional.one_hot(LABELS).float()),
    "scores": (torch.nn.functional.one_hot(LABELS).float(), LABELS),
    "dtype": (LOGITS.double(), LOGITS),
    "container": (POSITIVE.tolist(), POSITIVE),
    "all_nan": (LOGITS * math.nan, LOGITS),
    "nan_at_zero": (torch.tensor([0.0, 0.5, 0.2, 0.0, 0.9]).log() * torch.tensor([0.0, 0.5, 0.2, 0.0, 0.9]),
                    torch.special.xlogy(*[torch.tensor([0.0, 0.5, 0.2, 0.0, 0.9])] * 2)),
    "nan_at_one": ((u := torch.tensor([-200.0, -1.0, 0.3, 120.0])).exp() / (1 + u.exp()), torch.sigmoid(u)),
    "exchanged": ({"weight": normal(3), "bias": normal(3, seed=1)}, {"weight": normal(3, seed=1), "bias": normal(3)}),
}  # fmt: skip
UNHARMED = {"scores", "too_many", "all_for_last", "one_long"}  # not every number of theirs counts
NOT_BY_VALUE = {"attached", "untrained", "unchanged", "factor"}  # tested below


def test_every_transform_has_a_case_and_a_sentence():
    assert {t.name for t in (*TABLE, EXCHANGED)} == OWN.keys() | NOT_BY_VALUE
    for transform in (*TABLE, EXCHANGED):
        assert transform.agrees
        assert transform.says.endswith((".", "?")) or (transform.name == "factor" and not transform.says)
    assert len({t.says for t in TABLE}) == len(TABLE)


@pytest.mark.parametrize("name", OWN)
def test_what_a_transform_makes_is_named_as_itself(name):
    value, expected = OWN[name]
    how = HOW.get(name, {})
    assert distance(how.get("comparator", Close()), capture(value), capture(expected)) is None
    assert named(value, expected, **how) == name


@pytest.mark.parametrize("name", OWN)
def test_a_rounding_error_does_not_matter(name):
    value, expected = OWN[name]
    if isinstance(value, torch.Tensor) and value.is_floating_point() and name not in ("dtype", "rounded"):
        assert named(value * (1 + 2e-7 * normal(*value.shape, seed=11)), expected, **HOW.get(name, {})) == name


@pytest.mark.parametrize("name", OWN)
def test_a_part_of_a_step_is_none(name):
    """One number of those that the step gave is another one."""
    value, expected = OWN[name]
    if not isinstance(value, torch.Tensor) or not value.is_floating_point() or name in UNHARMED:
        return
    spoilt = value.clone().contiguous()
    at = int(torch.where(torch.isfinite(spoilt), (spoilt - spoilt.nanmean()).abs(), -1).argmax())
    spoilt.view(-1)[at] = 0.4321
    assert named(spoilt, expected) == ""


@pytest.mark.parametrize("name", OWN)
def test_right_values_are_no_transform_of_themselves(name):
    for right in OWN[name]:
        assert named(right, right) == ""


# ------------------------------------------------------------------------------------------- random values

sizes = st.tuples(st.integers(5, 12), st.integers(2, 4))
seeds = st.integers(0, 10**6)
STEPS = {
    "transposed": lambda t: t.T,
    "negated": lambda t: -t,
    "reversed": lambda t: t.flip(0),
    "late": lambda t: t.roll(1, 0),
    "early": lambda t: t.roll(-1, 0),
    "doubled": lambda t: 2 * t,
    "over_n": lambda t: t / len(t),
    "squared": lambda t: t**2,
    "relu": torch.relu,
    "tanh_extra": torch.tanh,
    "sigmoids": torch.sigmoid,
    "probabilities": lambda t: t.softmax(1),
    "one_short": lambda t: t[:-1],
    "accumulated": lambda t: t.cumsum(0),
}


@given(st.sampled_from(sorted(STEPS)), sizes, seeds)
@settings(max_examples=150, deadline=None)
def test_random_values_after_one_step(step, size, seed):
    right = normal(*size, seed=seed)
    assume(step != "relu" or right.numel() >= 16)
    assert named(STEPS[step](right), right) in ((step, "") if step == "relu" else (step,))


@given(st.sampled_from(sorted(STEPS)), st.sampled_from(sorted(STEPS)), sizes, seeds)
@example("early", "one_short", (5, 2), 0)
@settings(max_examples=150, deadline=None)
def test_two_steps_at_once_are_no_one_of_them(first, second, size, seed):
    right = normal(*size, seed=seed)
    wrong = STEPS[second](STEPS[first](right))
    name = named(wrong, right)
    if name == "over_n":  # the number of rows or of columns: twice over six rows is once over three columns
        assert any(torch.allclose(wrong, right / n, atol=1e-3) for n in right.shape)
    elif name == "one_short":  # one early and then one short is short of its first
        assert any(wrong.shape == part.shape and torch.allclose(wrong, part, atol=1e-3) for part in (right[1:], right[:-1]))
    elif name in STEPS:
        assert wrong.shape == STEPS[name](right).shape
        assert torch.allclose(wrong, STEPS[name](right), atol=1e-3)


@given(sizes, seeds, st.sampled_from([None, 1e-3, 0.05]))
@settings(max_examples=150, deadline=None)
def test_noise_is_nothing(size, seed, atol):
    right = normal(*size, seed=seed)
    for wrong in (normal(*size, seed=seed + 1), right + 0.3 * normal(*size, seed=seed + 2), 1.37 * right - 0.2):
        assert named(wrong, right, Close(atol=atol)) == ""


@given(sizes, seeds, st.sampled_from([0.0, 1.0, -1.0, 0.5, 0.4321]))
@settings(max_examples=60, deadline=None)
def test_constants_are_nothing(size, seed, constant):
    right = normal(*size, seed=seed)
    assert named(torch.full(size, constant), right) == ""
    assert named(right, torch.full(size, constant)) == ""


@given(values(), values(), st.sampled_from([Close(), Exact(), Weights(), Figure()]))
@settings(max_examples=150, deadline=None)
def test_any_two_values_are_explained_or_not_and_nothing_is_raised(value, expected, comparator):
    found = explain([Observed("check", comparator, value, False, expected, {"x": value}, expected)])
    assert found is None or found.kind == "generic"


# ------------------------------------------------------------------------------------------- too little to tell


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 0, 0, 1], [0, 1, 1, 0]),  # XNOR for XOR
        (-1.0, 1.0),
        (0.25, 0.5),
        (27.0, 6.75),
        (2, 3),
        ([2, 3], [3, 2]),
        ({"right": 3, "near_half": 1}, {"right": 1, "near_half": 3}),
        (torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0, 0.0]), torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])),
        (torch.tensor([-1.0, 1.0]), torch.tensor([1.0, -1.0])),
        (0.58804**2, 0.58804),  # one number may be the square of another by chance
        (float("nan"), 1.5),
        (True, False),
        ("a", "b"),
        (["a", "b"], ["b", "a"]),
        (None, LOGITS),
        ([None, 1.0], [1.0, 1.0]),
    ],
)
def test_too_little_to_tell(value, expected):
    assert named(value, expected) == ""


@pytest.mark.parametrize(
    ("value", "expected", "name"),
    [(-0.342969, 0.342969, "negated"), (0.685938, 0.342969, "doubled"), (34.2969, 0.342969, "percent"), (0.657031, 0.342969, "complement")],
)  # fmt: skip
def test_one_number_that_is_no_simple_fraction_shows_the_commonest_steps(value, expected, name):
    assert named(value, expected) == name


def test_a_sum_for_a_mean_needs_a_count_that_is_there():
    assert named(649.1237, 649.1237 / 2000, given={"y": capture(torch.zeros(2000, 1))}) == "times_n"
    assert named(649.1237, 649.1237 / 2000) == ""
    assert named(LOGITS * 7, LOGITS) == ""


def test_several_that_tell_different_things_are_none():
    grid = torch.linspace(-3, 3, 13)
    assert named(-torch.tanh(grid), torch.tanh(grid)) == ""  # backwards, too
    steps = torch.arange(20.0) * 0.137
    assert named(steps + 0.137, steps) == ""  # early, or off by one number
    assert named(torch.sigmoid(-grid), torch.sigmoid(grid)) == ""  # 1 minus it, too


def test_several_that_tell_the_same_are_the_first():
    two = LOGITS[:, :2].softmax(1)
    assert named(two.flip(1), two) == "columns_swapped"  # 1 minus it, too
    assert named(POSITIVE[None], POSITIVE[:, None]) == "axis"  # the transpose, too


def test_a_loose_tolerance_proves_nothing():
    tiny = 1e-4 * normal(10)
    assert named(tiny.flip(0) + 0.5, -tiny, Close(atol=0.1)) == ""
    right = normal(20, 2)
    assert named(-right + 0.02, right, Close(atol=0.05)) == ""
    assert named(-right + 2e-5, right, Close(atol=0.05)) == "negated"


def test_the_checks_own_tolerance_holds_too():
    right = 1000 * normal(20)
    assert named(-right + 0.1, right, Close(atol=1e-3, rtol=0)) == ""
    assert named(-right + 0.1, right, Close(atol=1.0, rtol=0)) == "negated"


# ------------------------------------------------------------------------------------------- values of many parts


def test_all_wrong_parts_by_the_same_step():
    net = dict(torch.nn.RNN(4, 2).state_dict())
    assert named({name: -w for name, w in net.items()}, net, Weights()) == "negated"
    assert named(net | {"weight_ih_l0": -net["weight_ih_l0"]}, net, Weights()) == "negated"
    mixed = {name: -w if w.ndim == 1 else 2 * w for name, w in net.items()}
    assert named(mixed, net, Weights()) == ""
    counted = {name: w * (40 if w.ndim == 1 else 5) for name, w in net.items()}
    assert named(counted, net, Weights(), given={"x": capture(torch.zeros(40, 5))}) == ""  # two factors
    summed = {name: w * 40 for name, w in net.items()}
    assert named(summed, net, Weights(), given={"x": capture(torch.zeros(40, 5))}) == "times_n"


def test_parts_are_found_by_order_where_names_do_not_matter():
    net = {"weight": normal(2, 3), "bias": normal(2)}
    other = {"l1.weight": -net["weight"], "l1.bias": -net["bias"]}
    assert named(other, net, Weights(names=False)) == "negated"
    assert named(other, net, Weights()) == ""


def test_lists_are_parts_or_one_array():
    x, y = normal(5, 2), normal(5, 2, seed=1)
    assert named([y, x], [x, y]) == "exchanged"
    assert named([x.T, y.T], [x, y]) == "transposed"
    assert named([[1.5, 2.37], [3.11, 4.09], [5.3, 6.78]], [[1.5, 3.11, 5.3], [2.37, 4.09, 6.78]], Exact()) == "transposed"
    assert named([[2, 7], [1, 9], [4, 8], [0, 5]], [[0, 5], [4, 8], [1, 9], [2, 7]], Exact()) == "reversed"


def test_texts_have_places():
    txt = list("embeddingofletters")
    assert named(txt[::-1], txt, Exact()) == "reversed"
    assert named([txt[:-1], txt[:-1]], [txt[:-1], txt[1:]], Exact()) == "late"
    assert named(txt[1:], txt, Exact()) == "one_short"
    assert named(list("embeddingofnumbers"), txt, Exact()) == ""


def test_curves_of_a_figure():
    import matplotlib.pyplot as plt

    def drawn(y):
        figure, axes = plt.subplots()
        axes.plot(torch.linspace(0, 1, len(y)), y)
        axes.set_title("curve")
        found = capture(figure)
        plt.close(figure)
        return found

    y = normal(12)
    assert named(drawn(-y), drawn(y), Figure()) == "negated"
    assert named(drawn(normal(12, seed=1)), drawn(y), Figure()) == ""


# ------------------------------------------------------------------------------------------- what is known besides


def test_gradients_that_are_carried_or_not():
    """For a comparator that looks at them, which `close` does not."""
    plain, carried = Array(LOGITS.numpy(), "float32"), Array(LOGITS.numpy(), "float32", requires_grad=True)

    def near(value, other):
        return 0.0 if value.requires_grad == other.requires_grad else None

    transform, fit = decide([found_in(Case("check", carried, plain, near))])
    assert (transform.name, fit.nearness) == ("attached", 0.0)
    assert found_in(Case("check", carried, carried, near)) is None
    assert named(carried, plain) == ""


def test_the_value_from_before_training():
    before, after = normal(3, 2, seed=20), normal(3, 2, seed=21)
    assert named(before, after, initial=capture(before)) == "untrained"
    assert named(before, after) == ""
    nets = [{"weight": normal(2, 2, seed=s), "bias": normal(2, seed=s + 9)} for s in (1, 2)]
    assert named(nets[0], nets[1], Weights(), initial=capture(nets[0])) == "untrained"


def test_the_input_given_back():
    x = GIVEN["x"].data
    assert named(torch.as_tensor(x), LOGITS, given=GIVEN) == "unchanged"
    assert named(LOGITS, PROBABILITIES, given={"u": capture(LOGITS)}) == "no_softmax"  # which says more


# ------------------------------------------------------------------------------------------- how much a value says


def test_information():
    assert information(np.array([0.342969]), 1e-7) == pytest.approx(14)
    assert information(np.array([0.25]), 1e-9) == 2
    assert information(np.array([0.342969] * 9), 1e-7) == pytest.approx(14)
    assert information(np.array([0.0, 1.0, 1.0, 0.0]), 1e-9) == pytest.approx(4 + math.log2(6))
    assert information(np.array([]), 1e-9) == 0
    assert information(np.array([0.342969, 0.77123]), 1e-7) == pytest.approx(29)
    rough = information(np.array([0.342969, 0.77123]), 1e-3)
    assert 4 <= rough < 20


def test_it_takes_milliseconds():
    right = normal(20000, 20)
    wrong = normal(20000, 20, seed=1)
    begin = time.perf_counter()
    assert named(wrong, right) == ""
    assert time.perf_counter() - begin < 10
    small = normal(199, 1)
    begin = time.perf_counter()
    assert named(-small, small) == "negated"
    assert time.perf_counter() - begin < 0.5


# ------------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize("value", [None, 3.0, [1, 2], LOGITS, Other("function")])
def test_where_an_exception_is_expected_none_was_raised(value):
    raised = Raised("KeyError", "'z'", ["LookupError", "Exception"])
    assert about_kind(capture(value) if not isinstance(value, Other) else value, raised) == "No exception was raised."
    assert about_kind(None, 1.0) == "Is a `return` missing?"


def test_hints_are_those_of_the_table():
    hinted = {t.name for t in TABLE if t.hint}
    assert hinted == {"transposed", "negated", "offset", "factor", "reversed", "columns_swapped", "another_order"}
    right = LOGITS.numpy()
    assert about_numbers(-right, right) == "Yours has the opposite sign."
    assert about_numbers(right[:, [1, 0, 2, 3]], right) == "Yours holds the same numbers in another order."
    assert about_numbers(right * 1.5, right) == "Yours is 1.5 times what is expected."
    assert about_numbers(right - 0.25, right) == "Yours is too small by 0.25 everywhere."
    assert about_numbers(right**2, right) == about_numbers(right, right[::-1] * 0) == ""


@given(values(), values())
@settings(max_examples=100, deadline=None)
def test_hints_never_raise(value, expected):
    assert isinstance(about_kind(value, expected), str)
    if isinstance(value, Array) and isinstance(expected, Array) and value.shape == expected.shape:
        assert isinstance(about_numbers(value.data, expected.data), str)
