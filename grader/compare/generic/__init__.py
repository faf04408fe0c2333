"""Wrong values that come from right ones by one step: transposed, negated, a softmax too few. No mistake of the key is needed.

base         what a transform is
order, arithmetic, activations, kinds       the steps, as pure functions of arrays
table        TABLE: their names, what a student reads, and the likeliest first
pieces       two values taken apart into arrays that stand in each other's place
search       which of them explains a wrong value, or that nothing does
"""

from grader.compare.generic.base import Candidate, Leaf, Transform
from grader.compare.generic.pieces import Around
from grader.compare.generic.search import Case, Found, decide, found_in, one_step
from grader.compare.generic.table import TABLE

__all__ = ["TABLE", "Around", "Candidate", "Case", "Found", "Leaf", "Transform", "decide", "found_in", "one_step"]
