"""`grader forget`: erase a student."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    forget = commands.add_parser(
        "forget",
        description="Erase a student and everything that only this student submitted.",
    )
    forget.add_argument("gradebook", type=Path)
    forget.add_argument("student", help="the student's id")
    forget.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Erase a student; returns 0. Raises CannotGrade for an unknown one."""
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.lock import alone

    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        gradebook.forget(given.student)
    print(
        f"{given.student} is erased from {given.gradebook}. "
        "Copies of this file, reports and exports have to be removed separately"
    )
    return 0
