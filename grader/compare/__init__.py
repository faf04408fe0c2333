"""Judging values outside the kernel: no student code has ever run here, and none of this runs beside student code.

    judge(comparator, evidence)          the verdict on one check; never raises
    distance(comparator, value, other)   how far two values are apart for that comparator, None when they differ
    matches(comparator, value, other)    whether they are the same for it
    diagnose(checks, mistakes)           which known mistake a failing blank looks like

Below: `words` and `hints` say things; `measure` is the arithmetic; `walk` pairs the parts of two values, `parts` compares them,
`tell` puts the report into words; on these stand the comparators, one file each; `registry` finds them by name.
"""

from grader.compare.explain import KnownMistake, Observed, diagnose
from grader.compare.registry import distance, judge, matches

__all__ = ["KnownMistake", "Observed", "diagnose", "distance", "judge", "matches"]
