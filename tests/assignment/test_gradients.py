"""Four gradients compared: the conventions, what is said of wrong ones, and where it points."""

import numpy as np
import pytest

from assignment.checks.numpy.gradients import compared, expect_gradients
from assignment.expect import CheckFailed
from grader.oracle.gradients import numerical_gradient


def test_numerical_gradient_of_a_cubic() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    gradient = numerical_gradient(lambda: float((x**3).sum()), x)
    assert np.allclose(gradient, 3 * before**2, atol=1e-8)
    assert np.array_equal(x, before)


def judged(gradients: object, n: int = 8) -> str:
    """The convention of gradients for one batch of n images whose mean gradients are MEAN."""
    return expect_gradients([compared(gradients, MEAN, n, 1e-5)])


MEAN = {
    "W1": np.array([[1.0, 2.0]]),
    "b1": np.array([3.0, 1.0]),
    "W2": np.array([[4.0], [5.0]]),
    "b2": np.array([6.0]),
}


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_both_batch_conventions_are_right(factor: float) -> None:
    judged({name: factor * value for name, value in MEAN.items()})


def test_bias_gradients_may_be_rows_and_keys_may_be_more() -> None:
    judged({**MEAN, "b1": MEAN["b1"][None], "b2": MEAN["b2"][None], "X": 1})


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
        judged({**MEAN, **change})
    assert hint in "".join(caught.value.hints)


def test_a_missing_key_and_no_dict_are_named() -> None:
    with pytest.raises(CheckFailed, match=r"key 'W2' is missing, got .'W1'"):
        judged({"W1": MEAN["W1"], "b1": MEAN["b1"]})
    with pytest.raises(CheckFailed, match="returned a tuple, expected a dict"):
        judged((1, 2))
