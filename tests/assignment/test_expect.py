"""Comparing answers: the first difference, the kinds of wrong arrays, the gradients."""

import doctest

import numpy as np
import pytest

from assignment import expect, failure
from assignment.expect import CheckFailed, expect_array, expect_gradients, numerical_gradient


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


def test_numerical_gradient_of_a_cubic() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    gradient = numerical_gradient(lambda: float((x**3).sum()), x)
    assert np.allclose(gradient, 3 * before**2, atol=1e-8)
    assert np.array_equal(x, before)


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


MEAN = {
    "W1": np.array([[1.0, 2.0]]),
    "b1": np.array([3.0, 1.0]),
    "W2": np.array([[4.0], [5.0]]),
    "b2": np.array([6.0]),
}


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_both_batch_conventions_are_right(factor: float) -> None:
    expect_gradients({name: factor * value for name, value in MEAN.items()}, MEAN, n=8)


def test_bias_gradients_may_be_rows_and_keys_may_be_more() -> None:
    expect_gradients({**MEAN, "b1": MEAN["b1"][None], "b2": MEAN["b2"][None], "X": 1}, MEAN, n=8)


@pytest.mark.parametrize(("change", "message", "hint"), [
    ({"W1": 8 * MEAN["W1"]}, "W1 is right .sum over the batch.*; b1 is right .mean", "summed"),
    ({"W1": 3 * MEAN["W1"]}, "W1 is wrong .the mean's gradient times 3.; b1 is right", ""),
    ({"W1": MEAN["W1"].T}, "has shape .2, 1., expected .1, 2., that of W1", "it is transposed"),
    ({"b1": np.ones((8, 2))}, "has shape .8, 2., expected .2,., that of b1", "sum over the images"),
    ({"W2": np.full((2, 1), np.nan)}, "not finite", ""),
    ({"W2": None}, "is None", ""),
])  # fmt: skip
def test_wrong_gradients_are_told_apart(change: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(CheckFailed, match=message) as caught:
        expect_gradients({**MEAN, **change}, MEAN, n=8)
    assert hint in "".join(caught.value.hints)


def test_a_missing_key_and_no_dict_are_named() -> None:
    with pytest.raises(CheckFailed, match=r"key 'W2' is missing, got .'W1'"):
        expect_gradients({"W1": MEAN["W1"], "b1": MEAN["b1"]}, MEAN, n=8)
    with pytest.raises(CheckFailed, match="returned a tuple, expected a dict"):
        expect_gradients((1, 2), MEAN, n=8)
