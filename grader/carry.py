"""Carried forward: an error is charged once.

Where an early blank is wrong and later ones fail, the notebook is run again with the reference's early blank put in, and the
later ones get what they earn then. Blanks whose own verdict stands are put in together, so there are at most as many extra runs
as there are failed blanks that others depend on. A reference's source was in such a run: only outcomes are taken from it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grader.assignment import Assignment
from grader.dependence import dependence
from grader.grade import grade, judge, own_cells, request
from grader.judging import Agree
from grader.key import Key, KeyCheck
from grader.notebook import Answers
from grader.result import CheckResult, Grade, Outcome, Run
from grader.run import Request
from grader.sourcecode import bound_names, names_used, part_defining
from grader.values import dumps

__all__ = ["Carried", "Outcomes", "opinion"]

Outcomes = dict[str, tuple[float, Outcome, str]]
"""Check -> (share of its points, outcome, diagnosis): all that is kept of a run that a reference's source was in."""


def opinion(key: Key, blank: str) -> str:
    """A hash over what decides the outcomes of a blank's checks for given captures, whatever the points.

    The checks with their probes, comparators and expected values, the mistakes that are known, and the blanks agreed with.
    """
    digest = hashlib.sha256(dumps([list(key.blanks[blank]), sorted(_all_names(key))]))
    for check in key.of(blank):
        digest.update(dumps({name: value for name, value in check.plain().items() if name not in ("title", "points")}))
        for other in (c for c in key.checks if _agrees(check, c) and c.blank != blank):
            digest.update(dumps({name: value for name, value in other.plain().items() if name not in ("title", "points")}))
    for mistake in key.mistakes_of(blank):
        digest.update(dumps(mistake.plain()))
    return digest.hexdigest()[:16]


def _agrees(check: KeyCheck, other: KeyCheck) -> bool:
    return isinstance(check.comparator, Agree) and check.comparator.with_check == other.name


def _all_names(key: Key) -> set[str]:
    return {name for names in key.blanks.values() for name in names}


