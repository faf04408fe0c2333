"""A thousand small submissions: rate, memory, size of the gradebook, and what grading again costs.

    python benchmarks/scale.py [--submissions 1000] [--jobs 2] [--grade-options="--cold"] [--keep FOLDER] [--json]

--submissions    how many; of 20, 16 are right, 1 is no notebook, and 3 are wrong, 1 of them early, so that we run it again
--jobs           workers
--grade-options  more options for `grader grade`, as one text
--keep           leave the course, the submissions and the graded folder in this folder, which must not be there

No two are the same, and each has a few milliseconds of compute: what is measured is us. Then `grader grade` again with nothing
new, and `grader regrade` with other tolerances. Memory is the resident set of the grader's own process when a tenth, a half and
all of the results are there; that of the processes below it is told apart. The key is made before. Exits 0, whatever it finds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from classes.course import grade_command, hand_in, write_course
from classes.watching import Memory, timed, watched
from rich.console import Console
from rich.table import Table

from grader.assignment import Assignment

SLUG = "tiny"
MARKS = (0.1, 0.5, 0.97)  # the last results and the report come at once
MB = 1_000_000
ENOUGH = 200  # with fewer submissions, a tenth of them is there before all is imported
MOST_AGAIN, MOST_REGRADE, MOST_GROWTH = 10.0, 60.0, 0.05  # seconds, seconds, share from a tenth to all


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    value: str
    floor: str = ""
    met: bool | None = None


def make_class(assignment: Assignment, folder: Path, submissions: int) -> None:
    """Write the submissions, each one's own."""
    folder.mkdir(parents=True)
    for student in range(1, submissions + 1):
        path = folder / f"student-{student:05}.ipynb"
        if student % 20 == 0:
            path.write_text(f"Dear TA, my notebook number {student} does not open.")
        else:
            path.write_bytes(hand_in(assignment, student, {1: "line", 2: "squares", 3: "squares"}.get(student % 20, "")))


class Scale:
    """One course, one class, one graded folder."""

    def __init__(self, folder: Path, submissions: int, jobs: int, options: str) -> None:
        self.folder, self.submissions = folder, submissions
        self.course = write_course(folder / "course", SLUG)
        assignment = self.course.assignment(SLUG)
        make_class(assignment, folder / "handed-in", submissions)
        make_class(assignment, folder / "first", 1)
        self.out = folder / "graded"
        self.command = grade_command(self.course.root, SLUG, folder / "handed-in", self.out, jobs, "homework", options)
        first = grade_command(self.course.root, SLUG, folder / "first", folder / "graded-first", 1, "homework", options)
        timed(first, folder, allowed=(0, 1))  # makes the key

    def done(self) -> float:
        """The share of results that are written."""
        try:
            with os.scandir(self.out / "results") as entries:
                return sum(entry.name.endswith(".json") for entry in entries) / self.submissions
        except OSError:
            return 0.0

    def grade(self) -> Memory:
        """Grade all, watched. Raises SystemExit when the grader itself fails."""
        memory = watched(self.command, self.folder, self.done, MARKS, self.folder / "grade.log")
        if memory.code not in (0, 1):
            raise SystemExit(f"{memory.output[-4000:]}\nexit code {memory.code}")
        return memory

    def again(self) -> float:
        """Seconds of a second `grade` with nothing new."""
        return timed(self.command, self.folder, allowed=(0, 1)).seconds

    def regrade(self) -> float | None:
        """Seconds of a `regrade` with other tolerances; None where there is no such command."""
        checks = self.course.root / "assignments" / SLUG / "checks.py"
        text = checks.read_text()
        checks.write_text(text.replace("TOLERANCE = 1e-5", "TOLERANCE = 2e-5"))
        where = ["--course", str(self.course.root), "--out", str(self.out)]
        used = timed([sys.executable, "-m", "grader", "regrade", SLUG, *where], self.folder, allowed=(0, 1, 2))
        if used.code == 2 and "No such command" in used.output:
            return None
        if used.code == 2:
            raise SystemExit(used.output)
        return used.seconds

    def states(self) -> dict[str, int]:
        """How many results there are of each state."""
        found: dict[str, int] = {}
        for path in (self.out / "results").glob("*.json"):
            state = json.loads(path.read_text())["state"]
            found[state] = found.get(state, 0) + 1
        return found


def lines(scale: Scale, first: Memory, again: float, regrade: float | None, gradebook: int) -> list[Line]:
    """The table's."""
    count = scale.submissions
    at = first.at
    growth = at[MARKS[-1]] / at[MARKS[0]] - 1 if len(at) == len(MARKS) else None
    found = [
        Line("submissions", f"{count:,}, {scale.states()}"),
        Line("rate", f"{count / first.seconds:.2f} a second, {first.seconds / count:.2f} s each, {first.seconds:.0f} s in all"),
        *(Line(f"memory of the grader at {mark:.0%}", f"{at[mark] / MB:.0f} MB" if mark in at else "not seen") for mark in MARKS),
        Line("memory of the grader, peak", f"{first.peak / MB:.0f} MB"),
        Line(
            "growth from a tenth to all",
            "not seen" if growth is None else f"{growth:+.1%}",
            f"at most {MOST_GROWTH:.0%}",
            None if growth is None or count < ENOUGH else growth <= MOST_GROWTH,
        ),
        Line("largest process below it, peak", f"{first.below / MB:.0f} MB"),
        Line(
            "all processes below it, shared pages once, peak", f"{first.together / MB:.0f} MB" if first.together else "not known"
        ),
        Line("gradebook", f"{gradebook / MB:.1f} MB, {gradebook / count:,.0f} bytes a submission"),
        Line("`grade` again, nothing new", f"{again:.1f} s", f"at most {MOST_AGAIN:g} s", again <= MOST_AGAIN),
    ]
    if regrade is None:
        return [*found, Line("`regrade` with other tolerances", "not there", f"at most {MOST_REGRADE:g} s")]
    met = regrade <= MOST_REGRADE
    return [*found, Line("`regrade` with other tolerances", f"{regrade:.1f} s", f"at most {MOST_REGRADE:g} s", met)]


def size_of(out: Path) -> int:
    """Bytes of the gradebook, with what SQLite has beside it."""
    return sum(path.stat().st_size for path in out.glob("gradebook.db*"))


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--grade-options", default="")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as place:
        folder = asked.keep.resolve() if asked.keep else Path(place)
        folder.mkdir(parents=True, exist_ok=not asked.keep)
        scale = Scale(folder, asked.submissions, asked.jobs, asked.grade_options)
        say(f"{asked.submissions} submissions are written")
        first = scale.grade()
        gradebook = size_of(scale.out)
        say("graded")
        again = scale.again()
        regrade = scale.regrade()
        table = lines(scale, first, again, regrade, gradebook)
        if asked.json:
            facts = vars(first) | {"output": "", "submissions": asked.submissions, "jobs": asked.jobs}
            print(
                json.dumps(
                    facts | {"again": again, "regrade": regrade, "gradebook": gradebook, "lines": [vars(x) for x in table]}
                )
            )
            return
        shown = Table(title=f"{asked.submissions:,} submissions, {asked.jobs} workers", title_justify="left")
        for column in ("", "", "floor", ""):
            shown.add_column(column)
        for line in table:
            shown.add_row(line.what, line.value, line.floor, {True: "met", False: "missed", None: ""}[line.met])
        Console(width=130).print(shown)


if __name__ == "__main__":
    main()
