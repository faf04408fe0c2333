"""A folder is put back as it was, whatever was done in it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.run import files as module
from grader.run.files import Files, TooMuch

posix = pytest.mark.skipif(os.name != "posix", reason="modes, links")


def tree(folder: Path) -> dict[str, tuple[str, int, str | bytes]]:
    """Name -> kind, rights, content or target."""
    found: dict[str, tuple[str, int, str | bytes]] = {}
    for top, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(top, name)
            mode = path.lstat().st_mode
            rights = stat.S_IMODE(mode)
            if stat.S_ISLNK(mode):
                found[str(path.relative_to(folder))] = ("link", 0, os.readlink(path))
            elif stat.S_ISDIR(mode):
                found[str(path.relative_to(folder))] = ("folder", rights, "")
            elif stat.S_ISREG(mode):
                found[str(path.relative_to(folder))] = ("file", rights, path.read_bytes())
            else:
                found[str(path.relative_to(folder))] = ("other", rights, "")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`work`, with a file, one in a folder, an empty folder."""
    work = tmp_path / "work"
    (work / "in").mkdir(parents=True)
    (work / "empty").mkdir()
    (work / "a.txt").write_text("a")
    (work / "in" / "b.bin").write_bytes(bytes(range(256)))
    return work


# ------------------------------------------------------------------------------------------------------- random operations

