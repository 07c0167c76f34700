"""Decisions that marking has caught up with: it would give more now than a person gave."""

from __future__ import annotations

from grader.classroom.decisions import would_give_more
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.assignment import assignment_of, person_of


def below_marking(gradebook: Gradebook, student: str | None = None) -> list[str]:
    """A line for each decision, or each about one student, that is below what marking gives now.

    Raises CannotGrade if no class was marked yet.
    """
    decided = sorted({entry.student for entry in gradebook.log(student)})
    if not decided:
        return []
    assignment = assignment_of(gradebook)
    lines = []
    for name in decided:
        one = person_of(gradebook, gradebook.expect_student(name), assignment)
        lines += [f"{name}: {line}" for line in would_give_more(one.standing.report)]
    return lines
