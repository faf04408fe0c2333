"""`uses` and `avoids`: what an answer is written with, and what its network is made of."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass

from grader.compare.source import Lines, Reading, full_name, public, read
from grader.compare.walk import modules
from grader.compare.words import listed
from grader.judging import Avoids, Evidence, Uses
from grader.result import Verdict
from grader.values import Other, Value, describe

__all__ = ["judge_avoids", "judge_uses"]

_SYNTAX = {"def": "a function of its own", "class": "a class of its own", "matmul": "a matrix product (`@`)"}


@dataclass(frozen=True)
class Sought:
    """One thing that was looked for, in words; whether it was found, and where ("line 3", "`encoder.0`")."""

    what: str
    found: bool
    place: str = ""


def judge_uses(options: Uses, evidence: Evidence) -> Verdict:
    """All of them must be there."""
    if nothing := _nothing(evidence):
        return nothing
    missing = [sought.what for sought in _look(options, evidence, strict=False) if not sought.found]
    return (
        Verdict.failed(f"The answer does not use {listed(missing)}, which this task asks for.") if missing else Verdict.passed()
    )


def judge_avoids(options: Avoids, evidence: Evidence) -> Verdict:
    """None of them may be there."""
    if nothing := _nothing(evidence):
        return nothing
    there = [sought for sought in _look(options, evidence, strict=True) if sought.found]
    used = listed(f"{sought.what} ({sought.place})" if sought.place else sought.what for sought in there)
    return Verdict.failed(f"The answer uses {used}, which this task is to be solved without.") if there else Verdict.passed()


def _nothing(evidence: Evidence) -> Verdict | None:
    """An answer that gives nothing uses nothing, and has no merit of it."""
    empty = (type(None), Other)
    if not isinstance(evidence.value, empty) or isinstance(evidence.expected, empty):
        return None
    return Verdict.failed(f"Expected {describe(evidence.expected)}, got {describe(evidence.value)}.")


def _look(options: Uses, evidence: Evidence, strict: bool) -> Iterator[Sought]:
    """Look for each thing. strict: what must not be there counts when it is only mentioned, but not on a guess."""
    reading, made_of = read(evidence.source), _made_of(evidence.value)
    for name in options.modules:
        if made_of:
            path = made_of.get(full_name(name))
            yield Sought(f"`{name}`", path is not None, f"`{path}` of your network" if path else "")
        else:
            yield _in_source(name, reading, reading.mentions, guess=not strict)
    for name in options.functions:
        bare = "." not in name
        yield _in_source(name, reading, reading.mentions if strict and not bare else reading.calls, guess=not strict)
    for name in options.names:
        yield _in_source(name, reading, reading.mentions if "." in name else reading.names, guess=False)
    for name in options.syntax:
        line = reading.syntax.get(name)
        yield Sought(_SYNTAX.get(name, f"a {name}"), line is not None, f"line {line}")


def _made_of(value: Value) -> dict[str, str]:
    """Type -> attribute path of the first such module, for every module captured. A class of one's own has its bare name, too."""
    found: dict[str, str] = {}
    for path, module in modules(value):
        place = ".".join(map(str, path))
        found.setdefault(public(module.type), place)
        found.setdefault(module.type.rpartition(".")[2] if not module.type.startswith("torch.") else module.type, place)
    return found


def _in_source(name: str, reading: Reading, lines: Lines, guess: bool) -> Sought:
    """guess: a bare name that neither the source nor Python gives a meaning was imported under it in another cell."""
    line = lines.get(full_name(name))
    before, _, last = name.rpartition(".")
    if line is None and guess and before and not {last, "*"} & reading.bound and not hasattr(builtins, last):
        line = lines.get(last)
    return Sought(f"`{name}`", line is not None, f"line {line}")
