"""`architecture`: what a network is made of, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.compare.close import distance_close
from grader.compare.walk import modules
from grader.compare.words import expected_got, plural
from grader.judging import Architecture as Options
from grader.judging import Close, Evidence
from grader.result import Verdict
from grader.values import Architecture, Value

__all__ = ["Layer", "distance", "judge", "layers"]


@dataclass(frozen=True)
class Layer:
    """A module that holds parameters itself or holds no other module. path: its attribute names ("encoder.0")."""

    path: str
    module: Architecture

    @property
    def own(self) -> bool:
        """Whether its class is written in the notebook: what it is called is then a matter of taste."""
        return not self.module.type.startswith("torch.")

    @property
    def name(self) -> str:
        return self.module.type.rpartition(".")[2]

    @property
    def shapes(self) -> list[list[int]]:
        return list(self.module.parameters.values())

    def __str__(self) -> str:
        return f"{self.name}({self.module.options or ('' if not self.own else ', '.join(map(str, self.shapes)))})"


def layers(value: Value) -> list[Layer]:
    """The layers of all modules in a value, in order. What does nothing (Identity, an empty Sequential) is none."""
    return list(_layers(value))


def judge(options: Options, evidence: Evidence) -> Verdict:
    """The same layers with the same options in the same order; or as many parameters."""
    value, expected = evidence.value, evidence.expected
    if not any(True for _ in modules(value)):
        return Verdict.failed(_no_module(value, expected))
    if options.parameters:
        return _judge_count(_count(value), _count(expected))
    mine, theirs = layers(value), layers(expected)
    if len(mine) != len(theirs):
        message = f"Expected a network of {plural(len(theirs), 'layer')}, got one of {len(mine)}."
        return Verdict.failed(message, f"Yours is {_chain(mine)}; expected {_chain(theirs)}.")
    for i, (layer, other) in enumerate(zip(mine, theirs, strict=True), start=1):
        differs = _differs(options, layer, other)
        if differs:
            detail = f"Layer {i} is {layer}, expected {other}."
            if differs == _NAME:
                detail = f"Layer {i} is called `{layer.path}`, expected `{other.path}`."
            return Verdict.failed(f"Layer {i} of {len(mine)}, a {layer.name}, {differs}.", detail)
    return Verdict.passed()


def distance(options: Options, value: Value, other: Value) -> float | None:
    """0 for networks that the options do not tell apart."""
    both = any(True for _ in modules(value)), any(True for _ in modules(other))
    if both == (False, False):
        return distance_close(Close(), value, other)
    return 0.0 if all(both) and judge(options, Evidence(value, other)).score == 1 else None


_TYPE, _OPTIONS, _SHAPES, _NAME = (
    "is not of the expected type",
    "has other options than expected",
    "has parameters of other shapes than expected",
    "is not called as expected",
)


def _differs(options: Options, mine: Layer, theirs: Layer) -> str:
    """What tells two layers apart, or "". Classes of one's own are known by their parameters, and by name if they have none."""
    if mine.own != theirs.own or (not mine.own and mine.module.type != theirs.module.type):
        return _TYPE
    if mine.own and not mine.shapes and not theirs.shapes and mine.name != theirs.name:
        return _TYPE
    if options.options and mine.module.options != theirs.module.options:
        return _OPTIONS
    if mine.shapes != theirs.shapes:
        return _SHAPES
    return _NAME if options.names and mine.path != theirs.path else ""


def _layers(value: Value) -> Iterator[Layer]:
    for path, module in modules(value):
        idle = module.type in ("torch.nn.Identity", "torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict")
        if module.parameters or (not module.children and not idle):
            yield Layer(".".join(map(str, path)), module)


def _count(value: Value) -> int:
    """Number of scalar parameters in all modules."""
    return sum(_product(shape) for _, module in modules(value) for shape in module.parameters.values())


def _product(shape: list[int]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count


def _judge_count(mine: int, theirs: int) -> Verdict:
    if mine == theirs:
        return Verdict.passed()
    more = "more" if mine > theirs else "fewer"
    return Verdict.failed(f"The network has {more} parameters than expected: {mine:,}.", f"Expected are {theirs:,}.")


def _no_module(value: Value, expected: Value) -> str:
    if isinstance(value, (list, dict)):
        return f"Expected a network of {plural(len(layers(expected)), 'layer')}; there is no module in what came."
    return expected_got(expected, value)


def _chain(found: list[Layer]) -> str:
    """The layers, first to last."""
    return " → ".join(map(str, found[:12])) + (" → …" if len(found) > 12 else "") or "without a layer"
