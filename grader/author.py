"""What an instructor's `checks.py` imports: a face that only hands names on."""

from grader.checks import check, mistake
from grader.judging import Accuracy as accuracy
from grader.judging import Agree as agree
from grader.judging import Architecture as architecture
from grader.judging import Avoids as avoids
from grader.judging import Close as close
from grader.judging import Exact as exact
from grader.judging import Figure as figure
from grader.judging import Gradient as gradient
from grader.judging import HiddenStates as hidden_states
from grader.judging import Layers as layers
from grader.judging import LinearProbe as linear_probe
from grader.judging import Losses as losses
from grader.judging import Sequence as sequence
from grader.judging import SuccessRate as success_rate
from grader.judging import Text as text
from grader.judging import Trained as trained
from grader.judging import Uses as uses
from grader.judging import Weights as weights

__all__ = [
    "accuracy",
    "agree",
    "architecture",
    "avoids",
    "check",
    "close",
    "exact",
    "figure",
    "gradient",
    "hidden_states",
    "layers",
    "linear_probe",
    "losses",
    "mistake",
    "sequence",
    "success_rate",
    "text",
    "trained",
    "uses",
    "weights",
]
