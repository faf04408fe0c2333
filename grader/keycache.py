"""Keys that were made before, kept in a course: to judge 120 mistakes takes 3 seconds, for which every command would wait."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import grader
from grader.assignment import Assignment
from grader.errors import UsageError
from grader.key import Key

__all__ = ["KeyCache", "facts_of", "write_whole"]

_DIGEST = 64  # characters


class KeyCache:
    """The last key of each assignment and profile in a folder, with a hash over all that it was made of.

    None for no folder: then every key is made anew. A file that cannot be read counts as not there.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, plain: Key, facts: Iterable[str], make: Callable[[], Key]) -> Key:
        """The key that was made of the same, or `make()`.  plain: the key without mistakes. facts: what else decides them."""
        if self.folder is None:
            return make()
        digest = _digest(plain, facts)
        name = hashlib.sha256(f"{plain.assignment}\0{plain.profile}".encode()).hexdigest()[:16]
        path = self.folder / f"{name}.key"
        with contextlib.suppress(OSError, UsageError):
            kept = path.read_bytes()
            if kept[:_DIGEST] == digest:
                return Key.from_bytes(kept[_DIGEST:])
        key = make()
        with contextlib.suppress(OSError):  # a course on a read-only disk
            write_whole(path, digest + key.to_bytes())
        return key


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all, also where two commands write the same file at once. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)


def facts_of(assignment: Assignment) -> list[str]:
    """What is known of an assignment's mistakes before they are tried."""
    solutions = assignment.template.solutions
    return [
        text
        for mistake in assignment.checks.mistakes
        for text in (mistake.path, mistake.says, mistake.same_as, str(mistake.generic), mistake.apply(solutions[mistake.blank]))
    ]


def _digest(plain: Key, facts: Iterable[str]) -> bytes:
    found = hashlib.sha256(plain.to_bytes())
    for fact in (_code(), *facts):
        found.update(f"{len(fact)} {fact}".encode("utf-8", "surrogatepass"))
    return found.hexdigest().encode()


@functools.cache
def _code() -> str:
    """Our own code, by which mistakes are judged: the size and time of each file."""
    folder = Path(grader.__file__).parent
    files = ((path, path.stat()) for path in sorted(folder.rglob("*.py")))
    return "\n".join(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}" for path, stat in files)
