"""A machine that refuses namespaces, by a real refusal of the system call: a filter on the process and all that it starts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.isolation import available

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not available(), reason="what is refused here has to be there otherwise"),
]

GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]
REFUSED = """
import ctypes
from grader.isolation import refuse
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: without it only root may add a filter
refuse(["unshare"])
from grader.cli import main
main()
"""


def call(*words: object, cwd: Path, refused: bool) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", REFUSED] if refused else GRADER
    done = subprocess.run([*command, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("refused")
    assert call("new", "line", cwd=root, refused=False).returncode == 0
    assert call("build", "line", "--profile", "quick", cwd=root, refused=False).returncode == 0
    (root / "handed-in").mkdir()
    shutil.copy(root / "build/line/solution/line.ipynb", root / "handed-in/ada.ipynb")
    shutil.copy(root / "build/line/student/line.ipynb", root / "handed-in/bob.ipynb")
    return root


def grade(course: Path, out: str, *more: str, refused: bool = True) -> subprocess.CompletedProcess[str]:
    return call("grade", "line", "handed-in", "--out", out, "--profile", "quick", "--json", *more, cwd=course, refused=refused)


def test_grade_refuses_and_says_what_is_missing(course: Path) -> None:
    done = grade(course, "refused")
    assert done.returncode == 2
    assert "user namespace" in done.stderr
    assert "--no-isolation" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("kernels", [(), ("--cold",)], ids=["warm", "cold"])
def test_all_is_graded_as_ever_without_isolation(course: Path, kernels: tuple[str, ...]) -> None:
    told = json.loads(grade(course, f"open{len(kernels)}", "--no-isolation", *kernels).stdout)
    assert [(one["student"], one["score"]) for one in told["grades"]] == [("ada", 5.0), ("bob", 0.0)]
    isolated = json.loads(grade(course, f"shut{len(kernels)}", *kernels, refused=False).stdout)
    points = [
        [[(check["name"], check["score"]) for check in one["checks"]] for one in each["grades"]] for each in (told, isolated)
    ]
    assert points[0] == points[1]


def test_the_rest_works(course: Path) -> None:
    assert call("verify", "line", cwd=course, refused=True).returncode == 0
    doctor = call("doctor", "--json", cwd=course, refused=True)
    found = {one["name"]: one for one in json.loads(doctor.stdout)}
    assert doctor.returncode == 1
    assert not found["isolation"]["ok"]
    assert "without user namespace" in found["isolation"]["advice"]  # by its name; why is said where it is found missing
    assert "Operation not permitted" in found["isolation: user namespace"]["advice"]
    assert found["kernel, warm"]["ok"]
