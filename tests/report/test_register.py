"""Lists on the class page: who is missing, unknown, late, and what people changed."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn, Student
from grader.classroom.reports.build import build
from grader.submission.reading import Submission
from tests.classes import HOSTILE, Pupil, write_class

COURSE = """
zone = "UTC"
due = 2026-12-01T12:00:00Z
[late]
per_day = 10
[extensions]
ada = 2026-12-09
adda = 2026-12-09
"""
WORKSHEET, FILES = "Moodle's grading worksheet", "file times"


def page_of(folder: Path, pupils: list[Pupil], *, course: str = "") -> str:
    """The class page's text, tags left out."""
    book = write_class(folder / "grades.db", pupils)
    if course:
        (folder / "course.toml").write_text(course)
    with Gradebook(book) as gradebook:
        build(gradebook, folder / "report")
    source = (folder / "report" / "index.html").read_text(encoding="utf-8")
    plain = re.sub(r"<(style|script)>.*?</\1>|<[^>]*>", " ", source, flags=re.DOTALL)
    return " ".join(unescape(plain).split())


def test_a_class_without_roster_and_course_has_no_such_lists(tmp_path: Path) -> None:
    text = page_of(tmp_path, [Pupil("ada")])
    for title in ("Roster", "Changed by people", "How the times are known"):
        assert title not in text


def test_the_roster_names_who_is_missing_and_who_is_unknown(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        roster = [Student("ada", "Ada", group="Red"), Student("0429", HOSTILE, group="Blue")]
        gradebook.keep_roster(roster)
    text = page_of(tmp_path, [Pupil("ada"), Pupil("429", "Zeno")])
    assert "3 students: 2 marked, 1 has not handed in" in text
    assert "Not handed in: 1 <script>alert(1)</script>" in text
    assert "( 0429 ), Blue" in text
    assert "Handed in, not on the roster: 1 Zeno ( 429 )" in text


def test_those_who_are_missing_stand_in_the_table_of_marks(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        gradebook.keep_roster([Student("ada", "Ada"), Student("emil", "Emil")])
    page_of(tmp_path, [Pupil("ada")])
    with (tmp_path / "report" / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    assert (rows["emil"]["state"], rows["emil"]["score"]) == ("nothing handed in", "")
    assert not list((tmp_path / "report" / "students").glob("emil*"))


def hand_in(folder: Path, student: str, handed_in: HandedIn) -> None:
    with Gradebook(folder / "grades.db", create=True) as gradebook:
        submission = Submission(student, {}, {}, {})
        gradebook.hand_in(
            [Student(student, student)], f"work of {student}", submission, handed_in=handed_in
        )


@pytest.fixture
def late_class(tmp_path: Path) -> Path:
    hand_in(tmp_path, "ada", HandedIn(datetime(2026, 12, 3, tzinfo=UTC), None, WORKSHEET))
    hand_in(tmp_path, "bob", HandedIn(datetime(2026, 12, 2, 13, tzinfo=UTC), None, FILES))
    hand_in(tmp_path, "cleo", HandedIn(datetime(2026, 12, 1, 10, tzinfo=UTC), None, WORKSHEET))
    return tmp_path


def test_late_students_stand_with_both_marks_and_the_source(late_class: Path) -> None:
    # write_class hands in the same works again, without a time, which keeps the times
    text = page_of(late_class, [Pupil("ada"), Pupil("bob"), Pupil("cleo")], course=COURSE)
    assert f"How the times are known: {WORKSHEET} (2), {FILES} (1)." in text
    assert "Student Mark of 100 points Before lateness Days late" in text
    assert "bob 80 100 2 " in text
    assert "ada 100 100 ✓" in text  # an extension


def test_an_extension_of_an_unknown_student_is_named(late_class: Path) -> None:
    text = page_of(late_class, [Pupil("ada")], course=COURSE)
    assert "extension for 'adda', who is not in the class; did you mean 'ada'?" in text


def test_what_people_changed_is_listed_with_who_and_why(tmp_path: Path) -> None:
    pupils = [Pupil("ada", lost={"1.2": "wrong"}), Pupil("bob")]
    book = write_class(tmp_path / "grades.db", pupils)
    with Gradebook(book) as gradebook:
        gradebook.decide("ada", "points", section="1.2", points=2.0, reason="as in the lecture",
                         who="Prof. Müller")  # fmt: skip
        number = gradebook.decide("bob", "total", points=1.0, reason="a slip", who="TA")
        gradebook.decide("bob", "total", undoes=number, reason="taken back", who="TA")
        gradebook.decide("bob", "points", section="1.3", points=1.0, reason="oral exam", who="TA")
        gradebook.decide("bob", "comment", comment="come to my office", who="TA")
    text = page_of(tmp_path, pupils)
    assert "ada 1.2: 2 points as in the lecture Prof. Müller 20" in text
    assert "come to my office TA" in text
    assert "a slip" not in text
    assert "Marking gives more now These decisions stand." in text
    assert "bob , 1.3: a person gave 1 points, marking gives 4 now" in text
