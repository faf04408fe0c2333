"""A key is the same however its mistakes are run, and what is kept is not run again."""

import dataclasses

import pytest

from grader.keying import RunCache, Workshop, make_key
from grader.run import Request, execute


def without_branches(request: Request):
    """A runner where no copy of a kernel can be had."""
    return dataclasses.replace(execute(dataclasses.replace(request, branches={})), branches={})


def test_whole_runs_give_the_same_key(built_line, bundle):
    key = make_key(built_line, Workshop(runner=without_branches, jobs=2))
    assert key.to_bytes() == bundle.key.read_bytes()


def test_what_is_kept_is_not_run_again(built_line, bundle, workshop):
    def refuse(request: Request):
        raise AssertionError("this was to be in the cache")

    again = make_key(built_line, dataclasses.replace(workshop, runner=refuse, jobs=workshop.jobs))
    assert again.to_bytes() == bundle.key.read_bytes()


@pytest.mark.slow
def test_a_damaged_cache_is_as_good_as_none(built_line, bundle, tmp_path):
    cache = RunCache(tmp_path / "runs")
    make_key(built_line, Workshop(jobs=2, cache=cache))
    for path in (tmp_path / "runs").glob("*.run"):
        path.write_bytes(path.read_bytes()[:-7])
    assert make_key(built_line, Workshop(jobs=2, cache=cache)).to_bytes() == bundle.key.read_bytes()


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path, built_line, bundle, workshop):
    (tmp_path / "file").write_text("")
    cache = RunCache(tmp_path / "file" / "runs")
    run = workshop.cache.get(next(path.stem for path in workshop.cache.folder.glob("*.run")))
    cache.keep("x", run)
    assert cache.get("x") is None
