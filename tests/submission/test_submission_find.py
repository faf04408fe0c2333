"""`find`: which notebooks there are in a folder, and whose."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.notebook import Answers
from grader.submission import digest, find, safe_name, safe_names


@pytest.fixture
def folder(tmp_path):
    """Makes files: folder("ada.ipynb", "bob/hw.ipynb") -> the folder."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        return tmp_path / "in"

    return make


def rows(folder: Path) -> dict[str, str]:
    return {s.student: s.path.relative_to(folder).as_posix() for s in find(folder).submissions}


def test_files_and_folders_of_students(folder):
    where = folder("bob.ipynb", "ada/hw.ipynb", "cy/week 1/deep/hw.ipynb", "bob.txt", "thesis.py", "ada/notes.txt")
    assert rows(where) == {"ada": "ada/hw.ipynb", "bob": "bob.ipynb", "cy": "cy/week 1/deep/hw.ipynb"}
    assert find(where).notes == []


def test_two_notebooks_of_one_student_are_two_rows(folder):
    where = folder("ada/hw-2.ipynb", "ada/hw.ipynb", "ada/old/hw.ipynb", "ada/older/hw.ipynb", "bob.ipynb", "bob/x.ipynb")
    assert rows(where) == {
        "ada": "ada/hw.ipynb",
        "ada/hw-2": "ada/hw-2.ipynb",
        "ada/hw": "ada/old/hw.ipynb",
        "ada/hw (2)": "ada/older/hw.ipynb",
        "bob": "bob.ipynb",
        "bob/x": "bob/x.ipynb",
    }


def test_what_is_no_submission(folder):
    where = folder(
        "ada/.ipynb_checkpoints/hw-checkpoint.ipynb", "ada/hw.ipynb", ".trash/x.ipynb", "__MACOSX/ada/._hw.ipynb",
        "ada/._hw.ipynb", ".hidden.ipynb", "out/gradebook.db", "out/x.ipynb",
    )  # fmt: skip
    assert rows(where) == {"ada": "ada/hw.ipynb"}
    assert find(where).notes == []


def test_names_that_browsers_give(folder):
    where = folder("ada.ipynb.txt", "bob.IPYNB", "cy.ipynb.json", "dan (1).ipynb")
    assert list(rows(where)) == ["ada", "bob", "cy", "dan (1)"]


def test_a_student_without_a_notebook_is_reported(folder):
    where = folder(
        "ada.ipynb", "bob/notes.txt", "bob/hw.zip", "cy/a", "cy/b", "cy/c", "cy/d", "eve.zip", "fay/x.txt", "fay.ipynb"
    )
    (where / "dan").mkdir()
    assert list(rows(where)) == ["ada", "fay"]
    assert find(where).notes == [
        "`eve.zip` is an archive: unpack it to have it graded.",
        "`bob` handed in no notebook, only `hw.zip`, `notes.txt`. Unpack the archive to have it graded.",
        "`cy` handed in no notebook, only `a`, `b`, `c`, ….",
        "`dan`: the folder is empty.",
    ]


def test_moodle_adds_to_the_names(folder):
    where = folder(
        "Ada Lovelace_17_assignsubmission_file_/hw.ipynb", "Ada Lovelace_17_assignsubmission_onlinetext_/onlinetext.html",
        "Bob_18_assignsubmission_file/hw.ipynb",
    )  # fmt: skip
    assert list(rows(where)) == ["Ada Lovelace_17", "Bob_18"]
    assert find(where).notes == []


def test_a_folder_around_everything(folder):
    where = folder("export/ada/hw.ipynb", "export/bob/hw.ipynb", "__MACOSX/x.ipynb")
    assert list(rows(where)) == ["ada", "bob"]
    assert find(where).notes == ["All is in the folder `export`: the folders in it are taken as the students."]


def test_one_student_in_one_folder(folder):
    where = folder("ada/hw.ipynb", "ada/hw-2.ipynb")
    assert list(rows(where)) == ["ada", "ada/hw-2"]
    assert find(where).notes == ["All is in the folder `ada`, which is taken as one student."]


def test_links_may_not_lead_out(folder, tmp_path):
    where = folder("ada/hw.ipynb")
    (tmp_path / "secret.ipynb").write_text("{}")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "x.ipynb").write_text("{}")
    for name, target in {
        "bob.ipynb": tmp_path / "secret.ipynb", "cy": tmp_path / "more", "dan.ipynb": where / "ada" / "hw.ipynb",
        "eve.ipynb": tmp_path / "nowhere", "loop": where,
    }.items():  # fmt: skip
        try:
            (where / name).symlink_to(target)
        except OSError:
            pytest.skip("no links here")
    assert list(rows(where)) == ["ada", "dan"]
    assert find(where).notes == [
        f"The link `{name}` leads out of the folder and was left out." for name in ("bob.ipynb", "cy", "eve.ipynb")
    ]


def test_names_are_normalised(folder):
    apart = unicodedata.normalize("NFD", "김민준")
    where = folder(f"{apart}/hw.ipynb", "Zoë.ipynb")
    assert list(rows(where)) == ["Zoë", "김민준"]


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are text there")
def test_names_that_are_no_text(folder):
    where = folder("ada.ipynb")
    (Path(os.fsdecode(os.fsencode(where) + b"/b\xff\n.ipynb"))).write_text("{}")
    assert [s.student for s in find(where).submissions] == ["ada", "b\ufffd\ufffd"]


def test_no_folder(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        find(tmp_path / "nowhere")


def test_an_empty_folder(tmp_path):
    assert find(tmp_path).submissions == []


# ----------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("student", ["ada", "Ada Lovelace", "김민준", "ada.l-2_x", "o'neill", "a@b.edu", "x" * 100])
def test_ordinary_names_stay(student):
    assert safe_name(student) == student


@pytest.mark.parametrize(
    "student", ["ada/hw-2", "", ".", "..", "con", "NUL.txt", "a:b", "a\nb", ".ada", "ada.", "a~b", "x" * 300, "가" * 90]
)
def test_other_names_are_made_safe(student):
    name = safe_name(student)
    assert name != student
    assert "~" in name
    assert not set(name) & set('/\\:*?"<>|\n')
    assert len(f"{name}.json".encode()) < 150


def test_names_do_not_meet():
    names = safe_names(["ada", "Ada", "ADA", "a/b", "a_b", "a:b"])
    assert len({name.casefold() for name in names.values()}) == 6
    assert names["a_b"] == "a_b"


@settings(deadline=None)
@given(st.lists(st.text(), max_size=6, unique=True))
def test_any_names(students):
    names = safe_names(students)
    assert len({name.casefold() for name in names.values()}) == len(students)
    assert all(name and name[0] not in " ." and "/" not in name and len(name.encode()) < 150 for name in names.values())


def test_the_digest_is_of_what_is_run():
    one = Answers(sources={"a": ("1",), "b": ("2",)}, extras={"x": ("3",)}, notes=("n",), texts={"t": "u"})
    assert digest(one) == digest(Answers(sources={"b": ("2",), "a": ("1",)}, extras={"x": ("3",)}))
    assert (
        len({digest(one), digest(Answers()), digest(Answers(untouched=frozenset("a"))), digest(Answers(extras={"x": ("3",)}))})
        == 4
    )
