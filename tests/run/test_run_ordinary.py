"""A notebook as most are: what runs and what does not, where, in what order, and what is kept of it. Real kernels."""

import random
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from run_cells import blank, book, check, extra, given, printed, probe, probes, run_book, setup, states

from grader.result import CellRun, Fault, Run
from grader.run import Request, execute, run, versions
from grader.settings import Limits
from grader.values import FigureData, capture

CELLS = (
    setup("print('set-up ran'); import no_such_module"),
    given(
        "import random, sys, os\nimport numpy as np, torch\nimport matplotlib.pyplot as plt\nfrom torch import nn\nprint('hello')"
    ),
    blank("net", "torch.manual_seed(1)\nnet = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))\nsecret_before = torch.rand(1)"),
    check("net"),
    given("print(torch.rand(2).tolist(), np.random.rand(), random.random(), net.training)"),
    blank("wrong", "def later(x):\n    return x @ torch.ones(3)\n\nx = 1\ny = x / 0"),
    check("wrong"),
    extra("print('an extra cell', x)"),
    blank("nothing", "   "),
    blank("syntax", "a = 1\nif a\n    b = 2"),
    blank("caller", "z = 1\nlater(torch.ones(4))"),
    given("%time q = 1\nprint(open('table.csv').read(), os.listdir('.'))"),
    blank("shown", "from IPython.display import display, HTML\ndisplay(HTML('<b>bold</b>'))\n'last value'"),
    blank(
        "warns",
        "import warnings, logging\nwarnings.warn('careful')\nlogging.warning('logged')\nprint('to stderr', file=sys.stderr)",
    ),
    given("import builtins\nprint(sorted(n for n in globals() if 'grader' in n or 'serve' in n or n == 'ip'))"),
)

ASKED = {
    "net": [
        *probes(
            state="nb.net.state_dict()", silent="[nb.net.train(), torch.rand(3), nb.random.random(), print('never seen')][0]"
        ),
        probe("def doubled(nb):\n    return nb.net.eval()(nb.given.x)", {"x": capture(torch.ones(1, 2))}),
    ],
    "wrong": probes(missing="nb.y", ours_is_later="nb.later(torch.ones(4))", x="nb.x"),
    "nothing": probes(at_the_end="[nb.x, nb.later.__name__]"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "table.csv").write_text("1,2,3")
    (folder / "deep").mkdir()
    (folder / "deep" / "file.txt").write_text("x")
    return folder


@pytest.fixture(scope="module")
def progress() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def ran(data: Path, progress: list[tuple[int, int]]) -> Run:
    return run(book(*CELLS), ASKED, Limits(20, 60, 10), data=data, seed=3, on_cell=lambda *seen: progress.append(seen))


def cell(ran: Run, name: str) -> CellRun:
    return next(c for c in ran.cells if c.id == name)


def test_it_is_complete_and_says_so(ran: Run) -> None:
    assert (ran.state, ran.notes) == ("complete", [])
    assert states(ran) == {
        "setup": "skipped",
        "given-1": "ok",
        "blank-net": "ok",
        "check-net": "skipped",
        "given-4": "ok",
        "blank-wrong": "error",
        "check-wrong": "skipped",
        "extra-7": "ok",
        "blank-nothing": "ok",
        "blank-syntax": "error",
        "blank-caller": "error",
        "given-11": "ok",
        "blank-shown": "ok",
        "blank-warns": "ok",
        "given-14": "ok",
    }
    assert 0 < ran.seconds < 60
    assert ran.versions == versions()


def test_progress_is_told(ran: Run, progress: list[tuple[int, int]]) -> None:
    total = len(CELLS)
    assert {all_ for _, all_ in progress} == {total}
    assert progress[0][0] == 2  # the set-up cell counts as done
    assert progress[-1] == (total, total)
    assert progress == sorted(progress)


def test_values_come_out(ran: Run) -> None:
    torch.manual_seed(1)
    net = torch.nn.Linear(2, 2)
    state = ran.captures["state"].value
    assert np.array_equal(state["0.weight"].data, net.weight.detach().numpy())
    assert ran.captures["state"].seconds > 0
    assert np.allclose(ran.captures["doubled"].value.data, net(torch.ones(1, 2)).detach().numpy())
    assert ran.captures["at_the_end"].value == [1, "later"]
    assert ran.captures["x"].value == 1


def test_faults_are_told_with_their_place(ran: Run) -> None:
    assert ran.captures["missing"].fault == Fault("not_defined", name="y")
    fault = ran.captures["ours_is_later"].fault
    assert fault is not None
    assert (fault.kind, fault.type, fault.cell, fault.line) == ("raised", "RuntimeError", "blank-wrong", 2)


def test_errors_are_told_in_one_line_with_their_place(ran: Run) -> None:
    assert (cell(ran, "blank-wrong").error, cell(ran, "blank-wrong").line) == ("ZeroDivisionError: division by zero", 5)
    syntax = cell(ran, "blank-syntax")
    assert syntax.error.startswith("SyntaxError: expected ':'")
    assert syntax.line == 2
    caller = cell(ran, "blank-caller")  # raised in another cell's function: the line is this cell's
    assert caller.error.startswith("RuntimeError: ")
    assert caller.line == 2


def test_a_probe_leaves_no_trace_in_the_kernel_and_the_seed_is_set(ran: Run) -> None:
    torch.manual_seed(1)
    torch.nn.Linear(2, 2), torch.rand(1)
    np.random.seed(3)
    random.seed(3)
    assert printed(ran, "given-4") == f"{torch.rand(2).tolist()} {np.random.rand()} {random.random()} True\n"
    assert "never seen" not in str(ran.cells)


def test_the_working_directory_has_the_data_and_nothing_else(ran: Run) -> None:
    assert "1,2,3 ['deep', 'table.csv']" in printed(ran, "given-11").replace("['table.csv', 'deep']", "['deep', 'table.csv']")


def test_we_leave_no_names(ran: Run) -> None:
    assert printed(ran, "given-14") == "[]\n"


def test_outputs_are_kept_as_plain_nbformat(ran: Run) -> None:
    shown = cell(ran, "blank-shown").outputs
    assert [o["output_type"] for o in shown] == ["display_data", "execute_result"]
    assert shown[0]["data"]["text/html"] == "<b>bold</b>"
    assert shown[1]["data"] == {"text/plain": "'last value'"}
    assert type(shown[0]) is dict
    assert "\x1b[" in "".join(cell(ran, "blank-wrong").outputs[-1]["traceback"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[nbformat.from_dict(o) for o in shown])])
    nbformat.validate(notebook)


