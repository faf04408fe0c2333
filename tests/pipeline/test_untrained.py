"""What a blank gives when nothing was trained is known without the author's help."""

import dataclasses

import pytest

from grader.grade import explain, judge
from grader.keying import Workshop, make_key
from grader.result import Outcome, Verdict
from grader.untrained import SAYS, untrained_mistakes
from grader.verify import verify


@pytest.fixture(scope="module")
def undeclared(built_line):
    """The scaffold without the mistake "no step"."""
    left = tuple(m for m in built_line.checks.mistakes if "optimizr.step()" not in m.replace)
    return dataclasses.replace(built_line, checks=dataclasses.replace(built_line.checks, mistakes=left))


@pytest.fixture(scope="module")
def made(undeclared, workshop):
    return make_key(undeclared, workshop)


def diagnosed(assignment, key, workshop: Workshop, source: str) -> str:
    """What a student reads who answers `fit` so."""
    from grader.grade import request

    answers = assignment.template.reference_answers(fit=source)
    run = workshop.run_all("Student", {"s": request(assignment, answers)})["s"]
    results = [r for r in judge(key, run.captures, answers.sources) if r.blank == "fit"]
    verdicts = {r.name: Verdict(r.score, r.outcome) for r in results}
    assert any(v.outcome is not Outcome.PASSED for v in verdicts.values())
    found = explain(key, key.of("fit"), verdicts, run.captures)
    return found.says if found else ""


def test_only_blanks_that_train_have_it(undeclared):
    assert [m.blank for m in untrained_mistakes(undeclared)] == ["fit"]


def test_it_is_in_the_key_and_not_among_the_authors(undeclared, made, workshop, bundle):
    assert [m.name for m in made.mistakes if m.generic] == ["fit-untrained"]
    assert [m.name for m in made.public().mistakes if m.generic] == ["fit-untrained"]
    assert "fit-untrained" not in [row.name for row in verify(undeclared, workshop).mistakes]


def test_one_that_the_author_declared_is_enough(built_line, workshop):
    assert not any(m.generic for m in make_key(built_line, workshop).mistakes)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("optimizr.step()", "pass"),
        ("net.parameters()", "torch.nn.Linear(1, 1).parameters()"),
        ("lr=0.5", "lr=0.0"),
    ],
    ids=["no step", "another network's optimizer", "no learning rate"],
)
def test_a_student_who_trained_nothing_is_told(undeclared, made, workshop, old, new):
    source = undeclared.template.solutions["fit"]
    assert old in source
    assert diagnosed(undeclared, made, workshop, source.replace(old, new)) == SAYS


def test_one_who_trained_too_little_is_not(undeclared, made, workshop):
    wrong = undeclared.template.solutions["fit"].replace("lr=0.5", "lr=0.05")
    assert diagnosed(undeclared, made, workshop, wrong) == ""
