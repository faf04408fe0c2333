"""Runs and grades for the tests: made up, and as large as real ones."""

from __future__ import annotations

import base64
import dataclasses
import functools

import numpy as np

from grader.result import Capture, CellRun, CheckResult, Fault, Grade, Outcome, Run, State
from grader.values import Array

CHECKS = [f"check_{i}_holds" for i in range(10)]
PROBES = {name: f"{i:064x}" for i, name in enumerate(CHECKS)}
_EXPECTED = [Array(np.random.default_rng(i).normal(size=200).astype("f4"), "float32") for i in range(10)]


def key_of(number: int) -> str:
    return f"{number:064x}"


def student_of(number: int) -> str:
    return f"student-{number:04d}"


@functools.lru_cache(maxsize=64)
def make_run(number: int) -> Run:
    """20 cells, half of them given, a picture, ten values of 200 numbers, one of them a fault."""
    rng = np.random.default_rng([1, number])
    cells = [_cell(i, number, rng) for i in range(20)]
    captures = {name: Capture(Array(rng.normal(size=200).astype("f4"), "float32"), None, 0.01) for name in CHECKS}
    captures[CHECKS[3]] = Capture(None, Fault("raised", "ValueError", "embedded \x00 null", cell="blank-3", line=2), 0.02)
    return Run("complete", cells, captures, 1.5 + number / 1000, ["A note."], {"python": "3.11.2", "torch": "2.13.0"})


def _cell(i: int, number: int, rng: np.random.Generator) -> CellRun:
    if i % 2:
        return CellRun(f"given-{i}", "given", "", f"# cell {i}\n" + "import torch\n" * 10, "ok", float(rng.random()))
    outputs = [{"output_type": "stream", "name": "stdout", "text": f"student {number}: loss {rng.random()}\n" * 20}]
    if i == 6:
        picture = base64.b64encode(rng.bytes(6000)).decode()
        outputs.append({"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}})
    source = f"# blank: part_{i}\ndef part_{i}(x):\n    return x + {number}\n"
    return CellRun(f"blank-part_{i}", "blank", f"part_{i}", source, "ok", float(rng.random()), "", 0, outputs if i % 4 else [])


def make_grade(number: int, run: Run | None = None, **changed: object) -> Grade:
    """Half a point a check for odd numbers, one for even ones; evidence on two of three checks."""
    run = run or make_run(number)
    checks = [
        CheckResult(
            name,
            f"part_{i}",
            "A sentence on what is looked at.",
            1.0,
            0.5 if number % 2 else 1.0,
            Outcome.PARTIAL if number % 2 else Outcome.PASSED,
            "What came, and what was expected. " * 3,
            "The gradients add up." if number % 2 else "",
            carried_forward=number % 2 == 1 and i == 9,
            private=i % 3 == 0,
            evidence={} if i % 3 == 0 else {"yours": run.captures[name].value, "expected": _EXPECTED[i]},
        )
        for i, name in enumerate(CHECKS)
    ]
    grade = Grade(
        "hw", student_of(number), f"in/{number}.ipynb", State.GRADED, checks, run.cells, ["Well done."], run.seconds, 10.0
    )
    return dataclasses.replace(grade, **changed)


def failed_grade(number: int) -> Grade:
    return Grade("hw", student_of(number), f"in/{number}.ipynb", State.FAILED, notes=["It is no notebook."], max_score=10.0)


def same(one: Run | Grade, other: Run | Grade) -> bool:
    """Equal to the last bit; arrays know no `==`."""
    return one.to_bytes() == other.to_bytes()
