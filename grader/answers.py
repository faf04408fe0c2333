"""Finding the answers in a submission: rule 2 of judging, second half.

What is graded is what the student saw when the notebook ran from top to bottom, as far as that can be told: an answer stays in
its blank's place, extra cells stay after the cell that they followed. Only where a blank would be left without an answer is one
looked for: below the stub, by names that no other blank defines, by order before the check cell, in any other cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.notebook import Answers, Cell, RawCell, Role
from grader.recognise import Piece, is_empty, recognise, without_fence, without_mark
from grader.sourcecode import bound_names, calls_of, definition, names_used, same_code
from grader.template import Template

__all__ = ["extract"]


def extract(cells: Sequence[RawCell], template: Template) -> Answers:
    """What was handed in for each blank and each free-text answer, and the student's own cells, in their places."""
    pieces = recognise(cells, template)
    search = _Search(template, pieces)
    for step in (search.below_the_stub, search.by_names, search.by_order, search.in_our_cells, search.in_other_answers):
        step()
    extras = search.place_the_rest()
    sources = {b: tuple(p.source for p in sorted(found, key=lambda p: p.index)) for b, found in search.answers.items() if found}
    sources |= search.copied
    texts = {cell.name: _text(cell, pieces) for cell in template.notebook.of(Role.ANSWER)}
    untouched = frozenset(search.plan.blanks) - sources.keys()
    return Answers(sources, texts, extras, untouched, tuple(_notes(search, template, pieces)))


class _Plan:
    """The template's order: where each cell stands, where each blank's own stretch ends, and which names tell blanks apart."""

    def __init__(self, template: Template) -> None:
        self.cells = template.notebook.cells
        self.at = {cell.id: index for index, cell in enumerate(self.cells)}
        self.code = [index for index, cell in enumerate(self.cells) if cell.is_code]
        self.blanks = {cell.name: self.at[cell.id] for cell in template.notebook.of(Role.BLANK)}
        self.names = {blank: frozenset(template.defines.get(blank, (blank,))) for blank in self.blanks}
        given = (bound_names(c.source) for c in self.cells if c.is_code and c.role is not Role.BLANK)
        shared = frozenset().union(*given)
        self.own_names = {
            blank: names - shared - frozenset().union(*(n for b, n in self.names.items() if b != blank))
            for blank, names in self.names.items()
        }

    def stretch_end(self, blank: str) -> int:
        """Index of the next code cell of the template after the blank: what stands before it belongs to the answer."""
        return next((index for index in self.code if index > self.blanks[blank]), len(self.cells))

    def check(self, blank: str) -> int:
        """Index of the blank's check cell."""
        return self.at.get(f"check-{blank}", self.stretch_end(blank))

    def stretch_of(self, index: int) -> str | None:
        """The blank whose stretch the cell at `index` stands in."""
        return next((b for b, start in self.blanks.items() if start <= index < self.stretch_end(b)), None)


