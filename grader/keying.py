"""Making a key: the reference goes through the same template, the same runner and the same capture as a student.

So does each mistake, as far as the last check of its blank. Runs are kept by what was run, so a key that is made again after a
change costs only what the change touches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader import compare
from grader import run as running
from grader.assignment import Assignment
from grader.checks import UNSET, Check, Mistake
from grader.errors import AuthoringError, MachineError, Problem
from grader.grade import judge, known_mistake, request
from grader.judging import Agree, Probe
from grader.key import Key, KeyCheck, KeyMistake
from grader.keycache import KeyCache, facts_of, write_whole
from grader.notebook import Notebook, Role
from grader.result import Capture, Outcome, Run
from grader.run import Branch, Request, Runner, libraries, run_many
from grader.run.whole import Opener, WholeRuns
from grader.untrained import untrained_mistakes
from grader.values import NotAValue, Other

__all__ = ["Progress", "RunCache", "Workshop", "key_of_reference", "make_key"]

_RUNS = 2  # of the reference, among which mistakes are dealt out; always as many, so that what is kept serves every --jobs

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


def quiet(what: str, done: int, total: int) -> None:
    """Shows no progress."""


class RunCache:
    """Runs in a folder, a file each, by what was run. A file that cannot be read counts as not there."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> Run | None:
        try:
            run = Run.from_bytes((self.folder / f"{key}.run").read_bytes()) if self.folder else None
        except (OSError, NotAValue):
            return None
        return None if run is not None and libraries.came_since(run) else run

    def keep(self, key: str, run: Run) -> None:
        if self.folder is None or run.state == "ours":
            return
        try:
            write_whole(self.folder / f"{key}.run", run.to_bytes())
            (self.folder.parent / ".gitignore").write_text("*\n")
        except OSError:
            return  # a course on a read-only disk is not slower than without a cache


@dataclass(frozen=True)
class Workshop:
    """With what runs are done: the runner, how many at once, where they and keys are kept, and who is told how far it is.

    kernels: what opens the runs of submissions, which are taken up again; None for whole runs of `runner`.
    """

    runner: Runner = running.execute
    jobs: int = 1
    cache: RunCache = dataclasses.field(default_factory=lambda: RunCache(None))
    progress: Progress = quiet
    kernels: Opener | None = None
    keys: KeyCache = dataclasses.field(default_factory=lambda: KeyCache(None))

    @property
    def opener(self) -> Opener:
        """What opens the runs of submissions."""
        return self.kernels or WholeRuns(self.runner)

    @classmethod
    def of(cls, assignment: Assignment, jobs: int, progress: Progress = quiet, *, cached: bool = True) -> Workshop:
        """The usual one of a course: runs are kept in `.grader/runs/` there, keys in `.grader/keys/`."""
        place = assignment.course / ".grader"
        runs, keys = (RunCache(place / "runs"), KeyCache(place / "keys")) if cached else (RunCache(None), KeyCache(None))
        return cls(jobs=jobs, cache=runs, progress=progress, keys=keys)

    def run_all(self, what: str, requests: Mapping[str, Request]) -> dict[str, Run]:
        """Every request's run, from the cache or done now. Raises MachineError for one that the machine's fault stopped."""
        versions = running.versions()
        keys = {name: request.key(versions) for name, request in requests.items()}
        runs = {name: run for name, key in keys.items() if (run := self.cache.get(key)) is not None}
        missing = {name: request for name, request in requests.items() if name not in runs}
        self.progress(what, len(runs), len(requests))
        for name, run in run_many(missing, self.jobs, self.runner):
            if run.state == "ours":
                raise MachineError(f"{what}: {name} could not be run. {' '.join(run.notes)}")
            self.cache.keep(keys[name], run)
            runs[name] = run
            self.progress(what, len(runs), len(requests))
        return runs


def make_key(assignment: Assignment, workshop: Workshop) -> Key:
    """Run the reference and every mistake. Raises AuthoringError when the reference raises or a probe gives no value."""
    requests = reference_requests(assignment)
    runs = list(workshop.run_all("Reference and mistakes", requests).values())
    plain = key_of_reference(assignment, runs[0])
    facts = [*facts_of(_with_generic(assignment)), *(request.key(running.versions()) for request in requests.values())]
    return workshop.keys.get(plain, facts, lambda: with_mistakes(assignment, plain, workshop, runs))


