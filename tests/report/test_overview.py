"""The order in which to look at sections that lost points."""

import pytest

from grader.report.overview import in_order, usual_needs
from grader.results import SectionResult, Status, Verdict
from tests.classes import result


def lost(*numbers: str) -> list[SectionResult]:
    return [result(number, Status.FAILED) for number in numbers]


@pytest.mark.parametrize(("numbers", "expected"), [
    ("1.2 1.4 1.6", "1.4 1.2 1.6"),  # 1.6 builds on both, and 1.4 is worth more than 1.2
    ("1.3 1.4 1.5", "1.5 1.4 1.3"),  # none builds on another
    ("1.4 1.5 1.6 1.7", "1.5 1.4 1.6 1.7"),  # training runs on the whole script
    ("2.4 2.5 2.6 3.1", "2.4 2.6 3.1 2.5"),
    ("0.1 2.7", "0.1 2.7"),
    ("", ""),
])  # fmt: skip
def test_what_others_build_on_comes_first_then_points(numbers: str, expected: str) -> None:
    ordered = in_order(lost(*numbers.split()), usual_needs())
    assert [section.number for section in ordered] == expected.split()


def test_circles_end() -> None:
    needs = {"1.2": ["1.3"], "1.3": ["1.2"]}
    assert {s.number for s in in_order(lost("1.2", "1.3"), needs)} == {"1.2", "1.3"}


def test_points_that_were_earned_are_not_to_gain() -> None:
    partly = result("1.6", Status.FAILED, Verdict(Status.FAILED, credit=0.75))
    ordered = in_order([partly, *lost("1.4")], {})
    assert [section.number for section in ordered] == ["1.4", "1.6"]
