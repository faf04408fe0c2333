"""Shares and chance: what `right` of `total` says of the rate behind it.

wilson     the interval of rates that go with a count: E. B. Wilson, JASA 22 (1927), 209-212
fisher     how likely two counts are to differ as much when their rates are the same: R. A. Fisher, J. R. Stat. Soc. 85 (1922)
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from grader.compare.words import number

__all__ = ["fisher", "in_words", "percent", "wilson"]


def wilson(right: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The two-sided Wilson score interval, without continuity correction: its lower and upper end, in [0, 1].

    0 <= right <= total, total > 0, 0 < confidence < 1. Holds with about that confidence also for few trials and rates near 0
    or 1; as `scipy.stats.binomtest(right, total).proportion_ci(confidence, "wilson")`.
    """
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2
    share = right / total
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = math.sqrt(z2 * (share * (1 - share) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    return (0.0 if right == 0 else max(0.0, middle - half)), (1.0 if right == total else min(1.0, middle + half))


def fisher(right: int, total: int, other_right: int, other_total: int) -> float:
    """The two-sided p-value of Fisher's exact test that two rates are the same, in (0, 1].

    The sum of the probabilities of all outcomes with the same margins that are not likelier than what came; as
    `scipy.stats.fisher_exact`, which would take as long to import as to judge a whole notebook. Counts of up to some millions.
    """
    both = right + other_right
    low, high = max(0, both - other_total), min(both, total)
    k = np.arange(low, high + 1)
    # P(k) is to P(k - 1) as (total - k + 1) (both - k + 1) to k (other_total - both + k)
    ratios = ((total - k[1:] + 1.0) * (both - k[1:] + 1.0)) / (k[1:] * (other_total - both + k[1:] + 0.0))
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    return min(1.0, float(chances[chances <= chances[right - low] * (1 + 1e-7)].sum()))


def percent(share: float) -> str:
    """A share in percent, never rounded up to what it is not."""
    return f"{number(int(share * 1000 + 1e-6) / 10).removesuffix('.0')}%"


def in_words(right: int, total: int, confidence: float) -> str:
    """The Wilson interval as a student reads it, its ends rounded outwards: "between 71% and 89% by a 95% Wilson interval"."""
    low, high = wilson(right, total, confidence)
    steps = 100 if total < 1000 else 1000  # whole percents, or tenths
    ends = math.floor(low * steps + 1e-9) * 100 / steps, math.ceil(high * steps - 1e-9) * 100 / steps
    return f"between {ends[0]:g}% and {ends[1]:g}% by a {100 * confidence:g}% Wilson interval"
