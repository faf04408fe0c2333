"""The table of generic transforms, the likeliest first. To add one: a pure function and a row, in the file of its family."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from grader.compare.generic import activations, arithmetic, classes, factors, kinds, order, shapes
from grader.compare.generic.base import Transform

__all__ = ["EXCHANGED", "TABLE", "by_name"]

EXCHANGED = Transform(
    "exchanged",
    "Two of the parts have changed places: each is right, but stands where the other should.",
    "the expected one with two of its parts exchanged",
    lambda _leaf: (),
    topic="order",
    needs=12,
)

_SPECIFIC = (
    *shapes.ROWS,
    *order.ROWS,
    *arithmetic.ROWS,
    *factors.ROWS,
    *activations.ROWS,
    *classes.ROWS,
    *kinds.ROWS,
)


def _the_rest(row: Transform) -> Transform:
    """`unchanged` is named only when nothing says more: soft(u) that returns u lacks a softmax."""
    others = frozenset(other.name for other in _SPECIFIC) - {row.name}
    return dataclasses.replace(row, includes=others) if row.name == "unchanged" else row


TABLE: tuple[Transform, ...] = tuple(_the_rest(row) for row in _SPECIFIC)


def by_name(names: Iterable[str]) -> list[Transform]:
    """The transforms of these names, in the order of the table; that of parts, which is no single piece's, before all."""
    wanted = set(names)
    return [transform for transform in (EXCHANGED, *TABLE) if transform.name in wanted]
