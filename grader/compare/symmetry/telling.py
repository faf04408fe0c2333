"""A matching in words. It names units, never a weight, so a private check may say it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from grader.compare.measure import Numbers
from grader.compare.symmetry.align import Alignment
from grader.compare.symmetry.moving import Match
from grader.compare.symmetry.structure import Group
from grader.compare.words import plural

__all__ = ["SCALED", "matching", "open_to"]

_MOST_UNITS = 8  # of so many units every one is told
_MOST_GROUPS = 3
SCALED = 1e-3  # a factor so near 1 is none

_FREEDOMS = {
    "bias": "how `bias_ih` and `bias_hh` share their sum",
    "shift": "one number added to all biases of the last layer",
}


def matching(found: Alignment) -> str:
    """ "Hidden units 3, 1, 2 of yours are 1, 2, 3 of the expected, your unit 1 with flipped sign." or "" for all as it stands."""
    told = [(group, says) for group, match in zip(found.groups, found.matches, strict=True) if (says := _units(match))]
    shown = [f"Hidden units{_of(group) if len(found.groups) > 1 else ''}: {says}." for group, says in told[:_MOST_GROUPS]]
    more = len(told) - _MOST_GROUPS
    return " ".join(shown) + (f" And so in {plural(more, 'more layer')}." if more > 0 else "")


def open_to(freedoms: Collection[str]) -> str:
    """What weights may differ in that agree up to these freedoms."""
    units = [noun for name, noun in (("permutation", "order"), ("sign", "sign"), ("scale", "scale")) if name in freedoms]
    says = [f"the {' and '.join(units)} of the hidden units"] if units else []
    return " and ".join(says + [noun for name, noun in _FREEDOMS.items() if name in freedoms])


def _of(group: Group) -> str:
    return f" of `{group.path}`" if group.path else ""


def _units(match: Match) -> str:
    """Which units of yours are which expected ones, counted from 1, and which have another sign or scale."""
    moved = match.order != np.arange(len(match.order))
    flipped = match.order[match.factor < 0]
    scaled = match.order[np.abs(np.log(np.abs(match.factor))) > SCALED]
    says = []
    if moved.any() and len(match.order) <= _MOST_UNITS:
        says.append(f"yours {_numbers(match.order)} are {_numbers(np.arange(len(match.order)))} of the expected")
    elif moved.any():
        first = np.flatnonzero(moved)[:3]
        says.append(
            f"{int(moved.sum()):,} of {len(match.order):,} stand in another order"
            f" (yours {_numbers(match.order[first])}, … are {_numbers(first)}, … of the expected)"
        )
    says += [f"{_yours(flipped, len(match.order))} with flipped sign"] if len(flipped) else []
    says += [f"{_yours(scaled, len(match.order))} rescaled"] if len(scaled) else []
    return ", ".join(says)


def _yours(units: Numbers, total: int) -> str:
    if len(units) == total:
        return "all"
    return f"yours {_numbers(np.sort(units))}" if len(units) <= _MOST_UNITS else f"{len(units):,} of {total:,}"


def _numbers(units: Numbers) -> str:
    return ", ".join(str(int(unit) + 1) for unit in units)
