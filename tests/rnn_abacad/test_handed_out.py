"""What students of `rnn_abacad` get."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept


class TestHandedOut(HandedOut):
    mistakes = {"one_hot_pairs": 0, "rNNCell": 2, "train_rnn": 4, "case_node": 1, "speedups": 0}
