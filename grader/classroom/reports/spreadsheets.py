"""grades.csv and sections.csv, for spreadsheets and programs: new columns are added at the end."""

from __future__ import annotations

from collections.abc import Iterator

from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.cells import Cell
from grader.report.changes import decided
from grader.report.text import feedback, one_line
from grader.results import Decision
from grader.sections import SCRIPTS

Rows = Iterator[list[Cell]]
EXCUSED = "excused"


def final_mark(person: Person) -> float | None:
    """The mark that counts; None for a student without one."""
    return person.standing.report.mark if person.is_marked else None


def earned(assignment: Assignment, person: Person) -> list[Cell]:
    """The points of each section; an unreadable submission has 0 in all of them."""
    results = {section.number: section for section in person.standing.report.sections}
    unread = 0.0 if person.standing.report.problem else None
    found: list[Cell] = []
    for number in assignment.points:
        section = results.get(number)
        if section is None:
            found.append(unread)
        else:
            found.append(EXCUSED if section.is_excused else section.points)
    return found


def handed_in_at(assignment: Assignment, person: Person) -> str:
    """When the submission was handed in, in the course's time zone; "" if unknown."""
    at = person.standing.handed_in.at
    return "" if at is None else at.astimezone(assignment.course.zone).isoformat(timespec="seconds")


def changed(decisions: tuple[Decision, ...]) -> str:
    """What people decided, why, who and when, on one line; for the staff."""
    return " | ".join(map(_in_full, decisions))


def _in_full(decision: Decision) -> str:
    words = [
        decided(decision) if decision.kind != "comment" else "",
        f"reason: {decision.reason}" if decision.reason else "",
        f"comment: {decision.comment}" if decision.comment else "",
        f"by {decision.who} at {decision.at}" if decision.at else "",  # not if it is anonymous
    ]
    return one_line(", ".join(filter(None, words)))


def grades_head(assignment: Assignment) -> list[list[Cell]]:
    """The header of grades.csv."""
    accuracies = [f"accuracy_{script}" for script in SCRIPTS]
    first = ["id", "name", "state", "score", "max_score", *assignment.points, *accuracies]
    added = ["email", "group", "handed_in", "handed_in_by", "days_late"]
    last: list[Cell] = ["score_before_lateness", "penalty", "changed"]
    last += ["questions_right", "questions_answered", "questions_asked"]
    return [[*first, "attempts", *added, *last]]


def grades(assignment: Assignment, person: Person) -> Rows:
    """A student's row of grades.csv."""
    standing, report = person.standing, person.standing.report
    late, answered = report.lateness, standing.answered
    yield [
        standing.student.id,
        person.name,
        person.state,
        final_mark(person),
        assignment.total,
        *earned(assignment, person),
        *(report.accuracy.get(script) for script in SCRIPTS),
        standing.attempts,
        standing.student.email,
        standing.student.group,
        handed_in_at(assignment, person),
        standing.handed_in.source,
        late.days if late else None,
        None if standing.pending else report.score,
        late.penalty if late else None,
        changed(report.decisions),
        answered.right if answered else None,
        answered.given if answered else None,
        answered.asked if answered else None,
    ]


def sections_head(assignment: Assignment) -> list[list[Cell]]:
    """The header of sections.csv."""
    first = ["id", "name", "section", "title", "script", "status", "points", "max_points"]
    more = ["seconds", "diagnosis", "work", "feedback", "notes"]
    added = ["state", "email", "group", "handed_in", "days_late", "marked_points", "changed"]
    return [[*first, *more, *added]]


def sections(assignment: Assignment, person: Person) -> Rows:
    """A student's rows of sections.csv: one for each section that is marked."""
    standing, report = person.standing, person.standing.report
    for section in report.sections:
        decisions = [one for one in (section.decision, report.total) if one is not None]
        yield [
            standing.student.id,
            person.name,
            section.number,
            section.title,
            section.script,
            str(section.status),
            EXCUSED if section.is_excused else section.points,
            section.max_points,
            section.seconds,
            " ".join(section.diagnosis),
            standing.work,
            feedback(section),
            "; ".join(f"{note.id}: {one_line(note.text)}" for note in section.notes),
            person.state,
            standing.student.email,
            standing.student.group,
            handed_in_at(assignment, person),
            report.lateness.days if report.lateness else None,
            section.marked_points,
            changed(tuple(decisions)),
        ]
