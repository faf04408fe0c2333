"""What a system offers is found by trying; where it refuses, the words say which part, and nothing runs half isolated."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from grader.isolation import (
    IsolationError,
    Jail,
    available,
    begin,
    die_with_parent,
    furnish,
    landlock,
    missing,
    offers,
    refuse,
    separate,
)
from grader.isolation.errors import step
from grader.isolation.jail import NOBODY
from grader.isolation.landlock import READ, restrict
from grader.isolation.namespaces import unshare, user_namespace
from grader.isolation.paths import python_paths
from tests.isolation.jailed import PLAIN, Jailed, checked, libc, private_folder, refused, told

NO_NEW_PRIVS = 38


def parts_after(prepare: Callable[[], object]) -> dict[str, dict[str, object]]:
    """What `offers` says in a process for which the system refuses something."""

    def look() -> dict[str, object]:
        prepare()
        offers.cache_clear()
        return {"parts": {part.name: asdict(part) for part in offers()}, "missing": missing(), "available": available()}

    answer = told(look)
    assert answer["available"] == (not answer["missing"])
    return answer


def refusing(*names: str) -> Callable[[], None]:
    def prepare() -> None:
        checked(libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
        refuse(names)

    return prepare


def needs_isolation() -> None:
    if not available():
        pytest.skip("; ".join(missing()))


def test_this_machine_has_all_or_says_what_is_missing() -> None:
    names = [part.name for part in offers()]
    assert names[:2] == ["Landlock", "user namespace"]
    assert available() == all(part.ok for part in offers() if part.needed)
    assert len(missing()) == sum(not part.ok for part in offers() if part.needed)


@pytest.mark.parametrize(
    ("call", "part", "words"),
    [
        ("unshare", "user namespace", "Operation not permitted"),
        ("mount", "mount namespace", "Operation not permitted"),
        ("landlock_create_ruleset", "Landlock", "Operation not permitted"),
        ("landlock_restrict_self", "all together", "Landlock"),
        ("pivot_root", "all together", "entering the new root"),
        ("mount_setattr", "all together", "mounting"),
    ],
)
def test_a_refused_call_is_a_missing_part(call: str, part: str, words: str) -> None:
    needs_isolation()
    answer = parts_after(refusing(call))
    assert answer["available"] is False
    (line,) = [line for line in answer["missing"] if line.startswith(f"{part}: ")]
    assert words in line
    assert not answer["parts"][part]["ok"]


def no_more_user_namespaces() -> None:
    user_namespace()
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def test_user_namespaces_switched_off() -> None:
    needs_isolation()
    answer = parts_after(no_more_user_namespaces)
    (line,) = answer["missing"]
    assert line.startswith("user namespace: making a user namespace of its own: No space left on device.")
    assert "sysctl user.max_user_namespaces" in line


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('faked')")
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert [part.name for part in offers.__wrapped__()] == [part.name for part in offers()]


def test_a_trial_begun_before_finds_the_same_and_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    offers_module = sys.modules[offers.__module__]
    made: list[subprocess.Popen[str]] = []
    make = offers_module._trial
    monkeypatch.setattr(offers_module, "_trial", lambda: made.append(make()) or made[-1])
    begin()
    assert offers.__wrapped__() == offers()
    assert [trial.returncode for trial in made] == [0]


@pytest.mark.parametrize(
    ("program", "said"), [("import os; os._exit(3)", "it ended without a word"), ("no", "NameError: name 'no'")]
)
def test_a_trial_that_fails_offers_nothing(program: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[offers.__module__], "_PROGRAM", program)
    begin()
    (part,) = offers.__wrapped__()
    assert not part.ok
    assert part.needed
    assert said in part.reason


def mask_a_file_of_proc() -> None:
    """As container engines do: a new /proc would show what is masked, so the kernel refuses it."""
    checked(libc.unshare(0x20000))
    checked(libc.mount(None, b"/", None, 16384 | 1 << 18, None))
    checked(libc.mount(b"/dev/null", b"/proc/interrupts", None, 4096, None))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mask a file")
def test_without_a_new_proc_a_kernel_still_runs_and_sees_no_process() -> None:
    needs_isolation()
    answer = parts_after(mask_a_file_of_proc)
    assert answer["available"], answer["missing"]
    assert not answer["parts"]["/proc of its own"]["ok"]
    folder = private_folder()

    def look() -> list[str]:
        mask_a_file_of_proc()
        return Jailed(jail_of(folder))(os.listdir, "/proc")

    assert set(told(look)) == {"cpuinfo", "meminfo", "stat", "filesystems", "version"}


def jail_of(folder: Path) -> Jail:
    return Jail(folder, disk=2**24)


@pytest.fixture
def folder() -> Iterator[Path]:
    needs_isolation()
    made = private_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def message(function: Callable[[], object]) -> str:
    try:
        function()
    except IsolationError as error:
        return str(error)
    return "no error"


# ----------------------------------------------------------------------------------------------------------- what goes wrong


def test_a_refusal_names_the_step(folder: Path) -> None:
    def attempt() -> str:
        refusing("unshare")()
        return message(lambda: separate(jail_of(folder)))

    said = told(attempt)
    assert said.startswith("Isolation failed: making a user namespace of its own: Operation not permitted.")
    assert "container" in said or "administrator" in said


def test_a_folder_without_sockets_is_no_private_folder(tmp_path: Path) -> None:
    assert "there is no folder" in message(lambda: separate(jail_of(tmp_path)))


def test_furnish_is_for_pid_1_only(folder: Path) -> None:
    before = sorted(os.listdir("/"))
    assert "not PID 1" in message(lambda: furnish(jail_of(folder)))
    assert sorted(os.listdir("/")) == before


def furnishing(jail: Jail) -> str:
    separate(jail)
    return told(lambda: message(lambda: furnish(jail)))


def test_files_that_do_not_fit(folder: Path) -> None:
    (folder / "work" / "large.bin").write_bytes(b"x" * 2**21)
    said = told(lambda: furnishing(replace(jail_of(folder), disk=2**20)))
    assert "copying the private folder" in said
    assert "No space left on device" in said
    assert f"{2**20} bytes" in said


def test_a_readable_folder_that_holds_the_private_one(folder: Path) -> None:
    said = told(lambda: furnishing(replace(jail_of(folder), readable=(folder.parent,))))
    assert f"mounting {folder.parent} to read: it holds the private folder" in said


def test_a_readable_path_that_is_not_there(folder: Path) -> None:
    said = told(lambda: furnishing(replace(jail_of(folder), readable=(folder / "nowhere" / "x",))))
    assert "nowhere" in said
    assert "No such file" in said


def test_step_keeps_other_errors() -> None:
    with pytest.raises(ValueError, match="ours"), step("a step"):
        raise ValueError("ours")
    with pytest.raises(IsolationError, match=r"a step: Permission denied \(/there\)\. Do this\."), step("a step", "Do this."):
        raise OSError(errno.EACCES, "", "/there")


# --------------------------------------------------------------------------------------------------------------- who it is


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is mapped together with nobody")
def test_root_is_mapped_with_nobody_and_its_group() -> None:
    needs_isolation()

    def look() -> list[list[str]]:
        user_namespace()
        return [Path(f"/proc/self/{name}_map").read_text().split() for name in ("uid", "gid")]

    assert told(look) == [["0", "0", "1", str(NOBODY), str(NOBODY), "1"]] * 2


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a user of its own")
def test_the_root_of_a_container_with_one_user_is_that_user_outside() -> None:
    needs_isolation()

    def look() -> list[str]:
        unshare("user")
        for name, text in {"setgroups": "deny", "uid_map": f"0 {PLAIN} 1", "gid_map": f"0 {PLAIN} 1"}.items():
            Path(f"/proc/self/{name}").write_text(text)
        assert os.geteuid() == 0
        user_namespace()
        return [*Path("/proc/self/uid_map").read_text().split(), str(os.geteuid())]

    assert told(look, user=PLAIN) == [str(NOBODY), "0", "1", str(NOBODY)]


@pytest.mark.skipif(os.geteuid() != 0, reason="root without the capability")
def test_root_without_the_capability_is_told_so_and_never_runs_a_kernel_as_root() -> None:
    needs_isolation()

    def look() -> str:
        for capability in (7, 6):  # CAP_SETUID, CAP_SETGID: not for the process that writes the map
            checked(libc.prctl(24, capability, 0, 0, 0))  # PR_CAPBSET_DROP
        return message(user_namespace)

    said = told(look)
    assert "mapping root and nobody into a user namespace: Operation not permitted" in said
    assert "CAP_SETUID" in said


# -------------------------------------------------------------------------------------------------------------- the parts


def test_python_paths_hold_no_course() -> None:
    repository = Path(__file__).parents[2]
    for path in python_paths():
        assert not repository.is_relative_to(path)
        for name in ("assignments", "reference", "grader", "tests", ".git"):
            assert not (repository / name).is_relative_to(path)
    assert all(os.path.exists(path) for path in python_paths())
    for module in (os, pytest, ctypes):
        assert any(Path(module.__file__).is_relative_to(path) for path in python_paths()), module


@pytest.mark.parametrize("abi", [1, 2, 3, 5, 7])
def test_landlock_of_older_kernels(abi: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer rights to handle: what is handled is refused, in all versions."""
    needs_isolation()
    if landlock.landlock_abi() < abi:
        pytest.skip(f"this kernel has version {landlock.landlock_abi()}")
    monkeypatch.setattr(landlock, "landlock_abi", lambda: abi)
    (tmp_path / "file").write_text("x")

    def look() -> list[str]:
        checked(libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0))
        restrict({tmp_path: READ})
        tries = ((tmp_path / "file", os.O_RDONLY), (tmp_path / "file", os.O_WRONLY), (__file__, os.O_RDONLY))
        return [refused(os.open, path, flags) for path, flags in tries]

    assert told(look) == ["done", "EACCES", "EACCES"]


