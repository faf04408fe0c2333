"""What students get: nothing leaks, it opens and runs as handed out, and the checks in it speak to them. Executed as Jupyter does."""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import numpy as np
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from grader.assignment import Assignment
from grader.build import Bundle
from grader.key import Key
from grader.notebook import Role, read
from grader.selfcheck import find_key
from grader.sourcecode import bound_names, names_used

from .sheet import Sheet

__all__ = ["HandedOut"]


def executed(folder: Path, sheets: dict[str, Sheet]) -> dict[str, nbformat.NotebookNode]:
    """Each notebook in a folder of its own, run to its end as "Run all" does that goes on after errors; all at once."""
    environment = {name: value for name, value in os.environ.items() if name != "GRADER_RUN"}
    environment |= {
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }

    async def run(name: str, sheet: Sheet) -> tuple[str, nbformat.NotebookNode]:
        (folder / name).mkdir()
        node = nbformat.reads(sheet.bytes().decode(), as_version=4)
        resources = {"metadata": {"path": str(folder / name)}}
        with tempfile.TemporaryDirectory() as sockets:  # no ports: another process may take one before the kernel does
            manager = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{sockets}/s")
            client = NotebookClient(node, km=manager, allow_errors=True, timeout=120, resources=resources)
            client.owns_km = True  # it ends the kernel, too
            await client.async_execute(env=environment)
        return name, node

    async def run_all() -> dict[str, nbformat.NotebookNode]:
        return dict(await asyncio.gather(*(run(name, sheet) for name, sheet in sheets.items())))

    return asyncio.run(run_all())


def cell(node: nbformat.NotebookNode, cell_id: str) -> nbformat.NotebookNode:
    return next(c for c in node.cells if c.id == cell_id)


def errors(node: nbformat.NotebookNode) -> dict[str, str]:
    """Cell id -> what it raised."""
    found = {}
    for c in node.cells:
        for output in c.get("outputs", []):
            if output.output_type == "error":
                found[c.id] = f"{output.ename}: {output.evalue}"
    return found


def said(node: nbformat.NotebookNode, blank: str) -> str:
    """What the self-check of a blank shows as text, on one line. It must be its only output."""
    outputs = cell(node, f"check-{blank}").outputs
    assert [output.output_type for output in outputs] == ["display_data"], outputs
    assert outputs[0].data["text/html"].strip().startswith("<")
    return " ".join(outputs[0].data["text/plain"].split())


def assert_nowhere(secrets: set[str], texts: dict[str, str]) -> None:
    """Neither as it is nor as JSON spells it, with or without what is not ASCII."""
    forms = {form for s in secrets for form in (s, json.dumps(s)[1:-1], json.dumps(s, ensure_ascii=False)[1:-1])}
    forms |= {form.encode().decode("latin-1") for form in forms}
    found = [(name, form) for name, text in texts.items() for form in forms if form in text]
    assert found == [], found


def bytes_of(value: Any) -> str:
    """The numbers of an array as they lie in a file; "" for a few, which may stand anywhere."""
    data = getattr(value, "data", np.zeros(0))
    return data.tobytes().decode("latin-1") if data.nbytes >= 16 and len(np.unique(data)) > 3 else ""


def numbers_of(value: Any) -> set[str]:
    """Every number in a value that says anything (0.5 and 1.0 do not), as text and as bytes; and arrays whole."""
    if isinstance(value, dict):
        return set().union(*(numbers_of(item) for item in value.values()), set())
    if isinstance(value, list):
        return set().union(*(numbers_of(item) for item in value), set())
    if isinstance(value, float):
        return {repr(value)[:9]} if len(repr(value)) > 9 else set()
    if hasattr(value, "axes"):
        return set().union(
            *({bytes_of(line.y)} if hasattr(line, "y") else set() for axes in value.axes for line in axes.lines), set()
        ) - {""}
    if hasattr(value, "data") and isinstance(value.data, np.ndarray) and value.data.dtype.kind == "f":
        return ({bytes_of(value)} | numbers_of([float(n) for n in value.data.ravel()])) - {""}
    return set()


