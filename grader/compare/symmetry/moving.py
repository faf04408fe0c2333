"""Tensors with their hidden units in another order, with another sign, another scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Numbers
from grader.compare.symmetry.structure import Group, Member

__all__ = ["Arrays", "Match", "block", "identity", "moved"]

Arrays = dict[str, Numbers]


@dataclass(frozen=True)
class Match:
    """How the units of one group go together. order: (H,), for each expected unit the student's. factor: (H,), what the student's
    unit is multiplied by, a sign times a scale."""

    order: Numbers
    factor: Numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Match) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> bytes:
        return self.order.tobytes() + self.factor.tobytes()


def identity(size: int) -> Match:
    """Every unit as it stands."""
    return Match(np.arange(size), np.ones(size))


def block(array: Numbers, member: Member, size: int) -> Numbers:
    """A view of a member's numbers with the units first: (H, …)."""
    return array.swapaxes(member.axis, 0)[member.offset : member.offset + size]


def moved(
    arrays: Arrays,
    groups: Sequence[Group],
    matches: Sequence[Match],
    names: Collection[str] | None = None,
    but: Collection[Member] = (),
) -> Arrays:
    """The student's tensors in the frame of the expected ones. names: only these. but: members that stay as they are."""
    out = dict(arrays) if names is None else {name: arrays[name] for name in names}
    orders: dict[tuple[str, int], Numbers] = {}
    factors: dict[tuple[str, int], Numbers] = {}
    for group, match in zip(groups, matches, strict=True):
        plain = bool((match.factor == 1).all())
        for member in group.members:
            if member.tensor not in out or member in but:
                continue
            array = out[member.tensor]
            key, size = (member.tensor, member.axis % array.ndim), array.shape[member.axis]
            at = slice(member.offset, member.offset + group.size)
            orders.setdefault(key, np.arange(size))[at] = match.order + member.offset
            if member.power and not plain:
                factors.setdefault(key, np.ones(size))[at] = match.factor**member.power
    for (name, axis), order in orders.items():
        out[name] = out[name].take(order, axis)
    for (name, axis), factor in factors.items():
        out[name] = out[name] * factor.reshape(-1, *[1] * (out[name].ndim - 1 - axis))
    return out
