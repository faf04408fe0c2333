"""What is to be run, as data, with a name that is the same exactly when the run would be."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from grader.judging import Probe
from grader.notebook import Notebook
from grader.result import Run
from grader.settings import Limits
from grader.values import dumps

__all__ = ["Request", "Runner"]

FORMAT = 1  # raised when the runner changes in a way that changes what runs give


@dataclass(frozen=True)
class Request:
    """One notebook to execute: its cells, the probes of each blank, the limits, and the folder of data files."""

    notebook: Notebook
    probes: Mapping[str, Sequence[Probe]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    data: Path | None = None
    data_digest: str = ""

    def key(self, versions: Mapping[str, str]) -> str:
        """A hash over all that decides what the run gives, the versions of Python and the libraries included."""
        cells = [(cell.id, str(cell.role), cell.name, cell.source) for cell in self.notebook if cell.is_code]
        facts = {
            "format": FORMAT,
            "cells": cells,
            "limits": dataclasses.asdict(self.limits),
            "data": self.data_digest,
            "versions": dict(versions),
        }
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8", "surrogatepass"))
        for blank in sorted(self.probes):
            for probe in self.probes[blank]:
                digest.update(f"\0{blank}\0{probe.name}\0{probe.source}\0".encode())
                digest.update(dumps(probe.given))
        return digest.hexdigest()


Runner: TypeAlias = Callable[[Request], Run]
