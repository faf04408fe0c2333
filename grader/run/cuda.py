"""`cuda:0` in a notebook on a machine with no GPU: every request for a CUDA device is answered with the CPU. So is one for "mps"
or "xpu", the GPUs of Macs and of Intel's.

`install` changes the places where PyTorch is told a device: `.to`, `.cuda`, `device=`, `torch.load`, `torch.cuda.*`
(docs/cuda.md lists them). Each becomes a wrapper that looks at the device named and calls the original. Nothing is hooked into
the operations themselves, as a `torch.overrides.TorchFunctionMode` would be: `x + 1` costs what it cost before.

What a tensor says about itself stays true: `x.device` is `cpu`, `torch.cuda.is_available()` is False.

All that a wrapper needs is bound when it is made, so a notebook that assigns to `torch.device` or `torch.cuda` breaks none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from grader.run.cuda_module import replace_module

__all__ = ["asked", "install"]

Function = Callable[..., Any]

_METHODS = ("new", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_tensor", "new_zeros")
_OLD_TYPES = ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")
_BEFORE_CUDA = 19  # torch.serialization asks in this order where a storage goes: its own for the CPU is 10, for CUDA 20

_asked: list[str] = []  # the first device that was asked for and is not there


def asked() -> str:
    """The first GPU that the notebook asked for, as "cuda", "cuda:0" or "mps"; "" where it asked for none."""
    return _asked[0] if _asked else ""


@functools.cache
def install() -> bool:
    """From now on a CUDA device means the CPU, in this process and in its forks. With a GPU: False, and nothing is changed.

    So do the devices of other accelerators that are not there. Called again, it only gives the same answer.
    """
    import torch

    if torch.cuda.is_available():
        return False
    others = {"mps": torch.backends.mps, "xpu": torch.xpu}
    missing = [name for name, accelerator in others.items() if not accelerator.is_available()]
    on_cpu = _mapping(torch.device, ("cuda", *missing))
    _patch_factories(torch, on_cpu)
    _patch_moves(torch, on_cpu)
    _patch_defaults(torch, on_cpu)
    _patch_old_types(torch)
    _patch_load(torch, on_cpu)
    replace_module(torch, on_cpu)
    _patch_others([getattr(torch, name) for name in missing])
    return True


def _note(device: str) -> None:
    if not _asked:
        _asked.append(device)


def _mapping(kind: Any, gone: tuple[str, ...]) -> Function:
    """A function of what may name a device: "cpu" for one that is not there, everything else as it came.

    kind: torch.device. gone: types of devices. A whole number is a CUDA device, as in `x.to(0)`. What torch would refuse is left
    for it to refuse.
    """

    def on_cpu(device: Any) -> Any:
        if isinstance(device, kind):
            named = device
        elif (isinstance(device, str) and device.startswith(gone)) or type(device) is int:
            try:
                named = kind(device) if isinstance(device, str) else kind("cuda", device)
            except (RuntimeError, ValueError, TypeError):
                return device
        else:
            return device
        if named.type not in gone:
            return device
        _note(str(named))
        return "cpu"

    return on_cpu


def _like(original: Any, path: str = "") -> Callable[[Function], Function]:
    """A wrapper has the name, the help and (by `path`, for functions of C, which have none) the pickle of its original."""

    def dressed(wrapper: Function) -> Function:
        functools.update_wrapper(wrapper, original)
        if path:
            wrapper.__module__, wrapper.__qualname__ = path.split(":")
        return wrapper

    return dressed


# --------------------------------------------------------------------------------------------------- where a device is named


def _patch_factories(torch: Any, on_cpu: Function) -> None:
    """`torch.zeros(3, device="cuda")`, `torch.zeros_like`, `x.new_zeros`, and with them the layers of torch.nn."""
    from torch.jit import _builtins
    from torch.utils._device import _device_constructors

    constructors = _device_constructors()  # kept by torch from this first call on, so: torch's own functions
    for space in (torch, torch.fft, torch.nested):
        for name, original in list(vars(space).items()):
            if name.endswith("_like") or name == "normal" or (callable(original) and original in constructors):
                wrapper = _with_device(original, f"{space.__name__}:{name}", on_cpu)
                vars(space)[name] = wrapper
                if operator := _builtins._find_builtin(original):
                    _builtins._register_builtin(wrapper, operator)  # so that torch.jit.script knows it
    for name in _METHODS:
        setattr(torch.Tensor, name, _with_device(getattr(torch.Tensor, name), f"torch:Tensor.{name}", on_cpu))


def _with_device(original: Function, path: str, on_cpu: Function) -> Function:
    @_like(original, path)
    def factory(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            return original(*args)
        if "device" in kwargs:
            kwargs["device"] = on_cpu(kwargs["device"])
        if "pin_memory" in kwargs:
            kwargs["pin_memory"] = False
        return original(*args, **kwargs)

    return factory


def _patch_moves(torch: Any, on_cpu: Function) -> None:
    """`.to` and `.cuda` of tensors, modules and packed sequences. Those of parameters and layers end in those of Tensor."""
    tensor, packed = torch.Tensor, torch.nn.utils.rnn.PackedSequence
    tensor.cuda = _cuda(tensor.cuda, tensor.to, "torch:Tensor.cuda", on_cpu)
    packed.cuda = _cuda(packed.cuda, packed.to, "", on_cpu)
    tensor.to = _to(tensor.to, "torch:Tensor.to", on_cpu)
    torch.nn.parameter.UninitializedTensorMixin._allowed_methods += [tensor.to, tensor.cuda]  # else lazy layers refuse them
    torch.nn.Module.to = _to(torch.nn.Module.to, "", on_cpu)
    clone = tensor.clone

    @_like(tensor.pin_memory, "torch:Tensor.pin_memory")
    def pin_memory(self: Any, device: Any = None) -> Any:  # noqa: ARG001 - as the original
        return clone(self)

    @_like(tensor.record_stream, "torch:Tensor.record_stream")
    def record_stream(self: Any, stream: Any) -> None:  # noqa: ARG001 - as the original
        return None

    tensor.pin_memory, tensor.record_stream = pin_memory, record_stream


def _to(original: Function, path: str, on_cpu: Function) -> Function:
    @_like(original, path)
    def to(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args:
            args = (on_cpu(args[0]), *args[1:])
        if not kwargs:
            return original(self, *args)
        if "device" in kwargs:
            kwargs["device"] = on_cpu(kwargs["device"])
        return original(self, *args, **kwargs)

    return to


def _cuda(original: Function, move: Function, path: str, on_cpu: Function) -> Function:
    @_like(original, path)
    def cuda(self: Any, device: Any = None, *args: Any, **kwargs: Any) -> Any:
        target = on_cpu("cuda" if device is None else device)
        if target is device:  # no CUDA device: refused
            return original(self, device, *args, **kwargs)
        if args:
            kwargs["non_blocking"] = args[0]
        return move(self, target, **kwargs)

    return cuda


def _patch_defaults(torch: Any, on_cpu: Function) -> None:
    """`torch.set_default_device("cuda")`, `with torch.device("cuda"):` and `torch.Generator(device="cuda")`."""
    from torch.utils._device import DeviceContext

    context: Any = DeviceContext
    base, original = torch.Generator, context.__init__

    @_like(original)
    def enter(self: Any, device: Any) -> None:
        original(self, on_cpu(device))

    class Kind(type(base)):  # type: ignore[misc]  # a class that is only known here
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, base)  # torch's own generators are no `Generator` of ours

    class Generator(base, metaclass=Kind):  # type: ignore[misc, valid-type]  # likewise
        def __new__(cls, device: Any = "cpu") -> Any:
            return super().__new__(cls, on_cpu(device))

    Generator.__module__, Generator.__qualname__, Generator.__doc__ = "torch", "Generator", base.__doc__
    context.__init__ = enter
    torch.Generator = Generator


def _patch_old_types(torch: Any) -> None:
    """`torch.cuda.FloatTensor` and its like, as constructors, in `x.type(...)` and in `torch.set_default_tensor_type`."""
    on_cpu: dict[Any, Any] = {}
    for name in (f"{kind}Tensor" for kind in _OLD_TYPES):
        kind = getattr(torch, name)
        replaced = _old_type(kind, name)
        on_cpu[replaced] = on_cpu[f"torch.cuda.{name}"] = on_cpu[getattr(torch.cuda, name)] = kind
        setattr(torch.cuda, name, replaced)
    to_type, set_default = torch.Tensor.type, torch.set_default_tensor_type

    def mapped(kind: Any) -> Any:
        if isinstance(kind, (str, type)) and kind in on_cpu:
            _note("cuda")
            return on_cpu[kind]
        return kind

    @_like(to_type, "torch:Tensor.type")
    def type_(self: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        return to_type(self, mapped(dtype), *args, **kwargs)

    @_like(set_default)
    def set_default_tensor_type(t: Any, /) -> None:
        set_default(mapped(t))

    torch.Tensor.type, torch.set_default_tensor_type = type_, set_default_tensor_type


def _old_type(kind: Function, name: str) -> type:
    """A class whose calls make CPU tensors. None of these is an instance of it: no tensor lies on a GPU."""

    def new(_: type, *args: Any, **kwargs: Any) -> Any:
        _note("cuda")
        return kind(*args, **kwargs)

    return type(name, (), {"__new__": new, "__module__": "torch.cuda"})


def _patch_load(torch: Any, on_cpu: Function) -> None:
    """`torch.load`: what was saved on a GPU, and any `map_location` that names one."""

    def place(storage: Any, location: str) -> Any:
        return storage if on_cpu(location) == "cpu" != location else None

    torch.serialization.register_package(_BEFORE_CUDA, lambda _: None, place)


def _patch_others(modules: list[Any]) -> None:
    """`torch.mps.synchronize()` and its like: nothing happens."""
    for module in modules:
        for name in ("synchronize", "empty_cache"):
            original = getattr(module, name)
            vars(module)[name] = _like(original)(lambda *_, **__: None)
