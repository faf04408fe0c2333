"""What students of `mlp` get."""

import pytest

from tests.homework.handed_out import HandedOut

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept


class TestHandedOut(HandedOut):
    mistakes = {"Net": 1, "gradient_states": 0, "split": 1, "train": 0, "infer": 0, "load_idx": 1, "evaluate": 0, "predict": 1}
