"""seccomp(2): system calls that fail with EPERM from now on, for this thread and what it starts.

Not a wall of its own here (the namespaces and Landlock are), but less of the host's kernel to attack. And the way to try what
happens on a system that refuses calls.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Iterable

from grader.isolation.system import call, numbers

__all__ = ["NEEDLESS", "refuse"]

# What no notebook needs: mounts, namespaces, other processes' memory, keys of the host's user, and wide or new interfaces.
# memfd_create makes files in memory that no limit counts.
NEEDLESS = (
    "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "move_mount", "open_tree", "mount_setattr",
    "unshare", "setns", "open_by_handle_at",
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "add_key", "request_key", "keyctl",
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create",
    "kexec_load", "init_module", "finit_module",
)  # fmt: skip

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # <linux/audit.h>
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # <linux/bpf_common.h>, BPF_W | BPF_ABS and BPF_K
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NEW_USER = 0x10000000
_X32 = 0x40000000


def refuse(names: Iterable[str]) -> None:
    """Let the named calls fail with EPERM; those without a number on this processor are left alone. Raises OSError.

    `unshare` includes clone(2) with CLONE_NEWUSER, and clone3(2), whose flags no filter can read: it is said not to exist, and
    the C library takes clone. Needs no_new_privs.
    """
    arch, known = _AUDIT_ARCH.get(platform.machine()), numbers()
    if arch is None:
        return
    names = list(names)
    program = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL)]  # calls of 32-bit programs have other numbers
    program += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    for name in names:
        program += [(_EQUAL, 0, 1, known[name]), (_RETURN, 0, 0, _ERROR | errno.EPERM)]
    if "unshare" in names:
        program += [(_EQUAL, 0, 1, known["clone3"]), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
        program += [(_EQUAL, 0, 3, known["clone"]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
        program += [(_ANY_BIT, 0, 1, _NEW_USER), (_RETURN, 0, 0, _ERROR | errno.EPERM)]
    program.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    head = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))  # struct sock_fprog
    call("prctl", 22, 2, head, 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
