"""Marks come back to those who earned them, as the platforms' importers read our files."""

from __future__ import annotations

import csv
import html
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.reports.identities import canvas_keys, moodle_number
from tests.classes import HOSTILE, RUBRIC
from tests.classroom.downloads import (
    HandIn,
    canvas_one,
    gradescope_one,
    marked,
    moodle_one,
    moodle_team,
)
from tests.classroom.importers import Grade, User, canvas_import, moodle_import, php_rows

NOW = datetime.now(UTC)
RELU, BACKWARD = {"1.2": "wrong"}, {"1.6": "wrong"}


def reported(tmp_path: Path, handed_in: list[HandIn], *roster: Student, course: str = "") -> Path:
    book = marked(tmp_path / "grades.db", handed_in, *roster)
    return again(book, course)


def again(book: Path, course: str = "") -> Path:
    (book.parent / "course.toml").write_text(course, encoding="utf-8")
    assert main(["report", str(book), "--out", str(book.parent / "report")]) == 0
    return book.parent / "report"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


# --- Canvas

CANVAS = '[columns]\ncanvas = "Assignment 1 (4711)"\n'
USERS = [
    User(1234, "Ada Lovelace", "9001", "ada"),
    User(1235, "Müller, Jürgen", "1234", "mueller"),  # whose school id is Ada's Canvas id
    User(429, "Emmy Noether", "0430", "emmy"),
    User(430, "Emmy Noether", "0429", "emmy2"),
]


def test_canvas_marks_land_with_their_users(tmp_path: Path) -> None:
    handed_in = [
        canvas_one("lovelaceada_LATE_1234", "1_numpy_ann.py", lost=RELU),
        canvas_one("müllerjürgen_1235", "2_numpy_ann.py", lost=BACKWARD),
        canvas_one("anon_aB3de", "3_numpy_ann.py"),
        canvas_one("noetheremmy_429", "4_numpy_ann.py", missing=("1.6",)),
        canvas_one("Points Possible_430", "5_numpy_ann.py", problem="no zip"),
    ]
    found = canvas_import(
        reported(tmp_path, handed_in, course=CANVAS) / "canvas.csv", USERS, {4711: "Old title"}
    )
    assert found.grades == {1234: "96", 1235: "86", 430: "0"}
    assert (found.unknown, found.new_assignments) == ([], [])


def test_a_decided_mark_is_imported_and_none_is_cleared(tmp_path: Path) -> None:
    reported(
        tmp_path, [canvas_one("a_1234", "1_numpy_ann.py"), canvas_one("b_1235", missing=("1.2",))]
    )
    book = tmp_path / "grades.db"
    assert main(["decide", str(book), "1234", "--total", "80.5", "--reason", "oral exam"]) == 0
    found = canvas_import(again(book, CANVAS) / "canvas.csv", USERS, {4711: "Assignment 1"})
    assert found.grades == {1234: "80.5"}


def test_gradescopes_ids_are_never_canvas_ids(tmp_path: Path) -> None:
    handed_in = [
        gradescope_one(1, Student("1234", "Jürgen Müller", "m@x.org"), lost=RELU),
        gradescope_one(2, Student("ada@x.org", "Ada Lovelace", "ada@x.org")),
        gradescope_one(3, Student("0429", "Emmy Noether")),
        gradescope_one(4, Student("77", "Emmy Noether")),  # in another course
    ]
    report = reported(tmp_path, handed_in, course=CANVAS)
    assert {row["ID"] for row in rows(report / "canvas.csv")} == {""}
    users = [*USERS, User(77, "Somebody Else"), User(5, "Ada Lovelace", "", "ada@x.org")]
    found = canvas_import(report / "canvas.csv", users, {4711: "Assignment 1"})
    assert found.grades == {1235: "96", 5: "100", 430: "100"}
    assert found.unknown == ["Emmy Noether (77)"]  # never the first of that name


def test_a_column_that_canvas_would_create_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = reported(tmp_path, [canvas_one("a_1234", "1_numpy_ann.py")])
    assert "[columns] in course.toml" in capsys.readouterr().out
    found = canvas_import(report / "canvas.csv", USERS, {4711: "Assignment 1"})
    assert found.new_assignments == [RUBRIC.title]


@pytest.mark.parametrize(("student", "origin", "keys"), [
    (Student("12", "a"), Origin("canvas"), ("12", "", "")),
    (Student("012", "a"), Origin("canvas"), ("", "", "")),
    (Student("12", "a"), Origin("canvas", platform_ids=False), ("", "", "")),
    (Student("12", "a"), Origin("moodle"), ("", "", "")),
    (Student("12", "a", "a@x"), Origin("moodle"), ("", "", "a@x")),
    (Student("ada", "a"), Origin(), ("", "", "ada")),
    (Student("12", "a"), Origin("blackboard"), ("", "", "12")),
    (Student("1.234,5", "a"), Origin("gradescope"), ("", "", "")),
    (Student("=1", "a"), Origin("gradescope"), ("", "", "")),
    (Student("team:Rot", "a"), Origin("moodle", platform_ids=False), ("", "", "")),
])  # fmt: skip
def test_each_id_goes_to_its_own_column(
    student: Student, origin: Origin, keys: tuple[str, str, str]
) -> None:
    found = canvas_keys(student, origin)
    assert (found.id, found.sis_user, found.sis_login) == keys


