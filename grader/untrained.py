"""The mistake that every blank which trains shares: nothing was trained. What that gives, the reference itself tells.

It is run once more with a hook that takes away all gradients before each step, so that the optimizer has nothing to do. A student
whose values are those reads why: the optimizer holds other parameters, or a call is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.assignment import Assignment
from grader.checks import Mistake

__all__ = ["untrained_mistakes"]

SAYS = (
    "These are the values from before the training: no step has changed them. Are the gradients computed and the steps of the "
    "optimizer taken, and does it hold the parameters of this very network?"
)
_PRELUDE = """from torch.optim.optimizer import register_optimizer_step_pre_hook
register_optimizer_step_pre_hook(lambda optimizer, *_: optimizer.zero_grad(set_to_none=True))
"""
_TRAINS = re.compile(r"\boptim\b|\.step\(")


def untrained_mistakes(assignment: Assignment) -> list[Mistake]:
    """One for each blank that trains, or calls what trains, as far as the reference's source tells."""
    sources = {name: source.text for name, source in assignment.reference.sources.items()}
    training = _reaching({name for name, text in sources.items() if _TRAINS.search(text)}, sources)
    solutions = assignment.template.solutions
    return [
        Mistake(f"{blank}-untrained", blank, SAYS, source=_PRELUDE + solutions[blank], generic=True)
        for blank in assignment.template.blanks
        if blank in training
    ]


def _reaching(found: set[str], sources: dict[str, str]) -> set[str]:
    """The names in `found`, those whose source speaks of one of them, and so on."""
    while True:
        more = {name for name, text in sources.items() if name not in found and _speaks_of(text, found)}
        if not more:
            return found
        found = found | more


def _speaks_of(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(name)}\(", text) for name in names)
