"""Notebooks as the rest of ``grader`` sees them. The only module that knows nbformat.

A `Notebook` is a tuple of `Cell`; a cell knows its role in the assignment. Every notebook that we make (the student's, the
solution, the graded one) is built as these and turned into nbformat 4.5 at the last moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import nbformat

from grader.errors import UnreadableSubmission

__all__ = ["Answers", "Cell", "Notebook", "RawCell", "Role", "read"]


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

    @property
    def is_students(self) -> bool:
        """Whether the code in it is the student's own: in a blank, or in a cell that they added."""
        return self.role in (Role.BLANK, Role.EXTRA)


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

    def to_bytes(self) -> bytes:
        """An ``.ipynb`` file's content, UTF-8. Raises nbformat's ValidationError if we made a bad one."""
        node = self.to_node()
        nbformat.validate(node)
        return (nbformat.writes(node) + "\n").encode()

    def write(self, path: Path) -> None:
        """Write an ``.ipynb`` file, and the folders above it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.to_bytes())


_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3", "file_extension": ".py"},
}


def _cell_node(cell: Cell) -> nbformat.NotebookNode:
    metadata: dict[str, Any] = {"id": cell.id, "grader": {"role": str(cell.role)}}
    if cell.role is Role.SETUP:  # it may hold a long key: folded in JupyterLab, a form in Colab
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
    if cell.role in (Role.PROSE, Role.SETUP, Role.GIVEN, Role.CHECK):
        metadata |= {"editable": False, "deletable": False}
    elif cell.role in (Role.BLANK, Role.ANSWER):
        metadata["deletable"] = False
    plain: dict[str, Any] = {"id": cell.id, "cell_type": "code", "metadata": metadata, "source": cell.source}
    if cell.is_code:
        plain |= {"execution_count": None, "outputs": list(cell.outputs)}
    else:
        plain["cell_type"] = "markdown"
    return nbformat.from_dict(plain)  # nbformat.v4's functions validate each cell, a millisecond; `to_bytes` validates them all


# ---------------------------------------------------------------------------------------------- reading what students send


@dataclass(frozen=True)
class RawCell:
    """A cell as it stands in a submitted file: nothing in it is trusted. `ids`: its `id` and its `metadata.id`, if any."""

    is_code: bool
    source: str
    ids: tuple[str, ...] = ()


MAX_BYTES = 50_000_000
_DEEPEST = "The file is not a notebook: its JSON is nested too deep."


def read(data: bytes) -> list[RawCell]:
    """The cells of a submitted file, as they stand in it: nbformat 2 to 4, no matter which program wrote it.

    Works on the raw JSON, since nbformat renames duplicate ids and refuses files that Jupyter itself opens.
    Raises UnreadableSubmission, and nothing else, with a reason of one sentence.
    """
    if len(data) > MAX_BYTES:
        size, limit = len(data) // 1_000_000, MAX_BYTES // 1_000_000
        raise UnreadableSubmission(
            f"The file has {size} MB, more than the {limit} MB allowed: clear the outputs and save it again."
        )
    tree = _parse(_decode(data))
    cells = [_raw_cell(cell, joined) for cell, joined in _json_cells(tree)]
    if not cells:
        raise UnreadableSubmission("The notebook has no cells.")
    return cells


_BINARY = {
    b"PK\x03\x04": "a zip archive (or an office document)",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{\\rtf": "a rich-text document",
}


def _decode(data: bytes) -> str:
    for magic, kind in _BINARY.items():
        if data.startswith(magic):
            raise UnreadableSubmission(f"The file is {kind}, not a notebook: hand in the .ipynb file itself.")
    try:
        text = data.decode(json.detect_encoding(data) if data.strip(b"\0") else "utf-8")
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise UnreadableSubmission(f"The file is not UTF-8 text ({place}): open it in Jupyter and save it again.") from None
    if not text.strip("\ufeff \t\r\n"):
        raise UnreadableSubmission("The file is empty.")
    if "\0" in text:
        raise UnreadableSubmission("The file holds NUL bytes: it was damaged when it was saved or copied.")
    return text


def _parse(text: str) -> Any:
    # Numbers matter to nobody here, and Python refuses to make an int of more than 4300 digits.
    try:
        return json.loads(text, strict=False, parse_int=lambda digits: int(digits[:18]))
    except RecursionError:
        raise UnreadableSubmission(_DEEPEST) from None
    except json.JSONDecodeError as error:
        hint = _what_it_is(text, cut_off=error.msg.startswith("Unterminated") or not text[error.pos :].strip())
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableSubmission(f"The file is not valid JSON ({place}): {hint}.") from None


_SCRIPT = re.compile(r"^(#|import |from \w|def |class |@\w|\"\"\"|\w+\s*=[^=]|print\()")


def _what_it_is(text: str, cut_off: bool) -> str:
    """What a file that is not JSON looks like, and what to do."""
    start = text.lstrip()[:500].lower()
    if re.match(r"<(!doctype|html|head|\?xml)", start):
        return "it looks like an HTML page, hand in the .ipynb file itself"
    if start.startswith("version https://git-lfs"):
        return "it is only a Git LFS pointer to the notebook"
    if re.search(r"^(<{7}|>{7}) ", text, re.MULTILINE):
        return "it holds the conflict marks of a git merge"
    if _SCRIPT.match(text.lstrip()):
        return "it looks like a Python script, hand in the notebook (.ipynb)"
    if start.startswith("{") and cut_off:
        return "it ends too early, the upload may have been cut off"
    return "it was damaged, or it is no notebook"


def _json_cells(tree: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """The cells of any major version. Second: are lists of lines joined with line ends (as nbformat 2 and 3 may want)?"""
    if not isinstance(tree, dict) or not ({"cells", "worksheets"} & tree.keys()):
        raise UnreadableSubmission("The file is JSON but not a notebook: it has no cells.")
    major = tree.get("nbformat", 4 if "cells" in tree else 3)
    if major not in (2, 3, 4):
        raise UnreadableSubmission(f"The notebook has the unknown format {str(major)[:20]!r}: save it again as version 4.")
    sheets = [tree] if "cells" in tree else tree["worksheets"]
    for sheet in sheets if isinstance(sheets, list) else []:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict):
                yield cell, major < 4


def _raw_cell(cell: dict[str, Any], old: bool) -> RawCell:
    kind = cell.get("cell_type", "code" if {"outputs", "input"} & cell.keys() else "markdown")
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        by_lines = old and lines and not lines[0].endswith(("\n", "\r"))
        source = ("\n" if by_lines else "").join(lines)
    if not isinstance(source, str):
        source = ""
    if kind == "heading":
        level = cell.get("level")
        source = "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + " " + source
    metadata = cell.get("metadata")
    ids = [cell.get("id"), metadata.get("id") if isinstance(metadata, dict) else None]
    found = dict.fromkeys(_whole(i) for i in ids if isinstance(i, str) and i)
    return RawCell(kind == "code", _whole(source).replace("\r\n", "\n").replace("\r", "\n"), tuple(found))


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
