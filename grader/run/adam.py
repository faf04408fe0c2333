"""Adam's step in one call for all parameters, where PyTorch by itself makes a dozen small ones for each.

PyTorch has had this kernel for the CPU since 2.4 (`torch.optim.Adam(..., fused=True)`) and leaves it off. For the small networks
of a course it takes a quarter off a training's time, and a tenth more is what `step` asks of each parameter before it comes to
that. The numbers are the same but for the last digits, which also depend on the machine; what says `foreach=True`, `fused=True`
or `capturable=True` has what it asks for.

https://docs.pytorch.org/docs/stable/optim.html#algorithms, torch.optim.adam
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["install"]

_RARE = ("amsgrad", "capturable", "differentiable", "foreach", "fused")  # options


@functools.cache
def install() -> None:
    """In this process and its forks. Nothing where this PyTorch is built otherwise."""
    import torch
    from torch.optim import adam

    names = vars(adam)
    single = names.get("_single_tensor_adam")
    kernels = getattr(torch, "_fused_adam_", None), getattr(torch, "_fused_adamw_", None)
    if single is None or None in kernels or not hasattr(torch.autograd.graph, "increment_version"):
        return
    is_plain, take = _in_one_call(torch, *kernels)
    names["_single_tensor_adam"] = _for_lists(torch, single, is_plain, take)
    kind: Any = torch.optim.Adam
    method = vars(kind).get("step")
    step = method.__wrapped__ if (hooked := getattr(method, "hooked", False)) else method
    if hasattr(step, "__wrapped__") and hasattr(kind, "_init_group"):  # what it wraps is as it stands in the source
        short = _short(torch, step, kind._init_group, is_plain, take)
        kind.step = kind.profile_hook_step(short) if hooked else short
        if hooked:
            kind.step.hooked = True


def _in_one_call(torch: Any, fused: Any, fused_decoupled: Any) -> tuple[Callable[..., bool], Callable[..., None]]:
    """Whether a parameter can be stepped by the kernel, and the step of many.

    The kernel goes through them as they lie in memory, whatever their strides say. All that is needed is bound here, so a
    notebook that assigns to torch's functions breaks nothing.
    """
    single_precision, dense, kinds = torch.float32, torch.strided, (torch.nn.Parameter, torch.Tensor)
    one, changed = torch.ones(()), torch.autograd.graph.increment_version
    try:
        changed([one])
        takes_many = True
    except (RuntimeError, TypeError):  # before PyTorch 2.6
        takes_many = False

    def is_plain(p: Any, grad: Any, average: Any, square: Any, step: Any) -> bool:
        return (
            (type(p) in kinds and p.dtype is single_precision and p.is_cpu and p.is_contiguous())
            and (type(grad) is kinds[1] and grad.dtype is single_precision and grad.layout is dense)
            and (type(step) is kinds[1] and step.dtype is single_precision and average.is_contiguous() and square.is_contiguous())
        )

    def take(
        params: list[Any], grads: list[Any], averages: list[Any], squares: list[Any], steps: list[Any],
        decoupled: bool, **how: Any
    ) -> None:  # fmt: skip
        for step in steps:
            step.add_(one)
        (fused_decoupled if decoupled else fused)(params, grads, averages, squares, [], steps, amsgrad=False, **how)
        for what in (params,) if takes_many else params:
            changed(what)  # the kernel does not say so: `backward()` through what they were would go unnoticed

    return is_plain, take


def _for_lists(
    torch: Any, single: Callable[..., None], is_plain: Callable[..., bool], take: Callable[..., None]
) -> Callable[..., None]:
    """In the place of torch's loop over the parameters: what every step comes to that is not short."""
    compiling = torch.compiler.is_compiling

    @functools.wraps(single)
    def step(
        params: list[Any], grads: list[Any], averages: list[Any], squares: list[Any], largest: list[Any], steps: list[Any],
        *scaled: Any, **how: Any
    ) -> None:  # fmt: skip
        lr, beta1, beta2 = how["lr"], how["beta1"], how["beta2"]
        rare = how["amsgrad"] or how["capturable"] or how["differentiable"] or how["has_complex"] or compiling()
        scaled_by = (*scaled, how.get("grad_scale"), how.get("found_inf"))
        usual = not rare and scaled_by.count(None) == len(scaled_by) and type(lr) is type(beta1) is type(beta2) is float
        every = zip(params, grads, averages, squares, steps, strict=True) if usual else ()
        if not (usual and params and _all_differ(params) and all(is_plain(*each) for each in every)):
            single(params, grads, averages, squares, largest, steps, *scaled, **how)
            return
        take(
            params, grads, averages, squares, steps, how.get("decoupled_weight_decay", False), lr=lr, beta1=beta1, beta2=beta2,
            weight_decay=how["weight_decay"], eps=how["eps"], maximize=how["maximize"],
        )  # fmt: skip

    return step


def _short(
    torch: Any, whole: Callable[..., Any], init_group: Any, is_plain: Callable[..., bool], take: Callable[..., None]
) -> Callable[..., Any]:
    """`Adam.step`, without what it asks each time and what has the same answer each time. whole: torch's.

    The first step, a closure, and all that is rare are torch's, which then comes to `_for_lists`.
    """
    compiling, has_grad, set_grad = torch.compiler.is_compiling, torch.is_grad_enabled, torch._C._set_grad_enabled

    @functools.wraps(whole)
    def step(self: Any, closure: Callable[[], Any] | None = None) -> Any:
        own = closure is None and not compiling() and type(self)._init_group is init_group
        groups = _gathered(self, is_plain) if own and getattr(self, "grad_scale", None) is None else None
        if groups is None:
            return whole(self, closure)
        before = has_grad()
        set_grad(False)
        try:
            for lists, decoupled, how in groups:
                take(*lists, decoupled, **how)
        finally:
            set_grad(before)
        return None

    return step


def _gathered(optimizer: Any, is_plain: Callable[..., bool]) -> list[tuple[Any, ...]] | None:
    """What to take, for each group with gradients. None: leave it to torch."""
    state, groups = optimizer.state, []
    for group in optimizer.param_groups:
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if any(map(group.get, _RARE)) or not type(lr) is type(beta1) is type(beta2) is float:
            return None
        params: list[Any] = []
        grads: list[Any] = []
        averages: list[Any] = []
        squares: list[Any] = []
        steps: list[Any] = []
        for p in group["params"]:
            if (grad := p.grad) is not None:
                known = state.get(p)
                if not known:
                    return None
                average, square, step = known["exp_avg"], known["exp_avg_sq"], known["step"]
                if not is_plain(p, grad, average, square, step):
                    return None
                params.append(p)
                grads.append(grad)
                averages.append(average)
                squares.append(square)
                steps.append(step)
        if not _all_differ(params):
            return None
        if params:
            how = {"lr": lr, "beta1": beta1, "beta2": beta2}
            how |= {"weight_decay": group["weight_decay"], "eps": group["eps"], "maximize": group["maximize"]}
            groups.append(((params, grads, averages, squares, steps), group.get("decoupled_weight_decay", False), how))
    return groups


def _all_differ(params: list[Any]) -> bool:
    """A parameter that is there twice (torch only warns of it) is stepped twice, one after the other."""
    return len(set(map(id, params))) == len(params)
