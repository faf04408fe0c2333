"""The runs of a calibration, and what each check makes of them."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from grader import compare
from grader.assignment import Assignment
from grader.calibrate.advice import Advice, Verdict, advise, rounded
from grader.calibrate.needed import default_tolerance, explicit, largest_difference, needed, tolerances
from grader.errors import UsageError
from grader.grade import request
from grader.judging import Agree, Close, Comparator, Earlier, Evidence
from grader.key import Key, KeyCheck
from grader.keying import RunCache, Workshop, key_of_reference, with_mistakes
from grader.report.calibration import Row
from grader.result import Capture, Run
from grader.run import Request, default_jobs, versions

__all__ = ["Calibration", "CheckCalibration", "Way", "calibrate", "devices", "ways"]

MOST_THREADS = 8
AGAIN = "again"


@dataclass(frozen=True)
class Way:
    """One other way to run the reference. `must_pass`: it differs in numerical noise only, so every check must pass."""

    name: str
    must_pass: bool
    seed: int = 0
    threads: int = 1
    device: str = "cpu"

    def of(self, reference: Request) -> Request:
        return dataclasses.replace(reference, seed=self.seed, threads=self.threads, device=self.device)


def ways(seeds: int, cores: int, found: tuple[str, ...] = ()) -> list[Way]:
    """Threads, devices and seeds to run the reference with. cores: that there are. found: devices besides the CPU."""
    if seeds < 0:
        raise UsageError(f"--seeds is {seeds}; it must be 0 or more, the number of other seeds to try")
    threads = sorted({min(2, cores), min(cores, MOST_THREADS)} - {1})
    return [
        *(Way(f"{count} threads", True, threads=count) for count in threads),
        *(Way(f"device {device}", True, device=device) for device in ("plain", *found)),
        *(Way(f"seed +{seed}", False, seed=seed) for seed in range(1, seeds + 1)),
    ]


def devices() -> tuple[str, ...]:
    """The accelerators that this machine has and that a run may be given."""
    import torch

    return ("cuda",) if torch.cuda.is_available() else ()


@dataclass(frozen=True)
class CheckCalibration:
    """One check: needed factors (shares of today's tolerance) by the name of the run or of the mistake, and what follows.

    tolerance: today's, by option; those that are left to the dtype are written out. suggested: likewise; None for nothing.
    same: mistakes that no tolerance can tell: the reference's numbers, or a difference in what the check does not look at.
    passed: mistakes that this check passes today, the same ones included.
    difference: name of a run -> the largest difference of its numbers to the reference's; None where they do not line up.
    """

    name: str
    blank: str
    comparator: str
    private: bool
    tolerance: dict[str, float]
    noise: dict[str, float]
    seeds: dict[str, float]
    mistakes: dict[str, float]
    same: list[str]
    passed: list[str]
    difference: dict[str, float | None]
    advice: Advice
    suggested: dict[str, float] | None = None

    @property
    def unit(self) -> float:
        """The first tolerance: a needed factor times this is what that option would have to be."""
        return next(iter(self.tolerance.values()), 0.0)

    @property
    def nearest(self) -> float | None:
        """The smallest factor of a mistake that a tolerance can tell; None where there is no such mistake."""
        return min(self.mistakes.values(), default=None)

    def failed(self, must_pass: bool) -> list[str]:
        """The right runs that today's tolerance fails: of numerical noise, or of other seeds."""
        factors = self.noise if must_pass else self.seeds
        return [name for name, factor in factors.items() if factor > 1]

    def to_json(self) -> dict[str, object]:
        facts = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "advice"}
        for name in ("noise", "seeds", "mistakes"):
            facts[name] = {run: None if math.isinf(factor) else factor for run, factor in facts[name].items()}
        total = len(self.mistakes) + len(self.same)
        return facts | {
            "verdict": str(self.advice.verdict),
            "why": self.advice.why,
            "right_failed": {"noise": _share(self.failed(True), self.noise), "seeds": _share(self.failed(False), self.seeds)},
            "mistakes_passed": len(self.passed) / total if total else None,
        }


