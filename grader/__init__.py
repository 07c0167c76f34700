"""Marks submissions of the assignment: `python -m grader --help`."""

__version__ = "0.1.0"
