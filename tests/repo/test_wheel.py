"""Students install the wheel: it holds `grader` alone."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    """The names in the built wheel."""
    copy = tmp_path_factory.mktemp("source") / "grader"
    ignore = shutil.ignore_patterns(
        ".venv", ".git", "demo", "build", "graded", "__pycache__", ".*_cache", ".grader", "*.egg-info"
    )
    shutil.copytree(ROOT, copy, ignore=ignore)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (copy / "dist").glob("torch_grader-*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_no_reference_no_assignment_no_tests(wheel):
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"grader"}


def test_everything_of_grader_is_in_it(wheel):
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "grader").rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert files <= set(wheel)


def test_the_command_and_the_licence_are_in_it(wheel):
    assert any(name.endswith("entry_points.txt") for name in wheel)
    assert any(name.endswith("LICENSE") for name in wheel)