class _Search:
    """One search for the answers. Each step gives `loose` pieces to blanks that have no answer yet.

    answers: blank -> the pieces found. copied: blank -> sources taken from another blank's cell. how: blank -> a note's key.
    """

    def __init__(self, template: Template, pieces: list[Piece]) -> None:
        self.plan = _Plan(template)
        self.pieces = pieces
        self.stubs = [cell.source for cell in template.notebook.of(Role.BLANK)]
        self.answers: dict[str, list[Piece]] = {blank: [] for blank in self.plan.blanks}
        self.copied: dict[str, tuple[str, ...]] = {}
        self.how: list[tuple[str, str]] = []
        self.loose = [p for p in pieces if p.is_code and p.cell is None and not p.ignored and p.source.strip()]
        for blank in self.plan.blanks:
            self._take_own_cells(blank)
        self.primary: dict[str, Piece] = {}
        for piece in [*(found[0] for found in self.answers.values() if found), *pieces]:
            if piece.cell:
                self.primary.setdefault(piece.cell.id, piece)
        self._measure()

    def _take_own_cells(self, blank: str) -> None:
        cells = [p for p in self.pieces if p.blank == blank and not is_empty(p.source)]
        filled = [p for p in cells if p.is_code and not self._is_stub(p.source) and not calls_of(p.source, "grader.check")]
        for piece in cells if not filled else ():
            code = without_fence(piece.source)
            names = bound_names(code) if piece.by == "marker" else bound_names(code) & self.plan.names[blank]
            if not piece.is_code and names and not self._is_stub(code):
                piece.source = code
                filled = [piece]
                self.how.append(("text cell", blank))
                break
        filled.sort(key=lambda p: (bound_names(p.source).isdisjoint(self.plan.names[blank]), p.doubt))
        if filled and filled[0].by == "marker":
            self.how.append(("marker", blank))
        self.answers[blank] = filled[:1]
        self.loose = sorted([*self.loose, *filled[1:]], key=lambda p: p.index)

    def _measure(self) -> None:
        """For each piece, as indices in the template: the recognised cell `before` it, and the `next` recognised code cell."""
        mine = [p for p in self.pieces if p.cell and self.primary[p.cell.id] is p]
        code = sorted(self.plan.at[p.cell.id] for p in mine if p.cell and p.cell.is_code)
        self.before, self.next = {}, {}
        at = -1
        for piece in self.pieces:
            if piece.cell and self.primary[piece.cell.id] is piece:
                index = self.plan.at[piece.cell.id]
                if piece.cell.is_code or (at < index and not any(at < i < index for i in code)):
                    at = index
            self.before[piece] = at
        at = len(self.plan.cells)
        for piece in reversed(self.pieces):
            self.next[piece] = at
            if piece.cell and piece.cell.is_code and self.primary[piece.cell.id] is piece:
                at = self.plan.at[piece.cell.id]

    # ------------------------------------------------------------------------------------------------------- steps

    def _lacking(self) -> list[str]:
        """The blanks that have no cell yet that binds a name of theirs."""
        return [b for b, found in self.answers.items() if b not in self.copied and not _bound(found) & self.plan.names[b]]

    def below_the_stub(self) -> None:
        for blank in self._lacking():
            start, end = self.plan.blanks[blank], self.plan.check(blank)
            later = [i for b, i in self.plan.blanks.items() if start < i < end]
            here = [p for p in self.loose if start <= self.before[p] < min([end, *later])]
            self._give(blank, [p for p in here if bound_names(p.source) & self.plan.names[blank]], "below")

    def by_names(self) -> None:
        for blank in self._lacking():
            own = self.plan.own_names[blank]
            found = [p for p in self.loose if bound_names(p.source) & own and not self._belongs_elsewhere(p, blank)]
            in_place = [p for p in found if self._in_place(p, blank)]
            if in_place and _bound(in_place) >= own:
                self._give(blank, in_place, "names")
                self._stand_in(blank, in_place[0])
            elif found and _bound(found) >= own:
                self._give(blank, [*found, *self._needed(found, blank)], "moved")

    def by_order(self) -> None:
        missing = [b for b in self._lacking() if f"blank-{b}" not in self.primary]
        given: dict[str, list[Piece]] = {}
        for piece in self.loose if missing else ():
            here = [b for b in missing if self._in_place(piece, b) and self.next[piece] <= self.plan.check(b)]
            if here and bound_names(piece.source):
                blank = next((b for b in here if b not in given), here[-1])
                given.setdefault(blank, []).append(piece)
        for blank, pieces in given.items():
            self._give(blank, pieces, "order")
            self._stand_in(blank, pieces[0])
        for blank in self._lacking():
            start, names = self.plan.blanks[blank], self.plan.names[blank]
            above = [p for p in self.loose if self.before[p] < start <= self.next[p] and bound_names(p.source) & names]
            if above and _bound(above) >= names:
                self._give(blank, above, "order")
                self._stand_in(blank, above[0])

    def in_our_cells(self) -> None:
        """An answer typed into a check or given cell; the template's own cell is used all the same."""
        for blank in self._lacking():
            own = self.plan.own_names[blank]
            for piece in self.pieces:
                if piece.is_code and own and piece.is_(Role.CHECK, Role.GIVEN, Role.SETUP) and bound_names(piece.source) >= own:
                    self.answers[blank].append(piece)
                    self.how.append(("moved", blank))
                    break

    def in_other_answers(self) -> None:
        """Functions and classes are run again in the blank's place; other definitions stay where they are."""
        everything = sorted([*self.loose, *(p for found in self.answers.values() for p in found)], key=lambda p: p.index)
        for blank in self._lacking():
            own = self.plan.own_names[blank]
            if not own or not _bound(everything) >= own:
                continue
            parts = [p.source for p in self.answers[blank]]
            for name in sorted(own):
                found = [definition(p.source, name) for p in everything if name in bound_names(p.source)]
                parts += [found[-1]] if found[-1] else []
            self.copied[blank] = tuple(parts) or (f"# {', '.join(sorted(own))}: defined in another cell",)
            self.how.append(("other", blank))

    def place_the_rest(self) -> dict[str, tuple[str, ...]]:
        """What is still loose: in a blank's stretch it belongs to its answer, else it follows the template cell before it."""
        self._measure()
        extras: dict[str, list[str]] = {}
        for piece in self.loose:
            index = self.before[piece]
            blank = self.plan.stretch_of(index)
            if blank and self.answers[blank] and blank not in self.copied:
                self.answers[blank].append(piece)
            else:
                extras.setdefault(self.plan.cells[index].id if index >= 0 else "", []).append(piece.source)
                if piece.blank:
                    self.how.append(("copy", piece.blank))
        return {cell_id: tuple(sources) for cell_id, sources in extras.items()}

    # ----------------------------------------------------------------------------------------------------- helpers

    def _is_stub(self, source: str) -> bool:
        return any(same_code(source, stub) for stub in self.stubs)

    def _give(self, blank: str, pieces: list[Piece], how: str) -> None:
        self.answers[blank] += pieces
        taken = set(pieces)
        self.loose = [p for p in self.loose if p not in taken]
        if pieces:
            self.how.append((how, blank))

    def _stand_in(self, blank: str, piece: Piece) -> None:
        """From now on the piece is the blank's cell: what follows it is measured from there."""
        if f"blank-{blank}" not in self.primary:
            piece.cell = self.plan.cells[self.plan.blanks[blank]]
            self.primary[piece.cell.id] = piece
            self._measure()

    def _in_place(self, piece: Piece, blank: str) -> bool:
        return self.before[piece] < self.plan.blanks[blank] < self.next[piece]

    def _belongs_elsewhere(self, piece: Piece, blank: str) -> bool:
        """Does it stand in the stretch of another blank and define that one's names?"""
        other = self.plan.stretch_of(self.before[piece])
        return other not in (None, blank) and bool(bound_names(piece.source) & self.plan.names[other or ""])

    def _needed(self, moved: list[Piece], blank: str) -> list[Piece]:
        """The student's own cells that a moved answer uses and that would run only after it."""
        needed: list[Piece] = []
        names = frozenset().union(*(names_used(p.source) for p in moved))
        late = [p for p in self.loose if p not in moved and p.index < moved[-1].index]
        for piece in reversed([p for p in late if self.before[p] >= self.plan.blanks[blank]]):
            if bound_names(piece.source) & names and self.plan.stretch_of(self.before[piece]) is None:
                needed.append(piece)
                names |= names_used(piece.source)
        return needed