def test_warnings_and_stderr_change_nothing(ran: Run) -> None:
    warns = cell(ran, "blank-warns")
    assert warns.state == "ok"
    text = "".join(o["text"] for o in warns.outputs)
    assert "careful" in text
    assert "to stderr" in text


def test_a_run_can_be_kept(ran: Run) -> None:
    again = Run.from_bytes(ran.to_bytes())
    assert again.cells == ran.cells
    assert again.captures["missing"] == ran.captures["missing"]


# --------------------------------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def drawn() -> Run:
    return run_book(
        given("import matplotlib.pyplot as plt\nplt.plot([0, 0])"),
        blank("left_open", "plt.plot([1, 2], label='a')\nplt.title('open')"),
        blank("shown", "plt.plot([3])\nplt.show()\nplt.plot([4])\nplt.show()\nplt.figure(); plt.imshow([[5, 6]])"),
        extra("plt.plot([7])", name="shown"),
        blank("closed", "fig, ax = plt.subplots(1, 2)\nax[1].plot([8])\nplt.close(fig)\nplt.plot([9])\nplt.close()\n1 / 0"),
        extra("plt.plot([10])"),
        blank("agg", "plt.switch_backend('agg')\nplt.plot([11])"),
        blank("agg2", "x = 1"),
        blank("agg3", "plt.plot([12])"),
        asks={
            "": probes(
                **{name: f"nb.figures({name!r})" for name in ("left_open", "shown", "closed", "agg", "agg2", "agg3", "unknown")}
            ),
            "live": probes(live="[nb.figures('agg')[0].axes[0].lines[0].y, nb.plt.gcf()]"),
        },
    )


def lines(drawn: Run, name: str) -> list[list[float]]:
    """Of each figure: the y values of all its lines."""
    figures = drawn.captures[name].value
    assert all(isinstance(figure, FigureData) for figure in figures)
    return [[y for axes in figure.axes for line in axes.lines for y in line.y.tolist()] for figure in figures]


def test_figures_are_captured_as_each_cell_ends(drawn: Run) -> None:
    assert lines(drawn, "left_open") == [[1.0, 2.0]]
    assert drawn.captures["left_open"].value[0].axes[0].title == "open"


def test_figures_that_a_cell_shows_or_closes_itself_are_captured(drawn: Run) -> None:
    assert lines(drawn, "shown") == [[3.0], [4.0], [], [7.0]]
    assert drawn.captures["shown"].value[2].axes[0].images[0].tolist() == [[5.0, 6.0]]
    assert lines(drawn, "closed") == [[8.0], [9.0]]
    assert lines(drawn, "unknown") == []


def test_a_figure_left_open_counts_for_the_cells_that_draw_in_it(drawn: Run) -> None:
    assert lines(drawn, "agg") == [[11.0]]
    assert lines(drawn, "agg2") == []
    assert lines(drawn, "agg3") == [[11.0, 12.0]]
    assert isinstance(drawn.captures["live"].value[1], FigureData)


def test_the_figures_are_among_the_outputs_too(drawn: Run) -> None:
    assert "image/png" in str(cell(drawn, "blank-left_open").outputs)
    assert str(cell(drawn, "blank-shown").outputs).count("'image/png'") == 3


# ---------------------------------------------------------------------------------------------------------------- the rest


def test_versions_are_told_without_importing_torch() -> None:
    import subprocess

    code = "import sys, grader.run; print(grader.run.versions()); print([m for m in ('torch', 'nbclient', 'nbformat') if m in sys.modules])"
    told, imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert imported == "[]"
    assert {"python", "grader", "torch", "numpy"} <= versions().keys()
    assert eval(told) == versions()


def test_execute_is_a_runner() -> None:
    ran = execute(Request(book(blank("a", "a = 1"), check("a")), {"a": probes(a="nb.a")}))
    assert ran.captures["a"].value == 1


def test_a_device_that_is_not_there_is_the_cpu_and_said_so() -> None:
    """As lectures write it; and what asks for none is told nothing."""
    source = "import torch\nnet = torch.nn.Linear(1, 1).to('cuda:0')\ny = net(torch.ones(2, 1).to('cuda:0')).sum().item()"
    ran = run_book(blank("a", source), check("a"), asks={"a": probes(y="nb.y", where="str(nb.net.weight.device)")})
    assert states(ran)["blank-a"] == "ok"
    assert ran.captures["where"].value == "cpu"
    assert ran.notes == ["The notebook asks for cuda:0. There is no GPU here: it ran on the CPU."]
    assert run_book(blank("a", "a = 1")).notes == []
