"""`weights(upto="function")`: any weights that give the same outputs on the same inputs."""

from __future__ import annotations

import numpy as np

from grader.compare.measure import Measured, Tolerance, measure
from grader.compare.parts import Rule, compare
from grader.compare.symmetry import forward
from grader.compare.symmetry.network import Network
from grader.compare.symmetry.structure import Structure, structure_of
from grader.compare.tell import verdict
from grader.compare.words import number, plural, word
from grader.judging import Weights
from grader.result import Outcome, Verdict

__all__ = ["distance", "judge"]

_HELP = "`nb.network(net, x)` in the probe brings the outputs along, and `activation=` says what stands between Linear layers."


def judge(options: Weights, value: Network, expected: Network) -> Verdict:
    """The outputs that both brought along, or those that we compute from the weights of both."""
    if value.outputs is not None and expected.outputs is not None:
        report = compare(value.outputs, expected.outputs, Rule(options.rtol, options.atol))
        return verdict(report, value.outputs)
    both = _structures(options, value, expected)
    if isinstance(both, Verdict):
        return both
    measured = _measured(options, value, expected, *both)
    if not measured.wrong:
        return Verdict.passed()
    share = "None" if measured.wrong == measured.total else f"{measured.total - measured.wrong:,} of {measured.total:,}"
    message = f"The network gives other outputs: computed from its weights, {share} {word(measured.total, 'agrees', 'agree')}."
    largest = f"The largest difference of an output is {number(measured.largest, 3)} (allowed {number(measured.allowed, 2)})."
    return Verdict.failed(message, largest if measured.worst is not None else "Some are not finite.")


def distance(options: Weights, value: Network, other: Network) -> float | None:
    """The largest difference of an output as a share of what is allowed; None where they differ or cannot be computed."""
    if value.outputs is not None and other.outputs is not None:
        return compare(value.outputs, other.outputs, Rule(options.rtol, options.atol, equal_nan=True)).distance
    both = _structures(options, value, other)
    if isinstance(both, Verdict):
        return None
    measured = _measured(options, value, other, *both, equal_nan=True)
    return None if measured.wrong else measured.ratio


def _structures(options: Weights, value: Network, expected: Network) -> tuple[Structure, Structure] | Verdict:
    """What both networks are made of, or the verdict where that is not enough to compute and compare their outputs."""
    mine, theirs = (structure_of(network, activation=options.activation) for network in (value, expected))
    reason = forward.cannot(theirs, options.activation)
    if reason:
        return Verdict(0.0, Outcome.UNGRADED, f"The outputs cannot be computed from the expected weights: {reason}. {_HELP}")
    if not value.tensors:
        return Verdict.failed("Expected the weights of a network, got none.")
    reason = forward.cannot(mine, options.activation)
    if reason:
        says = f"The outputs cannot be computed from these weights: {reason}. A person will look at it."
        return Verdict(0.0, Outcome.UNGRADED, says)
    first, reads = mine.layers[0], theirs.layers[0]
    if "embedding" not in (first.kind, reads.kind) and first.inputs != reads.inputs:
        return Verdict.failed(f"The network reads {plural(first.inputs, 'number')}, expected one that reads {reads.inputs}.")
    if first.kind == "embedding" and reads.kind != "embedding":
        return Verdict.failed("The network begins with an Embedding, which reads indices; expected one that reads numbers.")
    if reads.kind == "embedding" and (first.inputs < reads.inputs if first.kind == "embedding" else first.inputs != reads.inputs):
        return Verdict.failed(f"The network tells {first.inputs} inputs apart, expected one that tells {reads.inputs}.")
    gives, wanted = mine.layers[-1].outputs, theirs.layers[-1].outputs
    if gives != wanted:
        return Verdict.failed(f"The network gives {plural(gives, 'number')}, expected one that gives {wanted}.")
    return mine, theirs


def _measured(
    options: Weights, value: Network, expected: Network, mine: Structure, theirs: Structure, equal_nan: bool = False
) -> Measured:
    x = forward.inputs(theirs)
    with np.errstate(all="ignore"):
        y, wanted = (forward.outputs(n, s, x, options.activation) for n, s in ((value, mine), (expected, theirs)))
    return measure(y, wanted, Tolerance(options.rtol, options.atol), equal_nan)
