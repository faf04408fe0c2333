"""The right notebook, saved, moved about and torn in other ways: it earns every point all the same."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import pytest

from grader.assignment import Assignment
from grader.key import Key
from grader.result import State
from tests.homework.sheet import Marked, Sheet, grade_all

from .editors import colab, jupyter, old_ipython, vs_code

pytestmark = pytest.mark.slow


def on_colab(sheet: Sheet, right: dict[str, str]) -> bytes:
    """A cell copied with its id, `%` and `!` lines, an answer below the untouched stub, others over several cells."""
    stubs = {name: sheet.cells[sheet.at(f"blank-{name}")]["source"] for name in ("best_weight", "onehot_fit")}
    sheet.answer(right)
    for name, stub in stubs.items():
        sheet.write(f"blank-{name}", stub).put(f"blank-{name}", right[name])
    sheet.write("blank-first_fit", "%%time\n# blank: first_fit\n" + right["first_fit"])
    sheet.write("blank-tanh_figure", "%matplotlib inline\n!true\n" + right["tanh_figure"] + ";")
    data, net = re.split(r"(?=torch\.manual_seed)", right["plus_minus"])
    sheet.write("blank-plus_minus", "# blank: plus_minus\n" + data).put("blank-plus_minus", net).put(
        "blank-plus_minus", "x_pm[:3]"
    )
    seed, fit = re.split(r"(?=loss_fn = )", right["embedding_fit"])
    sheet.write("blank-embedding_fit", seed).put("blank-embedding_fit", "%time\n" + fit)
    first = sheet.cells[sheet.at("blank-pairs")]
    sheet.cells.insert(sheet.at("check-train") + 1, copy.deepcopy(first))  # with the same metadata.id
    sheet.put("check-soft", "!pip --version\nfiles = !ls\nsoft?")
    return colab(sheet)


def in_vs_code(sheet: Sheet, right: dict[str, str]) -> bytes:
    """Tidied up: prose, given and check cells deleted, imports and some answers moved to the top, CRLF and a mark of byte order."""
    sheet.answer(right)
    prose = [cell["id"] for cell in sheet.cells if cell["cell_type"] == "markdown" and cell["id"].startswith("prose-")]
    checks = [cell["id"] for cell in sheet.cells if cell["id"].startswith("check-")]
    sheet.delete(*prose[3:], *checks[::2], "given-2", "given-5", "given-10", "given-14")
    moved = [sheet.cells.pop(sheet.at(f"blank-{name}")) for name in ("summarise", "Mynet3", "f", "lowest_loss")]
    at = sheet.at("given-1")
    sheet.cells[at + 1 : at + 1] = moved
    return vs_code(sheet)


def with_an_old_program(sheet: Sheet, right: dict[str, str]) -> bytes:
    """Format 3, which has neither ids nor metadata: the marker comments are left, in capitals here and there."""
    sheet.answer(right)
    for name in ("train", "embed_by_matrix"):
        cell = sheet.cells[sheet.at(f"blank-{name}")]
        cell["source"] = cell["source"].replace("# blank:", "#Blank :")
    return old_ipython(sheet)


def from_a_copy(sheet: Sheet, right: dict[str, str]) -> bytes:
    """Made anew: no ids, no markers. An answer in another blank's cell, two in one cell, one typed below its check."""
    sheet.answer(right, marked=False)
    f, pairs = sheet.at("blank-f"), sheet.at("blank-pairs")
    sheet.cells[f]["source"], sheet.cells[pairs]["source"] = sheet.cells[pairs]["source"], sheet.cells[f]["source"]
    sheet.write("blank-Mynet2", right["Mynet2"] + "\n\n\n" + right["Mynet3"])
    sheet.delete("blank-Mynet3")
    sheet.write("blank-n_parameters", "").put("check-n_parameters", right["n_parameters"])
    sheet.put("given-3", "# 연습\nfor t in txt[:4]:\n    print(t, end=' ')")
    for cell in sheet.cells:
        cell.pop("id", None)
        cell["metadata"] = {}
    return jupyter(sheet)


SAVED: dict[str, Callable[[Sheet, dict[str, str]], bytes]] = {
    "on Colab": on_colab,
    "in VS Code": in_vs_code,
    "with an old program": with_an_old_program,
    "from a copy": from_a_copy,
}


@pytest.fixture(scope="module")
def marked(assignment: Assignment, key: Key, handed_out: Sheet, right: dict[str, str]) -> dict[str, Marked]:
    return grade_all(assignment, key, {name: save(handed_out.copy(), right) for name, save in SAVED.items()})


@pytest.mark.parametrize("name", SAVED)
def test_every_point_is_earned(marked: dict[str, Marked], key: Key, name: str):
    assert marked[name].lost == {}
    assert marked[name].grade.score == key.max_score
    assert marked[name].grade.state is State.GRADED


def test_what_had_to_be_resolved_is_noted(marked: dict[str, Marked]):
    notes = {name: " ".join(found.grade.notes) for name, found in marked.items()}
    assert "`best_weight`, `onehot_fit` stood below" in notes["on Colab"]
    assert "Another filled copy of the cell of `pairs`" in notes["on Colab"]
    assert "found by their marker comments" in notes["in VS Code"]
    assert "found by their marker comments" in notes["with an old program"]
    assert "`Mynet3`" in notes["from a copy"]
    assert "marker" not in notes["from a copy"]
