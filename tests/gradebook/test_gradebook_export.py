"""The commands `override` and `export`, and what a spreadsheet, Canvas and Moodle get."""

import csv
import dataclasses
import io
import json

import pytest
import typer
from typer.testing import CliRunner

from grader.cli.records import COMMANDS
from grader.errors import GraderError, UsageError
from grader.gradebook import Gradebook
from grader.gradebook.export import Format, export, plain_cell
from grader.result import Outcome, State

from .made import CHECKS, failed_grade, make_grade

app = typer.Typer()
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def call(*words: object):
    """The command's result; its error is raised, as `grader.cli.main` would print it."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, GraderError):
        raise done.exception
    return done


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def out(tmp_path):
    """Three students and a file that is no notebook."""
    with Gradebook(tmp_path / "gradebook.db", "hw") as book:
        book.keep_grade(make_grade(1, student="ada"), "d", None)
        book.keep_grade(make_grade(2, student="=HYPERLINK(1)"), "d", None)
        ungraded = [
            dataclasses.replace(c, outcome=Outcome.UNGRADED, score=0.0) if c.name == CHECKS[0] else c
            for c in make_grade(3).checks
        ]
        book.keep_grade(make_grade(3, student="eve", checks=ungraded, state=State.NEEDS_REVIEW), "d", None)
        book.keep_grade(dataclasses.replace(failed_grade(4), student="zoe"), "d", None)
    return tmp_path


def test_override_list_revoke(out):
    said = call("override", "hw", "eve", CHECKS[0], "--points", 1, "--why", "I read it", "--who", "bob", "--out", out)
    assert said.stdout == f"override 1 of eve, {CHECKS[0]} is in force: 5.5 of 10 (graded)\n"
    assert "`grader report hw` writes them again" in said.stderr
    listed = call("override", "hw", "--list", "--out", out).stdout
    assert "eve" in listed
    assert "I read it" in listed
    [one] = json.loads(call("override", "hw", "--list", "--json", "--out", out).stdout)
    assert (one["id"], one["student"], one["check"], one["points"], one["who"], one["why"]) == (
        1,
        "eve",
        CHECKS[0],
        1.0,
        "bob",
        "I read it",
    )
    assert one["when"].endswith("+00:00")
    done = json.loads(call("override", "hw", "eve", "--revoke", 1, "--why", "mistaken", "--json", "--out", out).stdout)
    assert (done["score"], done["state"]) == (4.5, "needs_review")
    assert call("override", "hw", "--list", "--out", out).stdout == "no override is in force\n"


def test_the_whole_score_by_the_login_name(out, monkeypatch):
    monkeypatch.setenv("LOGNAME", "carol")
    done = json.loads(call("override", "hw", "zoe", "--points", 3, "--why", "on paper", "--json", "--out", out).stdout)
    assert (done["check"], done["who"], done["score"], done["state"]) == ("", "carol", 3.0, "graded")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ada"], "one of --points, --revoke and --list"),
        (["ada", "--points", 1, "--list"], "one of --points, --revoke and --list"),
        (["--points", 1, "--why", "x"], "whose grade"),
        (["ada", "--points", 1], "--why is empty"),
        (["nobody", "--points", 1, "--why", "x"], "there is no grade of `nobody`"),
        (["ada", "no_such", "--points", 1, "--why", "x"], "there is no check `no_such`"),
        (["ada", "--points", 11, "--why", "x"], "--allow-bonus"),
        (["--revoke", 9, "--why", "x"], "there is no override 9"),
    ],
)
def test_what_is_refused(out, words, says):
    with pytest.raises(UsageError, match=says):
        call("override", "hw", *words, "--out", out)


def test_someone_elses_override_is_not_revoked_by_accident(out):
    call("override", "hw", "ada", "--points", 1, "--why", "x", "--out", out)
    with pytest.raises(UsageError, match="override 1 is of ada, not of eve"):
        call("override", "hw", "eve", "--revoke", 1, "--why", "x", "--out", out)


def test_no_gradebook(tmp_path):
    for words in (["override", "hw", "--list"], ["export", "hw"]):
        with pytest.raises(UsageError, match="there is no gradebook in"):
            call(*words, "--out", tmp_path)


def test_csv(out):
    call("override", "hw", "ada", CHECKS[1], "--points", 0.75, "--why", "x", "--out", out)
    rows = {row["student"]: row for row in table(call("export", "hw", "--out", out).stdout)}
    assert list(rows["ada"]) == ["student", "state", "score", "max_score", *CHECKS]
    assert (rows["ada"]["score"], rows["ada"][CHECKS[0]], rows["ada"][CHECKS[1]]) == ("5.25", "0.5", "0.75")
    assert (rows["zoe"]["state"], rows["zoe"]["score"], rows["zoe"]["max_score"]) == ("failed", "", "10")
    assert "'=HYPERLINK(1)" in rows


def test_json(out):
    for words in (["--format", "json"], ["--json"]):
        rows = json.loads(call("export", "hw", "--out", out, *words).stdout)
        assert [row["student"] for row in rows] == ["=HYPERLINK(1)", "ada", "eve", "zoe"]
        assert rows[3]["score"] is None
        assert rows[1]["scores"][CHECKS[0]] == 0.5


def test_to_a_file(out):
    assert call("export", "hw", "--out", out, "--to", out / "scores.csv").stdout == ""
    assert (out / "scores.csv").read_text() == call("export", "hw", "--out", out).stdout
    with pytest.raises(UsageError, match="cannot be written"):
        call("export", "hw", "--out", out, "--to", out / "none" / "scores.csv")
    with pytest.raises(UsageError, match="there is no format xls; there is: csv, json, canvas, moodle"):
        call("export", "hw", "--out", out, "--format", "xls")


def made_rows(tmp_path, *students):
    with Gradebook(tmp_path / "g.db", "hw") as book:
        for number, student in enumerate(students):
            book.keep_grade(make_grade(number, student=student), "d", None)
        book.keep_grade(dataclasses.replace(failed_grade(9), student="none"), "d", None)
        return book.rows()


def test_canvas(tmp_path):
    """What its importer asks of a header: Student, ID, SIS Login ID, then Section as the last column before the assignments."""
    rows = made_rows(tmp_path, "ada", "doejane_12345_678_hw", "roejim_LATE_23456_789_hw-1", "+1")
    exported = export(rows, Format.CANVAS, "Homework 1 (4711)")
    lines = list(csv.reader(io.StringIO(exported.text)))
    assert lines[0] == ["Student", "ID", "SIS Login ID", "Section", "Homework 1 (4711)"]
    assert lines[1] == ["    Points Possible", "", "", "", "10"]
    found = {line[0]: line[1:] for line in lines[2:]}
    assert found == {
        "ada": ["", "ada", "", "10"],
        "doejane_12345_678_hw": ["12345", "", "", "5"],
        "roejim_LATE_23456_789_hw-1": ["23456", "", "", "10"],
        "'+1": ["", "'+1", "", "5"],
    }
    assert exported.notes == (
        "2 are found by SIS Login ID: their names here must be their login names there.",
        "1 have no score and are left out: none.",
    )


def test_moodle(tmp_path):
    """What its importer asks for: Identifier, Grade and Last modified (grade), by these names."""
    exported = export(made_rows(tmp_path, "Ada Lovelace_123", "eve"), Format.MOODLE, "hw")
    rows = table(exported.text)
    assert list(rows[0]) == ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)"]
    assert list(rows[0].values()) == ["Participant 123", "Ada Lovelace", "10", "10", "-"]
    assert (rows[1]["Identifier"], rows[1]["Full name"], rows[1]["Grade"]) == ("", "eve", "5")
    assert len(rows) == 2
    assert "1 have no participant number" in exported.notes[0]


def test_the_column_is_the_slug_or_what_is_said(out):
    assert "hw" in call("export", "hw", "--format", "canvas", "--out", out).stdout.splitlines()[0]
    assert "HW (1)" in call("export", "hw", "--format", "canvas", "--column", "HW (1)", "--out", out).stdout.splitlines()[0]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text):
    assert plain_cell(text) == f"'{text}"
    assert plain_cell(f"a{text}") == f"a{text}"
