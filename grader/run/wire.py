"""A Capture as bytes: the only thing that leaves a kernel. Read strictly; nothing that a kernel sends is trusted."""

from __future__ import annotations

from safetensors import SafetensorError

from grader.result import Capture, Fault
from grader.values import MAX_BYTES, NotAValue, ValueTooLarge, dumps, loads

__all__ = ["FORM", "LARGEST", "pack", "unpack"]

LARGEST = MAX_BYTES + 16 * 2**20  # bytes: the numbers of a value, and room for its texts and names
FORM = "grader capture 1"
_KINDS = ("raised", "not_defined", "timeout", "too_large", "died", "ours")


def pack(capture: Capture) -> bytes:
    """The capture in the format of `grader.values`. Raises ValueTooLarge, or TypeError for what is no plain data."""
    fault = capture.fault
    words = [fault.kind, fault.type, fault.message, fault.name, fault.cell, fault.line] if fault else None
    try:
        data = dumps({"form": FORM, "value": capture.value, "fault": words, "seconds": capture.seconds})
    except SafetensorError as error:
        raise ValueTooLarge(f"{error}") from error
    if len(data) > LARGEST:
        raise ValueTooLarge(f"more than {LARGEST // 2**20} MiB")
    return data


def unpack(data: bytes) -> Capture:
    """The capture that `pack` wrote; for anything else, a capture with the fault "died"."""
    try:
        plain = loads(data) if len(data) <= LARGEST else None
    except NotAValue:
        plain = None
    if not isinstance(plain, dict) or plain.get("form") != FORM or not isinstance(plain.get("seconds"), (int, float)):
        return Capture(fault=Fault("died", message="what came out of the kernel is no value"))
    words, seconds = plain.get("fault"), float(plain["seconds"])
    if words is None:
        return Capture(plain.get("value"), None, seconds)
    if not isinstance(words, list) or [type(word) for word in words] != [str] * 5 + [int] or words[0] not in _KINDS:
        return Capture(fault=Fault("died", message="what came out of the kernel is no value"))
    return Capture(None, Fault(*words), seconds)
