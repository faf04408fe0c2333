"""Every right answer to `autograd` earns every point."""

from __future__ import annotations

import pytest

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow


class TestRightIsRight(RightIsRight):
    answers, imports = ANSWERS, IMPORTS
