"""Wrong entries: which part of an array is kept, how it is drawn, told and read back."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from assignment.entries import MAX_SHOWN, entries
from assignment.expect import CheckFailed, expect_array
from grader.report import matrices
from grader.results import ComparedArray, Report, Status, section_from
from tests.classes import COMPARED, result

SMALL, LARGE = COMPARED["1.2"]


@pytest.mark.parametrize(("shape", "place", "origin", "kept"), [
    ((3,), (2,), (0, 0), (1, 3)),
    ((4, 5), (0, 0), (0, 0), (4, 5)),
    ((64, 784), (63, 0), (52, 0), (12, 12)),
    ((64, 784), (20, 400), (14, 394), (12, 12)),
    ((2, 1, 28, 28), (1, 0, 27, 27), (44, 16), (12, 12)),
    ((5, 0), None, (0, 0), (5, 0)),
])  # fmt: skip
def test_the_part_with_the_first_wrong_entry_is_kept(
    shape: tuple[int, ...],
    place: tuple[int, ...] | None,
    origin: tuple[int, int],
    kept: tuple[int, int],
) -> None:
    wrong = np.zeros(shape, bool)
    if place is not None:
        wrong[place] = True
    found = entries(wrong, np.ones(shape), np.zeros(shape))
    assert (found.shape, found.origin, found.wrong.shape) == (shape, origin, kept)
    assert max(found.wrong.shape) <= MAX_SHOWN
    assert found.wrong.any() == (place is not None)
    assert (found.got is not None) == (wrong.size <= 48)


def test_every_array_that_differs_says_where() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_array("r", np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    (one,) = caught.value.wrong.values()
    assert one.wrong.tolist() == [[False, True]]
    assert one.got is not None
    assert one.expected is not None
    assert (one.got.tolist(), one.expected.tolist()) == ([[1, 2]], [[1, 3]])
    with pytest.raises(CheckFailed) as caught:
        expect_array("the loss", np.float64(1), np.asarray(2.0))
    assert caught.value.wrong == {}


@pytest.mark.parametrize(("comparison", "words"), [
    (SMALL, "relu(z), shape (1, 2): 1 of 2 entries wrong, at 0"),
    (LARGE, "relu(z), shape (64, 32), of which rows 52 to 63, columns 20 to 31 are shown: "
     "all of 144 entries are wrong"),
    (ComparedArray("b1", ((False,) * 11 + (True,),), (40,), (0, 28)),
     "b1, shape (40,), of which columns 28 to 39 are shown: 1 of 12 entries wrong, at 39"),
    (ComparedArray("W", ((True, False), (True, True)), (9, 2), (4, 0)),
     "W, shape (9, 2), of which rows 4 to 5, columns 0 to 1 are shown: "
     "3 of 4 entries wrong, in row 4 (1), 5 (2)"),
    (COMPARED["1.6"][0], "W1: 1 of 4 entries wrong, in row 0 (1)"),
])  # fmt: skip
def test_words_name_shape_part_and_entries(comparison: ComparedArray, words: str) -> None:
    assert matrices.in_words(comparison) == words
    assert f'aria-label="{words}."' in matrices.drawing(comparison)


def test_values_stand_beside_what_was_expected() -> None:
    assert matrices.values(SMALL) == [(0, [(True, "0.24", "0"), (False, "1", "1")])]
    assert matrices.values(LARGE) == []
    assert matrices.values(replace(SMALL, expected=(("0",),))) == []  # what no grader wrote


def test_comparisons_are_read_back_also_from_old_gradebooks() -> None:
    section = result("1.2", Status.FAILED, comparisons=(SMALL, LARGE))
    report = Report((section,), {}, {}, 1.0, 1, "cpu", "none", "ada")
    assert Report.from_json(report.to_json()) == report
    fields = asdict(section) | {"comparisons": [{"name": "W1", "wrong": [[True, False]]}]}
    (old,) = section_from(fields).comparisons
    assert old == ComparedArray("W1", ((True, False),))
