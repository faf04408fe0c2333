"""`grader demo`: publish an assignment, make a small class that hands it in, and grade it.

The class has right answers (one with cells of its own, one reordered, one whose ids are gone, one saved by an old Windows
editor), every mistake that the assignment declares, spread over several students, a notebook nobody touched, one half done, one
with a syntax error, one with an endless loop, and one file that is no notebook.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.assignment import Assignment
from grader.batch import Summary, grade_folder
from grader.build import Bundle, build, student_notebook
from grader.errors import UsageError
from grader.keying import Workshop
from grader.notebook import Answers
from grader.settings import Limits
from grader.template import fill

__all__ = ["Demo", "make_class", "run_demo"]

MISTAKEN = 8  # students over whom the mistakes are spread
CELL_SECONDS = 20.0  # the endless loop waits for this
_NAMES = ["ada", "barbara", "claude", "donald", "edsger", "frances", "grace", "haskell", "ivan", "john", "katherine", "linus"]


@dataclass(frozen=True)
class Demo:
    """What the demo made."""

    bundle: Bundle
    submissions: Path
    students: int
    summary: Summary


def run_demo(assignment: Assignment, out: Path, workshop: Workshop) -> Demo:
    """Build, hand in, grade, all below `out`. Raises UsageError when `out` holds something that the demo did not make."""
    marker = out / ".grader-demo"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise UsageError(f"{out} is not empty; choose another --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    marker.touch()
    limits = Limits(cell=CELL_SECONDS, notebook=240.0)
    quick = dataclasses.replace(assignment, settings=dataclasses.replace(assignment.settings, limits=limits))
    bundle = build(quick, out / "published", workshop)
    students = make_class(quick, out / "submissions")
    summary = grade_folder(quick, out / "submissions", out / "graded", workshop)
    return Demo(bundle, out / "submissions", len(students), summary)


def make_class(assignment: Assignment, folder: Path) -> list[str]:
    """Write the class's submissions into `folder`, a file a student. Returns their names."""
    notebook, _ = student_notebook(assignment, None)
    template = dataclasses.replace(assignment.template, notebook=notebook)

    def hand_in(answers: Answers) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(fill(template, answers).to_bytes())
        return content

    right = assignment.template.reference_answers()
    made: dict[str, bytes] = {
        "right-ada": _bytes(hand_in(right)),
        "right-barbara-own-cells": _bytes(hand_in(_with_own_cells(right, assignment))),
        "right-claude-reordered": _bytes(_reordered(hand_in(right))),
        "right-donald-no-ids": _bytes(_without_ids(hand_in(right))),
        "right-edsger-old-windows": b"\xef\xbb\xbf" + _bytes(hand_in(right)).replace(b"\n", b"\r\n"),
    }
    for number, wrong in enumerate(_spread_mistakes(assignment), 1):
        made[f"mistakes-{number}-{_NAMES[(number + 4) % len(_NAMES)]}"] = _bytes(hand_in(right_with(assignment, wrong)))
    first, last = assignment.template.blanks[0], assignment.template.blanks[-1]
    made["untouched"] = _bytes(hand_in(Answers()))
    made["syntax-error"] = _bytes(hand_in(right_with(assignment, {last: f"# blank: {last}\ndef broken(:\n    return"})))
    made["endless-loop"] = _bytes(hand_in(right_with(assignment, {last: f"# blank: {last}\nwhile True:\n    pass"})))
    made["half-done"] = _bytes(hand_in(_first_half(right, assignment)))
    made["not-a-notebook"] = f"Dear TA, I attach my homework. {first} was hard!".encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    return list(made)


def right_with(assignment: Assignment, others: dict[str, str]) -> Answers:
    """The reference's answers with some blanks answered otherwise."""
    return assignment.template.reference_answers(**others)


def _first_half(right: Answers, assignment: Assignment) -> Answers:
    blanks = assignment.template.blanks
    return Answers(sources={blank: right.sources[blank] for blank in blanks[: len(blanks) // 2]})


def _spread_mistakes(assignment: Assignment) -> list[dict[str, str]]:
    """Every mistake once, at most one a blank for each student: blank -> wrong source, for a student each."""
    most = max([MISTAKEN, *(len(assignment.checks.mistakes_of(blank)) for blank in assignment.template.blanks)])
    students: list[dict[str, str]] = [{} for _ in range(most)]
    turn = itertools.count()
    for blank in assignment.template.blanks:
        for mistake in assignment.checks.mistakes_of(blank):
            student = students[next(turn) % most]
            student[blank] = mistake.apply(assignment.template.solutions[blank])
    return [wrong for wrong in students if wrong]


def _with_own_cells(right: Answers, assignment: Assignment) -> Answers:
    """The right answers with a student's own cells around them: prints, a warning, a plot."""
    cells = [cell.id for cell in assignment.template.notebook if cell.is_code]
    own = (
        "import warnings\nwarnings.warn('just trying things')\nprint('hello', [i**2 for i in range(5)])",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]); plt.title('my own plot'); plt.show()",
    )
    return dataclasses.replace(right, extras={cells[1]: own, cells[-1]: own[:1]})


def _bytes(notebook: dict[str, Any]) -> bytes:
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode() + b"\n"


def _reordered(notebook: dict[str, Any]) -> dict[str, Any]:
    """The last two blanks' cells moved to the top, as when somebody tidies up."""
    cells = notebook["cells"]
    moved = [cell for cell in cells if cell["id"].startswith("blank-")][-2:]
    return notebook | {"cells": moved + [cell for cell in cells if cell not in moved]}


def _without_ids(notebook: dict[str, Any]) -> dict[str, Any]:
    """As a tool leaves it that knows nbformat 4.0 only: no cell ids, no metadata."""
    cells = [{k: v for k, v in cell.items() if k != "id"} | {"metadata": {}} for cell in notebook["cells"]]
    return notebook | {"cells": cells, "nbformat": 4, "nbformat_minor": 0}
