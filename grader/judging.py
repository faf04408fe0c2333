"""How a check is judged, as data: the comparators' options, and the evidence they are given.

A comparator is a frozen dataclass: options only, no code. It round-trips through plain data, so it can lie in a key; the code
that judges is looked up by its name in `grader.compare`, which no kernel ever imports.

    close  exact  text                      values
    weights  architecture                   what a network holds, what it is made of
    accuracy                                predictions against labels that the kernel never saw
    figure                                  what is drawn, as data
    uses  avoids                            what the answer is written with
    agree                                   a value of the student's own, captured by an earlier check
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from grader.values import Value, capture

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
    "Probe",
    "Text",
    "Uses",
    "Weights",
    "comparator_from",
]


@dataclass(frozen=True)
class Probe:
    """What is asked of the kernel for one check: the source of a function of `nb`, and the values it is given."""

    name: str
    source: str
    given: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Earlier:
    """What an earlier check of the same run captured, and whether it passed."""

    value: Value
    passed: bool


@dataclass(frozen=True)
class Evidence:
    """What a comparator sees: the student's value, the reference's, the source of the answer, and earlier checks."""

    value: Value
    expected: Value
    source: str = ""
    earlier: Mapping[str, Earlier] = field(default_factory=dict)


COMPARATORS: dict[str, type[Comparator]] = {}


@dataclass(frozen=True)
class Comparator:
    """Base of the comparators. `name` is what a key calls it; `problems` says what is wrong with its options."""

    name: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.name = cls.__name__.lower()
        COMPARATORS[cls.name] = cls

    def problems(self) -> list[str]:
        """What is wrong with the options, a sentence each; empty when nothing is."""
        return []

    def as_options(self) -> dict[str, Value]:
        """The options that differ from their defaults, as plain data."""
        found = {}
        for f in dataclasses.fields(self):
            value = capture(getattr(self, f.name))
            default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
            if type(value).__name__ == "Array" or value != capture(default):
                found[f.name] = value
        return found


def comparator_from(name: str, options: Mapping[str, Value]) -> Comparator:
    """The comparator that a key describes. Raises KeyError for an unknown name, TypeError for unknown options."""
    return COMPARATORS[name](**options)


def _not_negative(**options: float | None) -> list[str]:
    return [f"`{name}` is {value}; it must not be negative" for name, value in options.items() if value is not None and value < 0]


@dataclass(frozen=True)
class Close(Comparator):
    """Numbers are near the expected ones: |value - expected| <= atol + rtol * |expected|.

    Shape and dtype are looked at before the values. With no tolerance given, it is that of the coarser dtype (float64 1e-7,
    float32 1.3e-6 and 1e-5, half 1e-3, integers and truth values exact), as in `torch.testing.assert_close`.
    Where only one of `rtol` and `atol` is given, the other is the dtype's. A Python float has the tolerance of a float32.
    dtype: "kind" (floats with floats, whole numbers with whole numbers), "exact" or "any". NaN equals nothing unless `equal_nan`.
    """

    rtol: float | None = None
    atol: float | None = None
    equal_nan: bool = False
    dtype: str = "kind"

    def problems(self) -> list[str]:
        wrong = _not_negative(rtol=self.rtol, atol=self.atol)
        if self.dtype not in ("kind", "exact", "any"):
            wrong.append(f'`dtype` is {self.dtype!r}; it must be "kind", "exact" or "any"')
        return wrong


@dataclass(frozen=True)
class Exact(Comparator):
    """The same value of the same type: lists, dicts, texts, whole numbers, truth values, arrays number for number.

    NaN is the same as NaN, and -0.0 as 0.0. An exception is the same by its type, or as a subclass of the expected one.
    """


@dataclass(frozen=True)
class Text(Comparator):
    """A text, or a list or dict of texts. White space never matters; `case` and `punctuation` matter only when asked.

    `pattern`: a regular expression that must be found instead of comparing with the expected text.
    """

    case: bool = False
    punctuation: bool = False
    pattern: str | None = None

    def problems(self) -> list[str]:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            return [f"`pattern` is no regular expression: {error}"]
        return []


@dataclass(frozen=True)
class Weights(Comparator):
    """A state dict (or a list of tensors, or one): the same names, shapes and values within atol + rtol * |expected|.

    `names=False`: matched by order and shape, for a network whose attributes may be called otherwise.
    `partial=True`: the score is the share of tensors that agree.
    """

    atol: float = 1e-4
    rtol: float = 0.0
    names: bool = True
    partial: bool = False

    def problems(self) -> list[str]:
        return _not_negative(rtol=self.rtol, atol=self.atol)


@dataclass(frozen=True)
class Accuracy(Comparator):
    """Share of right predictions, counted by us against `labels`, which never enter the kernel.

    value: class indices (N,), truth values (N,), or scores: (N, C) takes the argmax, (N,) or (N, 1) floats are compared with
    `threshold` (0 for logits, 0.5 for probabilities). `labels`: (N,) or (N, 1) classes, or (N, C) one-hot; without them the
    expected value's predictions are the labels. Full credit from `at_least`, none at `floor` (default: the share of the most
    frequent class) and below, in proportion between when `partial`.
    """

    labels: Any = None
    at_least: float = 1.0
    floor: float | None = None
    partial: bool = True
    threshold: float = 0.0

    def problems(self) -> list[str]:
        wrong = []
        if not 0 < self.at_least <= 1:
            wrong.append(f"`at_least` is {self.at_least}; it must lie in (0, 1]")
        if self.floor is not None and not 0 <= self.floor < self.at_least:
            wrong.append(f"`floor` is {self.floor}; it must lie in [0, at_least)")
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
class Figure(Comparator):
    """What a figure shows, as data: the number of axes, their lines and images, and the texts named in `texts`.

    `texts`: any of "title", "suptitle", "xlabel", "ylabel", "label": compared without regard to case and white space.
    `lines`, `images`: whether these are compared. Lines may come in any order. Styles and colours never count.
    value, expected: one FigureData, or a list of which any may fit.
    """

    atol: float = 1e-4
    rtol: float = 1e-4
    lines: bool = True
    images: bool = True
    texts: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        known = ("title", "suptitle", "xlabel", "ylabel", "label")
        wrong = [f"`texts` holds {word!r}; known are {', '.join(known)}" for word in self.texts if word not in known]
        return wrong + _not_negative(rtol=self.rtol, atol=self.atol)


@dataclass(frozen=True)
class Uses(Comparator):
    """The answer is written with all of these.

    `modules`: dotted types of torch modules, looked for in the captured Architecture (the probe returns a module) and, where none
    was captured, in the source. `functions`: dotted names that are called ("torch.cat", or a method's ".backward").
    `names`: names that appear. `syntax`: any of "loop", "comprehension", "lambda", "class", "def", "matmul".
    """

    modules: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    syntax: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        known = ("loop", "comprehension", "lambda", "class", "def", "matmul")
        wrong = [f"`syntax` holds {word!r}; known are {', '.join(known)}" for word in self.syntax if word not in known]
        if not (self.modules or self.functions or self.names or self.syntax):
            wrong.append(f"`{self.name}` names nothing; give modules=, functions=, names= or syntax=")
        return wrong


@dataclass(frozen=True)
class Avoids(Uses):
    """The answer is written with none of these. Options as for `uses`."""


@dataclass(frozen=True)
class Agree(Comparator):
    """The value agrees with what the student's own notebook gave an earlier check, which must itself have passed."""

    with_check: str = ""
    atol: float | None = None
    rtol: float | None = None

    def problems(self) -> list[str]:
        wrong = _not_negative(rtol=self.rtol, atol=self.atol)
        return wrong if self.with_check else [*wrong, "`agree` needs with_check=, the name of an earlier check"]
