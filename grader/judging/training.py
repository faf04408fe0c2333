"""Options of the comparators of training: predictions, loss curves, gradients, and whether anything was learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grader.judging.base import Comparator, not_negative

__all__ = ["Accuracy", "Gradient", "Losses", "SuccessRate", "Trained"]


@dataclass(frozen=True)
class Accuracy(Comparator):
    """Share of right predictions, counted by us against `labels`, which never enter the kernel.

    value: class indices (N,), truth values (N,), or scores: (N, C) takes the argmax, (N,) or (N, 1) floats are compared with
    `threshold` (0 for logits, 0.5 for probabilities). `labels`: (N,) or (N, 1) classes, or (N, C) one-hot; without them the
    expected value's predictions are the labels. Full credit from `at_least`, none at `floor` (default: the share of the most
    frequent class) and below, in proportion between when `partial`.

    Messages give a Wilson interval with `confidence` (of fewer than 20 predictions only with `interval`). `interval=True`: full
    credit, too, when that interval reaches `at_least` and more than the floor is right, for few examples, where a point estimate
    says little. A value {"predictions": ..., "overlap": nb.overlap(x_test, x_train)} is flagged, and fails, when more than
    `overlap` of the test examples were trained on.
    """

    labels: Any = None
    at_least: float = 1.0
    floor: float | None = None
    partial: bool = True
    threshold: float = 0.0
    interval: bool = False
    confidence: float = 0.95
    overlap: float = 0.0

    def problems(self) -> list[str]:
        wrong = []
        if not 0 < self.at_least <= 1:
            wrong.append(f"`at_least` is {self.at_least}; it must lie in (0, 1]")
        if self.floor is not None and not 0 <= self.floor < self.at_least:
            wrong.append(f"`floor` is {self.floor}; it must lie in [0, at_least)")
        if not 0 < self.confidence < 1:
            wrong.append(f"`confidence` is {self.confidence}; it must lie in (0, 1)")
        if not 0 <= self.overlap <= 1:
            wrong.append(f"`overlap` is {self.overlap}; it must lie in [0, 1]")
        return wrong


@dataclass(frozen=True)
class Losses(Comparator):
    """A loss curve, (epochs,): a tensor, a list of numbers or of tensors of one number, judged by whichever of these are given.

    atol, rtol: with either, the curve agrees with the expected one at every epoch within atol + rtol * |expected|; one that is
    not given is that of `close`.
    `band`: the curve stays within this share of the expected curve's range around it (0.1: a tenth of first minus last), for
    curves from another seed. `final`: the last value is at most this. `final_within`: it is within this of the expected one.
    `decrease`: the last value is at most this share of the first. `converged`: over the last tenth, the curve changes by at most
    this share of its total decrease, and there is one. Without any, the tolerance is that of `close`.
    Always: as many epochs as expected (`epochs=False`: any number; what both have is compared), no NaN and no infinity.
    """

    atol: float | None = None
    rtol: float | None = None
    band: float | None = None
    final: float | None = None
    final_within: float | None = None
    decrease: float | None = None
    converged: float | None = None
    epochs: bool = True

    def problems(self) -> list[str]:
        names = ("atol", "rtol", "band", "final_within", "decrease", "converged")
        return not_negative(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Trained(Comparator):
    """Did it train? The value is `nb.training(net)` or `nb.training(optimizr)`: what the optimizer's steps did.

    The optimizer holds the network's parameters, steps were taken (`steps`: exactly so many), every parameter got a gradient,
    moved and is still finite. `moved=False`: some parameters may get no gradient and stay (a dead ReLU). `frozen`: names of
    parameters, or of the modules that hold them, that must not move.
    """

    steps: int | None = None
    moved: bool = True
    frozen: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        wrong = not_negative(steps=self.steps)
        if isinstance(self.frozen, str):
            wrong.append(f"`frozen` is the text {self.frozen!r}; it must be a tuple of names")
        return wrong


@dataclass(frozen=True)
class SuccessRate(Comparator):
    """How often many fits succeed: K truth values of any shape, or a dict {"right": k, "of": K}. K is at least the expected one.

    Judged with a two-sided binomial (Wilson) interval of the given `confidence`, not by one number: passed unless the interval
    excludes every rate of `at_least` or more (and of `at_most` or less). Without both, two-sided against the expected value's own
    rate: passed unless the two differ by more than chance explains (Fisher's exact test at 1 - confidence).
    """

    at_least: float | None = None
    at_most: float | None = None
    confidence: float = 0.95

    def problems(self) -> list[str]:
        rates = {"at_least": self.at_least, "at_most": self.at_most}
        wrong = [
            f"`{name}` is {rate}; it must lie in [0, 1]"
            for name, rate in rates.items()
            if rate is not None and not 0 <= rate <= 1
        ]
        if not 0 < self.confidence < 1:
            wrong.append(f"`confidence` is {self.confidence}; it must lie in (0, 1)")
        return wrong


@dataclass(frozen=True)
class Gradient(Comparator):
    """A hand-made backward pass: the value is `nb.gradients(function, x, y, ...)`.

    Its gradients are compared, input by input, with central differences that we take from calls of the student's own forward pass
    in float64, and with the expected output and gradients (autograd's, of the reference). `forward=False`: only the former, for a
    function that may compute something else than the reference. At a kink (max, ReLU at a tie) every slope between the
    one-sided ones is right.
    """

    atol: float = 1e-5
    rtol: float = 1e-4
    forward: bool = True

    def problems(self) -> list[str]:
        return not_negative(rtol=self.rtol, atol=self.atol)
