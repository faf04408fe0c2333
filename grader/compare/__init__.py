"""Judging values outside the kernel: no student code has ever run here, and none of this runs beside student code.

    judge(comparator, evidence)          the verdict on one check; never raises
    verdict(comparator, value, expected) the same for live objects
    distance(comparator, value, other)   how far two values are apart for that comparator, None when they differ
    matches(comparator, value, other)    whether they are the same for it
    explain(checks, mistakes)            what a failing blank looks like: a known mistake, one typical step, or None
    diagnose(checks, mistakes)           which known mistake it looks like
    indistinguishable(mistakes, ...)     the mistakes that no value tells apart

Below: `words` and `hints` say things; `measure` is the arithmetic; `walk` pairs the parts of two values, `parts` compares them,
`tell` puts the report into words; `generic` knows what one typical step makes of right values; on these stand the comparators,
one file each; `registry` finds them by name; `explain` is above all.
"""

from grader.compare.explain import Explanation, KnownMistake, Observed, diagnose, explain, indistinguishable
from grader.compare.registry import distance, judge, matches, verdict

__all__ = [
    "Explanation",
    "KnownMistake",
    "Observed",
    "diagnose",
    "distance",
    "explain",
    "indistinguishable",
    "judge",
    "matches",
    "verdict",
]
