"""Tolerances are measured: what right and wrong runs need is known by construction here."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from grader.assignment import Assignment, Course
from grader.calibrate import Verdict, advise, calibrate, largest_difference, needed, scaled, tolerances, ways
from grader.calibrate import runs as runs_of_calibrate
from grader.calibrate.advice import rounded
from grader.calibrate.needed import explicit
from grader.cli import app
from grader.errors import UsageError
from grader.judging import (
    Accuracy,
    Agree,
    Close,
    Earlier,
    Evidence,
    Exact,
    Figure,
    HiddenStates,
    Losses,
    SuccessRate,
    Text,
    Weights,
)
from grader.keying import Workshop
from grader.report.calibration import Row, kind_of, picture
from grader.run.fake import FakeRunner
from grader.run.seeds import STEP
from grader.values import capture

INF = math.inf

# ------------------------------------------------------------------------------------------------- what one value needs


def evidence(value: object, expected: object, earlier: object = None) -> Evidence:
    return Evidence(capture(value), capture(expected), "", {"before": Earlier(capture(earlier), True)})


@settings(deadline=None, max_examples=200)
@given(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3), st.lists(st.floats(-10, 10), min_size=1, max_size=5), st.data())
def test_the_needed_factor_is_difference_over_tolerance(atol, difference, numbers, data):
    expected = np.array(numbers)
    value = expected.copy()
    value[data.draw(st.integers(0, len(numbers) - 1))] += difference
    found = needed(Close(atol=atol, rtol=0.0), evidence(value, expected))
    assert found == pytest.approx(np.abs(value - expected).max() / atol, rel=0.011, abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(st.floats(1e-4, 1.0), st.floats(1e-4, 1.0), st.floats(1e-3, 10))
def test_all_tolerances_are_scaled_together(atol, rtol, difference):
    """|value - expected| <= k (atol + rtol |expected|)"""
    found = needed(Close(atol=atol, rtol=rtol), evidence(3.0 + difference, 3.0))
    assert found == pytest.approx(difference / (atol + 3 * rtol), rel=0.011)


@pytest.mark.parametrize(
    ("comparator", "value", "expected"),
    [
        (Weights(atol=0.1), {"weight": torch.tensor([[1.0]])}, {"weight": torch.tensor([[1.5]])}),
        (Agree("before", atol=0.1, rtol=0.0), torch.tensor([1.5]), None),
    ],
)
def test_other_comparators_with_tolerances(comparator, value, expected):
    seen = evidence(value, expected, torch.tensor([1.0]))
    factor = needed(comparator, seen)
    assert factor == pytest.approx(5, rel=0.011)
    assert needed(scaled(comparator, factor), seen) == pytest.approx(1, rel=0.011)


def test_what_no_tolerance_passes_needs_infinity_and_the_same_needs_nothing():
    close = Close(atol=1e-3)
    assert needed(close, evidence(torch.ones(3), torch.ones(3))) == 0
    assert needed(close, evidence(torch.ones(3), torch.ones(2))) == INF
    assert needed(close, evidence(torch.tensor([math.nan]), torch.ones(1))) == INF
    assert needed(close, evidence("a", torch.ones(1))) == INF
    assert (needed(Exact(), evidence(1, 1)), needed(Exact(), evidence(1, 2))) == (0, INF)


def test_only_distances_are_tolerances():
    assert tolerances(Losses(atol=0.1, band=0.2, final_within=0.3, final=0.4, decrease=0.5, converged=0.6)) == {
        "atol": 0.1,
        "band": 0.2,
        "final_within": 0.3,
    }
    assert tolerances(HiddenStates()) == {"atol": 1e-4}
    for none in (HiddenStates(upto="affine"), Figure(lines=False, images=False), Close(atol=0, rtol=0), Text(), Exact()):
        assert tolerances(none) == {}, none
    for threshold in (Accuracy(at_least=0.9), SuccessRate(at_least=0.5)):
        assert tolerances(threshold) == {}


def test_the_tolerance_of_the_dtype_is_written_out():
    """As in torch.testing.assert_close; of several dtypes, the coarsest."""
    assert explicit(Close(), capture(torch.ones(2))) == Close(rtol=1.3e-6, atol=1e-5)
    assert explicit(Close(), capture(torch.ones(2).double())) == Close(rtol=1e-7, atol=1e-7)
    assert explicit(Close(), capture([torch.ones(2).double(), 1, torch.ones(2).half()])) == Close(rtol=1e-3, atol=1e-5)
    assert explicit(Close(atol=0.5), capture(torch.ones(2))) == Close(rtol=1.3e-6, atol=0.5)
    assert explicit(Agree("before"), capture(1.0)) == Agree("before", rtol=1.3e-6, atol=1e-5)
    assert explicit(Losses(), capture(torch.ones(2))) == Losses(rtol=1.3e-6, atol=1e-5)
    assert explicit(Losses(band=0.1), capture(torch.ones(2))) == Losses(band=0.1)
    assert tolerances(explicit(Close(), capture([1, True, "a"]))) == {}


def test_the_largest_difference():
    some = {"a": torch.tensor([1.0, 2.0]), "b": [1, 2.5], "c": "text"}
    other = {"a": torch.tensor([1.0, 2.5]), "b": [1, 2.25], "c": "other"}
    assert largest_difference(capture(some), capture(other)) == 0.5
    assert largest_difference(capture(torch.ones(2)), capture(torch.ones(3))) is None
    assert largest_difference(capture(torch.tensor([math.nan])), capture(torch.ones(1))) is None
    assert largest_difference(capture(torch.tensor([math.nan, math.inf])), capture(torch.tensor([math.nan, math.inf]))) == 0
    assert largest_difference("a", "b") is None


# --------------------------------------------------------------------------------------------------------------- advice


@pytest.mark.parametrize(
    ("noise", "seeds", "mistakes", "verdict"),
    [
        (0.0, [], {}, "ok"),
        (0.01, [], {"m": 50.0}, "ok"),
        (0.5, [], {"m": 50.0}, "tight"),
        (2.0, [], {"m": 50.0}, "too tight"),
        (0.01, [], {"m": 0.5, "n": 7.0}, "too loose"),
        (0.5, [], {"m": 0.4}, "no gap"),
        (2.0, [], {"m": 1.5}, "no gap"),
        (INF, [], {"m": 1.5}, "unstable"),
        (0.0, [9.0, 8.0, 7.0, 6.0], {"m": 5.0}, "ok"),  # for the author's seed only
        (0.0, [0.5, 0.6, 0.7, 6.0], {"m": 50.0}, "too tight"),  # most pass, so all should
        (0.0, [0.5, 0.6, 0.7, 6.0], {"m": 5.0}, "no gap"),
        (0.0, [0.5, 0.6, 0.7, INF], {"m": 5.0}, "ok"),  # no tolerance helps that one
    ],
)
def test_verdicts(noise, seeds, mistakes, verdict):
    found = advise({"again": noise}, {f"seed +{i}": s for i, s in enumerate(seeds)}, mistakes)
    assert found.verdict == verdict
    assert (found.factor is None) == (verdict in ("no gap", "unstable"))
    assert bool(found.why) == (verdict != "ok")


def test_other_seeds_count_when_the_author_says_so():
    seeds = {"seed +1": 9.0, "seed +2": 8.0}
    assert advise({}, seeds, {"m": 100.0}).verdict is Verdict.OK
    asked = advise({}, seeds, {"m": 1000.0}, other_seeds=True)
    assert (asked.verdict, asked.factor) == (Verdict.TOO_TIGHT, 18.0)
    assert advise({}, seeds, {"m": 5.0}, other_seeds=True).verdict is Verdict.NO_GAP


def test_a_check_without_a_tolerance_gets_no_advice_unless_it_fails_the_reference():
    assert advise({"again": 0.0}, {}, {"m": INF}, adjustable=False).verdict is Verdict.NONE
    assert advise({"again": INF}, {}, {}, adjustable=False).verdict is Verdict.UNSTABLE


factors = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@settings(deadline=None, max_examples=300)
@given(factors, st.lists(st.one_of(factors, st.just(INF)), max_size=4), st.floats(0, 2))
def test_what_is_suggested_stands_between_the_walls(noise, wrong, floor):
    mistakes = {f"m{i}": factor for i, factor in enumerate(wrong) if factor > 0}
    found = advise({"2 threads": noise}, {}, mistakes, floor=floor)
    nearest = min(mistakes.values(), default=INF)
    if nearest <= noise:
        assert (found.verdict, found.factor) == (Verdict.NO_GAP, None)
        return
    assert found.factor is not None
    assert noise <= found.factor < nearest
    if nearest >= 1e3 * noise and nearest >= 100 * floor:
        assert 10 * noise <= found.factor * 1.0001, "as far from the noise"
        assert found.factor <= nearest / 10 * 1.0001 or found.verdict is Verdict.OK, "as from the mistake"


@given(st.floats(1e-8, 1e8))
def test_round_numbers_are_near_and_keep_between_the_walls(value):
    free = rounded(value)
    assert float(f"{free:.0e}") == free
    assert f"{free:.0e}"[0] in "125"
    assert 0.6 < free / value < 1.7
    assert rounded(value, value * 0.97, value * 1.03) == pytest.approx(value, rel=0.051)


# ------------------------------------------------------------------------------------------------------------- the runs


def test_the_ways_to_run_it():
    assert [way.name for way in ways(2, 1)] == ["device plain", "seed +1", "seed +2"]
    assert [way.name for way in ways(0, 16, ("cuda",))] == ["2 threads", "8 threads", "device plain", "device cuda"]
    assert all(way.must_pass == (way.seed == 0) for way in ways(3, 4))
    with pytest.raises(UsageError, match="--seeds is -1"):
        ways(-1, 4)


CHECKS = '''
import torch

from grader.author import check, close, exact, mistake


@check("line", points=1, compare=close(atol=1e-2, rtol=0))
def values(nb):
    """Values."""
    return nb.line(torch.ones(1, 1), 1.0, 2.0)


@check("line", points=1, private=True, compare=exact())
def words(nb):
    """Words."""
    return "w"


mistake("line", replace={"+ b": "- b"}, says="Near.", name="near")
mistake("line", replace={"w * x + b": "w * x"}, says="Far.", name="far")
mistake("line", replace={"w * x + b": "b * x + w"}, says="Unseen here.", name="same")
mistake("fit", replace={"optimizr.step()": "pass"}, says="No step.", name="no_step")


@check("fit", points=1, compare=close(atol=1e-3, rtol=0))
def fitted(nb):
    """Fitted."""
    return list(nb.fit(torch.ones(2, 1), torch.ones(2, 1), epochs=1))
'''


@pytest.fixture
def tiny(course: Path) -> Assignment:
    (course / "assignments" / "line" / "checks.py").write_text(CHECKS)
    return Course(course).assignment("line", "quick")


class Answers:
    """What the fake runner says: the reference's value plus a known difference for each way to run it and each mistake."""

    def __init__(self, threads: float = 1e-4, plain: float = 0.0, seed: float = 5e-3, near: float = 0.05) -> None:
        self.noise = {2: threads}
        self.plain, self.seed, self.near = plain, seed, near

    def __call__(self, request):
        source = "\n".join(cell.source for cell in request.notebook)
        off = self.noise.get(request.threads, 0.0) + self.seed * request.seed
        off += self.plain if request.device == "plain" else 0.0
        line, fit = 3.0 + off, [1.0 + 10 * off, 2.0]
        if "w * x - b" in source:
            line += self.near
        elif "return w * x\n" in source:
            line = torch.ones(2)
        if "optimizr.step()" not in source or "register_optimizer_step_pre_hook" in source:
            fit = [0.0, 0.0]
        return {"values": capture(line), "words": "w", "fitted": capture(fit)}


