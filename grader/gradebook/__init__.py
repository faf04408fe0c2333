"""The gradebook: runs (facts, kept by what was run) and grades (opinions, one a student), in one database.

SQLite by default, PostgreSQL by URL. Each write is a transaction of its own, made as soon as a submission is done: a kill at
any moment loses at most the notebooks in flight, and the next `grade` goes on from there.

    store       Gradebook: what others use       schema      the tables, version 2
    opening     whose file, which version        migrate     version 1 -> 2
    states      of a submission                  contents    bytes by content
    runs        a run as rows                    grades      a grade as rows
    overrides   a person's word                  listing     the class at a glance
    export      for a spreadsheet or an LMS
"""

from grader.gradebook.listing import Row
from grader.gradebook.overrides import Override
from grader.gradebook.runs import KeptRun
from grader.gradebook.states import SubmissionState
from grader.gradebook.store import Gradebook

__all__ = ["Gradebook", "KeptRun", "Override", "Row", "SubmissionState"]
