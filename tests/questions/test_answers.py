"""Answers in every form that people and platforms have, and what the class page makes of them."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.answers.keeping import Outcome, keep_answers
from grader.classroom.answers.reading import read_answers
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.question_log import Answered
from grader.classroom.recovery import recover
from grader.questions.formats.fragments import question_html
from grader.questions.formats.words import shown
from tests.classes import HOSTILE, Pupil, write_class
from tests.questions.support import asked, hostile, question

SHAPES = ("(5, 64)", "(64, 5)", "(64,)", "(5, 10)")
EVIL = f"={HOSTILE}"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A class of three who were asked, and one who was not; Ada and Bob have equal options."""
    path = write_class(
        tmp_path / "grades.db",
        [Pupil("1001", "Ada Lovelace"), Pupil("1002", "Bob Müller"), Pupil(EVIL, HOSTILE),
         Pupil("1004", "Eve")],
    )  # fmt: skip
    with Gradebook(path) as gradebook:
        gradebook.keep_roster([Student("1002", "Bob Müller", "bob@uni.example")])
        keep(gradebook, "1001", question("aa0000000001"), question("aa0000000002", answer=1))
        keep(gradebook, "1002", question("bb0000000001", options=("1", "2", "4", "3"), answer=2),
             question("bb0000000002", options=("[[1, 0]\n [0, 1]]", "[[1]]", "x", "-0.5")))  # fmt: skip
        keep(gradebook, EVIL, hostile("cc0000000001"))
    return path


def keep(gradebook: Gradebook, student: str, *questions: object) -> None:
    gradebook.keep_questions(student, "work", 2, "version", asked(student, *questions))  # type: ignore[arg-type]


def read(book: Path, path: Path) -> Outcome:
    with Gradebook(book) as gradebook:
        return keep_answers(gradebook, read_answers(path))


def given(book: Path, student: str) -> dict[str, int]:
    with Gradebook(book) as gradebook:
        return gradebook.answers(student)


def table(path: Path, *rows: list[str], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def quiz_file(path: Path, student: str, **answers: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"submission": student, "seed": 7, "answers": answers}))
    return path


