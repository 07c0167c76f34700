"""Write a class's report from its gradebook, student by student, with constant memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from grader.classroom.course import unknown_students
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.pseudonyms import secret_of
from grader.classroom.reports.assignment import Assignment, Person, assignment_of, person_of
from grader.classroom.reports.attempts import attempts_of
from grader.classroom.reports.class_page import ClassContent, class_page
from grader.classroom.reports.contents import anonymous_content, page_content
from grader.classroom.reports.copies import Copies, near_copies
from grader.classroom.reports.disguise import Anonymous, AsItIs
from grader.classroom.reports.exports import EXPORTS
from grader.classroom.reports.folder import Folder
from grader.classroom.reports.heat_map import StudentRow, row
from grader.classroom.reports.junit import junit
from grader.classroom.reports.names import stem
from grader.classroom.reports.register import Register
from grader.classroom.reports.summary import Summary
from grader.report import results_json
from grader.report.network_page import SCRIPT, NetworkPages
from grader.report.pictures import OfficialImages
from grader.report.student_page import PageContent, page
from utils import progress

INDEX, COPIES = "index.html", "similarity.html"
# Files for platforms need real ids, so that an anonymous report has none of them.
ANONYMOUS_EXPORTS = ("grades.csv", "sections.csv")


@dataclass
class _Report:
    """A report being written."""

    gradebook: Gradebook
    assignment: Assignment
    folder: Folder
    shown: AsItIs
    images: OfficialImages
    networks: NetworkPages
    exports: tuple[str, ...]

    def write_students(self, students: list[Student], summary: Summary) -> ClassContent:
        """Write the files of all students, and the tables of the class; returns its page's content."""
        rows: list[StudentRow] = []
        register = self._register(students)
        with self.folder.tables(self.exports) as tables:
            for name in self.exports:
                for head in EXPORTS[name].head(self.assignment):
                    tables[name].add(head)
            for student in progress(students, description="report"):
                real = person_of(self.gradebook, student, self.assignment)
                one = self.shown.person(real)
                summary.add(one)
                if not self.shown.left_out:
                    summary.exports.add(one)
                register.add(one)
                rows.append(row(one, self.assignment))
                for name in self.exports:
                    for cells in EXPORTS[name].rows(self.assignment, one):
                        tables[name].add(cells)
                if one.has_handed_in:
                    self._write(real, one)
        return ClassContent(self.assignment, summary, rows, register, exports=self.exports)

    def _register(self, students: Iterable[Student]) -> Register:
        unknown = unknown_students(self.assignment.course, {one.id for one in students})
        if self.shown.left_out and unknown:
            unknown = [f"course.toml has extensions of {len(unknown)} students not in the class"]
        strangers = [self.shown.student(one) for one in self.gradebook.not_on_roster()]
        return Register(not_on_roster=strangers, extensions=unknown)

    def _write(self, real: Person, one: Person) -> None:
        """Write a student's files.

        Partial results get no results.json, because platforms would take it as a mark.
        """
        content = replace(self._content(real, one), network=self._write_network(real, one))
        self.folder.write(f"students/{one.stem}.html", page(content, self.images).encode())
        self.folder.write(f"junit/{one.stem}.xml", junit(one))
        name = f"results/{one.stem}.json"
        if not one.is_marked:
            self.folder.drop(name)
            return
        results = results_json.results(one.standing.report)
        results |= {"max_score": self.assignment.total}
        text = json.dumps(results, indent=1, allow_nan=False) + "\n"
        self.folder.write(name, text.encode())

    def _write_network(self, real: Person, one: Person) -> str:
        """Write the look inside a student's network; returns the way to it from the student's page.

        A student without a network, or a report without images, has none: the result is "".
        """
        name = f"networks/{one.stem}.html"
        network = self.gradebook.network(real.standing.work, SCRIPT)
        content = None if network is None else self.networks.page(network, one.name)
        if content is None:
            self.folder.drop(name)
            return ""
        self.folder.write(name, content)
        return f"../{name}"

    def _content(self, real: Person, one: Person) -> PageContent:
        if self.shown.left_out:
            return anonymous_content(self.assignment, one, self.shown.left_out)
        return page_content(self.gradebook, self.assignment, real)

    def write_copies(self) -> Copies | None:
        """Write the page of near-copies, which shows code and so is never anonymous."""
        copies = None if self.shown.left_out else near_copies(self.gradebook)
        if copies is None:
            self.folder.drop(COPIES)
        else:
            self.folder.write(COPIES, copies.source.encode("utf-8", "replace"))
        return copies


def build(
    gradebook: Gradebook, out: Path, data_dir: Path | None = None, *, anonymous: bool = False
) -> Summary:
    """Write the report and return its summary.

    Raises CannotGrade if the gradebook holds no class, or if `out` cannot be used.
    """
    # drawn before the snapshot, in which nothing can be written
    secret = secret_of(gradebook) if anonymous else b""
    exports = ANONYMOUS_EXPORTS if anonymous else tuple(EXPORTS)
    with gradebook.snapshot():
        assignment = assignment_of(gradebook)
        shown = Anonymous(gradebook, secret) if anonymous else AsItIs()
        students = _in_order(gradebook, shown)
        named = {student.id: shown.student(student) for student in students}
        stems = [stem(student) for student in named.values()]
        folder = Folder(out, stems, [INDEX, COPIES, *EXPORTS], anonymous=anonymous)
        images, networks = OfficialImages(data_dir), NetworkPages(data_dir)
        report = _Report(gradebook, assignment, folder, shown, images, networks, exports)
        content = report.write_students(students, Summary(assignment))
        content.attempts = attempts_of(gradebook, assignment, named, shown.section)
        content.copies, content.left_out = report.write_copies(), shown.left_out
    folder.write_pieces(INDEX, class_page(content))
    folder.finish()
    return content.summary


def _in_order(gradebook: Gradebook, shown: AsItIs) -> list[Student]:
    """Everybody in the class, by the ids that are shown: the real order would give ids away."""
    everybody = [*gradebook.students(), *gradebook.without_submission()]
    return sorted(everybody, key=lambda student: shown.student(student).id)
