"""What every comparator is, what it sees, and what is asked of a kernel."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from grader.values import Value, capture

__all__ = ["COMPARATORS", "Comparator", "Earlier", "Evidence", "Probe", "comparator_from", "not_negative"]


@dataclass(frozen=True)
class Probe:
    """What is asked of the kernel for one check: the source of a function of `nb`, and the values it is given.

    private: no cell may run after it that could show it, where a copy of the kernel can be kept until then.
    """

    name: str
    source: str
    given: dict[str, Value] = field(default_factory=dict)
    private: bool = False


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
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
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


def not_negative(**options: float | None) -> list[str]:
    """A sentence for each option that is negative."""
    return [f"`{name}` is {value}; it must not be negative" for name, value in options.items() if value is not None and value < 0]
