"""`furnish`: a root file system of its own, which holds the Python environment to read and one small disk to write.

/                  tmpfs, read-only
/usr, ...          python_paths() and Jail.readable, at their own paths: bind mounts, read-only
/etc               the few small files that programs look for
/dev               null, zero, full, random, urandom, pts
/proc              of the new PID namespace
/sockets           the host's <folder>/sockets
/tmp, /dev/shm     folders of the one tmpfs that can be written, `Jail.disk` bytes in all
<folder>           another, with copies of what the host's folder has; <folder>/sockets is a link to /sockets
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from grader.isolation.errors import IsolationError, step
from grader.isolation.jail import SOCKETS, Jail, kernel_ids
from grader.isolation.namespaces import advice, unshare
from grader.isolation.paths import SMALL_FILES, python_paths
from grader.isolation.system import call, syscall

__all__ = ["furnish", "loopback_up", "mount_proc"]

# <linux/mount.h>: of mount(2), of mount_setattr(2), of umount2(2)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV, _ATTR_NOEXEC = 1, 2, 4, 8
_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000

_DEVICES = ("null", "zero", "full", "random", "urandom")
_INODES = 100_000  # files on the small disk: each takes memory of the host beside its bytes
_HOST = "grader"


def furnish(jail: Jail) -> None:
    """The new root, the loopback device, and no further user namespaces. To be called by PID 1 of the namespace, before it forks.

    The working directory is then `<folder>/work` if there is one, else the folder. Raises IsolationError; the process must then
    end.
    """
    if os.getpid() != 1:
        raise IsolationError("furnishing", "this process is not PID 1", "Call `separate` first and `furnish` in its next child.")
    os.umask(0o022)
    folder = jail.folder.resolve()
    unshare("mount")
    with step("opening the private folder"):
        host = os.open(folder, os.O_PATH | os.O_DIRECTORY)  # found by this when a mount has covered it
    try:
        _new_root(jail, folder, f"/proc/self/fd/{host}")
        _enter(folder)
    finally:
        os.close(host)
    loopback_up()
    with step("naming the host"):
        call("sethostname", _HOST, len(_HOST))  # sethostname(2)
    os.chdir(folder / "work" if (folder / "work").is_dir() else folder)


def _new_root(jail: Jail, new: Path, host: str) -> None:
    """Everything, mounted upon the private folder itself. `host`: another way to what the folder is outside."""
    with step("making mounts private", advice()):
        call("mount", None, "/", None, _REC | _PRIVATE, None)  # mount(2): nothing that is mounted here is seen outside
    with step("mounting the root", advice()):
        call("mount", "tmpfs", new, "tmpfs", _NOSUID | _NODEV, "size=8m,nr_inodes=4096,mode=755")
    _disk(jail, new, host)  # first: folders to read may lie below /tmp
    _readable(new, [*python_paths(), *jail.readable])
    with step("writing small files"):
        _small_files(new, jail.folder / "home")
    with step("mounting devices"):
        _devices(new)
    with step("mounting the sockets"):
        _bind(f"{host}/{SOCKETS}", _folder(new / SOCKETS), _ATTR_NOSUID | _ATTR_NODEV | _ATTR_NOEXEC)
        os.chown(new / SOCKETS, *kernel_ids())
    with step("mounting /proc"):
        _proc(new)
    with step("making the root read-only"):
        _set(new, _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV)


def _disk(jail: Jail, new: Path, host: str) -> None:
    """One tmpfs (tmpfs(5)), of which /tmp, /dev/shm and the private folder are parts, so that one limit holds for their sum."""
    whole = _folder(new / "mnt")
    with step("mounting the small disk"):
        call("mount", "tmpfs", whole, "tmpfs", _NOSUID | _NODEV, f"size={jail.disk},nr_inodes={_INODES},mode=755")
        parts = {Path("/tmp"): 0o1777, Path("/dev/shm"): 0o1777, jail.folder.resolve(): 0o700}  # noqa: S108 - of the new root
        for number, (path, mode) in enumerate(parts.items()):
            part = _folder(whole / str(number))
            part.chmod(mode)
            call("mount", part, _folder(_inside(new, path)), None, _BIND, None)  # keeps the flags of the tmpfs
    with step("copying the private folder", f"Its files and all that a notebook writes must fit into {jail.disk} bytes."):
        inside = _inside(new, jail.folder.resolve())
        _copy(host, inside)
        os.symlink(f"/{SOCKETS}", inside / SOCKETS)
        if jail.folder != jail.folder.resolve():
            _link(new, jail.folder)
    with step("unmounting the small disk"):
        call("umount2", whole, _DETACH)  # its parts stay
        whole.rmdir()


def _copy(host: str, inside: Path) -> None:
    """What the host's folder has, except the sockets, for the user that the kernel will run as."""
    ids = kernel_ids()
    try:
        shutil.copytree(f"{host}/.", inside, symlinks=True, dirs_exist_ok=True, ignore=_no_sockets)
    except shutil.Error as errors:  # a list of (source, target, why)
        raise OSError(str(errors.args[0][0][2])) from errors
    inside.chmod(0o700)
    if ids != (os.geteuid(), os.getegid()):
        for folder, names, files in os.walk(inside):
            for name in (".", *names, *files):
                os.chown(os.path.join(folder, name), *ids, follow_symlinks=False)


