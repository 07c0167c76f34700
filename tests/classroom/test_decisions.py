"""Decisions of people: recorded, never overwritten, kept through marking again, and undone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.gradebook import Gradebook, Provenance
from grader.classroom.people import Student
from grader.classroom.reports.assignment import Person, assignment_of, person_of
from grader.rubric import RUBRIC_FILE
from tests.classes import Pupil, write_class
from tests.classroom.support import rows
from tests.support import RUBRIC


@pytest.fixture
def book(tmp_path: Path) -> Path:
    lost = {"1.6": "dW1 has the wrong sign"}
    pupils = [Pupil("ada", lost=lost), Pupil("bob"), Pupil("0429", problem="no zip")]
    return write_class(tmp_path / "grades.db", pupils)


def decide(book: Path, student: str, *options: str) -> int:
    return main(["decide", str(book), student, "--by", "Prof. Müller", *options])


def of(book: Path, student: str) -> Person:
    with Gradebook(book) as gradebook:
        return person_of(gradebook, gradebook.expect_student(student), assignment_of(gradebook))


def test_a_won_appeal_counts_and_is_logged(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert of(book, "ada").standing.report.mark == 86
    reason = "the sign follows the lecture"
    assert decide(book, "ada", "--section", "1.6", "--points", "10,5", "--reason", reason) == 0
    report = of(book, "ada").standing.report
    assert report.mark == 96.5
    (section,) = (s for s in report.sections if s.number == "1.6")
    assert section.points == 10.5
    assert section.marked_points == 0
    assert section.decision is not None
    assert main(["log", str(book), "ada"]) == 0
    said = capsys.readouterr().out
    assert "Prof. Müller" in said
    assert reason in said
    assert "1.6: 10.5 points" in said


def test_an_excused_section_counts_for_nothing(book: Path) -> None:
    assert decide(book, "ada", "--excuse", "1.6", "--reason", "was ill") == 0
    assert of(book, "ada").standing.report.mark == 100  # 86 of the remaining 86 points


def test_a_decided_total_outweighs_everything(book: Path) -> None:
    decide(book, "ada", "--section", "1.6", "--points", "14", "--reason", "appeal")
    decide(book, "ada", "--total", "80", "--reason", "oral exam")
    assert of(book, "ada").standing.report.mark == 80


def test_an_unreadable_submission_can_get_points(book: Path) -> None:
    decide(book, "0429", "--section", "1.2", "--points", "4", "--reason", "came by mail")
    person = of(book, "0429")
    assert person.standing.report.mark == 4
    sections = person.standing.report.sections
    assert [section.number for section in sections if section.points] == ["1.2"]
    assert len(sections) == len(RUBRIC.sections)


def test_an_excuse_raises_no_mark_of_an_unreadable_submission(book: Path) -> None:
    decide(book, "0429", "--section", "1.2", "--points", "4", "--reason", "was on paper")
    assert of(book, "0429").standing.report.mark == 4
    decide(book, "0429", "--excuse", "1.6", "--reason", "was ill")
    assert of(book, "0429").standing.report.mark == pytest.approx(4 * 100 / 86, abs=0.005)


def test_undoing_goes_back_to_the_decision_before(book: Path) -> None:
    decide(book, "ada", "--section", "1.6", "--points", "5", "--reason", "first")
    decide(book, "ada", "--section", "1.6", "--points", "9", "--reason", "second")
    assert of(book, "ada").standing.report.mark == 95
    decide(book, "ada", "--undo", "--reason", "a slip")
    assert of(book, "ada").standing.report.mark == 91
    decide(book, "ada", "--undo", "1", "--reason", "too")
    assert of(book, "ada").standing.report.mark == 86
    assert len(rows(book, "select * from decisions")) == 4
    assert decide(book, "ada", "--undo", "--reason", "again") == 2


def test_marking_again_never_overwrites_a_decision(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(book, "ada", "--section", "1.6", "--points", "10", "--reason", "appeal")
    better = Pupil("ada")
    with Gradebook(book) as gradebook:
        how = Provenance("rubric", "grader", "environment", "{}")
        keys = {number: f"again {number}" for number in assignment_of(gradebook).points}
        gradebook.record("work of ada", better.report(), keys, {}, how)
    assert of(book, "ada").standing.report.mark == 96
    main(["log", str(book)])
    assert "marking gives 14 now" in capsys.readouterr().out


def test_a_decision_counts_up_to_the_points_of_the_rubric(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(book, "ada", "--section", "1.6", "--points", "14", "--reason", "r", "--comment", "Yes.")
    decide(book, "bob", "--total", "100", "--reason", "agreed")
    lower = RUBRIC_FILE.read_text(encoding="utf-8").replace("points = 14\n", "points = 10\n")
    lower = lower.replace("max_score = 100\n", "max_score = 96\n")
    with Gradebook(book) as gradebook:
        gradebook.keep_rubric("lower", lower)
        gradebook.set_meta(rubric="lower")
        most = assignment_of(gradebook).total
    assert most == 96
    for student in ("ada", "bob"):
        report = of(book, student).standing.report
        assert (report.mark, report.max_score) == (most, most)
        assert {one.points for one in report.decisions} <= {10, most}
    assert rows(book, "select points from decisions") == [(14,), (100,)]
    capsys.readouterr()
    main(["log", str(book)])
    said = capsys.readouterr().out
    assert "1.6: 14 points" in said
    assert "note: ada: 1.6: a person gave 14 points, the rubric has 10 now" in said
    assert f"note: bob: total: a person gave 100 points, the rubric has {most:g} now" in said


def test_a_new_submission_keeps_the_decision(book: Path) -> None:
    decide(book, "ada", "--total", "50", "--reason", "agreed")
    with Gradebook(book) as gradebook:
        gradebook.hand_in([Student("ada", "Ada")], "new work", None, "a broken zip")
    assert of(book, "ada").standing.report.mark == 50


def test_the_log_cannot_be_changed(book: Path) -> None:
    decide(book, "ada", "--total", "50", "--reason", "agreed")
    database = sqlite3.connect(book)
    with pytest.raises(sqlite3.IntegrityError, match="only added"):
        database.execute("update decisions set points = 100")
    database.close()


def test_forgetting_a_student_erases_decisions(book: Path) -> None:
    decide(book, "ada", "--total", "50", "--reason", "agreed")
    decide(book, "bob", "--comment", "Well done.")
    assert main(["forget", str(book), "ada"]) == 0
    assert rows(book, "select student from decisions") == [("bob",)]
    assert b"agreed" not in book.read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--section", "1.6"], "--points"),
        (["--points", "3", "--reason", "r"], "--section"),
        (["--section", "1.6", "--points", "15", "--reason", "r"], "from 0 to 14"),
        (["--section", "1.6", "--points", "nan", "--reason", "r"], "from 0 to 14"),
        (["--section", "9.9", "--points", "1", "--reason", "r"], "expected one of 0.1"),
        (["--total", "101", "--reason", "r"], "from 0 to 100"),
        (["--total", "80"], "--reason is missing"),
        (["--total", "", "--reason", "r"], "--total is ''"),
        (["--excuse", "", "--reason", "r"], "--excuse is ''"),
        (["--excuse", "relu", "--reason", "r"], "expected one of"),
        (["--undo", "--reason", "r"], "nothing to undo"),
        (["--comment", "  "], "--comment"),
        ([], "nothing was decided"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    book: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide(book, "ada", *options) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert rows(book, "select * from decisions") == []


def test_an_unknown_student_is_named(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert decide(book, "429", "--total", "1", "--reason", "r") == 2
    assert "429 is not in" in capsys.readouterr().err
