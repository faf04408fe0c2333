"""Notebooks as the rest of ``grader`` sees them. The only module that knows nbformat.

A `Notebook` is a tuple of `Cell`; a cell knows its role in the assignment. Every notebook that we make (the student's, the
solution, the graded one) is built as these and turned into nbformat 4.5 at the last moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import nbformat

from grader.errors import UnreadableSubmission

__all__ = ["Answers", "Cell", "Notebook", "Role"]


class Role(StrEnum):
    """What a cell is for. PROSE is Markdown; SETUP finds grader and holds the public key; EXTRA is the student's own."""

    PROSE = "prose"
    SETUP = "setup"
    GIVEN = "given"
    BLANK = "blank"
    CHECK = "check"
    ANSWER = "answer"
    EXTRA = "extra"


@dataclass(frozen=True)
class Cell:
    """One cell. `id` is stable: ``blank-<name>``, ``check-<name>``, ``answer-<name>``, ``given-<n>``, ``prose-<n>``, ``setup``.

    `name` is the blank's (role BLANK and CHECK) or the free-text answer's (role ANSWER), else "".
    """

    id: str
    role: Role
    source: str
    name: str = ""
    outputs: tuple[dict[str, Any], ...] = ()

    @property
    def is_code(self) -> bool:
        return self.role not in (Role.PROSE, Role.ANSWER)


@dataclass(frozen=True)
class Answers:
    """What was found in a submission for the blanks, and the student's own extra cells.

    sources: blank -> its cells' sources, in the order they run (the cells between a blank and its check belong to it).
    texts: name of a free-text answer -> its Markdown.
    extras: id of a template cell -> sources of the student's own code cells that follow it; "" for those before all others.
    untouched: blanks whose stub is unchanged (compared by tokens) or gone, while nothing else defines their names.
    notes: what had to be resolved, a sentence each ("The cell of `train` was found by its marker comment.").
    """

    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    extras: dict[str, tuple[str, ...]] = field(default_factory=dict)
    untouched: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notebook:
    """An ordered tuple of cells."""

    cells: tuple[Cell, ...]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def of(self, role: Role) -> list[Cell]:
        """The cells of one role, in order."""
        return [cell for cell in self.cells if cell.role is role]

    def with_sources(self, sources: dict[str, str]) -> Notebook:
        """The same notebook with other sources for the cells whose ids are keys of `sources`."""
        cells = (replace(c, source=sources[c.id]) if c.id in sources else c for c in self.cells)
        return Notebook(tuple(cells))

    def to_node(self) -> nbformat.NotebookNode:
        """nbformat 4.5. Given, check and set-up cells are locked; every id stands in the metadata too (Colab keeps that one)."""
        node = nbformat.v4.new_notebook(metadata=_METADATA)
        node.cells = [_cell_node(cell) for cell in self.cells]
        return node

    def write(self, path: Path) -> None:
        """Write an ``.ipynb`` file, UTF-8, one line end at the end. Raises nbformat's ValidationError if we made a bad one."""
        node = self.to_node()
        nbformat.validate(node)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.writes(node) + "\n", encoding="utf-8")


_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3", "file_extension": ".py"},
}


def _cell_node(cell: Cell) -> nbformat.NotebookNode:
    metadata: dict[str, Any] = {"id": cell.id, "grader": {"role": str(cell.role)}}
    if cell.role in (Role.PROSE, Role.SETUP, Role.GIVEN, Role.CHECK):
        metadata |= {"editable": False, "deletable": False}
    elif cell.role in (Role.BLANK, Role.ANSWER):
        metadata["deletable"] = False
    if not cell.is_code:
        return nbformat.v4.new_markdown_cell(cell.source, id=cell.id, metadata=metadata)
    outputs = [nbformat.from_dict(output) for output in cell.outputs]
    return nbformat.v4.new_code_cell(cell.source, id=cell.id, metadata=metadata, outputs=outputs)


# ---------------------------------------------------------------------------------------------- reading what students send


@dataclass(frozen=True)
class RawCell:
    """A cell as it stands in a submitted file: nothing in it is trusted. `ids`: its `id` and its `metadata.id`, if any."""

    is_code: bool
    source: str
    ids: tuple[str, ...] = ()


def read(data: bytes) -> list[RawCell]:
    """The cells of a submitted file. Raises UnreadableSubmission with a reason."""
    raise UnreadableSubmission("not implemented")
