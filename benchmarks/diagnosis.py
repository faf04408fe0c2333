"""How often a wrong answer is explained rightly, wrongly, or not at all; and whether right answers are refused.

    python benchmarks/diagnosis.py [--slug rnn_ab ...] [--profile quick] [--quick] [--json]

declared  every mistake that a shipped assignment declares, judged and explained as `grade` does. Goal: 100 % rightly
hidden    the same, with the mistake left out of the key: nothing is the right answer, unless one typical step is what it is
generic   typical steps that no key declares, on values of real checks and of the lectures' shapes, with a rounding error.
          Goal: 90 % rightly, at most 2 % wrongly. Values of one or two different numbers are counted apart ("poor")
other     wrong in a way that has no name: nothing is the right answer, and at most 2 % may get another
right     right answers written differently (those of tests/rnn_ab). Goal: none refused

Exits 1 when a goal is missed. --quick leaves out `right`, which runs notebooks.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from wrong_answers import OTHERS, STEPS, fits_of, spoilt, synthetic  # noqa: E402 - found through the line above

from grader.assignment import Assignment, Course  # noqa: E402
from grader.compare import KnownMistake, Observed, explain, indistinguishable, judge  # noqa: E402
from grader.grade import grade, request  # noqa: E402
from grader.grade import judge as judge_all  # noqa: E402
from grader.judging import Agree, Close, Comparator, Evidence, Weights  # noqa: E402
from grader.key import Key, KeyMistake  # noqa: E402
from grader.keying import Workshop, make_key  # noqa: E402
from grader.notebook import read  # noqa: E402
from grader.result import Capture, Outcome  # noqa: E402
from grader.submission import extract  # noqa: E402
from grader.values import Array, Value, walk  # noqa: E402


@dataclass
class Count:
    """One row of the table: how many cases, and what became of them. misses: those that were not explained rightly."""

    goal: str
    rightly: int = 0
    wrongly: int = 0
    nothing: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.rightly + self.wrongly + self.nothing

    def add(self, case: str, said: str, right: frozenset[str] | set[str]) -> None:
        """Count a case. said: the name of its explanation, "" for none. right: the right ones, empty where none is right."""
        if said in right or (not said and not right):
            self.rightly += 1
            return
        self.wrongly += bool(said)
        self.nothing += not said
        self.misses.append(f"{case}: {said or 'nothing'}, not {' or '.join(sorted(right)) or 'nothing'}")


# ------------------------------------------------------------------------------------------------- declared mistakes

ALSO: dict[str, dict[str, str]] = tomllib.loads((ROOT / "benchmarks" / "typical_steps.toml").read_text(encoding="utf-8"))


def known(key: Key, blank: str, without: str = "") -> list[KnownMistake]:
    """The mistakes of a blank as `explain` wants them, without one of them and those that are the same."""
    found = [m for m in key.mistakes_of(blank) if not without or without not in (m.name, m.same_as)]
    return [KnownMistake(m.name, m.says, m.captures, frozenset(m.loses), m.same_as or None) for m in found]


def observed(key: Key, blank: str, captures: Mapping[str, Capture], passed: Mapping[str, bool]) -> list[Observed]:
    """The checks of a blank as `explain` wants them."""
    found = []
    for check in key.of(blank):
        other = check.comparator.with_check if isinstance(check.comparator, Agree) else ""
        expected = captures[other].value if other in captures else check.expected
        capture = captures[check.name]
        found.append(Observed(check.name, check.comparator, capture, passed[check.name], expected, check.probe.given))
    return found


def declared(assignment: Assignment, key: Key, all_of: Count, hidden: Count) -> None:
    """Judge and explain each mistake's own values, with the whole key and without it."""
    for mistake in key.mistakes:
        results = judge_all(key, mistake.captures, {mistake.blank: (written(assignment, mistake),)})
        passed = {r.name: r.outcome is Outcome.PASSED for r in results}
        seen = observed(key, mistake.blank, mistake.captures, passed)
        all_of.add(f"{assignment.slug} {mistake.name}", said(seen, known(key, mistake.blank)), group(key, mistake))
        step = ALSO.get(assignment.slug, {}).get(mistake.name)
        found = said(seen, known(key, mistake.blank, mistake.same_as or mistake.name))
        hidden.add(f"{assignment.slug} {mistake.name}", found, {step} if step else twins(key, mistake) & {found})


