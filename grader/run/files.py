"""Folders as they were: a copy of a kernel that is taken up again finds the files that it knew."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Files", "OpenFile", "TooMuch", "open_files"]

MOST_BYTES = 64 * 2**20  # of files that the notebook wrote or changed, kept in memory
MOST_FILES = 2_000
_CLOCK = 20_000_000  # ns; what is written again within one tick of the file system's clock has the same time


class TooMuch(Exception):
    """There is more in the folder than is kept."""


@dataclass(frozen=True)
class _File:
    """size, time: as stat(2) tells them, which is how a change is seen. settled: it can be seen by them. mode: its rights."""

    size: int
    time: int
    settled: bool
    mode: int
    content: bytes

    def is_as(self, status: os.stat_result) -> bool:
        return self.settled and (self.size, self.time) == (status.st_size, status.st_mtime_ns)


class Files:
    """The regular files, links and folders below `folder`. What `before` has of an unchanged file is shared with it."""

    def __init__(self, folder: Path, before: Files | None = None) -> None:
        """Raises TooMuch, or OSError for what cannot be read."""
        self.folder = folder
        self.folders: dict[str, int] = {}  # name -> rights
        self.files: dict[str, _File] = {}
        self.links: dict[str, str] = {}
        self.others: set[str] = set()  # pipes and sockets: left alone
        known = before.files if before else {}
        left, now = MOST_BYTES, time.time_ns()
        for path, status in _walk(folder, MOST_FILES):
            name = os.path.relpath(path, folder)
            if stat.S_ISDIR(status.st_mode):
                self.folders[name] = stat.S_IMODE(status.st_mode)
            elif stat.S_ISLNK(status.st_mode):
                self.links[name] = os.readlink(path)
            elif not stat.S_ISREG(status.st_mode):
                self.others.add(name)
            else:
                self.files[name] = _read(path, status, known.get(name), left, now)
                left -= self.files[name].size

    def put_back(self) -> None:
        """The folder is what it was, as far as the file system lets us. Raises OSError where it does not."""
        found = {os.path.relpath(path, self.folder): status for path, status in _walk(self.folder)}
        kinds = (*self.folders, *self.files, *self.links, *self.others)
        same = {name for name in kinds if name in found and self._kind(name) == stat.S_IFMT(found[name].st_mode)}
        for name in found.keys() - same:
            _remove(self.folder / name)
        for name in sorted(self.folders):
            (self.folder / name).mkdir(exist_ok=True)
        for name, target in self.links.items():
            if name not in same or os.readlink(self.folder / name) != target:
                _remove(self.folder / name)
                os.symlink(target, self.folder / name)
        for name, file in self.files.items():
            if name not in same or not file.is_as(found[name]):
                _write(self.folder / name, file)
            os.chmod(self.folder / name, file.mode)
        for name, mode in sorted(self.folders.items(), reverse=True):
            os.chmod(self.folder / name, mode)

    def _kind(self, name: str) -> int | None:
        kinds = ((self.folders, stat.S_IFDIR), (self.files, stat.S_IFREG), (self.links, stat.S_IFLNK))
        return next((kind for names, kind in kinds if name in names), None)


def _read(path: str, status: os.stat_result, before: _File | None, left: int, now: int) -> _File:
    if status.st_size > left:
        raise TooMuch
    mode = stat.S_IMODE(status.st_mode)
    settled = status.st_mtime_ns < now - _CLOCK
    same = before is not None and before.is_as(status)
    content = before.content if same and before is not None else Path(path).read_bytes()
    return _File(status.st_size, status.st_mtime_ns, settled, mode, content)


def _write(place: Path, file: _File) -> None:
    """In place, where there is one: whoever has it open has this file, and no other. open(2)"""
    with contextlib.suppress(FileNotFoundError):
        os.chmod(place, file.mode | stat.S_IWUSR)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as target:
        target.write(file.content)
    os.utime(place, ns=(file.time, file.time))


def _walk(folder: Path, most: float = float("inf")) -> list[tuple[str, os.stat_result]]:
    """Everything below, folders before what is in them; links are not followed."""
    found: list[tuple[str, os.stat_result]] = []
    todo = [str(folder)]
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                found.append((entry.path, entry.stat(follow_symlinks=False)))
                if len(found) > most:
                    raise TooMuch
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
    return found


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------------------- open files


@dataclass(frozen=True)
class OpenFile:
    """A descriptor of this process: of which file, how it was opened, and the place in it. Forks share the place."""

    descriptor: int
    file: tuple[int, int]  # device and inode
    path: str
    flags: int
    place: int

    def reopen(self) -> None:
        """From here on the descriptor has a place of its own. dup2(2)"""
        with contextlib.suppress(OSError):
            if _identity(os.fstat(self.descriptor)) != self.file:
                return  # it was closed meanwhile
            new = os.open(self.path, self.flags & ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC))
            os.lseek(new, self.place, os.SEEK_SET)
            os.dup2(new, self.descriptor, inheritable=os.get_inheritable(self.descriptor))
            os.close(new)


def open_files() -> list[OpenFile]:
    """Regular files that this process has open. proc(5): /proc/self/fd and fdinfo"""
    found = []
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            if stat.S_ISREG((status := os.fstat(descriptor)).st_mode):
                lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
                facts = dict(line.split(":", 1) for line in lines if ":" in line)
                path = os.readlink(f"/proc/self/fd/{descriptor}")
                path = path if os.path.exists(path) else f"/proc/self/fd/{descriptor}"  # deleted: there is no other way to it
                found.append(OpenFile(descriptor, _identity(status), path, int(facts["flags"], 8), int(facts["pos"])))
    return found


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
