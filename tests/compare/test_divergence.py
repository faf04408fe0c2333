"""Where two courses part: against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.compare.divergence import Divergence, first_divergence, first_to_part
from grader.compare.measure import Tolerance

TOLERANCE = Tolerance(atol=0.1)
numbers = st.sampled_from([0.0, 0.05, 1.0, -1.0, 3.0, math.nan, math.inf, -math.inf])


def by_loops(value, expected, axis):
    """The same, number by number."""
    worst = {}
    for index in np.ndindex(value.shape):
        v, e = float(value[index]), float(expected[index])
        if v == e or abs(v - e) <= 0.1:
            continue
        far = abs(v - e) if math.isfinite(v - e) else math.inf
        worst[index[axis]] = max(worst.get(index[axis], 0.0), far)
    if not worst:
        return None
    at = min(worst)
    return at, worst[at], min(t for t in worst if worst[t] == max(worst.values())), max(worst.values())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_it_says_what_plain_loops_say(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    value, expected = (data.draw(hnp.arrays("float64", shape, elements=numbers)) for _ in "ve")
    axis = data.draw(st.integers(0, len(shape) - 1))
    found, known = first_divergence(value, expected, TOLERANCE, axis), by_loops(value, expected, axis)
    if known is None:
        assert found is None
        return
    assert (found.at, found.by, found.worst_at, found.worst) == known
    assert found.steps == shape[axis]
    assert found.index[axis] == found.at
    gap = abs(value[found.index] - expected[found.index])
    assert gap == found.by or not math.isfinite(gap)
    assert first_divergence(value, expected, TOLERANCE, axis - len(shape)) == found


def test_where_they_part_and_by_how_much():
    expected = np.zeros((10, 2, 3))
    value = expected.copy()
    value[:4] += 0.1
    value[4, 1, 2], value[7, 0, 0] = 0.21, -0.5
    assert first_divergence(value, expected, TOLERANCE) == Divergence(4, 0.21, (4, 1, 2), 7, 0.5, 10)
    moved = [np.moveaxis(array, 0, 2) for array in (value, expected)]
    assert first_divergence(*moved, TOLERANCE, axis=2) == Divergence(4, 0.21, (1, 2, 4), 7, 0.5, 10)
    assert first_divergence(value[:4], expected[:4], TOLERANCE) is None


def test_a_relative_tolerance_is_one_of_the_expected_number():
    expected = np.array([100.0, 1.0])
    assert first_divergence(np.array([101.0, 1.0]), expected, Tolerance(rtol=0.01)) is None
    assert first_divergence(np.array([101.0, 1.02]), expected, Tolerance(rtol=0.01)).at == 1


def test_whole_numbers_truth_values_and_nothing():
    assert first_divergence(np.array([2**62, 1]), np.array([2**62 + 1, 1]), Tolerance()).at == 0
    assert first_divergence(np.array([True, False]), np.array([True, True]), Tolerance()).at == 1
    assert first_divergence(np.zeros((0, 3)), np.zeros((0, 3)), Tolerance()) is None
    assert first_divergence(np.zeros((3, 0)), np.ones((3, 0)), Tolerance()) is None
    assert first_divergence(np.array([1 + 1j]), np.array([1 + 2j]), Tolerance()).by == 1


def test_other_shapes_are_no_courses_to_compare():
    with pytest.raises(ValueError, match="shapes differ"):
        first_divergence(np.zeros(3), np.zeros(4), Tolerance())
    with pytest.raises(ValueError, match="no axis"):
        first_divergence(np.zeros(3), np.zeros(3), Tolerance(), axis=1)


def test_of_two_that_part_at_one_step_the_one_computed_first_is_named():
    expected = {name: np.zeros((5, 2)) for name in ("i", "f", "g", "c", "h")}
    value = {name: array.copy() for name, array in reversed(expected.items())}
    for name, step in (("h", 3), ("f", 3), ("c", 3), ("i", 4)):
        value[name][step:] = 1.0
    name, divergence = first_to_part(value, expected, TOLERANCE)
    assert (name, divergence.at) == ("f", 3)
    assert first_to_part(expected, expected, TOLERANCE) is None
