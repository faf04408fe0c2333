"""Which hidden unit of the student's is which of the expected, and with which sign.

One group at a time is an assignment problem, its cost the squared distance of everything that belongs to a unit; the groups in
turn, until nothing changes, are coordinate descent (Ainsworth, Hayase, Srinivasa, "Git Re-Basin", 2023, weight matching). It
starts from the first layer by incoming weights, from the last by outgoing ones, and from what no reordering changes. An exact
copy is found by the first of these unless units are alike in all that they read. Where units are nearly alike, the least squares
need not be what keeps every number within the tolerance: then numbers that are off are counted instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np

from grader.compare.assignment import assign, squared_distances
from grader.compare.measure import Numbers, Tolerance
from grader.compare.symmetry.moving import Arrays, Match, block, identity, moved
from grader.compare.symmetry.structure import Group, Member

__all__ = ["Problem", "matches"]

_SWEEPS = 6
_MOST_UNITS = 2048  # of a larger group the order is taken as it is
_MOST_TRIED = 400  # so many matchings of a small network are all tried
_BEST_TRIED = 8  # of which so many of least squares are looked at
_FEW = 2  # wrong numbers under the right matching, at most
_FEW_OF = 10  # but not more than one of so many: in a tiny network another matching has few wrong ones, too
_MOST_COUNTED = 4_000_000  # numbers whose differences are counted one by one


@dataclass(frozen=True)
class Problem:
    """Two networks of one structure. expected, value: finite float64 tensors by the same names. order, sign: which freedoms there
    are, of sign one for each group. allow: how far a number may be off; None where scales are free, too."""

    expected: Arrays
    value: Arrays
    groups: Sequence[Group]
    order: bool
    sign: Sequence[bool]
    allow: Tolerance | None

    def free(self, i: int) -> bool:
        return (self.order or self.sign[i]) and self.groups[i].size <= _MOST_UNITS

    def cost(self, found: Sequence[Match]) -> float:
        """Squared distance of all tensors under a matching."""
        names = {member.tensor for group in self.groups for member in group.members}
        mine = moved(self.value, self.groups, found, names)
        return float(sum(((self.expected[name] - mine[name]) ** 2).sum() for name in names))


def matches(problem: Problem, off: Callable[[list[Match]], int], thorough: bool = True) -> list[Match]:
    """The best matching of every group. off: how many numbers are wrong under a matching; the first with none ends the search.

    thorough: whether there may be one with none, so that more than least squares is worth its time. So few wrong numbers that no
    two units can be exchanged end it, too.
    """
    best, least = [identity(group.size) for group in problem.groups], (math.inf, math.inf)
    few = min(_FEW, sum(array.size for array in problem.expected.values()) // _FEW_OF)
    seen: set[bytes] = set()
    for start in (_forward, _backward, _invariant)[: 1 + thorough + (thorough and problem.order)]:
        for found in _from(problem, start(problem), thorough):
            key = b"".join(match.key for match in found)
            if key in seen:
                continue
            seen.add(key)
            rank = off(found), problem.cost(found)
            if rank < least:
                best, least = found, rank
            if not rank[0]:
                return best
        if least[0] <= few:
            return best
    for found in sorted(_all(problem), key=problem.cost)[:_BEST_TRIED] if thorough else ():
        if not off(found):
            return found
    return best


def _from(problem: Problem, found: list[Match], thorough: bool) -> Iterator[list[Match]]:
    """A start, and what is better from there."""
    yield found
    yield from _descent(problem, found, counted=False)
    numbers = sum(group.size * problem.expected[m.tensor].size for group in problem.groups for m in group.members)
    if thorough and problem.allow is not None and numbers <= _MOST_COUNTED:
        yield from _descent(problem, found, counted=True)


def _descent(problem: Problem, found: list[Match], counted: bool) -> Iterator[list[Match]]:
    """Each group in turn matched by all its numbers, the others as they are, until that is no better."""
    places = range(len(problem.groups))
    least = math.inf
    for sweep in range(_SWEEPS):
        before = found
        for i in places if sweep % 2 == 0 else reversed(places):
            found = _matched(problem, i, problem.groups[i].members, list(found), counted)
        cost = problem.cost(found)
        if found == before or (not counted and cost >= least):
            return
        least = cost * (1 - 1e-9)
        yield found


def _forward(problem: Problem) -> list[Match]:
    """From the first layer to the last, by what makes each unit."""
    found: list[Match] = [identity(group.size) for group in problem.groups]
    for i, group in enumerate(problem.groups):
        found = _matched(problem, i, [m for m in group.members if not m.own and m.power >= 0], found)
    return found


def _backward(problem: Problem) -> list[Match]:
    """From the last layer to the first, by what reads each unit."""
    found: list[Match] = [identity(group.size) for group in problem.groups]
    for i, group in reversed(list(enumerate(problem.groups))):
        found = _matched(problem, i, [m for m in group.members if not m.own and m.power < 0], found)
    return found


def _matched(problem: Problem, i: int, members: Sequence[Member], found: list[Match], counted: bool = False) -> list[Match]:
    """The matching with group `i` matched anew by these members: by squares, or by how many numbers are off."""
    group = problem.groups[i]
    if not problem.free(i) or not members:
        return found
    some: dict[
        tuple[str, int], Numbers
    ] = {}  # all others moved: for weight_hh, whose two axes are of the same units, the other axis
    for name, axis in {(m.tensor, m.axis) for m in members}:
        stay = [m for m in group.members if (m.tensor, m.axis) == (name, axis)]
        some[name, axis] = moved(problem.value, problem.groups, found, [name], stay)[name]
    pairs = [
        (block(problem.expected[m.tensor], m, group.size), block(some[m.tensor, m.axis], m, group.size), m.power != 0)
        for m in members
    ]
    same, flipped = _costs(pairs, group.size)
    if counted and problem.allow is not None:
        off, off_flipped = _off(pairs, group.size, problem.allow)
        most = 1 + max(same.max(), flipped.max())
        same, flipped = off + same / most / group.size, off_flipped + flipped / most / group.size
    return [*found[:i], _assigned(problem, i, same, flipped), *found[i + 1 :]]


def _costs(pairs: Sequence[tuple[Numbers, Numbers, bool]], size: int) -> tuple[Numbers, Numbers]:
    """Squared distances (H, H) of every expected unit to every student's, as it is and with its sign flipped.

    pairs: numbers (H, …) of the expected and the student's units, and whether they change their sign with the unit.
    """
    same, flipped = np.zeros((size, size)), np.zeros((size, size))
    for odd in (False, True):
        some = [(e.reshape(size, -1), v.reshape(size, -1)) for e, v, changes in pairs if changes is odd]
        if some:
            e, v = (np.concatenate(parts, axis=1) for parts in zip(*some, strict=True))
            as_it_is = squared_distances(e, v)
            same += as_it_is
            flipped += squared_distances(e, -v) if odd else as_it_is
    return same, flipped


def _off(pairs: Sequence[tuple[Numbers, Numbers, bool]], size: int, allow: Tolerance) -> tuple[Numbers, Numbers]:
    """As `_costs`: how many numbers of a pair of units are not within the tolerance."""
    same, flipped = np.zeros((size, size)), np.zeros((size, size))
    for e, v, odd in pairs:
        wide, narrow = e.reshape(size, 1, -1), v.reshape(1, size, -1)
        allowed = allow.allowed(wide)
        as_it_is = (np.abs(wide - narrow) > allowed).sum(-1)
        same += as_it_is
        flipped += (np.abs(wide + narrow) > allowed).sum(-1) if odd else as_it_is
    return same, flipped


def _assigned(problem: Problem, i: int, same: Numbers, flipped: Numbers) -> Match:
    rows = np.arange(len(same))
    cost = np.minimum(same, flipped) if problem.sign[i] else same
    order = assign(cost) if problem.order else rows
    flip = (flipped[rows, order] < same[rows, order]) & problem.sign[i]
    return Match(order, np.where(flip, -1.0, 1.0))


def _invariant(problem: Problem) -> list[Match]:
    """Every group by itself, by what no reordering or flipping of the others changes: the sizes of a unit's numbers, in order."""
    found = []
    for i, group in enumerate(problem.groups):
        if not problem.free(i):
            found.append(identity(group.size))
            continue
        both = [
            np.concatenate(
                [np.sort(np.abs(block(a[m.tensor], m, group.size).reshape(group.size, -1))) for m in group.members], axis=1
            )
            for a in (problem.expected, problem.value)
        ]
        found.append(Match(assign(squared_distances(*both)), np.ones(group.size)))
    return found


def _all(problem: Problem) -> Iterator[list[Match]]:
    """Every matching of a small network."""
    free = [i for i in range(len(problem.groups)) if problem.free(i)]
    sizes = [problem.groups[i].size for i in free]
    if math.prod(_count(problem, i) for i in free) > _MOST_TRIED or max(sizes, default=9) > 5:
        return
    choices = []
    for i, size in zip(free, sizes, strict=True):
        orders = permutations(range(size)) if problem.order else [tuple(range(size))]
        signs = list(product((1.0, -1.0), repeat=size)) if problem.sign[i] else [(1.0,) * size]
        choices.append([Match(np.array(order), np.array(sign)) for order in orders for sign in signs])
    for chosen in product(*choices):
        found = [identity(group.size) for group in problem.groups]
        for i, match in zip(free, chosen, strict=True):
            found[i] = match
        yield found


def _count(problem: Problem, i: int) -> int:
    """How many matchings a group has."""
    size = min(problem.groups[i].size, 9)  # far too many already
    return (math.factorial(size) if problem.order else 1) * (2**size if problem.sign[i] else 1)
