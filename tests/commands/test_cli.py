"""The commands as users call them: exit codes, JSON, and sentences instead of tracebacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]


def call(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*GRADER, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A course made by `grader new`, verified and built."""
    root = tmp_path_factory.mktemp("home")
    assert call("new", "line", "--title", 'A "line"', cwd=root).returncode == 0
    return root


@pytest.fixture(scope="module")
def verified(home) -> dict:
    done = call("verify", "line", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def built(home, verified) -> dict:
    done = call("build", "line", "--profile", "quick", "--json", cwd=home / "assignments")
    assert done.returncode == 0, done.stderr
    return {name: home / "assignments" / path for name, path in json.loads(done.stdout).items() if isinstance(path, str)}


@pytest.mark.parametrize(("asked", "had"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, 2), ({"MKL_NUM_THREADS": "2"}, 2)])
def test_a_command_judges_with_one_thread_unless_it_is_told_otherwise(asked, had, tmp_path):
    code = "from grader.cli import main\ntry: main()\nexcept SystemExit: import torch; print(torch.get_num_threads())"
    surroundings = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")} | asked
    done = subprocess.run([sys.executable, "-c", code, "--help"], env=surroundings, capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) == had


def test_verify(verified):
    assert verified["ok"]
    assert (verified["reference"]["score"], verified["stub"]["score"]) == (5, 0)
    assert all(row["ok"] for row in verified["mistakes"])


def test_check_of_the_solution_passes(built):
    done = call("check", built["solution"], "--key", built["public_key"], "--json", cwd=built["folder"])
    assert done.returncode == 0, done.stderr
    assert {check["outcome"] for check in json.loads(done.stdout)["checks"]} == {"passed"}


def test_check_of_the_stub_is_not_attempted_and_finds_the_key_inside(built, tmp_path):
    alone = tmp_path / "hw.ipynb"
    alone.write_bytes(built["notebook"].read_bytes())
    done = call("check", alone, cwd=tmp_path)
    assert done.returncode == 1
    assert "not attempted" in done.stdout.lower()
    assert list(tmp_path.iterdir()) == [alone]


def test_check_names_the_mistake(built, tmp_path):
    notebook = json.loads(built["notebook"].read_text())
    for cell in notebook["cells"]:
        if cell["id"] == "blank-line":
            cell["source"] = "# blank: line\ndef line(x, w, b):\n    return b * x + w"
    (tmp_path / "hw.ipynb").write_text(json.dumps(notebook))
    done = call("check", "hw.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "Slope and intercept are exchanged" in " ".join(done.stdout.split())


def test_grade_show_report(home, built, tmp_path):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "hw.ipynb").write_bytes(built["solution"].read_bytes())
    (tmp_path / "in" / "bob.ipynb").write_text("<html>log in first</html>")
    out = tmp_path / "out"
    done = call("grade", "line", tmp_path / "in", "--out", out, "--profile", "quick", "--course", home, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "1 needs a person" in done.stdout
    assert "ada" in done.stdout
    shown = call("show", "line", "--out", out, "--json", cwd=tmp_path)
    assert [(g["student"], g["state"], g["score"]) for g in json.loads(shown.stdout)] == [
        ("ada", "graded", 5),
        ("bob", "failed", None),
    ]
    one = call("show", "line", "ada", "--out", out, cwd=tmp_path)
    assert one.returncode == 0
    assert "The line is right on other points" in " ".join(one.stdout.split())
    assert call("show", "line", "eve", "--out", out, cwd=tmp_path).returncode == 2
    (out / "report.html").unlink()
    (out / "feedback" / "ada.html").unlink()
    again = call("report", "line", "--out", out, "--course", home, cwd=tmp_path)
    assert again.returncode == 0
    assert (out / "report.html").is_file()
    assert (out / "feedback" / "ada.html").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verify", "lime"], "there is no assignment `lime`"),
        (["verify", "line", "--profile", "slow"], "it has homework, quick"),
        (["verify", "line", "--course", "nowhere"], "nowhere is no course"),
        (["new", "line"], "is there already"),
        (["new", "2fast"], "cannot be an assignment's name"),
        (["check", "nowhere.ipynb"], "cannot be read"),
        (["check", "reference/line.py"], "notebook"),
        (["grade", "line", "nowhere"], "is not a folder"),
        (["show", "line", "--out", "nowhere"], "there is no gradebook in nowhere"),
        (["report", "line"], "there is no gradebook in graded/line"),
        (["grade", "line"], "folder"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(home, words, says):
    done = call(*words, cwd=home)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_bad_authoring_ends_with_2_and_all_of_it(tmp_path):
    call("new", "line", cwd=tmp_path)
    checks = tmp_path / "assignments" / "line" / "checks.py"
    checks.write_text(checks.read_text().replace("points=2", "points=-2").replace("private=True, given", "given"))
    template = tmp_path / "assignments" / "line" / "notebook.md.j2"
    template.write_text(template.read_text().replace('blank("fit")', 'blank("fitt")'))
    done = call("verify", "line", cwd=tmp_path)
    assert done.returncode == 2
    assert "checks.py:" in done.stderr
    assert "notebook.md.j2:" in done.stderr


def test_doctor(tmp_path):
    done = call("doctor", "--json", cwd=tmp_path)
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, found
    assert found["kernel, warm"]["ok"]
