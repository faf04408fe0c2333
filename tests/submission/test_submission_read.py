"""`grader.notebook.read`: whatever program wrote the file, the cells come out; whatever it is not, a reason does."""

from __future__ import annotations

import io
import json
import zipfile

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import notebook
from grader.errors import UnreadableSubmission
from grader.notebook import RawCell, read

LIVE = '{"cells": [{"cell_type": "code", "source": "x = 1"}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}'


def test_our_own_notebook_comes_back(lab):
    cells = read(lab.template.notebook.to_bytes())
    assert [(cell.is_code, cell.source, cell.ids) for cell in cells] == [
        (cell.is_code, cell.source, (cell.id,)) for cell in lab.template.notebook
    ]


@pytest.mark.parametrize("minor", range(6))
def test_every_minor_version_of_4(lab, minor):
    cells = lab.filled()
    assert read(lab.bytes(cells, minor)) == cells


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_line_ends_do_not_matter(lab, encoding, line_end):
    cells = lab.filled(rate="# blank: rate\nrate = 0.1  # 학습률 🎓 é")
    text = lab.bytes(cells).decode().replace("\n", line_end)
    assert read(text.encode(encoding)) == cells


def test_line_ends_inside_the_sources_become_one_kind():
    assert read(json.dumps({"cells": [{"cell_type": "code", "source": "a\r\nb\rc\n"}]}).encode()) == [RawCell(True, "a\nb\nc\n")]


def test_source_as_text_as_lines_and_as_nonsense():
    cells = [{"cell_type": "code", "source": s} for s in ("a\nb", ["a\n", "b"], ["a\n", None, 3, "b"], None, 7, {"a": 1})]
    assert [cell.source for cell in read(json.dumps({"cells": cells}).encode())] == ["a\nb", "a\nb", "a\nb", "", "", ""]


def test_duplicate_ids_stay_as_they_are(lab):
    cells = lab.put(lab.filled(), "blank-rate", "rate = 2", ids=("blank-rate",))
    assert [cell.ids for cell in read(lab.bytes(cells))].count(("blank-rate",)) == 2


def test_both_ids_the_cells_own_first():
    cell = {"cell_type": "code", "source": "", "id": "abc", "metadata": {"id": "blank-train"}}
    assert read(json.dumps({"cells": [cell]}).encode()) == [RawCell(True, "", ("abc", "blank-train"))]


def test_saved_by_colab(lab):
    book = lab.ipynb(lab.filled(), minor=0)
    book["metadata"] = {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    for cell in book["cells"]:
        cell["metadata"] |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "0f6a", "cellView": "form"}
    assert read(json.dumps(book).encode()) == lab.filled()


def test_saved_by_vs_code(lab):
    book = lab.ipynb(lab.filled())
    for cell in book["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = "".join(cell["source"])
    assert read(json.dumps(book, indent=2).encode()) == lab.filled()


def test_fields_that_nobody_knows(lab):
    book = lab.ipynb(lab.filled(), jupyter_merge={"base": 1}, nbformat_minor=99)
    for cell in book["cells"]:
        cell |= {"metadata": {**cell["metadata"], "nbdime-conflicts": {}}, "attachments": 7, "prompt_number": "x"}
    assert read(json.dumps(book).encode()) == lab.filled()


def _version_3(major: int) -> dict[str, object]:
    lines = ["def train():\n", "    pass"] if major == 3 else ["def train():", "    pass"]
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Training"], "metadata": {}},
        {"cell_type": "markdown", "source": "Some text.", "metadata": {}},
        {"cell_type": "html", "source": "<b>x</b>", "metadata": {}},
        {"cell_type": "code", "input": lines, "language": "python", "outputs": [], "collapsed": False},
        {
            "cell_type": "code",
            "input": ["a = 1", "b = 2"],
            "language": "python",
            "outputs": [],
            "prompt_number": 3,
            "metadata": {},
        },
        {"cell_type": "code", "input": "c = 3", "language": "python", "outputs": [], "metadata": {}},
    ]
    return {"nbformat": major, "nbformat_minor": 0, "metadata": {"name": "old"}, "worksheets": [{"cells": cells}]}


@pytest.mark.parametrize("major", [2, 3])
def test_older_notebooks_as_nbformat_reads_them(major, caplog):
    data = json.dumps(_version_3(major))
    expected = nbformat.reads(data, as_version=4)
    assert [(cell.is_code, cell.source) for cell in read(data.encode())] == [
        (cell.cell_type == "code", cell.source) for cell in expected.cells
    ]


