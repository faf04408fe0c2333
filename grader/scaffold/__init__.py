"""A working assignment to start from: `grader new SLUG` writes these files into a course."""

from __future__ import annotations

import keyword
from importlib import resources
from pathlib import Path

from grader.errors import UsageError

__all__ = ["write_assignment"]


def write_assignment(course: Path, slug: str, title: str) -> list[Path]:
    """Write the files of a new assignment. Returns their paths. Raises UsageError when one is there or the slug is no name."""
    if not (slug.isidentifier() and slug.isascii()) or keyword.iskeyword(slug):
        raise UsageError(f"`{slug}` cannot be an assignment's name: letters, digits and _, not starting with a digit")
    folder = course / "assignments" / slug
    targets = {
        "assignment.toml": folder / "assignment.toml",
        "notebook.md.j2": folder / "notebook.md.j2",
        "checks.py": folder / "checks.py",
        "reference.py": course / "reference" / f"{slug}.py",
    }
    there = [path for path in targets.values() if path.exists()]
    if there:
        raise UsageError(f"{there[0]} is there already; choose another name")
    facts = {"slug": slug, "title": title.replace("\\", "\\\\").replace('"', '\\"')}
    for name, path in targets.items():
        text = (resources.files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**facts), encoding="utf-8")
    package = course / "reference" / "__init__.py"
    if not package.exists():
        package.write_text('"""Reference solutions: ordinary, importable, tested code."""\n', encoding="utf-8")
    return [*targets.values()]
