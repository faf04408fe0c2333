"""Each benchmark runs, in its smallest form, and what it prints makes sense. How fast anything is, is not tested."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


def printed(script: str, *options: str) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_throughput_without_nbgrader() -> None:
    """All right answers earn all points, or the script itself ends with an error."""
    sizes = ("--light", "4x1", "--middle", "0", "--heavy", "0")
    (light,) = json.loads(printed("throughput.py", "--no-nbgrader", *sizes, "--json"))["sets"]
    assert light["submissions"] == 4
    assert set(light["used"]) == {"1 worker", "2 workers"}
    assert all(0 < seconds < 5 for seconds in (*light["bare"], *light["runs"]))


def test_scale() -> None:
    found: dict[str, Any] = json.loads(printed("scale.py", "--submissions", "20", "--json"))
    assert found["submissions"] == 20
    assert found["lines"][0]["value"] == "20, {'graded': 19, 'failed': 1}"


def test_matching() -> None:
    rows = json.loads(printed("matching.py", "--sizes", "5", "--rounds", "1").splitlines()[-1])
    assert rows
    assert [row["judged"] for row in rows] == ["right"] * len(rows)


def test_many_fits_at_once() -> None:
    assert "differ" in printed("reference.py", "--profile", "quick", "--fits", "2", "--rounds", "1", "--most", "5")


def test_self_check() -> None:
    assert "check" in printed("selfcheck.py", "--slug", "perceptron", "--profile", "quick", "--rounds", "1")


def test_diagnosis() -> None:
    """Exits 1 when one of its goals is missed."""
    assert "declared" in printed("diagnosis.py", "--slug", "perceptron", "--quick")
