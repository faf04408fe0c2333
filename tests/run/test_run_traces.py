"""What a student reads of an error: the cell and the library, and nothing of ours."""

import re
from types import SimpleNamespace

import pytest
from run_cells import blank, run_book
from run_cells import given as given_cell

from grader.run import traces

ERRORS = {
    "a request for a GPU": ("torch.ones(2).to('cuda', wrong=1)", "wrong"),
    "a step": ("optimizr.step(lambda: 1 / 0)", "division by zero"),
    "backward": ("loss.backward()\nloss.backward()", "a second time"),
    "backward of many": ("(p * 2).backward()", "only for scalar outputs"),
    "an error that leads to another": (
        "try:\n    torch.ones(2).to('cuda', wrong=1)\nexcept TypeError as error:\n    raise ValueError('mine') from error",
        "mine",
    ),
    "one that came while another was dealt with": (
        "try:\n    torch.ones(2).to('cuda', wrong=1)\nexcept TypeError:\n    1 / 0",
        "division by zero",
    ),
}
SETUP = "import torch\np = torch.nn.Parameter(torch.ones(2))\nloss = p.exp().sum()\noptimizr = torch.optim.Adam([p])"


@pytest.mark.parametrize("name", ERRORS)
def test_errors_show_nothing_of_ours(name: str) -> None:
    source, said = ERRORS[name]
    ran = run_book(given_cell(SETUP), blank("wrong", source))
    (shown,) = next(cell for cell in ran.cells if cell.outputs).outputs
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(shown["traceback"]))
    assert said in text
    assert "Cell In[2]" in text
    assert "grader" not in text


class Odd(Exception):
    """Does not let anybody look where it comes from."""

    @property
    def __cause__(self) -> None:  # type: ignore[override]
        raise RuntimeError

    def __setattr__(self, name: str, value: object) -> None:
        raise RuntimeError


def _raised() -> Odd:
    try:
        raise Odd
    except Odd as error:
        return error


def test_an_odd_error_is_shown_as_it_is() -> None:
    error = _raised()
    ip = SimpleNamespace(_get_exc_info=lambda told: told)
    traces.leave_out_ours(ip)
    assert ip._get_exc_info((Odd, error, error.__traceback__)) == (Odd, error, error.__traceback__)


def test_a_shell_that_does_it_otherwise_is_left_alone() -> None:
    ip = SimpleNamespace()
    traces.leave_out_ours(ip)
    assert vars(ip) == {}
