"""The facts of an assignment: `assignment.toml`, read and checked, with every error at once.

title = "RNN I: the ab example"
lecture = "000"
reference = "rnn_ab"          # reference/rnn_ab.py
carry_forward = true          # an early error is charged once: see `carry`; false to switch it off

[parameters]                  # {{ param.epochs }}; these are profile `homework`
epochs = 3000

[profiles.quick]              # overrides
epochs = 50

[limits]                      # see `Limits`
cell = 60

[profiles.lecture.limits]     # overrides, where a profile takes longer
cell = 1200

[answers.why_tanh]            # a free-text answer, graded by hand
points = 2
rubric = "Names the sign of the two logits."

[tasks]                       # what of the lecture it covers: see `Task`; docs/course.md is made from it
"000-T01" = { title = "Activation functions", where = "l. 7-15", blanks = ["tanh", "why_tanh"] }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

from grader.errors import AuthoringError, Problem

__all__ = ["DEFAULT_PROFILE", "AnswerSettings", "Limits", "Settings", "Task", "line_of", "load_settings"]

DEFAULT_PROFILE = "homework"
_LIMITS = "limits"  # in a profile's table: a table of its own, and no parameter

Scalar = bool | int | float | str
Wrong = tuple[tuple[str, ...], str]  # where, and a sentence
_FORBID: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Limits:
    """What one run may take. Seconds of wall time; bytes of output kept for a cell; MiB of memory and of files written."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID

    cell: float = 120.0
    notebook: float = 900.0
    probe: float = 30.0
    output: int = 200_000
    memory: int = 4096
    disk: int = 512


@dataclass(frozen=True)
class AnswerSettings:
    """A free-text answer: what it is worth and what the TA looks for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID

    points: float
    rubric: str = ""


@dataclass(frozen=True)
class Task:
    """A task, experiment or figure of the lecture. `where`: its place there.

    `blanks`: the blanks and free-text answers in which students do it; `given`: the names of the reference that do it for them.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID

    title: str
    where: str = ""
    blanks: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """`assignment.toml`. `parameters` and `limits` are those of the profile `homework`; `profiles` overrides some of them."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _FORBID

    title: str
    reference: str
    lecture: str = ""
    carry_forward: bool = True
    parameters: dict[str, Scalar | list[Scalar]] = field(default_factory=dict)
    profiles: dict[str, dict[str, Scalar | list[Scalar] | dict[str, Any]]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    answers: dict[str, AnswerSettings] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)

    def profile(self, name: str) -> dict[str, Any]:
        """The parameters under one profile. Raises KeyError for an unknown one."""
        own = {key: value for key, value in self._table(name).items() if not isinstance(value, dict)}
        return {**self.parameters, **own}

    def limits_of(self, name: str) -> Limits:
        """What a run may take under one profile. Raises KeyError for an unknown one."""
        own = self._table(name).get(_LIMITS)
        of_type = {key: type(getattr(self.limits, key))(value) for key, value in own.items()} if isinstance(own, dict) else {}
        return replace(self.limits, **of_type)

    def _table(self, name: str) -> dict[str, Any]:
        return {} if name == DEFAULT_PROFILE and name not in self.profiles else self.profiles[name]

    def profile_names(self) -> list[str]:
        """The profiles there are, the default first."""
        return [DEFAULT_PROFILE, *sorted(set(self.profiles) - {DEFAULT_PROFILE})]


def load_settings(path: Path) -> Settings:
    """Read and check `assignment.toml`. Raises AuthoringError with every problem and its line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise AuthoringError([Problem(path, 0, "this file is missing; `grader new` makes one")]) from None
    except UnicodeDecodeError as error:
        raise AuthoringError([Problem(path, 0, f"this file is not UTF-8: {error}")]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise AuthoringError([Problem(path, int(found[1]) if found else 0, f"not valid TOML: {error}")]) from None
    problems = [Problem(path, _line_of(text, where), message) for where, message in _validate(data)]
    if problems:
        raise AuthoringError(problems)
    return _build(data)


def _validate(data: dict[str, Any]) -> list[Wrong]:
    """All that is wrong with the data."""
    if wrong := _of_type(Settings, data):
        return wrong
    settings = _build(data)
    wrong += _in_limits(settings.limits, (_LIMITS,))
    for profile, overrides in settings.profiles.items():
        wrong += _in_profile(settings, profile, overrides)
    for answer, facts in settings.answers.items():
        if facts.points < 0:
            wrong.append((("answers", answer, "points"), f"answers.{answer}.points: points must not be negative"))
    for task, covered in settings.tasks.items():
        if not covered.blanks and not covered.given:
            wrong.append((("tasks", task), f"tasks.{task}: names neither blanks nor given"))
    return wrong


def _of_type(kind: type, data: object, *above: str) -> list[Wrong]:
    """What in the data is missing, misspelt or of another type."""
    from pydantic import TypeAdapter, ValidationError

    wrong = []
    try:
        TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        for item in error.errors():
            where = (*above, *(str(part) for part in item["loc"]))
            wrong.append((where, f"{'.'.join(where)}: {_sentence(item['type'], item['msg'])}"))
    return wrong


def _in_profile(settings: Settings, profile: str, overrides: dict[str, Any]) -> Iterator[Wrong]:
    for key, value in overrides.items():
        where = ("profiles", profile, key)
        if key == _LIMITS and isinstance(value, dict):
            wrong = _of_type(Limits, asdict(settings.limits) | value, *where)
            yield from wrong or _in_limits(settings.limits_of(profile), where, set(value))
        elif key not in settings.parameters:
            yield where, f"{'.'.join(where)}: [parameters] has no `{key}` to override"
        elif isinstance(value, dict):
            yield where, f"{'.'.join(where)}: a parameter is a number, a text, true or false, or a list of them"


def _in_limits(limits: Limits, where: tuple[str, ...], names: Container[str] | None = None) -> Iterator[Wrong]:
    for name in (each.name for each in fields(limits)):
        if (names is None or name in names) and getattr(limits, name) <= 0:
            yield (*where, name), f"{'.'.join(where)}.{name}: must be more than 0"


def _build(data: dict[str, Any]) -> Settings:
    from pydantic import TypeAdapter

    settings: Settings = TypeAdapter(Settings).validate_python(data)
    return settings


def _sentence(kind: str, message: str) -> str:
    if kind in ("missing", "missing_argument"):
        return "is missing; it must be given"
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return "is not a setting; look for a misspelling"
    return message[:1].lower() + message[1:]


def line_of(path: Path, *where: str) -> int:
    """The line of `assignment.toml` that the setting at `where` stands on."""
    return _line_of(path.read_text(encoding="utf-8-sig"), where)


def _line_of(text: str, where: tuple[str, ...]) -> int:
    """The line that the setting at `where` stands on, or that of the deepest table above it; 1 when there is none."""
    best, depth = 1, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            path = table
        elif key := re.match(r"\s*([\w.\-\"']+)\s*=", line):
            path = (*table, *(part.strip("\"'") for part in key[1].split(".")))
        else:
            continue
        common = len(path) if where[: len(path)] == path else 0
        if common > depth:
            best, depth = number, common
    return best
