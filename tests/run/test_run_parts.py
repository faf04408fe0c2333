"""What needs no kernel: captures as bytes, caps on outputs, the private folder, the fakes."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from run_cells import blank, book, check, extra, given, probe, probes, setup

from grader import run as running
from grader.result import Capture, Fault
from grader.run import Request
from grader.run.fake import FakeRunner, run_here
from grader.run.outputs import Allowance, one_line, plain, tidy, without_large
from grader.run.private import Private
from grader.run.wire import FORM, LARGEST, pack, unpack
from grader.values import ValueTooLarge, dumps

# ------------------------------------------------------------------------------------------------------------------- wire

FAULT = Fault("raised", "ValueError", "no", "", "blank-a", 3)


@pytest.mark.parametrize("capture", [Capture([1, {"a": None}], None, 0.5), Capture(None), Capture(fault=FAULT, seconds=1.0)])
def test_a_capture_survives_the_wire(capture: Capture) -> None:
    assert unpack(pack(capture)) == capture


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        dumps(None),
        dumps({"value": 1}),
        dumps({"form": FORM, "value": 1, "fault": None, "seconds": "x"}),
        dumps({"form": FORM, "value": 1, "fault": ["raised"], "seconds": 1}),
        dumps({"form": FORM, "value": 1, "fault": ["invented", "", "", "", "", 0], "seconds": 1}),
        dumps({"form": FORM, "value": 1, "fault": ["raised", "", "", "", "", "line"], "seconds": 1}),
    ],
)
def test_what_is_no_capture_counts_as_a_death(data: bytes) -> None:
    fault = unpack(data).fault
    assert fault is not None
    assert fault.kind == "died"


def test_too_much_is_refused_on_both_sides() -> None:
    with pytest.raises(ValueTooLarge):
        pack(Capture(["x" * 2**19] * 300))
    assert unpack(b"x" * (LARGEST + 1)).fault is not None


# ---------------------------------------------------------------------------------------------------------------- outputs


def test_text_is_cut_at_the_limit_and_says_so() -> None:
    allowance, kept = Allowance(10), []
    for text in ("äbc", "defgh", "ijkl", "m"):
        content: dict[str, Any] = {"name": "stdout", "text": text}
        if allowance.admit("stream", content):
            kept.append({"output_type": "stream", **content})
    assert allowance.left_out
    assert tidy(kept, allowance.left_out) == [
        {"output_type": "stream", "name": "stdout", "text": "äbcdefghi"},
        {"output_type": "stream", "name": "stderr", "text": "\n[The rest of this output was left out.]\n"},
    ]


def test_streams_are_joined_and_kept_apart() -> None:
    outputs = [
        {"output_type": "stream", "name": name, "text": text} for name, text in (("a", "1"), ("a", "2"), ("b", "3"), ("a", "4"))
    ]
    assert [(o["name"], o["text"]) for o in tidy(outputs, False)] == [("a", "12"), ("b", "3"), ("a", "4")]


def test_large_pictures_are_named_and_left_out() -> None:
    assert without_large({"image/png": "x" * 2_500_000, "a": "b"}) == {"text/plain": "[image/png of 2.5 MB left out]", "a": "b"}


def test_clearing_gives_the_allowance_back() -> None:
    allowance = Allowance(3)
    assert not allowance.admit("stream", {"text": ""})
    assert allowance.admit("stream", {"text": "abcdef"})
    assert not allowance.admit("stream", {"text": "abc"})
    allowance.clear()
    assert allowance.admit("stream", {"text": "abc"})


def test_texts_become_plain() -> None:
    assert plain({"a": ["\ud800", 1.5, ("x",)]}) == {"a": ["?", 1.5, ["x"]]}
    assert one_line("ValueError", "\nfirst\nsecond") == "ValueError: first"
    assert one_line("KeyboardInterrupt", "") == "KeyboardInterrupt"
    assert len(one_line("E", "x" * 1000)) == 300


# ---------------------------------------------------------------------------------------------------------------- private


def test_the_folder_is_private_and_goes_away_even_when_locked(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1")
    with Private(tmp_path) as private:
        assert stat.S_IMODE(private.root.stat().st_mode) == 0o700
        assert [path.name for path in private.work.iterdir()] == ["data.txt"]
        (private.work / "deep" / "er").mkdir(parents=True)
        (private.work / "deep" / "er" / "file").touch()
        (private.work / "deep" / "er").chmod(0)
        (private.work / "deep").chmod(0)
    assert not private.root.exists()


def test_ipc_only_where_the_path_is_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Private() as private:
        assert (private.socket is None) == (os.name != "posix")
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Private() as private:
        assert private.socket is None
        ran = running.run(book(blank("a", "a = 1"), check("a")), {"a": probes(a="nb.a")})
        assert ran.captures["a"].value == 1  # over tcp


# ------------------------------------------------------------------------------------------------------------------ fakes

BOOK = book(
    setup("1 / 0"),
    given("import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt"),
    blank("a", "a = 2\nplt.plot([a]); plt.close()\nprint('printed')"),
    check("a"),
    blank("b", "b = 1\nb = b / 0"),
    extra("c = a + 1"),
)
REQUEST = Request(BOOK, {"a": probes(a="nb.a", c_now="nb.c", figures="len(nb.figures('a'))"), "b": probes(b="nb.b", c="nb.c")})


def test_the_fake_runner_says_what_it_was_told() -> None:
    fake = FakeRunner({"a": 1, "c": Fault("not_defined", name="c")})
    ran = fake(REQUEST)
    assert ran.captures["a"] == Capture(1)
    assert ran.captures["c"].fault == Fault("not_defined", name="c")
    assert ran.captures["b"].fault is not None
    assert [cell.state for cell in ran.cells] == ["skipped", "ok", "ok", "skipped", "ok", "ok"]
    assert fake.requests == [REQUEST]
    assert FakeRunner(lambda request: {"a": len(request.notebook.cells)})(REQUEST).captures["a"].value == 6


def test_running_here_agrees_with_a_kernel() -> None:
    here, there = run_here(REQUEST), running.execute(REQUEST)
    for ran in (here, there):
        assert {name: c.value for name, c in ran.captures.items()} == {"a": 2, "c_now": None, "figures": 1, "b": 1, "c": 3}
        assert ran.captures["c_now"].fault == Fault("not_defined", name="c")
    facts = [[(c.id, c.role, c.name, c.state, c.error, c.line, c.outputs[:1]) for c in ran.cells] for ran in (here, there)]
    facts[1][4] = (*facts[1][4][:-1], [])  # a kernel's error has an output
    assert facts[0] == facts[1]


def test_a_probe_is_named_by_its_function() -> None:
    assert probe("def name(nb):\n    return 1").name == "name"
