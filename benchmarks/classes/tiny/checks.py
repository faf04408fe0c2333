"""How the answers of `tiny` are judged."""

from grader.author import check, close, mistake

TOLERANCE = 1e-5


@check("line", points=2, compare=close(atol=TOLERANCE))
def line_values(nb):
    """The line with slope 3 through (0, 0.5) is right at all x."""
    return nb.line(nb.x, 3.0, 0.5)


mistake("line", replace={"+ b": "- b"}, says="The intercept b is added to w * x, not taken from it.")


@check("squares", points=1, compare=close(atol=TOLERANCE))
def error_of_two_lines(nb):
    """The error between the two lines is right."""
    return nb.error


@check("squares", points=1, private=True, compare=close(atol=TOLERANCE))
def error_of_others(nb):
    """The error is right for other numbers."""
    return nb.squares(nb.x, 2 * nb.x)


mistake("squares", replace={".mean()": ".sum()"}, says="The mean, not the sum, of the squares.")
