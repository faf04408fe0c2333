"""Imported where workers are forked from (`run.nursery`): what the first feedback page of each would do first."""

from grader.report.code import highlighted
from grader.report.render import load_templates

load_templates("base.html.j2", "parts.html.j2", "feedback.html.j2")
highlighted("pass")
