"""`loss.backward()` by a shorter way.

PyTorch asks in Python, each time, what the outputs are, what their gradients may be and who listens, which for a small network
takes as long as a layer. For a loss as nearly all are, one number that no gradient is given for, the answers are known, and its
engine is asked at once. It computes the same numbers, to the last bit.

https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html, torch.autograd.graph
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from grader.warm.preload import has_accelerator

__all__ = ["install"]


@functools.cache
def install() -> None:
    """In this process and its forks. Nothing where this PyTorch is built otherwise, or where there is an accelerator.

    There, the engine has threads of its own, and PyTorch lets them know from where they were called.
    """
    import torch

    engine: Any = getattr(torch.autograd.Variable, "_execution_engine", None)
    if hasattr(engine, "run_backward") and hasattr(torch.autograd.graph, "log") and not has_accelerator(torch):
        torch.Tensor.backward = _backward(torch, torch.Tensor.backward, engine.run_backward)  # type: ignore[method-assign]


def _backward(torch: Any, whole: Any, run: Any) -> Any:
    """whole: torch's. run: the engine. All that is needed is bound here, whatever a notebook assigns to."""
    kind, ones, is_overridden = torch.Tensor, torch.ones_like, torch.overrides.has_torch_function_unary
    autograd, log, debug = torch.autograd, torch.autograd.graph.log, logging.DEBUG
    of_many = autograd.backward

    @functools.wraps(whole)
    def backward(
        self: Any, gradient: Any = None, retain_graph: Any = None, create_graph: Any = False, inputs: Any = None
    ) -> None:
        if (
            (gradient is None and inputs is None and not create_graph)
            and (type(self) is kind and not is_overridden(self))  # only then is nobody else asked for its attributes
            and (self.requires_grad and self.numel() == 1 and self.is_floating_point())
            and not (autograd.backward is not of_many or log.isEnabledFor(debug))
        ):
            run((self,), (ones(self),), bool(retain_graph), False, (), allow_unreachable=True, accumulate_grad=True)
        else:
            whole(self, gradient, retain_graph, create_graph, inputs)

    return backward
