"""What students of `relu_network` get."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow  # its key takes minutes to make where none is kept


class TestHandedOut(HandedOut):
    mistakes = {"bent_by_cases": 0, "spoiled": 1, "by_matrix": 0, "rescaled": 1, "shapes": 0, "pieces": 0}
