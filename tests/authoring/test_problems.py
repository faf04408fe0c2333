"""Bad authoring: all errors at once, with file and line."""

import dataclasses
from pathlib import Path

import pytest

from grader.assignment import Course
from grader.errors import AuthoringError, CourseNotFound, UsageError

FOLDER = Path("assignments/line")


def edit(course: Path, name: str, *changes: tuple[str, str]) -> None:
    path = course / name
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def problems(course: Path) -> dict[str, list[str]]:
    """File name -> "line: message" of each problem."""
    with pytest.raises(AuthoringError) as caught:
        Course(course).assignment("line", "homework")
    found: dict[str, list[str]] = {}
    for problem in caught.value.problems:
        found.setdefault(problem.path.name, []).append(f"{problem.line}: {problem.message}")
    return found


def line_of(course: Path, name: str, text: str) -> int:
    return next(i for i, row in enumerate((course / name).read_text().splitlines(), 1) if text in row)


def test_everything_at_once(course):
    edit(course, f"{FOLDER}/assignment.toml", ("epochs = 100", "epoch = 100"), ("cell = 60", "cell = -1"))
    edit(
        course,
        f"{FOLDER}/checks.py",
        ('    """The line is right on other points."""\n', ""),
        ('@check("fit", points=2', '@check("fitt", points=-2'),
        ("return nb.line(nb.given.x, -0.5, 0.25)", "return nb.line(unseen, -0.5, 0.25)"),
    )
    edit(course, f"{FOLDER}/notebook.md.j2", ('{{ blank("line") }}', '{{ blank("lines") }}'))
    found = problems(course)
    assert len(found["assignment.toml"]) == 2
    text = "\n".join(found["checks.py"])
    assert (
        f"{line_of(course, f'{FOLDER}/checks.py', 'def on_unseen_points')}: check `on_unseen_points`: it has no docstring" in text
    )
    assert "points is -2; points must be a number that is not negative" in text
    assert "the probe uses `unseen`" in text


def test_template_and_checks_against_each_other(course):
    edit(course, f"{FOLDER}/checks.py", ('@check("fit", points=2', '@check("fitt", points=2'))
    edit(
        course, f"{FOLDER}/notebook.md.j2", ('{{ blank("line") }}', '{{ blank("lines") }}'), ("x = torch.linspace", "x = = torch")
    )
    edit(course, f"{FOLDER}/notebook.md.j2", ("{{ param.epochs }} epochs.", "{{ param.epoch }} epochs."))
    found = problems(course)
    template = "\n".join(found["notebook.md.j2"])
    name = f"{FOLDER}/notebook.md.j2"
    line = line_of(course, name, 'blank("lines")')
    assert f'{line}: blank("lines"): line.py has no `lines`; its names are line, fit' in template
    assert (
        f"{line_of(course, name, 'param.epoch }}')}: param.epoch: assignment.toml has no such parameter; it has epochs"
        in template
    )
    assert f"{line_of(course, name, 'x = = torch')}: a given cell is not valid Python" in template
    assert 'check("line"): the template has no blank of this name' in template
    assert any("no blank `fitt`; blanks are fit" in message for message in found["checks.py"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('{{ blank("line") }}', "{% if %}", "the template cannot be read"),
        ('{{ blank("line") }}', "{{ blnk('line') }}", "'blnk' is undefined; a template knows blank, check"),
        ('{{ blank("line") }}', "Here: {{ blank('line') }}", "blank stands inside a paragraph"),
        ('{{ check("line") }}', "", 'has no {{ check("line") }}'),
        ('{{ blank("fit") }}', "{{ blank('fit') }}\n\n{{ blank('fit') }}", "stands in the template twice"),
        ('{{ answer("why") }}', "{{ answer('whi') }}", "has no [answers.whi]"),
        ('{{ points("why") }}', "{{ points('whi') }}", "no check is worth anything"),
        ('{{ points("why") }}', "{{ 1 / 0 }}", "raised ZeroDivisionError"),
    ],
)
def test_templates(course, old, new, says):
    edit(course, f"{FOLDER}/notebook.md.j2", (old, new))
    messages = problems(course)["notebook.md.j2"]
    assert any(says in message for message in messages)
    line = line_of(course, f"{FOLDER}/notebook.md.j2", new) if new and "\n" not in new else None
    assert line is None or any(message.startswith(f"{line}:") for message in messages)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("from grader.author", "import nothing_like_it\nfrom grader.author", "this raised ModuleNotFoundError"),
        ("compare=close(atol=1e-2)", "compare=close(atol=-1)", "`atol` is -1; it must not be negative"),
        ("compare=close(atol=1e-2)", "compare=3", "it must be a comparator"),
        ('replace={"+ b": "- b"}', 'replace={"+ c": "- b"}', "the reference's source does not hold '+ c'"),
        ('replace={"+ b": "- b"}', 'replace={"+ b": "+ b"}', "it changes nothing"),
        (
            'replace={"+ b": "- b"}, says="The',
            'replace={"+ b": "- b"}, same_as="nobody", says="The',
            "same_as names no mistake `nobody`",
        ),
        ("def on_unseen_points", "def on_a_small_example", "there is already a check of this name"),
        ("def on_unseen_points(nb):", "def on_unseen_points(nb):\n  return (", "not valid Python"),
        ("points=1, private=True", 'points="many", private=True', "points must be a number"),
    ],
)
def test_checks(course, old, new, says):
    edit(course, f"{FOLDER}/checks.py", (old, new))
    messages = problems(course)["checks.py"]
    assert any(says in message for message in messages), messages
    assert all(int(message.split(":")[0]) > 0 for message in messages)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "A line"', "title = ", "not valid TOML"),
        ('title = "A line"', "", "title: is missing"),
        ("cell = 60", "sell = 60", "limits.sell: is not a setting"),
        ("cell = 60", 'cell = "long"', "limits.cell"),
        ("cell = 60", "cell = 0", "limits.cell: must be more than 0"),
        ("cell = 60", "cell = 60\n[profiles.quick.limits]\nsell = 6", "profiles.quick.limits.sell: is not a setting"),
        ("cell = 60", "cell = 60\n[profiles.quick.limits]\ncell = 'long'", "profiles.quick.limits.cell: input should be"),
        ("cell = 60", "cell = 60\n[profiles.quick.limits]\ncell = -6", "profiles.quick.limits.cell: must be more than 0"),
        ("epochs = 100", "epochs = { a = 6 }", "profiles.quick.epochs: a parameter is a number"),
        ("epochs = 100", "depth = { a = 6 }", "profiles.quick.depth: [parameters] has no `depth`"),
        ("points = 1", "points = -1", "points must not be negative"),
    ],
)
def test_settings(course, old, new, says):
    edit(course, f"{FOLDER}/assignment.toml", (old, new))
    messages = problems(course)["assignment.toml"]
    assert any(says in message for message in messages), messages


