"""Section 0.1: the five files are in one place."""

from assignment.expect import CheckFailed
from grader.checks.context import Context
from grader.rubric import RubricSection


def test_the_five_files_are_in_one_place(section: RubricSection, context: Context) -> None:
    missing = context.submission.missing
    if missing:
        problems = {**dict.fromkeys(missing, "is missing"), **context.submission.problems}
        listed = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        raise CheckFailed(listed, hint=section.hint)
