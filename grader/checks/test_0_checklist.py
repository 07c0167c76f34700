"""Section 0.1: the five files are in one place, and the scripts can be imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assignment.expect import CheckFailed
from assignment.failure import file_named
from grader.rules import RubricSection

if TYPE_CHECKING:  # marking by public checks has no context, only a submission
    from grader.checks.context import Context

NOT_IMPORTABLE = "cannot be imported; its own sections say why"


def test_the_five_files_are_in_one_place(section: RubricSection, context: Context) -> None:
    submission = context.submission
    missing = submission.missing
    if submission.in_one:
        notebook = f"{file_named(submission.in_one)} holds {len(submission.scripts)} of the scripts"
        problems = {name: submission.problems.get(name, "is missing") for name in missing}
        listed = "; ".join([notebook, *(f"{name} {p}" for name, p in problems.items())])
        raise CheckFailed(listed, "each script in a file of its own")
    broken = {f"{script}.py": NOT_IMPORTABLE for script in context.not_importable()}
    if missing or broken:
        absent = {**dict.fromkeys(missing, "is missing"), **submission.problems} if missing else {}
        listed = "; ".join(f"{name} {problem}" for name, problem in (broken | absent).items())
        raise CheckFailed(listed)
