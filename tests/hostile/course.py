"""A small course: three functions to write, two checks for each of them, one of these private."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from grader.assignment import Assignment, Course
from grader.build import student_notebook
from grader.keying import Workshop, make_key
from grader.notebook import Answers
from grader.template import fill

from .case import FIRST, LAST, MIDDLE, SECRETS

SLUG = "hostile"

TOML = """
title = "Three small functions"
reference = "hostile"

[limits]
cell = 3
probe = 2
notebook = 20
output = 20000
disk = 100
"""

NOTEBOOK = """
# Three small functions

```python
import torch

with open("numbers.csv") as file:
    numbers = [float(line) for line in file]
```

{{ blank("first") }}

{{ check("first") }}

{{ blank("middle") }}

{{ check("middle") }}

{{ blank("last") }}

{{ check("last") }}

```python
print(first(numbers), last(numbers))
```
"""

REFERENCE = f'''
"""The reference of the hostile assignment."""


def first(x: list[float]) -> list[float]:
    """Each number twice.  x: any number of them. Returns as many."""
    # {SECRETS["reference"]}
    return [2 * each for each in x]


def middle(x: list[float]) -> list[float]:
    """Each number and three.  x: any number of them. Returns as many."""
    # {SECRETS["reference"]}
    return [each + 3 for each in x]


def last(x: list[float]) -> float:
    """The mean.  x: one or more numbers."""
    # {SECRETS["reference"]}
    return sum(x) / len(x)
'''

CHECKS = f'''
"""Two checks for each blank, one of them private."""

from grader.author import check, mistake


@check("first", points=1)
def first_doubles(nb):
    """The numbers of the file are doubled."""
    return nb.first(nb.numbers)


@check("first", points=1, private=True, given={{"x": [17.25, 4.5]}})
def first_hidden(nb):
    """Other numbers are doubled."""
    return nb.first(nb.given.x)


@check("middle", points=2)
def middle_adds(nb):
    """Three is added to each number."""
    return nb.middle([1.0, 2.0, 3.0])


@check("middle", points=1, private=True, given={{"x": [31.5, 7.75]}})
def middle_hidden(nb):
    """Three is added to other numbers."""
    {SECRETS["probe"]} = "{SECRETS["probe"]}"
    assert {SECRETS["probe"]}
    return nb.middle(nb.given.x)


@check("last", points=1)
def last_means(nb):
    """The mean of three numbers."""
    return nb.last([1.0, 2.0, 6.0])


@check("last", points=1, private=True, given={{"x": [0.5, 99.5]}})
def last_hidden(nb):
    """The mean of other numbers."""
    return nb.last(nb.given.x)


mistake("middle", replace={{"each + 3": "each - 3"}}, says="Three is added, not taken away.")
'''


def write_course(root: Path, workshop: Workshop) -> Assignment:
    """The course folder, with the runs that its key needs kept in it."""
    folder = root / "assignments" / SLUG
    files = {
        folder / "assignment.toml": TOML,
        folder / "notebook.md.j2": NOTEBOOK,
        folder / "checks.py": CHECKS,
        folder / "data" / "numbers.csv": "1.5\n2.5\n-4\n",
        root / "reference" / "__init__.py": '"""Reference solutions."""\n',
        root / "reference" / f"{SLUG}.py": REFERENCE,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    assignment = Course(root).assignment(SLUG)
    make_key(assignment, workshop)
    return assignment


def handed_out(assignment: Assignment, answers: Answers) -> bytes:
    notebook, _ = student_notebook(assignment, None)
    return fill(dataclasses.replace(assignment.template, notebook=notebook), answers).to_bytes()


def right_notebook(assignment: Assignment, mark: str = "") -> bytes:
    """A right one; `mark`: a comment in it that makes it another run."""
    last = f"{LAST}  # {mark}" if mark else LAST
    return handed_out(assignment, Answers(sources={"first": (FIRST,), "middle": (MIDDLE,), "last": (last,)}))
