"""Isolation of a kernel on Linux, with root and without.

    server ── fork ──> A, the monitor        separate(jail)    namespaces
                       └─ fork ──> B, PID 1  furnish(jail)     a root file system of its own
                                   └─ fork ──> C, the kernel   lock(jail)    limits, user, capabilities, Landlock

Each raises IsolationError where a step fails; that process must then end. A stays outside the new file system and the PID
namespace; B keeps capabilities in the user namespace; C has nothing. `offers` says what a system has, by trying it.
"""

from __future__ import annotations

from grader.isolation.errors import IsolationError
from grader.isolation.filter import refuse
from grader.isolation.furnishing import furnish
from grader.isolation.jail import Jail
from grader.isolation.locking import lock
from grader.isolation.namespaces import separate
from grader.isolation.offers import Part, available, begin, missing, offers
from grader.isolation.paths import python_paths
from grader.isolation.processes import close_others, die_with_parent, undumpable

__all__ = [
    "IsolationError",
    "Jail",
    "Part",
    "available",
    "begin",
    "close_others",
    "die_with_parent",
    "furnish",
    "lock",
    "missing",
    "offers",
    "python_paths",
    "refuse",
    "separate",
    "undumpable",
]
