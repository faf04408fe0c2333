"""A student's copy of an assignment: written into as in Jupyter, handed in as bytes, graded as a TA does it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.assignment import Assignment
from grader.grade import grade, request
from grader.key import Key
from grader.notebook import read
from grader.result import Grade, Outcome
from grader.run import Request, execute, run_many
from grader.submission import extract

Sources = str | tuple[str, ...]  # an answer: one cell, or several


@dataclass
class Sheet:
    """The handed-out notebook as JSON, open in somebody's editor. Its methods change it and return it."""

    content: dict[str, Any]

    @classmethod
    def opened(cls, data: bytes) -> Sheet:
        content = json.loads(data)
        for cell in content["cells"]:
            cell["source"] = "".join(cell["source"])
        return cls(content)

    @property
    def cells(self) -> list[dict[str, Any]]:
        return self.content["cells"]

    def at(self, cell_id: str) -> int:
        return next(i for i, cell in enumerate(self.cells) if cell.get("id") == cell_id)

    def write(self, cell_id: str, source: str) -> Sheet:
        self.cells[self.at(cell_id)]["source"] = source
        return self

    def put(self, after: str, source: str, kind: str = "code") -> Sheet:
        """A cell of the student's own below the cell `after`; at the top for ""."""
        place = self.at(after) + 1 if after else 0
        self.cells.insert(place, cell_of(source, kind))
        return self

    def answer(self, answers: Mapping[str, Sources], *, marked: bool = True) -> Sheet:
        """Blank -> its answer. marked: under the comment `# blank: name`, which some delete."""
        for blank, sources in answers.items():
            first, *more = (sources,) if isinstance(sources, str) else sources
            self.write(f"blank-{blank}", with_mark(first, blank) if marked else first.strip("\n"))
            for source in reversed(more):
                self.put(f"blank-{blank}", source.strip("\n"))
        return self

    def delete(self, *ids: str) -> Sheet:
        self.content["cells"] = [cell for cell in self.cells if cell.get("id") not in ids]
        return self

    def copy(self) -> Sheet:
        return Sheet(copy.deepcopy(self.content))

    def bytes(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, indent=1).encode()


def cell_of(source: str, kind: str = "code") -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def with_mark(source: str, blank: str) -> str:
    """The comment goes first, but a cell magic before it."""
    source = source.strip("\n")
    if source.startswith("%%"):
        magic, _, rest = source.partition("\n")
        return f"{magic}\n# blank: {blank}\n{rest}"
    return f"# blank: {blank}\n{source}"


@dataclass(frozen=True)
class Marked:
    """What became of one submission."""

    grade: Grade

    @property
    def lost(self) -> dict[str, str]:
        """Check -> why, for every check that did not earn all its points."""
        return {c.name: f"{c.outcome}: {c.message}" for c in self.grade.checks if c.score < c.points}

    @property
    def passed(self) -> set[str]:
        """The checks that passed and earned something."""
        return {c.name for c in self.grade.checks if c.outcome is Outcome.PASSED and c.score == c.points > 0}

    @property
    def scores(self) -> dict[str, float]:
        """Check -> points, for every check that earned any."""
        return {c.name: c.score for c in self.grade.checks if c.score > 0}

    def printed(self, cell_id: str) -> str:
        outputs = next(c for c in self.grade.cells if c.id == cell_id).outputs
        return "".join(o["text"] for o in outputs if o["output_type"] == "stream")

    def diagnoses(self, blank: str) -> set[str]:
        return {c.diagnosis for c in self.grade.checks if c.blank == blank} - {""}


def grade_all(assignment: Assignment, key: Key, handed_in: Mapping[str, bytes | Sheet]) -> dict[str, Marked]:
    """extract(read(bytes)) -> request -> run -> grade, for each; two notebooks run at once."""
    data = {name: found.bytes() if isinstance(found, Sheet) else found for name, found in handed_in.items()}
    answers = {name: extract(read(found), assignment.template) for name, found in data.items()}
    requests: dict[str, Request] = {name: request(assignment, found) for name, found in answers.items()}
    marked = {}
    for name, run in run_many(requests, 2, execute):
        marked[name] = Marked(grade(key, run, answers[name], name, f"{name}.ipynb"))
    return marked


def names_of(key: Key, *blanks: str, private: bool | None = None) -> set[str]:
    """The checks of some blanks (all, for none): the public ones, the private ones, or both."""
    checks = [c for c in key.checks if (not blanks or c.blank in blanks) and private in (None, c.private)]
    return {c.name for c in checks}


def points_of(key: Key, names: Iterable[str]) -> float:
    wanted = set(names)
    return sum(c.points for c in key.checks if c.name in wanted)
