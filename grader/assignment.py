"""A course folder and the assignments in it, loaded whole: facts, reference, checks, template."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from grader.checks import Checks, Mistake, load_checks
from grader.errors import AuthoringError, CourseNotFound, Problem, UsageError
from grader.judging import Agree
from grader.reference import Reference
from grader.settings import DEFAULT_PROFILE, Limits, Settings, line_of, load_settings
from grader.template import Template, load_template

__all__ = ["Assignment", "Course"]

T = TypeVar("T")


@dataclass(frozen=True)
class Assignment:
    """One assignment under one profile."""

    slug: str
    course: Path
    profile: str
    settings: Settings
    reference: Reference
    checks: Checks
    template: Template

    @property
    def folder(self) -> Path:
        return self.course / "assignments" / self.slug

    @property
    def limits(self) -> Limits:
        """What a run may take under its profile."""
        return self.settings.limits_of(self.profile)

    @property
    def data(self) -> Path | None:
        """The folder of files that go out with the notebook, if there is one."""
        data = self.folder / "data"
        return data if data.is_dir() else None

    def data_files(self) -> tuple[str, ...]:
        """The data files, relative to the data folder, in order."""
        data = self.data
        return tuple(sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file())) if data else ()

    def data_digest(self) -> str:
        """One hash over names and contents of the data files; "" when there are none."""
        data = self.data
        if data is None:
            return ""
        digest = hashlib.sha256()
        for name in self.data_files():
            content = (data / name).read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def problem(self, line: int, message: str, file: str = "checks.py") -> Problem:
        """A problem in one of this assignment's files."""
        return Problem(self.folder / file, line, message)


@dataclass(frozen=True)
class Course:
    """A folder with `assignments/` and `reference/`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course at `start` (default: the working directory) or above it. Raises CourseNotFound."""
        begin = (start or Path.cwd()).resolve()
        for folder in (begin, *begin.parents):
            if (folder / "assignments").is_dir() and (folder / "reference").is_dir():
                return cls(folder)
        raise CourseNotFound(
            f"no course at {begin} or above it: a course is a folder with assignments/ and reference/. "
            "Go to one, or name it with --course."
        )

    @classmethod
    def at(cls, folder: Path) -> Course:
        """The course in exactly this folder. Raises CourseNotFound."""
        if not ((folder / "assignments").is_dir() and (folder / "reference").is_dir()):
            raise CourseNotFound(f"{folder} is no course: it needs the folders assignments/ and reference/")
        return cls(folder.resolve())

    def slugs(self) -> list[str]:
        """The names of the assignments there are."""
        folder = self.root / "assignments"
        return sorted(path.parent.name for path in folder.glob("*/assignment.toml"))

    def assignment(self, slug: str, profile: str = DEFAULT_PROFILE) -> Assignment:
        """Load one. Raises UsageError for an unknown slug or profile, AuthoringError with all that is wrong in the folder."""
        folder = self.root / "assignments" / slug
        if not folder.is_dir():
            known = ", ".join(self.slugs()) or "none yet; `grader new` makes one"
            raise UsageError(f"there is no assignment `{slug}` in {self.root}; there is: {known}")
        problems: list[Problem] = []
        settings = _noting(problems, lambda: load_settings(folder / "assignment.toml"))
        checks = _noting(problems, lambda: load_checks(folder / "checks.py", self.root))
        if settings is None:
            raise AuthoringError(problems)
        if profile not in settings.profile_names():
            known = ", ".join(settings.profile_names())
            raise UsageError(f"assignment `{slug}` has no profile `{profile}`; it has {known}")
        path = self.root / "reference" / f"{settings.reference}.py"
        reference = _noting(problems, lambda: Reference.load(path))
        if reference is None:
            raise AuthoringError(problems)
        given = checks or Checks()
        template = _noting(problems, lambda: load_template(folder / "notebook.md.j2", reference, given, settings, profile))
        if template is not None and checks is not None:
            problems += _cross_problems(folder / "checks.py", checks, template)
        if template is not None:
            problems += _task_problems(folder / "assignment.toml", settings, template, reference)
        if problems or checks is None or template is None:
            raise AuthoringError(_without_echoes(problems, checks))
        return Assignment(slug, self.root, profile, settings, reference, checks, template)


def _noting(problems: list[Problem], load: Callable[[], T]) -> T | None:
    """What `load` returns, or None with its problems noted."""
    try:
        return load()
    except AuthoringError as error:
        problems += error.problems
        return None


def _without_echoes(problems: list[Problem], checks: Checks | None) -> list[Problem]:
    """Where checks.py could not be read, that blanks have no checks is no news."""
    if checks is not None:
        return problems
    return [p for p in problems if "has no check in checks.py" not in p.message and "no check is worth" not in p.message]


def _cross_problems(path: Path, checks: Checks, template: Template) -> list[Problem]:
    """What is wrong between checks.py and the template."""
    problems = []
    for check in checks.checks:
        if isinstance(check.comparator, Agree):
            earlier = [c.name for c in checks.checks if c.line < check.line]
            if check.comparator.with_check and check.comparator.with_check not in earlier:
                message = f"check `{check.name}`: agree(with_check=...) names no earlier check `{check.comparator.with_check}`"
                problems.append(Problem(path, check.line, message))
    names = {(m.blank, m.name) for m in checks.mistakes}
    for mistake in checks.mistakes:
        where = f"mistake `{mistake.name}`"
        if mistake.same_as and (mistake.blank, mistake.same_as) not in names:
            problems.append(Problem(path, mistake.line, f"{where}: same_as names no mistake `{mistake.same_as}` of its blank"))
        problems += [Problem(path, mistake.line, f"{where}: {wrong}") for wrong in _source_problems(mistake, template)]
    return problems


def _task_problems(path: Path, settings: Settings, template: Template, reference: Reference) -> list[Problem]:
    """What `[tasks]` names must be there."""
    wrong = []
    for name, task in settings.tasks.items():
        missing = [n for n in task.blanks if n not in template.blanks and n not in settings.answers]
        wrong += [(name, f"there is no blank or free-text answer `{blank}`") for blank in missing]
        wrong += [(name, f"the reference has no `{given}`") for given in task.given if given not in reference]
    return [Problem(path, line_of(path, "tasks", name), f"tasks.{name}: {message}") for name, message in wrong]


def _source_problems(mistake: Mistake, template: Template) -> list[str]:
    reference = template.solutions[mistake.blank]
    try:
        source = mistake.apply(reference)
    except ValueError as error:
        return [str(error)]
    if source.strip() == reference.strip():
        return ["it changes nothing"]
    return []