@dataclass
class Carried:
    """One submission on its way to a grade: `request` says what is still to be run, `take` what came of it."""

    assignment: Assignment
    key: Key
    answers: Answers
    plain: Grade
    runs: int = 0
    _in_place: tuple[str, ...] = ()
    _best: dict[str, CheckResult] = field(default_factory=dict)
    _behind: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, assignment: Assignment, key: Key, run: Run, answers: Answers, student: str, submission: str) -> Carried:
        """From the submission's own run, which is graded as it is."""
        plain = grade(key, run, answers, student, submission)
        found = cls(assignment, key, answers, plain)
        found._best = {result.name: result for result in plain.checks}
        if assignment.settings.carry_forward and plain.checks and plain.score is not None and plain.score < plain.max_score:
            both = [request(assignment, a) for a in (answers, assignment.template.reference_answers())]
            theirs, ours = (dependence(asked.notebook, asked.probes, key.blanks) for asked in both)
            found._behind = {blank: theirs[blank] | ours[blank] for blank in key.blanks}  # what is put in has its needs, too
        return found

    # ---------------------------------------------------------------------------------------------- what is to be run

    def request(self) -> Request | None:
        """The run that would tell more, or None when there is none: then `grade` is final."""
        fresh = self._next()
        if not fresh:
            return None
        return dataclasses.replace(request(self.assignment, self._answers_with((*self._in_place, *fresh))), carried=True)

    def later(self) -> list[str]:
        """The blanks that are judged by the run of `request`."""
        in_place = (*self._in_place, *self._next())
        return [blank for blank in self.key.blanks if blank not in in_place and self._depends(blank, in_place)]

    def _next(self) -> tuple[str, ...]:
        """The failed blanks to put in next: their own verdict stands, and another failing blank depends on them."""
        failing = [blank for blank in self.key.blanks if blank not in self._in_place and self._fails(blank)]
        roots: list[str] = []
        for blank in failing:
            if blank in self.answers.untouched or not self._depends(blank, roots):
                roots.append(blank)
        waiting = [blank for blank in failing if blank not in self.answers.untouched]
        return tuple(root for root in roots if any(self._depends(blank, [root]) for blank in waiting if blank != root))

    def _fails(self, blank: str) -> bool:
        """Whether points are lost in a blank that are not on us."""
        results = [self._best[check.name] for check in self.key.of(blank) if check.name in self._best]
        return any(result.score < result.points and result.outcome is not Outcome.UNGRADED for result in results)

    def _depends(self, blank: str, others: Iterable[str]) -> bool:
        """Whether a blank comes after one of the others and may depend on it."""
        order = list(self.key.blanks)
        return any(order.index(o) < order.index(blank) and o in self._behind.get(blank, ()) for o in others)

    def _answers_with(self, blanks: tuple[str, ...]) -> Answers:
        """The submission with the reference's answer to these blanks; what else their cells define and others use stays."""
        sources, extras = dict(self.answers.sources), dict(self.answers.extras)
        names = {name for blank in blanks for name in self.key.blanks[blank]}
        for blank in blanks:
            helpers = self._helpers(blank, names)
            sources[blank] = (*helpers, self.assignment.template.solutions[blank])
        for place, cells in extras.items():
            extras[place] = tuple(source for source in cells if not bound_names(source) & names)
        return dataclasses.replace(
            self.answers, sources=sources, extras=extras, untouched=self.answers.untouched - set(blanks), notes=()
        )

    def _helpers(self, blank: str, names: set[str]) -> tuple[str, ...]:
        """The statements of a student's cells that bind further names which other cells of theirs use."""
        cells = self.answers.sources.get(blank, ())
        others = [s for name, group in self.answers.sources.items() if name != blank for s in group]
        others += [s for group in self.answers.extras.values() for s in group]
        used = frozenset().union(*map(names_used, others)) if others else frozenset()
        wanted = sorted(frozenset().union(*map(bound_names, cells)) & used - names) if cells else []
        return tuple(part for name in wanted if (part := part_defining(name, cells)))

    # ---------------------------------------------------------------------------------------------- what came of it

    def outcomes(self, run: Run) -> Outcomes | None:
        """What the run of `request` earns; None when the machine was at fault. Nothing else of it may be kept."""
        if run.state == "ours":
            return None
        answers = self._answers_with((*self._in_place, *self._next()))
        results = judge(self.key, run.captures, answers.sources, answers.untouched, run, own_cells(answers))
        return {result.name: (_share(result), result.outcome, result.diagnosis) for result in results}

    def take(self, outcomes: Outcomes | None) -> None:
        """Give each later check what it earns so, if that is more."""
        fresh = self._next()
        self._in_place += fresh
        if outcomes is None:
            self._behind = {}
            return
        self.runs += 1
        for check in self.key.checks:
            depends = self._depends(check.blank, self._in_place)
            if check.name in outcomes and check.blank not in self._in_place and depends:
                share, outcome, diagnosis = outcomes[check.name]
                found = (round(check.points * share, 6), outcome, diagnosis)
                self._best[check.name] = self._better(self._best[check.name], found)

    def _better(self, now: CheckResult, found: tuple[float, Outcome, str]) -> CheckResult:
        score, outcome, diagnosis = found
        if outcome is Outcome.UNGRADED or score <= now.score:
            return now if now.diagnosis or score < now.score else dataclasses.replace(now, diagnosis=diagnosis)
        put_in = [blank for blank in self._in_place if self._depends(now.blank, [blank])]
        message = f"{_WORDS[outcome]} with {_put_in(put_in)}."
        return dataclasses.replace(
            now, score=score, outcome=outcome, message=message, diagnosis=diagnosis, carried_forward=True, evidence={}
        )

    def grade(self) -> Grade:
        """The grade with what was carried forward so far, and a note that says so."""
        checks = [self._best[check.name] for check in self.plain.checks]
        carried = list(dict.fromkeys(check.blank for check in checks if check.carried_forward))
        if not carried:
            return dataclasses.replace(self.plain, checks=checks)
        again = f"{_listed(carried)} {'was' if len(carried) == 1 else 'were'} judged again"
        note = f"An error is charged once: {again} with {_put_in(self._in_place)}."
        return dataclasses.replace(self.plain, checks=checks, notes=[*self.plain.notes, note])


def _share(result: CheckResult) -> float:
    return result.score / result.points if result.points else 0.0


_WORDS: Mapping[Outcome, str] = {Outcome.PASSED: "Right", Outcome.PARTIAL: "Partly right"}


def _put_in(blanks: Iterable[str]) -> str:
    names = list(blanks)
    return (
        f"a right answer to {_listed(names)} in its place"
        if len(names) == 1
        else f"right answers to {_listed(names)} in their place"
    )


def _listed(blanks: Iterable[str], most: int = 4) -> str:
    names = [f"`{blank}`" for blank in blanks]
    shown = names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""
