"""The inverse of `fill`: the answers, read off the cells that were run."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.grade import without_setup
from grader.notebook import Answers, Role
from grader.result import CellRun
from grader.template import Template, fill

__all__ = ["Changed", "unfill"]

_OWN = re.compile(r"extra-(\d+)-\d+")


class Changed(Exception):
    """The template is not the one that these cells came from."""


def unfill(template: Template, cells: Sequence[CellRun]) -> Answers:
    """The answers that `fill` made these cells from, but for free texts and notes. Raises Changed."""
    sources: dict[str, tuple[str, ...]] = {}
    extras: dict[str, tuple[str, ...]] = {}
    places = ["", *(cell.id for cell in template.notebook)]  # own cells are numbered by the template's cell before them
    for cell in cells:
        own = _OWN.fullmatch(cell.id)
        if cell.role == Role.BLANK:
            sources[cell.name] = (*sources.get(cell.name, ()), cell.source)
        elif cell.role == Role.EXTRA and own and int(own[1]) < len(places):
            place = places[int(own[1])]
            extras[place] = (*extras.get(place, ()), cell.source)
    untouched = frozenset(b for b in template.blanks if sources.get(b) == (template.stub(b),))
    answers = Answers({b: s for b, s in sources.items() if b not in untouched}, extras=extras, untouched=untouched)
    filled = [_facts(cell) for cell in without_setup(fill(template, answers)) if cell.is_code]
    if filled != [_facts(cell) for cell in cells]:
        raise Changed("the notebook's cells are not those of its run")
    return answers


def _facts(cell: object) -> tuple[str, ...]:
    return tuple(str(getattr(cell, name)) for name in ("id", "role", "name", "source"))
