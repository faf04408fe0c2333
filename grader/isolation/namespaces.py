"""`separate`: namespaces of its own for a process and its next child (namespaces(7)).

The process itself keeps its view of the host's files: the mount namespace is made by `furnish`, in the child.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

from grader.isolation.errors import IsolationError, step
from grader.isolation.jail import NOBODY, Jail
from grader.isolation.system import call

__all__ = ["advice", "separate", "unshare", "user_namespace"]

# <linux/sched.h>
_FLAGS = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "PID": 0x20000000,
    "network": 0x40000000,
    "IPC": 0x08000000,
    "UTS": 0x04000000,
    "cgroup": 0x02000000,
}
_SHELL = "/bin/sh"
_WRITE = 'read go; exec tee "/proc/$1/uid_map" >"/proc/$1/gid_map"'


def separate(jail: Jail) -> None:
    """User, PID, network, IPC, UTS and cgroup namespaces for this process, which must have one thread.

    The next child is PID 1 of the PID namespace: fork no other between this and that one. The process leaves its session, so that
    it has no controlling terminal. Raises IsolationError; the process must then end.
    """
    if not jail.sockets.is_dir():
        raise IsolationError("looking at the private folder", f"there is no folder {jail.sockets}")
    with contextlib.suppress(PermissionError):  # it leads a session or a process group already
        os.setsid()
    user_namespace()
    for name in ("PID", "network", "IPC", "UTS", "cgroup"):
        unshare(name)


def unshare(name: str) -> None:
    """One kind of namespace, by unshare(2). Raises IsolationError."""
    with step(f"making a {name} namespace of its own", advice()):
        call("unshare", _FLAGS[name])


def user_namespace() -> None:
    """A user namespace (user_namespaces(7)): all capabilities inside, none outside, and the map of ids.

    An ordinary user is mapped to the same id, and nobody else. Root maps itself, to read what only root may read while the jail
    is built, and `NOBODY`, whom the kernel will run as.
    """
    uid, gid = os.geteuid(), os.getegid()
    real_root = uid == 0 and _outside() in ("0", "")
    writer = _writer(os.getpid()) if uid == 0 else None
    try:
        unshare("user")
    finally:
        refusal = _written(writer) if writer is not None else "no process could be started"
    if uid == 0 and not refusal:
        return
    if real_root:
        need = "Root needs CAP_SETUID, CAP_SETGID and CAP_SETFCAP for this; or run the grader as an ordinary user."
        raise IsolationError("mapping root and nobody into a user namespace", refusal, need)
    # An ordinary user, or the root of a container that has one user only. gid_map needs "setgroups" before it.
    maps = {"setgroups": "deny", "uid_map": f"{uid or NOBODY} {uid} 1", "gid_map": f"{gid or NOBODY} {gid} 1"}
    with step("mapping the user into a user namespace", advice()):
        for file, text in maps.items():
            Path("/proc/self", file).write_text(text)


def _writer(pid: int) -> subprocess.Popen[str] | None:
    """A process that stays in the parent namespace and waits for the word to write the two maps of `pid`.

    A map of two lines can only be written from there, with CAP_SETUID, by one write(2), as tee does. An exec'd shell, because a
    fork of a process with torch in it takes ten times as long.
    """
    pipe = subprocess.PIPE
    command = [_SHELL, "-c", _WRITE, _SHELL, str(pid)]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    try:
        return subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True, env=environment)  # noqa: S603 - fixed words
    except OSError:
        return None


def _written(writer: subprocess.Popen[str]) -> str:
    """Why the maps could not be written; empty when they are."""
    _, said = writer.communicate(f"go\n0 0 1\n{NOBODY} {NOBODY} 1\n")
    return said.strip().rpartition(": ")[2] or "refused" if writer.returncode else ""


def _outside() -> str:
    """Who our uid 0 is in the namespace outside ours: the second field of its line in /proc/self/uid_map."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/uid_map").read_text().splitlines():
            inside, outside, _ = line.split()
            if inside == "0":
                return outside
    return ""


# What an administrator may have set, and what to set instead.
_SETTINGS = {
    "kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "an AppArmor profile that allows `userns` to this Python"),
    "user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=10000"),
}


def advice() -> str:
    """What an administrator can do so that namespaces are allowed."""
    for name, (bad, remedy) in _SETTINGS.items():
        with contextlib.suppress(OSError):
            if Path("/proc/sys", name).read_text().strip() == bad:
                return f"/proc/sys/{name} is {bad}; an administrator can allow it: {remedy}."
    return "In a container, its security profile (seccomp, AppArmor) must allow user namespaces; or run the grader outside it."
