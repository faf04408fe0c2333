"""A notebook that imports what is not installed where it is graded: everybody is told, and once it is, the notebook runs again."""

import dataclasses
import sysconfig
import uuid
from pathlib import Path

import pytest

from grader.batch import grade_folder
from grader.gradebook import Gradebook
from grader.keying import RunCache
from grader.notebook import Answers
from grader.result import CellRun, Run
from grader.run import Kernels
from grader.run.libraries import came_since, lacking, note
from grader.template import fill


def cell(error: str, state: str = "error") -> CellRun:
    return CellRun("blank-fit", "blank", "fit", "source", state, error=error)


def test_what_is_lacking_is_named_with_its_first_cell() -> None:
    name = "ModuleNotFoundError: No module named"
    cells = [cell(f"{name} 'nowhere_at_all.inner'"), cell(f"{name} 'nowhere_at_all'"), cell(f"{name} 'neither'")]
    assert lacking(cells) == {"nowhere_at_all": "blank-fit", "neither": "blank-fit"}
    assert note(cells) == (
        "It imports what is not installed where it was run: `nowhere_at_all` (cell `blank-fit`), `neither` (cell `blank-fit`)."
    )


@pytest.mark.parametrize(
    "error",
    [
        "ModuleNotFoundError: No module named 'torch.optimm'",  # a slip of the student's
        "ModuleNotFoundError: import of torch halted; None in sys.modules",
        "ImportError: cannot import name 'Adamm' from 'torch.optim'",
        "NameError: name 'tqdm' is not defined",
        "",
    ],
)
def test_other_errors_lack_nothing(error: str) -> None:
    assert lacking([cell(error)]) == {}
    assert note([cell(error)]) == ""


@pytest.fixture
def library():
    """A library's name, and the file that it would have where this Python finds it."""
    name = f"comes_later_{uuid.uuid4().hex}"
    path = Path(sysconfig.get_path("purelib")) / f"{name}.py"
    yield name, path
    path.unlink(missing_ok=True)


def test_once_it_is_installed_the_notebook_runs_again(built_line, workshop, library, tmp_path):
    name, path = library
    solutions = built_line.template.solutions
    for student, before in {"ada": f"import {name}\n", "bob": ""}.items():
        answers = Answers(sources={"line": (solutions["line"],), "fit": (before + solutions["fit"],)})
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{student}.ipynb").write_bytes(fill(built_line.template, answers).to_bytes())

    def graded():
        summary = grade_folder(built_line, tmp_path / "in", tmp_path / "out", dataclasses.replace(workshop, kernels=Kernels()))
        with Gradebook.existing(tmp_path / "out", "line") as book:
            return summary, book.grade("ada")

    summary, ada = graded()
    said = f"Notebooks import what is not installed here: `{name}` (1). Once it is, `grade` runs them again"
    assert (summary.ran, summary.notes) == (2, [said])
    assert ada.score < ada.max_score
    assert f"It imports what is not installed where it was run: `{name}` (cell `blank-fit`)." in ada.notes
    summary, _ = graded()
    assert (summary.ran, summary.unchanged, summary.notes) == (0, 1, [said])
    path.write_text("")
    summary, ada = graded()
    assert (summary.ran, summary.notes) == (1, [])
    assert ada.score == ada.max_score
    assert not any("not installed" in note for note in ada.notes)
    summary, _ = graded()
    assert (summary.ran, summary.unchanged) == (0, 2)


def test_a_kept_run_of_a_course_counts_no_more_either(library, tmp_path):
    """That of a reference, or of a mistake."""
    name, path = library
    cells = [cell(f"ModuleNotFoundError: No module named '{name}'")]
    run = Run("complete", cells, {}, 1.0, [note(cells)], {})
    cache = RunCache(tmp_path / "runs")
    cache.keep("key", run)
    assert cache.get("key") == run
    assert not came_since(run)
    path.write_text("")
    assert cache.get("key") is None
    assert not came_since(dataclasses.replace(run, notes=[])), "it was there then, too: a cell had hidden it"
