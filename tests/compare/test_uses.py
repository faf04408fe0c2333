"""`uses`, `avoids` and the reading of sources."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from grader.compare.source import full_name, public, read
from grader.judging import Avoids, Uses
from grader.result import Outcome

from .plain import judged


def uses(source, value=None, **what):
    return judged(Uses(**what), value, source=source).outcome is Outcome.PASSED


def avoids(source, value=None, **what):
    return judged(Avoids(**what), value, source=source).outcome is Outcome.PASSED


SOFTMAX = ("torch.nn.functional.softmax",)


@pytest.mark.parametrize(
    "source",
    [
        "F.softmax(x, 1)",
        "nn.functional.softmax(x, 1)",
        "torch.nn.functional.softmax(x, 1)",
        "import torch.nn.functional as fun\nfun.softmax(x, 1)",
        "from torch.nn import functional\nfunctional.softmax(x, 1)",
        "from torch.nn.functional import softmax\nsoftmax(x, 1)",
        "from torch.nn.functional import softmax as s\ns(x, 1)",
        "from torch.nn.functional import *\nsoftmax(x, 1)",
        "softmax = F.softmax\nsoftmax(x, 1)",
        "f = nn.functional\ng = f.softmax\ny = g(x)",
        "ys = map(F.softmax, xs)",
        "getattr(F, 'softmax')(x)",
        "def f(x):\n    import torch.nn.functional as G\n    return [G.softmax(v) for v in x]",
        "%time y = F.softmax(x, 1)",
        "%%time\nfiles = !ls\n!pip install x\ny = F.softmax(x)\nF.softmax?",
        "y = F.softmax(x, 1)\nprint('unfinished",
        "for i in range(3)\n    F.softmax(x)",
    ],
)
def test_a_function_is_known_by_its_full_name(source):
    assert uses(source, functions=SOFTMAX)
    assert uses(source, functions=("F.softmax",))
    assert not avoids(source, functions=SOFTMAX)
    assert not uses(source, functions=("torch.softmax",))
    assert avoids(source, functions=("torch.softmax",))


@pytest.mark.parametrize(
    "source",
    [
        "# F.softmax(x)",
        "'F.softmax(x)'",
        '"""\nF.softmax(x)\n"""',
        "x.softmax(1)",
        "F = 3\nF.softmax(x)",
        "import mine as F\nF.softmax(x)",
        "torch.softmax(x, 1)",
        "from torch.nn.functional import softmax",
        "def softmax(x): return x\nsoftmax(x)",
        "!F.softmax(x)",
        "print('unfinished # F.softmax(x)",
        "print('unfinished F.softmax(x)",
        "broken(\n'''F.softmax(x)'''",
        'broken(f"F.softmax(x)"',
    ],
)
def test_what_is_not_that_function(source):
    assert not uses(source, functions=SOFTMAX)
    assert avoids(source, functions=SOFTMAX)


def test_an_import_in_another_cell_is_guessed_for_uses_only():
    assert uses("softmax(x)", functions=SOFTMAX)
    assert avoids("softmax(x)", functions=SOFTMAX)
    assert not uses("sum(x)", functions=("torch.sum",))


def test_methods():
    assert uses("loss.backward()", functions=(".backward",))
    assert uses("criterion(net(x), y).backward()", functions=(".backward",))
    assert not uses("backward()", functions=(".backward",))
    assert not uses("# loss.backward()", functions=(".backward",))
    assert not avoids("step = loss.backward\nstep()", functions=(".backward",))
    assert avoids("self.backward = 3", functions=(".backward",))


def test_bare_functions():
    assert uses("print(x)", functions=("print",))
    assert not uses("x = print_all(x)", functions=("print",))
    assert avoids("total = sum\n", functions=("sum",))
    assert not avoids("total = sum(xs)", functions=("sum",))


def test_names_are_identifiers():
    source = "class Net(nn.Module):\n    def run(self, h, *, deep=1):\n        return self.cell(h, bias=f'{width} text')"
    for name in ("Net", "nn", "Module", "run", "self", "h", "deep", "cell", "bias", "width", "self.cell", "nn.Module"):
        assert uses(source, names=(name,)), name
    for name in ("text", "class", "1", "cel", "self.h"):
        assert not uses(source, names=(name,)), name


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        ("loop", "for x in xs: pass", "[x for x in xs]"),
        ("loop", "while True: break", "# for x in xs"),
        ("comprehension", "sum(x for x in xs)", "for x in xs: pass"),
        ("comprehension", "{x: 1 for x in xs}", "{1: 2}"),
        ("lambda", "f = lambda x: x", "'lambda x: x'"),
        ("class", "class A: pass", "def a(): pass"),
        ("def", "def a(): pass", "a = lambda: 1"),
        ("def", "async def a(): pass", "class A: pass"),
        ("matmul", "y = W @ x", "@decorated\ndef f(): pass"),
        ("matmul", "y @= x", "y = W * x"),
        ("matmul", "torch.matmul(W, x)", "matmul"),
        ("matmul", "W.mm(x)", "W.mul(x)"),
    ],
)
def test_syntax(name, there, not_there):
    assert uses(there, syntax=(name,))
    assert not uses(not_there, syntax=(name,))
    assert avoids(not_there, syntax=(name,))
    assert not avoids(there, syntax=(name,))


@pytest.mark.parametrize("name", ["loop", "comprehension", "lambda", "class", "def"])
def test_syntax_of_what_cannot_be_parsed(name):
    source = "for i in xs\n  y = [lambda: i for i in xs]\nclass A(: pass\ndef f(: pass"
    reading = read(source)
    assert name in reading.syntax
    assert "for" not in reading.names


def test_lines_are_told():
    verdict = judged(Avoids(functions=("torch.cat",), syntax=("loop",)), None, source="x = 1\nfor i in x:\n    y = torch.cat(i)")
    assert verdict.message == "The answer uses `torch.cat` (line 3), a loop (line 2), which this task is to be solved without."
    verdict = judged(Uses(functions=("torch.cat", ".step"), syntax=("def",)), None, source="torch.cat(x)")
    assert verdict.message == "The answer does not use `.step`, a function of its own, which this task asks for."


# ---------------------------------------------------------------------------------------------------- modules


class Mine(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.ModuleList([nn.RNNCell(1, 2)])


RNNS = ("torch.nn.RNN", "torch.nn.RNNCell")


def test_modules_are_those_of_the_network():
    source = "start = nn.RNN(1, 2)"  # for its start values only
    assert avoids(source, nn.Linear(1, 2), modules=RNNS)
    assert not avoids(source, [Mine()], modules=RNNS)
    assert not avoids("", {"net": Mine()}, modules=RNNS)
    assert uses("", Mine(), modules=("nn.RNNCell", "nn.ModuleList"))
    assert uses("", Mine(), modules=("Mine",))
    assert not uses("nn.RNN(1, 2)", Mine(), modules=("torch.nn.RNN",))
    verdict = judged(Avoids(modules=RNNS), Mine())
    assert verdict.message == (
        "The answer uses `torch.nn.RNNCell` (`cell.0` of your network), which this task is to be solved without."
    )


@pytest.mark.parametrize(
    "source",
    [
        "nn.RNN(1, 2)",
        "torch.nn.RNN(1, 2)",
        "from torch.nn import RNN as R\nR(1)",
        "class A(nn.RNN): pass",
        "from torch.nn.modules.rnn import RNN\nRNN()",
    ],
)
def test_without_a_network_modules_are_those_of_the_source(source):
    for value in (None, [], torch.ones(1)):
        assert uses(source, value, modules=("torch.nn.RNN",))
        assert not avoids(source, value, modules=("nn.RNN",))
        assert avoids(source, value, modules=("nn.RNNCell",))


def test_annotations_use_nothing():
    assert avoids("def f(net: nn.RNN) -> nn.RNN:\n    other: nn.RNN\n    return net", modules=("nn.RNN",))


def test_names_are_public_and_full():
    assert public("torch.nn.modules.linear.Linear") == full_name("nn.Linear") == "torch.nn.Linear"
    assert public("torch.nn.parameter.Parameter") == "torch.nn.Parameter"
    assert full_name("F.relu") == "torch.nn.functional.relu"
    assert full_name(".step") == ".step"
    assert full_name("nn") == "nn"


@given(st.text() | st.text("()[]{}'\"#\n %!?=.@:ab \t\\"))
def test_reading_never_raises(source):
    reading = read(source)
    assert all(line >= 0 for line in {**reading.calls, **reading.names}.values())


def test_lines_of_what_cannot_be_parsed():
    reading = read("x = (\n'''\n\n'''\nnn.RNN(1)\nloss.backward()")
    assert reading.calls == {"torch.nn.RNN": 5, ".RNN": 5, "loss.backward": 6, ".backward": 6}


def test_odd_sources_are_read():
    for source in ("", "(" * 5000, "x = " + "-" * 100_000 + "1", "\x00", "a\x00b", "if x:\n\ty\n        z", "'''", "\\", "é = 1"):
        read(source)
