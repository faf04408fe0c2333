"""What a student's wrong blank looks like: a known mistake, or what one typical step makes of the right values, or nothing known.

A wrong diagnosis is worse than none. A mistake of the key is named only when it accounts for every check that the blank fails; a
generic transform only when one and the same does, strictly, on numbers that say enough, and no other does as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from grader.compare.generic import Around, Case, Found, decide, found_in
from grader.compare.registry import distance
from grader.compare.words import listed
from grader.judging import Comparator
from grader.result import Capture, Fault
from grader.values import Value

__all__ = ["Explanation", "KnownMistake", "Observed", "diagnose", "explain", "indistinguishable"]


class _Unknown:
    """That nothing is known to expect."""


UNKNOWN = _Unknown()
UNTRIED = frozenset({"architecture", "uses", "avoids", "text", "success_rate", "trained"})  # no numbers that a step could change


@dataclass(frozen=True)
class Observed:
    """One check of a blank, as it went for a student. value: a Capture, or the value or Fault that is in one.

    For generic transforms: expected, what the value was compared with (for `agree`, the student's own earlier value; where it is
    left out, the check is not tried); given, what the probe was given; initial, the value before training, where it is known.
    """

    check: str
    comparator: Comparator
    value: Value | Capture | Fault
    passed: bool
    expected: Value = UNKNOWN
    given: Mapping[str, Value] = field(default_factory=dict)
    initial: Value = None


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


@dataclass(frozen=True)
class Explanation:
    """What a failing blank looks like.

    kind: "mistake" (of the key) or "generic" (of the table in `generic`). says: what a student reads. evidence: why we think so.
    Neither holds a number that was expected. checks: the failing checks it accounts for. certainty: in (0, 1]; for a mistake 1
    over the number of mistakes that fit as well, for a transform the probability that no chance made it fit.
    """

    kind: str
    name: str
    says: str
    evidence: str
    checks: tuple[str, ...]
    certainty: float


def explain(checks: Sequence[Observed], mistakes: Sequence[KnownMistake] = ()) -> Explanation | None:
    """What the failing checks of one blank look like, or None: it is not known. Never raises."""
    failing = [seen for seen in checks if not seen.passed]
    if not failing:
        return None
    try:
        return _by_mistake(checks, failing, mistakes) or _by_transform(failing)
    except Exception:
        return None  # whatever a notebook gave: a wrong diagnosis is worse than none


def diagnose(checks: Sequence[Observed], mistakes: Sequence[KnownMistake]) -> KnownMistake | None:
    """The mistake that explains all failing checks of one blank, or None.

    Of several: the one that loses most of the failing checks itself, and fewest of the others, then the nearest, then the first
    declared.
    """
    ranked = _ranked(checks, mistakes)
    return ranked[0][1] if ranked else None


def indistinguishable(mistakes: Sequence[KnownMistake], comparators: Mapping[str, Comparator]) -> list[tuple[str, str]]:
    """The pairs of mistakes of one blank that no value tells apart: the same for each check's own comparator, in every check.

    `diagnose` can only guess between them: say `same_as=`, or add a check. comparators: check -> its comparator; mistakes that
    lose different checks are told apart by that. A pair that says so with `same_as` is returned, too.
    """
    return [(one.name, two.name) for one, two in combinations(mistakes, 2) if _same(one, two, comparators)]


# ---------------------------------------------------------------------------------------------------- mistakes of the key


def _by_mistake(checks: Sequence[Observed], failing: Sequence[Observed], mistakes: Sequence[KnownMistake]) -> Explanation | None:
    ranked = _ranked(checks, mistakes)
    if not ranked:
        return None
    (*best, total), mistake = ranked[0]
    group = {mistake.name, mistake.same_as} - {None}
    rivals = {m.name for (*rank, _), m in ranked if rank == best} - group - {m.name for m in mistakes if m.same_as in group}
    names = tuple(seen.check for seen in failing)
    near = "exactly" if not total else f"within {math.ceil(100 * total / len(names))} % of what is allowed"
    evidence = f"In {_named(names)} your answer gives what this mistake gives, {near}."
    return Explanation("mistake", mistake.name, mistake.says, evidence, names, 1 / (1 + len(rivals)))


Rank = tuple[int, int, float]


def _ranked(checks: Sequence[Observed], mistakes: Sequence[KnownMistake]) -> list[tuple[Rank, KnownMistake]]:
    """The mistakes that explain the blank, the likeliest first."""
    ranks = [(rank, mistake) for mistake in mistakes if (rank := _rank(checks, mistake)) is not None]
    return sorted(ranks, key=lambda item: item[0])


def _rank(checks: Sequence[Observed], mistake: KnownMistake) -> Rank | None:
    """(-failing checks that the mistake loses, passed ones that it loses, total distance), smaller is likelier; None when it
    does not explain the blank.

    Each check that the mistake loses must have given the same wrong value; each other one passed or gave the same, too.
    """
    lost, surplus, total = 0, 0, 0.0
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
        surplus += seen.passed
        total += apart
    return (-lost, surplus, total) if lost else None


def _apart(seen: Observed, known: Value | Capture | Fault) -> float | None:
    """The distance of what was seen to what the mistake gives; None when they differ."""
    return _distance(seen.comparator, _inner(seen.value), _inner(known))


def _distance(comparator: Comparator, mine: Value | Fault, theirs: Value | Fault) -> float | None:
    if isinstance(mine, Fault) or isinstance(theirs, Fault):
        return 0.0 if _key(mine) == _key(theirs) and _key(mine)[0] != "ours" else None
    return distance(comparator, mine, theirs)


def _inner(value: Value | Capture | Fault) -> Value | Fault:
    """What a Capture holds: its fault, if there is one, else its value."""
    return (value.fault or value.value) if isinstance(value, Capture) else value


def _key(fault: Value | Fault) -> tuple[str, ...]:
    """What must be the same of two faults; where they happened does not matter."""
    return (fault.kind, fault.type, fault.message, fault.name) if isinstance(fault, Fault) else ("",)


def _same(one: KnownMistake, two: KnownMistake, comparators: Mapping[str, Comparator]) -> bool:
    if one.loses != two.loses or one.values.keys() != two.values.keys():
        return False
    both = [(_inner(one.values[check]), _inner(two.values[check]), comparators[check]) for check in one.values]
    return bool(both) and all(_distance(comparator, mine, theirs) is not None for mine, theirs, comparator in both)


# ---------------------------------------------------------------------------------------------------- generic transforms


def _by_transform(failing: Sequence[Observed]) -> Explanation | None:
    """The one transform that explains every failing check in which it can be tried."""
    found: dict[str, dict[str, Found]] = {}
    for case in _cases(failing):
        fits = found_in(case)
        if fits == {}:
            return None
        if fits is not None:
            found[case.check] = fits
    decided = decide(list(found.values()))
    if decided is None:
        return None
    transform, fit = decided
    evidence = f"In {_named(tuple(found))} your value agrees {_nearness(fit.nearness)} with {transform.agrees}."
    chance = 0.5 ** max(fit.bits, 1.0) if transform.needs else 0.0
    return Explanation("generic", transform.name, transform.says, evidence, tuple(found), 1 - chance)


def _cases(failing: Sequence[Observed]) -> Iterator[Case]:
    for seen in failing:
        value = _inner(seen.value)
        if seen.expected is UNKNOWN or isinstance(value, Fault) or seen.comparator.name in UNTRIED:
            continue
        options = seen.comparator
        yield Case(
            seen.check,
            value,
            _inner(seen.expected),
            partial(distance, options),
            getattr(options, "atol", None),
            getattr(options, "rtol", None),
            Around(seen.given, seen.initial, getattr(options, "names", True)),
        )


def _nearness(share: float) -> str:
    """ "exactly", or "to 1e-07": the largest difference as a share of the largest number, rounded up."""
    return f"to 1e{math.ceil(math.log10(share)):03d}" if share > 0 else "exactly"


def _named(checks: Sequence[str]) -> str:
    return listed(f"`{check}`" for check in checks)
