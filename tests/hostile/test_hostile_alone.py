"""Each hostile notebook alone: the state and the score that it must end in, and what must not have happened."""

from __future__ import annotations

from typing import Any

import pytest

from .case import BOAST, MARK, POINTS, SECRETS, SEGMENT, Case, Row
from .cases_attacks import CASES as ATTACKS
from .cases_code import CASES as CODE
from .cases_files import CASES as FILES
from .cases_forgers import CASES as FORGERS
from .cases_settings import CASES as SETTINGS
from .pages import harm_in
from .watch import folder_state, kill_all, left_after, shared_memory, strewn
from .world import World, missing, spilled, told

CASES = [*CODE, *ATTACKS, *FORGERS, *SETTINGS]


def _param(case: Case) -> Any:
    marks = [] if case.quick else [pytest.mark.slow]
    return pytest.param(case, id=case.name, marks=marks)


def check_row(case: Case, row: Row) -> None:
    """State, points and words are those of the case."""
    result = row.result
    assert result["state"] in case.state.split("|"), row.said
    scores = row.scores()
    assert scores.keys() == POINTS.keys()
    for name, points in POINTS.items():
        if name not in case.maybe:
            assert scores[name] == (0 if name in case.lost else points), f"{name}\n{row.said}"
    for words in case.says:
        assert words in row.said
    for words in case.shows:
        assert words in row.page
    assert harm_in(row.page) == []


def check_world(world: World, before: dict[str, object]) -> None:
    """Nobody called, nothing changed, nothing is known, nothing runs."""
    assert world.listeners.heard == []
    assert surroundings(world) == before
    assert spilled(told(world.out), BOAST, *SECRETS.values()) == []
    left = left_after(5, MARK, "hostile-left", f"TMPDIR={world.temporary}/grader-")
    kill_all(list(left))
    assert left == {}
    assert [path.name for path in world.temporary.iterdir() if path.name not in ("service",)] == []


def surroundings(world: World) -> dict[str, object]:
    """All that a student must not change."""
    return {
        "course": folder_state(world.course, without=(".grader", "__pycache__")),
        "handed in": folder_state(world.handed),
        "canary": folder_state(world.canary),
        "shared memory": shared_memory(SEGMENT),
        "files of all": strewn(),
    }


@pytest.mark.parametrize("case", [_param(case) for case in CASES])
def test_alone(case: Case, world: World, request: pytest.FixtureRequest) -> None:
    if case.isolated:
        request.getfixturevalue("isolated")
    world.hand_in(case)
    before = surroundings(world)
    summary = world.grade()
    assert summary.ran == 1
    check_row(case, world.row(case.name))
    assert world.row("neighbour").result["state"] == "failed"
    check_world(world, before)


def test_the_cases_are_many_and_have_names_of_their_own() -> None:
    names = [case.name for case in CASES]
    files = [student for file in FILES for student in file.rows]
    assert len({*names, *files}) == len(names) + len(files) >= 60
    assert all(case.lost | case.maybe <= POINTS.keys() for case in CASES)


def test_no_case_holds_what_is_searched_for() -> None:
    """Else a page that only shows the source would look like a leak."""
    for case in CASES:
        texts = (case.middle, *case.after, *(text for _, text in case.answers))
        assert not spilled(dict.fromkeys(texts, "") | {text: text for text in texts}, BOAST, *SECRETS.values()), case.name


def test_isolation_is_there_or_a_reason_why_not() -> None:
    assert all(isinstance(reason, str) and reason for reason in missing())
