"""A small assignment in the formats of several graders, which mark the same ten submissions.

assignment.py    the three functions, the ten submissions and their expected verdicts
checks.py        the tests, shared by all graders
environments.py  a virtual environment for each grader
grading.py       the base class of the graders
scripts.py       pytest, gradescope-utils, check50
notebooks.py     otter-grader, nbgrader
ours.py          our grader, with the same three sections
"""
