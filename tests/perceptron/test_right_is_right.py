"""Every right answer to `perceptron` earns every point."""

from tests.homework.right import RightIsRight

from .answers import ANSWERS, IMPORTS


class TestRightIsRight(RightIsRight):
    answers, imports = ANSWERS, IMPORTS
