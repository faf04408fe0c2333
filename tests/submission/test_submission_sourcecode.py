"""What is told from a source without running it."""

from __future__ import annotations

import builtins
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.sourcecode import bound_names, calls_of, definition, likeness, names_used, parses, same_code, tokens


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a): b = 1\nasync def g(): pass\nclass C:\n    d = 1", "f g C"),
        ("a = b = 1\nc, (d, *e) = f\n[g, h] = i", "a b c d e g h"),
        ("a: int = 1\nb: int", "a"),
        ("a += 1", "a"),
        ("a.b = 1\nc[0] = 2", ""),
        ("import a, b.c, d.e as f\nfrom g import h, i as j\nfrom k import *", "a b f h j"),
        ("for a, b in c:\n    d = 1\nelse:\n    e = 2", "a b d e"),
        ("with a as b, c() as (d, e):\n    f = 1", "b d e f"),
        ("while x:\n    a = 1", "a"),
        ("if (a := 1):\n    b = 1\nelif c:\n    d = 1\nelse:\n    e = 1", "a b d e"),
        ("try:\n    a = 1\nexcept E as e:\n    b = 1\nelse:\n    c = 1\nfinally:\n    d = 1", "a b c d"),
        ("[a for a in b]\n[(c := d) for d in e]\nlambda f: (g := 1)", "c"),
        ("match x:\n    case [a, *b]: c = 1\n    case {'k': d, **e}: pass\n    case P() as f: pass", "a b c d e f"),
        ("@dec\ndef f(): pass", "f"),
        ("%time a = 1", "a"),
        ("%%time\na = 1\ndef f(): b = 1", "a f"),
        ("%%capture out\na = 1", "a"),
        ("%%bash\na=1", ""),
        ("%timeit a = 1", ""),
        ("a = !ls\nb = %pwd", "a b"),
        ("!ls\na = 1\nf?\n??g\nb = 2", "a b"),
        ("if 1:\n    !ls\n    %time a = 1", "a"),
        ("a = 5 % 3\nb = not 1 != 2", "a b"),
        ('a = "\\d"', "a"),
        ("학습률 = 1", "학습률"),
        # not Python: line by line
        ("def f(:\n    x = 1\n\nclass C\na, (b, *c) = 1\nd: int = 2\ne += 1", "f C a b c d e"),
        ("f(x=1\nif q == 1:\n    r = 2", ""),
        ("import a.b as c\nfrom d import e\n(", "c e"),
        ("a\0 = 1", ""),
        ("", ""),
        ("# a = 1", ""),
        ("%matplotlib inline\n" * 200 + "a = 1\n", "a"),
    ],
)
def test_names_that_a_cell_binds(source, names):
    assert bound_names(source) == set(names.split())


def test_names_are_those_that_python_binds():
    """Against running it."""
    source = "import math as m\na, (b, *c) = 1, (2, 3)\nfor i in [1]:\n    j = i\n[k for k in c]\nwith open('/dev/null') as f: pass\nif z := 0: y = 1"
    space: dict[str, object] = {}
    exec(source, space)
    assert bound_names(source) - {"y"} == space.keys() - {"__builtins__"}


def test_names_that_a_cell_uses():
    assert names_used("a = f(b)\ndef g(c):\n    return d.e[c]") == {"f", "b", "d", "c"}
    assert {"train", "net"} <= names_used("%time h = train(net)")
    assert {"train", "net"} <= names_used("train(net")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x=1 # one\n\n"),
        ("f(a,\n  b)", "f(a, b,)"),
        ("x = 'a'", 'x = "a"'),
        ("if a:\n  b", "if a:\n\tb\n"),
        ('def f():\n    """Doc.  \n    """', 'def f():\n    """Doc.\n    """'),
        ("!ls", "!ls  # files"),
        ("def f(:", "def  f(:\n# hm"),
        ("", "# blank: x\n\n"),
    ],
)
def test_the_same_code(one, other):
    assert same_code(one, other)
    assert same_code(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("x = 1", "x = 2"), ("", "x"), ("if a:\n  b\nc", "if a:\n  b\n  c"), ('"a"', '"A"'), ("...", "pass"), ("f(", "f")],
)
def test_other_code(one, other):
    assert not same_code(one, other)


def test_likeness():
    assert likeness("x = torch.arange(3)", "x = torch.arange(5)") > 0.8
    assert likeness("x = torch.arange(3)", "print('hello')") < 0.5
    assert likeness("a b c (", "a b c ((") > 0.5
    assert likeness("x", "x") == 1


def test_definition():
    source = "def f(): pass\n\n@a\n@b(1)\ndef f(x):\n    return 1\n\nclass C:\n    def f(self): pass\nz = 1"
    assert definition(source, "f") == "@a\n@b(1)\ndef f(x):\n    return 1"
    assert definition(source, "C") == "class C:\n    def f(self): pass"
    assert definition(source, "z") is None
    assert definition("!ls\ndef f(): pass", "f") == "def f(): pass"
    assert definition("def f(", "f") is None


def test_calls():
    check = "grader.check"
    assert calls_of('import grader\ngrader.check("a")\ncheck("b", 1)', check) == ["a", "b"]
    for source in ("import grader", 'grader.load("a")', 'x = 1\ngrader.check("a")', "grader.check(a)", "grader.check(", ""):
        assert calls_of(source, check) is None


@settings(deadline=None)
@given(st.text() | st.text("%!?#=:()[]{}'\"\\ \n\t\r\0abx1*,@", max_size=60))
def test_any_text(text):
    assert same_code(text, text)
    assert isinstance(parses(text), bool)
    for name in bound_names(text) | names_used(text):
        assert definition(text, name) is None or name in bound_names(text)
    assert 0 <= likeness(text, "x = 1") <= 1


@pytest.mark.parametrize(
    "text",
    ["(" * 50_000, "-" * 50_000 + "1", "%time " * 3000, "%" * 5000, "a" + " " * 100_000 + "(:", "'a" + " " * 100_000 + "b'",
     "x" + " =" * 50_000 + "(:", "def f():\n" * 1000, "if 1:\n" + " " * 100_000, "%time x = 1\n" * 1000, "x = (1,\n" * 3000, "f(" * 90 + ")" * 90],
    ids=range(12),
)  # fmt: skip
def test_bad_intentions_take_no_time(text):
    begin = time.process_time()
    bound_names(text), names_used(text), tokens(text), same_code(text, text + " "), likeness(text, text + "x")
    assert time.process_time() - begin < 5


def test_ipython_is_not_imported_for_plain_python(monkeypatch):
    def refuse(name, *args, **kwargs):
        assert not name.startswith("IPython")
        return real(name, *args, **kwargs)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    assert bound_names("plain_python = 5 % 3 != 1") == {"plain_python"}
