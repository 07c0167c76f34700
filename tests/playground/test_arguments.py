"""Arrays that do not fit are refused in one line that names them, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from playground import storage
from playground.classifier import NetworkClassifier
from playground.configuration import Configuration
from playground.convnets.configuration import ConvConfiguration
from playground.errors import PlaygroundError
from playground.network import Network
from playground.training import train
from tests.playground.support import clusters

X, Y = clusters(40)
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 784))  # int64, as pandas reads them


def network(inputs: int = 4, **settings: Any) -> Network:
    return Network(inputs, 3, Configuration(hidden_sizes=(2,), epochs=1, **settings))


def changed(array: np.ndarray, place: Any, value: Any) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


BAD_IMAGES = [
    (X.tolist(), "is a list, expected a NumPy array"),
    (X[0], r"has shape \(4,\), expected \(n, 4\)"),
    (X[:, :3], r"has shape \(40, 3\), expected \(n, 4\)"),
    (X.astype(str), "has type <U32, expected uint8 pixels or floats"),
    (X.astype(complex), "has type complex128, expected"),
    (changed(X, (7, 2), np.nan), r"\[7, 2\] is nan, expected finite numbers of float32 \(1 of 40"),
    (changed(X, (7, 2), -np.inf), r"\[7, 2\] is -inf, expected finite"),
    (changed(X.astype(float), (7, 2), 1e300), r"\[7, 2\] is 1e\+300, expected finite numbers of f"),
    (np.ma.masked_greater(X, 0.9), r"is a masked array, expected one without: X\w*\.filled\(0\)"),
]
BAD_LABELS = [
    (Y.tolist(), "is a list, expected a NumPy array"),
    (changed(Y, 5, -1), r"\[5\] is label -1, expected 0 to 2"),
    (changed(Y, 5, 3), r"\[5\] is label 3, expected 0 to 2"),
    (Y[:39], "has 39 labels, expected 40"),
    (Y.astype(float), r"has shape \(40,\) and type float64, expected \(40,\) integer labels"),
    (np.eye(3)[Y], r"argmax\(axis=1\) turns one-hot rows into labels"),
    (np.ma.masked_equal(Y, 1), "is a masked array, expected one without"),
]


def refused(message: str, name: str, call: Callable[[], object]) -> None:
    with pytest.raises(PlaygroundError, match=f"^{name}.*{message}") as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("bad", "message"), BAD_IMAGES, ids=range(len(BAD_IMAGES)))
def test_images_that_do_not_fit_are_refused_everywhere(bad: Any, message: str) -> None:
    refused(message, "X_train", lambda: train(network(), bad, Y))
    refused(message, "X_val", lambda: train(network(), X, Y, bad, Y))
    refused(message, "X", lambda: network().evaluate(bad, Y))
    refused(message, "X", lambda: network().predict(bad))
    refused(message, "X", lambda: network().probabilities(bad))


@pytest.mark.parametrize(("bad", "message"), BAD_LABELS, ids=range(len(BAD_LABELS)))
def test_labels_that_do_not_fit_are_refused_everywhere(bad: Any, message: str) -> None:
    refused(message, "y_train", lambda: train(network(), X, bad))
    refused(message, "y_val", lambda: train(network(), X, Y, X, bad))
    refused(message, "y", lambda: network().evaluate(X, bad))


def test_no_images_cannot_be_trained_on_or_measured() -> None:
    refused("holds no labels", "y_train", lambda: train(network(), X[:0], Y[:0]))
    refused("holds no labels", "y", lambda: network().evaluate(X[:0], Y[:0]))
    assert network().predict(X[:0]).shape == (0,)


def test_validation_images_and_labels_come_in_pairs() -> None:
    refused("is missing, expected y_val together", "y_val", lambda: train(network(), X, Y, X))
    refused("is missing, expected X_val together", "X_val", lambda: train(network(), X, Y, y_val=Y))
    assert train(network(), X, Y, X[:0], Y[:0]).best_epoch == 0


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_pixels_that_would_not_be_scaled_are_refused(dtype: Any) -> None:
    pixels, message = PIXELS.astype(dtype), "holds numbers from 0 to 255 as .* / 255"
    refused(message, "X_train", lambda: train(network(784), pixels, Y))
    refused(message, "X", lambda: network(784).predict(pixels))
    train(network(784), pixels / 255, Y)
    train(network(784), pixels.astype(np.uint8), Y)


def test_pixels_between_whole_numbers_are_pixels_too() -> None:
    blurred = (PIXELS[1:] + PIXELS[:-1]) / 2.1
    refused("holds numbers from .* / 255", "X_train", lambda: train(network(784), blurred, Y[1:]))


def test_a_classifier_warns_of_pixels_and_refuses_no_counts() -> None:
    pixels, counts = PIXELS.astype(np.uint8), PIXELS[:, :400] % 200
    for X in (pixels, counts):
        with pytest.warns(UserWarning, match=r"X holds numbers from 0 to .* better with X / 255"):
            fitted = NetworkClassifier((4,), epochs=1, learning_rate=1e-5).fit(X, Y)
        assert fitted.predict(X).shape == Y.shape
    NetworkClassifier((4,), epochs=1).fit(pixels / 255, Y)


def test_a_fit_that_is_refused_changes_no_setting() -> None:
    net = network()
    for settings in ({"keep_best": True}, {"loss": "squared-error-sigmoid", "patience": 1}):
        with pytest.raises(PlaygroundError, match="need validation images"):
            net.fit(X, Y, **settings)
        assert net.configuration == network().configuration
    assert len(net.fit(X, Y, epochs=2).history.train_losses) == 2


def test_an_interrupted_fit_changes_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    net = network()
    monkeypatch.setattr("playground.training.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=7)
    assert net.configuration == network().configuration


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Network(4, 3, {"epochs": 1}), "configuration is a dict, expected a Configuration"),
    (lambda: Network(4, 3, dtype=int), "dtype is int64, expected float32 or float64"),
    (lambda: Network(4, 3, dtype=np.float16), "dtype is float16, expected float32 or float64"),
    (lambda: Network(4, 3, seed=-1), "seed is -1, expected an integer of at least 0"),
    (lambda: train(network(), X, Y, seed=-1), "seed is -1, expected an integer of at least 0"),
    (lambda: train(network(), X, Y, seed="one"), "seed is 'one', expected an integer"),
    (lambda: train(network(), X, Y, checkpoint="nowhere/run.npz"),
     "nowhere/run.npz cannot be written, expected a file in an existing, writable folder"),
    (lambda: storage.save(network(), "nowhere/net.npz"), "nowhere/net.npz cannot be written"),
    (lambda: Configuration(flips="no"), "flips is 'no', expected True or False"),
    (lambda: Configuration(shifts=-1), "shifts is -1, expected an integer from 0 to 14"),
    (lambda: Configuration(shifts=True), "shifts is True, expected an integer from 0 to 14"),
    (lambda: Configuration(keep_best=1), "keep_best is 1, expected True or False"),
    (lambda: ConvConfiguration(flips="yes"), "flips is 'yes', expected True or False"),
    (lambda: train(network(), X, Y, resume=True), "resume needs a checkpoint"),
])  # fmt: skip
def test_settings_of_another_kind_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(PlaygroundError, match=message):
        make()


def test_counts_and_large_numbers_are_not_taken_for_pixels() -> None:
    for numbers in (PIXELS[:, :20] % 17, PIXELS[:, :20], PIXELS + 1, PIXELS % 100):
        train(network(numbers.shape[1]), numbers, Y)


def test_labels_of_any_integer_type_are_taken() -> None:
    for dtype in (np.uint8, np.int32, np.int64):
        train(network(), X, Y.astype(dtype), X, Y.astype(dtype))
