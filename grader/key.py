"""The key: what a right notebook gives, as data in one file, for one profile.

For each check its probe's source, what the probe is given, the comparator as name and options, and the reference's value; for
each mistake its sentence and its values. Written in the format of `grader.values`, so the same key is the same bytes.
The public key holds public checks only: no private probe, no value of one, nothing of the reference's source.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any

from grader.checks import Check, Mistake
from grader.errors import UsageError
from grader.judging import Comparator, Probe, comparator_from
from grader.notebook import Cell, Notebook, Role
from grader.result import Capture, Fault
from grader.settings import Limits
from grader.template import Template
from grader.values import NotAValue, Value, dumps, loads

__all__ = ["Key", "KeyCheck", "KeyMistake"]

KEY_VERSION = 1


@dataclass(frozen=True)
class KeyCheck:
    """One check of a key. `expected` is what the student's value is compared with."""

    name: str
    blank: str
    title: str
    points: float
    probe: Probe
    comparator: Comparator
    expected: Value
    private: bool = False
    required: bool = False
    waived: bool = False

    @classmethod
    def of(cls, check: Check, expected: Value) -> KeyCheck:
        """The key's entry for a check that an author wrote."""
        names = ("name", "blank", "title", "points", "probe", "comparator", "private", "required", "waived")
        return cls(expected=expected, **{name: getattr(check, name) for name in names})

    def plain(self) -> dict[str, Value]:
        facts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        facts["probe"] = {"source": self.probe.source, "given": self.probe.given}
        facts["comparator"] = {"name": self.comparator.name, "options": self.comparator.as_options()}
        return facts

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> KeyCheck:
        probe = Probe(plain["name"], plain["probe"]["source"], plain["probe"]["given"], plain["private"])
        comparator = comparator_from(plain["comparator"]["name"], plain["comparator"]["options"])
        return cls(**{**plain, "probe": probe, "comparator": comparator})


@dataclass(frozen=True)
class KeyMistake:
    """One mistake of a key: its sentence, what each check of its blank captured, and which of them it does not pass.

    generic: not declared by the author.
    """

    name: str
    blank: str
    says: str
    same_as: str = ""
    captures: dict[str, Capture] = field(default_factory=dict)
    loses: tuple[str, ...] = ()
    generic: bool = False

    @classmethod
    def of(cls, mistake: Mistake, captures: dict[str, Capture], loses: tuple[str, ...]) -> KeyMistake:
        """The key's entry for a mistake that an author wrote, with what running it gave."""
        return cls(mistake.name, mistake.blank, mistake.says, mistake.same_as, captures, loses, mistake.generic)

    def plain(self) -> dict[str, Value]:
        facts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        facts["loses"] = list(self.loses)
        facts["captures"] = {name: _plain_capture(c) for name, c in self.captures.items()}
        return facts

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> KeyMistake:
        captures = {name: _capture_of(c) for name, c in plain["captures"].items()}
        return cls(**{**plain, "loses": tuple(plain["loses"]), "captures": captures})


def _plain_capture(capture: Capture) -> dict[str, Value]:
    """Without the seconds: they are not the same in two runs. Without the place of a fault: a student's is another."""
    fault = capture.fault
    return {
        "value": capture.value,
        "fault": fault and {"kind": fault.kind, "type": fault.type, "message": fault.message, "name": fault.name},
    }


def _capture_of(plain: dict[str, Any]) -> Capture:
    return Capture(plain["value"], Fault(**plain["fault"]) if plain["fault"] else None)


@dataclass(frozen=True)
class Key:
    """All that judging needs besides the student's values.

    cells: the notebook's code cells and free-text answers as handed out, stubs in the blanks.
    blanks: name -> the names that its answer must define, in the order of the notebook.
    data: the files that go out with the notebook, relative to it.
    """

    assignment: str
    title: str
    profile: str
    cells: tuple[Cell, ...]
    blanks: dict[str, tuple[str, ...]]
    checks: tuple[KeyCheck, ...]
    mistakes: tuple[KeyMistake, ...] = ()
    data: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    versions: dict[str, str] = field(default_factory=dict)

    def of(self, blank: str) -> list[KeyCheck]:
        return [check for check in self.checks if check.blank == blank]

    def mistakes_of(self, blank: str) -> list[KeyMistake]:
        return [mistake for mistake in self.mistakes if mistake.blank == blank]

    @property
    def template(self) -> Template:
        """The notebook as handed out, without its prose and without the solutions: enough to find the answers in a file."""
        return Template(Notebook(self.cells), self.blanks)

    def probes(self) -> dict[str, list[Probe]]:
        """Blank -> the probes that run at its check cell."""
        return {blank: [check.probe for check in self.of(blank)] for blank in self.blanks}

    @property
    def max_score(self) -> float:
        return sum(check.points for check in self.checks)

    def public(self) -> Key:
        """The same without private checks, and without what mistakes gave in them."""
        checks = tuple(check for check in self.checks if not check.private)
        names = {check.name for check in checks}
        mistakes = [
            dataclasses.replace(
                m,
                captures={name: c for name, c in m.captures.items() if name in names},
                loses=tuple(name for name in m.loses if name in names),
            )
            for m in self.mistakes
        ]
        return dataclasses.replace(self, checks=checks, mistakes=tuple(m for m in mistakes if m.loses))

    def to_bytes(self) -> bytes:
        """The key as one file. The same key gives the same bytes."""
        return dumps(
            {
                "key": KEY_VERSION,
                "assignment": self.assignment,
                "title": self.title,
                "profile": self.profile,
                "cells": [[cell.id, str(cell.role), cell.source, cell.name] for cell in self.cells],
                "blanks": {name: list(defines) for name, defines in self.blanks.items()},
                "checks": [check.plain() for check in self.checks],
                "mistakes": [mistake.plain() for mistake in self.mistakes],
                "data": list(self.data),
                "limits": dataclasses.asdict(self.limits),
                "versions": dict(sorted(self.versions.items())),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Key:
        """The key in a file. Raises UsageError when it is none, or one of another version of grader."""
        try:
            plain = loads(data)
            if plain["key"] != KEY_VERSION:
                raise UsageError(f"the key is of version {plain['key']}; this grader reads version {KEY_VERSION}: build it again")
            return cls(
                assignment=plain["assignment"],
                title=plain["title"],
                profile=plain["profile"],
                cells=tuple(Cell(id_, Role(role), source, name) for id_, role, source, name in plain["cells"]),
                blanks={name: tuple(defines) for name, defines in plain["blanks"].items()},
                checks=tuple(KeyCheck.from_plain(check) for check in plain["checks"]),
                mistakes=tuple(KeyMistake.from_plain(mistake) for mistake in plain["mistakes"]),
                data=tuple(plain["data"]),
                limits=Limits(**plain["limits"]),
                versions=plain["versions"],
            )
        except (NotAValue, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"this is not a key that grader made: {error}") from error

    def digest(self) -> str:
        """A short name for exactly this key."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def version_notes(self, here: dict[str, str]) -> list[str]:
        """A sentence for each package whose version here is not the one that made the key."""
        return [
            f"The key was made with {name} {version}, here is {here[name]}: numbers may differ in the last digits."
            for name, version in self.versions.items()
            if name in ("torch", "numpy") and name in here and here[name] != version
        ]
