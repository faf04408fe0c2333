"""Files that are no notebooks, odd notebooks, and odd names: each has a row and a reason, or a note. None stops the others."""

from __future__ import annotations

import io
import json
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .case import POINTS, FileCase

ALL = sum(POINTS.values())
WITHOUT_MIDDLE = ALL - POINTS["middle_adds"] - POINTS["middle_hidden"]
Make = Callable[[Path, bytes], None]


def _content(data: bytes, name: str) -> Make:
    def make(folder: Path, _right: bytes) -> None:
        (folder / name).write_bytes(data)

    return make


def _changed(name: str, change: Callable[[dict[str, Any]], Any], encoding: str = "utf-8") -> Make:
    """The right notebook, with something about it changed."""

    def make(folder: Path, right: bytes) -> None:
        tree = json.loads(right)
        for cell in tree["cells"]:
            cell["source"] = "".join(cell["source"])
        tree = change(tree) or tree
        text = json.dumps(tree, ensure_ascii=encoding == "ascii")
        (folder / name).write_bytes(text.encode(encoding))

    return make


def _bytes_changed(name: str, change: Callable[[bytes], bytes]) -> Make:
    def make(folder: Path, right: bytes) -> None:
        (folder / name).write_bytes(change(right))

    return make


def _named(*names: str) -> Make:
    def make(folder: Path, right: bytes) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(right)

    return make


def _failed(name: str, make: Make, *says: str) -> FileCase:
    return FileCase(name, make, {name: ("failed", None)}, says)


def _right(name: str, make: Make, *says: str) -> FileCase:
    return FileCase(name, make, {name: ("graded", ALL)}, says)


def _bad(name: str, data: bytes, *says: str) -> FileCase:
    return _failed(name, _content(data, f"{name}.ipynb"), *says)


def _odd(name: str, change: Callable[[dict[str, Any]], Any], *says: str) -> FileCase:
    return _right(name, _changed(f"{name}.ipynb", change), *says)


def _zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return buffer.getvalue()


# ----------------------------------------------------------------------------------------------------------- no notebooks

