"""What `grader check` costs above running the notebook: three ways to run the right answers of an assignment, in turns.

    python benchmarks/selfcheck.py [--slug rnn_ab] [--profile homework] [--rounds 3]

plain     the code cells as one Python script, one thread
nbclient  the notebook through nbclient, as `jupyter execute` runs it, with nbclient's own kernel and default threads
check     `grader check`: the notebook, all public checks, the judging and the table
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.assignment import Course
from grader.build import build, student_notebook
from grader.keying import Workshop
from grader.notebook import Role
from grader.template import fill

EXECUTE = "import nbformat, nbclient; nbclient.NotebookClient(nbformat.read({path!r}, as_version=4), timeout=600).execute()"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--slug", default="rnn_ab")
    options.add_argument("--profile", default="homework")
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    assignment = Course.find(Path(__file__).parent).assignment(asked.slug, asked.profile)
    with tempfile.TemporaryDirectory() as folder:
        commands = prepare(assignment, Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(asked.rounds):
            for name, (command, environment) in commands.items():
                begin = time.perf_counter()
                subprocess.run(command, env=os.environ | environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
                seconds[name].append(time.perf_counter() - begin)
    show(f"{asked.slug}, {asked.profile}", seconds)


def prepare(assignment, folder: Path) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Write the notebook with the right answers, its key, and the same cells as a script."""
    bundle = build(assignment, folder / "built", Workshop.of(assignment, 2))
    notebook, _ = student_notebook(assignment, None)
    right = fill(assignment.template, assignment.template.reference_answers())
    setup = next(cell for cell in notebook if cell.role is Role.SETUP)
    path = folder / "hw.ipynb"
    right.with_sources({setup.id: "import grader"}).write(path)
    cells = [cell.source for cell in right if cell.role in (Role.GIVEN, Role.BLANK)]
    script = folder / "hw.py"
    script.write_text("import torch\ntorch.set_num_threads(1)\n" + "\n\n".join(cells))
    one = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    return {
        "plain": ([sys.executable, str(script)], one),
        "nbclient": ([sys.executable, "-c", EXECUTE.format(path=str(path))], {}),
        "check": ([sys.executable, "-m", "grader", "check", str(path), "--key", str(bundle.public_key)], {}),
    }


def show(title: str, seconds: dict[str, list[float]]) -> None:
    """Median seconds, and the difference to each of the other two."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    table = Table(title=title, title_justify="left")
    for column in ("way", "median s", "min", "max", "above plain", "ratio to nbclient"):
        table.add_column(column, justify="right" if column != "way" else "left")
    for name, values in seconds.items():
        above = medians[name] - medians["plain"]
        ratio = medians[name] / medians["nbclient"]
        table.add_row(name, f"{medians[name]:.2f}", f"{min(values):.2f}", f"{max(values):.2f}", f"{above:+.2f}", f"{ratio:.2f}")
    Console().print(table)
    print(json.dumps({"medians": medians}))


if __name__ == "__main__":
    main()
