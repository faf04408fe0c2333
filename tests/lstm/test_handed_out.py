"""What students of `lstm` get: nothing leaks, it runs as handed out, and its checks say what is wrong."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow


class TestHandedOut(HandedOut):
    mistakes = {
        "block_mask": 0,
        "near_zero": 0,
        "lstm_step": 0,
        "kept_and_added": 1,
    }