def _no_sockets(folder: str, names: list[str]) -> set[str]:
    return {SOCKETS} & set(names) if folder.endswith("/.") else set()


def _readable(new: Path, paths: Iterable[Path]) -> None:
    """Bind mounts at the paths themselves. A path that is or passes a symbolic link becomes a link to where it leads."""
    shown: list[Path] = []
    paths = list(paths)
    for path in sorted({path.resolve() for path in paths}):  # a folder comes before what is in it
        if not any(path.is_relative_to(other) for other in shown):
            if new.is_relative_to(path):
                raise IsolationError(f"mounting {path} to read", "it holds the private folder", "Name only what is needed of it.")
            with step(f"mounting {path} to read"):
                target = _inside(new, path)
                _folder(target) if path.is_dir() else _file(target)
                _bind(path, target, _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV)
            shown.append(path)
    for path in paths:
        if path.is_symlink() or path != path.resolve():
            _link(new, path)


def _small_files(new: Path, home: Path) -> None:
    uid, gid = kernel_ids()
    texts = {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/sh\nstudent:x:{uid}:{gid}:student:{home}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nstudent:x:{gid}:\n",
        "/etc/hosts": f"127.0.0.1 localhost {_HOST}\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "/etc/resolv.conf": "",
    }
    for path, text in texts.items():
        _file(_inside(new, Path(path))).write_text(text)
    for path in SMALL_FILES:
        if os.path.isfile(path):
            shutil.copyfile(path, _file(_inside(new, Path(path))))


def _devices(new: Path) -> None:
    """null(4), random(4), full(4), pts(4): the device files of the host, since a user namespace may make none."""
    dev = _folder(new / "dev")
    for name in _DEVICES:
        _bind(f"/dev/{name}", _file(dev / name), _ATTR_NOSUID | _ATTR_NOEXEC)
    for name, target in {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(f"/proc/self/{target}", dev / name)
    with contextlib.suppress(OSError):  # terminals are for `!command` in a cell; without them nothing is less isolated
        call("mount", "devpts", _folder(dev / "pts"), "devpts", _NOSUID | _NOEXEC, "newinstance,ptmxmode=666,mode=620")
        os.symlink("pts/ptmx", dev / "ptmx")


def mount_proc(target: Path) -> None:
    """proc(5) of this PID namespace; `hidepid`: a process sees only those that it might trace, not its init. Raises OSError."""
    call("mount", "proc", target, "proc", _NOSUID | _NODEV | _NOEXEC, "hidepid=2")


def _proc(new: Path) -> None:
    """A container with masked files in its own /proc is refused a new one (mount_namespaces(7)). Then a few files must do."""
    target = _folder(new / "proc")
    try:
        mount_proc(target)
    except PermissionError:
        for name in ("cpuinfo", "meminfo", "stat", "filesystems", "version"):
            (target / name).write_bytes(Path("/proc", name).read_bytes())
    for proc in (target, Path("/proc")):
        with contextlib.suppress(OSError):  # `lock` forbids them in a second way
            (proc / "sys/user/max_user_namespaces").write_text("0")  # of this user namespace only (namespaces(7))
            return


def _enter(folder: Path) -> None:
    """pivot_root(2), as its section "pivot_root(".", ".")" says: the old root lies on the new one for a moment, then nowhere."""
    with step("entering the new root"):
        os.chdir(folder)
        new = os.stat(".")
        call("pivot_root", ".", ".")
        call("umount2", ".", _DETACH)
        os.chdir("/")
    if not os.path.samestat(new, os.stat("/")):
        raise IsolationError("entering the new root", "the old one is still there")


def loopback_up() -> None:
    """netdevice(7): ipykernel binds a port of 127.0.0.1 for what subprocesses print. Raises IsolationError."""
    get, put, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with step("starting the loopback device"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        _, flags = struct.unpack("16sh", fcntl.ioctl(any_socket, get, struct.pack("16sh", b"lo", 0)))
        fcntl.ioctl(any_socket, put, struct.pack("16sh", b"lo", flags | up))


# ------------------------------------------------------------------------------------------------------------------ mounts


def _bind(source: str | Path, target: Path, attributes: int) -> None:
    """With all that is mounted below it: a part alone would show what such mounts hide, so a user namespace may not."""
    call("mount", source, target, None, _BIND | _REC, None)
    _set(target, attributes, _AT_RECURSIVE)


def _set(target: Path, attributes: int, how: int = 0) -> None:
    """mount_setattr(2): adds to the flags of a mount and clears none, since a user namespace may not clear some."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)  # struct mount_attr: set, clear, propagation, user namespace
    syscall("mount_setattr", _AT_FDCWD, target, how, ctypes.byref(wanted), ctypes.sizeof(wanted))


def _inside(new: Path, path: Path) -> Path:
    return new / path.relative_to("/")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _file(path: Path) -> Path:
    _folder(path.parent)
    path.touch()
    return path


def _link(new: Path, path: Path) -> None:
    place = _inside(new, path)
    if not os.path.lexists(place):
        _folder(place.parent)
        place.symlink_to(path.resolve())
