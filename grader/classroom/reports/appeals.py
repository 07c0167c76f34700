"""Decisions to look at again: marking would give more now, or the rubric has fewer points."""

from __future__ import annotations

from grader.classroom.decisions import above_maximum, standing_decisions, would_give_more
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.assignment import assignment_of, person_of


def to_look_at(gradebook: Gradebook, student: str | None = None) -> list[str]:
    """A line for each such decision, of all or about one student.

    Raises CannotGrade if no class was marked yet.
    """
    decided = sorted({entry.student for entry in gradebook.log(student)})
    if not decided:
        return []
    assignment = assignment_of(gradebook)
    lines = []
    for name in decided:
        one = person_of(gradebook, gradebook.expect_student(name), assignment)
        standing = standing_decisions(gradebook.log(name))
        found = [*would_give_more(one.standing.report), *above_maximum(standing, assignment.points)]
        lines += [f"{name}: {line}" for line in found]
    return lines