class HandedOut:
    """`mistakes`: some students' mistakes in one notebook, blank -> which of the declared ones."""

    mistakes: ClassVar[Mapping[str, int]]

    @pytest.fixture(scope="module")
    @classmethod
    def mistaken(cls, assignment: Assignment, right: dict[str, str]) -> dict[str, str]:
        """Blank -> the wrong source."""
        found = {blank: assignment.checks.mistakes_of(blank)[number] for blank, number in cls.mistakes.items()}
        return {blank: mistake.apply(right[blank]) for blank, mistake in found.items()}

    @pytest.fixture(scope="module")
    @classmethod
    def notebooks(
        cls, handed_out: Sheet, right: dict[str, str], mistaken: dict[str, str], tmp_path_factory: pytest.TempPathFactory
    ) -> dict[str, nbformat.NotebookNode]:
        """As handed out, with the right answers, and with mistakes. Only the .ipynb is there: the key is the one embedded in it."""
        sheets = {
            "untouched": handed_out.copy(),
            "right": handed_out.copy().answer(right),
            "mistaken": handed_out.copy().answer(right | mistaken),
        }
        return executed(tmp_path_factory.mktemp("desk"), sheets)

    def test_no_remark_for_a_linter(self, handed_out: Sheet) -> None:
        """What our own tools are told is nothing to students, neither in stubs nor in given cells."""
        remarks = re.compile(r"#\s*(noqa|type:\s*ignore|fmt:|ruff:|pragma|pylint)")
        found = [(cell["id"], line) for cell in handed_out.cells for line in cell["source"].splitlines() if remarks.search(line)]
        assert found == []

    # ------------------------------------------------------------------------------------------------------ nothing leaks

    @pytest.fixture(scope="module")
    @classmethod
    def bundle_texts(cls, assignment: Assignment, published: Bundle) -> dict[str, str]:
        """Everything in the student's folder, the embedded key also taken out of its wrapping."""
        folder = published.notebook.parent
        texts = {path.name: path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()}
        texts = {name: text for name, text in texts.items() if name not in assignment.data_files()}
        assert set(texts) == {f"{assignment.slug}.ipynb", f"{assignment.slug}.key"}
        embedded = find_key(published.notebook, read(published.notebook.read_bytes()))
        assert embedded.to_bytes() == published.public_key.read_bytes()
        return texts | {"the embedded key": embedded.to_bytes().decode("latin-1")}

    def test_no_line_of_the_solution(self, assignment: Assignment, bundle_texts: dict[str, str]) -> None:
        """Apart from what the template's own text and the sentences on mistakes say on purpose."""
        template = (assignment.folder / "notebook.md.j2").read_text()
        given = "\n".join(cell.source for cell in assignment.template.notebook.of(Role.GIVEN))
        says = "\n".join(mistake.says for mistake in assignment.checks.mistakes)
        probes = "\n".join(check.probe.source for check in assignment.checks.checks if not check.private)
        stubs = "\n".join(cell.source for cell in assignment.template.notebook.of(Role.BLANK))
        secrets: dict[str, set[str]] = {}
        for blank, solution in assignment.template.solutions.items():
            lines = {line.strip() for line in solution.splitlines()}
            secrets[blank] = {s for s in lines if len(s) > 12 and all(s not in t for t in (template, given, says, probes, stubs))}
        assert sum(map(bool, secrets.values())) > len(secrets) / 2, "most blanks have a line to look for"
        assert_nowhere(set().union(*secrets.values()), bundle_texts)

    def test_no_private_check(self, key: Key, bundle_texts: dict[str, str]) -> None:
        """Neither name nor title nor a line of its probe that no public probe has; nor its inputs."""
        private = [check for check in key.checks if check.private]
        public = "\n".join(check.probe.source for check in key.checks if not check.private)
        assert private
        secrets = {check.name for check in private} | {check.title for check in private}
        secrets |= {line.strip() for c in private for line in c.probe.source.splitlines() if line.strip() not in public}
        shared = {bytes_of(value) for check in key.checks if not check.private for value in check.probe.given.values()} | {""}
        inputs = {bytes_of(value) for check in private for value in check.probe.given.values()} - shared
        assert inputs
        secrets |= inputs
        assert_nowhere(secrets, bundle_texts)

    def test_no_expected_value_of_a_private_check(self, key: Key, bundle_texts: dict[str, str]) -> None:
        open_checks = [check for check in key.checks if not check.private]
        public = {text for check in open_checks for text in numbers_of([check.expected, dict(check.probe.given)])}
        for mistake in key.mistakes:  # a mistake that does not show in a public check gives its value there
            for name, capture in mistake.captures.items():
                if not next(c for c in key.checks if c.name == name).private:
                    public |= numbers_of(capture.value)
        secrets = {text for check in key.checks if check.private for text in numbers_of(check.expected)} - public
        assert secrets
        assert_nowhere(secrets, bundle_texts)

    # ----------------------------------------------------------------------------------------------------- as handed out

    def test_only_cells_that_need_a_blank_raise(
        self, notebooks: dict[str, nbformat.NotebookNode], assignment: Assignment
    ) -> None:
        unfilled = {name for names in assignment.template.defines.values() for name in names}
        raised = errors(notebooks["untouched"])
        for c in notebooks["untouched"].cells:
            if c.cell_type == "code" and not c.id.startswith(("blank-", "check-")) and c.id != "setup":
                if names_used(c.source) & unfilled:
                    unfilled |= bound_names(c.source)
                else:
                    assert c.id not in raised, f"{c.source}\n{raised[c.id]}"
        assert not [cell_id for cell_id in raised if cell_id.startswith(("blank-", "check-", "setup"))]

    def test_untouched_checks_say_so_and_do_not_raise(
        self, notebooks: dict[str, nbformat.NotebookNode], assignment: Assignment
    ) -> None:
        for blank in assignment.template.blanks:
            told = said(notebooks["untouched"], blank)
            assert told.startswith(f"{blank}: not attempted yet"), told

    def test_the_set_up_cell_is_silent(self, notebooks: dict[str, nbformat.NotebookNode]) -> None:
        assert [cell(node, "setup").outputs for node in notebooks.values()] == [[], [], []]

    def test_the_right_answers_pass(self, notebooks: dict[str, nbformat.NotebookNode], key: Key) -> None:
        assert errors(notebooks["right"]) == {}
        for blank in key.blanks:
            checks = [check for check in key.of(blank) if not check.private]
            points = sum(check.points for check in checks)
            count = "the check" if len(checks) == 1 else f"all {len(checks)} checks"
            expected = f"{blank}: {count} passed, {points:g} of {points:g} point{'s' if points != 1 else ''}"
            assert said(notebooks["right"], blank).startswith(expected)

    def test_mistakes_are_told_in_their_words(
        self, notebooks: dict[str, nbformat.NotebookNode], assignment: Assignment, key: Key
    ) -> None:
        for blank, number in self.mistakes.items():
            mistake = assignment.checks.mistakes_of(blank)[number]
            shown = said(notebooks["mistaken"], blank)
            assert "It looks like:" in shown, f"{blank}: {shown}"
            assert mistake.says in shown, blank
            html = cell(notebooks["mistaken"], f"check-{blank}").outputs[0].data["text/html"]
            assert key.checks[0].name not in html

    def test_no_check_cell_ever_raises(self, notebooks: dict[str, nbformat.NotebookNode], assignment: Assignment) -> None:
        for node in notebooks.values():
            assert not [cell_id for cell_id in errors(node) if cell_id.startswith("check-")]
            for blank in assignment.template.blanks:
                said(node, blank)

    def test_the_solution_runs_like_the_students(self, published: Bundle, assignment: Assignment) -> None:
        """Executed by `build`, it shows for each blank what the student's own check shows, and the private checks besides."""
        node = nbformat.read(published.solution, as_version=4)
        for blank in assignment.template.blanks:
            assert re.match(rf"{blank}: (the check|all \d checks) passed, (\d) of \2 points?", said(node, blank))
        assert errors(node) == {}
