"""`checks.py` of an assignment: the decorator and the call that authors write, and the file read into data.

An author's mistake is noted where it is made and raised with all the others at the end, so that one `verify` shows them all.
"""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

from grader.errors import AuthoringError, Problem
from grader.judging import Close, Comparator, Probe
from grader.values import Value, ValueTooLarge, capture

__all__ = ["UNSET", "Check", "Checks", "Mistake", "check", "load_checks", "mistake"]

PROBE_NAMES = frozenset({"torch", "np"})
UNSET: Any = type("Unset", (), {"__repr__": lambda _: "UNSET"})()


@dataclass(frozen=True)
class Check:
    """A probe, a comparator and points. `title` is the docstring: the line that the student reads.

    expect: what to compare with; UNSET for what the same probe gave under the reference.
    required: not passed, and the whole blank earns nothing. waived: full points to all.
    """

    name: str
    blank: str
    title: str
    points: float
    probe: Probe
    comparator: Comparator
    expect: Value = UNSET
    private: bool = False
    required: bool = False
    waived: bool = False
    line: int = 0


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer to a blank and the sentence for the student who makes it.

    Made from the reference's source by `replace`, or given whole as `source`.
    same_as: the name of a mistake of the same blank that no value can tell from this one.
    generic: not the author's, but one that any such blank may have.
    """

    name: str
    blank: str
    says: str
    replace: dict[str, str] = field(default_factory=dict)
    source: str = ""
    same_as: str = ""
    line: int = 0
    generic: bool = False

    @property
    def path(self) -> str:
        """A name that is unique in the assignment."""
        return f"{self.blank}/{self.name}"

    def apply(self, reference: str) -> str:
        """The wrong answer's source, given the reference's. Raises ValueError when a text to replace is not in it."""
        if self.source:
            return textwrap.dedent(self.source).strip("\n")
        for old, new in self.replace.items():
            if old not in reference:
                raise ValueError(f"the reference's source does not hold {old!r}")
            reference = reference.replace(old, new)
        return reference


@dataclass(frozen=True)
class Checks:
    """All checks and mistakes of an assignment, in the order in which the file has them."""

    checks: tuple[Check, ...] = ()
    mistakes: tuple[Mistake, ...] = ()

    def of(self, blank: str) -> list[Check]:
        return [check for check in self.checks if check.blank == blank]

    def mistakes_of(self, blank: str) -> list[Mistake]:
        return [mistake for mistake in self.mistakes if mistake.blank == blank]

    def points(self, blank: str) -> float:
        """What a blank is worth: the sum over its checks."""
        return sum(check.points for check in self.of(blank))


# ------------------------------------------------------------------------------------------------- what authors write


@dataclass
class _Collected:
    """What the file that is being loaded has declared so far, and what is wrong with it."""

    path: Path
    checks: list[Check] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    functions: dict[int, ast.FunctionDef] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def wrong(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.path, line, message))


_loading: list[_Collected] = []


def _collected() -> _Collected:
    if not _loading:
        raise RuntimeError("check() and mistake() belong in an assignment's checks.py, which grader loads")
    return _loading[-1]


def check(
    blank: str,
    *,
    points: float = 1,
    compare: Comparator | None = None,
    given: Mapping[str, Any] | None = None,
    expect: Any = UNSET,
    private: bool = False,
    required: bool = False,
    waived: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a check of a blank. The decorated function of `nb` is its probe; its docstring is what the student reads.

    points: not negative. compare: how the value is judged (default `close()`). given: values that the probe gets as
    `nb.given.<name>`, sent into the kernel when the probe runs and not before. expect: the value to compare with (default:
    what the probe gives under the reference). private: not in what students get. required: not passed, the blank earns
    nothing. waived: full points to all.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        found = _collected()
        code: CodeType = function.__code__
        node = found.functions.get(code.co_firstlineno)
        line = node.lineno if node else code.co_firstlineno
        name = function.__name__
        comparator = compare if compare is not None else Close()
        for message in _check_problems(found, function, node, points, comparator):
            found.wrong(line, f"check `{name}`: {message}")
        source = "\n".join(found.lines[node.lineno - 1 : node.end_lineno]) if node else ""
        values = _captured(found, line, name, given or {}, comparator, expect)
        if values is None:
            return function
        title = " ".join((function.__doc__ or "").split())
        probe = Probe(name, textwrap.dedent(source), values[0], private)
        found.checks.append(
            Check(name, blank, title, float(points), probe, comparator, values[1], private, required, waived, line)
        )
        return function

    return declare


def mistake(
    blank: str,
    *,
    says: str,
    replace: Mapping[str, str] | None = None,
    source: str = "",
    name: str = "",
    same_as: str = "",
) -> None:
    """Declare a typical wrong answer to a blank and what a student who gives it should read.

    replace: texts of the reference's source and what stands there instead; or source: the whole wrong answer.
    same_as: the name of another mistake of the blank that gives the same values.
    """
    found = _collected()
    line = sys._getframe(1).f_lineno
    number = sum(m.blank == blank for m in found.mistakes) + 1
    name = name or f"{blank}-{number}"
    if bool(replace) == bool(source):
        found.wrong(line, f"mistake `{name}`: give either replace= or source=")
    if not says.strip():
        found.wrong(line, f"mistake `{name}`: says= is empty; it is the sentence that the student reads")
    if any(m.name == name for m in found.mistakes):
        found.wrong(line, f"there is already a mistake named `{name}`")
    found.mistakes.append(Mistake(name, blank, " ".join(says.split()), dict(replace or {}), source, same_as, line))


def _captured(
    found: _Collected, line: int, name: str, given: Mapping[str, Any], comparator: Comparator, expect: Any
) -> tuple[dict[str, Value], Value] | None:
    """`given` and `expect` as plain data; notes what may not enter or leave a kernel."""
    try:
        comparator.as_options()
        return {key: capture(value) for key, value in given.items()}, expect if expect is UNSET else capture(expect)
    except ValueTooLarge as error:
        found.wrong(line, f"check `{name}`: {error}")
        return None


def _check_problems(
    found: _Collected,
    function: Callable[..., Any],
    node: ast.FunctionDef | None,
    points: float,
    comparator: Comparator,
) -> Iterator[str]:
    if not (function.__doc__ or "").strip():
        yield "it has no docstring; its docstring is the line that the student reads"
    if not isinstance(points, (int, float)) or isinstance(points, bool) or not points >= 0:
        yield f"points is {points!r}; points must be a number that is not negative"
    if any(other.name == function.__name__ for other in found.checks):
        yield "there is already a check of this name; check names are unique in an assignment"
    if node is None:
        yield "its source was not found; write it as a plain `def` below the decorator"
    if function.__code__.co_argcount != 1:
        yield "a probe takes one argument, `nb`"
    unknown = sorted(_globals_of(function.__code__) - PROBE_NAMES - set(dir(builtins)))
    for name in unknown:
        yield f"the probe uses `{name}`, but only its source goes into the kernel: import it inside, or use given={{...}}"
    if not isinstance(comparator, Comparator):
        yield f"compare is {comparator!r}; it must be a comparator such as close()"
    else:
        for problem in comparator.problems():
            yield f"{comparator.name}: {problem}"


def _globals_of(code: CodeType) -> set[str]:
    """Global names that a function's code reads, in nested functions and comprehensions too."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _globals_of(constant)
    return names


