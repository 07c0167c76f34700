"""Write a class's report from its gradebook, student by student, with constant memory."""

from __future__ import annotations

import json
from pathlib import Path

from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.assignment import Assignment, Person, assignment_of, person
from grader.classroom.reports.class_page import StudentRow, class_page, row
from grader.classroom.reports.copies import near_copies
from grader.classroom.reports.exports import EXPORTS
from grader.classroom.reports.folder import Folder
from grader.classroom.reports.junit import junit
from grader.classroom.reports.names import stem
from grader.classroom.reports.summary import Summary
from grader.report import results_json
from grader.report.pictures import OfficialImages
from grader.report.student_page import PageContent, page
from utils import progress

INDEX, COPIES = "index.html", "similarity.html"


def build(gradebook: Gradebook, out: Path, data_dir: Path | None = None) -> Summary:
    """Write the report and return its summary.

    Raises CannotGrade if the gradebook holds no class, or if `out` cannot be used.
    """
    with gradebook.snapshot():
        assignment, students = assignment_of(gradebook), gradebook.students()
        folder = Folder(out, [stem(student) for student in students], [INDEX, COPIES, *EXPORTS])
        images, summary = OfficialImages(data_dir), Summary(assignment)
        rows: list[StudentRow] = []
        with folder.tables(EXPORTS) as tables:
            for name, export in EXPORTS.items():
                for head in export.head(assignment):
                    tables[name].add(head)
            for student in progress(students, description="report"):
                one = person(
                    gradebook.standing(student, assignment.points, assignment.bars), assignment
                )
                summary.add(one)
                rows.append(row(one))
                for name, export in EXPORTS.items():
                    for cells in export.rows(assignment, one):
                        tables[name].add(cells)
                _write(folder, gradebook, assignment, one, images)
        copies = near_copies(gradebook)
    folder.drop(COPIES) if copies is None else folder.write(
        COPIES, copies.source.encode("utf-8", "replace")
    )
    folder.write(INDEX, class_page(assignment, summary, rows, EXPORTS, copies).encode())
    folder.finish()
    return summary


def _write(
    folder: Folder,
    gradebook: Gradebook,
    assignment: Assignment,
    one: Person,
    images: OfficialImages,
) -> None:
    """Write a student's three files.

    Partial results get no results.json, because platforms would take it as a mark.
    """
    standing = one.standing
    submission = gradebook.submission(standing.work)
    content = PageContent(
        standing.report,
        one.name,
        submission.plots,
        standing.attempts,
        one.waiting,
        title=assignment.title,
        work=standing.work,
        sources=submission.scripts,
        needs={section.number: section.needs for section in assignment.sections},
    )
    folder.write(f"students/{one.stem}.html", page(content, images).encode())
    folder.write(f"junit/{one.stem}.xml", junit(one))
    if one.is_marked:
        results = results_json.results(standing.report) | {"max_score": assignment.total}
        folder.write(
            f"results/{one.stem}.json",
            (json.dumps(results, indent=1, allow_nan=False) + "\n").encode(),
        )
    else:
        folder.drop(f"results/{one.stem}.json")
