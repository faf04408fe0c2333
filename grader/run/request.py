"""What is to be run, as data, with a name that is the same exactly when the run would be."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from grader.judging import Probe
from grader.notebook import Notebook
from grader.result import Run
from grader.settings import Limits
from grader.values import dumps

__all__ = ["Branch", "Request", "Runner"]

FORMAT = 4  # raised when the runner changes in a way that changes what runs give


@dataclass(frozen=True)
class Branch:
    """Another source for a blank, tried in a copy of the kernel just before the blank's own cell runs, and its probes."""

    name: str
    source: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True)
class Request:
    """One notebook to execute: its cells, the probes of each blank, the limits, and the folder of data files.

    branches: blank -> other sources to try for it. Where no copy of a kernel can be had, they are left out of the run.
    seed: other than 0, every seed that the notebook sets is shifted by it (`run.seeds`). threads: that torch may use.
    device: "cpu"; "plain", the CPU without its vector instructions, which rounds as another machine might; or "cuda", where the
    accelerator is not hidden from the notebook, which may then use it.
    carried: a reference's source stands in the notebook beside a student's. Only captures come back from such a run, for judging.
    """

    notebook: Notebook
    probes: Mapping[str, Sequence[Probe]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    data: Path | None = None
    data_digest: str = ""
    branches: Mapping[str, Sequence[Branch]] = field(default_factory=dict)
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    carried: bool = False

    def key(self, versions: Mapping[str, str]) -> str:
        """A hash over all that decides what the run gives: the cells and what is asked of them."""
        digest = hashlib.sha256(self.cells_key(versions).encode())
        for where, probe in self._asked():
            digest.update(f"\0{where}\0{probe.name}\0{probe.source}\0".encode())
            digest.update(dumps(probe.given))
        return digest.hexdigest()

    def probe_keys(self) -> dict[str, str]:
        """Check -> a hash over where its probe stands, its source and what it is given: a kept capture holds for exactly this."""
        keys: dict[str, str] = {}
        for blank, probes in self.probes.items():
            for probe in probes:
                digest = hashlib.sha256(f"{blank}\0{probe.name}\0{probe.source}\0".encode())
                digest.update(dumps(probe.given))
                keys[probe.name] = digest.hexdigest()
        return keys

    def cells_key(self, versions: Mapping[str, str]) -> str:
        """A hash over what is executed: cells, limits, data files, device, the versions of Python and the libraries."""
        cells = [(cell.id, str(cell.role), cell.name, cell.source) for cell in self.notebook if cell.is_code]
        facts = {
            "format": FORMAT,
            "cells": cells,
            "limits": dataclasses.asdict(self.limits),
            "data": self.data_digest,
            "versions": dict(versions),
        }
        unusual = {"seed": (self.seed, 0), "threads": (self.threads, 1), "device": (self.device, "cpu")}
        facts |= {name: value for name, (value, usual) in unusual.items() if value != usual}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()

    def _asked(self) -> Iterator[tuple[str, Probe]]:
        """Every probe with a name for where it runs, in a fixed order."""
        for blank in sorted(self.probes):
            for probe in self.probes[blank]:
                yield blank, probe
        for blank in sorted(self.branches):
            for branch in self.branches[blank]:
                for probe in branch.probes:
                    yield f"{blank}\0{branch.name}\0{branch.source}", probe


Runner: TypeAlias = Callable[[Request], Run]
