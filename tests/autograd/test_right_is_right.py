"""Every right answer to `autograd` earns every point."""

from __future__ import annotations

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS


class TestRightIsRight(RightIsRight):
    answers, imports = ANSWERS, IMPORTS
