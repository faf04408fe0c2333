"""What comes out: of a run (facts) and of judging it (opinions). Plain frozen dataclasses, no behaviour beyond arithmetic.

Run        one execution: a Capture for each check, a CellRun for each cell. Kept for ever, judged as often as wanted.
Verdict    score in [0, 1], outcome, message, evidence, diagnosis for one check
Grade      verdicts -> points, for one submission
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from grader.values import NotAValue, Value, dumps, loads

__all__ = [
    "Capture",
    "CellRun",
    "CheckResult",
    "Fault",
    "Grade",
    "Outcome",
    "Run",
    "State",
    "Verdict",
]

RESULT_VERSION = 1


class Outcome(StrEnum):
    """How a check ended. Only `UNGRADED` is our fault: it never counts as a zero and always needs a person."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_ATTEMPTED = "not_attempted"
    ERROR = "error"
    UNGRADED = "ungraded"


class State(StrEnum):
    """How a submission ended: graded, graded but a person must look, or not gradable (with a reason in the notes)."""

    GRADED = "graded"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"


@dataclass(frozen=True)
class Fault:
    """Why a probe gave no value.

    kind: "raised" (the student's code raised in the probe), "not_defined" (a name the probe asks for is not there, or is
    still `...`), "timeout", "too_large", "died" (the kernel was gone), "ours".
    type, message: of the exception. name: the missing name. where: cell id and line of the student's code, if known.
    """

    kind: str
    type: str = ""
    message: str = ""
    name: str = ""
    cell: str = ""
    line: int = 0


@dataclass(frozen=True)
class Capture:
    """What one probe brought out of the kernel: a value, or the fault that stood in its way."""

    value: Value = None
    fault: Fault | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class CellRun:
    """What became of one code cell. state: "ok", "error", "timeout", "died", "skipped" or "not_run".

    error: one line ("NameError: name 'net' is not defined"), "" when there is none; line: where in the cell it was raised.
    outputs: nbformat outputs as plain dicts, capped.
    """

    id: str
    role: str
    name: str
    source: str
    state: str
    seconds: float = 0.0
    error: str = ""
    line: int = 0
    outputs: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One execution of a notebook. state: "complete", "timeout" (the notebook's limit), "died", or "ours".

    branches: name of another source that was tried for a blank -> what its probes captured.
    """

    state: str
    cells: list[CellRun] = field(default_factory=list)
    captures: dict[str, Capture] = field(default_factory=dict)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    branches: dict[str, dict[str, Capture]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The run in the format of `grader.values`: no pickle."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        plain["cells"] = [_fields(cell) for cell in self.cells]
        plain["captures"] = _plain_captures(self.captures)
        plain["branches"] = {name: _plain_captures(captures) for name, captures in self.branches.items()}
        return dumps(plain)

    @classmethod
    def from_bytes(cls, data: bytes) -> Run:
        """The run that `to_bytes` wrote. Raises `values.NotAValue` for anything else."""
        try:
            plain = dict(loads(data))
            plain["cells"] = [CellRun(**cell) for cell in plain["cells"]]
            plain["captures"] = _captures_of(plain["captures"])
            plain["branches"] = {name: _captures_of(captures) for name, captures in plain["branches"].items()}
            return cls(**plain)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotAValue(f"not a run: {error}") from error


def _plain_captures(captures: dict[str, Capture]) -> dict[str, Value]:
    return {
        name: {"value": c.value, "fault": dataclasses.asdict(c.fault) if c.fault else None, "seconds": c.seconds}
        for name, c in captures.items()
    }


def _captures_of(plain: dict[str, Any]) -> dict[str, Capture]:
    return {name: Capture(c["value"], Fault(**c["fault"]) if c["fault"] else None, c["seconds"]) for name, c in plain.items()}


@dataclass(frozen=True)
class Verdict:
    """The judgement on one check.

    message: what was expected in kind and what came; may be shown for private checks too.
    detail: where they part and how far; holds or implies expected numbers, so it is shown for public checks only.
    evidence: plain data for a picture, e.g. {"yours": Array, "expected": Array}; public checks only.
    diagnosis: the sentence of the mistake that it looks like, or "".
    """

    score: float
    outcome: Outcome
    message: str = ""
    detail: str = ""
    evidence: dict[str, Value] = field(default_factory=dict)
    diagnosis: str = ""

    @classmethod
    def passed(cls, message: str = "") -> Verdict:
        return cls(1.0, Outcome.PASSED, message)

    @classmethod
    def failed(cls, message: str, detail: str = "", **evidence: Value) -> Verdict:
        return cls(0.0, Outcome.FAILED, message, detail, evidence)

    @classmethod
    def partly(cls, score: float, message: str, detail: str = "", **evidence: Value) -> Verdict:
        """Passed at a score of 1, failed at 0, partial between."""
        score = min(1.0, max(0.0, score))
        outcome = Outcome.PASSED if score == 1 else Outcome.FAILED if score == 0 else Outcome.PARTIAL
        return cls(score, outcome, message, detail, evidence)


@dataclass(frozen=True)
class CheckResult:
    """One line of a grade. `title` is the check's docstring; `score` and `points` are points, not shares."""

    name: str
    blank: str
    title: str
    points: float
    score: float
    outcome: Outcome
    message: str = ""
    diagnosis: str = ""
    carried_forward: bool = False
    private: bool = False
    evidence: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """The opinion on one submission. `score` is the sum of the checks', None when it could not be graded."""

    assignment: str
    student: str
    submission: str
    state: State
    checks: list[CheckResult] = field(default_factory=list)
    cells: list[CellRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    max_score: float = 0.0

    @property
    def score(self) -> float | None:
        if self.state is State.FAILED:
            return None
        return round(sum(check.score for check in self.checks), 6)

    def to_json(self) -> dict[str, Any]:
        """`results/<student>.json`, version 1. Holds no captured value and no expected number of a private check."""
        return {
            "version": RESULT_VERSION,
            "assignment": self.assignment,
            "student": self.student,
            "submission": self.submission,
            "state": str(self.state),
            "score": self.score,
            "max_score": self.max_score,
            "seconds": round(self.seconds, 3),
            "checks": [{name: value for name, value in _fields(check).items() if name != "evidence"} for check in self.checks],
            "cells": [
                {"id": c.id, "state": c.state, "seconds": round(c.seconds, 3), "error": c.error or None} for c in self.cells
            ],
            "notes": list(self.notes),
        }

    def to_bytes(self) -> bytes:
        """The grade with its evidence and outputs, in the format of `grader.values`: what the gradebook keeps."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}
        plain["checks"] = [_fields(check) for check in self.checks]
        plain["cells"] = [_fields(cell) for cell in self.cells]
        return dumps(plain)

    @classmethod
    def from_bytes(cls, data: bytes) -> Grade:
        """The grade that `to_bytes` wrote. Raises `values.NotAValue` for anything else."""
        plain = loads(data)
        plain["state"] = State(plain["state"])
        plain["checks"] = [CheckResult(**{**check, "outcome": Outcome(check["outcome"])}) for check in plain["checks"]]
        plain["cells"] = [CellRun(**cell) for cell in plain["cells"]]
        return cls(**plain)


def _fields(item: CheckResult | CellRun) -> dict[str, Any]:
    return {f.name: _plain(getattr(item, f.name)) for f in dataclasses.fields(item)}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value
