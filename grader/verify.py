"""How an assignment tests itself.

The reference must earn every point and give the same values in two runs; the notebook as handed out must earn none, and raise
only in cells that use an unfilled blank; each mistake must lose points and be diagnosed as itself.
"""

from __future__ import annotations

import ast
import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from grader import compare
from grader.assignment import Assignment
from grader.errors import Problem
from grader.grade import explain, grade, judge, known_mistake, request
from grader.key import Key, KeyMistake
from grader.keying import RunCache, Workshop, key_of_reference, reference_requests, with_mistakes
from grader.notebook import Answers, read
from grader.result import Capture, CheckResult, Grade, Outcome, Run, Verdict
from grader.run import Request, versions
from grader.sourcecode import bound_names
from grader.submission import extract
from grader.values import dumps

__all__ = ["MistakeRow", "ReferenceRow", "Verification", "verify"]

ENOUGH_MISTAKES = 3


@dataclass(frozen=True)
class MistakeRow:
    """What became of one mistake: the points it loses, of how many, and the name of the mistake it is taken for."""

    name: str
    blank: str
    points_lost: float
    points: float
    diagnosed_as: str
    ok: bool


@dataclass(frozen=True)
class ReferenceRow:
    """The reference in another profile: what it earns of how much, and the seconds of its run."""

    profile: str
    score: float
    max_score: float
    seconds: float


@dataclass(frozen=True)
class Verification:
    """What `verify` found. `ok` when there are no problems; `hints` are worth a look but no reason to refuse."""

    assignment: str
    profile: str
    key: Key
    reference_score: float
    stub_score: float
    max_score: float
    mistakes: list[MistakeRow]
    problems: list[Problem] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    seconds: float = 0.0
    reference_seconds: float = 0.0
    others: list[ReferenceRow] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, object]:
        return {
            "assignment": self.assignment,
            "profile": self.profile,
            "ok": self.ok,
            "key": self.key.digest(),
            "reference": {"score": self.reference_score, "max_score": self.max_score, "seconds": self.reference_seconds},
            "references": [dataclasses.asdict(row) for row in self.others],
            "stub": {"score": self.stub_score, "max_score": self.max_score},
            "blanks": len(self.key.blanks),
            "checks": len(self.key.checks),
            "mistakes": [dataclasses.asdict(row) for row in self.mistakes],
            "problems": [{"path": str(p.path), "line": p.line, "message": p.message} for p in self.problems],
            "hints": self.hints,
            "seconds": round(self.seconds, 2),
        }


def verify(assignment: Assignment, workshop: Workshop, others: Sequence[Assignment] = ()) -> Verification:
    """Run all of it. Raises AuthoringError when the reference itself does not run; other findings are in the result.

    others: the same assignment in profiles in which the reference alone is run, once: it must earn every point there, too.
    """
    begin = time.monotonic()
    solution = assignment.template.reference_answers()
    stub = extract(read(assignment.template.notebook.to_bytes()), assignment.template)
    references, empty_run, elsewhere = _runs(workshop, assignment, request(assignment, stub), others)
    key = with_mistakes(assignment, key_of_reference(assignment, references[0]), workshop, references)
    right = grade(key, references[0], solution, "reference", "")
    empty = grade(key, empty_run, stub, "stub", "")
    rows = [_row(assignment, key, mistake) for mistake in key.mistakes if not mistake.generic]
    graded = [(other, run, _graded(other, run)) for other, run in zip(others, elsewhere, strict=True)]
    problems = [
        *_reference_problems(assignment, right.checks),
        *(problem for other, _, found in graded for problem in _reference_problems(other, found.checks)),
        *_difference_problems(assignment, references[0], references[1]),
        *_stub_problems(assignment, stub, empty.score or 0.0, empty_run),
        *_mistake_problems(assignment, key, rows),
    ]
    return Verification(
        assignment.slug,
        assignment.profile,
        key,
        right.score or 0.0,
        empty.score or 0.0,
        key.max_score,
        rows,
        sorted(set(problems)),
        list(_hints(key)),
        time.monotonic() - begin,
        references[0].seconds,
        [ReferenceRow(other.profile, found.score or 0.0, found.max_score, run.seconds) for other, run, found in graded],
    )


def _graded(assignment: Assignment, run: Run) -> Grade:
    return grade(key_of_reference(assignment, run), run, assignment.template.reference_answers(), "reference", "")


def _runs(
    workshop: Workshop, assignment: Assignment, stub: Request, others: Sequence[Assignment]
) -> tuple[list[Run], Run, list[Run]]:
    """The reference twice, with the mistakes as branches, the stub once, and the reference in each of the other profiles.

    Never from the cache: what is kept cannot show that numbers are reproducible. What is made is kept for others.
    """
    fresh = dataclasses.replace(workshop, cache=RunCache(None))
    asked = reference_requests(assignment)
    alone = {f"reference ({other.profile})": request(other, other.template.reference_answers()) for other in others}
    runs = fresh.run_all("Reference with mistakes, and stub", alone | asked | {"stub": stub})
    for name, request_of_reference in asked.items():
        workshop.cache.keep(request_of_reference.key(versions()), runs[name])
    return [runs[name] for name in asked], runs["stub"], [runs[name] for name in alone]


# ------------------------------------------------------------------------------------------------- what must hold


