"""Which unit of one layer goes with which unit of another: the assignment problem.

Kuhn, "The Hungarian method for the assignment problem" (1955), by scipy's `linear_sum_assignment`.
"""

from __future__ import annotations

import numpy as np

from grader.compare.measure import Numbers

__all__ = ["assign", "assign_signed", "squared_distances"]


def assign(cost: Numbers) -> Numbers:
    """The one-to-one matching of least total cost.

    cost: (H, H), of the expected unit in the row with the student's in the column, finite. Returns (H,): for each expected unit
    the student's. A unit that none is nearer to than the one in its own place stays there, if all do.

    No matching costs less than the least of each row together. So where these stand in different columns, they are the matching:
    right units in whatever order are matched like this, and scipy, which takes a fifth of a second to import, is not asked.
    """
    rows = np.arange(len(cost))
    if np.array_equal(np.diagonal(cost), cost.min(axis=1, initial=np.inf)):
        return rows
    if len(np.unique(nearest := cost.argmin(axis=1))) == len(rows):
        return np.asarray(nearest)
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(cost)[1])


def assign_signed(same: Numbers, flipped: Numbers) -> tuple[Numbers, Numbers]:
    """The same where a unit's sign is free, too. same, flipped: (H, H) costs as it is and with the student's unit negated.

    Returns the matching (H,) and the sign (H,), 1.0 or -1.0, of each matched unit.
    """
    matching = assign(np.minimum(same, flipped))
    rows = np.arange(len(matching))
    return matching, np.where(flipped[rows, matching] < same[rows, matching], -1.0, 1.0)


def squared_distances(expected: Numbers, value: Numbers) -> Numbers:
    """Squared Euclidean distance of each row of one to each row of the other. (H, D), (K, D) -> (H, K)."""
    squares = (expected**2).sum(1)[:, None] + (value**2).sum(1)[None, :]
    return np.asarray(np.maximum(squares - 2 * expected @ value.T, 0.0))
