"""What students of `logistic` get."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept


class TestHandedOut(HandedOut):
    mistakes = {"neg_log_likelihood": 0, "start_layer": 0, "loss_fn2": 0, "surface": 0, "learn_and_record": 0, "show_lrpr2": 2}
