"""What was handed in: the notebooks in a folder and whose they are, and the answers in each of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.answers import extract
from grader.errors import UsageError
from grader.notebook import Answers

__all__ = ["Found", "Submission", "digest", "extract", "find", "safe_name", "safe_names"]


@dataclass(frozen=True)
class Submission:
    """A file that a student handed in, and whose it is."""

    student: str
    path: Path


@dataclass(frozen=True)
class Found:
    """What a folder holds: the submissions, sorted by student, and what a person should know, a sentence each."""

    submissions: list[Submission]
    notes: list[str]


def find(folder: Path) -> Found:
    """Every notebook in a folder, at any depth, and whose it is. Raises UsageError when there is no such folder.

    ``ada.ipynb`` is ada's; in a sub-folder the top folder's name is the student. Two notebooks of one student are two rows:
    "ada" and "ada/hw-2". Hidden folders and checkpoints are left out, and so are links that lead out of the folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    notes: list[str] = []
    top, entries = _inner(folder, notes)
    of_student: dict[str, list[Path]] = {}
    empty: dict[str, str] = {}
    for entry in entries:
        student = _student(entry)
        files = list(_files(entry, folder, notes))
        notebooks = [path for path in files if _is_notebook(path)]
        of_student.setdefault(student, []).extend(notebooks)
        if not notebooks and entry.is_dir() and not entry.is_symlink():
            empty[student] = _what_is_there(student, files)
        elif not notebooks and entry.suffix.lower() in _ARCHIVES:
            notes.append(f"`{_clean(entry.name)}` is an archive: unpack it to have it graded.")
    notes += [note for student, note in empty.items() if not of_student[student]]
    submissions = [s for student, paths in sorted(of_student.items()) for s in _rows(student, paths, top)]
    return Found(_unique(submissions), notes)


def digest(answers: Answers) -> str:
    """A name for what will be run: the same sources in the same places give the same digest, whatever the notes say."""
    content = [answers.sources, answers.extras, sorted(answers.untouched)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# ------------------------------------------------------------------------------------------------------- file names


def safe_name(student: str) -> str:
    """A file name (without suffix) for a student, the same on every system: "ada" is "ada", "ada/hw-2" is "ada_hw-2~" and a hash.

    Two students never share one, except where only upper and lower case tell them apart: see `safe_names`.
    """
    plain = "".join(c if c.isalnum() or c in " .-_@+,()'" else "_" for c in unicodedata.normalize("NFC", student))
    while len(plain.encode()) > 120:
        plain = plain[:-1]
    plain = plain.strip(" .")
    reserved = re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain, re.IGNORECASE)
    return plain if plain == student and plain and not reserved else _hashed(plain, student)


def safe_names(students: Iterable[str]) -> dict[str, str]:
    """Student -> `safe_name`, made different also for file systems that take "Ada" and "ada" for the same."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for student in sorted(set(students)):
        name = safe_name(student)
        names[student] = _hashed(name, student) if name.casefold() in taken else name
        taken.add(names[student].casefold())
    return names


def _hashed(plain: str, student: str) -> str:
    return f"{plain}~{hashlib.sha256(student.encode()).hexdigest()[:8]}"


# ---------------------------------------------------------------------------------------------------- in the folder

_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"}
_MOODLE = re.compile(r"_assignsubmission_(file|onlinetext)_?$")


def _inner(folder: Path, notes: list[str]) -> tuple[Path, list[Path]]:
    """Where the students' files or folders lie: a folder that an export wraps around all of them is looked through."""
    entries = _entries(folder, notes)
    if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        inside = _entries(entries[0], notes)
        with_notebook = [e for e in inside if e.is_dir() and any(map(_is_notebook, _files(e, folder, [])))]
        direct = [e for e in inside if not e.is_dir() and _is_notebook(e)]
        if len(with_notebook) > 1 and not direct:
            notes.append(f"All is in the folder `{_clean(entries[0].name)}`: the folders in it are taken as the students.")
            return entries[0], inside
        if len(direct) > 1:
            notes.append(f"All is in the folder `{_clean(entries[0].name)}`, which is taken as one student.")
    return folder, entries


def _entries(folder: Path, notes: list[str]) -> list[Path]:
    """What to look at in one folder, in an order that does not depend on the machine."""
    try:
        paths = [p for p in folder.iterdir() if not p.name.startswith(".") and p.name != "__MACOSX"]
        paths = [p for p in paths if not (p / "gradebook.db").is_file()]
    except OSError as error:
        notes.append(f"The folder `{_clean(folder.name)}` cannot be read: {error.strerror}.")
        return []
    return sorted(paths, key=lambda path: (_clean(path.stem), _clean(path.name)))


def _files(entry: Path, folder: Path, notes: list[str]) -> Iterator[Path]:
    """The files at and below `entry`. Links are followed to files inside `folder` only."""
    folders = [entry]
    while folders:
        path = folders.pop(0)
        if path.is_symlink() and not _stays_inside(path, folder):
            notes.append(f"The link `{_clean(path.name)}` leads out of the folder and was left out.")
        elif path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink():
            folders += _entries(path, notes)


def _stays_inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _is_notebook(path: Path) -> bool:
    """``hw.ipynb``, and what browsers make of it when they save it: ``hw.ipynb.txt``, ``hw.ipynb.json``."""
    name = path.name.lower()
    return name.removesuffix(".txt").removesuffix(".json").endswith(".ipynb")


def _student(entry: Path) -> str:
    name = entry.name if entry.is_dir() else _stem(entry)
    return _MOODLE.sub("", _clean(name)) or "unnamed"


def _stem(path: Path) -> str:
    return re.sub(r"\.ipynb(\.txt|\.json)?$", "", _clean(path.name), flags=re.IGNORECASE)


def _clean(name: str) -> str:
    """A file name as text: NFC (macOS takes letters apart), and nothing that cannot be printed or encoded."""
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join(c if c.isprintable() else "\ufffd" for c in text).strip()


def _rows(student: str, paths: list[Path], top: Path) -> Iterator[Submission]:
    depth = {path: len(path.relative_to(top).parts) for path in paths}
    for number, path in enumerate(sorted(paths, key=lambda p: (depth[p], _stem(p), p.as_posix()))):
        yield Submission(student if number == 0 else f"{student}/{_stem(path)}", path)


def _unique(submissions: list[Submission]) -> list[Submission]:
    """Names that are the same get a number: "ada/hw", "ada/hw (2)"."""
    unique: dict[str, Submission] = {}
    for submission in submissions:
        number, name = 1, submission.student
        while name in unique:
            number += 1
            name = f"{submission.student} ({number})"
        unique[name] = Submission(name, submission.path)
    return list(unique.values())


def _what_is_there(student: str, files: list[Path]) -> str:
    names = ", ".join(f"`{_clean(path.name)}`" for path in files[:3]) + (", …" if len(files) > 3 else "")
    advice = " Unpack the archive to have it graded." if any(p.suffix.lower() in _ARCHIVES for p in files) else ""
    return f"`{student}` handed in no notebook, only {names}.{advice}" if files else f"`{student}`: the folder is empty."
