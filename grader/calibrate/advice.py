"""From needed factors to a verdict on today's tolerance and a better one. Factors are shares of today's: 1 is just passed.

The factors of right runs make a wall below, that of the nearest mistake one above; the tolerance belongs between them, ten times
away from both, or in the middle (geometric mean) where there is not that much room.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Advice", "Verdict", "advise", "rounded"]

ROOM = 10.0  # times the numerical noise: another machine is noisier than ours
SEED_ROOM = 2.0  # times the spread over the seeds that were tried: there are more seeds


class Verdict(StrEnum):
    """What is to be said of today's tolerance."""

    OK = "ok"
    TIGHT = "tight"  # right runs pass, with less than ten times their noise to spare
    TOO_TIGHT = "too tight"  # a right run fails
    TOO_LOOSE = "too loose"  # a mistake passes that a smaller tolerance would tell
    NO_GAP = "no gap"  # no tolerance passes all right runs and fails all mistakes
    UNSTABLE = "unstable"  # a run that must pass would fail with any tolerance
    NONE = "–"  # there is no tolerance


@dataclass(frozen=True)
class Advice:
    """The verdict, the factor on today's tolerance that is suggested (None: there is none), and a sentence.

    walls: the factors between which the tolerance belongs, what the right runs need and what the nearest mistake needs.
    """

    verdict: Verdict
    factor: float | None = None
    why: str = ""
    walls: tuple[float, float] = (0.0, math.inf)


def advise(
    noise: Mapping[str, float],
    seeds: Mapping[str, float],
    mistakes: Mapping[str, float],
    *,
    adjustable: bool = True,
    other_seeds: bool = False,
    floor: float = 0.0,
) -> Advice:
    """Judge today's tolerance.

    noise, seeds, mistakes: name of a run -> needed factor. Leave out mistakes that give the same as the reference.
    adjustable: there is a tolerance. other_seeds: runs with other seeds must pass; else they are taken to, when most do.
    floor: the factor that stands for rounding alone; no less is suggested.
    """
    if broken := [name for name, factor in noise.items() if math.isinf(factor)]:
        return Advice(Verdict.UNSTABLE, None, f"the reference fails here when it is run differently: {', '.join(broken)}")
    if not adjustable:
        return Advice(Verdict.NONE)
    right = dict(noise)
    if other_seeds or meant(seeds):
        right |= {name: factor for name, factor in seeds.items() if not math.isinf(factor)}
    worst = max(right, key=right.__getitem__, default="")
    most = right.get(worst, 0.0)
    nearest = min(mistakes, key=mistakes.__getitem__, default="")
    least = mistakes.get(nearest, math.inf)
    if least <= most:
        return Advice(Verdict.NO_GAP, None, f"no tolerance separates the right runs ({worst}) from mistake `{nearest}`")
    low = max(min(floor, 1.0), ROOM * max(noise.values(), default=0.0), SEED_ROOM * most if right.keys() & seeds.keys() else 0.0)
    factor, walls = _between(low, most, least), (most, least)
    narrow = f", and mistake `{nearest}` is not far from the right runs" if least <= low else ""
    if most > 1:
        return Advice(Verdict.TOO_TIGHT, factor, f"it fails a right run ({worst}){narrow}", walls)
    if least <= 1:
        passing = ", ".join(f"`{name}`" for name, needs in sorted(mistakes.items(), key=lambda item: item[1]) if needs <= 1)
        return Advice(Verdict.TOO_LOOSE, factor, f"it passes {passing}, which a smaller tolerance would tell{narrow}", walls)
    if ROOM * max(noise.values(), default=0.0) > 1:
        why = f"numerical noise comes within ten times of it, and another machine may be noisier{narrow}"
        return Advice(Verdict.TIGHT, factor, why, walls)
    return Advice(Verdict.OK, 1.0, "", walls)


def meant(seeds: Mapping[str, float]) -> bool:
    """Whether the check seems to be meant for other seeds too: most of them pass today."""
    return sum(factor <= 1 for factor in seeds.values()) > len(seeds) / 2


def _between(low: float, most: float, least: float) -> float:
    """The factor nearest to today's that leaves room to both walls; in the middle of them where there is not enough room.

    low: a comfortable distance above the right runs; most: what these need; least: what the nearest mistake needs.
    """
    if least <= low:
        return math.sqrt(max(most, least / 100) * least)
    if least < ROOM * low:
        return math.sqrt(low * least)
    return min(max(1.0, low), least / ROOM)


def rounded(value: float, low: float = 0.0, high: float = math.inf) -> float:
    """The nearest of 1, 2 and 5 times a power of ten that lies between low and high; with two digits where none does."""
    if value <= 0 or math.isinf(value):
        return value
    power = math.floor(math.log10(value))
    nice = [float(f"{digit}e{power + step}") for step in (0, 1) for digit in (1, 2, 5)]
    fits = [number for number in nice if low <= number < high]
    return min(fits, key=lambda number: abs(math.log(number / value))) if fits else float(f"{value:.1e}")
