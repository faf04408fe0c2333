"""What students of `autograd` get."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow


class TestHandedOut(HandedOut):
    mistakes = {
        "Multiply": 0,
        "FanOut": 0,
        "facts": 1,
        "second_backward": 2,
        "after_passes": 0,
        "descend": 1,
    }
