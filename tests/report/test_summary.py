"""What the class page counts."""

from dataclasses import replace

import numpy as np
import pytest

from grader.classroom.gradebook import StudentRecord
from grader.classroom.people import Student
from grader.classroom.reports.assignment import person
from grader.classroom.reports.summary import MOST_NAMED, SLOWEST, Summary
from tests.classes import RUBRIC, WHOLE, Pupil


def summary(pupils: list[Pupil]) -> Summary:
    counted = Summary(WHOLE)
    for pupil in pupils:
        report = pupil.report()
        if pupil.problem:
            report = type(report)((), {}, {}, 0.0, 0, "", "none", pupil.id, pupil.problem)
        standing = StudentRecord(Student(pupil.id, pupil.name), "w", 1, report, bool(pupil.missing))
        counted.add(person(standing, WHOLE))
    return counted


def some_class(n: int = 40) -> list[Pupil]:
    rng = np.random.default_rng(0)
    return [
        Pupil(
            str(i),
            lost={number: "wrong" for number in RUBRIC.by_number if rng.random() < 0.1 + 0.02 * i},
        )
        for i in range(n)
    ]


def test_discrimination_is_the_correlation_with_the_rest_of_the_score() -> None:
    pupils = some_class()
    counted = summary(pupils)
    for number, section in RUBRIC.by_number.items():
        passed = np.array([number not in pupil.lost for pupil in pupils], float)
        scores = np.array([pupil.report().score for pupil in pupils])
        expected = np.corrcoef(passed, scores - passed * section.points)[0, 1]
        assert counted.sections[number].discrimination == pytest.approx(expected)


@pytest.mark.parametrize("pupils", [
    [], [Pupil("a")], [Pupil("a"), Pupil("b")], [Pupil("a"), Pupil("b", lost={"1.2": "x"})],
], ids=["nobody", "one", "all passed", "the rest is the same"])  # fmt: skip
def test_discrimination_is_left_out_where_it_is_not_defined(pupils: list[Pupil]) -> None:
    assert summary(pupils).sections["1.2"].discrimination is None


def test_students_with_grader_errors_or_nothing_readable_do_not_discriminate() -> None:
    counted = summary(
        [
            Pupil("a"),
            Pupil("b", errors=("1.3",)),
            Pupil("c", problem="damaged"),
            Pupil("d", missing=("1.6",)),
        ]
    )
    assert counted.sections["1.2"].n == 1
    assert (counted.sections["1.2"].passed, counted.sections["1.3"].errors) == (3, 1)


def test_pending_students_have_no_mark_and_unreadable_ones_have_zero() -> None:
    counted = summary([Pupil("a"), Pupil("b", missing=("1.6",)), Pupil("c", problem="damaged")])
    assert (counted.students, counted.marked, counted.pending) == (3, 2, 1)
    assert counted.mean == 50
    assert counted.mark_counts == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_the_median_is_the_median(n: int) -> None:
    pupils = some_class(n)
    assert summary(pupils).median == np.median([pupil.report().score for pupil in pupils])


def test_misconceptions_count_once_per_student() -> None:
    lost = {"1.3": "x", "1.2": "x"}
    counted = summary(
        [
            Pupil("a", lost=lost, diagnosis=("raises", "relu-leaky")),
            Pupil("b", lost={"1.2": "x"}, diagnosis=("raises",)),
        ]
    )
    (first, second) = counted.misconceptions
    assert (first[0], first[1], first[3]) == ("raises", "1.2, 1.3", 2)
    assert second[2].startswith("Your relu")


def test_the_slowest_and_first_failures_are_named() -> None:
    counted = summary([Pupil(str(i), lost={"1.7": "no"}) for i in range(MOST_NAMED + 5)])
    assert len(counted.slowest) == SLOWEST
    assert (counted.failed_runs.count, len(counted.failed_runs.named)) == (
        MOST_NAMED + 5,
        MOST_NAMED,
    )
    assert counted.failed_runs.named[0].what == "no."


def test_points_given_for_an_unreadable_submission_are_no_failures() -> None:
    section = replace(Pupil("a", lost={"1.2": "x"}).sections()[1], decision=None)
    report = replace(Pupil("a").report(), sections=(section,), problem="damaged")
    counted = Summary(WHOLE)
    counted.add(person(StudentRecord(Student("a", "A"), "w", 1, report, pending=False), WHOLE))
    assert counted.unreadable.count == 1
    assert counted.sections["1.2"].failed == 0


def test_the_headline_counts_different_submissions_and_the_roster() -> None:
    counted = Summary(WHOLE)
    for name, work in (("a", "same"), ("b", "same"), ("c", "other"), ("d", "")):
        report = Pupil(name).report()
        record = StudentRecord(Student(name, name), work, bool(work), report, pending=not work)
        counted.add(person(record, WHOLE))
    assert counted.headline == (
        "4 students: 3 marked (2 different submissions), 1 has not handed in"
    )
