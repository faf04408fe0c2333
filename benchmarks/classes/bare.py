"""Cells in one plain process with one thread: no notebook, no kernel, no probes. `course.bare_seconds` starts it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time

os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}


def main() -> None:
    """Read what is asked from standard input, print the seconds and the values."""
    import matplotlib.pyplot as plt
    import torch

    torch.set_num_threads(1)
    asked = json.load(sys.stdin)
    seconds = []
    with contextlib.redirect_stdout(io.StringIO()):
        run(asked["warm"])
        for _ in range(asked["times"]):
            begin = time.perf_counter()
            names = run(asked["cells"])
            seconds.append(time.perf_counter() - begin)
            plt.close("all")
    print(json.dumps({"seconds": seconds, "values": {name: eval(text, names) for name, text in asked["values"].items()}}))


def run(cells: list[str]) -> dict:
    """Execute the cells in a fresh namespace, and return it."""
    names: dict = {"__name__": "__main__"}
    for source in cells:
        exec(compile(source, "<cell>", "exec"), names)
    return names


if __name__ == "__main__":
    main()
