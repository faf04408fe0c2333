"""What an instructor publishes: `student/` to hand out, `solution/` executed, `key/` to keep."""

from __future__ import annotations

import base64
import dataclasses
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

from grader.assignment import Assignment
from grader.errors import UsageError
from grader.grade import grade, request
from grader.key import Key
from grader.keying import Workshop, make_key
from grader.notebook import Notebook, Role
from grader.report import selfcheck_html, selfcheck_text
from grader.result import Grade, Run

__all__ = ["Bundle", "build", "student_notebook"]

EMBED_UP_TO = 400_000  # characters of base64; a larger public key is only the file beside the notebook

_SETUP = """# Run this cell first: it finds grader, and the answers to the checks that you may see.
try:
    import grader
except ImportError:
    %pip install --quiet torch-grader
    import grader

grader.load("{slug}.key"{embedded})"""


@dataclass(frozen=True)
class Bundle:
    """What `build` wrote."""

    folder: Path
    notebook: Path
    public_key: Path
    solution: Path
    key: Path
    max_score: float
    embedded: bool


def student_notebook(assignment: Assignment, public: Key | None) -> tuple[Notebook, bool]:
    """The notebook as handed out, and whether the public key fitted into its set-up cell. Without a key: only the name."""
    embedded = ""
    if public is not None:
        text = base64.b64encode(zlib.compress(public.to_bytes(), 9)).decode()
        embedded = f',\n    "{text}"' if len(text) <= EMBED_UP_TO else ""
    source = _SETUP.format(slug=assignment.slug, embedded=embedded)
    setup = next(cell.id for cell in assignment.template.notebook if cell.role is Role.SETUP)
    return assignment.template.notebook.with_sources({setup: source}), bool(embedded)


def build(assignment: Assignment, out: Path, workshop: Workshop) -> Bundle:
    """Make the key and write the three folders. Raises AuthoringError, or UsageError when `out` holds something else."""
    _refuse_foreign(out)
    key = make_key(assignment, workshop)
    solution = assignment.template.reference_answers()
    run = workshop.run_all("Solution", {"solution": request(assignment, solution)})["solution"]
    graded = grade(key, run, solution, "reference", "")
    public = key.public()
    notebook, embedded = student_notebook(assignment, public)
    slug = assignment.slug
    for part in ("student", "solution", "key"):
        shutil.rmtree(out / part, ignore_errors=True)
    paths = {
        "notebook": out / "student" / f"{slug}.ipynb",
        "public_key": out / "student" / f"{slug}.key",
        "solution": out / "solution" / f"{slug}.ipynb",
        "key": out / "key" / f"{slug}.key",
    }
    notebook.write(paths["notebook"])
    paths["public_key"].write_bytes(public.to_bytes())
    _executed(assignment, run, graded).write(paths["solution"])
    paths["key"].parent.mkdir(parents=True, exist_ok=True)
    paths["key"].write_bytes(key.to_bytes())
    if assignment.data is not None:
        for part in ("student", "solution"):
            shutil.copytree(assignment.data, out / part, dirs_exist_ok=True)
    return Bundle(folder=out, max_score=key.max_score, embedded=embedded, **paths)


def _refuse_foreign(out: Path) -> None:
    """`build` replaces its three folders; it must not do so in a place that somebody uses for something else."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; --out names a folder")
    known = {"student", "solution", "key"}
    others = sorted(p.name for p in out.iterdir() if p.name not in known) if out.is_dir() else []
    if others:
        raise UsageError(f"{out} holds other things ({', '.join(others[:3])}); choose an empty or new folder with --out")


def _executed(assignment: Assignment, run: Run, graded: Grade) -> Notebook:
    """The solution with what its cells printed and drew, and the result of each check."""
    outputs = {cell.id: tuple(cell.outputs) for cell in run.cells}
    filled = request(assignment, assignment.template.reference_answers()).notebook
    by_id = {cell.id: cell for cell in filled}
    cells = []
    for cell in assignment.template.notebook:
        if cell.role is Role.CHECK:
            results = [check for check in graded.checks if check.blank == cell.name]
            data = {"text/html": selfcheck_html(cell.name, results, {}), "text/plain": selfcheck_text(cell.name, results)}
            shown = ({"output_type": "display_data", "data": data, "metadata": {}},)
            cells.append(dataclasses.replace(cell, outputs=shown))
        elif cell.role is Role.SETUP:
            cells.append(dataclasses.replace(cell, source="import grader"))
        else:
            cells.append(dataclasses.replace(by_id[cell.id], outputs=outputs.get(cell.id, ())))
    return Notebook(tuple(cells))