def measured(tiny, monkeypatch, answers=None, **options):
    monkeypatch.setattr(runs_of_calibrate, "default_jobs", lambda: 2)
    monkeypatch.setattr(runs_of_calibrate, "devices", tuple)
    found = calibrate(tiny, Workshop(FakeRunner(answers or Answers())), seeds=2, **options)
    return found, {check.name: check for check in found.checks}


def test_spreads_and_mistakes_are_those_of_the_runs(tiny, monkeypatch):
    found, checks = measured(tiny, monkeypatch)
    values = checks["values"]
    near = pytest.approx
    assert values.tolerance == {"atol": 0.01}
    assert values.noise == {"again": 0, "2 threads": near(0.01, rel=0.02), "device plain": 0}
    assert values.seeds == {"seed +1": near(0.5, rel=0.02), "seed +2": near(1, rel=0.02)}
    assert values.mistakes == {"near": near(5, rel=0.02), "far": INF}
    assert (values.same, values.passed) == (["same"], ["same"])
    assert values.difference == {
        "again": 0,
        "2 threads": near(1e-4),
        "device plain": 0,
        "seed +1": near(5e-3),
        "seed +2": near(0.01),
    }
    assert (values.nearest, values.unit) == (near(5, rel=0.02), 0.01)
    assert found.ok
    words = checks["words"]
    assert (words.tolerance, words.advice.verdict, words.suggested) == ({}, Verdict.NONE, None)
    assert words.passed == ["near", "far", "same"]
    assert words.same == ["near", "far", "same"], "it sees none of them"


