"""A class: a folder of submissions -> a gradebook, feedback pages and a class report.

    grade_folder(assignment, folder, out, workshop)    every submission ends in a row, whatever it is
    regrade(assignment, out, workshop)                 every row again, from what is kept
    write_pages, write_report                          the files beside the gradebook

`desk` does one submission, in a worker; `crew` hands them out and is the only one that writes the gradebook; `pages` writes the
files. What has been run is kept under a name for exactly what was run, and a row says what its grade rests on: so grading the
folder again does only what is new or changed, and a kill at any moment costs the submissions in flight and nothing else.
"""

from __future__ import annotations

from grader.batch.crew import Standing, Watch
from grader.batch.folder import Summary, grade_folder
from grader.batch.pages import write_pages, write_report
from grader.batch.regrade import Change, Regraded, regrade

__all__ = ["Change", "Regraded", "Standing", "Summary", "Watch", "grade_folder", "regrade", "write_pages", "write_report"]
