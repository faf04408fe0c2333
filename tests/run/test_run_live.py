"""A Session in a student's live notebook: nobody drives it, so it has to find out by itself whose cell is running."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from grader.run.inside import Session


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    plt.close("all")
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(colors="nocolor")
    InteractiveShell.clear_instance()


@pytest.fixture
def session(shell: InteractiveShell) -> Session:
    session = Session(shell.user_ns)
    session.install(shell)
    shell.run_cell("import matplotlib.pyplot as plt")
    return session


def drawn(session: Session, blank: str) -> list[float]:
    """The y values of the first line of each figure of a blank."""
    taken = session.take(f"def it(nb):\n    return nb.figures({blank!r})", "it", {}, 10)
    assert taken.fault is None
    return [figure.axes[0].lines[0].y[0] for figure in taken.value]


def run(shell: InteractiveShell, source: str, cell_id: str = "") -> None:
    shell.run_cell(source, store_history=True, cell_id=cell_id or None)


def test_figures_by_marker_by_id_and_by_the_cell_before(shell: InteractiveShell, session: Session) -> None:
    run(shell, "plt.plot([1]); plt.close()", "given-1")
    run(shell, "# blank: curve\nplt.plot([2]); plt.close()", "7f3a-random")
    run(shell, "plt.plot([3]); plt.close()", "another-random")  # the answer goes on below
    run(shell, "plt.plot([4]); plt.close()", "check-curve")
    run(shell, "plt.plot([5]); plt.close()", "blank-other")
    assert drawn(session, "curve") == [2.0, 3.0]
    assert drawn(session, "other") == [5.0]


def test_a_cell_that_runs_again_replaces_its_figures(shell: InteractiveShell, session: Session) -> None:
    run(shell, "# blank: curve\nplt.plot([1]); plt.close()", "blank-curve")
    run(shell, "# blank: curve\nplt.plot([2]); plt.close()", "blank-curve")
    assert drawn(session, "curve") == [2.0]


def test_the_set_up_cell_may_run_again(shell: InteractiveShell, session: Session) -> None:
    again = Session(shell.user_ns)
    again.install(shell)
    run(shell, "plt.plot([1]); plt.close(); plt.plot([2])", "blank-curve")
    assert drawn(again, "curve") == [1.0, 2.0]
    assert drawn(session, "curve") == []
    assert len(shell.events.callbacks["pre_run_cell"]) == 1


def test_places_are_told(shell: InteractiveShell, session: Session) -> None:
    run(shell, "# blank: f\ndef f():\n    return 1 / 0", "blank-f")
    fault = session.take("def it(nb):\n    return nb.f()", "it", {}, 10).fault
    assert fault is not None
    assert (fault.cell, fault.line, fault.type) == ("blank-f", 3, "ZeroDivisionError")
    run(shell, "# blank: g\ndef g(): return [][1]")
    fault = session.take("def it(nb):\n    return nb.g()", "it", {}, 10).fault
    assert fault is not None
    assert (fault.cell, fault.line) == ("blank-g", 2)


def test_history_does_not_know_of_probes(shell: InteractiveShell, session: Session) -> None:
    run(shell, "a = 1", "blank-a")
    before = shell.execution_count, list(shell.user_ns["In"]), set(shell.user_ns)
    assert session.take("def it(nb):\n    return nb.a", "it", {}, 10).value == 1
    assert (shell.execution_count, shell.user_ns["In"], set(shell.user_ns)) == before


def test_inside_a_real_live_kernel() -> None:
    """As a student has it: a kernel with threads, torch with all cores, a check cell that takes probes while it runs."""
    from jupyter_client.manager import start_new_kernel

    code = """
        import torch, numpy as np, matplotlib.pyplot as plt
        from grader.run.inside import Session
        session = Session(get_ipython().user_ns); session.install(get_ipython())
        import logging, sys
        kept, handler = sys.stdout, logging.StreamHandler(sys.stdout)
        net = torch.nn.Linear(300, 300)
        net(torch.randn(1000, 300)).sum().backward()
    """
    asks = """
        probe = "def it(nb):\\n    nb.net(torch.ones(1000, 300)).sum().backward(); print('unseen')"
        probe += "; nb.fork and nb.kept.write('unseen'); nb.kept.flush(); return nb.figures('curve')"
        for fork in (sys.platform.startswith("linux"), False, None):
            taken = session.take(probe, "it", {}, 20, fork=fork)
            print(taken.fault, len(taken.value), taken.value[0].axes[0].lines[0].y)
    """
    manager, client = start_new_kernel(kernel_name="python3", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    said: list[dict[str, Any]] = []
    try:
        for cell in (code, "# blank: curve\nplt.plot([1, 2]); plt.show()", asks):
            reply = client.execute_interactive(textwrap.dedent(cell), output_hook=said.append, timeout=60)
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    text = "".join(m["content"]["text"] for m in said if m["msg_type"] == "stream" and m["content"]["name"] == "stdout")
    assert text == "None 1 [1. 2.]\n" * 3


def test_the_kernels_side_is_light() -> None:
    """A student's notebook and every kernel import it: neither nbclient nor the layers above may come along."""
    code = "import sys, grader.run.inside; print([m for m in sys.modules if m.split('.')[0] in ('nbclient', 'nbformat', 'torch', 'jinja2')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