def test_a_tolerance_that_fails_the_reference_is_too_tight(tiny, monkeypatch):
    """`fitted` is ten times as noisy: 2e-3 of noise where 1e-3 is allowed, and 0.05 for seeds."""
    found, checks = measured(tiny, monkeypatch, Answers(threads=2e-4))
    fitted = checks["fitted"]
    assert fitted.failed(True) == ["2 threads"]
    assert fitted.advice.verdict is Verdict.TOO_TIGHT
    assert fitted.suggested == {"atol": 0.02}, "ten times the noise"
    assert not found.ok
    plain = found.to_json()["checks"]
    assert next(c for c in plain if c["name"] == "fitted")["right_failed"] == {"noise": pytest.approx(1 / 3), "seeds": 1.0}
    json.dumps(found.to_json(), allow_nan=False)


def test_a_mistake_that_passes_makes_it_too_loose(tiny, monkeypatch):
    _, checks = measured(tiny, monkeypatch, Answers(near=8e-3, seed=1.0))
    values = checks["values"]
    assert values.passed == ["near", "same"]
    assert values.advice.verdict is Verdict.TOO_LOOSE
    assert values.suggested is not None
    assert 1e-4 < values.suggested["atol"] < 8e-3
    assert "`near`" in values.advice.why


def test_no_tolerance_separates(tiny, monkeypatch):
    _, checks = measured(tiny, monkeypatch, Answers(near=4e-3), other_seeds=True)
    assert checks["values"].advice.verdict is Verdict.NO_GAP
    assert checks["values"].suggested is None
    assert "mistake `near`" in checks["values"].advice.why


