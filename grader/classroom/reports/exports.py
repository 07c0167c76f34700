"""The marks as files for Gradescope, Canvas, Moodle and spreadsheets.

A student without a mark gets an empty cell, never a 0.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.cells import Cell
from grader.report.text import feedback, one_line, plain
from grader.results import SectionResult, Status
from grader.sections import SCRIPTS

Rows = Iterator[list[Cell]]


@dataclass(frozen=True)
class Export:
    """One file: its header rows, and the rows of a student."""

    head: Callable[[Assignment], list[list[Cell]]]
    rows: Callable[[Assignment, Person], Rows]


def _score(person: Person) -> float | None:
    return person.standing.report.mark if person.is_marked else None


def _by_number(person: Person) -> dict[str, SectionResult]:
    return {section.number: section for section in person.standing.report.sections}


def _earned(assignment: Assignment, person: Person) -> list[Cell]:
    """The points of each section; an unreadable submission has 0 in all of them."""
    results = _by_number(person)
    unread = 0.0 if person.standing.report.problem else None
    return [results[n].points if n in results else unread for n in assignment.points]


def _plain_head(assignment: Assignment) -> list[list[Cell]]:
    accuracies = [f"accuracy_{script}" for script in SCRIPTS]
    return [
        ["id", "name", "state", "score", "max_score", *assignment.points, *accuracies, "attempts"]
    ]


def _plain(assignment: Assignment, person: Person) -> Rows:
    standing = person.standing
    accuracies = [standing.report.accuracy.get(script) for script in SCRIPTS]
    yield [
        standing.student.id,
        person.name,
        person.state,
        _score(person),
        assignment.total,
        *_earned(assignment, person),
        *accuracies,
        standing.attempts,
    ]


def _gradescope_head(assignment: Assignment) -> list[list[Cell]]:
    sections = [f"{s.number}: {s.title} ({s.points:g} pts)" for s in assignment.sections]
    return [
        [
            "First Name",
            "Last Name",
            "SID",
            "Email",
            "Total Score",
            "Max Points",
            "Status",
            *sections,
        ]
    ]


def _gradescope(assignment: Assignment, person: Person) -> Rows:
    identity = person.standing.student.id
    first, _, last = person.name.strip().rpartition(" ")
    sid, email = ("", identity) if "@" in identity[1:] else (identity, "")
    status = "Graded" if person.is_marked else "Ungraded"
    yield [
        first or last,
        last if first else "",
        sid,
        email,
        _score(person),
        assignment.total,
        status,
        *_earned(assignment, person),
    ]


def _canvas_head(assignment: Assignment) -> list[list[Cell]]:
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment.title],
        ["Points Possible", "", "", "", "", assignment.total],
    ]


def _canvas(assignment: Assignment, person: Person) -> Rows:
    identity = person.standing.student.id
    # numbers are Canvas's own ids; students of a class read from folders have logins
    is_number = identity.isascii() and identity.isdigit()
    yield [
        person.name,
        identity if is_number else "",
        "",
        "" if is_number else identity,
        "",
        _score(person),
    ]


def _moodle_head(assignment: Assignment) -> list[list[Cell]]:
    return [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Status",
            "Grade",
            "Maximum Grade",
            "Grade can be changed",
            "Last modified (submission)",
            "Last modified (grade)",
            "Feedback comments",
        ]
    ]


def _moodle(assignment: Assignment, person: Person) -> Rows:
    identity = person.standing.student.id
    yield [
        f"Participant {identity}",
        person.name,
        "",
        "Submitted for grading",
        _score(person),
        assignment.total,
        "Yes",
        "",
        "",
        _comments(person),
    ]


def _comments(person: Person) -> str:
    """The feedback comments, which Moodle shows to the student as HTML."""
    report = person.standing.report
    if report.problem:
        return html.escape(plain(report.problem))
    lost = [section for section in report.sections if section.status is not Status.PASSED]
    comments = [
        html.escape(f"{section.number} {section.title}: {feedback(section)}") for section in lost
    ]
    return "<br><br>".join(comments).replace("\n", "<br>")


def _sections_head(assignment: Assignment) -> list[list[Cell]]:
    return [
        [
            "id",
            "name",
            "section",
            "title",
            "script",
            "status",
            "points",
            "max_points",
            "seconds",
            "diagnosis",
            "work",
            "feedback",
            "notes",
        ]
    ]


def _sections(assignment: Assignment, person: Person) -> Rows:
    for section in person.standing.report.sections:
        yield [
            person.standing.student.id,
            person.name,
            section.number,
            section.title,
            section.script,
            str(section.status),
            section.points,
            section.max_points,
            section.seconds,
            " ".join(section.diagnosis),
            person.standing.work,
            feedback(section),
            "; ".join(f"{note.id}: {one_line(note.text)}" for note in section.notes),
        ]


EXPORTS = {
    "grades.csv": Export(_plain_head, _plain),
    "gradescope.csv": Export(_gradescope_head, _gradescope),
    "canvas.csv": Export(_canvas_head, _canvas),
    "moodle.csv": Export(_moodle_head, _moodle),
    "sections.csv": Export(_sections_head, _sections),
}
