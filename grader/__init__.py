"""Marks submissions of the assignment: `grader --help`."""

from pathlib import Path

__version__ = "0.1.0"

GRADER = Path(__file__).resolve().parent
PROJECT = GRADER.parent
REFERENCE = GRADER / "reference"  # the reference solution, which earns full marks
