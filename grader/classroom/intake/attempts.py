"""Several attempts of one student in a download: the last one counts, and is said to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from grader.classroom.intake.entry import Entry, names_of
from grader.classroom.listing import File
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.times import zone_name


@dataclass
class Attempt:
    """What a student handed in at one time, which the platform wrote without a zone."""

    place: str
    at: datetime
    files: list[File]


def entry_of(
    platform: str, student: Student, attempts: list[Attempt], zone: tzinfo, source: str
) -> Entry:
    """The entry of a student's attempts, of which the last counts. Two of one time are refused."""
    attempts = sorted(attempts, key=lambda attempt: (attempt.at, attempt.place))
    last = attempts[-1]
    shown = f"{student.name} ({student.id})" if student.name != student.id else student.name
    entry = Entry(
        [student],
        shown,
        last.files,
        handed_in=HandedIn(
            last.at.replace(tzinfo=zone), source=f"{source}, read as {zone_name(zone)}"
        ),
        origin=Origin(platform, last.place, names_of(last.files)),
    )
    if len(attempts) > 1:
        entry.remarks.append(f"{shown} has {len(attempts)} attempts; the last counts, of {last.at}")
        if attempts[-2].at == last.at:
            entry.problem = (
                f"{shown} handed in twice at {last.at} ({attempts[-2].place} and "
                f"{last.place}), expected one submission that is the last"
            )
    return entry
