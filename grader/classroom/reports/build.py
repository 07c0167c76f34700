"""Write a class's report from its gradebook, student by student, with constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from grader.classroom.reports.files import StudentFiles, write_files
from grader.classroom.reports.folder import Folder, put
from grader.classroom.reports.heat_map import StudentRow, row
from grader.classroom.reports.helpers import Helpers, helping
from grader.classroom.reports.names import stem
from grader.classroom.reports.register import Register
from grader.classroom.reports.summary import Summary
from grader.report.network_page import SCRIPT
from grader.report.student_page import PageContent
from utils import progress

INDEX, COPIES = "index.html", "similarity.html"
# Files for platforms need real ids, so that an anonymous report has none of them.
ANONYMOUS_EXPORTS = ("grades.csv", "sections.csv")
SMALL = 50  # students for whom one process is quicker than starting others


@dataclass
class _Report:
    """A report being written."""

    gradebook: Gradebook
    assignment: Assignment
    folder: Folder
    shown: AsItIs
    exports: tuple[str, ...]
    data_dir: Path | None
    helpers: Helpers

    def write_students(self, students: list[Student], summary: Summary) -> ClassContent:
        """Write the files of all students, and the tables of the class; returns its page's content."""
        rows: list[StudentRow] = []
        register = self._register(students)

        def handed_in() -> Iterator[StudentFiles]:
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
                    yield self._files(real, one)

        with self.folder.tables(self.exports) as tables:
            for name in self.exports:
                for head in EXPORTS[name].head(self.assignment):
                    tables[name].add(head)
            for _ in self.helpers.map(write_files, handed_in()):
                pass
        return ClassContent(self.assignment, summary, rows, register, exports=self.exports)

    def _register(self, students: Iterable[Student]) -> Register:
        unknown = unknown_students(self.assignment.course, {one.id for one in students})
        if self.shown.left_out and unknown:
            unknown = [f"course.toml has extensions of {len(unknown)} students not in the class"]
        strangers = [self.shown.student(one) for one in self.gradebook.not_on_roster()]
        return Register(not_on_roster=strangers, extensions=unknown)

    def _files(self, real: Person, one: Person) -> StudentFiles:
        network = self.gradebook.network(real.standing.work, SCRIPT)
        content, total = self._content(real, one), self.assignment.total
        return StudentFiles(self.folder.path, one, content, network, total, self.data_dir)

    def _content(self, real: Person, one: Person) -> PageContent:
        if self.shown.left_out:
            return anonymous_content(self.assignment, one, self.shown.left_out)
        return page_content(self.gradebook, self.assignment, real)

    def write_copies(self) -> Copies | None:
        """Write the page of near-copies, which shows code and so is never anonymous."""
        copies = None if self.shown.left_out else near_copies(self.gradebook, self.helpers)
        source = None if copies is None else copies.source.encode("utf-8", "replace")
        put(self.folder.path / COPIES, source)
        return copies


def build(
    gradebook: Gradebook,
    out: Path,
    data_dir: Path | None = None,
    *,
    anonymous: bool = False,
    jobs: int = 1,
) -> Summary:
    """Write the report with `jobs` processes and return its summary.

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
        with helping(jobs if len(students) > SMALL else 1) as helpers:
            report = _Report(gradebook, assignment, folder, shown, exports, data_dir, helpers)
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
