"""Every right answer to `logistic` earns every point."""

from __future__ import annotations

import pytest

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS

pytestmark = pytest.mark.slow  # its key takes a minute to make where none is kept


class TestRightIsRight(RightIsRight):
    answers, imports, more = ANSWERS, IMPORTS, 3
