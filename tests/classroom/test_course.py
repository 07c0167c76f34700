"""course.toml: strictly checked; lateness by its rule, with extensions, grace and free days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.classroom.course import Course, course_of, parse_course, unknown_students
from grader.classroom.lateness import lateness
from grader.classroom.people import HandedIn
from grader.errors import RubricError

WHOLE = """
title = "Deep Learning: assignment 1"
due = 2026-12-01T23:59:00
zone = "Europe/Berlin"
grace_minutes = 15

[late]
per_day = 10
unit = "percent"
most = 50
free_days = 1

[extensions]
"0429" = 2026-12-05
ada = 2026-12-03T12:00:00+01:00

[columns]
canvas = "Assignment 1 (4711)"
moodle = { grade = "Bewertung", participant = "Teilnehmer/in" }
"""
DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)


def at(**after: float) -> HandedIn:
    return HandedIn(DUE + timedelta(**after), None, "the worksheet")


def course(text: str = WHOLE) -> Course:
    return parse_course(text, "course.toml")


def test_all_entries_are_read() -> None:
    found = course()
    assert found.due == DUE
    assert found.canvas == "Assignment 1 (4711)"
    assert found.due_of("0429") == datetime(2026, 12, 5, 22, 59, 59, tzinfo=UTC)
    assert found.moodle["grade"] == "Bewertung"
    assert found.moodle["identifier"] == "Identifier"


def test_a_gradebook_without_the_file_has_no_due_date(tmp_path: Path) -> None:
    assert course_of(tmp_path / "grades.db") == Course()
    assert lateness(Course(), "ada", at(days=9), 100) is None


@pytest.mark.parametrize(
    ("after", "days", "penalty"),
    [
        ({"minutes": -1}, 0, 0),
        ({"minutes": 15}, 0, 0),
        ({"minutes": 16}, 1, 0),  # the free day
        ({"days": 1}, 1, 0),
        ({"days": 1, "seconds": 1}, 2, 10),
        ({"days": 3}, 3, 20),
        ({"days": 30}, 30, 50),  # the most
    ],
)
def test_days_count_from_the_due_date(after: dict[str, float], days: int, penalty: float) -> None:
    found = lateness(course(), "bob", at(**after), 100)
    assert found is not None
    assert (found.days, found.penalty) == (days, penalty)


@pytest.mark.parametrize(
    ("due", "handed_in", "days"),
    [
        ("2026-10-24T23:59:00", "2026-10-25T22:30:00+01:00", 1),
        ("2026-10-24T23:59:00", "2026-10-25T23:30:00+01:00", 1),  # 24.5 hours later
        ("2026-10-24T23:59:00", "2026-10-26T00:00:00+01:00", 2),
        ("2026-10-25T02:30:00", "2026-10-25T02:10:00+01:00", 1),  # the hour came twice
        ("2026-03-28T23:59:00", "2026-03-30T00:05:00+02:00", 2),  # 23.1 hours later
        ("2026-03-28T23:59:00", "2026-03-29T23:59:00+02:00", 1),
    ],
)
@pytest.mark.parametrize("zone", [ZoneInfo("Europe/Berlin"), UTC])
def test_a_day_on_which_the_clocks_change_is_one_day(
    due: str, handed_in: str, days: int, zone: tzinfo
) -> None:
    rule = course(f'due = {due}\nzone = "Europe/Berlin"\n[late]\nper_day = 10\n')
    moment = datetime.fromisoformat(handed_in).astimezone(zone)
    found = lateness(rule, "bob", HandedIn(moment, None, "the worksheet"), 100)
    assert found is not None
    assert (found.days, found.penalty) == (days, 10 * days)


def test_the_grace_is_real_time_where_the_clocks_change() -> None:
    rule = course('due = 2026-03-29T01:59:00\nzone = "Europe/Berlin"\ngrace_minutes = 15\n')
    moment = datetime(2026, 3, 29, 3, 5, tzinfo=ZoneInfo("Europe/Berlin"))  # six minutes later
    found = lateness(rule, "bob", HandedIn(moment, None, "the worksheet"), 100)
    assert found is not None
    assert found.days == 0


def test_an_extension_moves_the_due_date() -> None:
    found = lateness(course(), "ada", at(days=1), 100)
    assert found is not None
    assert found.days == 0
    assert lateness(course(), "429", at(days=3), 100).days == 3  # type: ignore[union-attr]


def test_per_cent_are_of_the_available_points() -> None:
    assert lateness(course(), "bob", at(days=2), 40).penalty == 4  # type: ignore[union-attr]
    points = course(WHOLE.replace('"percent"', '"points"'))
    assert lateness(points, "bob", at(days=2), 40).penalty == 10  # type: ignore[union-attr]


def test_a_mark_without_a_time_counts_as_one_day() -> None:
    rule = course(WHOLE.replace("free_days = 1", ""))
    found = lateness(rule, "bob", HandedIn(None, True, "Canvas's LATE mark"), 100)
    assert found is not None
    assert (found.days, found.penalty) == (1, 10)
    assert "counted as one day" in found.remark


def test_an_extension_is_believed_against_a_bare_mark() -> None:
    found = lateness(course(), "ada", HandedIn(None, True, "Canvas's LATE mark"), 100)
    assert found is not None
    assert found.days == 0
    assert "extension" in found.remark


def test_an_unknown_time_costs_nothing_and_is_said() -> None:
    found = lateness(course(), "bob", HandedIn(), 100)
    assert found is not None
    assert found.penalty == 0
    assert "unknown" in found.remark


def test_summer_time_does_not_move_the_hour() -> None:
    text = 'due = 2026-07-01T23:59:00\nzone = "Europe/Berlin"\n'
    assert course(text).due == datetime(2026, 7, 1, 21, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("grace_minutes", "grace_minute", "did you mean grace_minutes?"),
        ("per_day = 10", "per_day = true", "[late] per_day is True"),
        ("per_day = 10", "", "per_day is missing"),
        ("per_day = 10", "per_day = 101", "from 0 to 100"),
        ('"percent"', '"per cent"', "'percent' or 'points'"),
        ("free_days = 1", "free_days = 1.5", "whole number"),
        ('zone = "Europe/Berlin"', "", "no time zone"),
        ('"Europe/Berlin"', '"Europe/Berlim"', "time zone database"),
        ('"Europe/Berlin"', '"../../etc/passwd"', "time zone database"),
        ("due = 2026-12-01T23:59:00", 'due = "1 December"', "expected a date and time"),
        ("due = 2026-12-01T23:59:00", "", "due is missing"),
        ("2026-12-05", "2026-11-05", "before due"),
        ("2026-12-05", "7", "expected a date and time"),
        ('"Assignment 1 (4711)"', "4711", "[columns] canvas"),
        ("participant =", "teilnehmer =", "unknown entry 'teilnehmer'"),
        ("[late]", "[late", "cannot be read"),
        ("title", "titel", "did you mean title?"),
    ],
)
def test_a_wrong_entry_is_named(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(RubricError) as raised:
        course(WHOLE.replace(old, new, 1))
    assert said in str(raised.value)
    assert str(raised.value).startswith("course.toml")


def test_an_extension_for_nobody_is_named() -> None:
    (line,) = unknown_students(course(), {"429", "ada"})
    assert "'0429'" in line
    assert "429" in line
