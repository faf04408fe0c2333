"""The folder of what was handed in, everything around it that must stay as it is, and grading it."""

from __future__ import annotations

import contextlib
import functools
import html
import importlib
import importlib.util
import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.batch import Summary, grade_folder
from grader.keying import RunCache, Workshop
from grader.notebook import Answers
from grader.run import Kernels
from grader.submission import safe_name, safe_names

from .case import FIRST, LAST, SECRETS, SEGMENT, Case, Row
from .course import SLUG, handed_out
from .watch import Listeners

# ------------------------------------------------------------------------------------------------------------ isolation


@functools.cache
def missing() -> list[str]:
    """What this machine, or this version, lacks for isolation; nothing when it is there."""
    if importlib.util.find_spec("grader.isolation") is None:
        return ["grader.isolation is not there"]
    isolation = importlib.import_module("grader.isolation")
    if not hasattr(isolation, "available"):
        return ["grader.isolation is not there yet"]
    return [] if isolation.available() else list(isolation.missing()) or ["isolation.available() says no"]


def workshop(course: Path, isolated: bool | None = None, jobs: int = 1) -> Workshop:
    """With isolation where it can be had, unless it is said otherwise; the key's runs are kept in the course."""
    shut = not missing() if isolated is None else isolated
    cache = RunCache(course / ".grader" / "runs")
    kernels = Kernels(isolated=shut)
    return Workshop(runner=kernels.execute, kernels=kernels, jobs=jobs, cache=cache)


# ------------------------------------------------------------------------------------------------------------ the world


@dataclass
class World:
    """Folders and services, and where they are: the worst case is an attacker who knows."""

    assignment: Assignment
    root: Path
    temporary: Path
    listeners: Listeners

    def __post_init__(self) -> None:
        self.handed, self.out, self.canary = self.root / "handed-in", self.root / "graded", self.root / "canary"
        self.handed.mkdir()
        (self.canary / "inner").mkdir(parents=True)
        (self.canary / "letter.txt").write_text(SECRETS["canary"])
        (self.handed / "neighbour.ipynb").write_text(SECRETS["neighbour"])

    @property
    def course(self) -> Path:
        return self.assignment.course

    @property
    def places(self) -> dict[str, str]:
        names = {name: getattr(self, name) for name in ("course", "handed", "out", "canary")}
        more = {
            "port": self.listeners.port,
            "socket": self.temporary / "service",
            "pid": os.getpid(),
            "segment": SEGMENT,
            "tmp": self.temporary,
        }
        return {name: str(value) for name, value in (names | more).items()}

    def notebook(self, case: Case) -> bytes:
        """The file that is handed in: the handed-out notebook with the case's answers."""
        sources = {"first": FIRST, "middle": case.middle, "last": LAST, **dict(case.answers)}
        filled = {blank: (self._placed(text),) for blank, text in sources.items()}
        extras = {"check-middle": tuple(map(self._placed, case.after))} if case.after else {}
        return handed_out(self.assignment, Answers(sources=filled, extras=extras))

    def _placed(self, text: str) -> str:
        text = textwrap.dedent(text).strip("\n")
        for name, value in self.places.items():
            text = text.replace(f"@{name}@", value)
        return text

    def hand_in(self, case: Case) -> None:
        (self.handed / f"{case.name}.ipynb").write_bytes(self.notebook(case))

    def grade(self, jobs: int = 1) -> Summary:
        return grade_folder(self.assignment, self.handed, self.out, workshop(self.course, jobs=jobs))

    def command(self, *more: str) -> list[str]:
        """`grader grade`, with isolation where it can be had."""
        return grade_command(self.course, self.handed, self.out, *more)

    def run(self, *more: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """The command line, in a session of its own and with a secret in its environment."""
        environment = {**os.environ, "GRADER_HOSTILE_TOKEN": SECRETS["environment"], "TMPDIR": str(self.temporary)}
        command = self.command(*more)
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False, start_new_session=True
        )

    def row(self, student: str) -> Row:
        return _row(self.out, safe_name(student))

    def rows(self) -> dict[str, Row]:
        found = [json.loads(path.read_text(encoding="utf-8")) for path in (self.out / "results").glob("*.json")]
        names = safe_names(result["student"] for result in found)
        return {student: _row(self.out, name) for student, name in names.items()}


def _row(out: Path, name: str) -> Row:
    result = json.loads((out / "results" / f"{name}.json").read_text(encoding="utf-8"))
    return Row(result, (out / "feedback" / f"{name}.html").read_text(encoding="utf-8"))


def commands_isolate() -> bool:
    """Whether the command line has the word for it."""
    from grader.cli import ta

    return any("isolat" in name for name in inspect.signature(ta.grade).parameters)


def grade_command(course: Path, handed: Path, out: Path, *more: str) -> list[str]:
    command = [sys.executable, "-m", "grader", "grade", SLUG, str(handed), "--out", str(out), "--course", str(course), *more]
    return [*command, "--no-isolation"] if missing() and commands_isolate() else command


@contextlib.contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """For us and what we start; short, since sockets lie in it. Other runs may be going on in this machine."""
    place = tempfile.mkdtemp(prefix="t", dir="/tmp" if os.name == "posix" else None)
    before, tempfile.tempdir = tempfile.tempdir, place
    try:
        yield Path(place)
    finally:
        tempfile.tempdir = before
        subprocess.run(["rm", "-rf", "--", place], check=False)


def told(out: Path) -> dict[str, str]:
    """Everything that the grader writes for people to read, as text: file -> content; for the gradebook, what it keeps of grades."""
    from grader.gradebook import Gradebook

    files = [path for path in sorted(out.rglob("*")) if path.suffix in (".json", ".html", ".csv")]
    found = {path.relative_to(out).as_posix(): html.unescape(path.read_text(encoding="utf-8")) for path in files}
    with Gradebook.existing(out, SLUG) as book:
        for grade in book.grades():
            outputs = [output for cell in grade.cells for output in cell.outputs]
            found[f"gradebook: {grade.student}"] = json.dumps([grade.to_json(), outputs], ensure_ascii=False, default=str)
    return found


def spilled(texts: Mapping[str, str], *words: str) -> list[str]:
    """Where one of the words stands, with what stands around it."""
    found = []
    for place, text in texts.items():
        for word in words:
            if (at := text.find(word)) >= 0:
                found.append(f"{place}: …{text[max(0, at - 80) : at + 120]}…")
    return found
