"""What one kernel may read, write and use up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NOBODY", "SOCKETS", "Jail", "kernel_ids"]

NOBODY = 65534  # whom a kernel runs as where the grader is root: the user and the group that own nothing
SOCKETS = "sockets"  # the sub-folder of the private folder that inside and outside share


@dataclass(frozen=True)
class Jail:
    """The limits of one kernel. Sizes are in bytes.

    `folder` is the kernel's private folder, mode 0700. Inside it stands at the same path and holds copies of what the host's
    folder has; what is written there is never seen outside. Only its sub-folder `sockets` is shared, and for sockets only.
    `readable`: files and folders to read beside `python_paths()`.
    `disk`: of all that is written, to the private folder (the copies included), /tmp and /dev/shm together.
    `memory`: private writable memory of one process, what it has from before included (RLIMIT_DATA). Not a sum over processes.
    `processes`: processes and threads together. `cpu_seconds`: of one process.
    """

    folder: Path
    readable: tuple[Path, ...] = ()
    disk: int = 2**30
    memory: int = 4 * 2**30
    processes: int = 128
    open_files: int = 1024
    file_size: int = 2**29
    cpu_seconds: int = 3600

    @property
    def sockets(self) -> Path:
        return self.folder / SOCKETS


def kernel_ids() -> tuple[int, int]:
    """User and group that the kernel will run as, in the ids of the user namespace. To be asked between `separate` and `lock`."""
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
