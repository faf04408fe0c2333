"""`grader.check` in a student's own notebook: a plain kernel, nobody grading."""

import dataclasses
import json
from types import SimpleNamespace

import nbclient
import nbformat
import pytest

from grader.build import student_notebook
from grader.notebook import Answers, Role, read
from grader.selfcheck import NotebookCheck, check_file, find_key
from grader.sourcecode import bound_names
from grader.template import fill

WRONG = "# blank: line\ndef line(x, w, b):\n    return b * x + w"
RIGHT = "# blank: line\ndef line(x, w, b):\n    return b + x * w"


@pytest.fixture(scope="module")
def live(built_line, bundle, tmp_path_factory):
    """Execute the student's notebook with these cells in place of the blank `line`; returns outputs by cell id."""
    key = find_key(bundle.notebook, read(bundle.notebook.read_bytes()))
    notebook, _ = student_notebook(built_line, key)
    template = dataclasses.replace(built_line.template, notebook=notebook)

    def execute(**answers: tuple[str, ...]):
        folder = tmp_path_factory.mktemp("student")
        node = nbformat.reads(fill(template, Answers(sources=answers)).to_bytes().decode(), as_version=4)
        nbclient.NotebookClient(node, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
        assert not list(folder.iterdir())
        return {cell.id: cell.get("outputs", []) for cell in node.cells}

    return execute


def text(outputs) -> str:
    (output,) = outputs
    assert output.output_type == "display_data"
    assert output.data["text/html"].startswith("<div")
    return output.data["text/plain"]


def test_handed_out_nothing_is_attempted_and_nothing_raises(live):
    outputs = live()
    assert outputs["setup"] == []
    assert "not attempted" in text(outputs["check-line"]).lower()
    assert "not attempted" in text(outputs["check-fit"]).lower()
    raised = [cell for cell, found in outputs.items() if any(out.output_type == "error" for out in found)]
    assert raised == []  # `fit` is handed out with its loop, which runs


def test_right_and_wrong_and_which_mistake(live):
    assert "1/1" in text(live(line=(RIGHT,))["check-line"])
    wrong = " ".join(text(live(line=(WRONG,))["check-line"]).split())
    assert "It looks like: Slope and intercept are exchanged" in wrong
    assert "hidden" not in wrong


# Neither of them is a known mistake, and the second builds on the first.
ODD = "# blank: line\ndef line(x, w, b):\n    return b + x * w * w + 3"
BUILT_ON_IT = "# blank: fit\ndef fit(x, y, epochs):\n    return line(x, 2.0, 1.0).mean().item(), 0.0"
FOLLOWS = "It builds on `line`, not right when last checked: that alone may be why."


def test_a_failure_that_may_follow_from_an_earlier_one_says_so(live):
    outputs = live(line=(ODD,), fit=(BUILT_ON_IT,))
    assert "It builds on" not in text(outputs["check-line"])
    assert FOLLOWS in " ".join(text(outputs["check-fit"]).split())
    assert "It builds on <code" in outputs["check-fit"][0].data["text/html"]
    right = live(line=(RIGHT,), fit=(BUILT_ON_IT,))
    assert "It builds on" not in text(right["check-fit"]), "what is right is not to blame"


def test_the_same_in_a_terminal(bundle, tmp_path):
    key = find_key(bundle.notebook, read(bundle.notebook.read_bytes()))

    def notes(**answers: tuple[str, ...]) -> list[str]:
        path = tmp_path / "line.ipynb"
        path.write_bytes(fill(key.template, Answers(sources=answers)).to_bytes())
        key_path = tmp_path / "line.key"
        key_path.write_bytes(key.to_bytes())
        return check_file(path, key_path)[0].notes

    following = "What builds on it may fail for that alone: `fit`."
    assert f"`line` is not right yet. {following}" in notes(line=(ODD,), fit=(BUILT_ON_IT,))
    assert f"`line` is not filled in yet. {following}" in notes(fit=(BUILT_ON_IT,))
    by_itself = "# blank: fit\ndef fit(x, y, epochs):\n    return 5.0, 5.0"
    found = [*notes(), *notes(line=(RIGHT,), fit=(BUILT_ON_IT,)), *notes(line=(ODD,), fit=(by_itself,))]
    assert not any("builds on" in note for note in found)


def test_a_check_leaves_no_trace(live, built_line):
    """The numbers drawn after a check are those that would have been drawn without it."""
    draws = f"{RIGHT}\nimport torch\ntorch.manual_seed(3)"
    fit = f"{built_line.template.solutions['fit']}\nprint(torch.rand(1).item())"
    checked = live(line=(draws,), fit=(fit,))["blank-fit"][0].text
    import torch

    torch.manual_seed(3)
    assert float(checked) == torch.rand(1).item()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("import grader\ngrader.check('line')", "run the notebook's first cell first"),
        ("import grader\ngrader.load('nowhere.key')", "the key nowhere.key is not there"),
        ("import grader\ngrader.load('x.key', 'rubbish!')", "is damaged"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(change, says):
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(change)])
    nbclient.NotebookClient(node).execute()
    (output,) = node.cells[0].outputs
    assert output.text.startswith("grader: ")
    assert says in output.text


def test_an_unknown_blank_is_named(live, bundle):
    node = nbformat.read(bundle.notebook, as_version=4)
    node.cells = [next(c for c in node.cells if c.id == "setup"), nbformat.v4.new_code_cell('grader.check("lime")')]
    nbclient.NotebookClient(node).execute()
    assert 'there is no blank "lime"; there is: line, fit' in node.cells[1].outputs[0].text


def test_the_key_in_the_notebook_is_read_from_json(bundle):
    source = "".join(json.loads(bundle.notebook.read_text())["cells"][1]["source"])
    assert 'grader.load("line.key",' in source


def test_a_given_cell_that_binds_a_blanks_name_is_no_answer(bundle):
    """A student may not have come to the blank yet: nothing was attempted, whatever the notebook's own cells define."""
    key = find_key(bundle.notebook, read(bundle.notebook.read_bytes()))
    given = next(cell.source for cell in key.template.notebook.of(Role.GIVEN) if bound_names(cell.source))
    name = min(bound_names(given))
    key = dataclasses.replace(key, blanks={**key.blanks, "fit": (*key.blanks["fit"], name)})

    def ran(*cells: str) -> tuple[str, ...]:
        shell = SimpleNamespace(user_ns={"In": ["", *cells]})
        return NotebookCheck(key, shell, session=None)._sources("fit")

    assert ran(given, f"# blank: line\n{name} = ...") == (), "nor is one of another blank"
    assert ran(given, key.template.stub("fit")) == (key.template.stub("fit"),)
    assert ran(given, key.template.stub("fit"), f"{name} = 3") == (f"{name} = 3",)
