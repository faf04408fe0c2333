"""A line that feedback names is the line of the student's cell, its marker counted."""

from __future__ import annotations

from grader.sourcecode import part_defining

CELL = "# blank: f\nimport torch\nprint(1)\n\n@decorated\ndef f(x):\n    return torch.tanh(x)\n"


def test_statements_stay_where_they_stand_in_the_cell() -> None:
    part = part_defining("f", [CELL], ["g = 1"], in_place=True)
    assert part is not None
    assert part.split("\n") == ["", "import torch", "", "", "@decorated", "def f(x):", "    return torch.tanh(x)", ""]


def test_where_another_cell_helps_they_are_put_together() -> None:
    cell = "# blank: f\ndef f(x):\n    return g(x)"
    assert part_defining("f", [cell], ["g = torch.tanh"], in_place=True) == "g = torch.tanh\ndef f(x):\n    return g(x)"
    assert part_defining("f", [cell]) == "def f(x):\n    return g(x)"
