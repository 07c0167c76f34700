"""What can be seen in a network while it learns: filters, dead units, answers to some images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from playground.convolutions import Conv2D
from playground.layers import ACTIVATIONS, Layer, Linear
from playground.network import Network
from playground.pixels import as_numbers

MAX_FILTERS = 64
PER_CLASS = 4  # images of each class whose answers are shown
MAX_MEASURED = 500  # images that decide whether a unit is dead
SAME = 1e-6  # a unit whose outputs differ by less is dead: it tells no two images apart


@dataclass(frozen=True, eq=False)
class Sample:
    """A fixed sample of images: uint8 pixels `(n, 784)` and labels `(n,)`.

    The first `shown` images are drawn on the page; all of them decide which units are dead.
    """

    images: np.ndarray
    labels: np.ndarray
    shown: int


@dataclass(frozen=True, eq=False)
class Look:
    """A network at one moment.

    `filters (u, side, side)` are the weights of the first units of the first layer and `dead (u,)`
    says which of these are dead; `dead_shares` holds the share of dead units in each hidden layer,
    `probabilities (n, k)` the answers to the shown images.
    """

    filters: np.ndarray
    dead: np.ndarray
    dead_shares: tuple[float, ...]
    probabilities: np.ndarray


class Subject(Protocol):
    """A network that can be looked at. A look changes nothing in its training."""

    def look(self, sample: Sample) -> Look:
        """The network as it is now."""


class NetworkSubject:
    """A NumPy network as a Subject."""

    def __init__(self, network: Network):
        self.network = network

    def look(self, sample: Sample) -> Look:
        """The network as it is now; the units of an image layer are its channels."""
        network, dead = self.network, dict[int, np.ndarray]()  # by the number of the layer
        outputs = as_numbers(sample.images, network.dtype)
        for number, layer in enumerate(network.layers[:-1]):
            outputs = layer.forward(outputs)
            if isinstance(layer, tuple(ACTIVATIONS.values())):
                units = outputs.swapaxes(0, 1).reshape(outputs.shape[1], -1)
                dead[number] = np.ptp(units, axis=1) < SAME
        first = next(n for n, layer in enumerate(network.layers) if layer.parameter_names)
        filters = _filters(network.layers[first])
        count = len(filters)
        return Look(
            filters=filters,
            dead=dead.get(first + 1, np.zeros(count, bool))[:count],
            dead_shares=tuple(float(units.mean()) for units in dead.values()),
            probabilities=network.probabilities(sample.images[: sample.shown]),
        )


def _filters(first: Layer) -> np.ndarray:
    """A layer's weights to the image as squares of pixels; none if they have no such form."""
    if isinstance(first, Linear):
        W = first.W[:, :MAX_FILTERS]  # (784, u)
        side = math.isqrt(len(W))
        if side**2 == len(W):
            return W.T.reshape(-1, side, side)
    if isinstance(first, Conv2D):
        square: np.ndarray = first.W[:MAX_FILTERS, 0]
        return square
    return np.empty((0, 1, 1))


def choose_sample(images: np.ndarray, labels: np.ndarray, classes: int) -> Sample:
    """The first four images of each class, ordered by class, then others: up to 500 in all.

    >>> sample = choose_sample(np.arange(6), np.array([1, 0, 1, 1, 1, 1]), classes=2)
    >>> sample.labels, sample.shown
    (array([0, 1, 1, 1, 1, 1]), 5)
    """
    first = [np.flatnonzero(labels == label)[:PER_CLASS] for label in range(classes)]
    shown = np.concatenate(first)
    others = np.setdiff1d(np.arange(len(labels)), shown)[: max(0, MAX_MEASURED - len(shown))]
    chosen = np.concatenate([shown, others])
    return Sample(images[chosen], labels[chosen], len(shown))
