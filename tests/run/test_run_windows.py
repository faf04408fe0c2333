"""A notebook that wants its figures in windows, or drawn by a browser, has them drawn as ever."""

import pytest
from run_cells import blank, book, cell, check, given, probes, states

from grader.run import Kernels, Request
from grader.settings import Limits

WANTED = {
    "a magic": "%matplotlib qt",
    "a magic, then another": "%matplotlib tk\n%matplotlib inline\n%matplotlib Qt",
    "a browser": "%matplotlib notebook",
    "a widget, not installed": "%matplotlib widget",
    "pylab": "%pylab qt",
    "use": "import matplotlib\nmatplotlib.use('TkAgg', force=True)",
    "switch": "plt.switch_backend('QtAgg')",
}
KERNELS = {"warm": Kernels(), "cold": Kernels(warm=False)}


def _drawn(kernels: Kernels, wanted: str, draws: str = "plt.plot([1, 2])\nplt.show()") -> tuple[list[str], list[int], list[int]]:
    """States of cells; figures captured, and pictures put out, by the cell that wants it and by a later one."""
    cells = book(
        given("import matplotlib.pyplot as plt"),
        blank("wants", f"{wanted}\n{draws}"),
        check("wants"),
        blank("late", "fig, ax = plt.subplots()\nax.plot([2, 1])"),
        check("late"),
    )
    asks = {name: probes(**{f"of_{name}": f"len(nb.figures('{name}'))"}) for name in ("wants", "late")}
    ran = kernels.execute(Request(cells, asks))
    shown = [sum("image/png" in o.get("data", {}) for o in cell(ran, f"blank-{name}").outputs) for name in asks]
    return list(states(ran).values()), [ran.captures[f"of_{name}"].value for name in asks], shown


@pytest.mark.parametrize("wanted", WANTED)
def test_figures_are_drawn_as_with_inline(wanted: str) -> None:
    assert _drawn(KERNELS["warm"], WANTED[wanted]) == (["ok", "ok", "skipped", "ok", "skipped"], [1, 1], [1, 1])


@pytest.mark.parametrize("wanted", ["a magic", "use"])
def test_in_a_cold_kernel_too(wanted: str) -> None:
    assert _drawn(KERNELS["cold"], WANTED[wanted]) == (["ok", "ok", "skipped", "ok", "skipped"], [1, 1], [1, 1])


def test_what_opens_no_window_is_as_ever() -> None:
    """And what nobody knows is an error of matplotlib's own."""
    states_, captured, shown = _drawn(KERNELS["warm"], "import matplotlib\nmatplotlib.use(backend='agg')")
    assert (states_[1], captured, shown) == ("ok", [1, 1], [0, 0])
    states_, captured, shown = _drawn(KERNELS["warm"], "plt.switch_backend('nobody knows')")
    assert (states_[1], states_[3], captured[1], shown[1]) == ("error", "ok", 1, 1)


def test_a_window_that_is_asked_for_by_name_is_one_too() -> None:
    assert _drawn(KERNELS["warm"], "import matplotlib\nmatplotlib.use(backend='TkAgg')")[0][1] == "ok"


WAITS = {
    "clicks": "told = plt.ginput(2)",
    "clicks, for ever": "told = plt.ginput(timeout=0)",
    "a button, for ever": "told = plt.waitforbuttonpress()",
    "a pause": "for epoch in range(3):\n    plt.cla()\n    plt.plot([epoch])\n    told = plt.pause(30)",
}


@pytest.mark.parametrize("name", WAITS)
def test_nobody_is_waited_for(name: str) -> None:
    cells = book(given("import matplotlib.pyplot as plt"), blank("waits", f"plt.plot([1, 2])\n{WAITS[name]}"), check("waits"))
    ran = KERNELS["warm"].execute(Request(cells, {"waits": probes(told="nb.told")}, limits=Limits(cell=20)))
    assert list(states(ran).values()) == ["ok", "ok", "skipped"]
    assert ran.captures["told"].value == ([] if "click" in name else None)
    assert cell(ran, "blank-waits").seconds < 10
