"""What a TA sees while a batch runs and after it: small, within 80 columns, and a refusal that says what is missing."""

import io
import json
import time

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

import grader.isolation
from grader.batch import Change, Regraded, Standing, Summary
from grader.cli import app
from grader.cli.console import EVERY, Screen, kernels_of, print_json_list, print_json_with
from grader.cli.standing import duration, line, table
from grader.cli.tables import regraded_parts, summary_lines


def printed(part) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80).print(part)
    return stream.getvalue()


def test_the_table_of_a_batch():
    now = time.monotonic()
    running = {f"student-{i}": now - 10 * i for i in range(1, 12)} | {"김" * 60: now - 3}
    text = printed(table(Standing("rnn_ab", 1000, done=250, needs_person=3, jobs=12, running=running, begun=now - 600)))
    assert max(map(cell_len, text.splitlines())) <= 80
    first, second, *rows = text.splitlines()
    assert "rnn_ab" in first
    assert "250 of 1000" in first
    assert second.split(" · ") == ["25 a minute", "about 30 min left", "3 for a person", "12 at once"]
    assert rows[0].split() == ["student-11", "1", "min", "50", "s"]  # the longest first
    assert rows[-1].strip() == "and 4 more"


def test_the_line_of_a_batch():
    assert line(Standing("x", 10, jobs=2)) == "x: 0 of 10, no result yet, 2 at once"
    assert [duration(s) for s in (0, 59, 61, 3599, 7500)] == ["0 s", "59 s", "1 min 1 s", "60 min", "2 h 5 min"]


def test_without_a_terminal_a_line_now_and_then(capsys, monkeypatch):
    with Screen() as screen:
        clock = [100.0]
        monkeypatch.setattr("grader.cli.console.time", type("Clock", (), {"monotonic": lambda: clock[0]}))
        for done in range(11):
            screen.watch(Standing("x", 10, done=done))
            clock[0] += EVERY / 4
    said = capsys.readouterr().err.splitlines()
    assert [text.split(",")[0] for text in said] == [f"x: {done} of 10" for done in (0, 5, 10)]
    with Screen(silent=True) as silent:
        silent("Reference", 0, 1)
        silent.watch(Standing("x", 1, done=1))
    assert capsys.readouterr() == ("", "")


def test_what_grade_did(tmp_path):
    summary = Summary(
        tmp_path, ran=3, reused=7, unchanged=5, carried=2, states={"graded": 9, "needs_review": 1}, notes=["A note."]
    )
    first, note, *_, last = summary_lines(summary)
    assert first == "9 graded, 1 needs review; 3 run now, 2 carried forward, 2 judged again, 5 as before; 0 s"
    assert note == "note: A note."
    assert last.strip().startswith("1 needs a person: it stands")


def test_what_regrade_did(tmp_path):
    changes = [Change("ada", 2, 3, {"a": (0, 1)}), Change("bob", 3, 1, {"a": (1, 0), "b": (1, 0)}), Change("eve", None, 1.0)]
    found = Regraded(
        tmp_path, rows=9, judged=8, changes=changes, pending={"[red]": ("x",)}, refused={"mal": "it waits to be run"}
    )
    text = "".join(map(printed, regraded_parts(found)))
    assert "2 scores up, 1 down, 5 the same; 8 judged again, nothing run" in text
    rows = {words[0]: words[1:] for text_line in text.splitlines() if (words := text_line.split())}
    assert rows["a"] == ["1", "1"]
    assert rows["b"] == ["1"]
    assert "[red]" in text
    assert "--execute" in text
    assert "1 keep their grade, it waits to be run: mal" in text
    assert json.loads(json.dumps(found.to_json()))["changes"][0] == {
        "student": "ada", "before": 2, "after": 3, "checks": {"a": [0, 1]},
    }  # fmt: skip


def test_long_lists_are_the_same_json(capsys):
    items = [{"a": "가"}, {"b": [1, None]}]
    print_json_list(iter(items))
    assert json.loads(capsys.readouterr().out) == items
    print_json_list(iter([]))
    assert json.loads(capsys.readouterr().out) == []
    print_json_with({"n": 2, "in": {"x": 1}}, "items", iter(items))
    assert json.loads(capsys.readouterr().out) == {"n": 2, "in": {"x": 1}, "items": items}
    print_json_with({"n": 2}, "items", iter([]))
    assert json.loads(capsys.readouterr().out) == {"n": 2, "items": []}


def test_without_isolation_nothing_runs_unless_asked(course, monkeypatch, tmp_path):
    monkeypatch.setattr(grader.isolation, "available", lambda: False)
    monkeypatch.setattr(grader.isolation, "missing", lambda: ["network namespaces: refused"])
    kernels, refusal = kernels_of(False, False)
    assert kernels is None
    assert "network namespaces: refused" in refusal
    assert "--no-isolation" in refusal
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ada.ipynb").write_text("no notebook")
    command = ["grade", "line", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--course", str(course)]
    done = CliRunner().invoke(app, command)
    assert "network namespaces: refused" in str(done.exception)
    assert done.exception.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("no_isolation", "cold"), [(False, False), (True, True)])
def test_how_kernels_are_had(no_isolation, cold, monkeypatch):
    monkeypatch.setattr(grader.isolation, "available", lambda: True)
    kernels, refusal = kernels_of(no_isolation, cold)
    assert (kernels.isolated, kernels.warm, refusal) == (not no_isolation, not cold, "")
