"""What weights leave open: the hidden units of a network may stand in another order, with another sign, another scale.

network      a value -> tensors by name, and the architecture where it is known
layers       tensors -> layers; activations: what stands between them
structure    layers -> groups of hidden units, and the numbers that belong to each unit
slots        the student's tensors in the expected places, whatever they are called
matching     which unit is which, and with which sign; scaling: by which factor
align        all of it: two networks, number for number
forward      what a network of weights gives
function     whether two networks give the same
telling      a matching in words; rows: tensors whose rows stand in another order
"""

from grader.compare.symmetry import function, telling
from grader.compare.symmetry.align import Alignment, Slot, align
from grader.compare.symmetry.network import Network, State, read

__all__ = ["Alignment", "Network", "Slot", "State", "align", "function", "read", "telling"]
