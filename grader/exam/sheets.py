"""What people read of an exam: a student's instructions, and the instructor's lists."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from assignment.files import write_atomically
from grader.classroom.reports.cells import Cell, cell
from grader.exam.making import Paper, PutIn
from grader.exam.record import Exam
from grader.feedback.misconceptions import CATALOGUE
from grader.report.student_page import environment
from grader.report.text import one_line
from grader.rubric import Rubric
from grader.rules import DIFFICULTIES

MINUTES = 15
PAGE, TABLE = "instructor.html", "instructor.csv"
HEAD = (
    "id", "name", "folder", "file", "section", "line", "mistake", "difficulty", "what is wrong",
    "wrong line", "cure", "how", "remark",
)  # fmt: skip


def instructions(paper: Paper) -> str:
    """A student's sheet, as plain text."""
    count = len(paper.mistakes)
    files = sorted({f"{one.script}.py" for one in paper.mistakes})
    mistakes = "1 mistake has" if count == 1 else f"{count} mistakes have"
    checks = "\n".join(f"    python {name} --check" for name in files)
    return f"""\
Exam in your own code: {one_line(paper.name)}

The scripts here are your own submission. {mistakes} been put in, in {" and ".join(files)}.
Find {"it and fix it" if count == 1 else "them and fix them"}. You have {MINUTES} minutes.

1. Read your code. Each mistake is in a section that passed when your submission was marked, and
   changes one place: a line may be changed, missing, or new.
2. Check as often as you like. There are no hints, and nothing is trained:
{checks}
3. Keep everything else as it is, the last line too, which marks the exam's copy. A section that
   passed and fails afterwards counts against you.
4. Save the files under their names, and hand in this folder.

No network, no other files, no other help. The files are marked by the same checks as your
submission, with other inputs.
"""


def what_is_wrong(id: str) -> str:  # noqa: A002
    """What a mistake is, in words."""
    return CATALOGUE[id].advice


def write(out: Path, exam: Exam, rubric: Rubric) -> list[Path]:
    """The instructor's page and table, written into `out`. Raises OSError."""
    page = environment().get_template("exam_sheet.html").render(**_content(exam, rubric))
    write_atomically(out / PAGE, page.encode())
    write_atomically(out / TABLE, table(exam).encode("utf-8-sig"))
    return [out / PAGE, out / TABLE]


def _content(exam: Exam, rubric: Rubric) -> dict[str, Any]:
    with_exam = [paper for paper in exam.papers if not paper.problem]
    return {
        "title": rubric.title,
        "settings": exam.settings,
        "papers": with_exam,
        "folders": exam.folders,
        "left_out": [paper for paper in exam.papers if paper.problem],
        "summary": summary(exam),
        "what_is_wrong": what_is_wrong,
        "titles": {section.number: section.title for section in rubric.sections},
    }


def table(exam: Exam) -> str:
    """The instructor's list as CSV: a row for each mistake, and one for each student without."""
    rows: list[list[Cell]] = [list(HEAD)]
    for paper in exam.papers:
        folder = exam.folders.get(paper.id, "")
        rows += [_row(paper, folder, one) for one in paper.mistakes]
        if paper.problem:
            rows.append([paper.id, paper.name, *[None] * (len(HEAD) - 3), paper.problem])
    return as_csv(rows)


def _row(paper: Paper, folder: str, one: PutIn) -> list[Cell]:
    mistake = one.mistake
    return [
        paper.id, paper.name, folder, f"{one.script}.py", mistake.section, float(mistake.line),
        mistake.id, one.difficulty, what_is_wrong(mistake.id), mistake.wrong or "(line is gone)",
        mistake.cure or "(delete the line)", mistake.how, paper.remark,
    ]  # fmt: skip


def as_csv(rows: list[list[Cell]]) -> str:
    """The rows as CSV that no spreadsheet evaluates."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(
        [[cell(one) for one in row] for row in rows]
    )
    return stream.getvalue()


def summary(exam: Exam) -> list[str]:
    """How the class is served, in sentences: the same difficulty for all, or who differs."""
    with_exam = [paper for paper in exam.papers if not paper.problem]
    kinds = Counter(
        ", ".join(
            f"{count} {name}"
            for name in DIFFICULTIES
            if (count := sum(one.difficulty == name for one in paper.mistakes))
        )
        for paper in with_exam
    )
    ids = {one.mistake.id for paper in with_exam for one in paper.mistakes}
    wrapped = sum(one.mistake.how == "wrapper" for paper in with_exam for one in paper.mistakes)
    lines = [f"{count} of {len(with_exam)} students: {kind}" for kind, count in kinds.most_common()]
    lines.append(f"{len(ids)} different mistakes; neighbours with the same: {_same(with_exam)}")
    if wrapped:
        lines.append(f"{wrapped} mistakes stand in a function around the student's own")
    return lines


def _same(papers: list[Paper]) -> int:
    """How many pairs of neighbours in the list share a mistake."""
    ids = [{(one.mistake.section, one.mistake.id) for one in paper.mistakes} for paper in papers]
    return sum(bool(one & other) for one, other in pairwise(ids))
