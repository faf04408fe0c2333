"""How a check is judged, as data: the comparators' options, and the evidence they are given.

A comparator is a frozen dataclass: options only, no code. It round-trips through plain data, so it can lie in a key; the code
that judges is looked up by its name in `grader.compare`, which no kernel ever imports.

    close  exact  text                      values
    figure                                  what is drawn, as data
    agree                                   a value of the student's own, captured by an earlier check
    weights  architecture                   what a network holds, what it is made of
    hidden_states  linear_probe             what a network remembers, and whether it knows the context
    layers  sequence                        where two computations part: after which layer, at which time step
    accuracy  losses  success_rate          how well it does, over examples, epochs and fits
    trained  gradient                       whether and how it learns
    uses  avoids                            what the answer is written with
"""

from grader.judging.base import COMPARATORS, Comparator, Earlier, Evidence, Probe, comparator_from
from grader.judging.networks import Architecture, HiddenStates, Layers, LinearProbe, Sequence, Weights, freedoms
from grader.judging.training import Accuracy, Gradient, Losses, SuccessRate, Trained
from grader.judging.values import Agree, Close, Exact, Figure, Text
from grader.judging.written import Avoids, Uses

__all__ = [
    "COMPARATORS",
    "Accuracy",
    "Agree",
    "Architecture",
    "Avoids",
    "Close",
    "Comparator",
    "Earlier",
    "Evidence",
    "Exact",
    "Figure",
    "Gradient",
    "HiddenStates",
    "Layers",
    "LinearProbe",
    "Losses",
    "Probe",
    "Sequence",
    "SuccessRate",
    "Text",
    "Trained",
    "Uses",
    "Weights",
    "comparator_from",
    "freedoms",
]