def test_a_child_ends_with_its_parent() -> None:
    code = (
        "import os, time\nfrom grader.isolation import die_with_parent\nme = os.pidfd_open(os.getpid())\n"
        "if os.fork() == 0:\n    die_with_parent(me)\n    print(os.getpid(), flush=True)\n    time.sleep(60)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert select.select([child], [], [], 5)[0]  # readable when it has ended
    os.close(child)


def test_a_child_whose_parent_ended_before_it_asked_ends_at_once() -> None:
    with subprocess.Popen(["true"]) as other:
        ended = os.pidfd_open(other.pid)
    pid = os.fork()
    if pid == 0:
        die_with_parent(ended)
        os._exit(0)
    os.close(ended)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


def test_the_kernel_ends_with_the_monitor(folder: Path) -> None:
    read, write = os.pipe()
    me = os.pidfd_open(os.getpid())

    def kernel() -> str:
        os.write(write, b"up")
        time.sleep(60)
        return ""

    pid = os.fork()
    if pid == 0:
        die_with_parent(me)
        Jailed(jail_of(folder), keep=(write,))(kernel)
        os._exit(0)
    os.close(write)
    assert os.read(read, 2) == b"up"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    started = time.monotonic()
    assert os.read(read, 1) == b""  # the kernel, the last that could write, has gone
    assert time.monotonic() - started < 5
    os.close(read)
    os.close(me)


def test_the_whole_is_cheap(folder: Path) -> None:
    """Median of five. The bound is for a busy machine; alone it is a tenth."""

    def once() -> float:
        started = time.perf_counter()
        Jailed(jail_of(folder))(int)
        return time.perf_counter() - started

    seconds = sorted(once() for _ in range(5))
    assert seconds[2] < 1.0
