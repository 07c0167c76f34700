"""course.toml beside a gradebook: the due date, the rule for late submissions, names on platforms.

A gradebook without this file has no due date, and nothing is late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.checked_toml import expect_keys, number_in, parse
from grader.errors import RubricError

COURSE = "course.toml"
UNITS = ("percent", "points")
# What Moodle's worksheet calls its columns on an English site; other sites translate them.
MOODLE_COLUMNS = {
    "identifier": "Identifier",
    "participant": "Participant",
    "grade": "Grade",
    "modified": "Last modified (grade)",
    "comments": "Feedback comments",
}


@dataclass(frozen=True)
class LateRule:
    """What each started day costs, in `unit`: per cent of the available points, or points.

    `most` is the most that is taken off, in the same unit. `free_days` are each student's own.
    """

    per_day: float = 0.0
    unit: str = "percent"
    most: float | None = None
    free_days: int = 0

    def penalty(self, days: int, available: float) -> float:
        """The points that `days` late days cost; free days among them cost nothing."""
        taken = self.per_day * max(0, days - self.free_days)
        if self.most is not None:
            taken = min(self.most, taken)
        return taken * available / 100 if self.unit == "percent" else taken


@dataclass(frozen=True)
class Course:
    """The assignment as this course runs it. Times are aware of their zone.

    `canvas` is the assignment's column in Canvas's gradebook, such as "Assignment 1 (4711)";
    `moodle` holds the names of the worksheet's columns, keyed as in MOODLE_COLUMNS.
    """

    title: str = ""
    due: datetime | None = None
    grace: timedelta = timedelta()
    zone: tzinfo = UTC
    late: LateRule = field(default_factory=LateRule)
    extensions: dict[str, datetime] = field(default_factory=dict)
    canvas: str = ""
    moodle: dict[str, str] = field(default_factory=lambda: dict(MOODLE_COLUMNS))

    def due_of(self, student: str) -> datetime | None:
        """When a student's submission is due, with the student's extension."""
        return self.extensions.get(student, self.due)


def course_of(gradebook: Path) -> Course:
    """The course.toml in the folder of a gradebook; an empty Course if there is none.

    Raises RubricError, which names the file and the wrong entry.
    """
    path = gradebook.absolute().parent / COURSE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Course()
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path} cannot be read: {error}") from None
    return parse_course(text, str(path))


def parse_course(text: str, name: str) -> Course:
    """The course in a TOML text called `name`. Raises RubricError, which names the wrong entry."""
    table = parse(text, name)
    try:
        return _course(table)
    except RubricError as error:
        raise RubricError(f"{name}: {error}") from None


def _course(table: dict[str, Any]) -> Course:
    optional = {"title", "due", "zone", "grace_minutes", "late", "extensions", "columns"}
    expect_keys("the top level", table, set(), optional)
    zone = _zone(table.get("zone"))
    due = _time("due", table["due"], zone) if "due" in table else None
    for entry in ("late", "extensions", "grace_minutes"):
        if entry in table and due is None:
            raise RubricError(f"{entry} is given, but due is missing")
    minutes = number_in("grace_minutes", table.get("grace_minutes", 0), low=0, high=10_000)
    columns = table.get("columns", {})
    expect_keys("[columns]", columns, set(), {"canvas", "moodle"})
    return Course(
        title=_text("title", table.get("title", "")),
        due=due,
        grace=timedelta(minutes=minutes),
        zone=zone or (due.tzinfo if due and due.tzinfo else UTC),
        late=_late(table.get("late", {})),
        extensions=_extensions(table.get("extensions", {}), due, zone),
        canvas=_text("[columns] canvas", columns.get("canvas", "")),
        moodle=_moodle(columns.get("moodle", {})),
    )


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise RubricError(f"{name} is {value!r}, expected a text on one line")
    return value.strip()


def _zone(name: Any) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise RubricError(
            f'zone is {name!r}, expected a name of the time zone database, such as "Europe/Berlin"'
        ) from None


def _time(name: str, given: Any, zone: tzinfo | None) -> datetime:
    """A moment: with its own offset, or in the course's zone; a date alone means its last minute."""
    example = "2026-12-01T23:59:00+01:00"
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime.combine(given, time(23, 59, 59))
    if not isinstance(given, datetime):
        raise RubricError(f"{name} is {given!r}, expected a date and time, such as {example}")
    moment: datetime = given
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise RubricError(
            f'{name} is {moment}, which has no time zone: write {example}, or zone = "…"'
        )
    return moment.replace(tzinfo=zone)


def _late(entry: Any) -> LateRule:
    expect_keys("[late]", entry, {"per_day"} if entry else set(), {"unit", "most", "free_days"})
    unit = entry.get("unit", UNITS[0])
    if unit not in UNITS:
        raise RubricError(f"[late] unit is {unit!r}, expected {' or '.join(map(repr, UNITS))}")
    high = 100 if unit == "percent" else 10_000
    free = entry.get("free_days", 0)
    if isinstance(free, bool) or not isinstance(free, int) or not 0 <= free <= 365:
        raise RubricError(f"[late] free_days is {free!r}, expected a whole number from 0 to 365")
    most = entry.get("most")
    return LateRule(
        number_in("[late] per_day", entry.get("per_day", 0), low=0, high=high),
        unit,
        None if most is None else number_in("[late] most", most, low=0, high=high),
        free,
    )


def _extensions(entry: Any, due: datetime | None, zone: tzinfo | None) -> dict[str, datetime]:
    if not isinstance(entry, dict):
        raise RubricError(f"[extensions] is {entry!r}, expected a table of students and times")
    found = {}
    for student, until in entry.items():
        found[student] = _time(f"[extensions] {student}", until, zone)
        if due is not None and found[student] < due:
            raise RubricError(
                f"[extensions] {student} is {until}, which is before due, {due.isoformat(' ')}"
            )
    return found


def _moodle(entry: Any) -> dict[str, str]:
    expect_keys("[columns] moodle", entry, set(), set(MOODLE_COLUMNS))
    named = {key: _text(f"[columns] moodle.{key}", value) for key, value in entry.items()}
    return MOODLE_COLUMNS | named


def unknown_students(course: Course, known: set[str]) -> list[str]:
    """A line for each extension of a student who is not in the class."""
    return [
        f"{COURSE} has an extension for {student!r}, who is not in the class"
        + _perhaps(student, known)
        for student in course.extensions
        if student not in known
    ]


def _perhaps(student: str, known: set[str]) -> str:
    close = get_close_matches(student, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
