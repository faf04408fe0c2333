"""A course in a folder with one small assignment, and students who hand it in. No two hand in the same, so no run is shared."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from string import Template as Text

from grader.assignment import Assignment, Course
from grader.build import student_notebook
from grader.notebook import Role
from grader.template import fill

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def write_course(folder: Path, slug: str, **numbers: int) -> Course:
    """Write the assignment `slug` of this package as a course of its own. numbers: for the `$names` in assignment.toml."""
    place = folder / "assignments" / slug
    place.mkdir(parents=True, exist_ok=True)
    (folder / "reference").mkdir(exist_ok=True)
    (folder / "reference" / "__init__.py").write_text("")
    (folder / "reference" / f"{slug}.py").write_text(read(slug, "reference.py"))
    for name in ("notebook.md.j2", "checks.py"):
        (place / name).write_text(read(slug, name))
    (place / "assignment.toml").write_text(Text(read(slug, "assignment.toml")).substitute(numbers))
    return Course.at(folder)


def read(slug: str, name: str) -> str:
    """A file of an assignment of this package."""
    return (HERE / slug / name).read_text(encoding="utf-8")


def answers_of(assignment: Assignment, student: int, wrong: str = "") -> dict[str, str]:
    """Blank -> source: the reference's, with names of this student's own. wrong: a blank answered with its first mistake."""
    sources = dict(assignment.template.solutions)
    if wrong:
        sources[wrong] = assignment.checks.mistakes_of(wrong)[0].apply(sources[wrong])
    own = {r"\bloss\b": f"loss_{student}", r"\bw \* x": f"{student}.0 / {student}.0 * w * x"}
    for pattern, mine in own.items():
        sources = {blank: re.sub(pattern, mine, source) for blank, source in sources.items()}
    return sources


def hand_in(assignment: Assignment, student: int, wrong: str = "") -> bytes:
    """One student's notebook. Students count from 1."""
    notebook, _ = student_notebook(assignment, None)
    template = replace(assignment.template, notebook=notebook)
    return fill(template, template.reference_answers(**answers_of(assignment, student, wrong))).to_bytes()


def cells_of(assignment: Assignment, student: int) -> list[str]:
    """The sources of the code cells of one student's notebook, without those of the grader."""
    filled = fill(assignment.template, assignment.template.reference_answers(**answers_of(assignment, student)))
    return [cell.source for cell in filled if cell.role in (Role.GIVEN, Role.BLANK)]


def bare_seconds(cells: Sequence[str], warm: Sequence[str], times: int, values: dict[str, str] | None = None) -> dict:
    """What the cells cost in one plain process with one thread: `{"seconds": [a number a time], "values": {name: value}}`.

    warm: cells executed first and not counted, for imports and what is lazy on first use. values: name -> expression.
    Raises SystemExit when a cell raises.
    """
    asked = json.dumps({"cells": list(cells), "warm": list(warm), "times": times, "values": values or {}})
    command = [sys.executable, str(HERE / "bare.py")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the cells do not run as plain Python:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)


def grade_command(course: Path, slug: str, folder: Path, out: Path, jobs: int, profile: str, options: str) -> list[str]:
    """The call of `grader grade`. options: more of its options, as one text."""
    where = ["--course", str(course), "--out", str(out), "--jobs", str(jobs), "--profile", profile]
    return [sys.executable, "-m", "grader", "grade", slug, str(folder), *where, *shlex.split(options)]
