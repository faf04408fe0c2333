"""Which failing blanks may fail only since an earlier one, on which they build, is not right: for the self-check, which has no
reference to put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.dependence import dependence
from grader.grade import without_setup
from grader.key import Key
from grader.notebook import Answers
from grader.report.text import joined
from grader.result import CheckResult, Outcome
from grader.template import fill

__all__ = ["is_unexplained", "note", "notes", "roots"]

_WRONG = (Outcome.FAILED, Outcome.PARTIAL, Outcome.ERROR)
_NAMES_AT_MOST = 6


def is_unexplained(results: Sequence[CheckResult]) -> bool:
    """Whether something failed of which no typical mistake is known."""
    return any(result.outcome in _WRONG and not result.diagnosis for result in results)


def roots(key: Key, answers: Answers, results: Sequence[CheckResult]) -> dict[str, tuple[str, ...]]:
    """Blank with a failure that nothing explains -> the blanks before it that are not right, and on which it builds.

    Of those only such as are not of this kind themselves: what is to be mended first.
    """
    of = {blank: [result for result in results if result.blank == blank] for blank in key.blanks}
    bad = [blank for blank in key.blanks if any(r.outcome in (*_WRONG, Outcome.NOT_ATTEMPTED) for r in of[blank])]
    behind = dependence(without_setup(fill(key.template, answers)), key.probes(), key.blanks)
    found: dict[str, tuple[str, ...]] = {}
    for number, blank in enumerate(bad):
        first = tuple(earlier for earlier in bad[:number] if earlier in behind[blank] and earlier not in found)
        if first and is_unexplained(of[blank]):
            found[blank] = first
    return found


def note(earlier: Sequence[str]) -> str:
    """For one blank: what it builds on and was not right when it was last checked. "" for nothing."""
    if not earlier:
        return ""
    return f"It builds on {_names(earlier)}, not right when last checked: that alone may be why."


def notes(key: Key, answers: Answers, results: Sequence[CheckResult]) -> list[str]:
    """For a whole notebook: a sentence for each blank on which others build."""
    found = roots(key, answers, results)
    said = []
    for root in key.blanks:
        if following := [blank for blank, earlier in found.items() if root in earlier]:
            state = "is not filled in yet" if root in answers.untouched else "is not right yet"
            said.append(f"`{root}` {state}. What builds on it may fail for that alone: {_names(following)}.")
    return said


def _names(blanks: Sequence[str]) -> str:
    more = len(blanks) - _NAMES_AT_MOST
    return joined([*(f"`{blank}`" for blank in blanks[:_NAMES_AT_MOST]), *([f"{more} more"] if more > 0 else [])])
