"""What a student's page shows, read from the gradebook."""

from __future__ import annotations

from datetime import datetime, tzinfo

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn
from grader.classroom.reports.assignment import Assignment, Person
from grader.report.student_page import PageContent


def page_content(gradebook: Gradebook, assignment: Assignment, person: Person) -> PageContent:
    """The content of a student's page."""
    standing, zone = person.standing, assignment.course.zone
    submission = gradebook.submission(standing.work) if standing.work else None
    return PageContent(
        standing.report,
        person.name,
        plots={} if submission is None else submission.plots,
        attempts=standing.attempts,
        waiting=person.waiting,
        title=assignment.title,
        marked=_marked(standing.marked_at, zone),
        handed_in=_handed_in(standing.handed_in, zone),
        work=standing.origin.commit or standing.work,
        sources={} if submission is None else submission.scripts,
        needs=_needs(assignment),
    )


def anonymous_content(assignment: Assignment, person: Person, left_out: str) -> PageContent:
    """The content of a page without names, of a person who has none; `left_out` says so."""
    return PageContent(
        person.standing.report,
        person.name,
        attempts=person.standing.attempts,
        waiting=person.waiting,
        title=assignment.title,
        needs=_needs(assignment),
        left_out=left_out,
    )


def _needs(assignment: Assignment) -> dict[str, tuple[str, ...]]:
    return {section.number: section.needs for section in assignment.sections}


def _marked(at: str, zone: tzinfo) -> str:
    """When the submission was marked; SQLite's times are in UTC."""
    return _in_words(datetime.fromisoformat(f"{at}+00:00"), zone) if at else ""


def _handed_in(handed_in: HandedIn, zone: tzinfo) -> str:
    return "" if handed_in.at is None else _in_words(handed_in.at, zone)


def _in_words(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
