"""`lock`: a process gives up, for good, what it does not need to run a notebook."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from pathlib import Path

from grader.isolation import landlock
from grader.isolation.errors import IsolationError, step
from grader.isolation.filter import NEEDLESS, refuse
from grader.isolation.jail import SOCKETS, Jail, kernel_ids
from grader.isolation.system import call, syscall

__all__ = ["lock"]

# <linux/prctl.h>
_SET_PDEATHSIG, _GET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 2, 4, 24, 38
_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 47, 4


def lock(jail: Jail) -> None:
    """To be called by the kernel itself, in a child of PID 1 after `furnish`, with one thread, before any untrusted code.

    Limits, a session of its own, another user, no capabilities, no new privileges, Landlock, a filter of system calls. The
    kernel is the first to go when memory runs out. Raises IsolationError; the process must then end.
    """
    with step("leaving the session"):
        _own_session()
    with step("offering itself when memory runs out"):
        call("prctl", _SET_DUMPABLE, 1, 0, 0, 0)  # else the files in /proc/self are not its own
        if os.path.exists("/proc/self"):
            Path("/proc/self/oom_score_adj").write_text("1000")  # proc_pid_oom_score_adj(5)
    with step("setting limits"):
        _limits(jail)
    with step("giving up capabilities and the user"):
        _give_up()
    with step("giving up new privileges"):
        call("prctl", _SET_NO_NEW_PRIVS, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS(2const): setuid programs give nothing
    with step("restricting files by Landlock", "Linux 5.13 or newer is needed, with `landlock` among its security modules."):
        landlock.restrict(_rules(jail))
    with step("refusing system calls"):
        refuse(NEEDLESS)
    if 0 in os.getresuid() + os.getresgid():
        raise IsolationError("giving up the user", "it is still root")


def _rules(jail: Jail) -> dict[Path, int]:
    """All in sight may be read: `furnish` chose it. <folder>/sockets is a link, so the folder's rule does not hold there."""
    writable = (Path("/tmp"), Path("/dev/shm"), jail.folder)  # noqa: S108 - of the new root
    change = dict.fromkeys(writable, landlock.CHANGE)
    return {Path("/"): landlock.READ, Path("/dev"): landlock.DEVICE, Path("/", SOCKETS): landlock.SOCKET, **change}


def _own_session() -> None:
    """setsid(2): kill(0, ...) would reach a process group that is shared with the monitor, whatever the PID namespace."""
    try:
        os.setsid()
    except PermissionError:
        if os.getsid(0) != os.getpid():
            raise


def _limits(jail: Jail) -> None:
    """getrlimit(2). RLIMIT_DATA for memory, since torch reserves far more address space than it uses. A lower limit stays."""
    import resource  # not on Windows

    wanted = {
        resource.RLIMIT_DATA: (jail.memory, jail.memory),
        resource.RLIMIT_NPROC: (jail.processes, jail.processes),
        resource.RLIMIT_NOFILE: (jail.open_files, jail.open_files),
        resource.RLIMIT_FSIZE: (jail.file_size, jail.file_size),
        resource.RLIMIT_CPU: (jail.cpu_seconds, jail.cpu_seconds + 5),  # SIGXCPU, which may be handled, then SIGKILL
        resource.RLIMIT_CORE: (0, 0),
    }
    for name, (soft, hard) in wanted.items():
        most = resource.getrlimit(name)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(name, (soft, hard))


def _give_up() -> None:
    """capabilities(7): no set holds any. Where the namespace has root, its only use was to build the jail."""
    ending = ctypes.c_int()
    call("prctl", _GET_PDEATHSIG, ctypes.byref(ending), 0, 0, 0)
    with contextlib.suppress(OSError):  # no such call: this kernel has no keys
        syscall("keyctl", 1, None)  # KEYCTL_JOIN_SESSION_KEYRING(2const): an empty one instead of the host's user's
    _drop_bounding_set()
    call("prctl", _CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    uid, gid = kernel_ids()
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    version = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    call("capset", version, (ctypes.c_uint32 * 6)())  # capset(2): effective, permitted, inheritable, twice 32 bits
    call("prctl", _SET_PDEATHSIG, ending.value, 0, 0, 0)  # a change of user forgot it
    call("prctl", _SET_DUMPABLE, 1, 0, 0, 0)  # and made it undumpable: its children could not see each other in /proc


def _drop_bounding_set() -> None:
    for capability in range(64):
        try:
            call("prctl", _CAPBSET_DROP, capability, 0, 0, 0)
        except OSError as error:
            if error.errno == errno.EINVAL:  # the kernel knows no more
                return
            raise
