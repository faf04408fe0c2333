"""What a probe sees of a notebook: its `nb`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

from grader.run.figures import Figures
from grader.run.gradients import gradients
from grader.run.layers import layers
from grader.run.training import Training, overlap
from grader.values import Architecture, FigureData, capture

__all__ = ["Given", "NotDefined", "View", "modules_in"]


class NotDefined(Exception):
    """A probe asked for a name that the notebook does not define, or that is still `...`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Given:
    """The values that a probe is given: `nb.given.x_new` or `nb.given["x_new"]`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[name]


class View:
    """The notebook's variables as attributes or items, what the probe is given, and a few questions."""

    def __init__(
        self, user_ns: Mapping[str, Any], given: Mapping[str, Any], figures: Figures, training: Training | None = None
    ) -> None:
        self._user_ns = user_ns
        self._figures = figures
        self._training = training or Training()
        self.given = Given(given)

    def __getitem__(self, name: str) -> Any:
        value = self._user_ns.get(name, ...)
        if value is ...:
            raise NotDefined(name)
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def figures(self, blank: str) -> list[FigureData]:
        """The figures that the blank's cells drew, in order."""
        return self._figures.of(blank)

    def trained(self, optimizer: Any) -> list[Architecture]:
        """What the modules are made of whose parameters the optimizer holds: the topmost ones, by their names."""
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        found: dict[int, Any] = {}
        for _, module in sorted(modules_in(self._user_ns), key=lambda item: item[0]):
            for trained in _topmost(module, held):
                found.setdefault(id(trained), trained)
        inner = {id(below) for module in found.values() for below in module.modules() if below is not module}
        return [capture(module) for key, module in found.items() if key not in inner]

    def network(self, net: Any, *inputs: Any) -> dict[str, Any]:
        """What a network is made of and holds and, with inputs, what it gives: {"architecture", "weights", "outputs"}."""
        found = {"architecture": net, "weights": dict(net.state_dict())}
        return found if not inputs else {**found, "outputs": net(*inputs)}

    def layers(self, net: Any, *inputs: Any, names: Sequence[str] = ()) -> dict[str, Any]:
        """What comes out of each layer when `net(*inputs)` is computed, by name, in the order of computation."""
        return layers(net, *inputs, names=names)

    def training(self, what: Any) -> dict[str, Any]:
        """What the steps of optimizers did to a network, or to what an optimizer holds. See `grader.run.training`."""
        return self._training.of(what)

    def gradients(self, function: Callable[..., Any], *inputs: Any, **options: Any) -> dict[str, Any]:
        """What a hand-made backward pass gives, and calls of the forward pass around `inputs`. See `grader.run.gradients`."""
        return gradients(function, *inputs, **options)

    def overlap(self, test: Any, train: Any) -> float:
        """The share of the rows of `test` that are rows of `train` too."""
        return overlap(test, train)

    def raises(self, function: Callable[..., Any], *args: Any, **options: Any) -> BaseException | None:
        """What `function(*args, **options)` raised, or None."""
        try:
            function(*args, **options)
        except NotDefined:
            raise
        except (Exception, SystemExit) as error:
            return error
        return None


def modules_in(user_ns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The torch modules among the variables, and one level down: in containers, and in the attributes of objects."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    for name, value in list(user_ns.items()):
        if not isinstance(name, str) or name.startswith("_") or name in ("In", "Out"):
            continue
        if isinstance(value, torch.nn.Module):
            yield name, value
            continue
        for part, item in _parts(value):
            if isinstance(item, torch.nn.Module):
                yield f"{name}{part}", item


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        return [(f"[{i}]", item) for i, item in enumerate(value[:1000])]
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in list(value.items())[:1000] if isinstance(key, (str, int))]
    if isinstance(value, (ModuleType, FunctionType, type)):
        return []
    attributes = getattr(value, "__dict__", None)
    return [(f".{key}", item) for key, item in list(attributes.items())[:1000]] if isinstance(attributes, dict) else []


def _topmost(module: Any, held: set[int]) -> Iterator[Any]:
    """`module`, if the optimizer holds all that it trains or some of its own parameters; else what is so below it."""
    everything = [id(p) for p in module.parameters() if p.requires_grad]
    own = [id(p) for p in module.parameters(recurse=False)]
    if (everything and held.issuperset(everything)) or not held.isdisjoint(own):
        yield module
    else:
        for child in module.children():
            yield from _topmost(child, held)
