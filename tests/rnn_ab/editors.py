"""What other programs make of a notebook when they save it: JSON in, the bytes of a file out."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from tests.homework.sheet import Sheet


def _lines(source: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", source)


def colab(sheet: Sheet, minor: int = 0) -> bytes:
    """No cell ids; `metadata.id` is kept, and given to cells that have none. Copies of a cell keep their id."""
    cells = []
    for number, cell in enumerate(sheet.cells):
        metadata = {"id": cell.get("metadata", {}).get("id") or cell.get("id") or f"q{number:03}Xy_Z"}
        new = {"cell_type": cell["cell_type"], "source": _lines(cell["source"]), "metadata": metadata}
        if cell["cell_type"] == "code":
            metadata |= {"colab": {"base_uri": "https://localhost:8080/"}, "outputId": "3f2c"}
            new |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["42\n"]}]}
        cells.append(new)
    metadata = {"colab": {"provenance": [], "toc_visible": True}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return _dumped({"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": cells})


def vs_code(sheet: Sheet) -> bytes:
    """Format 4.2: no cell ids, next to no metadata; saved on Windows, with a byte order mark."""
    cells = []
    for cell in sheet.cells:
        new: dict[str, Any] = {"cell_type": cell["cell_type"], "source": _lines(cell["source"].replace("\n", "\r\n"))}
        new["metadata"] = {"vscode": {"languageId": "python"}} if cell["cell_type"] == "code" else {}
        if cell["cell_type"] == "code":
            new |= {"execution_count": None, "outputs": []}
        cells.append(new)
    metadata = {"language_info": {"name": "python", "version": "3.12.1"}, "orig_nbformat": 4}
    data = _dumped({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 2})
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")


def old_ipython(sheet: Sheet) -> bytes:
    """Format 3: worksheets, `input`, prompt numbers, headings as cells of their own kind."""
    cells: list[dict[str, Any]] = []
    for number, cell in enumerate(sheet.cells, 1):
        if cell["cell_type"] == "code":
            code = {"cell_type": "code", "collapsed": False, "input": cell["source"], "language": "python", "metadata": {}}
            cells.append(code | {"outputs": [], "prompt_number": number})
        elif cell["source"].startswith("## ") and "\n" not in cell["source"]:
            cells.append({"cell_type": "heading", "level": 2, "metadata": {}, "source": cell["source"][3:]})
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell["source"]})
    sheets = [{"cells": cells, "metadata": {}}]
    return _dumped({"metadata": {"name": "hw"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": sheets})


def jupyter(sheet: Sheet) -> bytes:
    """Format 4.5 as JupyterLab leaves it: ids everywhere, also for new cells; a copied cell keeps its metadata."""
    for cell in sheet.cells:
        cell.setdefault("id", uuid.uuid5(uuid.NAMESPACE_OID, cell["source"]).hex[:8])
        cell["source"] = _lines(cell["source"])
    return _dumped(sheet.content)


def _dumped(tree: dict[str, Any]) -> bytes:
    return json.dumps(tree, ensure_ascii=False, indent=1).encode() + b"\n"
