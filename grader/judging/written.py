"""Options of the comparators of what an answer is written with."""

from __future__ import annotations

from dataclasses import dataclass

from grader.judging.base import Comparator

__all__ = ["Avoids", "Uses"]


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
