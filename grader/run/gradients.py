"""A hand-made backward pass: its gradients, and the calls of its forward pass from which differences are taken outside.

Nothing is judged here: what leaves the kernel is what the student's functions returned for which inputs.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["gradients"]

ENTRIES = 200  # of each input, the numbers that are moved
NUMBERS = 1_000_000  # that the moved calls may return in all
STEPS = {"torch.float32": 5e-3, "torch.bfloat16": 0.1, "torch.float16": 0.05}  # about the cube root of what is rounded away


def gradients(
    function: Callable[..., Any],
    *inputs: Any,
    upstream: Any = None,
    gradients: Callable[..., Any] | Sequence[Any] | None = None,
    eps: float | None = None,
    entries: int = ENTRIES,
) -> dict[str, Any]:
    """What a backward pass gives, and calls of the forward pass around `inputs`.

    function: of `inputs`, returns a tensor (or several, which count as one long vector): any callable, a module, or an
    `autograd.Function`. inputs: floats are taken as float64 (as float32 where the function insists), others as they are.
    upstream: the gradient that comes from above, of the output's shape; by default numbers that differ in size and sign, so
    that it shows when it is left out. gradients: those made by hand, `gradients(*inputs, upstream)` or a list of them; without
    it, autograd's. eps: how far an entry x is moved, times max(1, |x|); 1e-6 in float64. entries: at most so many of each input.

    Returns {"inputs", "names", "upstream", "output", "gradients", "plus", "minus", "eps", "entries"}. With M numbers in the
    output, "plus" and "minus" hold (K, M) outputs with K entries moved up and down, for each input that is a float, else None;
    "entries" their flat indices, (K,). Raises what the functions raise, TypeError for an output that holds no numbers and
    ValueError for an `upstream` of another shape.
    """
    import torch

    call, state = _called(function), torch.get_rng_state()

    def again(arguments: list[Any]) -> Any:
        torch.set_rng_state(state)  # a function that draws must draw the same
        return _flat(torch, call(*arguments))

    taken, leaves, output = _first(torch, again, inputs)
    above = _upstream(torch, output, upstream)
    if gradients is None:
        found = _autograd(torch, output, leaves, above)
    else:
        made = gradients(*[_copy(torch, item) for item in taken], above.clone()) if callable(gradients) else gradients
        found = list(made) if isinstance(made, (list, tuple)) else [made]
    step = eps or STEPS.get(str(output.dtype), 1e-6)
    floats = sum(_is_float(torch, item) for item in taken)
    most = max(1, min(entries, NUMBERS // max(1, 2 * floats * output.numel())))
    moved = [_moved(torch, again, taken, i, step, most) for i in range(len(taken))]
    return {
        "inputs": taken,
        "names": _names(function, len(taken)),
        "upstream": above,
        "output": output.detach(),
        "gradients": found,
        "plus": [item and item[1] for item in moved],
        "minus": [item and item[2] for item in moved],
        "eps": float(step),
        "entries": [item and item[0] for item in moved],
    }


def _called(function: Any) -> Callable[..., Any]:
    """What is called: `apply` of an autograd.Function, a copy of a module in float64, else the function itself."""
    import torch

    if isinstance(function, type) and issubclass(function, torch.autograd.Function):
        return function.apply
    return copy.deepcopy(function).double() if isinstance(function, torch.nn.Module) else function


def _first(torch: Any, again: Any, inputs: Sequence[Any]) -> tuple[list[Any], list[Any], Any]:
    """The inputs as they are taken, as leaves, and the output for these. In float32 where something in it is float32."""
    for dtype in (torch.float64, torch.float32):
        taken = [_input(torch, item, dtype) for item in inputs]
        leaves = [item.clone().requires_grad_() if _is_float(torch, item) else item for item in taken]
        try:
            return taken, leaves, again(leaves)
        except RuntimeError as error:
            if dtype == torch.float32 or not ("dtype" in str(error) or "scalar type" in str(error)):
                raise
    raise AssertionError


def _input(torch: Any, item: Any, dtype: Any) -> Any:
    """Floats as tensors of `dtype`, whole numbers and truth values of arrays as tensors; all else as it is."""
    if isinstance(item, float):
        return torch.tensor(item, dtype=dtype)
    if isinstance(item, (np.ndarray, np.generic)):
        item = torch.as_tensor(np.array(item))
    if not isinstance(item, torch.Tensor):
        return item
    kept = item.detach().to(dtype if item.is_floating_point() else item.dtype)
    return kept.clone(memory_format=torch.contiguous_format)  # its numbers are moved in place


def _is_float(torch: Any, item: Any) -> bool:
    return isinstance(item, torch.Tensor) and bool(item.is_floating_point())


def _copy(torch: Any, item: Any) -> Any:
    return item.clone() if isinstance(item, torch.Tensor) else item


def _flat(torch: Any, output: Any) -> Any:
    """The output as one tensor: itself, or several as one long vector."""
    if isinstance(output, (tuple, list)) and output:
        return torch.cat([_flat(torch, part).reshape(-1) for part in output])
    if isinstance(output, (bool, int, float, np.ndarray, np.generic)):
        return torch.as_tensor(np.asarray(output, dtype=np.float64))
    if not isinstance(output, torch.Tensor):
        raise TypeError(f"the function returned {type(output).__name__}, expected a tensor")
    return output


def _upstream(torch: Any, output: Any, given: Any) -> Any:
    """The gradient from above, of the output's shape and, unless that is not a float, its dtype."""
    dtype = output.dtype if output.is_floating_point() else torch.float64
    if given is not None:
        above = torch.as_tensor(given).detach().to(output.device, dtype)
        if above.shape != output.shape and above.numel() != output.numel():
            raise ValueError(f"the upstream gradient has shape {tuple(above.shape)}, the output {tuple(output.shape)}")
        return above.reshape(output.shape).clone()
    i = np.arange(1, output.numel() + 1)
    sizes = 0.5 + 2 * (i * 0.6180339887498949 % 1)  # spread over 0.5 to 2.5, no two alike
    signs = np.where(i * 0.7548776662466927 % 1 < 0.6, -1.0, 1.0)
    return torch.as_tensor(sizes * signs, dtype=dtype, device=output.device).reshape(output.shape)


