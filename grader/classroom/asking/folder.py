"""The files of a class's questions: a folder for each student, and files of the whole class."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from assignment.files import write_atomically
from grader.classroom.asking.class_questions import Asked
from grader.classroom.reports.cells import Cell, cell
from grader.errors import CannotGrade
from grader.questions.formats.gift import gift
from grader.questions.formats.moodle_xml import moodle_xml
from grader.questions.formats.pages import quiz, sheet
from grader.questions.formats.paper import Paper, paper_of
from grader.questions.formats.qti import qti
from grader.report.pictures import OfficialImages

INDEX = "index.csv"
STUDENTS = "students"
KEY, QUIZ, FORM, SHEET = "questions.json", "quiz.html", "form.html", "sheet.html"
CLASS_FILES = ("sheets.html", "moodle.gift.txt", "moodle.xml", "canvas.zip")
HEAD = ("id", "name", "questions", "seed", "key", "quiz", "form", "sheet", "without")


def write_class(out: Path, asked: Sequence[Asked], images: OfficialImages) -> None:
    """Write all files to a folder that `expect_own` has seen."""
    papers = [_paper(one, images) for one in asked]
    write_atomically(out / INDEX, _index(asked, papers))
    _remove_old(out / STUDENTS, {paper.stem for paper in papers if paper})
    for paper in filter(None, papers):
        folder = out / STUDENTS / paper.stem
        folder.mkdir(parents=True, exist_ok=True)
        pages = {
            KEY: f"{paper.asked.to_json()}\n",
            QUIZ: quiz(paper, with_key=True),
            FORM: quiz(paper, with_key=False),
            SHEET: sheet([paper]),
        }
        for name, text in pages.items():
            write_atomically(folder / name, text.encode("utf-8", "replace"))
    there = [paper for paper in papers if paper]
    texts = (sheet(there), gift(there), moodle_xml(there))
    contents = [*(text.encode("utf-8", "replace") for text in texts), qti(there)]
    for name, content in zip(CLASS_FILES, contents, strict=True):
        write_atomically(out / name, content)


def _paper(one: Asked, images: OfficialImages) -> Paper | None:
    if one.questions is None:
        return None
    person = one.person
    return paper_of(one.questions, person.name, person.stem, person.standing.report, images)


def expect_own(out: Path) -> None:
    """Raises CannotGrade for a folder with other files, and creates one that is missing."""
    head = f"{','.join(HEAD)}\r\n".encode("utf-8-sig")
    try:
        out.mkdir(parents=True, exist_ok=True)
        is_own = not any(out.iterdir()) or (
            (out / INDEX).is_file() and (out / INDEX).read_bytes().startswith(head)
        )
    except OSError as error:
        raise CannotGrade(
            f"{out} cannot be written ({error.strerror}), expected a folder for the questions"
        ) from None
    if not is_own:
        raise CannotGrade(
            f"{out} holds other files, expected a new or empty folder, or that of earlier questions"
        )


def _index(asked: Sequence[Asked], papers: Sequence[Paper | None]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(HEAD)
    for one, paper in zip(asked, papers, strict=True):
        student = one.person.standing.student
        files = [
            f"{STUDENTS}/{paper.stem}/{name}" if paper else "" for name in (KEY, QUIZ, FORM, SHEET)
        ]
        count = len(paper.asked.questions) if paper else 0
        # as text: a spreadsheet rounds a number of 15 digits
        row: list[Cell] = [
            student.id,
            one.person.name,
            count,
            str(paper.asked.seed) if paper else "",
        ]
        writer.writerow([cell(value) for value in [*row, *files, one.reason]])
    return stream.getvalue().encode("utf-8-sig", "replace")


def _remove_old(students: Path, stems: set[str]) -> None:
    """Remove the files of students who have no questions any more."""
    for folder in students.iterdir() if students.is_dir() else ():
        if folder.name in stems or folder.is_symlink() or not folder.is_dir():
            continue
        for name in (KEY, QUIZ, FORM, SHEET):
            (folder / name).unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
