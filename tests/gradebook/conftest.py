"""Every test that takes `where` is run on SQLite, and on a real PostgreSQL server where its programs are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    """The folder with the newest `initdb`: Debian does not put it on the PATH."""
    found = shutil.which("initdb")
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).resolve().parent if found else newest[-1].parent if newest else None


def _other_than_root() -> str | None:
    """PostgreSQL refuses to run as root: the name of somebody it may run as."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a private server that listens on a socket in a temporary folder only."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    root = os.geteuid() == 0
    user = _other_than_root() if root else None
    if root and (user is None or shutil.which("runuser") is None):
        pytest.skip("PostgreSQL does not run as root, and there is nobody else to run it as")
    as_user = ["runuser", "-u", str(user), "--"] if root else []
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path has 107 bytes
    if root:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*as_user, str(programs / program), *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    made = run("initdb", "-D", f"{folder}/data", "-U", "grader", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    begun = run("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        if begun.returncode:
            pytest.skip(f"PostgreSQL does not start here: {(made.stderr or begun.stdout)[-300:]}")
        yield f"postgresql+psycopg://grader@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A place for a gradebook."""
    return tmp_path / "out" / "gradebook.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def slug() -> str:
    """An assignment of the test's own: in PostgreSQL each has its own schema."""
    return f"hw_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def book(where: Path | str, slug: str) -> Iterator[object]:
    from grader.gradebook import Gradebook

    with Gradebook(where, slug) as opened:
        yield opened