# --- Moodle


def moodle_class() -> list[HandIn]:
    late = HandedIn(NOW, source="Moodle's grading worksheet")
    return [
        moodle_one("101", "Ada Lovelace", lost=RELU, handed_in=late),
        moodle_one("102", "Jürgen Müller", lost=BACKWARD),
        moodle_one("103", "Emmy Noether", missing=("1.6",)),
        moodle_one("104", "Max Planck", problem="work.zip is damaged"),
        moodle_team("Team Rot", "105"),  # participant 105 is somebody else
        moodle_team("Team Blau", "9", Student("106", "Lise"), Student("107", "Otto")),
    ]


PARTICIPANTS = set(range(100, 110))


def test_moodle_marks_land_with_their_participants(tmp_path: Path) -> None:
    grades = {103: Grade(55, "by hand", 1.0)}
    report = reported(tmp_path, moodle_class())
    moodle_import(report / "moodle.csv", PARTICIPANTS, grades, NOW)
    assert {number: one.grade for number, one in grades.items()} == {
        101: 96, 102: 86, 103: 55, 104: 0, 106: 100, 107: 100,
    }  # fmt: skip
    assert grades[103].comment == "by hand"
    assert "1.2 relu" in grades[101].comment
    assert grades[104].comment == "work.zip is damaged"
    assert grades[106].comment == "All sections passed."


def test_a_second_import_updates_and_keeps_newer_grades(tmp_path: Path) -> None:
    """First import, a grade by hand, a decision: only what is older than the report changes."""
    grades: dict[int, Grade] = {}
    report = reported(tmp_path, moodle_class())
    moodle_import(report / "moodle.csv", PARTICIPANTS, grades, NOW - timedelta(hours=1))
    grades[102] = Grade(70, "seen in person", (NOW + timedelta(hours=1)).timestamp())
    book = tmp_path / "grades.db"
    for student in ("101", "102"):
        assert main(["decide", str(book), student, "--total", "99", "--reason", "appeal"]) == 0
    moodle_import(again(book) / "moodle.csv", PARTICIPANTS, grades, NOW)
    assert (grades[101].grade, grades[102].grade) == (99, 70)
    assert "changed by a person" in grades[101].comment
    assert grades[102].comment == "seen in person"


def test_comments_have_no_apostrophes_of_spreadsheets(tmp_path: Path) -> None:
    report = reported(
        tmp_path, [moodle_one("101", "Ada", lost={"1.2": "x is '-0.5'; -1 is right"})]
    )
    (row,) = rows(report / "moodle.csv")
    assert "x is '-0.5'; -1 is right" in html.unescape(row["Feedback comments"])


def test_comments_say_what_lateness_cost(tmp_path: Path) -> None:
    due = (NOW - timedelta(hours=30)).isoformat()
    course = f"due = {due}\n[late]\nper_day = 10\n"
    grades: dict[int, Grade] = {}
    report = reported(tmp_path, moodle_class(), course=course)
    moodle_import(report / "moodle.csv", PARTICIPANTS, grades, NOW)
    assert grades[101].grade == 76
    assert "2 days late: 20 points less" in grades[101].comment
    (ada,) = (row for row in rows(report / "grades.csv") if row["id"] == "101")
    assert (ada["score"], ada["score_before_lateness"], ada["penalty"], ada["days_late"]) == (
        "76", "96", "20", "2",
    )  # fmt: skip


def test_columns_have_the_names_of_the_sites_language(tmp_path: Path) -> None:
    course = (
        '[columns.moodle]\nidentifier = "ID"\nparticipant = "Teilnehmer/in"\ngrade = "Bewertung"\n'
        'modified = "Zuletzt geändert (Bewertung)"\ncomments = "Feedback als Kommentar"\n'
    )
    (row, *_) = rows(reported(tmp_path, moodle_class(), course=course) / "moodle.csv")
    assert (row["ID"], row["Bewertung"]) == ("Teilnehmer/in 101", "96")
    assert "relu" in row["Feedback als Kommentar"]
    assert datetime.fromisoformat(row["Zuletzt geändert (Bewertung)"]).tzinfo


@pytest.mark.parametrize(
    "text", ["x,\\", "\\", '\\"', '"\\",\n"', 'x,\\","', HOSTILE, "Participant 102"]
)
def test_no_text_of_a_student_moves_a_cell_in_moodle(tmp_path: Path, text: str) -> None:
    handed_in = [
        moodle_one("101", f"Ada {text}", lost={"1.2": f'{text}, "{text}'}),
        moodle_one("102", "Jürgen", lost=RELU, problem=""),
        moodle_one("100", "Max", problem=text),
    ]
    grades: dict[int, Grade] = {}
    report = reported(tmp_path, handed_in)
    moodle_import(report / "moodle.csv", PARTICIPANTS, grades, NOW)
    assert {number: one.grade for number, one in grades.items()} == {100: 0, 101: 96, 102: 96}


