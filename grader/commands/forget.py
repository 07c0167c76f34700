"""`grader forget`: erase a student."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Give the command line this command."""
    forget = commands.add_parser(
        "forget",
        help="erase a student",
        description="Erase a student and all that only this student handed in.",
    )
    forget.add_argument("gradebook", type=Path)
    forget.add_argument("student", help="the student's id")
    forget.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Erase a student. Raises CannotGrade for one who is not there."""
    from grader.classroom.batch import alone
    from grader.classroom.gradebook import Gradebook

    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        gradebook.forget(given.student)
    print(
        f"{given.student} is erased from {given.gradebook}; copies of the file, reports and exports are yours to remove"
    )
    return 0