def twins(key: Key, mistake: KeyMistake) -> set[str]:
    """The mistakes that no value tells from this one, so that they are no wrong name for it."""
    comparators = {check.name: check.comparator for check in key.of(mistake.blank)}
    pairs = indistinguishable(known(key, mistake.blank), comparators)
    return {name for pair in pairs if mistake.name in pair for name in pair} - {mistake.name}


def written(assignment: Assignment, mistake: KeyMistake) -> str:
    """The source of a mistake; of one that the key adds by itself, the reference's, which it runs."""
    solution = assignment.template.solutions[mistake.blank]
    sources = (m.apply(solution) for m in assignment.checks.mistakes if (m.blank, m.name) == (mistake.blank, mistake.name))
    return next(sources, solution)


def group(key: Key, mistake: KeyMistake) -> set[str]:
    """The names that stand for a mistake: its own, and those that say they are the same."""
    return {mistake.name, mistake.same_as or mistake.name, *(m.name for m in key.mistakes if m.same_as == mistake.name)}


def said(seen: list[Observed], mistakes: list[KnownMistake]) -> str:
    found = explain(seen, mistakes)
    return found.name if found else ""


# ------------------------------------------------------------------------------------------------- typical steps, and others


@dataclass(frozen=True)
class Right:
    """A right value, the comparator that judges it, and what else `explain` knows of its check."""

    name: str
    comparator: Comparator
    value: Value
    given: Mapping[str, Value] = field(default_factory=dict)
    mistakes: tuple[KnownMistake, ...] = ()

    @property
    def poor(self) -> bool:
        """Whether it holds fewer than three different numbers."""
        numbers = [n for _, v in walk(self.value) for n in (v.data.ravel().tolist() if isinstance(v, Array) else [v])]
        return len({f"{n:.4g}" for n in numbers if isinstance(n, (int, float))}) < 3

    def wrong(self, value: Value) -> str | None:
        """What is said of a wrong value; None where it is not wrong, or where the key declares it."""
        if judge(self.comparator, Evidence(value, self.value)).outcome is Outcome.PASSED:
            return None
        seen = [Observed(self.name, self.comparator, value, False, self.value, self.given)]
        found = explain(seen, [m for m in self.mistakes if self.name in m.loses])
        return None if found and found.kind == "mistake" else found.name if found else ""


def rights(keys: Mapping[str, Key]) -> Iterator[Right]:
    """The values of all real checks, and those of the lectures' shapes."""
    for key in keys.values():
        for check in key.checks:
            mistakes = tuple(known(key, check.blank))
            plain = replaced(check.comparator)
            yield Right(check.name, plain, check.expected, check.probe.given, mistakes)
    for name, value in synthetic():
        yield Right(name, Weights(atol=1e-4) if isinstance(value, dict) else Close(atol=1e-4), value)


def replaced(comparator: Comparator) -> Comparator:
    """`agree` compares with an earlier value, which here is the right one."""
    return Close(comparator.rtol, comparator.atol) if isinstance(comparator, Agree) else comparator


def steps(every: list[Right], generic: Count, poor: Count) -> None:
    for right in every:
        for step in STEPS:
            value = spoilt(right.value, step.spoil, step.fits, noise=True)
            found = right.wrong(value) if value is not None else None
            if found is not None:
                (poor if right.poor else generic).add(f"{right.name}: {step.name}", found, step.named)


def others(every: list[Right], count: Count) -> None:
    for right in every:
        for name, (spoil, fits) in OTHERS.items():
            value = spoilt(right.value, spoil, fits, noise=False)
            found = right.wrong(value) if value is not None else None
            if found is not None:
                count.add(f"{right.name}: {name}", found, set())
    trained = Right("a trained net", Weights(atol=1e-3), fits_of())
    for name, value in {
        "another seed": fits_of(seed=1),
        "half as many epochs": fits_of(epochs=15),
        "no epochs": fits_of(epochs=0),
        "one epoch more": fits_of(epochs=31),
        "another learning rate": fits_of(lr=0.01),
        "a wider net": fits_of(hidden=4),
    }.items():
        count.add(f"a trained net: {name}", trained.wrong(value) or "", set())


