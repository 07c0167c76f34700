"""`grader batch` with a roster, a worksheet, teams, and decisions that marking has caught up with."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.batch import Batch
from grader.classroom.gradebook import Gradebook
from grader.classroom.worksheet import read_worksheet
from grader.commands import batch_end
from grader.commands.batch import teams_of
from grader.errors import CannotGrade
from grader.options import Options
from grader.sandbox.levels import choose
from tests.classroom.folders import PY, lay_out
from tests.classroom.support import batch, make_class, rows
from tests.support import RUBRIC

ROSTER = "id;name;e-mail;group\nada;Ada Müller;ada@uni.example;Tuesday\n0429;Bob;;\neve;Eve;;\n"
WORKSHEET = (
    "Identifier,Full name,Email address,Group,Status,Grade,Last modified (submission),"
    "Last modified (grade)\n"
    'Participant 7,Ada,ada@uni.example,Team Rot,Submitted,,"Friday, 20 November 2026, 1:05 PM",-\n'
    'Participant 8,Bob,bob@uni.example,Team Rot,Submitted,,"Friday, 20 November 2026, 1:05 PM",-\n'
)


def test_a_roster_names_who_is_missing_and_unknown(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada 429")
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8-sig")
    book = tmp_path / "grades.db"
    ran = batch(submissions, book, f"--roster={tmp_path / 'roster.csv'}")
    assert ran.returncode == 0, ran.stderr
    assert "429 is not on the roster, 0429 is: a spreadsheet may have removed" in ran.stderr
    assert "4 students: 2 marked, 2 have not handed in" in ran.stdout
    again = batch(submissions, book)  # the roster is kept
    assert "4 students: 2 marked, 2 have not handed in" in again.stdout
    with Gradebook(book) as gradebook:
        assert gradebook.expect_student("ada").name == "Ada Müller"


def test_a_wrong_roster_is_refused_before_marking(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    (tmp_path / "roster.csv").write_text("number,person\n1,Ada\n")
    ran = batch(submissions, tmp_path / "grades.db", f"--roster={tmp_path / 'roster.csv'}")
    assert ran.returncode == 2
    assert "expected the columns id, name" in ran.stderr.splitlines()[-1]


def test_rows_of_a_roster_that_are_no_students_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("Name,Email,SID,Role\nAda,a@x.example,ada,Student\nTim,t@x.example,9,TA\n")
    given = [str(make_class(tmp_path / "class", "ada")), f"--gradebook={tmp_path / 'grades.db'}"]
    main(["batch", *given, f"--roster={roster}", "--only=zoe", "--sandbox=none", "--sections=1.2"])
    assert "note: the roster has 1 row that is not used: TA (1)" in capsys.readouterr().err


def test_a_team_is_marked_once_for_its_members(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    (submissions / "ada").rename(submissions / "Team Rot_45_assignsubmission_file")
    sheet, book = tmp_path / "sheet.csv", tmp_path / "grades.db"
    sheet.write_text(WORKSHEET)
    ran = batch(submissions, book, f"--worksheet={sheet}")
    assert ran.returncode == 0, ran.stderr
    assert "2 students: 2 marked (1 different submission)" in ran.stdout
    assert rows(book, "select count(*) from markings") == [(1,)]
    assert rows(book, "select id from students") == [("7",), ("8",)]
    without = batch(submissions, book)  # the team's number is no student's
    assert without.returncode == 2
    assert "--worksheet" in without.stderr.splitlines()[-1]
    assert rows(book, "select id from students") == [("7",), ("8",)]


def test_times_of_the_worksheet_make_submissions_late(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    (submissions / "ada").rename(submissions / "Ada_7_assignsubmission_file")
    sheet, book = tmp_path / "sheet.csv", tmp_path / "grades.db"
    sheet.write_text(WORKSHEET.replace("Group,", "").replace("Team Rot,", ""))
    (tmp_path / "course.toml").write_text(
        'due = 2026-11-20T12:00:00\nzone = "Europe/Berlin"\n[late]\nper_day = 10\n'
        "[extensions]\n9 = 2026-12-01\n"
    )
    ran = batch(submissions, book, f"--worksheet={sheet}")
    assert "has an extension for '9', who is not in the class" in ran.stderr
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 0
    grades = (tmp_path / "report" / "grades.csv").read_text(encoding="utf-8-sig")
    assert "2026-11-20T13:05:00+01:00" in grades
    assert ",3.6,4," in grades.splitlines()[1]  # 4 points, less a tenth of 4


def test_two_students_of_one_name_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "Maria Garcia_111_assignsubmission_file/numpy_ann (1).py": PY,
        "Maria Garcia_112_assignsubmission_file/Numpy_ANN.py": PY + b"# another\n",
        "Maria Garcia_112_assignsubmission_file/my_cnn.py": b"class PyTorchCNN: pass\n",
        "Maria Garcia_113_assignsubmission_file/notes.txt": b"",
        "Ada_7_assignsubmission_file/numpy_ann (1).py": PY + b"# a third\n",
    }
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        one = Batch(gradebook, RUBRIC, Options(seed=1, only=("1.2",)), choose("none"))
        jobs = one.take_in(lay_out(tmp_path, files, "zip"), [])
    assert [job.label for job in jobs] == ["Maria Garcia (111)", "Maria Garcia (112)", "Ada"]
    assert "Maria Garcia (113): Maria Garcia (113) holds none" in capsys.readouterr().err
    lines = batch_end.files(one)[1:]
    end = next(n for n, line in enumerate(lines) if line.startswith("Missing"))
    assert lines[:end] == [
        "  Maria Garcia (111): numpy_ann (1).py",
        "  Maria Garcia (112): Numpy_ANN.py",
        "  Ada: numpy_ann (1).py",
    ]
    assert [line.partition(":")[0] for line in lines[end + 1 :]] == ["  Maria Garcia (112)"]


def test_copying_a_class_folder_makes_nobody_late(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    (tmp_path / "course.toml").write_text("due = 2026-11-20T12:00:00Z\n[late]\nper_day = 10\n")
    due = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    for name, seconds in {"ada": due - 60, "bob": due + 60}.items():
        os.utime(submissions / name / "numpy_ann.py", (seconds, seconds))
    note = "late by file times only, which copying and downloading set too: 1 student (bob); "
    assert note in batch(submissions, book).stderr
    shutil.copytree(submissions, tmp_path / "copy", copy_function=shutil.copyfile)
    again = batch(tmp_path / "copy", book)
    assert "2 marked before.\n" in again.stdout
    assert note in again.stderr


@pytest.mark.exhaustive
def test_batch_says_when_marking_gives_more_than_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submissions = make_class(tmp_path / "class", "ada", wrong="ada")
    book = tmp_path / "grades.db"
    batch(submissions, book)
    main(["decide", str(book), "ada", "--section", "1.2", "--points", "1", "--reason", "nearly"])
    make_class(tmp_path / "better", "ada")
    ran = batch(tmp_path / "better", book)
    assert "note: ada: 1.2: a person gave 1 points, marking gives 4 now" in ran.stderr


def test_a_wrong_course_is_refused_before_marking(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    (tmp_path / "course.toml").write_text("dew = 2026-11-20\n")
    ran = batch(submissions, tmp_path / "grades.db")
    assert ran.returncode == 2
    assert "did you mean due?" in ran.stderr.splitlines()[-1]


def test_teams_are_remembered_until_something_says_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "teams.csv").write_text(WORKSHEET)
    (tmp_path / "single.csv").write_text(WORKSHEET.replace(",Group", "").replace(",Team Rot", ""))
    in_teams, single = (read_worksheet(tmp_path / f"{name}.csv") for name in ("teams", "single"))
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        assert teams_of(None, None, gradebook) is None
        assert teams_of(True, None, gradebook)
        assert capsys.readouterr().err == ""
        assert teams_of(None, None, gradebook)
        assert "--no-teams ends that" in capsys.readouterr().err
        assert teams_of(False, None, gradebook) is False
        assert teams_of(None, None, gradebook) is None
        teams_of(True, None, gradebook)
        assert teams_of(None, single, gradebook) is None  # the worksheet tells
        assert teams_of(None, None, gradebook) is None
        assert teams_of(None, in_teams, gradebook) is None
        assert gradebook.meta("teams") == "worksheet"
        with pytest.raises(CannotGrade, match="students hand in one by one: leave one of the two"):
            teams_of(True, single, gradebook)
