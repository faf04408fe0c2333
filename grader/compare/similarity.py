"""Whether the hidden states of two networks hold the same: held-out linear regression, and linear CKA.

A network that runs over a periodic text without any noise visits as many states as the text has contexts, and from states in
general position a regression can read everything, even those of a network that was never trained. What training does is to
move contexts far apart. So states are read through noise: the regression is ridge regression (Bishop, "Training with noise is
equivalent to Tikhonov regularization", 1995), and what the noise costs counts as unexplained.

Measured on RNNs trained from 40 seeds on AbAcAd and abcabC (6 contexts; Adam, lr 0.01, 600 epochs; `test_hidden.py` repeats
some): R^2 >= 0.9 from one that learned the text to another in 97 of 100 pairs with 8 units, 98 or more with 16, but 67 to 76
with 5 and 13 to 40 with 3: six points in three dimensions have no affine map to six others. Networks without memory, stopped
early or never trained reached 0.89 at most, but for 1 pair in 100 with 3 units. Without noise, never trained ones reached 1.00
from 5 units on. Linear CKA does not tell them apart: 0.5 to 1.0 for those that learned, up to 0.97 for all others.
"""

from __future__ import annotations

import numpy as np

from grader.compare.measure import Numbers

__all__ = ["NOISE", "explained", "halves", "linear_cka", "spread"]

NOISE = 0.06  # of the spread of the expected states; chosen by the measurements above


def spread(states: Numbers) -> float:
    """The root mean square distance of states from their mean. states: (n, H)."""
    return float(np.sqrt(np.sum(np.var(states, axis=0)))) if len(states) else 0.0


def halves(count: int, seed: int = 0) -> tuple[Numbers, Numbers]:
    """The indices 0 … count-1 in two halves at random, the same for the same seed: one to fit, one to judge by."""
    order = np.random.default_rng(seed).permutation(count)
    return order[: (count + 1) // 2], order[(count + 1) // 2 :]


def explained(value: Numbers, expected: Numbers, noise: float = NOISE, seed: int = 0) -> float:
    """How much of the expected states a linear map of the others explains where it was not fitted: R^2, at most 1.

    value: (n, H), expected: (n, K), finite, n > 1; one half of the rows, taken at random, is fitted, the other judged. `value`
    is read through noise of standard deviation `noise` times the spread of `expected`; R^2 is told as a share of what the
    expected states themselves reach through it. So 1 for the same states, and for any rotation, permutation or enlargement of
    them. Can be negative: worse than the mean. Where the expected states never change, 1.
    """
    value, expected = _in_reach(value, expected)
    sigma = noise * spread(expected)
    reached, best = (_r_squared(states, expected, sigma, seed) for states in (value, expected))
    return min(1.0, reached / best) if best > 0 else 1.0


def _in_reach(value: Numbers, expected: Numbers) -> tuple[Numbers, Numbers]:
    """Both in units of the largest expected number, so that squares do not overflow. (n, H), (n, K)."""
    unit = float(np.max(np.abs(expected), initial=0.0)) or 1.0
    with np.errstate(over="ignore"):
        return np.clip(value / unit, -1e100, 1e100), expected / unit


def _r_squared(value: Numbers, expected: Numbers, sigma: float, seed: int) -> float:
    """R^2 of the ridge regression on the held-out half, pooled over the columns of `expected`. (n, H), (n, K)."""
    fit, rest = halves(len(value), seed)
    origin, mean = value[fit].mean(0), expected[fit].mean(0)
    inputs = value[fit] - origin  # (n/2, H)
    mapping = _ridge(inputs, expected[fit] - mean, sigma)  # (H, K)
    residual = expected[rest] - mean - (value[rest] - origin) @ mapping
    unexplained = np.sum(residual**2) + len(rest) * sigma**2 * np.sum(mapping**2)
    total = np.sum((expected[rest] - mean) ** 2)
    return float(1 - unexplained / total) if total > 0 else 0.0


def _ridge(inputs: Numbers, targets: Numbers, sigma: float) -> Numbers:
    """The linear map of least squares from inputs with added noise of `sigma`. (n, H), (n, K) -> (H, K).

    By singular values: directions that are no more than rounding are left out, so that it is defined without noise, too.
    """
    left, values, right = np.linalg.svd(inputs, full_matrices=False)
    kept = values > 1e-6 * max(values.max(initial=0.0), 1e-30)
    gain = np.where(kept, values / np.where(kept, values**2 + len(inputs) * sigma**2, 1.0), 0.0)
    return np.asarray(right.T @ (gain[:, None] * (left.T @ targets)))


def linear_cka(value: Numbers, expected: Numbers) -> float:
    """Linear centered kernel alignment, in [0, 1]. value: (n, H), expected: (n, K). 0 where either never changes.

    Kornblith, Norouzi, Lee, Hinton, "Similarity of Neural Network Representations Revisited" (2019): 1 for the same states up to
    rotation and one common factor; other than R^2 it is not indifferent to any other linear map.
    """
    value, expected = _in_reach(value, value)[0], _in_reach(expected, expected)[0]
    one = value - value.mean(0)
    other = expected - expected.mean(0)
    norms = float(np.linalg.norm(one.T @ one)) * float(np.linalg.norm(other.T @ other))
    return min(1.0, float(np.linalg.norm(one.T @ other)) ** 2 / norms) if norms > 0 else 0.0