def test_half_a_surrogate_pair_can_be_written_again():
    (cell,) = read(rb'{"cells": [{"cell_type": "code", "source": "a = \"\ud83d\""}]}')
    assert cell.source.encode()


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hw.ipynb", LIVE)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b" \r\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"\xff\xfe", "The file is empty."),
        (_zip(), "The file is a zip archive (or an office document), not a notebook: hand in the .ipynb file itself."),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x89PNG\r\n", "a picture"),
        (b"{\\rtf1 \\ansi}", "a rich-text document"),
        (b"<!DOCTYPE html>\n<html></html>", "not valid JSON (line 1, column 1): it looks like an HTML page"),
        (b"\n<html><body>", "(line 2, column 1): it looks like an HTML page"),
        (b"import torch\n\nx = 1\n", "it looks like a Python script, hand in the notebook (.ipynb)"),
        (b"# blank: train\ndef train():", "it looks like a Python script"),
        (b"x = 1", "it looks like a Python script"),
        (LIVE[:60].encode(), "it ends too early, the upload may have been cut off"),
        (LIVE[:50].encode(), "it ends too early"),
        (LIVE.replace('"nb', '\n<<<<<<< HEAD\n"nb').encode(), "(line 2, column 1): it holds the conflict marks of a git merge"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "only a Git LFS pointer"),
        (b"hello", "it was damaged, or it is no notebook"),
        (LIVE.replace('"nb', 'nb', 1).encode(), "(line 1, column 55): it was damaged"),
        (b"\0" * 5000, "The file holds NUL bytes"),
        (LIVE.replace(" ", "\0").encode(), "The file holds NUL bytes"),
        (LIVE.encode() + b"\0" * 512, "The file holds NUL bytes"),
        (LIVE.replace("x", "\xe9").encode("latin-1"), "The file is not UTF-8 text (byte 44)"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"[]", "The file is JSON but not a notebook: it has no cells."),
        (b'{"a": 1}', "The file is JSON but not a notebook"),
        (b"3", "The file is JSON but not a notebook"),
        (b'{"cells": [], "nbformat": 4}', "The notebook has no cells."),
        (b'{"cells": {"a": 1}, "nbformat": 4}', "The notebook has no cells."),
        (b'{"cells": [1, null], "nbformat": 4}', "The notebook has no cells."),
        (b'{"worksheets": 3, "nbformat": 3}', "The notebook has no cells."),
        (LIVE.replace("4,", "7,").encode(), "The notebook has the unknown format '7': save it again as version 4."),
        (LIVE.replace("4,", "1,").encode(), "the unknown format '1'"),
        (LIVE.replace("4,", '"four",').encode(), "the unknown format 'four'"),
    ],
)  # fmt: skip
def test_the_reason_why_a_file_cannot_be_read(data, reason):
    with pytest.raises(UnreadableSubmission) as raised:
        read(data)
    message = str(raised.value)
    assert reason in message
    assert message.endswith(".")
    assert "\n" not in message


def test_too_large(monkeypatch):
    monkeypatch.setattr(notebook, "MAX_BYTES", 2_000_000)
    with pytest.raises(UnreadableSubmission, match=r"The file has 3 MB, more than the 2 MB allowed: clear the outputs"):
        read(b" " * 3_000_000)


def test_huge_numbers_are_no_problem():
    assert read(LIVE.replace("5,", "9" * 5000 + ",").encode()) == [RawCell(True, "x = 1")]


def _read(data: bytes) -> None:
    """Cells that can be written, or a reason; nothing else."""
    try:
        cells = read(data)
    except UnreadableSubmission as error:
        assert str(error)  # noqa: PT017 - either is right
    else:
        assert cells
        assert all("\r" not in cell.source and cell.source.encode() is not None for cell in cells)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes(data):
    _read(data)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_notebook(lab, data):
    whole = lab.bytes(lab.handed_out())
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 200))
    _read(whole[:start] + data.draw(st.binary(max_size=8)) + whole[start + length :])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["source", "input", "cells", "id", "level"]), inner)
    ),
    max_leaves=8,
)
CELL = st.dictionaries(st.sampled_from(["cell_type", "source", "input", "id", "metadata", "level", "outputs"]), JSON)
BOOK = st.fixed_dictionaries(
    {"cells": JSON | st.lists(CELL | JSON, max_size=4)},
    optional={
        "nbformat": JSON | st.sampled_from([2, 3, 4]),
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(CELL)})),
    },
)


@settings(deadline=None, max_examples=60)
@given(JSON | BOOK, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_any_json(tree, encoding):
    _read(json.dumps(tree).encode(encoding))
