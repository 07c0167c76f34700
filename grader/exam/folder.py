"""The files of an exam: a folder for each student, and beside them what is the instructor's.

A student's folder is like the handout, without hints, data and plots: the scripts with mistakes,
the student's other scripts of the exam, the public checks, and a sheet with instructions.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader import PROJECT
from grader.classroom.people import Student
from grader.classroom.reports.names import stem
from grader.errors import CannotGrade
from grader.exam import record, sheets
from grader.exam.making import Paper
from grader.exam.record import Exam
from grader.handout.folder import students_rubric
from grader.handout.public_cases import write_public_cases
from grader.rubric import Rubric

STUDENTS, SHEET = "students", "EXAM.txt"
NO_HINT = "There are no hints in an exam."
_SAFE = re.compile(r"[A-Za-z0-9][\w.@+-]{0,99}")  # ids that are file names on every system


def folder_names(papers: Sequence[Paper]) -> dict[str, str]:
    """The folder of each student: the id, or, where that is no file name, one made of the name."""
    plain = {paper.id for paper in papers if _SAFE.fullmatch(paper.id)}
    # of two ids that some systems take for one, none is plain
    low = [name.casefold() for name in plain]
    plain = {name for name in plain if low.count(name.casefold()) == 1}
    return {
        paper.id: paper.id if paper.id in plain else stem(Student(paper.id, paper.name))
        for paper in papers
        if not paper.problem
    }


def write(out: Path, exam: Exam, rubric: Rubric) -> list[Path]:
    """The files for the instructor, written into `out` with all students' folders.

    Raises CannotGrade if `out` holds something already, OSError if it cannot be written.
    """
    expect_empty(out)
    students = out / STUDENTS
    students.mkdir(parents=True, exist_ok=True)
    common = students / ".common"
    _write_common(common, rubric)
    for paper in exam.papers:
        if not paper.problem:
            folder = students / exam.folders[paper.id]
            shutil.copytree(common, folder)
            for name, source in paper.scripts.items():
                (folder / f"{name}.py").write_bytes(source)
            (folder / SHEET).write_text(sheets.instructions(paper), encoding="utf-8")
    shutil.rmtree(common)
    record.write(out, exam)
    return [out / record.FILE, *sheets.write(out, exam, rubric)]


def expect_empty(out: Path) -> None:
    """Raises CannotGrade unless `out` is a new or an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CannotGrade(
            f"{out} is not empty, expected a new folder: an exam that was given must not change"
        )


def _write_common(folder: Path, rubric: Rubric) -> None:
    """What every student gets: utils.py, and the public checks without hints."""
    folder.mkdir()
    shutil.copyfile(PROJECT / "utils.py", folder / "utils.py")
    own = folder / "assignment"
    shutil.copytree(
        PROJECT / "assignment", own, ignore=shutil.ignore_patterns("__pycache__", "rubric.toml")
    )
    write_public_cases(folder)
    (own / "hints.toml").write_text(_without_hints(own / "hints.toml"), encoding="utf-8")
    sections = tuple(replace(one, hints=(NO_HINT,) * 3) for one in rubric.sections)
    (own / "rubric.toml").write_text(
        students_rubric(replace(rubric, sections=sections)), encoding="utf-8"
    )


def _without_hints(path: Path) -> str:
    """The file of hints with one sentence in the place of each."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    lines = ["given = false  # the checks then show none of their own either"]
    for kind, entries in table.items():
        lines.append(f"[{kind}]")
        lines += [f"{json.dumps(name)} = {json.dumps([NO_HINT] * 3)}" for name in entries]
    return "\n".join([*lines, ""])
