"""One sentence says how far a class is, at the end of a batch and on the class page."""

from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.headline import headline
from tests.classes import Pupil, write_class


@pytest.mark.parametrize(("counts", "sentence"), [
    ((40, 35, 22, 5, 0), "40 students: 35 marked (22 different submissions), 5 unreadable"),
    ((3, 3, 3, 0, 0), "3 students: 3 marked"),
    ((2, 2, 1, 0, 0), "2 students: 2 marked (1 different submission)"),
    ((1, 0, 0, 0, 1), "1 student: 1 not marked yet"),
    ((5, 2, 2, 0, 1, 2), "5 students: 2 marked, 1 not marked yet, 2 have not handed in"),
    ((0, 0, 0, 0, 0), "no students"),
])  # fmt: skip
def test_the_headline_leaves_out_what_is_zero(counts: tuple[int, ...], sentence: str) -> None:
    assert headline(*counts) == sentence


def test_the_headcount_is_that_of_last_submissions(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("ada"), Pupil("bob"), Pupil("cat")])
    with Gradebook(book) as gradebook:
        count = gradebook.headcount()
        assert (count.students, count.pending, count.failed) == (3, 0, 0)
        assert count.marked == 3
        work = gradebook.last_work("bob")
        gradebook.count(work, {})
        assert (gradebook.headcount().marked, gradebook.headcount().pending) == (2, 1)
        gradebook.note_failure(work, "its marking was ended")
        assert (gradebook.headcount().pending, gradebook.headcount().failed) == (0, 1)
        assert gradebook.failures() == {work: "its marking was ended"}
        gradebook.forget("bob")
        assert gradebook.failures() == {}
