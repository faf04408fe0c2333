"""Tables in a terminal of 80 columns, and what importing the package costs."""

from __future__ import annotations

import io
import subprocess
import sys

from rich.cells import cell_len
from rich.console import Console

from grader import report
from grader.result import Outcome, State


def printed(table, width: int = 80) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


def test_a_row_a_student(grade, check):
    grades = [
        grade([check(), check(outcome=Outcome.FAILED)], student="kim"),
        grade([check("x", outcome=Outcome.UNGRADED)], student="lee", state=State.NEEDS_REVIEW, notes=["A note."]),
        grade(student="[red]park\x1b[0m", state=State.FAILED, notes=["The file is empty."], max_score=2.0),
    ]
    text = printed(report.score_table(grades))
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert rows["kim"].split() == ["kim", "1", "2", "✓✗", "graded"]
    assert "x not graded yet" in " ".join(text.split())
    assert "A note." not in text
    assert rows["[red]park"].split()[1:3] == ["–", "2"]
    assert "The file is empty." in " ".join(text.split())


def test_a_row_a_check(grade, check):
    checks = [
        check("a", "one"),
        check("b", "one", Outcome.FAILED, 2, message="Off by [bold]one[/bold].", diagnosis="Clear it."),
        check("c", "two", Outcome.NOT_ATTEMPTED, message="Not attempted yet.", private=True),
    ]
    text = printed(report.check_table(grade(checks)))
    assert text.count("one") == 2  # the blank once, the message once
    assert "Off by [bold]one[/bold]." in text
    assert "It looks like: Clear it." in text
    assert "Title of c. (not attempted) (hidden check)" in text
    assert "Not attempted yet." not in text
    assert "1/4" in text


def test_tables_fit(grade, check):
    long = "순환신경망" * 60
    one = grade([check("a" * 50, long, Outcome.FAILED, title=long, message=long, diagnosis=long)] * 3, student=long, notes=[long])
    for table in (report.score_table([one, grade([check()] * 40, student="many")]), report.check_table(one)):
        assert max(map(cell_len, printed(table).splitlines())) <= 80


def test_importing_the_package_imports_nothing_heavy():
    heavy = ["matplotlib", "jinja2", "nh3", "pygments", "rich", "torch", "nbformat"]
    code = f"import sys, grader.report; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_self_check_needs_only_what_a_student_installs():
    code = (
        "import sys; sys.modules |= dict.fromkeys(['nh3', 'pygments', 'sqlalchemy', 'pydantic'])\n"
        "from grader import report; from grader.result import *\n"
        "found = [CheckResult('c', 'b', 'T.', 1, 0, Outcome.FAILED, evidence={'yours': [1, 2], 'expected': [1, 3]})]\n"
        "assert report.selfcheck_html('b', found, {'c': report.picture(found[0].evidence)}).count('<img') == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_exported_is_there_and_described():
    for name in report.__all__:
        assert getattr(report, name).__doc__, name
