"""What a template may call: `blank`, `check`, `given`, `answer`, `points` and `param`.

Each call that makes a cell is noted as a `Slot` and leaves a mark in the rendered Markdown; what is wrong with a call is noted
with the template's line, and rendering goes on, so that an author sees all of it at once.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks import Checks
from grader.errors import Problem
from grader.notebook import Role
from grader.reference import Reference, SourceProblem
from grader.settings import Settings

__all__ = ["MARK", "Slot", "Slots"]

MARK = "\ue000"  # a private-use character: stands in no text that anyone writes
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,55}")


@dataclass(frozen=True)
class Slot:
    """A place that the template names: what goes there, and the template's line."""

    role: Role
    name: str
    source: str
    line: int
    solution: str = ""


class Slots:
    """What the template's functions have been called with, and what was wrong with the calls."""

    def __init__(self, path: Path, reference: Reference, checks: Checks, settings: Settings, parameters: dict[str, Any]) -> None:
        self.path, self.reference, self.checks, self.settings = path, reference, checks, settings
        self.slots: list[Slot] = []
        self.defines: dict[str, tuple[str, ...]] = {}
        self.problems: list[Problem] = []
        self.functions: dict[str, Any] = {
            "blank": self.blank,
            "check": self.check,
            "given": self.given,
            "answer": self.answer,
            "points": self.points,
            "param": _Parameters(parameters, self),
        }

    def wrong(self, message: str, line: int | None = None) -> None:
        self.problems.append(Problem(self.path, _template_line() if line is None else line, message))

    def render(self, text: str) -> str | None:
        """The template's Markdown with marks in it, or None when it is not valid Jinja."""
        import jinja2

        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 Markdown by the author
        try:
            return environment.from_string(text).render(self.functions)
        except jinja2.TemplateSyntaxError as error:
            self.wrong(f"the template cannot be read: {error.message}", error.lineno)
        except jinja2.UndefinedError as error:
            known = ", ".join(self.functions)
            self.wrong(f"{error.message}; a template knows {known}", _traceback_line(error))
        except Exception as error:
            self.wrong(f"the template raised {type(error).__name__}: {error}", _traceback_line(error))
        return None

    def blank(self, name: str, inline: bool = False) -> str:
        """The stub of a blank."""
        if name not in self.reference:
            known = ", ".join(self.reference.sources) or "none"
            self.wrong(f'blank("{name}"): {self.reference.path.name} has no `{name}`; its names are {known}')
            return ""
        if any(slot.role is Role.BLANK and slot.name == name for slot in self.slots):
            self.wrong(f'blank("{name}") stands in the template twice; a blank is one place')
            return ""
        source = self.reference[name]
        try:
            self.defines[name] = source.returns() if inline else (name,)
            stub = source.inline_stub() if inline else source.stub()
            solution = source.inline() if inline else source.solution()
        except SourceProblem as problem:
            self.problems.append(Problem(self.reference.path, problem.line, problem.message))
            return ""
        return self._mark(Role.BLANK, name, stub, solution=f"# blank: {name}\n{solution}")

    def check(self, name: str) -> str:
        """The self-check cell of a blank, where its probes run."""
        return self._mark(Role.CHECK, name, f'grader.check("{name}")')

    def given(self, name: str) -> str:
        """A given cell with the source of a helper in the reference module."""
        if name not in self.reference:
            self.wrong(f'given("{name}"): {self.reference.path.name} has no `{name}`')
            return ""
        return self._mark(Role.GIVEN, "", self.reference[name].solution())

    def answer(self, name: str) -> str:
        """A free-text answer, graded by hand."""
        if name not in self.settings.answers:
            self.wrong(f'answer("{name}"): assignment.toml has no [answers.{name}] with its points')
            return ""
        return self._mark(Role.ANSWER, name, f"<!-- answer: {name} -->\n*Write your answer here.*")

    def points(self, name: str) -> str:
        """What a blank or an answer is worth, as a number in the prose."""
        if name in self.settings.answers:
            return f"{self.settings.answers[name].points:g}"
        if not self.checks.of(name):
            self.wrong(f'points("{name}"): no check is worth anything for it')
        return f"{self.checks.points(name):g}"

    def _mark(self, role: Role, name: str, source: str, solution: str = "") -> str:
        if name and not _NAME.fullmatch(name):
            self.wrong(f"`{name}` cannot be a name: ASCII letters, digits and _, at most 56 of them")
        self.slots.append(Slot(role, name, source, _template_line(), solution))
        return f"{MARK}{len(self.slots) - 1}{MARK}"

    def check_complete(self) -> None:
        """Every blank has a check cell below it and checks in checks.py; every check and mistake has a blank."""
        order = {(slot.role, slot.name): i for i, slot in enumerate(self.slots)}
        for slot in self.slots:
            if slot.role is Role.BLANK:
                if (Role.CHECK, slot.name) not in order:
                    self.wrong(f'blank "{slot.name}" has no {{{{ check("{slot.name}") }}}} in the template', slot.line)
                if not self.checks.of(slot.name):
                    self.wrong(f'blank "{slot.name}" has no check in checks.py', slot.line)
            elif slot.role is Role.CHECK:
                if (Role.BLANK, slot.name) not in order:
                    self.wrong(f'check("{slot.name}"): the template has no blank of this name', slot.line)
                elif order[Role.BLANK, slot.name] > order[slot.role, slot.name]:
                    self.wrong(f'check("{slot.name}") stands above its blank', slot.line)
        self._check_declared({slot.name for slot in self.slots if slot.role is Role.BLANK})

    def _check_declared(self, blanks: set[str]) -> None:
        """What checks.py declares, it declares for a blank that there is."""
        path = self.path.with_name("checks.py")
        known = ", ".join(slot.name for slot in self.slots if slot.role is Role.BLANK) or "none"
        declared = [("check", c.name, c.blank, c.line) for c in self.checks.checks]
        declared += [("mistake", m.name, m.blank, m.line) for m in self.checks.mistakes]
        for what, name, blank, line in declared:
            if blank not in blanks:
                self.problems.append(Problem(path, line, f"{what} `{name}`: no blank `{blank}`; blanks are {known}"))


class _Parameters:
    """`param` in a template. A name that is not there is noted and rendered as nothing."""

    def __init__(self, values: dict[str, Any], slots: Slots) -> None:
        self._values, self._slots = values, slots

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._values:
            known = ", ".join(self._values) or "none"
            self._slots.wrong(f"param.{name}: assignment.toml has no such parameter; it has {known}")
            return ""
        return self._values[name]


def _template_line() -> int:
    """The line of the template that is being rendered, from the frame of Jinja's code."""
    frame = sys._getframe(1)
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            return int(template.get_corresponding_lineno(frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]  # the loop ends at None
    return 0


def _traceback_line(error: BaseException) -> int:
    line, step = 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line
