"""A folder as it was: a copy of a kernel that is taken up again finds the files that it knew."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Files", "TooMuch"]

MOST_BYTES = 64 * 2**20  # of files that the notebook wrote or changed, kept in memory
MOST_FILES = 2_000


class TooMuch(Exception):
    """There is more in the folder than is kept."""


@dataclass(frozen=True)
class _File:
    """size, time: as stat(2) tells them, which is how a change is seen. mode: its rights."""

    size: int
    time: int
    mode: int
    content: bytes


class Files:
    """The regular files and folders below `folder`. What `before` has of an unchanged file is shared with it."""

    def __init__(self, folder: Path, before: Files | None = None) -> None:
        """Raises TooMuch, or OSError for what cannot be read."""
        self.folder = folder
        self.folders: set[str] = set()
        self.files: dict[str, _File] = {}
        known = before.files if before else {}
        left = MOST_BYTES
        for path, status in _walk(folder):
            name = os.path.relpath(path, folder)
            if stat.S_ISDIR(status.st_mode):
                self.folders.add(name)
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            file = known.get(name)
            if file is None or (file.size, file.time) != (status.st_size, status.st_mtime_ns):
                if status.st_size > left:
                    raise TooMuch
                file = _File(status.st_size, status.st_mtime_ns, status.st_mode, Path(path).read_bytes())
            left -= file.size
            self.files[name] = file
            if left < 0 or len(self.files) > MOST_FILES:
                raise TooMuch

    def put_back(self) -> None:
        """The folder is what it was, as far as the file system lets us."""
        found = dict(_walk(self.folder))
        for path, status in found.items():
            name = os.path.relpath(path, self.folder)
            same_kind = name in self.folders if stat.S_ISDIR(status.st_mode) else name in self.files
            if not same_kind:
                _remove(path)
        for name in sorted(self.folders):
            os.makedirs(self.folder / name, exist_ok=True)
        for name, file in self.files.items():
            place = self.folder / name
            now = found.get(str(place))
            if now is None or (now.st_size, now.st_mtime_ns) != (file.size, file.time):
                _remove(str(place))
                place.write_bytes(file.content)
                os.chmod(place, stat.S_IMODE(file.mode))
                os.utime(place, ns=(file.time, file.time))


def _walk(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Everything below, folders before what is in them; links are not followed."""
    found: list[tuple[str, os.stat_result]] = []
    todo = [str(folder)]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                found.append((entry.path, entry.stat(follow_symlinks=False)))
                if len(found) > MOST_FILES:
                    raise TooMuch
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
    return found


def _remove(path: str) -> None:
    if os.path.islink(path) or os.path.isfile(path):
        os.unlink(path)
    elif os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)
