"""A kernel's private surroundings: its folder, its environment, and making sure that nothing of it is left."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.isolation.jail import SOCKETS
from grader.warm.preload import THREADS

__all__ = ["Private", "environment_of_server"]

_KEPT = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH", "GRADER_DEBUG",
    "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE",
)  # fmt: skip
_PLAIN = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41"}
# For a notebook that asks for more threads than it has cores (`torch.set_num_threads(2)`): one that waits for another by looking
# again and again keeps it from its core, 8 ms in each operation. OpenMP API specification, "OMP_WAIT_POLICY"
_PASSIVE = {"OMP_WAIT_POLICY": "passive"}
_LONGEST_SOCKET = 100  # bytes; the system's limit is 104 on macOS, 107 on Linux

_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}  # what a server allocates lies in pages of 2 MiB from the beginning


class Private:
    """A folder of one kernel's own (0700), with `work` as its working directory. `with Private(data) as private: ...`

    data: a folder whose content is copied into `work`. threads, device: as in `Request`. shift: of the seeds that cells set.
    """

    def __init__(self, data: Path | None = None, threads: int = 1, device: str = "cpu", shift: int = 0) -> None:
        self.threads, self.device, self.shift = threads, device, shift
        self.root = Path(tempfile.mkdtemp(prefix="grader-")).resolve()
        self.work = self.root / "work"
        try:
            for name in (SOCKETS, "work", "home", "tmp", "ipython", "jupyter", "matplotlib"):
                (self.root / name).mkdir(mode=0o700)
            if data is not None:
                shutil.copytree(data, self.work, dirs_exist_ok=True)
            if (fonts := _font_list()) is not None:
                shutil.copy(fonts, self.root / "matplotlib")
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> Private:
        return self

    def __exit__(self, *_: object) -> None:
        self.end_all()
        self.remove()

    @property
    def connection_file(self) -> str:
        return str(self.root / "connection.json")

    @property
    def socket(self) -> str | None:
        """Where sockets can lie, for the transport "ipc"; None where tcp must do."""
        path = str(self.root / SOCKETS / "s")
        fits = len(os.fsencode(path)) + len("-5") <= _LONGEST_SOCKET
        return path if fits and os.name == "posix" else None

    def environment(self) -> dict[str, str]:
        """What a kernel needs to know of ours, and no more: no keys, no tokens; one thread and no accelerator unless asked."""
        root = self.root
        own = {"HOME": str(root / "home"), "USERPROFILE": str(root / "home")}
        own |= {name: str(root / "tmp") for name in ("TMPDIR", "TEMP", "TMP")}
        own |= {"IPYTHONDIR": str(root / "ipython"), "MPLCONFIGDIR": str(root / "matplotlib")}
        own |= {f"JUPYTER_{name}_DIR": str(root / "jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
        return _environment(self.threads, self.device, self.shift) | own

    def environment_of_server(self) -> dict[str, str]:
        """That of a server for this kernel and others like it."""
        return environment_of_server(self.threads, self.device, self.shift)

    def end_all(self) -> None:
        """Kill every process that has our folder as its TMPDIR, or is in it: what cells left behind, in whatever session."""
        for _ in range(100):
            found = self._processes()
            for pid in found:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if not found:
                return
            time.sleep(0.01)

    def _processes(self) -> list[int]:
        folders = Path("/proc").glob("[0-9]*") if sys.platform.startswith("linux") else ()
        return [int(folder.name) for folder in folders if self._is_ours(folder) and int(folder.name) != os.getpid()]

    def _is_ours(self, process: Path) -> bool:
        """proc(5): the environment is that of the last execve(2), so a fork of a warm kernel is seen by where it is."""
        mark = b"TMPDIR=" + os.fsencode(self.root / "tmp")
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes().split(b"\0"):
                return True
            return Path(os.readlink(process / "cwd")).is_relative_to(self.root)
        return False

    def remove(self) -> None:
        """Delete the folder, also where a cell took away the right to."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.root.exists():
            for folder, _, _ in os.walk(self.root):
                with contextlib.suppress(OSError):
                    os.chmod(folder, 0o700)
                    for name in os.listdir(folder):
                        if not (path := Path(folder, name)).is_symlink():
                            path.chmod(0o700)
            shutil.rmtree(self.root, ignore_errors=True)


def environment_of_server(threads: int = 1, device: str = "cpu", shift: int = 0) -> dict[str, str]:
    """What kernels have in common, and nothing that is one's own: every fork's entry in /proc shows it."""
    common = _environment(threads, device, shift) | _LARGE_PAGES
    return common | {"MPLCONFIGDIR": str(_matplotlib_cache())} if _font_list() else common


def _environment(threads: int, device: str, shift: int) -> dict[str, str]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= dict.fromkeys(THREADS, str(threads)) | _PASSIVE
    environment |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "JUPYTER_NO_CONFIG": "1"}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
    environment |= {"GRADER_RUN": "1", "GRADER_SEED": str(shift), **_devices(device)}
    if site.ENABLE_USER_SITE:
        environment["PYTHONUSERBASE"] = site.getuserbase()
    if path := _python_path():
        environment["PYTHONPATH"] = path
    return environment


def _devices(device: str) -> dict[str, str]:
    """What makes a notebook see only the CPU, only what every CPU can do, or the accelerators that we see."""
    if device == "cuda":
        return {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER") if name in os.environ}
    return {"CUDA_VISIBLE_DEVICES": "", **(_PLAIN if device == "plain" else {})}


def _python_path() -> str:
    """Ours, where libraries are found by it (clusters do so), without a course's folder: its reference must not be importable."""
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(folder)]
    return os.pathsep.join(folder for folder in folders if not Path(folder, "reference").exists())


@functools.cache
def _font_list() -> Path | None:
    """matplotlib's list of fonts, which takes it seconds to make. Made once by us, in the user's cache; kernels get a copy."""
    folder = _matplotlib_cache()
    found = sorted(folder.glob("fontlist-*.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        command = [sys.executable, "-c", "import matplotlib.font_manager"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)  # noqa: S603
        found = sorted(folder.glob("fontlist-*.json"))
    return found[-1] if found else None


def _matplotlib_cache() -> Path:
    """Where matplotlib keeps it, without importing matplotlib."""
    if folder := os.environ.get("MPLCONFIGDIR"):
        return Path(folder)
    if sys.platform.startswith(("linux", "freebsd")):
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    return Path.home() / ".matplotlib"
