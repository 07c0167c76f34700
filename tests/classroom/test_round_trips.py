"""From a platform's download to the platform's import: everybody gets their own mark and page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from grader.__main__ import main
from grader.classroom.gradebook import Gradebook
from grader.classroom.intake import entries
from grader.classroom.people import Student
from tests.classes import RUBRIC, Pupil, write_class
from tests.classroom.downloads import HandIn, canvas_one, download, gradescope_one, moodle_one
from tests.classroom.importers import (
    Grade,
    User,
    canvas_comments,
    canvas_import,
    moodle_feedback,
    moodle_import,
)

NUMBERS = list(RUBRIC.by_number)


def graded(tmp_path: Path, handed_in: list[HandIn], *more: tuple[str, str]) -> dict[str, float]:
    """Read a download, mark each submission differently, report and return; marks by id."""
    path, book = download(tmp_path / "class.zip", handed_in, *more), tmp_path / "grades.db"
    marks: dict[str, float] = {}
    with entries(path) as found:
        for number, entry in enumerate(found):
            first = entry.students[0]
            said = {"handed_in": entry.handed_in, "origin": entry.origin}
            work = f"work of {first.id}"
            submission = entry.open()
            with Gradebook(book, create=True) as gradebook:
                gradebook.hand_in(entry.students, work, submission, **said)  # type: ignore[arg-type]
            lost = {NUMBERS[number]: f"lost by {first.name}"}
            write_class(book, [Pupil(first.id, first.name, lost)])
            with Gradebook(book) as gradebook:
                gradebook.hand_in(entry.students, work, None, **said)  # type: ignore[arg-type]
            points = RUBRIC.by_number[NUMBERS[number]].points
            marks |= {one.id: RUBRIC.max_score - points for one in entry.students}
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 0
    return marks


def returned(tmp_path: Path, platform: str) -> Path:
    out = tmp_path / "feedback.zip"
    book = str(tmp_path / "grades.db")
    assert main(["return", book, "--to", platform, "--out", str(out)]) == 0
    return out


def test_from_moodle_to_moodle(tmp_path: Path) -> None:
    names = {"101": "Ada Lovelace", "102": "Jürgen Müller", "103": "Max 104 Planck", "104": "Max"}
    marks = graded(tmp_path, [moodle_one(number, name) for number, name in names.items()])
    grades: dict[int, Grade] = {}
    participants = set(range(90, 110))
    moodle_import(tmp_path / "report" / "moodle.csv", participants, grades, datetime.now(UTC))
    assert {str(number): one.grade for number, one in grades.items()} == marks
    assert marks.keys() == names.keys()
    pages = moodle_feedback(returned(tmp_path, "moodle"), participants)
    for number, name in names.items():
        own = pages[int(number)]["feedback.html"].decode()
        assert f"lost by {name}" in own
        assert own.count("lost by") == own.count(f"lost by {name}")


def test_from_canvas_to_canvas(tmp_path: Path) -> None:
    handed_in = [
        canvas_one("lovelaceada_LATE_1234", "1_numpy_ann.py", "2_plot.png"),
        canvas_one("müllerjürgen_1235", "3_numpy_ann-1.py"),
        canvas_one("1236", "4_numpy_ann.py"),
    ]
    attachments = {
        "1234": {"1": "numpy_ann.py", "2": "plot.png"},
        "1235": {"3": "numpy_ann.py"},
        "1236": {"4": "numpy_ann.py"},
    }
    marks = graded(tmp_path, handed_in)
    users = [User(int(number), f"User {number}") for number in [*attachments, "77"]]
    found = canvas_import(tmp_path / "report" / "canvas.csv", users, {1: RUBRIC.title})
    assert {str(number): float(grade) for number, grade in found.grades.items()} == marks
    files = canvas_comments(returned(tmp_path, "canvas"), attachments)
    assert files.keys() == attachments.keys()
    for user, name in {"1234": "lovelaceada", "1235": "müllerjürgen", "1236": "1236"}.items():
        assert files[user][0] == "numpy_ann.py"
        assert f"lost by {name}" in files[user][1].decode()


def test_gradescopes_students_keep_their_ids(tmp_path: Path) -> None:
    handed_in = [
        gradescope_one(7, Student("200", "Ada L", "ada@x.org"), Student("201", "Bob", "b@x.org")),
        gradescope_one(8, Student("0429", "Jürgen Müller", "m@x.org")),
    ]
    listed = "".join(
        f"{one.origin.place}:\n  :submitters:\n"
        + "".join(
            f"  - :name: {student.name}\n    :sid: '{student.id}'\n    :email: {student.email}\n"
            for student in one.students
        )
        for one in handed_in
    )
    marks = graded(tmp_path, handed_in, ("submission_metadata.yml", listed))
    users = [User(i, f"User {i}", sid) for i, sid in enumerate(("429", "0429", "200", "201"))]
    found = canvas_import(tmp_path / "report" / "canvas.csv", users, {1: RUBRIC.title})
    by_sid = {users[number].sis_user: float(grade) for number, grade in found.grades.items()}
    assert by_sid == marks
    assert by_sid.keys() == {"0429", "200", "201"}
