"""`grader decide`: record what a person decides about a student's mark."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import CannotGrade

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.reports.assignment import Assignment

MOST_TEXT = 2000  # characters of a reason or comment


def add(commands: Any) -> None:
    """Add this command to the command line."""
    decide = commands.add_parser(
        "decide",
        description="Record what a person decides about a student's mark. Decisions are only added, "
        "never overwritten, and nothing automatic changes them. `grader log` lists them.",
    )
    decide.add_argument("gradebook", type=Path)
    decide.add_argument("student", metavar="ID", help="the student's id")
    what = decide.add_mutually_exclusive_group()
    what.add_argument("--section", metavar="NUMBER", help="the section whose --points to set")
    what.add_argument(
        "--total", metavar="POINTS", help="the whole mark, whatever sections and lateness give"
    )
    what.add_argument(
        "--excuse", metavar="NUMBER", help="a section that does not count for this student"
    )
    what.add_argument(
        "--undo",
        nargs="?",
        const="last",
        metavar="N",
        help="undo decision number N of `grader log`, or this student's last one",
    )
    decide.add_argument("--points", metavar="POINTS", help="of --section")
    decide.add_argument("--reason", metavar="TEXT", help="why; shown to the student")
    decide.add_argument("--comment", metavar="TEXT", help="a comment shown to the student")
    decide.add_argument(
        "--by", metavar="NAME", help="who decides (default: the name you are logged in with)"
    )
    decide.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Record a decision; returns 0. Raises CannotGrade for one that makes no sense."""
    from grader.classroom.gradebook import Gradebook
    from grader.classroom.lock import alone
    from grader.classroom.reports.assignment import assignment_of

    _expect_one(given)
    with alone(given.gradebook), Gradebook(given.gradebook) as gradebook:
        student = gradebook.expect_student(given.student)
        assignment = assignment_of(gradebook)
        if given.undo is not None:
            _undo(given, gradebook)
        else:
            _decide(given, gradebook, assignment)
        print(_mark(gradebook, student.id, assignment))
    return 0


def _expect_one(given: argparse.Namespace) -> None:
    """Raises CannotGrade unless the options say one thing."""
    if (given.section is None) != (given.points is None):
        raise CannotGrade("--section and --points belong together: --section 1.6 --points 10")
    kinds = (given.section, given.total, given.excuse, given.undo)
    changes = any(kind is not None for kind in kinds)
    if not changes and given.comment is None:
        raise CannotGrade(
            "nothing was decided, expected --section and --points, --total, --excuse, --undo or "
            "--comment"
        )
    if changes and given.reason is None:
        raise CannotGrade("--reason is missing: whoever reads the log later has to know why")
    if given.undo is not None and given.comment is not None:
        raise CannotGrade("--comment was given with --undo, expected a decision of its own")


def _decide(given: argparse.Namespace, gradebook: Gradebook, assignment: Assignment) -> None:
    kind, section, points = "comment", "", None
    if given.section is not None:
        kind, section = "points", _section("--section", given.section, assignment)
        points = _points("--points", given.points, assignment.points[section])
    elif given.total is not None:
        kind, points = "total", _points("--total", given.total, assignment.total)
    elif given.excuse is not None:
        kind, section = "excuse", _section("--excuse", given.excuse, assignment)
    number = gradebook.decide(
        given.student,
        kind,
        section=section,
        points=points,
        reason=_text("--reason", given.reason),
        comment=_text("--comment", given.comment),
        who=_who(given.by),
    )
    print(f"decision {number} is recorded for {given.student}")


def _undo(given: argparse.Namespace, gradebook: Gradebook) -> None:
    from grader.classroom.decisions import to_undo
    from grader.report.changes import decision_in_words

    number = None if given.undo == "last" else _whole("--undo", given.undo)
    old = to_undo(gradebook.log(given.student), number, given.student)
    new = gradebook.decide(
        given.student,
        "undo",
        reason=_text("--reason", given.reason),
        who=_who(given.by),
        undoes=old.number,
    )
    print(f"decision {new} undoes {old.number} ({decision_in_words(old)})")


def _mark(gradebook: Gradebook, student: str, assignment: Assignment) -> str:
    """The student's mark as it is now."""
    from grader.classroom.reports.assignment import person_of

    one = person_of(gradebook, gradebook.expect_student(student), assignment)
    if not one.is_marked:
        return f"{student} is not marked yet"
    return f"{student} has {one.standing.report.mark:g} of {assignment.total:g} points"


def _section(option: str, number: str, assignment: Assignment) -> str:
    if number not in assignment.points:
        raise CannotGrade(f"{option} is {number!r}, expected one of {', '.join(assignment.points)}")
    return number


def _points(option: str, text: str, most: float) -> float:
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = -1
    if not 0 <= points <= most:
        raise CannotGrade(f"{option} is {text!r}, expected a number from 0 to {most:g}")
    return points


def _whole(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise CannotGrade(f"{option} is {text!r}, expected the number of a decision")
    return int(text)


def _text(option: str, text: str | None) -> str:
    from grader.report.text import one_line

    if text is None:
        return ""
    if not text.strip() or len(text) > MOST_TEXT:
        raise CannotGrade(f"{option} has {len(text)} characters, expected 1 to {MOST_TEXT:,}")
    return one_line(text)


def _who(name: str | None) -> str:
    import getpass

    from grader.report.text import one_line

    if name is not None:
        return one_line(name) or "unknown"
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return "unknown"
