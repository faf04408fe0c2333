"""By which factor every hidden unit was scaled: a robust estimate, in which one changed weight cannot hide.

The logarithms of |expected| / |value| of a unit's numbers are all its log factor, but for the ones that changed: it is their
median. Where a unit has two numbers only, a change of one may be told as a change of the other; both tellings are given, and
who judges takes the worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grader.compare.measure import Numbers, Tolerance
from grader.compare.symmetry.moving import Arrays, Match, block, moved
from grader.compare.symmetry.structure import Group, Member

__all__ = ["balanced", "scales"]

_SWEEPS = 6
_LEAST_KNOWN = 3  # so many numbers of a unit tell its factor and the one that is off


def balanced(arrays: Arrays, groups: Sequence[Group], scalable: Sequence[bool]) -> Arrays:
    """The same network with every unit that may be scaled brought to one size: what makes it has norm 1.

    Rescaling a network does not change what this gives, so that units can be compared.
    """
    for group, may in zip(groups, scalable, strict=True):
        if not may:
            continue
        rows = [block(arrays[m.tensor], m, group.size).reshape(group.size, -1) for m in group.members if _makes(m)]
        norms = np.sqrt(sum(((row**2).sum(1) for row in rows), np.zeros(group.size)))
        factor = np.where((norms > 0) & np.isfinite(norms), 1 / np.where(norms > 0, norms, 1.0), 1.0)
        arrays = moved(arrays, [group], [Match(np.arange(group.size), factor)])
    return arrays


def scales(
    expected: Arrays, value: Arrays, groups: Sequence[Group], scalable: Sequence[bool], allow: Tolerance
) -> Iterator[list[Numbers]]:
    """The factors (H,) of each group that bring `value`, its units in the expected order, to the expected, in every way."""
    free = [group for group, may in zip(groups, scalable, strict=True) if may]
    ratios = _Ratios(_logs(expected, value, free, allow), free)

    def told(logs: Sequence[Numbers]) -> list[Numbers]:
        given = iter(np.exp(log) for log in logs)
        return [next(given) if may else np.ones(group.size) for group, may in zip(groups, scalable, strict=True)]

    seen: list[list[Numbers]] = []
    for forward in (True, False):
        first = ratios.start(forward)
        for logs in [first, *ratios.other_ways(first)]:
            if not any(_close(logs, other) for other in seen):
                seen.append(logs)
                yield told(logs)


@dataclass
class _Ratios:
    """log(|expected| / |value|) of every number, by tensor, NaN where it says nothing; and the groups that explain them."""

    logs: Arrays
    groups: Sequence[Group]

    def start(self, forward: bool) -> list[Numbers]:
        """The log factors: first from what makes each unit (or reads it), then each unit's median until nothing changes."""
        found = [np.zeros(group.size) for group in self.groups]
        for i in range(len(self.groups)) if forward else range(len(self.groups) - 1, -1, -1):
            members = [m for m in self.groups[i].members if not m.own and m.power and (m.power > 0) is forward]
            found = self.median(found, i, members)
        for _ in range(_SWEEPS):
            before = found
            for i, group in enumerate(self.groups):
                found = self.median(found, i, group.members)
            if _close(before, found):
                break
        return found

    def other_ways(self, found: list[Numbers]) -> Iterator[list[Numbers]]:
        """The factors where units that have two numbers only believe the other one, one group after the other, both ways."""
        places = list(range(len(self.groups)))
        for i in places + places[::-1]:
            told = self.told(found, i, self.groups[i].members)
            two = np.isfinite(told).sum(1) == 2
            if two.any():
                higher = np.where(two, np.nanmax(np.where(two[:, None], told, 0.0), axis=1), found[i])
                found = [*found[:i], higher, *found[i + 1 :]]
                yield found

    def median(self, found: list[Numbers], i: int, members: Sequence[Member]) -> list[Numbers]:
        """The log factors with those of group `i` as the lower median of what its numbers tell."""
        told = np.sort(self.told(found, i, members), axis=1)
        count = np.isfinite(told).sum(1)
        middle = np.maximum(count - 1, 0) // 2
        value = told[np.arange(len(told)), middle] if told.shape[1] else found[i]
        return [*found[:i], np.where(count > 0, value, found[i]), *found[i + 1 :]]

    def told(self, found: list[Numbers], i: int, members: Sequence[Member]) -> Numbers:
        """What each number (H, D) tells of the log factor of its unit, given the others'."""
        group = self.groups[i]
        touched = {member.tensor for member in members if member.power}
        left = {name: self.logs[name].copy() for name in touched}
        for other, logs in zip(self.groups, found, strict=True):
            for member in other.members:
                if member.tensor in touched and member.power:
                    units = block(left[member.tensor], member, other.size)
                    units -= member.power * logs.reshape(-1, *[1] * (units.ndim - 1))
        parts = [m.power * block(left[m.tensor], m, group.size).reshape(group.size, -1) for m in members if m.power]
        return found[i][:, None] + np.concatenate(parts, axis=1) if parts else np.full((group.size, 0), np.nan)


def _makes(member: Member) -> bool:
    return member.power > 0 and not member.own


def _logs(expected: Arrays, value: Arrays, groups: Sequence[Group], allow: Tolerance) -> Arrays:
    """log(|expected| / |value|) of the tensors of these groups.

    NaN where either is 0 or their signs differ, on the diagonal of weight_hh, which no scale changes, and where a number is
    within twice the tolerance of 0, unless its unit has too few others.
    """
    every: Arrays = {}
    sure: Arrays = {}
    for name in {m.tensor for group in groups for m in group.members}:
        e, v = expected[name], value[name]
        says = e * v > 0
        every[name] = np.where(says, np.log(np.where(says, np.abs(e), 1.0)) - np.log(np.where(says, np.abs(v), 1.0)), np.nan)
        sure[name] = says & (np.minimum(np.abs(e), np.abs(v)) > 2 * allow.allowed(e))
    for group in groups:
        for m in group.members:
            if m.own and m.axis == 1:
                np.fill_diagonal(every[m.tensor][: group.size], np.nan)
    wanted = {name: array.copy() for name, array in sure.items()}
    for group in groups:
        blocks = [(m, block(sure[m.tensor] & np.isfinite(every[m.tensor]), m, group.size)) for m in group.members if m.power]
        known = sum((b.reshape(group.size, -1).sum(1) for _, b in blocks), np.zeros(group.size))
        for m, _ in blocks:
            block(wanted[m.tensor], m, group.size)[known < _LEAST_KNOWN] = True
    return {name: np.where(wanted[name], array, np.nan) for name, array in every.items()}


def _close(some: Sequence[Numbers], others: Sequence[Numbers]) -> bool:
    return all(np.allclose(a, b, rtol=0, atol=1e-9, equal_nan=True) for a, b in zip(some, others, strict=True))
