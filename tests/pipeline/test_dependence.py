"""Which blanks lean on which, told from the sources."""

import pytest

from grader.dependence import dependence
from grader.judging import Probe
from grader.notebook import Cell, Notebook, Role


def behind(*cells: tuple[str, str], probes: dict[str, str] | None = None) -> dict[str, set[str]]:
    """cells: ("", source) is given, ("+", source) the student's own, (name, source) the blank `name`, which defines its name."""
    made, names = [], []
    for number, (name, source) in enumerate(cells):
        role = {"": Role.GIVEN, "+": Role.EXTRA}.get(name, Role.BLANK)
        made.append(Cell(f"c-{number}", role, source, name if role is Role.BLANK else ""))
        if role is Role.BLANK:
            names.append(name)
            made.append(Cell(f"check-{name}", Role.CHECK, "", name))
    asked = {name: [Probe("p", source)] for name, source in (probes or {}).items()}
    return {k: set(v) for k, v in dependence(Notebook(tuple(made)), asked, {n: (n,) for n in names}).items()}


def test_a_name_leads_to_the_blank_that_bound_it():
    found = behind(("f", "def f(x):\n    return x"), ("", "y = f(2)"), ("g", "g = y + 1"), ("h", "h = 3"))
    assert found == {"f": set(), "g": {"f"}, "h": set()}


def test_a_function_leads_to_what_it_looks_up_when_it_is_called():
    found = behind(("", "def both():\n    return late()"), ("late", "late = lambda: 1"), ("g", "g = both()"))
    assert found["g"] == {"late"}


def test_parameters_and_local_names_are_no_names_of_the_notebook():
    found = behind(
        ("net", "net = 1"), ("f", "def f(net):\n    loss = net + 1\n    return loss"), ("loss", "loss = 2"), ("g", "g = f")
    )
    assert found == {"net": set(), "f": set(), "loss": set(), "g": {"f"}}


def test_a_probe_leads_to_what_it_asks_for():
    found = behind(("f", "f = 1"), ("g", "g = 2"), probes={"g": "def p(nb):\n    return nb.g, nb['f'], nb.given.h"})
    assert found["g"] == {"f"}


@pytest.mark.parametrize(
    "change",
    ["net.train()", "net[0] = 1", "net.bias = 2", "optimizr.step()", "torch.nn.init.zeros_(net)", "fit(net)", "fit(net=net)"],
)
def test_what_a_blank_changes_is_in_its_hands(change):
    given = "import torch\nnet = torch.nn.Linear(1, 1)\noptimizr = torch.optim.Adam(net.parameters())\ndef fit(net):\n    net.zero_grad()"
    found = behind(("", given), ("a", f"{change}\na = 1"), ("b", "b = net(1)"))
    assert found["b"] == {"a"}


@pytest.mark.parametrize("use", ["net(1)", "print(net)", "torch.sum(net)", "net.weight", "look(net)", "x = [net]"])
def test_what_a_blank_only_uses_is_not(use):
    given = "import torch\nnet = torch.nn.Linear(1, 1)\ndef look(net):\n    return net.weight"
    found = behind(("", given), ("a", f"{use}\na = 1"), ("b", "b = net(1)"))
    assert found["b"] == set()


def test_an_own_cell_above_the_check_belongs_to_the_answer():
    cells = [Cell("1", Role.BLANK, "f = 1", "f"), Cell("2", Role.CHECK, "", "f"), Cell("3", Role.BLANK, "g = ...", "g")]
    cells += [Cell("4", Role.EXTRA, "g = f"), Cell("5", Role.CHECK, "", "g")]
    assert dependence(Notebook(tuple(cells)), {}, {"f": ("f",), "g": ("g",)})["g"] == {"f"}


def test_what_is_no_python_leans_on_all_it_names():
    assert behind(("f", "f = 1"), ("g", "g = f +* 2"))["g"] == {"f"}