def test_a_reference_that_fails_elsewhere_is_unstable(tiny, monkeypatch):
    answers = Answers()

    def broken(request):
        return answers(request) | ({"words": "v"} if request.threads == 2 else {})

    found, checks = measured(tiny, monkeypatch, broken)
    assert checks["words"].advice.verdict is Verdict.UNSTABLE
    assert "2 threads" in checks["words"].advice.why
    assert not found.ok


# --------------------------------------------------------------------------------------------------- picture and command


def test_the_picture_has_a_row_a_check():
    rows = [Row("first", [0.0, 0.01], [3.0], [20.0, INF], 1.0, "ok"), Row("second", [2.0], [], [], None, "no gap")]
    svg = picture(rows, "a title", "svg").decode()
    for text in ("first", "second", "no gap", "a title", "today&#x27;s", "never", "mistakes"):
        assert text in svg or text.replace("&#x27;", "'") in svg, text
    small, large = picture(rows, "t"), picture(rows * 10, "t")
    assert small.startswith(b"\x89PNG")
    heights = [int.from_bytes(png[20:24], "big") for png in (small, large)]
    assert heights[1] > 2 * heights[0]
    assert picture([], "nothing").startswith(b"\x89PNG")


def test_a_plot_that_cannot_be_written_is_told_before_anything_runs(tmp_path):
    assert kind_of(tmp_path / "a.PNG") == "png"
    with pytest.raises(UsageError, match=r"a plot is a \.png, \.svg or \.pdf"):
        kind_of(tmp_path / "a.gif")
    (tmp_path / "folder.png").mkdir()
    for file in (tmp_path / "none" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(UsageError, match="does not exist or cannot be written"):
            kind_of(file)


def test_the_command_says_what_fails(tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(runs_of_calibrate, "default_jobs", lambda: 2)
    monkeypatch.setattr(Workshop, "of", lambda *_, **__: Workshop(FakeRunner(Answers(threads=2e-4))))
    called = CliRunner().invoke(app, ["calibrate", "line", "--course", str(tiny.course), "--plot", str(tmp_path / "a.svg")])
    assert called.exit_code == 1, called.output
    lines = called.stdout.splitlines()
    assert all(len(line) <= 100 for line in lines)
    row = next(line for line in lines if line.startswith("fitted")).split()
    assert row == ["fitted", "0.002", "0.2", "2", "0.001", "0.02", "1/3", "4/4", "0/1", "too", "tight"]
    assert "1 fail the reference itself: fitted" in called.stdout
    assert "fitted" in (tmp_path / "a.svg").read_text()


NOISY = '''
import torch

from grader.author import check, close, mistake


@check("noisy", points=1, compare=close(atol=1e-2, rtol=0))
def threads_and_devices(nb):
    """Threads add 1e-3 each, a plain CPU 2e-3."""
    return nb.noisy(torch.zeros(3))


@check("noisy", points=1, compare=close(atol=1e-2, rtol=0))
def seeds(nb):
    """Draws."""
    return nb.drawn


mistake("noisy", replace={"x + noise": "x + noise + 0.05"}, says="Off by 0.05.")
'''


@pytest.mark.slow
def test_with_kernels(course, tmp_path):
    """The same from real runs: noise that is made of the thread count and the CPU, and numbers drawn with a seed."""
    folder = course / "assignments" / "line"
    (folder / "checks.py").write_text(NOISY)
    (folder / "assignment.toml").write_text('title = "Noise"\nreference = "line"\n[profiles.quick]\n')
    (folder / "notebook.md.j2").write_text(
        "# Noise\n\n```python\nimport torch\n"
        "noise = 1e-3 * (torch.get_num_threads() - 1)\n"
        "noise += 2e-3 * (torch.backends.cpu.get_cpu_capability() == 'DEFAULT')\n"
        "torch.manual_seed(43052)\ndrawn = torch.rand(3)\n```\n\n"
        '{{ blank("noisy") }}\n\n{{ check("noisy") }}\n'
    )
    (course / "reference" / "line.py").write_text(
        'import torch\n\nnoise = 0.0\n\n\ndef noisy(x: torch.Tensor) -> torch.Tensor:\n    """x: (N,)"""\n    return x + noise\n'
    )
    command = [sys.executable, "-m", "grader", "calibrate", "line", "--seeds", "1", "--json", "--plot", str(tmp_path / "a.png")]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    needs = checks["threads_and_devices"]
    assert needs["noise"]["again"] == 0
    for way, size in {"2 threads": 1e-3, "device plain": 2e-3}.items():
        if way in needs["noise"]:  # a machine of one core has no second thread
            assert needs["noise"][way] == pytest.approx(size / 1e-2, rel=0.02)
    assert "device plain" in needs["noise"]
    assert needs["mistakes"] == {"noisy-1": pytest.approx(5, rel=0.02)}
    assert needs["seeds"] == {"seed +1": 0}
    drawn = [torch.rand(3, generator=torch.Generator().manual_seed(43052 + shift)) for shift in (0, STEP)]
    difference = float((drawn[0] - drawn[1]).abs().max())
    assert checks["seeds"]["seeds"]["seed +1"] == pytest.approx(difference / 1e-2, rel=0.02)
    assert checks["seeds"]["difference"]["seed +1"] == pytest.approx(difference, rel=1e-6)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
