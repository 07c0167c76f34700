"""The assignment as the class was marked by it, read from the gradebook, not from rubric.toml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property

from grader.classroom.gradebook import Gradebook, StudentRecord
from grader.classroom.reports.names import stem
from grader.errors import CannotGrade
from grader.rubric import RubricSection, parse_rubric


@dataclass(frozen=True)
class Assignment:
    """What the class is marked by: title, chosen sections, and bars by script."""

    title: str
    sections: tuple[RubricSection, ...]
    bars: dict[str, float]

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

    Raises CannotGrade if no class was marked yet.
    """
    digest, chosen = gradebook.meta("rubric"), gradebook.meta("sections")
    if digest is None or chosen is None:
        path = shlex.quote(str(gradebook.path))
        raise CannotGrade(
            f"{gradebook.path} holds no class yet. "
            f"Mark one with: grader batch SUBMISSIONS --gradebook {path}"
        )
    rubric = parse_rubric(gradebook.rubric(digest), f"the rubric in {gradebook.path.name}")
    return Assignment(
        rubric.title, tuple(s for s in rubric.sections if s.number in chosen), rubric.bars
    )


@dataclass(frozen=True)
class Person:
    """A student's record, the stem of the student's file names, and the sections not marked yet."""

    standing: StudentRecord
    stem: str
    waiting: tuple[RubricSection, ...]

    @property
    def name(self) -> str:
        """The student's name as it was submitted; it may contain anything."""
        return self.standing.student.name

    @property
    def is_marked(self) -> bool:
        """Whether there is a mark: all sections are marked, or the submission is unreadable."""
        return not self.standing.pending

    @property
    def state(self) -> str:
        """The state of the marking in a few words."""
        if self.standing.report.problem:
            return "could not be read"
        if self.standing.pending:
            return "not marked yet" if not self.standing.report.sections else "partly marked"
        return "marked"


def person(standing: StudentRecord, assignment: Assignment) -> Person:
    """A student's record with what the report needs in addition."""
    marked = {section.number for section in standing.report.sections}
    missing = tuple(s for s in assignment.sections if s.number not in marked)
    return Person(standing, stem(standing.student), missing if standing.pending else ())
