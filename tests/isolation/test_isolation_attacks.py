"""What the code in a kernel tries, with Python and any system call, and cannot do.

Where a filter of system calls stands before the wall, the attack runs without it, too: it is not to be what holds.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.isolation import locking
from grader.isolation.jail import NOBODY
from grader.isolation.system import call, syscall
from tests.isolation.jailed import Failed, Jailed, libc, refused

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(params=["filtered", "unfiltered"])
def walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "unfiltered":
        monkeypatch.setattr(locking, "NEEDLESS", ())


@pytest.fixture
def secret() -> Iterator[Path]:
    """A file in a temporary folder that everyone may read and write, as far as its mode says."""
    folder = Path(tempfile.mkdtemp(prefix="class-"))
    path = folder / "gradebook.db"
    path.write_text("the key")
    folder.chmod(0o777)
    path.chmod(0o666)
    yield path
    shutil.rmtree(folder)


# ------------------------------------------------------------------------------------------------------------------- files


def open_all(paths: list[str]) -> dict[str, str]:
    return {path: refused(lambda path=path: os.listdir(path) if path.endswith("/") else open(path).close()) for path in paths}


def test_reads_no_file_outside(jailed: Jailed, secret: Path) -> None:
    outside = [str(secret), f"{secret.parent}/", "/etc/shadow", "/etc/machine-id", "/run/", "/var/", "/boot/", "/sys/kernel/"]
    outside += [f"{REPOSITORY}/{name}/" for name in ("assignments", "reference", "tests", ".git")] + [__file__]
    outside += ["/root/.bashrc", "/root/.ssh/", "/home/", "/dev/mem", "/dev/kmsg", "/dev/tty", "/proc/kcore", "/proc/1/environ"]
    ways = [f"{way}{secret}" for way in ("/proc/self/root", "/proc/1/root", "/proc/1/cwd/../../..", "/tmp/../..", "/..")]
    answers = jailed(open_all, outside + ways)
    assert set(answers.values()) <= {"ENOENT", "EACCES", "EPERM"}, answers
    assert answers[str(secret)] == "ENOENT"


def names_below_root() -> list[str]:
    return sorted(os.listdir("/"))


def test_the_root_has_only_what_was_put_there(jailed: Jailed, secret: Path) -> None:
    prefixes = {Path(path).resolve().parts[1] for path in (sys.prefix, sys.base_prefix)}
    ours = {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "sockets", "sys", "tmp", "usr"}
    assert set(jailed(names_below_root)) <= ours | prefixes


def writable_folders() -> list[str]:
    """Every folder in sight, a few levels deep, in which a file, a folder or a link can be made, or a file changed."""
    found = []
    for folder, names, files in os.walk("/"):
        if folder.count("/") >= 4 or folder.startswith("/proc/"):
            names.clear()
        made = [refused(os.mkdir, f"{folder}/x-d"), refused(os.symlink, "/", f"{folder}/x-l"), refused(make, f"{folder}/x-f")]
        changed = [refused(lambda path=f"{folder}/{file}": open(path, "ab").close()) for file in files[:3] if folder != "/dev"]
        if "done" in made + changed:
            found.append(folder)
    return found


def make(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))


def test_writes_nowhere_but_to_its_own_disk(jailed: Jailed) -> None:
    own = ["/tmp", "/dev/shm", str(jailed.jail.folder)]
    found = jailed(writable_folders)
    assert set(own[:2]) <= set(found)
    assert [folder for folder in found if not folder.startswith(tuple(own)) and folder != "/dev/pts"] == []


def change_kernel_files() -> dict[str, str]:
    paths = ["/proc/sys/kernel/core_pattern", "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger", "/proc/1/mem"]
    paths += ["/proc/self/uid_map", "/proc/self/oom_score_adj", "/proc/1/oom_score_adj", "/proc/self/mem", "/proc/self/setgroups"]
    return {path: refused(lambda path=path: os.close(os.open(path, os.O_WRONLY))) for path in paths}


def test_changes_nothing_by_proc(jailed: Jailed) -> None:
    answers = jailed(change_kernel_files)
    assert set(answers.values()) <= {"EACCES", "EPERM", "ENOENT", "EROFS"}, answers


def use_descriptor(descriptor: int, name: str) -> list[str]:
    return [
        refused(lambda: os.open(name, os.O_RDONLY, dir_fd=descriptor)),
        refused(lambda: os.open(name, os.O_WRONLY, dir_fd=descriptor)),
        refused(lambda: os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)),
        refused(lambda: os.open("../../etc/shadow", os.O_RDONLY, dir_fd=descriptor)),
        refused(lambda: open(f"/proc/self/fd/{descriptor}/{name}").close()),
        refused(os.fchdir, descriptor) + " " + refused(lambda: open(name).close()),
    ]


def test_an_inherited_folder_opens_nothing(jailed: Jailed, secret: Path) -> None:
    descriptor = os.open(secret.parent, os.O_RDONLY)
    inside = Jailed(jailed.jail, jailed.user, keep=(descriptor,))
    answers = inside(use_descriptor, descriptor, secret.name)
    os.close(descriptor)
    assert answers == ["EACCES"] * 5 + ["done EACCES"]


def open_descriptors() -> list[str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        if refused(os.readlink, f"/proc/self/fd/{name}") == "done":
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return [target for number, target in sorted(found.items()) if number > 2]


def test_no_descriptor_is_inherited_when_others_are_closed(jailed: Jailed, secret: Path) -> None:
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        assert [target for target in jailed(open_descriptors) if not target.startswith(("pipe:", "/proc/"))] == []


# ----------------------------------------------------------------------------------------------------------------- sockets


def try_in_sockets(folder: str) -> dict[str, str]:
    Path("/tmp/file").write_text("x")
    with socket.socket(socket.AF_UNIX) as server:
        return {
            "socket": refused(server.bind, f"{folder}/socket"),
            "file": refused(make, f"{folder}/file"),
            "folder": refused(os.mkdir, f"{folder}/folder"),
            "symlink": refused(os.symlink, "/etc/passwd", f"{folder}/symlink"),
            "fifo": refused(os.mkfifo, f"{folder}/fifo"),
            "link": refused(os.link, "/tmp/file", f"{folder}/link"),
            "rename": refused(os.rename, "/tmp/file", f"{folder}/renamed"),
            "write": refused(lambda: os.open(f"{folder}/socket", os.O_WRONLY)),
        }


def test_only_sockets_can_be_made_in_the_shared_folder(jailed: Jailed) -> None:
    answers = jailed(try_in_sockets, str(jailed.jail.sockets))
    assert answers.pop("socket") == "done"
    assert "done" not in answers.values(), answers
    assert os.listdir(jailed.jail.sockets) == ["socket"]


# ----------------------------------------------------------------------------------------------------------------- network


def reach(port: int, name: str, path: str) -> list[str]:
    def connect(family: int, address: object) -> None:
        with socket.socket(family) as client:
            client.settimeout(3)
            client.connect(address)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        return [
            refused(connect, socket.AF_INET, ("127.0.0.1", port)),
            refused(connect, socket.AF_INET, ("192.0.2.1", 80)),  # an address for documentation, RFC 5737
            refused(datagram.sendto, b"x", ("192.0.2.1", 53)),
            refused(connect, socket.AF_UNIX, f"\0{name}"),
            refused(connect, socket.AF_UNIX, path),
            refused(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
            ",".join(interface for _, interface in socket.if_nameindex()),
        ]


def test_reaches_neither_the_network_nor_the_hosts_loopback(jailed: Jailed, secret: Path) -> None:
    name, path = f"grader-test-{os.getpid()}", str(secret.parent / "socket")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        for server, address in ((abstract, f"\0{name}"), (unix, path)):
            server.bind(address)
            server.listen()
        os.chmod(path, 0o777)
        answers = jailed(reach, tcp.getsockname()[1], name, path)
    assert answers[:3] == ["ECONNREFUSED", "ENETUNREACH", "ENETUNREACH"]
    assert answers[3] in ("EPERM", "ECONNREFUSED")
    assert answers[4:6] == ["ENOENT", "EPERM"]
    assert "lo" in answers[6].split(",")
    assert not {"eth0", "docker0", "wlan0"} & set(answers[6].split(","))


# --------------------------------------------------------------------------------------------------------------- processes


def signal_all(host: int) -> dict[str, str]:
    tries = {f"{pid} {sig.name}": refused(os.kill, pid, sig) for pid in (1, host) for sig in (signal.SIGTERM, signal.SIGKILL)}
    return tries | {"group": refused(os.killpg, host, 0), "processes": " ".join(n for n in os.listdir("/proc") if n.isdigit())}


def test_sees_and_signals_no_other_process(jailed: Jailed) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True, user=jailed.user) as other:
        answers = jailed(signal_all, other.pid)
        assert other.poll() is None
        other.kill()
    assert answers.pop("processes").split() == ["2"]
    assert set(answers.values()) <= {"EPERM", "ESRCH"}, answers


def kill_everyone() -> str:
    return refused(os.kill, -1, signal.SIGKILL)


def test_kill_minus_one_reaches_nobody(jailed: Jailed) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True, user=jailed.user) as other:
        assert jailed(kill_everyone) in ("EPERM", "ESRCH", "done")  # PID 1 and the monitor have told us so
        assert other.poll() is None
        other.kill()


def kill_own_group() -> None:
    if os.fork() == 0:
        os.kill(0, signal.SIGTERM)
    time.sleep(20)


def test_its_process_group_is_its_own(jailed: Jailed) -> None:
    with pytest.raises(Failed, match=f"no answer; wait status {int(signal.SIGTERM)}") as caught:
        jailed(kill_own_group)
    assert "in _first" in str(caught.value)  # PID 1 has told: neither it nor the monitor was reached


class IOVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def use_debugger() -> dict[str, str]:
    buffer = ctypes.create_string_buffer(8)
    local = IOVec(ctypes.addressof(buffer), 8)
    return {
        "attach": refused(call, "ptrace", 16, 1, 0, 0),
        "seize": refused(call, "ptrace", 0x4206, 1, 0, 0),
        "read": refused(syscall, "process_vm_readv", 1, ctypes.byref(local), 1, ctypes.byref(local), 1, 0),
        "descriptor": refused(syscall, "pidfd_getfd", os.pidfd_open(1), 0, 0) if refused(os.pidfd_open, 1) == "done" else "EPERM",
    }


def test_debugs_no_init(jailed: Jailed, walls: None) -> None:
    answers = jailed(use_debugger)
    assert set(answers.values()) <= {"EPERM", "EACCES", "ESRCH"}, answers


def leave_a_process(path: str) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                with socket.socket(socket.AF_UNIX) as server:
                    refused(server.bind, f"{path}/{time.monotonic()}")
                time.sleep(0.02)
        os._exit(0)
    time.sleep(0.2)


def test_nothing_lives_on(jailed: Jailed) -> None:
    jailed(leave_a_process, str(jailed.jail.sockets))
    assert os.listdir(jailed.jail.sockets)  # it was at work
    time.sleep(0.2)
    before = os.listdir(jailed.jail.sockets)
    time.sleep(0.2)
    assert os.listdir(jailed.jail.sockets) == before


# -------------------------------------------------------------------------------------------------------------- privileges


def use_mounts_and_namespaces() -> dict[str, str]:
    os.makedirs("/tmp/at", exist_ok=True)
    return {
        "tmpfs": refused(call, "mount", "tmpfs", "/tmp/at", "tmpfs", 0, None),
        "bind": refused(call, "mount", "/proc", "/tmp/at", None, 4096, None),
        "writable": refused(call, "mount", None, "/usr", None, 4096 | 32, None),
        "unmount": refused(call, "umount2", "/proc", 2),
        "fsopen": refused(syscall, "fsopen", "tmpfs", 0),
        "open_tree": refused(syscall, "open_tree", -100, "/usr", 1),
        "set flags": refused(syscall, "mount_setattr", -100, "/usr", 0, (ctypes.c_uint64 * 4)(0, 1, 0, 0), 32),
        "pivot": refused(call, "pivot_root", "/tmp", "/tmp/at"),
        "chroot": refused(os.chroot, "/tmp"),
        "mknod": refused(os.mknod, "/tmp/kmsg", 0o20666, os.makedev(1, 11)),
        "hostname": refused(call, "sethostname", "mine", 4),
        "join": refused(lambda: call("setns", os.open("/proc/self/ns/user", os.O_RDONLY), 0)),
    } | {
        f"unshare {flag:x}": refused(call, "unshare", flag)
        for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000)
    }


def test_mounts_nothing_and_makes_no_namespace(jailed: Jailed, walls: None) -> None:
    answers = jailed(use_mounts_and_namespaces)
    assert set(answers.values()) <= {"EPERM", "EACCES", "ENOSPC", "EINVAL"}, answers
    assert answers["unshare 10000000"] in ("EPERM", "ENOSPC")
    assert [name for name, answer in answers.items() if answer == "EINVAL"] in ([], ["join"])


def clone_user_namespace() -> str:
    """clone(2) by its number: what a filter of unshare(2) alone would let through."""
    pid = libc.syscall(ctypes.c_long(56), ctypes.c_ulong(0x10000000 | signal.SIGCHLD), None, None, None, None)
    if pid == 0:
        os._exit(0)
    return "done" if pid > 0 else os.strerror(ctypes.get_errno())


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of clone(2) is that of x86_64")
def test_clones_no_user_namespace(jailed: Jailed, walls: None) -> None:
    assert jailed(clone_user_namespace) in (os.strerror(1), os.strerror(28))


def even_pid_one_makes_no_user_namespace() -> str:
    return refused(call, "unshare", 0x10000000)


def test_nested_user_namespaces_are_off(jailed: Jailed) -> None:
    assert jailed.unlocked(even_pid_one_makes_no_user_namespace) == "ENOSPC"


def status() -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)


def test_no_capability_and_no_way_to_one(jailed: Jailed) -> None:
    told = jailed(status)
    assert [told[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == ["0" * 16] * 5
    assert told["NoNewPrivs"] == "1"
    outside = jailed.user or (NOBODY if os.geteuid() == 0 else os.geteuid())
    assert told["Uid"].split() == told["Gid"].split() == [str(outside)] * 4


def become_others() -> list[str]:
    return [
        refused(os.setuid, 0),
        refused(os.setgid, 0),
        refused(os.setgroups, [0]),
        refused(os.setresuid, -1, 0, -1),
        refused(os.nice, -5),
    ]


def test_becomes_nobody_else(jailed: Jailed) -> None:
    answers = jailed(become_others)
    assert set(answers) <= {"EPERM", "EINVAL", "EACCES"}, answers


def run_identity(path: str) -> list[str]:
    return subprocess.run([path, "-u"], capture_output=True, text=True, check=False).stdout.split()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a program that runs as root")
def test_setuid_programs_give_nothing(jailed: Jailed, secret: Path) -> None:
    program = secret.parent / "identity"
    shutil.copyfile(shutil.which("id") or "/usr/bin/id", program)
    program.chmod(0o4755)
    inside = Jailed(replace(jailed.jail, readable=(program,)), jailed.user)
    assert inside(run_identity, str(program)) == [str(jailed.user or NOBODY)]


def mounts() -> dict[str, list[str]]:
    """Where, and with which flags: proc_pid_mountinfo(5), fields 5 and 6."""
    return {line.split()[4]: line.split()[5].split(",") for line in Path("/proc/self/mountinfo").read_text().splitlines()}


def test_every_mount_ignores_setuid_and_is_read_only_or_its_own(jailed: Jailed) -> None:
    found = jailed(mounts)
    devices = {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "pts")}
    assert [where for where, flags in found.items() if "nosuid" not in flags] == []
    assert {where for where, flags in found.items() if "nodev" not in flags} == devices
    own = {"/tmp", "/dev/shm", str(jailed.jail.folder), "/sockets", "/proc"}
    assert {where for where, flags in found.items() if "ro" not in flags} == own | devices


def ties() -> list[object]:
    wish = ctypes.c_int()
    call("prctl", 2, ctypes.byref(wish), 0, 0, 0)  # PR_GET_PDEATHSIG
    return [os.getsid(0) == os.getpgrp() == os.getpid(), wish.value]


def test_has_a_session_of_its_own_and_still_ends_with_its_parent(jailed: Jailed) -> None:
    assert jailed(ties) == [True, signal.SIGKILL]