def key_of_reference(assignment: Assignment, run: Run) -> Key:
    """The key without mistakes, from a run of the reference. Raises AuthoringError with all that went wrong in it."""
    problems = [*_cell_problems(assignment, run), *_check_problems(assignment, run)]
    if problems:
        raise AuthoringError(problems)
    position = {blank: i for i, blank in enumerate(assignment.template.blanks)}
    checks = sorted(assignment.checks.checks, key=lambda check: position[check.blank])
    return Key(
        assignment=assignment.slug,
        title=assignment.settings.title,
        profile=assignment.profile,
        cells=tuple(cell for cell in assignment.template.notebook if cell.role is not Role.PROSE),
        blanks={blank: assignment.template.defines[blank] for blank in assignment.template.blanks},
        checks=tuple(KeyCheck.of(check, _expected(check, run)) for check in checks),
        data=assignment.data_files(),
        limits=assignment.limits,
        versions=run.versions,
    )


def _expected(check: Check, run: Run) -> object:
    return run.captures[check.name].value if check.expect is UNSET else check.expect


def _cell_problems(assignment: Assignment, run: Run) -> list[Problem]:
    """A problem for each cell that the reference did not get through."""
    problems = []
    for cell in run.cells:
        if cell.state in ("ok", "skipped"):
            continue
        what = cell.error or {"timeout": "it did not finish in time", "died": "it ended the kernel"}.get(cell.state, cell.state)
        if cell.role == Role.BLANK and cell.name in assignment.reference:
            source = assignment.reference[cell.name]
            message = f"under the reference, the cell of `{cell.name}` failed: {what}"
            problems.append(Problem(assignment.reference.path, source.line, message))
        elif cell.state != "not_run":
            first = cell.source.strip().split("\n")[0]
            message = f"under the reference, the given cell that begins with `{first}` failed: {what}"
            problems.append(assignment.problem(0, message, "notebook.md.j2"))
    return problems


def _check_problems(assignment: Assignment, run: Run) -> list[Problem]:
    """A problem for each check whose probe gave nothing that can be compared with."""
    problems = []
    for check in assignment.checks.checks:
        capture = run.captures.get(check.name)
        if capture is None or capture.fault is not None:
            fault = capture.fault if capture else None
            what = " ".join(filter(None, [fault.type, fault.message or fault.kind, fault.name])) if fault else "it did not run"
            problems.append(assignment.problem(check.line, f"check `{check.name}`: no value under the reference: {what}"))
        elif isinstance(capture.value, Other) and check.expect is UNSET:
            message = f"check `{check.name}`: its probe returns a {capture.value.type}, which may not leave a kernel"
            problems.append(assignment.problem(check.line, message))
    return problems


def with_mistakes(assignment: Assignment, key: Key, workshop: Workshop, runs: Sequence[Run] = ()) -> Key:
    """The key with what each mistake gives, as far as its blank's last check.

    Mistakes are tried in runs of the reference (`reference_requests`), each in a copy of the kernel taken just before its blank's
    cell. Where no copy can be had, or it was lost, the mistake has a run of its own. Both ways give the same values. To the
    author's mistakes comes one that any blank which trains may have; it is left out where it changes nothing or is one of theirs.
    """
    runs = runs or list(workshop.run_all("Mistakes", reference_requests(assignment)).values())
    assignment = _with_generic(assignment)
    captures = _in_branches(runs)
    alone = [m for m in assignment.checks.mistakes if m.path not in captures]
    apart = workshop.run_all("Mistakes, each alone", {m.path: request_of_mistake(assignment, m) for m in alone})
    captures |= {path: run.captures for path, run in apart.items()}
    entries = [_entry(assignment, key, mistake, captures[mistake.path]) for mistake in assignment.checks.mistakes]
    idle = _idle(key, entries)
    return dataclasses.replace(key, mistakes=tuple(entry for entry in entries if entry.name not in idle))


def _with_generic(assignment: Assignment) -> Assignment:
    mistakes = (*assignment.checks.mistakes, *untrained_mistakes(assignment))
    return dataclasses.replace(assignment, checks=dataclasses.replace(assignment.checks, mistakes=mistakes))


