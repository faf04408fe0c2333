"""`notebook.md.j2` -> cells, and cells + sources -> notebook.

The template is rendered to cells first and filled afterwards: a student's text can never change how the template splits.
Jinja leaves a mark where a blank, a check or an answer stands; Markdown is split into cells at these marks, at fences of
Python and at headings; only then do sources go in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.checks import Checks
from grader.errors import AuthoringError, Problem
from grader.notebook import Answers, Cell, Notebook, Role
from grader.reference import Reference
from grader.settings import Settings
from grader.slots import MARK, Slots

__all__ = ["Template", "fill", "load_template"]

_MARKED = re.compile(f"^[ \t]*{MARK}(\\d+){MARK}[ \t]*$")
_SETUP = "import grader  # run this cell first"


@dataclass(frozen=True)
class Template:
    """An assignment's notebook as it is handed out.

    notebook: every blank holds its stub.
    defines: blank -> the names that its answer must define (the blank's own name; for an inline blank what it returns).
    solutions: blank -> the reference's source for its cell. Never leaves the course folder in a student's bundle.
    """

    notebook: Notebook
    defines: dict[str, tuple[str, ...]]
    solutions: dict[str, str] = field(default_factory=dict)

    def stub(self, blank: str) -> str:
        """The source that the blank is handed out with."""
        return next(cell.source for cell in self.notebook if cell.id == f"blank-{blank}")

    @property
    def blanks(self) -> list[str]:
        """The blanks in the order in which the notebook has them."""
        return [cell.name for cell in self.notebook.of(Role.BLANK)]

    def reference_answers(self, **others: str) -> Answers:
        """The reference as a submission; `others` gives some blanks another source (a mistake's)."""
        return Answers(sources={blank: (source,) for blank, source in (self.solutions | others).items()})


def fill(template: Template, answers: Answers) -> Notebook:
    """The template's cells with these answers, the student's own cells in their places.

    A blank without an answer keeps its stub.
    """
    cells = [_extra(0, i, source) for i, source in enumerate(answers.extras.get("", ()), 1)]
    for number, cell in enumerate(template.notebook, 1):
        if cell.role is Role.BLANK:
            sources = answers.sources.get(cell.name) or (cell.source,)
            cells += [replace(cell, id=_numbered(cell.id, i), source=source) for i, source in enumerate(sources, 1)]
        elif cell.role is Role.ANSWER:
            cells.append(replace(cell, source=answers.texts.get(cell.name) or cell.source))
        else:
            cells.append(cell)
        cells += [_extra(number, i, source) for i, source in enumerate(answers.extras.get(cell.id, ()), 1)]
    return Notebook(tuple(cells))


def _numbered(cell_id: str, i: int) -> str:
    return cell_id if i == 1 else f"{cell_id}-{i}"


def _extra(after: int, i: int, source: str) -> Cell:
    return Cell(f"extra-{after}-{i}", Role.EXTRA, source)


# --------------------------------------------------------------------------------------------------- rendering


def load_template(path: Path, reference: Reference, checks: Checks, settings: Settings, profile: str) -> Template:
    """Render `notebook.md.j2` under a profile. Raises AuthoringError with every problem, each with its line."""
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise AuthoringError([Problem(path, 0, "the template is missing; it is what the student sees")]) from None
    slots = Slots(path, reference, checks, settings, settings.profile(profile))
    markdown = slots.render(text)
    cells = list(_cells(markdown, slots, text)) if markdown is not None else []
    if markdown is not None:
        slots.check_complete()
    if slots.problems:
        raise AuthoringError(slots.problems)
    numbered = tuple(_with_ids(cells))
    solutions = {slot.name: slot.solution for slot in slots.slots if slot.role is Role.BLANK}
    return Template(Notebook(numbered), slots.defines, solutions)


# --------------------------------------------------------------------------------------------------- Markdown -> cells


def _cells(markdown: str, slots: Slots, template: str) -> Iterator[Cell]:
    """The cells in order, without ids, the set-up cell after the first prose."""
    setup = Cell("setup", Role.SETUP, _SETUP)
    seen_setup = False
    for cell in _split(markdown, slots):
        if cell.role is not Role.PROSE and not seen_setup:
            seen_setup = True
            yield setup
        if cell.role is Role.GIVEN:
            _check_given(cell.source, slots, template)
        yield cell
    if not seen_setup:
        yield setup


def _split(markdown: str, slots: Slots) -> Iterator[Cell]:
    from markdown_it import MarkdownIt

    lines = markdown.split("\n")
    tokens = [(t, t.map[0], t.map[1]) for t in MarkdownIt("commonmark").parse(markdown) if t.map and t.level == 0]
    fences = {begin: (t, end) for t, begin, end in tokens if t.type == "fence"}
    headings = {begin for t, begin, _ in tokens if t.type == "heading_open"}
    prose: list[str] = []
    number = 0
    while number < len(lines):
        fence, end = fences.get(number, (None, number))
        marked = _MARKED.match(lines[number])
        if fence is not None and fence.info.strip() == "python":
            _no_marks(fence.content, slots, "inside a fence")
            yield from _prose(prose, slots)
            yield Cell("", Role.GIVEN, fence.content.rstrip("\n"))
            number = end
        elif fence is not None:
            prose += lines[number:end]
            number = end
        elif marked:
            slot = slots.slots[int(marked[1])]
            yield from _prose(prose, slots)
            yield Cell("", slot.role, slot.source, slot.name)
            number += 1
        else:
            if number in headings:
                yield from _prose(prose, slots)
            prose.append(lines[number])
            number += 1
    yield from _prose(prose, slots)


def _prose(lines: list[str], slots: Slots) -> Iterator[Cell]:
    """The collected lines as a Markdown cell, if there is anything in them; empties the list."""
    text = "\n".join(lines).strip("\n")
    lines.clear()
    if text.strip():
        _no_marks(text, slots, "inside a paragraph")
        yield Cell("", Role.PROSE, text)


def _no_marks(text: str, slots: Slots, where: str) -> None:
    for index in re.findall(f"{MARK}(\\d+){MARK}", text):
        slot = slots.slots[int(index)]
        slots.wrong(f"{slot.role} stands {where}; give it a line of its own with a blank line around it", slot.line)


def _check_given(source: str, slots: Slots, template: str) -> None:
    """A given cell that is not Python would stop every student: say so now. IPython's own lines are left alone."""
    plain = "\n".join("pass" if re.match(r"\s*[%!?]", line) else line for line in source.split("\n"))
    try:
        ast.parse(plain)
    except SyntaxError as error:
        wrong = source.split("\n")[(error.lineno or 1) - 1].strip() if source else ""
        line = next((i for i, text in enumerate(template.split("\n"), 1) if wrong and text.strip() == wrong), 0)
        slots.wrong(f"a given cell is not valid Python: {error.msg}: {wrong}", line)


def _with_ids(cells: list[Cell]) -> Iterator[Cell]:
    counts: dict[Role, int] = {}
    label: dict[Role, Callable[[Cell, int], str]] = {
        Role.PROSE: lambda _, n: f"prose-{n}",
        Role.GIVEN: lambda _, n: f"given-{n}",
    }
    for cell in cells:
        counts[cell.role] = counts.get(cell.role, 0) + 1
        make = label.get(cell.role)
        if make:
            yield replace(cell, id=make(cell, counts[cell.role]))
        else:
            yield replace(cell, id=cell.id or f"{cell.role}-{cell.name}")
