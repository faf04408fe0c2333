"""A notebook that names CUDA runs on a GPU where there is one that its kernel may see."""

from pathlib import Path

import pytest
from run_cells import blank, book, check

from grader.run import Kernels, Request
from grader.run.device import on_gpu
from grader.run.plan import Plan
from grader.run.private import Private
from grader.settings import Limits

NAMES_IT = Request(book(blank("a", "x = torch.ones(1).to('cuda:0')"), check("a")))
NAMES_NONE = Request(book(blank("a", "x = torch.ones(1)"), check("a")))


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.run.device._DRIVER", Path(__file__))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.usefixtures("gpu")
def test_who_names_it_runs_there_unless_shut_off() -> None:
    assert on_gpu(NAMES_IT, Kernels()).device == "cuda"
    assert on_gpu(NAMES_IT, Kernels(isolated=True)) is NAMES_IT
    assert on_gpu(NAMES_NONE, Kernels()) is NAMES_NONE
    assert on_gpu(NAMES_IT, Kernels()).cells_key({}) != NAMES_IT.cells_key({})


@pytest.mark.usefixtures("gpu")
def test_one_that_is_hidden_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert on_gpu(NAMES_IT, Kernels()) is NAMES_IT


def test_where_there_is_none_all_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.run.device._DRIVER", Path("no such file"))
    assert on_gpu(NAMES_IT, Kernels()) is NAMES_IT


def test_what_is_to_be_isolated_is_never_started_otherwise() -> None:
    with Private(device="cuda") as private:
        assert Plan(Kernels(isolated=True), private, Limits()).served
        assert not Plan(Kernels(), private, Limits()).served
