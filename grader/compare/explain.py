"""Which known mistake a student's wrong blank looks like: the one that gives the same wrong values.

A wrong diagnosis is worse than none, so a mistake is named only when it accounts for every check that the blank fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grader.compare.registry import distance
from grader.judging import Comparator
from grader.result import Capture, Fault
from grader.values import Value

__all__ = ["KnownMistake", "Observed", "diagnose"]


@dataclass(frozen=True)
class Observed:
    """One check of a blank, as it went for a student. value: a Capture, or the value or Fault that is in one."""

    check: str
    comparator: Comparator
    value: Value | Capture | Fault
    passed: bool


@dataclass(frozen=True)
class KnownMistake:
    """A typical wrong answer: its sentence, and what it gives for each check of the blank.

    values: check -> a Capture, or the value or Fault that is in one. loses: the checks that it does not pass.
    same_as: another mistake with the same values, which cannot be told from it.
    """

    name: str
    says: str
    values: Mapping[str, Value | Capture | Fault] = field(default_factory=dict)
    loses: frozenset[str] = frozenset()
    same_as: str | None = None


def diagnose(checks: Sequence[Observed], mistakes: Sequence[KnownMistake]) -> KnownMistake | None:
    """The mistake that explains all failing checks of one blank, or None.

    Of several: the one that loses most of the failing checks itself, then the nearest, then the first declared.
    """
    best: tuple[int, float] | None = None
    found = None
    for mistake in mistakes:
        rank = _rank(checks, mistake)
        if rank is not None and (best is None or rank < best):
            best, found = rank, mistake
    return found


def _rank(checks: Sequence[Observed], mistake: KnownMistake) -> tuple[int, float] | None:
    """(-failing checks that the mistake loses, total distance), smaller is likelier; None when it does not explain the blank.

    Each check that the mistake loses must have given the same wrong value; each other one passed or gave the same, too.
    """
    lost, total = 0, 0.0
    for seen in checks:
        if seen.passed and seen.check not in mistake.loses:
            continue
        if seen.check not in mistake.values:
            if seen.passed:
                continue
            return None
        apart = _apart(seen, mistake.values[seen.check])
        if apart is None:
            return None
        lost += not seen.passed and seen.check in mistake.loses
        total += apart
    return (-lost, total) if lost else None


def _apart(seen: Observed, known: Value | Capture | Fault) -> float | None:
    """The distance of what was seen to what the mistake gives; None when they differ."""
    mine, theirs = _inner(seen.value), _inner(known)
    if isinstance(mine, Fault) or isinstance(theirs, Fault):
        return 0.0 if _key(mine) == _key(theirs) and _key(mine)[0] != "ours" else None
    return distance(seen.comparator, mine, theirs)


def _inner(value: Value | Capture | Fault) -> Value | Fault:
    """What a Capture holds: its fault, if there is one, else its value."""
    return (value.fault or value.value) if isinstance(value, Capture) else value


def _key(fault: Value | Fault) -> tuple[str, ...]:
    """What must be the same of two faults; where they happened does not matter."""
    return (fault.kind, fault.type, fault.message, fault.name) if isinstance(fault, Fault) else ("",)