def test_a_profile_may_have_other_limits(course):
    edit(course, f"{FOLDER}/assignment.toml", ("probe = 20", "probe = 20\n[profiles.long.limits]\ncell = 600\nmemory = 9000"))
    usual, long = (Course(course).assignment("line", profile) for profile in ("quick", "long"))
    assert usual.limits == usual.settings.limits
    assert long.limits == dataclasses.replace(usual.limits, cell=600.0, memory=9000)
    assert long.settings.profile("long") == usual.settings.parameters


TASK = '[tasks]\n"001-T01" = {{ title = "A line", {} }}\n'


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ('blanks = ["line", "curve"]', "tasks.001-T01: there is no blank or free-text answer `curve`"),
        ('given = ["helper"]', "tasks.001-T01: the reference has no `helper`"),
        ('where = "l. 1"', "tasks.001-T01: names neither blanks nor given"),
        ('blank = ["line"]', "tasks.001-T01.blank: is not a setting; look for a misspelling"),
    ],
)
def test_tasks(course, what, says):
    path = course / FOLDER / "assignment.toml"
    path.write_text(path.read_text() + "\n" + TASK.format(what))
    line = line_of(course, f"{FOLDER}/assignment.toml", "001-T01")
    assert f"{line}: {says}" in problems(course)["assignment.toml"]


def test_tasks_name_blanks_answers_and_names_of_the_reference(course):
    path = course / FOLDER / "assignment.toml"
    path.write_text(path.read_text() + "\n" + TASK.format('blanks = ["line", "why"], given = ["fit"]'))
    found = Course(course).assignment("line").settings.tasks["001-T01"]
    assert (found.title, found.blanks, found.given) == ("A line", ["line", "why"], ["fit"])


def test_a_reference_that_raises_on_import_is_named(course):
    edit(course, "reference/line.py", ("import torch\n", "import torch\n\nraise OSError('no disk')\n"))
    edit(course, f"{FOLDER}/checks.py", ("import torch\n", "import torch\n\nfrom reference import line as ref\n"))
    found = problems(course)
    assert any("this raised OSError: no disk" in message for message in found["line.py"])


def test_missing_files(course):
    (course / FOLDER / "checks.py").unlink()
    (course / FOLDER / "notebook.md.j2").unlink()
    (course / "reference" / "line.py").unlink()
    assert set(problems(course)) == {"checks.py", "line.py"}


def test_no_course_no_assignment_no_profile(tmp_path, course):
    with pytest.raises(CourseNotFound, match="no course at"):
        Course.find(tmp_path / "course" / ".." / "elsewhere")
    with pytest.raises(UsageError, match="there is: line"):
        Course(course).assignment("lime")
    with pytest.raises(UsageError, match="it has homework, quick"):
        Course(course).assignment("line", "slow")
    assert Course.find(course / "assignments" / "line").root == course.resolve()


def test_two_courses_in_one_process_do_not_mix(tmp_path):
    from grader.scaffold import write_assignment

    for number in (1, 2):
        root = tmp_path / str(number)
        write_assignment(root, "line", "A line")
        edit(root, "reference/line.py", ("import torch\n", f"import torch\n\nNUMBER = {number}\n"))
        edit(
            root,
            f"{FOLDER}/checks.py",
            ("unseen = torch.randn(20, 1)", "from reference import line as ref\n\nunseen = torch.ones(ref.NUMBER)"),
        )
        assignment = Course(root).assignment("line")
        assert assignment.checks.checks[1].probe.given["x"].shape == (number,)