def _reference_problems(assignment: Assignment, results: list[CheckResult]) -> Iterator[Problem]:
    """The reference earns every point."""
    lines = {check.name: check.line for check in assignment.checks.checks}
    for result in results:
        if result.score < result.points or result.outcome is not Outcome.PASSED:
            gets = f"the reference itself gets {result.score:g} of {result.points:g} in profile {assignment.profile}"
            message = f"check `{result.name}`: {gets}: {result.message}"
            yield assignment.problem(lines[result.name], message)


def _difference_problems(assignment: Assignment, one: Run, two: Run) -> Iterator[Problem]:
    """Two runs of the reference give the same values, bit for bit."""
    for check in assignment.checks.checks:
        first, second = one.captures[check.name], two.captures.get(check.name, Capture())
        if dumps(first.value) != dumps(second.value):
            message = f"check `{check.name}`: two runs of the reference gave different values; set a seed where numbers are drawn"
            yield assignment.problem(check.line, message)


def _stub_problems(assignment: Assignment, stub: Answers, score: float, run: Run) -> Iterator[Problem]:
    """As handed out, nothing is earned, and only cells that use an unfilled blank raise."""
    if score > 0:
        yield assignment.problem(0, f"the notebook as handed out earns {score:g} points; it must earn none", "checks.py")
    for blank in assignment.template.blanks:
        if blank not in stub.untouched:
            yield assignment.problem(0, f"the stub of `{blank}` does not count as untouched", "notebook.md.j2")
    unfilled = {name for names in assignment.template.defines.values() for name in names}
    for cell in run.cells:
        uses = _names_read(cell.source) & unfilled
        if uses:
            unfilled |= bound_names(cell.source)
        elif cell.state not in ("ok", "skipped"):
            first = cell.source.strip().split("\n")[0]
            message = f"as handed out, the cell that begins with `{first}` uses no blank but fails: {cell.error or cell.state}"
            yield assignment.problem(0, message, "notebook.md.j2")


def _names_read(source: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    except SyntaxError:
        return set()


def _mistake_problems(assignment: Assignment, key: Key, rows: list[MistakeRow]) -> Iterator[Problem]:
    """Each mistake loses points, differs from the others, and is diagnosed as itself."""
    lines = {(m.blank, m.name): m.line for m in assignment.checks.mistakes}
    declared = [mistake for mistake in key.mistakes if not mistake.generic]
    alike = _alike(key)
    for mistake, row in zip(declared, rows, strict=True):
        line, where = lines[mistake.blank, mistake.name], f"mistake `{mistake.name}`"
        if not mistake.loses:
            yield assignment.problem(line, f"{where}: changes nothing that a check of `{mistake.blank}` sees")
            continue
        if row.points_lost <= 0:
            yield assignment.problem(line, f"{where}: loses no points; the checks that see it are worth nothing")
        twins = [other for other in alike.get(mistake.name, ()) if not _says_so(mistake, other)]
        if twins:
            names = ", ".join(f"`{twin.name}`" for twin in twins)
            yield assignment.problem(
                line, f"{where}: gives the same values as {names}; say same_as=, or add a check that tells them apart"
            )
        elif not row.ok:
            taken = f"taken for `{row.diagnosed_as}`" if row.diagnosed_as else "not recognised"
            yield assignment.problem(line, f"{where}: {taken}")


def _alike(key: Key) -> dict[str, list[KeyMistake]]:
    """Name of a mistake -> the others of its blank that no check tells from it, by its own comparator."""
    comparators = {check.name: check.comparator for check in key.checks}
    by_name = {mistake.name: mistake for mistake in key.mistakes if not mistake.generic}
    found: dict[str, list[KeyMistake]] = {}
    for blank in key.blanks:
        for one, two in compare.indistinguishable(
            [known_mistake(m) for m in key.mistakes_of(blank) if not m.generic], comparators
        ):
            found.setdefault(one, []).append(by_name[two])
            found.setdefault(two, []).append(by_name[one])
    return found


def _says_so(one: KeyMistake, two: KeyMistake) -> bool:
    """Whether two mistakes with the same values say so."""
    return bool(one.same_as == two.name or two.same_as == one.name or (one.same_as and one.same_as == two.same_as))


def _row(assignment: Assignment, key: Key, mistake: KeyMistake) -> MistakeRow:
    """Judge a mistake's own values as if a student had handed them in."""
    source = next(m for m in assignment.checks.mistakes if (m.blank, m.name) == (mistake.blank, mistake.name))
    sources = {mistake.blank: (source.apply(assignment.template.solutions[mistake.blank]),)}
    checks = key.of(mistake.blank)
    results = {r.name: r for r in judge(key, mistake.captures, sources) if r.blank == mistake.blank}
    verdicts = {name: Verdict(r.score, r.outcome) for name, r in results.items()}
    found = explain(key, checks, verdicts, mistake.captures)
    group = {mistake.name, mistake.same_as, *(m.name for m in key.mistakes_of(mistake.blank) if m.same_as == mistake.name)}
    points = sum(check.points for check in checks)
    earned = sum(result.score for result in results.values())
    name = found.name if found else ""
    return MistakeRow(mistake.name, mistake.blank, round(points - earned, 6), points, name, bool(name) and name in group)


def _hints(key: Key) -> Iterator[str]:
    for blank in key.blanks:
        count = sum(not mistake.generic for mistake in key.mistakes_of(blank))
        if count < ENOUGH_MISTAKES:
            yield f"blank `{blank}` has {count} mistake{'s' if count != 1 else ''}; {ENOUGH_MISTAKES} or more are usual"
        if not any(check.private for check in key.of(blank)):
            yield f"blank `{blank}` has no private check"
