"""What a student's page shows, read from the gradebook."""

from __future__ import annotations

from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.assignment import Assignment, Person
from grader.report.student_page import PageContent


def page_content(gradebook: Gradebook, assignment: Assignment, person: Person) -> PageContent:
    """The content of a student's page."""
    standing = person.standing
    plots = gradebook.submission(standing.work).plots if standing.work else {}
    return PageContent(standing.report, person.name, plots, standing.attempts, person.waiting)
