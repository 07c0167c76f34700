"""What a network for a page has to be, and what it answers."""

from __future__ import annotations

import numpy as np
import pytest

from inspection.network import MAX_UNITS, PIXELS, InspectedNetwork, Layer
from tests.inspection.support import random_network, random_samples


def zeros(inputs: int, outputs: int, activation: str = "softmax") -> Layer:
    return Layer(np.zeros((inputs, outputs)), np.zeros(outputs), activation)


def test_two_layers_by_hand() -> None:
    W1, W2 = np.zeros((PIXELS, 2)), np.array([[2.0, 0.0], [5.0, 5.0]])
    W1[0] = 1, -1
    layers = (Layer(W1, np.array([0.5, 0.0]), "relu"), Layer(W2, np.array([0, 1]), "softmax"))
    network = InspectedNetwork("by hand", layers, ("a", "b"))
    X = np.zeros((1, PIXELS))
    X[0, 0] = 0.5
    # z = (0.5 + 0.5, -0.5), so relu gives (1, 0); the logits are (2, 1)
    np.testing.assert_allclose(network.probabilities(X), [[1 / (1 + np.exp(-1)), 0.26894142]])
    assert network.sizes == (PIXELS, 2, 2)
    assert network.predict(X) == [0]


def test_pixels_are_divided_by_255() -> None:
    network = random_network(5)
    images, _ = random_samples(3)
    np.testing.assert_allclose(network.probabilities(images), network.probabilities(images / 255))


def test_rounding_to_16_bits_changes_little_and_only_once() -> None:
    network = random_network(16)
    rounded = network.rounded()
    images, _ = random_samples(50)
    change = np.abs(network.probabilities(images) - rounded.probabilities(images)).max()
    assert 0 < change < 0.01
    np.testing.assert_array_equal(rounded.layers[0].W, rounded.rounded().layers[0].W)


def test_layers_are_read_only_copies() -> None:
    W = np.ones((PIXELS, 2))
    layer = Layer(W, np.zeros(2), "softmax")
    W[:] = 7
    assert (layer.W == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        layer.W[0] = 0


def test_titles_lose_what_reorders_text() -> None:
    layers = (zeros(PIXELS, 2),)
    network = InspectedNetwork("a\u202eb\x00\ud800" + "c" * 500, layers, ("\u2066x", "y"))
    assert network.title == "a�b��" + "c" * 195
    assert network.class_names == ("�x", "y")


@pytest.mark.parametrize(
    ("W", "b", "activation", "message"),
    [
        (np.zeros((3, 2)), np.zeros(3), "relu", r"b has shape \(3,\), expected \(2,\)"),
        (np.zeros(3), np.zeros(3), "relu", r"W has shape \(3,\), expected \(d, h\)"),
        (np.zeros((3, 0)), np.zeros(0), "relu", "lengths of 1 to 4096"),
        (np.zeros((1, MAX_UNITS + 1)), np.zeros(MAX_UNITS + 1), "relu", "lengths of 1 to 4096"),
        (np.full((3, 2), np.nan), np.zeros(2), "relu", "not finite"),
        (np.zeros((3, 2)), np.array([1e5, 0]), "relu", "b has a value of size 1e.05"),
        (np.zeros((3, 2)), np.zeros(2, complex), "relu", "b is of type complex128"),
        (np.zeros((3, 2), object), np.zeros(2), "relu", "W is of type object"),
        ([[1.0]], np.zeros(1), "relu", "W is of type list"),
        (np.zeros((3, 2)), np.zeros(2), "gelu", "activation is 'gelu', expected relu, "),
    ],
)
def test_wrong_arrays_are_refused_in_one_line(
    W: np.ndarray, b: np.ndarray, activation: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Layer(W, b, activation)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "has 0 layers"),
        ((zeros(PIXELS, 2, "relu"),) * 9, "has 9 layers"),
        ((zeros(100, 2),), "layer 1 has 100 inputs, expected 784"),
        ((zeros(PIXELS, 3, "relu"), zeros(4, 2)), "layer 2 has 4 inputs, expected 3"),
        ((zeros(PIXELS, 2, "tanh"),), "activation tanh, expected softmax or sigmoid"),
        ((zeros(PIXELS, 3), zeros(3, 2)), "layer 1 of 2 has the activation softmax"),
        ((zeros(PIXELS, 3),), "3 outputs and there are 2 class names"),
        (
            (zeros(PIXELS, 4096, "relu"), zeros(4096, 1000, "relu"), zeros(1000, 2)),
            "parameters, expected at most 5,000,000",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: tuple[Layer, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InspectedNetwork("", layers, ("a", "b"))
