"""The confusion table of `benchmarks/diagnosis.py`: its goals are met, and it can tell when they are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "diagnosis.py"


@pytest.mark.slow
def test_wrong_answers_are_explained_rightly_or_not_at_all():
    """All goals but that of the right answers, which tests/rnn_ab looks after."""
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}  # the other core has other tests
    command = [sys.executable, str(BENCHMARK), "--quick"]
    found = subprocess.run(command, env=one_thread, capture_output=True, text=True, timeout=580)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
