"""What students get: all that they need, and nothing that they must not see."""

import ast
import itertools
import json
import re

import nbformat
import pytest

from grader.build import build
from grader.errors import UsageError
from grader.key import Key
from grader.keying import RunCache, Workshop, make_key
from grader.notebook import Role, read
from grader.selfcheck import find_key


def test_the_notebook_is_valid_and_ids_are_stable(bundle, built_line):
    node = nbformat.read(bundle.notebook, as_version=4)
    nbformat.validate(node)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    ids = [cell.id for cell in node.cells]
    assert ids == [cell.id for cell in built_line.template.notebook]
    assert {"setup", "blank-line", "check-line", "blank-fit", "check-fit", "answer-why", "given-1"} <= set(ids)
    assert ids.index("setup") < ids.index("given-1")
    locked = {cell.id for cell in node.cells if cell.metadata.get("editable") is False}
    assert "given-1" in locked
    assert "blank-line" not in locked


def test_nothing_leaks(bundle, built_line, workshop):
    """Grep the whole bundle, the embedded key too, for the solution, private checks and their expected values."""
    key = make_key(built_line, workshop)
    private = [check for check in key.checks if check.private]
    assert private
    embedded = find_key(bundle.notebook, read(bundle.notebook.read_bytes()))
    texts = {path.name: path.read_bytes().decode("latin-1") for path in bundle.notebook.parent.rglob("*") if path.is_file()}
    texts["embedded key"] = embedded.to_bytes().decode("latin-1")
    secrets = [check.name for check in private] + [check.title for check in private]
    for blank, solution in built_line.template.solutions.items():
        stub = built_line.template.stub(blank).splitlines()
        dropped = [line for line in solution.splitlines() if line not in stub]
        secrets += ["\n".join(pair) for pair in itertools.pairwise(dropped)] or [line.strip() for line in dropped]
    for check in private:
        secrets.append(check.probe.source.splitlines()[-1].strip())
        value = check.expected
        numbers = value.data.ravel().tolist() if hasattr(value, "data") else value
        secrets += [repr(number)[:12] for number in numbers if len(repr(number)) > 8]  # 1.0 stands anywhere
        if hasattr(value, "data"):
            secrets.append(value.data.tobytes().decode("latin-1"))
    for name, text in texts.items():
        for secret in secrets:
            for form in {secret, json.dumps(secret)[1:-1]}:
                assert form not in text, f"{name} holds {secret!r}"


def test_the_embedded_key_is_the_file(bundle):
    embedded = find_key(bundle.notebook, read(bundle.notebook.read_bytes()))
    assert embedded.to_bytes() == bundle.public_key.read_bytes()
    assert not any(check.private for check in embedded.checks)
    assert all(name in {c.name for c in embedded.checks} for m in embedded.mistakes for name in m.captures)


def test_the_same_key_again_bit_for_bit(built_line, bundle):
    again = make_key(built_line, Workshop(jobs=2, cache=RunCache(None)))
    assert again.to_bytes() == bundle.key.read_bytes()
    assert Key.from_bytes(again.to_bytes()).to_bytes() == again.to_bytes()


def test_the_solution_is_executed(bundle):
    node = nbformat.read(bundle.solution, as_version=4)
    nbformat.validate(node)
    by_id = {cell.id: cell for cell in node.cells}
    assert "optimizr.zero_grad()" in by_id["blank-fit"].source
    assert "# blank: the four steps" not in by_id["blank-fit"].source
    assert "text/html" in by_id["check-fit"].outputs[0].data
    assert re.search(r"2\.9\d+|3\.0\d*", "".join(out.get("text", "") for cell in node.cells for out in cell.get("outputs", [])))


def test_a_folder_with_other_things_is_not_touched(built_line, workshop, tmp_path):
    (tmp_path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        build(built_line, tmp_path, workshop)
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.tex"]


@pytest.mark.parametrize("data", [b"", b"no key", b"\x00" * 100])
def test_what_is_no_key_is_refused(data):
    with pytest.raises(UsageError, match="not a key"):
        Key.from_bytes(data)


def test_every_code_cell_of_the_student_parses(bundle, built_line):
    for cell in built_line.template.notebook:
        if cell.is_code and cell.role is not Role.SETUP:
            ast.parse(cell.source)