# ------------------------------------------------------------------------------------------------- right answers


def right_answers(assignment: Assignment, workshop: Workshop, key: Key, count: Count) -> None:
    """The notebooks of tests/rnn_ab, in which each blank is answered rightly in many ways: what they lose is refused."""
    from grader.build import student_notebook
    from tests.homework.sheet import Sheet
    from tests.rnn_ab.test_right_is_right import FIRST, handed_in

    handed_out = Sheet.opened(student_notebook(assignment, None)[0].to_bytes())
    template = assignment.template
    answers = {f"notebook-{k}": extract(read(handed_in(handed_out, k).bytes()), template) for k in range(FIRST)}
    runs = workshop.run_all("Right answers", {name: request(assignment, found) for name, found in answers.items()})
    for name, run in runs.items():
        for check in grade(key, run, answers[name], name, name).checks:
            refused = check.score < check.points or check.outcome is not Outcome.PASSED
            count.add(f"{name}: {check.name}", f"refused: {check.message}" if refused else "", set())


# ------------------------------------------------------------------------------------------------- the table


def measured(slugs: list[str], profile: str, quick: bool) -> dict[str, Count]:
    """All rows of the table."""
    course = Course.find(Path(__file__).parent)
    rows = {
        "declared": Count("100 % rightly"),
        "hidden": Count("at most 2 % wrongly"),
        "generic": Count("90 % rightly, at most 2 % wrongly"),
        "poor": Count("at most 2 % wrongly"),
        "other": Count("at most 2 % wrongly"),
    }
    keys = {}
    for slug in slugs or course.slugs():
        assignment = course.assignment(slug, profile)
        workshop = Workshop.of(assignment, 2)
        keys[slug] = make_key(assignment, workshop)
        declared(assignment, keys[slug], rows["declared"], rows["hidden"])
        if slug == "rnn_ab" and not quick:
            rows["right"] = Count("none refused")
            right_answers(assignment, workshop, keys[slug], rows["right"])
    every = list(rights(keys))
    steps(every, rows["generic"], rows["poor"])
    others(every, rows["other"])
    return rows


def met(name: str, row: Count) -> bool:
    """Whether a row's goal is reached."""
    if name in ("declared", "right"):
        return row.rightly == row.total
    return row.wrongly <= 0.02 * row.total and (name != "generic" or row.rightly >= 0.9 * row.total)


def show(rows: Mapping[str, Count]) -> None:
    table = Table(title="What wrong answers are taken for", title_justify="left")
    for column in ("", "cases", "rightly", "wrongly", "not at all", "goal", ""):
        table.add_column(column, justify="left" if column in ("", "goal") else "right")
    for name, row in rows.items():
        parts = [f"{part:,} ({part / max(row.total, 1):.1%})" for part in (row.rightly, row.wrongly, row.nothing)]
        table.add_row(name, f"{row.total:,}", *parts, row.goal, "met" if met(name, row) else "missed")
    console = Console(width=120)
    console.print(table)
    for name, row in rows.items():
        for miss in row.misses:
            console.print(f"{name}: {miss}", markup=False, highlight=False)
    steps_missed = Counter(miss.split(": ")[1] for miss in rows["generic"].misses)
    console.print(f"Typical steps that were not explained, by step: {dict(steps_missed.most_common())}", markup=False)


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--slug", action="append", default=[])
    options.add_argument("--profile", default="quick")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    rows = measured(asked.slug, asked.profile, asked.quick)
    reached = {name: met(name, row) for name, row in rows.items()}
    if asked.json:
        print(json.dumps({name: {**vars(row), "cases": row.total, "met": reached[name]} for name, row in rows.items()}))
    else:
        show(rows)
    return 0 if all(reached.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
