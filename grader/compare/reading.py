"""What can be read off hidden states: linear probes, by all units together or by one alone.

Alain & Bengio, "Understanding intermediate layers using linear classifier probes" (2016). Fitted on one half of the steps,
counted on the other. States are read through noise, for the reason given in `similarity`: without any, even an untrained
network's states tell all contexts of a periodic text apart. Everything is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Numbers

__all__ = ["Reading", "Thresholds", "read_linearly", "read_one_unit", "split", "thresholds"]

DRAWS = 32  # how often each held-out step is read, each time through other noise
MOST = 4_000_000  # numbers in all that are drawn for it


@dataclass(frozen=True)
class Reading:
    """How well labels were read. share: right readings of the `counted` held-out steps; unit: the one they are from."""

    share: float
    counted: int
    unit: int | None = None


@dataclass(frozen=True)
class Thresholds:
    """Labels as intervals on one axis: `order[k]` lies between cuts[k-1] and cuts[k]; right of them were so in the fit.

    order: (C,) labels, cuts: (C-1,), not decreasing. gap: the narrowest space that a cut lies in the middle of.
    """

    order: Numbers
    cuts: Numbers
    right: int
    gap: float

    def labels(self, values: Numbers) -> Numbers:
        """The label of each value, any shape."""
        return np.asarray(self.order[np.searchsorted(self.cuts, values)])


def split(labels: Numbers, seed: int = 0) -> tuple[Numbers, Numbers]:
    """Indices to fit and to count by: half of the steps of each label, at random; of one that comes once, to fit.

    labels: (n,). The same for the same seed.
    """
    generator = np.random.default_rng(seed)
    fit, rest = [], []
    for label in np.unique(labels):
        steps = generator.permutation(np.flatnonzero(labels == label))
        fit.append(steps[: (len(steps) + 1) // 2])
        rest.append(steps[(len(steps) + 1) // 2 :])
    none = np.array([], dtype=int)
    return np.sort(np.concatenate([none, *fit])), np.sort(np.concatenate([none, *rest]))


def read_linearly(states: Numbers, labels: Numbers, sigma: float, seed: int = 0) -> Reading:
    """The share of held-out steps whose label linear discriminant analysis reads off the states, through noise of `sigma`.

    states: (n, H), finite; labels: (n,) 0 … C-1. Fisher's: means of each label, one covariance within all, to which noise of
    standard deviation `sigma` adds.
    """
    fit, rest = split(labels, seed)
    if not len(rest):
        return Reading(0.0, 0)
    known = np.unique(labels)
    means = np.stack([states[fit][labels[fit] == label].mean(0) for label in known])  # (C, H)
    within = states[fit] - means[np.searchsorted(known, labels[fit])]
    scale = max(sigma, 1e-6 * float(np.max(np.abs(states), initial=0.0)), 1e-30)
    covariance = within.T @ within / len(fit) + scale**2 * np.eye(states.shape[1])
    weights = np.linalg.solve(covariance, means.T)  # (H, C)
    counts = np.array([np.count_nonzero(labels[fit] == label) for label in known])
    bias = np.log(counts / len(fit)) - np.sum(means * weights.T, axis=1) / 2
    right = [known[np.argmax(noisy @ weights + bias, axis=1)] == labels[rest] for noisy in _noisy(states[rest], sigma, seed)]
    return Reading(float(np.mean(right)), len(rest))


def read_one_unit(states: Numbers, labels: Numbers, sigma: float, seed: int = 0) -> Reading:
    """The same by the one unit that tells the labels best on the steps that are fitted, by thresholds on its activation.

    C labels have C-1 thresholds, in whatever order: the sign of a unit does not matter. states: (n, H), labels: (n,).
    """
    fit, rest = split(labels, seed)
    if not len(rest) or not states.shape[1]:
        return Reading(0.0, 0)
    found = [thresholds(states[fit, unit], labels[fit]) for unit in range(states.shape[1])]
    best = max(range(len(found)), key=lambda unit: (found[unit].right, found[unit].gap))
    right = [found[best].labels(noisy[:, 0]) == labels[rest] for noisy in _noisy(states[rest][:, [best]], sigma, seed)]
    return Reading(float(np.mean(right)), len(rest), best)


def _noisy(states: Numbers, sigma: float, seed: int) -> list[Numbers]:
    """The states as they are read, several times. (n, H)."""
    if sigma <= 0:
        return [states]
    generator = np.random.default_rng(seed)
    draws = max(1, min(DRAWS, MOST // max(1, states.size)))
    return [states + sigma * generator.standard_normal(states.shape) for _ in range(draws)]


def thresholds(values: Numbers, labels: Numbers) -> Thresholds:
    """The cuts of an axis into one interval a label that put most values in their label's; of equal ones, the widest gaps.

    values: (n,) finite, n > 0, labels: (n,). Two labels are tried in both orders, more in the order of their means.
    """
    known = np.unique(labels)
    means = [values[labels == label].mean() for label in known]
    order = known[np.argsort(means, kind="stable")]
    orders = [order, order[::-1]] if len(known) == 2 else [order]
    return max((_cut(values, labels, one) for one in orders), key=lambda found: (found.right, found.gap))


def _cut(values: Numbers, labels: Numbers, order: Numbers) -> Thresholds:
    """The best cuts for labels in this order, by dynamic programming over the places between different values."""
    places, index = np.unique(values, return_inverse=True)
    counts = np.zeros((len(order), len(places) + 1))  # of each label below each place
    for k, label in enumerate(order):
        counts[k, 1:] = np.cumsum(np.bincount(index[labels == label], minlength=len(places)))
    gaps = np.concatenate([[0.0], np.diff(places), [0.0]])  # a cut at 0 or at the end leaves an interval empty
    bonus = gaps / max(float(gaps.max()), 1e-300) / (2 * len(order))  # less than one value in all: it decides between equals
    best, chosen = counts[0], []
    for k in range(1, len(order)):
        here = best - counts[k] + bonus
        highest = np.maximum.accumulate(here)
        chosen.append(np.maximum.accumulate(np.where(here == highest, np.arange(len(here)), 0)))
        best = highest + counts[k]
    at, cuts = len(places), []
    for before in reversed(chosen):
        at = int(before[at])
        cuts.append(at)
    cuts.reverse()
    middles = [_middle(places, cut) for cut in cuts]
    ends = [0, *cuts, len(places)]
    right = sum(counts[k, ends[k + 1]] - counts[k, ends[k]] for k in range(len(order)))
    return Thresholds(order, np.array(middles), int(right), float(min((gaps[cut] for cut in cuts), default=0.0)))


def _middle(places: Numbers, cut: int) -> float:
    """A number between the values below a cut and those above."""
    if cut == 0 or cut == len(places):
        return -np.inf if cut == 0 else np.inf
    return float(places[cut - 1] / 2 + places[cut] / 2)