# ------------------------------------------------------------------------------------------------- reading the file


def load_checks(path: Path, course: Path) -> Checks:
    """Run an assignment's `checks.py` and return what it declares. Raises AuthoringError with all that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        tree = ast.parse(text, filename=str(path))
    except FileNotFoundError:
        raise AuthoringError([Problem(path, 0, "this file is missing; it says how the blanks are judged")]) from None
    except SyntaxError as error:
        raise AuthoringError([Problem(path, error.lineno or 0, f"not valid Python: {error.msg}")]) from None
    found = _Collected(path, lines=text.splitlines())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            found.functions[min(d.lineno for d in node.decorator_list)] = node
    _loading.append(found)
    try:
        with importing_from(course):
            exec(compile(tree, str(path), "exec"), {"__name__": f"checks_of_{path.parent.name}", "__file__": str(path)})  # noqa: S102 the author's own file
    except Exception as error:
        found.problems.append(_raised_problem(error, path, course))
    finally:
        _loading.pop()
    if found.problems:
        raise AuthoringError(found.problems)
    return Checks(tuple(found.checks), tuple(found.mistakes))


def _raised_problem(error: Exception, path: Path, course: Path) -> Problem:
    """Where in the course's own files an exception came from, and what it was."""
    place, line = path, 0
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(course):
            place, line = Path(frame.filename), frame.lineno or 0
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(course):
        place, line = Path(error.filename), error.lineno or 0
    return Problem(place, line, f"this raised {type(error).__name__}: {error}")


@contextmanager
def importing_from(course: Path) -> Iterator[None]:
    """Inside, `import reference` means the folder of this course, whichever course was loaded before."""
    home = str((course / "reference").resolve())
    for name, module in list(sys.modules.items()):
        if name == "reference" or name.startswith("reference."):
            origins = [*getattr(module, "__path__", []), getattr(module, "__file__", None) or ""]
            if not any(str(Path(origin).resolve()).startswith(home) for origin in origins if origin):
                del sys.modules[name]
    importlib.invalidate_caches()
    sys.path.insert(0, str(course))
    try:
        yield
    finally:
        sys.path.remove(str(course))
