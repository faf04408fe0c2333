"""How strict should a check be? The reference is run in other ways, and what a tolerance makes of these runs is measured.

    calibrate(assignment, workshop, ...)   all of it, for one assignment: a `Calibration`

Right runs are the reference itself: run again, with more threads, on other devices (numerical noise: these must pass), and with
other seeds (these pass only where the task leaves that open). Wrong ones are the key's mistakes. For each check and each run the
*needed factor* is found: what today's tolerances must be multiplied with so that the run just passes.

    needed   the needed factor of one value, and what counts as a tolerance
    advice   from needed factors to a verdict and a suggestion; arithmetic only
    runs     which runs there are, and putting it together
"""

from grader.calibrate.advice import Advice, Verdict, advise
from grader.calibrate.needed import largest_difference, needed, scaled, tolerances
from grader.calibrate.runs import Calibration, CheckCalibration, Way, calibrate, ways

__all__ = [
    "Advice",
    "Calibration",
    "CheckCalibration",
    "Verdict",
    "Way",
    "advise",
    "calibrate",
    "largest_difference",
    "needed",
    "scaled",
    "tolerances",
    "ways",
]
