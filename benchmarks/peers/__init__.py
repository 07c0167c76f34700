"""One small assignment in the formats of other graders, to mark the same ten submissions with each of them.

assignment.py    the three functions, the ten submissions, and what each has earned
checks.py        the tests, once for all
environments.py  a virtual environment for each grader
grading.py       what all graders have in common: files, commands, verdicts
scripts.py       pytest, gradescope-utils, check50
notebooks.py     otter-grader, nbgrader
ours.py          our own marking of the same three sections
"""