def _bound(pieces: Iterable[Piece]) -> frozenset[str]:
    return frozenset().union(*(bound_names(p.source) for p in pieces))


# --------------------------------------------------------------------------------------------------- texts and notes


def _text(cell: Cell, pieces: list[Piece]) -> str:
    """A free-text answer: what its cell holds beyond the template's text, and the student's own Markdown cells below it."""
    handed_out = without_mark(cell.source)
    found: list[str] = []
    here = False
    for piece in pieces:
        if piece.cell is cell:
            here = True
            text = without_mark(piece.source)
            found.append(text.removeprefix(handed_out).strip() if text.startswith(f"{handed_out}\n") else text)
        elif piece.cell or piece.is_code:
            here = False
        elif here:
            found.append(piece.source.strip())
    return "\n\n".join(text for text in dict.fromkeys(found) if text and text.split() != handed_out.split())


_NOTES = {
    "marker": "The cell{s} of {blanks} {was} found by {its} marker comment{s}.",
    "text cell": "The cell{s} of {blanks} {was} no code any more: the text is taken as code.",
    "below": "The answer{s} to {blanks} stood below {its} cell{s}.",
    "names": "The answer{s} to {blanks} {was} found by the names defined.",
    "moved": "The answer{s} to {blanks} stood elsewhere in the notebook and {was} put in place.",
    "order": "The answer{s} to {blanks} {was} found by the place before the check cell.",
    "other": "The definition{s} of {blanks} {was} found in another cell.",
    "copy": "Another filled copy of the cell of {blanks} stands elsewhere: it stays there, as the student's own cell.",
}


def _notes(search: _Search, template: Template, pieces: list[Piece]) -> Iterable[str]:
    for key, sentence in _NOTES.items():
        blanks = [f"`{blank}`" for blank in dict.fromkeys(blank for how, blank in search.how if how == key)]
        s, was, its = ("", "was", "its") if len(blanks) == 1 else ("s", "were", "their")
        more = f" and {len(blanks) - 5} more" if len(blanks) > 6 else ""
        if blanks:
            yield sentence.format(blanks=", ".join(blanks[: 5 if more else 6]) + more, s=s, was=was, its=its)
    here = [search.plan.at[p.cell.id] for p in pieces if p.cell and p.cell.is_code and search.primary.get(p.cell.id) is p]
    if not here:
        yield "No cell of the assignment was found: this may be another notebook."
        return
    if here != sorted(here):
        yield "The cells stood in another order: the assignment's order is used."
    ours = [cell for cell in template.notebook if cell.role in (Role.GIVEN, Role.CHECK)]
    for piece in pieces:
        if piece.cell in ours and not same_code(piece.source, piece.cell.source) and piece.by != "call":
            yield f"The cell `{piece.cell.id}` was changed: the assignment's own is used."
    gone = [f"`{cell.id}`" for cell in ours if cell.id not in search.primary]
    if gone:
        yield f"Deleted cells were put back: {', '.join(gone)}."
