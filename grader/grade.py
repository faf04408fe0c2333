"""The equation.

    grade = compare( run(fill(template, answers)), run(fill(template, reference)) )

What the reference leaves behind is the key; a student's answers go the same way. Nothing here executes a cell: `request` says
what is to be run, and `judge` compares what came back with the key.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from grader import compare
from grader.assignment import Assignment
from grader.judging import Agree, Earlier, Evidence
from grader.key import Key, KeyCheck, KeyMistake
from grader.muted import muted
from grader.notebook import Answers, Cell, Notebook, Role
from grader.result import Capture, CheckResult, Fault, Grade, Outcome, Run, State, Verdict
from grader.run import Request
from grader.sourcecode import bound_names, part_defining, tokens
from grader.template import fill
from grader.values import Value

__all__ = ["explain", "grade", "judge", "known_mistake", "own_cells", "request", "unreadable", "without_setup"]


def request(assignment: Assignment, answers: Answers) -> Request:
    """run(fill(template, answers)): what is to be run."""
    notebook = without_setup(fill(assignment.template, answers))
    probes = {blank: [check.probe for check in assignment.checks.of(blank)] for blank in assignment.template.blanks}
    return Request(notebook, probes, assignment.limits, assignment.data, assignment.data_digest())


def without_setup(notebook: Notebook) -> Notebook:
    """The set-up cell finds grader and holds the public key; in a graded run neither is wanted, only the name."""
    cells = (Cell(c.id, Role.GIVEN, "import grader") if c.role is Role.SETUP else c for c in notebook)
    return Notebook(tuple(cells))


def grade(key: Key, run: Run, answers: Answers, student: str, submission: str) -> Grade:
    """compare(run, key), with what the gradebook needs to know about the submission."""
    notes = [*run.notes, *answers.notes, *key.version_notes(run.versions), *_by_hand(key)]
    if run.state == "ours":
        return dataclasses.replace(unreadable(key, student, submission, ""), notes=notes)
    checks = judge(key, run.captures, answers.sources, answers.untouched, run, own_cells(answers))
    review = run.state != "complete" or any(check.outcome is Outcome.UNGRADED for check in checks)
    state = State.NEEDS_REVIEW if review else State.GRADED
    return Grade(key.assignment, student, submission, state, checks, run.cells, notes, run.seconds, key.max_score)


def own_cells(answers: Answers) -> list[str]:
    """The sources of the student's own cells."""
    return [source for cells in answers.extras.values() for source in cells]


def _by_hand(key: Key) -> list[str]:
    """A note on the free-text answers, which nothing here can judge."""
    names = [cell.name for cell in key.cells if cell.role is Role.ANSWER]
    return [f"Graded by hand, and not in this score: {', '.join(names)}."] if names else []


def unreadable(key: Key, student: str, submission: str, reason: str) -> Grade:
    """The row of a file that cannot be graded: a reason, and never a zero."""
    return Grade(key.assignment, student, submission, State.FAILED, notes=[reason], max_score=key.max_score)


# ------------------------------------------------------------------------------------------------- judging


def judge(
    key: Key,
    captures: Mapping[str, Capture],
    sources: Mapping[str, tuple[str, ...]],
    untouched: frozenset[str] = frozenset(),
    run: Run | None = None,
    own_cells: Sequence[str] = (),
) -> list[CheckResult]:
    """A result for each check of the key, in its order.

    captures: check -> what its probe brought out. sources: blank -> its cells. run: for what became of the cells.
    own_cells: the student's other cells.
    """
    verdicts: dict[str, Verdict] = {}
    written = functools.cache(lambda blank: _source(key, blank, sources, own_cells))
    for check in key.checks:
        capture = captures.get(check.name) or Capture(fault=Fault("ours", message="the check did not run"))
        if check.private and not check.waived:
            capture = muted(capture, check.expected)
        earlier = {name: Earlier(captures[name].value, v.score == 1) for name, v in verdicts.items() if name in captures}
        if check.waived:
            verdicts[check.name] = Verdict.passed("Full points to all.")
        elif check.blank in untouched:
            verdicts[check.name] = Verdict(0.0, Outcome.NOT_ATTEMPTED, "Not attempted yet.")
        elif capture.fault is not None:
            verdicts[check.name] = _verdict_of_fault(capture.fault, check, key, untouched, run)
        else:
            evidence = Evidence(capture.value, check.expected, written(check.blank), earlier)
            verdicts[check.name] = compare.judge(check.comparator, evidence)
    results = []
    for blank in key.blanks:
        results += _results_of_blank(key, blank, verdicts, captures)
    order = {check.name: i for i, check in enumerate(key.checks)}
    return sorted(results, key=lambda result: order[result.name])


def _source(key: Key, blank: str, sources: Mapping[str, tuple[str, ...]], own_cells: Sequence[str]) -> str:
    """What the answer is written with: its cells or, where it is one definition, this and what it uses of the student's.

    So that torch's tanh counts under any name that it was given, but not where an own cell only compares with it. An answer
    without code stands in other cells of the student's, and any of them may hold it.
    """
    cells = sources.get(blank, ())
    if tokens("\n".join(cells)) == ():
        return "\n".join(source for group in (*sources.values(), own_cells) for source in group)
    if key.blanks[blank] == (blank,):
        others = [source for name, group in sources.items() if name != blank for source in group]
        helpers = [source for source in others if not bound_names(source) & _all_names(key)]
        if part := part_defining(blank, cells, [*helpers, *own_cells], in_place=True):
            return part
    return "\n".join(cells)


