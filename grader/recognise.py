"""Which cell of the template a submitted cell is.

In this order: cell id, ``metadata.id``, marker comment, the call of a self-check, the same code or text, and for given cells that
would be missing a likeness. What is left is the student's own; `grader.answers` finds the answers among it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from grader.notebook import Cell, RawCell, Role
from grader.sourcecode import bound_names, calls_of, likeness, parses, same_code, tokens
from grader.template import Template

__all__ = ["Piece", "is_empty", "recognise", "without_fence", "without_mark"]

_BLANK_MARK = re.compile(r"#+[ \t]*blank[ \t]*:[ \t]*(\w+)[ \t]*$", re.IGNORECASE)
_ANSWER_MARK = re.compile(r"\s*<!--\s*answer\s*:\s*(\w+)\s*-->", re.IGNORECASE)
_LOADS = re.compile(r"^grader\.load\(", re.MULTILINE)
_OURS = (Role.SETUP, Role.GIVEN, Role.CHECK)
_ALIKE = 0.6


@dataclass(eq=False)
class Piece:
    """A cell of a submission, or a part of one that had been merged.

    cell: the template cell that it is, if any. by: how that was found ("id", "marker", "call", "text" or "likeness").
    ignored: it only calls self-checks, and is never run.
    """

    index: int
    source: str
    is_code: bool
    ids: tuple[str, ...] = ()
    cell: Cell | None = None
    by: str = ""
    ignored: bool = False

    @property
    def blank(self) -> str | None:
        """The blank that it was recognised as."""
        return self.cell.name if self.cell and self.cell.role is Role.BLANK else None

    @property
    def doubt(self) -> int:
        """How sure it is that it is that cell: 0 by its cell id, 1 by ``metadata.id``, 2 by anything else."""
        return self.ids.index(self.cell.id) if self.by == "id" and self.cell else 2

    def is_(self, *roles: Role) -> bool:
        return self.cell is not None and self.cell.role in roles


def recognise(cells: Iterable[RawCell], template: Template) -> list[Piece]:
    """The submitted cells in their order, those of the template recognised."""
    known = {cell.id: cell for cell in template.notebook}
    parts = (part for raw in cells for part in _split(raw, known))
    pieces = [Piece(index, raw.source, raw.is_code, raw.ids) for index, raw in enumerate(parts)]
    for piece in pieces:
        piece.cell, piece.by = _by_id(piece, known) or _by_marker(piece, known) or (None, "")
    _by_call(pieces, template)
    _by_text(pieces, template)
    _by_likeness(pieces, template)
    _give_back_copies(pieces)
    return pieces


def is_empty(source: str) -> bool:
    """Is there nothing but white space and comments?"""
    return tokens(source) == ()


def without_mark(text: str) -> str:
    """A free-text answer without the comment that names it."""
    return _ANSWER_MARK.sub("", text, count=1).strip()


def without_fence(text: str) -> str:
    """The code in a Markdown cell: what stands between ``` fences, or all of it where there are none."""
    inside = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join(inside) if inside else text


# ---------------------------------------------------------------------------------------------------- one at a time


def _split(raw: RawCell, known: dict[str, Cell]) -> Iterator[RawCell]:
    """The parts of a cell into which the cells of several blanks were merged, told by their marker comments."""
    marks = list(_marks(raw.source, known))
    own = next((known[i] for i in raw.ids if i in known), None)
    at_top = bool(marks) and is_empty("\n".join(raw.source.split("\n")[: marks[0][0]]))
    first = marks[0][1] if at_top else own.name if own and own.role is Role.BLANK else None
    cuts: list[tuple[int, str]] = []
    current = first
    for line, name in marks:
        if name != current and (own or cuts or current):
            cuts.append((line, name))
        current = name
    lines = raw.source.split("\n")
    bounds = [0, *(line for line, _ in cuts), len(lines)]
    parts = ["\n".join(lines[a:b]).rstrip() for a, b in pairwise(bounds)]
    if not cuts or not all(parses(part) for part in parts):
        yield raw
        return
    yield replace(raw, source=parts[0], ids=raw.ids if not at_top or (own and own.name == first) else ())
    for part in parts[1:]:
        yield RawCell(raw.is_code, part)


def _marks(source: str, known: dict[str, Cell]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source.split("\n")):
        match = _BLANK_MARK.match(line)
        if match and f"blank-{match[1]}" in known:
            yield number, match[1]


def _by_id(piece: Piece, known: dict[str, Cell]) -> tuple[Cell, str] | None:
    for cell_id in piece.ids:
        cell = known.get(cell_id)
        if cell and not (cell.role is Role.PROSE and piece.is_code and _words(cell.source) != _words(piece.source)):
            return cell, "id"
    return None


def _by_marker(piece: Piece, known: dict[str, Cell]) -> tuple[Cell, str] | None:
    answer = _ANSWER_MARK.match(piece.source)
    if answer and f"answer-{answer[1]}" in known:
        return known[f"answer-{answer[1]}"], "marker"
    if not piece.is_code:
        inside = without_fence(piece.source).lstrip()
        marks = list(_marks(inside.split("\n")[0], known))
    else:
        marks = list(_marks(piece.source, known))
    return (known[f"blank-{marks[0][1]}"], "marker") if marks else None


# ------------------------------------------------------------------------------------------- against what is missing


def _missing(pieces: list[Piece], cells: Iterable[Cell]) -> list[Cell]:
    found = {piece.cell.id for piece in pieces if piece.cell}
    return [cell for cell in cells if cell.id not in found]


def _strange(pieces: list[Piece], is_code: bool) -> list[Piece]:
    return [p for p in pieces if p.cell is None and not p.ignored and p.is_code == is_code and p.source.strip()]


def _by_call(pieces: list[Piece], template: Template) -> None:
    """A cell that does nothing but ask for a self-check is that check's cell, or one more call of it. The same for the set-up.

    The check's cell is the first call below something that may be the answer; a call at the top is the student's own.
    """
    missing = {cell.id: cell for cell in _missing(pieces, template.notebook)}
    first: dict[str, Piece] = {}
    below: dict[str, Piece] = {}
    defined: set[str] = set()
    for piece in pieces:
        names = calls_of(piece.source, "grader.check") if piece.is_code and piece.cell is None else None
        if names:
            piece.ignored = True
            if len(names) == 1 and f"check-{names[0]}" in missing:
                answered = defined.intersection(template.defines.get(names[0], names))
                (below if answered else first).setdefault(f"check-{names[0]}", piece)
        elif piece.is_code and piece.cell is None and _LOADS.search(piece.source) and bound_names(piece.source) <= {"grader"}:
            piece.ignored = True
            first.setdefault("setup", piece)
        elif piece.is_code:
            defined |= bound_names(piece.source)
    for cell_id, piece in (first | below).items():
        if cell_id in missing:
            piece.cell, piece.by, piece.ignored = missing[cell_id], "call", False


def _by_text(pieces: list[Piece], template: Template) -> None:
    """The same code as a template cell that is missing; a further copy of a stub is still a stub, and no student's code."""
    code = [cell for cell in template.notebook if cell.role in (*_OURS, Role.BLANK)]
    order = {cell.id: index for index, cell in enumerate(code)}
    missing = _missing(pieces, code)
    for guess in (False, True):  # where several missing cells have the same code, the place tells: so these come last
        at = -1
        for piece in pieces:
            if piece.is_code and piece.cell is None and not piece.ignored and not is_empty(piece.source):
                same = [cell for cell in missing if same_code(piece.source, cell.source)]
                if len(same) < 2 or guess:
                    same += [cell for cell in code if cell.role is Role.BLANK and same_code(piece.source, cell.source)]
                    piece.cell = next((cell for cell in same if order[cell.id] > at), same[0] if same else None)
                    piece.by = "text" if piece.cell else ""
                    missing = [cell for cell in missing if cell is not piece.cell]
            at = order.get(piece.cell.id, at) if piece.cell else at
    _prose_by_text(pieces, template)


def _prose_by_text(pieces: list[Piece], template: Template) -> None:
    often = Counter(_words(cell.source) for cell in template.notebook.of(Role.PROSE))
    prose = {_words(cell.source): cell for cell in _missing(pieces, template.notebook.of(Role.PROSE))}
    for piece in _strange(pieces, is_code=False):
        if often[_words(piece.source)] == 1 and _words(piece.source) in prose:
            piece.cell, piece.by = prose.pop(_words(piece.source)), "text"


def _by_likeness(pieces: list[Piece], template: Template) -> None:
    """A given cell that is missing, and one much like it that binds the same names: an edited copy, whose id was lost."""
    for cell in _missing(pieces, (cell for cell in template.notebook if cell.role in _OURS)):
        names = bound_names(cell.source)
        same_names = [piece for piece in _strange(pieces, is_code=True) if bound_names(piece.source) == names]
        scored = [(likeness(piece.source, cell.source), -piece.index, piece) for piece in same_names]
        score, _, best = max(scored, default=(0.0, 0, None))
        if best and score >= _ALIKE:
            best.cell, best.by = cell, "likeness"


def _give_back_copies(pieces: list[Piece]) -> None:
    """Of several cells with one given cell's id, one is the given cell; the others are the student's own code."""
    for cell in {piece.cell.id: piece.cell for piece in pieces if piece.cell and piece.is_(Role.GIVEN)}.values():
        copies = [piece for piece in pieces if piece.cell is cell]
        given = next((piece for piece in copies if same_code(piece.source, cell.source)), copies[0])
        for piece in copies:
            if piece is not given:
                piece.cell, piece.by = None, ""


def _words(text: str) -> str:
    return " ".join(text.split())