def test_phps_rule_for_backslashes_is_the_one_meant() -> None:
    assert php_rows('"a\\","b"') == [['a\\",b"']]
    assert php_rows('"a""b",c') == [['a"b', "c"]]


@pytest.mark.parametrize(("student", "origin", "number"), [
    ("12", Origin("moodle"), "12"),
    ("012", Origin("moodle"), ""),
    ("12", Origin("canvas"), ""),
    ("12", Origin(), ""),
    ("12", Origin("moodle", platform_ids=False), ""),
    ("team:Rot", Origin("moodle", team="Rot", team_id="7"), ""),
    ("١٢", Origin("moodle"), ""),
])  # fmt: skip
def test_only_participants_have_a_number(student: str, origin: Origin, number: str) -> None:
    assert moodle_number(Student(student, "x"), origin) == number


def test_who_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reported(tmp_path, moodle_class(), Student("108", "Rosa", "", ""))
    said = capsys.readouterr().out
    assert "moodle.csv: 1 student (Team Rot (team:Team Rot)) left out: a team" in said
    assert "moodle.csv: 1 student (Emmy Noether (103)) left out: partly marked" in said
    assert "moodle.csv: 1 student (Max Planck (104)) with 0 points" in said
    assert "canvas.csv" not in said


# --- Gradescope


def test_gradescope_rows_are_as_in_its_own_export(tmp_path: Path) -> None:
    late = HandedIn(datetime(2026, 12, 2, 1, 0, 5, tzinfo=UTC), source="Gradescope")
    pair = (Student("200", "Pair One", "one@x.org"), Student("two@x.org", "Pair Two", "two@x.org"))
    handed_in = [gradescope_one(9100, *pair, lost=RELU, handed_in=late)]
    report = reported(tmp_path, handed_in, course="due = 2026-12-01T23:00:00+00:00\n")
    one, two = rows(report / "gradescope.csv")
    assert (one["SID"], one["Email"], one["Total Score"]) == ("200", "one@x.org", "96")
    assert (two["SID"], two["Email"], two["Total Score"]) == ("", "two@x.org", "96")
    assert (one["Submission ID"], one["Lateness (H:M:S)"]) == ("9100", "02:00:05")
    assert one["Submission Time"] == "2026-12-02 01:00:05 +0000"
    assert list(one)[:13] == [
        "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points",
        "Status", "Submission ID", "Submission Time", "Lateness (H:M:S)", "View Count",
        "Submission Count",
    ]  # fmt: skip


# --- all of them


def test_decisions_are_in_every_export(tmp_path: Path) -> None:
    """A mark that a person changed: the number everywhere, who and why where there is room."""
    moodle = [moodle_one("101", "Ada", lost=BACKWARD)]
    book = tmp_path / "grades.db"
    reported(tmp_path, moodle)
    decide = ["decide", str(book), "101", "--section", "1.6", "--points", "10", "--by", "Müller"]
    assert main([*decide, "--reason", "sign follows the lecture"]) == 0
    report = again(book)
    assert rows(report / "moodle.csv")[0]["Grade"] == "96"
    assert "sign follows" in rows(report / "moodle.csv")[0]["Feedback comments"]
    (grades,) = rows(report / "grades.csv")
    assert (grades["score"], grades["1.6"]) == ("96", "10")
    (section,) = (row for row in rows(report / "sections.csv") if row["section"] == "1.6")
    assert (section["points"], section["marked_points"]) == ("10", "0")
    for cell in (
        grades["changed"],
        section["changed"],
        rows(report / "gradescope.csv")[0]["Changed"],
    ):
        assert "1.6: 10 points" in cell
        assert "sign follows the lecture" in cell
        assert "Müller" in cell
    (junit,) = (report / "junit").glob("*.xml")
    assert "sign follows the lecture" in junit.read_text(encoding="utf-8")
    assert 'name="mark" value="96"' in junit.read_text(encoding="utf-8")


def test_an_excused_section_has_no_number(tmp_path: Path) -> None:
    reported(tmp_path, [moodle_one("101", "Ada", lost=BACKWARD)])
    book = tmp_path / "grades.db"
    assert main(["decide", str(book), "101", "--excuse", "1.6", "--reason", "ill"]) == 0
    report = again(book)
    assert rows(report / "grades.csv")[0]["1.6"] == "excused"
    assert rows(report / "grades.csv")[0]["score"] == "100"


def test_every_csv_says_that_it_is_utf_8(tmp_path: Path) -> None:
    """Spreadsheets read Müller only with a byte order mark; both importers take it."""
    report = reported(tmp_path, [moodle_one("102", "Jürgen Müller")])
    names = list(report.glob("*.csv"))
    assert len(names) == 5
    for path in names:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    for name in ("grades.csv", "sections.csv", "moodle.csv", "gradescope.csv"):
        assert "Müller" in (report / name).read_text(encoding="utf-8-sig")
