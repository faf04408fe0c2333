"""Write docs/course.md: each task of the lectures, and where it is answered, from `[tasks]` of the assignments.

python docs/make_course.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from grader.assignment import Assignment, Course  # noqa: E402  the course of this very clone
from grader.settings import Task  # noqa: E402

ORDER = ["rnn_ab", "perceptron", "autograd", "mlp", "logistic", "relu_network", "rnn_abacad", "lstm"]  # of the lectures
HEAD = """# The course

Five lectures, {assignments} assignments, {tasks} tasks. Made by `python docs/make_course.py` from `[tasks]` of each
`assignment.toml`.

**Lecture** is the place in the lecture's text; **reference** what does the task in `reference/`; **blank** where students do
it, with its points, or *given*: the notebook does it for them, and they look; **checks** are those of the blanks, (p) the
private ones. What is given as a picture is shown below each table; `python docs/make_pictures.py` draws them.
"""
PREFIX = "picture_"  # of the references' functions that draw: see make_pictures.py


def main() -> str:
    """The whole file."""
    course = Course(ROOT)
    slugs = sorted(course.slugs(), key=lambda slug: (ORDER.index(slug) if slug in ORDER else len(ORDER), slug))
    assignments = [course.assignment(slug) for slug in slugs]
    tasks = sum(len(a.settings.tasks) for a in assignments)
    parts = [HEAD.format(assignments=len(assignments), tasks=tasks), *map(section, assignments)]
    return "\n".join(parts)


def section(assignment: Assignment) -> str:
    """One assignment: its cover and the table of its tasks."""
    slug, settings = assignment.slug, assignment.settings
    points = sum(c.points for c in assignment.checks.checks) + sum(a.points for a in settings.answers.values())
    reference = f"[`reference/{settings.reference}.py`](../reference/{settings.reference}.py)"
    template = f"[`assignments/{slug}`](../assignments/{slug}/notebook.md.j2)"
    lines = [f"## {settings.title}", "", f"Lecture {settings.lecture} · {reference} · {template} · {points:g} points", ""]
    if "cover.png" in assignment.data_files():
        lines += [f"![{settings.title}](../assignments/{slug}/data/cover.png)", ""]
    lines += ["| task | | lecture | reference | blank | checks |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [row(assignment, number, task) for number, task in sorted(settings.tasks.items())]
    return "\n".join([*lines, "", *gallery(assignment)])


def gallery(assignment: Assignment) -> list[str]:
    """The pictures that the notebook shows, in its order, with what they show; the cover stands above the table."""
    template = (assignment.folder / "notebook.md.j2").read_text(encoding="utf-8")
    shown = [(text, name) for text, name in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", template) if name != "cover.png"]
    lines = [f"![{text}](../assignments/{assignment.slug}/data/{name})" for text, name in shown]
    return ["\n\n".join(lines), ""] if lines else []


def row(assignment: Assignment, number: str, task: Task) -> str:
    blanks = [name for name in task.blanks if name in assignment.template.blanks]
    reference = [*blanks, *task.given]
    where = [f"`{name}` ({assignment.checks.points(name):g})" for name in blanks]
    where += [f"`{name}` ({assignment.settings.answers[name].points:g}, by hand)" for name in task.blanks if name not in blanks]
    where += ["*given*"] if task.given else []
    checks = [f"{c.name}{' (p)' if c.private else ''}" for name in blanks for c in assignment.checks.of(name)]
    names = ", ".join(linked(assignment, name) for name in reference)
    cells = [number, task.title, task.where, names, ", ".join(where), ", ".join(checks) or "–"]
    return f"| {' | '.join(cells)} |"


def linked(assignment: Assignment, name: str) -> str:
    """A name of the reference; one that draws a picture leads to it."""
    picture = f"{name.removeprefix(PREFIX)}.png"
    if name.startswith(PREFIX) and picture in assignment.data_files():
        return f"[`{name}`](../assignments/{assignment.slug}/data/{picture})"
    return f"`{name}`"


if __name__ == "__main__":
    (ROOT / "docs" / "course.md").write_text(main(), encoding="utf-8")
