"""What a notebook needs works inside, and leaves nothing outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import grader
from tests.isolation.jailed import Jailed, told


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


TRAIN = """
import torch
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
net = torch.nn.Linear(3, 1)
data = DataLoader(TensorDataset(torch.ones(8, 3), torch.ones(8, 1)), batch_size=4, num_workers=1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(20):
    for x, y in data if _ == 0 else [(torch.ones(4, 3), torch.ones(4, 1))]:
        loss = ((net(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
print(float(loss))
"""


def train() -> float:
    """In a Python of its own: this one's libraries may have threads by now, which a fork does not have."""
    done = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_torch_trains_with_a_loader_process(jailed: Jailed) -> None:
    assert jailed(train) < 1e-3


def draw() -> str:
    os.environ["MPLCONFIGDIR"] = str(Path.cwd().parent / "matplotlib")
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    plt.plot([1, 2, 3])
    plt.title("größer")
    plt.savefig("figure.png")
    return Path("figure.png").read_bytes()[1:4].decode()


def test_matplotlib_draws(jailed: Jailed) -> None:
    assert jailed(draw) == "PNG"


def write_and_read() -> list[str]:
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("kept for a moment")
        file.seek(0)
        said = file.read()
    Path("new.txt").write_text("new")
    Path("data.csv").write_text("changed")
    Path("new.txt").rename("../home/moved.txt")
    return [said, Path("data.csv").read_text(), Path("../home/moved.txt").read_text()]


def test_files_are_written_and_vanish(jailed: Jailed) -> None:
    before = tree(jailed.jail.folder)
    assert jailed(write_and_read) == ["kept for a moment", "changed", "new"]
    assert tree(jailed.jail.folder) == before


def look_around() -> list[object]:
    return [os.getcwd(), Path("data.csv").read_text(), sorted(os.listdir("..")), oct(os.stat("..").st_mode & 0o7777)]


def test_the_private_folder_is_at_its_own_path_with_its_files(jailed: Jailed) -> None:
    cwd, data, names, mode = jailed(look_around)
    assert (cwd, data, mode) == (str(jailed.jail.folder / "work"), "1,2,3\n", "0o700")
    assert names == sorted(os.listdir(jailed.jail.folder))


def talk_over_loopback() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].sendall(b"over loopback"))
        thread.start()
        with socket.create_connection(("localhost", server.getsockname()[1]), timeout=5) as client:
            said = client.recv(100)
        thread.join()
    return said.decode()


def test_loopback_tcp(jailed: Jailed) -> None:
    assert jailed(talk_over_loopback) == "over loopback"


def run_python() -> str:
    code = "import grader, json, getpass, os; print(grader.__file__, getpass.getuser(), os.path.expanduser('~'), os.cpu_count())"
    done = subprocess.run([os.sys.executable, "-c", code], capture_output=True, text=True, env={}, check=False)
    return done.stdout + done.stderr


def test_another_python_starts_and_finds_what_is_readable(jailed: Jailed) -> None:
    package = Path(grader.__file__).parent
    inside = Jailed(replace(jailed.jail, readable=(package,)), jailed.user)
    assert inside(run_python) == f"{package / '__init__.py'} student {jailed.jail.folder / 'home'} {os.cpu_count()}\n"


def run_in_terminal() -> str:
    import pty

    read, write = pty.openpty()
    subprocess.run(["/bin/sh", "-c", "test -t 1 && echo a terminal"], stdout=write, check=True)
    return os.read(read, 100).decode().strip()


def test_shell_commands_have_a_terminal(jailed: Jailed) -> None:
    assert jailed(run_in_terminal) == "a terminal"


def listen(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.settimeout(20)
        connection, _ = server.accept()
        connection.sendall(b"from inside")
        return connection.recv(100).decode()


def test_the_grader_connects_to_sockets_from_outside(jailed: Jailed) -> None:
    path = jailed.jail.sockets / "shell"
    heard: list[object] = []

    def talk() -> None:
        for _ in range(1000):
            with socket.socket(socket.AF_UNIX) as client:
                if client.connect_ex(str(path)) == 0:
                    heard.extend([client.recv(100), path.stat().st_uid])
                    client.sendall(b"from outside")
                    return
            threading.Event().wait(0.01)

    thread = threading.Thread(target=talk)
    thread.start()
    assert jailed(listen, str(path)) == "from outside"
    thread.join()
    owner = jailed.user or (65534 if os.geteuid() == 0 else os.geteuid())
    assert heard == [b"from inside", owner]


def test_a_folder_by_a_symbolic_link(jailed: Jailed, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(jailed.jail.folder)
    inside = Jailed(replace(jailed.jail, folder=link), jailed.user) if reachable(link, jailed.user) else jailed
    assert inside(lambda: Path(inside.jail.folder, "work", "data.csv").read_text()) == "1,2,3\n"


def reachable(path: Path, user: int | None) -> bool:
    return told(lambda: os.path.exists(path), user)


def readable_texts(paths: list[str]) -> list[str]:
    return [Path(path).read_text() if os.path.exists(path) else "" for path in paths]


def test_more_may_be_readable_and_stays_unwritable(jailed: Jailed) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "shown").mkdir()
        (folder / "shown" / "file").write_text("shown")
        (folder / "hidden").write_text("hidden")
        (folder / "single").write_text("single")
        inside = Jailed(replace(jailed.jail, readable=(folder / "shown", folder / "single")), jailed.user)
        paths = [str(folder / path) for path in ("shown/file", "hidden", "single")]
        assert inside(readable_texts, paths) == ["shown", "", "single"]
        assert inside(lambda: os.access(folder / "shown", os.W_OK) or os.access(folder / "single", os.W_OK)) is False
