"""An assignment tests itself, and finds what is wrong with it."""

import dataclasses

import pytest

from grader.assignment import Course
from grader.errors import AuthoringError
from grader.keying import RunCache, Workshop
from grader.scaffold import write_assignment
from grader.verify import verify


def test_the_scaffold_holds(built_line, workshop):
    found = verify(built_line, workshop)
    assert found.ok, [str(problem) for problem in found.problems]
    assert (found.reference_score, found.stub_score, found.max_score) == (5, 0, 5)
    assert all(row.ok and row.points_lost > 0 and row.diagnosed_as == row.name for row in found.mistakes)
    assert found.hints == []
    assert found.to_json()["ok"] is True


def test_the_reference_in_another_profile(built_line, workshop):
    """It earns every point there, too, with other numbers; and where it does not, that is said with the profile's name."""
    homework = Course(built_line.course).assignment("line", "homework")
    assert homework.settings.profile("homework") != built_line.settings.profile("quick")
    (row,) = verify(built_line, workshop, [homework]).others
    assert (row.profile, row.score, row.max_score) == ("homework", 5, 5)
    assert row.seconds > 0


@pytest.fixture
def spoilt(tmp_path):
    """A function that writes the scaffold with changes and loads it."""

    def load(**changes: list[tuple[str, str]]):
        write_assignment(tmp_path, "line", "A line")
        names = {
            "checks": "assignments/line/checks.py",
            "template": "assignments/line/notebook.md.j2",
            "reference": "reference/line.py",
        }
        for name, replacements in changes.items():
            path = tmp_path / names[name]
            text = path.read_text()
            for old, new in replacements:
                assert old in text
                text = text.replace(old, new, 1)
            path.write_text(text)
        return Course(tmp_path).assignment("line", "quick"), Workshop(jobs=2, cache=RunCache(tmp_path / ".grader" / "runs"))

    return load


def test_everything_that_does_not_hold_is_said(spoilt):
    """Unseeded numbers, a mistake nobody sees, twins, a cell that raises without a blank, a check that the reference fails."""
    extra = '''
@check("fit", points=1)
def draws(nb):
    """Draws the same."""
    import secrets

    return secrets.randbelow(10**9)


@check("fit", points=1, expect=5)
def is_five(nb):
    """Is five."""
    return 4


mistake("line", replace={"return w * x + b": "return b + w * x"}, says="Addition commutes.", name="unseen")
mistake("line", replace={"w * x + b": "x * 0 + w * x"}, says="The intercept is missing.", name="twin")
'''
    assignment, workshop = spoilt(
        checks=[('mistake(\n    "fit"', extra + '\n\nmistake(\n    "fit"')],
        template=[("x = torch.linspace", "lost = torch.nothing_like_it\nx = torch.linspace")],
    )
    with pytest.raises(AuthoringError, match=r"the given cell that begins with `lost = torch.nothing_like_it` failed"):
        verify(assignment, workshop)
    assignment, workshop = spoilt_again(assignment, spoilt, extra)
    text = "\n".join(str(problem) for problem in verify(assignment, workshop).problems)
    assert "check `draws`: two runs of the reference gave different values" in text
    assert "check `is_five`: the reference itself gets 0 of 1" in text
    assert "mistake `twin`: gives the same values as `line-2`" in text
    assert "mistake `unseen`" in text


def spoilt_again(assignment, spoilt, extra):
    for name in ("assignment.toml", "notebook.md.j2", "checks.py"):
        (assignment.folder / name).unlink()
    (assignment.course / "reference" / "line.py").unlink()
    return spoilt(checks=[('mistake(\n    "fit"', extra + '\n\nmistake(\n    "fit"')])


def test_a_reference_that_raises_is_named_with_its_line(spoilt):
    assignment, workshop = spoilt(reference=[("    return w * x + b", "    return w * x + c")])
    assignment = dataclasses.replace(assignment, checks=dataclasses.replace(assignment.checks, mistakes=()))
    with pytest.raises(AuthoringError) as caught:
        verify(assignment, workshop)
    text = str(caught.value)
    assert "check `on_a_small_example`: no value under the reference: NameError name 'c' is not defined" in text
    assert all(problem.line > 0 for problem in caught.value.problems)


def test_a_reference_that_fails_in_another_profile_is_a_problem(spoilt):
    extra = """
@check("fit", points=1, expect=100)
def as_many_epochs_as_in_quick(nb):
    "As many epochs as there are."
    return nb.epochs
"""
    assignment, workshop = spoilt(
        checks=[("mistake(", extra + "\n\nmistake(")],
        template=[("x = torch.linspace", "epochs = {{ param.epochs }}\nx = torch.linspace")],
    )
    assert assignment.settings.profile("quick")["epochs"] == 100
    homework = Course(assignment.course).assignment("line", "homework")
    found = verify(assignment, workshop, [homework])
    assert found.reference_score == found.max_score
    assert found.others[0].score == found.others[0].max_score - 1
    (problem,) = found.problems
    assert "check `as_many_epochs_as_in_quick`: the reference itself gets 0 of 1 in profile homework" in problem.message
