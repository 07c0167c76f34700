"""How late a submission is, and what that costs, by the rule in course.toml."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from grader.classroom.course import Course
from grader.classroom.people import HandedIn
from grader.results import Lateness

DAY = timedelta(days=1)


def lateness(
    course: Course, student: str, handed_in: HandedIn, available: float
) -> Lateness | None:
    """How late a student's submission is; None if there is no due date and no platform's mark.

    `available` are the points of the assignment. Within the grace nothing is late; after it, days
    count from the due date on the clock of the course's zone: one of them may have 23 or 25 hours.
    """
    due = course.due_of(student)
    if due is None and handed_in.is_late is None:
        return None
    days, remark = _days(course, student, handed_in)
    return Lateness(
        days=days,
        free_days=min(days, course.late.free_days),
        penalty=course.late.penalty(days, available),
        due="" if due is None else due.isoformat(timespec="minutes"),
        handed_in=""
        if handed_in.at is None
        else handed_in.at.astimezone(course.zone).isoformat(timespec="minutes"),
        source=handed_in.source,
        remark=remark,
    )


def _days(course: Course, student: str, handed_in: HandedIn) -> tuple[int, str]:
    """The started days after the due date, and what has to be said about them."""
    due = course.due_of(student)
    if due is not None and handed_in.at is not None:
        if elapsed(due, handed_in.at) <= course.grace:
            return 0, ""
        on_clock = _clock(handed_in.at, course) - _clock(due, course)
        return max(1, math.ceil(on_clock / DAY)), ""  # an hour of the clock may come twice
    if handed_in.is_late is None:
        return 0, "when it was handed in is unknown, so it counts as on time"
    if not handed_in.is_late:
        return 0, ""
    if due is None:
        return 0, f"late by {handed_in.source}; course.toml has no due date, so that costs nothing"
    if student in course.extensions:
        return 0, f"late by {handed_in.source}, by how much is unknown; the extension is believed"
    return 1, f"late by {handed_in.source}, which does not say by how much: counted as one day"


def elapsed(since: datetime, until: datetime) -> timedelta:
    """The time from one moment to another. Of two in one zone, `-` compares the clocks instead."""
    return until.astimezone(UTC) - since.astimezone(UTC)


def _clock(moment: datetime, course: Course) -> datetime:
    return moment.astimezone(course.zone).replace(tzinfo=None)
