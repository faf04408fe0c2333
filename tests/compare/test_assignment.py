"""The matching of least cost is scipy's, also where scipy is not asked."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from grader.compare.assignment import assign, squared_distances

sizes = st.integers(0, 6)
ties = sizes.flatmap(lambda n: arrays(float, (n, n), elements=st.integers(0, 3).map(float)))
numbers = sizes.flatmap(lambda n: arrays(float, (n, n), elements=st.floats(0, 1e6)))


@given(ties | numbers)
def test_no_matching_costs_less(cost: np.ndarray) -> None:
    matching = assign(cost)
    assert sorted(matching) == list(range(len(cost)))
    best = cost[linear_sum_assignment(cost)].sum()
    assert cost[np.arange(len(cost)), matching].sum() == pytest.approx(best, rel=1e-12, abs=0)


@given(st.integers(1, 6).flatmap(lambda n: arrays(float, (n, 3), elements=st.integers(0, 2).map(float))))
def test_what_fits_in_its_place_stays_there(units: np.ndarray) -> None:
    """Also where units are equal, so that other matchings cost as little."""
    assert list(assign(squared_distances(units, units))) == list(range(len(units)))


def test_an_answer_in_another_order_is_matched_without_scipy() -> None:
    code = """
import sys
import numpy as np
from grader.compare.assignment import assign, squared_distances
units, order = np.random.default_rng(0).normal(size=(40, 5)), np.random.default_rng(1).permutation(40)
assert (assign(squared_distances(units[order], units)) == order).all()
assert not [name for name in sys.modules if name.startswith("scipy")]
"""
    subprocess.run([sys.executable, "-c", code], check=True)
