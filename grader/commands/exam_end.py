"""The end of `grader batch --exam`: which mistakes were found and fixed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.classroom.gradebook import Gradebook
from grader.errors import expecting_room
from grader.exam import pages
from grader.exam.answers import NOTHING, Answer, answer, nothing
from grader.exam.making import Paper
from grader.exam.record import Exam
from grader.report.text import one_line
from grader.rubric import Rubric


def report(gradebook: Gradebook, exam: Exam, folder: Path, rubric: Rubric) -> Iterator[str]:
    """Write the results beside the exam; yields lines for standard output."""
    students = {student.id: student for student in gradebook.students()}
    known = {exam.folders.get(paper.id, ""): paper.id for paper in exam.papers}
    handed_in = {known.get(id, id): id for id in students}  # noqa: A001
    answers = [
        _answer(gradebook, exam, paper, handed_in.get(paper.id))
        for paper in exam.papers
        if not paper.problem
    ]
    with expecting_room(folder.absolute()):
        files = pages.write(folder, exam, answers, rubric.title, rubric.weights)
    yield "Exam:"
    yield from (f"  {line}" for line in pages.lines(answers))
    strangers = handed_in.keys() - {paper.id for paper in exam.papers if not paper.problem}
    yield from (f"  {one_line(id)}: has no exam in {folder}" for id in sorted(strangers))  # noqa: A001
    yield f"All of it: {', '.join(map(str, files))}"


def _answer(gradebook: Gradebook, exam: Exam, paper: Paper, student: str | None) -> Answer:
    """A paper's answer, from what marking stored under the id `student`."""
    if student is None:
        return nothing(paper, NOTHING)
    points = dict.fromkeys(exam.sections, 1.0)
    standing = gradebook.standing(gradebook.expect_student(student), points, {})
    if not standing.work or standing.report.problem:
        return nothing(paper, standing.report.problem or NOTHING)
    results = {section.number: section for section in standing.report.sections}
    return answer(paper, exam, gradebook.submission(standing.work).scripts, results)
