"""The network that a page shows: layers of weights, checked, because a script may have made them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

SIDE = 28
PIXELS = SIDE * SIDE  # the inputs of every network here: images of Fashion-MNIST or MNIST
HIDDEN_ACTIVATIONS = ("relu", "sigmoid", "tanh")
OUTPUT_ACTIVATIONS = ("softmax", "sigmoid")
MAX_LAYERS = 8
MAX_UNITS = 4096  # of one layer
MAX_CLASSES = 100
MAX_PARAMETERS = 5_000_000  # 10 MB in 16 bits: larger pages would be slow to open
LARGEST_FLOAT16 = 65504.0
BLOCK_SIZE = 1000  # images per matrix product: their activations fit into the cache


@dataclass(frozen=True, eq=False)
class Layer:
    """activation(X W + b), with `W (d, h)` and `b (h,)` as read-only float32 copies.

    `activation` is relu, sigmoid or tanh; softmax and sigmoid are allowed in the last layer.
    Raises ValueError if an array has the wrong shape or type, or a value that is not finite or does
    not fit into a 16-bit float.
    """

    W: np.ndarray
    b: np.ndarray
    activation: str

    def __post_init__(self) -> None:
        names = dict.fromkeys(HIDDEN_ACTIVATIONS + OUTPUT_ACTIVATIONS)
        if self.activation not in names:
            raise ValueError(f"activation is {self.activation!r:.40}, expected {', '.join(names)}")
        object.__setattr__(self, "W", _checked("W", self.W, axes=2))
        object.__setattr__(self, "b", _checked("b", self.b, axes=1))
        if self.b.shape != self.W.shape[1:]:
            raise ValueError(
                f"b has shape {self.b.shape}, expected ({self.W.shape[1]},) for W {self.W.shape}"
            )

    @property
    def inputs(self) -> int:
        return int(self.W.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.W.shape[1])


@dataclass(frozen=True, eq=False)
class InspectedNetwork:
    """A trained network: a title for its page, its layers in order, and the names of its classes.

    The first layer takes images of 28 x 28 pixels, scaled to [0, 1]. The last one gives
    probabilities: softmax, or a sigmoid for each class, divided by their sum. With `flips`, the
    logits are the mean over an image and its mirror image. Raises ValueError if the layers do not
    fit together or are too large.
    """

    title: str
    layers: tuple[Layer, ...]
    class_names: tuple[str, ...]
    flips: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.title, str):
            raise ValueError(f"title is a {type(self.title).__name__}, expected a string")
        object.__setattr__(self, "title", _plain_text(self.title))
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "class_names", tuple(map(_plain_text, self.class_names)))
        _check_layers(self.layers)
        classes = self.layers[-1].outputs
        if len(self.class_names) != classes or not 2 <= classes <= MAX_CLASSES:
            raise ValueError(
                f"the last layer has {classes} outputs and there are {len(self.class_names)} class"
                f" names, expected the same number, 2 to {MAX_CLASSES}"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, then of the units of each layer, such as (784, 128, 10)."""
        return (self.layers[0].inputs, *(layer.outputs for layer in self.layers))

    def rounded(self) -> InspectedNetwork:
        """The network with its weights rounded to 16 bits, as a page holds them."""
        layers = tuple(
            Layer(layer.W.astype(np.float16), layer.b.astype(np.float16), layer.activation)
            for layer in self.layers
        )
        return replace(self, layers=layers)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, k)`, float64, of uint8 pixels `(n, 784)`.

        Floats are taken as they are. The page computes the same in JavaScript.
        """
        if images.ndim != 2 or images.shape[1] != PIXELS:
            raise ValueError(f"images have shape {images.shape}, expected (n, {PIXELS})")
        answer = np.empty((len(images), self.layers[-1].outputs))
        for start in range(0, len(images), BLOCK_SIZE):
            block = images[start : start + BLOCK_SIZE]
            X = block / 255 if block.dtype == np.uint8 else block.astype(np.float64)
            logits = self._logits(X)
            if self.flips:
                mirrored = X.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(X.shape)
                logits = (logits + self._logits(mirrored)) / 2
            answer[start : start + BLOCK_SIZE] = _as_probabilities(
                logits, self.layers[-1].activation
            )
        return answer

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The most probable class of each image, `(n,)`."""
        labels: np.ndarray = self.probabilities(images).argmax(axis=1)
        return labels

    def _logits(self, X: np.ndarray) -> np.ndarray:
        for layer in self.layers[:-1]:
            X = _activated(X @ layer.W.astype(np.float64) + layer.b, layer.activation)
        last = self.layers[-1]
        logits: np.ndarray = X @ last.W.astype(np.float64) + last.b
        return logits


def _checked(name: str, array: np.ndarray, *, axes: int) -> np.ndarray:
    """A read-only float32 copy. The size is checked before any value is looked at."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} is of type {kind}, expected an array of numbers")
    if array.ndim != axes or not all(1 <= length <= MAX_UNITS for length in array.shape):
        shape = "(d, h)" if axes == 2 else "(h,)"
        raise ValueError(
            f"{name} has shape {array.shape}, expected {shape} with lengths of 1 to {MAX_UNITS}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite, expected finite numbers")
    largest = float(max(array.max(), -array.min()))
    if largest > LARGEST_FLOAT16:
        raise ValueError(
            f"{name} has a value of size {largest:.3g}, expected at most {LARGEST_FLOAT16:.0f}:"
            " the page keeps 16 bits of each"
        )
    copy = array.astype(np.float32)
    copy.setflags(write=False)
    return copy


def _check_layers(layers: Sequence[Layer]) -> None:
    """Raises ValueError unless the layers make up one network for images of 784 pixels."""
    if not 1 <= len(layers) <= MAX_LAYERS:
        raise ValueError(f"the network has {len(layers)} layers, expected 1 to {MAX_LAYERS}")
    inputs = PIXELS
    for number, layer in enumerate(layers, start=1):
        if layer.inputs != inputs:
            raise ValueError(f"layer {number} has {layer.inputs} inputs, expected {inputs}")
        allowed = OUTPUT_ACTIVATIONS if number == len(layers) else HIDDEN_ACTIVATIONS
        if layer.activation not in allowed:
            raise ValueError(
                f"layer {number} of {len(layers)} has the activation {layer.activation},"
                f" expected {' or '.join(allowed)}"
            )
        inputs = layer.outputs
    parameters = sum(layer.W.size + layer.b.size for layer in layers)
    if parameters > MAX_PARAMETERS:
        raise ValueError(
            f"the network has {parameters:,} parameters, expected at most {MAX_PARAMETERS:,}"
        )


def _plain_text(text: str) -> str:
    """At most 200 characters, without those that are invisible or change the order of others.

    >>> _plain_text("a\\u202eb\\nc")
    'a�b�c'
    """
    return "".join("�" if unicodedata.category(c)[0] == "C" else c for c in str(text)[:200])


def _activated(z: np.ndarray, activation: str) -> np.ndarray:
    if activation == "relu":
        a: np.ndarray = np.maximum(z, 0)
    elif activation == "tanh":
        a = np.tanh(z)
    else:
        a = 0.5 * (1 + np.tanh(0.5 * z))  # the sigmoid, without an overflow
    return a


def _as_probabilities(logits: np.ndarray, activation: str) -> np.ndarray:
    """Rows that sum to 1: the softmax, or sigmoids divided by their sum."""
    if activation == "softmax":
        outputs = np.exp(logits - logits.max(axis=1, keepdims=True))
    else:
        outputs = _activated(logits, "sigmoid") + np.finfo(np.float64).tiny
    shares: np.ndarray = outputs / outputs.sum(axis=1, keepdims=True)
    return shares
