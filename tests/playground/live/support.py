"""A small network, random images and a recorder for the tests of the live page."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.configuration import Configuration
from playground.live.controls import LiveControls
from playground.live.looks import NetworkSubject, choose_sample
from playground.live.recorder import Recorder
from playground.network import Network


def images(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Random pixels uint8 `(n, 784)`, and labels `(n,)` that can be told from the first pixels."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (n, 784), np.uint8), np.arange(n) % 10
    X[np.arange(n), y] = 255
    return X, y


def small(**settings: Any) -> Network:
    defaults = {"hidden_sizes": (8, 6), "epochs": 2, "batch_size": 16}
    return Network(784, 10, Configuration(**{**defaults, **settings}))


def recorder_of(network: Network) -> Recorder:
    made = Recorder(NetworkSubject(network), choose_sample(*images(), 10), LiveControls(), steps=16)
    made.take_look()
    return made
