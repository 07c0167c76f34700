"""Layers: worked examples, and what they promise about their arguments."""

import numpy as np
import pytest

from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS, Dropout, Linear, ReLU


def test_linear_of_two_images_by_hand() -> None:
    layer = Linear(2, 2)
    layer.W, layer.b = np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.5, 1.0])
    # [1, 3]: 1 + 6 + 0.5, -1 + 0 + 1; [0, -1]: -2 + 0.5, 0 + 1
    np.testing.assert_array_equal(
        layer.forward(np.array([[1.0, 3.0], [0.0, -1.0]])), [[7.5, 0.0], [-1.5, 1.0]]
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_leaves_its_argument_alone(name: str) -> None:
    X = np.linspace(-3, 3, 12).reshape(3, 4)
    before = X.copy()
    ACTIVATIONS[name]().forward(X)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_keeps_float32_and_stays_finite(name: str) -> None:
    layer = ACTIVATIONS[name]()
    output = layer.forward(np.array([[-1e4, -1.0, 0.0, 1e4]], np.float32))
    gradient = layer.backward(np.ones((1, 4), np.float32))
    assert output.dtype == gradient.dtype == np.float32
    assert np.isfinite(output).all()
    assert np.isfinite(gradient).all()


def test_the_slope_of_relu_at_zero_is_zero() -> None:
    layer = ReLU()
    layer.forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(layer.backward(np.array([[5.0, 5.0, 5.0]])), [[0.0, 0.0, 5.0]])


def test_dropout_keeps_the_expected_value_and_drops_its_share() -> None:
    output = Dropout(0.2, np.random.default_rng(0)).forward(
        np.ones((300, 300), np.float32), training=True
    )
    assert output.dtype == np.float32
    assert np.unique(output).tolist() == [0.0, 1.25]
    # the standard deviation of the mean of 90,000 draws is 0.0013
    assert np.mean(output == 0) == pytest.approx(0.2, abs=0.005)


def test_dropout_does_nothing_outside_training() -> None:
    layer = Dropout(0.5, np.random.default_rng(0))
    layer.forward(np.ones((2, 3)), training=True)
    np.testing.assert_array_equal(layer.forward(np.ones((2, 3))), np.ones((2, 3)))
    np.testing.assert_array_equal(layer.backward(np.ones((2, 3))), np.ones((2, 3)))


@pytest.mark.parametrize(("name", "deviation"), [
    ("normal", 0.01),
    # a uniform of width 2a has variance a²/3, and a² = 6 / (400 + 200)
    ("xavier", (2 / (400 + 200)) ** 0.5),
    ("he", (2 / 400) ** 0.5),
])  # fmt: skip
def test_an_initializer_has_the_deviation_of_its_paper(name: str, deviation: float) -> None:
    W = INITIALIZERS[name](400, 200, np.random.default_rng(0))
    assert W.shape == (400, 200)
    assert W.mean() == pytest.approx(0, abs=5 * deviation / 80000**0.5)
    assert W.std() == pytest.approx(deviation, rel=0.02)


def test_he_keeps_the_size_of_signals_through_ten_layers_of_relu_and_normal_does_not() -> None:
    sizes = {}
    for name in ("he", "normal"):
        rng = np.random.default_rng(0)
        X = rng.standard_normal((50, 200))
        for _ in range(10):
            X = np.maximum(X @ INITIALIZERS[name](200, 200, rng), 0)
        sizes[name] = X.std()
    assert 0.2 < sizes["he"] < 5
    assert sizes["normal"] < 1e-5
