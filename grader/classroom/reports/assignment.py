"""The assignment as the class was marked by it: read from the gradebook, not from the rubric that lies here today."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from grader.classroom.gradebook import Gradebook, StudentRecord
from grader.classroom.reports.names import stem
from grader.errors import CannotGrade
from grader.rubric import RubricSection, parse_rubric


@dataclass(frozen=True)
class Assignment:
    """What everybody is marked by: title, the sections that were chosen, the bars by script."""

    title: str
    sections: tuple[RubricSection, ...]
    bars: dict[str, float]

    @cached_property
    def points(self) -> dict[str, float]:
        """The points by section number."""
        return {section.number: section.points for section in self.sections}

    @cached_property
    def total(self) -> float:
        """The points that can be had."""
        return sum(self.points.values())


def assignment_of(gradebook: Gradebook) -> Assignment:
    """The assignment that a gradebook's class is marked by. Raises CannotGrade where no class was marked yet."""
    digest, chosen = gradebook.meta("rubric"), gradebook.meta("sections")
    if digest is None or chosen is None:
        raise CannotGrade(
            f"{gradebook.path} holds no class yet, expected one: python -m grader batch SUBMISSIONS --gradebook {gradebook.path}"
        )
    rubric = parse_rubric(gradebook.rubric(digest), f"the rubric in {gradebook.path.name}")
    return Assignment(
        rubric.title, tuple(s for s in rubric.sections if s.number in chosen), rubric.bars
    )


@dataclass(frozen=True)
class Person:
    """A student's standing, the name of the files about it, and the sections that are not marked yet."""

    standing: StudentRecord
    stem: str
    waiting: tuple[RubricSection, ...]

    @property
    def name(self) -> str:
        """The student's name as it was handed in: anything."""
        return self.standing.student.name

    @property
    def is_marked(self) -> bool:
        """Whether there is a mark: all sections have one, or nothing could be read, which is 0 points."""
        return not self.standing.pending

    @property
    def state(self) -> str:
        """One or two words."""
        if self.standing.report.problem:
            return "could not be read"
        if self.standing.pending:
            return "not marked yet" if not self.standing.report.sections else "partly marked"
        return "marked"


def person(standing: StudentRecord, assignment: Assignment) -> Person:
    """A student's standing with what a report needs beside it."""
    marked = {section.number for section in standing.report.sections}
    missing = tuple(s for s in assignment.sections if s.number not in marked)
    return Person(standing, stem(standing.student), missing if standing.pending else ())
