"""A whole homework with one early blank wrong and the others right loses that blank's points and no others."""

import pytest

from grader.carry import Carried
from grader.grade import request
from grader.run import execute, run_many

WRONG = ["tanh", "f", "pairs", "as_column", "train", "soft"]  # others depend on each of these


@pytest.fixture(scope="module")
def grades(assignment, key):
    """Blank -> the grade of the reference's answers with the first mistake of this blank, and the number of extra runs."""
    work, answers = {}, {}
    for blank in WRONG:
        mistake = assignment.checks.mistakes_of(blank)[0]
        answers[blank] = assignment.template.reference_answers(**{blank: mistake.apply(assignment.template.solutions[blank])})
    queue = {blank: request(assignment, found) for blank, found in answers.items()}
    while queue:
        runs = dict(run_many(queue, 2, execute))
        for blank, run in runs.items():
            if blank not in work:
                work[blank] = Carried.of(assignment, key, run, answers[blank], blank, "")
            else:
                work[blank].take(work[blank].outcomes(run))
        queue = {blank: asked for blank in runs if (asked := work[blank].request()) is not None}
    return {blank: (found.grade(), found.runs) for blank, found in work.items()}


@pytest.mark.slow
@pytest.mark.parametrize("blank", WRONG)
def test_only_its_points_are_lost(grades, key, blank):
    grade, runs = grades[blank]
    assert {check.name for check in grade.checks if check.score < check.points} <= {check.name for check in key.of(blank)}
    assert grade.score < grade.max_score
    assert runs <= 1
