"""The reference as source: stubs keep what the author wrote, to the character."""

import ast
import textwrap
from pathlib import Path

import pytest

from grader.errors import AuthoringError
from grader.reference import Reference, SourceProblem

TEXT = '''\
"""A module."""
import functools

BEST: float = -1.0  # by hand
NAMES = [
    "a",  # the first
    "b",
]


@functools.cache
def letters(txt: str,
            mapping: dict,   # odd  spacing is kept
            ) -> list:
    """Codes of letters.

    txt: (n,)
    """
    # a comment that gives it away
    return [mapping[key] for key in txt]


def bare(x):
    # also gives it away
    return x


def train(net, epochs):
    """Train."""
    losses = []
    for epoc in range(epochs):
        # blank: the four steps
        loss = net(epoc)
        loss.backward()
        # end blank
        losses.append(loss)
    return losses


class Net(Base):
    """A net."""

    def __init__(self):
        super().__init__()


def fit(x, y):
    """Fit it.

    x: (N, 1)
    """
    net = x + y
    # keep this comment
    loss = net
    return net, loss
'''


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    (tmp_path / "r.py").write_text(TEXT)
    return Reference.load(tmp_path / "r.py")


def test_constants(reference):
    assert reference["BEST"].stub() == "# blank: BEST\nBEST: float = ..."
    assert reference["NAMES"].stub() == "# blank: NAMES\nNAMES = ..."
    assert reference["NAMES"].solution().splitlines()[1] == '    "a",  # the first'


def test_a_function_keeps_decorator_signature_and_docstring_and_no_more(reference):
    stub = reference["letters"].stub()
    original = TEXT[TEXT.index("@functools") : TEXT.index("    # a comment that gives")]
    assert stub == f"# blank: letters\n{original}    ..."


def test_no_docstring_and_no_comment_is_left(reference):
    assert reference["bare"].stub() == "# blank: bare\ndef bare(x):\n    ..."


def test_regions(reference):
    stub = reference["train"].stub()
    assert "# the four steps\n        ...\n        losses.append(loss)" in stub
    assert "backward" not in stub
    assert "# blank: the four" not in reference["train"].solution()
    assert "loss.backward()" in reference["train"].solution()


def test_class(reference):
    assert reference["Net"].stub() == '# blank: Net\nclass Net(Base):\n    """A net."""\n    ...'


def test_inline(reference):
    source = reference["fit"]
    assert source.returns() == ("net", "loss")
    assert source.parameters() == ("x", "y")
    assert source.inline() == "net = x + y\n# keep this comment\nloss = net"
    assert source.inline_stub() == "# blank: fit\n# Fit it.\n#\n# x: (N, 1)\nnet = ...\nloss = ..."


def test_every_stub_is_python(reference):
    for source in reference.sources.values():
        ast.parse(source.stub())
        ast.parse(source.solution())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(x): return x", "line of its `def`"),
        ("def f(x):\n    # blank: here\n    return x", "without an `# end blank`"),
        ("def f(x):\n    # end blank\n    return x", "without a `# blank`"),
    ],
)
def test_problems_name_the_line(tmp_path, text, says):
    (tmp_path / "r.py").write_text(f"\n\n{text}\n")
    source = Reference.load(tmp_path / "r.py")["f"]
    with pytest.raises(SourceProblem, match=says) as caught:
        source.stub()
    assert caught.value.line in (3, 4)


@pytest.mark.parametrize(
    "text", ["def f(x):\n    return x + 1", "def f(x):\n    if x:\n        return x\n    return x", "class f:\n    pass", "f = 1"]
)
def test_what_cannot_be_inline_says_so(tmp_path, text):
    (tmp_path / "r.py").write_text(text)
    with pytest.raises(SourceProblem, match="inline blank `f` must"):
        Reference.load(tmp_path / "r.py")["f"].returns()


def test_missing_and_broken_modules(tmp_path):
    with pytest.raises(AuthoringError, match="missing"):
        Reference.load(tmp_path / "none.py")
    (tmp_path / "r.py").write_text("x = 1\ndef f(:\n")
    with pytest.raises(AuthoringError, match=r"r\.py:2: not valid Python"):
        Reference.load(tmp_path / "r.py")


def test_a_region_may_end_a_function(tmp_path):
    text = "def f(x):\n    y = x\n    # blank: give it back\n    return y\n\n    # end blank\n\n\nz = 1\n"
    (tmp_path / "r.py").write_text(text)
    reference = Reference.load(tmp_path / "r.py")
    assert reference["f"].stub() == "# blank: f\ndef f(x):\n    y = x\n    # give it back\n    ..."
    assert "end blank" not in reference["f"].solution()
    assert reference["z"].text == "z = 1"


def test_crlf(tmp_path):
    (tmp_path / "r.py").write_bytes(textwrap.dedent("def f(x):\n    '''Doc.'''\n    return x\n").replace("\n", "\r\n").encode())
    assert Reference.load(tmp_path / "r.py")["f"].stub() == "# blank: f\ndef f(x):\n    '''Doc.'''\n    ..."
