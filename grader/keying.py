"""Making a key: the reference goes through the same template, the same runner and the same capture as a student.

So does each mistake, as far as the last check of its blank. Runs are kept by what was run, so a key that is made again after a
change costs only what the change touches.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader import run as running
from grader.assignment import Assignment
from grader.checks import UNSET, Check, Mistake
from grader.errors import AuthoringError, MachineError, Problem
from grader.grade import judge, request
from grader.judging import Agree, Probe
from grader.key import Key, KeyCheck, KeyMistake
from grader.notebook import Notebook, Role
from grader.result import Outcome, Run
from grader.run import Request, Runner, run_many
from grader.values import NotAValue, Other

__all__ = ["Progress", "RunCache", "Workshop", "key_of_reference", "make_key"]

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


def quiet(what: str, done: int, total: int) -> None:
    """Shows no progress."""


class RunCache:
    """Runs in a folder, a file each, by what was run. A file that cannot be read counts as not there."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> Run | None:
        try:
            return Run.from_bytes((self.folder / f"{key}.run").read_bytes()) if self.folder else None
        except (OSError, NotAValue):
            return None

    def keep(self, key: str, run: Run) -> None:
        if self.folder is None or run.state == "ours":
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder.parent / ".gitignore").write_text("*\n")
            part = self.folder / f"{key}.part"
            part.write_bytes(run.to_bytes())
            part.rename(self.folder / f"{key}.run")
        except OSError:
            return  # a course on a read-only disk is not slower than without a cache


@dataclass(frozen=True)
class Workshop:
    """With what runs are done: the runner, how many at once, where they are kept, and who is told how far it is."""

    runner: Runner = running.execute
    jobs: int = 1
    cache: RunCache = dataclasses.field(default_factory=lambda: RunCache(None))
    progress: Progress = quiet

    @classmethod
    def of(cls, assignment: Assignment, jobs: int, progress: Progress = quiet, *, cached: bool = True) -> Workshop:
        """The usual one of a course: runs are kept in `.grader/runs/` there."""
        return cls(jobs=jobs, cache=RunCache(assignment.course / ".grader" / "runs" if cached else None), progress=progress)

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
    """Run the reference, then every mistake. Raises AuthoringError when the reference raises or a probe gives no value."""
    reference = request(assignment, assignment.template.reference_answers())
    run = workshop.run_all("Reference", {"reference": reference})["reference"]
    key = key_of_reference(assignment, run)
    return with_mistakes(assignment, key, workshop)


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
        limits=assignment.settings.limits,
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


def with_mistakes(assignment: Assignment, key: Key, workshop: Workshop) -> Key:
    """The key with what each mistake gives, run as far as its blank's last check."""
    mistakes = {f"{m.blank}/{m.name}": m for m in assignment.checks.mistakes}
    runs = workshop.run_all("Mistakes", {name: request_of_mistake(assignment, m) for name, m in mistakes.items()})
    entries = tuple(_entry(assignment, key, mistake, runs[name]) for name, mistake in mistakes.items())
    return dataclasses.replace(key, mistakes=entries)


def request_of_mistake(assignment: Assignment, mistake: Mistake) -> Request:
    """The reference with the mistake in its place, cut after the blank's check cell; only the probes that count there."""
    template = assignment.template
    source = mistake.apply(template.solutions[mistake.blank])
    whole = request(assignment, template.reference_answers(**{mistake.blank: source}))
    end = next(i for i, c in enumerate(whole.notebook.cells) if c.role is Role.CHECK and c.name == mistake.blank)
    needed = _needed(assignment, mistake.blank)
    probes: dict[str, list[Probe]] = {}
    for check in assignment.checks.checks:
        if check.name in needed:
            probes.setdefault(check.blank, []).append(check.probe)
    return dataclasses.replace(whole, notebook=Notebook(whole.notebook.cells[: end + 1]), probes=probes)


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


def _entry(assignment: Assignment, key: Key, mistake: Mistake, run: Run) -> KeyMistake:
    """What the mistake's run gave, and which checks it does not pass."""
    source = mistake.apply(assignment.template.solutions[mistake.blank])
    sources = {name: (text,) for name, text in assignment.template.solutions.items()} | {mistake.blank: (source,)}
    results = judge(key, run.captures, sources, frozenset(), run)
    mine = [result for result in results if result.blank == mistake.blank]
    captures = {result.name: run.captures[result.name] for result in mine if result.name in run.captures}
    loses = tuple(result.name for result in mine if result.outcome is not Outcome.PASSED)
    return KeyMistake.of(mistake, captures, loses)
