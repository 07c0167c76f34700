"""`grader log`: list what people decided."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:
    """Add this command to the command line."""
    log = commands.add_parser(
        "log",
        description="List the decisions that people made with `grader decide`: number, when, who, "
        "student, what and why.",
    )
    log.add_argument("gradebook", type=Path)
    log.add_argument("student", nargs="?", metavar="ID", help="this student's only")
    log.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print the log; returns 0. Raises CannotGrade for an unknown student."""
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.reports.appeals import to_look_at

    with Gradebook(given.gradebook, read_only=True) as gradebook:
        if given.student is not None:
            gradebook.expect_student(given.student)
        entries = gradebook.log(given.student)
        undone = {entry.undoes for entry in entries}
        for entry in entries:
            print(_line(entry, is_undone=entry.decision.number in undone))
        if not entries:
            print("no decisions")
        for line in to_look_at(gradebook, given.student):
            print(f"note: {line}")
    return 0


def _line(entry: Any, *, is_undone: bool) -> str:
    from grader.report.changes import decided
    from grader.report.text import one_line

    decision = entry.decision
    done = f"undoes {entry.undoes}" if entry.undoes is not None else decided(decision)
    words = [
        f"{decision.number:>4}  {decision.at}  {decision.who}  {entry.student}  {done}",
        *([f"reason: {decision.reason}"] if decision.reason else []),
        *([f"comment: {decision.comment}"] if decision.comment else []),
        *(["(undone)"] if is_undone else []),
    ]
    return one_line("  ".join(words))
