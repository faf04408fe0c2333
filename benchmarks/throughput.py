"""The same homework and the same submissions through nbgrader and through us, in one run, in turns.

    python benchmarks/throughput.py [--light 60x1] [--middle 40x1] [--heavy 8x1] [--wrong 0] [--grade-options="--cold"]
                                    [--nbgrader-threads default|1|both] [--no-nbgrader] [--env FOLDER] [--own-torch] [--json]

--light, --middle, --heavy  submissions x rounds; 0 leaves the set out. A notebook of each has about 0.3, 1 and 10 s of
                            compute: the same cells, with epochs that are measured at the start
--wrong                     how many of the submissions have an early blank wrong, so that we run a second notebook for them
--grade-options             more options for `grader grade`, as one text
--nbgrader-threads          as it comes ("default": torch takes every core), or with one thread; "both": both, in turns
--env                       where nbgrader's environment is, or is made (network!) [.grader/bench-nbgrader, which git ignores]
--own-torch                 install torch there, too; without, it has links to the files that we use (0.8 to 5 GB less)

bare         the code cells in one plain process with one thread, after imports and a warm-up with ten epochs, no figure drawn
1, 2 workers `grader grade` with a new --out; our key is made before, so a key's cost is not in it, and nothing else is reused
nbgrader     `nbgrader autograde` alone, though ours writes the feedback pages, too; `generate_feedback` is a figure of its own

Each is a command of its own, from its start to its end. A "class" is all submissions: seconds of the command / submissions.
"More" is what each submission more costs: (class - a command with 1 or 2 submissions) / the difference; the start drops out.
Overhead is "more" with one worker above bare. Medians over the rounds. Ctrl-C shows the sets that are
done. Exits 0, whatever it finds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from classes.course import ROOT, bare_seconds, cells_of, grade_command, hand_in, write_course
from classes.figures import Measured, show, to_json
from classes.nbgrader_course import Environment, NbgraderCourse
from classes.watching import timed
from rich.console import Console

from grader.assignment import Assignment, Course

SLUG = "next_letter"
EARLY = "codes"  # the blank that --wrong answers wrongly
TARGETS = {"light": 0.3, "middle": 1.0, "heavy": 10.0}  # seconds of compute
VALUES = {
    "weights": "{name: p.tolist() for name, p in net.state_dict().items()}",
    "losses": "losses[[0, 1, 9, -1]].tolist()",
    "logits": "small(torch.arange(3)).tolist()",
}
SMALL = """small = Net(3, 2)
with torch.no_grad():
    for p in small.parameters():
        p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape))"""


# ------------------------------------------------------------------------------------------------------------- one set


@dataclass(frozen=True)
class Bench:
    """All that is the same for the sets."""

    folder: Path
    course: Course
    epochs: dict[str, int]
    environment: Environment | None
    threads: tuple[str, ...]
    wrong: int
    options: str

    def measure(self, name: str, submissions: int, rounds: int) -> Measured:
        """All contestants of one set, in turns. Raises SystemExit when one of them fails, or gives a right answer too little."""
        assignment = self.course.assignment(SLUG, name)
        found = Measured(name, self.epochs[name], submissions, others=psutil.cpu_percent(1.0, percpu=True))
        wrong = [EARLY if student <= self.wrong else "" for student in range(1, submissions + 1)]
        folder = self.folder / name
        for count in {1, 2, submissions}:
            for student in range(1, count + 1):
                path = folder / f"handed-in-{count}" / f"student-{student:03}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(hand_in(assignment, student, wrong[student - 1]))
        nbgrader = self._nbgrader(folder / "nbgrader", assignment, wrong)
        self._ours(Measured(name, 0, 1), 1, 1)  # makes the key, and reads the disk
        turns = [lambda: self._bare(found, assignment)]
        turns += [lambda jobs=jobs: self._both(found, jobs) for jobs in (1, 2)]
        turns += [lambda threads=threads: self._theirs(nbgrader, found, threads) for threads in self.threads if nbgrader]
        for number in range(rounds):
            for turn in turns if number % 2 == 0 else reversed(turns):
                turn()
            costs = (f"{who} {found.each(who):.2f} s" for who in found.used)
            say(f"{name}, round {number + 1} of {rounds}, each: bare {found.bare_median:.2f} s, {', '.join(costs)}")
        return found

    def _bare(self, found: Measured, assignment: Assignment) -> None:
        cells = cells_of(assignment, 1)
        warm = [cell.replace(f"epochs = {found.epochs}", "epochs = 10") for cell in cells]
        found.bare += bare_seconds(cells, warm, 1 if found.name == "heavy" else 5)["seconds"]

    def _both(self, found: Measured, jobs: int) -> None:
        self._ours(found, jobs, jobs)
        out = self._ours(found, jobs, found.submissions)
        for path in (out / "results").glob("*.json"):
            result = json.loads(path.read_text())
            if result["score"] != result["max_score"] and int(path.stem.split("-")[1]) > self.wrong:
                raise SystemExit(f"{path.stem} is right and has {result['score']} of {result['max_score']}: {result['notes']}")
            if jobs == 1:
                found.runs.append(result["seconds"])
                found.cells.append(sum(cell["seconds"] for cell in result["cells"]))

    def _ours(self, found: Measured, jobs: int, students: int) -> Path:
        out = Path(tempfile.mkdtemp(dir=self.folder, prefix="out-"))
        handed_in = self.folder / found.name / f"handed-in-{students}"
        command = grade_command(self.course.root, SLUG, handed_in, out, jobs, found.name, self.options)
        found.add(f"{jobs} worker{'s' * (jobs > 1)}", students, timed(command, self.folder, allowed=(0, 1)))
        return out

    def _nbgrader(self, folder: Path, assignment: Assignment, wrong: list[str]) -> NbgraderCourse | None:
        """Their course; before the first, one submission is graded, so that the disk has been read for them, too."""
        if self.environment is None:
            return None
        expected = bare_seconds([*cells_of(assignment, 1), SMALL], [], 1, VALUES)["values"]
        course = NbgraderCourse.written(self.environment, folder / "course", assignment, expected, wrong)
        if not (self.folder / "warm").exists():
            warm = course.fresh(self.folder / "warm", 1)
            warm.autograde(self.threads[0])
            warm.feedback(self.threads[0])
        return course

    def _theirs(self, course: NbgraderCourse, found: Measured, threads: str) -> None:
        place = Path(tempfile.mkdtemp(dir=self.folder, prefix="nbgrader-"))
        found.add(who(threads), 1, course.fresh(place / "one", 1).autograde(threads))
        graded = course.fresh(place / "all", found.submissions)
        found.add(who(threads), found.submissions, graded.autograde(threads))
        found.add(f"{who(threads)}, feedback", found.submissions, graded.feedback(threads))
        low = {name: scores for name, scores in graded.scores().items() if scores[0] != scores[1]}
        if len(low) > self.wrong:
            raise SystemExit(f"nbgrader does not give right answers all points: {low}")


def who(threads: str) -> str:
    return "nbgrader" if threads == "default" else f"nbgrader, {threads} thread"


def calibrated(folder: Path) -> dict[str, int]:
    """Epochs for each set, from what cells without and with many epochs cost now."""
    probe = {"light": 100, "middle": 2000, "heavy": 1}
    course = write_course(folder, SLUG, **probe)
    few, many, warm = (cells_of(course.assignment(SLUG, name), 1) for name in ("light", "middle", "heavy"))
    seconds = [min(bare_seconds(cells, warm, 5)["seconds"]) for cells in (few, many)]  # others may be at work, too
    epoch = (seconds[1] - seconds[0]) / (probe["middle"] - probe["light"])
    fixed = seconds[0] - probe["light"] * epoch
    return {name: max(100, 10 * round((target - fixed) / epoch / 10)) for name, target in TARGETS.items()}


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# ----------------------------------------------------------------------------------------------------------------- main


def size(text: str) -> tuple[int, int]:
    """`16x2`: submissions and rounds. At least 4, so that two workers have more than one each."""
    submissions, _, rounds = text.partition("x")
    if int(submissions) and int(submissions) < 4:
        raise ValueError(text)
    return int(submissions), int(rounds or 1)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"light": "60x1", "middle": "40x1", "heavy": "8x1"}.items():
        parser.add_argument(f"--{name}", type=size, default=default)
    parser.add_argument("--wrong", type=int, default=0)
    parser.add_argument("--grade-options", default="")
    parser.add_argument("--nbgrader-threads", choices=["default", "1", "both"], default="default")
    parser.add_argument("--no-nbgrader", action="store_true")
    parser.add_argument("--env", type=Path, default=ROOT / ".grader" / "bench-nbgrader")
    parser.add_argument("--own-torch", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure what is asked for and print it."""
    asked = options()
    environment = None if asked.no_nbgrader else Environment.made(asked.env.resolve(), asked.own_torch)
    threads = ("default", "1") if asked.nbgrader_threads == "both" else (asked.nbgrader_threads,)
    with tempfile.TemporaryDirectory(prefix="throughput-") as place:
        folder = Path(place)
        epochs = calibrated(folder / "calibrated")
        course = write_course(folder / "course", SLUG, **epochs)
        bench = Bench(folder, course, epochs, environment, threads, asked.wrong, asked.grade_options)
        sizes = {name: getattr(asked, name) for name in TARGETS if getattr(asked, name)[0]}
        every = []
        with contextlib.suppress(KeyboardInterrupt):  # what is measured is shown
            for name in sizes:
                every.append(bench.measure(name, *sizes[name]))
        facts = {
            "cores": os.cpu_count(),
            "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else [],
            "nbgrader": environment.how if environment else "",
            "grade_options": asked.grade_options,
            "wrong": asked.wrong,
        }
        if asked.json:
            print(json.dumps({**facts, "sets": [to_json(found) for found in every]}))
            return
        console = Console(width=130)
        show(console, every)
        for name, value in facts.items():
            console.print(f"{name}: {value}", highlight=False)


if __name__ == "__main__":
    main()
