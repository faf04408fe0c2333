"""`python -m grader`: the same as the command `grader`."""

from grader.start import command

command()
