"""The assignment as the class was marked by it, read from the gradebook, not from rubric.toml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from functools import cached_property

from grader.classroom.course import Course, course_of
from grader.classroom.decisions import Standing, decided, standing_decisions
from grader.classroom.gradebook import Gradebook, StudentRecord
from grader.classroom.lateness import lateness
from grader.classroom.people import Student
from grader.classroom.reports.names import stem
from grader.errors import CannotGrade
from grader.rubric import parse_rubric
from grader.rules import RubricSection


@dataclass(frozen=True)
class Assignment:
    """What the class is marked by: title, chosen sections, bars by script, and course.toml."""

    title: str
    sections: tuple[RubricSection, ...]
    bars: dict[str, float]
    course: Course = field(default_factory=Course)

    @cached_property
    def points(self) -> dict[str, float]:
        """The points by section number."""
        return {section.number: section.points for section in self.sections}

    @cached_property
    def total(self) -> float:
        """The points available."""
        return sum(self.points.values())


def assignment_of(gradebook: Gradebook) -> Assignment:
    """The assignment that a gradebook's class is marked by.

    Raises CannotGrade if no class was marked yet, or if course.toml beside it is wrong.
    """
    digest, chosen = gradebook.meta("rubric"), gradebook.meta("sections")
    if digest is None or chosen is None:
        path = shlex.quote(str(gradebook.path))
        raise CannotGrade(
            f"{gradebook.path} holds no class yet. "
            f"Mark one with: grader batch SUBMISSIONS --gradebook {path}"
        )
    rubric = parse_rubric(gradebook.rubric(digest), f"the rubric in {gradebook.path.name}")
    course = course_of(gradebook.path)
    return Assignment(
        course.title or rubric.title,
        tuple(s for s in rubric.sections if s.number in chosen),
        rubric.bars,
        course,
    )


@dataclass(frozen=True)
class Person:
    """A student's record, the stem of the student's file names, and the sections not marked yet."""

    standing: StudentRecord
    stem: str
    waiting: tuple[RubricSection, ...]
    has_results: bool = True  # of the marking, apart from what people decided

    @property
    def name(self) -> str:
        """The student's name as it was submitted; it may contain anything."""
        return self.standing.student.name

    @property
    def has_handed_in(self) -> bool:
        """Whether there is a submission, readable or not."""
        return bool(self.standing.work)

    @property
    def is_marked(self) -> bool:
        """Whether there is a mark: all sections are marked, the submission is unreadable, or a
        person decided the total."""
        return not self.standing.pending or self.standing.report.total is not None

    @property
    def could_not_be_marked(self) -> bool:
        """Whether marking was given up; the same command of `batch` tries again."""
        return bool(self.standing.failure) and self.standing.pending

    @property
    def state(self) -> str:
        """The state of the marking in a few words."""
        if not self.has_handed_in:
            return "nothing handed in"
        if self.standing.report.problem:
            return "could not be read"
        if self.could_not_be_marked:
            return "could not be marked"
        if self.standing.pending:
            return "partly marked" if self.has_results else "not marked yet"
        return "marked"


def person_of(gradebook: Gradebook, student: Student, assignment: Assignment) -> Person:
    """A student's record, with what people decided and what lateness costs."""
    standing = gradebook.standing(student, assignment.points, assignment.bars)
    return person(standing, assignment, standing_decisions(gradebook.log(student.id)))


def person(
    standing: StudentRecord, assignment: Assignment, decisions: Standing | None = None
) -> Person:
    """The record with the decisions that count, and what lateness costs."""
    late = lateness(assignment.course, standing.student.id, standing.handed_in, assignment.total)
    report = decided(
        standing.report,
        decisions or standing_decisions([]),
        assignment.points,
        {section.number: section.title for section in assignment.sections},
        late if standing.work else None,
    )
    known = {section.number for section in report.sections}
    missing = tuple(s for s in assignment.sections if s.number not in known)
    return Person(
        replace(standing, report=report),
        stem(standing.student),
        missing if standing.pending and standing.work else (),
        has_results=bool(standing.report.sections),
    )
