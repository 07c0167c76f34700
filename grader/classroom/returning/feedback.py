"""What there is to give back to a student: the page, the student's own scripts, a text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.contents import page_content
from grader.report.changes import in_words
from grader.report.pictures import OfficialImages
from grader.report.student_page import page
from grader.report.text import feedback, one_line, plain
from grader.results import SectionResult, Status


@dataclass(frozen=True)
class Feedback:
    """A student's feedback."""

    person: Person
    gradebook: Gradebook
    assignment: Assignment
    images: OfficialImages

    def page(self) -> bytes:
        """The student's page."""
        content = page_content(self.gradebook, self.assignment, self.person)
        return page(content, self.images).encode("utf-8", "replace")

    def script(self, name: str) -> bytes:
        """The source of a submitted script in UTF-8; b"" if there is none."""
        work = self.person.standing.work
        return self.gradebook.submission(work).scripts.get(name, b"") if work else b""

    def for_everybody(self) -> Feedback:
        """The feedback without what concerns one person alone: decisions and lateness."""
        report = self.person.standing.report
        sections = tuple(replace(section, decision=None) for section in report.sections)
        shared = replace(report, sections=sections, lateness=None, total=None, comments=())
        standing = replace(self.person.standing, report=shared)
        return replace(self, person=replace(self.person, standing=standing))

    def lines(self) -> list[str]:
        """The feedback as lines of text: the mark, what people changed, then each section."""
        report, total = self.person.standing.report, self.assignment.total
        said = [f"{one_line(self.assignment.title)}: {report.mark:g} of {total:g} points", ""]
        said += [*in_words(report), *([plain(report.problem)] if report.problem else [])]
        for section in report.sections:
            if section.status is not Status.PASSED:
                said += ["", _headed(section), *feedback(section).splitlines()]
        passed = [s.number for s in report.sections if s.status is Status.PASSED]
        said += ["", f"Passed: {', '.join(passed)}"] if passed else []
        return [line for text in said for line in text.splitlines() or [""]]


def _headed(section: SectionResult) -> str:
    points = f"{section.points:g} of {section.max_points:g} points"
    return f"{section.number} {section.title} ({points})"
