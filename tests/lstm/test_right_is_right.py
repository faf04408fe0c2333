"""Every right answer to `lstm` earns every point."""

import pytest

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow


class TestRightIsRight(RightIsRight):
    answers, imports = ANSWERS, IMPORTS
    more = 1
