"""Every right answer to `mlp` earns every point."""

import pytest

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept


class TestRightIsRight(RightIsRight):
    answers, imports = ANSWERS, IMPORTS
