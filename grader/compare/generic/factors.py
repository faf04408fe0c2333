"""Numbers that are off by a factor: a sum for a mean, percent for a share, another logarithm. Any shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from grader.compare.generic.base import ENOUGH_FOR_ONE, FITTED, Candidate, Leaf, Pairs, Transform, forward
from grader.compare.measure import Numbers

__all__ = ["ROWS"]

FACTORS: dict[str, float] = {
    "doubled": 2.0,
    "halved": 0.5,
    "percent": 100.0,
    "share": 0.01,
    "log10": 1 / math.log(10),
    "log2": 1 / math.log(2),
    "pixels": 255.0,
    "per_255": 1 / 255,
    "degrees": 180 / math.pi,
    "radians": math.pi / 180,
}


def factor(by: float) -> Callable[[Numbers], Numbers]:
    """e -> by · e, any shape."""
    return lambda e: by * e


def _ratio(v: Numbers, e: Numbers) -> float:
    """v / e where e is largest; NaN where that cannot be had."""
    at = int(np.argmax(np.abs(e))) if e.size and v.shape == e.shape else -1
    return float(v.flat[at] / e.flat[at]) if at >= 0 and e.flat[at] != 0 else math.nan


def counted(times: bool) -> Pairs:
    """n · e (times) or e / n, with n a length or size of the arrays around: a sum for a mean, a mean for a sum."""

    def pairs(leaf: Leaf) -> Iterator[Candidate]:
        ratio = _ratio(leaf.v, leaf.e)
        count = ratio if times else 1 / ratio if ratio else math.nan
        if not math.isfinite(count) or round(count) not in leaf.counts or round(count) < 3:
            return
        by = round(count) if times else 1 / round(count)
        yield Candidate(leaf.v, by * leaf.e, cost=math.log2(len(leaf.counts)), parameter=round(count))

    return pairs


def degrees_of_freedom(leaf: Leaf) -> Iterator[Candidate]:
    """The variance or standard deviation over n for the one over n - 1, and the other way round."""
    if leaf.v.shape != leaf.e.shape:
        return
    counts = [n for n in leaf.counts if n <= 1000]
    for n in counts:
        for power in (-1.0, -0.5, 0.5, 1.0):
            by = (n / (n - 1)) ** power
            yield Candidate(leaf.v, by * leaf.e, cost=math.log2(4 * len(counts)), parameter=(n, power))


def any_factor(leaf: Leaf) -> Iterator[Candidate]:
    """f · e with any f. For a hint; as a diagnosis it would say nothing."""
    ratio = _ratio(leaf.v, leaf.e)
    if math.isfinite(ratio) and ratio != 0:
        yield Candidate(leaf.v / ratio, leaf.e, cost=FITTED, parameter=ratio)


# ---------------------------------------------------------------------------------------------------- the table

ROWS = (
    Transform(
        "times_n",
        "Yours is as many times too large as there are numbers to average over: a sum stands where a mean is expected.",
        "the expected one times a number of observations",
        counted(True),
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "over_n",
        "Yours is as many times too small as there are numbers to add up: a mean stands where a sum is expected.",
        "the expected one divided by a number of observations",
        counted(False),
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "doubled",
        "Yours is twice what is expected: a factor 1/2 is missing, or something is added twice.",
        "twice the expected one",
        forward(factor(FACTORS["doubled"])),
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "halved",
        "Yours is half of what is expected: a factor 1/2 too much, or one of two parts is missing.",
        "half of the expected one",
        forward(factor(FACTORS["halved"])),
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "percent",
        "Yours is in percent; a share between 0 and 1 is expected.",
        "100 times the expected one",
        forward(factor(FACTORS["percent"])),
        topic="percent",
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "share",
        "Yours is a share; percent are expected.",
        "a hundredth of the expected one",
        forward(factor(FACTORS["share"])),
        needs=ENOUGH_FOR_ONE,
    ),
    Transform(
        "log10",
        "This is the logarithm to base 10; the natural one, torch.log, is expected.",
        "the expected one to base 10",
        forward(factor(FACTORS["log10"])),
    ),
    Transform(
        "log2",
        "This is the logarithm to base 2; the natural one, torch.log, is expected.",
        "the expected one to base 2",
        forward(factor(FACTORS["log2"])),
    ),
    Transform(
        "pixels",
        "Yours runs to 255: divide by 255 to bring it into [0, 1].",
        "255 times the expected one",
        forward(factor(FACTORS["pixels"])),
    ),
    Transform(
        "per_255",
        "Yours is divided by 255 once too often.",
        "the expected one divided by 255",
        forward(factor(FACTORS["per_255"])),
    ),
    Transform(
        "degrees",
        "Yours is in degrees; radians are expected.",
        "the expected one in degrees",
        forward(factor(FACTORS["degrees"])),
    ),
    Transform(
        "radians",
        "Yours is in radians; degrees are expected.",
        "the expected one in radians",
        forward(factor(FACTORS["radians"])),
    ),
    Transform(
        "degrees_of_freedom",
        "The sum is divided by n where n - 1 is meant, or the other way round: torch's std and var divide by n - 1 "
        "(unbiased), numpy's by n.",
        "the expected one but for n or n - 1",
        degrees_of_freedom,
    ),
    Transform(
        "factor",
        "",
        "a multiple of the expected one",
        any_factor,
        hint="Yours is {size} times what is expected.",
    ),
)