def _all_names(key: Key) -> set[str]:
    return {name for names in key.blanks.values() for name in names}


def _results_of_blank(
    key: Key, blank: str, verdicts: Mapping[str, Verdict], captures: Mapping[str, Capture]
) -> list[CheckResult]:
    """Points, and the mistake that a failing blank looks like."""
    checks = key.of(blank)
    barred = [c for c in checks if c.required and verdicts[c.name].outcome is not Outcome.PASSED]
    says = _diagnoses(key, checks, verdicts, captures)
    results = []
    for check in checks:
        verdict = verdicts[check.name]
        message = " ".join(filter(None, [verdict.message, "" if check.private else verdict.detail]))
        score = verdict.score
        if barred and not check.waived and verdict.score > 0:
            score = 0.0
            message = f'This part is right, but earns nothing until this is: "{barred[0].title}" {message}'.strip()
        results.append(
            CheckResult(
                check.name,
                blank,
                check.title,
                check.points,
                round(check.points * score, 6),
                verdict.outcome,
                message,
                says.get(check.name, "") if verdict.outcome in (Outcome.FAILED, Outcome.PARTIAL, Outcome.ERROR) else "",
                private=check.private,
                evidence={} if check.private else verdict.evidence,
            )
        )
    return results


def _diagnoses(
    key: Key, checks: list[KeyCheck], verdicts: Mapping[str, Verdict], captures: Mapping[str, Capture]
) -> dict[str, str]:
    """Check -> the sentence of what it looks like: a mistake's in every failing check of the blank.

    What we found ourselves comes with what makes us think so, in the checks that it accounts for.
    """
    found = explain(key, checks, verdicts, captures)
    if found is None:
        return {}
    if found.kind == "mistake":
        return {check.name: found.says for check in checks}
    return dict.fromkeys(found.checks, f"{found.says} {found.evidence}")


def explain(
    key: Key, checks: list[KeyCheck], verdicts: Mapping[str, Verdict], captures: Mapping[str, Capture]
) -> compare.Explanation | None:
    """What a failing blank looks like: a mistake of the key, one typical step away from the right values, or None."""
    known = [known_mistake(m) for blank in {check.blank for check in checks} for m in key.mistakes_of(blank)]
    untrained = {
        name: c.value for blank in key.blanks for m in key.mistakes_of(blank) if m.generic for name, c in m.captures.items()
    }
    observed = [
        compare.Observed(
            c.name,
            c.comparator,
            captures[c.name],
            verdicts[c.name].outcome is Outcome.PASSED,
            **_known_around(c, captures, untrained),
        )
        for c in checks
        if c.name in captures and verdicts[c.name].outcome is not Outcome.NOT_ATTEMPTED
    ]
    return compare.explain(observed, known) if observed else None


def known_mistake(mistake: KeyMistake) -> compare.KnownMistake:
    """A mistake of the key as the diagnosis takes it."""
    return compare.KnownMistake(mistake.name, mistake.says, mistake.captures, frozenset(mistake.loses), mistake.same_as or None)


def _known_around(check: KeyCheck, captures: Mapping[str, Capture], untrained: Mapping[str, Value]) -> dict[str, Any]:
    """What else a diagnosis may use: the value compared with, what the probe was given, the value before training."""
    around = {"given": check.probe.given, "initial": untrained.get(check.name)}
    if not isinstance(check.comparator, Agree):
        return around | {"expected": check.expected}
    earlier = captures.get(check.comparator.with_check)
    return around | ({"expected": earlier.value} if earlier and not earlier.fault else {})


def _verdict_of_fault(fault: Fault, check: KeyCheck, key: Key, untouched: frozenset[str], run: Run | None) -> Verdict:
    """What to tell a student whose notebook gave no value."""
    if fault.kind == "ours":
        why = f": {fault.message}" if fault.message else ""
        return Verdict(0.0, Outcome.UNGRADED, f"This could not be judged{why}. A person will look at it.")
    return Verdict(0.0, Outcome.ERROR, _fault_message(fault, check, key, untouched, run))


def _fault_message(fault: Fault, check: KeyCheck, key: Key, untouched: frozenset[str], run: Run | None) -> str:
    culprit = _broken_cell(check.blank, run)
    if fault.kind == "not_defined":
        for blank in untouched:
            if fault.name in key.blanks[blank]:
                return f"This needs `{fault.name}`, which is not filled in yet (see the blank `{blank}`)."
        return f"The notebook does not define `{fault.name}`." + culprit
    if fault.kind == "timeout":
        return "Your code did not finish in time when it was checked. Is there a loop without an end?"
    if fault.kind == "died":
        return "The notebook's kernel was gone when this was to be checked." + culprit
    if fault.kind == "too_large":
        return f"What your code gives is too large to be checked: {fault.message}."
    place = f" (line {fault.line} of your cell)" if fault.line and fault.cell.startswith(("blank-", "extra-")) else ""
    said = f": {fault.message}" if fault.message else ""
    return f"Your code raised {fault.type}{said}{place}" + culprit


def _broken_cell(blank: str, run: Run | None) -> str:
    """A sentence on what stopped the blank's own cell, if anything did."""
    for cell in run.cells if run else []:
        if cell.name == blank and cell.role == Role.BLANK and cell.state in ("error", "timeout", "died"):
            what = {"timeout": "did not finish in time", "died": "ended the kernel"}.get(cell.state, f"raised {cell.error}")
            line = f" in line {cell.line}" if cell.line else ""
            return f" Your cell {what}{line}."
    return ""
