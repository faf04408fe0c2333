"""What it costs to match hidden units: `weights(upto=...)` on networks of each kind and size.

    python benchmarks/matching.py [--sizes 16 64 256] [--rounds 3]

copy      the same function: units in another order, with another sign (tanh, LSTM, GRU) or scale (ReLU)
changed   that copy with one weight off by three times the tolerance
other     the same network from another seed
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from grader.compare import judge
from grader.compare.symmetry import read
from grader.compare.symmetry.moving import Match, moved
from grader.compare.symmetry.structure import structure_of
from grader.judging import Evidence, Weights
from grader.result import Outcome, Verdict
from grader.values import Array, capture

ATOL = 1e-4
WANTED = {"copy": Outcome.PASSED, "changed": Outcome.FAILED, "other": Outcome.FAILED}


def with_readout(layer: nn.Module, size: int) -> nn.ModuleDict:
    return nn.ModuleDict({"rnn": layer, "cook": nn.Linear(size, 10)})


KINDS: dict[str, tuple[str, Callable[[int], nn.Module]]] = {
    "Linear, tanh, Linear": ("sign", lambda n: nn.Sequential(nn.Linear(n, n), nn.Tanh(), nn.Linear(n, 10))),
    "Linear, ReLU, Linear": ("scale", lambda n: nn.Sequential(nn.Linear(n, n), nn.ReLU(), nn.Linear(n, 10))),
    "3 hidden layers, tanh": (
        "sign",
        lambda n: nn.Sequential(
            nn.Linear(n, n), nn.Tanh(), nn.Linear(n, n), nn.Tanh(), nn.Linear(n, n), nn.Tanh(), nn.Linear(n, 10)
        ),
    ),
    "RNN(64, n), tanh": ("sign", lambda n: with_readout(nn.RNN(64, n), n)),
    "RNN(64, n), ReLU": ("scale", lambda n: with_readout(nn.RNN(64, n, nonlinearity="relu"), n)),
    "LSTM(64, n)": ("sign", lambda n: with_readout(nn.LSTM(64, n), n)),
    "GRU(64, n)": ("sign", lambda n: with_readout(nn.GRU(64, n), n)),
}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", type=int, nargs="+", default=[16, 64, 256])
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    torch.set_num_threads(1)
    table = Table(title=f"judging weights(upto=...), ms, median of {asked.rounds}", title_justify="left")
    for column in ("network", "units n", "numbers", *WANTED, "judged"):
        table.add_column(column, justify="left" if column in ("network", "judged") else "right", no_wrap=True)
    found = []
    for kind, (free, build) in KINDS.items():
        for size in asked.sizes:
            row = measured(free, build, size, asked.rounds)
            table.add_row(kind, str(size), f"{row['numbers']:,}", *(f"{1000 * row[case]:.0f}" for case in WANTED), row["judged"])
            found.append({"network": kind, "units": size, **row})
    Console().print(table)
    print(json.dumps(found))


def measured(free: str, build: Callable[[int], nn.Module], size: int, rounds: int) -> dict:
    """Median seconds for each case, and whether every one was judged as it should be."""
    seconds: dict[str, list[float]] = {case: [] for case in WANTED}
    wrong: set[str] = set()
    for seed in range(rounds):
        torch.manual_seed(seed)
        expected, other = (capture(dict(build(size).state_dict())) for _ in range(2))
        cases = {"copy": copied(expected, free, seed), "other": other}
        cases["changed"] = changed(cases["copy"], seed)
        for case, value in cases.items():
            begin = time.perf_counter()
            verdict: Verdict = judge(Weights(atol=ATOL, upto=("permutation", free)), Evidence(value, expected))
            seconds[case].append(time.perf_counter() - begin)
            wrong |= {case} if verdict.outcome is not WANTED[case] else set()
    medians = {case: statistics.median(values) for case, values in seconds.items()}
    return {"numbers": sum(a.data.size for a in expected.values()), **medians, "judged": f"wrong: {wrong}" if wrong else "right"}


def copied(state: dict[str, Array], free: str, seed: int) -> dict[str, Array]:
    """Another network with the same function."""
    rng = np.random.default_rng(seed)
    groups = structure_of(read(state)).groups
    matches = []
    for group in groups:
        factor = rng.choice([-1.0, 1.0], group.size) if free == "sign" else np.exp(rng.uniform(-1, 1, group.size))
        matches.append(Match(rng.permutation(group.size), factor))
    arrays = moved({name: array.data for name, array in state.items()}, groups, matches)
    return {name: Array(arrays[name].astype(array.data.dtype), array.dtype) for name, array in state.items()}


def changed(state: dict[str, Array], seed: int) -> dict[str, Array]:
    """One weight off by three times the tolerance."""
    name = list(state)[seed % len(state)]
    data = state[name].data.copy()
    data.flat[seed] += 3 * ATOL
    return {**state, name: Array(data, state[name].dtype)}


if __name__ == "__main__":
    main()