def _idle(key: Key, entries: list[KeyMistake]) -> set[str]:
    """The generic mistakes that pass every check, could not be made, or cannot be told from one of the author's."""
    comparators = {check.name: check.comparator for check in key.checks}
    found: set[str] = set()
    for entry in (entry for entry in entries if entry.generic):
        failed = any(capture.fault is not None for capture in entry.captures.values())
        authors = [known_mistake(other) for other in entries if other.blank == entry.blank and not other.generic]
        alike = any(compare.indistinguishable([known_mistake(entry), other], comparators) for other in authors)
        found |= {entry.name} if failed or alike or not entry.loses else set()
    return found


def _in_branches(runs: Iterable[Run]) -> dict[str, dict[str, Capture]]:
    """Path of a mistake -> what its branch captured, and what the reference did; lost ones are left out."""
    captures: dict[str, dict[str, Capture]] = {}
    for run in runs:
        for path, found in run.branches.items():
            if not any(c.fault is not None and c.fault.kind in ("died", "ours") for c in found.values()):
                captures[path] = run.captures | found
    return captures


def reference_requests(assignment: Assignment) -> dict[str, Request]:
    """Two runs of the whole reference, among which its mistakes are dealt out as branches. The first is "reference"."""
    whole = request(assignment, assignment.template.reference_answers())
    dealt: list[dict[str, list[Branch]]] = [{} for _ in range(_RUNS)]
    mistakes = _with_generic(assignment).checks
    number = 0
    for blank in assignment.template.blanks:
        probes = tuple(check.probe for check in assignment.checks.of(blank))
        for mistake in mistakes.mistakes_of(blank):
            source = mistake.apply(assignment.template.solutions[blank])
            dealt[number % len(dealt)].setdefault(blank, []).append(Branch(mistake.path, source, probes))
            number += 1
    names = ["reference", *(f"reference, run {i}" for i in range(2, len(dealt) + 1))]
    return {name: dataclasses.replace(whole, branches=branches) for name, branches in zip(names, dealt, strict=True)}


def request_of_mistake(assignment: Assignment, mistake: Mistake) -> Request:
    """The reference with the mistake in its place, cut after the blank's check cell; only the probes that count there."""
    template = assignment.template
    source = mistake.apply(template.solutions[mistake.blank])
    whole = request(assignment, template.reference_answers(**{mistake.blank: source}))
    end = next(i for i, c in enumerate(whole.notebook.cells) if c.role is Role.CHECK and c.name == mistake.blank)
    probes = _probes_of(assignment, _needed(assignment, mistake.blank))
    return dataclasses.replace(whole, notebook=Notebook(whole.notebook.cells[: end + 1]), probes=probes)


def _probes_of(assignment: Assignment, names: set[str]) -> dict[str, list[Probe]]:
    probes: dict[str, list[Probe]] = {}
    for check in assignment.checks.checks:
        if check.name in names:
            probes.setdefault(check.blank, []).append(check.probe)
    return probes


def _needed(assignment: Assignment, blank: str) -> set[str]:
    """The checks of a blank, and the earlier ones that they agree with."""
    by_name = {check.name: check for check in assignment.checks.checks}
    needed: set[str] = set()
    todo = [check.name for check in assignment.checks.of(blank)]
    while todo:
        name = todo.pop()
        needed.add(name)
        comparator = by_name[name].comparator
        if isinstance(comparator, Agree) and comparator.with_check in by_name:
            todo.append(comparator.with_check)
    return needed


def _entry(assignment: Assignment, key: Key, mistake: Mistake, captures: dict[str, Capture]) -> KeyMistake:
    """What the mistake gave, and which checks it does not pass."""
    source = mistake.apply(assignment.template.solutions[mistake.blank])
    sources = {name: (text,) for name, text in assignment.template.solutions.items()} | {mistake.blank: (source,)}
    mine = [r for r in judge(key, captures, sources) if r.blank == mistake.blank]
    found = {result.name: captures[result.name] for result in mine if result.name in captures}
    loses = tuple(result.name for result in mine if result.outcome is not Outcome.PASSED)
    return KeyMistake.of(mistake, found, loses)
