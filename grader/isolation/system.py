"""System calls that Python 3.11 has no function for, by ctypes. Numbers are from the Linux headers named beside them."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from typing import Any

__all__ = ["call", "landlock_abi", "numbers", "syscall"]

_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None

# <asm/unistd.h>: x86_64, and the generic table that aarch64 has. Calls of Linux 5.1 and newer have one number everywhere.
_OLD: dict[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clone": (56, 220),
    "finit_module": (313, 273),
    "init_module": (175, 105),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "setns": (308, 268),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_NEW: dict[str, int] = {
    "clone3": 435,
    "close_range": 436,
    "fsconfig": 431,
    "fsmount": 432,
    "fsopen": 430,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "io_uring_setup": 425,
    "landlock_add_rule": 445,
    "landlock_create_ruleset": 444,
    "landlock_restrict_self": 446,
    "mount_setattr": 442,
    "move_mount": 429,
    "open_tree": 428,
    "pidfd_getfd": 438,
}


def numbers() -> dict[str, int]:
    """The numbers of the calls above on this processor; of an unknown one only those that are the same everywhere."""
    column = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
    return _NEW | ({} if column is None else {name: pair[column] for name, pair in _OLD.items()})


def call(name: str, *arguments: Any) -> int:
    """A function of the C library that returns -1 and sets errno. Integers are passed as `unsigned long`. Raises OSError."""
    return _checked(getattr(_libc, name)(*map(_passed, arguments)))


def syscall(name: str, *arguments: Any) -> int:
    """syscall(2), for calls that the C library has no function for. Raises OSError (ENOSYS where the number is unknown)."""
    return _checked(_libc.syscall(ctypes.c_long(numbers().get(name, -1)), *map(_passed, arguments)))


def landlock_abi() -> int:
    """The version of Landlock that the kernel offers (landlock(7), "Landlock features"). Raises OSError if none."""
    return syscall("landlock_create_ruleset", None, 0, 1)  # LANDLOCK_CREATE_RULESET_VERSION


def _passed(argument: Any) -> Any:
    if isinstance(argument, int):
        return ctypes.c_ulong(argument)
    return os.fsencode(argument) if isinstance(argument, (str, os.PathLike)) else argument


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
