"""What must be readable for Python, its packages and their shared libraries to work."""

from __future__ import annotations

import functools
import os
import site
import sys
import sysconfig
from pathlib import Path

__all__ = ["SMALL_FILES", "python_paths"]

_PREFIX = ("bin", "lib", "lib64", "include", "share", "etc", "pyvenv.cfg")
_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
    "/etc/alternatives",  # Debian: where libblas.so.3 and its like point to
    "/etc/fonts", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted",
)  # fmt: skip

# Copied, not mounted: a mount for each would cost more than the bytes.
SMALL_FILES = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/os-release",
    "/etc/protocols", "/etc/services",
    "/sys/devices/system/cpu/online", "/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/present",
)  # fmt: skip


@functools.cache
def python_paths() -> tuple[Path, ...]:
    """Files and folders of the running Python's environment and of the system that it needs, never their parents.

    Of a prefix only the folders that an installation has: a virtual environment may be the course folder itself. Entries of
    `sys.path` that an editable install adds are left out: name what is needed of them in `Jail.readable`.
    """
    found = [Path(path) for path in _SYSTEM]
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        found += [Path(prefix, name) for name in _PREFIX]
    names = sysconfig.get_paths()
    found += [Path(names[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [Path(path) for path in site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        found.append(Path(site.getusersitepackages()))
    if sys.base_prefix.startswith("/nix/store/"):
        found.append(Path("/nix/store"))
    there = [path for path in found if os.path.exists(path)]  # Path.exists raises where a parent may not be searched
    return tuple(dict.fromkeys([*there, *_libraries(there)]))


def _libraries(roots: list[Path]) -> list[Path]:
    """Shared libraries that this process has loaded from elsewhere (LD_LIBRARY_PATH): proc_pid_maps(5), sixth field."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text(errors="replace").splitlines() if maps.exists() else []
    paths = {Path(line.split(maxsplit=5)[5]) for line in lines if "/" in line and ".so" in line.rpartition("/")[2]}
    known = [root.resolve() for root in roots]
    return sorted(
        path for path in paths if os.path.isfile(path) and not any(path.resolve().is_relative_to(root) for root in known)
    )
