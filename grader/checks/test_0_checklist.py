"""Section 0.1: the five files are there."""

import pytest

from grader.marking.marking import Marking
from utils import CheckFailed


@pytest.mark.section("0.1")
def test_the_five_files_are_in_one_place(marking: Marking) -> None:
    missing = marking.submission.missing
    if missing:
        problems = {**dict.fromkeys(missing, "is missing"), **marking.submission.problems}
        listed = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        raise CheckFailed(f"{listed}.", hint=marking.rubric.by_number["0.1"].hint)