NAMES = ["a", "b", "in", "in/a", "in/b", "in/deep", "in/deep/a"]
MODES = [0o600, 0o644, 0o400, 0o755]
operations = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(NAMES), st.binary(max_size=3)),
    st.tuples(st.just("append"), st.sampled_from(NAMES), st.binary(min_size=1, max_size=3)),
    st.tuples(st.just("folder"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("mode"), st.sampled_from(NAMES), st.sampled_from(MODES)),
    st.tuples(st.just("link"), st.sampled_from(NAMES), st.sampled_from([*NAMES, "/nowhere"])),
    st.tuples(st.just("hard link"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("truncate"), st.sampled_from(NAMES), st.none()),
)


def do(folder: Path, kind: str, name: str, what: bytes | str | int | None) -> None:
    """What cannot be done is left out."""
    path = folder / name
    with suppress(OSError):
        match kind, what:
            case "write", bytes():
                path.write_bytes(what)
            case "append", bytes():
                with path.open("ab") as file:
                    file.write(what)
            case "folder", _:
                path.mkdir(parents=True)
            case "remove", _:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            case "rename", str():
                path.rename(folder / what)
            case "mode", int() if not path.is_symlink():
                path.chmod(what | (0o700 if path.is_dir() else 0))
            case "link", str():
                path.symlink_to(what)
            case "hard link", str():
                path.hardlink_to(folder / what)
            case "truncate", _:
                os.truncate(path, 0)


@posix
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(operations, max_size=8), st.lists(st.lists(operations, max_size=6), min_size=1, max_size=3), st.booleans())
def test_any_folder_is_put_back_as_often_as_wanted(before: list, changes: list[list], known: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        earlier = Files(folder)
        for operation in before:
            do(folder, *operation)
        kept, was = Files(folder, earlier if known else None), tree(folder)
        for operations in changes:
            for operation in operations:
                do(folder, *operation)
            kept.put_back()
            assert tree(folder) == was
        assert tree(folder) == was


@posix
def test_a_later_one_knows_what_an_earlier_one_read(folder: Path) -> None:
    old = time.time() - 60
    os.utime(folder / "a.txt", (old, old))
    before = Files(folder)
    (folder / "new").write_text("n")
    after = Files(folder, before)
    assert after.files["a.txt"].content is before.files["a.txt"].content
    was = tree(folder)
    shutil.rmtree(folder / "in")
    before.put_back()
    assert "new" not in tree(folder)
    after.put_back()
    assert tree(folder) == was


def test_what_did_not_change_is_not_written(folder: Path) -> None:
    old = time.time() - 60
    os.utime(folder / "a.txt", (old, old))
    kept = Files(folder)
    before = (folder / "a.txt").stat()
    (folder / "in" / "b.bin").unlink()
    kept.put_back()
    after = (folder / "a.txt").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert (folder / "in" / "b.bin").read_bytes() == bytes(range(256))


def test_the_same_size_written_at_once_is_seen(folder: Path) -> None:
    """A file system's clock has ticks of some ms."""
    for n in range(20):
        (folder / "a.txt").write_text(f"{n:03}")
        kept = Files(folder)
        (folder / "a.txt").write_text("xxx")
        kept.put_back()
        assert (folder / "a.txt").read_text() == f"{n:03}"


def test_an_open_file_is_the_one_that_is_put_back(folder: Path) -> None:
    """The kernel itself goes on with its open files while copies of it are tried."""
    with (folder / "log").open("a") as log:
        log.write("one,")
        log.flush()
        kept = Files(folder)
        (folder / "log").write_text("something else")
        kept.put_back()
        log.write("two")
    assert (folder / "log").read_text() == "one,two"


@posix
def test_rights_of_files_and_folders_are_put_back(folder: Path) -> None:
    (folder / "a.txt").chmod(0o640)
    (folder / "in").chmod(0o750)
    kept, was = Files(folder), tree(folder)
    (folder / "a.txt").chmod(0o777)
    (folder / "in").chmod(0o700)
    (folder / "empty").rmdir()
    kept.put_back()
    assert tree(folder) == was


@posix
def test_one_that_may_not_be_written_is_put_back(folder: Path) -> None:
    (folder / "a.txt").chmod(0o400)
    kept, was = Files(folder), tree(folder)
    (folder / "a.txt").unlink()
    (folder / "a.txt").write_text("longer")
    (folder / "a.txt").chmod(0)
    kept.put_back()
    assert tree(folder) == was


# ------------------------------------------------------------------------------------------------------------------- links


@posix
def test_links_are_kept_and_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").write_text("theirs")
    (folder / "to_file").symlink_to(outside / "theirs")
    (folder / "to_folder").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    kept, was = Files(folder), tree(folder)
    assert not any("theirs" in name for name in kept.files)
    (folder / "to_folder").unlink()
    (folder / "loop").unlink()
    (folder / "to_file").unlink()
    (folder / "to_file").write_text("mine")
    kept.put_back()
    assert tree(folder) == was
    assert (outside / "theirs").read_text() == "theirs"


@posix
def test_a_file_that_became_a_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    """Not by the link itself, nor by a folder that became one."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.bin").write_text("theirs")
    kept, was = Files(folder), tree(folder)
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(outside / "b.bin")
    shutil.rmtree(folder / "in")
    (folder / "in").symlink_to(outside)
    (folder / "empty").rmdir()
    (folder / "empty").symlink_to(outside)
    kept.put_back()
    assert tree(folder) == was
    assert (outside / "b.bin").read_text() == "theirs"
    assert [path.name for path in outside.iterdir()] == ["b.bin"]


@posix
def test_pipes_are_neither_read_nor_kept(folder: Path) -> None:
    kept, was = Files(folder), tree(folder)
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "in" / "pipe")
    Files(folder)
    kept.put_back()
    assert tree(folder) == was


# ---------------------------------------------------------------------------------------------------------------- too much


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 10)
    for n in range(6):
        (folder / f"{n}").touch()
    assert len(Files(folder).files) == 8
    (folder / "more").touch()
    with pytest.raises(TooMuch):
        Files(folder)


def test_too_many_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    (folder / "big").write_bytes(b"x" * (1000 - 257))
    kept = Files(folder)
    (folder / "a.txt").write_text("aa")
    with pytest.raises(TooMuch):
        Files(folder)
    with pytest.raises(TooMuch):
        Files(folder, kept)


def test_a_file_with_a_huge_hole_is_not_read(folder: Path) -> None:
    with (folder / "hole").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(TooMuch):
        Files(folder)


def test_a_flooded_folder_is_put_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 10)
    kept, was = Files(folder), tree(folder)
    for n in range(50):
        (folder / f"{n}").mkdir()
    kept.put_back()
    assert tree(folder) == was


@pytest.fixture
def unreadable(folder: Path) -> Iterator[Path]:
    """A folder that its owner may not read."""
    (folder / "in").chmod(0)
    yield folder
    (folder / "in").chmod(0o700)


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_told(unreadable: Path) -> None:
    with pytest.raises(OSError, match="in"):
        Files(unreadable)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Files(tmp_path / "nothing")
