"""Comparing answers: the first difference, and the kinds of wrong arrays."""

import doctest

import numpy as np
import pytest

from assignment import expect, failure
from assignment.expect import CheckFailed, expect_array


def test_examples_in_docstrings() -> None:
    results = doctest.testmod(failure)
    assert results.failed == 0
    assert results.attempted > 0


def test_an_argument_changed_in_place_is_named() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect.expect_unchanged("z", np.ones(2), np.zeros(2))
    failure = caught.value
    assert (failure.got, failure.kind) == ("z was changed in place", "changes-input")
    assert failure.expected == "no change"


def test_first_difference_is_named() -> None:
    z = np.array([[10.0, 20.0], [30.0, 40.0]])
    with pytest.raises(CheckFailed) as caught:
        expect_array(
            "r",
            np.array([[1, 2], [9, 4]]),
            np.array([[1.0, 2.0], [3.0, 4.0]]),
            hint="look",
            where={"z": z},
        )
    failure = caught.value
    assert (failure.got, failure.expected, failure.hints) == ("r[1, 0] is 9", "3", ("look",))
    assert failure.where == "z[1, 0] is 30 (1 of 4 values differ)"


@pytest.mark.parametrize(("got", "kind"), [
    (None, "wrong-type"),
    ([1.0], "wrong-type"),
    (np.array(["a"]), "wrong-type"),
    (np.array([1j]), "wrong-type"),
    (np.ones((1, 1)), "wrong-shape"),
    (np.array([np.nan]), "not-finite"),
    (np.array([np.inf]), "not-finite"),
    (np.array([2.0]), ""),
])  # fmt: skip
def test_kinds_of_wrong_arrays(got: object, kind: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_array("r", got, np.array([1.0]))
    assert caught.value.kind == kind