_NOT_NOTEBOOKS = [
    _bad("not-json", b"Dear TA, please find attached", "not valid JSON"),
    _bad("json-but-no-notebook", b'{"name": "ada", "score": 100}', "JSON but not a notebook"),
    _bad("json-list", b"[1, 2, 3]", "JSON but not a notebook"),
    _bad("json-number", b"7", "JSON but not a notebook"),
    _bad("json-null", b"null", "JSON but not a notebook"),
    _bad("empty", b"", "empty"),
    _bad("only-a-bom", b"\xef\xbb\xbf \r\n", "empty"),
    _bad("nested-deep", b"[" * 200_000, "nested too deep"),
    _bad("nested-deep-objects", b'{"cells":' * 100_000 + b"1" + b"}" * 100_000, "nested too deep"),
    _bad("nul-bytes", b'{"cells": [\0\0\0]}', "NUL bytes"),
    _bad("all-nul", bytes(5000), "NUL bytes"),
    _bad("latin-1", '{"cells": [{"source": "é"}]}'.encode("latin-1"), "not UTF-8"),
    _bad("random-bytes", bytes(range(256)) * 40, "not UTF-8"),
    _bad("zip-inside", _zip("zip-inside.ipynb"), "zip archive"),
    _bad("gzip", b"\x1f\x8b\x08\x00rest", "gzip archive"),
    _bad("pdf", b"%PDF-1.7 rest", "PDF"),
    _bad("picture", b"\x89PNG\r\n\x1a\nrest", "picture"),
    _bad("web-page", b"<!DOCTYPE html><html><body>Log in first</body></html>", "HTML page"),
    _bad("lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
    _bad("merge-conflict", b'{\n<<<<<<< HEAD\n"cells": []\n=======\n>>>>>>> theirs\n}', "conflict marks"),
    _bad("script", b"import torch\n\ndef first(x):\n    return x\n", "Python script"),
    _bad("no-cells", b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no cells"),
    _bad("cells-are-an-object", b'{"cells": {"a": 1}, "nbformat": 4}', "no cells"),
    _bad("cells-are-texts", b'{"cells": ["a", 1, null, [], true], "nbformat": 4}', "no cells"),
    _bad("worksheets-are-a-number", b'{"worksheets": 3, "nbformat": 3}', "no cells"),
    _bad("format-99", b'{"cells": [{"cell_type": "code", "source": ""}], "nbformat": 99}', "unknown format"),
    _bad("format-is-an-object", b'{"cells": [{"cell_type": "code", "source": ""}], "nbformat": {"a": 1}}', "unknown format"),
    _failed("cut-off", _bytes_changed("cut-off.ipynb", lambda right: right[: len(right) // 2]), "ends too early"),
    _failed("too-large", _bytes_changed("too-large.ipynb", lambda right: right + b" " * 100_000_000), "MB"),
]

# -------------------------------------------------------------------------------------------------------- odd, but right


def _metadata(**facts: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda tree: tree | {"metadata": facts}


def _cells(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Change each code cell of the student's."""

    def apply(tree: dict[str, Any]) -> None:
        for cell in tree["cells"]:
            if cell["id"].startswith("blank-"):
                cell.update(change(cell))

    return apply


def _deep(levels: int) -> Any:
    tree: Any = 1
    for _ in range(levels):
        tree = [tree]
    return tree


def _many_cells(tree: dict[str, Any]) -> None:
    tree["cells"] += [{"cell_type": "markdown", "id": f"x{n}", "metadata": {}, "source": "text"} for n in range(20_000)]


def _as_version_3(tree: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for cell in tree["cells"]:
        code = cell["cell_type"] == "code"
        text = (
            {"input": cell["source"], "language": "python", "outputs": [], "prompt_number": 1}
            if code
            else {"source": cell["source"]}
        )
        cells.append({"cell_type": cell["cell_type"], "metadata": cell["metadata"]} | text)
    return {"metadata": {"name": "x"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}


_ODD = [
    _odd("wrong-kernel", _metadata(kernelspec={"name": "ir", "language": "R", "display_name": "R"}, language_info={"name": "R"})),
    _odd("kernel-is-a-path", _metadata(kernelspec={"name": "../../../bin/sh", "display_name": ["x"]})),
    _odd("missing-language", _metadata()),
    _odd("metadata-is-a-list", lambda tree: tree | {"metadata": [1, 2]}),
    _odd("metadata-is-deep", lambda tree: tree | {"metadata": {"a": _deep(400)}}),
    _odd("ids-are-numbers", _cells(lambda cell: {"id": 7, "metadata": {"id": None}})),
    _odd("ids-are-the-same", _cells(lambda cell: {"id": "blank-first", "metadata": {}})),
    _odd("ids-are-long", _cells(lambda cell: {"id": "x" * 100_000})),
    _odd("outputs-are-nonsense", _cells(lambda cell: {"outputs": [None, 3, {"output_type": ["x"]}, {"data": "x"}], "execution_count": "n"})),
    _odd("outputs-of-40-mb", lambda tree: tree["cells"][2].update(outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 40_000_000}])),
    _odd("source-is-lines", _cells(lambda cell: {"source": cell["source"].splitlines(keepends=True)})),
    _right("half-characters", _changed("half-characters.ipynb", _cells(lambda cell: {"source": cell["source"] + "\n# \ud800"}), "ascii")),
    _odd("attachments", _cells(lambda cell: {"attachments": {"x.png": {"image/png": "!!"}}})),
    _odd("many-cells", _many_cells),
    _odd("version-3", _as_version_3),
    _odd("not-a-number", lambda tree: tree["metadata"].update(x=float("nan"), y=float("-inf"))),
    _right("long-number", _bytes_changed("long-number.ipynb", lambda right: right.replace(b'"nbformat_minor": 5', b'"nbformat_minor": 5, "x": ' + b"9" * 100_000))),
    _right("utf-16", _changed("utf-16.ipynb", lambda tree: tree, "utf-16")),
    _right("old-windows", _bytes_changed("old-windows.ipynb", lambda right: b"\xef\xbb\xbf" + right.replace(b"\n", b"\r\n"))),
]  # fmt: skip


def _with_middle(text: str) -> Callable[[dict[str, Any]], Any]:
    def apply(tree: dict[str, Any]) -> None:
        for cell in tree["cells"]:
            if cell["id"] == "blank-middle":
                cell["source"] = text

    return apply


def _costs_middle(name: str, text: str) -> FileCase:
    return FileCase(name, _changed(f"{name}.ipynb", _with_middle(text)), {name: ("graded", WITHOUT_MIDDLE)})


_COST_A_BLANK = [
    _costs_middle("nul-in-a-cell", "# blank: middle\ndef middle(x):\n    return [3 + number for number in x]\n\0"),
    _costs_middle("cell-of-brackets", "# blank: middle\n" + "(" * 100_000),
    _costs_middle("cell-of-minus", "# blank: middle\nx = " + "-" * 100_000 + "1"),
    _costs_middle("cell-of-another-language", "# blank: middle\nmiddle <- function(x) x + 3"),
    _costs_middle("cell-of-1-mb", "# blank: middle\nx = '" + "x" * 1_000_000 + "'"),
    _costs_middle("cell-of-long-lines", "# blank: middle\nx = [" + "1, " * 30_000 + "]"),
]

# --------------------------------------------------------------------------------------------------------- names, folders

_NFD = unicodedata.normalize("NFD", "Zoë-김민준")
_NFC = unicodedata.normalize("NFC", _NFD)


def _links(folder: Path, right: bytes) -> None:
    outside = folder.parent / "canary"
    (folder / "link-out.ipynb").symlink_to(outside / "letter.txt")
    (folder / "link-to-zero.ipynb").symlink_to("/dev/zero")
    (folder / "link-to-folder").symlink_to(outside)
    (folder / "link-to-itself.ipynb").symlink_to("link-to-itself.ipynb")
    (folder / "linked").mkdir()
    (folder / "linked" / "hw.ipynb").write_bytes(right)
    (folder / "linked" / "up").symlink_to("..")


def _pipe(folder: Path, _right: bytes) -> None:
    os.mkfifo(folder / "pipe.ipynb")


def _deep_folders(folder: Path, right: bytes) -> None:
    place = folder / "deep-folders"
    for _ in range(60):
        place = place / "d"
    place.mkdir(parents=True)
    (place / "hw.ipynb").write_bytes(right)


def _zip_in_a_folder(folder: Path, _right: bytes) -> None:
    (folder / "zipper").mkdir()
    (folder / "zipper" / "hw.zip").write_bytes(_zip("../../evil.ipynb", "/tmp/evil.ipynb"))


def _folder_named_like_a_notebook(folder: Path, right: bytes) -> None:
    (folder / "folder.ipynb").mkdir()
    (folder / "folder.ipynb" / "hw.ipynb").write_bytes(right)


_GRADED = ("graded", ALL)
_LONG = "x" * 240
_NAMES = [
    FileCase("nfd-name", _named(f"{_NFD}.ipynb"), {_NFC: _GRADED}),
    FileCase("both-forms", _named(f"both-{_NFD}.ipynb", f"both-{_NFC}.ipynb"), {f"both-{_NFC}": _GRADED, f"both-{_NFC}/both-{_NFC}": _GRADED}),
    FileCase("case-of-letters", _named("Case.ipynb", "case.ipynb"), {"Case": _GRADED, "case": _GRADED}),
    FileCase("name-with-html", _named("<img src=x onerror=alert(1)>.ipynb"), {"<img src=x onerror=alert(1)>": _GRADED}),
    FileCase("name-with-a-formula", _named("=cmd|' C'!A0.ipynb"), {"=cmd|' C'!A0": _GRADED}),
    FileCase("name-with-sql", _named("'; DROP TABLE grades;--.ipynb"), {"'; DROP TABLE grades;--": _GRADED}),
    FileCase("name-with-control", _named("a\nb\x1b[31m.ipynb"), {"a\ufffdb\ufffd[31m": _GRADED}),
    FileCase("long-name", _named(f"{_LONG}.ipynb"), {_LONG: _GRADED}),
    FileCase("name-of-a-device", _named("con.ipynb"), {"con": _GRADED}),
    FileCase("name-with-option", _named("--help.ipynb"), {"--help": _GRADED}),
    FileCase("links", _links, {"linked": _GRADED, "link-out": ("", None), "link-to-zero": ("", None)}, ("leads out of the folder",)),
    FileCase("pipe", _pipe, {"pipe": ("", None)}),
    FileCase("deep-folders", _deep_folders, {"deep-folders": _GRADED}),
    FileCase("zipper", _zip_in_a_folder, {"zipper": ("", None)}, ("Unpack the archive",)),
    FileCase("folder-like-a-notebook", _folder_named_like_a_notebook, {"folder.ipynb": _GRADED}),
]  # fmt: skip

CASES = [*_NOT_NOTEBOOKS, *_ODD, *_COST_A_BLANK, *_NAMES]
