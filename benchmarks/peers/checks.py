"""The tests of the three functions; every grader uses the text of these functions unchanged.

They need NumPy only and raise AssertionError. Each parameter has the name of the function under
test.
"""

from collections.abc import Callable

import numpy as np

Function = Callable[..., np.ndarray]


def check_relu(relu: Function) -> None:
    """Positive elements stay, all others become 0, and the argument is not changed."""
    for shape in ((4, 3), (1, 7), (64, 128)):
        z = np.random.default_rng(1).normal(size=shape)
        z[0, 0] = 0.0
        before = z.copy()
        got = relu(z)
        assert np.shape(got) == shape, f"the shape is {np.shape(got)}, expected {shape}"
        assert np.allclose(got, np.where(before > 0, before, 0.0)), (
            "expected 0 for negative elements, all others unchanged"
        )
        assert np.array_equal(z, before), "z must not be changed in place"


def check_relu_derivative(relu_derivative: Function) -> None:
    """1 where the argument is positive, 0 elsewhere, including at 0."""
    for shape in ((4, 3), (1, 7), (64, 128)):
        z = np.random.default_rng(2).normal(size=shape)
        z[0, 0] = 0.0
        before = z.copy()
        got = relu_derivative(z)
        assert np.shape(got) == shape, f"the shape is {np.shape(got)}, expected {shape}"
        assert np.allclose(got, np.where(before > 0, 1.0, 0.0)), (
            "expected 1 for positive elements, 0 for all others"
        )
        assert np.array_equal(z, before), "z must not be changed in place"


def check_cross_entropy(cross_entropy: Function) -> None:
    """The mean of -log(probability of the true class), finite even if that probability is 0."""
    for n, k in ((1, 2), (7, 10), (64, 10)):
        rng = np.random.default_rng(n)
        classes = rng.integers(k, size=n)
        y_pred = rng.dirichlet(np.full(k, 5.0), size=n) * 0.9 + 0.1 / k
        expected = -np.mean(np.log(y_pred[np.arange(n), classes]))
        loss = float(cross_entropy(np.eye(k)[classes], y_pred))
        assert abs(loss - expected) < 1e-4 * (1 + abs(expected)), (
            f"the loss is {loss:.6g}, expected {expected:.6g}"
        )
    with np.errstate(all="ignore"):
        loss = float(cross_entropy(np.eye(2), np.eye(2)[::-1]))
    assert np.isfinite(loss), "the loss is not finite if a true class has probability 0"
    assert loss > 4.5, (
        f"the loss is {loss:.6g} if the true classes have probability 0, expected a large number"
    )
