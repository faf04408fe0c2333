"""Other sources for a blank, each in a copy of the kernel: the same values as runs of their own, and no trace."""

import os
import signal

import pytest

from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role
from grader.result import Capture, Run
from grader.run import Branch, Request, execute, run_many
from grader.settings import Limits
from grader.values import FigureData, Raised, dumps

GIVEN = "import random\nimport torch\nimport matplotlib.pyplot as plt\nx = torch.arange(3.0)"
RIGHT = "# blank: double\ny = 2 * x\nplt.plot(x, y)\nprint('right')"
AFTER = "z = y.sum()\nprint(random.random(), torch.rand(1).item())"

VALUE = Probe("value", "def value(nb):\n    return nb.y")
FIGURE = Probe("drawn", "def drawn(nb):\n    return nb.figures('double')")
LEAVES = Probe("leaves", "def leaves(nb):\n    nb.x.zero_()\n    return torch.rand(1).item()")
GIVES = Probe("gives", "def gives(nb):\n    return nb.y + nb.given.w", {"w": 1.0})
PROBES = (VALUE, FIGURE, LEAVES, GIVES)

SOURCES = {
    "tripled": "y = 3 * x\nplt.plot(x, y)",
    "shows": "y = x\nplt.plot(x, 9 * x)\nplt.show()\ny",
    "raises": "y = x\nraise ValueError('no')",
    "syntax": "def y(:",
    "missing": "import torch",
    "loud": "print('x' * 10**6)\nimport sys\nsys.stderr.write('!')\nfrom IPython.display import display\ndisplay({'text/html': 'x'}, raw=True)\ny = x",
    "draws_random": "y = torch.rand(3) + random.random()",
    "endless": "y = x + 5\nwhile True:\n    pass",
    "deadly": "import os\ny = x\nos._exit(3)",
}


def notebook(source: str, *more: str) -> Notebook:
    after = (Cell(f"given-{i}", Role.GIVEN, text) for i, text in enumerate(more, 2))
    cells = (
        Cell("given-1", Role.GIVEN, GIVEN),
        Cell("blank-double", Role.BLANK, source, "double"),
        Cell("check-double", Role.CHECK, "", "double"),
    )
    return Notebook((*cells, *after))


@pytest.fixture(scope="module")
def tried() -> Run:
    branches = tuple(Branch(name, source, PROBES) for name, source in SOURCES.items())
    return execute(Request(notebook(RIGHT, AFTER), {"double": list(PROBES)}, Limits(cell=3), branches={"double": branches}))


@pytest.fixture(scope="module")
def alone() -> dict[str, Run]:
    names = [name for name in SOURCES if name not in ("deadly", "endless")]
    requests = {
        name: Request(notebook(SOURCES[name]), {"double": list(PROBES)}, Limits(cell=3))
        for name in [*names, "plain"]
        if name != "plain"
    }
    requests["plain"] = Request(notebook(RIGHT, AFTER), {"double": list(PROBES)}, Limits(cell=3))
    return dict(run_many(requests, 2, execute))


def plain(captures) -> bytes:
    """Without the seconds."""
    return dumps(
        {name: [c.value, c.fault and [c.fault.kind, c.fault.type, c.fault.message, c.fault.name]] for name, c in captures.items()}
    )


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("deadly", "endless")])
def test_a_branch_gives_what_a_run_gives(tried, alone, name):
    assert plain(tried.branches[name]) == plain(alone[name].captures)


def test_branches_leave_no_trace(tried, alone):
    """The run goes on as if nothing had been tried: values, figures, outputs, random numbers."""
    assert tried.state == "complete"
    assert plain(tried.captures) == plain(alone["plain"].captures)
    assert [cell.outputs for cell in tried.cells] == [cell.outputs for cell in alone["plain"].cells]


def test_figures_of_a_branch_are_captured(tried):
    (figure,) = tried.branches["tripled"]["drawn"].value
    assert isinstance(figure, FigureData)
    assert figure.axes[0].lines[0].y.tolist() == [0, 3, 6]


def test_an_endless_branch_is_interrupted_and_asked(tried):
    assert tried.branches["endless"]["value"].value.data.tolist() == [5, 6, 7]


def test_a_large_picture_above_is_no_reason_for_whole_runs():
    """pyzmq starts a thread of its own with the first large message; a fork goes on without it."""
    large = "import os\nfrom IPython.display import display\ndisplay({'image/png': os.urandom(400_000).hex()}, raw=True)"
    cells = (Cell("given-0", Role.GIVEN, large), *notebook(RIGHT).cells)
    branches = {"double": (Branch("tripled", SOURCES["tripled"], (VALUE,)),)}
    ran = execute(Request(Notebook(cells), {"double": [VALUE]}, Limits(cell=3), branches=branches))
    assert ran.branches["tripled"]["value"].value.data.tolist() == [0, 3, 6]


def test_a_branch_that_ends_its_copy_costs_itself_only(tried):
    assert {capture.fault.kind for capture in tried.branches["deadly"].values()} == {"died"}
    assert tried.captures["value"].value.data.tolist() == [0, 2, 4]


def suicidal(request: Request) -> Run:
    """A runner whose process is killed for one of the requests."""
    if request.notebook.cells[0].source == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return Run("complete", captures={"error": Capture(Raised("E", ""))})


def test_a_killed_worker_costs_only_its_own_run():
    requests = {f"{i}": Request(Notebook((Cell("given-1", Role.GIVEN, "die" if i == 2 else "live"),))) for i in range(6)}
    runs = dict(run_many(requests, 2, suicidal))
    assert {name: run.state for name, run in runs.items()} == {f"{i}": "ours" if i == 2 else "complete" for i in range(6)}
    assert "twice" in runs["2"].notes[0]


def test_a_probe_that_draws_gives_the_same_each_time():
    """Python seeds `random` anew in a forked copy; a probe must not notice."""
    probe = Probe("draws", "def draws(nb):\n    import random\n    return random.random()")
    request = Request(notebook(RIGHT), {"double": [probe]})
    values = {run.captures["draws"].value for _, run in run_many({"a": request, "b": request}, 2, execute)}
    assert len(values) == 1
