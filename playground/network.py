"""A network with any number of layers; one vector holds all parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from playground.arguments import check_images, check_labels
from playground.arrays import aligned_zeros
from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS, Dropout, Layer, Linear
from playground.losses import LOSSES

BLOCK_SIZE = 1000  # images per forward pass in evaluation: their activations fit into the cache


class Network:
    """A multilayer perceptron such as 784-300-100-10 and its loss, built from a Configuration.

    `X (n, d)` holds numbers, or uint8 pixels, which are divided by 255. Labels `(n,)` run from 0 to
    k - 1. With `flips`, the logits are the mean over each image and its mirror image. All weights,
    then all biases, are views into `parameters (m,)`, and their gradients into `gradients (m,)`:
    one vector is faster to update, copy and save than many small arrays.

    >>> Network(784, 10, Configuration(hidden_sizes=(300, 100))).parameter_count
    266610
    """

    def __init__(
        self,
        inputs: int,
        classes: int,
        configuration: Configuration,
        *,
        seed: int | np.random.Generator = 0,
        dtype: Any = np.float32,
    ):
        self.configuration = configuration
        self.sizes = (inputs, *configuration.hidden_sizes, classes)
        self._allocate(np.dtype(dtype))
        rng = np.random.default_rng(seed)
        initialize = INITIALIZERS[configuration.initializer]
        for linear in self.linears:
            linear.W[...] = initialize(linear.W.shape[0], linear.W.shape[1], rng)
        self.layers = self._stack(rng)
        kind = LOSSES[configuration.loss]
        self.loss, self.plain_loss = kind(configuration.label_smoothing), kind()

    def _allocate(self, dtype: np.dtype[Any]) -> None:
        """Allocates the parameter and gradient vectors and the linear layers as views into them."""
        shapes = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        weights = sum(inputs * outputs for inputs, outputs in shapes)
        self.parameters = aligned_zeros(weights + sum(self.sizes[1:]), dtype)
        self.gradients = aligned_zeros(self.parameters.size, dtype)
        # only these are decayed: large biases do not make a network more complex
        self.weights = self.parameters[:weights]
        self.linears = [
            Linear(W, b, dW, db)
            for (W, b), (dW, db) in zip(
                _views(self.parameters, shapes), _views(self.gradients, shapes), strict=True
            )
        ]

    def _stack(self, rng: np.random.Generator) -> list[Layer]:
        """The layers in order: linear, activation, dropout; …; linear."""
        activation = ACTIVATIONS[self.configuration.activation]
        layers: list[Layer] = []
        for linear in self.linears[:-1]:
            layers += [linear, activation()]
            if self.configuration.dropout:
                layers.append(Dropout(self.configuration.dropout, rng))
        return [*layers, self.linears[-1]]

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters."""
        return self.parameters.size

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        """Logits `(n, k)` of a batch `X (n, d)` of floats."""
        for layer in self.layers:
            X = layer.forward(X, training=training)
        return X

    def backward(self, gradient: np.ndarray) -> None:
        """Writes the gradients of the last batch to `gradients (m,)`, given ∂L/∂logits `(n, k)`."""
        for layer in reversed(self.layers[1:]):
            gradient = layer.backward(gradient)
        # without ∂L/∂X of the first layer, which would take a quarter of the time
        self.linears[0].find_gradients(gradient)

    def train_batch(self, X: np.ndarray, y: np.ndarray) -> float:
        """The loss of a batch; writes its gradients to `gradients (m,)`."""
        loss = self.loss.forward(self.forward(X, training=True), y)
        self.backward(self.loss.backward())
        return loss

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, k)`."""
        return self.loss.probabilities(self._logits(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class of each row, `(n,)`."""
        labels: np.ndarray = self._logits(X).argmax(axis=1)
        return labels

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Mean loss without label smoothing, and accuracy in [0, 1]. Raises PlaygroundError."""
        logits = self._logits(X)
        check_labels(y, len(logits), logits.shape[1])
        return self.plain_loss.forward(logits, y), float(np.mean(logits.argmax(axis=1) == y))

    def _logits(self, X: np.ndarray) -> np.ndarray:
        check_images(X, self.sizes[0], dtype=self.parameters.dtype)
        logits = np.empty((len(X), self.sizes[-1]), self.parameters.dtype)
        for start in range(0, len(X), BLOCK_SIZE):
            block = as_numbers(X[start : start + BLOCK_SIZE], self.parameters.dtype)
            logits[start : start + BLOCK_SIZE] = self.forward(block)
            if self.configuration.flips:
                logits[start : start + BLOCK_SIZE] += self.forward(mirror_images(block))
        if self.configuration.flips:
            logits /= 2
        return logits


def _views(
    vector: np.ndarray, shapes: list[tuple[int, int]]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Views of each layer's matrix and bias; the vector holds all matrices, then all biases."""
    weight, bias = 0, sum(inputs * outputs for inputs, outputs in shapes)
    for inputs, outputs in shapes:
        W = vector[weight : weight + inputs * outputs].reshape(inputs, outputs)
        yield W, vector[bias : bias + outputs]
        weight, bias = weight + W.size, bias + outputs


def as_numbers(X: np.ndarray, dtype: np.dtype[Any], out: np.ndarray | None = None) -> np.ndarray:
    """`X` as `dtype`; uint8 pixels are divided by 255 (into `out` if given).

    >>> as_numbers(np.array([0, 51, 255], np.uint8), np.dtype(np.float64))
    array([0. , 0.2, 1. ])
    """
    if X.dtype == np.uint8:
        scaled: np.ndarray = np.empty(X.shape, dtype) if out is None else out
        scaled[...] = X
        scaled *= 1 / 255  # twice as fast as a division
        return scaled
    return X.astype(dtype, copy=False)


def mirror_images(X: np.ndarray) -> np.ndarray:
    """The rows `(n, d)`, each read as a square image and mirrored left to right.

    Raises PlaygroundError if d is not a square number.

    >>> mirror_images(np.array([[1, 2, 3, 4]]))
    array([[2, 1, 4, 3]])
    """
    side = math.isqrt(X.shape[1])
    if side * side != X.shape[1]:
        raise PlaygroundError(f"flips need square images, but a row has {X.shape[1]} numbers")
    return X.reshape(-1, side, side)[:, :, ::-1].reshape(X.shape)
