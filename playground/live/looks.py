"""What can be seen in a network while it learns: filters, dead units, answers to some images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from playground.layers import Dropout, Linear
from playground.network import Network, as_numbers

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
        """The network as it is now."""
        network = self.network
        outputs, dead = as_numbers(sample.images, network.parameters.dtype), []
        for layer in network.layers[:-1]:
            outputs = layer.forward(outputs)
            if not isinstance(layer, Linear | Dropout):
                dead.append(np.ptp(outputs, axis=0) < SAME)
        W = network.linears[0].W[:, :MAX_FILTERS]  # (784, u)
        side = math.isqrt(len(W))
        return Look(
            filters=W.T.reshape(-1, side, side),
            dead=dead[0][:MAX_FILTERS] if dead else np.zeros(W.shape[1], bool),
            dead_shares=tuple(float(layer.mean()) for layer in dead),
            probabilities=network.probabilities(sample.images[: sample.shown]),
        )


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