def _autograd(torch: Any, output: Any, leaves: list[Any], above: Any) -> list[Any]:
    """Autograd's gradients of the leaves; None for what it does not reach, and for what is no float."""
    wanted = [leaf for leaf in leaves if _is_float(torch, leaf)]
    if not output.requires_grad or not wanted:
        return [None] * len(leaves)
    got = iter(torch.autograd.grad(output, wanted, above, allow_unused=True))
    return [next(got) if _is_float(torch, leaf) else None for leaf in leaves]


def _moved(torch: Any, again: Any, taken: list[Any], i: int, step: float, most: int) -> tuple[Any, Any, Any] | None:
    """The entries of input i that are moved, (K,), and the outputs with each moved up and down, (K, M) twice."""
    if not _is_float(torch, taken[i]):
        return None
    flat = taken[i].reshape(-1)
    chosen = np.arange(flat.numel())
    if len(chosen) > most:
        chosen = np.sort(np.random.default_rng(0).choice(len(chosen), most, replace=False))
    outputs: list[list[Any]] = [[], []]
    for entry in chosen:
        size = step * max(1.0, abs(float(flat[entry])))
        for rows, by in zip(outputs, (size, -size), strict=True):
            arguments = [_copy(torch, item) for item in taken]
            arguments[i].reshape(-1)[entry] += by
            rows.append(again(arguments).detach().reshape(-1))
    up, down = (torch.stack(rows) if rows else torch.zeros(0, 0) for rows in outputs)
    return torch.as_tensor(chosen), up, down


def _names(function: Any, count: int) -> list[str]:
    """What the function calls its inputs; empty where that cannot be seen."""
    owner = getattr(function, "__self__", function)
    try:
        forward = getattr(owner, "forward", function)
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return []
    names = [parameter.name for parameter in parameters if parameter.kind <= parameter.POSITIONAL_OR_KEYWORD]
    names = names[1:] if names[:1] == ["ctx"] else names
    return names if len(names) == count else []
