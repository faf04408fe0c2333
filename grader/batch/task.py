"""What goes to a worker and what comes back: the terms, the task, what was done."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from grader import run as running
from grader.assignment import Assignment
from grader.grade import request
from grader.key import Key

__all__ = ["Done", "Task", "Terms"]


@dataclass(frozen=True)
class Terms:
    """By what is graded, and where pages go."""

    assignment: Assignment
    key: Key
    out: Path
    versions: dict[str, str] = field(default_factory=running.versions)

    def portable(self) -> Terms:
        """The same as it goes to a worker: without what only making a key needs."""
        checks = tuple(dataclasses.replace(check, expect=None) for check in self.assignment.checks.checks)
        slim = dataclasses.replace(self.assignment.checks, checks=checks, mistakes=())
        return dataclasses.replace(self, assignment=dataclasses.replace(self.assignment, checks=slim))

    @cached_property
    def digest(self) -> str:
        """A hash over all that a grade rests on besides the submission: key, template, data, limits, settings, versions."""
        asked = request(self.assignment, self.assignment.template.reference_answers())
        cells = [(cell.id, str(cell.role), cell.source) for cell in self.assignment.template.notebook]
        facts = {
            "key": self.key.digest(),
            "run": asked.cells_key(self.versions),
            "probes": asked.probe_keys(),
            "cells": cells,
            "carry_forward": self.assignment.settings.carry_forward,
            "title": self.assignment.settings.title,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()

    def basis(self, task: Task, digest: str) -> str:
        """What a grade rests on: with the same basis there is nothing to do. digest: of the file."""
        names = (self.digest, digest, task.student, task.submission, task.page)
        return hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Task:
    """A submission to be graded. page: the name of its files. path: None where it is judged again from what is kept."""

    student: str
    submission: str
    page: str
    digest: str
    path: Path | None = None


@dataclass(frozen=True)
class Done:
    """What came of a task. grade, run: as `to_bytes` gives them.

    basis: "" where it should be looked at again next time. run: a new one. outcomes: of new carried-forward runs, by name.
    asked: checks whose probe was never asked in the kept run. pending: blanks that a carried-forward run would judge again.
    lacks: libraries that are not installed here. refused: why nothing was done.
    """

    task: Task
    digest: str = ""
    basis: str = ""
    grade: bytes = b""
    state: str = ""
    run_key: str | None = None
    probes: Mapping[str, str] = field(default_factory=dict)
    run: bytes | None = None
    outcomes: Mapping[str, dict[str, list[Any]]] = field(default_factory=dict)
    ran: bool = False
    carried: int = 0
    asked: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    refused: str = ""