def test_the_quizzes_files_are_read_once(book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    quiz_file(folder / "ada.json", "1001", aa0000000001=0, aa0000000002=3)
    quiz_file(folder / "evil.json", shown(EVIL), cc0000000001=3)
    (folder / "questions.json").write_text(asked("1001").to_json())
    (folder / "broken.json").write_text("[" * 100_000)
    quiz_file(folder / "eve.json", "1004", aa0000000001=0)
    quiz_file(folder / "odd.json", "1002", aa0000000001=0, bb0000000001=4, bb0000000002=True)
    quiz_file(folder / "stranger.json", "4711", aa0000000001=0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.iterdir():
            archive.writestr(f"../{file.name}", file.read_bytes())
    (tmp_path / "saved.zip").write_bytes(packed.getvalue())
    first = read(book, folder)
    assert (first.new, first.known, first.students) == (3, 0, {"1001", EVIL})
    assert given(book, "1001") == {"aa0000000001": 0, "aa0000000002": 3}
    assert given(book, EVIL) == {"cc0000000001": 3}
    for said in ("questions, not answers", "no JSON", "1004 was asked nothing", "4711 is no student",
                 "1002: was not asked question aa0000000001", "is 4, expected", "is True"):  # fmt: skip
        assert sum(said in line for line in first.problems) == 1, said
    again = read(book, tmp_path / "saved.zip")
    assert (again.new, again.known, len(again.problems)) == (0, 3, len(first.problems))


def test_a_table_takes_letters_numbers_and_texts(book: Path, tmp_path: Path) -> None:
    path = table(
        tmp_path / "answers.csv",
        ["Student", "Question", "Answer"],
        ["1001", "aa0000000001", "b"],
        ["Ada Lovelace", "AA0000000002", "(5,  10)"],
        ["bob@uni.example", "bb0000000001", "3"],  # the third option, or the text of the fourth
        ["1002", "bb0000000002", "'-0.5"],
        ["1002", "bb0000000002", "-"],
        ["1002", "bb0000000002", "E"],
        delimiter=";",
    )
    found = read(book, path)
    assert given(book, "1001") == {"aa0000000001": 1, "aa0000000002": 3}
    assert given(book, "1002") == {"bb0000000002": 3}
    assert [line.split(": ", 1)[0] for line in found.problems] == [
        "answers.csv, line 4",
        "answers.csv, line 7",
    ]
    assert "more than one of its options" in found.problems[0]
    changed = read(
        book, table(path, ["student", "question", "answer"], ["1001", "aa0000000001", "A"])
    )
    assert changed.problems == [
        "answers.csv, line 2: 1001, question aa0000000001: the answer was B, and A counts now"
    ]
    assert given(book, "1001")["aa0000000001"] == 0


def as_text(one: object) -> str:
    """A question as platforms show it in a table: without tags."""
    html = question_html(one, (), lambda picture: "")  # type: ignore[arg-type]
    return html.striptags()


def moodle_rows(language: str) -> list[list[str]]:
    heads = {
        "en": ["Last name", "First name", "Email address", "Status", "Started", "Grade/2.00",
               "Question 1", "Response 1", "Right answer 1", "Question 2", "Response 2", "Right answer 2"],
        "de": ["Nachname", "Vorname", "E-Mail-Adresse", "Status", "Begonnen", "Bewertung/2,00",
               "Frage 1", "Antwort 1", "Richtige Antwort 1", "Frage 2", "Antwort 2", "Richtige Antwort 2"],
    }  # fmt: skip
    first, second = question("aa0000000001"), question("aa0000000002", answer=1)
    array = question("bb0000000002", options=("[[1, 0]\n [0, 1]]", "[[1]]", "x", "-0.5"))
    number = question("bb0000000001", options=("1", "2", "4", "3"), answer=2)
    return [
        heads[language],
        ["Lovelace", "Ada", "", "Finished", "1 May", "1.00",
         as_text(first), "(5, 64)", "(5, 64)", as_text(second), "-", "(64, 5)"],
        ["Mueller", "B.", "BOB@uni.example", "Finished", "1 May", "1.00",
         as_text(array), "[[1, 0]\n[0, 1]]", "x", as_text(number), "4", "4"],
        ["Turing", "Alan", "alan@uni.example", "Finished", "1 May", "1.00",
         as_text(first), "(5, 64)", "(5, 64)", as_text(second), "-", "(64, 5)"],
        ["Overall average", "", "", "", "", "1.00", "", "", "", "", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["en.csv", "de.csv", "en.json"])
def test_moodles_responses_are_matched(book: Path, tmp_path: Path, form: str) -> None:
    rows = moodle_rows(form[:2])
    path = tmp_path / form
    if form.endswith(".json"):  # names as Moodle's writer gives them
        names = ["".join(filter(str.isalnum, name)).lower() for name in rows[0]]
        path.write_text(json.dumps([[dict(zip(names, row, strict=True)) for row in rows[1:]]]))
    else:
        table(path, *rows)
    found = read(book, path)
    assert given(book, "1001") == {"aa0000000001": 0}
    assert given(book, "1002") == {"bb0000000002": 0, "bb0000000001": 2}
    assert len(found.problems) == 1
    assert "is no student of the gradebook" in found.problems[0]


def test_moodles_responses_without_questions_may_be_ambiguous(book: Path, tmp_path: Path) -> None:
    head = ["Last name", "First name", "Response 1", "Response 2"]
    rows = [["Müller", "Bob", "x", "2"], ["Lovelace", "Ada", "(5, 64)", "-"]]
    found = read(book, table(tmp_path / "moodle.csv", head, *rows))
    assert given(book, "1002") == {"bb0000000002": 2, "bb0000000001": 1}
    assert given(book, "1001") == {}
    assert "more than one question" in found.problems[0]


def test_canvas_analysis_is_matched(book: Path, tmp_path: Path) -> None:
    texts = [as_text(question(identity)) for identity in ("aa0000000001", "aa0000000002")]
    head = ["name", "id", "sis_id", "section", "section_id", "section_sis_id", "submitted", "attempt",
            f"812: {texts[0]}", "1.0", f"813: {texts[1]}", "1.0", "n correct", "n incorrect", "score"]  # fmt: skip
    ada = ["Ada Lovelace", "1001", "", "Mon", "9", "", "2026-05-01 10:00:00 UTC", "1",
           "(5, 64)", "1.0", "(5, 10)", "0.0", "1", "1", "1.0"]  # fmt: skip
    clash = ["Bob Müller", "1001", *ada[2:]]
    found = read(book, table(tmp_path / "canvas.csv", head, ada, clash))
    assert given(book, "1001") == {"aa0000000001": 0, "aa0000000002": 3}
    (problem,) = found.problems  # the id is Ada's, the name Bob's
    assert problem.startswith("canvas.csv, line 3: 1001 is no student")


@pytest.mark.parametrize("content", ["", "name,score\nAda,3\n", "PK\x03\x04", "student;x\n"])
def test_a_file_without_answers_is_one_line(
    book: Path, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content)
    assert main(["questions", "--gradebook", str(book), "--answers", str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.out.startswith("0 answers of 0 students: 0 new")


def test_the_last_answered_set_counts(book: Path, tmp_path: Path) -> None:
    with Gradebook(book) as gradebook:
        assert gradebook.answered("1001") == Answered(0, 0, 2)
        assert gradebook.answered("1004") is None
    read(book, quiz_file(tmp_path / "a" / "ada.json", "1001", aa0000000001=0, aa0000000002=0))
    with Gradebook(book) as gradebook:
        keep(gradebook, "1001", question("dd0000000001"))  # asked again, not answered yet
        assert str(gradebook.answered("1001")) == "1 of 2"


def test_the_class_page_shows_answers_to_staff_only(book: Path, tmp_path: Path) -> None:
    read(book, quiz_file(tmp_path / "a" / "ada.json", "1001", aa0000000001=0))
    for options in ([], ["--anonymous"]):
        out = tmp_path / f"report{len(options)}"
        assert main(["report", str(book), "--out", str(out), *options]) == 0
        page = (out / "index.html").read_text(encoding="utf-8")
        assert "1 of 2<br>" in page
        assert "never a verdict" in page
        students = [file.read_text(encoding="utf-8") for file in (out / "students").iterdir()]
        assert not any(re.search(r"\b1 of 2\b|verdict:", text) for text in students)
        with (out / "grades.csv").open(encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
        counts = [
            (r["questions_right"], r["questions_answered"], r["questions_asked"]) for r in rows
        ]
        assert sorted(counts) == [("", "", ""), ("0", "0", "1"), ("0", "0", "2"), ("1", "1", "2")]


def test_questions_are_recovered_and_forgotten(book: Path, tmp_path: Path) -> None:
    read(book, quiz_file(tmp_path / "a" / "ada.json", "1001", aa0000000001=0))
    assert all(one.is_whole for one in recover(book, tmp_path / "new.db"))
    with Gradebook(tmp_path / "new.db") as gradebook:
        assert gradebook.students_asked() == sorted(["1001", "1002", EVIL])
        assert gradebook.answers("1001") == {"aa0000000001": 0}
        gradebook.forget("1001")
        assert gradebook.students_asked() == sorted(["1002", EVIL])
        assert gradebook.answers("1001") == {}
    assert b"aa0000000001" not in (tmp_path / "new.db").read_bytes()


def test_kept_questions_are_what_was_asked(book: Path) -> None:
    with Gradebook(book) as gradebook:
        (kept,) = gradebook.question_sets("1001")
        assert kept.questions[1] == replace(question("aa0000000002"), answer=1)
        assert gradebook.kept_questions("1001", "work", 7, 2, "version") == kept
        assert gradebook.kept_questions("1001", "work", 7, 2, "other") is None