def _share(some: list[str], of: Mapping[str, float]) -> float | None:
    return len(some) / len(of) if of else None


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found. `ok`: no check fails the reference for numerical noise."""

    assignment: str
    profile: str
    ways: list[Way]
    checks: list[CheckCalibration]
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(check.failed(True) for check in self.checks)

    def count(self, verdict: Verdict) -> int:
        return sum(check.advice.verdict is verdict for check in self.checks)

    def to_json(self) -> dict[str, object]:
        return {
            "assignment": self.assignment,
            "profile": self.profile,
            "ok": self.ok,
            "runs": [dataclasses.asdict(way) for way in self.ways],
            "checks": [check.to_json() for check in self.checks],
            "notes": self.notes,
            "seconds": round(self.seconds, 2),
        }

    def rows(self) -> list[Row]:
        """What the picture shows: the checks that have a tolerance."""
        return [
            Row(
                check.name,
                list(check.noise.values()),
                list(check.seeds.values()),
                list(check.mistakes.values()),
                check.advice.factor,
                str(check.advice.verdict),
            )
            for check in self.checks
            if check.tolerance
        ]


def calibrate(assignment: Assignment, workshop: Workshop, *, seeds: int = 4, other_seeds: bool = False) -> Calibration:
    """Run the reference in all ways, and every mistake; measure each check against them.

    seeds: how many other seeds. other_seeds: the answers of other seeds are right too, whatever the checks say today.
    Raises AuthoringError when the reference itself does not run, UsageError for a number of seeds that is none.
    """
    begin = time.monotonic()
    others = ways(seeds, default_jobs(), devices())
    reference = request(assignment, assignment.template.reference_answers())
    fresh = dataclasses.replace(workshop, cache=RunCache(None))  # what is kept cannot show that numbers are reproducible
    both = fresh.run_all("Reference, twice", {"reference": reference, AGAIN: reference})
    workshop.cache.keep(reference.key(versions()), both["reference"])
    key = key_of_reference(assignment, both["reference"])
    runs = {AGAIN: both[AGAIN]}
    runs |= workshop.run_all("Reference in other ways", {way.name: way.of(reference) for way in others})
    key = with_mistakes(assignment, key, workshop)
    all_ways = [Way(AGAIN, True), *others]
    measure = _Measuring(assignment, key, both["reference"], runs, all_ways, other_seeds)
    checks = []
    for i, check in enumerate(key.checks):
        workshop.progress("Judging", i, len(key.checks))
        checks.append(measure.check(check))
    workshop.progress("Judging", len(key.checks), len(key.checks))
    notes = list(_notes(all_ways, runs))
    return Calibration(assignment.slug, assignment.profile, all_ways, checks, time.monotonic() - begin, notes)


def _notes(others: list[Way], runs: Mapping[str, Run]) -> Iterator[str]:
    for way in others:
        failed = [cell for cell in runs[way.name].cells if cell.state not in ("ok", "skipped")]
        if failed:
            what = failed[0].error or failed[0].state
            yield f"the reference, {way.name}: cell `{failed[0].id}` did not get through: {what}"


@dataclass(frozen=True)
class _Measuring:
    """All that is known when the checks are measured."""

    assignment: Assignment
    key: Key
    reference: Run
    runs: Mapping[str, Run]
    ways: list[Way]
    other_seeds: bool

    def check(self, check: KeyCheck) -> CheckCalibration:
        """Measure one check against every right run and every mistake of its blank."""
        expected = self._expected(check)
        comparator = explicit(check.comparator, expected)
        allowed = tolerances(comparator)
        factors = {way.name: self._needs(check, comparator, self.runs[way.name].captures) for way in self.ways}
        noise = {way.name: factors[way.name] for way in self.ways if way.must_pass}
        seeds = {way.name: factors[way.name] for way in self.ways if not way.must_pass}
        mistakes, same, passed = self._mistakes(check, comparator)
        floor = _floor(allowed, default_tolerance(expected))
        advice = advise(noise, seeds, mistakes, adjustable=bool(allowed), other_seeds=self.other_seeds, floor=floor)
        difference = {way.name: self._difference(check, self.runs[way.name]) for way in self.ways}
        return CheckCalibration(
            check.name, check.blank, check.comparator.name, check.private, allowed, noise, seeds, mistakes, same, passed,
            difference, advice, _suggested(check.comparator, allowed, advice),
        )  # fmt: skip

    def _expected(self, check: KeyCheck) -> object:
        """What the reference's value is compared with: for `agree`, what the reference gave the earlier check."""
        if isinstance(check.comparator, Agree):
            return self.reference.captures[check.comparator.with_check].value
        return check.expected

    def _needs(
        self, check: KeyCheck, comparator: Comparator, captures: Mapping[str, Capture], source: str | None = None
    ) -> float:
        capture = captures.get(check.name)
        if capture is None or capture.fault is not None:
            return math.inf
        text = self.assignment.template.solutions[check.blank] if source is None else source
        earlier = {name: Earlier(c.value, True) for name, c in captures.items() if c.fault is None}
        return needed(comparator, Evidence(capture.value, check.expected, text, earlier))

    def _mistakes(self, check: KeyCheck, comparator: Comparator) -> tuple[dict[str, float], list[str], list[str]]:
        """Needed factors of the mistakes that a tolerance can tell; the names of those that none can; of those passed today."""
        factors: dict[str, float] = {}
        same: list[str] = []
        known = self.reference.captures
        written = {(m.blank, m.name): m for m in self.assignment.checks.mistakes}
        for mistake in self.key.mistakes_of(check.blank):
            source = self.assignment.template.solutions[mistake.blank]
            if declared := written.get((mistake.blank, mistake.name)):
                source = declared.apply(source)  # those that every assignment has are not written anywhere
            factor = self._needs(check, comparator, known | mistake.captures, source)
            capture = mistake.captures.get(check.name, Capture())
            if factor == 0 or (capture.fault is None and compare.matches(Close(), capture.value, known[check.name].value)):
                same.append(mistake.name)
            else:
                factors[mistake.name] = factor
        passed = [m.name for m in self.key.mistakes_of(check.blank) if check.name not in m.loses]
        return factors, same, passed

    def _difference(self, check: KeyCheck, run: Run) -> float | None:
        capture = run.captures.get(check.name)
        if capture is None or capture.fault is not None:
            return None
        return largest_difference(capture.value, self.reference.captures[check.name].value)


def _floor(allowed: Mapping[str, float], default: Mapping[str, float]) -> float:
    """What `close()` allows for rounding alone, as a share of today's tolerance."""
    return next((default[name] / allowed[name] for name in ("atol", "rtol") if name in allowed), 0.0)


def _suggested(comparator: Comparator, allowed: Mapping[str, float], advice: Advice) -> dict[str, float] | None:
    """The suggestion in the author's options (atol, where there is none), in round numbers that keep between the walls."""
    if advice.factor is None:
        return None
    written = tolerances(comparator) or {name: allowed[name] for name in ("atol", "rtol") if name in allowed}
    if advice.factor == 1.0:
        return dict(written)
    low, high = advice.walls
    return {name: rounded(value * advice.factor, low * value, high * value) for name, value in written.items()}
