"""25 fits at once against 25 fits one after the other: the experiments of the lectures that repeat a training.

    python benchmarks/reference.py [--profile homework] [--rounds 3] [--most 1000]

Sizes, learning rates and epochs (at most `--most`) are those of the assignments in a profile. Both train the same networks,
from the same numbers, in one thread; seconds are the least of the rounds, in turns. "differ" is the largest difference between
a probability of a network that was trained alone and of the same one trained with the others: after 20 epochs, in which nothing
but rounding can differ, and after all. Adam divides by the root of a gradient's square, so a gradient near 0 passes its
rounding on, and where a loss is steep, the paths of two equal networks part slowly. "same" counts the fits whose likeliest
letters are all the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

sys.path[0] = str(Path(__file__).parents[1])  # not this folder, in which this file is `reference`

from grader.assignment import Course  # noqa: E402
from reference import lstm, rnn_ab  # noqa: E402  see above

EARLY = 20
TEXTS = {"abcabC": 3, "abcdabcD": 4}  # and the hidden nodes
Train = Callable[[int, int], torch.Tensor]


@dataclass(frozen=True)
class Experiment:
    """single, batched: train `fits` networks for `epochs`; what each then says, (fits, T, V). epochs: of the profile."""

    name: str
    epochs: int
    single: Train
    batched: Train


def letters(word: str, kind: str, hidden: int, parameters: Mapping[str, Any]) -> Experiment:
    """Lecture 004: an RNN or an LSTM from each of the seeds 0, 1, ... on a text."""
    x, y = lstm.text_data(word, parameters["few"])
    rate = parameters["lr_many"]

    def said(nets: list[tuple[torch.nn.RNNBase, torch.nn.Linear]]) -> torch.Tensor:
        with torch.no_grad():
            return torch.stack([linr(net(x)[0]).softmax(dim=1) for net, linr in nets])

    def single(fits: int, epochs: int) -> torch.Tensor:
        nets = []
        for seed in range(fits):
            net, linr = lstm.make(kind, x.shape[1], hidden, seed)
            optimizr = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=rate)
            lstm.train(net, linr, optimizr, x, y, epochs)
            nets.append((net, linr))
        return said(nets)

    def batched(fits: int, epochs: int) -> torch.Tensor:
        return said(lstm.fit_many(kind, range(fits), x, y, hidden, rate, epochs)[0])

    return Experiment(f"{kind} on {word} x {parameters['few']}", parameters["epochs_many"], single, batched)


def pairs(net: type[torch.nn.Module], epochs: int) -> Experiment:
    """Lecture 000: networks of a class, drawn one after the other, on 199 pairs of a and b."""
    x, y = rnn_ab.ab_data()
    loss_fn = torch.nn.BCEWithLogitsLoss()

    def drawn(fits: int) -> list[torch.nn.Module]:
        torch.manual_seed(43052)
        return [net() for _ in range(fits)]

    def said(nets: list[torch.nn.Module]) -> torch.Tensor:
        with torch.no_grad():
            of_b = torch.stack([torch.sigmoid(one(x)) for one in nets])
            return torch.cat([1 - of_b, of_b], dim=2)

    def single(fits: int, epochs: int) -> torch.Tensor:
        nets = drawn(fits)
        for one in nets:
            rnn_ab.train(one, loss_fn, torch.optim.Adam(one.parameters()), x, y, epochs)
        return said(nets)

    def batched(fits: int, epochs: int) -> torch.Tensor:
        nets = drawn(fits)
        rnn_ab.train_together(nets, x, y, epochs)
        return said(nets)

    return Experiment(f"{net.__name__} on ab", epochs, single, batched)


def compare(experiment: Experiment, fits: int, most: int, rounds: int) -> str:
    epochs = min(experiment.epochs, most)
    early = float((experiment.single(fits, EARLY) - experiment.batched(fits, EARLY)).abs().max())
    seconds: dict[Train, float] = {}
    said = {}
    for _ in range(rounds):
        for train in (experiment.single, experiment.batched):
            begin = time.perf_counter()
            said[train] = train(fits, epochs)
            seconds[train] = min(time.perf_counter() - begin, seconds.get(train, float("inf")))
    one, other = said.values()
    single, batched = seconds.values()
    same = int((one.argmax(dim=2) == other.argmax(dim=2)).all(dim=1).sum())
    differ = f"{early:>11.0e}{float((one - other).abs().max()):>9.0e}"
    return f"{experiment.name:<24}{epochs:>7}{single:>9.2f}{batched:>9.2f}{single / batched:>8.1f}{differ}{same:>6}/{fits}"


def main() -> None:
    parser = argparse.ArgumentParser(description="fits at once against fits one after the other")
    parser.add_argument("--profile", default="homework")
    parser.add_argument("--fits", type=int, default=25)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=1000, help="epochs")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    course = Course.find(Path(__file__).parent)
    ab, longer = (course.assignment(slug).settings.profile(asked.profile) for slug in ("rnn_ab", "lstm"))
    experiments = [
        *(pairs(net, ab["fit_epochs"]) for net in (rnn_ab.Mynet1, rnn_ab.Mynet2, rnn_ab.Mynet3)),
        *(letters(word, kind, hidden, longer) for word, hidden in TEXTS.items() for kind in ("RNN", "LSTM")),
    ]
    print(f"{asked.fits} fits, profile {asked.profile}\n")
    print(f"{'':<24}{'epochs':>7}{'single s':>9}{'at once':>9}{'ratio':>8}{f'differ {EARLY}':>11}{'all':>9}{'same':>9}")
    for experiment in experiments:
        print(compare(experiment, asked.fits, asked.most, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
