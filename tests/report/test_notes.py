"""Notes reach the instructor by every way there is, and no student by any."""

import csv
import json
from pathlib import Path

import pytest

from grader.report import terminal
from grader.report.results_json import for_platform, results
from grader.results import Note
from tests.classes import HOSTILE, Pupil, write_report

SECRET = "an observation about line 17"
NOTES = (
    Note("embedded-data", "numpy_ann", SECRET),
    Note("odd", "numpy_ann", f"{SECRET} {HOSTILE}"),
)
NOTED = Pupil("1001", "Ada", lost={"1.3": "wrong"}, notes={"1.2": NOTES[:1], "1.3": NOTES[1:]})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("class"), [NOTED, Pupil("1002", "Blaise")])


def test_notes_stand_on_the_class_page(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "embedded-data: 1" in page
    assert page.count(SECRET) == 2
    assert "<script>alert" not in page
    assert "numpy_ann.py" in page


def test_notes_stand_in_the_row_of_their_section(report: Path) -> None:
    with (report / "sections.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = {(row["id"], row["section"]): row["notes"] for row in csv.DictReader(stream)}
    assert found["1001", "1.2"] == f"embedded-data: {SECRET}"
    assert found["1001", "1.3"].startswith(f"odd: {SECRET}")
    assert {text for key, text in found.items() if key[0] == "1002"} == {""}


def test_notes_stand_in_the_extra_data_of_the_results(report: Path) -> None:
    (path,) = (report / "results").glob("ada*.json")
    content = json.loads(path.read_text())
    assert [note["id"] for note in content["extra_data"]["notes"]] == ["embedded-data", "odd"]
    del content["extra_data"]["notes"]
    assert SECRET not in json.dumps(content)


def test_no_student_sees_a_note(report: Path) -> None:
    students = [*report.glob("students/*"), *report.glob("junit/*")]
    platforms = [report / name for name in ("moodle.csv", "canvas.csv", "gradescope.csv")]
    assert len(students) == 4
    for path in (*students, *platforms):
        assert SECRET not in path.read_text(encoding="utf-8"), path.name


def test_a_platform_shows_no_note_to_students() -> None:
    """Gradescope shows students the tests and outputs, and extra_data to nobody but instructors."""
    content = for_platform(results(NOTED.report()), visibility="visible", leaderboard=True)
    del content["extra_data"]
    assert SECRET not in json.dumps(content)
    assert content["stdout_visibility"] == "hidden"


def test_the_score_card_ends_with_the_notes() -> None:
    shown = terminal.foot(NOTED.report())
    head, _, listed = shown.partition("Notes for the instructor")
    assert SECRET not in head
    assert f"     numpy_ann.py {SECRET} (embedded-data)\n" in listed
    assert "Notes for" not in terminal.foot(Pupil("1002").report())
