"""R^2 of a held-out regression and CKA: against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.compare.similarity import explained, halves, linear_cka, spread

seeds = st.integers(0, 2**32 - 1)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@settings(max_examples=200, deadline=None)
@given(seeds, seeds, st.integers(1, 6))
def test_any_rotation_and_enlargement_explains_everything(seed, other, width):
    """So do all affine maps that make no direction smaller."""
    expected = normal(seed, 40, width)
    one, two = (np.linalg.qr(normal(other + k, width, width))[0] for k in (0, 1))
    stretched = one @ np.diag(np.random.default_rng(other).uniform(1, 5, width)) @ two
    value = expected @ stretched + normal(other, width)
    assert explained(value, expected) == pytest.approx(1, abs=1e-9)
    assert explained(expected, expected) == 1


@settings(max_examples=50, deadline=None)
@given(seeds)
def test_without_noise_it_is_held_out_least_squares(seed):
    value, expected = normal(seed, 60, 3), normal(seed + 1, 60, 2)
    fit, rest = halves(60)
    design = np.c_[value, np.ones(60)]
    mapping = np.linalg.lstsq(design[fit], expected[fit], rcond=None)[0]
    total = np.sum((expected[rest] - expected[fit].mean(0)) ** 2)
    assert explained(value, expected, noise=0) == pytest.approx(
        1 - np.sum((expected[rest] - design[rest] @ mapping) ** 2) / total
    )


def test_noise_has_its_closed_form():
    """One unit of variance s^2 that explains one of variance 1 through noise sigma: R^2 is s^2 / (s^2 + sigma^2)."""
    expected = np.tile([1.0, -1.0], 5000)[:, None]
    for size in (1.0, 0.1, 0.02):
        known = size**2 / (size**2 + 0.06**2) * (1 + 0.06**2)
        assert explained(size * expected, expected) == pytest.approx(known, abs=2e-3)
        assert explained(size * expected, expected, noise=0) == pytest.approx(1)


def test_halves_are_two_and_the_same_each_time():
    fit, rest = halves(7)
    assert sorted([*fit, *rest]) == list(range(7))
    assert (len(fit), len(rest)) == (4, 3)
    assert np.array_equal(fit, halves(7)[0])


def test_units_that_never_change():
    expected, still = normal(0, 30, 3), np.ones((30, 3))
    assert explained(still, expected) < 0.05
    assert explained(expected, still) == 1
    assert explained(np.c_[expected, still], expected) == pytest.approx(1)
    assert linear_cka(still, expected) == linear_cka(expected, still) == 0
    assert spread(still) == 0


def test_fewer_steps_than_units():
    """30 units and 20 steps can be fitted to anything, and explain nothing where they were not."""
    assert explained(normal(0, 20, 30), normal(1, 20, 2)) < 0.5
    assert np.isfinite(explained(normal(0, 2, 3), normal(1, 2, 3)))


def test_numbers_of_any_size():
    expected = normal(0, 30, 3)
    assert explained(expected * 1e300, expected * 1e300) == 1
    assert explained(expected * 1e-300, expected * 1e-300) == 1
    assert linear_cka(expected * 1e300, expected) == pytest.approx(1)
    assert np.isfinite(explained(expected * 1e300, expected))


def test_cka_is_that_of_the_gram_matrices():
    """HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with centered linear kernels, as Kornblith et al. define it."""
    one, other = normal(0, 25, 4), normal(1, 25, 7)
    center = np.eye(25) - 1 / 25
    gram, other_gram = (center @ states @ states.T @ center for states in (one, other))
    known = np.sum(gram * other_gram) / np.linalg.norm(gram) / np.linalg.norm(other_gram)
    assert linear_cka(one, other) == pytest.approx(known)
    rotation = np.linalg.qr(normal(2, 4, 4))[0]
    assert linear_cka(one @ rotation * 7 + 3, one) == pytest.approx(1)
