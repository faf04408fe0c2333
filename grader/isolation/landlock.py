"""landlock(7): a process gives up rights over files for good, whatever it may do otherwise.

A second wall behind the mount namespace: what can be reached in any other way, as by a file descriptor of a folder outside, lies
below no rule and is refused.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from pathlib import Path

from grader.isolation.system import landlock_abi, syscall

__all__ = ["CHANGE", "DEVICE", "READ", "SOCKET", "restrict"]

# <linux/landlock.h>: LANDLOCK_ACCESS_FS_...
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_CHAR, _MAKE_DIR, _MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (1 << bit for bit in range(6, 13))
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ = _EXECUTE | _READ_FILE | _READ_DIR
CHANGE = (
    READ
    | _WRITE_FILE
    | _REMOVE_DIR
    | _REMOVE_FILE
    | _MAKE_DIR
    | _MAKE_REG
    | _MAKE_SOCK
    | _MAKE_FIFO
    | _MAKE_SYM
    | _REFER
    | _TRUNCATE
)
DEVICE = _READ_FILE | _READ_DIR | _WRITE_FILE | _IOCTL_DEV | _TRUNCATE
SOCKET = _READ_DIR | _MAKE_SOCK | _REMOVE_FILE  # removed: ZeroMQ unlinks what it binds

_SCOPES = 0b11  # LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, LANDLOCK_SCOPE_SIGNAL
_QUIET = 0b101  # LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF, ..._LOG_SUBDOMAINS_OFF: refusals do not fill the host's audit log


def restrict(rules: Mapping[Path, int]) -> None:
    """From now on only the given rights below the given folders, for this thread and what it starts. Raises OSError.

    TCP is left out (it could be handled from version 4 on): the network namespace has nothing but a loopback device of its own,
    and ipykernel binds a port there that is not known before. Needs no_new_privs.
    """
    abi = landlock_abi()
    handled = (1 << (13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16)) - 1
    attributes = (ctypes.c_uint64 * 3)(handled, 0, _SCOPES if abi >= 6 else 0)  # files, network, scopes
    ruleset = syscall("landlock_create_ruleset", ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        for folder, rights in rules.items():
            _allow(ruleset, folder, rights & handled)
        syscall("landlock_restrict_self", ruleset, _QUIET if abi >= 7 else 0)
    finally:
        os.close(ruleset)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow(ruleset: int, folder: Path, rights: int) -> None:
    parent = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, parent)
        syscall("landlock_add_rule", ruleset, 1, ctypes.byref(rule), 0)  # LANDLOCK_RULE_PATH_BENEATH
    finally:
        os.close(parent)
