"""Publish, self-check and grade deep-learning homework in notebooks.

Inside a student's notebook:

    import grader
    grader.load("rnn_ab.key")      # the set-up cell does this
    grader.check("train")          # what is right, what is wrong, and which mistake it looks like

Importing this is cheap: what the two functions need is imported when they are called.
"""

from __future__ import annotations

import os

__all__ = ["__version__", "check", "load"]

__version__ = "0.1.0"


def load(name: str, embedded: str = "") -> None:
    """Load the public key `name` that lies beside the notebook, or the one embedded in it. Prints what is wrong, if anything."""
    if "GRADER_RUN" not in os.environ:
        from grader import selfcheck

        selfcheck.load(name, embedded)


def check(blank: str) -> None:
    """Check one blank of this notebook and show the result. Advice only: it changes nothing and is not the grade."""
    if "GRADER_RUN" not in os.environ:
        from grader import selfcheck

        selfcheck.check(blank)
