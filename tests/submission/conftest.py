"""A small assignment, and what students do to its notebook."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import pytest

from grader.notebook import Answers, Cell, Notebook, RawCell, Role
from grader.submission import extract
from grader.template import Template

STUBS = {
    "rate": "# blank: rate\nrate = ...",
    "train": '# blank: train\ndef train(net, x):\n    """One epoch."""\n    ...',
    "Net": '# blank: Net\nclass Net(Base):\n    """Two layers."""\n    def forward(self, x):\n        # blank: the layers\n        ...\n        # end blank',
    "fit": "# blank: fit\nnet = ...\nlosses = ...",
    "again": "# blank: again\nnet = ...\nlosses = ...",
}
FILLED = {
    "rate": "# blank: rate\nrate = 0.1",
    "train": '# blank: train\ndef train(net, x):\n    """One epoch."""\n    return net(x)',
    "Net": '# blank: Net\nclass Net(Base):\n    """Two layers."""\n    def forward(self, x):\n        return self.l2(self.l1(x))',
    "fit": "# blank: fit\nnet = Net()\nlosses = train(net, x)",
    "again": "# blank: again\nnet = Net()\nlosses = train(net, x) + train(net, x)",
}


def _blank(name: str) -> Cell:
    return Cell(f"blank-{name}", Role.BLANK, STUBS[name], name)


def _check(name: str) -> Cell:
    return Cell(f"check-{name}", Role.CHECK, f'grader.check("{name}")', name)


CELLS = (
    Cell("prose-1", Role.PROSE, "# Homework\nRead this."),
    Cell("setup", Role.SETUP, "import grader  # run this cell first"),
    Cell("given-1", Role.GIVEN, "import torch\nx = torch.arange(3)\ny = 2 * x\nepochs = 100"),
    _blank("rate"),
    _check("rate"),
    Cell("prose-2", Role.PROSE, "## Training"),
    _blank("train"),
    _check("train"),
    _blank("Net"),
    _check("Net"),
    Cell("prose-3", Role.PROSE, "## Fitting"),
    _blank("fit"),
    Cell("given-2", Role.GIVEN, "first = losses\nprint(losses)"),
    _check("fit"),
    _blank("again"),
    _check("again"),
    Cell("answer-why", Role.ANSWER, "<!-- answer: why -->\n*Write your answer here.*", "why"),
    Cell("prose-4", Role.PROSE, "The end."),
)
DEFINES = {"rate": ("rate",), "train": ("train",), "Net": ("Net",), "fit": ("net", "losses"), "again": ("net", "losses")}


@dataclass(frozen=True, repr=False)
class Lab:
    template: Template

    stubs = STUBS
    right = FILLED

    def handed_out(self) -> list[RawCell]:
        return [RawCell(cell.is_code, cell.source, (cell.id,)) for cell in self.template.notebook]

    def filled(self, **others: str) -> list[RawCell]:
        """Every blank filled; `others` gives some another source."""
        cells = self.handed_out()
        for name, source in (FILLED | others).items():
            cells[self.at(cells, f"blank-{name}")] = RawCell(True, source, (f"blank-{name}",))
        return cells

    def at(self, cells: list[RawCell], cell_id: str) -> int:
        return next(i for i, cell in enumerate(cells) if cell_id in cell.ids)

    def put(self, cells: list[RawCell], cell_id: str, *sources: str, ids: tuple[str, ...] = ()) -> list[RawCell]:
        """New code cells below the cell `cell_id`."""
        i = self.at(cells, cell_id) + 1
        return [*cells[:i], *(RawCell(True, source, ids) for source in sources), *cells[i:]]

    def change(self, cells: list[RawCell], cell_id: str, **changes: object) -> list[RawCell]:
        return [replace(cell, **changes) if cell_id in cell.ids else cell for cell in cells]

    def without(self, cells: list[RawCell], *ids: str) -> list[RawCell]:
        return [cell for cell in cells if not set(ids) & set(cell.ids)]

    def no_ids(self, cells: list[RawCell]) -> list[RawCell]:
        return [replace(cell, ids=()) for cell in cells]

    def no_marks(self, cells: list[RawCell]) -> list[RawCell]:
        """Neither ids nor marker comments."""
        return [replace(cell, ids=(), source=re.sub(r"^(# blank: \w+|<!-- .* -->)\n", "", cell.source)) for cell in cells]

    def extract(self, cells: list[RawCell]) -> Answers:
        return extract(cells, self.template)

    def ipynb(self, cells: list[RawCell], minor: int = 5, **top: object) -> dict[str, object]:
        """nbformat 4 as Jupyter writes it: ids in the cells from 4.5 on, lines as lists."""
        made = []
        for cell in cells:
            node: dict[str, object] = {"cell_type": "code" if cell.is_code else "markdown", "metadata": {}}
            node["source"] = cell.source.splitlines(keepends=True)
            if cell.is_code:
                node |= {"execution_count": None, "outputs": []}
            if cell.ids and minor >= 5:
                node["id"] = cell.ids[0]
            if cell.ids:
                node["metadata"] = {"id": cell.ids[-1]}
            made.append(node)
        return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": minor, **top}

    def bytes(self, cells: list[RawCell], minor: int = 5) -> bytes:
        return json.dumps(self.ipynb(cells, minor), ensure_ascii=False, indent=1).encode()


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab(Template(notebook=Notebook(CELLS), defines=DEFINES))


@pytest.fixture(scope="session")
def everything() -> dict[str, tuple[str, ...]]:
    """The sources of a notebook in which every blank is filled."""
    return {name: (source,) for name, source in FILLED.items()}
