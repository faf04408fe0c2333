"""Options of the comparators of neural networks: weights, hidden states, what happens on the way through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from grader.judging.base import Comparator, not_negative

__all__ = ["Architecture", "HiddenStates", "Layers", "LinearProbe", "Sequence", "Weights", "freedoms"]


def freedoms(upto: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The freedoms that an `upto=` names, in the order given: "permutation", ("permutation", "sign") or "permutation+sign"."""
    words = upto.replace("+", " ").replace(",", " ").split() if isinstance(upto, str) else list(upto)
    return tuple(dict.fromkeys(words))


def _unknown(upto: str | tuple[str, ...] | list[str], known: tuple[str, ...]) -> list[str]:
    found = freedoms(upto)
    wrong = [f"`upto` holds {name!r}; known are {', '.join(known)}" for name in found if name not in known]
    alone = [name for name in ("function", "affine") if name in found]
    if alone and len(found) > 1:
        wrong.append(f'`upto="{alone[0]}"` stands alone: it leaves every other freedom already')
    return wrong


@dataclass(frozen=True)
class Weights(Comparator):
    """A state dict (or a list of tensors, one tensor, a dict of state dicts, or `nb.network(net)`): the same values within
    atol + rtol * |expected|, up to what the task leaves open.

    `upto`: one or more of
        "permutation"  hidden units in another order
        "sign"         hidden units with flipped sign, where the activation is odd (tanh; g of an LSTM, n of a GRU)
        "scale"        hidden units rescaled by a positive factor, where the activation is ReLU
        "bias"         bias_ih and bias_hh of RNN and LSTM exchange a part: only their sum counts
        "shift"        one number added to all biases of the last layer: softmax does not see it
        "function"     alone: any weights that give the same outputs on the same inputs: those that both brought along, else those
                       that we compute from the weights, for a chain of Linear, Embedding, RNN, LSTM, GRU and normalisation
    With any of them, tensors are matched by role and shape, whatever they are called; two Linear layers `i2h`, `h2h` are an RNN.
    `nb.network(net)` on the expected side says which activations there are, so that a sign behind a sigmoid is not free; of a
    plain state dict the names in `upto` are trusted. A unit's scale is the one that most of its numbers tell, and each of them is
    measured where it is larger, before or after: a single weight that is off does not hide in a scale. Rescaled numbers and sums
    of two biases may be off by nearly twice the tolerance, since two numbers that are off meet there.
    `activation`: what stands between Linear layers ("tanh", "relu", "sigmoid", "identity"), for `upto="function"` of a plain
    state dict; `nb.network(net, x)` brings the outputs along and needs none.
    `names=False`: matched by order and shape, for a network whose attributes may be called otherwise.
    `partial=True`: the score is the share of tensors that agree.
    """

    atol: float = 1e-4
    rtol: float = 0.0
    names: bool = True
    partial: bool = False
    upto: str | tuple[str, ...] = ()
    activation: str = ""

    FREEDOMS: ClassVar[tuple[str, ...]] = ("permutation", "sign", "scale", "bias", "shift", "function")
    ACTIVATIONS: ClassVar[tuple[str, ...]] = ("tanh", "relu", "sigmoid", "identity")

    def problems(self) -> list[str]:
        wrong = not_negative(rtol=self.rtol, atol=self.atol) + _unknown(self.upto, self.FREEDOMS)
        if self.activation and self.activation not in self.ACTIVATIONS:
            wrong.append(f"`activation` is {self.activation!r}; known are {', '.join(self.ACTIVATIONS)}")
        return wrong


@dataclass(frozen=True)
class Architecture(Comparator):
    """What a network is made of: the same leaf modules with the same options in the same order.

    `Identity` and empty containers do not count. A leaf of the student's own class is known by its parameters' shapes.

    `names=True`: the attribute names must agree too. `options=False`: types and parameter shapes only.
    `parameters=True`: only the number of scalar parameters counts.
    """

    names: bool = False
    options: bool = True
    parameters: bool = False


@dataclass(frozen=True)
class HiddenStates(Comparator):
    """Hidden states over time: (T, H), (T, B, H), or (B, T, H) with `batch_first`.

    `upto`: nothing (number for number), "permutation" and/or "sign" (hidden units in another order, with another sign), or
    "affine" alone: the states of another network hold the same information. A linear regression from the student's to the
    expected states, read through a little noise and fitted on one half of the steps, explains the other half with R^2 of
    `at_least`. For widths of two more than the contexts that the text has; for narrower ones ask `linear_probe`. The widths may
    differ; linear CKA is told.
    Where states part, the message says at which time step.
    """

    atol: float = 1e-4
    rtol: float = 0.0
    upto: str | tuple[str, ...] = ()
    batch_first: bool = False
    at_least: float = 0.9

    FREEDOMS: ClassVar[tuple[str, ...]] = ("permutation", "sign", "affine")

    def problems(self) -> list[str]:
        wrong = not_negative(rtol=self.rtol, atol=self.atol) + _unknown(self.upto, self.FREEDOMS)
        if not 0 < self.at_least <= 1:
            wrong.append(f"`at_least` is {self.at_least}; it must lie in (0, 1]")
        return wrong


@dataclass(frozen=True)
class LinearProbe(Comparator):
    """Does the state know the context? A linear classifier from hidden states (T, H) to the true `labels` (T,), fitted on some
    time steps and counted on others, by us: labels never enter the kernel.

    Full credit from an accuracy of `at_least` on the held-out steps. `single_unit`: one hidden unit alone must tell the
    labels apart (by a threshold), whichever it is and whatever its sign: "the third hidden node tells upper from lower case".
    `skip`: so many first time steps do not count.
    """

    labels: Any = None
    at_least: float = 0.95
    single_unit: bool = False
    skip: int = 0
    batch_first: bool = False

    def problems(self) -> list[str]:
        wrong = not_negative(skip=self.skip)
        if not 0 < self.at_least <= 1:
            wrong.append(f"`at_least` is {self.at_least}; it must lie in (0, 1]")
        return wrong if self.labels is not None else [*wrong, "`linear_probe` needs labels=, the context at each time step"]


@dataclass(frozen=True)
class Layers(Comparator):
    """What comes out of each layer of a forward pass (`nb.layers(net, x)`): a dict name -> tensor, in the order of computation.

    The message names the last layer that agrees and the first that does not: "agrees through `l1`, parts after `a1`".
    `names=False`: matched by order and shape. `upto`: "permutation", "sign", "scale" as in `weights`, for layers of hidden units.
    """

    atol: float = 1e-4
    rtol: float = 1e-4
    names: bool = True
    upto: str | tuple[str, ...] = ()

    FREEDOMS: ClassVar[tuple[str, ...]] = ("permutation", "sign", "scale")

    def problems(self) -> list[str]:
        return not_negative(rtol=self.rtol, atol=self.atol) + _unknown(self.upto, self.FREEDOMS)


@dataclass(frozen=True)
class Sequence(Comparator):
    """Numbers over time: (T, ...), or a dict of such in the order in which a step computes them (the gates of an LSTM).

    The message says through which step they agree, at which they part and by how much, and which quantity parts first:
    "agrees through t=3, parts at t=4 by 0.21, first in `forget_gate`". `axis`: where time is.
    """

    atol: float = 1e-4
    rtol: float = 1e-4
    axis: int = 0

    def problems(self) -> list[str]:
        return not_negative(rtol=self.rtol, atol=self.atol)
