"""Adam's step in one call for all parameters, where PyTorch by itself makes a dozen small ones for each.

PyTorch has had this kernel for the CPU since 2.4 (`torch.optim.Adam(..., fused=True)`) and leaves it off. For the small networks
of a course it takes a quarter off a training's time. The numbers are the same but for the last digits, which also depend on the
machine; what says `foreach=True`, `fused=True` or `capturable=True` has what it asks for.

https://docs.pytorch.org/docs/stable/optim.html#algorithms, torch.optim.adam
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["install"]


@functools.cache
def install() -> None:
    """In this process and its forks. Nothing where this PyTorch is built otherwise."""
    import torch
    from torch.optim import adam

    names = vars(adam)
    single = names.get("_single_tensor_adam")
    fused, fused_decoupled = getattr(torch, "_fused_adam_", None), getattr(torch, "_fused_adamw_", None)
    try:
        torch.autograd.graph.increment_version([torch.ones(())])
    except (TypeError, AttributeError):
        return
    if single is not None and fused is not None and fused_decoupled is not None:
        names["_single_tensor_adam"] = _stepping(torch, single, fused, fused_decoupled)


def _stepping(torch: Any, single: Callable[..., None], fused: Any, fused_decoupled: Any) -> Callable[..., None]:
    """All that it needs is bound here, so a notebook that assigns to torch's functions breaks nothing."""
    single_precision, dense, kinds = torch.float32, torch.strided, (torch.nn.Parameter, torch.Tensor)
    count, one, compiling = torch._foreach_add_, torch.ones(()), torch.compiler.is_compiling
    changed = torch.autograd.graph.increment_version

    def are_plain(*lists: list[Any]) -> bool:
        """The kernel goes through them as they lie in memory, whatever their strides say."""
        for p, grad, average, square, step in zip(*lists, strict=True):
            if not (type(p) in kinds and p.dtype is single_precision and p.is_cpu and p.is_contiguous()):
                return False
            if not (
                type(grad) is kinds[1]
                and grad.dtype is single_precision
                and grad.layout is dense
                and step.dtype is single_precision
            ):
                return False
            if not (average.is_contiguous() and square.is_contiguous()):
                return False
        return True

    @functools.wraps(single)
    def step(
        params: list[Any], grads: list[Any], averages: list[Any], squares: list[Any], largest: list[Any], steps: list[Any],
        *scaled: Any, **how: Any
    ) -> None:  # fmt: skip
        lr, beta1, beta2 = how["lr"], how["beta1"], how["beta2"]
        rare = how["amsgrad"] or how["capturable"] or how["differentiable"] or how["has_complex"] or compiling()
        scaled_by = (*scaled, how.get("grad_scale"), how.get("found_inf"))
        usual = not rare and scaled_by.count(None) == len(scaled_by) and type(lr) is type(beta1) is type(beta2) is float
        if not (usual and params and are_plain(params, grads, averages, squares, steps)):
            single(params, grads, averages, squares, largest, steps, *scaled, **how)
            return
        count(steps, one)
        (fused_decoupled if how["decoupled_weight_decay"] else fused)(
            params, grads, averages, squares, largest, steps, lr=lr, beta1=beta1, beta2=beta2, amsgrad=False,
            weight_decay=how["weight_decay"], eps=how["eps"], maximize=how["maximize"],
        )  # fmt: skip
        changed(params)  # the kernel does not say so: `backward()` through what they were would go unnoticed

    return step
