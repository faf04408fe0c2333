"""Which hidden unit is which: against all permutations, tried one by one."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.compare.measure import Tolerance
from grader.compare.units import Freedom, agreeing_steps, match_units, nearest_units

ALLOW = Tolerance(atol=0.1)
FREEDOMS = [Freedom(*some) for some in product([False, True], [False, True], [False, True]) if any(some)]
coarse = st.sampled_from([-1.0, -0.1, 0.0, 0.05, 0.1, 0.9, 1.0])
seeds = st.integers(0, 2**32 - 1)


def states(seed, n=12, units=4):
    return np.random.default_rng(seed).uniform(-1, 1, (n, units)) + np.arange(units)


def turned(values, seed, freedom):
    """The same states with what is free made otherwise."""
    generator = np.random.default_rng(seed)
    units = values.shape[1]
    order = generator.permutation(units) if freedom.permutation else np.arange(units)
    factor = np.ones(units)
    if freedom.sign:
        factor *= generator.choice([-1.0, 1.0], units)
    if freedom.scale:
        factor *= generator.uniform(0.2, 5.0, units)
    return values[:, order] * factor


@pytest.mark.parametrize("freedom", FREEDOMS, ids=str)
@settings(max_examples=200, deadline=None)
@example(seed=1032677, other=16557)
@given(seed=seeds, other=seeds)
def test_whatever_is_free_is_found_and_nothing_else(freedom, seed, other):
    """Any freedom is undone to within the tolerance, and one number that is off by more than twice of it is refused.

    Twice of what another scale leaves of it, where the scale is free: off by d where all others of the unit are at most m, and
    scaled by s, it is off by d - s v, and the others by s m; the larger of both is least at d m / (v + m).
    """
    expected = states(seed)
    value = turned(expected, other, freedom)
    matching = match_units(value, expected, Tolerance(atol=1e-6), freedom)
    assert matching is not None
    assert np.max(np.abs(matching.applied(value) - expected)) <= 1e-6
    generator = np.random.default_rng(other)
    row, unit = generator.integers(len(expected)), generator.integers(expected.shape[1])
    fitted = np.abs(expected[:, matching.order == unit][:, 0])
    absorbed = 1 + fitted[row] / np.max(np.delete(fitted, row)) if freedom.scale else 1.0
    off = 2.5e-6 * absorbed * max(1.0, 1 / np.abs(matching.factor[matching.order == unit][0]))
    value[row, unit] += off * generator.choice([-1, 1])
    assert match_units(value, expected, Tolerance(atol=1e-6), freedom) is None


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[coarse] * 6), min_size=1, max_size=3), st.booleans())
def test_a_matching_is_found_wherever_there_is_one(rows, sign):
    """Also where units are alike and the least squares would choose another."""
    both = np.array(rows)
    value, expected = both[:, :3], both[:, 3:]
    signs = list(product([1, -1], repeat=3)) if sign else [(1, 1, 1)]
    exists = any(
        np.all(np.abs(value[:, list(order)] * factor - expected) <= 0.1) for order in permutations(range(3)) for factor in signs
    )
    found = match_units(value, expected, ALLOW, Freedom(permutation=True, sign=sign))
    assert (found is not None) == exists
    if found is not None:
        assert np.all(np.abs(found.applied(value) - expected) <= 0.1)


def test_units_that_fit_stay_where_they_are():
    expected = np.zeros((5, 3))
    found = match_units(expected, expected, ALLOW, Freedom(permutation=True, sign=True, scale=True))
    assert not found.moved
    assert found.order.tolist() == [0, 1, 2]


def test_a_unit_that_is_on_is_no_scaled_copy_of_one_that_is_never_on():
    off, on = np.zeros((5, 1)), np.linspace(1, 2, 5)[:, None]
    assert match_units(on, off, ALLOW, Freedom(scale=True)) is None
    assert match_units(off, on, ALLOW, Freedom(scale=True)) is None
    assert match_units(-on, on, ALLOW, Freedom(scale=True)) is None
    assert match_units(-on, on, ALLOW, Freedom(scale=True, sign=True)).factor.tolist() == [-1]
    assert match_units(3 * on, on, ALLOW, Freedom(scale=True)).factor[0] == pytest.approx(1 / 3)


def test_what_is_not_finite_has_no_matching():
    expected = states(0)
    value = expected.copy()
    value[3, 1] = np.nan
    assert match_units(value, expected, ALLOW, Freedom(permutation=True)) is None
    assert nearest_units(value, expected, Freedom(permutation=True)).moved is False
    huge = expected * 1e300
    found = nearest_units(huge, huge, Freedom(permutation=True, sign=True, scale=True))
    assert found.order.tolist() == [0, 1, 2, 3]
    assert found.factor == pytest.approx(1)


def test_the_nearest_matching_is_that_of_least_squares():
    for seed in range(20):
        generator = np.random.default_rng(seed)
        value, expected = generator.normal(size=(2, 6, 4))
        costs = {
            order: min(np.sum((value[:, list(order)] * s - expected) ** 2) for s in product([1, -1], repeat=4))
            for order in permutations(range(4))
        }
        found = nearest_units(value, expected, Freedom(permutation=True, sign=True))
        assert np.sum((found.applied(value) - expected) ** 2) == pytest.approx(min(costs.values()))
        found = nearest_units(value, expected, Freedom(scale=True))
        for unit in range(4):
            least = max(0.0, value[:, unit] @ expected[:, unit]) / (value[:, unit] @ value[:, unit])
            assert found.factor[unit] == pytest.approx(least) or least == 0


def test_the_longest_beginning_that_one_matching_brings_near():
    expected = states(1, n=40).reshape(20, 2, 4)
    value = expected[..., [2, 0, 3, 1]].copy()
    value[13:] = value[13:, :, ::-1] + 1  # another matching would do for the rest, as well as it can
    steps, matching = agreeing_steps(value, expected, Tolerance(atol=1e-9), Freedom(permutation=True))
    assert steps == 13
    assert np.array_equal(matching.applied(value)[:13], expected[:13])
    assert agreeing_steps(value + 9, expected, Tolerance(), Freedom(permutation=True))[0] == 0


def test_a_layer_of_256_units_takes_no_time():
    import time

    expected = np.tanh(np.random.default_rng(0).normal(size=(600, 256)))
    freedom = Freedom(permutation=True, sign=True)
    value = turned(expected, 1, freedom)
    before = time.perf_counter()
    assert match_units(value, expected, Tolerance(atol=1e-4), freedom) is not None
    assert time.perf_counter() - before < 1
