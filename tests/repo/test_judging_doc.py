"""Every example in docs/judging.md is run, and there is one for each comparator."""

import doctest
from pathlib import Path

import pytest

from grader.judging import COMPARATORS

DOC = Path(__file__).parents[2] / "docs" / "judging.md"


def test_the_examples_hold():
    text = "\n".join(line for line in DOC.read_text(encoding="utf-8").splitlines() if not line.startswith("```"))
    example = doctest.DocTestParser().get_doctest(text, {}, DOC.name, str(DOC), 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert len(example.examples) > 50
    assert not said, "".join(said)


@pytest.mark.parametrize("name", sorted(COMPARATORS))
def test_every_comparator_has_one(name):
    assert f"**{name}**" in DOC.read_text(encoding="utf-8")
    assert f"({name}(" in DOC.read_text(encoding="utf-8")
